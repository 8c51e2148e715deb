"""Names and what they mean.

The outermost scope holds what BIRD knows by itself (constants, attributes);
in it lies the root scope of the file, with a `Symbol` per name; in that the
blocks of filters and functions, with a `Local` per variable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from pybird.conf.model import Symbol
from pybird.filter.nodes import Literal, Local
from pybird.values.attributes import AttributeDecl
from pybird.values.enums import CONSTANTS

Meaning: TypeAlias = Symbol | Local


class Scope:
    """Names of one block, and the scope around it."""

    def __init__(self, parent: Scope | None = None) -> None:
        self.parent = parent
        self.names: dict[str, Meaning] = {}

    def find(self, name: str) -> Meaning | None:
        """The innermost meaning of a name."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.names.get(name)
            if found is not None:
                return found
            scope = scope.parent
        return None

    def here(self, name: str) -> Meaning | None:
        """The meaning of a name in this scope alone."""
        return self.names.get(name)

    def add(self, name: str, meaning: Meaning) -> None:
        """Declare a name."""
        self.names[name] = meaning

    def every(self) -> Iterator[str]:
        """All visible names, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            yield from scope.names
            scope = scope.parent


def predefined(attributes: Mapping[str, AttributeDecl], numbers: Mapping[str, int]) -> Scope:
    """The outermost scope: enumerations, `true`, `false`, iproute2's numbers, attributes."""
    scope = Scope()
    for name, (kind, value) in CONSTANTS.items():
        scope.add(name, Symbol(name, "constant", Literal(kind, value), kind))
    for name, truth in (("true", True), ("false", False)):
        scope.add(name, Symbol(name, "constant", Literal("bool", truth), "bool"))
    for name, number in numbers.items():
        scope.add(name, Symbol(name, "constant", Literal("int", number), "int"))
    for name, decl in attributes.items():
        scope.add(name, Symbol(name, "attribute", None, decl.type))
    return scope
