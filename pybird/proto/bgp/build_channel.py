"""Build the configuration of the channels of `protocol bgp`."""

from __future__ import annotations

from typing import Any

from pybird.conf.builder import Builder
from pybird.conf.channels import CHANNEL, close_channel, name_of, open_channel
from pybird.conf.draft import Draft
from pybird.conf.options import (
    Handler,
    Handlers,
    Ignored,
    Taken,
    address,
    checked_switch,
    constant,
    number,
    off_on_or,
    switch,
    word,
)
from pybird.conf.tree import Token, Tree
from pybird.filter.nodes import ACCEPT
from pybird.proto.bgp import family
from pybird.proto.bgp.config import BgpChannelConfig, PeersChannelConfig
from pybird.values.net import NetType


def family_channel(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    """Build the channel of an address family."""
    name = name_of(tree)
    if name not in family.NAMES:
        hint = f"{name} mpls" if f"{name} mpls" in family.NAMES else ""
        raise builder.error(f"protocol bgp has no {name} channel", tree, expected=family.NAMES, hint=hint)
    made = open_channel(builder, draft, tree, BgpChannelConfig)
    builder.each(tree.children, made, OPTIONS)
    close_channel(builder, draft, made, tree)


def peers_channel(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    """Build the channel of discovered neighbors: it has the common options, `from` and `persist`."""
    made = open_channel(builder, draft, tree, PeersChannelConfig, export_filter=ACCEPT)
    for item in tree.trees():
        if item.data in OPTIONS and item.data not in CHANNEL:
            with builder.collecting():
                raise builder.error(f"`{builder.phrase(item)}` is not an option of peers channels", item)
    builder.each(tree.children, made, CHANNEL)
    close_channel(builder, draft, made, tree)


def _next_hop(field: str) -> Handler:
    """The handler of an option that is off, on, or on only for routes from iBGP or from eBGP."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        what = tree.trees()[0]
        if what.data in ("ibgp", "ebgp"):
            draft[field] = what.data
        else:
            draft[field] = "yes" if builder.switch(what) else "no"

    return handle


def _graceful_restart(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["graceful_restart"] = builder.switch(tree.children[0])


def _long_lived(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["long_lived_graceful_restart"] = builder.switch(tree.children[0])


def _stale_time(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    """The long-lived stale time of this channel, or a bound of the neighbor's."""
    first = builder.phrase(tree).split()[0]
    stale_time(first if first in ("min", "max") else "")(builder, draft, tree)


def stale_time(bound: str = "") -> Handler:
    """A long-lived stale time in seconds (`bound`: min, max), which has 24 bits on the wire (RFC 9494, 3)."""
    text = f"{bound} long-lived stale time must be less than 2^24".strip().capitalize()
    return number(f"{bound}_long_lived_stale_time".lstrip("_"), 0, 0xFFFFFF, text)


def _validate(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    row = family.named(draft["name"])
    if row.base is None:
        raise builder.error("Validate option limited to flowspec channels", tree)
    draft["validate"] = builder.switch(tree.children[0])


def _base_table(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    """The table of unicast routes that flow routes are validated with (RFC 9117)."""
    name = tree.children[0]
    assert isinstance(name, Token)
    row = family.named(draft["name"])
    if row.base is None:
        raise builder.error("Base table option limited to flowspec channels", name)
    if builder.table(name).net_type is not row.base.net_type:
        raise builder.error("Mismatched base table type", name)
    draft["base_table"] = str(name)


def _igp_table(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    """An IGP table: a channel may have one for IPv4 and one for IPv6 next hops."""
    name = tree.children[0]
    assert isinstance(name, Token)
    row = family.named(draft["name"])
    if not row.has_hops:
        raise builder.error("IGP table not allowed here", name)
    field = {NetType.IP4: "igp_table4", NetType.IP6: "igp_table6"}.get(builder.table(name).net_type)
    if field is None:
        raise builder.error("Mismatched IGP table type", name)
    draft[field] = str(name)


OPTIONS: Handlers = {
    **CHANNEL,
    "mandatory": switch("mandatory"),
    "next_hop_address": address("next_hop_address"),
    "next_hop_self": _next_hop("next_hop_self"),
    "next_hop_keep": _next_hop("next_hop_keep"),
    "next_hop_prefer": word("next_hop_prefer"),
    "link_local_format": word("link_local_format"),
    "missing_lladdr": Taken("BIRD does not act on it either"),
    "gateway": word("gateway"),
    "igp_table": _igp_table,
    "import_table": switch("import_table"),
    "export_table": Taken("what was exported is always on record", checked_switch),
    "export_settle_time": Ignored("changes are sent at once"),
    "secondary": switch("secondary"),
    "extended_next_hop": switch("extended_next_hop"),
    "require_extended_next_hop": switch("require_extended_next_hop"),
    "aigp": off_on_or("aigp"),
    "aigp_originate": constant("aigp", "originate"),
    "cost": number("cost", 1, message="Cost must be positive"),
    "channel_graceful_restart": _graceful_restart,
    "channel_long_lived": _long_lived,
    "channel_stale_time": _stale_time,
    "validate": _validate,
    "base_table": _base_table,
    "add_paths": off_on_or("add_paths", rx="rx", tx="tx"),
    "require_add_paths": switch("require_add_paths"),
}
