"""Errors that a bad filter makes for every route do not fill the log."""

from __future__ import annotations

from typing import Final

BURST: Final = 5  # lines at once
RATE: Final = 1.0  # lines a second after that


class LogLimit:
    """What may be logged of one kind of lines, as BIRD limits it.

    Five at once and one a second; where lines are left out there is one `...`.
    """

    __slots__ = ("_full", "_left", "_since")

    def __init__(self) -> None:
        self._left = float(BURST)
        self._since = 0.0
        self._full = False

    def allowed(self, text: str, now: float) -> str | None:
        """What to log instead of this line; None: nothing. `now` in seconds, monotonic."""
        self._left = min(float(BURST), self._left + (now - self._since) * RATE)
        self._since = now
        if self._left >= 1:
            self._left -= 1
            self._full = False
            return text
        first, self._full = not self._full, True
        return "..." if first else None
