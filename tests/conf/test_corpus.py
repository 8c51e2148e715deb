"""Real configurations: they are read from $PYBIRD_CORPUS, if there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from pybird.conf.errors import ConfigErrors
from tests.conf.loading import language

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("PYBIRD_CORPUS") or ROOT.parent / "shared" / "corpus")
NOT_YET = "PyBIRD does not yet"


def entries() -> list[dict[str, Any]]:
    path = CORPUS / "manifest.json"
    found: list[dict[str, Any]] = json.loads(path.read_text())["positive"] if path.is_file() else []
    return found


def negatives() -> list[Path]:
    return sorted((CORPUS / "negative").glob("*/meta.json"))


pytestmark = [
    pytest.mark.checkout,  # the corpus is found beside the checkout
    pytest.mark.skipif(not entries(), reason=f"no corpus of real configurations in {CORPUS}"),
]


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry["id"])
def test_a_real_configuration_loads_or_says_what_is_missing(entry: dict[str, Any]) -> None:
    try:
        language().load(str(CORPUS / entry["id"] / entry["main"]))
    except ConfigErrors as found:
        others = [str(error) for error in found.errors if NOT_YET not in error.message]
        assert not others


# Mistakes inside protocols that are not looked into.
INSIDE_SKIPPED = {"n045", "n077"}
# An unterminated comment is shown where it begins, not at the end of the file.
BETTER_LINE = {"n105"}


@pytest.mark.parametrize("path", negatives(), ids=lambda path: path.parent.name)
def test_a_broken_configuration_is_refused_on_the_line_that_bird_names(path: Path) -> None:
    meta = json.loads(path.read_text())
    name = path.parent.name
    if name in INSIDE_SKIPPED:
        pytest.skip("the mistake is inside a protocol that is not run")
    with pytest.raises(ConfigErrors) as caught:
        language().load(str(path.parent / meta["main"]))
    errors = [error for error in caught.value.errors if NOT_YET not in error.message]
    verdict = meta["verdicts"]["bird2"]
    assert Path(errors[0].file).name == Path(verdict["file"]).name
    if name not in BETTER_LINE:
        assert errors[0].line == verdict["line"]
    assert len(errors) == 1
