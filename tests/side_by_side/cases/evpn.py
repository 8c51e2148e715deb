"""Routes of EVPN, AFI 25 SAFI 70 (RFC 7432, RFC 9136); BIRD has them since 2.19."""

from collections.abc import Sequence
from typing import Any

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, case
from tests.side_by_side.cases.vpn import TARGET, told
from tests.side_by_side.speaker import Session
from tests.side_by_side.wire import EVPN, L2VPN

RD = bytes.fromhex("0000fde900000001")  # 65001:1
ESI = bytes.fromhex("00010203040506070809")
NO_ESI = bytes(10)
TAG = bytes.fromhex("00000007")
NO_TAG = bytes(4)
MAC = bytes.fromhex("3002005e005301")  # its length first
V4, V6 = wire.packed("10.1.1.1"), wire.packed("2001:db8::1")
LABEL, LABEL2 = bytes.fromhex("000641"), bytes.fromhex("000c81")  # 100, 200, with the bottom bit
NO_IP, IP4, IP6 = b"\0", b"\x20" + V4, b"\x80" + V6
PMSI = wire.attribute(22, bytes.fromhex("0006000640") + wire.packed("10.0.0.2"))
ROUTES = {
    "ead": wire.evpn(1, RD, ESI, TAG, LABEL),
    "mac": wire.evpn(2, RD, NO_ESI, NO_TAG, MAC, NO_IP, LABEL),
    "mac ip": wire.evpn(2, RD, NO_ESI, TAG, MAC, IP4, LABEL),
    "mac ip6": wire.evpn(2, RD, NO_ESI, TAG, MAC, IP6, LABEL, LABEL2),
    "imet": wire.evpn(3, RD, TAG, IP4),
    "imet6": wire.evpn(3, RD, TAG, IP6),
    "es": wire.evpn(4, RD, ESI, IP4),
    "es6": wire.evpn(4, RD, ESI, IP6),
    "smet": wire.evpn(6, RD, TAG, NO_IP, b"\x20", wire.packed("232.1.1.1"), IP4, b"\0"),
    "unknown": wire.evpn(200, b"\1\2\3"),
    "empty": wire.evpn(201),
}
# Of these BIRD loses the segment, and knows no type 5.
SEGMENT = wire.evpn(2, RD, ESI, TAG, MAC, NO_IP, LABEL)
PREFIX = wire.evpn(5, RD, NO_ESI, TAG, b"\x18", wire.packed("10.3.3.0"), wire.packed("0.0.0.0"), LABEL)

STATIC = """evpn table et;
protocol static st { evpn { table et; };
  route evpn ead 65001:1 5 00:01:02:03:04:05:06:07:08:09 blackhole;
  route evpn mac 65001:1 0 02:00:5e:00:53:11 * via 10.0.0.9;
  route evpn mac 65001:1 0 02:00:5e:00:53:12 10.1.1.1 unreachable { bgp_ext_community.add((rt,65001,100)); };
  route evpn mac 65001:1 0 02:00:5e:00:53:13 2001:db8::1 via 10.0.0.9 mpls 77;
  route evpn imet 65001:1 10 10.0.0.1 unreachable;
  route evpn imet 65001:1 10 2001:db8::1 unreachable;
  route evpn es 65001:1 00:01:02:03:04:05:06:07:08:09 10.0.0.1 unreachable;
}
"""
WORDS = "AF announced|IPv6 nexthop|Channel|Table:|BGP Next hop|IGP|Label|MPLS"


def capabilities(asn: int, more: bytes = b"") -> bytes:
    return wire.multiprotocol(L2VPN, EVPN) + more + wire.capability(2) + wire.four_octets(asn)


def speaker(number: int, asn: int | None = None, options: str = "", more: str = "") -> str:
    return bgp(number, asn, options=f"{more} evpn {{ table et; import all; export all; {options} }};")


def announce(
    session: Session,
    *routes: bytes,
    hops: Sequence[str] = ("10.0.0.2",),
    more: bytes = b"",
    raw_hop: bytes | None = None,
) -> None:
    path = () if session.asn == session.remote_asn else (session.asn,)
    local = 100 if session.asn == session.remote_asn else None
    attributes = wire.Attributes(path=path, local_pref=local, extended=(TARGET,)).octets()
    session.send(wire.update(attributes + more + wire.evpn_reach(hops, *routes, raw_hop=raw_hop)))


def neighbor(side: Side, number: int, asn: int | None = None, more: bytes = b"", **options: Any) -> Session:
    (found,) = side.connect(number, capabilities=capabilities(asn or 65000 + number, more), **options)
    return found


def passed_on(session: Session, since: int = 0) -> dict[str, Any]:
    """Each route that was announced, with family and next hop."""
    return {net: each[:3] for each in told(session, since) for net in each[3]}


@case(dialect3=True, since="2.19")
def evpn_routes(side: Side):
    """What is announced, sent, taken, shown, passed on; withdrawals; a type that nobody knows."""
    side.start(STATIC + speaker(2) + speaker(3) + speaker(4, 65001, more="rr client;"))
    a, b, c = neighbor(side, 2), neighbor(side, 3), neighbor(side, 4, 65001)
    side.settle()
    assert a.opening is not None
    seen: dict[str, Any] = {
        "capabilities": [each for each in a.opening.capabilities if each[0] in (1, 5)],
        "told": told(a),
        "told inside": told(c),
        "details": side.details("p2", WORDS),
    }
    since = [len(each.received) for each in (b, c)]
    for name, route in ROUTES.items():
        announce(a, route, more=PMSI if "imet" in name else b"")
    side.settle()
    seen |= {"routes": side.routes("table et protocol p2"), "codes": a.codes()}
    seen |= {"outside": passed_on(b, since[0]), "inside": passed_on(c, since[1])}
    since = [len(each.received) for each in (b, c)]
    a.send(wire.update(wire.evpn_unreach(*ROUTES.values())))
    side.ask("disable st")
    side.settle()
    seen |= {"gone": side.routes("table et"), "withdrawn": [sorted(told(b, since[0])[0][4])]}
    return seen


@case(since="2.19")
def evpn_segments_and_prefixes(side: Side):
    """The segment of a MAC route and the routes of RFC 9136, passed on; a changed label."""
    side.start("evpn table et;\n" + speaker(2) + speaker(3))
    a, b = neighbor(side, 2), neighbor(side, 3)
    announce(a, SEGMENT)
    side.settle()
    ((shown,),) = side.routes("table et").values()
    seen: dict[str, Any] = {"segment": shown.get("BGP.evpn_esi"), "outside": next(iter(passed_on(b)))}
    announce(a, PREFIX)
    side.settle()
    seen["prefix outside"] = list(passed_on(b))[1:]
    announce(a, PREFIX[:-3] + LABEL2)
    side.settle()
    seen["prefixes"] = [net for net in side.routes("table et") if " mac " not in net]
    a.send(wire.update(wire.evpn_unreach(PREFIX[:-3] + bytes(3))))
    side.settle()
    return seen | {"left": [net for net in side.routes("table et") if " mac " not in net]}


@case(since="2.19")
def evpn_changes(side: Side):
    """What identifies a route: another segment and label make no other one, nor in a withdrawal."""
    side.start("evpn table et;\n" + speaker(2))
    a = neighbor(side, 2)
    for label in (LABEL, LABEL2, bytes(3), bytes.fromhex("000003"), bytes.fromhex("ffffff")):
        announce(a, wire.evpn(2, RD, NO_ESI, TAG, MAC, IP4, label))
        announce(a, wire.evpn(1, RD, ESI, label + b"\1", label))
    side.settle()
    seen = {"labels": side.routes("table et")}
    a.send(wire.update(wire.evpn_unreach(wire.evpn(2, RD, ESI, TAG, MAC, IP4, LABEL))))
    a.send(wire.update(wire.evpn_unreach(wire.evpn(1, RD, ESI, bytes(3) + b"\1", LABEL))))
    side.settle()
    return seen | {"left": sorted(side.routes("table et"))}


@case(since="2.19")
def evpn_paths_and_refresh(side: Side):
    """RFC 7911 and RFC 2918 in this family."""
    side.start("evpn table et;\n" + speaker(2, options="add paths on;") + speaker(3, options="add paths on;"))
    more = wire.add_path(3, L2VPN, EVPN)
    a, b = (neighbor(side, number, more=more, add_path=True) for number in (2, 3))
    assert a.opening is not None
    announce(a, b"\0\0\0\7" + ROUTES["mac"], b"\0\0\0\x09" + ROUTES["mac"], b"\0\0\0\x09" + ROUTES["es"])
    side.settle()
    seen: dict[str, Any] = {
        "capabilities": [each for each in a.opening.capabilities if each[0] in (1, 69)],
        "routes": {net: len(found) for net, found in side.routes("table et").items()},
        "passed on": sorted(net.partition(" #")[0] for net in b.table()),
    }
    since = len(b.received)
    b.send(wire.refresh(L2VPN, safi=EVPN))
    side.settle()
    bodies = [
        wire.read_update(body, add_path=True) for kind, body in b.received[since:] if kind == wire.UPDATE
    ]
    seen["refreshed"] = sorted(net.partition(" #")[0] for each in bodies for net in each.reached)
    return seen


LINK_LOCAL, GLOBAL = wire.packed("fe80::2"), wire.packed("2001:db8:a::2")
HOPS = {
    "IPv4": wire.packed("10.0.0.2"),
    "IPv6": GLOBAL,
    "IPv6 and link-local": GLOBAL + LINK_LOCAL,
    "link-local": LINK_LOCAL,
    "link-local twice": LINK_LOCAL * 2,
    "nothing": b"",
    "12 octets": bytes(8) + wire.packed("10.0.0.2"),
    "24 octets": bytes(8) + GLOBAL,
    "48 octets": (bytes(8) + GLOBAL) * 2,
    "5 octets": bytes(5),
}


@case(since="2.19")
def evpn_next_hops(side: Side):
    """Next hops of both versions, without RFC 8950; sessions and routes."""
    side.start("evpn table et;\n" + "".join(speaker(number) for number in range(2, 2 + len(HOPS))))
    seen: dict[str, Any] = {}
    for number, (name, hop) in enumerate(HOPS.items(), 2):
        session = neighbor(side, number)
        announce(session, ROUTES["imet"], raw_hop=hop)
        side.settle()
        routes = side.routes(f"table et protocol p{number}").values()
        shown = [[one.get("via"), one.get("BGP.next_hop")] for each in routes for one in each]
        seen[name] = [session.codes(), shown]
    return seen


@case(since="2.19")
def evpn_own_next_hops(side: Side):
    """With our own next hop the label is implicit null; tunnels stay as they are."""
    far = (
        "protocol bgp p3 { local 172.16.0.1 as 65001; neighbor 172.16.0.3 as 65003; connect delay time 1;"
        " evpn { table et; import all; export all; %s }; }\n"
    )
    seen: dict[str, Any] = {}
    for name, option in (("plain", ""), ("self", "next hop self;"), ("keep", "next hop keep;")):
        side.start("evpn table et;\n" + speaker(2) + speaker(4, 65001, options=option) + far % option)
        a, b, c = neighbor(side, 2), neighbor(side, 3), neighbor(side, 4, 65001)
        for each in ("ead", "mac", "mac ip6", "imet", "smet"):
            announce(a, ROUTES[each], more=PMSI if each == "imet" else b"")
        side.settle()
        tunnels = [
            wire.read_update(body).attributes.get("pmsi_tunnel") for kind, body in b.received if kind == 2
        ]
        seen |= {f"{name}: far": passed_on(b), f"{name}: inside": passed_on(c)}
        seen[f"{name}: tunnels"] = [each for each in tunnels if each]
    return seen


@case(since="2.19")
def evpn_of_ipv6_sessions(side: Side):
    """Our next hop on a session of IPv6, direct and multihop, and as configured; IGP tables."""
    options = "evpn { table et; import all; export all; extended next hop on; };"
    gateways = "protocol static { ipv4; route 192.0.2.0/24 via 10.0.0.9; }\n"
    seen: dict[str, Any] = {}
    for name, more in (("direct", ""), ("multihop", "multihop 2; ")):
        over6 = {"local": "2001:db8:a::1", "neighbor": "2001:db8:a::2"}
        side.start(STATIC + gateways + bgp(2, options=more + options, **over6))
        a = neighbor(side, 2)
        announce(a, ROUTES["imet"], hops=["192.0.2.7"])
        announce(a, ROUTES["imet6"], hops=["2001:db8:a::2"])
        side.settle()
        assert a.opening is not None
        routes = side.routes("table et protocol p2")
        seen |= {
            f"{name}: told": told(a),
            f"{name}: details": side.details("p2", WORDS),
            f"{name}: capabilities": [each for each in a.opening.capabilities if each[0] in (1, 5)],
            f"{name}: via": {net: each[0].get("via", each[0]["to"]) for net, each in routes.items()},
        }
    side.start(STATIC + speaker(2, options="next hop address 2001:db8:a::1;"))
    a = neighbor(side, 2)
    side.settle()
    return seen | {"configured": told(a)}


TUNNELS = {
    "no information": "00 00 000000",
    "flags": "ff 06 fffff0 0a000002",
    "ingress replication over IPv6": "00 06 000640 20010db8000000000000000000000001",
    "RSVP-TE": "00 01 000640 000000010000000a0a0000020a000002",
    "PIM-SSM": "00 03 000640 0a000002 e8010101",
    "assisted replication": "00 0a 000640 0a000002",
    "a type that nobody knows": "00 c8 000640 0102",
    "ingress replication to nobody": "00 06 000640",
    "ingress replication to three octets": "00 06 000640 0a0000",
    "four octets": "00 06 0006",
    "nothing": "",
}
COMMUNITIES = (
    "030c000000000008",  # encapsulation VXLAN
    "0603002005e00530",  # router's MAC
    "0602020304050607",  # ES import
    "0600010000000005",  # MAC mobility
    "0601000000000064",  # ESI label
)


@case(since="2.19", dialect3=True)
def evpn_attributes(side: Side):
    """PMSI tunnels (RFC 6514), whole and broken; the extended communities of RFC 7432 and its like."""
    side.start("evpn table et;\n" + speaker(2))
    a = neighbor(side, 2)
    for number, tunnel in enumerate(TUNNELS.values()):
        route = wire.evpn(3, RD, number.to_bytes(4), IP4)
        announce(a, route, more=wire.attribute(22, bytes.fromhex(tunnel)))
    side.settle()
    routes = side.routes("table et")
    seen: dict[str, Any] = {
        name: [one.get("BGP.pmsi_tunnel") for one in routes.get(f"evpn imet 65001:1 {number} 10.1.1.1", [])]
        for number, name in enumerate(TUNNELS)
    }
    extended = tuple(bytes.fromhex(each) for each in COMMUNITIES)
    attributes = wire.Attributes(path=(65002,), extended=extended).octets()
    a.send(wire.update(attributes + wire.evpn_reach(["10.0.0.2"], ROUTES["mac"])))
    side.settle()
    (mac,) = [each for net, each in side.routes("table et").items() if " mac " in net]
    return seen | {"communities": mac[0]["BGP.ext_community"], "codes": a.codes()}


BROKEN = {
    "a label too few": wire.evpn(2, RD, NO_ESI, TAG, MAC, NO_IP),
    "a MAC of 40 bits": wire.evpn(2, RD, NO_ESI, TAG, b"\x28", MAC[2:], NO_IP, LABEL),
    "an IP address of 24 bits": wire.evpn(2, RD, NO_ESI, TAG, MAC, b"\x18", V4[:3], LABEL),
    "an auto-discovery route that is too long": wire.evpn(1, RD, ESI, TAG, LABEL, b"\0"),
    "a multicast route without address": wire.evpn(3, RD, TAG, NO_IP),
    "a segment that is too short": wire.evpn(4, RD, ESI),
    "an unknown type without distinguisher": wire.evpn(199, RD[:7]),
    "a route that is cut off": ROUTES["mac"][:-2],
}


@case(since="2.19")
def evpn_broken(side: Side):
    """One broken route between two that are whole."""
    side.start("evpn table et;\n" + "".join(speaker(number) for number in range(2, 2 + len(BROKEN))))
    seen: dict[str, Any] = {}
    for number, (name, route) in enumerate(BROKEN.items(), 2):
        session = neighbor(side, number)
        last = b"" if "cut off" in name else ROUTES["es"]
        announce(session, ROUTES["imet"], route, last, hops=[f"10.0.0.{number}"])
        side.settle()
        seen[name] = [session.codes(), len(side.routes(f"table et protocol p{number}"))]
    return seen
