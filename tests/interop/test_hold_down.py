"""A neighbor that flaps is held down, with real neighbors."""

import pytest

from tests.interop.configs import autopeer, frr_unnumbered
from tests.interop.lab import until


@pytest.mark.peer("zebra", "vtysh")
def test_an_frr_that_clears_its_sessions_again_and_again_waits(lab):
    a, b = lab.pair()
    first = a.pybird(autopeer(1, bgp="hold down after 1; hold down time 6, 60;", kernel=False))
    second = b.frr(frr_unnumbered(2))
    until(first.established, 20)
    second.cli("clear bgp *")
    until(lambda: "Received: " in first.text(), 5, "the first session is over")
    until(first.established, 20, "one loss is free")
    second.cli("clear bgp *")
    until(lambda: "Held down for" in first.cli("show peers"), 5, "it is told")
    assert "held down for 6 s: 2 sessions lost" in first.text()
    assert "Hold down:" in first.cli("show protocols all auto01")
    assert not first.established()
    assert not second.established()
    until(first.established, 40, "it is over")
