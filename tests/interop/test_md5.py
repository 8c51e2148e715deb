"""TCP-MD5 (RFC 2385) with real daemons: the same password, a wrong one, one for a whole range."""

import pytest

from tests.interop.configs import autopeer, bird_listener, frr_unnumbered
from tests.interop.lab import until
from tests.interop.test_autopeer import give_addresses, up

QUICK = "connect delay time 1; connect retry time 2; error wait time 1, 4;"


def speaker(number, secret):
    """A BIRD or PyBIRD with the other of 10.0.0.1 and 10.0.0.2 as neighbor."""
    password = f'password "{secret}";' if secret else ""
    return f"""
router id 192.0.2.{number};
log stderr all;
protocol device {{ }}
protocol bgp peer {{
  local 10.0.0.{number} as {65000 + number};
  neighbor 10.0.0.{3 - number} as {65003 - number};
  {password} {QUICK}
  ipv4 {{ import all; export all; }};
}}
"""


def numbered(lab):
    a, b = lab.pair()
    a.address("10.0.0.1/24", "eth0")
    b.address("10.0.0.2/24", "eth0")
    return a, b


@pytest.mark.peer("bird")
def test_bird_with_the_password_and_then_another(lab, birds):
    a, b = numbered(lab)
    pybird, bird = a.pybird(speaker(1, "secret")), b.bird(speaker(2, "secret"), birds)
    until(pybird.established, 15)
    assert "MD5" not in pybird.cli("show protocols all peer")
    bird.configure(speaker(2, "other"))
    until(lambda: not pybird.established(), 10, "bird restarts its session")
    until(lambda: "wrong signature" in pybird.cli("show protocols all"), 10, "the details name the cause")
    assert "wrong signature" not in pybird.cli("show protocols"), "the Info column is BIRD's"
    until(lambda: "<AUTH> peer: MD5: segments with a wrong signature" in pybird.text(), 15, "so does the log")
    assert "Suspicion:" in pybird.cli("show protocols all peer")
    assert not pybird.established()
    assert not bird.established()
    pybird.configure(speaker(1, "other"))
    until(pybird.established, 15)


@pytest.mark.peer("bird")
@pytest.mark.parametrize("ours", ["secret", None])
def test_a_password_on_one_side_only(lab, birds, ours):
    a, b = numbered(lab)
    pybird = a.pybird(speaker(1, ours))
    bird = b.bird(speaker(2, None if ours else "secret"), birds)
    hint = "segments without a signature" if ours else "segments with a signature"
    until(lambda: hint in pybird.cli("show protocols all peer"), 10)
    assert not pybird.established()
    assert not bird.established()


def frr_speaker(secret):
    return f"""
router bgp 65002
 bgp router-id 192.0.2.2
 no bgp ebgp-requires-policy
 neighbor 10.0.0.1 remote-as 65001
 neighbor 10.0.0.1 timers connect 2
 neighbor 10.0.0.1 password {secret}
"""


@pytest.mark.peer("zebra", "vtysh")
def test_frr_with_the_password_and_then_another(lab):
    a, b = numbered(lab)
    pybird = a.pybird(speaker(1, "secret"))
    frr = b.frr(frr_speaker("secret"))
    until(pybird.established, 15)
    frr.stop()
    frr = b.frr(frr_speaker("other"))
    until(lambda: "wrong signature" in pybird.cli("show protocols all peer"), 15)
    assert not pybird.established()
    assert not frr.established()


@pytest.mark.peer("bird")
def test_a_password_for_a_range_of_link_local_neighbors(lab, birds):
    """BIRD waits for connections from fe80::/10; we find it and connect with the password."""
    a, b = lab.pair()
    give_addresses(a, b)
    bird = b.bird(bird_listener(2).replace("neighbor range", 'password "secret"; neighbor range'), birds)
    pybird = a.pybird(autopeer(1, bgp='password "secret";'))
    up(pybird)
    until(lambda: "10.2.0.1/32" in pybird.routes(), 10)
    until(lambda: bird.established("auto"), 5)
    pybird.configure(autopeer(1, bgp='password "other";'))
    until(lambda: "wrong signature" in pybird.cli("show protocols all auto01"), 15)
    assert not pybird.established()
    until(lambda: not bird.established("auto"), 15)


@pytest.mark.peer("bird")
def test_bird_connects_to_a_range_that_has_a_password(lab, birds):
    """Nothing is discovered: the listener's key for fe80::/10 must let the connection in, or not."""
    a, b = lab.pair()
    address = until(lambda: b.link_local() and a.link_local(), 10)

    def neighbor(secret):
        return f"""
router id 192.0.2.2;
log stderr all;
protocol device {{ }}
protocol static own6 {{ ipv6; route 2001:db8:2::1/128 via "lo"; }}
protocol bgp peer {{
  local as 65002;
  neighbor {address} as 65001;
  interface "eth0";
  password "{secret}"; {QUICK}
  ipv6 {{ import all; export all; }};
}}
"""

    pybird = a.pybird(autopeer(1, bgp='password "secret";', kernel=False))
    bird = b.bird(neighbor("other"), birds)
    until(lambda: "wrong signature" in pybird.cli("show protocols all auto"), 15)
    assert not pybird.established()
    bird.configure(neighbor("secret"))
    until(lambda: pybird.established() == ["auto01"], 20)
    until(lambda: "2001:db8:2::1/128" in pybird.routes(), 10)


@pytest.mark.peer("zebra", "vtysh")
@pytest.mark.parametrize("who", ["", "passive;"], ids=["either connects", "FRR connects"])
def test_frr_unnumbered_with_a_password(lab, who):
    a, b = lab.pair()
    give_addresses(a, b)
    pybird = a.pybird(autopeer(1, bgp=f'password "secret"; {who}'))
    frr = b.frr(
        frr_unnumbered(2).replace(
            "address-family ipv4", "neighbor eth0 password secret\n address-family ipv4", 1
        )
    )
    up(pybird, seconds=20)
    until(frr.established, 10)


def test_two_pybirds_that_find_each_other_share_a_password_or_nothing(lab):
    a, b = lab.pair()
    first = a.pybird(autopeer(1, bgp='password "secret";'))
    second = b.pybird(autopeer(2, bgp='password "secret";'))
    up(first)
    up(second)
    second.configure(autopeer(2))
    until(lambda: "segments without a signature" in first.cli("show protocols all auto01"), 15)
    until(lambda: "segments with a signature" in second.cli("show protocols all auto01"), 15)
    assert not first.established()
    assert not second.established()
