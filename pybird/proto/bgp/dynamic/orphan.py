"""Children without an entry in the peer table: how they became so, and when they are removed.

A child is an orphan while no entry fits it: its neighbor is not announced any more, or it was
made for a connection and its neighbor was never announced. What becomes of it:

    persist           while it is up   once it is down
    no                removed at once; made for a connection: as `established`
    established       kept             listens only; removed after the prune time
    yes               kept             retries; removed after the prune time, if one is set

The prune time is counted from the moment it is down. The session coming up or an entry stops it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from pybird.proto.bgp.config import BgpConfig
from pybird.proto.bgp.dynamic.admission import peers_config

if TYPE_CHECKING:
    from pybird.core.ports import Clock, Timer

NO: Final = "no"
ESTABLISHED: Final = "established"
YES: Final = "yes"


class Orphan:
    """What is known of a child while it has no entry. Times are on the router's clock."""

    __slots__ = ("_timer", "announced", "down_since", "listens", "prune_at", "since")

    def __init__(self, since: float, announced: bool) -> None:
        self.since = since
        self.announced = announced  # it had an entry; else it was made for a connection
        self.listens = False  # it does not connect
        self.down_since: float | None = None
        self.prune_at: float | None = None
        self._timer: Timer | None = None

    def spare(self) -> None:
        """Stop the prune timer, if it runs."""
        self.prune_at = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def doom(self, clock: Clock, delay: float, prune: Callable[[], None]) -> None:
        """Call `prune` when it has been down for `delay` seconds."""
        self.spare()
        now = clock.now()
        if self.down_since is None:
            self.down_since = now
        self.prune_at = max(self.down_since + delay, now)
        self._timer = clock.call_at(self.prune_at, prune)

    def revive(self) -> None:
        """It is not down, or not to be counted as such: forget since when it was."""
        self.spare()
        self.down_since = None


def persistence(config: BgpConfig) -> str:
    """`persist`: the channel's value before the protocol's.

    Without a channel nobody is ever announced: then children of connections stay, as in BIRD.
    """
    channel = peers_config(config)
    if channel is None:
        return YES
    return config.persist if channel.persist is None else channel.persist


def prune_delay(config: BgpConfig, orphan: Orphan) -> float | None:
    """The seconds after which an orphan that is down is removed; None: never."""
    persist = persistence(config)
    if persist == NO and orphan.announced:
        return 0.0
    if config.child_prune_time == "off":
        return None
    if config.child_prune_time is not None:
        return float(config.child_prune_time)
    return None if persist == YES else float(config.error_wait_time[0])


def listens_only(config: BgpConfig) -> bool:
    """True if orphans wait for their neighbors to connect."""
    return persistence(config) != YES
