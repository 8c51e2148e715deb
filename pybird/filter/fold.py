"""Values of constant expressions: `define`, options, parts of sets."""

from __future__ import annotations

from pybird.filter import nodes as n
from pybird.filter.attributes import declarations_of
from pybird.filter.budget import Budget
from pybird.filter.compile import compile_expression
from pybird.filter.errors import FilterRuntimeError, FilterTypeError
from pybird.filter.format import rich
from pybird.filter.generate import ExpressionSource, is_constant
from pybird.filter.route_context import constant_subject
from pybird.filter.types import Typing, children


def evaluate(node: n.Node, budget: Budget | None = None) -> n.Literal:
    """The value of an expression that needs no route; functions that it calls are run.

    `budget` bounds these runs.

    Raises:
        FilterTypeError: the operands do not fit.
        FilterRuntimeError: it has no value, or it needs a route. Both carry a span.
    """
    if isinstance(node, n.Literal):
        return node
    typing = Typing(declarations_of())
    try:
        if is_constant(node):
            expressions = ExpressionSource(typing, lambda ref: ref.name, {})
            value = expressions.constant(node)
            assert value is not None
            found = n.Literal(value.type, value.value, span=node.span)
        else:
            if reads_preference(node):
                raise FilterRuntimeError("preference is read, but there is no route here", node.span)
            compiled = compile_expression(node, typing.declarations, budget)
            subject = constant_subject(lambda text: None)
            try:
                found = n.Literal(compiled.type, compiled(subject), span=node.span)
            finally:
                compiled.clear()
    except (FilterRuntimeError, FilterTypeError) as problem:
        if problem.span is n.NO_SPAN:
            problem.span = node.span
        raise
    return _rich(found)


def reads_preference(node: n.Node) -> bool:
    """True if `preference` is read: every route has one, so its absence would not be noticed in a run."""
    if isinstance(node, n.Attribute):
        return node.name == "preference"
    return any(reads_preference(below) for below in children(node))


def _rich(found: n.Literal) -> n.Literal:
    return n.Literal(found.type, rich(found.type, found.value), span=found.span)
