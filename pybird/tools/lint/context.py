"""What the lints read, and what they return."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pybird.conf.language import Reading
from pybird.conf.model import Config
from pybird.conf.tree import Item, Token, Tree
from pybird.filter.nodes import Span


@dataclass(frozen=True, slots=True)
class Finding:
    """One warning: code, place and text."""

    code: str
    span: Span
    message: str


class LintContext:
    """A configuration that was read, with the names that each of its statements uses."""

    def __init__(self, reading: Reading) -> None:
        self.config: Config = reading.config
        self.statements: list[Tree] = reading.tree.trees()
        self._sources = reading.sources
        self.uses: dict[str, set[int]] = {}  # name: the statements that mention it
        for at, statement in enumerate(self.statements):
            for item in statement.walk():
                if isinstance(item, Token) and item.type == "NAME":
                    self.uses.setdefault(str(item), set()).add(at)

    def span(self, item: Item) -> Span:
        """Where an item is in the text."""
        return self._sources.span(item.start, item.end)

    def used_outside(self, name: str, at: int) -> bool:
        """True if another statement than number `at` mentions the name."""
        return bool(self.uses.get(name, set()) - {at})

    def definitions(self, *rules: str) -> Iterator[tuple[int, Token]]:
        """(number, name) of each statement of these grammar rules, with the name that it declares."""
        for at, statement in enumerate(self.statements):
            if statement.data in rules:
                name = next((word for word in statement.walk() if _declares(word)), None)
                if isinstance(name, Token):
                    yield at, name


def _declares(item: Item) -> bool:
    return isinstance(item, Token) and item.type == "NEW_NAME"
