"""Which lines of the sources changed since a commit."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
FILE = re.compile(r"^\+\+\+ b/(.+)$", re.MULTILINE)


def last_release(root: Path) -> str | None:
    """The last tag before the present commit, if there is one."""
    result = subprocess.run(
        ["git", "describe", "--tags", "--abbrev=0"], cwd=root, capture_output=True, text=True, check=False
    )
    return result.stdout.strip() or None


def changed_lines(root: Path, since: str, folders: list[str]) -> dict[str, set[int]]:
    """The lines of each Python file below these folders that are new since a commit, committed or not."""
    options = ["--unified=0", "--no-color", "--no-ext-diff", "--relative"]
    command = ["git", "diff", *options, since, "--", *folders]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return {file: lines for file, lines in hunks(result.stdout).items() if file.endswith(".py")}


def hunks(difference: str) -> dict[str, set[int]]:
    """The new lines of a difference without context, file by file."""
    found: dict[str, set[int]] = {}
    for part in re.split(r"^diff --git .*\n", difference, flags=re.MULTILINE):
        file = FILE.search(part)
        if file is None:  # deleted, or renamed without a change
            continue
        lines = found.setdefault(file[1], set())
        for first, count in HUNK.findall(part):
            lines.update(range(int(first), int(first) + int(count or 1)))
    return found
