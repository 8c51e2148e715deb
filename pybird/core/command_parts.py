"""The parse tree of a command, read by the rules of the grammar."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pybird.core.replies import ARGUMENT_ERROR, CommandError


class Parts:
    """The children of a command's parse tree, by rule name without the prefix of an imported grammar."""

    def __init__(self, tree: Any) -> None:
        self.tree = tree

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        for child in self.tree.children:
            yield (rule_of(child), child)

    def has(self, rule: str) -> bool:
        """True if there is a part of this rule."""
        return any(name == rule for name, _ in self)

    def first(self, *rules: str) -> Any:
        """The first part of one of these rules, or None."""
        return next((child for name, child in self if name in rules), None)

    def text(self, *rules: str) -> str | None:
        """The text in the first part of one of these rules; None: there is none."""
        found = self.first(*rules)
        return None if found is None else word(found)


def rule_of(node: Any) -> str:
    """The rule name of a tree without import prefix, or the type of a token."""
    name = str(getattr(node, "data", None) or getattr(node, "type", ""))
    return name.rpartition("__")[2] if name.islower() else name


def tokens(node: Any) -> list[Any]:
    """All tokens of a tree, in order."""
    if not hasattr(node, "children"):
        return [node]
    return [token for child in node.children for token in tokens(child)]


def words(node: Any) -> str:
    """The tokens of a tree with one blank between them."""
    return " ".join(str(token) for token in tokens(node))


def word(node: Any) -> str:
    """The first token of a tree."""
    found = tokens(node)
    return str(found[0]) if found else ""


def named(node: Any) -> str:
    """The first token as a name."""
    return word(node)


def number(node: Any) -> int:
    """The first token as a number.

    Raises:
        CommandError: it is not a number.
    """
    text = word(node)
    try:
        return int(text, 0) if text.lower().startswith("0x") else int(text)
    except ValueError:
        raise CommandError(ARGUMENT_ERROR, f"{text} is not a number") from None
