"""A daemon in the middle is away for longer than its restart time; packets go on (RFC 9494).

left (BIRD or PyBIRD) --- middle --- right (FRR)
"""

import re

import pytest

from tests.interop.lab import BirdLike, until
from tests.interop.test_graceful_restart import FRR, LEFT, OWN, RIGHT, Stream, bird_like, hosts

ON = (
    "graceful restart on; graceful restart time 3; long lived graceful restart on; long lived stale time 300;"
)
FRR_ON = FRR.replace(
    " bgp graceful-restart\n",
    " bgp graceful-restart\n bgp graceful-restart restart-time 3\n"
    " bgp long-lived-graceful-restart stale-time 300\n",
)


OWN_RIGHT = f'protocol static {{ ipv4; route {RIGHT}/32 via "lo"; }}'


def config(number, networks, own=""):
    return bird_like(number, networks, own=own).replace("graceful restart on;", ON)


def attributes(daemon, net):
    return daemon.cli(f"show route {net}/32 all")


def is_marked(daemon, net):
    """BIRD or PyBIRD has the route, as a last choice."""
    text = attributes(daemon, net)
    return "(100s)" in text and "(65535,6)" in text


def is_fresh(daemon, net):
    text = attributes(daemon, net)
    return "unicast" in text and "(65535,6)" not in text


def preserved(daemon, name):
    """The families of which the neighbor says in its long-lived capability that it has forwarded."""
    text = daemon.cli(f"show protocols all {name}").partition("Neighbor capabilities")[2]
    return re.search(r"Long-lived graceful restart\n.*LL stale time: +300\n.*\n +AF preserved:(.*)", text)[
        1
    ].split()


@pytest.mark.peer("bird", "zebra", "vtysh")
def test_bird_and_frr_keep_our_routes_for_long(lab, birds):
    left, middle, right = hosts(lab)
    bird = left.bird(config(2, {1: 1}, OWN), birds)
    frr = right.frr(FRR_ON)
    text = config(1, {1: 2, 2: 3})
    pybird = middle.pybird(text)
    until(lambda: len(pybird.established()) == 2, 40)
    stream = Stream(left)
    assert preserved(bird, "to1") == []
    pybird.kill()
    until(lambda: is_marked(bird, RIGHT), 15, "BIRD keeps our route for long")
    until(lambda: "llgr-stale" in frr.cli(f"show bgp ipv4 unicast {LEFT}/32"), 15, "FRR does, too")
    again = middle.pybird(text, options=["-R"])
    until(lambda: len(again.established()) == 2, 30)
    until(lambda: is_fresh(bird, RIGHT), 30)
    until(lambda: "llgr-stale" not in frr.cli(f"show bgp ipv4 unicast {LEFT}/32"), 30)
    assert preserved(bird, "to1") == ["ipv4"]
    lost, sent = stream.lost()
    assert sent > 100
    assert lost == 0


@pytest.mark.peer("bird")
def test_we_keep_birds_routes_for_long(lab, birds):
    """On both sides of it; as FRR has R set after any start, a BIRD that recovers would not wait for one."""
    left, middle, right = hosts(lab)
    ours = [left.pybird(config(2, {1: 1}, OWN)), right.pybird(config(3, {2: 1}, OWN_RIGHT))]
    text = config(1, {1: 2, 2: 3})
    bird = middle.bird(text, birds)
    until(lambda: len(bird.established()) == 2, 40)
    stream = Stream(left)
    bird.kill()
    for pybird, net in zip(ours, (RIGHT, LEFT), strict=True):
        until(lambda: is_marked(pybird, net), 15)  # noqa: B023
        assert "LL stale timer" in pybird.cli("show protocols all to1")
    again = BirdLike(middle, "again", [f"{birds}/bird", "-R"], text)
    until(lambda: len(again.established()) == 2, 30)
    for pybird, net in zip(ours, (RIGHT, LEFT), strict=True):
        until(lambda: is_fresh(pybird, net), 40)  # noqa: B023
        assert preserved(pybird, "to1") == ["ipv4"]
        over = lambda: "restart active" not in pybird.cli("show protocols all to1")  # noqa: B023, E731
        until(over, 10, "End-of-RIB ended it")
    lost, sent = stream.lost()
    assert sent > 100
    assert lost == 0


THIRD = """
router bgp 65003
 bgp router-id 10.0.0.3
 no bgp ebgp-requires-policy
 neighbor 10.0.2.1 remote-as 65001
 neighbor 10.0.2.1 timers connect 2
 neighbor 10.0.2.1 graceful-restart-disable
"""


@pytest.mark.peer("bird", "zebra", "vtysh")
@pytest.mark.parametrize("able", [True, False])
def test_marked_routes_go_only_to_neighbors_that_know_the_mark(lab, able):
    """FRR behind us, with the capability or without; a BIRD before us is away."""
    left, middle, right = hosts(lab)
    bird = left.bird(config(2, {1: 1}, OWN))
    frr = right.frr(FRR_ON if able else THIRD)
    pybird = middle.pybird(config(1, {1: 2, 2: 3}))
    until(lambda: len(pybird.established()) == 2, 40)
    until(lambda: f"{LEFT}/32" in frr.routes("ipv4"), 10)
    bird.kill()
    until(lambda: is_marked(pybird, LEFT), 15)
    if able:
        until(lambda: "llgr-stale" in frr.cli(f"show bgp ipv4 unicast {LEFT}/32"), 10)
    else:
        until(lambda: f"{LEFT}/32" not in frr.routes("ipv4"), 10)
    assert is_marked(pybird, LEFT)
