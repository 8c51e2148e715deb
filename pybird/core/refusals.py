"""Why networks of a channel are refused: the last of them, and bounded lines in the log.

Nothing is kept of what is taken: a network leaves the list when it comes again
or goes. A flood of refused routes costs `MOST` entries and a line a second.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pybird.core.loglimit import LogLimit

MOST: Final = 256  # entries each way


class Refusal(NamedTuple):
    """A reason for people, and when it was last given (seconds on the router's clock)."""

    reason: str
    time: float


class Refusals:
    """What `show route refused` knows of one channel, by network, the oldest first."""

    def __init__(self) -> None:
        self.imports: dict[bytes, Refusal] = {}
        self.exports: dict[bytes, Refusal] = {}
        self._limit = LogLimit()

    def add(self, there: dict[bytes, Refusal], keys: list[bytes], reason: str, now: float) -> list[bytes]:
        """Note the reason in one of the two lists; returns for which networks it is news."""
        fresh: list[bytes] = []
        for key in keys[-MOST:]:
            before = there.pop(key, None)
            if before is None or before.reason != reason:
                fresh.append(key)
            there[key] = Refusal(reason, now)
        while len(there) > MOST:
            del there[next(iter(there))]
        return fresh

    def log_permit(self, now: float) -> str | None:
        """May one more line be logged: "" yes, "..." that is the line, None no."""
        return self._limit.allowed("", now)
