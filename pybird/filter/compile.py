"""Filters to Python functions.

A filter and every function it calls become one piece of Python source, which is
compiled once; `runtime.py` is all it may call. The function takes a `Subject`
and returns True (accept), False (reject) or None when it ended without a
decision; a user's function decides by raising `Accept` or `Reject`. Every
generated line remembers the place in the config that it came from, so that an
error while running is reported at the user's line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from pybird.filter import nodes as n
from pybird.filter.attributes import ACCESS, ADJUSTING
from pybird.filter.errors import FilterRuntimeError, FilterTypeError
from pybird.filter.format import rich
from pybird.filter.generate import Expressions, NetTest, Reads, is_constant, local_name
from pybird.filter.inline import inline_constants
from pybird.filter.methods import ELEMENTS
from pybird.filter.runtime import Accept, Reject
from pybird.filter.subject import Subject
from pybird.filter.types import Typing, children, empty_value
from pybird.values.attributes import AttributeDecl
from pybird.values.net import NetType
from pybird.values.sets import ValueSet

# What Python raises when an operand is void, too deep a recursion, and our own.
FAILURES = (
    FilterRuntimeError,
    TypeError,
    AttributeError,
    IndexError,
    ValueError,
    OverflowError,
    RecursionError,
)

_WRAPPED = ("pair", "quad", "ec", "lc", "rd", "mac")


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a verdict depends on besides the attribute set.

    `per_net`: the network is read beyond `net_tests`, so every route is run.
    `reads`: source, proto, from, preference, hop. `volatile`: running it has
    an effect of its own (print, logged decisions) or it asks a table about the
    network. `tables` are those that it asks.
    """

    per_net: bool = False
    net_sets: tuple[NetTest, ...] = ()
    reads: frozenset[str] = frozenset()
    volatile: bool = False
    tables: tuple[str, ...] = ()

    @property
    def attributes_only(self) -> bool:
        """True when one run serves every route with the same attribute set."""
        return not (self.per_net or self.net_sets or self.reads or self.volatile or self.tables)


Run = Callable[[Subject], Any]


class CompiledFilter:
    """A filter that can be run; made by `compile_filter`."""

    __slots__ = ("_masked", "_masked_program", "_program", "_run", "inputs", "name", "net_tests")

    def __init__(self, name: str, program: Program, masked: Callable[[], Program]) -> None:
        self.name = name
        self._program = program
        self._run: Run = program.load()
        self._masked_program = masked
        self._masked: Run | None = None
        self.inputs = program.inputs()
        self.net_tests = self.inputs.net_sets

    @property
    def source(self) -> str:
        """The generated Python."""
        return self._program.source

    def run(self, subject: Subject) -> bool:
        """True: the route is accepted, with the changes that the subject collected."""
        return self._decide(self._run, subject)

    def run_masked(self, subject: Subject, mask: int) -> bool:
        """Like `run`, with the tests of the network already done (`mask_of`)."""
        if self._masked is None:
            self._masked = self._masked_program().load()
        subject.mask = mask
        return self._decide(self._masked, subject)

    def mask_of(self, key: bytes, net_type: NetType = NetType.IP4) -> int:
        """The outcomes of `net_tests` for one network, bit by bit."""
        return self.masker(net_type)(key)

    def masker(self, net_type: NetType) -> Callable[[bytes], int]:
        """A function from a key of such a table to the mask; make it once per channel."""
        lines = ["def mask(key):", "    bits = 0"]
        names: dict[str, Any] = {}
        for at, test in enumerate(self.net_tests):
            condition = test.code(net_type, names)
            if condition:
                lines += [f"    if {condition}:", f"        bits |= {1 << at}"]
        exec("\n".join([*lines, "    return bits"]), names)
        # Not left in its own namespace: that would be a cycle.
        made: Callable[[bytes], int] = names.pop("mask")
        return made

    def clear(self) -> None:
        """Cut the cycle between the function and its namespace; the filter cannot run any more."""
        self._program.clear()
        self._run = self._masked = _cleared

    def _decide(self, run: Run, subject: Subject) -> bool:
        try:
            verdict = run(subject)
        except Accept:
            return True
        except Reject:
            return False
        except FAILURES as failure:
            subject.log(self._program.describe(failure))
            return False
        if verdict is None:
            subject.log(f"Filter {self.name} did not return accept nor reject. Make up your mind")
            return False
        return bool(verdict)


def _cleared(subject: Subject) -> bool:
    raise AssertionError("a filter of a dropped configuration was run")


class CompiledExpression:
    """An expression that can be run; `type` is its static type."""

    __slots__ = ("_program", "_run", "type")

    def __init__(self, program: Program, type_name: str) -> None:
        self.type = type_name
        self._program = program
        self._run: Run = program.load()

    @property
    def source(self) -> str:
        """The generated Python."""
        return self._program.source

    def __call__(self, subject: Subject) -> Any:
        """The value, rich.

        Raises:
            FilterRuntimeError: it has none.
        """
        try:
            return rich(self.type, self._run(subject))
        except (Accept, Reject):
            raise FilterRuntimeError("a function in an expression decided about the route") from None
        except FAILURES as failure:
            raise FilterRuntimeError(self._program.reason(failure)) from failure

    def clear(self) -> None:
        """As of a filter."""
        self._program.clear()
        self._run = _cleared


def compile_filter(filter: n.Filter, declarations: Mapping[str, AttributeDecl]) -> CompiledFilter:  # noqa: A002
    """Compile a filter that passed `check`.

    Raises:
        FilterTypeError: it did not.
    """
    name = filter.name or "(unnamed)"

    def program(masked: bool) -> Program:
        made = Program(name, declarations, masked=masked)
        made.filter(filter)
        return made

    return CompiledFilter(name, program(False), lambda: program(True))


def compile_expression(node: n.Node, declarations: Mapping[str, AttributeDecl]) -> CompiledExpression:
    """Compile an expression: `where`, `eval`.

    Raises:
        FilterTypeError: it has no type.
    """
    program = Program("expression", declarations)
    kind = program.typing.of(node)
    program.expression(node)
    return CompiledExpression(program, kind)


def compile_block(block: n.Node, declarations: Mapping[str, AttributeDecl]) -> CompiledFilter:
    """Compile the `{ … }` of a static route: it need not decide and ends in accept."""
    decided = n.Filter("route block", n.Block((block, n.Decide("accept"))), span=block.span)
    return compile_filter(decided, declarations)


class Program:
    """The source of one filter with its functions, as it is written."""

    def __init__(self, name: str, declarations: Mapping[str, AttributeDecl], *, masked: bool = False) -> None:
        self.typing = Typing(declarations)
        self.source = ""
        self._name = name
        self._written: dict[str, None] = {}
        self._expressions = Expressions(self.typing, self._function_name, self._written)
        self._expressions.masked = masked
        self._functions: dict[int, tuple[str, n.FunctionRef]] = {}
        self._lines: list[tuple[str, n.Span]] = []
        self._namespace: dict[str, Any] = self._expressions.namespace
        self._main = ""

    # whole programs -----------------------------------------------------------

    def filter(self, node: n.Filter) -> None:
        """Write a filter and everything it calls."""
        self._find_writes(node, {})
        self._main = "decide"
        self._write(_Body(self, in_filter=True), "decide", (), node)
        self._write_functions()

    def expression(self, node: n.Node) -> None:
        """Write a function that gives the value of an expression."""
        self._find_writes(node, {})
        self._main = "value"
        self._write(_Body(self, in_filter=False), "value", (), n.Return(node, span=node.span))
        self._write_functions()

    def load(self) -> Run:
        """Compile the source; the function that runs it."""
        code = compile(self.source, f"<{self._name}>", "exec")
        exec(code, self._namespace)
        loaded: Run = self._namespace[self._main]
        return loaded

    def inputs(self) -> Inputs:
        """What the program depends on."""
        reads: Reads = self._expressions.reads
        return Inputs(
            per_net=reads.per_net,
            net_sets=tuple(reads.tests),
            reads=frozenset(reads.inputs),
            volatile=reads.volatile,
            tables=tuple(reads.tables),
        )

    def clear(self) -> None:
        """Drop everything the functions refer to."""
        self._namespace.clear()
        self._functions.clear()

    def _find_writes(self, node: n.Node, seen: dict[int, None]) -> None:
        match node:
            case n.Assign(target=n.Attribute(name=name)) | n.Unset(attribute=n.Attribute(name=name)):
                self._written[name] = None
            case n.Evaluate(expression=n.Method() as method):
                target = written_target(method)
                if isinstance(target, n.Attribute):
                    self._written[target.name] = None
            case n.Call(function=ref):
                if id(ref) not in seen and ref.function is not None:
                    seen[id(ref)] = None
                    self._find_writes(ref.function.body, seen)
        for below in children(node):
            self._find_writes(below, seen)

    def _function_name(self, ref: n.FunctionRef) -> str:
        found = self._functions.get(id(ref))
        if found is None:
            plain = "".join([c if c.isascii() and c.isalnum() else "_" for c in ref.name])
            found = self._functions[id(ref)] = (f"f{len(self._functions)}_{plain}", ref)
        return found[0]

    def _write_functions(self) -> None:
        done = 0
        while done < len(self._functions):
            name, ref = list(self._functions.values())[done]
            done += 1
            if ref.function is None:
                raise FilterTypeError(f"function {ref.name} has no body")
            self._write(_Body(self, in_filter=False), name, ref.function.parameters, ref.function)
        self.source = "\n".join([text for text, _ in self._lines]) + "\n"

    def _write(self, body: _Body, name: str, parameters: tuple[n.Local, ...], node: n.Node) -> None:
        inner = node.body if isinstance(node, (n.Filter, n.Function)) else node
        body.statement(inline_constants(inner, self.typing.of))
        taken = ", ".join(["s", *[local_name(parameter) for parameter in parameters]])
        self._lines.append((f"def {name}({taken}):", node.span))
        if any("view." in text for text, _ in body.lines):
            self._lines.append(("    view = s.view", node.span))
        self._lines += body.lines or [("    pass", node.span)]

    # errors -------------------------------------------------------------------------

    def describe(self, failure: BaseException) -> str:
        """The log line of a failed run."""
        span = self._place(failure.__traceback__)
        where = f"{span.file}:{span.line}: " if span.line else ""
        return f"{where}filter {self._name}: {self.reason(failure)}"

    def reason(self, failure: BaseException) -> str:
        """What went wrong in the user's words."""
        match failure:
            case FilterRuntimeError(message=message):
                return message
            case RecursionError():
                return "too many nested calls"
            case TypeError() | AttributeError() | IndexError():
                return "an operand has no value"
            case _:
                return str(failure)

    def _place(self, trace: TracebackType | None) -> n.Span:
        span = n.NO_SPAN
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == f"<{self._name}>":
                at = trace.tb_lineno - 1
                if at < len(self._lines):
                    span = self._lines[at][1]
            trace = trace.tb_next
        return span


class _Body:
    """The statements of one function."""

    def __init__(self, program: Program, *, in_filter: bool) -> None:
        self.lines: list[tuple[str, n.Span]] = []
        self._program = program
        self._typing = program.typing
        self._expressions = program._expressions
        self._in_filter = in_filter
        self._depth = 1
        self._cases = 0

    def _line(self, text: str, node: n.Node) -> None:
        self.lines.append(("    " * self._depth + text, node.span))

    def statement(self, node: n.Node) -> None:
        """Write one statement."""
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
            case n.Unset(attribute=attribute):
                self._line(f"s.changes[{attribute.name!r}] = None", node)
            case n.Return(value=value):
                self._line(
                    f"return {self._expressions.code(value)}" if value is not None else "return None", node
                )
            case n.Decide():
                self._decide(node)
            case n.Print(arguments=arguments, newline=newline):
                self._expressions.reads.volatile = True
                self._line(f"s.print({self._text(arguments)}, {newline})", node)
            case n.Evaluate(expression=expression):
                self._evaluate(expression, node)
            case _:
                raise FilterTypeError("this is not a statement", node.span)

    def _nested(self, node: n.Node) -> None:
        before = len(self.lines)
        self._depth += 1
        self.statement(node)
        if len(self.lines) == before:
            self._line("pass", node)
        self._depth -= 1

    def _if(self, node: n.If, word: str) -> None:
        self._line(f"{word} {self._expressions.sure(node.condition)}:", node)
        self._nested(node.then)
        if isinstance(node.otherwise, n.If):
            self._if(node.otherwise, "elif")
        elif node.otherwise is not None:
            self._line("else:", node.otherwise)
            self._nested(node.otherwise)

    def _case(self, node: n.Case) -> None:
        kind = self._typing.of(node.subject)
        tested = f"c{self._cases}"
        self._cases += 1
        self._line(f"{tested} = {self._expressions.code(node.subject)}", node)
        word, default = "if", None
        sure = not self._expressions.may_be_void(node.subject)
        for arm in node.arms:
            if not arm.labels:
                default = arm
                continue
            label = self._label(tested, kind, arm)
            if sure or " == " in label:
                self._line(f"{word} {label}:", arm)
            else:
                self._line(f"{word} {tested} is not None and {label}:", arm)
            self._nested(arm.body)
            word = "elif"
        if default is None:
            return
        if word == "if":
            self.statement(default.body)
        else:
            self._line("else:", default)
            self._nested(default.body)

    def _label(self, tested: str, kind: str, arm: n.Arm) -> str:
        literal = self._expressions.constant(n.SetOf(arm.labels, span=arm.span))
        if literal is None:
            raise FilterTypeError("the values of a case must be constants", arm.span)
        value = literal.value
        if isinstance(value, ValueSet) and value.only_single:
            single = [self._expressions.literal(n.Literal(kind, member)) for member in value.single]
            return f"{tested} == {single[0]}" if len(single) == 1 else f"{tested} in ({', '.join(single)})"
        return f"{tested} in {self._expressions.hoist(value)}"

    def _for(self, node: n.For) -> None:
        kind = self._typing.of(node.sequence)
        if kind not in ELEMENTS:
            raise FilterTypeError(f"for cannot walk {kind}", node.sequence.span)
        members = "members" if kind == "bgppath" else "items"
        self._line(
            f"for {local_name(node.variable)} in {self._expressions.code(node.sequence)}.{members}:", node
        )
        self._nested(node.body)

    def _declare(self, node: n.Declare) -> None:
        if node.value is not None:
            code = self._expressions.converted(node.value, node.variable.type)
            if self._expressions.may_be_void(node.value) and not isinstance(node.value, n.Local):
                code = f"need({code})"
        else:
            code = self._expressions.literal(n.Literal(node.variable.type, empty_value(node.variable.type)))
        self._line(f"{local_name(node.variable)} = {code}", node)

    def _assign_value(self, target: n.Node, value: n.Node, node: n.Node) -> None:
        code = self._expressions.converted(value, self._typing.of(target))
        if self._expressions.may_be_void(value) and not isinstance(value, n.Local):
            code = f"need({code})"
        self._assign(target, code, node)

    def _assign(self, target: n.Node, code: str, node: n.Node) -> None:
        match target:
            case n.Local():
                self._line(f"{local_name(target)} = {code}", node)
            case n.Attribute(name=name):
                access = ACCESS.get(name)
                if access is not None and not access.write:
                    raise FilterTypeError(f"{name} cannot be set", target.span)
                if access is not None:
                    if name in ADJUSTING:
                        self._expressions.read(name)  # it keeps the rest of the next hop
                    self._line(access.write.format(code), node)
                else:
                    self._line(f"s.changes[{name!r}] = {self._kept(target, code)}", node)
            case _:
                raise FilterTypeError("this cannot be assigned to", target.span)

    def _kept(self, target: n.Attribute, code: str) -> str:
        """Attribute sets hold rich values: the CLI shows them without knowing the filter's types."""
        kind = self._typing.of(target)
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
            self._line(f"return {accepted}", node)
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


def written_target(method: n.Method) -> n.Node | None:
    """What `target.method(…);` writes back to: the attribute or variable it starts from."""
    target: n.Node = method
    while isinstance(target, n.Method):
        target = target.target
    return target if isinstance(target, (n.Attribute, n.Local)) else None


__all__ = [
    "CompiledExpression",
    "CompiledFilter",
    "Inputs",
    "NetTest",
    "compile_block",
    "compile_expression",
    "compile_filter",
    "is_constant",
]
