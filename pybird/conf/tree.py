"""Parse trees: tokens and the rules that hold them.

Positions are offsets in one number line that all files of a configuration
share (`include.Sources` turns them into file, line and column), so a tree may
span files. The names of rules are those of the grammar, without the prefix
that composition adds (`bgp__hold_time` is `hold_time`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias


class Token(str):
    """A token's text, without quotes. `type` is the terminal in the grammar."""

    __slots__ = ("end", "sources", "start", "type")

    sources: Any  # of a command: the text it is in
    type: str
    start: int
    end: int

    @classmethod
    def make(cls, kind: str, text: str, start: int, end: int) -> Token:
        """A token at these offsets."""
        token = cls(text)
        token.type = kind
        token.start = start
        token.end = end
        return token


class Tree:
    """One rule of the grammar and what it matched. Keywords are not among the children."""

    __slots__ = ("children", "data", "end", "sources", "start")

    sources: Any  # of a command: the text it is in

    def __init__(self, data: str, children: list[Item], start: int = 0, end: int = 0) -> None:
        self.data = data
        self.children = children
        self.start = start
        self.end = end

    def find(self, name: str) -> Tree | None:
        """The first child that is this rule."""
        return next((c for c in self.children if isinstance(c, Tree) and c.data == name), None)

    def trees(self) -> list[Tree]:
        """The children that are rules."""
        return [child for child in self.children if isinstance(child, Tree)]

    def words(self) -> list[Token]:
        """The children that are tokens."""
        return [child for child in self.children if isinstance(child, Token)]

    def walk(self) -> Iterator[Item]:
        """This rule and all below it."""
        waiting: list[Item] = [self]
        while waiting:
            found = waiting.pop()
            yield found
            if isinstance(found, Tree):
                waiting += reversed(found.children)

    def text(self) -> str:
        """The tokens below, one space between: `peer table`."""
        return " ".join(c if isinstance(c, Token) else c.text() for c in self.children)

    def __repr__(self) -> str:
        return f"{self.data}({', '.join(map(repr, self.children))})"


Item: TypeAlias = Token | Tree
