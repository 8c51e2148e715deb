"""Builds the configuration of `protocol rip`."""

from __future__ import annotations

from typing import Any

from pybird.conf.builder import Builder
from pybird.conf.channels import common_channel, default_channel, name_of
from pybird.conf.draft import Draft
from pybird.conf.options import (
    PACKETS,
    Handlers,
    between,
    limited,
    number,
    off_on_or,
    seconds,
    switch,
)
from pybird.conf.passwords import PASSWORDS, algorithms
from pybird.conf.protocols import open_protocol
from pybird.conf.tree import Tree
from pybird.proto.rip.config import RipConfig, RipInterface

PATHS = 16


def build(builder: Builder, tree: Tree) -> RipConfig:
    """The configuration of one `protocol rip` or `protocol rip ng`."""
    draft = open_protocol(builder, tree, RipConfig)
    draft["ng"] = tree.find("ng") is not None
    builder.each(tree.children, draft, OPTIONS)
    if builder.complete and not draft["channels"]:
        default_channel(builder, draft, "ipv6" if draft["ng"] else "ipv4", tree)
    return draft.freeze()


def _channel(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    if name_of(tree) != ("ipv6" if draft["ng"] else "ipv4"):
        raise builder.error("Different channel type", tree)
    common_channel(builder, draft, tree)


def _interface(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    patterns, *items = tree.trees()
    link: Draft[RipInterface] = Draft(RipInterface, None, patterns=builder.interface_names(patterns))
    link.seen["ng"] = draft["ng"]
    builder.each(items, link, INTERFACE)
    if link["passwords"] and draft["ng"]:
        place = next(item for item in items if item.data.startswith("password"))
        raise builder.error("Authentication not supported in RIPng", place)
    if algorithms(link) and link["authentication"] != "cryptographic":
        text = "Password algorithm option requires cryptographic authentication"
        raise builder.end_error(text, tree)
    draft["interfaces"] = (*draft["interfaces"], link.freeze())


def _address(builder: Builder, link: Draft[Any], tree: Tree) -> None:
    address = builder.address(tree.children[0])
    if address.is_v4 == link.seen["ng"]:
        raise builder.error("IP address version mismatch", tree.children[0])
    link["address"] = address


def _mode(builder: Builder, link: Draft[Any], tree: Tree) -> None:
    link["mode"] = str(tree.children[-1])
    if link["mode"] == "broadcast" and link.seen["ng"]:
        raise builder.error("Broadcast not supported in RIPng", tree)


def _version(builder: Builder, link: Draft[Any], tree: Tree) -> None:
    if link.seen["ng"]:
        raise builder.error("Version not supported in RIPng", tree)
    link["version"] = builder.number(tree.children[0], 1, 2, "Unsupported version")
    if link["version"] == 1 and "mode" not in link.written:
        link["mode"] = "broadcast"


def _authentication(builder: Builder, link: Draft[Any], tree: Tree) -> None:
    kind = str(tree.children[-1])
    if kind != "none" and link.seen["ng"]:
        raise builder.error("Authentication not supported in RIPng", tree)
    link["authentication"] = "cryptographic" if kind == "md5" else kind


INTERFACE: Handlers = {
    **PASSWORDS,
    **PACKETS,
    "metric": between("metric", "Metric", 1, 255),
    "mode": _mode,
    "passive": switch("passive"),
    "address": _address,
    "port": number("port", 1, 65535, "Invalid port number"),
    "version": _version,
    "version_only": switch("version_only"),
    "split_horizon": switch("split_horizon"),
    "poison_reverse": switch("poison_reverse"),
    "demand_circuit": switch("demand_circuit"),
    "check_zero": switch("check_zero"),
    "update_time": number("update_time", 1, message="Update time must be positive"),
    "timeout_time": number("timeout_time", 1, message="Timeout time must be positive"),
    "garbage_time": number("garbage_time", 1, message="Garbage time must be positive"),
    "retransmit_time": seconds("retransmit_time", 1e-6, message="Retransmit time must be positive"),
    "ecmp_weight": between("ecmp_weight", "ECMP weight", 1, 256),
    "ttl_security": off_on_or("ttl_security", tx_only="tx only"),
    "rx_buffer": between("rx_buffer", "RX length", 256, 65535),
    "tx_length": between("tx_length", "TX length", 256, 65535),
    "check_link": switch("check_link"),
    "bfd": switch("bfd"),
    "authentication": _authentication,
}
OPTIONS: Handlers = {
    "channel": _channel,
    "infinity": number("infinity"),
    "ecmp": limited("ecmp", PATHS),
    "interface": _interface,
}
