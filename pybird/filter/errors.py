"""What can be wrong with a filter, at load and while it runs."""

from __future__ import annotations

from struct import error as StructError  # noqa: N812
from typing import Final

from pybird.filter.nodes import NO_SPAN, Span


class FilterTypeError(Exception):
    """An expression or statement that cannot mean anything; `span` is the exact place, `hint` a guess."""

    def __init__(self, message: str, span: Span = NO_SPAN, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.hint = hint


class FilterRuntimeError(Exception):
    """A filter could not go on: the route is rejected and a line is logged."""

    def __init__(self, message: str, span: Span = NO_SPAN) -> None:
        super().__init__(message)
        self.message = message
        self.span = span


# What Python raises when an operand is void, too deep a recursion, and our own.
FAILURES: Final = (
    FilterRuntimeError,
    TypeError,
    AttributeError,
    IndexError,
    ValueError,
    OverflowError,
    RecursionError,
    StructError,
)


def reason(failure: BaseException) -> str:
    """What went wrong in the user's words."""
    match failure:
        case FilterRuntimeError(message=message):
            return message
        case RecursionError():
            return "Filter execution stack overflow"
        case TypeError() | AttributeError() | IndexError() | StructError():
            return "an operand has no value"
        case _:
            return str(failure)
