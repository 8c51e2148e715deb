"""Ten thousand routers that do not exist, on a link with one that does."""

import gc
import tracemalloc

from pybird.proto.radv.discover import MOST_ENTRIES
from pybird.proto.radv.messages import Advertisement, solicitation
from tests.scenarios.lab import pair

SOURCES = 10_000
SIZE = 64 * 1024  # octets that may be more than before: a few hundred would be kept by 10 000 leaks


def flooded(seconds=30):
    """Two routers that have peered while so many forged entries fill the list of each."""
    lab = pair()
    lab.expect(lab.meshed, 6, "all routers know each other's routes")
    segment = next(iter(lab.segments.values()))
    flood(lab, segment, MOST_ENTRIES, 1800)
    lab.run(seconds)
    return lab, segment


def flood(lab, segment, count, lifetime, start=0):
    data = Advertisement(lifetime=lifetime).encode()
    for number in range(start, start + count):
        lab.forge(segment, data, f"fe80::dead:{number >> 16:x}:{number & 0xFFFF:x}")
        if number % 500 == 0:
            lab.run(0.05)


def quiet(lab):
    """Nothing is under way, and what the simulator itself remembers is forgotten."""
    lab.run(1)
    lab.log.clear()
    lab.trace.recent.clear()
    gc.collect()


def grown(lab, act):
    """Octets that are held after it and were not before."""
    act(0)
    quiet(lab)
    tracemalloc.start()
    try:
        before = tracemalloc.take_snapshot()
        act(1)
        quiet(lab)
        after = tracemalloc.take_snapshot()
    finally:
        tracemalloc.stop()
    return sum(stat.size_diff for stat in after.compare_to(before, "filename") if "/pybird/" in str(stat))


def test_memory_stays_and_so_does_the_real_neighbour():
    lab, segment = flooded()
    (child, *_) = lab.children("a")
    since, name = child.since, child.name
    step = SOURCES // 2

    def act(turn):
        flood(lab, segment, step, 1800, 1000 + turn * step)
        for number in range(step // 10):
            lab.forge(segment, solicitation(b""), f"fe80::beef:{number + turn * step:x}", "ff02::2")
        flood(lab, segment, step // 10, 0, 1000)  # goodbyes of those nobody knows

    assert grown(lab, act) < SIZE
    assert len(lab.entries("a")) == MOST_ENTRIES
    assert child.since == since
    assert name in lab.up("a")
    assert lab.knows("a", "b")
    lab.expect(lambda: len(lab.children("a")) == 1, 1900, "the forged ones have expired")
    assert lab.entries("a") == ["fe80::2:2%2"]
    assert lab.up("a") == [name]


def test_sources_that_come_and_say_goodbye_leave_nothing():
    """Each of them becomes an entry, and a child, and goes."""
    lab, segment = flooded(1)
    lab.run(1900)

    def act(turn):
        for number in range(60):
            flood(lab, segment, 20, 1800, turn * 2000 + number * 20)
            lab.run(1)
            flood(lab, segment, 20, 0, turn * 2000 + number * 20)
            lab.run(1)
        lab.run(400)

    assert grown(lab, act) < SIZE
    assert lab.entries("a") == ["fe80::2:2%2"]
    assert lab.meshed()
