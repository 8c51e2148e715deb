"""Filters and functions: from parse trees to nodes.

One `StatementBuilder` per filter or function: it numbers the variables and follows the
blocks. Slots are unique in the whole function, so that a variable and one that
shadows it have different slots.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pybird.conf.expressions import ExpressionBuilder
from pybird.conf.model import Symbol
from pybird.conf.scope import Scope
from pybird.conf.tree import Item, Token, Tree
from pybird.conf.values import Values
from pybird.filter import nodes
from pybird.filter.nodes import Block, Filter, Local, Node

VERDICTS = ("accept", "reject", "error")
SETTABLE = ("int", "ip", "prefix", "pair", "quad", "ec", "lc", "rd")  # and enumerations


def type_name(builder: Values, tree: Item) -> str:
    """`int`, `prefix set`, `enum rts`."""
    assert isinstance(tree, Tree)
    name = tree.text()
    base = name.removesuffix(" set")
    if name != base and base not in SETTABLE and not base.startswith("enum "):
        raise builder.error("You can't create sets of this type.", tree)
    if base.startswith("enum ") and base not in builder.enum_types:
        raise builder.error(f"no such enumeration: {base}", tree)
    return name


class StatementBuilder(ExpressionBuilder):
    """The body of one filter or function."""

    def __init__(
        self, builder: Values, scope: Scope, *, in_function: bool = False, has_routes: bool = False
    ) -> None:
        super().__init__(builder, Scope(scope))
        self._in_function = in_function
        self._has_routes = has_routes
        self._slots = 0

    def routes(self, tree: Tree) -> Node:
        """`routes`, the routes that `merge by` makes one of; an error elsewhere."""
        if self._has_routes:
            return nodes.Literal("block of routes", None, span=self.span(tree))
        return super().routes(tree)

    def local(self, kind: Item, name: Item) -> Local:
        """Declare a variable in the present block."""
        assert isinstance(name, Token)
        if self.scope.here(name) is not None:
            raise self.builder.error(f"Symbol '{name}' already defined", name)
        variable = Local(str(name), self._slots, type_name(self.builder, kind), span=self.span(name))
        self._slots += 1
        self.scope.add(str(name), variable)
        return variable

    def parameters(self, tree: Tree) -> tuple[Local, ...]:
        """The parameters of a function."""
        return tuple(self.local(*each.children) for each in tree.trees())

    def body(self, locals_: Tree, block: Tree) -> Block:
        """The body of a filter or function, with the variables that are declared before its block."""
        declared = [
            nodes.Declare(self.local(*each.children), bare=True, span=self.span(each))
            for each in locals_.trees()
        ]
        whole = self.block(block)
        return Block((*declared, *whole.statements), span=whole.span)

    def block(self, tree: Tree) -> Block:
        """`{ ... }`, a scope of its own."""
        self.scope = Scope(self.scope)
        try:
            return Block(self._list(tree.children), span=self.span(tree))
        finally:
            assert self.scope.parent is not None
            self.scope = self.scope.parent

    def _list(self, items: list[Item]) -> tuple[Node, ...]:
        made = []
        for item in items:
            with self.builder.collecting():
                made.append(self.statement(item))
        return tuple(made)

    def statement(self, item: Item) -> Node:
        """The node of one statement."""
        assert isinstance(item, Tree)
        if item.data in VERDICTS:
            return nodes.Decide(item.data, self.arguments(item.children[0]), span=self.span(item))
        return self._KINDS[item.data](self, item)

    def _if(self, tree: Tree) -> Node:
        condition, then, *otherwise = tree.children
        test = self.expr(condition)
        last = self.statement(otherwise[0]) if otherwise else None
        return nodes.If(test, self.statement(then), last, span=self.span(tree))

    def _for(self, tree: Tree) -> Node:
        kind, name, sequence, body = tree.children
        items = self.expr(sequence)
        self.scope = Scope(self.scope)
        variable = self.local(kind, name)
        node = nodes.For(variable, items, self.statement(body), span=self.span(tree))
        assert self.scope.parent is not None
        self.scope = self.scope.parent
        return node

    def _case(self, tree: Tree) -> Node:
        subject = self.expr(tree.children[0])
        arms: list[nodes.Arm] = []
        labels: Tree | None = None
        body: list[Item] = []
        for child in tree.children[1:]:
            assert isinstance(child, Tree)
            if child.data in ("labels", "otherwise"):
                if labels is not None:
                    arms.append(self._arm(labels, body))
                labels, body = child, []
            elif labels is None:
                raise self.builder.error("a label and `:` must come first in `case`", child)
            else:
                body.append(child)
        if labels is not None:
            arms.append(self._arm(labels, body))
        return nodes.Case(subject, tuple(arms), span=self.span(tree))

    def _arm(self, labels: Tree, body: list[Item]) -> nodes.Arm:
        items = tuple(self.set_item(item) for item in labels.children) if labels.data == "labels" else ()
        self.scope = Scope(self.scope)
        statements = self._list(body)
        assert self.scope.parent is not None
        self.scope = self.scope.parent
        return nodes.Arm(items, Block(statements, span=self.span(labels)), span=self.span(labels))

    def _declare(self, tree: Tree) -> Node:
        kind, name, *value = tree.children
        start = self.expr(value[0]) if value else None
        return nodes.Declare(self.local(kind, name), start, span=self.span(tree))

    def target(self, token: Item) -> Local | nodes.Attribute:
        """The variable or attribute to the left of `=`."""
        assert isinstance(token, Token)
        meaning = self.scope.find(token)
        if isinstance(meaning, Symbol) and meaning.kind not in ("attribute", "custom attribute"):
            raise self.builder.error(
                f"`{token}` is a {meaning.kind}; it cannot be set", token, symbol=meaning
            )
        node = self.name(token)
        assert isinstance(node, Local | nodes.Attribute)
        return node

    def _assign(self, tree: Tree) -> Node:
        name, value = tree.children
        target = self.target(name)
        return nodes.Assign(target, self.expr(value), span=self.span(tree))

    def _evaluate(self, tree: Tree) -> Node:
        return nodes.Evaluate(self.expr(tree.children[0]), span=self.span(tree))

    def _return(self, tree: Tree) -> Node:
        if not self._in_function:
            raise self.builder.error("Can't return from a non-function, use accept or reject instead.", tree)
        value = self.expr(tree.children[0]) if tree.children else None
        return nodes.Return(value, span=self.span(tree))

    def _print(self, tree: Tree) -> Node:
        newline = tree.data == "print"
        return nodes.Print(self.arguments(tree.children[0]), newline, span=self.span(tree))

    def _unset(self, tree: Tree) -> Node:
        target = self.target(tree.children[0])
        if not isinstance(target, nodes.Attribute):
            raise self.builder.error("only an attribute can be unset", tree.children[0])
        return nodes.Unset(target, span=self.span(tree))

    def _bt_assert(self, tree: Tree) -> Node:
        (item,) = tree.children
        parts = {self._text(part): self.expr(part) for part in _shown(item)}
        told = {text: node for text, node in parts.items() if not _is_constant_of_bird(node)}
        return nodes.Assert(
            self.expr(item), self._text(item), tuple(told.values()), tuple(told), span=self.span(tree)
        )

    def _bt_check_assign(self, tree: Tree) -> Node:
        name, value = tree.children
        text = f"{name} = {self._text(value)}"
        return nodes.CheckAssign(self.target(name), self.expr(value), text, span=self.span(tree))

    def _text(self, item: Item) -> str:
        return " ".join("".join(self.builder.sources.texts(item.start, item.end)).split())

    _KINDS: dict[str, Callable[[StatementBuilder, Tree], Node]] = {
        "block": block,
        "if": _if,
        "for": _for,
        "case": _case,
        "declare": _declare,
        "assign": _assign,
        "evaluate": _evaluate,
        "return": _return,
        "print": _print,
        "printn": _print,
        "unset": _unset,
        "bt_assert": _bt_assert,
        "bt_check_assign": _bt_check_assign,
    }


def _shown(condition: Item) -> Iterator[Item]:
    """The parts of a condition whose values a failed assertion shows: operands and arguments."""
    if isinstance(condition, Token):
        return
    if condition.data in ("op_and", "op_or", "op_not"):
        for part in condition.children:
            yield from _shown(part)
    elif condition.data.startswith("op_"):
        yield from (part for part in condition.children if not _is_literal(part))
    elif condition.data == "call":
        for arguments in condition.trees():
            yield from (part for part in arguments.children if not _is_literal(part))


def _is_constant_of_bird(node: Node) -> bool:
    """`true`, `ROA_VALID`: the name says the value."""
    return isinstance(node, nodes.Literal) and (node.type == "bool" or node.type.startswith("enum "))


def _is_literal(item: Item) -> bool:
    """True for what shows its own value."""
    return item.type != "NAME" if isinstance(item, Token) else item.data == "set"


def filter_of(builder: Values, name: str | None, locals_: Tree, block: Tree) -> Filter:
    """A named filter, or (`name` None) one written in place."""
    return Filter(
        name, StatementBuilder(builder, builder.scope).body(locals_, block), span=builder.span(block)
    )


def merging(builder: Values, block: Tree) -> Filter:
    """The block of `merge by` in an aggregator: it makes one route of several `routes`."""
    code = StatementBuilder(builder, builder.scope, has_routes=True)
    return Filter(None, code.block(block), span=builder.span(block))


def where(builder: Values, expression: Item) -> Filter:
    """The filter of `where EXPR`: accept if the expression holds, else reject."""
    span = builder.span(expression)
    condition = ExpressionBuilder(builder, builder.scope).expr(expression)
    accept, reject = nodes.Decide("accept", span=span), nodes.Decide("reject", span=span)
    return Filter(None, Block((nodes.If(condition, accept, reject, span=span),), span=span), span=span)
