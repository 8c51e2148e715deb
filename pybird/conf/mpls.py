"""MPLS: domains of labels, and the channels that take labels from them (RFC 3031)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

from pybird.conf.builder import Builder
from pybird.conf.channels import CHANNEL, close_channel, open_channel
from pybird.conf.draft import Draft
from pybird.conf.model import LabelChannelConfig, LabelDomain, LabelRange
from pybird.conf.options import Handlers, number, word
from pybird.conf.tree import Token, Tree

LABELS: Final = 1 << 20
DOMAIN: Final = "MPLS domain"
RANGE: Final = "MPLS label range"
IMPLICIT_RANGES: Final = (LabelRange("static", 16, 984), LabelRange("dynamic", 1000, 9000))
NO_RANGE = "MPLS label range start and length must be specified"
OTHER_DOMAIN = "MPLS label range from different MPLS domain"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Extent:
    """What the options of a label range have set."""

    start: int | None = None
    length: int | None = None


def domain(builder: Builder, tree: Tree) -> None:
    """Declare an MPLS domain with its ranges (`mpls domain NAME { ... }`)."""
    name, *written = tree.children
    assert isinstance(name, Token)
    builder.declare(name, DOMAIN)
    ranges = {each.name: each for each in IMPLICIT_RANGES}
    for each in written:
        if isinstance(each, Tree):
            made = _range(builder, each, str(name), ranges)
            ranges[made.name] = made
    own = [each for each in ranges.values() if each not in _implicit(ranges)]
    for one, other in combinations(own, 2):
        if one.start < other.end and other.start < one.end:
            builder.warn(f"MPLS label ranges {one.name} and {other.name} intersect", tree)
    builder.label_domains[str(name)] = LabelDomain(str(name), tuple(ranges.values()))


def _implicit(ranges: dict[str, LabelRange]) -> Iterator[LabelRange]:
    return (ranges[each.name] for each in IMPLICIT_RANGES)


def _range(builder: Builder, tree: Tree, of: str, known: dict[str, LabelRange]) -> LabelRange:
    first = tree.children[0]
    if isinstance(first, Token):
        builder.declare(first, RANGE, of)
    name = _range_name(first)
    extent: Draft[_Extent] = Draft(_Extent, known.get(name))
    builder.each(tree.children[1:], extent, RANGE_OPTIONS)
    if extent["start"] is None or extent["length"] is None:
        raise builder.end_error(NO_RANGE, tree)
    made = LabelRange(name, extent["start"], extent["length"])
    if not made.length:
        raise builder.end_error("MPLS label range length must be nonzero", tree)
    for what, value in (("start", made.start), ("length", made.length), ("end", made.end)):
        if value > LABELS or (value == LABELS and what != "end"):
            raise builder.end_error(f"MPLS label range {what} must be less than 2^20", tree)
    return made


def _range_name(item: Token | Tree) -> str:
    return str(item) if isinstance(item, Token) else item.data.removesuffix("_range")


def mpls_channel(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    """Build an `mpls { ... }` channel; whatever the text says, it is the last of its protocol."""
    default = _default_domain(builder, tree)
    channel = open_channel(builder, draft, tree, LabelChannelConfig, domain=default)
    first: LabelDomain = channel["domain"]
    builder.each(tree.children, channel, OPTIONS)
    if _domain_of_range(builder, tree, first.name) not in (None, channel["domain"].name):
        raise builder.end_error(OTHER_DOMAIN, tree)
    close_channel(builder, draft, channel, tree)


def _default_domain(builder: Builder, tree: Tree) -> LabelDomain:
    """The first domain; without one, BIRD warns and makes one."""
    builder.always_reread = True  # it depends on what stands before
    known = next(iter(builder.label_domains.values()), None)
    if known is None:
        builder.warn("No MPLS domain defined", tree)
        known = builder.label_domains["mpls1"] = LabelDomain("mpls1", IMPLICIT_RANGES)
    return known


def _domain_of_range(builder: Builder, tree: Tree, current: str) -> str | None:
    """The domain of the channel's last `label range`, None without one.

    `static` and `dynamic` are those of the domain at that place.
    """
    found: str | None = None
    for item in tree.trees():
        name = item.children[0] if item.children else None
        if item.data == "mpls_domain_option":
            current = str(name)
        elif item.data == "mpls_label_range":
            found = builder.symbol(name, RANGE).value if isinstance(name, Token) else current
    return found


def _domain(builder: Builder, channel: Draft[Any], tree: Tree) -> None:
    name = tree.children[0]
    assert isinstance(name, Token)
    channel["domain"] = builder.label_domains[builder.symbol(name, DOMAIN).name]


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
