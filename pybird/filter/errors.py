"""What can be wrong with a filter, at load and while it runs."""

from __future__ import annotations

from pybird.filter.nodes import NO_SPAN, Span


class FilterTypeError(Exception):
    """An expression or statement that cannot mean anything; `span` is the exact place."""

    def __init__(self, message: str, span: Span = NO_SPAN) -> None:
        super().__init__(message)
        self.message = message
        self.span = span


class FilterRuntimeError(Exception):
    """A filter could not go on: the route is rejected and a line is logged."""

    def __init__(self, message: str, span: Span = NO_SPAN) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
