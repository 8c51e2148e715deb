"""Route limits of a channel: import, receive and export.

A limit allows exactly `count` routes; what replaces a route that is there does
not count. Reaching over it is told once until the number falls again.
"""

from __future__ import annotations

from pybird.conf.model import Limit


class RouteLimit:
    """One limit while a channel runs. `hit` is what `[HIT]` shows."""

    __slots__ = ("action", "count", "hit")

    def __init__(self, config: Limit) -> None:
        self.count = config.count
        self.action = config.action
        self.hit = False

    def room(self, used: int) -> int:
        """How many more routes fit; falling below the limit arms the message again."""
        free = self.count - used
        if free > 0:
            self.hit = False
        return max(free, 0)
