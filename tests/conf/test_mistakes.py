"""The mistakes of `mistakes.py`: each is told as it should be, and nothing else is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pybird.conf.errors import ConfigError
from tests.conf.loading import errors
from tests.conf.mistakes import MISTAKES, Mistake

MARKS = re.compile("[«»⟨⟩]")
# Where the real BIRDs (2.0.12, 2.19.2, 3.3.2) see the mistake: recorded with `bird -p`.
BIRD = json.loads((Path(__file__).parent / "mistakes.json").read_text())
DIFFERENT = {"closing brace at the end of the file", "AS number 0"}  # docs/differences.md
Place = tuple[int, int, int, int]  # line, column, last line, column behind it


def places(text: str, opening: str, closing: str) -> list[Place]:
    """What the marks enclose, in the text without marks."""
    found, line, column, begun = [], 1, 1, (0, 0)
    for char in text:
        if char == opening:
            begun = (line, column)
        elif char == closing:
            found.append((*begun, line, column))
        elif char == "\n":
            line, column = line + 1, 1
        elif not MARKS.match(char):
            column += 1
    return found


def place(error: ConfigError) -> Place:
    span = error.span
    return span.line, span.column, span.end_line, span.end_column


@pytest.mark.parametrize("mistake", MISTAKES, ids=[each.name for each in MISTAKES])
def test_a_mistake_is_told_as_it_should_be(mistake: Mistake) -> None:
    found = errors(MARKS.sub("", mistake.text))
    told = "\n".join(each.show() for each in found)
    assert [place(each) for each in found] == places(mistake.text, "«", "»"), told
    for each, says in zip(found, mistake.says, strict=True):
        for words in (says,) if isinstance(says, str) else says:
            assert words in each.message, told
    assert found[0].hint == mistake.hint, told
    related = found[0].related
    assert (related[0] if related else "") == mistake.related, told
    if related and (marked := places(mistake.text, "⟨", "⟩")):
        span = related[1]
        assert (span.line, span.column, span.end_line, span.end_column) == marked[0], told


@pytest.mark.parametrize("mistake", MISTAKES, ids=[each.name for each in MISTAKES])
def test_the_line_is_the_one_that_bird_names(mistake: Mistake) -> None:
    line = places(mistake.text, "«", "»")[0][0]
    seen = BIRD[mistake.name]
    assert seen["2.19"] == seen["3.3"] != "ok"
    assert (line == seen["3.3"]) is (mistake.name not in DIFFERENT)


def test_there_are_enough_of_them() -> None:
    assert len({each.name for each in MISTAKES}) == len(MISTAKES) >= 60
