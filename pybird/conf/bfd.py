"""Options of BFD sessions (RFC 5880), in `protocol bfd` and in protocols that request sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pybird.conf.builder import Builder
from pybird.conf.draft import Draft
from pybird.conf.options import Handlers, constant, number, seconds, switch
from pybird.conf.passwords import PASSWORDS, Password, algorithms
from pybird.conf.tree import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class BfdSession:
    """The options of a BFD session. Times are seconds."""

    min_rx_interval: float = 0.01
    min_tx_interval: float = 0.1
    idle_tx_interval: float = 1.0
    multiplier: int = 5
    passive: bool = False
    graceful: bool = False
    authentication: Literal[
        "none", "simple", "keyed md5", "keyed sha1", "meticulous keyed md5", "meticulous keyed sha1"
    ] = "none"
    passwords: tuple[Password, ...] = ()


def session(builder: Builder, tree: Tree | None) -> BfdSession:
    """The BFD options in braces; the defaults where nothing is written."""
    draft: Draft[BfdSession] = Draft(BfdSession)
    if tree is not None:
        builder.each(tree.children, draft, SESSION)
        if algorithms(draft):
            raise builder.end_error("Password algorithm option not available in BFD protocol", tree)
    return draft.freeze()


def _interval(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["min_rx_interval"] = draft["min_tx_interval"] = builder.seconds(tree.children[0])


def _authentication(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["authentication"] = tree.text().removeprefix("authentication ")


SESSION: Handlers = {
    **PASSWORDS,
    "bfd_interval": _interval,
    "bfd_min_rx_interval": seconds("min_rx_interval"),
    "bfd_min_tx_interval": seconds("min_tx_interval"),
    "bfd_idle_tx_interval": seconds("idle_tx_interval"),
    "bfd_multiplier": number("multiplier"),
    "bfd_passive": switch("passive"),
    "bfd_graceful_option": constant("graceful", True),
    "bfd_authentication": _authentication,
}
