"""Compiles filters to Python functions of a route.

A filter and every function it calls become one piece of Python source
(`program.py`), which is compiled once; `runtime.py` is all it may call. A run
returns True (accept), False (reject) or None when it ended without a decision;
a user's function decides by raising `Accept` or `Reject`. Every generated line
has the place in the config that it came from, so that a run-time error is
reported at the user's line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pybird.filter import nodes as n
from pybird.filter.budget import Budget
from pybird.filter.depth import with_enough_stack
from pybird.filter.errors import FAILURES, FilterRuntimeError, FilterTypeError, reason
from pybird.filter.format import rich
from pybird.filter.generate import Reads
from pybird.filter.net_answers import NetAnswers
from pybird.filter.net_questions import Length, NetQuestions, NetTest, RoaTest
from pybird.filter.nodes import Span
from pybird.filter.program import Code, expression_code, filter_code
from pybird.filter.route_context import RouteContext
from pybird.filter.runtime import Accept, Reject
from pybird.filter.trace import FilterTrace
from pybird.values.attributes import AttributeDecl
from pybird.values.net import NetType

_TOO_DEEP = (RecursionError, MemoryError, SyntaxError)  # Python's errors for deeply nested code


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of a filter: what its verdict depends on.

    `per_net`: it reads more of the network than `net_sets`, `by_length` and `roas`
    say, so it must run for every route. `reads`: which of source, proto, from,
    preference and hop; `attributes`: which attributes of the set.
    `volatile`: a run does more than decide (print, logged decisions).
    `tables`: all tables that it looks up; `asked`: those it looks up during a run
    (the answers to `roas` are known before).
    """

    per_net: bool = False
    net_sets: tuple[NetTest, ...] = ()
    by_length: bool = False
    roas: tuple[RoaTest, ...] = ()
    reads: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()
    volatile: bool = False
    tables: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()

    @property
    def attributes_only(self) -> bool:
        """True when one run serves every route with the same attribute set."""
        return not (self.per_net or self.masked or self.reads or self.volatile or self.tables)

    @property
    def masked(self) -> bool:
        """True if it has questions about the network, which can be answered before a run."""
        return bool(self.net_sets or self.by_length or self.roas)


class CompiledFilter:
    """A compiled filter, as `compile_filter` makes it."""

    __slots__ = ("_code", "_make_masked", "_masked", "_masks", "inputs", "name", "tests")

    def __init__(self, name: str, code: Code, make_masked: Callable[[], Code]) -> None:
        self.name = name
        self._code = code
        self._make_masked = make_masked
        self._masked: Code | None = None
        self._masks: dict[NetType, NetAnswers] = {}
        self.inputs = _inputs(code.reads)
        self.tests: NetQuestions = code.reads.tests

    @property
    def source(self) -> str:
        """The generated Python."""
        return self._code.source

    def lines(self) -> list[tuple[str, Span]]:
        """The generated Python line by line, each with the place in the config that it came from."""
        return self._code.lines()

    @property
    def constants(self) -> Mapping[str, Any]:
        """The constants that the generated Python calls k0, k1, ..."""
        return self._code.constants

    def run(self, subject: RouteContext) -> bool:
        """True if the filter accepts the route; the subject then has the changes to it."""
        return self._decide(self._code, subject)

    def run_masked(self, subject: RouteContext, mask: int) -> bool:
        """Like `run`; the bits of `mask` are the answers to the questions in `tests`."""
        if self._masked is None:
            self._masked = self._make_masked()
        subject.mask = mask
        return self._decide(self._masked, subject)

    def masks(self, net_type: NetType) -> NetAnswers:
        """Answers the questions about networks of tables of this type, except for `roas`."""
        found = self._masks.get(net_type)
        if found is None:
            found = self._masks[net_type] = self._make_masks(net_type)
        return found

    def _make_masks(self, net_type: NetType) -> NetAnswers:
        """Tests of sets with many prefixes are `far`: caching their answers does not pay."""
        near: dict[NetTest | Length, int] = {}
        far: dict[NetTest | Length, int] = {}
        named: list[bytes] = []
        for test, bit in self.tests.first.items():
            if isinstance(test, RoaTest):
                continue
            patterns = test.patterns(net_type) if isinstance(test, NetTest) else []
            if patterns is None:
                far[test] = bit
            else:
                near[test] = bit
                named += patterns
        octets = 4 if net_type is NetType.IP6 else 2
        return NetAnswers(_answers(near, net_type), _answers(far, net_type) if far else None, named, octets)

    def clear(self) -> None:
        """Release all code when the configuration is dropped; the filter cannot run any more."""
        self._code.clear()
        if self._masked is not None:
            self._masked.clear()
        self._masks.clear()

    def _decide(self, code: Code, subject: RouteContext) -> bool:
        try:
            verdict = code.run(subject)
        except Accept:
            return True
        except Reject:
            return False
        except FAILURES as failure:
            subject.fail(code.describe(failure))
            return False
        if verdict is None:
            subject.fail(f"Filter {self.name} did not return accept nor reject. Make up your mind")
            return False
        return bool(verdict)


class CompiledExpression:
    """An expression that can be run; `type` is its static type."""

    __slots__ = ("_code", "type")

    def __init__(self, code: Code, type_name: str) -> None:
        self.type = type_name
        self._code = code

    @property
    def source(self) -> str:
        """The generated Python."""
        return self._code.source

    def __call__(self, subject: RouteContext) -> Any:
        """The value of the expression, in its self-describing form (`format.rich`).

        Raises:
            FilterRuntimeError: it has no value.
        """
        try:
            return rich(self.type, self._code.run(subject))
        except (Accept, Reject):
            raise FilterRuntimeError("a function in this expression accepted or rejected the route") from None
        except FAILURES as failure:
            raise FilterRuntimeError(reason(failure)) from failure

    def clear(self) -> None:
        """Release the code; the expression cannot run any more."""
        self._code.clear()


def compile_filter(
    filter: n.Filter,  # noqa: A002
    declarations: Mapping[str, AttributeDecl],
    budget: Budget | None = None,
) -> CompiledFilter:
    """Compile a filter that passed `check`; `budget` bounds the runs of one that a client sent.

    Raises:
        FilterTypeError: it did not pass, or is nested too deeply.
    """
    try:
        code = with_enough_stack(lambda: filter_code(filter, declarations, budget=budget))
    except _TOO_DEEP:
        raise FilterTypeError("this is nested too deeply", filter.span) from None
    return CompiledFilter(
        filter.name or "(unnamed)",
        code,
        lambda: with_enough_stack(lambda: filter_code(filter, declarations, masked=True, budget=budget)),
    )


def compile_traced(
    filter: n.Filter,  # noqa: A002
    declarations: Mapping[str, AttributeDecl],
    trace: FilterTrace,
) -> CompiledFilter:
    """Compile a filter so that it reports every step to the trace; slow.

    Raises:
        FilterTypeError: as `compile_filter`.
    """
    try:
        code = with_enough_stack(lambda: filter_code(filter, declarations, trace=trace))
    except _TOO_DEEP:
        raise FilterTypeError("this is nested too deeply", filter.span) from None
    return CompiledFilter(filter.name or "(unnamed)", code, lambda: code)


def compile_expression(
    node: n.Node, declarations: Mapping[str, AttributeDecl], budget: Budget | None = None
) -> CompiledExpression:
    """Compile an expression (`eval`); `budget` bounds the runs of one that a client sent.

    Raises:
        FilterTypeError: it has no type.
        FilterRuntimeError: a member of a set in it has no value (`[1/0..5]`).
    """
    try:
        return CompiledExpression(*with_enough_stack(lambda: expression_code(node, declarations, budget)))
    except _TOO_DEEP:
        raise FilterTypeError("this is nested too deeply", node.span) from None


def compile_block(block: n.Node, declarations: Mapping[str, AttributeDecl]) -> CompiledFilter:
    """Compile the `{ … }` of a static route, with `accept` after it."""
    decided = n.Filter("route block", n.Block((block, n.Decide("accept"))), span=block.span)
    return compile_filter(decided, declarations)


def _inputs(reads: Reads) -> Inputs:
    return Inputs(
        per_net=reads.per_net,
        net_sets=reads.tests.nets,
        by_length=Length() in reads.tests.first,
        roas=reads.tests.roas,
        reads=frozenset(reads.inputs),
        attributes=frozenset(reads.attributes),
        volatile=reads.volatile,
        tables=tuple(reads.tables),
        asked=tuple(reads.asked),
    )


def _answers(tests: dict[NetTest | Length, int], net_type: NetType) -> Callable[[bytes], int]:
    """A function that computes the mask of a table key: the bits of the tests that hold."""
    lines = ["def mask(key):", "    bits = 0"]
    names: dict[str, Any] = {}
    for test, bit in tests.items():
        if isinstance(test, Length):
            lines.append(f"    bits |= key[0] << {bit}")
            continue
        condition = test.code(net_type, names)
        if condition:
            lines += [f"    if {condition}:", f"        bits |= {1 << bit}"]
    exec("\n".join([*lines, "    return bits"]), names)
    # Taken out of its own namespace, which would be a reference cycle.
    made: Callable[[bytes], int] = names.pop("mask")
    return made


__all__ = [
    "CompiledExpression",
    "CompiledFilter",
    "Inputs",
    "compile_block",
    "compile_expression",
    "compile_filter",
    "compile_traced",
]
