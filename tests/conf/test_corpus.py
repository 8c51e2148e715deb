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
def test_a_real_configuration_is_accepted(entry: dict[str, Any]) -> None:
    language().load(str(CORPUS / entry["id"] / entry["main"]))


@pytest.mark.parametrize("path", negatives(), ids=lambda path: path.parent.name)
def test_a_broken_configuration_is_refused_on_the_line_that_bird_names(path: Path) -> None:
    meta = json.loads(path.read_text())
    with pytest.raises(ConfigErrors) as caught:
        language().load(str(path.parent / meta["main"]))
    (error,) = caught.value.errors
    verdict = meta["verdicts"]["bird2"]
    assert Path(error.file).name == Path(verdict["file"]).name
    assert error.line == verdict["line"]
