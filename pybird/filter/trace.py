"""Following a filter step by step: the same compiler, with calls in between that tell what happens.

Every statement reports that it runs, and what is read, called or compared
reports its value. Each report carries a place in the configuration.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pybird.filter.nodes import Span


class Point(NamedTuple):
    """A place that reports; `type` is that of the value, "" for a statement."""

    span: Span
    type: str = ""


class FilterEvent(NamedTuple):
    """One report; `value` as compiled filters hold it (`format.show` knows its text)."""

    point: Point
    value: Any = None


class FilterTrace:
    """What the filters that were compiled with it did, in order."""

    def __init__(self) -> None:
        self.events: list[FilterEvent] = []
        self._points: list[Point] = []

    def point(self, span: Span, type_name: str = "") -> int:
        """The number under which a place of the generated code reports."""
        self._points.append(Point(span, type_name))
        return len(self._points) - 1

    def step(self, number: int) -> None:
        """A statement runs."""
        self.events.append(FilterEvent(self._points[number]))

    def seen(self, number: int, value: Any) -> Any:
        """An expression has this value, which is given back."""
        self.events.append(FilterEvent(self._points[number], value))
        return value
