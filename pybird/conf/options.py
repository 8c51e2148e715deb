"""Options as tables: from the name of a grammar rule to its handler.

A protocol's `build` gives `Builder.each` a dictionary from the names of its
grammar's rules to handlers. Most are made here: `switch("passive")` sets the
field `passive` from a rule with a switch, `number("metric", 1, 255)` from one
with a number, and so on.

Options of BIRD's that PyBIRD does not act on yet are in the same tables:
`Ignored` warns once per place, `Refused` keeps the router from starting, `Taken`
is for those that would change nothing here. What would change policy or security is refused; what
makes things faster or more convenient is ignored with a warning. The list for
users is docs/status.md; a test compares it with these tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pybird.conf.builder import Builder
from pybird.conf.builder import Handler as Handler
from pybird.conf.builder import Handlers as Handlers
from pybird.conf.draft import Draft
from pybird.conf.tree import Token, Tree


def switch(field: str) -> Handler:
    """A field that is on or off."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        draft[field] = builder.switch(tree.children[0])

    return handle


def number(field: str, low: int = 0, high: int = 0xFFFFFFFF, message: str = "") -> Handler:
    """A whole number in a range, both ends included; `message` is BIRD's error for one outside."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        draft[field] = builder.number(tree.children[0], low, high, message)

    return handle


def checked_number(low: int = 0, high: int = 0xFFFFFFFF, message: str = "") -> Handler:
    """A whole number, the last word of its option, that is checked and sets nothing."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        builder.number(tree.children[-1], low, high, message)

    return handle


def checked_switch(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    """On or off, which is checked and sets nothing."""
    builder.switch(tree.children[-1])


def between(field: str, what: str, low: int, high: int) -> Handler:
    """A whole number, and BIRD's usual words for one out of range."""
    return number(field, low, high, f"{what} must be in range {low}-{high}")


def seconds(field: str, low: float = 0.0, high: float = 1e9, message: str = "") -> Handler:
    """A time in a range, kept in seconds."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        value = builder.seconds(tree.children[0])
        if not low <= value <= high:
            raise builder.error(message or "this time is out of range", tree.children[0])
        draft[field] = value

    return handle


def off_on_or(field: str, **others: str) -> Handler:
    """Off, on (`no`, `yes`), or one of other rules: `tx_only="tx only"`."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        what = tree.trees()[0]
        draft[field] = others[what.data] if what.data in others else _yes(builder.switch(what))

    return handle


def limited(field: str, most: int) -> Handler:
    """`ecmp B [limit N]`: how many paths at most, 0 when off."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        on, *limit = tree.children
        value = builder.number(limit[0]) if limit else most
        draft[field] = value if builder.switch(on) else 0

    return handle


def _yes(on: bool) -> str:
    return "yes" if on else "no"


def _dscp(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
    draft["tx_class"] = builder.number(tree.children[0], 0, 63, "TX DSCP must be in range 0-63") << 2


# How packets are sent: fields `tx_class` (the octet of IPv4 and IPv6) and `tx_priority`.
PACKETS: Handlers = {
    "tx_class": between("tx_class", "TX class", 0, 255),
    "tx_dscp": _dscp,
    "tx_priority": number("tx_priority"),
}


def text(field: str) -> Handler:
    """A text."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        draft[field] = builder.text(tree.children[0])

    return handle


def flags(field: str, every: tuple[str, ...]) -> Handler:
    """Some of these words: `all`, `off` or `{ ... }`."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        draft[field] = builder.flags(tree.children[0], every)

    return handle


def limit(field: str) -> Handler:
    """How many routes, and what to do with more."""

    def handle(builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        draft[field] = builder.limit(tree.children[0])

    return handle


def word(field: str) -> Handler:
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
    """An option that is accepted without a warning: for this reason it would change nothing here."""

    reason: str
    read: Handler | None = None

    def apply(self, builder: Builder, tree: Tree) -> None:
        """Nothing happens."""

    def __call__(self, builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        """As a handler."""
        if self.read is not None:
            self.read(builder, draft, tree)


@dataclass(frozen=True, slots=True)
class Unmet:
    """An option that is read and not acted on; switched off, it is accepted without a warning.

    `read` checks its values, where they are more than plain ones.
    """

    reason: str
    read: Handler | None = None

    def apply(self, builder: Builder, tree: Tree) -> None:
        """Check its values and report that it is not acted on."""
        builder.check_values(tree)
        self._report_unless_off(builder, tree)

    def __call__(self, builder: Builder, draft: Draft[Any], tree: Tree) -> None:
        """As a handler."""
        if self.read is None:
            builder.check_values(tree)
        else:
            self.read(builder, draft, tree)
        self._report_unless_off(builder, tree)

    def _report_unless_off(self, builder: Builder, tree: Tree) -> None:
        last = tree.children[-1] if tree.children else None
        off = isinstance(last, Tree) and last.data == "switch" and last.text() in ("off", "no", "false")
        if not off:
            self.report(builder, tree)

    def report(self, builder: Builder, tree: Tree) -> None:
        """Report that the option is not acted on."""
        raise NotImplementedError


class Ignored(Unmet):
    """An option whose effect is merely missing: the user gets a warning."""

    __slots__ = ()

    def report(self, builder: Builder, tree: Tree) -> None:
        """Warn."""
        builder.warn(f"`{builder.phrase(tree)}` is not acted on yet: {self.reason}", tree, "not-acted-on")


class Refused(Unmet):
    """An option too important to leave out: the router does not start with it, though the file is valid."""

    __slots__ = ()

    def report(self, builder: Builder, tree: Tree) -> None:
        """Warn, and refuse to run the configuration."""
        builder.refuse(f"`{builder.phrase(tree)}`", self.reason, tree)
