"""Traces a filter step by step: the generated code then has calls that report what happens.

Every statement reports that it runs; every expression that reads, calls or compares
reports its value. Each report has its place in the configuration.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pybird.filter.nodes import Span


class Point(NamedTuple):
    """A place that reports; `type` is the type of the value, "" for a statement."""

    span: Span
    type: str = ""


class FilterEvent(NamedTuple):
    """One report; `value` is in the form of compiled filters (`format.show` gives its text)."""

    point: Point
    value: Any = None


class FilterTrace:
    """The reports of the filters compiled with it, in order."""

    def __init__(self) -> None:
        self.events: list[FilterEvent] = []
        self._points: list[Point] = []

    def point(self, span: Span, type_name: str = "") -> int:
        """Register a place of the generated code; returns the number with which it reports."""
        self._points.append(Point(span, type_name))
        return len(self._points) - 1

    def step(self, number: int) -> None:
        """Record that a statement runs."""
        self.events.append(FilterEvent(self._points[number]))

    def seen(self, number: int, value: Any) -> Any:
        """Record the value of an expression, and return it."""
        self.events.append(FilterEvent(self._points[number], value))
        return value
