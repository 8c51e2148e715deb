"""Route limits of a channel: import, receive and export.

A limit allows exactly `count` routes; a route that replaces another one does
not count. Exceeding it is logged once, and again only after the number of
routes has fallen below the limit.
"""

from __future__ import annotations

from pybird.conf.model import Limit


class RouteLimit:
    """One limit while a channel runs. `hit`: it was exceeded (`[HIT]` in `show protocols all`)."""

    __slots__ = ("action", "count", "hit")

    def __init__(self, config: Limit) -> None:
        self.count = config.count
        self.action = config.action
        self.hit = False

    def room(self, used: int) -> int:
        """How many more routes fit; below the limit, `hit` is cleared, so that the next excess is logged."""
        free = self.count - used
        if free > 0:
            self.hit = False
        return max(free, 0)
