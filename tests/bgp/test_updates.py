"""UPDATE messages in: RFC 4271 section 4.3 and 9.1.2, 4456, 4724, 4760, 7606, 8950, 9774."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybird.proto.bgp.family import IPV4_MPLS, IPV4_MULTICAST, VPN4_MPLS, VPN4_MULTICAST, VPN6_MULTICAST
from pybird.proto.bgp.family import IPV4_UNICAST as IPV4
from pybird.proto.bgp.family import IPV6_UNICAST as IPV6
from pybird.proto.bgp.wire.errors import BgpError, UpdateError
from pybird.proto.bgp.wire.messages import Update
from pybird.proto.bgp.wire.updates import Announced, Received, ReceiveTerms, UpdateReader, Withdrawn
from tests.bgp.vectors import BASE, CANONICAL, NEXT_HOP, ORIGIN_IGP, PATH_65002, octets, pool, reach, update

NET = octets("18c63364")  # 198.51.100.0/24
NET6 = octets("2020010db8")  # 2001:db8::/32
LL = "fe80" + "00" * 12 + "000b"
GLOBAL = "fd770000" + "00" * 10 + "0002"


def terms(**changes) -> ReceiveTerms:
    return ReceiveTerms(
        local_as=65001,
        remote_as=changes.pop("remote_as", 65002),
        router_id=0x0A000001,
        families=changes.pop("families", (IPV4, IPV6)),
        **changes,
    )


def read(message: Update, **changes) -> Received:
    return UpdateReader(pool(), terms(**changes)).read(message)


def announced(received: Received) -> list[tuple]:
    return [(a.family, a.keys, a.attrs.wire.hex(), a.next_hop.hex()) for a in received.announced]


def reset(message: Update, **changes) -> tuple[int, int]:
    with pytest.raises(UpdateError) as caught:
        read(message, **changes)
    return caught.value.code, caught.value.subcode


def why(message: Update, **changes) -> str:
    """Why what the UPDATE announces counts as withdrawn."""
    received = read(message, **changes)
    assert received.announced == []
    (left,) = received.withdrawn
    assert left.keys
    return left.reason


# ------------------------------------------------------------------- routes


def test_a_classic_update():
    received = read(update(nlri="18c63364080a", withdrawn="10c612"))
    assert received.withdrawn == [Withdrawn(IPV4, [octets("10c612")])]
    assert announced(received) == [(IPV4, [NET, octets("080a")], CANONICAL, "0a000002")]


def test_equal_attributes_are_one_set():
    reader = UpdateReader(pool(), terms())
    first = reader.read(update()).announced[0]
    again = reader.read(update(nlri="080a")).announced[0]
    other_order = reader.read(update(NEXT_HOP + PATH_65002 + ORIGIN_IGP)).announced[0]
    assert first.attrs is again.attrs is other_order.attrs


def test_ipv6_in_mp_reach():
    received = read(update(reach(GLOBAL + LL, "2020010db8") + ORIGIN_IGP + PATH_65002, ""))
    wire = ORIGIN_IGP + PATH_65002 + "400320" + GLOBAL + LL + "40050400000064"
    assert announced(received) == [(IPV6, [NET6], wire, GLOBAL + LL)]


def test_the_place_of_mp_reach_does_not_matter():
    reader = UpdateReader(pool(), terms())
    mp = reach(GLOBAL, "2020010db8")
    sets = [
        reader.read(update(text, "")).announced[0].attrs
        for text in (mp + ORIGIN_IGP + PATH_65002, ORIGIN_IGP + mp + PATH_65002, ORIGIN_IGP + PATH_65002 + mp)
    ]
    assert sets[0] is sets[1] is sets[2]


def test_the_same_attributes_by_another_family_are_the_same_set():
    """An unnumbered session: both families with the same next hop."""
    reader = UpdateReader(pool(), terms(extended_next_hop=frozenset({IPV4})))
    four = reader.read(update(reach(LL + LL, "18c63364", "0001") + ORIGIN_IGP + PATH_65002, "")).announced[0]
    six = reader.read(update(reach(LL, "2020010db8") + ORIGIN_IGP + PATH_65002, "")).announced[0]
    assert (four.family, six.family) == (IPV4, IPV6)
    assert four.attrs is six.attrs
    assert four.next_hop == octets("00" * 16 + LL)


def test_both_ways_in_one_update():
    """RFC 4760, 3: each family with its own next hop."""
    received = read(update(BASE + reach(GLOBAL, "2020010db8")))
    assert [(a.family, a.next_hop.hex()) for a in received.announced] == [(IPV6, GLOBAL), (IPV4, "0a000002")]


def test_ipv4_with_an_ipv4_next_hop_in_mp_reach():
    received = read(update(reach("0a000002", "18c63364", "0001") + ORIGIN_IGP + PATH_65002, ""))
    assert announced(received) == [(IPV4, [NET], CANONICAL, "0a000002")]


def test_ipv4_over_ipv6_needs_extended_next_hop():
    """RFC 8950, 4."""
    message = update(reach(LL, "18c63364", "0001") + ORIGIN_IGP + PATH_65002, "")
    assert why(message) == "IPv6 next hop without extended next hop"
    assert read(message, extended_next_hop=frozenset({IPV4})).announced


def test_withdrawals_in_mp_unreach():
    received = read(update("800f080002012020010db8", ""))
    assert received.withdrawn == [Withdrawn(IPV6, [NET6])]
    assert received.end_of_rib is None


@pytest.mark.parametrize("text", ["800f03000201", "900f0003000201"])
def test_end_of_rib_of_ipv6(text):
    """RFC 4724, 2."""
    assert read(update(text, "")).end_of_rib == IPV6


@pytest.mark.parametrize("more", [{"withdrawn": "080a"}, {"nlri": "080a"}], ids=str)
def test_an_update_that_says_more_is_no_end_of_rib(more):
    """RFC 4724, 2: it has MP_UNREACH_NLRI alone."""
    begin = BASE if "nlri" in more else ""
    assert read(update(begin + "800f03000201", **{"nlri": ""} | more)).end_of_rib is None


def test_a_broken_mp_attribute_is_no_better_when_its_attributes_came_before():
    """What is known of the others is of an UPDATE that was well (RFC 7606, 3)."""
    reader = UpdateReader(pool(), terms())
    good, bad = (
        update(reach(GLOBAL, "2020010db8", flags=flags) + ORIGIN_IGP + PATH_65002, "")
        for flags in ("80", "c0")
    )
    assert reader.read(good).announced
    again = reader.read(bad)
    assert (again.announced, [left.reason for left in again.withdrawn]) == ([], ["MP attribute flags 0xc0"])
    assert reader.read(good).announced


def test_end_of_rib_of_ipv4():
    assert read(Update(b"", b"", b"")).end_of_rib == IPV4
    assert read(update("800f03000101", "")).end_of_rib == IPV4
    assert read(update("", "", "080a")).end_of_rib is None


def test_families_that_were_not_negotiated_are_ignored():
    """RFC 4760, 7."""
    received = read(update(reach(GLOBAL, "2020010db8") + ORIGIN_IGP + PATH_65002, ""), families=(IPV4,))
    assert (received.announced, received.withdrawn, received.ignored) == ([], [], IPV6.numbers)
    received = read(update(withdrawn="080a"), families=(IPV6,))
    assert (received.announced, received.withdrawn, received.ignored) == ([], [], IPV4.numbers)
    received = read(update("", "", "080a"), families=(IPV6,))
    assert (received.withdrawn, received.ignored) == ([], IPV4.numbers)
    assert read(
        update(reach("0a000002", "ff", "0001").replace("000101", "400401"), ""), families=(IPV4,)
    ).ignored


# ------------------------------------------------- errors, RFC 7606 and 4271


def test_mp_reach_without_a_network_and_with_broken_attributes_resets():
    """RFC 7606, 5.2: nothing could be withdrawn in its place."""
    assert reset(update(reach(GLOBAL, "") + ORIGIN_IGP, "")) == (3, 1)
    assert read(update(reach(GLOBAL, "") + ORIGIN_IGP + PATH_65002, "")).withdrawn == []


def test_a_malformed_attribute_withdraws_all_families():
    """RFC 7606, 2: treat-as-withdraw."""
    received = read(update("40010105" + PATH_65002 + NEXT_HOP + reach(GLOBAL, "2020010db8")))
    assert received.announced == []
    assert [(left.family, left.keys) for left in received.withdrawn] == [(IPV6, [NET6]), (IPV4, [NET])]


def test_an_attribute_that_exceeds_the_list_withdraws():
    """RFC 7606, 4: the total length locates the NLRI."""
    assert "exceeds" in why(update(BASE + "c008ff0001"))
    assert "exceeds" in why(update(BASE + "c0"))


def test_an_error_without_networks_resets():
    """RFC 7606, 5.2."""
    assert reset(update(BASE + "c008ff0001", "")) == (3, 1)
    assert reset(update("40010105", "", "080a")) == (3, 1)
    assert reset(update("800f080002012020010db840010105", "")) == (3, 1)
    assert read(update("400600", "")).announced == []  # superfluous, not wrong


def test_mp_attributes_twice_reset():
    """RFC 7606, 3(g)."""
    assert reset(update(BASE + reach(GLOBAL, "2020010db8") * 2)) == (3, 1)
    assert reset(update("800f03000201" * 2, "")) == (3, 1)


@pytest.mark.parametrize(
    "value",
    [
        "00020100",  # too short
        "0002010f" + "00" * 15 + "00",  # next hop of 15 octets
        "0002010000",  # of none
        "00020120" + "00" * 20,  # beyond the attribute
        "00020110" + "20010db8" + "00" * 12,  # no reserved octet
    ],
)
def test_a_next_hop_of_wrong_length_in_mp_reach_resets(value):
    """RFC 7606, 7.11: the NLRI cannot be located."""
    text = "800e" + f"{len(value) // 2:02x}" + value
    assert reset(update(text + ORIGIN_IGP + PATH_65002, "")) == (3, 9)


def test_a_short_mp_unreach_resets():
    """RFC 7606, 7.12 with 5.3."""
    assert reset(update("800f020002", "")) == (3, 9)


@pytest.mark.parametrize("text", ["2100000000", "18c633"])
def test_networks_that_cannot_be_read_reset(text):
    """RFC 7606, 5.3."""
    assert reset(update(nlri=text)) == (3, 10)
    assert reset(update(withdrawn=text)) == (3, 10)
    assert reset(update(reach(GLOBAL, "81" + "00" * 17) + ORIGIN_IGP + PATH_65002, "")) == (3, 10)


def test_wrong_flags_of_mp_reach_withdraw():
    """RFC 7606, 3(c)."""
    assert "flags" in why(update(reach(GLOBAL, "2020010db8", flags="c0") + ORIGIN_IGP + PATH_65002, ""))


def test_a_next_hop_that_is_no_host_withdraws():
    assert "no address of a host" in why(update(reach("00" * 16, "2020010db8") + ORIGIN_IGP + PATH_65002, ""))


def test_the_next_hop_attribute_is_not_needed_with_mp_reach():
    """RFC 4760, 3: nor does it count there."""
    message = update(reach(GLOBAL, "2020010db8") + ORIGIN_IGP + PATH_65002 + NEXT_HOP, "")
    assert read(message).announced[0].next_hop.hex() == GLOBAL


# --------------------------------------------------------------------- loops


def path(text: str) -> Update:
    return update(ORIGIN_IGP + "4002" + f"{len(text) // 2:02x}" + text + NEXT_HOP)


def test_own_as_in_the_path():
    """RFC 4271, 9.1.2; `allow local as N` tolerates N of them."""
    once = path("02020000fdea0000fde9")
    assert why(once) == "own AS in the path"
    assert read(once, allow_local_as=1).announced
    assert why(path("02030000fdea0000fde90000fde9"), allow_local_as=1) == "own AS in the path"


def test_octets_that_only_look_like_the_own_as():
    assert read(path("0202fdea0000fde90000")).announced


def test_as_sets():
    """RFC 9774, 3: treat-as-withdraw, unless `allow as sets`."""
    with_set = path("02010000fdea01020000fdeb0000fdec")
    assert why(with_set) == "AS set in the path"
    assert read(with_set, allow_as_sets=True).announced


def test_enforce_first_as():
    """RFC 4271, 6.3."""
    other = path("02010000fdeb")
    assert read(other).announced
    assert "first AS" in why(other, enforce_first_as=True)
    assert "first AS" in why(path(""), enforce_first_as=True)
    assert read(path("02010000fdea"), enforce_first_as=True).announced


def test_own_originator_id():
    """RFC 4456, 8: SHOULD be ignored."""
    message = update(BASE + "8009040a000001")
    assert why(message, remote_as=65001) == "own originator id"
    assert read(message).announced  # discarded on external sessions


def test_own_cluster_id():
    """RFC 4456, 8."""
    message = update(BASE + "800a080a0000020a000001")
    assert why(message, remote_as=65001) == "own cluster id in the cluster list"
    assert read(message, remote_as=65001, cluster_id=7).announced


def test_an_attribute_set_is_judged_once_but_withdraws_every_time():
    reader = UpdateReader(pool(), terms())
    for _ in range(2):
        assert reader.read(path("02010000fde9")).withdrawn[0].reason == "own AS in the path"


# ---------------------------------------------------------------- robustness


@given(st.binary(max_size=40), st.binary(max_size=80), st.binary(max_size=20))
def test_no_update_raises_anything_else(withdrawn, attributes, nlri):
    try:
        received = read(Update(withdrawn, attributes, nlri))
    except BgpError:
        return
    assert isinstance(received.announced, list)


@given(st.data())
def test_no_mutation_of_a_good_update_raises_anything_else(data):
    good = octets(reach(GLOBAL + LL, "2020010db8") + BASE)
    at = data.draw(st.integers(0, len(good) - 1))
    bad = good[:at] + bytes((data.draw(st.integers(0, 255)),)) + good[at + 1 :]
    try:
        received = read(Update(b"", bad, NET))
    except BgpError:
        return
    assert all(isinstance(a, Announced) for a in received.announced)


ZERO = "00" * 8
RD = "0000fde900000001"
HOP4, HOP6, LINK_LOCAL = "0a000002", "20010db8" + "00" * 11 + "02", "fe80" + "00" * 13 + "02"
VPN4_NET, VPN6_NET = "50" + RD + "0a01", "60" + RD + "20010db8"


def read_vpn(family, next_hop: str, net: str, **changes) -> Received:
    value = octets(family.head.hex(), f"{len(next_hop) // 2:02x}", next_hop, "00", net)
    attributes = ORIGIN_IGP + PATH_65002 + f"800e{len(value):02x}" + value.hex()
    return read(update(attributes, ""), families=(family,), **changes)


@pytest.mark.parametrize(
    ("family", "sent", "kept", "net"),
    [
        (VPN4_MULTICAST, ZERO + HOP4, HOP4, VPN4_NET),
        (VPN4_MULTICAST, ZERO + HOP6, HOP6, VPN4_NET),
        (VPN6_MULTICAST, ZERO + HOP6, HOP6, VPN6_NET),
        (VPN6_MULTICAST, ZERO + HOP6 + ZERO + LINK_LOCAL, HOP6 + LINK_LOCAL, VPN6_NET),
    ],
)
def test_next_hops_of_vpns_have_a_distinguisher_before_each_address(family, sent, kept, net):
    """RFC 4364, 4.3.2; RFC 4659, 3.2.1; RFC 8950, 3."""
    received = read_vpn(family, sent, net, extended_next_hop=frozenset((VPN4_MULTICAST,)))
    (announced,) = received.announced
    assert (announced.family, announced.next_hop.hex()) == (family, kept)
    assert family.hop_field(announced.next_hop).hex() == sent


@pytest.mark.parametrize(
    ("family", "sent", "net"),
    [
        (VPN4_MULTICAST, RD + HOP4, VPN4_NET),
        (VPN4_MULTICAST, HOP4, VPN4_NET),
        (VPN6_MULTICAST, HOP6, VPN6_NET),
        (VPN6_MULTICAST, ZERO + HOP6 + RD + LINK_LOCAL, VPN6_NET),
        (VPN6_MULTICAST, ZERO + HOP6 + LINK_LOCAL, VPN6_NET),
        (VPN4_MULTICAST, "", VPN4_NET),
    ],
)
def test_a_next_hop_of_a_vpn_with_a_distinguisher_resets_the_session(family, sent, net):
    """Or without one, or with one for two addresses: 3/9, as BIRD does (RFC 7606, 7.11)."""
    with pytest.raises(UpdateError) as caught:
        read_vpn(family, sent, net)
    assert (caught.value.code, caught.value.subcode) == (3, 9)


LABEL_100, LABEL_200_END, LABEL_100_END = "000640", "000c81", "000641"


def stacks(received: Received) -> list[tuple]:
    """(labels, the attribute, networks) of what was announced."""
    return [
        (each.labels, each.attrs.other[0][1].items if each.attrs.other else None, each.keys)
        for each in received.announced
    ]


def test_labels_of_networks_are_an_attribute_of_their_routes():
    """RFC 8277, 2.3: networks of one UPDATE may have different labels."""
    one, two, three = (
        "28" + LABEL_100_END + "0a01",
        "40" + LABEL_100 + LABEL_200_END + "0a02",
        "18" + LABEL_100_END,
    )
    received = read_vpn(IPV4_MPLS, HOP4, one + two + three)
    assert stacks(received) == [
        ((100,), (100,), [octets("100a01"), octets("00")]),
        ((100, 200), (100, 200), [octets("100a02")]),
    ]
    (vpn,) = read_vpn(VPN4_MPLS, ZERO + HOP4, "68" + LABEL_100_END + RD + "0a01").announced
    assert (vpn.labels, vpn.keys) == ((100,), [octets(RD, "100a01")])


def test_equal_labels_are_one_attribute_set():
    net = "28" + LABEL_100_END + "0a01"
    sets = [each.attrs for _ in range(2) for each in read_vpn(IPV4_MPLS, HOP4, net + net).announced]
    assert len(sets) == 2
    assert sets[0].other == sets[1].other


@pytest.mark.parametrize("label", ["800000", "000000"])
def test_a_network_that_is_announced_with_the_label_of_withdrawals_is_withdrawn(label):
    """RFC 8277, 2.4; BIRD resets the session."""
    received = read_vpn(IPV4_MPLS, HOP4, "28" + LABEL_100_END + "0a01" + "28" + label + "0a02")
    assert [each.keys for each in received.announced] == [[octets("100a01")]]
    assert [(each.keys, each.malformed) for each in received.withdrawn] == [([octets("100a02")], True)]


@pytest.mark.parametrize("labels", ["800000", "000000", "000001", LABEL_100 + LABEL_200_END])
def test_labels_of_withdrawals_do_not_matter(labels):
    """RFC 8277, 2.4."""
    length = f"{16 + 4 * len(labels):02x}"
    value = IPV4_MPLS.head.hex() + length + labels + "0a01"
    received = read(update(f"800f{len(value) // 2:02x}{value}", ""), families=(IPV4_MPLS,))
    assert [each.keys for each in received.withdrawn] == [[octets("100a01")]]


# -------------------------------------------------------- roles (RFC 9234, 5)

PROVIDER, RS_SERVER, RS_CLIENT, CUSTOMER, PEER = range(5)


def otc(asn: int) -> str:
    return f"c02304{asn:08x}"


@pytest.mark.parametrize("role", [PROVIDER, RS_SERVER])
@pytest.mark.parametrize("asn", [65002, 65077])
def test_only_to_customer_from_a_customer_is_a_leak(role: int, asn: int):
    assert why(update(BASE + otc(asn)), role=role).startswith("route leak: only to customer")
    assert announced(read(update(), role=role)) == announced(read(update()))


def test_only_to_customer_from_a_peer_is_a_leak_unless_it_says_so_itself():
    assert why(update(BASE + otc(65077)), role=PEER).startswith("route leak")
    assert announced(read(update(BASE + otc(65002)), role=PEER))


@pytest.mark.parametrize("role", [CUSTOMER, PEER, RS_CLIENT])
def test_what_comes_from_above_is_marked(role: int):
    ((_, _, wire, _),) = announced(read(update(), role=role))
    assert wire == CANONICAL + otc(65002)


@pytest.mark.parametrize("role", [CUSTOMER, RS_CLIENT])
def test_a_mark_stays_as_it_is(role: int):
    ((_, _, wire, _),) = announced(read(update(BASE + otc(65077)), role=role))
    assert wire == CANONICAL + otc(65077)


def test_without_a_role_nothing_is_marked_or_a_leak():
    assert announced(read(update()))[0][2] == CANONICAL
    assert announced(read(update(BASE + otc(65077))))[0][2] == CANONICAL + otc(65077)


def test_only_unicast_is_marked():
    message = update(ORIGIN_IGP + PATH_65002 + reach("20010db8" + "00" * 11 + "02", "2020010db8"), nlri="")
    assert announced(read(message, role=CUSTOMER))[0][2].endswith(otc(65002))
    multicast = octets(ORIGIN_IGP, PATH_65002, "800e0d", "000102040a00000200", "18c63364")
    found = read(Update(b"", multicast, b""), role=CUSTOMER, families=(IPV4_MULTICAST,))
    assert announced(found)[0][2] == CANONICAL
