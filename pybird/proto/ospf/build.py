"""Builds the configuration of `protocol ospf`."""

from __future__ import annotations

from typing import Any

from pybird.conf.builder import Builder
from pybird.conf.channels import common_channel, default_channel, name_of
from pybird.conf.draft import Draft
from pybird.conf.options import (
    PACKETS,
    Handler,
    Handlers,
    between,
    constant,
    limited,
    number,
    off_on_or,
    switch,
)
from pybird.conf.passwords import PASSWORDS, algorithms
from pybird.conf.protocols import open_protocol
from pybird.conf.tree import Tree
from pybird.proto.ospf.config import (
    OspfArea,
    OspfConfig,
    OspfInterface,
    OspfNeighbor,
    OspfNet,
    StubNet,
    VirtualLink,
)

V2_CHANNELS = ("ipv4", "ipv4 multicast")
V3_CHANNELS = ("ipv6", "ipv4", "ipv6 multicast", "ipv4 multicast")
TYPES = {"bcast": "broadcast", "pointopoint": "ptp", "nonbroadcast": "nbma", "pointomultipoint": "ptmp"}
PATHS = 16
LARGE = 65535
MOST_DELAY = 65535  # seconds, of a field of 16 bits


def build(builder: Builder, tree: Tree) -> OspfConfig:
    """The configuration of one `protocol ospf` or template of it; a template needs an area too."""
    draft = open_protocol(builder, tree, OspfConfig)
    version = tree.find("version")
    draft["version"] = 3 if version is not None and version.text() == "v3" else 2
    builder.each(tree.children, draft, OPTIONS)
    if len(builder.errors) == builder.errors_before:
        _check(builder, draft, tree)
    return draft.freeze()


def _check(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    if not draft["areas"]:
        raise builder.end_error("No configured areas in OSPF", tree)
    if len(draft["areas"]) == 1 and draft["areas"][0].virtual_links:
        raise builder.end_error("Vlinks cannot be used on single area router", tree)
    if not draft["channels"]:
        default_channel(builder, draft, "ipv4" if draft["version"] == 2 else "ipv6", tree)


def _channel(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    allowed = V2_CHANNELS if draft["version"] == 2 else V3_CHANNELS
    if name_of(tree) not in allowed or any(name != name_of(tree) for name in draft.seen):
        raise builder.error("Different channel type", tree, expected=allowed)
    common_channel(builder, draft, tree)


def _only(version: int, text: str, handler: Handler) -> Handler:
    """A handler that refuses the option in the other OSPF version."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        handler(builder, draft, tree)
        if builder_version(builder, draft) != version:
            raise builder.error(f"{text} option requires OSPFv{version}", tree)

    return handle


def builder_version(builder: Builder, draft: Draft[Any]) -> int:
    """The OSPF version of a draft, which is a protocol or a part of one."""
    version: int = draft["version"] if "version" in draft.fields else draft.seen["version"]
    return version


def _graceful(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["graceful_restart"] = "yes" if builder.switch(tree.children[0]) else "no"


# ---------------------------------------------------------------------- areas


def _area(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    area: Draft[OspfArea] = Draft(OspfArea, None, id=builder.router_id(tree.children[0]))
    area.seen["version"] = draft["version"]
    before = len(builder.errors)
    builder.each(tree.children[1:], area, AREA)
    if len(builder.errors) == before:
        _check_area(builder, area, tree)
    draft["areas"] = (*draft["areas"], area.freeze())


def _check_area(builder: Builder, area: Draft[Any], tree: Tree) -> None:
    special = area["stub"] or area["nssa"]
    if special and not area["id"]:
        raise builder.end_error("Backbone area cannot be stub/NSSA", tree)
    if area["summary"] and not special:
        raise builder.end_error("Only stub/NSSA areas can use summary propagation", tree)
    if area["default_nssa"] and not (area["nssa"] and area["summary"]):
        text = "Only NSSA areas with summary propagation can use NSSA default route"
        raise builder.end_error(text, tree)
    if area["default_cost2"] and not area["default_nssa"]:
        raise builder.end_error("Only NSSA default route can use type 2 metric", tree)


def _stub_area(builder: Builder, area: Draft[Any], tree: Tree) -> None:
    area["stub"] = builder.switch(tree.children[0])
    area["nssa"] = False


def _nssa(builder: Builder, area: Draft[Any], tree: Tree) -> None:
    area["stub"] = False
    area["nssa"] = True


def _nets(field: str) -> Handler:
    def handle(builder: Builder, area: Draft[Any], tree: Tree) -> None:
        area[field] = (*area[field], *(_net(builder, item) for item in tree.trees()))

    return handle


def _net(builder: Builder, item: Tree) -> OspfNet:
    tag = item.find("tag")
    return OspfNet(
        prefix=builder.prefix(item.children[0]),
        hidden=item.find("hidden") is not None,
        tag=builder.number(tag.children[0]) if tag is not None else 0,
    )


def _stubnet(builder: Builder, area: Draft[Any], tree: Tree) -> None:
    made: Draft[StubNet] = Draft(StubNet, None, prefix=builder.prefix(tree.children[0]))
    builder.each(tree.children[1:], made, STUBNET)
    area["stubnets"] = (*area["stubnets"], made.freeze())


# ---------------------------------------------------------------------- links


def _transmit_delay(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    value = builder.number(tree.children[0], 1, message="Transmit delay must be greater than zero")
    if value > MOST_DELAY:
        raise builder.error(f"Transmit delay must be in range 1-{MOST_DELAY}", tree.children[0])
    draft["transmit_delay"] = value


def _interface(builder: Builder, area: Draft[Any], tree: Tree) -> None:
    patterns, *items = tree.trees()
    version = area.seen["version"]
    read = builder.interface_patterns if version == 2 else builder.interface_names
    link: Draft[OspfInterface] = Draft(OspfInterface, None, patterns=read(patterns))
    link.seen["version"] = version
    builder.each(items, link, INTERFACE)
    _check_link(builder, link, tree)
    area["interfaces"] = (*area["interfaces"], link.freeze())


def _virtual_link(builder: Builder, area: Draft[Any], tree: Tree) -> None:
    link: Draft[VirtualLink] = Draft(VirtualLink, None, router_id=builder.router_id(tree.children[0]))
    link.seen["version"] = area.seen["version"]
    builder.each(tree.children[1:], link, LINK)
    _check_link(builder, link, tree)
    if not area["id"]:
        raise builder.error("Virtual link cannot be in backbone", tree)
    area["virtual_links"] = (*area["virtual_links"], link.freeze())


def _check_link(builder: Builder, link: Draft[Any], tree: Tree) -> None:
    if algorithms(link) and link["authentication"] != "cryptographic":
        text = "Password algorithm option requires cryptographic authentication"
        raise builder.end_error(text, tree)


def _instance(builder: Builder, link: Draft[Any], tree: Tree) -> None:
    link["instance"] = builder.number(tree.children[0], 0, 255, "Instance ID must be in range 0-255")


def _type(builder: Builder, link: Draft[Any], tree: Tree) -> None:
    word = str(tree.children[-1])
    link["type"] = TYPES.get(word, word)


def _rx_buffer(builder: Builder, link: Draft[Any], tree: Tree) -> None:
    what = tree.children[0]
    if isinstance(what, Tree) and what.data in ("normal", "large"):
        link["rx_buffer"] = LARGE if what.data == "large" else 0
    else:
        link["rx_buffer"] = builder.number(what, 256, 65535, "Buffer size must be in range 256-65535")


def _authentication(builder: Builder, link: Draft[Any], tree: Tree) -> None:
    kind = str(tree.children[-1])
    if kind == "simple" and link.seen["version"] == 3:
        raise builder.error("Plaintext authentication not supported in OSPFv3", tree)
    link["authentication"] = kind


def _neighbors(builder: Builder, link: Draft[Any], tree: Tree) -> None:
    made = (
        OspfNeighbor(address=builder.address(item.children[0]), eligible=item.find("eligible") is not None)
        for item in tree.trees()
    )
    link["neighbors"] = (*link["neighbors"], *made)


LINK: Handlers = {
    **PASSWORDS,
    "instance": _instance,
    "hello": between("hello", "Hello interval", 1, 65535),
    "retransmit": number("retransmit", 2, message="Retransmit int must be greater than one"),
    "transmit_delay": _transmit_delay,
    "wait": number("wait", 2, message="Wait interval must be greater than one"),
    "dead_count": number("dead_count", 2, message="Dead count must be greater than one"),
    "dead": number("dead", 2, message="Dead interval must be greater than one"),
    "authentication": _authentication,
}
INTERFACE: Handlers = {
    **LINK,
    **PACKETS,
    "cost": between("cost", "Cost", 1, 65535),
    "poll": number("poll", 1, message="Poll int must be greater than zero"),
    "priority": between("priority", "Priority", 0, 255),
    "stub": switch("stub"),
    "rx_buffer": _rx_buffer,
    "tx_length": between("tx_length", "TX length", 256, 65535),
    "type": _type,
    "link_lsa_suppression": _only(3, "Link LSA suppression", switch("link_lsa_suppression")),
    "strict_nonbroadcast": switch("strict_nonbroadcast"),
    "real_broadcast": _only(2, "Real broadcast", switch("real_broadcast")),
    "ptp_netmask": _only(2, "PtP netmask", switch("ptp_netmask")),
    "ptp_address": _only(2, "PtP address", switch("ptp_address")),
    "check_link": switch("check_link"),
    "bfd": switch("bfd"),
    "ecmp_weight": between("ecmp_weight", "ECMP weight", 1, 256),
    "ttl_security": off_on_or("ttl_security", tx_only="tx only"),
    "neighbors": _neighbors,
}
STUBNET: Handlers = {
    "stubnet_hidden": switch("hidden"),
    "stubnet_summary": switch("summary"),
    "stubnet_cost": number("cost"),
}
AREA: Handlers = {
    "stub_area": _stub_area,
    "nssa": _nssa,
    "summary": switch("summary"),
    "default_nssa": switch("default_nssa"),
    "default_cost": between("default_cost", "Default cost", 1, 16777214),
    "default_cost2": between("default_cost2", "Default cost", 1, 16777214),
    "translator": switch("translator"),
    "translator_stability": number("translator_stability"),
    "networks": _nets("networks"),
    "external": _nets("external"),
    "stubnet": _stubnet,
    "interface": _interface,
    "virtual_link": _virtual_link,
}
OPTIONS: Handlers = {
    "channel": _channel,
    "rfc1583compat": switch("rfc1583compat"),
    "rfc5838": _only(3, "RFC5838", switch("rfc5838")),
    "instance_id": between("instance_id", "Instance ID", 0, 255),
    "stub_router": switch("stub_router"),
    "vpn_pe": switch("vpn_pe"),
    "tick": number("tick", 1, message="Tick must be greater than zero"),
    "ecmp": limited("ecmp", PATHS),
    "merge_external": switch("merge_external"),
    "graceful_restart": _graceful,
    "graceful_restart_aware": constant("graceful_restart", "aware"),
    "graceful_restart_time": between("graceful_restart_time", "Graceful restart time", 1, 1800),
    "area": _area,
}
