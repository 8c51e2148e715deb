"""How long a peer waits before it tries again. All times in seconds."""

from __future__ import annotations

from random import Random
from typing import Final

from pybird.proto.bgp.config import BgpConfig

CONNECT_DELAY: Final = 5  # default of `connect delay time`
EAGER: Final = 0.25  # a child's first attempt is after a random part of this
FIRST_RETRY: Final = 2.0  # a child's wait after its neighbor's first refusal
LAST_RETRY: Final = 30.0  # and the longest wait, after doubling
LEAST_RETRY: Final = 0.5  # after a failure: even `connect delay time 0` must pause


class Pace:
    """The delay before each connection attempt.

    A protocol waits its connect delay, shortened at random by up to a quarter. A dynamic
    child connects within `EAGER` unless a connect delay is configured or the last session
    failed; after refusals it waits `FIRST_RETRY`, doubling to `LAST_RETRY`. After a
    failure or a refusal nobody waits less than `LEAST_RETRY`.
    """

    def __init__(self, config: BgpConfig, random: Random) -> None:
        self.refusals = 0
        self._config = config
        self._random = random
        self._failed = False

    def adapt(self, config: BgpConfig) -> None:
        """The configuration changed."""
        self._config = config

    def reset(self) -> None:
        """A session came up, or the neighbor was seen again: forget refusals and failures."""
        self.refusals = 0
        self._failed = False

    def refused(self) -> None:
        """The neighbor refused, or closed before its OPEN."""
        self.refusals += 1
        self._failed = False

    def failed(self) -> None:
        """A session was lost, or ended in error."""
        self._failed = True

    @property
    def shown(self) -> float:
        """The configured delay; 0 if another rule decides."""
        return self._connect_delay if self._uses_connect_delay else 0.0

    def delay(self) -> float:
        """Seconds to wait before the next attempt."""
        if self._uses_connect_delay:
            delay = self._connect_delay * self._random.uniform(0.75, 1.0)
            return max(delay, LEAST_RETRY) if self._failed or self.refusals else delay
        if self.refusals:
            return min(FIRST_RETRY * (1 << min(self.refusals - 1, 10)), LAST_RETRY)
        return self._random.uniform(0.0, EAGER)

    @property
    def _connect_delay(self) -> float:
        written = self._config.connect_delay_time
        return float(CONNECT_DELAY if written is None else written)

    @property
    def _uses_connect_delay(self) -> bool:
        if self._config.parent is None or self._failed:
            return True
        return self._config.connect_delay_time is not None and not self.refusals


class ErrorWait:
    """The time after an error in which a peer neither connects nor accepts.

    It doubles with each error that follows within `error forget time`.
    """

    def __init__(self, config: BgpConfig) -> None:
        self.seconds = 0.0
        self._config = config
        self._until = 0.0
        self._last: float | None = None

    def adapt(self, config: BgpConfig) -> None:
        """The configuration changed; a wait that runs keeps its length."""
        self._config = config

    def failed(self, now: float) -> None:
        """An error happened: start a wait."""
        low, high = self._config.error_wait_time
        recent = self._last is not None and now - self._last < self._config.error_forget_time
        self.seconds = min(self.seconds * 2, float(high)) if recent and self.seconds else float(low)
        self._last = now
        self._until = now + self.seconds

    def left(self, now: float) -> float:
        """Seconds until the next try is allowed."""
        return max(self._until - now, 0.0)

    def clear(self) -> None:
        """Allow the next try now, and forget the doubling."""
        self.seconds = 0.0
        self._until = 0.0
        self._last = None
