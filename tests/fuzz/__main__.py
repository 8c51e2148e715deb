"""`python -m tests.fuzz`: look for texts that break the reader of configurations and commands.

Two searches, each for `--seconds`: hypothesis derives texts from the grammar
and moves pieces of real ones about; atheris follows the coverage of the code.
The seconds are shared among the targets (`targets.py`). What is found goes to
`--folder`, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import time
import warnings
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.findings import Findings
from tests.fuzz.seeds import Seed
from tests.fuzz.targets import TARGETS, bounded
from tests.fuzz.texts import every

SHARES = {"config": 6, "layout": 2, "command": 1, "expression": 2, "birdtest": 1, "filter": 2}
MADE_ONLY = ("filter",)  # the oracle knows what its writer writes; other texts are no test of it
ROUND = 200  # examples between two looks at the clock
WITH_FILES = ("config", "layout")


def search(name: str, seconds: float, found: Findings) -> int:
    """Let hypothesis make texts for one target; how many it made."""
    strategy = every()[name]
    made = 0
    end = time.monotonic() + seconds
    number = time.time_ns()
    while time.monotonic() < end:
        number += 1
        made += one_round(name, strategy, number, end, found)
    return made


def one_round(name: str, strategy: object, number: int, end: float, found: Findings) -> int:
    """Some examples; a failure of a new kind is made as small as it gets, and kept."""
    made = 0
    last: list[tuple[Seed, BaseException]] = []
    known = set(found.places)

    @seed(number)
    @settings(
        max_examples=ROUND,
        deadline=None,
        database=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        print_blob=False,
        report_multiple_bugs=False,
    )
    @given(strategy)  # type: ignore[arg-type]
    def examine(each: Seed) -> None:
        nonlocal made
        made += 1
        if time.monotonic() > end and not last:
            return
        try:
            run(name, each)
        except Exception as error:
            if f"{name}: {found.place(error)}" not in known:
                last[:] = [(each, error)]
                raise

    try:
        examine()
    except BaseException:
        if not last:
            raise
        found.add(name, *last[0])
    return made


def run(name: str, each: Seed) -> None:
    """One text through one target."""
    with bounded():
        if name in WITH_FILES:
            TARGETS[name](each.text, each.files)  # type: ignore[call-arg]
        else:
            TARGETS[name](each.text)


def guided(name: str, seconds: float, folder: Path) -> int:
    """Let atheris make texts for one target, in a process of its own; its exit status."""
    command = [sys.executable, "-m", "tests.fuzz.guided", name, str(max(int(seconds), 1)), str(folder)]
    return subprocess.run(command, check=False).returncode


def main() -> int:
    """Both searches over all targets."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="of each search, all targets together")
    parser.add_argument("--target", choices=TARGETS, action="append", help="only this one")
    parser.add_argument("--search", choices=("hypothesis", "atheris"), help="only this one")
    parser.add_argument("--folder", type=Path, default=Path("build/fuzz"))
    options = parser.parse_args()
    targets = options.target or list(TARGETS)
    total = sum(SHARES[name] for name in targets)
    found = Findings(options.folder / "found")
    status = 0
    warnings.simplefilter("error", SyntaxWarning)  # of what filters are compiled to
    if options.search != "atheris":
        for name in targets:
            made = search(name, options.seconds * SHARES[name] / total, found)
            print(f"hypothesis: {name}: {made} texts", flush=True)
    if options.search == "hypothesis":
        return 1 if found.places else 0
    if importlib.util.find_spec("atheris") is None:
        version = ".".join(map(str, sys.version_info[:2]))
        print(f"atheris: not there for Python {version}: this search is left out", flush=True)
    else:
        for name in [each for each in targets if each not in MADE_ONLY]:
            status |= guided(name, options.seconds * SHARES[name] / total, options.folder)
    return 1 if status or found.places else 0


if __name__ == "__main__":
    sys.exit(main())
