"""Received attributes to canonical sets: RFC 4271, 6793, 7606 row by row, 7607, 8092, 9234."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybird.cli.attribute_text import text_of
from pybird.proto.bgp.wire.attributes import ATTRIBUTES, KEEP, KNOWN
from pybird.proto.bgp.wire.canonical import Canonical, RefusedError, canonical_next_hop
from pybird.proto.bgp.wire.values import NextHopAddress
from pybird.values.address import Address
from pybird.values.scalars import Quad
from tests.bgp.vectors import (
    BASE,
    CANONICAL,
    LOCAL_PREF_100,
    NEXT_HOP,
    ORIGIN_IGP,
    PATH_65002,
    octets,
    pool,
)

EXTERNAL = Canonical(internal=False, as4=True, accept_local_pref=False, default_local_pref=100)
INTERNAL = Canonical(internal=True, as4=True, accept_local_pref=False, default_local_pref=100)
TWO_OCTETS = Canonical(internal=False, as4=False, accept_local_pref=False, default_local_pref=100)


def read(attributes: str, kind: Canonical = EXTERNAL, aigp: bool = False) -> str:
    return kind.read(octets(attributes), None, aigp).hex()


def refused(attributes: str, kind: Canonical = EXTERNAL) -> str:
    with pytest.raises(RefusedError) as caught:
        read(attributes, kind)
    return str(caught.value)


def between(extra: str) -> str:
    """The canonical set with one more attribute of a type above LOCAL_PREF."""
    return CANONICAL + extra


# ----------------------------------------------------------- canonical form


def test_the_usual_attributes_only_get_a_local_preference():
    assert read(BASE) == CANONICAL


def test_order_and_length_form_do_not_matter():
    assert read(NEXT_HOP + "5002000602010000fdea" + ORIGIN_IGP) == CANONICAL


def test_a_long_attribute_keeps_its_two_octet_length():
    long = "d0080104" + "00010002" * 65
    assert read(BASE + long) == between(long)


def test_the_first_of_two_counts():
    """RFC 7606, 3(g)."""
    assert read(BASE + "40010102") == CANONICAL


def test_unused_flag_bits_are_cleared():
    """RFC 4271, 4.3: the lower four bits are ignored."""
    assert read("4f010100" + PATH_65002 + NEXT_HOP) == CANONICAL


def test_unknown_transitive_attributes_get_the_partial_bit():
    """RFC 4271, 5."""
    assert read(BASE + "c06302abcd") == between("e06302abcd")
    assert read(BASE + "e06302abcd") == between("e06302abcd")


def test_unknown_non_transitive_attributes_are_dropped():
    """RFC 4271, 5."""
    assert read(BASE + "806302abcd") == CANONICAL


def test_an_unknown_well_known_attribute_withdraws():
    """RFC 4271, 6.3 asks for a reset; BIRD withdraws, and so do we."""
    assert "unknown well-known" in refused(BASE + "406302abcd")


def test_local_preference_is_ours_on_external_sessions():
    """RFC 4271, 5.1.5 and RFC 7606, 7.5; `allow bgp_local_pref` takes it."""
    sent = BASE + "400504000000c8"
    assert read(sent) == CANONICAL
    assert read(sent, INTERNAL) == sent
    allowed = Canonical(internal=False, as4=True, accept_local_pref=True, default_local_pref=100)
    assert read(sent, allowed) == sent
    assert "malformed" in refused(BASE + "40050100", allowed)


# -------------------------------------------------- RFC 7606, 3 and 7 by row


@pytest.mark.parametrize("missing", [PATH_65002 + NEXT_HOP, ORIGIN_IGP + NEXT_HOP, ORIGIN_IGP + PATH_65002])
def test_a_missing_mandatory_attribute_withdraws(missing):
    """RFC 7606, 3(d)."""
    assert "is missing" in refused(missing)


def test_flags_that_conflict_withdraw():
    """RFC 7606, 3(c)."""
    assert "flags" in refused("c0010100" + PATH_65002 + NEXT_HOP)
    assert "flags" in refused(BASE + "c0040400000001")
    assert "flags" in refused(BASE + "40080400010002")


@pytest.mark.parametrize("tail", ["40", "4001", "40010200", "5001", "500100", "5001000200"])
def test_an_attribute_beyond_the_list_withdraws(tail):
    """RFC 7606, section 4."""
    assert "attribute" in refused(BASE + tail)


@pytest.mark.parametrize(
    "bad",
    [
        "400100",  # 7.1 ORIGIN of no octet
        "4001020000",  # of two
        "40010103",  # of an undefined value
    ],
)
def test_malformed_origin_withdraws(bad):
    assert "bgp_origin" in refused(bad + PATH_65002 + NEXT_HOP)


@pytest.mark.parametrize(
    "path",
    [
        "02",  # 7.2 no count
        "0200",  # empty segment
        "02010000fdea0200",  # empty segment behind a good one
        "02020000fdea",  # overrun
        "02010000fdea00",  # underrun
        "05010000fdea",  # unknown segment type
    ],
)
def test_malformed_as_path_withdraws(path):
    assert "bgp_path" in refused(ORIGIN_IGP + "4002" + f"{len(path) // 2:02x}" + path + NEXT_HOP)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("03010000fdea", "confederation segment in the path"),  # RFC 5065, 5
        ("02020000fdea00000000", "AS 0 in the path"),  # RFC 7607
    ],
)
def test_an_as_path_with_what_may_not_be_there_withdraws_and_says_what(path, reason):
    assert reason in refused(ORIGIN_IGP + "4002" + f"{len(path) // 2:02x}" + path + NEXT_HOP)


@pytest.mark.parametrize(
    "next_hop",
    [
        "4003030a0000",  # 7.3: not four octets
        "400310" + "20010db8" + "00" * 12,
    ],
)
def test_malformed_next_hop_withdraws(next_hop):
    assert "bgp_next_hop" in refused(ORIGIN_IGP + PATH_65002 + next_hop)


@pytest.mark.parametrize("address", ["0.0.0.0", "224.0.0.1", "255.255.255.255"])
def test_a_next_hop_that_is_no_host_withdraws_and_says_which(address):
    """RFC 4271, 6.3."""
    octets = bytes(int(number) for number in address.split(".")).hex()
    found = refused(ORIGIN_IGP + PATH_65002 + "400304" + octets)
    assert f"next hop {address} is no address of a host" in found


@pytest.mark.parametrize(
    "bad",
    [
        "800403000001",  # 7.4 MED
        "c00800",  # 7.8 COMMUNITIES
        "c00806000100020003",
        "c01000",  # 7.14 EXTENDED_COMMUNITIES
        "c0100400020001",
        "c01913" + "00" * 19,  # 7.15 IPv6 extended communities
        "c02000",  # RFC 8092, 6
        "c0200b" + "00" * 11,
        "c0230300fdea",  # RFC 9234, 5: OTC
    ],
)
def test_these_withdraw_when_malformed(bad):
    assert "malformed" in refused(BASE + bad)


@pytest.mark.parametrize(
    "bad",
    [
        "40060100",  # 7.6 ATOMIC_AGGREGATE
        "c00706fdea0a000001",  # 7.7 AGGREGATOR of a 2-octet speaker
        "c00708000000000a000001",  # RFC 7607: AS 0
        "8009040a000001",  # 7.9 ORIGINATOR_ID from an external peer
        "800a040a000001",  # 7.10 CLUSTER_LIST from an external peer
        "801a0b01000b0000000000000005",  # RFC 7311, 3.4: AIGP from an external peer
        "c0110602010000fdea",  # RFC 6793, 6: from a 4-octet speaker
        "c012080000fdea0a000001",
    ],
)
def test_these_are_discarded_alone(bad):
    assert read(BASE + bad) == CANONICAL


@pytest.mark.parametrize("bad", ["400503000064", "8009030a0000", "800a030a0000", "800a00"])
def test_internal_attributes_withdraw_when_malformed(bad):
    """RFC 7606, 7.5, 7.9, 7.10."""
    assert "malformed" in refused(BASE + bad, INTERNAL)


def test_internal_attributes_are_kept():
    sent = "8009040a000001800a080a0000020a000003"
    assert read(BASE + sent, INTERNAL) == between(sent)


AIGP = "01000b0000000000000005"


@pytest.mark.parametrize("kind", [EXTERNAL, INTERNAL])
@pytest.mark.parametrize(
    "bad",
    [
        "801a020100",
        "801a0401000500",
        "801a03010003",
        "801a04" + "02000900",
        "801a0f" + AIGP + "01000400",  # a second one is of the wrong length
        "c01a0b" + AIGP,  # flags
    ],
)
def test_malformed_aigp_is_discarded(kind, bad):
    """RFC 7311, 3.2."""
    kind.discarded.clear()
    assert read(BASE + bad, kind, aigp=True) == CANONICAL
    assert len(kind.discarded) == 1
    kind.discarded.clear()
    assert read(BASE + bad, kind) == CANONICAL, "nobody looks at it"
    assert kind.discarded == []


@pytest.mark.parametrize("kind", [EXTERNAL, INTERNAL])
@pytest.mark.parametrize("good", [AIGP, AIGP * 2, "0200056162" + AIGP, AIGP + "020003", "0200056162"])
def test_aigp_is_kept_where_it_is_wanted(kind, good):
    """RFC 7311, 3: TLVs of other types and further ones are no error, and they stay."""
    kind.discarded.clear()
    sent = f"801a{len(good) // 2:02x}{good}"
    assert read(BASE + sent, kind, aigp=True) == between(sent)
    assert read(BASE + sent, kind) == CANONICAL
    assert kind.discarded == []


def test_duplicate_large_communities_count_once():
    """RFC 8092, 5."""
    one, two = "0000fdea0000000100000002", "0000fdea0000000100000003"
    assert read(BASE + "c02024" + one + two + one) == between("c02018" + one + two)


# --------------------------------------------------- 2-octet peers, RFC 6793


def two(path: str, *extra: str) -> str:
    return read(ORIGIN_IGP + "4002" + f"{len(path) // 2:02x}" + path + NEXT_HOP + "".join(extra), TWO_OCTETS)


def four(path: str, extra: str = "") -> str:
    value = f"{len(path) // 2:02x}" + path
    return ORIGIN_IGP + "4002" + value + NEXT_HOP + LOCAL_PREF_100 + extra


def test_a_narrow_path_becomes_wide():
    assert two("0202fdeafc00") == four("02020000fdea0000fc00")


def test_as4_path_replaces_the_end_of_the_path():
    """RFC 6793, 4.2.3: the leading hops of AS_PATH, then AS4_PATH."""
    merged = two("0203fdea5ba05ba0", "c0110a0202fa56ea01fa56ea02")
    assert merged == four("02030000fdea" + "fa56ea01fa56ea02")


def test_a_longer_as4_path_is_ignored():
    merged = two("02015ba0", "c0110a0202fa56ea01fa56ea02")
    assert merged == four("020100005ba0")


def test_a_set_counts_as_one_hop_when_merging():
    """RFC 6793, 4.2.3 with RFC 4271, 9.1.2.2."""
    merged = two("0102fdeafdeb02015ba0", "c011060201fa56ea01")
    assert merged == four("01020000fdea0000fdeb0201fa56ea01")


def test_aggregator_of_a_two_octet_peer():
    """RFC 6793, 4.2.3: AS_TRANS there makes AS4_AGGREGATOR count."""
    plain = "c00706fdea0a000001"
    assert two("0201fdea", plain) == four("02010000fdea", "c007080000fdea0a000001")
    trans = "c007065ba00a000001"
    new = "c01208fa56ea010a000001"
    assert two("0201fdea", trans, new) == four("02010000fdea", "c00708fa56ea010a000001")


def test_another_aggregator_makes_both_transition_attributes_void():
    """RFC 6793, 4.2.3."""
    sent = ("c00706fdea0a000001", "c011060201fa56ea01", "c01208fa56ea010a000001")
    assert two("02015ba0", *sent) == four("020100005ba0", "c007080000fdea0a000001")


def test_an_aggregator_alone_leaves_as4_path_valid():
    """RFC 6793, 4.2.3: only beside an AS4_AGGREGATOR another number in AGGREGATOR makes AS4_PATH void."""
    aggregator, as4_path = "c00706fdea0a000001", "c011060201fa56ea01"
    merged = four("0201fa56ea01", "c007080000fdea0a000001")
    assert two("02015ba0", aggregator, as4_path) == merged
    assert two("02015ba0", aggregator, as4_path, "c01204fa56ea01") == merged, "a malformed one is discarded"


def test_as4_aggregator_alone_is_nothing():
    """RFC 6793, 4.2.3: it counts with an AGGREGATOR only."""
    assert two("02015ba0", "c011060201fa56ea01", "c01208fa56ea010a000001") == four("0201fa56ea01")


@pytest.mark.parametrize("bad", ["c01100", "c011020200", "c01106020100000000", "8011060201fa56ea01"])
def test_a_malformed_as4_path_is_discarded(bad):
    """RFC 6793, 6."""
    assert two("02015ba0", bad) == four("020100005ba0")


# ---------------------------------------------------------------- next hops

LL = octets("fe80" + "00" * 12 + "000b")
GLOBAL = octets("fd770000" + "00" * 10 + "0002")


@pytest.mark.parametrize(
    ("sent", "canonical", "text"),
    [
        (GLOBAL, GLOBAL, "fd77::2"),
        (GLOBAL + LL, GLOBAL + LL, "fd77::2 fe80::b"),
        (bytes(16) + LL, bytes(16) + LL, ":: fe80::b"),  # BIRD
        (LL + LL, bytes(16) + LL, ":: fe80::b"),  # FRR
        (LL, bytes(16) + LL, ":: fe80::b"),  # GoBGP
        (GLOBAL + bytes(16), GLOBAL, "fd77::2"),
        (GLOBAL + GLOBAL, GLOBAL, "fd77::2"),
        (LL + GLOBAL, bytes(16) + LL, ":: fe80::b"),
        (octets("0a000002"), octets("0a000002"), "10.0.0.2"),
    ],
)
def test_the_forms_of_next_hop_that_daemons_send(sent, canonical, text):
    assert canonical_next_hop(sent) == canonical
    view = pool().view(pool().intern(octets("4003") + bytes((len(canonical),)) + canonical))
    assert str(view["bgp_next_hop"]) == text


@pytest.mark.parametrize(
    "bad",
    [bytes(16), octets("ff02" + "00" * 14), bytes(32), bytes(16) + GLOBAL],
)
def test_next_hops_that_are_no_host(bad):
    assert canonical_next_hop(bad) is None


def test_filters_see_the_global_address():
    value = NextHopAddress(GLOBAL, Address(LL))
    assert value == Address(GLOBAL)
    assert hash(value) == hash(Address(GLOBAL))


# ----------------------------------------------------------- values, by name


def test_every_attribute_by_name_and_text():
    sets = pool()
    wire = INTERNAL.read(
        octets(
            BASE,
            "800404" "00000032",
            "400600",
            "c00708" "0000fdea" "c0000201",
            "c00808" "fdea0001" "fde90064",
            "800904" "0a000001",
            "800a08" "0a0000020a000003",
            "c01008" "0002fdea0000000a",
            "801a0b" "01000b" "0000000000000005",
            "c0200c" "0000fdea" "00000001" "00000002",
            "c02304" "0000fdea",
            "c06302" "abcd",
        ),
        None,
        aigp=True,
    )  # fmt: skip
    view = sets.view(sets.intern(wire))
    by_name = {decl.name: decl for decl in ATTRIBUTES}
    shown = {}
    for name, value in view.items():
        decl = by_name.get(name)
        shown[name] = decl.text(value) if decl is not None and decl.text is not None else str(value)
    origin = shown.pop("bgp_origin")
    assert view["bgp_origin"].name == "IGP", origin
    assert shown == {
        "bgp_path": "65002",
        "bgp_next_hop": "10.0.0.2",
        "bgp_med": "50",
        "bgp_local_pref": "100",
        "bgp_atomic_aggr": "",
        "bgp_aggregator": "192.0.2.1 AS65002",
        "bgp_community": "(65002,1) (65001,100)",
        "bgp_originator_id": "10.0.0.1",
        "bgp_cluster_list": "10.0.0.2 10.0.0.3",
        "bgp_ext_community": "(rt, 65002, 10)",
        "bgp_aigp": "5",
        "bgp_large_community": "(65002, 1, 2)",
        "bgp_otc": "65002",
        "bgp_unknown_0x63": str(b"\xab\xcd"),
    }


def test_values_encode_to_what_they_were():
    sets = pool()
    attrs = sets.intern(octets(CANONICAL, "c00808fdea0001fde90064"))
    assert sets.edit(attrs, dict(sets.view(attrs))) is attrs


@pytest.mark.parametrize("row", KNOWN.values(), ids=lambda row: row.decl.name)
def test_what_passes_the_check_is_read_shown_and_written_back(row):
    random = Random(7)
    kept = 0
    for _ in range(2000):
        size = random.choice((0, 1, 3, 4, 5, 6, 8, 9, 10, 11, 12, 14, 16, 20, 24, 40))
        value_octets = bytes(random.choice((0, 1, 2, 4, 11, 255, random.randrange(256))) for _ in range(size))
        if row.check(value_octets, True, True) != KEEP:
            continue
        kept += 1
        if row.decl.decode is not None:
            value = row.decl.decode(value_octets)
            assert isinstance(text_of(value, row.decl), str)
            assert row.decl.encode(value) == value_octets
    assert kept > 20, "none of these sizes: add one"


def test_names_and_labels():
    labels = {decl.name: decl.label for decl in ATTRIBUTES}
    assert labels["bgp_path"] == "BGP.as_path"
    assert labels["bgp_local_pref"] == "BGP.local_pref"
    assert Quad(1) == 1


@given(st.binary(max_size=80))
def test_no_octets_raise_anything_else(data):
    for kind in (EXTERNAL, INTERNAL, TWO_OCTETS):
        try:
            wire = kind.read(octets(BASE) + data, None)
        except RefusedError:
            continue
        assert kind is TWO_OCTETS or kind.read(wire, None) == wire
