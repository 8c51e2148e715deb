"""Small configurations judged as the real BIRDs judge them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pybird.conf.errors import ConfigErrors
from tests.conf.loading import TextFiles, language

SNIPPETS = json.loads((Path(__file__).parent / "snippets.json").read_text())["snippets"]

# Where PyBIRD knows a better place than BIRD: the end of the file, the `include`.
OTHER_LINE = {"EOF in filter", "EOF in protocol", "include a directory"}


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet["name"])
def test_the_verdict_is_that_of_a_real_bird(snippet: dict[str, Any]) -> None:
    verdicts = list(snippet["bird"].values())
    files = TextFiles(snippet.get("files", {}))
    try:
        language().read(snippet["text"], "bird.conf", files)
    except ConfigErrors as errors:
        first = errors.errors[0]
        assert "OK" not in verdicts, str(first)
        if snippet["name"] not in OTHER_LINE:
            assert f"{first.line}:" in {verdict[: len(str(first.line)) + 1] for verdict in verdicts}
    else:
        assert "OK" in verdicts, verdicts
