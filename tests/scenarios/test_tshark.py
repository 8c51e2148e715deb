"""What we send, as Wireshark reads it: nothing malformed, no expert item of severity warning or error.

The octets are those that routers send to each other on the simulated network, with every
message, capability and family; a capture file is written around them. `UNKNOWN` are the items
that Wireshark has for codes that it does not know, each with a reason.
"""

import shutil
import struct
import subprocess
from ipaddress import IPv6Address
from typing import NamedTuple

import pytest

from pybird.core.router import Router
from pybird.proto.bgp.session.connection import Connection
from pybird.sim.network import SimulatedIcmp6Socket
from tests.scenarios.lab import Lab
from tests.scenarios.test_refused import ask

LINK_RAW = 101  # of a capture whose packets begin with their IP header
WARNING = 0x600000  # and above: Wireshark's severities of warnings and errors
UNKNOWN: dict[str, str] = {}  # text of an expert item: why it is none of ours
ROUTES = """
protocol static four { ipv4; route 198.51.100.0/24 blackhole; route 203.0.113.0/25 blackhole;
  route 10.7.0.0/16 blackhole { bgp_path.prepend(4200000000); bgp_path.prepend(64512); bgp_med = 7;
    bgp_community.add((65001, 1)); bgp_large_community.add((65001, 2, 3)); bgp_origin = ORIGIN_EGP;
    bgp_ext_community.add((rt, 65001, 4)); bgp_ext_community.add((ro, 4200000000, 5)); }; }
protocol static six { ipv6; route 2001:db8:a::/48 blackhole; }
protocol static four_mc { ipv4 { table mc4; }; route 198.51.100.0/24 blackhole; }
protocol static four_labels { ipv4 { table l4; }; route 198.51.100.0/24 blackhole; }
protocol static six_labels { ipv6 { table l6; }; route 2001:db8:a::/48 blackhole; }
protocol static four_vpn { vpn4 { table v4; }; route 65001:1 10.7.0.0/16 blackhole; }
protocol static six_vpn { vpn6 { table v6; }; route 192.0.2.1:1 2001:db8:7::/48 blackhole; }
protocol static four_flow { flow4 { table f4; };
  route flow4 { dst 10.7.0.0/16; src 10.8.0.0/24; proto 6; dport 80..90,443; tcp flags 0x03/0x0f; } {
    bgp_ext_community.add((generic, 0x80060000, 0x47c35000)); }; }
protocol static six_flow { flow6 { table f6; };
  route flow6 { dst 2001:db8:7::/48; next header 17; label 5; fragment !is_fragment; }; }
protocol static six_mc { ipv6 { table mc6; }; route 2001:db8:a::/48 blackhole; }
"""
HEAD = """
router id 192.0.2.%d; hostname "r%d";
ipv4 table mc4; ipv6 table mc6; ipv4 table l4; ipv6 table l6; vpn4 table v4; vpn6 table v6;
flow4 table f4; flow6 table f6; ipv4 table other4; ipv6 table other6;
protocol device { }
"""
CHANNELS = """
  ipv4 { import all; export all; %(four)s }; ipv6 { import all; export all; %(six)s };
"""
MULTICAST = """
  ipv4 multicast { table mc4; import all; export all; };
  ipv6 multicast { table mc6; import all; export all; };
"""
LABELS = """
  ipv4 mpls { table l4; import all; export all; }; ipv6 mpls { table l6; import all; export all; };
  vpn4 mpls { table v4; import all; export all; }; vpn6 mpls { table v6; import all; export all; };
"""
FLOWS = """
  flow4 { table f4; import all; export all; }; flow6 { table f6; import all; export all; };
"""
RESTARTS = "graceful restart on; long lived graceful restart on;"
EVERYTHING = "enable extended messages; enable enhanced route refresh; advertise hostname;"

# name: (options of a, options of b, AS of b, channels' options)
SESSIONS = {
    "external": ("", "", 65002, {}),
    "internal": ("direct; rr client;", "direct;", 65001, {}),
    "every capability": (EVERYTHING + MULTICAST, EVERYTHING + MULTICAST, 65002, {}),
    "labels and VPNs": (LABELS, LABELS, 65002, {}),
    "flow specifications": (FLOWS, FLOWS, 65002, {}),
    "graceful restart": (RESTARTS, RESTARTS, 65002, {}),
    "2-octet AS numbers": ("", "enable as4 no;", 65002, {}),
    "no capabilities": ("", "capabilities no;", 65002, {}),
    "several paths": ("", "", 65002, {"four": "add paths rx;", "six": "add paths rx;"}),
}
NARROW = ("2-octet AS numbers", "no capabilities")


def protocol(number, asn, other, options, more):
    return (
        HEAD % (number, number)
        + (ROUTES if number == 1 else "")
        + f"protocol bgp x {{ local 10.0.0.{number} as {asn}; neighbor 10.0.0.{3 - number} as {other};"
        + options
        + CHANNELS % ({"four": "", "six": ""} | more)
        + "}"
    )


def unnumbered(number):
    return (
        HEAD % (number, number)
        + (ROUTES if number == 1 else "")
        + f"""protocol radv {{ peers {{ }}; interface "eth0" {{ router discovery yes; }}; }}
protocol bgp auto {{ local as {65000 + number}; neighbor range fe80::/10 external; dynamic name "auto";
  peers {{ }}; ipv4 {{ import all; export all; extended next hop; }};
  ipv6 {{ import all; export all; }}; }}"""
    )


class Tap:
    """All that routers send: (sender, receiver's side, octets) of each connection, and each RA or RS."""

    def __init__(self, monkeypatch):
        self.streams = {}  # by the connection's two ports: [(from the caller?, octets)]
        self.icmp = []
        write, send = Connection._write, SimulatedIcmp6Socket.send

        def tapped(connection, data):
            if connection.stream is not None:
                ends = sorted((connection.stream.local[1], connection.stream.remote[1]))
                self.streams.setdefault(tuple(ends), []).append((connection.outgoing, data))
            write(connection, data)

        def tapped_icmp(sock, data, to):
            self.icmp.append((str(to), data))
            send(sock, data, to)

        monkeypatch.setattr(Connection, "_write", tapped)
        monkeypatch.setattr(SimulatedIcmp6Socket, "send", tapped_icmp)

    def capture(self, path):
        """Write a capture file."""
        packets = [self._icmp(to, data) for to, data in self.icmp]
        for port, stream in enumerate(self.streams.values(), 40000):
            packets += tcp(port, stream)
        with path.open("wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, LINK_RAW))
            for number, packet in enumerate(packets):
                out.write(struct.pack("<IIII", 1 + number // 1000, number % 1000, len(packet), len(packet)))
                out.write(packet)

    @staticmethod
    def _icmp(to, data):
        ours, theirs = ipv6("fe80::1"), ipv6(to)
        pseudo = ours + theirs + len(data).to_bytes(4, "big") + bytes((0, 0, 0, 58))
        body = data[:2] + checksum(pseudo + data[:2] + b"\0\0" + data[4:]) + data[4:]
        return struct.pack(">IHBB", 6 << 28, len(body), 58, 255) + ours + theirs + body


def ipv6(text):
    return IPv6Address(text).packed


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return (~total & 0xFFFF).to_bytes(2, "big")


def tcp(port, stream):
    """The packets of a connection to port 179, every segment acknowledged."""
    next_ = {True: 1000, False: 2000}
    packets = []

    def segment(outgoing, flags, data=b""):
        ports = (port, 179) if outgoing else (179, port)
        acknowledged = next_[not outgoing] if flags & 16 else 0
        head = struct.pack(">HHIIBBHHH", *ports, next_[outgoing], acknowledged, 5 << 4, flags, 65535, 0, 0)
        ends = [bytes((10, 0, 0, 1)), bytes((10, 0, 0, 2))]
        ends = ends if outgoing else ends[::-1]
        size = 20 + len(head) + len(data)
        packets.append(struct.pack(">BBHHHBBH", 0x45, 0, size, 0, 0, 1, 6, 0) + b"".join(ends) + head + data)
        next_[outgoing] += len(data) + (flags & 2 == 2)

    segment(True, 2)
    segment(False, 18)
    segment(True, 16)
    for outgoing, data in stream:
        for at in range(0, len(data), 1400):
            segment(outgoing, 24, data[at : at + 1400])
            segment(not outgoing, 16)
    return packets


def complaints(path, *options):
    """What Wireshark complains about: the frame and the texts, but for those in `UNKNOWN`."""
    wanted = f"_ws.malformed || _ws.expert.severity >= {WARNING}"
    found = tshark(path, wanted, "_ws.expert.message", *options)
    return [text for text in found if not any(known in text for known in UNKNOWN)]


def tshark(path, wanted, field, *options):
    """Frame number and a field of the frames that are wanted."""
    command = [
        "tshark",
        "-n",
        "-r",
        str(path),
        "-Y",
        wanted,
        "-T",
        "fields",
        "-e",
        "frame.number",
        "-e",
        field,
    ]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.splitlines()


def live(one, two, unnumbered=False):
    lab = Lab(dad=None)
    for name, text in (("a", one), ("b", two)):
        lab.router(name, text)
    lab.link("a", "eth0", "b", "eth0", ("fe80::a", "fe80::b"))
    for number, name in enumerate("ab", 1):
        if not unnumbered:
            lab.nodes[name].host.add_address("eth0", f"10.0.0.{number}/24")
        lab.nodes[name].host.add_address("eth0", f"2001:db8::{number}/64")
    lab.run(8)
    return lab


@pytest.fixture
def tap(monkeypatch):
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    return Tap(monkeypatch)


class Seat(NamedTuple):
    """Where commands are given."""

    lab: Lab
    router: Router


def act(lab, name="x"):
    """What makes the rest of the messages: refreshes, a withdrawal, a NOTIFICATION with a text."""
    a, b = (Seat(lab, lab.nodes[each].router) for each in "ab")
    for channel in b.router.protocols[name].channels.values():
        b.router.protocols[name].request_refresh(channel)
    lab.run(1)
    ask(a, "disable four")
    lab.run(1)
    assert b.router.protocols[name].info().strip() == "Established"
    ask(b, f'disable {name} "maintenance, back at noon"')
    lab.run(1)


def kinds(path):
    """The types of the BGP messages that are there."""
    found = tshark(path, "bgp", "bgp.type")
    return {kind for line in found for kind in line.split("\t")[1].split(",")}


@pytest.mark.parametrize("name", SESSIONS)
def test_wireshark_has_no_complaint_about_a_session(tap, tmp_path, name):
    ours, theirs, asn, channels = SESSIONS[name]
    act(live(protocol(1, 65001, asn, ours, channels), protocol(2, asn, 65001, theirs, channels)))
    path = tmp_path / "ours.pcap"
    tap.capture(path)
    # by itself Wireshark does not always find out how long AS numbers are
    options = ("-o", "bgp.asn_len:2 octet") if name in NARROW else ()
    assert complaints(path, *options) == []
    assert kinds(path) == {"1", "2", "3", "4"} | set("5" * (name != "no capabilities"))


def test_wireshark_has_no_complaint_about_an_unnumbered_session_and_advertisements(tap, tmp_path):
    act(live(unnumbered(1), unnumbered(2), unnumbered=True), "auto1")
    path = tmp_path / "ours.pcap"
    tap.capture(path)
    assert complaints(path) == []
    advertised = tshark(path, "icmpv6.type == 133 || icmpv6.type == 134", "icmpv6.type")
    assert {line.split("\t")[1] for line in advertised} == {"133", "134"}
    assert tshark(path, "bgp.type == 2", "bgp.type")


def test_wireshark_complains_about_what_is_malformed(tap, tmp_path):
    marker = b"\xff" * 16
    tap.streams[1] = [(True, marker + b"\0\x1b\2\0\0\0\4\x40\1\1\0")]
    tap.streams[2] = [(True, marker + b"\0\x19\2\0\0\0\2\x40\1")]
    path = tmp_path / "bad.pcap"
    tap.capture(path)
    assert len(complaints(path)) == 1
