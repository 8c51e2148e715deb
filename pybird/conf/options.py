"""Options as a table: rule of the grammar → what to do with it.

A protocol's `build` gives `Builder.each` a dictionary from the names of its
grammar's rules to handlers. Most are made here: `switch("passive")` sets the
field `passive` from a rule with a switch, `number("metric", 1, 255)` from one
with a number, and so on.

Options of BIRD's that PyBIRD does not act on yet are in the same tables:
`Ignored` warns once per place, `Refused` is an error, `Taken` asks for nothing
that is not so already. What would change policy or security is refused; what
makes things faster or more convenient is ignored with a warning. The list for
users is docs/status.md; a test compares it with these tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Taken:
    """An option that asks for nothing that is not so already, for this reason."""

    reason: str

    def apply(self, builder: Builder, tree: Tree) -> None:
        """Nothing happens."""

    def __call__(self, builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        """As a handler."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """An option that is read and not acted on; the user is told what is missed."""

    reason: str

    def apply(self, builder: Builder, tree: Tree) -> None:
        """Warn, unless it is switched off."""
        builder.probe(tree)
        if not _off(tree):
            builder.warn(f"`{builder.phrase(tree)}` is not acted on yet: {self.reason}", tree, "not-acted-on")

    def __call__(self, builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        """As a handler."""
        self.apply(builder, tree)


@dataclass(frozen=True, slots=True)
class Refused:
    """An option that matters too much to be left out. Switched off it may stand."""

    reason: str

    def apply(self, builder: Builder, tree: Tree) -> None:
        """Refuse, unless it is switched off.

        Raises:
            ConfigError: it is on.
        """
        if not _off(tree):
            text = f"BIRD has `{builder.phrase(tree)}`, PyBIRD does not yet ({self.reason})"
            raise builder.error(text, tree)

    def __call__(self, builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        """As a handler."""
        self.apply(builder, tree)


def _off(tree: Tree) -> bool:
    last = tree.children[-1] if tree.children else None
    return isinstance(last, Tree) and last.data == "switch" and last.text() in ("off", "no", "false")
