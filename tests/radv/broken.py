"""Advertisements and Solicitations as somebody wrong or hostile sends them (RFC 4861, 6.1.1, 6.1.2).

Each row is a name, the octets of the ICMPv6 message with a zero checksum, the source, the
destination, the hop limit, and what a router makes of it: `dropped`, `entry` (of an
advertisement), `answered` (of a Solicitation) or `silent` (valid, and means nothing to us).
"""

from typing import NamedTuple

from pybird.proto.radv.messages import (
    Advertisement,
    DnsServers,
    OtherOption,
    PrefixInformation,
    solicitation,
)
from pybird.values.address import Address
from pybird.values.net import Prefix

SOURCE = "fe80::bad"
GOOD = Advertisement(lifetime=1800).encode()
SERVER = Address.parse("2001:db8::53")
MAC = bytes.fromhex("020000000bad")


class Row(NamedTuple):
    name: str
    data: bytes
    outcome: str = "dropped"
    source: str = SOURCE
    destination: str = "ff02::1"
    hop_limit: int = 255


def option(kind, units, body=b""):
    """An option whose length octet says what we say."""
    return bytes((kind, units)) + body


def ra(*options, **fields):
    return Advertisement(lifetime=1800, **fields).encode() + b"".join(options)


ADVERTISEMENTS = [
    Row("hop limit 254", GOOD, hop_limit=254),
    Row("hop limit 1", GOOD, hop_limit=1),
    Row("hop limit 0", GOOD, hop_limit=0),
    Row("global source", GOOD, source="2001:db8::bad"),
    Row("unspecified source", GOOD, source="::"),
    Row("multicast source", GOOD, source="ff02::1"),
    Row("loopback source", GOOD, source="::1"),
    Row("mapped IPv4 source", GOOD, source="::ffff:10.0.0.1"),
    Row("code 1", b"\x86\x01" + GOOD[2:]),
    Row("15 octets", GOOD[:15]),
    Row("4 octets", GOOD[:4]),
    Row("1 octet", GOOD[:1]),
    Row("option of length 0", ra(option(1, 0, bytes(6)))),
    Row("option of length 0 behind a good one", ra(option(5, 1, bytes(6)), option(25, 0))),
    Row("option beyond the packet", ra(option(3, 4, bytes(8)))),
    Row("huge option beyond the packet", ra(option(1, 255, bytes(100)))),
    Row("half an option header", ra(b"\x01")),
    Row("7 octets behind", ra(bytes(7))),
    Row("zeros behind", ra(bytes(64))),
    Row("unknown option of 2040 octets", ra(option(200, 255, bytes(2038))), "entry"),
    Row("a hundred prefixes", ra(*[option(3, 4, bytes(30))] * 100), "entry"),
    Row("prefix of 255 bits", ra(option(3, 4, b"\xff" + bytes(29))), "entry"),
    Row("prefix in one unit", ra(option(3, 1, bytes(6))), "entry"),
    Row("prefix with lifetimes 0",
        ra(PrefixInformation(Prefix.parse("2001:db8::/64"), True, True, 0, 0).encode()), "entry"),
    Row("MTU in two units", ra(option(5, 2, bytes(14))), "entry"),
    Row("MTU 0 and MTU 4 G", ra(option(5, 1, bytes(6)), option(5, 1, b"\0\0" + b"\xff" * 4)), "entry"),
    Row("link-layer address of 252 units", ra(option(1, 252, bytes(2014))), "entry"),
    Row("route of 129 bits", ra(option(24, 3, b"\x81" + bytes(21))), "entry"),
    Row("route of 128 bits in one unit", ra(option(24, 1, b"\x80" + bytes(5))), "entry"),
    Row("route with the reserved preference", ra(option(24, 1, b"\x00\x10" + bytes(4))), "entry"),
    Row("RDNSS without a server", ra(option(25, 1, bytes(6))), "entry"),
    Row("RDNSS with half a server", ra(option(25, 2, bytes(14))), "entry"),
    Row("RDNSS of a multicast server",
        ra(DnsServers((Address.parse("ff02::1"),), 10).encode()), "entry"),
    Row("DNSSL of one unit", ra(option(31, 1, bytes(6))), "entry"),
    Row("DNSSL with a label beyond it", ra(option(31, 2, bytes(6) + b"\x3fabcdefg")), "entry"),
    Row("DNSSL with a pointer", ra(option(31, 2, bytes(6) + b"\xc0\x00abcdef")), "entry"),
    Row("DNSSL without an end", ra(option(31, 2, bytes(6) + b"\x07abcdefg")), "entry"),
    Row("DNSSL with Unicode", ra(option(31, 2, bytes(6) + b"\x05h\xc3\xa9\xc3\xa9\0\0")), "entry"),
    Row("DNSSL with control characters", ra(option(31, 2, bytes(6) + b"\x04\x1b[2J\0\0\0")), "entry"),
    Row("reserved preference and all flags", GOOD[:5] + b"\xff" + GOOD[6:], "entry"),
    Row("all timers at their most", GOOD[:4] + b"\xff\xff\xff\xff" + b"\xff" * 8, "entry"),
    Row("lifetime 0 of somebody unknown", Advertisement(lifetime=0).encode(), "silent"),
    Row("a redirect", b"\x89" + bytes(39)),
    Row("a type that does not exist", b"\xff" + bytes(39)),
]  # fmt: skip

RS = solicitation(MAC)
SOLICITATIONS = [
    Row("RS with hop limit 64", RS, hop_limit=64),
    Row("RS with code 7", b"\x85\x07" + RS[2:]),
    Row("RS of 7 octets", RS[:7]),
    Row("RS of 1 octet", RS[:1]),
    Row("RS with an option of length 0", RS[:8] + option(1, 0, bytes(6))),
    Row("RS with an option beyond the packet", RS[:8] + option(1, 2, bytes(6))),
    Row("RS from :: with a link-layer address", RS, source="::"),
    Row("RS from ::", solicitation(b""), "answered", source="::"),
    Row("RS from a multicast address", RS, source="ff02::bad"),
    Row("RS from a global address", RS, "answered", source="2001:db8::bad"),
    Row("RS with a huge option", RS[:8] + OtherOption(200, bytes(1998)).encode(), "answered"),
    Row("RS to all nodes", RS, "answered"),
]


def rows():
    """All of them; Solicitations go to all routers unless they say otherwise."""
    yield from ADVERTISEMENTS
    for row in SOLICITATIONS:
        yield row if row.name == "RS to all nodes" else row._replace(destination="ff02::2")
