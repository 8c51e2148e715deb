"""What one session and its socket are given, derived from the configuration."""

from __future__ import annotations

from typing import Final

from pybird.proto.bgp.config import BgpChannelConfig, BgpConfig
from pybird.proto.bgp.session.session import Terms
from pybird.proto.bgp.wire.capabilities import local_capabilities

MULTIHOP: Final = 64  # hops of a multihop session that configures none
DIRECT_TTL: Final = 1
GTSM_TTL: Final = 255


def is_internal(config: BgpConfig) -> bool | None:
    """True if the neighbor is in our AS; None if only its OPEN will show that."""
    if config.remote_kind is not None:
        return config.remote_kind == "internal"
    return None if config.remote_as is None else config.remote_as == config.local_as


def is_direct(config: BgpConfig) -> bool:
    """True if the neighbor is on one of our links, not behind other routers.

    Unless configured, internal peers are not direct and all others are; a link-local
    neighbor always is.
    """
    address = config.remote_address
    if address is not None and address.is_link_local:
        return True
    if config.remote_range is not None and config.remote_range.address.is_link_local:
        return True
    if config.multihop is not None:
        return False
    if config.direct is not None:
        return config.direct
    return is_internal(config) is not True


def hop_limits(config: BgpConfig) -> tuple[int, int | None]:
    """(TTL to send, least TTL to accept or None for any), RFC 5082."""
    hops = DIRECT_TTL if is_direct(config) else config.multihop or MULTIHOP
    if config.ttl_security:
        return GTSM_TTL, GTSM_TTL + 1 - hops
    return hops, None


def terms(
    config: BgpConfig, router_id: int, hostname: str, recovers: bool = False, forwards: bool = False
) -> Terms:
    """What a session of this protocol announces in its OPEN, and requires of the neighbor's.

    `recovers`: this router has restarted and does not know all routes yet. `forwards`: it forwards
    as at the end of the last session.
    """
    channels = [c for c in config.channels if isinstance(c, BgpChannelConfig)]
    require_next_hop = [c for c in channels if c.require_extended_next_hop]
    return Terms(
        local_as=config.local_as,
        shown_as=config.shown_as,
        router_id=router_id,
        capabilities=local_capabilities(config, hostname, recovers, forwards),
        families=tuple(c.family.numbers for c in channels),
        mandatory=tuple(c.family.numbers for c in channels if c.mandatory),
        mandatory_next_hops=tuple(c.family.numbers for c in require_next_hop),
        mandatory_paths=tuple(c.family.numbers for c in channels if c.require_add_paths),
        remote_as=config.remote_as,
        remote_kind=config.remote_kind,
        remote_as_set=config.remote_as_set,
        require=config.require,
        require_roles=config.require_roles,
        disable_rx=config.disable_rx,
        hold_time=config.hold_time,
        min_hold_time=config.min_hold_time,
        startup_hold_time=config.startup_hold_time,
        keepalive_time=config.keepalive_time,
        min_keepalive_time=config.min_keepalive_time,
        send_hold_time=config.send_hold_time,
    )
