"""The filter's part of the hot path: microseconds per route, in one process.

The table and the filters of `filters.py`, run as a channel runs them: one
call per attribute set with its prefixes. `first` starts with empty caches,
`again` is a second pass of the same routes. Then the sets that filters match
with: build time, memory and time per lookup of a prefix set and of an
AS set with 500 000 entries.

    python benchmarks/filter_path.py [--profile FILTER]
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import random
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks.feed import prefixes  # noqa: E402
from benchmarks.filters import FILTERS, filter_text, roa_records, table  # noqa: E402
from pybird.conf.language import Language  # noqa: E402
from pybird.core.policy import Policy  # noqa: E402
from pybird.io.files import cache_folder  # noqa: E402
from pybird.proto import PROTOCOLS  # noqa: E402
from pybird.proto.bgp.wire.canonical import Canonical  # noqa: E402
from pybird.values.net import NetType  # noqa: E402
from pybird.values.prefixset import PrefixSet  # noqa: E402
from pybird.values.route import NO_HOP, RouteSource, Rte  # noqa: E402
from pybird.values.sets import ValueSet  # noqa: E402
from tests.core.world import World  # noqa: E402

ROUTES = 100_000
ENTRIES = 500_000
SEED = 42


def loaded(name: str) -> World:
    """A router with one of the filters and the tables that it uses."""
    records = roa_records(ROUTES, SEED)
    text = f"router id 10.99.0.1;\nprotocol device {{}}\n{filter_text(name, records, 4711)}"
    made = World(*PROTOCOLS)
    made.router.configure(Language(PROTOCOLS, cache=cache_folder()).read(text))
    made.clock.run()
    return made


def received(made: World) -> list[tuple[Rte, list[bytes]]]:
    """The routes of each UPDATE, as they reach a channel."""
    canonical, pool = Canonical(False, True, False, 100), made.router.pool
    source = RouteSource("sender", 11, None)
    found: list[tuple[Rte, list[bytes]]] = []
    for update in table(ROUTES, SEED):
        at = 23 + int.from_bytes(update[21:23], "big")
        attrs = pool.intern(canonical.read(update[23:at], None))
        keys = []
        while at < len(update):
            stop = at + 1 + (update[at] + 7 >> 3)
            keys.append(update[at:stop])
            at = stop
        found.append((Rte(attrs, source, NO_HOP, 100, 0.0), keys))
    return found


def judged(policy: Policy, routes: list[tuple[Rte, list[bytes]]]) -> list[tuple[Rte, int]]:
    """Run the filter on all routes; returns the accepted ones, kept as a table would keep them."""
    accepted = []
    for rte, keys in routes:
        for out, alike in policy.divide(rte, keys):
            if out is not None:
                accepted.append((out, len(alike)))
    return accepted


def timed(policy: Policy, routes: list[tuple[Rte, list[bytes]]]) -> tuple[float, list[tuple[Rte, int]]]:
    """(CPU seconds for all routes, the accepted ones)."""
    gc.collect()
    gc.disable()
    start = process_time()
    kept = judged(policy, routes)
    spent = process_time() - start
    gc.enable()
    return spent, kept


def filters() -> None:
    for name in FILTERS:
        made = loaded(name)
        routes = received(made)
        wanted = made.router.config.filters["incoming"]
        judged(made.router.policies.policy(wanted, NetType.IP4), routes[:1000])  # warm
        policy = made.router.policies.policy(wanted, NetType.IP4)
        first, kept = timed(policy, routes)
        again, kept = timed(policy, routes)
        accepted = sum([number for _, number in kept])
        print(
            f"filter {name:24} {first / ROUTES * 1e6:6.2f} us per route, again {again / ROUTES * 1e6:6.2f} us"
            f"  ({accepted} accepted)",
            flush=True,
        )


def profile(name: str) -> None:
    made = loaded(name)
    routes = received(made)
    policy = made.router.policies.policy(made.router.config.filters["incoming"], NetType.IP4)
    profiler = cProfile.Profile()
    profiler.runcall(judged, policy, routes)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


def measured(title: str, make: Callable[[], Any], ask: Callable[[Any], Callable[[Any], bool]]) -> None:
    """Build a set of `ENTRIES`, and look up members and others in it."""
    gc.collect()
    start = process_time()
    made = make()
    built = process_time() - start
    tracemalloc.start()
    made = make()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    print(f"{title:24} {built:6.2f} s to build, {size / 2**20:4.0f} MiB", end="")
    asked = ask(made)
    rng = random.Random(SEED + 1)
    kinds = {"there": rng.sample(ITEMS[title], 100_000), "not": OTHERS[title]}
    for kind, items in kinds.items():
        start = process_time()
        found = sum([asked(item) for item in items])
        spent = process_time() - start
        print(f", {spent / len(items) * 1e6:5.2f} us when {kind} ({found})", end="")
    print(flush=True)


def random_keys(count: int, seed: int) -> list[bytes]:
    """Different IPv4 networks, mostly /24."""
    return prefixes(count, "ipv4", random.Random(seed))


ITEMS: dict[str, list[Any]] = {}
OTHERS: dict[str, list[Any]] = {}


def structures() -> None:
    keys, others = random_keys(ENTRIES, SEED), random_keys(100_000, SEED + 2)
    ranges = [(key, key[0], min(key[0] + 8, 32)) for key in keys]
    numbers = random.Random(SEED).sample(range(1, 4_000_000_000), ENTRIES)
    for title, items, far in (
        ("prefixes", keys, others),
        ("prefixes with ranges", keys, others),
        ("AS numbers", numbers, list(range(4_000_000_000, 4_000_100_000))),
        ("ranges of AS numbers", numbers, list(range(4_000_000_000, 4_000_100_000))),
    ):
        ITEMS[title], OTHERS[title] = items, far
    exact = [(key, key[0], key[0]) for key in keys]
    measured("prefixes", lambda: PrefixSet(exact, NetType.IP4), lambda made: made.match)
    measured("prefixes with ranges", lambda: PrefixSet(ranges, NetType.IP4), lambda made: made.match)
    single = [(number, number) for number in numbers]
    several = [(number, number + 9) for number in numbers]
    measured("AS numbers", lambda: ValueSet("int", single), lambda made: lambda n: made.any_of((1, n)))
    measured(
        "ranges of AS numbers", lambda: ValueSet("int", several), lambda made: lambda n: made.any_of((1, n))
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--profile", choices=FILTERS)
    chosen = options.parse_args()
    if chosen.profile:
        profile(chosen.profile)
        return
    filters()
    structures()


if __name__ == "__main__":
    main()
