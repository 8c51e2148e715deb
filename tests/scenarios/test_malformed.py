"""What a broken or hurried BGP neighbor does: the right answer, and the other sessions do not notice.

The rows named S8 are those of a comparison of daemons: BIRD 2.19, BIRD 3.3, FRR
and GoBGP got the same input. Where they differ we do what the RFC says.
Attributes of UPDATEs have their own file, `test_rfc7606`.
"""

import pytest

from pybird.core.life import ProtocolState
from pybird.proto.bgp.wire.capabilities import Capabilities
from pybird.proto.bgp.wire.messages import MARKER, Notification, frame
from tests.scenarios.line import KEEPALIVE, UP, Line, hello, messages, update

ORIGIN = b"\x40\x01\x01\x00"
PATH = b"\x40\x02\x06\x02\x01\x00\x00\xfd\xea"
HOP = b"\x40\x03\x04\x0a\x00\x00\x02"
ROUTE = update(ORIGIN + PATH + HOP)


def patched(octets, at, value):
    return octets[:at] + bytes((value,)) + octets[at + 1 :]


# what is sent, and the NOTIFICATION: code, subcode, data in hex (None: any)
ENDS = [
    ("S8 bad marker", patched(KEEPALIVE, 3, 0), (1, 1, "")),
    ("S8 length 18", MARKER + b"\0\x12\x04", (1, 2, "0012")),
    ("S8 length 5000", MARKER + b"\x13\x88\x02", (1, 2, "1388")),
    ("keepalive with a body", frame(4, b"x"), (1, 2, "0014")),
    ("OPEN of 28 octets", frame(1, bytes(9)), (1, 2, "001c")),
    ("NOTIFICATION of 20 octets", frame(3, b"\6"), (1, 2, "0014")),
    ("UPDATE of 22 octets", frame(2, b"\0\0\0"), (1, 2, "0016")),
    ("S8 type 9", frame(9, b""), (1, 3, "09")),
    ("type 0", frame(0, b""), (1, 3, "00")),
    ("S8 version 3", patched(hello(), 19, 3), (2, 1, "0004")),
    ("S8 wrong AS", hello(asn=65009), (2, 2, "0000fdf1")),
    ("AS 0", hello(asn=0), (2, 2, "00000000")),
    ("S8 router id 0", hello(router_id=0), (2, 3, "00000000")),
    ("S8 hold time 1", hello(hold=1), (2, 6, "0001")),
    ("hold time 2", hello(hold=2), (2, 6, "0002")),
    ("parameter 1, authentication", patched(hello(), 29, 1), (2, 4, "")),
    ("parameters beyond the OPEN", patched(hello(), 28, 200), (2, 0, "")),
    ("a capability beyond its parameter", patched(hello(), 32, 200), (2, 0, "")),
    (
        "S8 no common family",
        hello(offers=Capabilities(multiprotocol=((25, 70),), as4=65002)),
        (2, 7, "010400010001010400020001"),
    ),
    ("S8 UPDATE in OpenSent", ROUTE, (5, 1, "02")),
    ("KEEPALIVE in OpenSent", KEEPALIVE, (5, 1, "04")),
    ("ROUTE-REFRESH in OpenSent", frame(5, b"\0\1\0\1"), (5, 1, "05")),
    ("S8 UPDATE in OpenConfirm", hello() + ROUTE, (5, 2, "02")),
    ("OPEN in OpenConfirm", hello() + hello(), (5, 2, "01")),
    ("OPEN in Established", UP + hello(), (5, 3, "01")),
    ("ROUTE-REFRESH of 5 octets", UP + frame(5, b"\0\1\0\1\0"), (7, 1, frame(5, b"\0\1\0\1\0").hex())),
]


@pytest.mark.parametrize(("octets", "answer"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS])
def test_what_ends_a_session(octets, answer):
    line = Line()
    line.say(octets)
    code, subcode, data = line.notification()
    assert (code, subcode, data) == (*answer[:2], bytes.fromhex(answer[2]))
    assert line.state().startswith("Idle")
    assert line.peer.last_error.startswith("BGP Error: ")
    assert line.talker.events[-1] == ("closed", None)
    line.lab.run(20)
    line.check_others()


@pytest.mark.parametrize("until", [hello(), UP], ids=["in OpenConfirm", "S8 in Established"])
def test_silence_ends_the_session(until):
    line = Line()
    line.say(until, 5.9)
    assert line.notification() is None
    line.lab.run(0.2)
    assert line.notification() == (4, 0, b"")
    line.check_others()


def test_silence_before_the_open_ends_the_connection_after_the_startup_hold_time():
    line = Line("passive; startup hold time 20;")
    line.lab.run(19.8)
    assert line.notification() is None
    line.lab.run(0.2)
    assert line.notification() == (4, 0, b"")
    line.check_others()


def test_a_neighbor_that_dribbles_octets_is_silent():
    """RFC 4271, 6.5: KEEPALIVE, UPDATE and NOTIFICATION are signs of life, octets are not."""
    line = Line()
    line.say(UP, 0.5)
    for octet in KEEPALIVE[:5]:
        line.say(bytes((octet,)))
    assert line.state() == "Established"
    line.say(KEEPALIVE[5:6])
    assert line.notification() == (4, 0, b"")
    line.check_others()


def test_our_own_slow_reading_does_not_expire_the_hold_timer():
    line = Line()
    line.say(UP, 0.5)
    line.lab.nodes["a"].host.read_rate = 1000
    line.say(ROUTE * 700, 25)  # it is all that comes for as long as we have not read it
    assert line.state() == "Established"
    line.lab.run(len(ROUTE) * 0.7 + 1 - 25)
    assert line.state() == "Established"
    line.lab.run(6)
    assert line.notification() == (4, 0, b"")


def test_the_first_as_of_the_path_may_be_another_unless_told_otherwise():
    """S8, first AS is not the neighbor's: taken, as BIRD does; `enforce first as` refuses."""
    other = update(ORIGIN + b"\x40\x02\x06\x02\x01\x00\x00\xfd\x01" + HOP)
    for options, taken in (("passive;", True), ("passive; enforce first as;", False)):
        line = Line(options)
        line.say(UP + other)
        assert ("20.0.1.0/24" in line.lab.nets("a", "master4")) is taken
        line.check_others()


# ------------------------------------------------------------ two connections


@pytest.mark.parametrize("own_id", [1, 5], ids=["peer's id is higher", "peer's id is lower"])
def test_a_second_connection_while_established_is_closed_without_a_word(own_id):
    """S8; and the first is asked for a sign of life."""
    line = Line(own_id=own_id)
    line.say(UP)
    first, before = line.talker, len(messages(line.talker.data))
    second = line.dial()
    assert second.events == ["connected", ("closed", None)]
    assert second.data == b""
    assert [type(m).__name__ for m in messages(first.data)[before:]] == ["Keepalive"]
    assert line.state() == "Established"
    line.check_others()


COLLISIONS = [
    # last octet of the peer's id (ours is 5), which connection gets its OPEN first, which one stays
    ("S8 peer has the higher id, ours was first", 9, "ours", "theirs"),
    ("S8 peer has the higher id, its own was first", 9, "theirs", "theirs"),
    ("S8 peer has the lower id, ours was first", 2, "ours", "ours"),
    ("S8 peer has the lower id, its own was first", 2, "theirs", "ours"),
]


@pytest.mark.parametrize(
    ("peer_id", "first", "stays"), [r[1:] for r in COLLISIONS], ids=[r[0] for r in COLLISIONS]
)
def test_of_two_connections_one_ends_with_6_7(peer_id, first, stays):
    line = Line("", own_id=5, listens=True, dials=False)
    line.lab.expect(lambda: line.program.accepted, 10, "the router connects")
    both = {"ours": line.program.accepted[0], "theirs": line.dial()}
    second = "theirs" if first == "ours" else "ours"
    line.say(hello(router_id=0x0A000000 + peer_id), 0.1, both[first])
    line.say(hello(router_id=0x0A000000 + peer_id), 0.1, both[second])
    loser = "theirs" if stays == "ours" else "ours"
    assert line.notification(both[loser]) == (6, 7, b"")
    assert line.notification(both[stays]) is None
    line.say(KEEPALIVE + ROUTE, 0.1, both[stays])
    assert line.state() == "Established"
    assert line.peer.active.outgoing is (stays == "ours")
    assert not line.lab.nodes["a"].messages("remote")
    line.check_others()


# ---------------------------------------------------------------------- Cease


CEASE = {
    0: "Cease",
    1: "Maximum number of prefixes reached",
    2: "Administrative shutdown",
    3: "Peer de-configured",
    4: "Administrative reset",
    5: "Connection rejected",
    6: "Other configuration change",
    7: "Connection collision resolution",
    8: "Out of Resources",
    9: "Hard reset",
    10: "BFD session down",
    77: "Cease",
}


@pytest.mark.parametrize("subcode", CEASE)
def test_a_cease_is_not_answered_and_the_next_try_follows_the_connect_delay(subcode):
    """S8, Cease from peer. It is no error of ours: no error wait."""
    line = Line("", listens=True, dials=False)
    line.lab.expect(lambda: line.program.accepted, 10, "the router connects")
    (talker,) = line.program.accepted
    line.say(UP + ROUTE, 0.1, talker)
    line.say(Notification.cease(subcode).encode(), 0.1, talker)
    assert line.notification(talker) is None
    assert talker.events[-1] == ("closed", None)
    assert line.state() == f"Active        Received: {CEASE[subcode]}"
    assert "20.0.1.0/24" not in line.lab.nets("a", "master4")
    assert f"x: Received: {CEASE[subcode]}" in line.lab.nodes["a"].messages("remote")
    line.lab.expect(lambda: len(line.program.accepted) == 2, 5.1, "it connects again")
    line.check_others()


@pytest.mark.parametrize(
    ("option", "subcode", "stops"), [("yes", 2, True), ("yes", 5, True), ("no", 2, False)]
)
def test_a_cease_may_disable(option, subcode, stops):
    line = Line(f"passive; disable after cease {option};")
    line.say(UP + Notification.cease(subcode).encode())
    assert (line.peer.state is ProtocolState.DOWN) is stops
    line.check_others()


def test_the_text_of_a_shutdown_is_shown_on_one_line():
    """RFC 9003; what cannot be printed is a space."""
    line = Line()
    line.say(UP + Notification(6, 2, b"\x0cback\nat\x1bnoon").encode())
    assert line.state() == "Passive       Received: Administrative shutdown"
    assert line.peer.remote_reason == "back at noon"
    line.check_others()
