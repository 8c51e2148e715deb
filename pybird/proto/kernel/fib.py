"""Which routes the kernel's table should hold and which it does hold, by network.

`KernelPath` is a route without its network, in a form that can be compared with
what the kernel reports. `Fib.wanted` holds the routes that the kernel should
have. The kernel is assumed to hold the same, except for the networks that are
queued, refused or left over from an earlier run: for these we also store what
the kernel holds. So a table without pending changes costs one entry per route.
Nothing here talks to the kernel.
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
    """Next hops sorted, without duplicates and interface names; the first `most` (0: all)."""
    plain = {hop._replace(ifname=""): True for hop in hops}
    ordered = sorted(plain, key=_hop_order)
    return tuple(ordered[:most] if most else ordered)


def _hop_order(hop: NextHop) -> tuple[object, ...]:
    gateway = hop.gateway.octets if hop.gateway is not None else b""
    return len(gateway), gateway, hop.ifindex, hop.weight, hop.onlink, hop.labels


def path_of(route: KernelRoute) -> KernelPath:
    """The path of a route that the kernel reported."""
    attributes = route.attributes
    if ("krt_scope", 253) in attributes:  # the kernel's default for a route without a gateway
        attributes = tuple(pair for pair in attributes if pair[0] != "krt_scope")
    return KernelPath(route.dest, sorted_hops(route.nexthops), route.metric, route.prefsrc, attributes)


class Change(NamedTuple):
    """A change to one network: what the kernel holds (`have`) and what it should hold (`want`)."""

    key: bytes
    have: KernelPath | None
    want: KernelPath | None


class KernelRefusal(NamedTuple):
    """Why the kernel refused a route, and what it holds instead."""

    reason: str
    have: KernelPath | None


class Fib:
    """The routes of one protocol in one kernel table."""

    def __init__(self) -> None:
        self.wanted: dict[bytes, KernelPath] = {}
        self.queue: dict[bytes, KernelPath | None] = {}  # pending changes; value: what the kernel holds
        self.refused: dict[bytes, KernelRefusal] = {}
        self.leftover: dict[bytes, KernelPath] = {}  # of an earlier run, until the first feed is done
        # networks that the running scan reported or that changed since it began;
        # True: changed, so that the scan may report an old state. None: no scan runs
        self._seen: dict[bytes, bool] | None = None
        self._removed = False  # whether we removed a route since the scan began

    @property
    def installed(self) -> int:
        """The number of wanted routes that the kernel holds."""
        missing = [key for key in (*self.queue, *self.refused) if key in self.wanted]
        return len(self.wanted) - len(missing)

    def want(self, key: bytes, path: KernelPath | None) -> None:
        """Set the wanted route of a network (None: no route) and queue the change."""
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
        """Record a route that an earlier run left: it stays if it turns out to be wanted."""
        self.leftover[key] = path

    def queue_leftovers(self) -> None:
        """Queue the removal of leftovers, once all wanted routes are known."""
        self.queue.update(self.leftover)
        self.leftover.clear()

    def clear(self) -> None:
        """Want no routes any more, and queue the removal of all that the kernel holds."""
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
        """Remove the `count` oldest networks from the queue; returns those that need a change."""
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
        """Record that the kernel refused a change and holds `have` now."""
        self.refused[key] = KernelRefusal(reason, have)

    def lost(self, key: bytes) -> bool:
        """The kernel removed a route; True if we queued it to be installed again."""
        if key not in self.wanted or key in self.queue or key in self.refused:
            return False
        self.queue[key] = None
        return True

    def retry(self, key: bytes) -> bool:
        """Queue a refused route again, whose obstacle may be gone; False if none was refused."""
        refused = self.refused.pop(key, None)
        if refused is not None:
            self.queue[key] = refused.have
        return refused is not None

    # a scan -------------------------------------------------------------

    def begin_scan(self) -> None:
        """Begin a scan: `scanned` will report every route that the kernel holds."""
        self._seen = {}
        self._removed = False

    def scanned(self, key: bytes, path: KernelPath) -> bool:
        """The scan found this route of ours; False if it is a surplus one, to be removed now."""
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
        """Queue routes that are missing or were refused; returns the length of the queue.

        A scan that is not `steady` loses its place when routes are removed
        while it runs (IPv6): then a route that it did not report may still exist.
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
        """The scan failed: do not conclude from it that routes are missing."""
        self._seen = None
