"""What the world calls back belongs to an instance: a crash there stops it, not the router.

`GuardedClock` is the clock that protocol instances get: a timer set while an
instance's code runs belongs to that instance. `GuardedEvents` stands between
the kernel's events and an instance that follows them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from pybird.core.ports import Clock, KernelEvents, KernelRoute, Link, LinkAddress, Timer


class Owner(Protocol):
    """Who is to blame for a callback."""

    def guarded(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Call, and keep what it raises to itself."""


class GuardedClock:
    """The router's clock around the port; `current` is whose code runs."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.current: Owner | None = None

    def now(self) -> float:
        """Seconds on a monotonic scale; constant while one callback runs."""
        return self._clock.now()

    def wall(self) -> float:
        """Seconds since the epoch that belong to `now()`."""
        return self._clock.wall()

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call once, at `when` or soon after."""
        return self._clock.call_at(when, self._owned(callback))

    def call_soon(self, callback: Callable[[], None]) -> Timer:
        """Call once, after what runs now and what waits already."""
        return self._clock.call_soon(self._owned(callback))

    def _owned(self, callback: Callable[[], None]) -> Callable[[], None]:
        owner = self.current
        if owner is None:
            return callback

        def run() -> None:
            owner.guarded(callback)

        return run


class FollowsKernel(Owner, KernelEvents, Protocol):
    """An instance that hears of the kernel's changes."""


class GuardedEvents:
    """Passes the kernel's events on to an instance, as that instance's own code."""

    def __init__(self, instance: FollowsKernel) -> None:
        self._instance = instance

    def link_changed(self, link: Link) -> None:
        self._instance.guarded(self._instance.link_changed, link)

    def link_removed(self, index: int) -> None:
        self._instance.guarded(self._instance.link_removed, index)

    def address_changed(self, address: LinkAddress) -> None:
        self._instance.guarded(self._instance.address_changed, address)

    def address_removed(self, address: LinkAddress) -> None:
        self._instance.guarded(self._instance.address_removed, address)

    def route_changed(self, route: KernelRoute, removed: bool) -> None:
        self._instance.guarded(self._instance.route_changed, route, removed)

    def overflow(self) -> None:
        self._instance.guarded(self._instance.overflow)
