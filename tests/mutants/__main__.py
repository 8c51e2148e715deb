"""`make mutants`: break the code on purpose and see whether the tests notice.

`--known` applies the changes of `known/*.toml`, one at a time, and runs the
tests that each names. The exit status is 1 when one of them was not noticed,
does not fit the code any more, or names a test that fails without it as well.
Everything happens in scratch copies; the checkout is only read.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from tests.mutants import known, pool
from tests.mutants.copies import Copy
from tests.mutants.known import Mutant
from tests.mutants.running import Outcome, Verdict, failing, run_tests

ROOT = Path(__file__).resolve().parents[2]
KNOWN_SECONDS = 120.0  # for the tests of one known mutant


def check(copy: Copy, mutant: Mutant) -> Outcome:
    """Apply one known mutant and run its tests."""
    found = known.problems(mutant, copy.root)
    if found:
        return Outcome(Verdict.BROKEN, "; ".join(found))
    text = mutant.applied((copy.root / mutant.file).read_text())
    with copy.changed(mutant.file, text):
        outcome = run_tests(copy, list(mutant.tests), KNOWN_SECONDS)
    if outcome.verdict is Verdict.NOTICED and (bad := failing(copy, list(mutant.tests), KNOWN_SECONDS)):
        return Outcome(Verdict.BROKEN, f"fails without the change too: {', '.join(sorted(bad))}")
    return outcome


def all_known(only: str, workers: int) -> int:
    """Apply every known mutant whose rule or file has this text."""
    mutants = [each for each in known.read() if only in each.rule or only in each.file]
    results = pool.run(mutants, check, lambda each: f"{each.file}: {each.rule}", ROOT, workers)
    left = [(each, outcome) for each, outcome in results if outcome.verdict is not Verdict.NOTICED]
    for mutant, outcome in left:
        print(f"\n{outcome.verdict.value}: {mutant.file}: {mutant.rule}")
        if outcome.by:
            print(f"  {outcome.by}")
        for test in mutant.tests:
            print(f"  {test}")
    print(f"\n{len(results)} known mutants: {', '.join(pool.count(o for _, o in results)) or 'none'}")
    return 1 if left else 0


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--known", action="store_true", help="apply known/*.toml, one by one")
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="of these, whose rule or file has this text"
    )
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), metavar="N")
    options = parser.parse_args()
    return all_known(options.only, options.jobs)


if __name__ == "__main__":
    sys.exit(main())
