"""A limit on repeated log lines, such as the errors of a bad filter for every route."""

from __future__ import annotations

from typing import Final

BURST: Final = 5  # lines in a burst
RATE: Final = 1.0  # lines a second after that


class LogLimit:
    """A rate limit for one kind of log lines, as BIRD has it.

    A burst of five, then one a second; `...` stands once for each run of dropped lines.
    """

    __slots__ = ("_full", "_left", "_since")

    def __init__(self) -> None:
        self._left = float(BURST)
        self._since = 0.0
        self._full = False

    def allowed(self, text: str, now: float) -> str | None:
        """The line to log: this text, "..." in its place, or None for nothing. `now`: seconds, monotonic."""
        self._left = min(float(BURST), self._left + (now - self._since) * RATE)
        self._since = now
        if self._left >= 1:
            self._left -= 1
            self._full = False
            return text
        first, self._full = not self._full, True
        return "..." if first else None
