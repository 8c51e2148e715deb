"""Alien routes of the kernel's table, for `learn`.

Of several routes to one network, which differ in metric or owner, the kernel
uses the one with the lowest metric; so does the router.
"""

from __future__ import annotations

from pybird.core.ports import KernelRoute

_REDIRECT, _KERNEL, _BIRD = 1, 2, 12


class Aliens:
    """The alien routes by network. `everything` includes the kernel's own and redirects."""

    def __init__(self, everything: bool) -> None:
        self._everything = everything
        self._routes: dict[bytes, dict[tuple[int, int], KernelRoute]] = {}
        self._told: dict[bytes, KernelRoute] = {}
        self._again: dict[bytes, None] = {}  # to be told again, though nothing changed
        self._fresh: dict[bytes, dict[tuple[int, int], KernelRoute]] | None = None

    def wants(self, route: KernelRoute) -> bool:
        """Is this a route to learn?"""
        if route.protocol == _BIRD:
            return False
        return self._everything or route.protocol not in (_REDIRECT, _KERNEL)

    def put(self, key: bytes, route: KernelRoute) -> None:
        """The kernel has this route."""
        self._routes.setdefault(key, {})[route.metric, route.protocol] = route

    def drop(self, key: bytes, route: KernelRoute) -> None:
        """The kernel has it no longer."""
        others = self._routes.get(key, {})
        others.pop((route.metric, route.protocol), None)
        if not others:
            self._routes.pop(key, None)

    def begin_scan(self) -> None:
        """A scan begins to tell all routes by `scanned`."""
        self._fresh = {}

    def scanned(self, key: bytes, route: KernelRoute) -> None:
        """The scan met this route."""
        if self._fresh is not None:
            self._fresh.setdefault(key, {})[route.metric, route.protocol] = route

    def end_scan(self) -> list[bytes]:
        """Take over what the scan told; returns the networks that may have changed."""
        fresh, self._fresh = self._fresh or {}, None
        old, self._routes = self._routes, fresh
        return [*fresh, *(key for key in old if key not in fresh)]

    def tell_again(self) -> None:
        """The next scan tells everything, changed or not."""
        self._again = dict.fromkeys(self._told)

    def changed(self, key: bytes) -> tuple[bool, KernelRoute | None]:
        """Whether the best route is to be told: it differs from the one told before. And which it is."""
        routes = self._routes.get(key)
        best = routes[min(routes)] if routes else None
        again = key in self._again
        if again:
            del self._again[key]
        if self._told.get(key) == best and not again:
            return False, best
        if best is None:
            del self._told[key]
        else:
            self._told[key] = best
        return True, best
