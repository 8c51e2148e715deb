"""Run tests on a changed copy and say whether one of them noticed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from tests.mutants.copies import Copy

# One line each of pytest's short summary; a test's name has "::", a file that cannot be read has none.
SUMMARY = re.compile(r"^(?:FAILED|ERROR) (?P<where>[^\s\[]+(?:\[.*?\])?)(?: - (?P<why>.*))?$", re.MULTILINE)
UNREADABLE = ("SyntaxError", "IndentationError", "ImportError", "ModuleNotFoundError")
PASSED, FAILED = 0, 1  # pytest's exit status


class Verdict(Enum):
    """What the tests made of a change; a change that cannot be imported proves nothing."""

    NOTICED = "noticed"
    UNNOTICED = "not noticed"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict; `by` is the test that failed, or why the change is no change."""

    verdict: Verdict
    by: str = ""


def run_tests(copy: Copy, tests: list[str], seconds: float) -> Outcome:
    """Run these tests in a copy until one fails; what takes too long is noticed too."""
    status, printed = copy.run(["-m", "pytest", "-x", "-rfE", "--tb=short", *tests], seconds)
    return judged(status, printed)


def judged(status: int | None, printed: str) -> Outcome:
    """The verdict on one run of pytest by its exit status and output."""
    if status is None:
        return Outcome(Verdict.NOTICED, "too slow")
    if status == PASSED:
        return Outcome(Verdict.UNNOTICED, "skipped" if skipped_all(printed) else "")
    if status < 0:
        return Outcome(Verdict.NOTICED, f"signal {-status}")
    failure = SUMMARY.search(printed)
    if status == FAILED and failure and "::" in failure["where"] and not unreadable(failure["why"]):
        return Outcome(Verdict.NOTICED, failure["where"])
    return Outcome(Verdict.BROKEN, reason(printed))


def unreadable(why: str | None) -> bool:
    """Whether a test failed because a module cannot be imported."""
    return (why or "").startswith(UNREADABLE)


def reason(printed: str) -> str:
    """Why pytest could not run the tests: the first error, else its last line."""
    error = re.search(r"^E +(\w.*)", printed, re.MULTILINE)
    return error[1] if error else last_line(printed)


def skipped_all(printed: str) -> bool:
    """Whether no test ran, though none failed."""
    last = last_line(printed)
    return " skipped" in last and " passed" not in last


def last_line(printed: str) -> str:
    """What pytest said at its end."""
    lines = printed.strip().splitlines()
    return lines[-1] if lines else "no output"


def failing(copy: Copy, tests: list[str], seconds: float) -> set[str]:
    """Those of the tests that fail without any change."""
    status, printed = copy.run(["-m", "pytest", "-rfE", "--tb=no", *tests], seconds)
    if status == PASSED:
        return set()
    return {found["where"] for found in SUMMARY.finditer(printed)} or {last_line(printed)}
