"""NOTIFICATIONs after which FRR and PyBIRD keep each other's routes (RFC 8538)."""

import re
import signal

import pytest

from tests.interop.lab import until

OURS, THEIRS = "10.2.0.1", "10.3.0.1"
PYBIRD = f"""
router id 10.0.0.2;
log stderr all;
protocol device {{ }}
protocol kernel {{ ipv4 {{ export where source = RTS_BGP; }}; }}
protocol static {{ ipv4; route {OURS}/32 via "lo"; }}
protocol bgp frr {{
  local 10.0.1.2 as 65002; neighbor 10.0.1.3 as 65003;
  connect delay time 1; connect retry time 2; error wait time 1, 4; hold time 30;
  graceful restart on; graceful restart time 20; %s
  ipv4 {{ import all; export all; next hop self; }};
}}
"""
ON = "graceful restart after notification;"
FRR = f"""
router bgp 65003
 bgp router-id 10.0.0.3
 no bgp ebgp-requires-policy
 bgp graceful-restart
 bgp graceful-restart preserve-fw-state
 bgp graceful-restart restart-time 20
 neighbor 10.0.1.2 remote-as 65002
 neighbor 10.0.1.2 timers connect 2
 address-family ipv4 unicast
  network {THEIRS}/32
 exit-address-family
"""


def start(lab, options=ON):
    left, right = lab.host("left"), lab.host("right")
    lab.wire(left, right)
    for host, address, interface in (
        (left, "10.0.1.2/24", "eth0"),
        (right, "10.0.1.3/24", "eth0"),
        (left, f"{OURS}/32", "lo"),
        (right, f"{THEIRS}/32", "lo"),
    ):
        host.address(address, interface)
    frr, pybird = right.frr(FRR), left.pybird(PYBIRD % options)
    until(pybird.established, 40)
    until(lambda: has(pybird) and f"{OURS}/32" in frr.routes("ipv4"), 20)
    return left, pybird, frr


def has(pybird):
    return THEIRS in pybird.routes()


def is_stale(frr):
    return "stale" in frr.cli(f"show bgp ipv4 unicast {OURS}/32")


@pytest.mark.peer("zebra", "vtysh")
def test_a_neighbor_that_stands_still_ends_the_session_and_no_route(lab):
    """Our hold timer expires while FRR's bgpd is stopped; when it goes on, it reads our NOTIFICATION."""
    left, pybird, frr = start(lab, f"{ON} hold time 6;")
    frr.bgpd.process.send_signal(signal.SIGSTOP)
    until(lambda: not pybird.established(), 30, "the hold timer has expired")
    assert "Hold timer expired" in pybird.text()
    assert has(pybird)
    assert THEIRS in left.ip("route")
    frr.bgpd.process.send_signal(signal.SIGCONT)
    until(pybird.established, 40)
    until(lambda: not is_stale(frr), 30)
    assert f"{OURS}/32" in frr.routes("ipv4")
    assert has(pybird)
    until(lambda: "restart active" not in pybird.cli("show protocols all frr"), 30, "its End-of-RIB came")
    assert has(pybird)


@pytest.mark.peer("zebra", "vtysh")
@pytest.mark.parametrize("options", [ON, ""])
def test_clear_bgp_of_frr(lab, options):
    """FRR's operator resets the session (6/4, a Hard Reset where both announce the N bit): nothing stays."""
    _left, pybird, frr = start(lab, options)
    frr.cli("clear bgp 10.0.1.2")
    until(lambda: "Hard reset" in pybird.text() or "Administrative reset" in pybird.text(), 10)
    assert bool(options) is ("Hard reset" in pybird.text())
    until(pybird.established, 40)
    until(lambda: has(pybird), 20)


@pytest.mark.peer("zebra", "vtysh")
def test_disable_is_a_hard_reset_and_a_change_is_not(lab):
    _left, pybird, frr = start(lab)
    pybird.reconfigure(PYBIRD % f"{ON} keepalive time 5;")
    until(lambda: is_stale(frr) or pybird.established(), 10)
    assert f"{OURS}/32" in frr.routes("ipv4"), "6/6 is no Hard Reset"
    until(pybird.established, 40)
    until(lambda: not is_stale(frr), 30)
    pybird.cli("disable frr")
    until(lambda: f"{OURS}/32" not in frr.routes("ipv4"), 10, "6/9 ends everything")
    reset = frr.cli("show bgp neighbors 10.0.1.2")
    assert re.search(r"Hard Reset|Administrative Shutdown", reset), reset
