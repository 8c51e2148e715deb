"""Options as a table: rule of the grammar → what to do with it.

A protocol's `build` gives `Builder.each` a dictionary from the names of its
grammar's rules to handlers. Most are made here: `switch("passive")` sets the
field `passive` from a rule with a switch, `number("metric", 1, 255)` from one
with a number, and so on.

Options of BIRD's that PyBIRD accepts without acting on them yet are in the
same tables: `ignored` warns once per place, `refused` is an error. What would
change policy or security is refused; what makes things faster or more
convenient is ignored with a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from pybird.conf.draft import Draft
from pybird.conf.tree import Token, Tree

if TYPE_CHECKING:
    from pybird.conf.builder import Builder

Handler: TypeAlias = Callable[["Builder", Draft[Any], Tree], None]
Handlers: TypeAlias = Mapping[str, Handler]


def switch(field: str) -> Handler:
    """A field that is on or off."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        draft[field] = builder.switch(tree.children[0])

    return handle


def number(field: str, low: int = 0, high: int = 0xFFFFFFFF) -> Handler:
    """A whole number in a range, both ends included."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        draft[field] = builder.number(tree.children[0], low, high)

    return handle


def text(field: str) -> Handler:
    """A text."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        draft[field] = builder.text(tree.children[0])

    return handle


def word(field: str, skip: int = 0) -> Handler:
    """One of several keywords, of a rule that keeps its tokens."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        draft[field] = str(tree.children[-1])

    return handle


def address(field: str) -> Handler:
    """An IP address."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        draft[field] = builder.address(tree.children[0])

    return handle


def prefix(field: str) -> Handler:
    """A prefix."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        draft[field] = builder.prefix(tree.children[0])

    return handle


def table(field: str) -> Handler:
    """The name of a table."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        name = tree.children[0]
        assert isinstance(name, Token)
        draft[field] = builder.table(name).name

    return handle


def constant(field: str, value: object) -> Handler:
    """An option without argument."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        draft[field] = value

    return handle


def nothing(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    """An option that BIRD takes and ignores too."""


def ignored(reason: str) -> Handler:
    """An option that is read and not acted on; the user is told."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        builder.probe(tree)
        if not _off(tree):
            builder.warn(f"`{builder.phrase(tree)}` is not acted on yet: {reason}", tree)

    return handle


def refused(reason: str = "") -> Handler:
    """An option that matters too much to be left out silently. Switched off it may stand."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        if not _off(tree):
            more = f" ({reason})" if reason else ""
            raise builder.error(f"BIRD has `{builder.phrase(tree)}`, PyBIRD does not yet{more}", tree)

    return handle


def _off(tree: Tree) -> bool:
    last = tree.children[-1] if tree.children else None
    return isinstance(last, Tree) and last.data == "switch" and last.text() in ("off", "no", "false")
