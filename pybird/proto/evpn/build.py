"""Builds the configuration of `protocol evpn`."""

from __future__ import annotations

from typing import Any

from pybird.conf.builder import Builder
from pybird.conf.draft import Draft
from pybird.conf.options import Handlers, address, between, number, switch, text
from pybird.conf.protocols import open_protocol
from pybird.conf.tree import Tree
from pybird.conf.vpn import check_targets, vpn_options
from pybird.proto.evpn.config import Encapsulation, EvpnConfig, EvpnVlan


def build(builder: Builder, tree: Tree) -> EvpnConfig:
    """The configuration of one `protocol evpn`."""
    draft = open_protocol(builder, tree, EvpnConfig)
    builder.each(tree.children, draft, OPTIONS)
    if builder.complete:
        _check(builder, draft, tree)
    return draft.freeze()


def _check(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    names = {channel.name for channel in draft["channels"]}
    for name, title in (("eth", "Ethernet"), ("evpn", "EVPN")):
        if name not in names:
            raise builder.end_error(f"{title} channel not specified", tree)
    check_targets(builder, draft, tree)
    if draft["encapsulation"] is None:
        raise builder.end_error("There must be at least one encapsulation", tree)


def _encapsulation(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    if "encapsulation" in draft.written:
        raise builder.error("Only one encapsulation of each type is allowed", tree)
    made: Draft[Encapsulation] = Draft(Encapsulation)
    builder.each(tree.children, made, ENCAPSULATION)
    draft["encapsulation"] = made.freeze()


def _vlan(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    made: Draft[EvpnVlan] = Draft(EvpnVlan, None, tag=builder.number(tree.children[0]))
    builder.each(tree.children[1:], made, VLAN)
    _check_range(builder, made, tree)
    draft["vlans"] = (*draft["vlans"], made.freeze())


def _check_range(builder: Builder, made: Draft[Any], tree: Tree) -> None:
    """Check the last tag, VNI and VID of a VLAN range: each VLAN's are one above the previous one's."""
    vid = made["tag"] if made["vid"] is None else made["vid"]
    for name, first, bits in (("tag", made["tag"], 32), ("VNI", made["vni"], 24), ("VID", vid, 12)):
        if first is not None and first + made["range"] > 1 << bits:
            raise builder.end_error(f"Last {name} in range must be less than 2^{bits}", tree)


ENCAPSULATION: Handlers = {
    "default_encapsulation": switch("default"),
    "tunnel_device": text("tunnel_device"),
    "router_address": address("router_address"),
}
VLAN: Handlers = {
    "vlan_range": number("range"),
    "vni": number("vni", 0, 0xFFFFFF, "VNI must be less than 2^24"),
    "vid": between("vid", "VID", 0, 4095),
}
OPTIONS: Handlers = {
    **vpn_options("eth", "evpn"),
    "encapsulation": _encapsulation,
    "vni": number("vni"),
    "vid": between("vid", "VID", 0, 4095),
    "tag": number("tag"),
    "vlan": _vlan,
}
