"""Finds the expressions that may turn out to have no value ("void").

A void value may be compared, printed, passed and returned; any other use is a
run-time error. Checks for this cost time, so they are generated only where a value
may be void: attributes that the route may lack, variables declared without a value,
parameters that receive one of these, and functions that return one or end without
`return`.
"""

from __future__ import annotations

from pybird.filter import nodes as n
from pybird.filter.attributes import ACCESS
from pybird.filter.types import Typing, children, empty_value, falls_through

FILTER = 0  # the filter itself, among the functions


class Voids:
    """The expressions that may be void in a filter and the functions that it calls."""

    def __init__(self, typing: Typing, body: n.Node | None = None) -> None:
        self._typing = typing
        self._slots: dict[tuple[int, int], None] = {}  # variables, by function and slot
        self._functions: dict[int, None] = {}
        self._returns: dict[int, list[n.Node]] = {}
        self._given: list[tuple[int, n.Node, tuple[int, int]]] = []  # argument and parameter of each call
        self._within = FILTER
        if body is not None:
            self._scan(body, FILTER)
            self._propagate()

    def enter(self, function: int) -> None:
        """Interpret variables as those of this function (an identity) from now on, or of the FILTER."""
        self._within = function

    def may_be(self, node: n.Node) -> bool:
        """True if an expression may turn out to be void."""
        match node:
            case n.Local(slot=slot):
                return (self._within, slot) in self._slots
            case n.Attribute():
                return self._attribute(node)
            case n.Call(function=ref):
                return id(ref.identity) in self._functions
        return False

    def _attribute(self, node: n.Attribute) -> bool:
        if node.name in ACCESS:
            return node.name in ("local_metric", "from")
        declared = self._typing.declaration(node.name)
        return declared is None or empty_value(declared.type) is None

    def _scan(self, node: n.Node, function: int) -> None:
        match node:
            case n.Declare(variable=variable, value=None, bare=bare):
                if bare or empty_value(variable.type) is None:
                    self._slots[function, variable.slot] = None
            case n.Return(value=value) if value is not None:
                self._returns.setdefault(function, []).append(value)
            case n.Call(function=ref, arguments=arguments) if ref.function is not None:
                self._call(ref, arguments, function)
        for below in children(node):
            self._scan(below, function)

    def _call(self, ref: n.FunctionRef, arguments: tuple[n.Node, ...], caller: int) -> None:
        called = id(ref.identity)
        self._given += [
            (caller, argument, (called, parameter.slot))
            for argument, parameter in zip(arguments, ref.parameters, strict=True)
        ]
        if called in self._returns:
            return
        self._returns[called] = []
        assert ref.function is not None
        if falls_through(ref.function.body):
            self._functions[called] = None
        self._scan(ref.function.body, called)

    def _propagate(self) -> None:
        """Propagate through arguments and returned values until nothing new is found."""
        before = -1
        while before != len(self._slots) + len(self._functions):
            before = len(self._slots) + len(self._functions)
            for caller, argument, parameter in self._given:
                self._within = caller
                if parameter not in self._slots and self.may_be(argument):
                    self._slots[parameter] = None
            for function, values in self._returns.items():
                self._within = function
                if function not in self._functions and any(map(self.may_be, values)):
                    self._functions[function] = None
        self._within = FILTER
