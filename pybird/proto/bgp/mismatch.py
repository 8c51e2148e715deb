"""What we configured and the neighbor does not do, in words for people.

A session whose sides did not announce the same works, but without some of what its
configuration says: a family stays away, routes are not sent, a reload is a restart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pybird.proto.bgp.config import BgpChannelConfig, BgpConfig
from pybird.proto.bgp.family import AfiSafi, shown
from pybird.proto.bgp.wire.capabilities import Capabilities, Negotiated, capabilities_in
from pybird.proto.bgp.wire.errors import CAPABILITY_MISSING, OPEN
from pybird.proto.bgp.wire.messages import Notification

OwnNextHop = Callable[[BgpChannelConfig], bytes]  # canonical; empty: there is none


def mismatches(
    config: BgpConfig, ours: Capabilities, theirs: Capabilities, both: Negotiated, own_next_hop: OwnNextHop
) -> Iterator[str]:
    """What does not work in an Established session because one side did not announce it."""
    channels = [channel for channel in config.channels if isinstance(channel, BgpChannelConfig)]
    if missing := [c.family.numbers for c in channels if c.family.numbers not in both.families]:
        yield f"they did not offer {_either(missing)}"
    for channel in channels:
        if channel.family.numbers in both.families:
            yield from _next_hop(channel, both, own_next_hop)
            yield from _paths(channel, both)
    yield from _lacking(config, ours, theirs)


def _next_hop(channel: BgpChannelConfig, both: Negotiated, own_next_hop: OwnNextHop) -> Iterator[str]:
    """RFC 8950: without it IPv4 routes cannot have our IPv6 address as next hop."""
    family = channel.family
    extended = family.numbers in both.extended_next_hop
    if extended or not family.has_hops or family.hop_version != 4:
        return
    if family.carries(own_next_hop(channel) or bytes(16), False):
        return
    lacking = (
        "they lack extended next hop" if channel.extended_next_hop else "extended next hop is not on here"
    )
    yield f"{lacking}: no {'IPv4' if family.classic else family.name}"


def _paths(channel: BgpChannelConfig, both: Negotiated) -> Iterator[str]:
    """RFC 7911: `add paths` is for each direction."""
    numbers = channel.family.numbers
    if channel.add_paths in ("rx", "yes") and numbers not in both.add_path_rx:
        yield f"they send one path only of {channel.family.name}"
    if channel.add_paths in ("tx", "yes") and numbers not in both.add_path_tx:
        yield f"they take one path only of {channel.family.name}"


def _lacking(config: BgpConfig, ours: Capabilities, theirs: Capabilities) -> Iterator[str]:
    """Capabilities that they lack; enhanced refresh, which few miss, only where the file enables it."""
    if ours.route_refresh and not theirs.route_refresh:
        yield "they lack route refresh"
    elif config.enable_enhanced_route_refresh and ours.enhanced_refresh and not theirs.enhanced_refresh:
        yield "they lack enhanced route refresh"
    if ours.as4 is not None and theirs.as4 is None:
        yield "they lack 4-octet AS numbers"
    if ours.extended_messages and not theirs.extended_messages:
        yield "they lack extended messages"
    if ours.link_local_next_hop and not theirs.link_local_next_hop:
        yield "they lack link-local next hop"


def missing_capability(notification: Notification, received: bool) -> str:
    """Which families a NOTIFICATION 2/7 asks for (RFC 5492, 5); empty if it is another one, or names none."""
    if (notification.code, notification.subcode) != (OPEN, CAPABILITY_MISSING):
        return ""
    asked = capabilities_in(notification.data)
    if asked is None or not asked.multiprotocol:
        return ""
    families = _either(list(asked.multiprotocol))
    return f"they ask for {families}" if received else f"they did not offer {families}"


def _either(families: list[AfiSafi]) -> str:
    """Families as in `show protocols all`, such as "ipv4 or ipv6"."""
    *most, last = [shown(each) for each in families]
    return f"{', '.join(most)} or {last}" if most else last
