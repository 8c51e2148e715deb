"""Values of the options of protocols that are run, judged as the real BIRDs judge them.

`values.json` holds configurations in which `@` stands, on a line of its own, for
each of the items. `accepted`: at least one of 2.0.12, 2.19.2 and 3.3.2 takes it;
`refused`: none does, with the line that 3.3.2 names. PyBIRD may name the line of
the option where BIRD names that of a closing brace.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pybird.conf.errors import ConfigErrors
from tests.conf.loading import language

GROUPS = json.loads((Path(__file__).parent / "values.json").read_text())

# docs/differences.md says why.
NARROWER = {
    'password "";',
    "route 10.0.0.0/8 via 1.2.3.4 bfd onlink;",
    "rdnss 1.2.3.4;",
    "min ra interval 4294967295;",
    "graceful restart time 65535;",
    "graceful restart time 65536;",
    "graceful restart time 4294967295;",
    "long lived stale time 4294967295;",
}
WIDER = {
    "thread group x;",
    'route 10.0.0.0/8 via 1.2.3.4 % "eth0";',
    "neighbors;",
    "peers;",
    "peer table a;",
    "neighbors { import all; };",
    "neighbors { export all; };",
    "persist;",
    "template device d { } ",
    "template pipe p { table master4; } ipv4 table o; protocol pipe from p { peer table o; }",
}


def line(frame: str, item: str) -> int:
    """Where PyBIRD sees the first mistake; 0: it accepts."""
    try:
        language().read(frame.replace("@", item))
    except ConfigErrors as found:
        return found.errors[0].line
    return 0


@pytest.mark.parametrize("group", GROUPS, ids=[each["frame"].split("\n")[-4][:50] for each in GROUPS])
def test_the_verdict_is_that_of_a_real_bird(group: dict[str, list[str]]) -> None:
    frame = str(group["frame"])
    own = frame[: frame.index("@")].count("\n") + 1
    refused = [item for item in group["accepted"] if line(frame, item) and item not in NARROWER]
    assert not refused, "what a BIRD accepts"
    places = [(item, theirs, line(frame, item)) for item, theirs in group["refused"] if item not in WIDER]
    assert [place for place in places if place[2] not in (place[1], own)] == [], "what every BIRD refuses"
