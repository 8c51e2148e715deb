"""Callbacks belong to an instance: an exception in one stops that instance, not the router.

`GuardedClock` is the clock that protocol instances get: a timer set while an
instance's code runs belongs to that instance, and so does what it requests from
`GuardedFiles`. `GuardedEvents` passes the kernel's events to an instance in the
same way.
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
    """The instance that a callback belongs to."""

    def guarded(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Call; an exception stops only this owner."""


class GuardedClock:
    """Wraps the clock port; `current` is the instance whose code runs now."""

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
        """Call once, after the callbacks that are already queued."""
        return self._clock.call_soon(self.owned(callback))

    def owned(self, callback: Callable[[*Ts], None]) -> Callable[[*Ts], None]:
        """The callback, wrapped so that it runs as code of the instance whose code runs now."""
        owner = self.current
        if owner is None:
            return callback

        def run(*arguments: *Ts) -> None:
            owner.guarded(callback, *arguments)

        return run


class GuardedFiles:
    """Wraps the files port: callbacks belong to the instance that asks."""

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
    """An instance that follows the kernel's changes."""


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
