"""A neighbor restarts gracefully: what stays, and until when (RFC 4724, the receiving role)."""

import pytest

from pybird.core.channel import ChannelState
from pybird.proto.bgp.wire.capabilities import Capabilities, GracefulRestart
from pybird.proto.bgp.wire.messages import Notification, Update
from tests.scenarios.line import KEEPALIVE, Line, capabilities, hello, update

V4, V6 = (1, 1), (2, 1)
KEPT, LOST = 0x80, 0
RESTARTED = 8
PATH = bytes.fromhex("4001010040020602010000fdea4003040a000002")
ONE, TWO, THREE = b"\x18\x14\x00\x01", b"\x18\x14\x00\x02", b"\x18\x14\x00\x03"
END_OF_RIB = Update(b"", b"", b"").encode()


def restart(*families, seconds=30, flags=0):
    return GracefulRestart(flags, seconds, tuple((*family, flag) for family, flag in families))


def opening(found):
    return hello(hold=0, offers=capabilities(graceful_restart=found)) + KEEPALIVE


FIRST = restart((V4, KEPT), (V6, KEPT))
AGAIN = restart((V4, KEPT), (V6, KEPT), flags=RESTARTED)


def line_with(found=FIRST, nets=ONE + TWO, options="passive;"):
    line = Line(options)
    line.say(opening(found))
    line.say(update(PATH, nets) + END_OF_RIB)
    assert len(routes(line)) == len(nets) // 4
    return line


def routes(line):
    return sorted(net for net in line.lab.nets("a", "master4") if net.startswith("20."))


def crash(line, seconds=1.0):
    """The neighbor's program is killed: its connection ends without a NOTIFICATION."""
    line.talker.stream.abort()
    line.lab.run(seconds)


def back(line, found=AGAIN):
    line.dial()
    line.say(opening(found))
    assert line.state() == "Established"


def test_routes_stay_until_the_neighbor_is_back_and_has_sent_its_routes():
    line = line_with()
    crash(line, 20)
    assert routes(line) == ["20.0.1.0/24", "20.0.2.0/24"]
    back(line)
    line.lab.run(300)
    assert routes(line) == ["20.0.1.0/24", "20.0.2.0/24"], "nothing but End-of-RIB ends the wait for routes"
    line.say(update(PATH, TWO + THREE))
    assert routes(line) == ["20.0.1.0/24", "20.0.2.0/24", "20.0.3.0/24"]
    line.say(END_OF_RIB)
    assert routes(line) == ["20.0.2.0/24", "20.0.3.0/24"]
    line.check_others()


def test_routes_go_when_the_restart_time_is_over():
    line = line_with()
    crash(line, 29)
    assert len(routes(line)) == 2
    line.lab.run(2)
    assert routes(line) == []
    assert line.peer.channels["ipv4"].state is ChannelState.DOWN
    line.check_others()


@pytest.mark.parametrize(
    ("options", "until"),
    [
        ("min graceful restart time 60;", 60),
        ("max graceful restart time 10;", 10),
        ("graceful restart off;", 0),
    ],
)
def test_the_restart_time_is_the_neighbors_within_our_bounds(options, until):
    line = line_with(options=f"passive; {options}")
    crash(line, max(until - 2, 0.5))
    assert bool(routes(line)) is bool(until)
    line.lab.run(3)
    assert routes(line) == []


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(None, id="no capability"),
        pytest.param(restart((V6, KEPT)), id="another family"),
        pytest.param(restart(flags=12), id="no family, as FRR announces"),
        pytest.param(restart((V4, KEPT), seconds=0), id="no time"),
    ],
)
def test_nothing_stays_of_a_family_that_is_not_announced(found):
    line = line_with(found)
    crash(line)
    assert routes(line) == []
    line.check_others()


def test_nothing_stays_after_a_notification():
    line = line_with()
    line.say(Notification.cease(4).encode())
    assert routes(line) == []


def test_nothing_stays_when_the_hold_timer_expires():
    line = Line("passive;")
    line.say(hello(hold=6, offers=capabilities(graceful_restart=FIRST)) + KEEPALIVE)
    line.say(update(PATH, ONE))
    line.lab.run(7)
    assert line.notification()[0] == 4
    assert routes(line) == []


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(restart((V4, LOST), (V6, KEPT), flags=RESTARTED), id="its forwarding state is lost"),
        pytest.param(restart((V6, KEPT), flags=RESTARTED), id="the family is missing"),
        pytest.param(None, id="the capability is missing"),
    ],
)
def test_stale_routes_go_at_once_if_the_new_session_does_not_preserve_them(found):
    line = line_with()
    crash(line)
    back(line, found)
    assert routes(line) == []
    line.say(update(PATH, TWO))
    assert routes(line) == ["20.0.2.0/24"]
    line.check_others()


def test_stale_routes_of_a_family_that_the_new_session_lacks_go_at_once():
    line = line_with()
    crash(line)
    offers = Capabilities(multiprotocol=(V6,), as4=65002, graceful_restart=AGAIN)
    line.dial()
    line.say(hello(hold=0, offers=offers) + KEEPALIVE)
    assert line.state() == "Established"
    assert routes(line) == []
    assert line.peer.channels["ipv4"].state is ChannelState.DOWN


def test_after_a_second_restart_only_routes_of_the_last_session_stay():
    """RFC 4724, 4.2: a route that is stale already is deleted."""
    line = line_with()
    crash(line)
    back(line)
    line.say(update(PATH, TWO))
    crash(line)
    assert routes(line) == ["20.0.2.0/24"]


def test_a_new_connection_takes_over_from_one_that_is_still_established():
    """RFC 4724, 5: the neighbor's old connection ended unseen."""
    line = line_with()
    first = line.talker
    back(line)
    assert line.notification(first) is None
    assert routes(line) == ["20.0.1.0/24", "20.0.2.0/24"]
    line.say(update(PATH, ONE) + END_OF_RIB)
    assert routes(line) == ["20.0.1.0/24"]
    line.check_others()


def test_without_the_capability_the_established_connection_stays():
    line = line_with(None)
    first = line.talker
    line.dial()
    line.say(opening(None))
    assert line.state() == "Established"
    line.say(update(PATH, THREE), talker=first)
    assert "20.0.3.0/24" in routes(line)


@pytest.mark.parametrize("act", ["disable", "restart", "link down"])
def test_operators_and_a_lost_link_end_the_wait(act):
    line = line_with()
    crash(line)
    assert len(routes(line)) == 2
    if act == "link down":
        line.lab.link_down("a", "eth0")
    elif act == "disable":
        line.router.disable(line.peer)
    else:
        line.router.restart(line.peer)
    line.lab.run(1)
    assert routes(line) == []
    assert not line.peer.restarting


def test_a_changed_import_filter_acts_when_the_neighbor_is_back():
    line = line_with()
    crash(line)
    assert line.router.reload(line.peer, True, False)
    assert len(routes(line)) == 2
    back(line)
    line.say(update(PATH, ONE) + END_OF_RIB)
    assert routes(line) == ["20.0.1.0/24"]


def test_what_is_shown_while_the_neighbor_restarts():
    line = line_with()
    crash(line)
    (state,) = [each for each in line.peer.details() if each.label == "BGP state"]
    labels = [each.label for each in state.below]
    assert "Neighbor graceful restart active" in labels
    assert "Restart timer" in labels
    assert line.peer.trouble() == "the neighbor restarts, its routes stay"
    assert [each.text for each in line.peer.channel_details(line.peer.channels["ipv4"])] == ["Regular"]
