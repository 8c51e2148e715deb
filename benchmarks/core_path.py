"""The hot path of the core: table and export group, microseconds per prefix.

100 000 IPv4 prefixes in batches of 6, each batch with its own attribute set,
from one source: into the table alone, then through a channel into one export group
with one member, then the same routes from a second source.

    python benchmarks/core_path.py [prefixes]
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from pybird.core.table import Table
from pybird.values.route import NO_HOP, Rte
from tests.core.world import MASTER4, World, peer

SIZE = 6


def prefixes(count: int) -> list[bytes]:
    """Different /24s, spread over the address space as a real table is; none is bogus."""
    numbers = [0x10000 + at * 167 % 0xDE0000 for at in range(count)]
    return [bytes((24,)) + (at if at < 0x7F0000 else at + 0x10000).to_bytes(3, "big") for at in numbers]


def batches(world: World, name: str, keys: list[bytes]) -> list[tuple[list[bytes], Rte]]:
    """One route for each batch."""
    pool, source = world.router.pool, world[name].channel.source
    return [
        (keys[at : at + SIZE], Rte(pool.intern(at.to_bytes(4, "big")), source, NO_HOP, 100, 0.0))
        for at in range(0, len(keys), SIZE)
    ]


def fresh(world: World, name: str, keys: list[bytes]) -> list[tuple[list[bytes], Rte]]:
    """The same batches with new key objects, as slices of received octets are."""
    return batches(world, name, [bytes(bytearray(key)) for key in keys])


def timed(title: str, count: int, work: Callable[[], Any]) -> None:
    """Print how long each prefix took."""
    gc.collect()
    gc.disable()
    start = process_time()
    work()
    spent = process_time() - start
    gc.enable()
    print(f"{title:50} {spent / count * 1e6:6.2f} us per prefix {spent:6.2f} s")


def main() -> None:
    """Run all cases."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    keys = prefixes(count)
    world = World().load(peer("a", exports=False), peer("b", exports=False), peer("c"))

    table = Table(MASTER4)
    first, second = fresh(world, "a", keys), fresh(world, "b", keys)

    def into(target: Table, work: list[tuple[list[bytes], Rte]]) -> None:
        for part, rte in work:
            target.announce(part, rte)

    timed("table: first source", count, lambda: into(table, first))
    timed("table: second source", count, lambda: into(table, second))
    timed("table: the same again", count, lambda: into(table, first))

    def through(name: str, work: list[tuple[list[bytes], Rte]]) -> None:
        channel, clock = world[name].channel, world.clock
        for at in range(0, len(work), 300):
            for part, rte in work[at : at + 300]:
                channel.announce(part, rte)
            clock.run()

    def withdraw(name: str) -> None:
        channel, clock = world[name].channel, world.clock
        for at in range(0, count, 1000):
            channel.withdraw(keys[at : at + 1000])
            clock.run()

    world["c"].transmit = lambda *_: None
    first, second = fresh(world, "a", keys), fresh(world, "b", keys)
    timed("channel, table, journal, group: first source", count, lambda: through("a", first))
    timed("channel, table, journal, group: second source", count, lambda: through("b", second))
    timed("withdrawals of the best routes", count, lambda: withdraw("a"))

    def feed() -> None:
        world.router.restart(world["c"])
        world.clock.run()

    timed("feed of a new member", count, feed)


if __name__ == "__main__":
    main()
