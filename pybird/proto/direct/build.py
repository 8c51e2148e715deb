"""Builds the configuration of `protocol direct`."""

from __future__ import annotations

from typing import Any

from pybird.conf.builder import Builder
from pybird.conf.channels import common_channel
from pybird.conf.draft import Draft
from pybird.conf.options import Handlers, switch
from pybird.conf.protocols import open_protocol
from pybird.conf.tree import Tree
from pybird.proto.direct.config import DirectConfig


def build(builder: Builder, tree: Tree) -> DirectConfig:
    """The configuration of one `protocol direct`."""
    draft = open_protocol(builder, tree, DirectConfig)
    builder.each(tree.children, draft, OPTIONS)
    return draft.freeze()


def _channel(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    common_channel(builder, draft, tree, ("ipv4", "ipv6", "ipv6 sadr"))


def _interface(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["interfaces"] = (*draft["interfaces"], *builder.interface_patterns(tree.children[0]))


OPTIONS: Handlers = {
    "channel": _channel,
    "interface": _interface,
    "check_link": switch("check_link"),
}
