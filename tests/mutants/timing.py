"""How long each test file takes, measured once and kept in build/mutants/seconds.json."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.mutants.copies import Copy
from tests.mutants.running import last_line

TOOK = re.compile(r" in ([\d.]+)s")
UNIT = ("-m", "not interop and not long")


class Seconds:
    """Seconds that pytest says each test file takes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, float] = json.loads(path.read_text()) if path.exists() else {}

    def missing(self, files: set[str]) -> list[str]:
        """Those that were never measured."""
        return sorted(files - self._known.keys())

    def measure(self, copy: Copy, file: str, limit: float) -> None:
        """Run a test file once; one that takes longer than the limit counts as that long."""
        _status, printed = copy.run(["-m", "pytest", *UNIT, file], limit)
        said = TOOK.search(last_line(printed))
        self._known[file] = float(said[1]) if said else limit

    def save(self) -> None:
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
