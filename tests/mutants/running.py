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


class Clean:
    """Which tests pass without any change; each is run once."""

    def __init__(self) -> None:
        self._passes: dict[str, bool] = {}

    def learn(self, copy: Copy, tests: list[str], seconds: float) -> None:
        """Run all of them in one process: quicker than one by one."""
        status, printed = copy.run(["-m", "pytest", "-rfE", "--tb=no", *tests], seconds)
        if status in (PASSED, FAILED):
            failed = {found["where"] for found in SUMMARY.finditer(printed)}
            self._passes |= dict.fromkeys(tests, True) | dict.fromkeys(failed, False)

    def passes(self, copy: Copy, test: str, seconds: float) -> bool:
        """Whether this test passes in a copy that holds no change."""
        function = test.partition("[")[0]
        if test not in self._passes and function in self._passes:
            return self._passes[function]
        if test not in self._passes:
            status, _ = copy.run(["-m", "pytest", test], seconds)
            self._passes[test] = status == PASSED
        return self._passes[test]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What to run: files or tests, pytest's options, and the seconds after which they hang."""

    names: tuple[str, ...]
    seconds: float
    options: tuple[str, ...] = ()


def try_change(copy: Copy, file: str, text: str, tests: Chosen, clean: Clean) -> Outcome:
    """Run the tests while a file has this text: the verdict, and the test that noticed.

    A test that fails without the change as well makes the verdict BROKEN if it was
    named; else it is left out.
    """
    left_out: list[str] = []
    while True:
        with copy.changed(file, text):
            outcome = run_tests(copy, tests, left_out)
        if outcome.verdict is not Verdict.NOTICED or "::" not in outcome.by:
            return outcome
        if clean.passes(copy, outcome.by, tests.seconds):
            return outcome
        if not {outcome.by, outcome.by.partition("[")[0]}.isdisjoint([*tests.names, *left_out]):
            return Outcome(Verdict.BROKEN, f"fails without the change too: {outcome.by}")
        left_out.append(outcome.by)


def run_tests(copy: Copy, tests: Chosen, left_out: list[str]) -> Outcome:
    """Run tests in a copy until one fails; a change that makes them too slow is noticed as well."""
    deselected = [f"--deselect={name}" for name in left_out]
    command = ["-m", "pytest", "-x", "-rfE", "--tb=short", *tests.options, *deselected, *tests.names]
    return judged(*copy.run(command, tests.seconds))


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
