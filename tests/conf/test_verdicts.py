"""Small texts that a random search found, or that stand near those: accepted if any BIRD accepts them.

`verdicts.json` is what `bird -p` of 2.0.12, 2.19.2 and 3.3.2 said in November 2026, each text behind
`router id` and `protocol device {}`. Where PyBIRD differs on purpose is not here but in docs/differences.md.
"""

import json
from pathlib import Path

import pytest

from pybird.conf.errors import ConfigErrors
from tests.conf.loading import language

VERDICTS = json.loads((Path(__file__).parent / "verdicts.json").read_text())


def accepted(text: str) -> bool:
    try:
        language().read(f"router id 1.2.3.4;\nprotocol device {{}}\n{text}")
    except ConfigErrors:
        return False
    return True


def test_verdicts_are_those_of_the_birds() -> None:
    assert len(VERDICTS) > 300
    assert [text for text, wanted in VERDICTS.items() if accepted(text) is not wanted] == []


@pytest.mark.parametrize(
    "text", ["define z = z;", "define z = [z];", "define z = z.len;", "template bgp t from t {}"]
)
def test_what_names_itself_is_an_error(text: str) -> None:
    with pytest.raises(ConfigErrors) as caught:
        language().read(f"router id 1.2.3.4;\nprotocol device {{}}\n{text}")
    assert caught.value.errors[0].line == 3
