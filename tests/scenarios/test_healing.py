"""How fast sessions come back after interruptions that nobody was told of."""

import pytest

from pybird.proto.bgp.session.countdown import WaitKind
from tests.scenarios.lab import lan, unnumbered

HOLD = 240  # seconds, the default
RETRY = 5  # seconds between TCP's tries, where the kernel lets us say so


def rarely(number, interval=300, peers="peers { };"):
    """A router whose advertisements are far apart: an interruption does not end its entries."""
    text = unnumbered(number, peers)
    return text.replace("router discovery yes;", f"router discovery yes; max ra interval {interval};")


def cut_off(text=rarely, seconds=0.0, kernel_bounds=True):
    """Two routers on a switch whose forwarding fails for some time, without loss of carrier."""
    lab = lan(2, text)
    for node in lab.nodes.values():
        node.host.tcp.bounds_rto = kernel_bounds
    lab.expect(lab.meshed, 6, "both peered")
    lab.run(20)
    lab.segments["lan"].cut()
    lab.run(seconds)
    return lab


def restore(lab):
    lab.segments["lan"].restore()


def since(lab):
    return [child.since for name in lab.nodes for child in lab.children(name)]


@pytest.mark.parametrize("seconds", [30, 100, 150])
def test_a_cut_shorter_than_the_hold_time_costs_no_session(seconds):
    lab = cut_off()
    before = since(lab)
    lab.run(seconds)
    restore(lab)
    lab.run(RETRY + 1)
    now = lab.clock.now()
    for name in lab.nodes:
        (child,) = lab.children(name)
        # what waited was delivered: the hold timer was restarted after the cut
        if seconds > HOLD / 3:
            assert child.active.session.timer("hold", now) > HOLD - RETRY - 2
    lab.run(600)
    assert since(lab) == before
    assert lab.meshed()


def test_after_a_long_cut_orphans_are_claimed_with_the_first_advertisement():
    lab = cut_off(lambda n: unnumbered(n, "peers { persist yes; };"), seconds=500)
    assert lab.entries("r1") == []
    assert lab.up("r1") == []
    restore(lab)
    lab.expect(lab.meshed, 11, "advertisements are at most 10 s apart")
    assert lab.up("r1") == ["auto01"]


def test_a_neighbor_that_was_frozen_is_back_with_its_first_advertisement():
    """Its session ended by the hold timer; that makes us wait, but not once it shows life."""
    lab = cut_off()
    restore(lab)
    process = lab.nodes["r2"].host.process
    process.freeze()
    lab.run(HOLD + 10)
    (child,) = lab.children("r1")
    assert child.countdown.wait is WaitKind.ERROR
    process.thaw()
    lab.expect(lab.meshed, 6, "no error wait")


def test_a_cut_longer_than_the_hold_time_with_rare_advertisements():
    """Nobody says that the path is back, but a TCP attempt is repeated within a minute."""
    lab = cut_off(seconds=400)
    assert lab.up("r1") == []
    restore(lab)
    lab.expect(lab.meshed, 64, "the next SYN or advertisement")


@pytest.mark.parametrize("kernel_bounds", [True, False], ids=["new kernel", "old kernel"])
@pytest.mark.parametrize("seconds", [0, 120])
def test_a_neighbor_that_lost_power_is_taken_quickly(seconds, kernel_bounds):
    """Its second connection makes us ask on the first; its kernel knows nothing and resets it.

    After 120 s of silence our keepalive waits for a retransmission: the question must not.
    """
    lab = cut_off(seconds=seconds, kernel_bounds=kernel_bounds)
    lab.nodes["r2"].power_off()
    restore(lab)
    lab.run(0.5)
    lab.nodes["r2"].start()
    lab.expect(lab.meshed, 6, "the session was replaced")
    assert lab.up("r1") == ["auto01"]
    assert not [text for text in lab.nodes["r1"].messages() if "Hold timer" in text]
