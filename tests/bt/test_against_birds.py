"""Every assertion of these files is also asked of real BIRDs, each form that they know.

Debian's BIRD 2.0.12 where it is installed; a built 2.19.2 and 3.3.2 where
BIRD219_DIR and BIRD3_DIR name the folders of their programs.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.bt.claims import FILES as EVERY_FILE
from tests.bt.claims import assertions, definitions, head, loaded, spelled_out

FILES = [path for path in EVERY_FILE if path.stem != "variables"]  # `eval` has no variables

# Of each BIRD: how many of the assertions it knows at least, and what it sees differently.
BIRDS = {
    "2.0": (
        1500,
        [
            r'"[^"]*" [<>]=? ',  # 2.0.12 compares the addresses of texts
            r"\[1\.\.3, 2\.\.6\]|\[1, 1, 1\]",  # and keeps overlapping members
            r"\(enum ",  # the codes are those of BIRD 3
        ],
    ),
    "2.19": (2500, [r"\(enum "]),
    "3": (
        2500,
        [r"roa_check\(r4, 192\.0\.2\.0/24, 0\)"],
    ),  # AS 0 is valid for a ROA of AS 0 (against RFC 6483)
}


def folder_of(version: str) -> str | None:
    """Where the programs of this BIRD are."""
    if version == "2.0":
        found = shutil.which("bird") or shutil.which("bird", path="/usr/sbin")
        return os.path.dirname(found) if found else None
    return os.environ.get({"2.19": "BIRD219_DIR", "3": "BIRD3_DIR"}[version])


@pytest.fixture(scope="module", params=BIRDS)
def bird(request, tmp_path_factory):
    """A version, and a function that asks a running BIRD of it."""
    programs = folder_of(request.param)
    if programs is None:
        pytest.skip(f"no BIRD {request.param} here")
    folder = tmp_path_factory.mktemp("bird")
    heads = "".join(head(path) for path in FILES).replace("protocol device {}", "")
    (folder / "bird.conf").write_text(f"protocol device {{}}\n{heads}")
    run = [f"{programs}/bird", "-c", folder / "bird.conf", "-s", folder / "ctl", "-P", folder / "pid", "-f"]
    daemon = subprocess.Popen(["unshare", "-rn", *run], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    connection = socket.socket(socket.AF_UNIX)
    try:
        for _ in range(50):
            try:
                connection.connect(str(folder / "ctl"))
                break
            except OSError:
                time.sleep(0.1)
        else:
            pytest.skip("bird does not start here")
        replies = connection.makefile("rw", newline="\n")
        replies.readline()  # the greeting

        def ask(expression: str) -> str:
            replies.write(f"eval {expression}\n")
            replies.flush()
            return replies.readline().rstrip("\n")

        settled(ask)
        yield request.param, ask
    finally:
        connection.close()
        daemon.terminate()
        daemon.wait()


def settled(ask) -> None:
    """Wait for the routes of the ROA tables."""
    for _ in range(50):
        if ask("roa_check(r6, 2001:db8:1::/48, 12) = ROA_VALID") == "0023 TRUE":
            return
        time.sleep(0.1)


def texts(path: Path) -> list[str]:
    """The conditions of a file as a BIRD without its definitions takes them."""
    known = definitions(path)
    return [spelled_out(claim.text, known) for claim in assertions(loaded(path))]


def test_real_bird_reads_the_statements() -> None:
    programs = folder_of("3")
    if programs is None:
        pytest.skip("no BIRD 3 here")
    for path in EVERY_FILE:
        subprocess.run([f"{programs}/bird", "-p", "-c", path], check=True, capture_output=True)


def test_real_bird_agrees(bird) -> None:
    version, ask = bird
    least, differences = BIRDS[version]
    other = re.compile("|".join(differences))
    answers = [(text, ask(text)) for path in FILES for text in texts(path) if not other.search(text)]
    known = [(text, answer) for text, answer in answers if answer.startswith("0023 ")]
    assert [(text, answer) for text, answer in known if answer != "0023 TRUE"] == []
    assert len(known) >= least
