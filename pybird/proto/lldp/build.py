"""Builds the configuration of `protocol lldp`."""

from __future__ import annotations

from typing import Any

from pybird.conf.builder import Builder
from pybird.conf.channels import PEERS, common_channel
from pybird.conf.draft import Draft
from pybird.conf.options import Handlers, number, switch
from pybird.conf.protocols import open_protocol
from pybird.conf.tree import Tree
from pybird.proto.lldp.config import LldpConfig, LldpInterface
from pybird.values.text import to_octets

MOST_NAME = 255  # octets (IEEE 802.1AB, 8.5.6)


def build(builder: Builder, tree: Tree) -> LldpConfig:
    """The configuration of one `protocol lldp`."""
    draft = open_protocol(builder, tree, LldpConfig)
    builder.each(tree.children, draft, OPTIONS)
    return draft.freeze()


def _channel(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    common_channel(builder, draft, tree, (PEERS,))


def _system_name(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    name = builder.text(tree.children[0])
    if not 1 <= len(to_octets(name)) <= MOST_NAME:
        raise builder.error(f"a system name has 1 to {MOST_NAME} octets", tree.children[0])
    draft["system_name"] = name


def _interface(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    patterns, *items = tree.trees()
    interface = Draft(LldpInterface, None, patterns=builder.interface_names(patterns))
    builder.each(items, interface, INTERFACE)
    draft.append("interfaces", interface.freeze())


OPTIONS: Handlers = {
    "peers_channel": _channel,
    "interface": _interface,
    "system_name": _system_name,
}

INTERFACE: Handlers = {
    "transmit": switch("transmit"),
    "tx_interval": number("tx_interval", 1, 3600, "TX interval must be in range 1-3600"),
    "tx_hold": number("tx_hold", 2, 10, "TX hold must be in range 2-10"),
}
