"""Constant expressions, and the checker of the filter language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pybird.filter import nodes
from pybird.filter.nodes import Filter, FunctionRef, Literal, Node, Span
from pybird.values.attributes import AttributeDecl
from pybird.values.scalars import ExtendedCommunity, LargeCommunity, Pair


class NotConstant(Exception):
    """An expression that has no value before a route is there."""

    def __init__(self, message: str, span: Span) -> None:
        super().__init__(message)
        self.message = message
        self.span = span


def evaluate(node: Node) -> Literal:
    """The value of a constant expression."""
    match node:
        case Literal():
            return node
        case nodes.Pair(left=left, right=right):
            return Literal("pair", Pair.of(evaluate(left).value, evaluate(right).value), span=node.span)
        case nodes.LargeCommunity(first=a, second=b, third=c):
            value = LargeCommunity(evaluate(a).value, evaluate(b).value, evaluate(c).value)
            return Literal("lc", value, span=node.span)
        case nodes.ExtendedCommunity(kind=kind, key=key, value=part, number=number):
            high = evaluate(number).value if number is not None else 0
            made = ExtendedCommunity.of(kind, evaluate(key).value, evaluate(part).value, high)
            return Literal("ec", made, span=node.span)
        case nodes.Binary():
            return _arithmetic(node)
        case nodes.SetOf() | nodes.MaskOf():
            return Literal("node", node, span=node.span)
    raise NotConstant("a constant expected here", node.span)


def _arithmetic(node: nodes.Binary) -> Literal:
    left, right = evaluate(node.left), evaluate(node.right)
    if left.type != "int" or right.type != "int":
        raise NotConstant(f"`{node.op}` needs numbers", node.span)
    match node.op:
        case "+":
            value = left.value + right.value
        case "-":
            value = left.value - right.value
        case "*":
            value = left.value * right.value
        case "/" if right.value:
            value = left.value // right.value
        case "=":
            return Literal("bool", left.value == right.value, span=node.span)
        case _:
            raise NotConstant(f"`{node.op}` cannot be computed here", node.span)
    return Literal("int", value & 0xFFFFFFFF, span=node.span)


def check(
    made: Filter | FunctionRef, declarations: Mapping[str, AttributeDecl]
) -> Iterable[tuple[str, Span]]:
    """What is wrong with a filter or function: messages and places."""
    return ()
