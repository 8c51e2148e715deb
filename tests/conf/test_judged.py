"""Every option of the protocols that are only understood, judged as the real BIRDs judge it.

`judged.json` holds configurations in which `@` stands for each of the items,
and what `bird -p` says: OK where any of 2.0.12, 2.19.2 and 3.3.2 accepts, else
the line, column and message of the newest.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pybird.conf.errors import ConfigErrors
from tests.conf.loading import language

GROUPS = json.loads((Path(__file__).parent / "judged.json").read_text())

# docs/differences.md: accepted here, refused here, and refused on BIRD's line in other words.
WIDER = {"express thread group x", 'neighbor fe80::1 % "eth0"'}
NARROWER = {"protocol static { ipv4; route 10.0.0.0/8 via 1.2.3.4 mpls 2000000; }"}
OTHER_WORDS = {
    "EBGP requires explicit import policy",
    "Unexpected or missing nexthop/type",
    "Variable name or attribute name required",
}


def cases() -> list[tuple[str, str, str]]:
    return [(group["frame"], item, verdict) for group in GROUPS for item, verdict in group["items"]]


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group["frame"].split("\n")[-1][:40])
def test_the_verdict_is_that_of_a_real_bird(group: dict[str, object]) -> None:
    assert [wrong for wrong in map(judged, *zip(*of(group), strict=True)) if wrong] == []


def of(group: dict[str, object]) -> list[tuple[str, str, str]]:
    return [case for case in cases() if case[0] == group["frame"]]


def judged(frame: str, item: str, verdict: str) -> str:
    """What is wrong with our verdict, or nothing."""
    try:
        language().read(frame.replace("@", item))
    except ConfigErrors as found:
        error = found.errors[0]
        line, _, rest = verdict.partition(":")
        message = rest.partition(" ")[2]
        if item in NARROWER:
            return ""
        if verdict == "OK" or str(error.line) != line:
            return f"{item}: {error} instead of {verdict}"
        same = message == error.message or "syntax error" in message or message in OTHER_WORDS
        return "" if same else f"{item}: {error} instead of {verdict}"
    return "" if verdict == "OK" or item in WIDER else f"{item}: accepted instead of {verdict}"
