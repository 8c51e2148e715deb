"""Ten thousand routers that do not exist, on a link with one that does."""

import gc
import tracemalloc

from pybird.proto.radv.discover import MOST_ENTRIES
from pybird.proto.radv.messages import Advertisement, solicitation
from tests.scenarios.lab import pair, unnumbered

SOURCES = 10_000
SIZE = 64 * 1024  # octets that may be more than before: a few hundred would be kept by 10 000 leaks


def flooded(number=unnumbered):
    """Two routers that have peered, on a cable."""
    lab = pair(number(1), number(2))
    lab.expect(lab.meshed, 6, "all routers know each other's routes")
    lab.run(10)
    return lab, next(iter(lab.segments.values()))


def choosy(number):
    """Takes real neighbours only as children; entries it keeps of everybody."""
    return unnumbered(number).replace("fe80::/10", "fe80::/64")


def flood(lab, segment, count, lifetime, start=0):
    data = Advertisement(lifetime=lifetime).encode()
    for number in range(start, start + count):
        lab.forge(segment, data, f"fe80:0:0:1::{number:x}")
        if number % 500 == 0:
            lab.run(0.05)


def quiet(lab):
    """Nothing is under way, and what the simulator itself remembers is forgotten."""
    lab.run(1)
    lab.log.clear()
    lab.trace.recent.clear()
    gc.collect()


def grown(lab, act):
    """Octets by which the second time ends higher than the first."""
    tracemalloc.start()
    try:
        act(0)
        quiet(lab)
        before, _most = tracemalloc.get_traced_memory()
        act(1)
        quiet(lab)
        after, _most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return after - before


def test_memory_stays_and_so_does_the_real_neighbour():
    lab, segment = flooded(choosy)
    (child,) = lab.children("a")
    since = child.since
    flood(lab, segment, MOST_ENTRIES, 60)
    step = SOURCES // 2

    def act(turn):
        flood(lab, segment, step, 60, 1000 + turn * step)
        for number in range(step // 10):
            lab.forge(segment, solicitation(b""), f"fe80:0:0:2::{number + turn * step:x}", "ff02::2")
        flood(lab, segment, step // 10, 0, 1000)  # goodbyes of those nobody knows

    assert grown(lab, act) < SIZE
    for name in "ab":
        assert len(lab.entries(name)) == MOST_ENTRIES
    assert child.since == since
    assert lab.meshed()
    lab.run(62)
    assert lab.entries("a") == ["fe80::2:2%2"], "the forged ones have expired"
    assert child.since == since


def test_sources_that_come_and_say_goodbye_leave_nothing():
    """Each of them becomes an entry, and a child, and goes."""
    lab, segment = flooded()
    (child,) = lab.children("a")
    since = child.since

    def act(turn):
        for number in range(turn * 10, turn * 10 + 10):
            flood(lab, segment, 10, 1800, number * 10)
            lab.run(1)
            flood(lab, segment, 10, 0, number * 10)
        lab.run(100)

    act(2)
    act(3)
    assert grown(lab, act) < SIZE
    assert lab.children("a") == [child]
    assert child.since == since
