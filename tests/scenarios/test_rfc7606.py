"""Revised error handling of UPDATE (RFC 7606) at whole routers: each rule's action and log line.

A router has a good route for a network; then an UPDATE with an error comes for
the same one. The route is there with or without an attribute (attribute
discard), or gone (treat-as-withdraw), or the session is reset. The healthy
session beside it never notices.
"""

from functools import cache

import pytest

from pybird.proto.bgp.routes.session_channels import MAX_LOGGED
from pybird.proto.bgp.wire.attributes import KNOWN
from pybird.proto.bgp.wire.messages import frame
from pybird.values.net import Prefix
from tests.scenarios.line import KEEPALIVE, Line, capabilities, hello, update

NET = Prefix.parse("20.0.1.0/24").key
NET6 = "2001:db8::/32"

EXTERNAL, INTERNAL, NARROW = "external", "internal", "2-octet"  # the kind of neighbor
ANY = (EXTERNAL, INTERNAL)


def attribute(flags, code, value):
    octets = bytes.fromhex(value)
    return bytes((flags, code, len(octets))) + octets


def a(text):
    """Attributes as `flags code value`, in hex, one after another, separated by commas."""
    out = b""
    for item in text.split(","):
        head = item.split()
        out += attribute(int(head[0], 16), int(head[1]), "".join(head[2:]))
    return out


ORIGIN = a("40 1 00")
HOP = a("40 3 0a000002")
PATHS = {
    EXTERNAL: a("40 2 0201 0000fdea"),
    INTERNAL: b"\x40\x02\x00" + a("40 5 00000064"),
    NARROW: a("40 2 0201 fdea"),
}
HIGH = "malformed value of {} octets".format


@cache
def line(kind):
    return Line(asn=65001 if kind == INTERNAL else 65002)


class Session:
    """A new session of the talkative neighbor, with a good route."""

    def __init__(self, kind):
        self.line = line(kind)
        self.path = PATHS[kind]
        asn = 65001 if kind == INTERNAL else 65002
        self.line.dial()
        self.line.say(hello(asn, offers=capabilities(asn, as4=kind != NARROW)) + KEEPALIVE, 0.1)
        self.line.say(update(ORIGIN + self.path + HOP), 0.1)
        assert self.line.state() == "Established"
        assert self.route is not None
        self.logged = len(self.line.lab.log)

    @property
    def route(self):
        """The view of the network's attributes; None: it has no route."""
        best = self.line.router.tables["master4"].best(NET)
        return None if best is None else self.line.router.pool.view(best.attrs)

    def log(self):
        return [line.text for line in self.line.lab.log[self.logged :] if line.level == "remote"]

    def end(self):
        """Leave nothing behind."""
        self.line.talker.stream.close()
        self.line.lab.run(1)
        self.line.lab.run(self.line.peer.error_wait.left(self.line.lab.clock.now()) + 1)
        self.line.peer.error_wait.clear()
        self.line.check_others()


# (rule, neighbors, attributes instead of or besides the usual ones, action, in the log)
# an attribute of the usual three that a row has is left out of the usual ones
WITHDRAWN = "withdrawn"
ROWS = [
    # ---- RFC 7606, section 3
    ("3(c) ORIGIN optional", ANY, "80 1 00", WITHDRAWN, "bgp_origin: attribute flags 0x80"),
    ("3(c) ORIGIN not transitive", ANY, "00 1 00", WITHDRAWN, "bgp_origin: attribute flags 0x00"),
    ("3(c) MED transitive", ANY, "c0 4 00000001", WITHDRAWN, "bgp_med: attribute flags 0xc0"),
    ("3(c) COMMUNITIES well-known", ANY, "40 8 fdea0001", WITHDRAWN, "bgp_community: attribute flags 0x40"),
    ("3(c) Partial bit on MED", ANY, "a0 4 00000001", "bgp_med", None),
    ("3(c) lower bits of the flags", ANY, "4f 1 00", "bgp_origin", None),
    ("3(d) no ORIGIN", ANY, "-1", WITHDRAWN, "bgp_origin is missing"),
    ("3(d) no AS_PATH", ANY, "-2", WITHDRAWN, "bgp_path is missing"),
    ("3(d) no NEXT_HOP", ANY, "-3", WITHDRAWN, "bgp_next_hop is missing"),
    ("3(g) ORIGIN twice", ANY, "40 1 00, 40 1 02", "bgp_origin", "bgp_origin appears more than once"),
    ("3(g) unknown twice", ANY, "c0 99 01, c0 99 02", "bgp_unknown_0x63", "attribute 99 appears more than"),
    ("3(g) the second is malformed", ANY, "80 4 00000001, 80 4 00", "bgp_med", "bgp_med appears more than"),
    ("3(h) the strongest action", ANY, "c0 7 00, 80 4 00", WITHDRAWN, f"bgp_med: {HIGH(1)}"),
    # ---- section 4: lengths that do not fit
    ("4 overrun", ANY, "raw 800409000000", WITHDRAWN, "attribute exceeds the attribute list"),
    ("4 underrun by one", ANY, "raw 80", WITHDRAWN, "attribute exceeds the attribute list"),
    ("4 underrun by two", ANY, "raw 8004", WITHDRAWN, "attribute exceeds the attribute list"),
    ("4 half an extended length", ANY, "raw 900400", WITHDRAWN, "attribute exceeds the attribute list"),
    ("4 empty AS_PATH", (INTERNAL,), "40 2", "bgp_path", None),
    # ---- section 7, by attribute
    ("7.1 ORIGIN of no octet", ANY, "40 1", WITHDRAWN, f"bgp_origin: {HIGH(0)}"),
    ("7.1 ORIGIN of two", ANY, "40 1 0000", WITHDRAWN, f"bgp_origin: {HIGH(2)}"),
    ("7.1 ORIGIN 3", ANY, "40 1 03", WITHDRAWN, "bgp_origin: 3 is no origin"),
    ("7.2 unknown segment", ANY, "40 2 0501 0000fdea", WITHDRAWN, f"bgp_path: {HIGH(6)}"),
    ("7.2 segment overrun", ANY, "40 2 0202 0000fdea", WITHDRAWN, f"bgp_path: {HIGH(6)}"),
    ("7.2 segment underrun", ANY, "40 2 0201 0000fdea 02", WITHDRAWN, f"bgp_path: {HIGH(7)}"),
    ("7.2 empty segment", ANY, "40 2 0200", WITHDRAWN, f"bgp_path: {HIGH(2)}"),
    ("5065/5 confederation", ANY, "40 2 0301 0000fdea", WITHDRAWN, "confederation segment in the path"),
    ("7607 AS 0", ANY, "40 2 0202 0000fdea 00000000", WITHDRAWN, "AS 0 in the path"),
    ("7.3 NEXT_HOP of three", ANY, "40 3 0a0000", WITHDRAWN, f"bgp_next_hop: {HIGH(3)}"),
    ("7.3 NEXT_HOP of five", ANY, "40 3 0a00000200", WITHDRAWN, f"bgp_next_hop: {HIGH(5)}"),
    (
        "4271/6.3 NEXT_HOP multicast",
        ANY,
        "40 3 e0000001",
        WITHDRAWN,
        "next hop 224.0.0.1 is no address of a host",
    ),
    ("7.4 MED of three", ANY, "80 4 000001", WITHDRAWN, f"bgp_med: {HIGH(3)}"),
    ("7.5 LOCAL_PREF from outside", (EXTERNAL,), "40 5 000000ff", "bgp_local_pref 100", None),
    ("7.5 LOCAL_PREF of three", (EXTERNAL,), "40 5 000001", "bgp_local_pref 100", None),
    ("7.5 LOCAL_PREF of three", (INTERNAL,), "40 5 000001", WITHDRAWN, f"bgp_local_pref: {HIGH(3)}"),
    ("7.6 ATOMIC_AGGREGATE", ANY, "40 6 00", "no bgp_atomic_aggr", f"bgp_atomic_aggr: {HIGH(1)}"),
    ("7.7 AGGREGATOR of six", ANY, "c0 7 fdea0a000001", "no bgp_aggregator", f"bgp_aggregator: {HIGH(6)}"),
    ("7.7 AGGREGATOR of eight", (NARROW,), "c0 7 0000fdea0a000001", "no bgp_aggregator", HIGH(8)),
    ("7607 AGGREGATOR of AS 0", ANY, "c0 7 00000000 0a000001", "no bgp_aggregator", "bgp_aggregator: AS 0"),
    ("7.8 COMMUNITIES of five", ANY, "c0 8 0000000000", WITHDRAWN, f"bgp_community: {HIGH(5)}"),
    ("7.8 COMMUNITIES of none", ANY, "c0 8", WITHDRAWN, f"bgp_community: {HIGH(0)}"),
    ("7.9 ORIGINATOR_ID from outside", (EXTERNAL,), "80 9 0a000001", "no bgp_originator_id", None),
    ("7.9 ORIGINATOR_ID of three", (EXTERNAL,), "80 9 0a0000", "no bgp_originator_id", None),
    ("7.9 ORIGINATOR_ID of three", (INTERNAL,), "80 9 0a0000", WITHDRAWN, f"bgp_originator_id: {HIGH(3)}"),
    ("7.10 CLUSTER_LIST from outside", (EXTERNAL,), "80 10 0a000001", "no bgp_cluster_list", None),
    ("7.10 CLUSTER_LIST of three", (EXTERNAL,), "80 10 0a0000", "no bgp_cluster_list", None),
    ("7.10 CLUSTER_LIST of three", (INTERNAL,), "80 10 0a0000", WITHDRAWN, f"bgp_cluster_list: {HIGH(3)}"),
    ("7.10 CLUSTER_LIST of none", (INTERNAL,), "80 10", WITHDRAWN, f"bgp_cluster_list: {HIGH(0)}"),
    ("7.14 EXTENDED_COMMUNITIES", ANY, "c0 16 00020000", WITHDRAWN, f"bgp_ext_community: {HIGH(4)}"),
    ("7.14 EXTENDED_COMMUNITIES of none", ANY, "c0 16", WITHDRAWN, f"bgp_ext_community: {HIGH(0)}"),
    ("7.15 IPv6 extended", ANY, "c0 25 00020000", WITHDRAWN, f"bgp_unknown_0x19: {HIGH(4)}"),
    ("7.15 IPv6 extended of none", ANY, "c0 25", WITHDRAWN, f"bgp_unknown_0x19: {HIGH(0)}"),
    # ---- attributes of later documents
    ("8092/6 LARGE_COMMUNITIES", ANY, "c0 32 0000000000000000", WITHDRAWN, f"bgp_large_community: {HIGH(8)}"),
    ("8092/6 LARGE_COMMUNITIES of none", ANY, "c0 32", WITHDRAWN, f"bgp_large_community: {HIGH(0)}"),
    ("6793/6 AS4_PATH", (NARROW,), "c0 17 0202 0000fdea", "bgp_path 65002", f"as4_path: {HIGH(6)}"),
    ("6793/6 AS4_PATH with flags", (NARROW,), "80 17 0201 00010000", "bgp_path 65002", "as4_path"),
    ("6793/6 AS4_PATH of a new speaker", ANY, "c0 17 0201 00010000", "bgp_path", None),
    ("6793/6 AS4_AGGREGATOR", (NARROW,), "c0 18 0000fdea", "no bgp_aggregator", f"as4_aggregator: {HIGH(4)}"),
    ("6793/6 AS4_AGGREGATOR of a new speaker", ANY, "c0 18 0000fdea0a000001", "no bgp_aggregator", None),
    ("7311/3.4 AIGP from outside", (EXTERNAL,), "80 26 01000b0000000000000005", "no bgp_aigp", None),
    (
        "7311/3.2 AIGP of a wrong length",
        (INTERNAL,),
        "80 26 0100050000",
        "no bgp_aigp",
        f"bgp_aigp: {HIGH(5)}",
    ),
    ("7311/3.2 AIGP overrun", (INTERNAL,), "80 26 01000b00", "no bgp_aigp", f"bgp_aigp: {HIGH(4)}"),
    ("7311/3.2 AIGP twice in one", (INTERNAL,), "80 26" + 2 * " 01000b0000000000000005", "bgp_aigp", None),
    ("6514/5 PMSI tunnel", ANY, "c0 22 00000000", WITHDRAWN, f"bgp_pmsi_tunnel: {HIGH(4)}"),
    ("6514/5 PMSI tunnel to nobody", ANY, "c0 22 00060006400a0000", WITHDRAWN, f"bgp_pmsi_tunnel: {HIGH(8)}"),
    ("9234/5 OTC", ANY, "c0 35 0000fd", WITHDRAWN, f"bgp_otc: {HIGH(3)}"),
    # ---- unknown ones (RFC 4271, 5 and 6.3); ATTR_SET (RFC 6368) is one of them
    ("unknown well-known", ANY, "40 99 01", WITHDRAWN, "unknown well-known attribute 99"),
    ("unknown optional transitive", ANY, "c0 99 01", "bgp_unknown_0x63", None),
    ("unknown optional", ANY, "80 99 01", "no bgp_unknown_0x63", None),
    ("ATTR_SET", ANY, "c0 128 0000fdea", "bgp_unknown_0x80", None),
    ("nothing wrong", (EXTERNAL, INTERNAL, NARROW), "40 1 00", "bgp_origin", None),
]


def attributes(text, usual):
    """The usual attributes with those of a row."""
    if text.startswith("raw "):
        return b"".join(usual.values()) + bytes.fromhex(text[4:])
    if text.startswith("-"):
        return b"".join(value for code, value in usual.items() if code != int(text[1:]))
    codes = {int(item.split()[1]) for item in text.split(",")}
    return b"".join(value for code, value in usual.items() if code not in codes) + a(text)


def usual(kind):
    found = {1: ORIGIN, 2: PATHS[kind][: 3 + PATHS[kind][2]], 3: HOP}
    if kind == INTERNAL:
        found[5] = a("40 5 00000064")
    return found


CASES = [(*row[:1], kind, *row[2:]) for row in ROWS for kind in row[1]]


@pytest.mark.parametrize(
    ("kind", "text", "action", "logged"),
    [case[1:] for case in CASES],
    ids=[f"{case[0]}, {case[1]}" for case in CASES],
)
def test_what_becomes_of_a_route(kind, text, action, logged):
    session = Session(kind)
    octets = update(attributes(text, usual(kind)))
    before = session.line.peer.offence()
    session.line.say(octets, 0.1)
    assert session.line.state() == "Established"
    route = session.route
    if action == WITHDRAWN:
        assert route is None
    else:
        words = action.split()
        assert route is not None
        if words[0] == "no":
            assert words[1] not in route
        else:
            assert words[0] in route
            assert words[1:] in ([], [str(route[words[0]])])
    found = session.log()
    if logged is None:
        assert found == []
    else:
        what = "Malformed UPDATE, 20.0.1.0/24 withdrawn: " if action == WITHDRAWN else "Attribute discarded: "
        assert len(found) >= 1
        assert found[-1].startswith(f"x: {what}"), found
        assert logged in found[-1], found
    kept = session.line.peer.offence()
    if logged is None:
        assert kept is before
    else:
        assert kept is not None
        assert (kept.octets, kept.length) == (octets, len(octets))
        assert kept.action == ("routes withdrawn" if action == WITHDRAWN else "attribute discarded")
        assert logged in kept.reason
    session.end()


# --------------------------------------------- networks, in both their places


def reach(next_hop="20010db8" + "00" * 11 + "02", nets="2020010db8", flags=0x80, family="000201"):
    """MP_REACH_NLRI."""
    size = f"{len(next_hop) // 2:02x}"
    return attribute(flags, 14, family + size + next_hop + "00" + nets)


def unreach(nets="2020010db8", flags=0x80):
    """MP_UNREACH_NLRI."""
    return attribute(flags, 15, "000201" + nets)


def mp(octets, nets=b"", withdrawn=b""):
    """An UPDATE with ORIGIN, AS_PATH and these attributes."""
    return update(octets + ORIGIN + PATHS[EXTERNAL], nets, withdrawn)


RESETS = [
    ("3(a) withdrawn routes beyond the message", b"\x00\x09\0\0", (3, 1)),
    ("3(a) attributes beyond the message", b"\x00\x00\x00\x09\0", (3, 1)),
    ("3(g) MP_REACH twice", mp(reach() + reach()), (3, 1)),
    ("3(g) MP_UNREACH twice", update(unreach() + unreach(), b""), (3, 1)),
    ("5.2 an error that withdraws, and no network", update(a("40 1 03"), b""), (3, 1)),
    ("5.2 an error beside withdrawn networks", update(unreach() + a("40 1 03"), b""), (3, 1)),
    ("5.2 an error beside an empty MP_REACH", mp(reach(nets="") + a("80 4 00")), (3, 1)),
    ("5.3 a network of 33 bits", update(ORIGIN + PATHS[EXTERNAL] + HOP, b"\x21\x14\0\0\0\0"), (3, 10)),
    ("5.3 a network that is cut", update(ORIGIN + PATHS[EXTERNAL] + HOP, b"\x18\x14\0"), (3, 10)),
    ("5.3 a withdrawn network of 33 bits", update(b"", b"", b"\x21\x14\0\0\0\0"), (3, 10)),
    ("5.3 a withdrawn network that is cut", update(b"", b"", b"\x18\x14\0"), (3, 10)),
    ("5.3 a network of 129 bits", mp(reach(nets="81" + "20" * 17)), (3, 10)),
    ("5.3 an IPv6 network that is cut", mp(reach(nets="2020010d")), (3, 10)),
    ("5.3 a withdrawn IPv6 network that is cut", update(unreach("2020010d"), b""), (3, 10)),
    ("7.11 MP_REACH of four octets", mp(attribute(0x80, 14, "00020100")), (3, 9)),
    ("7.11 next hop of 15 octets", mp(reach("20010db8" + "00" * 11)), (3, 9)),
    ("7.11 next hop beyond the attribute", mp(attribute(0x80, 14, "0002011020010db8")), (3, 9)),
    ("7.12 MP_UNREACH of two octets", update(attribute(0x80, 15, "0002"), b""), (3, 9)),
]


@pytest.mark.parametrize(("octets", "answer"), [row[1:] for row in RESETS], ids=[row[0] for row in RESETS])
def test_what_resets_the_session(octets, answer):
    session = Session(EXTERNAL)
    if not octets.startswith(b"\xff"):
        octets = frame(2, octets)
    session.line.say(octets, 0.1)
    code, subcode, data = session.line.notification()
    assert (code, subcode) == answer
    peer = session.line.peer
    assert session.log() == [f"x: Error: {peer.cause or peer.last_error.removeprefix('BGP Error: ')}"]
    assert session.route is None
    kept = peer.offence()
    assert kept is not None
    assert (kept.action, kept.octets) == ("session reset", octets)
    if answer == (3, 9):
        assert octets.endswith(data[4:]) or data[4:] in octets, "the attribute is the data (RFC 4271, 6.3)"
    session.end()


STAYS = [
    ("MP_REACH", mp(reach()), True, None),
    ("3(c) MP_REACH transitive", mp(reach(flags=0xC0)), False, "MP attribute flags 0xc0"),
    ("3(c) MP_UNREACH transitive", mp(unreach("30" + "20" * 6, 0xC0) + reach()), False, "MP attribute flags"),
    ("4 overrun behind MP_REACH", mp(reach() + b"\x80\x04\x09"), False, "an attribute exceeds the attribute"),
    ("5.2 a discarded error, and no network", mp(a("c0 7 00")), True, "bgp_aggregator: malformed value"),
    ("7.11 next hop ::", mp(reach("00" * 16)), False, "next hop :: is no address of a host"),
    ("7.11 next hop multicast", mp(reach("ff02" + "00" * 14)), False, "is no address of a host"),
    ("no ORIGIN", update(reach() + PATHS[EXTERNAL], b""), False, "bgp_origin is missing"),
    (
        "a family that is not negotiated",
        mp(reach("0a000002", "00", family="001946")),
        True,
        "Unexpected AF <25/70> in UPDATE",
    ),
    ("MP_UNREACH", update(unreach(), b""), False, None),
    ("another network withdrawn", update(unreach("2020010db9"), b""), True, None),
    ("End-of-RIB", update(unreach(""), b""), True, None),
]


@pytest.mark.parametrize(("octets", "stays", "logged"), [r[1:] for r in STAYS], ids=[r[0] for r in STAYS])
def test_what_becomes_of_a_route_in_mp_reach(octets, stays, logged):
    session = Session(EXTERNAL)
    session.line.say(mp(reach()), 0.1)
    assert session.line.lab.nets("a", "master6") == [NET6]
    session.line.say(octets, 0.1)
    assert session.line.state() == "Established"
    assert session.line.lab.nets("a", "master6") == ([NET6] if stays else [])
    assert session.route is not None, "the other family's network"
    assert [logged in text for text in session.log()] == ([] if logged is None else [True])
    session.end()


def test_an_error_of_one_kind_is_logged_once_in_a_session_and_kinds_are_bounded():
    session = Session(EXTERNAL)
    for _ in range(3):
        session.line.say(update(ORIGIN + PATHS[EXTERNAL] + HOP + a("80 4 01")), 0.1)
    assert len(session.log()) == 1
    for code in range(100, 160):
        session.line.say(update(ORIGIN + PATHS[EXTERNAL] + HOP + attribute(0x40, code, "")), 0.1)
    assert len(session.log()) == MAX_LOGGED + 1
    assert session.log()[-1] == "x: More errors of other kinds in UPDATEs, they are not logged"
    session.end()


def test_a_loop_is_no_error():
    session = Session(EXTERNAL)
    session.line.say(update(ORIGIN + a("40 2 0202 0000fdea 0000fde9") + HOP), 0.1)
    assert session.route is None
    assert session.log() == ["x: Refused 20.0.1.0/24: own AS in the path"]
    session.end()


def test_every_attribute_that_we_understand_has_rows():
    parts = [part.split() for _, _, text, *_ in ROWS for part in text.split(",")]
    codes = {int(part[1]) for part in parts if len(part) > 1 and part[0] != "raw"}
    assert KNOWN.keys() - codes == set()
