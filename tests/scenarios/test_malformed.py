"""What a broken BGP neighbour sends: the right NOTIFICATION, and the other sessions do not notice."""

import pytest

from pybird.proto.bgp.capabilities import Capabilities
from pybird.proto.bgp.messages import MARKER, Framer, Keepalive, Notification, Open, Update, frame
from pybird.values.address import Address
from tests.scenarios.lab import Lab, boot
from tests.sim.peers import Program

TEXT = """
router id 10.0.0.1;
protocol device { }
protocol bgp x { local 10.0.0.1 as 65001; neighbor 10.0.0.2 as 65002; ipv4 { import all; export all; };
  hold time 6; passive; }
protocol bgp good { local 10.0.0.1 as 65001; neighbor 10.0.0.3 as 65003; ipv4 { import all; export all; }; }
"""
GOOD = """
router id 10.0.0.3;
protocol device { }
protocol static { ipv4; route 10.3.0.0/16 blackhole; }
protocol bgp a { local 10.0.0.3 as 65003; neighbor 10.0.0.1 as 65001; ipv4 { import all; export all; }; }
"""
IPV4 = Capabilities(multiprotocol=((1, 1),), as4=65002)
ORIGIN = b"\x40\x01\x01\x00"
PATH = b"\x40\x02\x06\x02\x01\x00\x00\xfd\xea"
HOP = b"\x40\x03\x04\x0a\x00\x00\x02"
NET = b"\x18\x14\x00\x01"  # 20.0.1.0/24


def hello(asn=65002, hold=6, router_id=2, capabilities=IPV4):
    return Open(asn, hold, router_id, capabilities).encode()


def patched(octets, at, value):
    return octets[:at] + bytes((value,)) + octets[at + 1 :]


def update(attributes, nets=NET):
    return Update(b"", attributes, nets).encode()


KEEPALIVE = Keepalive().encode()
UP = hello() + KEEPALIVE


class Line:
    """A router with one healthy neighbour and one that says what it is told."""

    def __init__(self):
        self.lab = Lab(dad=None)
        self.lab.boot = lambda ports, text: Program(ports, text) if text == "mute" else boot(ports, text)
        for name, text in (("a", TEXT), ("x", "mute"), ("c", GOOD)):
            self.lab.router(name, text)
        self.lab.segment("lan", *((name, "eth0") for name in "axc"))
        for last, name in enumerate("axc", 1):
            self.lab.nodes[name].host.add_address("eth0", f"10.0.0.{last}/24")
        self.lab.expect(lambda: self.state("good") == "Established", 30, "the healthy session is up")
        self.since = self.lab.nodes["a"].router.protocols["good"].since
        self.talker = self.lab.nodes["x"].router.call(Address.parse("10.0.0.1"))
        self.lab.run(0.1)

    def state(self, name):
        return self.lab.nodes["a"].router.protocols[name].info().strip()

    def say(self, octets, seconds=1.0):
        self.talker.stream.write(octets)
        self.lab.run(seconds)

    def notification(self):
        """The NOTIFICATION that came, as (code, subcode, data)."""
        framer = Framer()
        framer.receive(self.talker.data)
        while (message := framer.next()) is not None:
            if isinstance(message, Notification):
                return message.code, message.subcode, message.data
        return None

    def check_others(self):
        router = self.lab.nodes["a"].router
        assert router.protocols["good"].since == self.since
        assert "10.3.0.0/16" in self.lab.nets("a", "master4")
        assert not [line for line in self.lab.log if line.level == "bug"]


ENDS = [
    ("bad marker", patched(KEEPALIVE, 3, 0), (1, 1)),
    ("length 18", MARKER + b"\0\x12\x04", (1, 2)),
    ("length 5000", MARKER + b"\x13\x88\x02", (1, 2)),
    ("keepalive with a body", frame(4, b"x"), (1, 2)),
    ("type 9", frame(9, b""), (1, 3)),
    ("version 3", patched(hello(), 19, 3), (2, 1)),
    ("wrong AS", hello(asn=65009, capabilities=Capabilities(multiprotocol=((1, 1),), as4=65009)), (2, 2)),
    ("router id 0", hello(router_id=0), (2, 3)),
    ("hold time 1", hello(hold=1), (2, 6)),
    ("no common family", hello(capabilities=Capabilities(multiprotocol=((25, 70),), as4=65002)), (2, 7)),
    ("UPDATE in OpenSent", update(ORIGIN + PATH + HOP), (5, 1)),
    ("UPDATE in OpenConfirm", hello() + update(ORIGIN + PATH + HOP), (5, 2)),
    ("OPEN in Established", UP + hello(), (5, 3)),
    ("lengths beyond the UPDATE", UP + frame(2, b"\x00\x09\0\0"), (3, 1)),
    ("prefix of 33 bits", UP + update(ORIGIN + PATH + HOP, b"\x21\x14\0\0\0\0"), (3, 10)),
    ("prefix cut off", UP + update(ORIGIN + PATH + HOP, b"\x18\x14"), (3, 10)),
    ("MP_REACH twice", UP + update(2 * b"\x80\x0e\x05\x00\x02\x01\x00\x00"), (3, 1)),
    ("MP_REACH of 2 octets", UP + update(b"\x80\x0e\x02\x00\x01", b""), (3, 9)),
    ("broken attributes without routes", UP + update(b"\x40\x01\x02\x00\x00", b""), (3, 1)),
]


@pytest.mark.parametrize(("octets", "answer"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS])
def test_what_ends_a_session(octets, answer):
    line = Line()
    line.say(octets)
    assert (line.notification() or ())[:2] == answer
    assert line.state("x") != "Established"
    line.lab.run(20)
    line.check_others()


WITHDRAWN = [
    ("ORIGIN 3", b"\x40\x01\x01\x03" + PATH + HOP),
    ("ORIGIN of 2 octets", b"\x40\x01\x02\0\0" + PATH + HOP),
    ("ORIGIN with bad flags", b"\x80\x01\x01\x00" + PATH + HOP),
    ("no ORIGIN", PATH + HOP),
    ("no AS_PATH", ORIGIN + HOP),
    ("no NEXT_HOP", ORIGIN + PATH),
    ("AS_PATH cut off", ORIGIN + b"\x40\x02\x05\x02\x01\x00\x00\xfd" + HOP),
    ("AS_PATH with an empty segment", ORIGIN + b"\x40\x02\x02\x02\x00" + HOP),
    ("NEXT_HOP of 5 octets", ORIGIN + PATH + b"\x40\x03\x05\x0a\0\0\x02\0"),
    ("MED of 3 octets", ORIGIN + PATH + HOP + b"\x80\x04\x03\0\0\0"),
    ("communities of 5 octets", ORIGIN + PATH + HOP + b"\xc0\x08\x05\0\0\0\0\0"),
    ("communities of no octets", ORIGIN + PATH + HOP + b"\xc0\x08\x00"),
    ("extended communities of 4 octets", ORIGIN + PATH + HOP + b"\xc0\x10\x04\0\0\0\0"),
    ("large communities of 8 octets", ORIGIN + PATH + HOP + b"\xc0\x20\x08" + bytes(8)),
    ("an attribute beyond the list", ORIGIN + PATH + HOP + b"\x80\x04\x09\0\0\0"),
]
KEPT = [
    ("nothing wrong", ORIGIN + PATH + HOP),
    ("ATOMIC_AGGREGATE with a value", ORIGIN + PATH + HOP + b"\x40\x06\x01\0"),
    ("AGGREGATOR of 7 octets", ORIGIN + PATH + HOP + b"\xc0\x07\x07" + bytes(7)),
    ("LOCAL_PREF from outside", ORIGIN + PATH + HOP + b"\x40\x05\x03\0\0\0"),
    ("ORIGINATOR_ID from outside", ORIGIN + PATH + HOP + b"\x80\x09\x03\0\0\0"),
    ("CLUSTER_LIST from outside", ORIGIN + PATH + HOP + b"\x80\x0a\x03\0\0\0"),
    ("an attribute twice", ORIGIN + ORIGIN + PATH + HOP),
    ("first AS of somebody else", ORIGIN + b"\x40\x02\x06\x02\x01\x00\x00\xfd\x01" + HOP),
]


def after(attributes):
    """The table after a good route and then this UPDATE for the same network."""
    line = Line()
    line.say(UP)
    assert line.state("x") == "Established"
    line.say(update(ORIGIN + PATH + HOP))
    assert "20.0.1.0/24" in line.lab.nets("a", "master4")
    line.say(update(attributes))
    assert line.state("x") == "Established"
    line.check_others()
    return "20.0.1.0/24" in line.lab.nets("a", "master4")


@pytest.mark.parametrize("attributes", [row[1] for row in WITHDRAWN], ids=[row[0] for row in WITHDRAWN])
def test_what_counts_as_withdrawn(attributes):
    assert not after(attributes)


@pytest.mark.parametrize("attributes", [row[1] for row in KEPT], ids=[row[0] for row in KEPT])
def test_what_is_discarded_or_taken(attributes):
    assert after(attributes)


def test_silence_ends_the_session():
    line = Line()
    line.say(UP, 8)
    assert (line.notification() or ())[:2] == (4, 0)
    line.check_others()
