"""Virtual time: a queue of calls ordered by (time, sequence).

Nothing here waits. `run_for(30)` runs all calls of the next 30 virtual seconds
as fast as the machine can. Times are seconds since the world began; `wall` adds
a fixed epoch so that what people read is the same in every run.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Final

EPOCH: Final = 1_767_225_600.0  # 2026-01-01 00:00:00 UTC
BUSY_LIMIT: Final = 1_000_000  # calls at one instant, beyond which we assume an endless loop


class SimTimer:
    """A scheduled call."""

    __slots__ = ("callback", "when")

    def __init__(self, when: float, callback: Callable[[], None]) -> None:
        self.when = when
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Forget the call; harmless if it ran already."""
        self.callback = None


class SimClock:
    """The clock of a simulated world, which also runs the scheduled calls."""

    def __init__(self, epoch: float = EPOCH) -> None:
        self._now = 0.0
        self._epoch = epoch
        self._queue: list[tuple[float, int, SimTimer]] = []
        self._sequence = 0
        self._busy = 0
        self.scheduled: Callable[[float], None] | None = None  # called with the time of every new call

    def now(self) -> float:
        """Seconds since the world began."""
        return self._now

    def wall(self) -> float:
        """The virtual time of day in Unix seconds."""
        return self._epoch + self._now

    def call_at(self, when: float, callback: Callable[[], None]) -> SimTimer:
        """Call once at `when`; if that has passed, now, after the calls already waiting."""
        timer = SimTimer(max(when, self._now), callback)
        self._sequence += 1
        heappush(self._queue, (timer.when, self._sequence, timer))
        if self.scheduled is not None:
            self.scheduled(timer.when)
        return timer

    def call_soon(self, callback: Callable[[], None]) -> SimTimer:
        """Call once, after the callback that runs now and those already waiting."""
        return self.call_at(self._now, callback)

    def next_time(self) -> float | None:
        """When the next call is due; None if none is scheduled."""
        queue = self._queue
        while queue and queue[0][2].callback is None:
            heappop(queue)
        return queue[0][0] if queue else None

    def step(self) -> bool:
        """Advance time to the next call and run it; False if none is scheduled."""
        when = self.next_time()
        if when is None:
            return False
        self._busy = self._busy + 1 if when == self._now else 0
        if self._busy > BUSY_LIMIT:
            raise RuntimeError(f"virtual time stands still at {when} s")
        timer = heappop(self._queue)[2]
        callback, timer.callback = timer.callback, None
        self._now = when
        assert callback is not None
        callback()
        return True

    def run_until(self, when: float) -> None:
        """Run every call due up to and including `when`, then set the time to it."""
        due = self.next_time()
        while due is not None and due <= when:
            self.step()
            due = self.next_time()
        self._now = max(self._now, when)

    def run_for(self, seconds: float) -> None:
        """Run the calls of this many seconds."""
        self.run_until(self._now + seconds)

    def run_until_true(self, predicate: Callable[[], bool], limit: float) -> bool:
        """Run until the predicate holds, at most `limit` seconds; returns whether it holds."""
        end = self._now + limit
        while not predicate():
            due = self.next_time()
            if due is None or due > end:
                self._now = end
                return predicate()
            self.step()
        return True
