"""Neighbors whose sessions are lost again and again: how long each is held down.

Every Established session that ends, other than by an operator or a reload of ours, is a loss.
A few are free; then the neighbor is held down, twice as long with each further loss, up
to a bound. While it is, no session with it is begun or accepted. A neighbor that loses no
session for the forget time, counted from the end of its hold down, begins anew. This is not
route flap damping (RFC 2439): no route has a penalty.

It is kept by session key, so it outlives the child that is removed with its entry.
"""

from __future__ import annotations

from typing import Final

from pybird.proto.bgp.config import BgpConfig
from pybird.proto.bgp.session.listener import Key

MOST: Final = 1024  # neighbors that are remembered; beyond, the longest without a loss is forgotten
_DOUBLINGS: Final = 16


class Flapping:
    """The losses of one neighbor. Times are on the router's clock."""

    __slots__ = ("first", "last", "losses", "seconds", "until")

    def __init__(self, now: float) -> None:
        self.first = now
        self.last = now
        self.losses = 0
        self.until = now  # held down until then
        self.seconds = 0  # how long that is from the last loss

    def text(self, now: float) -> str:
        """Why it is held down, for users."""
        span = self.last - self.first
        return f"held down for {self.until - now:.0f} s: {self.losses} sessions lost in {span:.0f} s"


class Flaps:
    """The neighbors of one dynamic protocol that lost sessions lately."""

    def __init__(self) -> None:
        self._known: dict[Key, Flapping] = {}  # the one with the latest loss last

    def lost(self, key: Key, config: BgpConfig, now: float) -> Flapping | None:
        """Count a loss; what is known if the neighbor is held down now."""
        if not config.hold_down_after:
            return None
        found = self._known.pop(key, None)
        if found is None or now - max(found.last, found.until) >= config.hold_down_forget_time:
            found = Flapping(now)
        if len(self._known) >= MOST:
            del self._known[next(iter(self._known))]
        self._known[key] = found
        found.losses += 1
        found.last = now
        excess = found.losses - config.hold_down_after
        if excess <= 0:
            return None
        low, high = config.hold_down_time
        found.seconds = min(low << min(excess - 1, _DOUBLINGS), high)
        found.until = now + found.seconds
        return found

    def held(self, key: Key, now: float) -> Flapping | None:
        """What is known of a neighbor that is held down; None: it is not."""
        found = self._known.get(key)
        return found if found is not None and found.until > now else None

    def clear(self) -> None:
        """Forget everything: an operator says so."""
        self._known.clear()

    def forget(self, key: Key) -> None:
        """Forget one neighbor."""
        self._known.pop(key, None)
