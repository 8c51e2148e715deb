"""Alien routes of the kernel's table, for `learn`.

If several routes to one network differ in metric or protocol, the kernel uses
the one with the lowest metric; so do we.

A kernel's table may be large, and most of its routes share a few next hops.
Each combination is stored once; a network costs its key and its dictionary
entries.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pybird.core.ports import KernelRoute
from pybird.values.address import Address
from pybird.values.bogus import bogus_keys
from pybird.values.route import Dest, NextHop

MOST_SHARED: Final = 10_000  # entries of the cache of shared objects; those in use survive its clearing
_REDIRECT, _KERNEL, _BIRD = 1, 2, 12


class Alien(NamedTuple):
    """A learned route without its network. `protocol` is its RTPROT_* number."""

    metric: int
    protocol: int
    dest: Dest
    nexthops: tuple[NextHop, ...]
    prefsrc: Address | None
    attributes: tuple[tuple[str, object], ...]

    def replaces(self, other: Alien) -> bool:
        """Whether this replaces `other`: the kernel has one route per metric and protocol."""
        return (self.metric, self.protocol) == (other.metric, other.protocol)


Routes = dict[bytes, Alien | tuple[Alien, ...]]  # a network's only route, or all of them, the best first


class Aliens:
    """The alien routes by network. With `everything` (`learn all`), also kernel routes and redirects."""

    def __init__(self, everything: bool) -> None:
        self._everything = everything
        self._shared: dict[Alien, Alien] = {}
        self._routes: Routes = {}
        self._told: dict[bytes, Alien] = {}
        self._again: dict[bytes, None] = {}  # to be announced again, though nothing changed
        self._fresh: Routes | None = None  # what the running scan found; None: no scan runs
        self._unseen: dict[bytes, None] = {}  # networks that the running scan has not found yet

    def wants(self, route: KernelRoute) -> bool:
        """Whether to learn this route."""
        if route.protocol == _BIRD or bogus_keys([route.prefix.key], route.prefix.type):
            return False
        return self._everything or route.protocol not in (_REDIRECT, _KERNEL)

    def put(self, key: bytes, route: KernelRoute) -> None:
        """The kernel added this route; a running scan may already have passed it."""
        alien = self._alien(route)
        _put(self._routes, key, alien)
        if self._fresh is not None:
            _put(self._fresh, key, alien)
            self._unseen.pop(key, None)

    def drop(self, key: bytes, route: KernelRoute) -> None:
        """The kernel removed this route."""
        alien = self._alien(route)
        _drop(self._routes, key, alien)
        if self._fresh is not None:
            _drop(self._fresh, key, alien)

    def begin_scan(self) -> None:
        """Begin a scan: `scanned` will report every alien route."""
        self._fresh = {}
        self._unseen = dict.fromkeys(self._routes)

    def scanned(self, key: bytes, route: KernelRoute) -> None:
        """The scan found this route."""
        if self._fresh is not None:
            _put(self._fresh, key, self._alien(route))
            self._unseen.pop(key, None)

    def end_scan(self) -> list[bytes]:
        """Replace the routes by what the scan found; returns the networks that may have changed."""
        fresh, self._fresh = self._fresh or {}, None
        gone, self._unseen = self._unseen, {}
        self._routes = fresh
        return [*fresh, *gone]

    def announce_again(self) -> None:
        """Make the next scan announce every network, changed or not."""
        self._again = dict.fromkeys(self._told)

    def changed(self, key: bytes) -> tuple[bool, Alien | None]:
        """(changed?, best): whether to announce the best route, and that route (None: there is none)."""
        best = next(iter(_all(self._routes.get(key))), None)
        again = key in self._again
        if again:
            del self._again[key]
        if self._told.get(key) == best and not again:
            return False, best
        if best is None:
            self._told.pop(key, None)
        else:
            self._told[key] = best
        return True, best

    def _alien(self, route: KernelRoute) -> Alien:
        """The learned form of a route; equal ones share one object."""
        made = Alien(
            route.metric, route.protocol, route.dest, route.nexthops, route.prefsrc, route.attributes
        )
        if len(self._shared) >= MOST_SHARED:
            self._shared.clear()
        return self._shared.setdefault(made, made)


def _put(routes: Routes, key: bytes, alien: Alien) -> None:
    before = routes.get(key)
    if before is None or (isinstance(before, Alien) and before.replaces(alien)):
        routes[key] = alien
        return
    others = [each for each in _all(before) if not each.replaces(alien)]
    routes[key] = tuple(sorted([*others, alien], key=lambda each: (each.metric, each.protocol)))


def _drop(routes: Routes, key: bytes, alien: Alien) -> None:
    left = [each for each in _all(routes.get(key)) if not each.replaces(alien)]
    if left:
        routes[key] = left[0] if len(left) == 1 else tuple(left)
    else:
        routes.pop(key, None)


def _all(routes: Alien | tuple[Alien, ...] | None) -> tuple[Alien, ...]:
    if routes is None:
        return ()
    return (routes,) if isinstance(routes, Alien) else routes
