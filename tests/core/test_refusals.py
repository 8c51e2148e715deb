"""Which refusals a channel remembers, and which of them are news."""

from pybird.core.refusals import MOST, Refusals
from tests.core.world import key

ONE, OTHER = key("10.0.0.0/8"), key("11.0.0.0/8")
MANY = [bytes((32, 12, 0, number >> 8, number & 255)) for number in range(MOST - 1)]


def test_only_another_reason_is_news():
    refusals = Refusals()
    there = refusals.imports
    assert refusals.add(there, [ONE, OTHER], "bad", 1.0) == [ONE, OTHER]
    assert refusals.add(there, [ONE, OTHER], "bad", 2.0) == []
    assert refusals.add(there, [ONE], "worse", 3.0) == [ONE]
    assert {net: (found.reason, found.time) for net, found in there.items()} == {
        ONE: ("worse", 3.0),
        OTHER: ("bad", 2.0),
    }


def test_what_was_refused_last_is_remembered_longest():
    refusals = Refusals()
    there = refusals.imports
    refusals.add(there, [ONE, OTHER], "bad", 1.0)
    refusals.add(there, [ONE], "bad", 2.0)
    refusals.add(there, MANY, "bad", 3.0)
    assert len(there) == MOST
    assert (ONE in there, OTHER in there) == (True, False)
