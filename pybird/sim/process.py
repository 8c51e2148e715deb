"""One run of a router's program: its timers and callbacks, until it is killed.

The simulator calls a router only through its process. A killed process is never
called again; for a frozen one (SIGSTOP) the calls wait, in order, until it is
thawed.
"""

from __future__ import annotations

from collections.abc import Callable

from pybird.sim.clock import SimClock
from pybird.sim.trace import EventHash, name_of


class ProcessTimer:
    """A timer of one process."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Forget the call; harmless if it ran already."""
        self.callback = None


class Process:
    """A router's program while it runs. It is the router's `Clock`, too."""

    def __init__(self, name: str, clock: SimClock, trace: EventHash) -> None:
        self.name = name
        self.alive = True
        self.frozen = False
        self._clock = clock
        self._trace = trace
        self._held: list[Callable[[], None]] = []

    def now(self) -> float:
        """Seconds on a monotonic scale."""
        return self._clock.now()

    def wall(self) -> float:
        """Seconds since the epoch."""
        return self._clock.wall()

    def call_at(self, when: float, callback: Callable[[], None]) -> ProcessTimer:
        """Call once at `when`, if the process still lives."""
        timer = ProcessTimer(callback)
        self._clock.call_at(when, lambda: self.run(lambda: self._fire(timer)))
        return timer

    def call_soon(self, callback: Callable[[], None]) -> ProcessTimer:
        """Call once, after the callback that runs now and those already waiting."""
        return self.call_at(self._clock.now(), callback)

    def _fire(self, timer: ProcessTimer) -> None:
        callback, timer.callback = timer.callback, None
        if callback is not None:
            self._trace.record(self._clock.now(), self.name, "timer", name_of(callback))
            callback()

    def run(self, callback: Callable[[], None]) -> None:
        """Call the program now; when it is thawed, if it is frozen; never, if it was killed."""
        if not self.alive:
            return
        if self.frozen:
            self._held.append(callback)
        else:
            callback()

    def kill(self) -> None:
        """SIGKILL."""
        self.alive = False
        self._held.clear()

    def freeze(self) -> None:
        """SIGSTOP."""
        self.frozen = True

    def thaw(self) -> None:
        """SIGCONT."""
        self.frozen = False
        held, self._held = self._held, []
        for callback in held:
            self._clock.call_soon(lambda callback=callback: self.run(callback))  # type: ignore[misc]
