"""Builds the configuration of `protocol static`."""

from __future__ import annotations

from typing import Any

from pybird.conf.builder import Builder
from pybird.conf.channels import MPLS, common_channel, name_of
from pybird.conf.draft import Draft
from pybird.conf.mpls import LABELS, mpls_channel
from pybird.conf.nets import net_literal
from pybird.conf.options import Handlers, Ignored, switch, table
from pybird.conf.protocols import open_protocol
from pybird.conf.statements import StatementBuilder
from pybird.conf.tree import Item, Tree
from pybird.filter.nodes import Block
from pybird.proto.static.config import StaticConfig, StaticRoute, StaticVia
from pybird.values.net import Net, NetType
from pybird.values.route import Dest

BAD_LABEL = "MPLS label must be less than 2^20"
MOST_LABELS = 8  # in a stack
DESTS = {"blackhole": Dest.BLACKHOLE, "unreachable": Dest.UNREACHABLE, "prohibit": Dest.PROHIBIT}

# Types whose routes have no next hop.
WITHOUT_TARGET = frozenset(
    (NetType.ROA4, NetType.ROA6, NetType.FLOW4, NetType.FLOW6, NetType.PEER, NetType.ASPA)
)


def build(builder: Builder, tree: Tree) -> StaticConfig:
    """The configuration of one `protocol static`: one channel, one for its labels, routes of its type."""
    draft = open_protocol(builder, tree, StaticConfig)
    builder.each(tree.children, draft, OPTIONS)
    config = draft.freeze()
    if builder.complete:
        _check(builder, config, tree)
    return config


def _check(builder: Builder, config: StaticConfig, tree: Tree) -> None:
    if not config.channels:
        raise builder.end_error("Channel not specified", tree)
    for route in config.routes:
        if route.label is not None and not config.gives_labels:
            text = f"Route {route.net} has MPLS label, but MPLS channel not specified"
            raise builder.end_error(text, tree, place=("the route", route.span))
        if route.net.type is not config.channels[0].net_type:
            text = f"Route {route.net} incompatible with channel type"
            raise builder.end_error(text, tree, place=("the route", route.span))


def _channel(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    if name_of(tree).endswith((" multicast", " mpls")):
        raise builder.error("Different channel type", tree)
    common_channel(builder, draft, tree)
    if len([each for each in draft["channels"] if each.name != MPLS]) > 1:
        raise builder.error("Multiple channels: a static protocol has one", tree)


def _net(builder: Builder, item: Item) -> Net:
    if isinstance(item, Tree) and item.data.startswith("net_"):
        return net_literal(builder, item)
    value: Net = builder.constant(item, "prefix").value
    return value


def _route(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    net = _net(builder, tree.children[0])
    values: dict[str, Any] = {"dest": Dest.NONE}
    via: list[StaticVia] = []
    for part in tree.trees()[1:] if isinstance(tree.children[0], Tree) else tree.trees():
        match part.data:
            case "via":
                via.append(_via(builder, part))
                values["dest"] = Dest.UNICAST
            case "recursive":
                values |= {"dest": Dest.UNICAST, "recursive": builder.address(part.children[0])}
                for labels in part.trees():
                    values["recursive_labels"] = _labels(builder, labels)
            case "blackhole" | "unreachable" | "prohibit":
                values["dest"] = DESTS[part.data]
            case "providers":
                values["providers"] = tuple(builder.number(child) for child in part.children)
            case "transit":
                values["providers"] = (0,)
            case "block":
                values["attributes"] = _attributes(builder, part)
            case "route_label":
                values["label"] = builder.number(part.children[0], 0, LABELS - 1, BAD_LABEL)
    if values["dest"] is Dest.NONE and net.type not in WITHOUT_TARGET:
        raise builder.error("a route of this type needs `via`, `recursive`, `blackhole`, ...", tree)
    if values["dest"] is not Dest.NONE and net.type in WITHOUT_TARGET:
        raise builder.error("a route of this type has no next hop", tree)
    if (net.type is NetType.ASPA) != ("providers" in values):
        raise builder.error("`providers` or `transit` belong to ASPA routes, which need one of them", tree)
    route = StaticRoute(net=net, via=tuple(via), span=builder.span(tree), **values)
    draft.append("routes", route)


def _attributes(builder: Builder, block: Tree) -> Block:
    return builder.checked(StatementBuilder(builder, builder.scope).block(block))


def _labels(builder: Builder, tree: Tree) -> tuple[int, ...]:
    """The labels that packets get on their way to a next hop, the outermost first."""
    if len(tree.children) > MOST_LABELS:
        raise builder.error("Too many labels in stack", tree)
    return tuple([builder.number(child, 0, LABELS - 1, BAD_LABEL) for child in tree.children])


def _via(builder: Builder, tree: Tree) -> StaticVia:
    where = builder.constant(tree.children[0], "ip", "string")
    values: dict[str, Any] = {}
    if where.type == "ip":
        values["gateway"] = where.value
    else:
        values["interface"] = where.value
    for option in tree.trees():
        match option.data:
            case "interface_name":
                values["interface"] = builder.interface_name(option.children[0])
            case "via_dev":
                values["interface"] = builder.text(option.children[0])
            case "via_onlink":
                values["onlink"] = builder.switch(option.children[0])
            case "via_weight":
                values["weight"] = builder.number(option.children[0], 1, 256)
            case "via_labels":
                values["labels"] = _labels(builder, option)
            case "via_bfd":
                values["bfd"] = builder.switch(option.children[0])
                BFD.apply(builder, option)
    if values.get("onlink") and values.get("bfd"):
        raise builder.error("`onlink` and `bfd` exclude each other", tree)
    return StaticVia(**values)


BFD = Ignored("the next hop counts as alive while its link is up")

OPTIONS: Handlers = {
    "channel": _channel,
    "peers_channel": _channel,
    "mpls_channel": mpls_channel,
    "check_link": switch("check_link"),
    "igp_table": table("igp_table"),
    "route": _route,
}
