"""Builds the configuration of `protocol babel`."""

from __future__ import annotations

from typing import Any

from pybird.conf.builder import Builder
from pybird.conf.channels import common_channel, name_of
from pybird.conf.draft import Draft
from pybird.conf.options import (
    PACKETS,
    Handler,
    Handlers,
    between,
    constant,
    number,
    seconds,
    switch,
    word,
)
from pybird.conf.passwords import PASSWORDS
from pybird.conf.protocols import open_protocol
from pybird.conf.tree import Tree
from pybird.proto.babel.config import BabelConfig, BabelInterface

CHANNELS = ("ipv4", "ipv6", "ipv6 sadr")
LONGEST = 655.35  # seconds: 65535 hundredths
SHORTEST = 0.01


def build(builder: Builder, tree: Tree) -> BabelConfig:
    """The configuration of one `protocol babel`."""
    draft = open_protocol(builder, tree, BabelConfig)
    builder.each(tree.children, draft, OPTIONS)
    names = {channel.name for channel in draft["channels"]}
    if builder.complete and {"ipv6", "ipv6 sadr"} <= names:
        raise builder.end_error("Both ipv6 and ipv6-sadr channels", tree)
    return draft.freeze()


def _channel(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    if name_of(tree) not in CHANNELS:
        raise builder.error("Unsupported channel type", tree, expected=CHANNELS)
    common_channel(builder, draft, tree)


def _interface(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    patterns, *items = tree.trees()
    link: Draft[BabelInterface] = Draft(BabelInterface, None, patterns=builder.interface_names(patterns))
    builder.each(items, link, INTERFACE)
    _check(builder, link, tree)
    draft["interfaces"] = (*draft["interfaces"], link.freeze())


def _check(builder: Builder, link: Draft[Any], tree: Tree) -> None:
    if (link["authentication"] == "none") != (not link["passwords"]):
        raise builder.end_error("Authentication and password options should be used together", tree)
    if any((each.algorithm or "").startswith(("keyed", "cmac")) for each in link["passwords"]):
        raise builder.end_error("Only HMAC and Blake2 algorithms are supported", tree)
    if link["rtt_min"] >= link["rtt_max"]:
        raise builder.end_error("Min RTT must be smaller than max RTT", tree)
    if (link["rtt_cost"] or link["type"] == "tunnel") and not link["send_timestamps"]:
        raise builder.end_error("Can't set RTT cost when sending timestamps is disabled", tree)


def _next_hop(field: str, v4: bool) -> Handler:
    def handle(builder: Builder, link: Draft[Any], tree: Tree) -> None:
        address = builder.address(tree.children[0])
        if address.is_v4 != v4:
            raise builder.error(f"Must be an IPv{4 if v4 else 6} address", tree.children[0])
        link[field] = address

    return handle


def _mac(builder: Builder, link: Draft[Any], tree: Tree) -> None:
    link["authentication"] = "permissive" if tree.find("permissive") is not None else "mac"


def _interval(field: str, what: str) -> Handler:
    return seconds(field, SHORTEST, LONGEST, f"{what} interval must be in range 10 ms - 655 s")


INTERFACE: Handlers = {
    **PASSWORDS,
    **PACKETS,
    "type": word("type"),
    "rxcost": number("rxcost", 1, 65535, "Invalid rxcost"),
    "limit": between("limit", "Limit", 1, 16),
    "hello_interval": _interval("hello_interval", "Hello"),
    "update_interval": _interval("update_interval", "Update"),
    "port": number("port", 1, 65535, "Invalid port number"),
    "rx_buffer": between("rx_buffer", "RX buffer", 256, 65535),
    "tx_length": between("tx_length", "TX length", 256, 65535),
    "check_link": switch("check_link"),
    "next_hop_ipv4": _next_hop("next_hop_ipv4", True),
    "next_hop_ipv6": _next_hop("next_hop_ipv6", False),
    "next_hop_prefer": word("next_hop_prefer"),
    "extended_next_hop": switch("extended_next_hop"),
    "rtt_cost": number("rtt_cost", 0, 65534, "RTT cost must be < 65535"),
    "rtt_min": seconds("rtt_min"),
    "rtt_max": seconds("rtt_max"),
    "rtt_decay": number("rtt_decay", 1, 256, "RTT decay must be between 1-256"),
    "send_timestamps": switch("send_timestamps"),
    "authentication": constant("authentication", "none"),
    "mac_authentication": _mac,
}
OPTIONS: Handlers = {
    "channel": _channel,
    "randomize_router_id": switch("randomize_router_id"),
    "interface": _interface,
}
