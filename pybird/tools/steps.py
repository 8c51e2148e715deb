"""`pybird explain filter NAME FILE --route "NET ATTRIBUTE = VALUE; …"`: what a filter does with a route.

Each statement that runs is shown with the values that it read, then the
verdict, what was printed, and which attributes changed. Tables are as after
five seconds on a simulated machine, as for `pybird test`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pybird.conf.language import Language
from pybird.conf.model import Config
from pybird.filter.compile import compile_filter, compile_traced
from pybird.filter.format import show, show_value
from pybird.filter.nodes import Filter, Span
from pybird.filter.subject import Subject
from pybird.filter.trace import Event, Trace
from pybird.tools.birdtest import PREFERENCE, Given, cases_of
from pybird.tools.test import Trial
from pybird.values.attributes import AttributeDecl
from pybird.values.enums import ENUMS
from pybird.values.route import NO_HOP, Rte, Source


@dataclass(slots=True)
class Step:
    """A statement that ran: its place, its text, and the values on the way, as (text, value)."""

    span: Span
    text: str
    values: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Story:
    """All of a run. `changes` are (attribute, before, after)."""

    steps: list[Step]
    accepted: bool
    logged: list[str]
    changes: list[tuple[str, str, str]]

    def lines(self) -> Iterator[str]:
        """The story for people."""
        for step in self.steps:
            yield f"{step.span.file}:{step.span.line}: {step.text}"
            for text, value in step.values:
                yield f"    {text} is {value}"
        for line in self.logged:
            yield f"logged: {line}"
        yield "accepted" if self.accepted else "rejected"
        if self.accepted:
            for name, before, after in self.changes:
                yield f"    {name}: {before} became {after}"

    def as_json(self) -> dict[str, Any]:
        """The story for programs."""
        return {
            "accepted": self.accepted,
            "steps": [
                {
                    "file": step.span.file,
                    "line": step.span.line,
                    "column": step.span.column,
                    "text": step.text,
                    "values": [{"text": text, "value": value} for text, value in step.values],
                }
                for step in self.steps
            ],
            "logged": self.logged,
            "changes": [
                {"attribute": name, "before": before, "after": after} for name, before, after in self.changes
            ],
        }


def story(language: Language, config: Config, name: str, route: str, texts: Texts) -> Story:
    """What the filter of this name does with a route.

    Raises:
        BirdtestError: the route cannot be read.
    """
    net, _, settings = route.strip().partition(" ")
    below = "".join([f"\n    {each.strip()}" for each in settings.split(";") if each.strip()])
    cases = cases_of("--route", f'test "route"\nfilter {name}\nroute {net}{below}\naccept\n')
    cases.resolve(language, config)
    case = cases.cases[0]
    return _run(Trial(config), case.filters[0], case.routes[0], texts)


def _run(trial: Trial, traced: Filter, given: Given, texts: Texts) -> Story:
    router = trial.router
    logged: list[str] = []
    subject = Subject(router.pool, given.net.type, logged.append, router.lookup)
    source = Source(given.name, given.kind, None)
    rte = Rte(router.pool.intern(b""), source, NO_HOP, PREFERENCE, 0.0)
    subject.load(rte, given.net.key)
    compile_filter(given.block, router.pool.by_name).run(subject)  # sets the attributes
    attributes = router.pool.edit(rte.attrs, subject.changes)
    rte = Rte(attributes, source, subject.hop or NO_HOP, subject.preference, 0.0)
    subject.load(rte, given.net.key)
    before = _attributes(subject, router.pool.by_name)
    trace = Trace()
    accepted = compile_traced(traced, router.pool.by_name, trace).run(subject)
    after = _attributes(subject, router.pool.by_name)
    changes = [
        (name, before.get(name, "(void)"), after.get(name, "(void)"))
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    ]
    return Story(list(_steps(trace.events, texts)), accepted, logged, changes)


def _attributes(subject: Subject, declared: dict[str, AttributeDecl]) -> dict[str, str]:
    """The texts of all attributes of a route as it is now."""
    found = {**subject.view, **subject.changes}
    shown = {name: _text(declared.get(name), value) for name, value in found.items() if value is not None}
    shown["preference"] = str(subject.preference)
    shown["dest"] = _shown("enum rtd", subject.dest())
    shown["gw"] = str(subject.gateway())
    shown["ifname"] = subject.ifname()
    return shown


def _text(decl: AttributeDecl | None, value: Any) -> str:
    return show_value(value) if decl is None else _shown(decl.type, value)


def _shown(kind: str, value: Any) -> str:
    """A value; an enumeration's by the name of its constant."""
    if kind in ENUMS and value is not None:
        members, prefix, _ = ENUMS[kind]
        return f"{prefix}_{members(value).name}"
    return show(kind, value)


def _steps(events: list[Event], texts: Texts) -> Iterator[Step]:
    step: Step | None = None
    for point, value in events:
        text = texts.of(point.span)
        if not point.type:
            if step is not None:
                yield step
            step = Step(point.span, text)
        elif step is not None and (value is not None or point.type not in ("any", "void")):
            shown = (text, _shown(point.type, value))
            if shown not in step.values:
                step.values.append(shown)
    if step is not None:
        yield step


class Texts:
    """The texts of places in the files of a configuration."""

    def __init__(self, read: Any) -> None:
        self._read = read
        self._files: dict[str, list[str]] = {}

    def line(self, span: Span) -> str:
        """The line where a place begins."""
        return self._line(span).strip()

    def of(self, span: Span) -> str:
        """The text of a place as far as it stands in its first line."""
        line = self._line(span)
        end = span.end_column - 1 if span.end_line == span.line else len(line)
        return line[span.column - 1 : end].strip()

    def _line(self, span: Span) -> str:
        if span.file not in self._files:
            try:
                self._files[span.file] = self._read(span.file).split("\n")
            except OSError:
                self._files[span.file] = []
        lines = self._files[span.file]
        return lines[span.line - 1] if 0 < span.line <= len(lines) else ""
