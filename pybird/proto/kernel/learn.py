"""Alien routes of the kernel's table, for `learn`.

Of several routes to one network, which differ in metric or owner, the kernel
uses the one with the lowest metric; so does the router.

A kernel's table may be large, and most of its routes go the same few ways: each
way is kept once, a network costs its key and its places in the dictionaries.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pybird.core.ports import KernelRoute
from pybird.values.address import Address
from pybird.values.bogus import bogus_keys
from pybird.values.route import Dest, NextHop

MOST_SHARED: Final = 10_000  # ways looked up to be shared; those in use are held by their networks
_REDIRECT, _KERNEL, _BIRD = 1, 2, 12


class Alien(NamedTuple):
    """What is learned of a route, besides its network."""

    metric: int
    protocol: int
    dest: Dest
    nexthops: tuple[NextHop, ...]
    prefsrc: Address | None
    attributes: tuple[tuple[str, object], ...]

    def replaces(self, other: Alien) -> bool:
        """Only one route of each metric and owner is there."""
        return (self.metric, self.protocol) == (other.metric, other.protocol)


Routes = dict[bytes, Alien | tuple[Alien, ...]]  # the only route to a network, or all, the best one first


class Aliens:
    """The alien routes by network. `everything` includes the kernel's own and redirects."""

    def __init__(self, everything: bool) -> None:
        self._everything = everything
        self._shared: dict[Alien, Alien] = {}
        self._routes: Routes = {}
        self._told: dict[bytes, Alien] = {}
        self._again: dict[bytes, None] = {}  # to be told again, though nothing changed
        self._fresh: Routes | None = None
        self._unseen: dict[bytes, None] = {}  # by the scan that runs

    def wants(self, route: KernelRoute) -> bool:
        """Is this a route to learn?"""
        if route.protocol == _BIRD or bogus_keys([route.prefix.key], route.prefix.type):
            return False
        return self._everything or route.protocol not in (_REDIRECT, _KERNEL)

    def put(self, key: bytes, route: KernelRoute) -> None:
        """The kernel has this route; a scan that runs may have passed its place."""
        alien = self._alien(route)
        _put(self._routes, key, alien)
        if self._fresh is not None:
            _put(self._fresh, key, alien)
            self._unseen.pop(key, None)

    def drop(self, key: bytes, route: KernelRoute) -> None:
        """The kernel has it no longer."""
        alien = self._alien(route)
        _drop(self._routes, key, alien)
        if self._fresh is not None:
            _drop(self._fresh, key, alien)

    def begin_scan(self) -> None:
        """A scan begins to tell all routes by `scanned`."""
        self._fresh = {}
        self._unseen = dict.fromkeys(self._routes)

    def scanned(self, key: bytes, route: KernelRoute) -> None:
        """The scan met this route."""
        if self._fresh is not None:
            _put(self._fresh, key, self._alien(route))
            self._unseen.pop(key, None)

    def end_scan(self) -> list[bytes]:
        """Take over what the scan told; returns the networks that may have changed."""
        fresh, self._fresh = self._fresh or {}, None
        gone, self._unseen = self._unseen, {}
        self._routes = fresh
        return [*fresh, *gone]

    def announce_again(self) -> None:
        """The next scan tells everything, changed or not."""
        self._again = dict.fromkeys(self._told)

    def changed(self, key: bytes) -> tuple[bool, Alien | None]:
        """Whether the best route is to be told: it differs from the one told before. And which it is."""
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
        """What is learned of it, as one object for all that are alike."""
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
