"""`python -m tests.fuzz`: look for texts that break the reader of configurations and commands.

Two searches, each for `--seconds`: hypothesis derives texts from the grammar
and moves pieces of real ones about; atheris follows the coverage of the code.
The seconds are shared among the targets (`targets.py`). Each run draws from
another number, which it prints, unless `--seed` says which. What is found goes
to a folder of that number in `--folder`, is printed at the end, and the exit
status is 1.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import shutil
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

SHARES = {
    "config": 6, "layout": 2, "command": 2, "expression": 2, "birdtest": 1, "filter": 2,
    "update": 3, "stream": 1, "advertisement": 1, "lldpdu": 1,
}  # fmt: skip
MADE_ONLY = ("filter",)  # the oracle knows what its writer writes; other texts are no test of it
SHOWN = 4000  # characters of a finding in the log
ROUND = 200  # examples between two looks at the clock
WITH_FILES = ("config", "layout")


def search(name: str, seconds: float, found: Findings, number: int) -> int:
    """Let hypothesis make texts for one target, from this number on; how many it made."""
    strategy = every()[name]
    made = 0
    end = time.monotonic() + seconds
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


def guided(name: str, seconds: float, folder: Path, number: int) -> int:
    """Let atheris make texts for one target, in a process of its own; its exit status."""
    whole = str(max(int(seconds), 1))
    command = [sys.executable, "-m", "tests.fuzz.guided", name, whole, str(folder), str(number)]
    # The order of sets of names, too, is part of what a number stands for.
    environment = {**os.environ, "PYTHONHASHSEED": str(number)}
    return subprocess.run(command, check=False, env=environment).returncode


def main() -> int:
    """Both searches over all targets."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="of each search, all targets together")
    parser.add_argument("--target", choices=TARGETS, action="append", help="only this one")
    parser.add_argument("--search", choices=("hypothesis", "atheris"), help="only this one")
    parser.add_argument("--seed", type=int, help="the number to draw from; another each time without it")
    parser.add_argument("--folder", type=Path, default=Path("build/fuzz"))
    options = parser.parse_args()
    number = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 31)
    print(f"seed: {number}", flush=True)
    targets = options.target or list(TARGETS)
    total = sum(SHARES[name] for name in targets)
    folder = options.folder / str(number)
    shutil.rmtree(folder, ignore_errors=True)
    found = Findings(folder / "found")
    ended_well = True
    warnings.simplefilter("error", SyntaxWarning)  # of what filters are compiled to
    if options.search != "atheris":
        for name in targets:
            made = search(name, options.seconds * SHARES[name] / total, found, number)
            print(f"hypothesis: {name}: {made} texts", flush=True)
    if options.search != "hypothesis":
        ended_well = all_guided(targets, options.seconds / total, folder, number)
    return 1 if report(found.folder) or not ended_well else 0


def all_guided(targets: list[str], seconds: float, folder: Path, number: int) -> bool:
    """Let atheris search, this long for each share; whether every process ended as it should."""
    if importlib.util.find_spec("atheris") is None:
        version = ".".join(map(str, sys.version_info[:2]))
        print(f"atheris: not there for Python {version}: this search is left out", flush=True)
        return True
    names = [each for each in targets if each not in MADE_ONLY]
    failed = [name for name in names if guided(name, seconds * SHARES[name], folder, number)]
    return not failed


def report(folder: Path) -> bool:
    """Print what was found, last of all: where a log is cut, its end stays."""
    files = sorted(folder.glob("*"))
    for path in files:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        shown = text if len(text) <= SHOWN else f"{text[:SHOWN]}\n... {len(text)} characters in all"
        print(f"FOUND {path}:\n{shown.encode('utf-8', 'backslashreplace').decode()}", flush=True)
    return bool(files)


if __name__ == "__main__":
    sys.exit(main())
