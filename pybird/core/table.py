"""Routing tables: all routes of each network, the best one first, and a change journal.

Two levels: `buckets` maps the first bits of a network (`values/geometry.py` says
which) to a small dictionary `key -> Rte | tuple of Rte`. A tuple has the best
route first, the others in any order: a new route is compared with the best
only, and all are compared when it wins, or when the best is withdrawn, changes
or is disputed. A `sorted` table keeps the full order.

The journal is in the `TableReader`s: `pending` of each has the networks that
changed since it last read, with the best route that it saw then (the first
change wins). The current routes are read from the table, so a slow reader skips
the states in between.

Hot code, about one microsecond per prefix in `announce`
(benchmarks/core_path.py): no call and no object per prefix on the usual paths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from pybird.conf.model import TableConfig
from pybird.core.selection import beats, choose
from pybird.values.geometry import NEVER, Geometry, geometry
from pybird.values.net import Net, NetType, Prefix, prefix_key
from pybird.values.nets import VpnNet
from pybird.values.route import DISPUTED, RouteSource, Rte


class TableReader:
    """One follower of a table's journal.

    `pending`: network -> the best route that this reader last saw. With `every`,
    changes of routes other than the best count, too. `wake` is called when
    `pending` was empty and gets its first change.
    """

    __slots__ = ("every", "pending", "wake")

    def __init__(self, wake: Callable[[], None], every: bool = False) -> None:
        self.pending: dict[bytes, Rte | None] = {}
        self.every = every
        self.wake = wake

    def remove_oldest(self, most: int) -> dict[bytes, Rte | None]:
        """Remove and return at most this many changes, oldest first."""
        pending = self.pending
        if len(pending) <= most:
            self.pending = {}
            return pending
        part: dict[bytes, Rte | None] = {}
        for key in pending:
            part[key] = pending[key]
            if len(part) >= most:
                break
        for key in part:
            del pending[key]
        return part


class Table:
    """One routing table; `config` may be replaced by a reload."""

    def __init__(self, config: TableConfig, shape: Geometry | None = None) -> None:
        self.config = config
        self.name: Final = config.name
        self.net_type: Final[NetType] = config.net_type
        self.buckets: Final[dict[bytes, dict[bytes, Any]]] = {}
        self.readers: list[TableReader] = []
        self.groups: dict[Any, Any] = {}  # export groups by key (core/export/group.py)
        self.paths: Table | None = (
            None  # one entry for each route, if some group needs it (core/export/paths.py)
        )
        self.generation = 0  # raised by every change: part of the key of memos that depend on the table
        self.geometry: Final[Geometry] = geometry(config.net_type) if shape is None else shape
        self.short: Final[int] = self.geometry.short
        self.end: Final[int] = self.geometry.end
        self.cut: Final[Callable[[bytes], bytes]] = self.geometry.cut
        self.debug: frozenset[str] = frozenset()
        self.trace: Callable[[list[bytes], list[bytes], list[Rte], list[bytes]], None] | None = None
        self._nets = 0
        self._routes = 0

    # reading ------------------------------------------------------------

    @property
    def route_count(self) -> int:
        """How many routes the table holds."""
        return self._routes

    @property
    def net_count(self) -> int:
        """How many networks have a route."""
        return self._nets

    def bucket_of(self, key: bytes) -> bytes:
        """The id of the bucket where this network belongs."""
        return key[1 : self.end] if key[0] >= self.short else self.cut(key)

    def bucket(self, bid: bytes) -> dict[bytes, Any]:
        """The networks of a bucket, each with its route or tuple of routes; empty when there is none."""
        return self.buckets.get(bid, {})

    def size_of(self, bid: bytes) -> int:
        """How many networks a bucket has."""
        return len(self.buckets.get(bid, ()))

    def keys_of(self, key: bytes) -> list[bytes]:
        """What this table calls the routes of a network: by its key; a table of paths has one for each."""
        return [key]

    def abandon_if_unused(self) -> None:
        """A group has gone: a table of paths goes with its last one."""

    def all_groups(self) -> list[Any]:
        """The groups of this table and of its paths."""
        found = list(self.groups.values())
        return found if self.paths is None else found + list(self.paths.groups.values())

    def get(self, key: bytes) -> tuple[Rte, ...]:
        """The routes of a network, best first; empty when there is none."""
        bucket = self.buckets.get(self.bucket_of(key))
        found = bucket.get(key) if bucket is not None else None
        if found is None:
            return ()
        return found if isinstance(found, tuple) else (found,)

    def best(self, key: bytes) -> Rte | None:
        """The best route of a network; None: it has no route."""
        bucket = self.buckets.get(self.bucket_of(key))
        found = bucket.get(key) if bucket is not None else None
        return found[0] if isinstance(found, tuple) else found

    def keys(self) -> Iterator[bytes]:
        """All networks, by bucket. To go through a large table use `walk`."""
        for bid in sorted(self.buckets):
            yield from list(self.buckets.get(bid, ()))

    def walk(self) -> Walk:
        """All networks in parts; the table may change between two parts."""
        return Walk(self, sorted(self.buckets))

    def longest_match(self, net: Net) -> tuple[bytes, tuple[Rte, ...]] | None:
        """The most specific network that contains a prefix (one of a VPN: in it), with its routes."""
        head = b""
        if isinstance(net, VpnNet):
            head, prefix = net.rd.octets, net.prefix
        elif isinstance(net, Prefix):
            prefix = net
        else:
            return None
        if net.type is not self.net_type:
            return None
        for length in range(prefix.length, -1, -1):
            key = head + prefix_key(prefix.address.masked(length), length)
            routes = self.get(key)
            if routes:
                return key, routes
        return None

    def inside(self, net: Net) -> Iterator[tuple[bytes, tuple[Rte, ...]]]:
        """Every network within a prefix, in table order."""
        for bid in self.buckets_inside(net):
            for key in sorted(self.buckets.get(bid, ()), key=self.geometry.order):
                if isinstance(net, Prefix) and not covered(net, key):
                    continue
                routes = self.get(key)
                if routes:
                    yield key, routes

    def buckets_inside(self, net: Net) -> list[bytes]:
        """The ids of the buckets that may have networks within a prefix, in order."""
        if not isinstance(net, Prefix) or self.short == NEVER:
            return sorted(self.buckets)
        whole = net.length // 8
        octets = net.address.octets
        if net.length >= self.short:
            return [octets[: self.end - 1]]
        head = octets[:whole]
        return sorted([bid for bid in self.buckets if not bid or bid.startswith(head)])

    # changing -----------------------------------------------------------

    def announce(self, keys: list[bytes], rte: Rte) -> int:
        """Enter one route for these networks, replacing the source's earlier one.

        Returns how many networks had exactly this route already: these keep the
        time of the old one, and readers do not get them.
        """
        source: RouteSource = rte.source
        buckets = self.buckets
        short = self.short
        end = self.end
        cut = self.cut
        in_order = self.config.sorted
        fresh: list[bytes] = []
        won: list[bytes] = []
        lost: list[Rte] = []
        others: list[bytes] = []
        same = 0
        added = 0
        best = 0
        met: Rte | None = None  # the last route of another source, and whether `rte` beats it
        wins = False
        pair: tuple[Rte, ...] = ()  # the two in order, one tuple for all networks that have them
        several: Any = None  # the last tuple of routes, and what it becomes with `rte`
        routes: tuple[Rte, ...] | None = None
        like: Rte | None = None  # the last route that is the same as `rte`, and what replaces it
        again = rte
        for key in keys:
            bid = key[1:end] if key[0] >= short else cut(key)
            bucket = buckets.get(bid)
            if bucket is None:
                bucket = buckets[bid] = {}
            old = bucket.get(key)
            if old is None:
                bucket[key] = rte
                fresh.append(key)
            elif old is like:
                same += 1
                bucket[key] = again
            elif isinstance(old, Rte):
                if old.source is not source:
                    added += 1
                    if old is not met:
                        met = old
                        wins = beats(rte, old)
                        pair = (rte, old) if wins else (old, rte)
                    bucket[key] = pair
                    if wins:
                        won.append(key)
                        lost.append(old)
                        old.source.best -= 1
                        best += 1
                    else:
                        others.append(key)
                elif is_same(old, rte):
                    same += 1
                    like = old
                    again = old if old.epoch == rte.epoch else renewed(old, rte)
                    bucket[key] = again
                else:
                    bucket[key] = rte
                    won.append(key)
                    lost.append(old)
            else:
                if old is not several:
                    several = old
                    routes = entered(old, rte, in_order)
                if routes is None:
                    same += 1
                    continue
                bucket[key] = routes
                added += len(routes) - len(old)
                if are_same(old, routes):
                    same += 1  # renewed by a refresh
                elif routes[0] is old[0]:
                    others.append(key)
                else:
                    won.append(key)
                    lost.append(old[0])
                    old[0].source.best -= 1
                    routes[0].source.best += 1
        self._nets += len(fresh)
        self._routes += len(fresh) + added
        source.routes += len(fresh) + added
        source.best += len(fresh) + best
        if fresh or won or others:
            self._publish(fresh, won, lost, others)
        return same

    def withdraw(self, keys: list[bytes], source: RouteSource) -> int:
        """Remove the source's routes of these networks; returns how many there were."""
        buckets = self.buckets
        short = self.short
        end = self.end
        cut = self.cut
        in_order = self.config.sorted
        won: list[bytes] = []
        lost: list[Rte] = []
        others: list[bytes] = []
        several: Any = None  # the last tuple of routes, and the routes that stay
        routes: tuple[Rte, ...] | None = None
        stays: Any = None  # the form in which the bucket stores them
        nets = 0
        best = 0
        for key in keys:
            bid = key[1:end] if key[0] >= short else cut(key)
            bucket = buckets.get(bid)
            if bucket is None:
                continue
            old = bucket.get(key)
            if isinstance(old, Rte):
                if old.source is source:
                    del bucket[key]
                    if not bucket:
                        del buckets[bid]
                    nets += 1
                    best += 1
                    won.append(key)
                    lost.append(old)
                continue
            if old is None:
                continue
            if old is not several:
                several = old
                routes = left(old, source, in_order)
                if routes is not None:
                    stays = routes if len(routes) > 1 else routes[0]
            if routes is None:
                continue
            bucket[key] = stays
            if routes[0] is old[0]:
                others.append(key)
            else:
                won.append(key)
                lost.append(old[0])
                old[0].source.best -= 1
                routes[0].source.best += 1
        removed = len(won) + len(others)
        if removed:
            self._nets -= nets
            self._routes -= removed
            source.routes -= removed
            source.best -= best
            self._publish([], won, lost, others)
        return removed

    def replace(self, key: bytes, fresh: dict[Rte, Rte]) -> None:
        """Replace routes of a network by their successors, old -> new (a next hop changed)."""
        bucket = self.buckets.get(self.bucket_of(key))
        old = bucket.get(key) if bucket is not None else None
        if bucket is None or old is None:
            return
        if isinstance(old, Rte):
            new = fresh.get(old)
            if new is not None:
                bucket[key] = new
                self._publish([], [key], [old], [])
            return
        routes = choose([fresh.get(rte, rte) for rte in old], self.config.sorted)
        bucket[key] = routes
        if routes[0] is old[0]:
            self._publish([], [], [], [key])
            return
        old[0].source.best -= 1
        routes[0].source.best += 1
        self._publish([], [key], [old[0]], [])

    def _publish(self, fresh: list[bytes], won: list[bytes], lost: list[Rte], others: list[bytes]) -> None:
        self.generation += 1
        if self.trace is not None:
            self.trace(fresh, won, lost, others)
        for reader in self.readers:
            pending = reader.pending
            if not pending:
                if not (fresh or won or reader.every):
                    continue
                reader.wake()
            for key in fresh:
                if key not in pending:
                    pending[key] = None
            for at in range(len(won)):
                if won[at] not in pending:
                    pending[won[at]] = lost[at]
            if reader.every:
                for key in others:
                    if key not in pending:
                        pending[key] = self.best(key)


def is_same(old: Rte, new: Rte) -> bool:
    """True if the new route has the same attributes, next hop, preference, source and flags."""
    return (
        old.attrs is new.attrs
        and old.hop is new.hop
        and old.preference == new.preference
        and old.source is new.source
        and (old.flags ^ new.flags) & ~DISPUTED == 0
    )


def are_same(old: tuple[Rte, ...], new: tuple[Rte, ...]) -> bool:
    """True if the routes of a network are the same, position by position."""
    if len(old) != len(new):
        return False
    for at in range(len(old)):  # noqa: SIM110  compiled code has no generator expressions
        if new[at] is not old[at] and not is_same(old[at], new[at]):
            return False
    return True


def renewed(old: Rte, new: Rte) -> Rte:
    """The same route announced again: the time of the old one, the epoch of the new one."""
    flags = new.flags | old.flags & DISPUTED
    if old.time == new.time:
        new.flags = flags
        return new
    rte = Rte(new.attrs, new.source, new.hop, new.preference, old.time, new.rank, flags)
    rte.epoch = new.epoch
    return rte


def entered(old: tuple[Rte, ...], rte: Rte, in_order: bool) -> tuple[Rte, ...] | None:
    """The routes of a network after `rte` was announced; None if nothing changed."""
    source = rte.source
    for at in range(len(old)):
        other = old[at]
        if other.source is not source:
            continue
        if is_same(other, rte):
            if other.epoch == rte.epoch:
                return None
            return (*old[:at], renewed(other, rte), *old[at + 1 :])
        if at == 0:
            return choose([rte, *old[1:]], in_order)
        return _joined((*old[:at], *old[at + 1 :]), rte, in_order)
    return _joined(old, rte, in_order)


def _joined(old: tuple[Rte, ...], rte: Rte, in_order: bool) -> tuple[Rte, ...]:
    best = old[0]
    if in_order or best.flags & DISPUTED or beats(rte, best):
        return choose([*old, rte], in_order)
    return (*old, rte)


def left(old: tuple[Rte, ...], source: RouteSource, in_order: bool) -> tuple[Rte, ...] | None:
    """The routes of a network without this source's; None if the source had none."""
    if len(old) == 2:
        if old[0].source is source:
            return (old[1],)
        return (old[0],) if old[1].source is source else None
    for at in range(len(old)):
        if old[at].source is not source:
            continue
        rest = [*old[:at], *old[at + 1 :]]
        if in_order or at == 0 or old[0].flags & DISPUTED:
            return choose(rest, in_order)
        return tuple(rest)
    return None


def covered(net: Prefix, key: bytes) -> bool:
    """True if the IPv4 or IPv6 network of this key lies inside the prefix."""
    if key[0] < net.length:
        return False
    whole, bits = net.length >> 3, net.length & 7
    octets = net.address.octets
    if key[1 : whole + 1] != octets[:whole]:
        return False
    return not bits or (key[whole + 1] ^ octets[whole]) >> (8 - bits) == 0


class Walk:
    """A walk in parts over the buckets that existed at its start; reads a bucket when it reaches it."""

    def __init__(self, table: Table, bids: list[bytes]) -> None:
        self._table = table
        self._bids = bids
        self._bids.reverse()
        self._keys: list[bytes] = []

    def next_keys(self, most: int) -> list[bytes]:
        """The next networks, about `most`; empty at the end. Some may have no route any more."""
        out = self._keys[:most]
        self._keys = self._keys[most:]
        while len(out) < most and self._bids:
            bucket = self._table.buckets.get(self._bids.pop())
            if bucket is None:
                continue
            out.extend(bucket)
        if len(out) > 2 * most:
            self._keys = out[most:]
            del out[most:]
        return out
