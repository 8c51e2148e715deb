"""Builds the configuration of `protocol bridge`."""

from __future__ import annotations

from typing import Any

from pybird.conf.builder import Builder
from pybird.conf.channels import common_channel, name_of
from pybird.conf.draft import Draft
from pybird.conf.options import Handlers, seconds, switch, text
from pybird.conf.protocols import open_protocol
from pybird.conf.tree import Tree
from pybird.proto.bridge.config import BridgeConfig


def build(builder: Builder, tree: Tree) -> BridgeConfig:
    """The configuration of one `protocol bridge`, which follows one bridge device."""
    draft = open_protocol(builder, tree, BridgeConfig)
    builder.each(tree.children, draft, OPTIONS)
    if builder.complete:
        if not draft["channels"]:
            raise builder.end_error("Channel not specified", tree)
        if not draft["bridge_device"]:
            raise builder.end_error("Bridge device not specified", tree)
    return draft.freeze()


def _channel(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    if name_of(tree) != "eth":
        raise builder.error("Unsupported channel type", tree, expected=("eth",))
    common_channel(builder, draft, tree)


OPTIONS: Handlers = {
    "channel": _channel,
    "bridge_device": text("bridge_device"),
    "vlan_filtering": switch("vlan_filtering"),
    "scan_time": seconds("scan_time"),
}
