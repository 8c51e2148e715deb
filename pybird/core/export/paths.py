"""The paths of a table: one entry for each route of each network, for channels that send all routes.

Groups send one route for each key. Where all routes of a network are sent (add-path,
RFC 7911), groups follow a table of paths instead: its keys are a path id and a network, as
they are packed, and each key has one route. So all that groups do (records, split horizon,
limits, members that are paused or move) holds for each path.

A path id is a number for the source of a route. A source has at most one route of a network,
and keeps its number while it has a path here: an unchanged route keeps its id.

There is one table of paths for each table with such groups, made with the first and dropped
with the last. A bucket is filled when the first group walks through it; until then it is in the
`_todo` of every group. Changes are followed through the journal of the table, in slices.

Hot (also compiled): about 2 us per changed route.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Any, Final

from pybird.core.policy import PATH_ID
from pybird.core.scheduler import SLICE, Scheduler
from pybird.core.table import Table, TableReader, is_same
from pybird.values.geometry import NEVER, Geometry
from pybird.values.net import Net
from pybird.values.route import RouteSource, Rte


class PathTable(Table):
    """The paths of one table."""

    def __init__(self, base: Table, scheduler: Scheduler) -> None:
        super().__init__(base.config, _geometry(base))
        self.base: Final = base
        self._scheduler = scheduler
        self._reader = TableReader(self._wake, True)
        self._nets_known: dict[bytes, dict[bytes, tuple[Rte, ...]]] = {}  # networks with paths, by bucket
        self._unfilled: dict[bytes, None] = dict.fromkeys(base.buckets)
        for bid in base.buckets:
            self.buckets[bid] = {}
        self._ids: dict[RouteSource, bytes] = {}
        self._used: dict[RouteSource, int] = {}  # how many paths each source has
        self._free: list[int] = []  # ids that were used before
        self._last = 0
        base.readers.append(self._reader)
        base.paths = self

    # reading ------------------------------------------------------------

    def bucket(self, bid: bytes) -> dict[bytes, Any]:
        if bid in self._unfilled:
            self._fill(bid)
        return super().bucket(bid)

    def size_of(self, bid: bytes) -> int:
        return self.base.size_of(bid) if bid in self._unfilled else super().size_of(bid)

    def inside(self, net: Net) -> Iterator[tuple[bytes, tuple[Rte, ...]]]:
        for key, _ in self.base.inside(net):
            for path in self.keys_of(key):
                yield path, self.get(path)

    def keys_of(self, key: bytes) -> list[bytes]:
        """The keys of a network's paths, the best route's first."""
        known = self._nets_known.get(self.base.bucket_of(key), {})
        return [self._ids[rte.source] + key for rte in known.get(key, ())]

    # following the table ------------------------------------------------

    def _wake(self) -> None:
        self._scheduler.add(self._flush)

    def _flush(self) -> bool:
        """Follow one slice of the table's changes; True if some are left."""
        changes: dict[bytes, Rte | None] = {}
        for key in self._reader.remove_oldest(SLICE):
            bid = self.base.bucket_of(key)
            if bid not in self._unfilled:
                self._follow(bid, key, changes)
        if changes:
            self._announce_changes(changes)
        return bool(self._reader.pending)

    def _announce_changes(self, changes: dict[bytes, Rte | None]) -> None:
        """Tell the groups, which keep the first of several changes of a path."""
        self.generation += 1
        for reader in self.readers:
            pending = reader.pending
            if not pending:
                reader.wake()
            for path in changes:
                if path not in pending:
                    pending[path] = changes[path]

    def _follow(self, bid: bytes, key: bytes, changes: dict[bytes, Rte | None]) -> None:
        """Compare the paths of a network with its routes now; `changes` gets what each path had before."""
        known = self._nets_known.setdefault(bid, {})
        bucket = self.buckets.setdefault(bid, {})
        routes = self.base.get(key)
        now: dict[bytes, Rte] = {}
        for rte in routes:
            now[self._id_of(rte.source) + key] = rte
        for rte in known.get(key, ()):
            path = self._ids[rte.source] + key
            if path not in now:
                changes.setdefault(path, bucket.pop(path))
                self._leave(rte.source)
        for path, rte in now.items():
            had = bucket.get(path)
            bucket[path] = rte
            if had is None:
                self._used[rte.source] += 1
            elif is_same(had, rte):
                continue  # a refresh renewed it
            changes.setdefault(path, had)
        if routes:
            known[key] = routes
        else:
            known.pop(key, None)
            if not bucket:
                del self.buckets[bid]
                del self._nets_known[bid]

    def _fill(self, bid: bytes) -> None:
        """Enter the paths of a bucket that no group has walked through."""
        del self._unfilled[bid]
        bucket = self.buckets[bid]
        known: dict[bytes, tuple[Rte, ...]] = {}
        for key in self.base.bucket(bid):
            routes = known[key] = self.base.get(key)
            for rte in routes:
                bucket[self._id_of(rte.source) + key] = rte
                self._used[rte.source] += 1
        if bucket:
            self._nets_known[bid] = known
        else:
            del self.buckets[bid]

    # path ids -----------------------------------------------------------

    def _id_of(self, source: RouteSource) -> bytes:
        found = self._ids.get(source)
        if found is None:
            if self._free:
                number = heappop(self._free)
            else:
                self._last += 1
                number = self._last
            found = self._ids[source] = number.to_bytes(PATH_ID, "big")
            self._used[source] = 0
        return found

    def _leave(self, source: RouteSource) -> None:
        """A path of this source is gone; with the last one its id is free."""
        self._used[source] -= 1
        if not self._used[source]:
            del self._used[source]
            heappush(self._free, int.from_bytes(self._ids.pop(source), "big"))

    # the end ------------------------------------------------------------

    def abandon_if_unused(self) -> None:
        """Drop this table with its last group."""
        if self.readers:
            return
        if self._reader in self.base.readers:
            self.base.readers.remove(self._reader)
        if self.base.paths is self:
            self.base.paths = None
        self._scheduler.cancel(self._flush)
        self._reader.wake = _ignore  # the old one made a reference cycle


def paths_of(table: Table, scheduler: Scheduler) -> Table:
    """The table of paths of this table; made if it does not exist."""
    found = table.paths
    return PathTable(table, scheduler) if found is None else found


def _geometry(base: Table) -> Geometry:
    """Paths are in the bucket of their network."""

    def cut(path: bytes) -> bytes:
        return base.bucket_of(path[PATH_ID:])

    def order(path: bytes) -> Any:
        return base.geometry.order(path[PATH_ID:])

    return Geometry(NEVER, 0, cut, order)


def _ignore() -> None:
    """The `wake` of a table that was dropped."""
