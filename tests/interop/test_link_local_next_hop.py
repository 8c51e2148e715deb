"""The link-local capability (code 77) on the wire: with another PyBIRD, and beside daemons that lack it."""

import pytest

from tests.interop.configs import autopeer, bird_listener
from tests.interop.lab import until

ON = "enable link local next hop;"
LACK = "they lack link-local next hop"


def peers(daemon):
    return daemon.cli("show peers")


def test_two_routers_use_it_and_packets_are_forwarded(lab):
    a, b = lab.pair()
    for number, host in enumerate((a, b), 1):
        host.address(f"10.{number}.0.1/32")
        host.address(f"2001:db8:{number}::1/128")
    first, second = a.pybird(autopeer(1, bgp=ON)), b.pybird(autopeer(2, bgp=ON))
    until(
        lambda: "10.2.0.1" in first.routes("table master4") and "10.1.0.1" in second.routes("table master4")
    )
    until(lambda: a.ping("10.2.0.1", "10.1.0.1"))
    until(lambda: a.ping("2001:db8:2::1", "2001:db8:1::1"))
    assert first.cli("show protocols all auto01").count("Link-local next hop") == 2
    assert LACK not in peers(first) + peers(second)


@pytest.mark.peer("bgpd")
def test_frr_without_it_peers_all_the_same(lab):
    a, b = lab.pair()
    b.address("10.2.0.1/32")
    ours = a.pybird(autopeer(1, kernel=False, bgp=ON))
    theirs = b.frr(
        """
router bgp 65002
 bgp router-id 192.0.2.2
 no bgp ebgp-requires-policy
 neighbor eth0 interface remote-as external
 address-family ipv4 unicast
  network 10.2.0.1/32
"""
    )
    until(lambda: "10.2.0.1" in ours.routes("table master4"), 30)
    until(lambda: "10.1.0.1/32" in theirs.routes("ipv4"))
    assert LACK in peers(ours)


@pytest.mark.peer("bird")
def test_bird_without_it_peers_all_the_same(lab, birds):
    a, b = lab.pair()
    ours = a.pybird(autopeer(1, kernel=False, bgp=ON))
    theirs = b.bird(bird_listener(2), birds)
    until(lambda: "10.2.0.1" in ours.routes("table master4"), 30)
    until(lambda: "10.1.0.1" in theirs.routes("table master4"))
    assert LACK in peers(ours)
