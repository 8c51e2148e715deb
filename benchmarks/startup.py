"""Time of one command and of one check of a small configuration, compared with Debian's bird2.

`pybirdc show status` and `birdc show status` ask the same bird2; `pybird -p`
and `bird -p` read the same few lines, with the parser tables in the cache.
Reported are seconds of wall clock and of CPU, including the start of the interpreter,
which is also measured alone. Medians with spread.

    python benchmarks/startup.py [--rounds N]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from time import perf_counter

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from tests.interop.lab import Lab  # noqa: E402

CONFIG = """
router id 10.0.0.1;
protocol device {}
protocol static { ipv4; route 10.0.0.0/8 blackhole; }
"""


def cost(command: Sequence[str]) -> tuple[float, float]:
    """(seconds of wall clock, seconds of CPU)."""
    before, start = getrusage(RUSAGE_CHILDREN), perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=HERE.parent)
    took, after = perf_counter() - start, getrusage(RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--rounds", type=int, default=15)
    rounds = options.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as lab:
        bird = lab.host("a").bird(CONFIG)
        status = ("-s", str(bird.socket), "show", "status")
        check = ("-p", "-c", str(bird.config))
        python = (sys.executable, "-m")
        commands = {
            "python alone": (sys.executable, "-c", "pass"),
            "birdc show status": ("birdc", *status),
            "pybirdc show status": (*python, "pybird.client", *status),
            "bird -p": ("bird", *check),
            "pybird -p": (*python, "pybird", *check),
        }
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                found[name].append(cost(command))
    print("| command | ms | ms of CPU |\n|---|---|---|")
    for name, runs in found.items():
        columns = [[1000 * run[at] for run in runs] for at in (0, 1)]
        cells = [f"{statistics.median(c):.0f} ({min(c):.0f}-{max(c):.0f})" for c in columns]
        print(f"| {name} | {cells[0]} | {cells[1]} |")


if __name__ == "__main__":
    main()
