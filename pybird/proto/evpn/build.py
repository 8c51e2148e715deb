"""From `protocol evpn` to its configuration."""

from __future__ import annotations

from typing import Any

from pybird.conf.builder import Builder
from pybird.conf.channels import common_channel, name_of
from pybird.conf.draft import Draft
from pybird.conf.mpls import mpls_channel
from pybird.conf.options import Handler, Handlers, address, between, number, switch, text
from pybird.conf.protocols import open_protocol
from pybird.conf.tree import Tree
from pybird.proto.evpn.config import Encapsulation, EvpnConfig, EvpnVlan

CHANNELS = ("eth", "evpn")


def build(builder: Builder, tree: Tree) -> EvpnConfig:
    """One `protocol evpn`."""
    draft = open_protocol(builder, tree, EvpnConfig)
    builder.each(tree.children, draft, OPTIONS)
    if builder.complete:
        _check(builder, draft, tree)
    return draft.freeze()


def _check(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    names = {channel.name for channel in draft["channels"]}
    needed = (
        ("eth" in names, "Ethernet channel not specified"),
        ("evpn" in names, "EVPN channel not specified"),
        (draft["route_distinguisher"] is not None, "Route distinguisher not specified"),
        (draft["import_target"] or draft["export_target"], "Route target not specified"),
        (draft["import_target"] is not None, "Import target not specified"),
        (draft["export_target"] is not None, "Export target not specified"),
        (draft["encapsulation"] is not None, "There must be at least one encapsulation"),
    )
    for there, message in needed:
        if not there:
            raise builder.end_error(message, tree)


def _channel(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    if name_of(tree) not in CHANNELS:
        raise builder.error("Unsupported channel type", tree, expected=CHANNELS)
    common_channel(builder, draft, tree)


def _distinguisher(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["route_distinguisher"] = builder.constant(tree.children[-1], "rd").value


def _target(*fields: str) -> Handler:
    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        value = builder.constant(tree.children[-1], "ec", "ec set").value
        for field in fields:
            draft[field] = value

    return handle


def _encapsulation(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    if "encapsulation" in draft.written:
        raise builder.error("Only one encapsulation of each type is allowed", tree)
    made: Draft[Encapsulation] = Draft(Encapsulation)
    builder.each(tree.children, made, ENCAPSULATION)
    draft["encapsulation"] = made.freeze()


def _vlan(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    made: Draft[EvpnVlan] = Draft(EvpnVlan, None, tag=builder.number(tree.children[0]))
    builder.each(tree.children[1:], made, VLAN)
    draft["vlans"] = (*draft["vlans"], made.freeze())


ENCAPSULATION: Handlers = {
    "default_encapsulation": switch("default"),
    "tunnel_device": text("tunnel_device"),
    "router_address": address("router_address"),
}
VLAN: Handlers = {
    "vlan_range": number("range"),
    "vni": number("vni"),
    "vid": between("vid", "VID", 0, 4095),
}
OPTIONS: Handlers = {
    "channel": _channel,
    "mpls_channel": mpls_channel,
    "route_distinguisher": _distinguisher,
    "import_target": _target("import_target"),
    "export_target": _target("export_target"),
    "route_target": _target("import_target", "export_target"),
    "encapsulation": _encapsulation,
    "vni": number("vni"),
    "vid": between("vid", "VID", 0, 4095),
    "tag": number("tag"),
    "vlan": _vlan,
}
