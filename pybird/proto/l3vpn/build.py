"""From `protocol l3vpn` to its configuration."""

from __future__ import annotations

from typing import Any

from pybird.conf.builder import Builder
from pybird.conf.channels import common_channel, name_of
from pybird.conf.draft import Draft
from pybird.conf.mpls import mpls_channel
from pybird.conf.options import Handler, Handlers
from pybird.conf.protocols import open_protocol
from pybird.conf.tree import Item, Tree
from pybird.proto.l3vpn.config import L3vpnConfig

CHANNELS = ("ipv4", "ipv6", "vpn4", "vpn6")
WORDS = {"every": "all", "nothing": "none"}
MISSING = "For IPv{0} L3VPN, both IPv{0} and VPNv{0} channels must be specified"


def build(builder: Builder, tree: Tree) -> L3vpnConfig:
    """One `protocol l3vpn`: channels in pairs, labels, distinguisher and targets."""
    draft = open_protocol(builder, tree, L3vpnConfig)
    builder.each(tree.children, draft, OPTIONS)
    if builder.complete:
        _check(builder, draft, tree)
    return draft.freeze()


def _check(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    names = {channel.name for channel in draft["channels"]}
    if "mpls" not in names:
        raise builder.end_error("MPLS channel not specified", tree)
    for version in (4, 6):
        if len(names & {f"ipv{version}", f"vpn{version}"}) == 1:
            raise builder.end_error(MISSING.format(version), tree)
    if draft["route_distinguisher"] is None:
        raise builder.end_error("Route distinguisher not specified", tree)
    if draft["import_target"] is None and draft["export_target"] is None:
        raise builder.end_error("Route target not specified", tree)
    for direction in ("import", "export"):
        if draft[f"{direction}_target"] is None:
            raise builder.end_error(f"{direction.capitalize()} target not specified", tree)


def _channel(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    if name_of(tree) not in CHANNELS:
        raise builder.error("Unsupported channel type", tree, expected=CHANNELS)
    common_channel(builder, draft, tree)


def _distinguisher(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["route_distinguisher"] = builder.constant(tree.children[-1], "rd").value


def _target(*fields: str) -> Handler:
    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        value = _targets(builder, tree.children[-1])
        for field in fields:
            draft[field] = value

    return handle


def _targets(builder: Builder, item: Item) -> Any:
    if isinstance(item, Tree) and item.data in WORDS:
        return WORDS[item.data]
    return builder.constant(item, "ec", "ec set").value


OPTIONS: Handlers = {
    "channel": _channel,
    "mpls_channel": mpls_channel,
    "route_distinguisher": _distinguisher,
    "import_target": _target("import_target"),
    "export_target": _target("export_target"),
    "route_target": _target("import_target", "export_target"),
}
