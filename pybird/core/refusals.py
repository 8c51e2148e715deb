"""Why networks of a channel are refused: a list of the latest, and a limited number of log lines.

Accepted routes cost nothing: a network leaves the list when it is announced
again or withdrawn. A flood of refused routes costs `MOST` entries and one log
line a second.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pybird.core.loglimit import LogLimit

MOST: Final = 256  # entries for imports, and as many for exports


class Refusal(NamedTuple):
    """A reason for people, and the time of the last refusal for it (seconds on the router's clock)."""

    reason: str
    time: float


class Refusals:
    """What `show route refused` shows of one channel, by network, oldest first."""

    def __init__(self) -> None:
        self.imports: dict[bytes, Refusal] = {}
        self.exports: dict[bytes, Refusal] = {}
        self._limit = LogLimit()

    def add(self, there: dict[bytes, Refusal], keys: list[bytes], reason: str, now: float) -> list[bytes]:
        """Record the reason in one of the two lists; returns the networks for which it is new."""
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
        """Whether one more line may be logged: "" yes, "..." log that instead, None no."""
        return self._limit.allowed("", now)
