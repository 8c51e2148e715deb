"""Assertions in filters: `bt_assert` and `bt_check_assign`.

A run reports to whoever listens at the subject; in a router nobody does, and
then an assertion is not even evaluated. A claim that fails does not stop the
filter, nor does one that cannot be evaluated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from pybird.filter.errors import FAILURES, reason
from pybird.filter.nodes import Span
from pybird.filter.runtime import Accept, Reject


class Assertion(NamedTuple):
    """One assertion: where it stands, its text, and the texts of the parts that a failure shows."""

    span: Span
    text: str
    parts: tuple[str, ...]


class AssertionResult(NamedTuple):
    """What came of a claim; `problem` says why it could not be evaluated."""

    claim: Assertion
    holds: bool
    values: tuple[str, ...] = ()
    problem: str = ""


def check_that(
    s: Any, claim: Assertion, condition: Callable[[], Any], values: Callable[[], tuple[str, ...]]
) -> None:
    """Tell the subject's listener what came of a claim."""
    if s.asserted is None:
        return
    try:
        holds = condition() is True
    except (Accept, Reject):
        s.asserted(AssertionResult(claim, False, (), "a function decided about the route"))
        return
    except FAILURES as failure:
        s.asserted(AssertionResult(claim, False, (), reason(failure)))
        return
    s.asserted(AssertionResult(claim, holds, () if holds else _shown(values)))


def _shown(values: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
    """The values of a failed claim, as far as they can be shown."""
    try:
        return values()
    except (Accept, Reject, *FAILURES):
        return ()
