"""Builds the configuration of `protocol peerfile`."""

from __future__ import annotations

from typing import Any

from pybird.conf.builder import Builder
from pybird.conf.channels import PEERS, common_channel, default_channel
from pybird.conf.draft import Draft
from pybird.conf.options import Handlers
from pybird.conf.protocols import open_protocol
from pybird.conf.tree import Tree
from pybird.proto.peerfile.config import PeerFileConfig


def build(builder: Builder, tree: Tree) -> PeerFileConfig:
    """The configuration of one `protocol peerfile`."""
    draft = open_protocol(builder, tree, PeerFileConfig)
    builder.each(tree.children, draft, OPTIONS)
    if not draft["channels"]:
        default_channel(builder, draft, PEERS, tree)
    if builder.complete and not draft["file"]:
        raise builder.end_error("`file` is missing: the file that names the neighbors", tree)
    return draft.freeze()


def _channel(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    common_channel(builder, draft, tree, (PEERS,))


def _file(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    path = builder.text(tree.children[0])
    if not path or "\0" in path:
        raise builder.error("this is no file name", tree.children[0])
    draft["file"] = path


OPTIONS: Handlers = {"peers_channel": _channel, "file": _file}
