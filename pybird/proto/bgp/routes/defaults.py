"""The values of BGP channel options that are not configured: they depend on the session."""

from __future__ import annotations

from pybird.proto.bgp.config import BgpChannelConfig, BgpConfig
from pybird.proto.bgp.routes.nexthop import IgpTables
from pybird.proto.bgp.session.parameters import is_direct
from pybird.values.net import NetType


def is_recursive(config: BgpConfig, channel: BgpChannelConfig) -> bool:
    """True if next hops of this channel are looked up in an IGP table, not on our links."""
    return channel.gateway == "recursive" or (channel.gateway is None and not is_direct(config))


def igp_tables(config: BgpConfig, channel: BgpChannelConfig) -> IgpTables:
    """The tables in which next hops of this channel are looked up.

    As configured; else, in recursive mode, the channel's own table if it has networks of
    that type, or master4 or master6: in channels of VPNs, and for next hops of the other
    family (which need `extended next hop`).
    """
    v4, v6 = channel.igp_table4, channel.igp_table6
    if not channel.family.has_hops:
        return IgpTables()
    if not is_recursive(config, channel):
        return IgpTables(v4, v6)
    version = channel.family.hop_version
    if v4 is None and (version != 6 or channel.extended_next_hop):
        v4 = channel.table if channel.net_type is NetType.IP4 else "master4"
    if v6 is None and (version != 4 or channel.extended_next_hop):
        v6 = channel.table if channel.net_type is NetType.IP6 else "master6"
    return IgpTables(v4, v6)


def base_table(config: BgpConfig, channel: BgpChannelConfig) -> str:
    """The table of unicast routes that a channel of flows is validated with (RFC 8955, 6).

    As configured; else that of the channel of those routes in the same protocol, else master4 or master6.
    """
    if channel.base_table is not None:
        return channel.base_table
    base = channel.family.base
    assert base is not None
    own = [each.table for each in config.channels if each.name == base.name]
    return own[0] if own else f"master{base.hop_version}"


def next_hop_keep(config: BgpConfig, channel: BgpChannelConfig) -> str:
    """`next hop keep` as configured; by default a route server keeps all, a reflector those from iBGP."""
    if channel.next_hop_keep is not None:
        return channel.next_hop_keep
    return "yes" if config.rs_client else "ibgp" if config.rr_client else "no"


def aigp_mode(channel: BgpChannelConfig, inside: bool) -> str:
    """What happens to AIGP in this channel (RFC 7311, 3): "no", "yes" or "originate".

    `inside`: the neighbor is in our AS or confederation.
    """
    return ("yes" if inside else "no") if channel.aigp is None else channel.aigp
