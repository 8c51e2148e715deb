"""Builds the configuration of `protocol bfd`."""

from __future__ import annotations

from typing import Any

from pybird.conf.bfd import session
from pybird.conf.builder import Builder
from pybird.conf.draft import Draft
from pybird.conf.options import Handlers, Taken, switch
from pybird.conf.protocols import open_protocol
from pybird.conf.tree import Tree
from pybird.proto.bfd.config import BfdConfig, BfdInterface, BfdNeighbor

FAMILIES = frozenset(("ipv4", "ipv6"))
KINDS = frozenset(("direct", "multihop"))


def build(builder: Builder, tree: Tree) -> BfdConfig:
    """The configuration of one `protocol bfd`."""
    draft = open_protocol(builder, tree, BfdConfig)
    builder.each(tree.children, draft, OPTIONS)
    return draft.freeze()


def _accept(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    words = frozenset(str(word) for word in tree.words()) - {"accept"}
    draft["accept"] = (words & FAMILIES or FAMILIES) | (words & KINDS or KINDS)


def _interface(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    patterns = builder.interface_names(tree.children[0])
    made = BfdInterface(patterns=patterns, session=session(builder, tree.find("bfd_session")))
    draft["interfaces"] = (*draft["interfaces"], made)


def _multihop(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["multihop"] = session(builder, tree.find("bfd_session"))


def _neighbor(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    made: Draft[BfdNeighbor] = Draft(BfdNeighbor, None, address=builder.address(tree.children[0]))
    builder.each(tree.children[1:], made, NEIGHBOR)
    if made["multihop"] and made["interface"] is not None:
        raise builder.error("Neighbor cannot set both interface and multihop", tree)
    if made["multihop"] and made["local"] is None:
        raise builder.error("Multihop neighbor requires specified local address", tree)
    draft["neighbors"] = (*draft["neighbors"], made.freeze())


def _interface_name(builder: Builder, made: Draft[Any], tree: Tree) -> None:
    made["interface"] = builder.interface_name(tree.children[0])


def _dev(builder: Builder, made: Draft[Any], tree: Tree) -> None:
    made["interface"] = builder.text(tree.children[0])


def _local(builder: Builder, made: Draft[Any], tree: Tree) -> None:
    made["local"] = builder.address(tree.children[0])


NEIGHBOR: Handlers = {
    "neighbor_interface": _interface_name,
    "neighbor_dev": _dev,
    "neighbor_local": _local,
    "neighbor_multihop": switch("multihop"),
}
OPTIONS: Handlers = {
    "accept": _accept,
    "strict_bind": switch("strict_bind"),
    "zero_udp6_checksum_rx": switch("zero_udp6_checksum_rx"),
    "express_thread_group": Taken("one thread does the work"),
    "interface": _interface,
    "multihop": _multihop,
    "neighbor": _neighbor,
}
