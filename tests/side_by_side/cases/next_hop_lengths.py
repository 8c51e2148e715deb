"""Next hops in MP_REACH of every length, in every family: sessions, and what becomes of the route.

RFC 2545, RFC 4364, 4.3.2, RFC 4659, 3.2.1, RFC 4760, 3; RFC 8950, 3 is not negotiated.
"""

from collections.abc import Callable
from typing import Any

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, case
from tests.side_by_side.wire import IPV4, IPV6, LABELED, MULTICAST, UNICAST, VPN_LABELED, VPN_MULTICAST

FAMILIES = {
    "ipv4": (IPV4, UNICAST, "10.8.0.0/16"),
    "ipv6": (IPV6, UNICAST, "2001:db8:8::/48"),
    "ipv4 multicast": (IPV4, MULTICAST, "10.8.0.0/16"),
    "ipv6 multicast": (IPV6, MULTICAST, "2001:db8:8::/48"),
    "ipv4 mpls": (IPV4, LABELED, "10.8.0.0/16 mpls 100"),
    "ipv6 mpls": (IPV6, LABELED, "2001:db8:8::/48 mpls 100"),
    "vpn4 multicast": (IPV4, VPN_MULTICAST, "65001:1 10.8.0.0/16"),
    "vpn6 multicast": (IPV6, VPN_MULTICAST, "65001:1 2001:db8:8::/48"),
    "vpn4 mpls": (IPV4, VPN_LABELED, "65001:1 10.8.0.0/16 mpls 100"),
    "vpn6 mpls": (IPV6, VPN_LABELED, "65001:1 2001:db8:8::/48 mpls 100"),
}
GLOBAL, LOCAL, ZERO = wire.packed("2001:db8:a::2"), wire.packed("fe80::2"), bytes(8)
HOPS = {
    "0": b"",
    "4": wire.packed("10.0.0.2"),
    "5": wire.packed("10.0.0.2") + b"\0",
    "8": wire.packed("10.0.0.2") * 2,
    "12": ZERO + wire.packed("10.0.0.2"),
    "16": GLOBAL,
    "16, link-local": LOCAL,
    "24": ZERO + GLOBAL,
    "24, link-local": ZERO + LOCAL,
    "32": GLOBAL + LOCAL,
    "32, link-local twice": LOCAL + LOCAL,
    "48": ZERO + GLOBAL + ZERO + LOCAL,
    "48, link-local twice": (ZERO + LOCAL) * 2,
}


def _lengths(family: str) -> Callable[[Side], dict[str, Any]]:
    afi, safi, net = FAMILIES[family]

    def lengths(side: Side) -> dict[str, Any]:
        channel = f"{family} {{ table t; import all; export none; }};"
        numbers = range(2, 2 + len(HOPS))
        side.start(
            f"{family.split()[0]} table t;\n" + "".join(_speaker(number, channel) for number in numbers)
        )
        sessions = []
        for number, hop in zip(numbers, HOPS.values(), strict=True):
            (session,) = side.connect(number, capabilities=_capabilities(65000 + number, afi, safi))
            value = afi.to_bytes(2) + bytes((safi, len(hop))) + hop + b"\0" + wire.prefix_octets(net, safi)
            attributes = wire.Attributes(path=(session.asn,)).octets()
            session.send(wire.update(attributes + wire.attribute(14, value)))
            sessions.append(session)
        side.settle()
        seen: dict[str, Any] = {}
        for length, session in zip(HOPS, sessions, strict=True):
            routes = side.routes(f"table t protocol p{session.number}").values()
            shown = [one.get("BGP.next_hop") for each in routes for one in each]
            seen[length] = [[code.split()[0] for code in session.codes()], shown]
        return seen

    return lengths


for _family in FAMILIES:
    case(name=f"next_hop_lengths_{_family.replace(' ', '_')}", long=True)(_lengths(_family))


def _speaker(number: int, channel: str) -> str:
    text = bgp(number, options=channel)
    return text[: text.rindex(" ipv4 {")] + " }\n"


def _capabilities(asn: int, afi: int, safi: int) -> bytes:
    return wire.multiprotocol(afi, safi) + wire.capability(2) + wire.four_octets(asn)
