"""What the kernel's table should hold and what it does hold, network by network.

`KernelPath` is a route without its network, in the form in which it can be compared
with what the kernel tells. What is wanted stands in one dictionary; what the
kernel holds is the same, except for the networks that are queued, refused or
left over from an earlier run, for which it is written down. So a settled table
costs one entry per route. Nothing here talks to the kernel.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from pybird.core.ports import KernelRoute
from pybird.values.address import Address
from pybird.values.route import Dest, NextHop


class KernelPath(NamedTuple):
    """A route without its network. Next hops are sorted and name no interface."""

    dest: Dest
    nexthops: tuple[NextHop, ...]
    metric: int
    prefsrc: Address | None = None
    attributes: tuple[tuple[str, object], ...] = ()


def sorted_hops(hops: Iterable[NextHop], most: int = 0) -> tuple[NextHop, ...]:
    """Next hops in one order, none twice, without interface names; at most `most` (0: all)."""
    plain = {hop._replace(ifname=""): True for hop in hops}
    ordered = sorted(plain, key=_hop_order)
    return tuple(ordered[:most] if most else ordered)


def _hop_order(hop: NextHop) -> tuple[object, ...]:
    gateway = hop.gateway.octets if hop.gateway is not None else b""
    return len(gateway), gateway, hop.ifindex, hop.weight, hop.onlink, hop.labels


def path_of(route: KernelRoute) -> KernelPath:
    """The path of a route that the kernel told of."""
    attributes = route.attributes
    if ("krt_scope", 253) in attributes:  # what a route to a link has by itself
        attributes = tuple(pair for pair in attributes if pair[0] != "krt_scope")
    return KernelPath(route.dest, sorted_hops(route.nexthops), route.metric, route.prefsrc, attributes)


class Change(NamedTuple):
    """One network to change: what the kernel holds and what it shall hold."""

    key: bytes
    have: KernelPath | None
    want: KernelPath | None


class KernelRefusal(NamedTuple):
    """Why the kernel does not take a route, and what it has instead."""

    reason: str
    have: KernelPath | None


class Fib:
    """The routes of one protocol in one kernel table."""

    def __init__(self) -> None:
        self.wanted: dict[bytes, KernelPath] = {}
        self.queue: dict[bytes, KernelPath | None] = {}  # to be changed; value: what the kernel holds
        self.refused: dict[bytes, KernelRefusal] = {}
        self.leftover: dict[bytes, KernelPath] = {}  # of an earlier run, until the first feed is done
        # networks met by the scan that runs; True if changed since, so that what it tells may be old
        self._seen: dict[bytes, bool] | None = None
        self._removed = False  # something was removed since the scan began

    @property
    def installed(self) -> int:
        """How many routes the kernel holds as wanted."""
        missing = [key for key in (*self.queue, *self.refused) if key in self.wanted]
        return len(self.wanted) - len(missing)

    def want(self, key: bytes, path: KernelPath | None) -> None:
        """The table's route for a network changed; None: there is none any more."""
        if key in self.leftover:
            self.queue[key] = self.leftover.pop(key)
        elif key in self.refused:
            self.queue[key] = self.refused.pop(key).have
        elif key not in self.queue:
            self.queue[key] = self.wanted.get(key)
        if path is None:
            self.wanted.pop(key, None)
        else:
            self.wanted[key] = path

    def adopt(self, key: bytes, path: KernelPath) -> None:
        """An earlier run left this route: it stays if it is wanted."""
        self.leftover[key] = path

    def queue_leftovers(self) -> None:
        """All that is wanted is known: what else is left over goes."""
        self.queue.update(self.leftover)
        self.leftover.clear()

    def clear(self) -> None:
        """Nothing is wanted any more."""
        self.queue_leftovers()
        for key, path in self.wanted.items():
            if key not in self.queue and key not in self.refused:
                self.queue[key] = path
        for key, refused in self.refused.items():
            if refused.have is not None:
                self.queue[key] = refused.have
        self.refused.clear()
        self.wanted.clear()

    def next_changes(self, count: int) -> list[Change]:
        """Take the oldest changes out of the queue; those that change nothing are dropped."""
        keys = list(islice(self.queue, count))
        changes: list[Change] = []
        for key in keys:
            have = self.queue.pop(key)
            want = self.wanted.get(key)
            if self._seen is not None:
                self._seen[key] = True
                self._removed = self._removed or (have is not None and want is None)
            if have != want:
                changes.append(Change(key, have, want))
        return changes

    def refuse(self, key: bytes, reason: str, have: KernelPath | None) -> None:
        """The kernel did not take a change and holds `have` now."""
        self.refused[key] = KernelRefusal(reason, have)

    def lost(self, key: bytes) -> bool:
        """The kernel lost a route; True if it is to be installed again."""
        if key not in self.wanted or key in self.queue or key in self.refused:
            return False
        self.queue[key] = None
        return True

    def retry(self, key: bytes) -> bool:
        """What stood in the way of a refused route may be gone; True if there is one."""
        refused = self.refused.pop(key, None)
        if refused is not None:
            self.queue[key] = refused.have
        return refused is not None

    # a scan -------------------------------------------------------------

    def begin_scan(self) -> None:
        """The kernel's routes are about to be told by `scanned`."""
        self._seen = {}
        self._removed = False

    def scanned(self, key: bytes, path: KernelPath) -> bool:
        """The kernel holds this route of ours; False: one too many, it can go at once."""
        seen = self._seen
        assert seen is not None
        if key in seen:
            return seen[key] or path == self.wanted.get(key)
        seen[key] = False
        if key in self.leftover:
            self.leftover[key] = path
        elif key in self.queue:
            self.queue[key] = path
        elif key in self.refused:
            self.queue[key] = path
            del self.refused[key]
        elif path != self.wanted.get(key):
            self.queue[key] = path
        return True

    def end_scan(self, *, steady: bool = True) -> int:
        """Queue what is missing or was refused; returns how much is to be repaired.

        A scan that is not `steady` loses its place when routes are removed
        under it (IPv6): then what it did not tell of is not taken as missing.
        """
        seen, self._seen = self._seen or {}, None
        for key in [key for key in self.refused if key not in seen]:
            del self.refused[key]
            self.queue[key] = None
        if steady or not self._removed:
            for key in self.wanted:
                if key not in seen and key not in self.queue:
                    self.queue[key] = None
            for key in [key for key in self.leftover if key not in seen]:
                del self.leftover[key]
        return len(self.queue)

    def abandon_scan(self) -> None:
        """The scan failed: what was not told of is not missing."""
        self._seen = None
