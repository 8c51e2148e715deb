"""Ten thousand routers that do not exist, on a link with one that does."""

import gc
import tracemalloc

from pybird.proto.radv.discover import MOST_ENTRIES
from pybird.proto.radv.messages import Advertisement, solicitation
from tests.scenarios.lab import pair, unnumbered

SOURCES = 10_000
SIZE = 16_000  # octets that may be more than before


def flooded(number=unnumbered):
    """Two routers that have peered, on a cable."""
    lab = pair(number(1), number(2))
    lab.expect(lab.meshed, 6, "all routers know each other's routes")
    lab.run(10)
    return lab, next(iter(lab.segments.values()))


def choosy(number):
    """Takes real neighbors only as children; the first keeps entries of everybody."""
    text = unnumbered(number).replace("fe80::/10", "fe80::/64")
    return text if number == 1 else text.replace("router discovery yes", "router discovery no")


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
    for node in lab.nodes.values():
        node.host.tcp._open()  # which sweeps out the closed ones
    gc.collect()


def grown(lab, act, turns, settled):
    """Octets held after so many turns, beyond what was held when everything had been made once."""
    held = []
    tracemalloc.start()
    try:
        for turn in range(turns):
            act(turn)
            quiet(lab)
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    return held[-1] - held[settled - 1]


def test_memory_stays_and_so_does_the_real_neighbor():
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

    assert grown(lab, act, 2, 1) < SIZE
    assert len(lab.entries("a")) == MOST_ENTRIES
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
        for number in range(turn * 4, turn * 4 + 4):
            flood(lab, segment, 25, 1800, number * 25)
            lab.run(2)
            flood(lab, segment, 25, 0, number * 25)
        lab.run(300)  # timers that were cancelled have left the queue, too

    assert grown(lab, act, 6, 4) < SIZE
    assert lab.children("a") == [child]
    assert child.since == since


def test_a_shorter_lifetime_counts_at_once_and_a_longer_one_too():
    rarely = "router discovery yes; max ra interval 1800;"  # nothing else wakes us
    lab, segment = flooded(lambda number: choosy(number).replace("router discovery yes;", rarely))
    flood(lab, segment, 1, 1800)
    lab.run(60)
    assert len(lab.entries("a")) == 2
    flood(lab, segment, 1, 10)
    lab.run(9.9)
    assert len(lab.entries("a")) == 2
    flood(lab, segment, 1, 60)
    lab.run(59.9)
    assert len(lab.entries("a")) == 2
    lab.run(0.2)
    assert len(lab.entries("a")) == 1
    flood(lab, segment, 1, 1800)
    flood(lab, segment, 1, 10)
    lab.run(10.1)
    assert len(lab.entries("a")) == 1
