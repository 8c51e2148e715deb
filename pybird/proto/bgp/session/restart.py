"""What the two OPENs of a session say about restarts (RFC 4724, RFC 9494).

When a session ends without a NOTIFICATION, the routes of each family that the neighbor's
capabilities list stay, as stale ones, for the restart time, and then, in families of the
long-lived capability, for its stale time. If the session is back by then, a family stays stale
until the neighbor's End-of-RIB; the stale routes of a family whose forwarding state the
neighbor has lost go at once.

Only this side's OPEN decides whether the neighbor may wait for us. We wait for nobody: the
restart state bit of a neighbor changes nothing here (4.1 is about a restarting speaker).
"""

from __future__ import annotations

from typing import Final

from pybird.proto.bgp.config import BgpChannelConfig, BgpConfig
from pybird.proto.bgp.family import AfiSafi
from pybird.proto.bgp.session.session import Session
from pybird.proto.bgp.wire.capabilities import FORWARDING, RESTARTED, Capabilities

RECOVERING_PATIENCE: Final = 5.0  # seconds for the routes of a neighbor that recovers itself
NOBODY: Final = Capabilities()


def _theirs(session: Session) -> Capabilities:
    """What the neighbor announced, if both sides take part in graceful restart."""
    if session.terms.capabilities.graceful_restart is None or session.remote is None:
        return NOBODY
    theirs = session.remote.capabilities
    return theirs if theirs.graceful_restart is not None else NOBODY


def _restart_flags(session: Session) -> dict[AfiSafi, int]:
    """The families of the neighbor's capability 64, with their flags."""
    found = _theirs(session).graceful_restart
    return {(afi, safi): flags for afi, safi, flags in found.families} if found is not None else {}


def _long_lived(session: Session) -> dict[AfiSafi, tuple[int, int]]:
    """The families of the neighbor's capability 71 that count, with flags and seconds."""
    counts, found = session.negotiated.long_lived, _theirs(session).long_lived or ()
    return {(afi, safi): (flags, time) for afi, safi, flags, time in found if (afi, safi) in counts}


def kept_families(session: Session) -> frozenset[AfiSafi]:
    """The families whose routes stay if this session ends without a NOTIFICATION."""
    listed = _restart_flags(session)
    regular = [family for family in session.negotiated.families if family in listed]
    return session.negotiated.long_lived.union(regular)


def preserved_families(session: Session, long_lived: frozenset[AfiSafi]) -> frozenset[AfiSafi]:
    """The families of a new session whose forwarding state the neighbor has preserved.

    In those that are `long_lived` stale, the long-lived capability must say so (RFC 9494, 4.2); in all,
    capability 64, if it lists the family.
    """
    regular, long = _restart_flags(session), _long_lived(session)
    found = []
    for family in kept_families(session):
        flags, stays = regular.get(family), long.get(family, (0, 0))[0]
        if flags is None or family in long_lived:
            flags = stays if flags is None else stays & flags
        if flags & FORWARDING:
            found.append(family)
    return frozenset(found)


def recovery_wait(session: Session) -> float | None:
    """The longest time for which a recovering router waits for End-of-RIB; None: for as long as it recovers.

    A neighbor that is not able to restart need not send one. One that recovers itself may wait for us
    (RFC 4724, 4.1); it gets a moment, as FRR claims that for minutes after any start.
    """
    theirs = session.remote.capabilities.graceful_restart if session.remote is not None else None
    if theirs is None:
        return 0.0
    return RECOVERING_PATIENCE if theirs.flags & RESTARTED else None


def kept_by_neighbor(session: Session) -> frozenset[AfiSafi]:
    """The families whose routes the neighbor keeps when this session ends without a NOTIFICATION."""
    ours, theirs = session.terms.capabilities, _theirs(session)
    if ours.graceful_restart is None or theirs.graceful_restart is None:
        return frozenset()
    listed = {(afi, safi) for afi, safi, _ in ours.graceful_restart.families}
    if ours.long_lived and theirs.long_lived is not None:
        listed.update([(afi, safi) for afi, safi, _, _ in ours.long_lived])
    return frozenset(listed)


def restart_time(config: BgpConfig, session: Session) -> int:
    """The seconds for which routes stay without a session: the neighbor's, within our bounds."""
    theirs = session.remote.capabilities.graceful_restart if session.remote is not None else None
    seconds = theirs.time if theirs is not None else 0
    if config.max_graceful_restart_time is not None:
        seconds = min(seconds, config.max_graceful_restart_time)
    return max(seconds, config.min_graceful_restart_time or 0)


def offered_times(session: Session) -> dict[AfiSafi, int]:
    """The long-lived stale times that the neighbor announced, in seconds."""
    return {family: seconds for family, (_, seconds) in _long_lived(session).items()}


def stale_time(config: BgpConfig, family: AfiSafi, offered: int) -> int:
    """The seconds for which routes stay after the restart time: the neighbor's, within our bounds."""
    for channel in config.channels:
        if isinstance(channel, BgpChannelConfig) and channel.family.numbers == family:
            low, high = stale_bounds(config, channel)
            return max(offered if high is None else min(offered, high), low or 0)
    return offered


def stale_bounds(config: BgpConfig, channel: BgpChannelConfig | None) -> tuple[int | None, int | None]:
    """(least, most) seconds of the stale time in a channel; without one, the protocol's."""
    low, high = config.min_long_lived_stale_time, config.max_long_lived_stale_time
    if channel is None:
        return low, high
    own_low, own_high = channel.min_long_lived_stale_time, channel.max_long_lived_stale_time
    return low if own_low is None else own_low, high if own_high is None else own_high
