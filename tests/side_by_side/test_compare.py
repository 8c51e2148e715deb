"""How columns are judged, and how messages are read: the comparison itself must be able to fail."""

import pytest

from tests.side_by_side import compare, wire
from tests.side_by_side.case import Column
from tests.side_by_side.differences import Difference
from tests.side_by_side.world import FRR, PYBIRD, PYBIRD3, Kind

NAMES = {"b20": "bird 2.0", "b219": "bird 2.19", "b3": "bird 3"}


def judged(ours, *, three=None, frr=None, **birds):
    columns = [Column(Kind(NAMES[name], ()), {"key": value}) for name, value in birds.items()]
    columns.append(Column(PYBIRD, {"key": ours}))
    if three is not None:
        columns.append(Column(PYBIRD3, {"key": three}))
    if frr is not None:
        columns.append(Column(FRR, {"key": frr}))
    return compare.judge("some", columns)


@pytest.fixture
def lists(monkeypatch):
    def fill(pending=(), different=(), older=()):
        monkeypatch.setattr(compare, "PENDING", dict(pending))
        monkeypatch.setattr(compare, "DIFFERENCES", tuple(different))
        monkeypatch.setattr(compare, "OLDER", {"some": dict(older)} if older else {})

    fill()
    return fill


def test_ours_must_be_as_2_19_and_without_it_as_2_0(lists):
    assert judged(1, b219=1, b3=2).wrong == {}
    assert judged(2, b219=1, b3=2).wrong == {"key": "differs"}
    assert judged(1, b20=1).wrong == {}
    assert judged(2, b20=1).wrong == {"key": "differs"}
    assert judged(2, b20=1, b3=2).wrong == {"key": "differs"}


def test_dialect_3_must_be_as_bird_3(lists):
    assert judged(1, three=2, b219=1, b3=2).wrong == {}
    assert judged(1, three=1, b219=1, b3=2).wrong == {"key": "differs"}


def test_what_only_2_0_does_is_listed_and_then_not_compared(lists):
    assert judged(1, b20=2, b219=1).stale == ["OLDER lacks some, 'key': 2.0.12 and 2.19.2 differ"]
    lists(older={"key": "why"})
    assert judged(1, b20=2, b219=1).stale == []
    assert judged(1, b20=2).wrong == {}
    assert judged(1, b20=1, b219=1).stale == ["OLDER has some, 'key': 2.0.12 and 2.19.2 are equal"]


@pytest.mark.parametrize("entry", ["some", "some: key", "some: k*"])
def test_what_is_pending_is_strict(lists, entry):
    lists(pending={entry: "point 1.1"})
    assert judged(2, b219=1).pending == {"key": "point 1.1"}
    assert judged(1, b219=1).stale == [f"PENDING has {entry!r}, which is equal"]


def test_a_difference_on_purpose_has_its_own_value(lists):
    lists(different=[Difference("some", "key", 7, "why", "row")])
    assert judged(7, b219=1).wrong == {}
    assert judged(8, b219=1).wrong == {"key": "is not what DIFFERENCES says"}
    assert judged(1, b219=1).stale == ["DIFFERENCES has some, 'key', which is equal"]


def test_frr_does_as_ours_where_a_difference_says_so(lists):
    assert judged(1, b219=1, frr=2).stale == []
    lists(different=[Difference("some", "key", 7, "why", "row", as_frr=True)])
    assert judged(7, b219=1, frr=7).stale == judged(7, b219=1).stale == []
    assert judged(7, b219=1, frr=1).stale == ["DIFFERENCES has some, 'key': as_frr, and it is not"]
    lists(different=[Difference("some", "key", 7, "why", "row")])
    assert judged(7, b219=1, frr=7).stale == ["DIFFERENCES has some, 'key': not as_frr, and it is"]


def test_a_bird_that_did_not_come_so_far_compares_nothing(lists):
    columns = [
        Column(Kind("bird 2.19", ()), {"failed": "no session"}),
        Column(PYBIRD, {"failed": "no session"}),
    ]
    assert compare.judge("some", columns).stale == ["bird 2.19 failed: no session"]


def test_an_update_is_read_as_it_was_written():
    attributes = wire.Attributes(path=(65002, 7), next_hop="10.0.0.2", med=5, communities=[(2, 2), (1, 1)])
    told = wire.read_update(wire.announcement(["10.1.0.0/16", "10.2.3.0/24"], attributes)[wire.HEADER :])
    assert told.reached == ["10.1.0.0/16", "10.2.3.0/24"]
    assert told.attributes == {
        "origin": "igp",
        "as_path": "65002 7",
        "next_hop": "10.0.0.2",
        "med": "5",
        "communities": "1:1 2:2",
    }
    assert wire.read_update(wire.withdrawal(["2001:db8::/32"])[wire.HEADER :]).withdrawn == ["2001:db8::/32"]


def test_both_next_hops_sets_and_odd_flags_are_told():
    partial = wire.attribute(200, b"\1", 0xE0)
    attributes = wire.Attributes(
        path=[(2, (5,)), (1, (7, 8))], next_hop=("2001:db8::1", "fe80::1"), raw=partial
    )
    told = wire.read_update(wire.announcement(["2001:db8:1::/48"], attributes)[wire.HEADER :])
    assert told.attributes["next_hop"] == "2001:db8::1 fe80::1"
    assert told.attributes["as_path"] == "5 {7 8}"
    assert told.attributes["attribute 200"] == "01 [e0]"
