"""Real BIRDs that tests ask: Debian's 2.0.12, and built 2.19 and 3.3 where the environment names them.

`BIRD219_DIR` and `BIRD3_DIR` are the folders of the programs. Each runs in a
network namespace of its own, on a configuration of the test.
"""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

VERSIONS = ("2.0", "2.19", "3")
Ask = Callable[[str], str]


def program_of(version: str) -> str:
    """The daemon of this version; the test is skipped where there is none."""
    if version == "2.0":
        found = shutil.which("bird") or shutil.which("bird", path="/usr/sbin")
    else:
        folder = os.environ.get({"2.19": "BIRD219_DIR", "3": "BIRD3_DIR"}[version])
        found = folder and f"{folder}/bird"
    if not found:
        pytest.skip(f"no BIRD {version} here")
    return found


def refusal(version: str, text: str, folder: Path) -> str | None:
    """What this BIRD has against a configuration; None when it takes it."""
    path = folder / "judged.conf"
    path.write_text(text)
    run = [program_of(version), "-p", "-c", str(path)]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else done.stderr


@contextmanager
def running(version: str, text: str, folder: Path, links: Sequence[str] = ()) -> Iterator[Ask]:
    """A BIRD on this configuration: a function that gives the last line of the reply to a command.

    `links`: commands that make the interfaces of its namespace.
    """
    (folder / "bird.conf").write_text(text)
    run = [program_of(version), "-c", "bird.conf", "-s", "ctl", "-P", "pid", "-f"]
    daemon = subprocess.Popen(
        [
            "unshare",
            "-n" if os.geteuid() == 0 else "-rn",
            "sh",
            "-ec",
            "\n".join([*links, f"exec {shlex.join(run)}"]),
        ],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with _connected(folder / "ctl") as connection:
            replies = connection.makefile("rw", newline="\n")
            replies.readline()  # the greeting

            def ask(command: str) -> str:
                replies.write(f"{command}\n")
                replies.flush()
                while True:
                    line = replies.readline().rstrip("\n")
                    if line[:4].isdigit() and line[4:5] == " ":
                        return line

            yield ask
    finally:
        daemon.terminate()
        daemon.wait()


def _connected(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    for _ in range(50):
        try:
            connection.connect(os.path.relpath(path))
            return connection
        except OSError:
            time.sleep(0.1)
    connection.close()
    pytest.skip("bird does not start here")
