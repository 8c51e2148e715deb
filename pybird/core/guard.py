"""The clock that protocol instances get: it knows whose timer it fires.

A timer set while an instance's code runs belongs to that instance; what the
callback raises then stops the instance and not the router (DESIGN: failure).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from pybird.core.ports import Clock, Timer


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
