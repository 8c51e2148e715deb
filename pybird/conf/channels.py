"""Channels: their names, defaults and the options that all of them have."""

from __future__ import annotations

from typing import Any

from pybird.conf.builder import Builder
from pybird.conf.draft import Draft
from pybird.conf.model import DEBUG_FLAGS, ChannelConfig, Expectation, TableConfig
from pybird.conf.options import Handlers, flags, limit, number, off_on_or, switch
from pybird.conf.tree import Token, Tree
from pybird.filter.nodes import Filter
from pybird.values.net import NetType

NET_TYPES = {
    "ipv4": NetType.IP4, "ipv6": NetType.IP6, "ipv6 sadr": NetType.IP6_SADR, "vpn4": NetType.VPN4,
    "vpn6": NetType.VPN6, "roa4": NetType.ROA4, "roa6": NetType.ROA6, "flow4": NetType.FLOW4,
    "flow6": NetType.FLOW6, "eth": NetType.ETH, "mpls": NetType.MPLS, "aspa": NetType.ASPA,
    "evpn": NetType.EVPN, "peer": NetType.PEER, "neighbor": NetType.PEER, "peers": NetType.PEER,
    "ipv4 multicast": NetType.IP4, "ipv6 multicast": NetType.IP6, "ipv4 mpls": NetType.IP4,
    "ipv6 mpls": NetType.IP6, "vpn4 mpls": NetType.VPN4, "vpn6 mpls": NetType.VPN6,
    "vpn4 multicast": NetType.VPN4, "vpn6 multicast": NetType.VPN6,
}  # fmt: skip

PEERS = "peers"
MPLS = "mpls"
PEERS_ONLY = "{} option only available for peers channels"


def name_of(tree: Tree) -> str:
    """The channel's name in the manual; every spelling of a peers channel is `peers`."""
    if tree.data == "mpls_channel":
        return MPLS
    kind = tree.find("channel_kind")
    return kind.text() if kind is not None else PEERS


def open_channel(
    builder: Builder, draft: Draft[Any], tree: Tree, kind: type[ChannelConfig] = ChannelConfig, **values: Any
) -> Draft[Any]:
    """Begin the channel that a tree declares, with the values of the template's channel of that name."""
    name = name_of(tree)
    if name in draft.seen:
        raise builder.error(f"Multiple {name} channels", tree)
    draft.seen[name] = tree
    base = next((each for each in draft["channels"] if each.name == name), None)
    channel = Draft(kind, base, span=builder.span(tree))
    if base is None:
        assert builder.type is not None
        for field, value in {**values, "name": name, "net_type": NET_TYPES[name]}.items():
            channel.preset(field, value)
        channel.preset("preference", builder.type.preference)
    return channel


def close_channel(builder: Builder, draft: Draft[Any], channel: Draft[Any], tree: Tree) -> ChannelConfig:
    """Give the channel its table and put it among the protocol's channels, an `mpls` channel as the last."""
    if channel["table"] is None:
        channel["table"] = builder.default_table(channel["net_type"], tree).name
    config: ChannelConfig = channel.freeze()
    others = tuple(each for each in draft["channels"] if each.name != config.name)
    place = next((i for i, each in enumerate(draft["channels"]) if each.name == config.name), len(others))
    channels = (*others[:place], config, *others[place:])
    draft["channels"] = tuple(sorted(channels, key=lambda each: each.name == MPLS))
    return config


def common_channel(
    builder: Builder, draft: Draft[Any], tree: Tree, allowed: tuple[str, ...] | None = None
) -> None:
    """Build a channel that has only the common options; `allowed` names the channels of the protocol."""
    name = name_of(tree)
    if allowed is not None and name not in allowed:
        text = f"protocol {builder.type.name if builder.type else ''} has no {name} channel"
        raise builder.error(text, tree, expected=allowed)
    channel = open_channel(builder, draft, tree)
    builder.each(tree.children, channel, CHANNEL)
    close_channel(builder, draft, channel, tree)


def default_channel(builder: Builder, draft: Draft[Any], name: str, tree: Tree) -> None:
    """Add the channel that a protocol needs and the user did not write."""
    assert builder.type is not None
    table = builder.default_table(NET_TYPES[name], tree).name
    channel = ChannelConfig(
        name=name,
        net_type=NET_TYPES[name],
        table=table,
        preference=builder.type.preference,
        span=builder.span(tree),
    )
    draft["channels"] = (*draft["channels"], channel)


def _table(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    name = tree.children[0]
    assert isinstance(name, Token)
    table: TableConfig = builder.table(name)
    if table.net_type is not draft["net_type"]:
        symbol = builder.symbol(name, "routing table")
        raise builder.error(
            f"Incompatible table type: {name} is not for {draft['name']}", name, symbol=symbol
        )
    draft["table"] = table.name


def _import(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    _policy(builder, draft, "import", builder.policy(tree.children[0]))


def _export(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    _policy(builder, draft, "export", builder.policy(tree.children[0]))


def _policy(builder: Builder, draft: Draft[Any], direction: str, made: Filter) -> None:
    draft[f"{direction}_filter"] = made
    if f"{direction}_set" in draft.fields:
        draft[f"{direction}_set"] = True


def _export_in(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["export_in"] = builder.prefix(tree.children[0])
    _policy(builder, draft, "export", builder.policy(tree.children[1]))


def _from(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    if "from_interfaces" not in draft.fields:
        raise builder.error(PEERS_ONLY.format("From"), tree)
    draft["from_interfaces"] = builder.interface_patterns(tree.children[0])


_PERSIST = off_on_or("persist", established="established")


def _persist(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    if "persist" not in draft.fields:
        raise builder.error(PEERS_ONLY.format("Persist"), tree)
    _PERSIST(builder, draft, tree)


def _expect(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    """`expect "NAME", ... [interface PATTERNS] [enforce]`: the first whose interfaces fit counts."""
    if "expect" not in draft.fields:
        raise builder.error(PEERS_ONLY.format("Expect"), tree)
    names, *others = tree.trees()
    texts = tuple(builder.text(item) for item in names.children)
    if "" in texts:
        raise builder.error("no neighbor has an empty name", names)
    where = next((item for item in others if item.data == "expect_interfaces"), None)
    patterns = () if where is None else builder.interface_patterns(where.children[0])
    enforce = any(item.data == "enforce" for item in others)
    draft.append("expect", Expectation(names=texts, interfaces=patterns, enforce=enforce))


CHANNEL: Handlers = {
    "channel_table": _table,
    "import_policy": _import,
    "export_policy": _export,
    "export_in": _export_in,
    "import_limit": limit("import_limit"),
    "receive_limit": limit("receive_limit"),
    "export_limit": limit("export_limit"),
    "preference": number("preference", 0, 0xFFFF),
    "keep_filtered": switch("keep_filtered"),
    "rpki_reload": switch("rpki_reload"),
    "debug": flags("debug", DEBUG_FLAGS),
    "from_option": _from,
    "persist": _persist,
    "expect": _expect,
}
