"""When to send LLDPDUs on one port (IEEE 802.1AB, 9.2.8 to 9.2.10).

Pure: time is an argument. At the start, after a change and for each new neighbor a few
are sent one second apart (fast transmission); later ones follow at the interval. Over
time there is at most one a second: a credit, which grows by one each second, allows for a few at once.
"""

from __future__ import annotations

from typing import Final

FAST: Final = 4  # LLDPDUs of a fast transmission
FAST_INTERVAL: Final = 1.0  # seconds
MOST_CREDIT: Final = 5.0  # LLDPDUs


class Sending:
    """The schedule of one port. Seconds on the caller's clock."""

    def __init__(self, interval: float) -> None:
        self.interval = interval
        self._fast = 0
        self._credit = MOST_CREDIT
        self._credited = 0.0  # when the credit was counted last
        self._due: float | None = None

    def start(self, now: float) -> None:
        """Send as soon as allowed, and a few more soon after."""
        self._fast = FAST
        self._count_credit(now)
        self._due = now + max(1.0 - self._credit, 0.0)

    def _count_credit(self, now: float) -> None:
        self._credit = min(self._credit + max(now - self._credited, 0.0), MOST_CREDIT)
        self._credited = now

    def stop(self) -> None:
        """Send nothing more."""
        self._due = None

    @property
    def active(self) -> bool:
        return self._due is not None

    def next_deadline(self) -> float | None:
        """When to call `due`; None: never."""
        return self._due

    def due(self, now: float) -> bool:
        """True if an LLDPDU is to be sent now; the next one is scheduled."""
        if self._due is None or self._due > now:
            return False
        self._count_credit(now)
        self._credit -= 1.0
        self._fast = max(self._fast - 1, 0)
        self._due = now + (FAST_INTERVAL if self._fast else self.interval)
        return True
