"""Assertions in filters: `bt_assert` and `bt_check_assign`.

A run reports the results to the `asserted` callback of its `RouteContext`. The
daemon sets none, and then assertions are not even evaluated. An assertion that fails or
cannot be evaluated does not stop the filter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from pybird.filter.errors import FAILURES, reason
from pybird.filter.nodes import Span
from pybird.filter.runtime import Accept, Reject


class Assertion(NamedTuple):
    """One assertion: its place, its text, and the texts of the parts that a failure shows."""

    span: Span
    text: str
    parts: tuple[str, ...]


class AssertionResult(NamedTuple):
    """The result of an assertion; `problem` says why it could not be evaluated."""

    claim: Assertion
    holds: bool
    values: tuple[str, ...] = ()
    problem: str = ""


def check_that(
    s: Any, claim: Assertion, condition: Callable[[], Any], values: Callable[[], tuple[str, ...]]
) -> None:
    """Evaluate an assertion and report the result to `s.asserted`, if that is set."""
    if s.asserted is None:
        return
    try:
        holds = condition() is True
    except (Accept, Reject):
        s.asserted(AssertionResult(claim, False, (), "a function accepted or rejected the route"))
        return
    except FAILURES as failure:
        s.asserted(AssertionResult(claim, False, (), reason(failure)))
        return
    s.asserted(AssertionResult(claim, holds, () if holds else _shown(values)))


def _shown(values: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
    """The values that a failed assertion shows; none if they cannot be computed."""
    try:
        return values()
    except (Accept, Reject, *FAILURES):
        return ()
