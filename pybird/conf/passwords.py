"""Passwords of routing protocols: `password "x" { id 1; algorithm hmac sha256; ... }`.

Each has an ID and the times in which it is used to send and to accept packets.
The times are local, as written in the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pybird.conf.builder import Builder
from pybird.conf.draft import Draft
from pybird.conf.options import Handler, Handlers
from pybird.conf.tree import Tree

DATE = 10  # characters of 2026-11-22


@dataclass(frozen=True, slots=True, kw_only=True)
class Password:
    """One password. `id` None: its position among the others; `algorithm` None: the protocol's."""

    secret: bytes = field(repr=False)
    id: int | None = None
    algorithm: str | None = None
    generate_from: datetime | None = None
    generate_to: datetime | None = None
    accept_from: datetime | None = None
    accept_to: datetime | None = None


def passwords(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    """Add the secrets of a `password` or `passwords` option to the field `passwords`."""
    for item in _entries(tree):
        made: Draft[Password] = Draft(Password, None, secret=builder.octets(item.children[0]))
        builder.each(item.children[1:], made, OPTIONS)
        draft["passwords"] = (*draft["passwords"], made.freeze())


def algorithms(draft: Draft[Any]) -> bool:
    """True if a password names its algorithm."""
    return any(each.algorithm is not None for each in draft["passwords"])


def _entries(tree: Tree) -> Iterator[Tree]:
    if tree.data == "password_list":
        yield from tree.trees()
    else:
        yield tree


def _id(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["id"] = builder.number(tree.children[0], 0, 255, "Password ID must be in range 0-255")


def _algorithm(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["algorithm"] = tree.trees()[0].text()


def _times(*names: str) -> Handler:
    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        for name in names:
            draft[name] = moment(builder, tree)

    return handle


def moment(builder: Builder, tree: Tree) -> datetime:
    """A date, or date and time to the second."""
    text = builder.text(tree.children[0])
    try:
        if len(text) == DATE:
            return datetime.strptime(text, "%Y-%m-%d")
        return datetime.strptime(text.partition(".")[0], "%Y-%m-%d %H:%M:%S")
    except ValueError:
        raise builder.error("Invalid date/time", tree.children[0]) from None


OPTIONS: Handlers = {
    "password_id": _id,
    "password_algorithm": _algorithm,
    "password_from": _times("generate_from", "accept_from"),
    "password_to": _times("generate_to", "accept_to"),
    "generate_from": _times("generate_from"),
    "generate_to": _times("generate_to"),
    "accept_from": _times("accept_from"),
    "accept_to": _times("accept_to"),
}
PASSWORDS: Handlers = {"password_item": passwords, "password_list": passwords}
