"""Tests of a configuration in a file beside it (`*.birdtest`, docs/testing.md).

    config "edge.conf"

    test "a customer's prefix gets its preference"
    filter customer_in
    route 203.0.113.0/24
        bgp_path = 65001 65001
    accept
        bgp_local_pref = 200
        (65000, 1) ~ bgp_community

A line that begins with white space belongs to the line above: below `route`
attributes that the route has, below `accept` conditions on the route that the
filter leaves. What follows a word is in the language of the configuration, and
may use its constants and functions.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pybird.conf.errors import ConfigError
from pybird.conf.include import DiskFiles
from pybird.conf.language import Language
from pybird.conf.model import Config
from pybird.core.router import Router
from pybird.filter import nodes as n
from pybird.filter.assertions import AssertionResult
from pybird.filter.check import check
from pybird.filter.compile import compile_expression, compile_filter
from pybird.filter.errors import FilterRuntimeError, FilterTypeError
from pybird.filter.fold import evaluate
from pybird.filter.route_context import RouteContext, constant_subject
from pybird.tools.declared import declared
from pybird.values.aspath import EMPTY_PATH
from pybird.values.attributes import AttributeTooLongError
from pybird.values.community import (
    EMPTY_COMMUNITIES,
    EMPTY_EXTENDED,
    EMPTY_LARGE,
    CommunityList,
    ExtendedList,
    LargeList,
)
from pybird.values.enums import Rts
from pybird.values.net import Net
from pybird.values.route import NO_HOP, RouteSource, Rte

PREFERENCE = 100
VERDICTS = ("accept", "reject")
# Lists may be written as their members.
_PATH = re.compile(r"\d+(?:\s+\d+)*")
_LIST = re.compile(r"(?:\([^()]*\)\s*)+")
_MEMBER = re.compile(r"\d+|\([^()]*\)")
_EMPTY = {"bgppath": EMPTY_PATH, "clist": EMPTY_COMMUNITIES, "eclist": EMPTY_EXTENDED, "lclist": EMPTY_LARGE}

_MADE: dict[str, Callable[[Iterable[Any]], Any]] = {
    "clist": CommunityList.of,
    "eclist": ExtendedList.of,
    "lclist": LargeList.of,
}


class BirdtestError(Exception):
    """The test file itself is wrong; the text begins with file, line and column."""

    def __init__(self, message: str, span: n.Span) -> None:
        super().__init__(f"{span.file}:{span.line}:{span.column} {message}")
        self.message = message
        self.span = span


class TestProblem(NamedTuple):
    """Why a test failed."""

    span: n.Span
    text: str
    problem: str


@dataclass(slots=True)
class TestLine:
    """One line with the indented lines below it."""

    span: n.Span
    word: str
    rest: str = ""
    below: list[TestLine] = field(default_factory=list)


@dataclass(slots=True)
class Given:
    """One route that is fed to the filter."""

    span: n.Span
    text: str
    net: Net
    name: str = "test"
    kind: int = int(Rts.BGP)
    block: n.Filter = n.ACCEPT

    def route(self, router: Router, record: Callable[[AssertionResult], None]) -> Rte | None:
        """The route with its attributes; None if they cannot be set."""
        source = RouteSource(self.name, self.kind, None)
        bare = Rte(router.pool.intern(b""), source, NO_HOP, PREFERENCE, 0.0)
        return _run_filter(router, self.block, self.net, bare, record)


@dataclass(slots=True)
class FilterTest:
    """One test: these routes through that filter give this verdict."""

    name: str
    span: n.Span
    filter_line: TestLine | None = None
    route_lines: list[TestLine] = field(default_factory=list)
    verdict: TestLine | None = None
    conditions: n.Filter = n.ACCEPT
    routes: list[Given] = field(default_factory=list)
    filters: list[n.Filter] = field(default_factory=list)  # one per route

    def run(self, router: Router, record: Callable[[AssertionResult], None]) -> Iterator[TestProblem]:
        """The routes with another outcome than expected; `record` gets the result of each condition."""
        assert self.verdict is not None
        for given, tested in zip(self.routes, self.filters, strict=True):
            start = given.route(router, record)
            if start is None:
                yield TestProblem(given.span, given.text, "its attributes cannot be set")
                continue
            left = _run_filter(router, tested, given.net, start, record)
            wanted = self.verdict.word == "accept"
            if (left is not None) is not wanted:
                yield TestProblem(
                    given.span, given.text, "was accepted" if left is not None else "was rejected"
                )
            elif left is not None:
                _run_filter(router, self.conditions, given.net, left, record)


def _run_filter(
    router: Router, tested: n.Filter, net: Net, rte: Rte, record: Callable[[AssertionResult], None]
) -> Rte | None:
    """The route as the filter leaves it, its next hop unresolved; None: rejected.

    A value that no message could carry rejects it, as in a router.
    """
    compiled = compile_filter(tested, router.pool.by_name)
    subject = RouteContext(
        router.pool, net.type, lambda text: router.log("info", text), router.lookup, record
    )
    subject.load(rte, net.key)
    accepted = compiled.run(subject)
    compiled.clear()
    if not accepted:
        return None
    try:
        attributes = router.pool.edit(rte.attrs, subject.changes)
    except AttributeTooLongError as error:
        router.log("error", f"filter {tested.name or '(unnamed)'}: {error}")
        return None
    return Rte(attributes, rte.source, subject.hop or rte.hop, subject.preference, rte.time)


@dataclass(slots=True)
class Cases:
    """A whole file. `config` is the path of the configuration."""

    config: str
    cases: list[FilterTest]

    def resolve(self, language: Language, config: Config) -> None:
        """Resolve names and expressions in this configuration.

        Raises:
            BirdtestError: one has no meaning there.
        """
        reader = _TestReader(language, config)
        for case in self.cases:
            reader.resolve(case)


def read_cases(path: str) -> Cases:
    """Read a file.

    Raises:
        BirdtestError: at its place in the file.
        OSError: it cannot be read.
    """
    return cases_of(path, DiskFiles().read(path))


def cases_of(path: str, text: str) -> Cases:
    """The tests of a file with this text.

    Raises:
        BirdtestError: at its place in the text.
    """
    lines = list(_lines(path, text))
    folder, name = os.path.split(path)
    config = os.path.join(folder, name.removesuffix(".birdtest") + ".conf")
    cases: list[FilterTest] = []
    tested: TestLine | None = None
    for line in lines:
        _check_shape(line)
        match line.word:
            case "config":
                config = os.path.join(folder, _text(line))
            case "test":
                cases.append(FilterTest(_text(line), line.span, tested))
            case "filter" | "import" | "export" if _filter_fits(cases):
                tested = line
                if cases and not cases[-1].route_lines:
                    cases[-1].filter_line = line
            case "route" if cases and cases[-1].verdict is None:
                cases[-1].route_lines.append(line)
            case "accept" | "reject" if cases and cases[-1].route_lines and cases[-1].verdict is None:
                cases[-1].verdict = line
            case _:
                raise _error(line, f"`{line.word}` is not possible here")
    for case in cases:
        if case.verdict is None or case.filter_line is None:
            missing = "`accept` or `reject`" if case.verdict is None else "`filter`"
            raise BirdtestError(f"{missing} is missing in this test", case.span)
    return Cases(config, cases)


def _check_shape(line: TestLine) -> None:
    """Check that all text after and below a word belongs there, so that none is silently skipped.

    Raises:
        BirdtestError: some text does not.
    """
    if line.below and line.word not in (*VERDICTS, "route"):
        raise _error(line.below[0], f"nothing can stand below `{line.word}`")
    if line.rest and line.word in VERDICTS:
        raise _error(line, f"nothing can stand behind `{line.word}`; conditions stand below it", line.rest)


def _filter_fits(cases: list[FilterTest]) -> bool:
    """True if a filter may stand here: outside of a test, or in one before its routes."""
    return not cases or cases[-1].verdict is not None or not cases[-1].route_lines


def _lines(path: str, text: str) -> Iterator[TestLine]:
    last: TestLine | None = None
    for number, raw in enumerate(text.split("\n"), 1):
        bare = raw.strip()
        if not bare or bare.startswith("#"):
            continue
        end = len(raw.rstrip()) + 1
        span = n.Span(path, number, end - len(bare), number, end)
        if raw[0].isspace():
            if last is None:
                raise BirdtestError("no line above that this indented line could belong to", span)
            last.below.append(TestLine(span, "", bare))
            continue
        if last is not None:
            yield last
        word, *rest = bare.split(maxsplit=1)
        last = TestLine(span, word, "".join(rest))
    if last is not None:
        yield last


def _text(line: TestLine) -> str:
    if len(line.rest) < 2 or line.rest[0] != '"' or line.rest[-1] != '"':
        raise _error(line, "a text in quotes is expected")
    return line.rest[1:-1]


def _error(line: TestLine, message: str, text: str | None = None) -> BirdtestError:
    """An error of a line, or of the text that ends it."""
    span = line.span
    if text is not None:
        span = n.Span(span.file, span.line, span.end_column - len(text), span.end_line, span.end_column)
    return BirdtestError(message, span)


class _TestReader:
    """Resolves the words of a test file in one configuration."""

    def __init__(self, language: Language, config: Config) -> None:
        self._language = language
        self._config = config
        self._declared = declared(config)

    def resolve(self, case: FilterTest) -> None:
        """Give a test its routes, filters and conditions."""
        assert case.filter_line is not None
        assert case.verdict is not None
        for line in case.route_lines:
            given = self._route(line)
            case.routes.append(given)
            case.filters.append(self._filter(case.filter_line, given))
        conditions = tuple(self._condition(line) for line in case.verdict.below)
        if conditions and case.verdict.word == "reject":
            raise _error(case.verdict.below[0], "a rejected route has no attributes")
        case.conditions = n.Filter("conditions", n.Block((*conditions, n.Decide("accept"))))

    def _filter(self, line: TestLine, given: Given) -> n.Filter:
        if line.word == "filter":
            found = self._config.filters.get(line.rest)
            if found is None:
                raise _error(line, f"there is no filter {line.rest}", line.rest)
            return found
        protocol = self._config.protocol(line.rest)
        if protocol is None:
            raise _error(line, f"there is no protocol {line.rest}", line.rest)
        for channel in protocol.channels:
            if channel.net_type is given.net.type:
                return channel.import_filter if line.word == "import" else channel.export_filter
        raise _error(line, f"{line.rest} has no channel for {given.text}")

    def _route(self, line: TestLine) -> Given:
        net = self._value(line, line.rest)
        if not isinstance(getattr(net, "key", None), bytes):
            raise _error(line, f"{line.rest} is not a network", line.rest)
        given = Given(line.span, line.rest, net)
        steps: list[n.Node] = []
        for setting in line.below:
            name, equals, text = (part.strip() for part in setting.rest.partition("="))
            if not equals:
                raise _error(setting, "an attribute is written NAME = VALUE")
            if name == "proto":
                given.name = str(self._value(setting, text))
            elif name == "source":
                given.kind = self._source(setting, text)
            else:
                steps.append(self._assign(setting, name, text))
        block = n.Block((*steps, n.Decide("accept", span=line.span)), span=line.span)
        given.block = n.Filter("route", block, span=line.span)
        return given

    def _source(self, line: TestLine, text: str) -> int:
        node = self._node(line, text)
        if not isinstance(node, n.Literal) or node.type != "enum rts":
            raise _error(line, "a source is written RTS_BGP, RTS_STATIC, ...", text)
        return int(node.value)

    def _assign(self, line: TestLine, name: str, text: str) -> n.Node:
        target = n.Attribute(name, span=line.span)
        kind = self._declared[name].type if name in self._declared else ""
        value = self._listed(line, kind, text) or self._node(line, text)
        return self._checked(line, n.Assign(target, value, span=line.span))

    def _listed(self, line: TestLine, kind: str, text: str) -> n.Node | None:
        """A list that is written as its members: `65001 65002`, `(1,2) (3,4)`; None if it is not."""
        if kind not in _EMPTY or not (_PATH if kind == "bgppath" else _LIST).fullmatch(text):
            return None
        members = _MEMBER.findall(text)
        empty = n.Literal(kind, _EMPTY[kind])
        made = empty
        if kind == "bgppath":
            for member in reversed(members):
                made = self._with_member(line, text, "prepend", made, member)
            return made
        # One by one, as a list of thousands would be copied for each of them.
        added = [self._with_member(line, text, "add", empty, member).value.items[0] for member in members]
        return n.Literal(kind, _MADE[kind](dict.fromkeys(added)))

    def _with_member(self, line: TestLine, text: str, call: str, listed: n.Literal, member: str) -> n.Literal:
        """A path or list with one more member; `text`, which ends the line, is the place of an error."""
        try:
            return evaluate(n.Builtin(call, (listed, self._node(line, text, member))))
        except (FilterTypeError, FilterRuntimeError) as problem:
            raise _error(line, problem.message, text) from None

    def _condition(self, line: TestLine) -> n.Node:
        node = self._node(line, line.rest)
        parts: tuple[n.Node, ...] = ()
        if isinstance(node, n.Binary):
            parts = tuple(part for part in (node.left, node.right) if not isinstance(part, n.Literal))
        texts = tuple(line.rest[part.span.column - 1 : part.span.end_column - 1] for part in parts)
        return self._checked(line, n.Assert(node, line.rest, parts, texts, span=line.span))

    def _checked(self, line: TestLine, node: n.Node) -> n.Node:
        for problem in check(n.Block((node,)), self._declared):
            raise _error(line, problem.message)
        return node

    def _node(self, line: TestLine, text: str, written: str = "") -> n.Node:
        """The meaning of the text that ends the line; `written` is how the language writes it."""
        try:
            return self._language.expression(written or text, self._config)
        except ConfigError as problem:
            inside = written in ("", text)
            raise _error(line, problem.message, text[problem.column - 1 :] if inside else text) from None

    def _value(self, line: TestLine, text: str) -> Any:
        try:
            compiled = compile_expression(self._node(line, text), self._declared)
            return compiled(constant_subject(lambda _text: None))
        except (FilterTypeError, FilterRuntimeError) as problem:
            raise _error(line, problem.message, text) from None
