"""What is fuzzed: each target takes any text and must end with a result or an error at its place.

A target raises nothing on its own: what comes out of it, and every promise of
an error that is not kept, is a finding. A text that takes longer than `BOUND`
seconds of CPU time is one, too.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from functools import cache

from pybird.conf.errors import WIDTH, ConfigError, ConfigErrors
from pybird.conf.language import Language
from pybird.conf.model import Config
from pybird.conf.tables import load as load_tables
from pybird.filter.compile import compile_expression, compile_filter
from pybird.filter.errors import FilterRuntimeError, FilterTypeError
from pybird.filter.nodes import Span
from pybird.proto import PROTOCOLS
from pybird.tools.birdtest import BirdtestError, cases_of
from pybird.tools.fmt import Formatter
from pybird.tools.layout.pieces import LayoutError
from pybird.tools.lint.context import LintContext
from pybird.tools.lint.flow import filters
from pybird.tools.lint.run import findings
from tests.conf.loading import CACHE
from tests.fuzz import running, wire
from tests.oracle.choices import Dice
from tests.oracle.compare import differences, some_route

BOUND = 10.0  # seconds of CPU time for one text
MAIN = "bird.conf"
BESIDE = """protocol device {}
define LOCAL = 65000;
filter in_a { if net ~ [10.0.0.0/8+] then reject; bgp_local_pref = 200; accept; }
function f(int a) -> bool { return a > 1; }
attribute int mine;
protocol static s4 { ipv4 { import filter in_a; }; }
"""


class HangError(AssertionError):
    """A text took too long."""


class Texts:
    """Files that exist only here."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts

    def read(self, path: str) -> str:
        """The text of a file."""
        if path not in self.texts:
            raise FileNotFoundError(2, "No such file or directory", path)
        return self.texts[path]

    def find(self, pattern: str) -> list[str]:
        """The files of a pattern."""
        return sorted(name for name in self.texts if fnmatch(name, pattern))


@cache
def language() -> Language:
    """The language, made once."""
    return Language(PROTOCOLS, cache=CACHE)


@cache
def formatter() -> Formatter:
    """The layout, made once."""
    return Formatter(load_tables(CACHE))


@cache
def beside() -> Config:
    """The configuration that expressions and `*.birdtest` files speak of."""
    return language().read(BESIDE, MAIN)


@contextmanager
def bounded(seconds: float = BOUND) -> Iterator[None]:
    """Nothing in here takes longer."""

    def late(*_: object) -> None:
        raise HangError(f"more than {seconds} s of CPU time")

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


# ------------------------------------------------------------------- promises


def inside(span: Span, texts: dict[str, str]) -> None:
    """The place is one of these texts."""
    assert span.file in texts, span
    lines = texts[span.file].split("\n")
    assert 1 <= span.line <= span.end_line <= len(lines), span
    assert 1 <= span.column <= len(lines[span.line - 1]) + 1, span
    assert 1 <= span.end_column <= len(lines[span.end_line - 1]) + 1, span
    assert (span.line, span.column) <= (span.end_line, span.end_column), span


def positioned(error: ConfigError, texts: dict[str, str]) -> None:
    """The error has its place, its line and words for the user."""
    assert error.message
    inside(error.span, texts)
    line = texts[error.file].split("\n")[error.line - 1][error.source_start :]
    assert len(error.source_line) == min(len(line), WIDTH)
    assert all(shown in (char, "*") for shown, char in zip(error.source_line, line, strict=False))
    error.show().encode()
    str(error).encode()
    if error.related is not None:
        inside(error.related[1], texts)


# -------------------------------------------------------------------- targets


def config(text: str, files: dict[str, str] | None = None) -> Config | None:
    """A configuration, with the files that it may include; when it is right, a router runs it."""
    texts = {**(files or {}), MAIN: text}
    try:
        reading = language().examine_text(text, MAIN, Texts(texts))
    except ConfigErrors as found:
        assert found.errors
        for error in found.errors:
            positioned(error, texts)
        return None
    for warning in reading.config.warnings:
        inside(warning.span, texts)
        warning.text.encode()
    for finding in findings(reading):
        inside(finding.span, texts)
    compiles(reading.config, LintContext(reading))
    running.run(language(), reading.config, beside())
    return reading.config


def compiles(made: Config, subject: LintContext) -> None:
    """Every filter of an accepted configuration becomes a program."""
    declared = {each.name: each for protocol in PROTOCOLS for each in protocol.attributes}
    for attribute in made.attributes:
        declared[attribute.name] = attribute.declaration
    for each in filters(subject):
        compile_filter(each, declared).clear()


def layout(text: str, files: dict[str, str] | None = None) -> None:
    """`pybird fmt`: final after one time, and of the same meaning; whatever is right can be laid out."""
    texts = Texts(files or {})
    try:
        before = language().read(text, MAIN, texts)
    except ConfigErrors:
        before = None
    try:
        made = formatter().format(text)
    except LayoutError as error:
        assert 0 <= error.position <= len(text)
        assert before is None, error.message
        return
    assert formatter().format(made) == made
    if before is not None:
        assert language().read(made, MAIN, texts) == before


def command(text: str) -> None:
    """A line of the control socket; a router answers it."""
    line = text.split("\n", 1)[0]
    try:
        language().parse_command(line)
    except ConfigError as error:
        positioned(error, {"<command>": line})
    running.obey(language(), line)


def expression(text: str) -> None:
    """What `eval` and tools take."""
    try:
        node = language().expression(text, beside())
        compile_expression(node, {})
    except ConfigError as error:
        assert error.file == "<expression>"
        positioned(error, {"<expression>": text, MAIN: BESIDE})
    except (FilterTypeError, FilterRuntimeError) as problem:
        assert problem.message


def birdtest(text: str) -> None:
    """A file of tests beside a configuration."""
    try:
        cases_of("a.birdtest", text).resolve(language(), beside())
    except BirdtestError as error:
        inside(error.span, {"a.birdtest": text})
        assert str(error).startswith(f"a.birdtest:{error.span.line}:{error.span.column} ")


def filter_(text: str) -> None:
    """A filter called `tested` does what the oracle says, on a few routes."""
    made = config(text)
    if made is not None and "tested" in made.filters:
        routes = [some_route(Dice(number)) for number in range(3)]
        assert differences(made, "tested", routes) == []


TARGETS: dict[str, Callable[[str], object]] = {
    "config": config,
    "layout": layout,
    "command": command,
    "expression": expression,
    "birdtest": birdtest,
    "filter": filter_,
    "update": wire.update,
    "stream": wire.stream,
    "advertisement": wire.advertisement,
    "lldpdu": wire.lldpdu,
}
