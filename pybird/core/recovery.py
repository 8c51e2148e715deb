"""Recovery after a restart of this router that was to go unnoticed (`-R`; RFC 4724, 4.1).

The kernel still forwards as the last run wanted, and neighbors keep its routes. Until the
tables are filled again, channels that take part (`Instance.recovers`) export nothing: neighbors
and the kernel get the first routes when all are known. Each channel that expects routes holds
the recovery until it has them; after `graceful restart wait` seconds it ends in any case.

A protocol that restarts meanwhile keeps its holds: they go by name, (protocol, channel).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pybird.core.ports import Clock, Timer

Holder = tuple[str, str]  # names of a protocol and a channel; the second is empty for a whole protocol
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
        self._holders: dict[Holder, None] = {}
        self._waiting: dict[Holder, Callable[[], None]] = {}
        self._skipping: set[str] = set()

    def begin(self, seconds: float) -> None:
        """Wait for channels, at most this long. If none holds the recovery after the start, it ends."""
        self._log("info", "Graceful restart started")
        self.active = True
        self.seconds = seconds
        self._until = self._clock.now() + seconds
        self._timer = self._clock.call_at(self._until, self._end)
        self._clock.call_soon(self._end_if_complete)

    def hold(self, protocol: str, channels: list[str]) -> None:
        """Wait for these channels of a protocol, and for no others of it."""
        if not self.active:
            return
        for holder in self._holders_of(protocol):
            del self._holders[holder]
        for name in channels:
            self._holders[protocol, name] = None

    def release(self, protocol: str, channel: str) -> None:
        """It has its routes, or will get none."""
        if self.active and self._holders.pop((protocol, channel), self) is None:
            self._end_if_complete()

    def release_all(self, protocol: str) -> None:
        """No channel of this protocol is waited for any more."""
        for holder in self._holders_of(protocol):
            self.release(*holder)

    def _holders_of(self, protocol: str) -> list[Holder]:
        return [holder for holder in self._holders if holder[0] == protocol]

    def skip(self, protocol: str) -> None:
        """This protocol has lost what the last run left, so it waits no more."""
        if self.active:
            self._skipping.add(protocol)

    def skips(self, protocol: str) -> bool:
        """True if this protocol has nothing left from the last run."""
        return protocol in self._skipping

    def delay(self, protocol: str, channel: str, begin_exports: Callable[[], None]) -> None:
        """Call `begin_exports` for this channel when the recovery ends."""
        self._waiting[protocol, channel] = begin_exports

    def forget(self, protocol: str, channel: str) -> None:
        """It exports nothing any more."""
        self._waiting.pop((protocol, channel), None)

    def state_of(self, protocol: str, channel: str) -> str | None:
        """`GR recovery` of a channel in `show protocols all`; None without a recovery."""
        if not self.active:
            return None
        words = ["pending"] if (protocol, channel) in self._holders else []
        return " ".join([*words, "waiting"] if (protocol, channel) in self._waiting else words)

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
