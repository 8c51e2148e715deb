"""Both ends connect in the same moment: one session stays, on one connection (RFC 4271, 6.8).

The wire is slow, so that connections cross on it for certain.
"""

import pytest

from tests.interop.lab import until
from tests.interop.test_md5 import QUICK, speaker

ON_THE_WAY = 0.5  # seconds


def addresses(a, b):
    a.address("10.0.0.1/24", "eth0")
    b.address("10.0.0.2/24", "eth0")


def connections(host):
    return len(host.run("ss", "-Htn", "state", "established").splitlines())


def begin_together(ours, restart_theirs, up):
    """Start both until our log tells of a collision; after each start one connection is left."""
    for _ in range(20):  # on a busy machine they do not always begin together
        ours.cli("restart peer")
        restart_theirs()
        until(lambda: ours.established() and up(), 20)
        until(lambda: connections(ours.host) == 1, 10, "one connection")
        if "Connection collision" in ours.text():
            break
    assert "Connection collision" in ours.text(), "the connections never crossed"
    since = ours.protocols()["peer"][4:6]
    ours.host.ping("10.0.0.2")  # everything that is on the wire arrives before
    assert ours.protocols()["peer"][4:6] == since
    assert ours.established()
    assert "<BUG>" not in ours.text()


def traced(number):
    return speaker(number, None).replace(QUICK, f"{QUICK} debug {{ states, events }};")


def test_two_pybirds(lab):
    a, b = lab.slow_pair(ON_THE_WAY)
    addresses(a, b)
    first, second = a.pybird(traced(1)), b.pybird(traced(2))
    begin_together(first, lambda: second.cli("restart peer"), second.established)
    assert "<BUG>" not in second.text()


@pytest.mark.peer("bird")
def test_bird(lab, birds):
    a, b = lab.slow_pair(ON_THE_WAY)
    addresses(a, b)
    pybird, bird = a.pybird(traced(1)), b.bird(speaker(2, None), birds)
    begin_together(pybird, lambda: bird.cli("restart peer"), bird.established)


@pytest.mark.peer("zebra", "vtysh")
def test_frr(lab):
    # FRR begins a second after it has heard that the last session ended
    a, b = lab.slow_pair(2 * ON_THE_WAY)
    addresses(a, b)
    frr = b.frr(
        """
router bgp 65002
 bgp router-id 192.0.2.2
 no bgp ebgp-requires-policy
 neighbor 10.0.0.1 remote-as 65001
 neighbor 10.0.0.1 timers connect 10
"""
    )
    pybird = a.pybird(traced(1).replace(QUICK, f"{QUICK} connect delay time 2; connect retry time 10;"))
    begin_together(pybird, lambda: frr.cli("clear bgp *"), frr.established)
