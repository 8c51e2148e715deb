"""Errors of filters, at load time and at run time."""

from __future__ import annotations

from struct import error as StructError  # noqa: N812
from typing import Final

from pybird.filter.nodes import NO_SPAN, Span


class FilterTypeError(Exception):
    """An expression or statement is invalid; `span` is the exact place, `hint` what was perhaps meant."""

    def __init__(self, message: str, span: Span = NO_SPAN, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.hint = hint


class FilterRuntimeError(Exception):
    """A filter cannot continue: the route is rejected and the error is logged."""

    def __init__(self, message: str, span: Span = NO_SPAN) -> None:
        super().__init__(message)
        self.message = message
        self.span = span


# What a run may raise: our own, and what Python raises for void operands and for too deep a recursion.
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
    """The message for the user about a failed run."""
    match failure:
        case FilterRuntimeError(message=message):
            return message
        case RecursionError():
            return "Filter execution stack overflow"
        case TypeError() | AttributeError() | IndexError() | StructError():
            return "an operand has no value"
        case _:
            return str(failure)
