"""What somebody on the link can send, beside a live session."""

import os
import sys
from pathlib import Path

import pytest

from tests.interop.configs import autopeer
from tests.interop.lab import until
from tests.interop.test_autopeer import up

SENDER = str(Path(__file__).with_name("raw.py"))
LIMIT = 256


def choosy(number):
    """Entries of everybody, children only inside fe80::/64."""
    return autopeer(number, kernel=False, debug="debug protocols { events };").replace(
        "fe80::/10", "fe80::/64"
    )


@pytest.fixture
def link(lab):
    """Two routers that have peered, and somebody else on their link."""
    a, b, x = lab.segment("a", "b", "x")
    first, second = a.pybird(choosy(1)), b.pybird(choosy(2))
    up(first)
    up(second)
    return x, first, second


def since(daemon):
    return [daemon.protocols()[name][4] for name in daemon.established()]


def entries(daemon):
    return [line for line in daemon.cli("show peers").splitlines() if line.startswith("fe80:")]


def memory(daemon):
    """Resident octets."""
    pages = int(Path(f"/proc/{daemon.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


def test_broken_packets_are_dropped_and_the_session_stays(link):
    x, first, second = link
    before = since(first), since(second)
    known = len(entries(first))
    x.run(sys.executable, SENDER, "eth0", "broken")
    x.run(sys.executable, SENDER, "eth0", "flood", "1")  # which is right: what came before it was heard
    until(lambda: "fe80:0:0:1::" in first.cli("show peers"), 5)
    assert len(entries(first)) == known + 1
    assert "bad" not in first.cli("show peers")
    assert (since(first), since(second)) == before
    assert "<BUG>" not in first.text() + second.text()


@pytest.mark.long
def test_ten_thousand_forged_routers_leave_memory_and_the_real_one_alone(link):
    x, first, second = link
    before = since(first), since(second)
    x.run(sys.executable, SENDER, "eth0", "flood", "1000")
    until(lambda: len(entries(first)) == LIMIT, 5)
    start = memory(first)
    x.run(sys.executable, SENDER, "eth0", "flood", "10000")
    assert len(entries(first)) == LIMIT
    assert memory(first) - start < 2_000_000
    assert (since(first), since(second)) == before
    assert first.text().count(f"{LIMIT} neighbors known, ignoring others") == 1
    assert first.established() == ["auto01"]
    assert "<BUG>" not in first.text() + second.text()
