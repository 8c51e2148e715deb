"""Without a garbage collector sessions and children go by reference counts."""

import gc

from .test_dynamic import FOUND_B, children, flap, lab_with, reload
from .world import auto, both, routes

SETTLED = 300  # seconds after which no cancelled timer is left in the queue


def living():
    """How many objects of each class of ours there are."""
    mine = [type(o).__qualname__ for o in gc.get_objects() if type(o).__module__.startswith("pybird.")]
    return {name: mine.count(name) for name in KINDS}


KINDS = ("Peer", "SessionChannels", "Connection", "Session", "Channel", "Member", "Group", "Reach")


def garbage(work):
    """The kinds of objects that only a collection would have freed, or that nobody lets go."""
    gc.collect()
    before = living()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        work()
        gc.collect()
        left = {type(item).__name__ for item in gc.garbage}
        gc.garbage.clear()
        after = living()
        return left | {name for name in KINDS if after[name] > before[name]}
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def test_children_that_come_and_go_leave_nothing():
    lab = lab_with([routes("198.51.100.0/24"), FOUND_B, auto(65001)])
    lab.run(2)

    def work():
        for _ in range(3):
            flap(lab)
            lab.run(SETTLED)
            assert lab.up("a", "auto01")

    work()
    assert garbage(work) == set()


def test_sessions_that_come_and_go_leave_nothing():
    lab = both()
    lab.run(10)

    def work():
        for _ in range(3):
            lab.nodes["a"].router.restart(lab.proto("a"))
            lab.run(SETTLED)
            assert lab.up("a")

    work()
    assert garbage(work) == set()


def test_reloads_of_parents_leave_nothing():
    lab = lab_with([FOUND_B, auto(65001)])
    lab.run(2)

    def work():
        for change in ({"hold_time": 30}, {"router_id": 9}, {"local_as": 65003}, {}):
            reload(lab, "a", auto(change.pop("local_as", 65001), **change))
            lab.run(SETTLED)
            assert len(children(lab)) == 1

    work()
    assert garbage(work) == set()
