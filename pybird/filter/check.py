"""Checks a filter or function before it is compiled.

Every statement is checked on its own, so one run reports all independent
problems. Code that passes compiles; the errors that remain depend on values
(division by zero, an attribute that the route does not have).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pybird.filter import nodes as n
from pybird.filter.attributes import ACCESS
from pybird.filter.errors import FilterRuntimeError, FilterTypeError
from pybird.filter.generate import ExpressionSource
from pybird.filter.literals import leaves
from pybird.filter.methods import ELEMENTS
from pybird.filter.program import written_target
from pybird.filter.types import EMPTY_SET_TYPE, Typing, accepts, children, fits
from pybird.values.attributes import UNKNOWN_PREFIX, AttributeDecl
from pybird.values.sets import ValueSet


@dataclass(frozen=True, slots=True)
class FilterProblem:
    """One problem: its exact place, the error message, and a hint."""

    span: n.Span
    message: str
    hint: str = ""


def check(node: n.Node | n.FunctionRef, declarations: Mapping[str, AttributeDecl]) -> list[FilterProblem]:
    """The problems of a filter, a function, a block or an expression, in source order.

    Functions that are called are checked when they are defined, not again here.
    """
    checker = _Checker(declarations)
    match node:
        case n.Filter(body=body):
            checker.statement(body)
        case n.Function():
            checker.function(node)
        case n.FunctionRef(function=function):
            if function is not None:
                checker.function(function)
        case n.Block():
            checker.statement(node)
        case _:
            checker.type_of(node)
    return checker.problems


class _Checker:
    def __init__(self, declarations: Mapping[str, AttributeDecl]) -> None:
        self.problems: list[FilterProblem] = []
        self._typing = Typing(declarations)
        self._expressions = ExpressionSource(self._typing, lambda ref: ref.name, {})
        self._function: n.Function | None = None
        self._returned: str | None = None

    def function(self, node: n.Function) -> None:
        """Check a function, with its returns."""
        self._function = node
        self._returned = node.return_type
        self.statement(node.body)

    def statement(self, node: n.Node) -> None:
        """Check a statement and everything inside it."""
        match node:
            case n.Block(statements=statements):
                for inner in statements:
                    self.statement(inner)
            case n.If(condition=condition, then=then, otherwise=otherwise):
                self.require(condition, "bool", "if")
                self.statement(then)
                if otherwise is not None:
                    self.statement(otherwise)
            case n.Case():
                self._case(node)
            case n.For():
                self._for(node)
            case n.Declare(variable=variable, value=value):
                if value is not None:
                    self.require(value, variable.type, variable.name)
            case n.Assign() | n.CheckAssign():
                self._assign(node)
            case n.Assert(condition=condition):
                self.require(condition, "bool", "bt_assert")
            case n.Unset(attribute=attribute):
                self._unset(attribute)
            case n.Return():
                self._return(node)
            case n.Decide(message=arguments) | n.Print(arguments=arguments):
                for argument in arguments:
                    self.type_of(argument)
            case n.Evaluate(expression=expression):
                self._evaluate(expression)
            case _:
                self._problem(node.span, "this is not a statement")

    def type_of(self, node: n.Node) -> str | None:
        """The type of an expression; None after a problem was recorded."""
        try:
            found = self._typing.type_of(node)
            self._constants(node)
        except (FilterTypeError, FilterRuntimeError) as problem:
            hint = problem.hint if isinstance(problem, FilterTypeError) else ""
            self._problem(problem.span if problem.span is not n.NO_SPAN else node.span, problem.message, hint)
            return None
        return found

    def require(self, node: n.Node, wanted: str, what: str) -> bool:
        """True if an expression may stand where this type is wanted; False after a problem was recorded."""
        found = self.type_of(node)
        if found is None:
            return False
        if found == "void" and isinstance(node, n.Call) and node.function.return_type is None:
            return True  # it may accept or reject instead of returning; as in BIRD, a run finds out
        if not accepts(wanted, found, node):
            self._problem(node.span, f"{what} takes {wanted}, not {found}")
            return False
        return True

    def _constants(self, node: n.Node) -> None:
        """Compute every constant part, to find errors such as 1/0, even after `true ||`."""
        if self._expressions.is_constant(node):
            if isinstance(node, (n.Binary, n.Unary)):
                for below in children(node):
                    self._constants(below)
            self._expressions.constant(node)
            return
        if isinstance(node, n.SetOf):
            if _reads_route(node):
                raise FilterTypeError("members of a set must be constants", node.span)
            for leaf in [leaf for item in node.items for leaf in leaves(item)]:
                self._constants(leaf)
            return
        for below in children(node):
            if not isinstance(below, (n.MaskAny, n.MaskOne, n.MaskPlus, n.Range)):
                self._constants(below)

    def _case(self, node: n.Case) -> None:
        kind = self.type_of(node.subject)
        taken: list[tuple[Any, Any]] = []  # intervals of the labels of earlier arms
        for arm in node.arms:
            if arm.labels:
                labels = self.type_of(n.SetOf(arm.labels, span=arm.labels[0].span))
                if labels == "prefix set":
                    self._problem(arm.labels[0].span, "a prefix cannot be a label of case")
                elif None not in (kind, labels) and not self._labels_fit(kind or "", labels or ""):
                    self._problem(
                        arm.labels[0].span, f"a case of {kind} has a label of {(labels or '')[:-4]}"
                    )
                elif labels is not None and not self._expressions.is_constant(node.subject):
                    self._overlap(arm, taken)
            self.statement(arm.body)

    def _overlap(self, arm: n.Arm, taken: list[tuple[Any, Any]]) -> None:
        """Refuse labels that two arms have, as BIRD does unless the value of the case is constant."""
        literal = self._expressions.constant(n.SetOf(arm.labels, span=arm.span))
        fresh = literal.value.intervals if literal is not None and isinstance(literal.value, ValueSet) else ()
        if any(low <= above and below <= high for low, high in fresh for below, above in taken):
            self._problem(arm.labels[0].span, "Overlaping intervals in switch cases not allowed")
        taken += fresh

    def _labels_fit(self, kind: str, labels: str) -> bool:
        if (kind, labels) == ("quad", "ip set"):
            return True
        return "any" in (kind, labels) or labels in (f"{kind} set", EMPTY_SET_TYPE)

    def _for(self, node: n.For) -> None:
        kind = self.type_of(node.sequence)
        if kind is not None:
            element = ELEMENTS.get(kind)
            if element is None:
                self._problem(node.sequence.span, f"for cannot iterate over {kind}")
            elif not fits(element, node.variable.type):
                self._problem(
                    node.variable.span,
                    f"members of {kind} are {element}, {node.variable.name} is {node.variable.type}",
                )
        self.statement(node.body)

    def _assign(self, node: n.Assign | n.CheckAssign) -> None:
        target = node.target
        if isinstance(target, n.Attribute) and not self._writable(target):
            return
        kind = self.type_of(target)
        if kind is not None:
            self.require(node.value, kind, getattr(target, "name", "this"))

    def _writable(self, target: n.Attribute) -> bool:
        declared = self._typing.declaration(target.name)
        if declared is None and not target.name.startswith(UNKNOWN_PREFIX):
            self._problem(target.span, f"there is no attribute {target.name}")
            return False
        if declared is not None and not declared.writable:
            self._problem(target.span, f"{target.name} is read-only")
            return False
        return True

    def _unset(self, attribute: n.Attribute) -> None:
        if attribute.name in ACCESS and attribute.name not in ("from", "local_metric"):
            self._problem(attribute.span, f"{attribute.name} cannot be unset")
        else:
            self._writable(attribute)

    def _return(self, node: n.Return) -> None:
        if self._function is None:
            self._problem(node.span, "return outside of a function")
            return
        found = "void" if node.value is None else self.type_of(node.value)
        if found is None:
            return
        if self._returned is None:
            self._returned = found
        elif not accepts(self._returned, found, node.value or node) and found != "any":
            place = node.value.span if node.value is not None else node.span
            self._problem(place, f"{self._function.name} returns {self._returned}, not {found}")

    def _evaluate(self, expression: n.Node) -> None:
        found = self.type_of(expression)
        if found is None or not isinstance(expression, n.Method):
            return
        target = written_target(expression)
        if target is None:
            return
        if isinstance(target, n.Attribute) and not self._writable(target):
            return
        kind = self.type_of(target)
        if kind is not None and not fits(found, kind):
            self._problem(expression.span, f"the result is {found} and cannot be written back to {kind}")

    def _problem(self, span: n.Span, message: str, hint: str = "") -> None:
        self.problems.append(FilterProblem(span, message, hint))


def _reads_route(node: n.Node) -> bool:
    """True if an attribute of the route is named; the bodies of called functions do not count."""
    return isinstance(node, n.Attribute) or any(_reads_route(below) for below in children(node))
