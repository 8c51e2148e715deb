"""Removes what a program made, when that program dies without doing so.

A keeper is a process at the other end of a pipe. When the pipe closes without
the word `done`, the program is dead, perhaps by SIGKILL. The keeper then removes
everything that the program registered: process groups, network namespaces with
the processes in them, folders. It has a session of its own, so that closing the
terminal does not end it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

PATIENCE = 5.0  # seconds that processes have to end
DONE = "done"


class Keeper:
    """A keeper for the time of a `with` block; after it, the program has removed everything itself."""

    def __enter__(self) -> Self:
        reader, self._pipe = os.pipe()
        self._process = os.fork()
        if not self._process:
            with contextlib.suppress(BaseException):
                _watch(reader)
            os._exit(0)
        os.close(reader)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._send(DONE)
        os.close(self._pipe)
        os.waitpid(self._process, 0)

    def namespace(self, name: str) -> None:
        """Register a network namespace that is about to be made."""
        self._send(f"namespace {name}")

    def group(self, process: int) -> None:
        """Register the process group of a process that began a session of its own."""
        self._send(f"group {process}")

    def folder(self, path: str) -> None:
        """Register a folder, with everything in it."""
        self._send(f"folder {path}")

    def _send(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # somebody killed the keeper
            os.write(self._pipe, f"{line}\n".encode())


def _watch(reader: int) -> None:
    os.setsid()
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    os.dup2(reader, 3)
    os.closerange(4, 65536)  # among them our copy of the end for writing
    received = b""
    while part := os.read(3, 4096):
        received += part
    lines = received.decode().splitlines()
    if lines[-1:] == [DONE]:
        return
    for line in reversed(lines):
        kind, _, what = line.partition(" ")
        if kind == "namespace":
            remove_namespace(what)
        elif kind == "group":
            _end_group(int(what))
        elif kind == "folder":
            shutil.rmtree(what, ignore_errors=True)


def remove_namespace(name: str) -> None:
    """End what runs in a network namespace, and remove it."""

    def members() -> list[int]:
        done = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True, check=False)
        return [int(word) for word in done.stdout.split()]

    _end(members, os.kill)
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def _end_group(process: int) -> None:
    def members() -> list[int]:
        with contextlib.suppress(OSError):
            os.killpg(process, 0)
            return [process]
        return []

    _end(members, os.killpg)


def _end(members: Callable[[], list[int]], kill: Callable[[int, int], None]) -> None:
    """Send SIGTERM to processes, and SIGKILL to those that are left after `PATIENCE`."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in members():
            with contextlib.suppress(OSError):
                kill(process, number)
        end = time.monotonic() + PATIENCE
        while members() and time.monotonic() < end:
            time.sleep(0.05)
