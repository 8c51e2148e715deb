"""`aigp` of a BGP channel: what a session takes and gives (RFC 7311), and how a reload changes it."""

import pytest

from pybird.proto.bgp.wire.attributes import AIGP
from pybird.proto.bgp.wire.messages import RouteRefresh, Update
from pybird.values.attributes import find
from tests.scenarios.lab import read
from tests.scenarios.line import KEEPALIVE, Line, capabilities, hello, messages, update

TEXT = """
router id 10.0.0.%(id)d;
protocol device { }
protocol static own { ipv4; route 10.7.0.0/16 blackhole { igp_metric = 50; }; }
protocol bgp x { local 10.0.0.1 as 65001; neighbor 10.0.0.2 as %(asn)d; passive; direct;
  ipv4 { import all; export all; %(options)s };
  ipv6 { import all; export all; gateway recursive; }; }
protocol bgp good { local 10.0.0.1 as 65001; neighbor 10.0.0.3 as 65003; ipv4 { import all; export all; }; }
"""
BASE = {
    65001: bytes.fromhex("400101004002004003040a000002400504") + bytes((0, 0, 0, 100)),
    65002: bytes.fromhex("400101004002060201") + bytes((0, 0, 253, 234)) + bytes.fromhex("4003040a000002"),
}
NET = b"\x10\x0a\x07"  # 10.7.0.0/16


def aigp(metric):
    return bytes.fromhex("801a0b01000b") + metric.to_bytes(8, "big")


def up(asn, options):
    line = Line(options, asn, text=TEXT)
    line.say(hello(asn, 0, offers=capabilities(asn, route_refresh=True)) + KEEPALIVE)
    line.say(update(BASE[asn] + aigp(7)))
    assert line.state() == "Established"
    return line


def taken(line):
    (rte,) = line.router.tables["master4"].get(b"\x18\x14\x00\x01")
    value = find(rte.attrs.wire, AIGP)
    return None if value is None else int.from_bytes(value[3:], "big")


def sent(line):
    """The metric that our own route went out with last."""
    found = [m.attributes for m in messages(line.talker.data) if isinstance(m, Update) and NET in m.nlri]
    head = aigp(0)[:6]
    at = found[-1].find(head)
    return None if at < 0 else int.from_bytes(found[-1][at + 6 : at + 14], "big")


@pytest.mark.parametrize(
    ("asn", "options", "takes", "sends"),
    [
        (65002, "", None, None),
        (65002, "aigp off;", None, None),
        (65002, "aigp on;", 7, None),
        (65002, "aigp originate;", 7, 50),
        (65001, "", 7, None),
        (65001, "aigp off;", None, None),
        (65001, "aigp on;", 7, None),
        (65001, "aigp originate;", 7, 50),
    ],
)
def test_internal_sessions_have_it_and_external_ones_where_it_is_written(asn, options, takes, sends):
    line = up(asn, options)
    assert (taken(line), sent(line)) == (takes, sends)


def test_a_reload_acts_on_both_directions_of_the_same_session():
    line = up(65002, "")
    since = line.peer.since
    for options, takes, sends in (
        ("aigp originate;", 7, 50),
        ("aigp on;", 7, None),
        ("aigp off;", None, None),
    ):
        seen = len(line.talker.data)
        line.router.reconfigure(read(TEXT % {"id": 1, "asn": 65002, "options": options}))
        line.lab.run(5)
        asked = [m for m in messages(line.talker.data[seen:]) if isinstance(m, RouteRefresh)]
        assert [(m.afi, m.subtype) for m in asked] == [(1, 0)]
        line.say(update(BASE[65002] + aigp(7)))
        assert (taken(line), sent(line)) == (takes, sends)
    assert line.peer.since == since


def test_what_one_family_takes_another_need_not():
    """Of one UPDATE with networks of both families each channel has its own answer."""
    line = up(65002, "aigp on;")
    hop6 = bytes.fromhex("20010db8" + "00" * 11 + "02")
    reach = b"\0\2\1\x10" + hop6 + b"\0" + b"\x20\x20\x01\x0d\xb9"
    mp_reach = b"\x80\x0e" + bytes((len(reach),)) + reach
    line.say(update(mp_reach + BASE[65002] + aigp(7), b"\x18\x14\x00\x02"))
    (v6,) = line.router.tables["master6"].get(b"\x20\x20\x01\x0d\xb9")
    (v4,) = line.router.tables["master4"].get(b"\x18\x14\x00\x02")
    assert find(v6.attrs.wire, AIGP) is None
    assert find(v4.attrs.wire, AIGP) is not None
