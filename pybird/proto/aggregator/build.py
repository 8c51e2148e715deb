"""Builds the configuration of `protocol aggregator`."""

from __future__ import annotations

from typing import Any

from pybird.conf.builder import Builder
from pybird.conf.channels import CHANNEL
from pybird.conf.draft import Draft
from pybird.conf.model import ChannelConfig, Symbol
from pybird.conf.options import Handlers, table
from pybird.conf.protocols import open_protocol
from pybird.conf.tree import Item, Token, Tree
from pybird.filter.nodes import ACCEPT
from pybird.proto.aggregator.config import AggregatorConfig


def build(builder: Builder, tree: Tree) -> AggregatorConfig:
    """The configuration of one `protocol aggregator`, which aggregates from one table into another."""
    draft = open_protocol(builder, tree, AggregatorConfig)
    builder.each(tree.children, draft, OPTIONS)
    if builder.complete:
        draft["channels"] = _channels(builder, draft, tree)
    return draft.freeze()


def _channels(builder: Builder, draft: Draft[Any], tree: Tree) -> tuple[ChannelConfig, ...]:
    if not draft["peer_table"]:
        raise builder.end_error("Source table not specified", tree)
    target = next((each for each in tree.trees() if each.data == "channel_table"), None)
    if target is None:
        raise builder.end_error("Destination table not specified", tree)
    name = target.children[0]
    assert isinstance(name, Token)
    assert builder.type is not None
    channel: Draft[ChannelConfig] = Draft(
        ChannelConfig,
        None,
        name="dst",
        net_type=builder.table(name).net_type,
        export_filter=ACCEPT,
        preference=builder.type.preference,
        span=builder.span(tree),
    )
    builder.each(tree.children, channel, CHANNEL)
    return (channel.freeze(),)


def _aggregate_on(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    keys = [_key(builder, item) for item in tree.children]
    if "net" not in keys:
        raise builder.error("aggregate on must be always include 'net'.", tree)
    draft["aggregate_on"] = (*draft["aggregate_on"], *keys)


def _key(builder: Builder, item: Item) -> str:
    if isinstance(item, Tree):
        builder.checked(builder.node(item.children[0]))
        return item.text()
    found = builder.scope.find(item)
    if builder.attribute_type(item) is None and not (
        isinstance(found, Symbol) and found.kind in ("attribute", "custom attribute")
    ):
        raise builder.error("Variable name or attribute name required", item)
    return str(item)


def _merge_by(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    builder.merging(tree.trees()[0])
    draft["merge_by"] = tree.text()


OPTIONS: Handlers = {
    "peer_table": table("peer_table"),
    "aggregate_on": _aggregate_on,
    "merge_by": _merge_by,
}
