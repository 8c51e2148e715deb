"""Builds the configuration of `protocol pipe`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pybird.conf.builder import Builder
from pybird.conf.channels import CHANNEL
from pybird.conf.draft import Draft
from pybird.conf.model import ChannelConfig
from pybird.conf.options import Handlers, number
from pybird.conf.protocols import open_protocol
from pybird.conf.tree import Token, Tree
from pybird.filter.nodes import ACCEPT
from pybird.proto.pipe.config import PipeConfig


def build(builder: Builder, tree: Tree) -> PipeConfig:
    """The configuration of one `protocol pipe`: its two tables differ and have the same type."""
    draft = open_protocol(builder, tree, PipeConfig)
    builder.each(tree.children, draft, OPTIONS)
    base = draft["channels"][0] if draft["channels"] else None
    channel = Draft(ChannelConfig, base, name="pri", span=builder.span(tree))
    channel.preset("export_filter", ACCEPT)
    table = next((each for each in tree.trees() if each.data == "channel_table"), None)
    if table is not None:
        name = table.children[0]
        assert isinstance(name, Token)
        channel["net_type"] = builder.table(name).net_type
    builder.each(tree.children, channel, CHANNELS)
    if builder.template and channel["table"] is None:
        return draft.freeze()
    return draft.freeze(channels=_finish(builder, draft, channel, tree))


def _finish(
    builder: Builder, draft: Draft[Any], channel: Draft[Any], tree: Tree
) -> tuple[ChannelConfig, ...]:
    """The channels `pri` and `sec`: each one's import options are the other's export options."""
    if not draft["peer_table"]:
        if builder.template or not builder.complete:
            return (channel.freeze(),)
        raise builder.end_error("Peer routing table not specified", tree)
    peer = builder.tables[draft["peer_table"]]
    if channel["table"] is None:
        channel["net_type"] = peer.net_type
        channel["table"] = builder.default_table(peer.net_type, tree).name
    if channel["table"] == peer.name:
        raise builder.end_error("Primary table and peer table must be different", tree)
    if channel["net_type"] is not peer.net_type:
        raise builder.end_error("Primary table and peer table must have the same type", tree)
    pri: ChannelConfig = channel.freeze()
    sec = replace(
        pri,
        name="sec",
        table=peer.name,
        import_filter=pri.export_filter,
        export_filter=pri.import_filter,
        import_in=pri.export_in,
        export_in=pri.import_in,
        import_limit=pri.export_limit,
        export_limit=pri.import_limit,
    )
    return pri, sec


def _peer_table(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    name = tree.children[0]
    assert isinstance(name, Token)
    draft["peer_table"] = builder.table(name).name


def _import_in(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["import_in"] = builder.prefix(tree.children[0])
    draft["import_filter"] = builder.policy(tree.children[1])


def _receive_limit(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    if builder.limit(tree.children[0]) is not None:
        raise builder.error("Pipe protocol does not support receive limits", tree)


def _keep_filtered(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    if builder.switch(tree.children[0]):
        raise builder.error("Pipe protocol prohibits keeping filtered routes", tree)


OPTIONS: Handlers = {
    "peer_table": _peer_table,
    "max_generation": number("max_generation", 1, 254),
}
CHANNELS: Handlers = {
    **CHANNEL,
    "import_in": _import_in,
    "receive_limit": _receive_limit,
    "keep_filtered": _keep_filtered,
}
