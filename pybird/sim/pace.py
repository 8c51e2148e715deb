"""Virtual time at the pace of a real clock, so that a person can watch a world.

The pacer uses another clock (the daemon's, on asyncio) and sets one timer on it
for the world's next call. Code that acts on the world from outside, such as a
control socket, calls `catch_up()` first; calls that it schedules re-arm the timer.
"""

from __future__ import annotations

from pybird.core.ports import Clock, Timer
from pybird.sim.clock import SimClock


class Pacer:
    """Drives a simulated clock from a real one."""

    def __init__(self, world: SimClock, real: Clock, speed: float = 1.0) -> None:
        """`speed` is virtual seconds for one real second."""
        self._world = world
        self._real = real
        self._speed = speed
        self._real_start = real.now()
        self._world_start = world.now()
        self._timer: Timer | None = None
        self._armed: float | None = None
        self._running = False
        world.scheduled = self._scheduled
        self._arm()

    def virtual(self) -> float:
        """The virtual time that corresponds to the real time now."""
        return self._world_start + (self._real.now() - self._real_start) * self._speed

    def catch_up(self) -> None:
        """Run the calls that are due by now."""
        if self._running:
            return
        self._running = True
        try:
            self._world.run_until(max(self.virtual(), self._world.now()))
        finally:
            self._running = False
        self._arm()

    def stop(self) -> None:
        """Stop virtual time."""
        self._world.scheduled = None
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._armed = None

    def _scheduled(self, when: float) -> None:
        if not self._running and (self._armed is None or when < self._armed):
            self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._armed = due = self._world.next_time()
        if due is not None:
            real = self._real_start + (due - self._world_start) / self._speed
            self._timer = self._real.call_at(real, self.catch_up)
