"""A neighbor's graceful restart: whose routes stay without a session, and until when (RFC 4724, 4.2).

When the session ends without a NOTIFICATION, the routes of each family that the
neighbor's capability lists stay, as stale ones, for the restart time. If the session is
back by then, a family stays stale until the neighbor's End-of-RIB, and nothing limits
that time; the stale routes of a family whose forwarding state the neighbor has lost go
at once.

Only this side's OPEN decides whether the neighbor may wait for us. We wait for nobody: the
restart state bit of a neighbor changes nothing here (4.1 is about a restarting speaker).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pybird.core.ports import Clock, Timer
from pybird.proto.bgp.config import BgpConfig
from pybird.proto.bgp.family import AfiSafi
from pybird.proto.bgp.session.session import Session
from pybird.proto.bgp.wire.capabilities import FORWARDING, RESTARTED

RECOVERING_PATIENCE: Final = 5.0  # seconds for the routes of a neighbor that recovers itself


def kept_families(session: Session) -> frozenset[AfiSafi]:
    """The families whose routes stay if this session ends without a NOTIFICATION."""
    ours, remote = session.terms.capabilities.graceful_restart, session.remote
    theirs = remote.capabilities.graceful_restart if remote is not None else None
    if ours is None or theirs is None:
        return frozenset()
    listed = {(afi, safi) for afi, safi, _ in theirs.families}
    return frozenset([family for family in session.negotiated.families if family in listed])


def preserved_families(session: Session) -> frozenset[AfiSafi]:
    """The families of a new session whose forwarding state the neighbor has preserved."""
    theirs = session.remote.capabilities.graceful_restart if session.remote is not None else None
    flags = {(afi, safi): flag for afi, safi, flag in theirs.families} if theirs is not None else {}
    return frozenset([family for family in kept_families(session) if flags[family] & FORWARDING])


def recovery_wait(session: Session) -> float | None:
    """The longest time for which a recovering router waits for End-of-RIB; None: for as long as it recovers.

    A neighbor that is not able to restart need not send one. One that recovers itself may wait for us
    (RFC 4724, 4.1); it gets a moment, as FRR claims that for minutes after any start.
    """
    theirs = session.remote.capabilities.graceful_restart if session.remote is not None else None
    if theirs is None:
        return 0.0
    return RECOVERING_PATIENCE if theirs.flags & RESTARTED else None


def leaves_quietly(session: Session) -> bool:
    """True if the neighbor keeps our routes when the connection ends without a NOTIFICATION."""
    ours, remote = session.terms.capabilities.graceful_restart, session.remote
    theirs = remote.capabilities.graceful_restart if remote is not None else None
    return ours is not None and bool(ours.families) and theirs is not None


def restart_time(config: BgpConfig, session: Session) -> int:
    """The seconds for which routes stay without a session: the neighbor's, within our bounds."""
    theirs = session.remote.capabilities.graceful_restart if session.remote is not None else None
    seconds = theirs.time if theirs is not None else 0
    if config.max_graceful_restart_time is not None:
        seconds = min(seconds, config.max_graceful_restart_time)
    return max(seconds, config.min_graceful_restart_time or 0)


class NeighborRestart:
    """The families of one neighbor that have stale routes."""

    def __init__(self, clock: Clock, timeout: Callable[[], None]) -> None:
        """`timeout` is called when the restart time is over without a session."""
        self.families: frozenset[AfiSafi] = frozenset()
        self._until = 0.0  # the end of the restart time, on the clock
        self._clock = clock
        self._timeout = timeout
        self._timer: Timer | None = None

    @property
    def active(self) -> bool:
        """True while there are stale routes."""
        return bool(self.families)

    @property
    def left(self) -> float | None:
        """Seconds until stale routes go; None while that does not depend on time."""
        return max(self._until - self._clock.now(), 0.0) if self._timer is not None else None

    def begin(self, families: frozenset[AfiSafi], seconds: float) -> None:
        """The session is lost: routes of these families stay for `seconds`."""
        self.end()
        if not families:
            return
        self.families = families
        self._until = self._clock.now() + seconds
        self._timer = self._clock.call_at(self._until, self._expired)

    def session_up(self) -> None:
        """The session is back: what is stale now waits for End-of-RIB."""
        self._stop_timer()

    def done(self, family: AfiSafi) -> None:
        """The routes of this family are not stale any more."""
        self.families -= {family}

    def end(self) -> None:
        """No family is stale any more."""
        self.families = frozenset()
        self._stop_timer()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expired(self) -> None:
        self._timer = None
        self._timeout()
