"""How long each test file takes, measured once and kept in build/mutants/seconds.json."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tests.mutants.copies import Copy

UNIT = ("-m", "not interop and not long")


class Seconds:
    """Seconds of one run of each test file, in a process of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, float] = json.loads(path.read_text()) if path.exists() else {}

    def missing(self, files: set[str]) -> list[str]:
        """Those that were never measured."""
        return sorted(files - self._known.keys())

    def measure(self, copy: Copy, file: str, limit: float) -> None:
        """Run a test file once; one that takes longer than the limit counts as that long."""
        started = time.monotonic()
        copy.run(["-m", "pytest", *UNIT, file], limit)
        self._known[file] = round(time.monotonic() - started, 1)

    def keep(self) -> None:
        """Write down what was measured."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(self._known, indent=1, sort_keys=True) + "\n")

    def nearest(self, distances: dict[str, int], budget: float) -> list[str]:
        """The nearest and quickest files that together take at most so many seconds, quickest first."""
        chosen, total = [], 0.0
        for file in sorted(distances, key=lambda file: (distances[file], self._known[file])):
            if total + self._known[file] <= budget:
                chosen.append(file)
                total += self._known[file]
        return sorted(chosen, key=lambda file: self._known[file])
