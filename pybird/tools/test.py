"""`pybird test FILE...`: run the tests of configurations.

A configuration may have its own (`bt_test_suite`, `bt_test_same`); a file named
`*.birdtest` holds tests of another configuration (`tools/birdtest.py`). Each
configuration runs on a simulated machine until its tables have settled, so
that `roa_check` and static routes give their final answers. One line per suite,
below it each assertion that failed with its place and values; `--json` gives
the same as one object, `--coverage` adds which filter lines ran. The exit
status is 0 when everything held and 1 otherwise.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pybird.conf.errors import ConfigErrors
from pybird.conf.language import Language
from pybird.conf.model import Config, SameMeaning, Suite
from pybird.core.ports import Ports
from pybird.core.router import Router
from pybird.filter.assertions import AssertionResult
from pybird.filter.compile import compile_filter
from pybird.filter.digest import digest
from pybird.filter.nodes import NO_SPAN, Block, Call, Decide, Evaluate, Filter, Span
from pybird.filter.route_context import RouteContext
from pybird.proto import PROTOCOLS
from pybird.sim.world import World
from pybird.tools.birdtest import BirdtestError, FilterTest, read_cases
from pybird.tools.coverage import Coverage
from pybird.tools.language import make_language
from pybird.tools.text import counted
from pybird.values.net import NetType, Prefix
from pybird.values.route import NO_HOP, RouteSource, Rte

SETTLING = 5.0  # virtual seconds that protocols have to fill the tables
SETTLED = "while the tables settled"


@dataclass(slots=True)
class FailedAssertion:
    """One assertion that does not hold, or one way in which a suite ended badly."""

    span: Span
    text: str
    values: list[tuple[str, str]] = field(default_factory=list)
    problem: str = ""


@dataclass(slots=True)
class Result:
    """The result of one suite."""

    name: str
    span: Span = NO_SPAN
    assertions: int = 0
    failures: list[FailedAssertion] = field(default_factory=list)

    def record(self, checked: AssertionResult) -> None:
        """Record the result of one assertion."""
        self.assertions += 1
        if checked.holds:
            return
        claim = checked.claim
        values = list(zip(claim.parts, checked.values, strict=False))
        self.failures.append(FailedAssertion(claim.span, claim.text, values, checked.problem))


class Trial:
    """One configuration, running on a simulated machine."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.results: list[Result] = []
        self.current = Result(SETTLED)
        self.messages: list[str] = []
        world = World(self._boot)
        self._node = world.router("router", config)
        world.run(SETTLING)
        if self.current.assertions:
            self.results.append(self.current)

    @property
    def router(self) -> Router:
        """The router that the tests run on."""
        router = self._node.router
        assert isinstance(router, Router)
        return router

    def _boot(self, ports: Ports, config: Any) -> Router:
        router = Router(ports, PROTOCOLS, lambda checked: self.current.record(checked))
        router.configure(config)
        return router

    def run_suites(self) -> None:
        """Run the tests in the configuration itself, in the order of the text."""
        for test in self.config.tests:
            if isinstance(test, Suite):
                self._suite(test)
            else:
                self._same(test)

    def _suite(self, suite: Suite) -> None:
        self.current = Result(suite.text, suite.span)
        self.results.append(self.current)
        call = Evaluate(Call(suite.function, (), span=suite.span), span=suite.span)
        body = Block((call, Decide("accept", span=suite.span)), span=suite.span)
        compiled = compile_filter(Filter(suite.function.name, body), self.router.pool.by_name)
        messages: list[str] = []
        if not compiled.run(self._subject(messages)):
            problem = messages[-1] if messages else "it ended with reject"
            self.current.failures.append(FailedAssertion(suite.span, suite.function.name, problem=problem))
        self.messages += messages
        compiled.clear()

    def _subject(self, messages: list[str]) -> RouteContext:
        """A route without attributes, for suites that set some."""
        router = self.router
        subject = RouteContext(
            router.pool,
            NetType.IP4,
            messages.append,
            router.lookup,
            lambda checked: self.current.record(checked),
        )
        route = Rte(router.pool.intern(b""), RouteSource("test", 0, None), NO_HOP, 0, 0.0)
        subject.load(route, Prefix.parse("0.0.0.0/0").key)
        return subject

    def _same(self, test: SameMeaning) -> None:
        names = [test.first.name, test.second.name]
        wanted = "the same" if test.same else "different"
        result = Result(f"{names[0]} and {names[1]} are {wanted}", test.span, 1)
        if (digest(test.first) == digest(test.second)) is not test.same:
            found = "different" if test.same else "the same"
            result.failures.append(
                FailedAssertion(test.span, f"{names[0]}, {names[1]}", problem=f"they are {found}")
            )
        self.results.append(result)

    def run_case(self, case: FilterTest) -> None:
        """Run one test of a `*.birdtest` file; the verdict on each route is an assertion, too."""
        self.current = Result(case.name, case.span, len(case.routes))
        self.results.append(self.current)
        for problem in case.run(self.router, self.current.record):
            self.current.failures.append(FailedAssertion(problem.span, problem.text, problem=problem.problem))


# ---------------------------------------------------------------- the command


def main(argv: list[str]) -> int:
    """Test the files named in the arguments; 0 if everything holds."""
    parser = argparse.ArgumentParser(prog="pybird test", description="Run the tests of a bird.conf.")
    parser.add_argument("files", nargs="+", metavar="FILE", help="a configuration or a *.birdtest file")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    parser.add_argument("--coverage", action="store_true", help="say which lines of filters ran")
    options = parser.parse_args(argv)
    language = make_language()
    reports = [Report(path) for path in options.files]
    for report in reports:
        report.make(language, coverage=options.coverage)
        if not options.json:
            print("\n".join(report.lines()))
    ok = all(report.ok for report in reports)
    if options.json:
        print(json.dumps({"ok": ok, "files": [report.as_json() for report in reports]}, indent=2))
    return 0 if ok else 1


class Report:
    """The results of one file."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.errors: list[str] = []
        self.results: list[Result] = []
        self.coverage: Coverage | None = None

    @property
    def ok(self) -> bool:
        """True when nothing failed."""
        return not self.errors and not any(result.failures for result in self.results)

    def make(self, language: Language, *, coverage: bool = False) -> None:
        """Load the file and run its tests; errors in the file itself go to `errors`."""
        try:
            cases = read_cases(self.path) if self.path.endswith(".birdtest") else None
            config = language.load(self.path if cases is None else cases.config)
            if cases is not None:
                cases.resolve(language, config)
        except ConfigErrors as found:
            self.errors = [error.show() for error in found.errors]
            return
        except BirdtestError as problem:
            self.errors = [str(problem)]
            return
        except OSError as problem:
            self.errors = [f"{problem.filename or self.path}: {problem.strerror or problem}"]
            return
        if coverage:
            self.coverage = Coverage(config)
            with self.coverage:
                self._run(Trial(config), cases.cases if cases is not None else None)
        else:
            self._run(Trial(config), cases.cases if cases is not None else None)

    def _run(self, trial: Trial, cases: list[FilterTest] | None) -> None:
        self.results = trial.results
        if cases is None:
            trial.run_suites()
        else:
            for case in cases:
                trial.run_case(case)

    def lines(self) -> Iterator[str]:
        """Text for people."""
        yield from self.errors
        for result in self.results:
            yield from _result_lines(result)
        failed = sum(1 for result in self.results if result.failures)
        total = sum(result.assertions for result in self.results)
        if not self.errors:
            state = f"{failed} failed" if failed else "all good" if self.results else "nothing to test"
            suites, assertions = counted(len(self.results), "suite"), counted(total, "assertion")
            yield f"{self.path}: {suites}, {assertions}: {state}"
        if self.coverage is not None:
            yield from self.coverage.lines()

    def as_json(self) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        found: dict[str, Any] = {
            "file": self.path,
            "ok": self.ok,
            "errors": self.errors,
            "suites": [_result_json(result) for result in self.results],
        }
        if self.coverage is not None:
            found["coverage"] = self.coverage.as_json()
        return found


def _result_lines(result: Result) -> Iterator[str]:
    if not result.failures:
        yield f"ok    {result.name} ({counted(result.assertions, 'assertion')})"
        return
    yield f"FAIL  {result.name} ({counted(len(result.failures), 'failure')})"
    for failure in result.failures:
        problem = f": {failure.problem}" if failure.problem else ""
        yield f"      {failure.span.file}:{failure.span.line}: {failure.text}{problem}"
        yield from (f"          {text} is {value}" for text, value in failure.values)


def _result_json(result: Result) -> dict[str, Any]:
    return {
        "name": result.name,
        "file": result.span.file,
        "line": result.span.line,
        "ok": not result.failures,
        "assertions": result.assertions,
        "failures": [
            {
                "file": failure.span.file,
                "line": failure.span.line,
                "text": failure.text,
                "problem": failure.problem,
                "values": [{"text": text, "value": value} for text, value in failure.values],
            }
            for failure in result.failures
        ],
    }
