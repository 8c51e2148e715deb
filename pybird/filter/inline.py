"""Replaces variables that are constants: `prefix set bogons; bogons = [ … ]; … net ~ bogons`.

A variable that is set once, at the top level of its function, to a constant
and before any use is replaced by the constant, so that the channel can evaluate
tests of the network against it before the filter runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from pybird.filter import nodes as n
from pybird.filter.generate import is_constant
from pybird.filter.types import PARTS, children, operands


def inline_constants(body: n.Node, kind_of: Callable[[n.Node], str]) -> n.Node:
    """The body with constant variables replaced; `kind_of` gives an expression's type."""
    if not isinstance(body, n.Block):
        return body
    sets: dict[int, int] = {}
    for statement in _all_nodes(body):
        slot = _slot_set(statement)
        if slot is not None:
            sets[slot] = sets.get(slot, 0) + 1
    known: dict[int, n.Node] = {}
    used: dict[int, None] = {}
    kept: list[n.Node] = []
    for statement in body.statements:
        slot = _slot_set(statement)
        if slot is not None and sets[slot] == 1 and slot not in used:
            value = _rewritten(_value(statement), known)
            if is_constant(value) and kind_of(value) == _variable(statement).type:
                known[slot] = value
                continue
        used.update(dict.fromkeys([node.slot for node in _all_nodes(statement) if isinstance(node, n.Local)]))
        if isinstance(statement, n.Declare) and statement.value is None:
            del used[statement.variable.slot]
        kept.append(_rewritten(statement, known))
    return replace(body, statements=tuple(kept)) if known else body


def _slot_set(statement: n.Node) -> int | None:
    match statement:
        case n.Declare(variable=variable, value=value) if value is not None:
            return variable.slot
        case n.Assign(target=n.Local(slot=slot)) | n.CheckAssign(target=n.Local(slot=slot)):
            return slot
        case n.For(variable=variable):
            return variable.slot
        case n.Evaluate(expression=n.Method() as method):
            target: n.Node = method
            while isinstance(target, n.Method):
                target = target.target
            return target.slot if isinstance(target, n.Local) else None
    return None


def _variable(statement: n.Node) -> n.Local:
    variable = statement.target if isinstance(statement, n.Assign) else getattr(statement, "variable", None)
    assert isinstance(variable, n.Local)
    return variable


def _value(statement: n.Node) -> n.Node:
    match statement:
        case n.Declare(value=value) | n.Assign(value=value) if value is not None:
            return value
    return statement


def _all_nodes(node: n.Node) -> Iterator[n.Node]:
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting += reversed(list(children(found)))


def _rewritten(node: Any, known: dict[int, n.Node]) -> Any:
    if isinstance(node, tuple):
        changed = tuple([_rewritten(item, known) for item in node])
        return changed if any(new is not old for new, old in zip(changed, node, strict=True)) else node
    if not isinstance(node, n.Node) or isinstance(node, n.Literal):
        return node
    if isinstance(node, n.Local):
        return known.get(node.slot, node)
    if isinstance(node, n.Binary) and node.op in ("&&", "||"):
        return _rewritten_chain(node, known)
    changes: dict[str, Any] = {}
    for name in PARTS[type(node)]:
        old = getattr(node, name)
        new = _rewritten(old, known)
        if new is not old:
            changes[name] = new
    return replace(node, **changes) if changes else node


def _rewritten_chain(node: n.Binary, known: dict[int, n.Node]) -> n.Node:
    first, *others = [_rewritten(part, known) for part in operands(node, node.op)]
    made: n.Node = first
    for part in others:
        made = n.Binary(node.op, made, part, span=node.span)
    return made
