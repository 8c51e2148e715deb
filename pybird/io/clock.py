"""Time and timers on asyncio.

`now` is asyncio's monotonic clock, which is also what timers run on. asyncio
lets a timer fire up to its clock's resolution early; `_Timer` corrects that, so
that callers need not check whether a timer is really due.
"""

from __future__ import annotations

import time
from asyncio import AbstractEventLoop, Handle, TimerHandle
from collections.abc import Callable


class _Timer:
    """A call scheduled for a time."""

    __slots__ = ("_callback", "_handle", "_loop", "_when")

    def __init__(self, loop: AbstractEventLoop, when: float, callback: Callable[[], None]) -> None:
        self._loop = loop
        self._when = when
        self._callback: Callable[[], None] | None = callback
        # handle and timer form a reference cycle, which `_fire` and `cancel` break: the collector is off
        self._handle: TimerHandle | None = loop.call_at(when, self._fire)

    def _fire(self) -> None:
        if self._loop.time() < self._when:
            self._handle = self._loop.call_at(self._when, self._fire)
            return
        self._handle = None
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()

    def cancel(self) -> None:
        """Forget the call; harmless if it ran already."""
        self._callback = None
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


class AsyncioClock:
    """The daemon's clock."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self.now: Callable[[], float] = loop.time

    def wall(self) -> float:
        """The time of day in Unix seconds, for people to read."""
        return time.time()

    def call_at(self, when: float, callback: Callable[[], None]) -> _Timer:
        """Call once, at `when` or soon after."""
        return _Timer(self._loop, when, callback)

    def call_soon(self, callback: Callable[[], None]) -> Handle:
        """Call once, after the callback that runs now and those already waiting."""
        return self._loop.call_soon(callback)
