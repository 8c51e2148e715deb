"""Every assertion of these files is also asked of real BIRDs, each form that they know.

Debian's BIRD 2.0.12 where it is installed; a built 2.19.2 and 3.3.2 where
BIRD219_DIR and BIRD3_DIR name the folders of their programs.
"""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest

from tests.bt.claims import FILES as EVERY_FILE
from tests.bt.claims import FOLDER, OF_CODE, assertions, definitions, head, loaded, spelled_out
from tests.real_bird import program_of, running

FILES = [path for path in EVERY_FILE if path.stem not in OF_CODE]
NEWER = ("aspa",)  # than Debian's BIRD

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


@pytest.fixture(scope="module", params=BIRDS)
def bird(request, tmp_path_factory):
    """A version, and a function that asks a running BIRD of it."""
    known = [path for path in FILES if request.param != "2.0" or path.stem not in NEWER]
    heads = "".join(head(path) for path in known).replace("protocol device {}", "")
    folder = tmp_path_factory.mktemp("bird")
    with running(request.param, f"protocol device {{}}\n{heads}", folder) as send:

        def ask(expression: str) -> str:
            return send(f"eval {expression}")

        settled(ask)
        yield request.param, ask


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
    for path in EVERY_FILE:
        if path.stem == "members":  # variables in sets, which BIRD reads before they have a value
            continue
        subprocess.run([program_of("3"), "-p", "-c", path], check=True, capture_output=True)


def test_real_bird_agrees(bird) -> None:
    version, ask = bird
    least, differences = BIRDS[version]
    other = re.compile("|".join(differences))
    answers = [(text, ask(text)) for path in FILES for text in texts(path) if not other.search(text)]
    known = [(text, answer) for text, answer in answers if answer.startswith("0023 ")]
    assert [(text, answer) for text, answer in known if answer != "0023 TRUE"] == []
    assert len(known) >= least


@pytest.mark.parametrize("version", ["2.19", "3"])
def test_real_bird_agrees_on_computed_members(version, tmp_path) -> None:
    text = (FOLDER / "members.conf").read_text().partition("# BIRD reads these before")[0]
    if version == "2.19":
        text = text.partition("function test_computed")[0]
    names = re.findall(r"^function (same\w+)", text, re.MULTILINE)
    assert len(names) == 8
    with running(version, text, tmp_path) as send:
        assert {name: send(f"eval {name}()") for name in names} == dict.fromkeys(names, "0023 TRUE")
