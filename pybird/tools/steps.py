"""`pybird explain filter NAME FILE --route "NET ATTRIBUTE = VALUE; …"`: what a filter does with a route.

Each statement that runs is shown with the values that it read, then what was
printed, the verdict, and which attributes changed. Tables are as after
five seconds on a simulated machine, as for `pybird test`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pybird.conf.errors import caret
from pybird.conf.language import Language
from pybird.conf.model import Config
from pybird.filter.compile import compile_traced
from pybird.filter.format import show, show_value
from pybird.filter.nodes import Filter, Span
from pybird.filter.route_context import RouteContext
from pybird.filter.trace import FilterEvent, FilterTrace
from pybird.tools.birdtest import BirdtestError, Given, cases_of
from pybird.tools.test import Trial
from pybird.tools.text import Texts
from pybird.values.attributes import AttributeDecl, AttributeTooLongError
from pybird.values.enums import ENUMS


@dataclass(slots=True)
class RunStep:
    """A statement that ran: its place, its text, and the values that it read, as (text, value)."""

    span: Span
    text: str
    values: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Story:
    """One run of a filter. `changes` are (attribute, before, after)."""

    steps: list[RunStep]
    accepted: bool
    logged: list[str]
    changes: list[tuple[str, str, str]]

    def lines(self) -> Iterator[str]:
        """The story for people."""
        for step in self.steps:
            if not step.span.file:  # `all` and `none` are written nowhere
                continue
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


class RouteError(Exception):
    """The route cannot be read, or cannot exist; the text says what and where."""


_PIECE = re.compile(r'"[^"]*"|\{[^{}]*\}|;|[A-Za-z_]\w*\s*=|.', re.DOTALL)


def _pieces(route: str) -> list[str]:
    """The network, and each `NAME = VALUE`; a `;` in quotes or braces ends neither."""
    found = [""]
    for piece in _PIECE.findall(route):
        if piece == ";" or (piece.endswith("=") and len(found) == 1 and piece != "="):
            found.append("")
        if piece != ";":
            found[-1] += piece
    return [" ".join(each.split()) for each in found]


def story(
    language: Language, config: Config, which: str, made: Filter | None, route: str, texts: Texts
) -> Story:
    """What a filter does with a route.

    `which` names the filter as a `*.birdtest` file does; `made` is that filter, or
    None for the one of the channel that fits the route.

    Raises:
        RouteError: the route cannot be read.
    """
    net, *settings = _pieces(route)
    below = "".join([f"\n    {each}" for each in settings if each])
    text = f'test "route"\n{which.partition(".")[0]}\nroute {net}{below}\naccept\n'
    try:
        cases = cases_of("--route", text)
        cases.resolve(language, config)
    except BirdtestError as problem:
        line = text.split("\n")[problem.span.line - 1]
        raise RouteError("\n".join([problem.message, *caret(line, problem.span)])) from None
    case = cases.cases[0]
    return _run(Trial(config), made or case.filters[0], case.routes[0], texts)


def _run(trial: Trial, traced: Filter, given: Given, texts: Texts) -> Story:
    router = trial.router
    logged: list[str] = []
    rte = given.route(router, lambda _checked: None)
    if rte is None:
        raise RouteError("its attributes cannot be set")
    subject = RouteContext(router.pool, given.net.type, logged.append, router.lookup)
    subject.load(rte, given.net.key)
    before = _attributes(subject, router.pool.by_name)
    trace = FilterTrace()
    accepted = compile_traced(traced, router.pool.by_name, trace).run(subject)
    after = _attributes(subject, router.pool.by_name)
    try:
        router.pool.edit(rte.attrs, subject.changes)
    except AttributeTooLongError as error:  # a router rejects it then
        logged.append(str(error))
        accepted = False
    changes = [
        (name, before.get(name, "(void)"), after.get(name, "(void)"))
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    ]
    return Story(list(_steps(trace.events, texts)), accepted, logged, changes)


def _attributes(subject: RouteContext, declared: dict[str, AttributeDecl]) -> dict[str, str]:
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


def _steps(events: list[FilterEvent], texts: Texts) -> Iterator[RunStep]:
    step: RunStep | None = None
    for point, value in events:
        text = texts.text_of(point.span)
        if not point.type:
            if step is not None:
                yield step
            step = RunStep(point.span, text)
        elif step is not None and (value is not None or point.type not in ("any", "void")):
            shown = (text, _shown(point.type, value))
            if shown not in step.values:
                step.values.append(shown)
    if step is not None:
        yield step
