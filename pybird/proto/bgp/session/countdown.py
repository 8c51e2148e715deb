"""The one running timer of a peer, with its kind and length for `show protocols all`."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from pybird.core.ports import Clock, Timer


class WaitKind(Enum):
    """What a peer waits for; the values stand in `show protocols all`."""

    ERROR = "Error wait"
    HOLD_DOWN = "Hold down"
    CONNECT_DELAY = "Connect delay"
    CONNECT_RETRY = "Connect retry"


class Countdown:
    """The single thing that a peer without a session waits for. Times are seconds."""

    def __init__(self, clock: Clock) -> None:
        self.wait: WaitKind | None = None
        self.length = 0.0
        self.end = 0.0
        self._began = 0.0
        self._clock = clock
        self._timer: Timer | None = None

    def start(self, wait: WaitKind, seconds: float, expired: Callable[[], None], length: float = 0.0) -> None:
        """Start in place of whatever runs; `length` is the configured time, without jitter."""
        self.stop()
        self.wait = wait
        self.length = length or seconds
        self._began = self._clock.now()
        self.end = self._began + seconds

        def fire() -> None:
            self.wait = self._timer = None
            expired()

        self._timer = self._clock.call_at(self.end, fire)

    def stop(self) -> None:
        """Stop waiting."""
        if self._timer is not None:
            self._timer.cancel()
        self.wait = self._timer = None

    @property
    def elapsed(self) -> float:
        """Seconds since the start; valid only while it runs."""
        return self._clock.now() - self._began

    @property
    def left(self) -> float:
        """Seconds left."""
        return max(self.end - self._clock.now(), 0.0)
