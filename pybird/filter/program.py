"""Generates the Python source of a filter with everything it calls, and compiles it.

The filter and the user's functions become local functions of a function `make`
that returns the filter's. They find each other as closures, not in the namespace
of the code, so there are no reference cycles and a dropped filter is freed
immediately (the daemon runs without the cycle collector). Only a recursive
function needs such a cycle; `Code.clear` cuts it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from types import TracebackType
from typing import Any

from pybird.filter import nodes as n
from pybird.filter.assertions import Assertion, check_that
from pybird.filter.attributes import ACCESS, ADJUSTING
from pybird.filter.budget import Budget
from pybird.filter.errors import FilterTypeError, reason
from pybird.filter.format import rich
from pybird.filter.generate import ExpressionSource, Lines, Reads, as_quads, calls, local_name
from pybird.filter.inline import inline_constants
from pybird.filter.methods import ELEMENTS
from pybird.filter.route_context import RouteContext
from pybird.filter.trace import FilterTrace
from pybird.filter.types import Typing, children, empty_value
from pybird.filter.void_values import Voids
from pybird.values.attributes import AttributeDecl
from pybird.values.sets import ValueSet

Run = Callable[[RouteContext], Any]

CONSTANT = re.compile(r"k[0-9]+")  # the names of constants in the code
_VIEW = re.compile(r"\bview\b")
_READ = re.compile(r"view\.get\('(bgp_[a-z_]+)', EMPTY_[A-Z]+\)")  # reads of attributes that are never void
_FRAME = ("bgp_", "def ", "else:", "pass", "view = ", "return decide", "out", "if out", "return out", "[v")
_DEEPEST = 11  # levels of statements in one function; Python allows 20 loops and 100 levels
_MOST_ARMS = 30  # of one `if … elif …`; Python's compiler nests them
_WRAPPED = ("pair", "quad", "ec", "lc", "rd", "mac")


def filter_code(
    filter: n.Filter,  # noqa: A002
    declarations: Mapping[str, AttributeDecl],
    *,
    masked: bool = False,
    trace: FilterTrace | None = None,
    budget: Budget | None = None,
) -> Code:
    """The code of a filter.

    `masked`: the answers to tests of the network are read from `s.mask`. The code reports
    every step to `trace`. With a `budget` a run takes no more steps than that.
    """
    program = _Program(filter.name or "(unnamed)", declarations, masked=masked, budget=budget)
    if trace is not None:
        program.expressions.trace = trace
        program.expressions.namespace.update(step=trace.step, seen=trace.seen)
    return program.code(filter.body, in_filter=True)


def expression_code(
    node: n.Node, declarations: Mapping[str, AttributeDecl], budget: Budget | None = None
) -> tuple[Code, str]:
    """(code that computes an expression, its type); `budget` as for a filter."""
    program = _Program("expression", declarations, budget=budget)
    kind = program.typing.type_of(node)
    return program.code(n.Return(node, span=node.span), in_filter=False), kind


class Code:
    """Compiled source: `run(subject)` returns True, False or None for a filter, or a value."""

    __slots__ = ("_name", "_namespace", "_spans", "constants", "reads", "run", "source")

    def __init__(self, name: str, lines: Lines, namespace: dict[str, Any], reads: Reads) -> None:
        self.source = "\n".join([text for text, _ in lines]) + "\n"
        self.reads = reads
        self._name = name
        self._spans = [span for _, span in lines]
        self._namespace = namespace
        self.constants = {name: value for name, value in namespace.items() if CONSTANT.fullmatch(name)}
        namespace["SPANS"] = self._spans  # for tools that follow the running lines
        exec(compile(self.source, f"<{name}>", "exec"), namespace)
        self.run: Run = namespace.pop("make")()

    def lines(self) -> list[tuple[str, n.Span]]:
        """The generated lines, each with the place in the config that it came from."""
        return list(zip(self.source.splitlines(), self._spans, strict=True))

    def statements(self) -> list[n.Span]:
        """The places of the user's statements, without generated lines that only connect them."""
        return [span for text, span in self.lines() if not text.strip().startswith(_FRAME)]

    def clear(self) -> None:
        """Release everything, with the cycles of recursive functions; the code cannot run any more."""
        _cut(self.run)
        self._namespace.clear()
        self.constants.clear()
        self.run = _cleared

    def describe(self, failure: BaseException) -> str:
        """The log line of a failed run."""
        span = self._place(failure.__traceback__)
        return f"filters, line {span.line}: {reason(failure)}"

    def _place(self, trace: TracebackType | None) -> n.Span:
        span = n.NO_SPAN
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == f"<{self._name}>":
                at = trace.tb_lineno - 1
                if at < len(self._spans):
                    span = self._spans[at]
            trace = trace.tb_next
        return span


def _cut(function: Any) -> None:
    """Empty the closures of a function and of all functions that it calls."""
    for cell in getattr(function, "__closure__", None) or ():
        try:
            called = cell.cell_contents
        except ValueError:  # emptied already
            continue
        del cell.cell_contents
        _cut(called)


def _cleared(subject: RouteContext) -> bool:
    raise AssertionError("a filter of a dropped configuration was run")


class _Functions:
    """The user's functions that the code calls, in the order of their first call."""

    def __init__(self) -> None:
        self.found: dict[int, tuple[str, n.FunctionRef]] = {}

    def name(self, ref: n.FunctionRef) -> str:
        """The Python name of a function."""
        known = self.found.get(id(ref.identity))
        if known is None:
            plain = "".join([c if c.isascii() and c.isalnum() else "_" for c in ref.name])
            known = self.found[id(ref.identity)] = (f"f{len(self.found)}_{plain}", ref.identity)
        return known[0]


class _Program:
    """Writes the source of one filter or expression."""

    def __init__(
        self,
        name: str,
        declarations: Mapping[str, AttributeDecl],
        *,
        masked: bool = False,
        budget: Budget | None = None,
    ) -> None:
        self.typing = Typing(declarations)
        self._name = name
        self._written: dict[str, None] = {}
        self._functions = _Functions()
        self.expressions = ExpressionSource(self.typing, self._functions.name, self._written)
        self.expressions.masked = masked
        self._bounded = budget is not None
        if budget is not None:
            self.expressions.namespace.update(renew=budget.renew, spend=budget.spend)

    def code(self, body: n.Node, *, in_filter: bool) -> Code:
        """Write everything and compile it."""
        self._find_writes(body, {})
        self.expressions.voids = Voids(self.typing, body)
        lines = self._function("decide", (), body, in_filter=in_filter)
        done = 0
        while done < len(self._functions.found):
            name, ref = list(self._functions.found.values())[done]
            done += 1
            if ref.function is None:
                raise FilterTypeError(f"function {ref.name} has no body")
            self.expressions.voids.enter(id(ref.identity))
            lines += self._function(name, ref.function.parameters, ref.function.body, in_filter=False)
        helpers = self.expressions.helpers
        whole: Lines = [("def make():", body.span), *lines, *helpers, ("    return decide", body.span)]
        return Code(self._name, whole, self.expressions.namespace, self.expressions.reads)

    def _function(
        self, name: str, parameters: tuple[n.Local, ...], body: n.Node, *, in_filter: bool
    ) -> Lines:
        written = _Body(self.typing, self.expressions, in_filter=in_filter, bounded=self._bounded)
        if self._bounded:
            written.lines.append(("        renew()" if name == "decide" else "        spend()", body.span))
        written.statement(body if self.expressions.trace else inline_constants(body, self.typing.type_of))
        taken = ", ".join(["s", *[local_name(parameter) for parameter in parameters]])
        view = "s.own()" if name == "decide" and self._written else "s.view"
        return function_lines(f"{name}({taken})", self._read_once(written.lines, body), body, view)

    def _read_once(self, lines: Lines, body: n.Node) -> Lines:
        """The lines, with a variable for each BGP attribute that is read repeatedly and never written."""
        found = [match for text, _ in lines for match in _READ.finditer(text)]
        times = Counter([match[0] for match in found])
        names = {match[0]: match[1] for match in found}
        again = {code: name for code, name in names.items() if times[code] > 1 and name not in self._written}
        if not again:
            return lines
        shorter = [
            (_READ.sub(lambda match: again.get(match[0], match[0]), text), span) for text, span in lines
        ]
        return [*[(f"        {name} = {code}", body.span) for code, name in again.items()], *shorter]

    def _find_writes(self, node: n.Node, seen: dict[int, None]) -> None:
        match node:
            case (
                n.Assign(target=n.Attribute(name=name))
                | n.CheckAssign(target=n.Attribute(name=name))
                | n.Unset(attribute=n.Attribute(name=name))
            ):
                field = self.expressions.field(name)
                self._written[name if field is None else field[0]] = None
            case n.Evaluate(expression=n.Method() as method):
                target = written_target(method)
                if isinstance(target, n.Attribute):
                    self._written[target.name] = None
            case n.Call(function=ref):
                if id(ref.identity) not in seen and ref.function is not None:
                    seen[id(ref.identity)] = None
                    self._find_writes(ref.function.body, seen)
        for below in children(node):
            self._find_writes(below, seen)


def function_lines(head: str, lines: Lines, body: n.Node, view: str = "s.view") -> Lines:
    """A function of these lines; `view`: the code that gets it the attributes, if it needs them."""
    made: Lines = [(f"    def {head}:", body.span)]
    if view == "s.own()" or any(_VIEW.search(text) for text, _ in lines):
        made.append((f"        view = {view}", body.span))
    return made + (lines or [("        pass", body.span)])


class _Body:
    """Writes the statements of one function.

    `inside`: these are a deeply nested part, which became a function of its own.
    It returns `(True, result)` for a return statement in it, and `(False, None, ...)`
    with the variables that it has set when it reaches its end.
    `bounded`: each iteration of a loop takes a step of the budget.
    """

    def __init__(
        self,
        typing: Typing,
        expressions: ExpressionSource,
        *,
        in_filter: bool,
        inside: bool = False,
        bounded: bool = False,
    ) -> None:
        self.lines: Lines = []
        self.declared: dict[str, None] = {}
        self.assigned: dict[str, None] = {}
        self._typing = typing
        self._expressions = expressions
        self._in_filter = in_filter
        self._inside = inside
        self._bounded = bounded
        self._depth = 2
        self._cases = 0

    def _line(self, text: str, node: n.Node) -> None:
        self.lines.append(("    " * self._depth + text, node.span))

    def statement(self, node: n.Node) -> None:
        """Write one statement."""
        trace = self._expressions.trace
        if trace is not None and not isinstance(node, n.Block):
            self._line(f"step({trace.point(node.span)})", node)
        match node:
            case n.Block(statements=statements):
                for inner in statements:
                    self.statement(inner)
            case n.If():
                self._if(node, "if")
            case n.Case():
                self._case(node)
            case n.For():
                self._for(node)
            case n.Declare():
                self._declare(node)
            case n.Assign(target=target, value=value):
                self._assign_value(target, value, node)
            case n.Unset(attribute=attribute) if self._expressions.field(attribute.name) is not None:
                self._assign(attribute, "False", node)
            case n.Unset(attribute=attribute):
                self._line(f"s.unset({attribute.name!r})", node)
            case n.Return(value=value):
                self._return(self._expressions.code(value) if value is not None else "None", node)
            case n.Decide():
                self._decide(node)
            case n.Print(arguments=arguments, newline=newline):
                self._expressions.reads.volatile = True
                if any(map(calls, arguments)):  # what these print comes in between
                    for argument in arguments:
                        self._line(f"s.print({self._expressions.shown(argument)}, False)", node)
                    arguments = ()
                self._line(f"s.print({self._text(arguments)}, {newline})", node)
            case n.Evaluate(expression=expression):
                self._evaluate(expression, node)
            case n.Assert():
                self._assert(node)
            case n.CheckAssign():
                self._check_assign(node)
            case _:
                raise FilterTypeError("this is not a statement", node.span)

    def _return(self, code: str, node: n.Node) -> None:
        self._line(f"return (True, {code})" if self._inside else f"return {code}", node)

    def _nested(self, node: n.Node) -> None:
        before = len(self.lines)
        self._depth += 1
        if self._depth > _DEEPEST:
            self._outlined(node)
        else:
            self.statement(node)
        if len(self.lines) == before:
            self._line("pass", node)
        self._depth -= 1

    def _outlined(self, node: n.Node) -> None:
        """Write a statement as a function of its own, and a call of this function."""
        expressions = self._expressions
        outer, expressions.used = expressions.used, {}
        inner = _Body(
            self._typing, expressions, in_filter=self._in_filter, inside=True, bounded=self._bounded
        )
        inner.statement(node)
        needed = {**expressions.used, **inner.assigned}
        shared = [name for name in needed if name not in inner.declared]
        changed = [name for name in shared if name in inner.assigned]
        inner._line(f"return (False, None, {''.join([f'{name}, ' for name in changed])})", node)
        head = f"{expressions.helper_name()}({', '.join(['s', *shared])})"
        expressions.helpers += function_lines(head, inner.lines, node)
        expressions.used = {**outer, **dict.fromkeys(shared)}
        self.assigned.update(dict.fromkeys(changed))
        self._line(f"out = {head}", node)
        self._line("if out[0]:", node)
        self._line("    return out" if self._inside else "    return out[1]", node)
        if changed:
            self._line(f"[{', '.join(changed)}] = out[2:]", node)

    def _if(self, node: n.If, word: str, arms: int = 1) -> None:
        self._line(f"{word} {self._expressions.non_void(node.condition)}:", node)
        self._nested(node.then)
        most = _MOST_ARMS if self._expressions.trace is None else 1
        if isinstance(node.otherwise, n.If) and arms < most:
            self._if(node.otherwise, "elif", arms + 1)
        elif node.otherwise is not None:
            self._line("else:", node.otherwise)
            self._nested(node.otherwise)

    def _case(self, node: n.Case) -> None:
        kind = self._typing.type_of(node.subject)
        tested = f"c{self._cases}"
        self._cases += 1
        label = partial(self._label, tested, kind)
        if self._by_length(node):
            label = partial(self._lengths, node)
        else:
            self._line(f"{tested} = {self._expressions.code(node.subject)}", node)
        default = next((arm for arm in node.arms if not arm.labels), None)
        arms = [arm for arm in node.arms if arm.labels]
        if len(arms) <= _MOST_ARMS:
            self._arms(node, arms, tested, label)
            if default is not None:
                self._default(default, nested=bool(arms))
            return
        done = f"{tested}_done"
        self._line(f"{done} = False", node)
        for at in range(0, len(arms), _MOST_ARMS):
            self._line(f"if not {done}:", node)
            self._depth += 1
            self._line(f"{done} = True", node)
            self._arms(node, arms[at : at + _MOST_ARMS], tested, label)
            self._line("else:", node)
            self._line(f"    {done} = False", node)
            self._depth -= 1
        if default is not None:
            self._line(f"if not {done}:", default)
            self._nested(default.body)

    def _by_length(self, node: n.Case) -> bool:
        """True for a case of `net.len` whose labels are constant."""
        if not _is_length(node.subject):
            return False
        known = self._expressions.is_constant
        return all(known(n.SetOf(arm.labels, span=arm.span)) for arm in node.arms if arm.labels)

    def _arms(self, node: n.Case, arms: list[n.Arm], tested: str, label: Callable[[n.Arm], str]) -> None:
        word = "if"
        sure = not self._expressions.may_be_void(node.subject)
        for arm in arms:
            test = label(arm)
            if sure or " == " in test:
                self._line(f"{word} {test}:", arm)
            else:
                self._line(f"{word} {tested} is not None and {test}:", arm)
            self._nested(arm.body)
            word = "elif"

    def _default(self, arm: n.Arm, *, nested: bool) -> None:
        if nested:
            self._line("else:", arm)
            self._nested(arm.body)
        else:
            self.statement(arm.body)

    def _lengths(self, node: n.Case, arm: n.Arm) -> str:
        """The condition of an arm of `case net.len`, of network tests that can be done before a run."""
        literal = self._expressions.constant(n.SetOf(arm.labels, span=arm.span))
        intervals = literal.value.intervals if literal is not None else ()
        tests = []
        for low, high in intervals:
            ends = [("=", low)] if low == high else [(">=", low), ("<=", high)]
            conditions = [
                n.Binary(op, node.subject, n.Literal("int", end), span=arm.span) for op, end in ends
            ]
            tests.append(" and ".join([self._expressions.code(each) for each in conditions]))
        return " or ".join(tests) or "False"

    def _label(self, tested: str, kind: str, arm: n.Arm) -> str:
        labels = n.SetOf(arm.labels, span=arm.span)
        literal = self._expressions.constant(labels)
        if literal is None:
            return f"{tested} in {self._expressions.code(labels)}"
        value = as_quads(literal.value) if kind == "quad" else literal.value
        if isinstance(value, ValueSet) and value.only_single:
            single = [self._expressions.literal(n.Literal(kind, member)) for member in value.single]
            return f"{tested} == {single[0]}" if len(single) == 1 else f"{tested} in ({', '.join(single)})"
        return f"{tested} in {self._expressions.hoist(value)}"

    def _for(self, node: n.For) -> None:
        kind = self._typing.type_of(node.sequence)
        if kind not in ELEMENTS:
            raise FilterTypeError(f"for cannot iterate over {kind}", node.sequence.span)
        members = "members" if kind == "bgppath" else "items"
        self.declared[local_name(node.variable)] = None
        self._line(
            f"for {local_name(node.variable)} in {self._expressions.code(node.sequence)}.{members}:", node
        )
        if self._bounded:
            self._line("    spend()", node)
        self._nested(node.body)

    def _declare(self, node: n.Declare) -> None:
        if node.value is not None:
            code = self._expressions.converted_non_void(node.value, node.variable.type)
        else:
            empty = None if node.bare else empty_value(node.variable.type)
            code = self._expressions.literal(n.Literal(node.variable.type, empty))
        self.declared[local_name(node.variable)] = None
        self._line(f"{local_name(node.variable)} = {code}", node)

    def _assign_value(self, target: n.Node, value: n.Node, node: n.Node) -> None:
        code = self._expressions.converted_non_void(value, self._typing.type_of(target))
        self._assign(target, code, node)

    def _assign(self, target: n.Node, code: str, node: n.Node) -> None:
        match target:
            case n.Local():
                self.assigned[local_name(target)] = None
                self._line(f"{local_name(target)} = {code}", node)
            case n.Attribute(name=name):
                access = ACCESS.get(name)
                field = self._expressions.field(name)
                if field is not None:
                    self._expressions.reads.attributes[field[0]] = None
                    self._line(f"s.set_bits({field[0]!r}, {field[1]}, {code})", node)
                    return
                if access is not None and not access.write:
                    raise FilterTypeError(f"{name} cannot be set", target.span)
                if access is not None:
                    if name in ADJUSTING:
                        self._expressions.read(name)  # the rest of the next hop stays, so it is an input
                    self._line(access.write.format(code), node)
                else:
                    self._line(f"view[{name!r}] = s.changes[{name!r}] = {self._kept(target, code)}", node)
            case _:
                raise FilterTypeError("this cannot be assigned to", target.span)

    def _kept(self, target: n.Attribute, code: str) -> str:
        """The code of a value for an attribute set: a rich one, as the CLI does not know its static type."""
        kind = self._typing.type_of(target)
        if kind in _WRAPPED or kind.startswith("enum "):
            self._expressions.namespace["rich"] = rich
            return f"rich({kind!r}, {code})"
        return code

    def _decide(self, node: n.Decide) -> None:
        if node.message or node.verdict == "error":
            self._expressions.reads.volatile = True
            text = self._text(node.message) if node.message else repr("filter error")
            self._line(f"s.print({text}, True)", node)
        accepted = node.verdict == "accept"
        if self._in_filter:
            self._return(str(accepted), node)
        else:
            self._line("raise Accept" if accepted else "raise Reject", node)

    def _text(self, arguments: tuple[n.Node, ...]) -> str:
        return " + ".join([self._expressions.shown(argument) for argument in arguments]) or "''"

    def _evaluate(self, expression: n.Node, node: n.Node) -> None:
        if isinstance(expression, n.Method):
            target = written_target(expression)
            if target is not None:
                self._assign(target, self._expressions.code(expression), node)
                return
        self._line(self._expressions.code(expression), node)

    def _assert(self, node: n.Assert) -> None:
        """Write an assertion; its condition and values are functions, as most runs evaluate neither."""
        shown = [self._expressions.shown(part) for part in node.parts]
        claim = Assertion(node.span, node.text, node.part_texts)
        self._claim(claim, self._expressions.non_void(node.condition), shown, node)

    def _check_assign(self, node: n.CheckAssign) -> None:
        before = f"a{self._cases}"
        self._cases += 1
        kind = self._typing.type_of(node.target)
        self._line(f"{before} = {self._expressions.converted_non_void(node.value, kind)}", node)
        self._assign(node.target, before, node)
        reading = self._expressions.code(node.target)
        shown = [self._expressions.shown(node.target), f"show({kind!r}, {before})"]
        claim = Assertion(node.span, node.text, ("read", "assigned"))
        self._claim(claim, f"{reading} == {before}", shown, node)

    def _claim(self, claim: Assertion, condition: str, shown: list[str], node: n.Node) -> None:
        self._expressions.reads.volatile = True
        self._expressions.namespace["check_that"] = check_that
        values = f"({', '.join(shown)},)" if shown else "()"
        self._line(
            f"check_that(s, {self._expressions.hoist(claim)}, lambda: {condition}, lambda: {values})", node
        )


def _is_length(subject: n.Node) -> bool:
    """True for `net.len`."""
    return (
        isinstance(subject, n.Method)
        and subject.name == "len"
        and isinstance(subject.target, n.Attribute)
        and subject.target.name == "net"
    )


def written_target(method: n.Method) -> n.Node | None:
    """The attribute or variable that `target.method(…);` sets: the one that the chain starts from."""
    target: n.Node = method
    while isinstance(target, n.Method):
        target = target.target
    return target if isinstance(target, (n.Attribute, n.Local)) else None
