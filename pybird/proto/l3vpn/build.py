"""Builds the configuration of `protocol l3vpn`."""

from __future__ import annotations

from typing import Any

from pybird.conf.builder import Builder
from pybird.conf.draft import Draft
from pybird.conf.options import Handlers
from pybird.conf.protocols import open_protocol
from pybird.conf.tree import Tree
from pybird.conf.vpn import check_targets, vpn_options
from pybird.proto.l3vpn.config import L3vpnConfig

MISSING = "For IPv{0} L3VPN, both IPv{0} and VPNv{0} channels must be specified"


def build(builder: Builder, tree: Tree) -> L3vpnConfig:
    """The configuration of one `protocol l3vpn`, which needs an mpls channel and ipvN and vpnN in pairs."""
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
    check_targets(builder, draft, tree)


OPTIONS: Handlers = vpn_options("ipv4", "ipv6", "vpn4", "vpn6")
