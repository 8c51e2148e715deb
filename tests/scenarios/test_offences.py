"""The last message of a neighbor that breaks the rules is kept for `show protocols all` in JSON."""

import json

import pytest

from pybird.proto.bgp.peer import MOST_OCTETS
from pybird.proto.bgp.wire.messages import MARKER, Keepalive, Open, frame
from tests.scenarios.line import KEEPALIVE, UP, Line, capabilities, hello, update
from tests.scenarios.test_refused import ask
from tests.scenarios.test_rfc7606 import HOP, ORIGIN, a, attribute

PATH = a("40 2 0201 0000fdea")


def detail(line):
    """`show protocols all x` in JSON."""
    rows = [text for text in ask(line, "output json", "show protocols all x") if "protocol_row" in text]
    return json.loads(rows[0][rows[0].index("{") :])["detail"]


@pytest.mark.parametrize(
    ("octets", "bad", "reason"),
    [
        ((), bytes(19), "Connection not synchronized"),
        ((), MARKER + b"\0\x12\4", "Bad message length: 0012"),
        ((), MARKER + b"\0\x13\x09", "Bad message type: 09"),
        ((), b"\xff" * 16 + b"\0\x1d\1\3" + bytes(9), "Unsupported version number: 0004"),
        ((), hello(65009), "Bad peer AS: 65009"),
        ((), Open(65002, 6, 0, capabilities()).encode(), "Bad BGP identifier: 00000000"),
        ((hello(),), update(b"", b""), "Unexpected message in OpenConfirm state"),
        ((UP,), frame(5, b"\0\1\1\1\0"), "Invalid ROUTE-REFRESH message length"),
        ((UP, KEEPALIVE), hello(), "Unexpected message in Established state"),
    ],
)
def test_what_ended_the_session_is_kept(octets, bad, reason):
    line = Line()
    before = b"".join(octets)
    line.say(before + bad + KEEPALIVE, 0.1)
    kept = detail(line)["offence"]
    assert (bytes.fromhex(kept["octets"]), kept["action"]) == (bad, "session reset")
    assert kept["reason"].startswith(reason)
    line.check_others()


def test_of_a_long_message_the_first_octets_are_kept():
    line = Line("passive; enable extended messages;")
    offers = capabilities(extended_messages=True)
    line.say(hello(offers=offers) + Keepalive().encode(), 0.1)
    octets = bytes.fromhex("d063 2710") + bytes(10000)  # an unknown attribute of 10000 octets
    bad = update(ORIGIN + PATH + HOP + attribute(0xC0, 7, "00") + octets)
    line.say(bad, 0.1)
    kept = detail(line)["offence"]
    assert (kept["length"], bytes.fromhex(kept["octets"])) == (len(bad), bad[:MOST_OCTETS])
    assert kept["action"] == "attribute discarded"
    line.check_others()


def test_a_good_neighbor_has_none_and_the_text_has_birds_lines_only():
    line = Line()
    line.say(UP, 0.1)
    assert detail(line)["offence"] is None
    line.say(update(ORIGIN + PATH + HOP + attribute(0xC0, 7, "00")), 0.1)
    assert detail(line)["offence"] is not None
    assert not [
        text for text in ask(line, "show protocols all x") if "discarded" in text or "ffffffff" in text
    ]
