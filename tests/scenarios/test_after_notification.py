"""Graceful restart after a NOTIFICATION, where both sides announce it (RFC 8538)."""

import pytest

from pybird.proto.bgp.wire.capabilities import GracefulRestart
from pybird.proto.bgp.wire.messages import Notification, Open, Update
from tests.scenarios.lab import read
from tests.scenarios.line import KEEPALIVE, TEXT, Line, capabilities, hello, messages, update

V4 = (1, 1)
KEPT = 0x80
AFTER_NOTIFICATION = 4
PATH = bytes.fromhex("4001010040020602010000fdea4003040a000002")
ONE, TWO = b"\x18\x14\x00\x01", b"\x18\x14\x00\x02"
END_OF_RIB = Update(b"", b"", b"").encode()
ON = "passive; graceful restart after notification; error wait time 1, 2;"
BAD_UPDATE = Update(b"", b"\x40\x01", b"").encode()


def offers(flags=AFTER_NOTIFICATION):
    return capabilities(graceful_restart=GracefulRestart(flags, 30, ((*V4, KEPT),)))


def line_with(options=ON, found=None, hold=0):
    line = Line(options)
    line.say(hello(hold=hold, offers=offers() if found is None else found) + KEEPALIVE)
    line.say(update(PATH, ONE + TWO) + END_OF_RIB)
    assert len(routes(line)) == 2
    return line


def routes(line):
    return sorted(net for net in line.lab.nets("a", "master4") if net.startswith("20."))


def own_flags(line):
    """Flags of our capability 64, and of its families, in the last OPEN."""
    opening = [message for message in messages(line.talker.data) if isinstance(message, Open)][-1]
    found = opening.capabilities.graceful_restart
    return found.flags, [flags for _, _, flags in found.families]


def back(line, found=None):
    line.dial()
    line.say(hello(hold=0, offers=offers() if found is None else found) + KEEPALIVE)
    assert line.state() == "Established"


@pytest.mark.parametrize("notification", [Notification.cease(2), Notification.cease(8), Notification(3, 1)])
def test_routes_stay_after_a_notification_that_was_received(notification):
    line = line_with()
    line.say(notification.encode())
    assert len(routes(line)) == 2
    line.lab.run(10)
    back(line)
    line.say(update(PATH, TWO) + END_OF_RIB)
    assert routes(line) == ["20.0.2.0/24"]
    line.check_others()


def test_they_go_when_the_restart_time_is_over():
    line = line_with()
    line.say(Notification.cease(2).encode(), 28)
    assert len(routes(line)) == 2
    line.lab.run(3)
    assert routes(line) == []


def test_routes_stay_after_a_notification_that_was_sent():
    line = line_with()
    line.say(BAD_UPDATE)
    assert line.notification()[0] == 3
    assert len(routes(line)) == 2


def test_routes_stay_when_the_hold_timer_expires():
    line = line_with(hold=6)
    line.lab.run(7)
    assert line.notification()[0] == 4
    assert len(routes(line)) == 2


@pytest.mark.parametrize(
    ("options", "found"),
    [
        pytest.param("passive;", offers(), id="we do not announce it"),
        pytest.param(ON, offers(0), id="they do not announce it"),
        pytest.param(ON, capabilities(), id="they do not restart gracefully"),
    ],
)
def test_both_sides_must_announce_it(options, found):
    line = line_with(options, found)
    line.say(Notification.cease(2).encode())
    assert routes(line) == []


def test_nothing_stays_after_a_hard_reset():
    """RFC 8538, 3.1: what is enclosed says why."""
    line = line_with()
    line.say(Notification.cease(2, "go away").as_hard_reset().encode())
    assert routes(line) == []
    assert line.peer.remote_reason == "go away"
    assert line.peer.last_error == "Received: Hard reset"
    assert line.peer.cause == "Administrative shutdown"


@pytest.mark.parametrize("data", [b"", b"\x06", b"\x06\x09\x06\x09"])
def test_a_hard_reset_may_say_anything(data):
    line = line_with()
    line.say(Notification(6, 9, data).encode())
    assert routes(line) == []
    line.check_others()


def test_an_enclosed_cease_may_disable_as_another_one():
    line = line_with(f"{ON} disable after cease {{ administrative shutdown }};")
    line.say(Notification.cease(4).as_hard_reset().encode())
    assert line.peer.enabled
    back(line)
    line.say(Notification.cease(2).as_hard_reset().encode())
    assert not line.peer.enabled


@pytest.mark.parametrize(
    ("act", "wanted"),
    [
        ("disable", (6, 9, bytes((6, 2)))),
        ("restart", (6, 9, bytes((6, 4)))),
        ("configure", (6, 6, b"")),
    ],
)
def test_what_shall_end_everything_is_sent_as_a_hard_reset(act, wanted):
    """RFC 8538, 4: not a change of the configuration."""
    line = line_with()
    if act == "configure":
        options = f"{ON} hold time 9;"
        line.router.reconfigure(read(TEXT % {"options": options, "asn": 65002, "id": 1}))
    else:
        getattr(line.router, act)(line.peer)
    line.lab.run(1)
    assert line.notification() == wanted
    assert routes(line) == []


def test_a_neighbor_without_it_gets_a_plain_cease():
    line = line_with(found=offers(0))
    line.router.disable(line.peer)
    line.lab.run(1)
    assert line.notification() == (6, 2, b"")


def test_the_flags_of_our_open():
    """N always; F once there was a session: the neighbor may keep what it has, as we forward it still."""
    line = line_with(f"{ON} graceful restart on;")
    assert own_flags(line) == (AFTER_NOTIFICATION, [0, 0])
    line.say(Notification.cease(2).encode())
    back(line)
    assert own_flags(line) == (AFTER_NOTIFICATION, [KEPT, KEPT])


def test_without_it_the_forwarding_bits_say_nothing_as_in_bird():
    line = line_with("passive; graceful restart on;")
    assert own_flags(line) == (0, [0, 0])
    line.say(Notification.cease(2).encode())
    back(line)
    assert own_flags(line) == (0, [0, 0])
