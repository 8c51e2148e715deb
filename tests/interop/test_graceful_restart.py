"""A daemon in the middle is killed and replaced; packets between the hosts at its sides go on (RFC 4724).

left (BIRD or PyBIRD) --- middle --- right (FRR)
"""

import re

import pytest

from tests.interop.lab import BirdLike, Daemon, until

LEFT, RIGHT = "10.2.0.1", "10.3.0.1"


def bird_like(number, networks, *, own=""):
    """A router with a session on each of these networks: number of the neighbor by network."""
    sessions = "".join(
        f"""
protocol bgp to{other} {{
  local 10.0.{network}.{number} as 6500{number}; neighbor 10.0.{network}.{other} as 6500{other};
  connect delay time 1; connect retry time 2; error wait time 1, 4; graceful restart on;
  ipv4 {{ import all; export all; next hop self; }};
}}
"""
        for network, other in networks.items()
    )
    return f"""
router id 10.0.0.{number};
log stderr all;
graceful restart wait 60;
protocol device {{ }}
protocol kernel {{ graceful restart; ipv4 {{ export where source = RTS_BGP; }}; }}
{own}
{sessions}
"""


FRR = f"""
router bgp 65003
 bgp router-id 10.0.0.3
 no bgp ebgp-requires-policy
 bgp graceful-restart
 neighbor 10.0.2.1 remote-as 65001
 neighbor 10.0.2.1 timers connect 2
 address-family ipv4 unicast
  network {RIGHT}/32
 exit-address-family
"""


def hosts(lab):
    left, middle, right = lab.host("left"), lab.host("middle"), lab.host("right")
    lab.wire(left, middle, "eth0", "eth0")
    lab.wire(middle, right, "eth1", "eth0")
    for host, address, interface in (
        (left, "10.0.1.2/24", "eth0"),
        (middle, "10.0.1.1/24", "eth0"),
        (middle, "10.0.2.1/24", "eth1"),
        (right, "10.0.2.3/24", "eth0"),
        (left, f"{LEFT}/32", "lo"),
        (right, f"{RIGHT}/32", "lo"),
    ):
        host.address(address, interface)
    return left, middle, right


OWN = f'protocol static {{ ipv4; route {LEFT}/32 via "lo"; }}'
LEFT_CONFIG = bird_like(2, {1: 1}, own=OWN)
MIDDLE_CONFIG = bird_like(1, {1: 2, 2: 3})


class Stream:
    """Fifty packets a second from left to right, and their answers."""

    def __init__(self, left):
        until(lambda: left.ping(RIGHT, LEFT), 30, "the way is there")
        self.pings = Daemon(left, "ping", ["ping", "-q", "-i", "0.02", "-I", LEFT, RIGHT])

    def lost(self):
        """How many were lost, and how many sent."""
        self.pings.process.send_signal(2)
        self.pings.process.wait(5)
        sent, received = re.search(r"(\d+) packets transmitted, (\d+) received", self.pings.text()).groups()
        return int(sent) - int(received), int(sent)


def replaced(middle, daemon, start, stream):
    """Kill the daemon, start another with `-R`, and wait until it has recovered."""
    installed = lambda: [row for row in middle.ip("route").splitlines() if "bird" in row]  # noqa: E731
    had = sorted(installed())
    assert len(had) == 2
    daemon.kill()
    until(lambda: True, 1)
    assert sorted(installed()) == had
    again = start()
    until(lambda: "Graceful restart recovery" in again.cli("show status"), 5)
    assert sorted(installed()) == had
    until(lambda: "Graceful restart recovery" not in again.cli("show status"), 40, "it has recovered")
    until(lambda: len(again.established()) == 2, 5)
    until(lambda: sorted(installed()) == had, 5)
    lost, sent = stream.lost()
    assert sent > 20
    assert lost == 0
    return again


@pytest.mark.peer("bird", "zebra", "vtysh")
def test_no_packet_is_lost_while_pybird_is_killed_and_replaced(lab, birds):
    left, middle, right = hosts(lab)
    left.bird(LEFT_CONFIG, birds)
    right.frr(FRR)
    pybird = middle.pybird(MIDDLE_CONFIG)
    until(lambda: len(pybird.established()) == 2, 40)
    stream = Stream(left)
    replaced(middle, pybird, lambda: middle.pybird(MIDDLE_CONFIG, options=["-R"]), stream)


@pytest.mark.peer("zebra", "vtysh")
def test_a_planned_restart_is_not_told_to_the_neighbors(lab):
    left, middle, right = hosts(lab)
    left.pybird(LEFT_CONFIG)
    right.frr(FRR)
    pybird = middle.pybird(MIDDLE_CONFIG)
    until(lambda: len(pybird.established()) == 2, 40)
    stream = Stream(left)
    pybird.cli("graceful restart")
    pybird.process.wait(10)
    replaced_by = middle.pybird(MIDDLE_CONFIG, options=["-R"])
    until(lambda: len(replaced_by.established()) == 2, 30)
    until(lambda: "Graceful restart recovery" not in replaced_by.cli("show status"), 40)
    lost, sent = stream.lost()
    assert sent > 20
    assert lost == 0


@pytest.mark.peer("bird")
def test_no_packet_is_lost_while_a_bird_beside_us_is_killed_and_replaced(lab, birds):
    left, middle, right = hosts(lab)
    pybird = left.pybird(LEFT_CONFIG)
    right.bird(bird_like(3, {2: 1}, own=f'protocol static {{ ipv4; route {RIGHT}/32 via "lo"; }}'), birds)
    bird = middle.bird(MIDDLE_CONFIG, birds)
    until(lambda: len(bird.established()) == 2, 40)
    stream = Stream(left)
    replaced(middle, bird, lambda: BirdLike(middle, "again", [f"{birds}/bird", "-R"], MIDDLE_CONFIG), stream)
    until(pybird.established, 5)
    assert RIGHT in pybird.routes()
