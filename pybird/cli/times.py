"""Times as BIRD writes them: strftime with `%f` for fractions, and another format for older times."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pybird.conf.model import TimeFormat
from pybird.core.replies import Moment

_FRACTION: Final = re.compile(r"%(\d?)f")

ISO_SHORT: Final = {
    0: TimeFormat("%T", 72000, "%F"),
    3: TimeFormat("%T.%3f", 72000, "%F"),
    6: TimeFormat("%T.%6f", 72000, "%F"),
}
ISO_LONG: Final = {0: TimeFormat("%F %T"), 3: TimeFormat("%F %T.%3f"), 6: TimeFormat("%F %T.%6f")}


@dataclass(frozen=True, slots=True)
class Times:
    """The time formats of one session; `now` is the wall-clock time of the reply."""

    base: TimeFormat
    protocol: TimeFormat
    route: TimeFormat
    now: float = 0.0

    def text(self, moment: Moment) -> str:
        """A moment in this session's format for its use (base, protocol or route)."""
        chosen: TimeFormat = getattr(self, moment.use)
        return written(moment.wall, chosen, self.now)


def written(wall: float, style: TimeFormat, now: float) -> str:
    """A wall-clock time as local time in a BIRD time format.

    Times longer ago than the format's limit (seconds) are written in its `old` format.
    """
    pattern = style.old if style.limit and now - wall > style.limit else style.format
    return _formatted(pattern, wall)


@lru_cache(maxsize=256)  # many routes were learned at the same time
def _formatted(pattern: str, wall: float) -> str:
    whole = int(wall // 1)
    micros = int((wall - whole) * 1_000_000)
    digits = _FRACTION.sub(lambda found: f"{micros:06d}"[: int(found[1] or 6)], pattern)
    return time.strftime(digits, time.localtime(whole))
