"""Which changes of a BGP config a running session adopts, and which restart it.

Pure functions of two configs. Options that matter only later (delays, what to do after
errors) are adopted. So are requirements that the neighbor meets; `Peer.accepts` looks at those.
Options that the neighbor was sent, or that decide about routes already received, restart the
session. What counts is what holds: an option may be written with the value that it has anyway.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Final

from pybird.conf.model import ChannelConfig, LabelChannelConfig, ProtocolConfig
from pybird.proto.bgp.config import BgpChannelConfig, BgpConfig
from pybird.proto.bgp.wire.capabilities import wants_enhanced_refresh

ADAPTED: Final = frozenset(
    (
        "channels",
        "check_link",
        "child_prune_time",
        "connect_delay_time",
        "connect_retry_time",
        "debug",
        "description",
        "disable_after_cease",
        "disable_after_error",
        "dynamic_name",
        "dynamic_name_digits",
        "error_forget_time",
        "error_wait_time",
        "hold_down_after",
        "hold_down_forget_time",
        "hold_down_time",
        "interface_range",
        "keys",
        "max_graceful_restart_time",
        "max_long_lived_stale_time",
        "min_graceful_restart_time",
        "min_long_lived_stale_time",
        "min_hold_time",
        "min_keepalive_time",
        "persist",
        "remote_as_set",
        "require",
        "restart_time",
        "span",
        "startup_hold_time",
        "tx_size_warning",
    )
)

# Channel options that are part of the negotiation or of the session's shape.
_SESSION: Final = (
    "extended_next_hop",
    "add_paths",
    "graceful_restart",
    "long_lived_graceful_restart",
    "long_lived_stale_time",
    "import_table",
    "secondary",
    "igp_table4",
    "igp_table6",
    "next_hop_address",
    "table",
    "validate",
    "base_table",
)
_ON_RECEIPT: Final = ("gateway", "next_hop_prefer", "cost", "aigp")
_IMPORT: Final = ("preference", *_ON_RECEIPT)
_EXPORT: Final = ("next_hop_self", "next_hop_keep", "link_local_format", "aigp")


def differing(old: ProtocolConfig, new: ProtocolConfig) -> frozenset[str]:
    """The names of the options that differ."""
    return frozenset(f.name for f in fields(old) if getattr(old, f.name) != getattr(new, f.name))


def in_force(config: BgpConfig) -> BgpConfig:
    """The config with defaults written out where others depend on them."""
    long_lived = config.long_lived_graceful_restart or "aware"
    restarts, stays, time = config.graceful_restart == "on", long_lived == "on", config.long_lived_stale_time
    return replace(
        config,
        enable_enhanced_route_refresh=wants_enhanced_refresh(config),
        long_lived_graceful_restart=long_lived,
        channels=tuple([_channel_in_force(each, restarts, stays, time) for each in config.channels]),
    )


def _channel_in_force(channel: ChannelConfig, restarts: bool, stays: bool, time: int) -> ChannelConfig:
    """A channel with what it inherits from the options of its protocol."""
    if not isinstance(channel, BgpChannelConfig):
        return channel
    regular, long_lived = channel.graceful_restart, channel.long_lived_graceful_restart
    return replace(
        channel,
        graceful_restart=restarts if regular is None else regular,
        long_lived_graceful_restart=stays if long_lived is None else long_lived,
        long_lived_stale_time=time
        if channel.long_lived_stale_time is None
        else channel.long_lived_stale_time,
    )


def accepts(old: BgpConfig, new: BgpConfig, unused: frozenset[str] = frozenset()) -> bool:
    """True if the session can continue under the new config.

    `unused` are the channels whose family the session does not have: they can be removed.
    """
    wanted = {channel.name for channel in new.channels}
    staying = [each for each in old.channels if each.name in wanted or each.name not in unused]
    old, new = in_force(replace(old, channels=tuple(staying))), in_force(new)
    changed = differing(old, new)
    if old.parent is not None:
        changed -= {"interface"}  # a child's interface is where its neighbor was found, also if renamed
    return changed <= ADAPTED and _same_session(old.channels, new.channels)


def demands(config: BgpConfig) -> tuple[object, ...]:
    """What a neighbor must have for a session, besides its role."""
    channels = [c for c in config.channels if isinstance(c, BgpChannelConfig)]
    needed = [(c.name, c.mandatory, c.require_add_paths, c.require_extended_next_hop) for c in channels]
    return config.require, needed


def _same_session(old: tuple[ChannelConfig, ...], new: tuple[ChannelConfig, ...]) -> bool:
    if [c.name for c in old] != [c.name for c in new]:
        return False
    return all(_adaptable(before, after) for before, after in zip(old, new, strict=True))


def forces_restart(old: ChannelConfig | None, new: ChannelConfig | None) -> bool:
    """True if a channel that is changed like this, added (`old` None) or removed restarts the session."""
    if old is None or new is None or not _adaptable(old, new):
        return True
    return isinstance(new, LabelChannelConfig) and new.moves(old)


def _adaptable(old: ChannelConfig, new: ChannelConfig) -> bool:
    """True if a running channel can adopt the change.

    Not `_ON_RECEIPT` with an import table: its routes keep the next hop and metric they came with.
    """
    resolved = _same(old, new, _ON_RECEIPT) or not getattr(new, "import_table", False)
    return _same(old, new, _SESSION) and resolved


def _same(old: ChannelConfig, new: ChannelConfig, names: tuple[str, ...]) -> bool:
    return all(getattr(old, name, None) == getattr(new, name, None) for name in names)


def reloads(old: ChannelConfig, new: ChannelConfig) -> tuple[bool, bool]:
    """(imports?, exports?): whether changed options, filters apart, require a reload of either."""
    if not isinstance(old, BgpChannelConfig) or not isinstance(new, BgpChannelConfig):
        return False, False
    return not _same(old, new, _IMPORT), not _same(old, new, _EXPORT)
