"""The networks of a table in the order of their addresses, for people, in small steps.

A table keeps the networks of a bucket in the order of their arrival. Each bucket
is sorted when the listing reaches it, a large one in runs that are then merged,
so that no step takes long.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from heapq import merge
from typing import Any, Final

from pybird.core.table import Table, covered
from pybird.values.geometry import NO_BUCKET, by_address
from pybird.values.net import Net, Prefix

RUN: Final = 4000  # networks sorted in one step: some milliseconds
STILL_SORTING: Final = b""  # yielded in place of a network: let other work run first


def in_order(table: Table, within: Net | None = None) -> Iterator[bytes]:
    """The networks (`within` a prefix) by address, shorter first; now and then STILL_SORTING.

    Networks that are added or removed meanwhile may be listed or not.
    """
    bids = sorted(table.buckets) if within is None else table.buckets_inside(within)
    for key in _merged(table, bids):
        if not key or not isinstance(within, Prefix) or covered(within, key):
            yield key


def _merged(table: Table, bids: list[bytes]) -> Iterator[bytes]:
    """The networks of these buckets in order, merged with those of the bucket for short prefixes."""
    order = table.geometry.order
    short = by_runs(table.buckets.get(NO_BUCKET, ()) if NO_BUCKET in bids else (), order)
    ahead = next(short, None)
    for bid in bids:
        if bid == NO_BUCKET:
            continue
        while ahead is not None and ahead[1:] <= bid:
            yield ahead
            ahead = next(short, None)
        yield from by_runs(table.buckets.get(bid, ()), order)
    while ahead is not None:
        yield ahead
        ahead = next(short, None)


def by_runs(keys: Collection[bytes], order: Callable[[bytes], Any] = by_address) -> Iterator[bytes]:
    """These networks in order; after each run that was sorted, STILL_SORTING."""
    if len(keys) <= RUN:
        yield from sorted(keys, key=order)
        return
    waiting, runs = list(keys), []
    for begin in range(0, len(waiting), RUN):
        runs.append(sorted(waiting[begin : begin + RUN], key=order))
        yield STILL_SORTING
    yield from merge(*runs, key=order)
