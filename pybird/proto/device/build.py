"""Builds the configuration of `protocol device`."""

from __future__ import annotations

from typing import Any

from pybird.conf.builder import Builder
from pybird.conf.draft import Draft
from pybird.conf.options import Handlers, number
from pybird.conf.protocols import open_protocol
from pybird.conf.tree import Tree
from pybird.proto.device.config import DeviceConfig, DeviceInterface
from pybird.values.address import Address
from pybird.values.net import Prefix


def build(builder: Builder, tree: Tree) -> DeviceConfig:
    """The configuration of the `protocol device`; there may be only one."""
    if not builder.template and any(isinstance(each, DeviceConfig) for each in builder.protocols):
        raise builder.error("Kernel device protocol already defined", tree)
    draft = open_protocol(builder, tree, DeviceConfig)
    builder.each(tree.children, draft, OPTIONS)
    return draft.freeze()


def _interface(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    patterns, *preferred = tree.trees()
    values = tuple(_preferred(builder, item) for item in preferred)
    draft["interfaces"] = (
        *draft["interfaces"],
        DeviceInterface(builder.interface_names(patterns), values),
    )


def _preferred(builder: Builder, tree: Tree) -> Address | Prefix:
    value: Address | Prefix = builder.constant(tree.children[0], "ip", "prefix").value
    return value


OPTIONS: Handlers = {
    "scan_time": number("scan_time"),
    "interface": _interface,
}
