"""What a neighbor may send: nothing of it disturbs other sessions, and what is passed on is well-formed.

`update`: the body of an UPDATE from an established neighbor; the first octet
says of which kind it is. `stream`: whatever comes over a new connection.
`advertisement`: an ICMPv6 message on a link where two routers have peered; `lldpdu`: an LLDPDU there.
Octets are given as text (`to_octets`), as everything that is fuzzed.
"""

from __future__ import annotations

from typing import Any

from pybird.core.life import ProtocolState
from pybird.proto.bgp.family import named
from pybird.proto.bgp.wire.messages import frame
from pybird.proto.lldp.messages import ETHERTYPE, MOST_ADDRESSES, NEAREST_BRIDGE
from pybird.values.address import Address
from pybird.values.text import to_octets
from tests.scenarios.lab import Lab, boot, pair, unnumbered
from tests.scenarios.line import KEEPALIVE, capabilities, hello
from tests.sim.peers import Program

UPDATE = 2  # RFC 4271, 4.1
ROUTER = Address.parse("10.0.0.1")
# The table of each family that has not master4 or master6 here.
FAMILIES = {
    "ipv4 multicast": "m4", "ipv6 multicast": "m6", "ipv4 mpls": "l4", "ipv6 mpls": "l6",
    "vpn4 multicast": "v4", "vpn6 multicast": "v6", "vpn4 mpls": "w4", "vpn6 mpls": "w6",
    "flow4": "f4", "flow6": "f6", "evpn": "et",
}  # fmt: skip
TABLES = "".join(f"{name.split()[0]} table {table};\n" for name, table in FAMILIES.items())
CHANNELS = "".join(
    f"{name} {{ table {table}; import all; export all; }};\n" for name, table in FAMILIES.items()
)
TEXT = """
router id 10.0.0.1;
{tables}
protocol device {{ }}
protocol bgp x {{ local 10.0.0.1 as 65001; neighbor 10.0.0.2 as {asn}; passive; direct; {options}
  ipv4 {{ import keep filtered; import all; export all; {family} extended next hop; }};
  ipv6 {{ import all; export all; {family} }}; {more} }}
template bgp good {{ local 10.0.0.1 as 65001; direct; ipv4 {{ import all; export all; extended next hop; }};
  ipv6 {{ import all; export all; }}; }}
protocol bgp outer from good {{ neighbor 10.0.0.3 as 65003; {channels} }}
protocol bgp inner from good {{ neighbor 10.0.0.4 as 65001; rr client;
  ipv4 {{ next hop self; }}; }}
protocol bgp narrow from good {{ neighbor 10.0.0.5 as 65005; enable as4 off; }}
"""
RECEIVER = """
router id 10.0.0.{last};
{tables}
protocol device {{ }}
protocol static {{ ipv4; route 10.{last}.0.0/16 blackhole; }}
protocol bgp a {{ local 10.0.0.{last} as {asn}; neighbor 10.0.0.1 as 65001; direct; {options}
  ipv4 {{ import all; export all; extended next hop; }};
  ipv6 {{ import all; export all; }}; {more} }}
"""
RECEIVERS = {
    "outer": RECEIVER.format(last=3, asn=65003, options="", tables=TABLES, more=CHANNELS),
    "inner": RECEIVER.format(last=4, asn=65001, options="", tables="", more=""),
    "narrow": RECEIVER.format(last=5, asn=65005, options="enable as4 off;", tables="", more=""),
}
EVERY_FAMILY = ((1, 1), (2, 1), *(named(name).numbers for name in FAMILIES))
SENDS_PATHS = tuple((*numbers, 2) for numbers in EVERY_FAMILY)  # RFC 7911, 4
# (its AS, how it is configured, its channels, what it offers)
NEIGHBORS: tuple[tuple[int, str, str, dict[str, Any]], ...] = (
    (65002, "", "", {}),
    (65001, "rr client;", "", {}),
    (65002, "", "", {"as4": False}),
    (65002, "rs client; allow local as 1;", "import table;", {}),
    (65002, "enable extended messages; allow as sets off;", "", {"extended_messages": True}),
    (65002, "", "", {"extended_next_hop": ((1, 1, 2),)}),
    (65002, "", "", {"multiprotocol": EVERY_FAMILY}),
    (65002, "", "add paths;", {"multiprotocol": EVERY_FAMILY, "add_path": SENDS_PATHS}),
)
COMPLAINTS = ("remote", "warning", "error", "bug")


class Exchange(Lab):
    """Router `a`, one neighbor `x` that sends what it is told, and three that take what comes of it."""

    def __init__(self, kind: int) -> None:
        super().__init__(dad=None)
        self.asn, options, family, self.offers = NEIGHBORS[kind % len(NEIGHBORS)]
        self.boot = lambda ports, text: Program(ports, text) if text == "mute" else boot(ports, text)
        more = (
            CHANNELS.replace("export all;", f"export all; {family}") if "multiprotocol" in self.offers else ""
        )
        text = TEXT.format(
            asn=self.asn, options=options, family=family, tables=TABLES, channels=CHANNELS, more=more
        )
        self.router("a", text)
        self.router("x", "mute")
        for name, text in RECEIVERS.items():
            self.router(name, text)
        self.segment("lan", *((name, "eth0") for name in self.nodes))
        for last, node in enumerate(self.nodes.values(), 1):
            node.host.add_address("eth0", f"10.0.0.{last}/24")
            node.host.add_address("eth0", f"2001:db8::{last}/64")
        self.expect(lambda: all(map(self.is_up, RECEIVERS)), 30, "the others are up")
        self.run(0.5)
        self.since = {name: self.session(name).since for name in RECEIVERS}
        self.before = {name: self.all_nets(name) for name in self.nodes if name != "x"}
        self.log.clear()
        self.talker = self.nodes["x"].router.call(ROUTER)
        self.run(0.1)

    def session(self, name: str) -> Any:
        """One of a's protocols."""
        return self.nodes["a"].router.protocols[name]

    def is_up(self, name: str) -> bool:
        """Established."""
        return bool(self.session(name).info().strip() == "Established")

    def all_nets(self, name: str) -> list[str]:
        """All networks that this router has."""
        there = self.nodes[name].router.tables
        tables = [table for table in ("master4", "master6", *FAMILIES.values()) if table in there]
        return sorted(f"{table} {net}" for table in tables for net in self.nets(name, table))

    def say(self, octets: bytes) -> None:
        """Let x send this, and the others hear of it."""
        self.talker.stream.write(octets)
        self.run(0.5)

    def check(self) -> None:
        """Nobody but x has noticed; when x is gone, nothing is left of it."""
        self.talker.stream.close()
        self.run(1)
        for line in self.log:
            assert line.level != "bug", line
            assert line.router == "a" or line.level not in COMPLAINTS, line
            assert line.level not in COMPLAINTS or line.text.startswith("x"), line
        for name, since in self.since.items():
            assert self.is_up(name)
            assert self.session(name).since == since, name
        for name, nets in self.before.items():
            assert self.all_nets(name) == nets, name


def update(text: str) -> None:
    """The body of an UPDATE; the first octet chooses who sends it."""
    octets = to_octets(text)
    exchange = Exchange(octets[0] if octets else 0)
    extended = exchange.offers.get("extended_messages", False)
    body = octets[1 : (65535 if extended else 4096) - 18]
    offers = capabilities(exchange.asn, **exchange.offers)
    exchange.say(hello(exchange.asn, hold=90, offers=offers) + KEEPALIVE)
    assert exchange.is_up("x")
    exchange.say(frame(UPDATE, body))
    exchange.check()


def stream(text: str) -> None:
    """Whatever somebody says who has connected from the neighbor's address."""
    octets = to_octets(text)
    exchange = Exchange(octets[0] if octets else 0)
    exchange.say(octets[1:])
    exchange.check()


def advertisement(text: str) -> None:
    """An ICMPv6 message from nobody we know; it may make an entry, and nothing else."""
    lab = pair()
    lab.expect(lab.meshed, 6, "both know each other's routes")
    since = {name: [child.since for child in lab.children(name)] for name in "ab"}
    (segment,) = lab.segments.values()
    lab.forge(segment, to_octets(text)[:1500], "fe80::bad")
    lab.run(2)
    assert not [line for line in lab.log if line.level == "bug"]
    for name, times in since.items():
        known = [child for child in lab.children(name) if "bad" not in str(child.config.remote_address)]
        assert [child.since for child in known] == times
    assert len(lab.entries("a")) <= 2


LISTENS = 'protocol lldp { peers { }; interface "eth*" { transmit; }; }'


def lldpdu(text: str) -> None:
    """An LLDPDU from nobody we know; it may make entries and give names, and nothing else."""
    lab = pair(*(unnumbered(number) + LISTENS for number in (1, 2)))
    lab.expect(lab.meshed, 6, "both know each other's routes")
    since = {name: [child.since for child in lab.children(name)] for name in "ab"}
    (segment,) = lab.segments.values()
    lab.forge_frame(segment, ETHERTYPE, to_octets(text)[:1500], b"\2\0\0\0\x0b\xad", NEAREST_BRIDGE)
    lab.run(2)
    assert not [line for line in lab.log if line.level == "bug"]
    for name, times in since.items():
        known = [child for child in lab.children(name) if child.state is ProtocolState.UP]
        assert [child.since for child in known] == times
    assert len(lab.entries("a")) <= 1 + MOST_ADDRESSES
