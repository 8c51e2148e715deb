"""FRR and GoBGP restart beside PyBIRD, and PyBIRD beside GoBGP (RFC 4724, RFC 9494)."""

import json

import pytest

from tests.interop.lab import Daemon, GoBgp, until
from tests.interop.test_graceful_restart import LEFT, OWN, RIGHT, bird_like, hosts
from tests.interop.test_long_lived import ON, OWN_RIGHT, config, is_fresh, is_marked

# ------------------------------------------------------------------------ FRR

MIDDLE_FRR = """
router bgp 65001
 bgp router-id 10.0.0.1
 no bgp ebgp-requires-policy
 bgp graceful-restart
 bgp graceful-restart preserve-fw-state
 bgp graceful-restart restart-time %d
 bgp graceful-restart rib-stale-time 60
 bgp long-lived-graceful-restart stale-time 300
 neighbor 10.0.1.2 remote-as 65002
 neighbor 10.0.1.2 timers connect 2
 neighbor 10.0.2.3 remote-as 65003
 neighbor 10.0.2.3 timers connect 2
"""


def restart_bgpd(frr):
    (frr.folder / "bgpd.vty").unlink(missing_ok=True)
    frr.bgpd = frr._start("bgpd")
    until((frr.folder / "bgpd.vty").exists, 10, "bgpd runs again")


@pytest.mark.peer("zebra", "vtysh")
@pytest.mark.parametrize("seconds", [60, 3])
def test_frr_is_killed_and_replaced_between_two_pybirds(lab, seconds):
    """Its bgpd; zebra stays. With 3 s it is away for longer than its restart time.

    When it is back, FRR removes and adds routes in its own kernel, so packets are not counted here.
    """
    left, middle, right = hosts(lab)
    ours = [left.pybird(config(2, {1: 1}, OWN)), right.pybird(config(3, {2: 1}, OWN_RIGHT))]
    frr = middle.frr(MIDDLE_FRR % seconds)
    for pybird in ours:
        until(lambda: pybird.established("to1"), 40)  # noqa: B023
    until(lambda: left.ping(RIGHT, LEFT), 30, "the way is there")
    watched = [Daemon(host, "monitor", ["ip", "monitor", "route"]) for host in (left, right)]
    frr.bgpd.kill()
    away = is_fresh if seconds == 60 else is_marked
    for pybird, net in zip(ours, (RIGHT, LEFT), strict=True):
        until(lambda: not pybird.established("to1"), 10)  # noqa: B023
        until(lambda: away(pybird, net), 15)  # noqa: B023
    restart_bgpd(frr)
    for pybird, net in zip(ours, (RIGHT, LEFT), strict=True):
        until(lambda: pybird.established("to1"), 40)  # noqa: B023
        over = lambda: "restart active" not in pybird.cli("show protocols all to1")  # noqa: B023, E731
        until(over, 60, "its End-of-RIB came")
        assert is_fresh(pybird, net)
    assert [each.text() for each in watched] == ["", ""], "our kernels' routes never changed"


# ---------------------------------------------------------------------- GoBGP

GOBGP = """
[global.config]
  as = 65003
  router-id = "10.0.0.3"
[[neighbors]]
  [neighbors.config]
    neighbor-address = "10.0.2.1"
    peer-as = 65001
  [neighbors.timers.config]
    connect-retry = 2
  [neighbors.graceful-restart.config]
    enabled = true
    restart-time = %d
    long-lived-enabled = true
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv4-unicast"
    [neighbors.afi-safis.mp-graceful-restart.config]
      enabled = true
    [neighbors.afi-safis.long-lived-graceful-restart.config]
      enabled = true
      restart-time = 300
"""


def rib(gobgp):
    """The networks that GoBGP has, each with its first path."""
    try:
        return {net: paths[0] for net, paths in json.loads(gobgp.cli("global rib -j")).items()}
    except ValueError:
        return {}


def marks(gobgp, net):
    """The communities of a route."""
    path = rib(gobgp).get(net)
    if path is None:
        return None
    return [value for each in path["attrs"] if each["type"] == 8 for value in each["communities"]]


def again(host):
    """GoBGP, restarted with its `-r`."""
    path = host.folder / "gobgp.toml"
    made = GoBgp.__new__(GoBgp)
    command = ["gobgpd", "-t", "toml", "-r", "-f", str(path), "--log-level", "warn"]
    Daemon.__init__(made, host, "gobgpd-again", command)
    until(lambda: "AS:" in made.cli("global"), 15, "it answers")
    return made


@pytest.mark.peer("gobgpd", "gobgp")
@pytest.mark.parametrize("seconds", [60, 3])
def test_gobgp_is_killed_and_comes_back(lab, seconds):
    _left, middle, right = hosts(lab)
    gobgp = right.gobgp(GOBGP % seconds)
    pybird = middle.pybird(config(1, {2: 3}))
    until(lambda: pybird.established("to3"), 40)
    for net in (f"{RIGHT}/32", "10.7.0.0/16"):
        gobgp.cli(f"global rib add {net} nexthop 10.0.2.3")
    until(lambda: is_fresh(pybird, RIGHT) and "10.7.0.0/16" in pybird.routes(), 10)
    gobgp.kill()
    until(lambda: not pybird.established("to3"), 10)
    away = is_fresh if seconds == 60 else is_marked
    until(lambda: away(pybird, RIGHT), 15)
    gobgp = again(right)
    gobgp.cli(f"global rib add {RIGHT}/32 nexthop 10.0.2.3")
    until(lambda: pybird.established("to3"), 40)
    until(lambda: "restart active" not in pybird.cli("show protocols all to3"), 60, "End-of-RIB came")
    assert is_fresh(pybird, RIGHT)
    assert "10.7.0.0/16" not in pybird.routes()


@pytest.mark.peer("gobgpd", "gobgp")
@pytest.mark.parametrize("seconds", [60, 3])
def test_we_are_killed_and_come_back_beside_gobgp(lab, seconds):
    left, middle, right = hosts(lab)
    gobgp = right.gobgp(GOBGP % 60)
    other = left.pybird(bird_like(2, {1: 1}, own=OWN))
    text = config(1, {1: 2, 2: 3}).replace("graceful restart time 3", f"graceful restart time {seconds}")
    assert ON.replace("time 3;", f"time {seconds};") in text
    pybird = middle.pybird(text)
    until(lambda: len(pybird.established()) == 2, 40)
    until(lambda: marks(gobgp, f"{LEFT}/32") == [], 10)
    pybird.kill()
    until(lambda: not gobgp.established(), 10)
    if seconds == 3:
        until(lambda: marks(gobgp, f"{LEFT}/32") == [0xFFFF0006], 20, "GoBGP keeps it for long")
    else:
        assert rib(gobgp)[f"{LEFT}/32"]["stale"]
    back = middle.pybird(text, options=["-R"])
    until(lambda: len(back.established()) == 2, 40)
    until(lambda: marks(gobgp, f"{LEFT}/32") == [] and not rib(gobgp)[f"{LEFT}/32"].get("stale"), 40)
    until(lambda: "Graceful restart recovery" not in back.cli("show status"), 20)
    assert other.established("to1")
