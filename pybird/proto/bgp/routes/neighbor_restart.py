"""A neighbor's graceful restart: whose routes stay without a session, and until when.

Three phases of each family (RFC 4724, 4.2; RFC 9494, 4.2):

    regular      routes stay as they are, for the restart time or until the session is back
    long-lived   for the stale time, which runs on while the session is back: routes have
                 LLGR_STALE and are the last choice; those with NO_LLGR are gone
    none         nothing is stale

In the first two, a new session that keeps the family's forwarding state leaves the routes stale
until End-of-RIB. If that session is lost too, what is stale already goes in the regular phase,
and stays in the long-lived one, whose time is not extended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from pybird.core.channel import Channel, ChannelState
from pybird.core.ports import Clock, Timer
from pybird.proto.bgp.config import BgpChannelConfig, BgpConfig
from pybird.proto.bgp.family import AfiSafi
from pybird.proto.bgp.session.restart import (
    kept_families,
    offered_times,
    preserved_families,
    restart_time,
    stale_time,
)
from pybird.proto.bgp.session.session import Session
from pybird.values.attributes import AttributePool, AttributeSet, AttributeTooLongError
from pybird.values.community import CommunityList

if TYPE_CHECKING:
    from pybird.core.services import Services

LLGR_STALE: Final = 0xFFFF0006  # communities
NO_LLGR: Final = 0xFFFF0007
NONE, REGULAR, LONG_LIVED = "None", "Regular", "Long-lived"  # `Neighbor GR` of `show protocols all`


class RestartOwner(Protocol):
    """The peer, as far as the restarts of its neighbor are concerned."""

    config: BgpConfig
    services: Services
    channels: dict[str, Channel]

    @property
    def has_session(self) -> bool:
        """True while there is a session."""

    def trace(self, flag: str, text: str) -> None:
        """Log a line if this debug flag is on."""

    def guarded(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Call it; an exception stops this peer only."""

    def restart_over(self) -> None:
        """No route is kept without a session any more."""


class Countdown:
    """A time that a family stays, or all do."""

    __slots__ = ("_clock", "_over", "_since", "_timer", "_until")

    def __init__(self, clock: Clock, seconds: float, over: Callable[[], None]) -> None:
        self._clock = clock
        self._over = over
        self._since = clock.now()
        self._until = self._since + seconds
        self._timer: Timer = clock.call_at(self._until, over)

    def change(self, seconds: float) -> None:
        """It has this many seconds in all, those that are over included."""
        self._timer.cancel()
        self._until = self._since + seconds
        self._timer = self._clock.call_at(self._until, self._over)

    @property
    def left(self) -> float:
        return max(self._until - self._clock.now(), 0.0)

    def cancel(self) -> None:
        self._timer.cancel()


class NeighborRestart:
    """The stale routes of one neighbor."""

    def __init__(self, owner: RestartOwner) -> None:
        self.families: frozenset[AfiSafi] = frozenset()  # that have stale routes
        self._owner = owner
        self._restart: Countdown | None = None  # the restart time, while there is no session
        self._offered: dict[AfiSafi, int] = {}  # stale times of the families that become long-lived
        self._long_lived: dict[AfiSafi, Countdown] = {}
        self._unsynchronized: frozenset[AfiSafi] = frozenset()  # stale time over before End-of-RIB

    @property
    def active(self) -> bool:
        """True while there are stale routes."""
        return bool(self.families)

    @property
    def left(self) -> float | None:
        """Seconds of the restart time that are left; None while it does not run."""
        return None if self._restart is None else self._restart.left

    def keeps(self, channel: Channel) -> bool:
        """True if the channel's routes are stale, or become so when the session is over."""
        return family_of(channel) in self.families

    def keeps_stale(self, channel: Channel) -> bool:
        """True if even routes that were stale before stay."""
        return family_of(channel) in self._long_lived

    def phase(self, channel: Channel) -> str:
        """`Neighbor GR` of a channel in `show protocols all`."""
        if self.keeps_stale(channel):
            return LONG_LIVED
        return REGULAR if self.keeps(channel) else NONE

    def stale_left(self, channel: Channel) -> float | None:
        """Seconds of the channel's long-lived stale time that are left; None in another phase."""
        family = family_of(channel)
        found = self._long_lived.get(family) if family is not None else None
        return None if found is None else found.left

    # ------------------------------------------------------ the session ends

    def session_lost(self, session: Session) -> None:
        """The session ended in a way that routes may survive; the peer suspends what is kept."""
        families = kept_families(session) - self._unsynchronized
        self._unsynchronized = frozenset()
        if not families:
            self.end()
            return
        again = " - already pending" if self.active else ""
        self._trace(f"Neighbor graceful restart detected{again}")
        for family in self.families - families:
            self._forget(family)
        self.families = families
        self._offered = offered_times(session)
        self._stop_restart_time()
        seconds = restart_time(self._owner.config, session)
        self._restart = Countdown(self._owner.services.clock, seconds, self._guard(self._restart_time_over))

    def suspended(self) -> None:
        """The channels are suspended. If there is no restart time, it is over now."""
        for family in sorted(self._long_lived):
            self._mark(family)  # what the last session announced
        if self._restart is not None and not self._restart.left:
            self._stop_restart_time()
            self._restart_time_over()

    def _restart_time_over(self) -> None:
        """The neighbor did not come back in time: families become long-lived stale, or go."""
        self._trace("Neighbor graceful restart timeout")
        self._stop_restart_time()
        for family in sorted(self.families - self._long_lived.keys()):
            if family not in self._offered:
                self._close(family)
            elif seconds := stale_time(self._owner.config, family, self._offered[family]):
                self._begin_long_lived(family, seconds)
            else:
                self._end_refresh(family)  # as in BIRD, the channel stays as it is
        self._report_end()

    def _begin_long_lived(self, family: AfiSafi, seconds: int) -> None:
        over = self._guard(partial(self._stale_time_over, family))
        self._long_lived[family] = Countdown(self._owner.services.clock, seconds, over)
        self._mark(family)

    def _mark(self, family: AfiSafi) -> None:
        """Make the stale routes of a family the last choice; those that do not want to be kept go."""
        for channel in self._channels(family):
            channel.revise_stale(partial(long_lived_form, self._owner.services.pool))

    def _stale_time_over(self, family: AfiSafi) -> None:
        self._trace("Long-lived stale timeout")
        if self._owner.has_session:
            self._unsynchronized |= {family}
        self._end_refresh(family)
        self._report_end()

    def adapt(self, new: BgpConfig) -> None:
        """The bounds may be others; they are for routes that are kept already, too."""
        for family, countdown in self._long_lived.items():
            countdown.change(stale_time(new, family, self._offered[family]))

    def _report_end(self) -> None:
        if not self.active and not self._owner.has_session:
            self._owner.restart_over()

    # ------------------------------------------------- the session is back

    def session_up(self, session: Session) -> None:
        """What is stale now waits for End-of-RIB, or goes at once."""
        self._stop_restart_time()
        preserved = preserved_families(session, frozenset(self._long_lived))
        for family in sorted(self.families - preserved):
            self._end_staleness(family)  # what it sent before the restart is worth nothing any more
        self._close_suspended()  # the new session does not have the family

    def end_of_rib(self, family: AfiSafi) -> None:
        """The neighbor has sent all routes of this family."""
        self._unsynchronized -= {family}
        self._end_staleness(family)

    def _end_staleness(self, family: AfiSafi) -> None:
        """Remove what is stale in this family."""
        if family not in self.families:
            return
        self._end_refresh(family)
        if not self.active:
            self._trace("Neighbor graceful restart done")

    def end(self) -> None:
        """Keep nothing any more: the peer stops, or cannot be reached."""
        self._stop_restart_time()
        for family in list(self.families):
            self._forget(family)
        self._unsynchronized = frozenset()
        self._close_suspended()

    # -------------------------------------------------------------- parts

    def _close_suspended(self) -> None:
        for channel in self._owner.channels.values():
            if channel.state is ChannelState.START:
                channel.close()

    def _end_refresh(self, family: AfiSafi) -> None:
        for channel in self._channels(family):
            channel.end_refresh()
        self._forget(family)

    def _close(self, family: AfiSafi) -> None:
        for channel in self._channels(family):
            channel.close()
        self._forget(family)

    def _forget(self, family: AfiSafi) -> None:
        self.families -= {family}
        if (found := self._long_lived.pop(family, None)) is not None:
            found.cancel()

    def _stop_restart_time(self) -> None:
        if self._restart is not None:
            self._restart.cancel()
            self._restart = None

    def _channels(self, family: AfiSafi) -> Iterator[Channel]:
        return iter([each for each in self._owner.channels.values() if family_of(each) == family])

    def _guard(self, call: Callable[[], None]) -> Callable[[], None]:
        return lambda: self._owner.guarded(call)

    def _trace(self, text: str) -> None:
        self._owner.trace("events", text)


def family_of(channel: Channel) -> AfiSafi | None:
    """The address family of a channel of BGP routes."""
    config = channel.config
    return config.family.numbers if isinstance(config, BgpChannelConfig) else None


def long_lived_form(pool: AttributePool, attrs: AttributeSet) -> AttributeSet | None:
    """A stale route's attributes with LLGR_STALE; None if it must not be kept for long (RFC 9494, 4.2)."""
    communities = pool.value(attrs, "bgp_community") or CommunityList()
    if NO_LLGR in communities:
        return None
    if LLGR_STALE in communities:
        return attrs
    try:
        return pool.edit(attrs, {"bgp_community": communities.add(LLGR_STALE)})
    except AttributeTooLongError:
        return None
