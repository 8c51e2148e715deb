"""Which changes of a BGP config a running session adopts, and which restart it.

Pure functions of two configs. Options that matter only later (delays, what to do after
errors, checks of the next OPEN) are adopted. Options that the neighbor was sent, or that
decide about routes already received, restart the session.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Final

from pybird.conf.model import ChannelConfig, LabelChannelConfig, ProtocolConfig
from pybird.proto.bgp.config import BgpChannelConfig, BgpConfig

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
    "require_extended_next_hop",
    "add_paths",
    "require_add_paths",
    "graceful_restart",
    "long_lived_graceful_restart",
    "long_lived_stale_time",
    "import_table",
    "secondary",
    "igp_table4",
    "igp_table6",
    "next_hop_address",
    "table",
)
_ON_RECEIPT: Final = ("gateway", "next_hop_prefer", "cost", "aigp", "validate", "base_table")
_IMPORT: Final = ("preference", *_ON_RECEIPT)
_EXPORT: Final = ("next_hop_self", "next_hop_keep", "link_local_format", "aigp")


def differing(old: ProtocolConfig, new: ProtocolConfig) -> frozenset[str]:
    """The names of the options that differ."""
    return frozenset(f.name for f in fields(old) if getattr(old, f.name) != getattr(new, f.name))


def accepts(old: BgpConfig, new: BgpConfig) -> bool:
    """True if the session can continue under the new config."""
    changed = differing(old, new)
    if old.parent is not None:
        changed -= {"interface"}  # a child's interface is where its neighbor was found, also if renamed
    return changed <= ADAPTED and _same_session(old.channels, new.channels)


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
