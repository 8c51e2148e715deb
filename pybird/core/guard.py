"""What the world calls back belongs to an instance: a crash there stops it, not the router.

`GuardedClock` is the clock that protocol instances get: a timer set while an
instance's code runs belongs to that instance, and so does what it asks of
`GuardedFiles`. `GuardedEvents` stands between the kernel's events and an instance
that follows them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVarTuple

from pybird.core.ports import (
    Clock,
    FileError,
    Files,
    FileTask,
    FileWatch,
    KernelEvents,
    KernelRoute,
    Link,
    LinkAddress,
    Output,
    Timer,
)

Ts = TypeVarTuple("Ts")


class GuardedOwner(Protocol):
    """Who is to blame for a callback."""

    def guarded(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Call, and keep what it raises to itself."""


class GuardedClock:
    """The router's clock around the port; `current` is whose code runs."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.current: GuardedOwner | None = None

    def now(self) -> float:
        """Seconds on a monotonic scale; constant while one callback runs."""
        return self._clock.now()

    def wall(self) -> float:
        """Seconds since the epoch that belong to `now()`."""
        return self._clock.wall()

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call once, at `when` or soon after."""
        return self._clock.call_at(when, self.owned(callback))

    def call_soon(self, callback: Callable[[], None]) -> Timer:
        """Call once, after what runs now and what waits already."""
        return self._clock.call_soon(self.owned(callback))

    def owned(self, callback: Callable[[*Ts], None]) -> Callable[[*Ts], None]:
        """The callback, to be called as code of the instance whose code runs now."""
        owner = self.current
        if owner is None:
            return callback

        def run(*arguments: *Ts) -> None:
            owner.guarded(callback, *arguments)

        return run


class GuardedFiles:
    """The router's files around the port."""

    def __init__(self, files: Files, clock: GuardedClock) -> None:
        self._files = files
        self._clock = clock

    def read(self, path: str, limit: int, done: Callable[[bytes | FileError], None]) -> FileTask:
        return self._files.read(path, limit, self._clock.owned(done))

    def write(self, path: str, data: bytes, mode: int, done: Callable[[FileError | None], None]) -> FileTask:
        return self._files.write(path, data, mode, self._clock.owned(done))

    def create(self, path: str, mode: int) -> Output:
        return self._files.create(path, mode)

    def append(self, path: str, mode: int) -> Output:
        return self._files.append(path, mode)

    def watch(self, path: str, changed: Callable[[], None]) -> FileWatch:
        return self._files.watch(path, self._clock.owned(changed))


class FollowsKernel(GuardedOwner, KernelEvents, Protocol):
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
