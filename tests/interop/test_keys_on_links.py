"""Keys by interface: a router with a password for each of two links, and real neighbors there."""

import pytest

from tests.interop.configs import autopeer, frr_unnumbered
from tests.interop.lab import until

QUICK = "connect retry time 2; error wait time 1, 4;"


def parent(name, interface, secret):
    return f"""
protocol bgp {name} {{
  local as 65001; neighbor range fe80::/10 external; password "{secret}"; {QUICK}
  dynamic name "{name}";
  peers {{ from "{interface}"; }};
  ipv4 {{ import all; export all; extended next hop; }}; ipv6 {{ import all; export all; }};
}}
"""


def two_links(left="left", right="right"):
    """A PyBIRD that has one password on eth0 and another on eth1."""
    return f"""
router id 192.0.2.1;
log stderr all;
protocol device {{ }}
protocol radv {{ peers {{ }}; interface "eth*" {{ router discovery yes; }}; }}
{parent("left", "eth0", left)}{parent("right", "eth1", right)}
"""


def wired(lab):
    a, b, c = (lab.host(name) for name in "abc")
    lab.wire(a, b, "eth0", "eth0")
    lab.wire(a, c, "eth1", "eth0")
    return a, b, c


def with_password(number, secret):
    return f"{frr_unnumbered(number)}\n neighbor eth0 password {secret}\n neighbor eth0 timers connect 2\n"


def rows(daemon):
    """What `show peers` says of each interface."""
    found = [line.split(maxsplit=5) for line in daemon.cli("show peers").splitlines() if "fe80" in line]
    return {words[1]: words[5] for words in found}


def test_each_link_has_its_password_and_the_wrong_one_is_named(lab):
    a, b, c = wired(lab)
    first = a.pybird(two_links())
    second = b.pybird(autopeer(2, bgp=f'password "left"; {QUICK}', kernel=False))
    third = c.pybird(autopeer(3, bgp=f'password "wrong"; {QUICK}', kernel=False))
    until(lambda: first.established() == ["left1"], 15, "the left one is right")
    until(lambda: "MD5: segments with a wrong signature" in rows(first).get("eth1", ""), 15, "named")
    assert "MD5" not in rows(first)["eth0"]
    assert not third.established()
    third.configure(autopeer(3, bgp=f'password "right"; {QUICK}', kernel=False))
    until(lambda: sorted(first.established()) == ["left1", "right1"], 20, "both are right")
    assert second.established() == ["auto01"]


@pytest.mark.parametrize("passive", ["", "passive;"])
def test_a_password_of_the_other_link_opens_nothing(lab, passive):
    """Also not to a neighbor that connects by itself."""
    a, b, c = wired(lab)
    text = two_links().replace(QUICK, QUICK + passive)
    first = a.pybird(text)
    b.pybird(autopeer(2, bgp=f'password "left"; {QUICK}', kernel=False))
    third = c.pybird(autopeer(3, bgp=f'password "left"; {QUICK}', kernel=False))
    until(lambda: first.established() == ["left1"], 15)
    until(lambda: "MD5: segments with a wrong signature" in rows(first).get("eth1", ""), 15, "named")
    assert not third.established()


@pytest.mark.peer("zebra", "vtysh")
def test_an_frr_on_each_link(lab):
    a, b, c = wired(lab)
    first = a.pybird(two_links())
    second, third = b.frr(with_password(2, "left")), c.frr(with_password(3, "right"))
    until(lambda: sorted(first.established()) == ["left1", "right1"], 30, "both")
    assert second.established()
    assert third.established()
