"""Routes of VPNs without labels, `vpn4 multicast` and `vpn6 multicast`: SAFI 129 (RFC 4364, RFC 4659)."""

from typing import Any

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, case
from tests.side_by_side.speaker import Session
from tests.side_by_side.wire import IPV4, IPV6, UNICAST, VPN_MULTICAST

TABLES = """vpn4 table v4;
vpn6 table v6;
protocol static s4 { vpn4 { table v4; }; route 65001:1 10.7.0.0/16 blackhole;
  route 65001:2 10.7.1.0/24 via 10.0.0.3; }
protocol static s6 { vpn6 { table v6; }; route 65001:1 2001:db8:7::/48 blackhole; }
"""
POLICY = "import all; export all;"
BOTH = f"vpn4 multicast {{ table v4; {POLICY} %s }}; vpn6 multicast {{ table v6; {POLICY} }};"
WORDS = "AF announced|IPv6 nexthop|Channel|Table:|BGP Next hop|IGP"
TARGET = bytes.fromhex("0002fde900000064")  # route target 65001:100


def capabilities(asn: int, more: bytes = b"") -> bytes:
    found = b"".join(
        [wire.multiprotocol(afi, safi) for safi in (UNICAST, VPN_MULTICAST) for afi in (IPV4, IPV6)]
    )
    return found + more + wire.capability(2) + wire.four_octets(asn)


def told(session: Session, since: int = 0) -> list[Any]:
    """What the UPDATEs say: family, next hop, networks that came, that went; End-of-RIB has none."""
    bodies = [body for kind, body in session.received[since:] if kind == wire.UPDATE]
    updates = [wire.read_update(body) for body in bodies]
    return sorted(
        [*each.family, each.attributes.get("next_hop", ""), sorted(each.reached), sorted(each.withdrawn)]
        for each in updates
    )


def announce(session: Session, net: str, *hops: str) -> None:
    attributes = wire.Attributes(path=(session.asn,), extended=(TARGET,)).octets()
    session.send(wire.update(attributes + wire.mp_reach([net], hops, VPN_MULTICAST)))


@case(dialect3=True)
def vpn_without_labels(side: Side):
    """What is announced, sent, taken and shown; withdrawals; route targets."""
    side.start(TABLES + bgp(2, options=BOTH % ""))
    (a,) = side.connect(2, capabilities=capabilities(65002))
    side.settle()
    assert a.opening is not None
    seen: dict[str, Any] = {
        "capabilities": [each for each in a.opening.capabilities if each[0] in (1, 5)],
        "told": told(a),
        "details": side.details("p2", WORDS),
    }
    announce(a, "65001:1 10.8.0.0/16", "10.0.0.2")
    announce(a, "65001:2 10.8.0.0/16", "10.0.0.2")
    announce(a, "65001:3 0.0.0.0/0", "10.0.0.2")
    announce(a, "65001:1 2001:db8:8::/48", "2001:db8:a::2")
    announce(a, "65001:1 2001:db8:9::/48", "2001:db8:a::2", "fe80::2")
    side.settle()
    seen |= {"v4": side.routes("table v4"), "v6": side.routes("table v6"), "master4": side.routes()}
    since = len(a.received)
    a.send(wire.refresh(IPV4, safi=VPN_MULTICAST))
    side.settle()
    seen["refreshed"] = [each for each in told(a, since) if each[3]]
    a.send(wire.update(wire.mp_unreach(["65001:1 10.8.0.0/16"], VPN_MULTICAST)))
    a.send(wire.update(wire.mp_unreach(["65001:1 2001:db8:8::/48"], VPN_MULTICAST)))
    side.settle()
    return seen | {"v4 after": side.best("table v4"), "v6 after": side.best("table v6")}


@case()
def vpn_next_hops_of_ipv6(side: Side):
    """RFC 8950 with SAFI 129: as it was negotiated, and as it was not."""
    extended = wire.extended_next_hop(safi=VPN_MULTICAST)
    seen: dict[str, Any] = {}
    for name, option in (("extended", "extended next hop;"), ("plain", "")):
        side.start(TABLES + bgp(2, options=BOTH % option, local="2001:db8:a::1", neighbor="2001:db8:a::2"))
        (a,) = side.connect(2, capabilities=capabilities(65002, extended))
        side.settle()
        assert a.opening is not None
        announce(a, "65001:1 10.8.0.0/16", "2001:db8:a::2")
        announce(a, "65001:2 10.8.0.0/16", "2001:db8:a::2", "fe80::2")
        side.settle()
        seen |= {
            f"{name}: capabilities": [each for each in a.opening.capabilities if each[0] in (1, 5)],
            f"{name}: told": told(a),
            f"{name}: details": side.details("p2", WORDS),
            f"{name}: v4": side.best("table v4"),
        }
    return seen


@case(long=True)
def vpn_next_hops_that_are_odd(side: Side):
    """Distinguishers that are not zero, addresses without one, wrong lengths; sessions and routes."""
    net4, net6 = "65001:1 10.8.0.0/16", "65001:1 2001:db8:8::/48"
    hop4, hop6, local = map(wire.packed, ("10.0.0.2", "2001:db8:a::2", "fe80::2"))
    zero, rd = bytes(8), bytes.fromhex("0000fde900000001")
    odd = {
        "a distinguisher": (IPV4, net4, rd + hop4),
        "no distinguisher": (IPV4, net4, hop4),
        "one distinguisher for two": (IPV6, net6, zero + hop6 + local),
        "a distinguisher of the second": (IPV6, net6, zero + hop6 + rd + local),
        "link-local": (IPV6, net6, zero + local),
        "nothing": (IPV4, net4, b""),
    }
    seen: dict[str, Any] = {}
    for name, (family, net, hop) in odd.items():
        side.start(TABLES + bgp(2, options=BOTH % ""))
        (a,) = side.connect(2, capabilities=capabilities(65002))
        value = family.to_bytes(2) + bytes((VPN_MULTICAST, len(hop))) + hop + b"\0"
        value += wire.prefix_octets(net, VPN_MULTICAST)
        a.send(wire.update(wire.Attributes(path=(65002,)).octets() + wire.attribute(14, value)))
        side.settle()
        routes = side.routes("protocol p2 table " + ("v4" if family == IPV4 else "v6")).get(net, [])
        codes = [each.split()[0] for each in a.notifications()]
        seen[name] = [codes, [one.get("via", "none") for one in routes]]
    return seen


@case()
def vpn_next_hops_looked_up(side: Side):
    """Next hops of VPNs are looked up among unicast routes."""
    routes = "protocol static { ipv4; route 192.0.2.0/24 via 10.0.0.3; }\n"
    side.start(TABLES + routes + bgp(2, options=BOTH % "" + " multihop 2;"))
    (a,) = side.connect(2, capabilities=capabilities(65002))
    announce(a, "65001:1 10.8.0.0/16", "192.0.2.9")
    announce(a, "65001:2 10.8.0.0/16", "203.0.113.9")
    side.settle()
    return {"v4": side.routes("protocol p2 table v4"), "details": side.details("p2", WORDS)}
