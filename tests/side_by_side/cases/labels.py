"""Labeled routes: `ipv4 mpls`, `ipv6 mpls` (SAFI 4) and `vpn4 mpls`, `vpn6 mpls` (SAFI 128), RFC 8277."""

from typing import Any

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, case
from tests.side_by_side.cases.vpn import TARGET, told
from tests.side_by_side.speaker import Session
from tests.side_by_side.wire import IPV4, IPV6, LABELED, UNICAST, VPN_LABELED

TABLES = """ipv4 table l4;
ipv6 table l6;
vpn4 table v4;
vpn6 table v6;
protocol static s4 { ipv4 { table l4; }; route 10.7.0.0/16 blackhole; route 10.7.1.0/24 via 10.0.0.3; }
protocol static s6 { ipv6 { table l6; }; route 2001:db8:7::/48 blackhole; }
protocol static t4 { vpn4 { table v4; }; route 65001:1 10.7.0.0/16 blackhole; }
"""
ALL = """ipv4 mpls { table l4; import all; export all; OPTIONS };
  ipv6 mpls { table l6; import all; export all; OPTIONS };
  vpn4 mpls { table v4; import all; export all; OPTIONS };
  vpn6 mpls { table v6; import all; export all; OPTIONS };"""
WORDS = "AF announced|IPv6 nexthop|Channel|Table:|BGP Next hop|IGP|Label|MPLS"


def speaker(number: int, asn: int | None = None, options: str = "", more: str = "") -> str:
    """`protocol bgp` with all families that have labels; `options` are those of each channel."""
    return bgp(number, asn, options=more + ALL.replace("OPTIONS", options))


def capabilities(asn: int, more: bytes = b"") -> bytes:
    families = [(afi, safi) for safi in (UNICAST, LABELED, VPN_LABELED) for afi in (IPV4, IPV6)]
    found = b"".join([wire.multiprotocol(*each) for each in families])
    return found + more + wire.capability(2) + wire.four_octets(asn)


def announce(session: Session, net: str, *hops: str, safi: int = LABELED) -> None:
    path = () if session.asn == session.remote_asn else (session.asn,)
    local = 100 if session.asn == session.remote_asn else None
    attributes = wire.Attributes(path=path, local_pref=local, extended=(TARGET,)).octets()
    session.send(wire.update(attributes + wire.mp_reach([net], hops, safi)))


def feed(session: Session) -> None:
    announce(session, "10.8.0.0/16 mpls 100", "10.0.0.2")
    announce(session, "10.8.1.0/24 mpls 100/200/300", "10.0.0.2")
    announce(session, "10.8.2.0/24 mpls 3", "10.0.0.2")
    announce(session, "2001:db8:8::/48 mpls 101", "2001:db8:a::2")
    announce(session, "65001:1 10.8.0.0/16 mpls 102", "10.0.0.2", safi=VPN_LABELED)
    announce(session, "65001:1 2001:db8:8::/48 mpls 103/104", "2001:db8:a::2", safi=VPN_LABELED)


def heard(session: Session) -> list[Any]:
    """Each network that was announced, with its labels, family and next hop."""
    return sorted([net, *each[:3]] for each in told(session) for net in each[3])


@case()
def labels_of_neighbors(side: Side):
    """What is announced, sent, taken and shown without `mpls domain`: labels go with their next hop."""
    side.start(TABLES + speaker(2) + speaker(3) + speaker(4, 65001) + speaker(5, 65001, "next hop self;"))
    numbers = {2: 65002, 3: 65003, 4: 65001, 5: 65001}
    a, *others = [side.connect(each, capabilities=capabilities(asn))[0] for each, asn in numbers.items()]
    side.settle()
    feed(a)
    side.settle()
    assert a.opening is not None
    seen: dict[str, Any] = {
        "capabilities": [each for each in a.opening.capabilities if each[0] in (1, 5, 8)],
        "details": side.details("p2", WORDS),
    }
    seen |= {table: side.routes(f"table {table}") for table in ("l4", "l6", "v4", "v6")}
    seen |= {f"heard by {each.number}": heard(each) for each in (a, *others)}
    since = len(others[0].received)
    a.send(wire.update(wire.mp_unreach(["10.8.0.0/16"], LABELED)))
    a.send(wire.update(wire.mp_unreach(["10.8.1.0/24 mpls 7"], LABELED)))
    a.send(wire.update(wire.mp_unreach(["65001:1 10.8.0.0/16"], VPN_LABELED)))
    side.settle()
    gone = [
        net.partition(" mpls ")[0].partition(" label ")[0]
        for each in told(others[0], since)
        for net in each[4]
    ]
    return seen | {
        "withdrawn": sorted(gone),
        "l4 after": side.best("table l4"),
        "v4 after": side.best("table v4"),
    }


@case(long=True)
def labels_that_are_odd(side: Side):
    """Stacks without a bottom, lengths without room for labels, many labels: sessions and routes."""
    odd = {
        "no bottom": "28 000640 0a08",
        "two, and no bottom": "40 000640 000c80 0a08",
        "labels alone": "18 000641",
        "shorter than a label": "10 0a08",
        "eight labels": "d0" + "000640" * 7 + "000c81 0a08",
        "33 bits": "39 000641 0a08000000",
    }
    seen: dict[str, Any] = {}
    for name, text in odd.items():
        side.start(TABLES + speaker(2))
        (a,) = side.connect(2, capabilities=capabilities(65002))
        announce(a, "10.9.0.0/16 mpls 100", "10.0.0.2")
        value = IPV4.to_bytes(2) + bytes((LABELED, 4)) + wire.packed("10.0.0.2") + b"\0" + bytes.fromhex(text)
        a.send(wire.update(wire.Attributes(path=(65002,)).octets() + wire.attribute(14, value)))
        side.settle()
        routes = side.routes("protocol p2 table l4")
        seen[name] = [
            [each.partition("/")[0] for each in a.notifications()],
            {net: [found["via"], found["BGP.mpls_label_stack"]] for net, (found, *_) in routes.items()},
        ]
    return seen


@case(since="2.19")
def labels_of_static_next_hops(side: Side):
    """`route ... via ADDRESS mpls LABELS`: shown, and sent where the gateway is the next hop."""
    routes = """protocol static s {
  ipv4 { table l4; };
  igp table master4;
  route 10.1.0.0/16 via 10.0.0.3 mpls 200;
  route 10.2.0.0/16 via 10.0.0.3 mpls 200/300;
  route 10.3.0.0/16 via 10.0.0.3 mpls 3;
  route 10.4.0.0/16 via 10.0.0.3 mpls 200 via 10.0.0.4 mpls 300;
  route 10.5.0.0/16 via "eth0" mpls 200;
  route 10.6.0.0/16 recursive 10.0.0.3 mpls 400;
  route 10.8.0.0/16 recursive 10.0.0.3;
}
protocol static i { ipv4; route 10.0.0.3/32 via 10.0.0.3 mpls 500; }
"""
    tables = TABLES[: TABLES.index("protocol")]
    external, internal, own = speaker(2), speaker(4, 65001), speaker(5, 65001, "next hop self;")
    side.start(tables + routes + external + internal + own)
    numbers = {2: 65002, 4: 65001, 5: 65001}
    sessions = [side.connect(each, capabilities=capabilities(asn))[0] for each, asn in numbers.items()]
    side.settle()
    seen: dict[str, Any] = {f"heard by {each.number}": heard(each) for each in sessions}
    return seen | {"l4": side.routes("table l4"), "static": side.lines("show static s")}


@case(since="2.19")
def labels_of_routes_via_ourselves(side: Side):
    """A static VPN route whose gateway is our own address on the session: its labels go out with it."""
    routes = """vpn4 table v4;
ipv4 table l4;
protocol static vpns {
  vpn4 { table v4; };
  igp table master4;
  route 65500:1 10.1.0.0/24 via 10.0.0.1 mpls 1001;
  route 65500:2 10.1.0.0/24 via 10.0.0.9 mpls 1002;
  route 65500:3 10.1.0.0/24 via 10.0.0.1;
  route 65500:4 10.1.0.0/24 via 10.0.0.1 mpls 1003/1004;
}
protocol static plain {
  ipv4 { table l4; };
  route 10.1.0.0/16 via 10.0.0.1 mpls 200;
  route 10.2.0.0/16 via 10.0.0.9 mpls 201;
}
"""
    families = "vpn4 mpls { table v4; import none; OPTIONS }; ipv4 mpls { table l4; import none; OPTIONS };"
    options = {2: "export all;", 3: "export all; next hop self;"}
    options |= {4: options[2], 5: options[3]}
    asns = {2: 65002, 3: 65003, 4: 65001, 5: 65001}
    texts = [bgp(each, asns[each], options=families.replace("OPTIONS", options[each])) for each in asns]
    side.start(routes + "".join(texts))
    sessions = [side.connect(each, capabilities=capabilities(asn))[0] for each, asn in asns.items()]
    side.settle()
    seen: dict[str, Any] = {f"heard by {each.number}": heard(each) for each in sessions}
    return seen | {"v4": side.routes("table v4"), "l4": side.routes("table l4")}


@case(since="2.19")
def labels_on_the_way_to_next_hops(side: Side):
    """VPN routes whose next hops are reached with labels: a gateway is sent with these, too."""
    igp = """protocol static inner {
  ipv4;
  route 10.30.0.0/16 via 10.0.0.3 mpls 30;
  route 10.31.0.0/16 via 10.0.0.3 mpls 31/32;
  route 10.32.0.0/16 via 10.0.0.3;
  route 10.33.0.0/16 via 10.0.0.3 mpls 33 via 10.0.0.6 mpls 34;
  route 10.0.0.6/32 via 10.0.0.6 mpls 36;
}
"""
    tables = TABLES[: TABLES.index("protocol")]
    keep = "if net.type = NET_VPN4 then bgp_next_hop = 10.0.0.9; accept;"
    other = "if net.type = NET_VPN4 then gw = 10.0.0.9; accept;"
    side.start(
        tables
        + igp
        + speaker(2)
        + speaker(3, 65001, more="rr client;")
        + speaker(4, 65001, more="rr client;")
        + speaker(5, options="next hop self;")
        + speaker(6, options=f"export filter {{ {keep} }};")
        + speaker(7, options=f"export filter {{ {other} }};")
        + speaker(8, options="next hop keep;")
    )
    numbers = {4: 65001, 2: 65002, 3: 65001, 5: 65005, 6: 65006, 7: 65007, 8: 65008}
    source, *others = [side.connect(each, capabilities=capabilities(asn))[0] for each, asn in numbers.items()]
    hops = ("10.30.0.5", "10.31.0.5", "10.32.0.5", "10.33.0.5", "10.0.0.6", "10.0.0.9")
    for number, hop in enumerate(hops):
        announce(source, f"65001:1 10.{number}.1.0/24 mpls 170", hop, safi=VPN_LABELED)
        announce(source, f"65001:1 10.{number}.2.0/24 mpls 3", hop, safi=VPN_LABELED)
        announce(source, f"65001:1 10.{number}.3.0/24 mpls 171/172", hop, safi=VPN_LABELED)
    side.settle()
    seen: dict[str, Any] = {f"heard by {each.number}": heard(each) for each in others}
    return seen | {"v4": side.routes("table v4")}
