"""Control flow of filters and functions: what never runs, what ends without a decision or a value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from pybird.filter import nodes as n
from pybird.filter.errors import FilterRuntimeError, FilterTypeError
from pybird.filter.fold import evaluate
from pybird.filter.generate import is_constant
from pybird.filter.types import children
from pybird.tools.lint.context import Finding, LintContext

CHANGING = (n.Assign, n.CheckAssign, n.Unset, n.Call, n.Evaluate, n.For)
Written: TypeAlias = tuple[n.Node, tuple[str | None, ...]]
Report = Callable[[n.Node, str], None]


def unreachable(subject: LintContext) -> Iterator[Finding]:
    """Statements after a decision or return, and branches of constant conditions."""
    found: dict[n.Span, Finding] = {}

    def report(node: n.Node, why: str) -> None:
        span = _place(node)
        if span.line:
            found.setdefault(span, Finding("unreachable", span, why))

    for body in bodies(subject):
        _Flow(report).falls_through(body)
    yield from found.values()


def no_decision(subject: LintContext) -> Iterator[Finding]:
    """Filters whose end can be reached without `accept` or `reject`."""
    for made in filters(subject):
        span = made.span
        if span.line and _Flow(_quiet).falls_through(made.body):
            name = f"filter `{made.name}`" if made.name else "this filter"
            end = n.Span(span.file, span.end_line, span.end_column - 1, span.end_line, span.end_column)
            yield Finding("no-decision", end, f"{name} can end here without `accept` or `reject`")


def no_return(subject: LintContext) -> Iterator[Finding]:
    """Functions that return a value, and whose end can be reached without one."""
    for made in subject.config.functions.values():
        span = made.span
        if span.line and _returns_value(made.body) and _Flow(_quiet).falls_through(made.body):
            why = f"function `{made.name}` can end here without `return`, and then has no value"
            end = n.Span(span.file, span.end_line, span.end_column - 1, span.end_line, span.end_column)
            yield Finding("no-return", end, why)


def filters(subject: LintContext) -> list[n.Filter]:
    """Every filter once, named or written in place."""
    config = subject.config
    found = {id(made): made for made in config.filters.values()}
    for protocol in config.protocols:
        for channel in protocol.channels:
            for made in (channel.import_filter, channel.export_filter):
                found.setdefault(id(made), made)
    return list({made.span: made for made in found.values()}.values())


def bodies(subject: LintContext) -> list[n.Block]:
    """The bodies of all filters and functions."""
    functions = [function.body for function in subject.config.functions.values()]
    return [*functions, *(made.body for made in filters(subject))]


def _quiet(node: n.Node, why: str) -> None:
    pass


class _Flow:
    """Follows the control flow of one body. Results are kept: nested blocks need them at each level."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._calling: set[int] = set()
        self._back: dict[int, bool] = {}  # by function
        self._ends: dict[int, bool] = {}  # by statement
        self._quiet_nodes: dict[int, bool] = {}

    def falls_through(self, node: n.Node) -> bool:
        """True if the next statement may run after this one; statements inside of it are checked as well."""
        known = self._ends.get(id(node))
        if known is None:
            known = self._ends[id(node)] = self._falls_through(node)
        return known

    def _falls_through(self, node: n.Node) -> bool:
        match node:
            case n.Return() | n.Decide():
                return False
            case n.Block(statements=statements):
                return self._block(statements)
            case n.If():
                return self._if(node)
            case n.Case(arms=arms):
                ends = [self.falls_through(arm.body) for arm in arms]
                return all(arm.labels for arm in arms) or any(ends)
            case n.For(body=body):
                self.falls_through(body)
            case n.Evaluate(expression=n.Call(function=ref)):
                return self._call_returns(ref)
        return True

    def _block(self, statements: tuple[n.Node, ...]) -> bool:
        untrue: list[Written] = []  # conditions that are false here: their branches leave the block
        for at, statement in enumerate(statements):
            if isinstance(statement, n.If):
                self._repeated(statement, untrue)
            if not self.falls_through(statement):
                if at + 1 < len(statements):
                    self._report(statements[at + 1], "this is never reached")
                return False
            passed: tuple[n.Node, ...] = (statement,)
            if isinstance(statement, n.If) and not self.falls_through(statement.then):
                passed = tuple(filter(None, (statement.condition, statement.otherwise)))
            if not all(map(self._is_quiet, passed)):
                untrue = []
            elif isinstance(statement, n.If) and statement not in passed:
                untrue.append(_written(statement.condition))
        return True

    def _repeated(self, node: n.If, above: list[Written]) -> None:
        """Report branches whose condition was tested before, with nothing changed since: they never run."""
        untrue = list(above)
        branch: n.Node | None = node
        while isinstance(branch, n.If) and self._is_quiet(branch.condition):
            condition = _written(branch.condition)
            if condition in untrue:
                self._report(branch.then, "this is never reached: the same condition was tested above")
            untrue.append(condition)
            branch = branch.otherwise

    def _if(self, node: n.If) -> bool:
        truth = None if node.then.span == node.condition.span else _truth(node.condition)
        then = self.falls_through(node.then)
        otherwise = node.otherwise is None or self.falls_through(node.otherwise)
        if truth is True:
            if node.otherwise is not None:
                self._report(node.otherwise, "this is never reached: the condition always holds")
            return then
        if truth is False:
            self._report(node.then, "this is never reached: the condition never holds")
            return otherwise
        return then or otherwise

    def _call_returns(self, ref: n.FunctionRef) -> bool:
        """True if the call may return: the function does not end the filter in every case."""
        if ref.function is None or id(ref.identity) in self._calling:
            return True
        known = self._back.get(id(ref.identity))
        if known is None:
            self._calling.add(id(ref.identity))
            inner = _Flow(_quiet)
            inner._calling, inner._back = self._calling, self._back
            known = inner.falls_through(ref.function.body) or _has_return(ref.function.body)
            self._calling.discard(id(ref.identity))
            self._back[id(ref.identity)] = known
        return known

    def _is_quiet(self, node: n.Node) -> bool:
        """True if it changes nothing that a condition can read; a user's function may change anything."""
        known = self._quiet_nodes.get(id(node))
        if known is None:
            known = not isinstance(node, CHANGING) and all(map(self._is_quiet, children(node)))
            self._quiet_nodes[id(node)] = known
        return known


def _written(node: n.Node) -> Written:
    """A node as it is written: constants of the same value are not the same, one may change."""
    return node, tuple(_constants(node))


def _constants(node: n.Node) -> Iterator[str | None]:
    if isinstance(node, n.Literal):
        yield node.name
    for below in children(node):
        yield from _constants(below)


def _has_return(node: n.Node) -> bool:
    return isinstance(node, n.Return) or any(_has_return(below) for below in children(node))


def _returns_value(node: n.Node) -> bool:
    """True if there is a `return` with a value in it."""
    if isinstance(node, n.Return):
        return node.value is not None
    return any(map(_returns_value, children(node)))


def _truth(condition: n.Node) -> bool | None:
    """The constant value of a condition, if any; one with a named constant has none: that is a switch."""
    if not is_constant(condition) or not _plain(condition):
        return None
    try:
        value = evaluate(condition).value
    except (FilterRuntimeError, FilterTypeError):
        return None
    return value if isinstance(value, bool) else None


def _plain(node: n.Node) -> bool:
    if isinstance(node, n.Literal) and node.name not in (None, "true", "false"):
        return False
    return all(_plain(below) for below in children(node))


def _place(node: n.Node) -> n.Span:
    """The first words of a statement are enough to show it."""
    if isinstance(node, n.Block) and node.statements:
        return node.statements[0].span
    return node.span
