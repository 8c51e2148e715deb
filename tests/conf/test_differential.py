"""Mutated configurations: PyBIRD and the real BIRD agree on what is wrong, and on which line."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pybird.conf.errors import ConfigErrors
from tests.conf.loading import language

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("bird") is None, reason="no real bird to compare with"),
]

TOKEN = re.compile(r'"[^"\n]*"|[A-Za-z_0-9.:/]+|\s+|.', re.DOTALL)
OTHERS = [
    "{",
    "}",
    ";",
    "(",
    ")",
    "[",
    "]",
    '"',
    "<",
    ">",
    ".",
    "..",
    "=",
    ":",
    "else",
    "5",
    "70000",
    "x",
    "net",
]
# Files that are not here; 2.0 takes `return` in filters and of several types, later BIRDs do not.
LEFT_OUT = re.compile("include|return")
SNIPPETS = json.loads((Path(__file__).parent / "snippets.json").read_text())["snippets"]


def verdict_of_bird(text: str, folder: Path) -> tuple[bool, int]:
    (folder / "x.conf").write_text(text)
    done = subprocess.run(
        ["bird", "-p", "-c", "x.conf"], capture_output=True, text=True, cwd=folder, check=False
    )
    found = re.search(r"x\.conf:(\d+):(\d+)", done.stderr)
    at_the_end = found is None or "unexpected END" in done.stderr
    return done.returncode == 0, 0 if at_the_end or found is None else int(found[1])


def mutated(text: str, dice: random.Random) -> str:
    tokens = TOKEN.findall(text)
    at = dice.randrange(len(tokens))
    match dice.randrange(4):
        case 0:
            del tokens[at]
        case 1:
            tokens.insert(at, dice.choice(tokens))
        case 2:
            tokens[at] = dice.choice(tokens)
        case _:
            tokens[at] = dice.choice(OTHERS)
    return "".join(tokens)


@pytest.mark.parametrize("seed", range(4))
def test_mistakes_are_found_on_the_line_that_bird_names(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    texts = [each["text"] for each in SNIPPETS if not LEFT_OUT.search(each["text"])]
    good = [
        text for text in texts if text.isascii() and "\0" not in text and verdict_of_bird(text, tmp_path)[0]
    ]
    same = other = 0
    for _ in range(300):
        text = mutated(dice.choice(good), dice)
        accepted, line = verdict_of_bird(text, tmp_path)
        try:
            language().read(text)
        except ConfigErrors as found:
            agree = not accepted and line in (0, found.errors[0].line)
        else:
            agree = accepted
        same, other = (same + 1, other) if agree else (same, other + 1)
    assert same > 0.95 * (same + other), f"seed {seed}: {other} of {same + other} differ"
