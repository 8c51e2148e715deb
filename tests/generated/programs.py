"""The programs whose output is read: where they are, and what real BIRDs say to it.

`make generators` installs arouteserver and netlab from PyPI into an environment
of their own; bgpq4 is Debian's. Where one is not there the tests skip.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pybird.conf.model import Config
from pybird.conf.rereading import ReadUnits
from tests.conf.loading import language
from tests.tools.test_fmt import LaidOut

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("PYBIRD_GENERATORS") or ROOT / "build" / "generators" / "bin")


def program(name: str) -> str:
    """The path of a program, from PyPI or from the system."""
    found = shutil.which(name, path=str(FOLDER)) or shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} in {FOLDER} (`make generators` installs what is on PyPI) nor in PATH")
    return found


def read_otherwise(path: Path) -> list[Config]:
    """The configuration after `pybird fmt`, and read twice by a daemon."""
    memory = ReadUnits()
    laid_out = language().load(str(path), LaidOut())
    return [laid_out, *[language().load(str(path), memory=memory) for _ in range(2)]]


def birds() -> dict[str, str]:
    """The real BIRDs that are here, by version."""
    debian = shutil.which("bird") or shutil.which("bird", path="/usr/sbin")
    folders = {"2.19": os.environ.get("BIRD219_DIR"), "3": os.environ.get("BIRD3_DIR")}
    found = {version: f"{folder}/bird" for version, folder in folders.items() if folder}
    return {"2.0": debian, **found} if debian else found


def verdict(bird: str, path: Path) -> str:
    """What a real BIRD says to a configuration: nothing, if it takes it."""
    command = [bird, "-p", "-c", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    return (done.stderr.strip() or "refused") if done.returncode else ""
