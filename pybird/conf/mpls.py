"""MPLS: domains of labels, and the channels that take labels from them (RFC 3031)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from pybird.conf.builder import Builder
from pybird.conf.channels import CHANNEL, close_channel, open_channel
from pybird.conf.draft import Draft
from pybird.conf.model import ChannelConfig
from pybird.conf.options import Handlers, number, word
from pybird.conf.tree import Token, Tree

LABELS = 1 << 20
DOMAIN: Final = "MPLS domain"
RANGE: Final = "MPLS label range"
NO_RANGE = "MPLS label range start and length must be specified"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRange:
    """`label range NAME { start N; length N; }`."""

    name: str
    start: int | None = None
    length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MplsChannelConfig(ChannelConfig):
    """An `mpls` channel. None: the first domain, its ranges by policy."""

    domain: str | None = None
    label_range: str | None = None
    label_policy: Literal["static", "prefix", "aggregate", "vrf"] | None = None


def domain(builder: Builder, tree: Tree) -> tuple[LabelRange, ...]:
    """Declare an MPLS domain (`mpls domain NAME { ... }`) and return its ranges."""
    name, *ranges = tree.children
    assert isinstance(name, Token)
    builder.declare(name, DOMAIN)
    return tuple(_range(builder, each) for each in ranges if isinstance(each, Tree))


def _range(builder: Builder, tree: Tree) -> LabelRange:
    first = tree.children[0]
    own = isinstance(first, Token)
    if isinstance(first, Token):
        builder.declare(first, RANGE)
    made: Draft[LabelRange] = Draft(LabelRange, None, name=_range_name(first))
    builder.each(tree.children[1:], made, RANGE_OPTIONS)
    if own and (made["start"] is None or made["length"] is None):
        raise builder.error(NO_RANGE, tree)
    if made["length"] == 0:
        raise builder.error("MPLS label range length must be nonzero", tree)
    if made["length"] is not None and made["length"] >= LABELS:
        raise builder.error("MPLS label range length must be less than 2^20", tree)
    return made.freeze()


def _range_name(item: Token | Tree) -> str:
    return str(item) if isinstance(item, Token) else item.data.removesuffix("_range")


def mpls_channel(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    """Build an `mpls { ... }` channel."""
    channel = open_channel(builder, draft, tree, MplsChannelConfig)
    builder.each(tree.children, channel, OPTIONS)
    close_channel(builder, draft, channel, tree)


def _domain(builder: Builder, channel: Draft[Any], tree: Tree) -> None:
    name = tree.children[0]
    assert isinstance(name, Token)
    channel["domain"] = builder.symbol(name, DOMAIN).name


def _label_range(builder: Builder, channel: Draft[Any], tree: Tree) -> None:
    name = tree.children[0]
    if isinstance(name, Token):
        builder.symbol(name, RANGE)
    channel["label_range"] = _range_name(name)


RANGE_OPTIONS: Handlers = {"range_start": number("start"), "range_length": number("length")}
OPTIONS: Handlers = {
    **CHANNEL,
    "mpls_domain_option": _domain,
    "mpls_label_range": _label_range,
    "mpls_label_policy": word("label_policy"),
}
