"""Scratch copies of the checkout: what is broken on purpose is broken there.

A copy brings sources and tests. Python is told to import from it, before the
installed (editable) package, also in the processes that a test starts.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from math import ceil
from pathlib import Path

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "venv", "build", "dist", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info"
)
# With PYBIRD_CI a skipped test fails; without bytecode each run would compile everything, which takes long.
UNSET = {"PYBIRD_CI", "PYTHONDONTWRITEBYTECODE"}
MEMORY = 4 << 30  # octets; a change may make a loop that only memory ends
PATIENCE = 5  # a machine with other work gives a process a fifth of the time, seldom less


class Copy:
    """One scratch copy; it holds at most one change at a time."""

    def __init__(self, source: Path, folder: Path) -> None:
        self.root = folder
        self._process: subprocess.Popen[bytes] | None = None
        shutil.copytree(source, folder, ignore=LEFT_OUT)

    @contextlib.contextmanager
    def changed(self, file: str, text: str) -> Iterator[None]:
        """While this lasts, the file has this text."""
        path = self.root / file
        kept = path.read_text()
        try:
            self._write(path, text)
            yield
        finally:
            self._write(path, kept)

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text)
        # A change within the same second and of the same length would pass for the compiled old one.
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
            compiled.unlink()

    def run(self, arguments: list[str], seconds: float) -> tuple[int | None, str]:
        """Run Python here: its exit status, None when it was too slow, and what it printed.

        `seconds` are CPU time; a process that only waits is killed after `PATIENCE` times as long.
        """
        # A file, not a pipe: what a test left behind may hold a pipe open.
        with tempfile.TemporaryFile("w+", errors="replace") as printed:
            self._process = process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=self.root,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                resource.prlimit(process.pid, resource.RLIMIT_AS, (MEMORY, MEMORY))
                resource.prlimit(process.pid, resource.RLIMIT_CPU, (ceil(seconds), ceil(seconds) + 1))
                status: int | None = process.wait(PATIENCE * seconds)
            except subprocess.TimeoutExpired:
                status = None
            finally:
                end(process)
            printed.seek(0)
            return None if status == -signal.SIGXCPU else status, printed.read()

    def stop(self) -> None:
        """End what runs here."""
        if self._process is not None:
            end(self._process)

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in UNSET}
        return {**kept, "PYTHONPATH": str(self.root), "COLUMNS": "400"}


def end(process: subprocess.Popen[bytes]) -> None:
    """Stop a process and what it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
