"""The wall clock is set, and machines sleep: only what people read follows, and nothing is made up for."""

import re
from collections import deque

import pytest

from tests.scenarios.lab import pair, unnumbered
from tests.scenarios.test_crash import ask

HOUR = 3600.0
YEAR = 365 * 86400.0
SCANS = [
    "device1: Scanning interfaces",
    "kernel4: Scanning routing table",
    "kernel6: Scanning routing table",
]


def text(number):
    return "debug protocols { events };\n" + unnumbered(number)


def joined():
    lab = pair(text(1), text(2))
    lab.trace.recent = deque(maxlen=100_000)
    lab.expect(lab.meshed, 6, "all routers know each other's routes")
    lab.run(30)
    return lab


def sleep(lab, names, seconds=HOUR):
    """The programs get no time, as in a machine that is suspended; then they go on."""
    for name in names:
        lab.nodes[name].host.process.freeze()
    lab.run(seconds)
    lab.trace.recent.clear()
    lab.log.clear()
    for name in names:
        lab.nodes[name].host.process.thaw()


def sent(lab, name):
    """Router Advertisements and Solicitations of this router that arrived."""
    own = str(lab.nodes[name].host.nic("eth0").link_local())
    lines = [line for line in lab.trace.recent if f" icmp6 eth0 {own} " in line]
    return [line.rpartition(" ")[2][:2] for line in lines]


@pytest.mark.parametrize("names", ["a", "ab"], ids=["one", "both"])
def test_after_an_hour_of_sleep_timers_fire_once_and_sessions_come_back(names):
    lab = joined()
    before = [child.since for child in lab.children("a")]
    sleep(lab, names)
    lab.run(0.05)  # what was late is done by now; answers of others are still under way
    for name in names:
        assert sent(lab, name).count("86") <= 2, "one that is due and one answer; an hour had 360"
        scans = [line for line in lab.nodes[name].messages("trace") if "Scanning" in line]
        assert sorted(scans) == SCANS
        assert len(lab.nodes[name].messages()) < 40
    lab.expect(lab.meshed, 12, "all is as before")
    assert [child.since for child in lab.children("a")] > before, "by new sessions"
    assert lab.up("a") == lab.up("b") == ["auto01"]
    for name in names:
        # the neighbor that was awake has said goodbye meanwhile
        end = "Error: Hold timer expired" if names == "ab" else "Received: Peer de-configured"
        assert f"auto01: {end}" in lab.nodes[name].messages("remote")
    lab.run(100)
    assert len(sent(lab, "a")) < 60
    assert not [line for line in lab.log if line.level == "bug"]


def test_a_sleep_shorter_than_the_hold_time_costs_nothing():
    lab = joined()
    before = [child.since for name in "ab" for child in lab.children(name)]
    sleep(lab, "ab", 20)
    lab.run(30)
    assert [child.since for name in "ab" for child in lab.children(name)] == before


@pytest.mark.parametrize("jump", [-10 * YEAR, -1.0, HOUR, 30 * YEAR], ids=str)
def test_a_wall_clock_that_is_set_changes_what_people_read_and_nothing_else(jump):
    still, moved = joined(), joined()
    assert still.digest() == moved.digest()
    (year,) = re.findall(r"Current server time is (\d{4})", ask(moved, "show status"))
    ask(still, "show status")
    moved.clock._epoch += jump
    for lab in (still, moved):
        lab.run(10)
        lab.nodes["b"].kill()
        lab.run(1)
        lab.nodes["b"].start()
        lab.run(HOUR)
    assert still.digest() == moved.digest()
    (after,) = re.findall(r"Current server time is (\d{4})", ask(moved, "show status"))
    assert int(after) - int(year) in (round(jump / YEAR), round(jump / YEAR) - 1)
    assert "auto01" in ask(moved, "show protocols")
    assert "10.2.0.1/32" in ask(moved, "show route")
