"""Builds the configuration of `protocol kernel`."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

from pybird.conf.builder import Builder
from pybird.conf.channels import MPLS, common_channel, name_of
from pybird.conf.draft import Draft
from pybird.conf.mpls import mpls_channel
from pybird.conf.options import Handlers, number, switch
from pybird.conf.protocols import open_protocol
from pybird.conf.tree import Tree
from pybird.proto.kernel.config import KernelConfig, KernelNotRunConfig

SADR: Final = "ipv6 sadr"
NOT_RUN: Final = (SADR, MPLS)  # channels whose routes do not reach the kernel
MERGE_LIMIT = 16


def build(builder: Builder, tree: Tree) -> KernelConfig:
    """The configuration of one `protocol kernel`: it has one channel, on a table that no other one uses."""
    draft = open_protocol(builder, tree, KernelConfig)
    builder.each(tree.children, draft, OPTIONS)
    config = draft.freeze()
    if builder.complete:
        _check(builder, config, tree)
    return _left_out(config) if any(each.name in NOT_RUN for each in config.channels) else config


def _left_out(config: KernelConfig) -> KernelNotRunConfig:
    """The same configuration, marked as not run."""
    return KernelNotRunConfig(**{field.name: getattr(config, field.name) for field in fields(config)})


def _check(builder: Builder, config: KernelConfig, tree: Tree) -> None:
    if not config.channels:
        raise builder.end_error("Channel not specified", tree)
    if len(config.channels) > 1:
        channels = [item for item in tree.trees() if item.data == "channel"]
        text = "a kernel protocol has one channel; use one protocol for each"
        raise builder.error(text, channels[-1]) if channels else builder.end_error(text, tree)
    (channel,) = config.channels
    for other in builder.protocols:
        if not isinstance(other, KernelConfig) or not other.channels:
            continue
        if other.channels[0].table == channel.table:
            raise builder.end_error(
                f"Kernel syncer ({other.name}) already attached to table {channel.table}", tree
            )


def _channel(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    common_channel(builder, draft, tree, ("ipv4", "ipv6", SADR))
    if name_of(tree) == SADR:
        builder.warn(f"the {SADR} channel is understood but not run by this version", tree, "not-run")


def _mpls_channel(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    mpls_channel(builder, draft, tree)
    text = "the mpls channel is understood but not run by this version: packets with labels are not forwarded"
    builder.warn(text, tree, "not-run")


def _learn_all(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["learn"] = "all"


def _learn(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["learn"] = "yes" if builder.switch(tree.children[0]) else "no"


def _merge_paths(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    on, *limit = tree.children
    most = builder.number(limit[0], 1, 255) if limit else MERGE_LIMIT
    draft["merge_paths"] = most if builder.switch(on) else 0


OPTIONS: Handlers = {
    "channel": _channel,
    "mpls_channel": _mpls_channel,
    "persist": switch("persist"),
    "scan_time": number("scan_time"),
    "learn": _learn,
    "learn_all": _learn_all,
    "graceful_restart": switch("graceful_restart"),
    "merge_paths": _merge_paths,
    "kernel_table": number("kernel_table", 0, 0xFFFFFFFF),
    "metric": number("metric"),
    "netlink_rx_buffer": number("netlink_rx_buffer"),
}
