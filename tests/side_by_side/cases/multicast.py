"""Routes for multicast, `ipv4 multicast` and `ipv6 multicast`: SAFI 2 of RFC 4760."""

from typing import Any

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, case
from tests.side_by_side.speaker import Session
from tests.side_by_side.wire import IPV4, IPV6, MULTICAST, UNICAST

TABLES = """ipv4 table mc4;
ipv6 table mc6;
protocol static s4 { ipv4 { table mc4; }; route 10.7.0.0/16 blackhole; route 10.7.1.0/24 via 10.0.0.3; }
protocol static s6 { ipv6 { table mc6; }; route 2001:db8:7::/48 blackhole; }
"""
POLICY = "import all; export all;"
BOTH = f"ipv4 multicast {{ table mc4; {POLICY} %s }}; ipv6 multicast {{ table mc6; {POLICY} }};"
WORDS = "AF announced|IPv6 nexthop|Channel|Table:|BGP Next hop|IGP"


def capabilities(asn: int, more: bytes = b"") -> bytes:
    """Both families, unicast and multicast."""
    families = [(afi, safi) for safi in (UNICAST, MULTICAST) for afi in (IPV4, IPV6)]
    found = b"".join([wire.multiprotocol(*each) for each in families])
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
    attributes = wire.Attributes(path=(session.asn,)).octets()
    session.send(wire.update(attributes + wire.mp_reach([net], hops, MULTICAST)))


@case(dialect3=True)
def multicast_families(side: Side):
    """What is announced, sent, taken and shown; a refresh and withdrawals are of one family."""
    side.start(TABLES + bgp(2, options=BOTH % ""))
    (a,) = side.connect(2, capabilities=capabilities(65002))
    side.settle()
    assert a.opening is not None
    seen: dict[str, Any] = {
        "capabilities": [each for each in a.opening.capabilities if each[0] in (1, 5)],
        "told": told(a),
        "details": side.details("p2", WORDS),
    }
    announce(a, "10.8.0.0/16", "10.0.0.2")
    announce(a, "232.0.0.0/8", "10.0.0.2")
    announce(a, "2001:db8:8::/48", "2001:db8:a::2")
    announce(a, "2001:db8:9::/48", "2001:db8:a::2", "fe80::2")
    side.settle()
    seen |= {"mc4": side.routes("table mc4"), "mc6": side.routes("table mc6"), "master4": side.routes()}
    since = len(a.received)
    a.send(wire.refresh(IPV4, safi=MULTICAST))
    side.settle()
    seen["refreshed"] = [each for each in told(a, since) if each[3]]
    a.send(wire.update(wire.mp_unreach(["10.8.0.0/16"], MULTICAST)))
    a.send(wire.update(wire.mp_unreach(["2001:db8:8::/48"], UNICAST)))
    side.settle()
    return seen | {"mc4 after": side.best("table mc4"), "mc6 after": side.best("table mc6")}


@case()
def multicast_routes_that_go(side: Side):
    """Withdrawals are sent in their family."""
    side.start(TABLES + bgp(2, options=BOTH % ""))
    (a,) = side.connect(2, capabilities=capabilities(65002))
    side.settle()
    since = len(a.received)
    side.ask("disable s4")
    side.ask("disable s6")
    side.settle()
    return {"told": told(a, since)}


@case()
def multicast_next_hops_of_ipv6(side: Side):
    """RFC 8950 with SAFI 2: as it was negotiated, and as it was not."""
    extended = wire.extended_next_hop(safi=MULTICAST)
    seen: dict[str, Any] = {}
    for name, option in (("extended", "extended next hop;"), ("plain", "")):
        side.start(TABLES + bgp(2, options=BOTH % option, local="2001:db8:a::1", neighbor="2001:db8:a::2"))
        (a,) = side.connect(2, capabilities=capabilities(65002, extended))
        side.settle()
        assert a.opening is not None
        announce(a, "10.8.0.0/16", "2001:db8:a::2")
        side.settle()
        seen |= {
            f"{name}: capabilities": [each for each in a.opening.capabilities if each[0] in (1, 5)],
            f"{name}: told": told(a),
            f"{name}: details": side.details("p2", WORDS),
            f"{name}: mc4": side.best("table mc4"),
        }
    return seen


@case()
def multicast_without_a_table(side: Side):
    """The tables of unicast routes are those of multicast routes, unless others are written."""
    channels = f"ipv4 multicast {{ {POLICY} }}; ipv6 multicast {{ {POLICY} }};"
    side.start(bgp(2, options=channels) + bgp(3))
    (a,) = side.connect(2, capabilities=capabilities(65002))
    (b,) = side.connect(3)
    announce(a, "10.8.0.0/16", "10.0.0.2")
    side.settle()
    return {"details": side.details("p2", WORDS), "best": side.best(), "to b": told(b), "back": told(a)}
