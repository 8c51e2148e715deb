"""Neighbors that read nothing while all routes change: how much memory they cost, and how much is freed.

One router with a protocol that announces routes and many that pause, at the same moment or a
few routes apart, like neighbors whose buffers are full. Reported is the growth of resident
memory while they pause, after a few have continued and caught up, and when all have
disconnected.

    python benchmarks/slow_readers.py [--members N] [--routes N] [--apart N]
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.core.world import PEER, Peer, World, peer

READERS = 5  # who read on, of all
PAGE = os.sysconf("SC_PAGE_SIZE")


class Sink(Peer):
    """Reads nothing, keeps nothing."""

    def transmit(self, channel: Any, packed: Any) -> None:
        pass


SINK = replace(PEER, instance=Sink)
Sink.type = SINK


def resident() -> float:
    """Megabytes of this process."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 1e6


class Run:
    """One router; its figures are memory beyond what it takes when no neighbor pauses."""

    def __init__(self, members: int, routes: int, apart: int) -> None:
        self.apart = apart
        self.world = World(SINK)
        self.names = [f"m{number}" for number in range(members)]
        self.world.load(peer("a"), *[peer(name) for name in self.names])
        self.keys = [bytes((24, 10 + n // 65536, n // 256 % 256, n % 256)) for n in range(routes)]
        self.change(1)
        self.change(2)
        self.base = resident()

    def change(self, med: int, keys: list[bytes] | None = None) -> None:
        """All routes get another metric."""
        announcer = self.world["a"]
        route = announcer.announce(med=med)
        for at in range(0, len(keys or self.keys), 500):
            announcer.channel.announce((keys or self.keys)[at : at + 500], route)
            self.world.clock.run()

    def pause(self) -> None:
        for number, name in enumerate(self.names):
            self.world[name].channel.pause()
            if self.apart:
                at = number * self.apart
                self.change(3 + number % 2, self.keys[at : at + self.apart])

    def tell(self, when: str) -> None:
        print(f"{when:36} {resident() - self.base:8.1f} MB")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("--members", type=int, default=200)
    options.add_argument("--routes", type=int, default=100_000)
    options.add_argument("--apart", type=int, default=50, help="routes that change between two pauses")
    found = options.parse_args()
    run = Run(found.members, found.routes, found.apart)
    run.pause()
    run.change(5)
    run.change(6)
    run.tell(f"{found.members} paused, all changed")
    for name in run.names[:READERS]:
        run.world[name].channel.resume()
        run.world.clock.run()
    run.tell(f"{READERS} of them have caught up")
    for name in run.names:
        run.world.router.disable(run.world[name])
    run.world.clock.run(10)
    run.tell("all have gone")


if __name__ == "__main__":
    main()
