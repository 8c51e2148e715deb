"""Attribute sets are one object each, and go when nobody uses them."""

from pybird.values import attributes
from pybird.values.attributes import AttributeDecl, AttributePool, split
from pybird.values.community import CommunityList


def number(value):
    return b"\x80\x04\x04" + value.to_bytes(4, "big")


def test_equal_sets_are_one_object():
    pool = AttributePool(())
    assert pool.intern(number(1)) is pool.intern(number(1))
    assert pool.intern(number(1)) is not pool.intern(number(1), (("krt_prefsrc", 1),))
    assert pool.intern(b"") is pool.empty


def test_sets_that_nobody_uses_go_and_those_in_use_stay():
    pool = AttributePool(())
    used = [pool.intern(number(value)) for value in range(1000)]
    for value in range(1000, 200_000):
        pool.view(pool.intern(number(value)))  # the cache of views does not count as use
    size = attributes.SET_SIZE + 7
    assert len(pool) * size < 4 * attributes.FREE_GROWTH
    assert all(pool.intern(number(value)) is found for value, found in enumerate(used))
    assert len(list(split(used[7].wire))) == 1


def test_a_round_tells_memos_to_let_go():
    pool = AttributePool(())
    memo = [pool.intern(number(value)) for value in range(100)]
    before = pool.epoch
    while pool.sweep(10):
        pass
    assert len(pool) == 101  # and the empty one
    assert pool.epoch == before + 1
    memo.clear()
    while pool.sweep(10):
        pass
    assert len(pool) == 1


def test_one_value_of_a_set_is_that_of_its_view():
    pool = AttributePool(
        [AttributeDecl("bgp_community", "clist", 8, 0xC0, CommunityList, CommunityList.encode)]
    )
    long = CommunityList.of(range(100))
    attrs = pool.intern(number(7) + pool.edit(pool.empty, {"bgp_community": long}).wire, (("plain", 1),))
    for _ in range(2):  # without a view, and with one
        assert pool.value(attrs, "bgp_community") == long
        assert pool.value(attrs, "plain") == 1
        assert pool.value(attrs, "bgp_med", 5) == 5
        assert pool.value(pool.empty, "bgp_community", 6) == 6
        pool.view(attrs)
        pool.view(pool.empty)


def test_what_is_attached_to_a_route_of_bgp_is_partial_and_stays_so():
    """RFC 4271, 5: not attached by the originator; a route of ours has no ORIGIN yet."""
    pool = AttributePool(
        [AttributeDecl("bgp_community", "clist", 8, 0xC0, CommunityList, CommunityList.encode)]
    )
    origin, one = b"\x40\x01\x01\x00", {"bgp_community": CommunityList.of([1])}
    assert pool.edit(pool.intern(origin), one).wire == origin + b"\xe0\x08\x04\x00\x00\x00\x01"
    assert pool.edit(pool.empty, one).wire == b"\xc0\x08\x04\x00\x00\x00\x01"
    for flags in (b"\xc0", b"\xe0"):
        there = pool.intern(origin + flags + b"\x08\x04\x00\x00\x00\x02")
        assert pool.edit(there, one).wire == origin + flags + b"\x08\x04\x00\x00\x00\x01"
