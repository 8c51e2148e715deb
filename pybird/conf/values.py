"""Reads values out of option trees: numbers, texts, addresses, switches, interface patterns, limits.

The third floor of the builder. A value is an expression that can be computed
while the file is read. The next floor makes expressions (`node`, abstract here)
with `expressions.py` and `nets.py`, which read values in turn.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TypeGuard, cast

from pybird.conf.include import Sources
from pybird.conf.model import InterfacePattern, Limit, LimitAction
from pybird.conf.names import Names
from pybird.conf.scope import Scope
from pybird.conf.tree import Item, Token, Tree
from pybird.filter.budget import MOST_STEPS_READING, Budget, TooManyStepsError
from pybird.filter.errors import FilterRuntimeError, FilterTypeError
from pybird.filter.fold import evaluate
from pybird.filter.nodes import Literal, Node, Span
from pybird.values.address import Address
from pybird.values.attributes import AttributeDecl
from pybird.values.net import Prefix
from pybird.values.text import to_octets

VALUES = frozenset(("NUMBER", "TEXT", "ADDRESS", "PREFIX", "NAME"))


class Values(Names, ABC):
    """Reads the values of options."""

    def __init__(self, sources: Sources, scope: Scope, attributes: Mapping[str, AttributeDecl]) -> None:
        super().__init__(sources, scope, attributes)
        self.budget = Budget(MOST_STEPS_READING, whole=True)  # for code that runs while the file is read
        self.of_command = False  # what is read came from a client

    @abstractmethod
    def node(self, item: Item) -> Node:
        """An expression outside of any filter."""

    def constant(self, item: Item, *types: str) -> Literal:
        """The value of an expression that must be known now, of one of these types."""
        if "string" in types and self._means_nothing(item):
            raise self.unquoted(item, self.closest_name(item, self.scope.every()))
        literal = self.evaluated(self.node(item), item)
        if types and literal.type not in types:
            name = f"`{literal.name}`" if literal.name else "this"
            wanted = "a text in double quotes" if "string" in types else _article(types[0])
            raise self.error(f"{wanted} expected here, {name} is {_article(literal.type)}", item)
        return literal

    def _means_nothing(self, item: Item) -> TypeGuard[Token]:
        """True if this is a name without declaration, not even a later or a broken one."""
        return (
            isinstance(item, Token)
            and item.type == "NAME"
            and item not in self.declared
            and item not in self.attributes
            and self.scope.find(item) is None
        )

    def computed(self, node: Node, place: Span) -> Literal:
        """The value of a node that needs no route.

        Raises:
            FilterTypeError, FilterRuntimeError: it has none.
            TooManyStepsError: it takes too long, in a command.
            ConfigError: it takes too long, in a configuration.
        """
        try:
            return evaluate(node, self.budget)
        except TooManyStepsError:
            if self.of_command:
                raise
            text = f"this takes more than {MOST_STEPS_READING} loop iterations and function calls"
            raise self.error(text, place) from None

    def evaluated(self, node: Node, item: Item) -> Literal:
        """The value of a constant node.

        Raises:
            ConfigError: it has none; at the place in the node where that shows.
        """
        if isinstance(node, Literal):
            return node
        try:
            return self.computed(node, self.span(item))
        except (FilterTypeError, FilterRuntimeError) as problem:
            place = problem.span if problem.span.line else self.span(item)
            hint = problem.hint if isinstance(problem, FilterTypeError) else ""
            raise self.error(problem.message, place, hint=hint) from None

    def number(self, item: Item, low: int = 0, high: int = 0xFFFFFFFF, message: str = "") -> int:
        """A whole number from low to high; `message` is BIRD's error for others."""
        literal = self.constant(item)
        if literal.type != "int":
            raise self.error(f"a number expected here, this is {_article(literal.type)}", item)
        value = int(literal.value)
        if not low <= value <= high:
            raise self.error(message or f"{value} is out of range, {low} to {high} are possible", item)
        return value

    def text(self, item: Item) -> str:
        """A text."""
        return str(self.constant(item, "string").value)

    def octets(self, item: Item) -> bytes:
        """A byte string."""
        literal = self.constant(item, "bytestring", "string")
        return literal.value if literal.type == "bytestring" else to_octets(str(literal.value))

    def address(self, item: Item) -> Address:
        """An IP address."""
        value = self.constant(item, "ip").value
        assert isinstance(value, Address)
        return value

    def prefix(self, item: Item) -> Prefix:
        """An IPv4 or IPv6 prefix."""
        value = self.constant(item, "prefix").value
        if not isinstance(value, Prefix):
            raise self.error("a plain prefix expected here", item)
        return value

    def router_id(self, item: Item) -> int:
        """A number or an IPv4 address."""
        literal = self.constant(item, "int", "ip", "quad")
        if literal.type != "ip":
            return int(literal.value)
        if not literal.value.is_v4:
            raise self.error("Router IDs must be hexadecimal numbers or IPv4 addresses", item)
        return int(literal.value.value)

    def switch(self, item: Item) -> bool:
        """On or off; nothing means on. Numbers are accepted as in BIRD, with a warning."""
        assert isinstance(item, Tree)
        if not item.children:
            return True
        value = item.children[0]
        if isinstance(value, Token) and value.type != "NAME" and value in ("on", "yes", "off", "no"):
            return value in ("on", "yes")
        literal = self.constant(value, "bool", "int")
        if literal.type == "int":
            self.warn("a number as a switch is deprecated, write `on` or `off`", value, "deprecated")
        return bool(literal.value)

    def seconds(self, item: Item) -> float:
        """A time with a unit, or a plain number of seconds."""
        units = {"time_s": 1.0, "time_ms": 1e-3, "time_us": 1e-6}
        if isinstance(item, Tree) and item.data in units:
            return self.number(item.children[0]) * units[item.data]
        return float(self.number(item))

    def interface_name(self, item: Item) -> str:
        """`% eth0` or `% "eth0"`."""
        if isinstance(item, Token) and item.type == "NAME":
            return str(item)
        return self.text(item)

    def interface_patterns(self, tree: Item) -> tuple[InterfacePattern, ...]:
        """`[-]"mask" [prefix], ...`."""
        assert isinstance(tree, Tree)
        return tuple(self._pattern(child) for child in tree.trees())

    def interface_names(self, tree: Item) -> tuple[InterfacePattern, ...]:
        """Interface patterns without prefixes."""
        assert isinstance(tree, Tree)
        found = self.interface_patterns(tree)
        for child, pattern in zip(tree.trees(), found, strict=True):
            if pattern.prefix is not None:
                raise self.error("Interface name/mask expected, not IP prefix", child)
        return found

    def _pattern(self, tree: Tree) -> InterfacePattern:
        values = [c for c in tree.children if not (isinstance(c, Tree) and c.data == "negative")]
        negative = len(values) < len(tree.children)
        first = self.constant(values[0], "string", "prefix", "ip", "quad")
        if first.type != "string":
            if len(values) > 1:
                raise self.error("no second prefix is possible after a prefix", values[1])
            return InterfacePattern(None, self._network(values[0]), negative)
        mask = str(first.value)
        if mask.startswith("-"):
            mask, negative = mask[1:], not negative
        prefix = self._network(values[1]) if len(values) > 1 else None
        return InterfacePattern(mask, prefix, negative)

    def _network(self, item: Item) -> Prefix:
        """A prefix; an address stands for the prefix of its full length."""
        if self.constant(item).type not in ("ip", "quad"):
            return self.prefix(item)
        address = self.address(item)
        return Prefix(address, address.bits)

    def flags(self, tree: Item, every: tuple[str, ...]) -> frozenset[str]:
        """The words in `{ ... }`; all of them for `all`, none for `off`."""
        assert isinstance(tree, Tree)
        words = [word for word in tree.words() if word not in ("{", "}", ",")]
        if words == ["all"]:
            return frozenset(every)
        return frozenset(str(word) for word in words if word != "off")

    def limit(self, tree: Item) -> Limit | None:
        """`N [action A]` or `off`."""
        assert isinstance(tree, Tree)
        first = tree.children[0]
        if isinstance(first, Token) and first == "off" and first.type != "NAME":
            return None
        count = self.number(first)
        if len(tree.children) == 1:
            return Limit(count)
        return Limit(count, cast("LimitAction", str(tree.children[-1])))

    def check_values(self, tree: Tree) -> None:
        """Check the values of an option that is not acted on, so that their errors are still reported."""
        for child in tree.children:
            if isinstance(child, Token):
                if child.type in VALUES:
                    self.constant(child)
            elif child.data == "switch":
                self.switch(child)
            elif child.data.startswith("time_"):
                self.seconds(child)


def _article(noun: str) -> str:
    noun = {"int": "number", "string": "text", "ip": "IP address", "bool": "truth value"}.get(noun, noun)
    return f"an {noun}" if noun[0] in "aeiouIA" else f"a {noun}"
