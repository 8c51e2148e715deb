"""Expressions: from parse trees to nodes with resolved names.

A constant becomes the `Literal` it stands for, a variable its `Local`, a call
the function itself. Types are not looked at here, except where the grammar
cannot tell two things apart (`a / b` of an address makes a prefix); the filter
language's checker does that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pybird.conf.literal_sets import BulkError, number_set, prefix_set
from pybird.conf.literals import literal
from pybird.conf.model import Symbol
from pybird.conf.nets import net_literal
from pybird.conf.scope import Scope
from pybird.conf.tree import Item, Token, Tree
from pybird.conf.values import Values
from pybird.filter import nodes
from pybird.filter.errors import FilterRuntimeError, FilterTypeError
from pybird.filter.methods import METHODS
from pybird.filter.nodes import Literal, Local, Node, Span
from pybird.filter.types import PARTS, children
from pybird.values.aspath import EMPTY_PATH
from pybird.values.attributes import UNKNOWN_PREFIX
from pybird.values.community import EMPTY_COMMUNITIES, EMPTY_EXTENDED, EMPTY_LARGE
from pybird.values.net import Prefix
from pybird.values.prefixset import PrefixSet

BINARY = {
    "op_and": "&&", "op_or": "||", "op_equal": "=", "op_unequal": "!=", "op_less": "<", "op_at_most": "<=",
    "op_greater": ">", "op_at_least": ">=", "op_match": "~", "op_no_match": "!~", "op_bit_or": "|",
    "op_bit_and": "&", "op_add": "+", "op_subtract": "-", "op_append": "++", "op_multiply": "*",
}  # fmt: skip

EMPTY: dict[str, tuple[str, Any]] = {
    "empty_path": ("bgppath", EMPTY_PATH),
    "empty_clist": ("clist", EMPTY_COMMUNITIES),
    "empty_eclist": ("eclist", EMPTY_EXTENDED),
    "empty_lclist": ("lclist", EMPTY_LARGE),
}

BULK: dict[str, tuple[str, Callable[[str], Any]]] = {
    "PREFIX_SET": ("prefix set", prefix_set),
    "NUMBER_SET": ("int set", number_set),
}

PREFIX_ITEMS = frozenset(("prefix_exact", "prefix_longer", "prefix_shorter", "prefix_between"))

# The arguments that each built-in function takes, at least and at most.
BUILTINS = {
    "defined": (1, 1), "format": (1, 1), "from_hex": (1, 1),
    "roa_check": (1, 3), "aspa_check": (1, 3), "aspa_check_upstream": (1, 1), "aspa_check_downstream": (1, 1),
    "prepend": (2, 2), "append": (2, 2), "add": (2, 2), "delete": (2, 2), "filter": (2, 2),
}  # fmt: skip
# Methods that take nothing stand without parentheses: `bgp_path.len`.
PLAIN = frozenset(name for (_, name), method in METHODS.items() if "" in method.arguments)
TABLE_CALLS = frozenset(("roa_check", "aspa_check", "aspa_check_upstream", "aspa_check_downstream"))


UNKNOWN_ATTRIBUTE = re.compile(f"{UNKNOWN_PREFIX}(?!00)[0-9a-f]{{2}}")


class ExpressionBuilder:
    """Makes nodes in one scope; `StatementBuilder` changes the scope block by block."""

    def __init__(self, builder: Values, scope: Scope) -> None:
        self.builder = builder
        self.scope = scope

    def span(self, item: Item) -> Span:
        """Where this is in the text."""
        return self.builder.span(item)

    # ------------------------------------------------------------ expressions

    def expr(self, item: Item) -> Node:
        """The node of any expression."""
        if isinstance(item, Token):
            return self._token(item)
        name = item.data
        if name in BINARY:
            left, right = item.children
            return nodes.Binary(BINARY[name], self.expr(left), self.expr(right), span=self.span(item))
        if name.startswith("net_"):
            return Literal("prefix", net_literal(self.builder, item), span=self.span(item))
        if name in EMPTY:
            kind, value = EMPTY[name]
            return Literal(kind, value, span=self.span(item))
        return self._OTHERS[name](self, item)

    def _token(self, token: Token) -> Node:
        if token.type == "NAME":
            return self.name(token)
        try:
            return literal(token.type, token, self.span(token))
        except ValueError as problem:
            raise self.builder.error(str(problem), token) from None

    def name(self, token: Token) -> Node:
        """A variable, constant or attribute."""
        meaning = self.scope.find(token)
        span = self.span(token)
        match meaning:
            case Local():
                return replace(meaning, span=span)
            case Symbol(kind="constant"):
                assert isinstance(meaning.value, Node)
                if isinstance(meaning.value, Literal):
                    return replace(meaning.value, name=meaning.name, span=span)
                return meaning.value
            case Symbol(kind="attribute"):
                return nodes.Attribute(meaning.name, span=span)
            case Symbol(kind="custom attribute"):
                return nodes.Attribute(str(meaning.value), span=span)
            case Symbol():
                hint = f"{token}()" if meaning.kind == "function" else ""
                text = f"`{token}` is a {meaning.kind}, not a value"
                raise self.builder.error(text, token, symbol=meaning, hint=hint)
        if UNKNOWN_ATTRIBUTE.fullmatch(token) and not self.builder.bgp_attribute(int(token[-2:], 16)):
            return nodes.Attribute(str(token), span=span)
        raise self.builder.undefined(token, self.scope)

    def routes(self, tree: Tree) -> Node:
        """`routes`: an error, except in `merge by` (`StatementBuilder.routes`)."""
        raise self.builder.error("`routes` exists only in `merge by` of an aggregator", tree)

    def _not(self, tree: Tree) -> Node:
        return nodes.Unary("!", self.expr(tree.children[0]), span=self.span(tree))

    def _divide(self, tree: Tree) -> Node:
        left, right = (self.expr(child) for child in tree.children)
        return nodes.Binary("/", left, right, span=self.span(tree))

    def _field(self, tree: Tree) -> Node:
        target, name = tree.children
        return nodes.Method(self.expr(target), str(name), span=self.span(tree), place=self.span(name))

    def _method(self, tree: Tree) -> Node:
        target, name, arguments = tree.children
        given = self.arguments(arguments)
        if not given and str(name) in PLAIN:
            raise self.builder.error(f"`{name}` is written without parentheses", name)
        return nodes.Method(self.expr(target), str(name), given, span=self.span(tree), place=self.span(name))

    def arguments(self, tree: Item) -> tuple[Node, ...]:
        """The nodes of a list of expressions."""
        assert isinstance(tree, Tree)
        return tuple(self.expr(child) for child in tree.children)

    def _call(self, tree: Tree) -> Node:
        name, arguments = tree.children
        assert isinstance(name, Token)
        assert isinstance(arguments, Tree)
        meaning = self.scope.find(name)
        if isinstance(meaning, Symbol) and meaning.kind == "function":
            return self._call_user(tree, meaning, arguments)
        if name in BUILTINS and (meaning is None or isinstance(meaning, Symbol)):
            return self._call_builtin(tree, name, arguments)
        if meaning is None:
            raise self.builder.undefined(name, self.scope, extra=BUILTINS, what="function")
        symbol = meaning if isinstance(meaning, Symbol) else None
        what = symbol.kind if symbol is not None else "variable"
        raise self.builder.error(f"`{name}` is a {what}, not a function", name, symbol=symbol)

    def _call_user(self, tree: Tree, symbol: Symbol, arguments: Tree) -> Node:
        function = symbol.value
        assert isinstance(function, nodes.FunctionRef)
        given, wanted = len(arguments.children), len(function.parameters)
        if given != wanted:
            text = f"Function '{symbol.name}' expects {wanted} argument{'s' * (wanted != 1)}, got {given}"
            raise self.builder.error(text, tree, symbol=symbol)
        return nodes.Call(function, self.arguments(arguments), span=self.span(tree))

    def _call_builtin(self, tree: Tree, name: Token, arguments: Tree) -> Node:
        least, most = BUILTINS[name]
        given = len(arguments.children)
        if not least <= given <= most or (name == "roa_check" and given == 2):
            raise self.builder.error(f"`{name}` does not take {given} argument{'s' * (given != 1)}", tree)
        if name not in TABLE_CALLS:
            return nodes.Builtin(str(name), self.arguments(arguments), span=self.span(tree))
        table, *rest = arguments.children
        first = self._table(table)
        return nodes.Builtin(str(name), (first, *(self.expr(each) for each in rest)), span=self.span(tree))

    def _table(self, item: Item) -> Literal:
        if not isinstance(item, Token) or item.type != "NAME":
            raise self.builder.error("a table expected here", item)
        return Literal("table", self.builder.table(item).name, span=self.span(item))

    # ----------------------------------------------------- composite literals

    def _pair(self, tree: Tree) -> Node:
        left, right = (self.expr(child) for child in tree.children)
        return nodes.PairNode(left, right, span=self.span(tree))

    def _large(self, tree: Tree) -> Node:
        first, second, third = (self.expr(child) for child in tree.children)
        return nodes.LargeCommunityNode(first, second, third, span=self.span(tree))

    def _extended(self, tree: Tree) -> Node:
        kind, key, value = tree.children
        name, number = self._kind(kind)
        return nodes.ExtendedCommunityNode(
            name, self.expr(key), self.expr(value), number, span=self.span(tree)
        )

    def _kind(self, item: Item) -> tuple[str, Node | None]:
        assert isinstance(item, Tree)
        number = self.expr(item.children[0]) if item.children else None
        return item.data.removeprefix("kind_"), number

    # ------------------------------------------------------------------- sets

    def set_of(self, tree: Tree) -> Node:
        """`[ ... ]`; of literal prefixes or many numbers, the finished set."""
        items = tree.children
        if items and isinstance(items[0], Token) and items[0].type in BULK:
            return self._bulk(items[0])
        if items and all(isinstance(item, Tree) and item.data in PREFIX_ITEMS for item in items):
            return self._prefix_set(tree)
        return nodes.SetOf(tuple(self.set_item(item) for item in items), span=self.span(tree))

    def _bulk(self, token: Token) -> Node:
        kind, make = BULK[token.type]
        try:
            return Literal(kind, make(token), span=self.span(token))
        except BulkError as problem:
            place = self.builder.sources.span(token.start + problem.start, token.start + problem.end)
            raise self.builder.error(problem.message, place) from None

    def _prefix_set(self, tree: Tree) -> Node:
        patterns = []
        first: Prefix | None = None
        for item in tree.trees():
            prefix, low, high = self._pattern(item)
            first = first or prefix
            if prefix.type is not first.type:
                raise self.builder.error("Mixed IPv4/IPv6 prefixes in prefix set", item)
            patterns.append((prefix.key, low, high))
        net_type = first.type if first is not None else None
        return Literal("prefix set", PrefixSet(patterns, net_type), span=self.span(tree))

    def _pattern(self, item: Tree) -> tuple[Prefix, int, int]:
        token = item.children[0]
        assert isinstance(token, Token)
        node = self._token(token)
        assert isinstance(node, Literal)
        prefix: Prefix = node.value
        length, bits = prefix.length, prefix.address.bits
        match item.data:
            case "prefix_exact":
                return prefix, length, length
            case "prefix_longer":
                return prefix, length, bits
            case "prefix_shorter":
                return prefix, 0, length
        low, high = (self.builder.number(child) for child in item.children[1:])
        if low > high or high > bits:
            range_ = self.builder.sources.span(token.end, item.end)
            raise self.builder.error(f"Invalid prefix pattern range: {{{low}, {high}}}", range_)
        return prefix, low, high

    def set_item(self, item: Item) -> Node:
        """One item of a set, or one label of `case`."""
        if isinstance(item, Tree) and item.data in PREFIX_ITEMS:
            prefix, low, high = self._pattern(item)
            whole = Literal("prefix", prefix, span=self.span(item))
            if item.data == "prefix_exact":
                return nodes.PrefixPattern(whole, span=self.span(item))
            return nodes.PrefixPattern(whole, low, high, span=self.span(item))
        node = self._fold_calls(self.expr(item))
        for part, place in self._ends(node, item):
            if isinstance(part, Local) and self._is_bare(place):
                raise self.builder.error("members of a set must be constants", place)
        if isinstance(node, Literal) and node.type in ("prefix", "string"):
            name = f"{node.name}: " if node.name else ""
            raise self.builder.error(f"{name}Set-incompatible type ({node.type})", item)
        return node

    @staticmethod
    def _ends(node: Node, item: Item) -> list[tuple[Node, Item]]:
        """(node, place) of a single member, or of both ends of a range."""
        if isinstance(node, nodes.Range) and isinstance(item, Tree):
            return list(zip((node.low, node.high), item.children, strict=True))
        return [(node, item)]

    def _is_bare(self, item: Item) -> bool:
        """True if it is not in parentheses: there BIRD accepts only the name of a constant."""
        source, at = self.builder.sources.locate(item.start)
        return not source.text[:at].rstrip().endswith("(")

    def _fold_calls(self, node: Node) -> Node:
        """The member of a set, calls of functions replaced by their values if they have any, as in BIRD."""
        if not _contains(node, nodes.Call):
            return node
        if isinstance(node, nodes.Range | nodes.PairPattern | nodes.LargePattern | nodes.ExtendedPattern):
            parts = {name: getattr(node, name) for name in PARTS[type(node)]}
            known: dict[str, Any] = {
                name: self._fold_calls(part) for name, part in parts.items() if part is not None
            }
            return replace(node, **known)
        if _contains(node, Local) or _contains(node, nodes.Attribute):
            return node
        try:
            return self.builder.computed(node, node.span)
        except (FilterTypeError, FilterRuntimeError, AttributeError):
            return node  # it may have a value for each route

    def _range(self, tree: Tree) -> Node:
        low, high = (self.expr(child) for child in tree.children)
        return nodes.Range(low, high, span=self.span(tree))

    def _wildcard(self, tree: Tree) -> Node:
        return nodes.Wildcard(span=self.span(tree))

    def _pair_pattern(self, tree: Tree) -> Node:
        left, right = (self.expr(child) for child in tree.children)
        if not isinstance(left, nodes.Range | nodes.Wildcard) and not isinstance(
            right, nodes.Range | nodes.Wildcard
        ):
            return nodes.PairNode(left, right, span=self.span(tree))
        return nodes.PairPattern(left, right, span=self.span(tree))

    def _large_pattern(self, tree: Tree) -> Node:
        parts = [self.expr(child) for child in tree.children]
        for before, part, child in zip(parts, parts[1:], tree.children[1:], strict=False):
            if isinstance(before, nodes.Range | nodes.Wildcard) and not isinstance(part, nodes.Wildcard):
                raise self.builder.error(
                    "after `*` or a range only `*` may stand in a large community", child
                )
        first, second, third = parts
        if not any(isinstance(part, nodes.Range | nodes.Wildcard) for part in parts):
            return nodes.LargeCommunityNode(first, second, third, span=self.span(tree))
        return nodes.LargePattern(first, second, third, span=self.span(tree))

    def _extended_pattern(self, tree: Tree) -> Node:
        kind, key, value = tree.children
        name, number = self._kind(kind)
        left, right = self.expr(key), self.expr(value)
        if isinstance(left, Literal) and left.type != "int":
            raise self.builder.error("Expression of type int expected", key)
        if isinstance(left, nodes.Range | nodes.Wildcard):
            raise self.builder.error("the key of an extended community in a set is one number", key)
        if not isinstance(right, nodes.Range | nodes.Wildcard):
            return nodes.ExtendedCommunityNode(name, left, right, number, span=self.span(tree))
        return nodes.ExtendedPattern(name, left, right, number, span=self.span(tree))

    def _mask(self, tree: Tree) -> Node:
        items = tuple(self.expr(child) for child in tree.children)
        if items and isinstance(items[0], nodes.MaskPlus):
            raise self.builder.error("`+` needs something before it to repeat", tree.children[0])
        return nodes.MaskOf(items, span=self.span(tree))

    def _mask_any(self, tree: Tree) -> Node:
        return nodes.MaskAny(span=self.span(tree))

    def _mask_one(self, tree: Tree) -> Node:
        return nodes.MaskOne(span=self.span(tree))

    def _mask_plus(self, tree: Tree) -> Node:
        return nodes.MaskPlus(span=self.span(tree))

    _OTHERS: dict[str, Callable[[ExpressionBuilder, Tree], Node]] = {
        "op_not": _not,
        "op_divide": _divide,
        "field": _field,
        "method": _method,
        "call": _call,
        "pair": _pair,
        "large_community": _large,
        "extended_community": _extended,
        "set": set_of,
        "routes": lambda self, tree: self.routes(tree),
        "range": _range,
        "wildcard": _wildcard,
        "pair_pattern": _pair_pattern,
        "large_pattern": _large_pattern,
        "extended_pattern": _extended_pattern,
        "mask": _mask,
        "mask_any": _mask_any,
        "mask_one": _mask_one,
        "mask_plus": _mask_plus,
    }


def _contains(node: Node, kind: type[Node]) -> bool:
    """True if the node is of this kind or contains one that is."""
    return isinstance(node, kind) or any(_contains(below, kind) for below in children(node))
