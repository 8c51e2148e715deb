"""Broken and hostile advertisements on whole routers: what is wrong is dropped, nobody else notices."""

import pytest

from tests.radv.broken import SOURCE, rows
from tests.scenarios.lab import pair, unnumbered

ROWS = list(rows())


def quiet_pair():
    """Two routers that have peered and advertise rarely: what is sent now is an answer."""
    rare = "router discovery yes; max ra interval 1800;"
    lab = pair(*(unnumbered(number).replace("router discovery yes;", rare) for number in (1, 2)))
    lab.expect(lab.meshed, 6, "all routers know each other's routes")
    lab.run(30)
    return lab


def advertisements(lab):
    """How many advertisements of b have arrived at a."""
    own = str(lab.nodes["b"].host.nic("eth0").link_local())
    return sum(f" a icmp6 eth0 {own} " in line and " 86" in line for line in lab.trace.recent)


def outcome(lab, row):
    """What b does with a packet that is addressed to it or to all."""
    segment = next(iter(lab.segments.values()))
    before = advertisements(lab)
    lab.forge(segment, row.data, row.source, row.destination, row.hop_limit)
    lab.run(2)
    found = [
        entry
        for entry in lab.entries("b")
        if "bad" in entry or "ff02" in entry or not entry.startswith("fe80")
    ]
    if found:
        return "entry"
    return "answered" if advertisements(lab) > before else "dropped"


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_one(row):
    lab = quiet_pair()
    since = [child.since for name in "ab" for child in lab.children(name)]
    assert outcome(lab, row) == row.outcome.replace("silent", "dropped")
    lab.run(20)
    assert [
        child.since
        for name in "ab"
        for child in lab.children(name)
        if SOURCE not in str(child.config.remote_address)
    ] == since
    assert lab.meshed() or row.outcome == "entry"
    assert not [line for line in lab.log if line.level == "bug"]
