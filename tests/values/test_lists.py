from pybird.values.aspath import CONFED_SEQUENCE, CONFED_SET, SEQUENCE, SET, AsPath
from pybird.values.community import CommunityList, ExtendedList, LargeList
from pybird.values.pathmask import PathMask, Run
from pybird.values.scalars import LargeCommunity, Pair
from pybird.values.sets import ValueSet

AGGREGATED = AsPath.of([(SEQUENCE, (65002, 64512)), (SET, (1, 2))])


def test_a_path_prints_sets_in_braces_and_confederations_in_parentheses():
    assert str(AGGREGATED) == "65002 64512 {1 2}"
    assert str(AsPath.of([(CONFED_SEQUENCE, (1, 2)), (CONFED_SET, (3,))])) == "(1 2) ({3})"


def test_a_set_counts_one_and_a_confederation_nothing():
    assert AGGREGATED.length == 3
    assert AsPath.of([(CONFED_SEQUENCE, (1, 2)), (SEQUENCE, (3,))]).length == 1
    assert AsPath().length == 0


def test_first_and_last_are_zero_beside_a_set():
    assert (AGGREGATED.first, AGGREGATED.last, AGGREGATED.last_nonaggregated) == (65002, 0, 64512)
    assert (AsPath().first, AsPath().last, AsPath().last_nonaggregated) == (0, 0, 0)
    assert AsPath.sequence(1, 2, 3).last == 3


def test_prepend_begins_a_new_segment_when_one_is_full_or_a_set():
    full = AsPath.sequence(*range(255)).prepend(7)
    assert [len(numbers) for _, numbers in full.segments] == [1, 255]
    assert str(AsPath.of([(SET, (1,))]).prepend(5)) == "5 {1}"
    assert str(AsPath().prepend(1).prepend(2)) == "2 1"


def test_keep_removes_members_of_every_segment():
    assert str(AGGREGATED.keep(lambda asn: asn not in (64512, 1))) == "65002 {2}"


def mask(*items):
    return PathMask(items)


def test_masks_on_sequences():
    path = AsPath.sequence(3, 2, 1)
    assert mask(3, 2, 1).match(path)
    assert mask(Run.ANY, 1).match(path)
    assert mask(Run.ONE, Run.ONE, Run.ONE).match(path)
    assert mask((2, 4), Run.ANY).match(path)
    assert mask(Run.ONE, Run.MORE).match(path)
    assert mask(3, Run.MORE, 2, Run.MORE, 1, Run.MORE).match(AsPath.sequence(3, 3, 2, 1, 1))
    assert mask(ValueSet.of("int", 3, 9), 2, 1).match(path)
    assert not mask(3, 2).match(path)
    assert not mask(3, Run.ONE, 2, 1).match(path)
    assert not mask(ValueSet(), 2, 1).match(path)
    assert mask().match(AsPath())
    assert mask(Run.ANY).match(AsPath())


def test_masks_take_any_member_of_a_set():
    assert mask(65002, 64512, 2).match(AGGREGATED)
    assert mask(Run.ANY, (2, 5)).match(AGGREGATED)
    assert not mask(Run.ANY, 3).match(AGGREGATED)
    assert mask(Run.ANY, 1, Run.MORE).match(AGGREGATED)


def test_mask_ranges_agree_with_comparison():
    low, high = 0x0001FE05, 0x03000102
    tested = mask((low, high))
    for asn in (
        0,
        low - 1,
        low,
        low + 1,
        0x0001FFFF,
        0x00020000,
        0x02FFFFFF,
        0x03000000,
        high,
        high + 1,
        2**32 - 1,
    ):
        assert tested.match(AsPath.sequence(asn)) == (low <= asn <= high), hex(asn)


def test_adding_a_community_twice_changes_nothing():
    one = CommunityList().add(Pair.of(1, 2))
    assert one.add(Pair.of(1, 2)) is one
    assert str(one.add(10)) == "(1,2) (0,10)"


def test_lists_keep_the_order_of_the_wire():
    listed = CommunityList.decode(bytes.fromhex("0003000100010001"))
    assert [str(value) for value in listed] == ["(3,1)", "(1,1)"]
    assert listed.encode().hex() == "0003000100010001"
    assert str(listed.union(CommunityList.of([Pair.of(1, 1), Pair.of(9, 9)]))) == "(3,1) (1,1) (9,9)"
    assert str(listed.keep(lambda item: item >> 16 == 3)) == "(3,1)"


def test_large_and_extended_lists():
    large = LargeList().add(LargeCommunity(65002, 1, 2))
    assert (str(large), large.octets.hex()) == ("(65002, 1, 2)", "0000fdea0000000100000002")
    assert LargeCommunity(65002, 1, 2) in large
    assert str(ExtendedList.decode(bytes.fromhex("0002fdea0000000a"))) == "(rt, 65002, 10)"


def test_value_sets_merge_overlaps_and_keep_boxes():
    assert ValueSet("int", [(1, 3), (2, 7), (9, 9)]).intervals == ((1, 7), (9, 9))
    pairs = ValueSet("pair", boxes=[(0, 65535, 5, 5), (3, 3, 0, 65535), (7, 9, 0, 65535)])
    assert Pair.of(77, 5) in pairs
    assert Pair.of(77, 6) not in pairs
    assert Pair.of(3, 6) in pairs
    assert Pair.of(8, 1) in pairs
    assert pairs.any_of((Pair.of(1, 1), Pair.of(1, 5)))
    assert not ValueSet().any_of((1,))
