"""Builds the configuration of `protocol perf`."""

from __future__ import annotations

from typing import Any

from pybird.conf.builder import Builder
from pybird.conf.channels import common_channel
from pybird.conf.draft import Draft
from pybird.conf.options import Handlers, number, seconds, switch, word
from pybird.conf.protocols import open_protocol
from pybird.conf.tree import Tree
from pybird.proto.perf.config import PerfConfig


def build(builder: Builder, tree: Tree) -> PerfConfig:
    """The configuration of one `protocol perf`."""
    draft = open_protocol(builder, tree, PerfConfig)
    builder.each(tree.children, draft, OPTIONS)
    return draft.freeze()


def _channel(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    common_channel(builder, draft, tree, ("ipv4", "ipv6"))


OPTIONS: Handlers = {
    "channel": _channel,
    "mode": word("mode"),
    "repeat": number("repeat"),
    "exp_from": number("exp_from"),
    "exp_to": number("exp_to"),
    "threshold_min": seconds("threshold_min"),
    "threshold_max": seconds("threshold_max"),
    "keep": switch("keep"),
}
