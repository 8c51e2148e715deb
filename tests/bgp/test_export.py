"""UPDATE messages out: RFC 4271 section 5, 1997, 2545, 4456, 4724, 4760, 6793, 7947, 8654, 8950."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybird.core.selection import Selection
from pybird.proto.bgp.family import IPV4_MPLS, IPV4_MULTICAST, IPV6_MPLS, Family
from pybird.proto.bgp.family import IPV4_UNICAST as IPV4
from pybird.proto.bgp.family import IPV6_UNICAST as IPV6
from pybird.proto.bgp.routes.export import BgpExporter, ExportClass, end_of_rib
from pybird.proto.bgp.routes.selection import PeerIdentity
from pybird.proto.bgp.wire.messages import Framer, Update
from pybird.proto.bgp.wire.nlri import label_stack, stack_octets
from pybird.proto.bgp.wire.updates import ReceiveTerms, UpdateReader
from pybird.values.address import Address
from pybird.values.attributes import AttributeSet
from pybird.values.community import EMPTY_COMMUNITIES, EMPTY_EXTENDED, EMPTY_LARGE, CommunityList
from pybird.values.net import Prefix
from pybird.values.route import BLACKHOLE, UNKNOWN_METRIC, Dest, Hop, NextHop, RouteSource, Rte
from tests.bgp.vectors import CANONICAL, LOCAL_PREF_100, NEXT_HOP, ORIGIN_IGP, PATH_65002, octets, pool

OWN = octets("0a000001")
LL = octets("fe80" + "00" * 12 + "000b")
OWN_LL = octets("fe80" + "00" * 12 + "000a")
GLOBAL = octets("fd770000" + "00" * 10 + "0002")
OWN6 = octets("fd770000" + "00" * 10 + "0001")
SETS = pool()
NONE = SETS.empty


def attrs(*parts: str) -> AttributeSet:
    return SETS.intern(octets(*parts))


def neighbor(
    remote_as: int = 65002, rr_client: bool = False, cluster_id: int = 0, ifindex: int = 0
) -> PeerIdentity:
    address = Address.parse("10.0.0.2")
    return PeerIdentity(
        0x0A000002, address, 65001, remote_as, rr_client, cluster_id=cluster_id, ifindex=ifindex
    )


def route(
    *parts: str, peer: PeerIdentity | None = None, gateway: str | None = "10.0.0.2", ifindex: int = 2
) -> Rte:
    hop = BLACKHOLE
    if gateway is not None:
        hop = Hop(Dest.UNICAST, (NextHop(Address.parse(gateway), ifindex, f"eth{ifindex}"),))
    return Rte(attrs(*parts), RouteSource("s", 11, Selection(), peer=peer), hop, 100, 0.0)


def exporter(family: Family = IPV4, internal: bool = False, own: bytes = OWN, **options) -> BgpExporter:
    return BgpExporter(ExportClass(family, 65001, internal, own, **options))


def sent(out: BgpExporter, rte: Rte, before: AttributeSet | None = None) -> tuple[str, str] | None:
    wire = out.wire(rte, rte.attrs if before is None else before)
    return None if wire is None else (wire[0].hex(), wire[1].hex())


def attributes(out: BgpExporter, rte: Rte, before: AttributeSet | None = None) -> str:
    wire = sent(out, rte, before)
    assert wire is not None
    return wire[1]


def next_hop(out: BgpExporter, rte: Rte, before: AttributeSet | None = None) -> str | None:
    """The next hop of either form."""
    wire = out.wire(rte, rte.attrs if before is None else before)
    if wire is None:
        return None
    if wire[0]:
        return wire[0].hex()
    text = wire[1].hex()
    return text[text.index("400304") + 6 :][:8]


def labels(out: BgpExporter, rte: Rte, before: AttributeSet | None = None) -> tuple[int, ...]:
    wire = out.wire(rte, rte.attrs if before is None else before)
    assert wire is not None
    return label_stack(wire[2])


def labeled(*stack: int, peer: PeerIdentity | None = None, own: int | None = None) -> Rte:
    """A route with labels that were received from this neighbor, and one of our own."""
    plain = route(*LEARNED, peer=peer)
    pairs: tuple[tuple[str, Any], ...] = (("bgp_mpls_label_stack", CommunityList(None, stack)),)
    if own is not None:
        pairs += (("mpls_label", own),)
    return Rte(SETS.intern(plain.attrs.wire, pairs), plain.source, plain.hop, 100, 0.0)


EXTERNAL, INTERNAL = neighbor(), neighbor(65001)
LEARNED = (CANONICAL,)  # path 65002, next hop 10.0.0.2, local preference 100


# --------------------------------------------------------------- attributes


LISTS = {
    "bgp_community": EMPTY_COMMUNITIES,
    "bgp_ext_community": EMPTY_EXTENDED,
    "bgp_large_community": EMPTY_LARGE,
    "bgp_cluster_list": EMPTY_COMMUNITIES,
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("internal", [False, True])
def test_a_list_that_a_filter_emptied_is_not_sent(name: str, internal: bool):
    """RFC 7606, 7.8 and 7.14, RFC 8092, 6: without members it is malformed; the peer would drop the route."""
    learned = route(*LEARNED, peer=EXTERNAL)
    emptied = Rte(SETS.edit(learned.attrs, {name: LISTS[name]}), learned.source, learned.hop, 100, 0.0)
    assert emptied.attrs is not learned.attrs
    out = exporter(internal=internal)
    assert sent(out, emptied, learned.attrs) == sent(out, learned)


def test_to_an_external_peer():
    """RFC 4271, 5.1: own AS in front, own next hop, no LOCAL_PREF."""
    wire = attributes(exporter(), route(*LEARNED, peer=EXTERNAL))
    assert wire == ORIGIN_IGP + "40020a02020000fde90000fdea" + "4003040a000001"


def test_to_an_internal_peer():
    """RFC 4271, 5.1: path and next hop as they were, with LOCAL_PREF."""
    assert attributes(exporter(internal=True), route(*LEARNED, peer=EXTERNAL)) == CANONICAL


def test_a_route_that_is_not_from_bgp():
    """The mandatory attributes are made: origin IGP, our AS or none, our next hop."""
    static = route("", gateway=None)
    assert attributes(exporter(), static) == ORIGIN_IGP + "40020602010000fde9" + "4003040a000001"
    made = ORIGIN_IGP + "4002004003040a000001" + LOCAL_PREF_100
    assert attributes(exporter(internal=True), static) == made


def test_a_full_segment_gets_a_new_one_in_front():
    """RFC 4271, 5.1.2 b: a segment holds at most 255."""
    long = "02ff" + "0000fdea" * 255
    wire = attributes(exporter(), route(ORIGIN_IGP, "500203fe", long, NEXT_HOP, peer=EXTERNAL))
    assert wire == ORIGIN_IGP + "5002040402010000fde9" + long + "4003040a000001"


def test_a_path_that_begins_with_a_set_gets_a_sequence_in_front():
    """RFC 4271, 5.1.2."""
    wire = attributes(exporter(), route(ORIGIN_IGP, "40020601010000fdea", NEXT_HOP, peer=EXTERNAL))
    assert wire == ORIGIN_IGP + "40020c02010000fde901010000fdea" + "4003040a000001"


def test_a_received_med_stays_here_and_one_that_the_filter_set_goes():
    """RFC 4271, 5.1.4: MED received from one AS MUST NOT go to another."""
    med = "80040400000032"
    rte = route(ORIGIN_IGP + PATH_65002 + NEXT_HOP + med, peer=EXTERNAL)
    before = attrs(ORIGIN_IGP + PATH_65002 + NEXT_HOP)
    assert med not in attributes(exporter(), rte)
    assert med in attributes(exporter(), rte, before)
    again = exporter().wire(rte, rte.attrs, ("bgp_med",))
    assert again is not None, "set to the value that it had"
    assert med in again[1].hex()
    assert med in attributes(exporter(allow_med=True), rte)
    assert med in attributes(exporter(internal=True), rte)


def test_a_med_that_the_configuration_gave_a_static_route_goes():
    med = "80040400000032"
    assert med in attributes(exporter(), route(ORIGIN_IGP + NEXT_HOP + med))
    assert med not in attributes(exporter(), route(ORIGIN_IGP + PATH_65002 + NEXT_HOP + med, peer=EXTERNAL))


def test_local_preference_to_an_external_peer_only_when_allowed():
    assert "400504" not in attributes(exporter(), route(*LEARNED))
    assert LOCAL_PREF_100 in attributes(exporter(allow_local_pref=True), route(*LEARNED))


def test_a_route_server_changes_neither_path_nor_med():
    """RFC 7947, 2.2."""
    med = "80040400000032"
    rte = route(ORIGIN_IGP + PATH_65002 + NEXT_HOP + med, peer=EXTERNAL)
    wire = attributes(exporter(rs_client=True), rte)
    assert wire == ORIGIN_IGP + PATH_65002 + "4003040a000001" + med


def test_other_attributes_go_as_they_are():
    extra = "c007080000fdeac0000201" + "c00804fdea0001" + "e06302abcd"
    wire = attributes(exporter(internal=True), route(CANONICAL + extra))
    assert wire == CANONICAL + extra


def test_reflection_leaves_its_traces():
    """RFC 4456, 8: ORIGINATOR_ID of the source, CLUSTER_LIST with our id in front."""
    out = exporter(internal=True, rr_client=True, cluster_id=0x0A000001)
    traces = "8009040a000002800a040a000001"
    assert attributes(out, route(*LEARNED, peer=INTERNAL)) == CANONICAL + traces
    second = CANONICAL + "8009040a000009800a040a000008"
    reflected = attributes(out, route(second, peer=INTERNAL))
    assert reflected == CANONICAL + "8009040a000009800a080a0000010a000008"


CLUSTER_A, CLUSTER_B, CLUSTER_C = 0x01010101, 0x02020202, 0x03030303


@pytest.mark.parametrize(
    ("source", "target", "clusters"),
    [
        (CLUSTER_A, None, "01010101"),
        (None, CLUSTER_A, "01010101"),
        (CLUSTER_A, CLUSTER_A, "01010101"),
        (CLUSTER_A, CLUSTER_B, "0202020201010101"),
        (CLUSTER_B, CLUSTER_A, "0101010102020202"),
    ],
)
@pytest.mark.parametrize("earlier", ["", "03030303", "0303030309090909"])
def test_the_cluster_list_has_the_clients_clusters(
    source: int | None, target: int | None, clusters: str, earlier: str
):
    """RFC 4456, 8: the cluster of the client it came from, behind that of the client it goes to."""
    came = f"8009040a000009800a{len(earlier) // 2:02x}{earlier}" if earlier else ""
    peer = neighbor(65001, source is not None, source or 0)
    out = exporter(internal=True, rr_client=target is not None, cluster_id=target or 0)
    rte = route(CANONICAL + came, peer=peer)
    assert out.admit(rte)
    all_clusters = clusters + earlier
    assert attributes(out, rte).endswith(f"800a{len(all_clusters) // 2:02x}{all_clusters}")


@pytest.mark.parametrize(
    ("earlier", "admitted"),
    [
        ("01010101", False),
        ("0909090901010101", False),
        ("0101010003010101", True),
        ("0201010101010102", True),
    ],
)
def test_a_client_does_not_get_what_was_in_its_cluster(earlier: str, admitted: bool):
    """RFC 4456, 8: it would ignore it."""
    came = f"8009040a000009800a{len(earlier) // 2:02x}{earlier}"
    rte = route(CANONICAL + came, peer=neighbor(65001, True, CLUSTER_B))
    assert exporter(internal=True, rr_client=True, cluster_id=CLUSTER_A).admit(rte) is admitted
    assert exporter(internal=True, rr_client=True, cluster_id=CLUSTER_C).admit(rte)
    assert exporter(internal=True).admit(rte), "no client"


def test_traces_of_reflection_do_not_leave_the_as():
    """RFC 4456, 8: optional, non-transitive."""
    wire = attributes(exporter(), route(CANONICAL + "8009040a000009800a040a000008"))
    assert "8009" not in wire
    assert "800a" not in wire


AIGP, ONE_MORE = "801a0b01000b0000000000000005", "801a0b01000b0000000000000006"


@pytest.mark.parametrize("internal", [False, True])
@pytest.mark.parametrize("mode", ["no", "yes", "originate"])
def test_aigp_goes_only_where_the_session_has_it(mode: str, internal: bool):
    """RFC 7311, 3 and 3.4: the distance is added by who sets the next hop."""
    out = exporter(internal=internal, aigp=mode, next_hop_self="yes", ifindex=2)
    kept = exporter(internal=internal, aigp=mode, next_hop_keep="yes", ifindex=2)
    rte = route(CANONICAL + AIGP, peer=EXTERNAL)
    assert (ONE_MORE in attributes(out, rte)) is (mode != "no")
    assert (AIGP in attributes(kept, rte)) is (mode != "no")
    assert "801a" not in attributes(out, route(CANONICAL, peer=EXTERNAL))


def test_only_the_first_metric_of_aigp_is_added_to():
    """RFC 7311, 3: further TLVs and those of other types go as they came."""
    out = exporter(internal=True, aigp="yes", next_hop_self="yes")
    other, tlv, more = "02000561ff", "01000b0000000000000005", "01000b0000000000000006"
    wire = attributes(out, route(CANONICAL + "801a1b" + other + tlv + tlv, peer=EXTERNAL))
    assert wire.endswith("801a1b" + more + other + tlv)
    alone = CANONICAL + "801a05" + other
    assert attributes(out, route(alone, peer=EXTERNAL)).endswith("801a05" + other)


@pytest.mark.parametrize(
    ("metric", "own", "aigp"),
    [
        (50, None, 50),
        (None, 0, 0),
        (7, 0, 7),
        (None, None, None),
        (UNKNOWN_METRIC, 0, None),
        (2**32 - 1, 0, None),
    ],
)
@pytest.mark.parametrize("internal", [False, True])
def test_aigp_is_originated_from_the_igp_metric(
    metric: int | None, own: int | None, aigp: int | None, internal: bool
):
    """RFC 7311, 3.4.1: of routes that are not from BGP, where we are the next hop."""
    other = () if metric is None else (("igp_metric", metric),)
    source = RouteSource("s", 1, Selection(igp_metric=lambda rte: own))
    rte = Rte(SETS.intern(b"", other), source, BLACKHOLE, 100, 0.0)
    wire = attributes(exporter(internal=internal, aigp="originate"), rte)
    assert wire.endswith("" if aigp is None else f"801a0b01000b{aigp:016x}")
    assert ("801a" in wire) is (aigp is not None)
    assert "801a" not in attributes(exporter(internal=internal, aigp="yes"), rte)
    filtered = Rte(SETS.intern(octets(NEXT_HOP), other), source, BLACKHOLE, 100, 0.0)
    wire = attributes(exporter(internal=internal, aigp="originate"), filtered)
    assert "801a" not in wire, "the filter set another next hop"


def test_no_aigp_is_originated_for_a_route_of_bgp_whatever_metric_a_filter_set():
    """RFC 7311, 3.4.1: the metric of another AS would count as one of ours from here on."""
    other = (("igp_metric", 7),)
    rte = Rte(
        SETS.intern(octets(CANONICAL), other),
        RouteSource("s", 11, Selection(), peer=EXTERNAL),
        BLACKHOLE,
        100,
        0.0,
    )
    out = exporter(internal=True, aigp="originate", next_hop_self="yes")
    assert "801a" not in attributes(out, rte)
    static = Rte(rte.attrs, RouteSource("s", 1, Selection()), BLACKHOLE, 100, 0.0)
    assert "801a0b01000b0000000000000007" in attributes(out, static)


RT, RO = "0002000100000003", "0003000100000003"
STAYS, ORIGIN_VALIDATION = "4002000100000001", "4300000000000002"  # RFC 8097, 2
RT6, STAYS6 = "0002" + "20" * 16 + "0001", "4002" + "20" * 16 + "0001"


@pytest.mark.parametrize(
    ("attribute", "goes"),
    [
        ("c01008" + RT, "c01008" + RT),
        ("c01020" + STAYS + RT + ORIGIN_VALIDATION + RO, "c01010" + RT + RO),
        ("e01010" + RT + ORIGIN_VALIDATION, "e01008" + RT),
        ("c01008" + ORIGIN_VALIDATION, ""),
        ("c01928" + STAYS6 + RT6, "c01914" + RT6),
        ("c01914" + STAYS6, ""),
    ],
)
@pytest.mark.parametrize("rs_client", [False, True])
def test_non_transitive_extended_communities_do_not_leave_the_as(attribute: str, goes: str, rs_client: bool):
    """RFC 4360, 6, RFC 5701, RFC 8097: also to clients of a route server."""
    learned = route(*LEARNED, attribute, peer=INTERNAL)
    out = attributes(exporter(rs_client=rs_client), learned)
    assert out == attributes(exporter(rs_client=rs_client), route(*LEARNED, peer=INTERNAL)) + goes
    assert attribute in attributes(exporter(internal=True), route(*LEARNED, attribute, peer=EXTERNAL))


def test_a_two_octet_peer():
    """RFC 6793, 4.2.2: AS_TRANS, and AS4_PATH only where it stands."""
    wide = ORIGIN_IGP + "40020a0202fa56ea010000fdea" + NEXT_HOP + LOCAL_PREF_100
    out = exporter(internal=True, as4=False)
    narrow = ORIGIN_IGP + "40020602025ba0fdea" + NEXT_HOP + LOCAL_PREF_100
    assert attributes(out, route(wide)) == narrow + "c0110a0202fa56ea010000fdea"
    plain = ORIGIN_IGP + "4002040201fdea" + NEXT_HOP + LOCAL_PREF_100
    assert attributes(out, route(CANONICAL)) == plain
    aggregator = "c00708fa56ea01c0000201"
    extra = "c007065ba0c0000201c01208fa56ea01c0000201"
    assert attributes(out, route(CANONICAL + aggregator)) == plain + extra


def test_a_list_that_leaves_no_room_for_a_network_is_not_sent():
    long = "d0080fdc" + "00010002" * 1015
    assert sent(exporter(), route(CANONICAL + long)) is None
    assert sent(exporter(max_length=65535), route(CANONICAL + long)) is not None


# ------------------------------------------------------------ which routes go


def test_internal_routes_go_to_internal_peers_only_by_reflection():
    """RFC 4271, 9.2; RFC 4456, 6."""
    learned, client = route(*LEARNED, peer=INTERNAL), route(*LEARNED, peer=neighbor(65001, rr_client=True))
    assert not exporter(internal=True).admit(learned)
    assert exporter(internal=True, rr_client=True).admit(learned)
    assert exporter(internal=True).admit(client)
    assert exporter().admit(learned)
    assert exporter(internal=True).admit(route(*LEARNED, peer=EXTERNAL))
    assert exporter(internal=True).admit(route("", gateway=None))


def test_well_known_communities():
    """RFC 1997."""
    for community, external, internal in (
        ("ffffff01", False, True),  # NO_EXPORT
        ("ffffff02", False, False),  # NO_ADVERTISE
        ("ffffff03", False, True),  # NO_EXPORT_SUBCONFED
        ("ffffff04", True, True),
    ):
        rte = route(CANONICAL + "c00808fdea0001" + community, peer=EXTERNAL)
        assert exporter().admit(rte) is external
        assert exporter(internal=True).admit(rte) is internal
        assert exporter(interpret_communities=False).admit(rte)


@pytest.mark.parametrize("community", ["ffffff01", "ffffff02", "ffffff03", "ffff0006"])
def test_well_known_communities_forbid_nothing_on_own_routes(community):
    """They are for those who receive them: a static route that is marked goes out with its mark."""
    rte = route(CANONICAL + "c00804" + community)
    for mine in (exporter(), exporter(internal=True)):
        assert mine.admit(rte)
        assert community in attributes(mine, rte)


def test_long_lived_stale_routes_go_only_where_they_are_the_last_choice():
    """RFC 9494, 4.3; NO_LLGR (65535:7) forbids nothing here."""
    stale = route(CANONICAL + "c00808fdea0001ffff0006", peer=EXTERNAL)
    assert not exporter().admit(stale)
    assert not exporter(internal=True).admit(stale)
    assert exporter(long_lived=True).admit(stale)
    assert exporter(interpret_communities=False).admit(stale)
    assert not exporter(long_lived=True).admit(route(CANONICAL + "c00808ffff0006ffffff02", peer=EXTERNAL))
    for other in ("ffff0007", "00ffff0006ffff00"):
        assert exporter().admit(route(CANONICAL + f"c008{len(other) // 2:02x}{other}", peer=EXTERNAL))


def test_octets_that_only_look_like_a_community():
    assert exporter().admit(route(CANONICAL + "c0080800ffffff01000001"))


# ----------------------------------------------------------------- next hops


def test_an_external_peer_on_the_same_link_gets_the_third_party_next_hop():
    """RFC 4271, 5.1.3."""
    rte = route(*LEARNED, peer=EXTERNAL)
    assert next_hop(exporter(ifindex=2), rte) == "0a000002"
    assert next_hop(exporter(ifindex=3), rte) == "0a000001"
    assert next_hop(exporter(ifindex=2), route(*LEARNED, peer=INTERNAL, gateway="10.0.0.9")) == "0a000009"
    assert next_hop(exporter(ifindex=2, next_hop_self="yes"), rte) == "0a000001"


@pytest.mark.parametrize("gateway", ["10.0.0.2", "10.0.0.9", None])
def test_between_external_peers_of_one_link_next_hop_decides_and_not_the_gateway(gateway: str | None):
    """Whatever `gw`, `dest` and `bgp_next_hop` of an import filter made of it."""
    lan = {"ifindex": 2, "networks": (Prefix.parse("10.0.0.0/24"),)}
    near = neighbor(ifindex=2)
    for hop, goes in (("0a000002", "0a000002"), ("0a000042", "0a000042"), ("c0000201", "0a000001")):
        rte = route(ORIGIN_IGP + PATH_65002 + "400304" + hop, peer=near, gateway=gateway)
        assert next_hop(exporter(**lan), rte) == goes
    alone = route(ORIGIN_IGP + PATH_65002 + "4003040a000002", peer=near, gateway=gateway)
    assert next_hop(exporter(ifindex=2), alone) == "0a000002", "the neighbor itself, with `onlink`"
    assert next_hop(exporter(**lan, next_hop_keep="yes"), rte) == "c0000201"


def test_several_gateways_are_no_next_hop():
    rte = route("", gateway="10.0.0.7")
    rte.hop.nexthops += (NextHop(Address.parse("10.0.0.8"), 2, "eth2"),)
    assert next_hop(exporter(ifindex=2), rte) == "0a000001"
    assert next_hop(exporter(internal=True), rte) == "0a000001"


def test_next_hop_self_and_keep():
    from_ebgp, from_ibgp = route(*LEARNED, peer=EXTERNAL), route(*LEARNED, peer=INTERNAL)
    inside = {"internal": True, "rr_client": True}
    assert next_hop(exporter(**inside), from_ebgp) == "0a000002"
    assert next_hop(exporter(**inside, next_hop_self="yes"), from_ebgp) == "0a000001"
    assert next_hop(exporter(**inside, next_hop_self="ebgp"), from_ebgp) == "0a000001"
    assert next_hop(exporter(**inside, next_hop_self="ebgp"), from_ibgp) == "0a000002"
    assert next_hop(exporter(**inside, next_hop_self="ibgp"), from_ibgp) == "0a000001"
    assert next_hop(exporter(next_hop_keep="yes"), from_ebgp) == "0a000002"
    assert next_hop(exporter(next_hop_keep="ibgp"), from_ebgp) == "0a000001"


def test_a_next_hop_that_the_filter_set_is_sent():
    rte = route(ORIGIN_IGP + PATH_65002 + "4003040a000063", peer=EXTERNAL)
    assert next_hop(exporter(), rte, attrs(CANONICAL)) == "0a000063"
    assert next_hop(exporter(next_hop_self="yes"), rte, attrs(CANONICAL)) == "0a000001"
    again = exporter().wire(rte, rte.attrs, ("bgp_next_hop",))
    assert again is not None, "set to the value that it had"
    assert "4003040a000063" in again[1].hex()


ZERO = "40030400000000"


@pytest.mark.parametrize("internal", [False, True])
@pytest.mark.parametrize("peer", [EXTERNAL, INTERNAL, None])
def test_a_next_hop_of_zero_is_not_sent(peer: PeerIdentity | None, internal: bool):
    """Nor is another put in its place, but by `next hop self`; the log names the source once."""
    logged: list[str] = []
    out = BgpExporter(ExportClass(IPV4, 65001, internal, OWN, ifindex=2, networks=()), log=logged.append)
    zero = route(ORIGIN_IGP + PATH_65002 + ZERO, peer=peer)
    for _ in range(2):
        assert next_hop(out, zero, attrs(CANONICAL)) is None
    assert logged == ["BGP: routes of s are not sent: Invalid NEXT_HOP attribute - zero address"]
    assert next_hop(exporter(internal=internal, next_hop_self="yes"), zero) == "0a000001"


def test_a_next_hop_of_zero_from_the_import_filter_is_not_sent_on_its_link():
    zero = route(ORIGIN_IGP + PATH_65002 + ZERO, peer=neighbor(ifindex=2))
    assert next_hop(exporter(ifindex=2, networks=(Prefix.parse("10.0.0.0/24"),)), zero) is None
    assert next_hop(exporter(internal=True), zero) is None


def test_without_next_hop_the_gateway_is_sent():
    """A filter unset it: also between external neighbors of one link."""
    unset = route(ORIGIN_IGP + PATH_65002, peer=neighbor(ifindex=2), gateway="10.0.0.66")
    assert next_hop(exporter(ifindex=2), unset, attrs(CANONICAL)) == "0a000042"
    assert next_hop(exporter(ifindex=2), unset) == "0a000042"
    assert next_hop(exporter(ifindex=3), unset) == "0a000001"
    assert next_hop(exporter(ifindex=2, next_hop_self="yes"), unset) == "0a000001"


def test_a_next_hop_that_was_set_with_a_static_route_is_sent():
    rte = route("4003040a00004d", gateway="10.0.0.9")
    assert next_hop(exporter(), rte) == "0a00004d"
    assert next_hop(exporter(internal=True), rte) == "0a00004d"


def test_the_gateway_of_a_static_route():
    """To internal peers, and to external ones on its link."""
    static = route("", gateway="10.0.0.9")
    assert next_hop(exporter(internal=True), static) == "0a000009"
    assert next_hop(exporter(ifindex=2), static) == "0a000009"
    assert next_hop(exporter(ifindex=3), static) == "0a000001"
    assert next_hop(exporter(internal=True, next_hop_self="yes"), static) == "0a000001"


def learned6(hop: bytes, peer: PeerIdentity = EXTERNAL, gateway: bytes = LL, ifindex: int = 2) -> Rte:
    text = ORIGIN_IGP + PATH_65002 + "4003" + f"{len(hop):02x}" + hop.hex()
    return route(text, peer=peer, gateway=str(Address(gateway)), ifindex=ifindex)


def test_own_link_local_next_hop_in_every_format():
    own = bytes(16) + OWN_LL
    rte = route("", gateway=None)
    for chosen, octets_sent in (
        (None, OWN_LL + OWN_LL),
        ("double", OWN_LL + OWN_LL),
        ("native", bytes(16) + OWN_LL),
        ("single", OWN_LL),
    ):
        out = exporter(IPV6, own=own, ifindex=2, link_local_format=chosen)
        assert next_hop(out, rte) == octets_sent.hex()
    both = exporter(IPV6, own=OWN6 + OWN_LL, link_local_format="single")
    assert next_hop(both, rte) == (OWN6 + OWN_LL).hex()


def test_a_link_local_next_hop_stays_on_its_link():
    only_ll, both = bytes(16) + LL, GLOBAL + LL
    on_link = exporter(IPV6, own=OWN6, ifindex=2, next_hop_keep="yes")
    elsewhere = exporter(IPV6, own=OWN6, ifindex=3, next_hop_keep="yes")
    multihop = exporter(IPV6, own=OWN6, next_hop_keep="yes")
    assert next_hop(on_link, learned6(only_ll)) == (LL + LL).hex()
    assert next_hop(on_link, learned6(both)) == both.hex()
    for out in (elsewhere, multihop):
        assert next_hop(out, learned6(only_ll)) == OWN6.hex()
        assert next_hop(out, learned6(both)) == GLOBAL.hex()


def test_a_link_local_next_hop_is_not_reflected():
    reflector = exporter(IPV6, internal=True, own=OWN6, ifindex=2, rr_client=True, next_hop_keep="yes")
    assert next_hop(reflector, learned6(bytes(16) + LL, INTERNAL)) == OWN6.hex()
    assert next_hop(reflector, learned6(GLOBAL + LL, INTERNAL)) == GLOBAL.hex()


def test_without_an_own_next_hop_the_route_is_not_sent():
    assert sent(exporter(IPV6, own=b""), learned6(bytes(16) + LL)) is None
    assert sent(exporter(IPV4, own=OWN6), route("", gateway=None)) is None


def test_ipv4_over_ipv6_next_hops():
    """RFC 8950: only where negotiated."""
    own = bytes(16) + OWN_LL
    out = exporter(IPV4, own=own, ifindex=2, extended_next_hop=True)
    assert next_hop(out, route("", gateway=None)) == (OWN_LL + OWN_LL).hex()
    assert next_hop(out, learned6(GLOBAL, gateway=GLOBAL)) == GLOBAL.hex()
    classic = exporter(IPV4, own=OWN, ifindex=2)
    assert next_hop(classic, learned6(GLOBAL, gateway=GLOBAL)) == "0a000001"


# ------------------------------------------------------------------ messages


def unpacked(messages: list[bytes], max_length: int = 4096) -> list[Update]:
    framer = Framer()
    framer.max_length = max_length
    framer.receive(b"".join(messages))
    out = []
    while (message := framer.next()) is not None:
        assert isinstance(message, Update)
        out.append(message)
    return out


def test_a_classic_message():
    wire = (b"", octets(CANONICAL), b"")
    (message,) = exporter().pack({wire: [octets("18c63364"), octets("080a")]}, [])
    size = len(octets(CANONICAL))
    assert message == b"\xff" * 16 + bytes((0, 23 + size + 6)) + octets("02", "0000") + bytes(
        (0, size)
    ) + octets(CANONICAL, "18c63364", "080a")


def test_withdrawals_come_first():
    messages = unpacked(
        exporter().pack({(b"", octets(CANONICAL), b""): [octets("080a")]}, [octets("18c63364")])
    )
    assert messages == [Update(octets("18c63364"), b"", b""), Update(b"", octets(CANONICAL), octets("080a"))]


def test_an_mp_message_has_mp_reach_first():
    """RFC 7606, 5.1."""
    (message,) = unpacked(
        exporter(IPV6).pack({(GLOBAL, octets(ORIGIN_IGP), b""): [octets("2020010db8")]}, [])
    )
    assert message.attributes == octets(
        "900e001a", "000201", "10", GLOBAL.hex(), "00", "2020010db8", ORIGIN_IGP
    )


def test_end_of_rib():
    """RFC 4724, 2."""
    assert end_of_rib(IPV4) == b"\xff" * 16 + octets("0017", "02", "0000", "0000")
    assert exporter(IPV6).end_of_rib() == b"\xff" * 16 + octets(
        "001d", "02", "0000", "0006", "800f03", "000201"
    )


def read_back(out: BgpExporter, messages: list[bytes], ext: bool = True) -> tuple[list[bytes], list[bytes]]:
    families = (IPV4, IPV6)
    terms = ReceiveTerms(
        65009, 65001, 9, families, extended_next_hop=frozenset({IPV4}) if ext else frozenset()
    )
    reader = UpdateReader(SETS, terms)
    came: list[bytes] = []
    left: list[bytes] = []
    for update in unpacked(messages, out.terms.max_length):
        received = reader.read(update)
        for gone in received.withdrawn:
            assert not gone.reason
            left.extend(gone.keys)
        for news in received.announced:
            assert news.family == out.terms.family
            came.extend(news.keys)
    return came, left


keys4 = st.lists(
    st.integers(0, 32).flatmap(
        lambda n: st.binary(min_size=(n + 7) // 8, max_size=(n + 7) // 8).map(
            lambda b: bytes((n // 8 * 8,)) + (b"\x0a" + b)[: n // 8]
        )
    ),
    min_size=1,
    max_size=60,
)


@given(keys4, st.integers(1, 60), st.booleans(), st.sampled_from((4096, 65535)))
def test_what_is_packed_is_read_back_within_the_limit(keys, times, extended, max_length):
    own = bytes(16) + OWN_LL if extended else OWN
    out = exporter(IPV4, own=own, ifindex=2, extended_next_hop=extended, max_length=max_length)
    rte = route("", gateway=None)
    wire = out.wire(rte, rte.attrs)
    assert wire is not None
    messages = out.pack({wire: keys * times}, keys * times)
    assert all(len(message) <= max_length for message in messages)
    assert read_back(out, messages) == (keys * times, keys * times)


def test_large_groups_fill_their_messages():
    keys = [bytes((24, 10, i >> 8, i & 255)) for i in range(10000)]
    messages = exporter().pack({(b"", octets(CANONICAL), b""): keys}, keys)
    assert all(len(message) > 4080 for message in messages[:-1] if message != messages[9])
    assert len(messages) == 20


# ------------------------------------------------------------------- labels


def test_labels_go_with_the_next_hop_that_they_came_with():
    """RFC 8277, 3.2.1: the next hop is unchanged, and so are the labels."""
    out = exporter(IPV4_MPLS, internal=True)
    assert labels(out, labeled(100, 200, peer=EXTERNAL)) == (100, 200)
    assert next_hop(out, labeled(100, 200, peer=EXTERNAL)) == "0a000002"


def test_with_our_own_next_hop_go_implicit_null_or_our_own_label():
    """RFC 8277, 3.2.2: the neighbor's labels mean nothing to us."""
    assert labels(exporter(IPV4_MPLS), labeled(100, peer=EXTERNAL)) == (3,)
    assert labels(exporter(IPV4_MPLS, True, next_hop_self="yes"), labeled(100, peer=EXTERNAL)) == (3,)
    for own, sent in ((1000, 1000), (3, 3), (1 << 20, 3)):  # the last one is no label: a filter set it
        ours = labeled(100, peer=EXTERNAL, own=own)
        assert labels(exporter(IPV4_MPLS), ours) == (sent,)
        assert labels(exporter(IPV4_MPLS, internal=True), ours) == (100,)


def test_routes_that_came_without_labels_have_implicit_null():
    assert labels(exporter(IPV4_MPLS, internal=True), route(*LEARNED, peer=EXTERNAL)) == (3,)
    assert labels(exporter(IPV4_MPLS), route(gateway=None)) == (3,)


def test_a_gateway_is_sent_with_the_labels_on_the_way_to_it():
    """Of a route that is not from BGP; as BIRD does."""
    hop = Hop(Dest.UNICAST, (NextHop(Address.parse("10.0.0.9"), 2, "eth2", labels=(200, 300)),))
    rte = Rte(attrs(ORIGIN_IGP), RouteSource("s", 1, Selection()), hop, 100, 0.0)
    assert labels(exporter(IPV4_MPLS, internal=True), rte) == (200, 300)
    assert labels(exporter(IPV4_MPLS, internal=True, next_hop_self="yes"), rte) == (3,)


def test_a_gateway_that_is_ourselves_is_sent_with_its_labels():
    """They are the route's own; with `next hop self`, and where we replace a next hop, they are not."""
    hop = Hop(Dest.UNICAST, (NextHop(Address(OWN), 2, "eth2", labels=(1001,)),))
    rte = Rte(attrs(ORIGIN_IGP), RouteSource("s", 1, Selection()), hop, 100, 0.0)
    assert labels(exporter(IPV4_MPLS, internal=True), rte) == (1001,)
    assert labels(exporter(IPV4_MPLS, ifindex=2), rte) == (1001,)
    assert labels(exporter(IPV4_MPLS, ifindex=3), rte) == (3,)  # another link: our address for the gateway
    assert labels(exporter(IPV4_MPLS, internal=True, next_hop_self="yes"), rte) == (3,)


@pytest.mark.parametrize("way", [(30, 100), (30,), ()])
def test_a_gateway_is_sent_with_all_labels_that_packets_get(way: tuple[int, ...]):
    """Also those of the route that leads to the next hop; one that stays has its labels as they came."""
    hop = Hop(Dest.UNICAST, (NextHop(Address.parse("10.0.0.9"), 2, "eth2", labels=way),))
    came = labeled(100, peer=INTERNAL)
    rte = Rte(came.attrs, came.source, hop, 100, 0.0)
    external = exporter(IPV4_MPLS, ifindex=2)
    assert (next_hop(external, rte), labels(external, rte)) == ("0a000009", way or (3,))
    kept = exporter(IPV4_MPLS, ifindex=2, next_hop_keep="yes")
    assert (next_hop(kept, rte), labels(kept, rte)) == ("0a000002", (100,))


def test_families_without_labels_send_none():
    assert labels(exporter(internal=True), labeled(100, peer=EXTERNAL)) == ()


def test_networks_are_sent_with_their_labels():
    """RFC 8277, 2.3."""
    wire = (OWN, octets(ORIGIN_IGP), stack_octets((100, 200)))
    (message,) = unpacked(exporter(IPV4_MPLS).pack({wire: [octets("100a01"), octets("00")]}, []))
    assert message.attributes.startswith(octets("900e", "0019", "000104", "04", "0a000001", "00"))
    assert octets("40", "000640", "000c81", "0a01", "30", "000640", "000c81") in message.attributes


def test_a_network_whose_length_with_its_labels_exceeds_255_bits_is_left_out():
    key = octets("80", "20010db8" + "00" * 12)
    wire = (OWN6, octets(ORIGIN_IGP), stack_octets((1, 2, 3, 4, 5, 6)))
    assert exporter(IPV6_MPLS).pack({wire: [key]}, []) == []
    assert len(exporter(IPV6_MPLS).pack({wire: [key, octets("00")]}, [])) == 1


# -------------------------------------------------------- roles (RFC 9234, 5)

OTC_65077 = "c023040000fe35"
PROVIDER, RS_SERVER, RS_CLIENT, CUSTOMER, PEER = range(5)


@pytest.mark.parametrize("role", [CUSTOMER, RS_CLIENT, PEER])
@pytest.mark.parametrize("peer", [EXTERNAL, INTERNAL, None])
def test_only_to_customer_goes_neither_up_nor_to_peers(role: int, peer: PeerIdentity | None):
    assert not exporter(role=role).admit(route(*LEARNED, OTC_65077, peer=peer))
    assert exporter(role=role).admit(route(*LEARNED, peer=peer))


def test_only_to_customer_goes_down_and_where_there_is_no_role():
    for out in (exporter(role=PROVIDER), exporter(role=RS_SERVER), exporter()):
        assert out.admit(route(*LEARNED, OTC_65077, peer=EXTERNAL))
        assert attributes(out, route(*LEARNED, OTC_65077, peer=EXTERNAL)).endswith(OTC_65077)


@pytest.mark.parametrize(("role", "marks"), [(0, True), (1, True), (2, False), (3, False), (4, True)])
def test_what_goes_down_or_to_a_peer_is_marked(role: int, marks: bool):
    out = exporter(role=role)
    assert ("c023040000fde9" in attributes(out, route(*LEARNED, peer=EXTERNAL))) == marks


def test_multicast_is_neither_marked_nor_kept_back():
    assert exporter(IPV4_MULTICAST, role=CUSTOMER).admit(route(*LEARNED, OTC_65077, peer=EXTERNAL))
    assert "c02304" not in attributes(exporter(IPV4_MULTICAST, role=PROVIDER), route(*LEARNED, peer=EXTERNAL))
