"""Confederations: who may send which path, what a member is told, and what nobody else is (RFC 5065)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybird.proto.bgp.config import BgpConfig
from pybird.proto.bgp.family import IPV4_UNICAST
from pybird.proto.bgp.routes.export import BgpExporter, ExportClass
from pybird.proto.bgp.routes.selection import PeerIdentity
from pybird.proto.bgp.session.parameters import terms
from pybird.proto.bgp.wire.attributes import AS_PATH
from pybird.proto.bgp.wire.canonical import Canonical, RefusedError
from pybird.proto.bgp.wire.confederation import has_members, prepended, without_members
from pybird.proto.bgp.wire.updates import ReceiveTerms, loop
from pybird.values.address import Address
from pybird.values.aspath import CONFED_SEQUENCE, CONFED_SET, SEQUENCE, SET, AsPath
from pybird.values.attributes import find
from pybird.values.route import Rte
from tests.bgp.test_export import EXTERNAL, OWN, attrs, exporter, route, sent
from tests.bgp.test_selection import order
from tests.bgp.test_selection import route as candidate
from tests.bgp.vectors import NEXT_HOP, ORIGIN_IGP, octets

MEMBERS = "0301" + "0000fdeb"  # one segment: (65003)
AFTER_MEMBERS = "0201" + "00010002"  # 65538
LOCAL_PREF = "40050400000096"
MED = "80040400000007"
KINDS = st.sampled_from([SET, SEQUENCE, CONFED_SEQUENCE, CONFED_SET])
NUMBERS = st.lists(st.integers(1, 9), min_size=1).map(tuple)
PATHS = st.lists(st.tuples(KINDS, NUMBERS), max_size=5).map(AsPath.of)


def path(value: str) -> str:
    """The attribute AS_PATH with this value."""
    return f"4002{len(value) // 2:02x}{value}"


def canonical(
    internal: bool, confederation: bool = True, member: bool = False, as4: bool = True
) -> Canonical:
    return Canonical(internal, as4, internal or member, 100, confederation, member)


OUTSIDE = canonical(False, confederation=False)
INSIDE = canonical(True)
MEMBER = canonical(False, member=True)


def taken(value: str, kind: Canonical) -> str:
    """The path as it is kept, or why it is malformed."""
    try:
        wire = kind.read(octets(ORIGIN_IGP, path(value), NEXT_HOP), None)
    except RefusedError as error:
        return str(error)
    return str(AsPath(find(wire, AS_PATH)))


# ------------------------------------------------------------ OPEN and paths


@pytest.mark.parametrize(
    ("remote", "member", "told"),
    [
        ({"remote_as": 65002}, False, 100),
        ({"remote_as": 65002}, True, 65001),
        ({"remote_as": 65001}, False, 65001),
        ({"remote_kind": "external"}, False, 100),
        ({"remote_kind": "external"}, True, 65001),
        ({"remote_kind": "internal"}, False, 65001),
    ],
)
def test_who_is_outside_is_told_the_number_of_the_confederation(remote, member, told):
    """Section 4: in the OPEN, and in the capability for 4-octet numbers."""
    config = BgpConfig(
        type_name="bgp",
        name="p",
        local_as=65001,
        remote_address=Address.parse("10.0.0.2"),
        confederation=100,
        confederation_member=member,
        **remote,
    )
    found = terms(config, 1, "")
    assert (found.shown_as, found.capabilities.as4, found.local_as) == (told, told, 65001)


@pytest.mark.parametrize(
    ("value", "inside", "of_member"),
    [
        (MEMBERS, "(65003)", "(65003)"),
        (MEMBERS + AFTER_MEMBERS, "(65003) 65538", "(65003) 65538"),
        (AFTER_MEMBERS, "65538", "no confederation sequence first in the path"),
        ("", "", "no confederation sequence first in the path"),
        (AFTER_MEMBERS + MEMBERS, "65538 (65003)", "no confederation sequence first in the path"),
        ("04010000fdeb", "({65003})", "no confederation sequence first in the path"),
        ("03020000fdeb00000000", "AS 0 in the path", "AS 0 in the path"),
        ("0300", "bgp_path: malformed value of 2 octets", "bgp_path: malformed value of 2 octets"),
        ("05010000fdeb", "bgp_path: malformed value of 6 octets", "bgp_path: malformed value of 6 octets"),
        (MEMBERS + "0301", "bgp_path: malformed value of 8 octets", "bgp_path: malformed value of 8 octets"),
    ],
)  # fmt: skip
def test_paths_of_each_kind_of_neighbor(value, inside, of_member):
    """Section 5: members only inside, and first from another member."""
    assert (taken(value, INSIDE), taken(value, MEMBER)) == (inside, of_member)


@pytest.mark.parametrize("value", [MEMBERS, AFTER_MEMBERS + MEMBERS, "04010000fdeb"])
def test_no_member_may_come_from_outside(value):
    """Section 5."""
    assert taken(value, OUTSIDE) == "confederation segment in the path"
    assert taken(value, canonical(True, confederation=False)) == "confederation segment in the path"


def test_a_member_sets_local_preference_but_is_no_reflector():
    """Section 5.2; RFC 4456, 8: reflection ends at the AS."""
    extra = LOCAL_PREF + "80090400000009" + "800a0400000008"
    wire = MEMBER.read(octets(ORIGIN_IGP, path(MEMBERS), NEXT_HOP, extra), None)
    assert wire == octets(ORIGIN_IGP, path(MEMBERS), NEXT_HOP, LOCAL_PREF)
    assert MEMBER.discarded == []
    with pytest.raises(RefusedError, match="bgp_local_pref"):
        MEMBER.read(octets(ORIGIN_IGP, path(MEMBERS), NEXT_HOP, "400503000096"), None)


@pytest.mark.parametrize(
    ("narrow", "wide", "merged"),
    [
        ("0302fdeb5ba002025ba00007", "02020001388000000007", "(65003 23456) 80000 7"),
        ("0301fdeb020300055ba00007", "02020001388000000007", "(65003) 5 80000 7"),
        ("0301fdeb02025ba00007", "03010000fdeb02020001388000000007", "(65003) 80000 7"),
        ("03015ba0", "030100013880", "(23456)"),
    ],
)
def test_members_have_no_part_in_as4_path(narrow, wide, merged):
    """RFC 6793, 6: what is there of them is ignored, and those of AS_PATH stay."""
    kind = canonical(False, member=True, as4=False)
    attribute = f"c011{len(wide) // 2:02x}{wide}"
    wire = kind.read(octets(ORIGIN_IGP, path(narrow), NEXT_HOP, attribute), None)
    assert str(AsPath(find(wire, AS_PATH))) == merged


# --------------------------------------------------------------------- loops


def refusal(value: str, remote_as: int = 65002, member: bool = False, allowed: int = 0) -> str:
    of_us = ReceiveTerms(
        65001, remote_as, 1, confederation=100, member=member, allow_local_as=allowed, allow_as_sets=False
    )
    return loop(octets(path(value)), of_us)


OWN_MEMBER = "03010000fde9"
OWN_AFTER = "02010000fde9"
CONFEDERATION = "020100000064"
OWN_AS = "own AS in the path"


@pytest.mark.parametrize(
    ("value", "outside", "member", "inside"),
    [
        (MEMBERS + OWN_MEMBER, OWN_AS, OWN_AS, OWN_AS),
        (MEMBERS + OWN_AFTER, OWN_AS, OWN_AS, OWN_AS),
        (CONFEDERATION, OWN_AS, "", ""),
        (MEMBERS + CONFEDERATION, OWN_AS, "", ""),
        (MEMBERS, "", "", ""),
    ],
)
def test_loops(value, outside, member, inside):
    """Section 4: a path from outside that has the confederation was here; inside, our own number says so."""
    found = refusal(value), refusal(value, member=True), refusal(value, remote_as=65001)
    assert found == (outside, member, inside)


def test_each_of_the_two_numbers_may_be_there_as_often_as_allowed():
    both = "0202" + "00000064" + "0000fde9"
    assert refusal(both, allowed=1) == ""
    assert refusal(both + CONFEDERATION, allowed=1) == OWN_AS
    assert refusal(both + OWN_AFTER, allowed=1) == OWN_AS
    assert refusal(both + CONFEDERATION + OWN_AFTER, allowed=2) == ""


def test_sets_of_members_are_refused_as_others_are():
    """RFC 9774."""
    assert refusal(MEMBERS + "04010000fdec", member=True) == "AS set in the path"
    assert refusal(MEMBERS + "0301" + "0000fdec", member=True) == ""


# -------------------------------------------------------------------- export


def to_member(**options) -> BgpExporter:
    return BgpExporter(ExportClass(IPV4_UNICAST, 65001, False, OWN, member=True, **options))


def test_a_member_gets_our_number_as_a_member_and_all_else_as_it_is():
    """Sections 4.1 b and 5.2; OTC, communities that are not transitive and the next hop stay too."""
    extended = "c0100840" + "04" * 7
    old = (ORIGIN_IGP, path(MEMBERS + AFTER_MEMBERS), "4003040a000009", MED, LOCAL_PREF, extended)
    new = path("0302" + "0000fde9" + "0000fdeb" + AFTER_MEMBERS)
    outside = PeerIdentity(2, Address.parse("10.0.0.2"), 65001, 65002)
    wanted = octets(ORIGIN_IGP, new, "4003040a000009", MED, LOCAL_PREF, extended).hex()
    assert sent(to_member(), route(*old, peer=outside)) == ("", wanted)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "03010000fde9"),
        (AFTER_MEMBERS, "03010000fde9" + AFTER_MEMBERS),
        ("03ff" + "00000001" * 255, "03010000fde9" + "03ff" + "00000001" * 255),
        ("040100000001", "03010000fde9" + "040100000001"),
    ],
)
def test_our_number_begins_a_segment_where_there_is_none_or_a_full_one(old, new):
    """Section 4.1 b."""
    rte = route(ORIGIN_IGP, path(old) if len(old) < 512 else f"5002{len(old) // 2:04x}{old}", NEXT_HOP)
    found = to_member().wire(rte, rte.attrs)
    assert find(found[1], AS_PATH).hex() == new


def test_a_member_gets_a_local_preference_and_no_reflection():
    inside = PeerIdentity(2, Address.parse("10.0.0.2"), 65001, 65001)
    rte = route(ORIGIN_IGP, path(""), NEXT_HOP, "80090400000009" + "800a0400000008", peer=inside)
    assert to_member().admit(rte)
    wanted = octets(ORIGIN_IGP, path("03010000fde9"), NEXT_HOP, "4005040000004d").hex()
    assert sent(to_member(default_local_pref=77), rte) == ("", wanted)


@pytest.mark.parametrize("rs_client", [False, True])
def test_no_member_leaves_the_confederation(rs_client):
    """Section 5, also to clients of a route server."""
    old = (ORIGIN_IGP, path(MEMBERS + AFTER_MEMBERS + MEMBERS), NEXT_HOP)
    found = exporter(rs_client=rs_client).wire(route(*old), attrs(*old))
    wanted = AFTER_MEMBERS if rs_client else "02020000fde9" + "00010002"
    assert find(found[1], AS_PATH).hex() == wanted


def test_a_route_server_does_not_put_itself_into_the_path_of_a_member():
    rte = route(ORIGIN_IGP, path(MEMBERS), NEXT_HOP)
    assert find(to_member(rs_client=True).wire(rte, rte.attrs)[1], AS_PATH).hex() == MEMBERS


@pytest.mark.parametrize(
    ("community", "to_own", "to_another", "to_others"),
    [("ffffff01", True, True, False), ("ffffff03", True, False, False), ("ffffff02", False, False, False)],
)
def test_well_known_communities_know_the_borders(community, to_own, to_another, to_others):
    """RFC 1997: NO_EXPORT ends at the confederation, NO_EXPORT_SUBCONFED at the member."""
    rte = route(f"c00804{community}", peer=EXTERNAL)
    found = exporter(internal=True).admit(rte), to_member().admit(rte), exporter().admit(rte)
    assert found == (to_own, to_another, to_others)


def test_no_member_goes_into_as4_path():
    """RFC 6793, 4.2.2; where nothing else is in the path there is none."""
    rte = route(ORIGIN_IGP, path("030100013880" + AFTER_MEMBERS), NEXT_HOP)
    found = to_member(as4=False).wire(rte, rte.attrs)[1]
    assert find(found, AS_PATH).hex() == "0302fde95ba0" + "02015ba0"
    assert find(found, 17).hex() == AFTER_MEMBERS
    rte = route(ORIGIN_IGP, path("030100013880"), NEXT_HOP)
    assert find(to_member(as4=False).wire(rte, rte.attrs)[1], 17) is None


@given(PATHS)
def test_the_path_outside_is_that_of_all_who_are_no_members(found):
    left = without_members(found.octets)
    assert left == AsPath.of([s for s in found.segments if s[0] in (SET, SEQUENCE)]).octets
    assert has_members(found.octets) == (left != found.octets)
    first = AsPath(prepended(found.octets, bytes((0, 0, 0, 7)), CONFED_SEQUENCE))
    assert first.members == (7, *found.members)
    assert first.length == found.length
    assert first.segments[0][0] == CONFED_SEQUENCE


# ----------------------------------------------------------------- selection


def test_a_member_is_as_good_as_an_internal_neighbor():
    """Section 5.3: external before both, then the distance decides."""
    outside = candidate(router_id=9)
    member = candidate(router_id=2, igp=10, member=True)
    internal = candidate(router_id=3, igp=10, remote_as=65001)
    assert order(outside, member)
    assert order(member, internal)
    assert order(candidate(router_id=1, igp=10, remote_as=65001), member)
    assert order(candidate(router_id=4, igp=9, remote_as=65001), member)


def of_path(value: str, med: int, router_id: int):
    usual = candidate(router_id=router_id, member=True)
    own = attrs(ORIGIN_IGP, path(value), NEXT_HOP, "800404" + f"{med:08x}", "40050400000064")
    return Rte(own, usual.source, usual.hop, 100, 0.0)


@pytest.mark.parametrize(
    ("one", "other", "compared"),
    [
        (MEMBERS + AFTER_MEMBERS, "03010000fdec" + AFTER_MEMBERS, True),
        (MEMBERS + AFTER_MEMBERS, MEMBERS + "020100000007", False),
        (MEMBERS, "03010000fdec", True),
        (MEMBERS, "", True),
        (MEMBERS + AFTER_MEMBERS, AFTER_MEMBERS, True),
        (MEMBERS + "010100000007", AFTER_MEMBERS, False),
    ],
)
def test_med_is_compared_by_the_first_as_outside(one, other, compared):
    """Section 5.2: members are skipped; a path of members alone is our own."""
    higher, lower = of_path(one, 5, 1), of_path(other, 3, 2)
    assert order(lower, higher) if compared else order(higher, lower)


def test_a_path_of_members_ends_with_the_last_of_them():
    """As BIRD says it; they count nothing, and `first` is the first AS of a sequence in front."""
    found = AsPath(octets(MEMBERS))
    assert (found.first, found.last, found.last_nonaggregated, found.length) == (0, 65003, 65003, 0)
    found = AsPath(octets(MEMBERS + "0301" + "0000fdec" + "0401" + "00000001"))
    assert (found.last, found.last_nonaggregated) == (0, 65004)
