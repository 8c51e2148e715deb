"""Recovery after a restart of this router that was to go unnoticed (`-R`; RFC 4724, 4.1).

The kernel still forwards as the last run wanted, and neighbors keep its routes. Until the
tables are filled again, channels that take part (`Instance.recovers`) export nothing: neighbors
and the kernel get the first routes when all are known. Each channel that expects routes holds
the recovery until it has them; after `graceful restart wait` seconds it ends in any case.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pybird.core.ports import Clock, Timer

DISCOVERY: Final = 12.0  # seconds in which neighbors are found: 3 solicitations, 4 s apart (RFC 4861, 10)


class Recovery:
    """Who is waited for, and who waits. Times are seconds on the router's clock."""

    def __init__(self, clock: Clock, log: Callable[[str, str], None]) -> None:
        self.active = False
        self.seconds = 0.0
        self._clock = clock
        self._log = log
        self._until = 0.0
        self._timer: Timer | None = None
        self._holders: dict[object, None] = {}
        self._waiting: dict[object, Callable[[], None]] = {}

    def begin(self, seconds: float) -> None:
        """Wait for channels, at most this long. If none holds the recovery after the start, it ends."""
        self._log("info", "Graceful restart started")
        self.active = True
        self.seconds = seconds
        self._until = self._clock.now() + seconds
        self._timer = self._clock.call_at(self._until, self._end)
        self._clock.call_soon(self._end_if_complete)

    def hold(self, holder: object) -> None:
        """Wait for this one, too."""
        if self.active:
            self._holders[holder] = None

    def release(self, holder: object) -> None:
        """It has its routes, or will get none."""
        if self.active and self._holders.pop(holder, self) is None:
            self._end_if_complete()

    def delay(self, channel: object, begin_exports: Callable[[], None]) -> None:
        """Call `begin_exports` for this channel when the recovery ends."""
        self._waiting[channel] = begin_exports

    def forget(self, channel: object) -> None:
        """It exports nothing any more."""
        self._waiting.pop(channel, None)

    def state_of(self, channel: object) -> str:
        """`GR recovery` of a channel in `show protocols all`; empty if the recovery does not concern it."""
        if not self.active:
            return ""
        words = ["pending"] if channel in self._holders else []
        return " ".join([*words, "waiting"] if channel in self._waiting else words)

    def lines(self) -> tuple[str, ...]:
        """What `show status` says about it."""
        if not self.active:
            return ()
        left = max(self._until - self._clock.now(), 0.0)
        return (
            "Graceful restart recovery in progress",
            f"  Waiting for {len(self._holders)} channels to recover",
            f"  Wait timer is {left:.3f}/{self.seconds:g}",
        )

    def _end_if_complete(self) -> None:
        if self.active and not self._holders:
            self._end()

    def _end(self) -> None:
        self._log("info", "Graceful restart done")
        self.active = False
        self._holders.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, {}
        for begin_exports in waiting.values():
            begin_exports()
