"""A whole router with one healthy neighbor and one that says exactly what it is told."""

from pybird.proto.bgp.wire.capabilities import Capabilities
from pybird.proto.bgp.wire.messages import Framer, Keepalive, Notification, Open, Update
from pybird.values.address import Address
from tests.scenarios.lab import Lab, boot
from tests.sim.peers import Program

TEXT = """
router id 10.0.0.%(id)d;
protocol device { }
protocol bgp x { local 10.0.0.1 as 65001; neighbor 10.0.0.2 as %(asn)d; ipv4 { import all; export all; };
  ipv6 { import all; export all; }; hold time 6; direct; %(options)s }
protocol bgp good { local 10.0.0.1 as 65001; neighbor 10.0.0.3 as 65003; ipv4 { import all; export all; }; }
"""
GOOD = """
router id 10.0.0.3;
protocol device { }
protocol static { ipv4; route 10.3.0.0/16 blackhole; }
protocol bgp a { local 10.0.0.3 as 65003; neighbor 10.0.0.1 as 65001; ipv4 { import all; export all; }; }
"""
ROUTER = Address.parse("10.0.0.1")
KEEPALIVE = Keepalive().encode()


def capabilities(asn=65002, as4=True, multiprotocol=((1, 1), (2, 1)), **others):
    return Capabilities(multiprotocol=multiprotocol, as4=asn if as4 else None, **others)


def hello(asn=65002, hold=6, router_id=2, offers=None):
    return Open(asn, hold, router_id, capabilities(asn) if offers is None else offers).encode()


def update(attributes, nets=b"\x18\x14\x00\x01", withdrawn=b""):
    """An UPDATE, by default for 20.0.1.0/24."""
    return Update(withdrawn, attributes, nets).encode()


UP = hello() + KEEPALIVE


def messages(octets):
    """What was sent, as messages."""
    framer = Framer()
    framer.max_length = 65535
    framer.receive(octets)
    found = []
    while (message := framer.next()) is not None:
        found.append(message)
    return found


class Line:
    """Router `a` with its healthy neighbor `c` and the talkative one, whose machine is `x`."""

    def __init__(self, options="passive;", asn=65002, own_id=1, listens=False, dials=True, text=TEXT):
        lab = self.lab = Lab(dad=None)
        lab.boot = lambda ports, text: (
            Program(ports, text) if text in ("mute", "listen") else boot(ports, text)
        )
        text = text % {"options": options, "asn": asn, "id": own_id}
        for name, program in (("a", text), ("x", "listen" if listens else "mute"), ("c", GOOD)):
            lab.router(name, program)
        lab.segment("lan", *((name, "eth0") for name in "axc"))
        for last, name in enumerate("axc", 1):
            lab.nodes[name].host.add_address("eth0", f"10.0.0.{last}/24")
            lab.nodes[name].host.add_address("eth0", f"2001:db8::{last}/64")
        lab.expect(lambda: self.state("good") == "Established", 30, "the healthy session is up")
        self.since = self.router.protocols["good"].since
        self.talker = None
        if dials:
            self.dial()

    @property
    def router(self):
        return self.lab.nodes["a"].router

    @property
    def program(self):
        return self.lab.nodes["x"].router

    @property
    def peer(self):
        return self.router.protocols["x"]

    def dial(self):
        """Connect; a connection that was there before is left as it is."""
        self.talker = self.program.call(ROUTER)
        self.lab.run(0.1)
        return self.talker

    def state(self, name="x"):
        return self.router.protocols[name].info().strip()

    def say(self, octets, seconds=1.0, talker=None):
        (talker or self.talker).stream.write(octets)
        self.lab.run(seconds)

    def notification(self, talker=None):
        """The NOTIFICATION that came, as (code, subcode, data)."""
        for message in messages((talker or self.talker).data):
            if isinstance(message, Notification):
                return message.code, message.subcode, message.data
        return None

    def check_others(self):
        """The healthy session has noticed nothing, and no code failed."""
        assert self.router.protocols["good"].since == self.since
        assert self.state("good") == "Established"
        assert "10.3.0.0/16" in self.lab.nets("a", "master4")
        assert not [line for line in self.lab.log if line.level == "bug"]
