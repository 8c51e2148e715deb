"""Digests of filters: equal digests mean that two filters do the same.

The names of constants and functions and the places in the file do not count. A digest covers the
functions that are called, so a reload that changes a function changes the digest
of everything that calls it. Variables count by slot and type, not by name. A
recursive call counts as the distance to the function that it re-enters.
"""

from __future__ import annotations

from dataclasses import fields
from enum import Enum
from hashlib import sha256
from typing import Any, Final

from pybird.filter import nodes as n
from pybird.filter.depth import with_enough_stack
from pybird.filter.types import PARTS, operands
from pybird.values.prefixset import PrefixSet
from pybird.values.sets import ValueSet
from pybird.values.text import to_octets


def digest(node: n.Node | n.FunctionRef) -> str:
    """The digest of a filter, function or expression; also sets that of every function it calls.

    References compare by digest, so call this for each function when its body has been read.
    """

    def made() -> str:
        return _Digest().function(node) if isinstance(node, n.FunctionRef) else _Digest().hashed(node)

    return with_enough_stack(made)


# The fields of each kind of node that count.
COMPARED: Final[dict[type[n.Node], tuple[str, ...]]] = {
    kind: tuple([field.name for field in fields(kind) if field.compare]) for kind in PARTS
}


class _Digest:
    def __init__(self) -> None:
        self._above: list[int] = []  # functions being digested

    def hashed(self, node: n.Node) -> str:
        return sha256(to_octets(self._text(node))).hexdigest()[:32]

    def function(self, ref: n.FunctionRef) -> str:
        if ref.digest:
            return ref.digest
        if id(ref.identity) in self._above:
            return f"recursion {len(self._above) - self._above.index(id(ref.identity))}"
        if ref.function is None:
            return f"undefined {ref.name}"
        self._above.append(id(ref.identity))
        ref.digest = self.hashed(n.Block((*ref.function.parameters, ref.function.body)))
        self._above.pop()
        return ref.digest

    def _text(self, value: Any) -> str:
        match value:
            case n.Literal(type=kind, value=inner):
                return f"{kind} {_constant(inner)}"
            case n.Local(slot=slot, type=kind):
                return f"${slot} {kind}"
            case n.FunctionRef():
                return f"function {self.function(value)}"
            case n.Filter(body=body):
                return self._text(body)
            case n.Binary(op="&&" | "||" as op):
                return f"{op}[{', '.join([self._text(part) for part in operands(value, op)])}]"
            case n.Node():
                parts = [self._text(getattr(value, name)) for name in COMPARED[type(value)]]
                return f"{type(value).__name__}({', '.join(parts)})"
            case tuple():
                return f"[{', '.join([self._text(item) for item in value])}]"
        return _constant(value)


def _constant(value: Any) -> str:
    match value:
        case PrefixSet(patterns=patterns, net_type=net_type):
            return f"{net_type} {sorted(patterns)}"
        case ValueSet(intervals=intervals, boxes=boxes):
            shown = [f"{_constant(low)}..{_constant(high)}" for low, high in intervals]
            return f"{shown} {boxes}"
        case Enum():
            return f"{type(value).__name__} {value.value}"
    return f"{type(value).__name__} {value!r}"
