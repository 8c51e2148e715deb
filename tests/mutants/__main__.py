"""`make mutants`: break the code on purpose and see whether the tests notice.

`--known` applies the changes of `known/*.toml`, one at a time, and runs the
tests that each names. Without it, `--number` places are drawn from the lines
that changed since a commit, and the tests near each of them run, quickest first.
The exit status is 1 when something was not noticed, or when a known change does
not fit the code any more or names a test that fails without it as well.
Everything happens in scratch copies; the checkout is only read.

Why our own (looked at in 2026): mutmut 3.8 runs the whole suite under its
tracing first, changes function bodies only and cannot be limited to what changed
since a commit; cosmic-ray 8.7 can (`cr-filter-git`), but changes the checkout in
place and runs one fixed command of tests for every change; mutatest's last
release is of 2022. The two that are maintained need a session to be set up and
looked after; this is one command, and a seed repeats it.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
from pathlib import Path

from tests.mutants import known
from tests.mutants.changed import changed_lines, last_release
from tests.mutants.copies import Copy
from tests.mutants.known import Mutant
from tests.mutants.nearby import Nearby
from tests.mutants.places import Place, draw
from tests.mutants.pool import Display, Pool, count
from tests.mutants.running import Chosen, Clean, Outcome, Verdict, try_change
from tests.mutants.timing import UNIT, Seconds

ROOT = Path(__file__).resolve().parents[2]
SECONDS = ROOT / "build" / "mutants" / "seconds.json"
KNOWN_SECONDS = 60.0  # for the tests of one known mutant


class Known:
    """Applies known mutants and runs the tests that they name."""

    def __init__(self) -> None:
        self._clean = Clean()

    def learn(self, copy: Copy, mutants: list[Mutant]) -> None:
        """Find out which of their tests pass without a change."""
        tests = {test: None for each in mutants if not known.problems(each, ROOT) for test in each.tests}
        self._clean.learn(copy, [*tests], KNOWN_SECONDS * len(mutants))

    def attempt(self, copy: Copy, mutant: Mutant) -> Outcome:
        """Apply one known mutant."""
        found = known.problems(mutant, copy.root)
        if found:
            return Outcome(Verdict.BROKEN, "; ".join(found))
        text = mutant.applied((copy.root / mutant.file).read_text())
        return try_change(copy, mutant.file, text, Chosen(mutant.tests, KNOWN_SECONDS), self._clean)


def all_known(only: str, workers: int) -> int:
    """Apply every known mutant whose rule or file has this text."""
    mutants = [each for each in known.read() if only in each.rule or only in each.file]
    with Pool(ROOT, workers) as pool:
        work = Known()
        pool.run([mutants], work.learn, lambda display, *_: display.step("which tests pass as it is"))
        results = pool.run(mutants, work.attempt, show_known)
    left = [(each, outcome) for each, outcome in results if outcome.verdict is not Verdict.NOTICED]
    for mutant, outcome in left:
        print(f"\n{outcome.verdict.value}: {mutant.file}: {mutant.rule}")
        print(*([f"  {outcome.by}"] if outcome.by else []), *(f"  {test}" for test in mutant.tests), sep="\n")
    print(f"\n{len(results)} known mutants: {count(outcome for _, outcome in results)}")
    return 1 if left else 0


def show_known(display: Display, mutant: Mutant, outcome: Outcome, seconds: float) -> None:
    display.verdict(outcome, f"{mutant.file}: {mutant.rule}", seconds)


class Drawn:
    """Applies places that were drawn and runs the tests near them."""

    def __init__(self, seconds: Seconds, budget: float, near: Nearby) -> None:
        self._seconds = seconds
        self._budget = budget
        self._near = near
        self._clean = Clean()

    def measure(self, pool: Pool, files: set[str]) -> None:
        """Find out how long the test files near these files take, where that is not known."""
        tests = {test for file in files for test in self._near.distances(file)}
        missing = self._seconds.missing(tests)
        if not missing:
            return
        print(f"how long {len(missing)} test files take: measured once")
        pool.run(
            missing,
            lambda copy, file: self._seconds.measure(copy, file, 2 * self._budget),
            lambda display, file, _none, _seconds: display.step(file),
        )
        self._seconds.save()

    def attempt(self, copy: Copy, place: Place) -> Outcome:
        """Break one place."""
        near = self._near.distances(place.file)
        names = self._seconds.nearest(near, self._budget)
        if not names:
            return Outcome(Verdict.UNNOTICED, "no tests near it")
        tests = Chosen(tuple(names), 30 + 2 * self._budget, UNIT)
        text = place.applied((copy.root / place.file).read_text())
        outcome = try_change(copy, place.file, text, tests, self._clean)
        if outcome.verdict is Verdict.UNNOTICED:
            return Outcome(Verdict.UNNOTICED, f"by {len(names)} of {len(near)} test files near it")
        return outcome


def drawn(options: argparse.Namespace) -> int:
    """Break places of what changed, and list those that no test noticed."""
    lines = lines_since(options.since, options.under)
    texts = {file: (ROOT / file).read_text() for file in lines}
    places = draw(texts, lines, options.number, random.Random(options.seed))
    total = sum(map(len, lines.values()))
    print(f"{len(places)} places of {total} lines in {len(lines)} files; SEED={options.seed}")
    work = Drawn(Seconds(SECONDS), options.budget, Nearby(ROOT))
    with Pool(ROOT, options.jobs) as pool:
        work.measure(pool, {place.file for place in places})
        results = pool.run(places, work.attempt, show_place)
    left = [place for place, outcome in results if outcome.verdict is Verdict.UNNOTICED]
    for place in left:
        print(f"\n{place.file}:{place.line}: {place.kind}", *place.difference(texts[place.file]), sep="\n")
    print(f"\n{len(results)} places: {count(outcome for _, outcome in results)}; SEED={options.seed}")
    return 1 if left else 0


def show_place(display: Display, place: Place, outcome: Outcome, seconds: float) -> None:
    by = f"  ({outcome.by})" if outcome.by else ""
    display.verdict(outcome, f"{place.file}:{place.line}: {place.kind}{by}", seconds)


def lines_since(since: str, under: list[str]) -> dict[str, set[int]]:
    """The lines to break: what changed since a commit or the last release, else every line."""
    start = since or last_release(ROOT)
    if start:
        return changed_lines(ROOT, start, under)
    files = {
        file for path in under for file in [ROOT / path, *ROOT.joinpath(path).rglob("*.py")] if file.is_file()
    }
    return {
        file.relative_to(ROOT).as_posix(): set(range(1, file.read_text().count("\n") + 2)) for file in files
    }


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--known", action="store_true", help="apply known/*.toml, one by one")
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="of these, whose rule or file has this text"
    )
    parser.add_argument("--number", type=int, default=20, metavar="N", help="how many places are broken")
    parser.add_argument("--since", default="", metavar="COMMIT", help="what changed since; else the last tag")
    parser.add_argument("--under", nargs="*", default=["pybird"], metavar="PATH", help="only files below")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="draws the same places")
    parser.add_argument("--budget", type=float, default=60.0, metavar="S", help="seconds of tests per place")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), metavar="N")
    options = parser.parse_args()
    try:
        return all_known(options.only, options.jobs) if options.known else drawn(options)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the copies go, however it ends
    sys.exit(main())
