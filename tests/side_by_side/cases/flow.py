"""Flow specifications, `flow4` and `flow6` (RFC 8955, RFC 8956), and their validation (RFC 9117)."""

import re
from typing import Any

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, case
from tests.side_by_side.speaker import Session
from tests.side_by_side.wire import IPV4, IPV6, UNICAST

FLOW = 133  # SAFI
POLICY = "import all; export all;"
TABLES = """flow4 table f4;
flow6 table f6;
protocol static s4 { flow4 { table f4; };
  route flow4 { dst 10.7.0.0/16; src 10.8.0.0/24; proto 6; dport 80..90,443; tcp flags 0x2/0x3; }
    { bgp_ext_community.add((generic, 0x80060000, 0x47c35000)); bgp_community.add((65001, 7)); };
  route flow4 { dst 10.9.0.0/16; fragment is_fragment || !first_fragment; length > 1000 && <= 1500; };
  route flow4 { icmp type 8; icmp code 0; dscp 46; };
}
protocol static s6 { flow6 { table f6; };
  route flow6 { dst 2001:db8:7::/48; next header 6,17; label 5; };
  route flow6 { dst ::1:1234:5678:9800:0/101 offset 63; port 53; };
}
"""
CHANNELS = f"flow4 {{ table f4; {POLICY} %s }}; flow6 {{ table f6; {POLICY} %s }};"
WORDS = "AF announced|AF supported|Channel|Table:|BGP Next hop|IGP|Base"


def capabilities(asn: int) -> bytes:
    families = [(afi, safi) for safi in (UNICAST, FLOW) for afi in (IPV4, IPV6)]
    found = b"".join([wire.multiprotocol(*each) for each in families])
    return found + wire.capability(2) + wire.four_octets(asn)


def flow(components: str) -> bytes:
    """One NLRI: the length, then components in hexadecimal digits (RFC 8955, 4.1)."""
    octets = bytes.fromhex(components)
    size = len(octets)
    return (bytes((size,)) if size < 240 else (0xF000 | size).to_bytes(2)) + octets


def reach(nlri: bytes, afi: int = IPV4, hop: bytes = b"") -> bytes:
    return wire.attribute(14, afi.to_bytes(2) + bytes((FLOW, len(hop))) + hop + b"\0" + nlri)


def unreach(nlri: bytes, afi: int = IPV4) -> bytes:
    return wire.attribute(15, afi.to_bytes(2) + bytes((FLOW,)) + nlri)


def announce(session: Session, nlri: bytes, afi: int = IPV4, hop: bytes = b"", **attributes: Any) -> None:
    found = wire.Attributes(**({"path": (session.asn,)} | attributes))
    session.send(wire.update(found.octets() + reach(nlri, afi, hop)))


def flows(side: Side, table: str, word: str = "") -> list[str]:
    """The routes of a table of flows; `side.routes` takes them for networks of one word."""
    found, net = [], ""
    for row in side.lines(f"show route table {table}"):
        head, brace, rest = row.partition("}")
        net, rest = (f"{head.strip()} }}", rest) if brace else (net, row)
        if "[" in rest and word in rest:
            found.append(f"{net} {' '.join(rest.replace(' unknown ', ' ').split())}")
    return sorted(found)


def told(session: Session, since: int = 0) -> list[Any]:
    """The UPDATEs: networks of MP_REACH or MP_UNREACH in some order, other attributes as they are."""
    found = []
    for kind, body in session.received[since:]:
        if kind == wire.UPDATE:
            attributes, rest = body[4:], b""
            nets: list[str] = []
            while attributes:
                wide = 2 if attributes[0] & wire.EXTENDED else 1
                stop = 2 + wide + int.from_bytes(attributes[2 : 2 + wide])
                value = attributes[2 + wide : stop]
                if attributes[1] in (14, 15):
                    start = 3 if attributes[1] == 15 else 5 + value[3]
                    rest += value[:start]
                    nets = split(value[start:])
                else:
                    rest += attributes[:stop]
                attributes = attributes[stop:]
            found.append([rest.hex(), *sorted(nets)])
    return sorted(found)


def split(field: bytes) -> list[str]:
    """Short flows."""
    found = []
    while field:
        found.append(field[1 : 1 + field[0]].hex())
        field = field[1 + field[0] :]
    return found


FLOWS = {
    "prefixes": "01180a0700" + "02100a08",
    "numbers": "0118c00002" + "038106" + "048111" + "058150",
    "two octets": "0118c00002" + "0591" + "01bb",
    "ranges": "0118c00003" + "050350" + "d51f90",
    "four octets": "0118c00004" + "0aa1" + "000005dc",
    "wide small": "0118c00005" + "0591" + "0050",
    "flags": "0118c00006" + "098002",
    "fragment": "0118c00007" + "0c8104",
    "reserved bits": "0118c00008" + "058850",
    "true": "0118c00009" + "058750",
    "and first": "0118c0000a" + "05c150",
    "host bits": "0114c00bff",
    "protocol alone": "038106",
}
BROKEN = {
    "order": "03810601180a0700",
    "twice": "01180a070001180a0800",
    "unknown component": "01180a0700" + "0e8101",
    "label in flow4": "01180a0700" + "0d8101",
    "cut prefix": "01180a07",
    "long prefix": "01210a07000000",
    "cut operator": "01180a0700" + "0390",
    "no end": "01180a0700" + "030106",
    "behind the end": "01180a0700" + "03810601",
    "empty": "",
    "eight octets": "01180a0700" + "05b1" + "00000000000001bb",
    "flags of four": "01180a0700" + "09a000000002",
    "dscp 64": "01180a0700" + "0b8140",
    "dscp two octets": "01180a0700" + "0b910001",
    "fragment two octets": "01180a0700" + "0c910001",
    "bits reserved": "01180a0700" + "098c02",
    "proto two octets": "01180a0700" + "039101bb",
}


@case(dialect3=True, since="2.19")
def flow_families(side: Side):
    """What is announced, sent, taken and shown."""
    side.start(TABLES + bgp(2, options=CHANNELS % ("", "")))
    (a,) = side.connect(2, capabilities=capabilities(65002))
    side.settle()
    assert a.opening is not None
    seen: dict[str, Any] = {
        "capabilities": [each for each in a.opening.capabilities if each[0] in (1, 5)],
        "told": told(a),
        "details": side.details("p2", WORDS),
    }
    rate = [bytes.fromhex(each) for each in ("8006000047c35000", "8007000000000003", "8008fde800000064")]
    announce(a, b"".join(flow(each) for each in FLOWS.values()), extended=rate)
    announce(a, flow("0118c63364"), hop=bytes((10, 0, 0, 2)))
    announce(a, flow("0118c63365"), hop=bytes(16))
    announce(a, flow("0130002001" + "0db80008" + "038106"), IPV6)
    announce(a, flow("01414080"), IPV6)
    side.settle()
    seen |= {"f4": flows(side, "f4"), "f6": flows(side, "f6"), "master4": side.routes()}
    rows = side.lines("show route table f4 protocol p2 all")
    seen["all"] = sorted({row.strip() for row in rows if not re.search("Internal|flow4|^Table", row)})
    a.send(wire.update(unreach(flow(FLOWS["prefixes"]))))
    side.settle()
    return seen | {"f4 after": flows(side, "f4")}


@case(long=True, since="2.19")
def flow_broken(side: Side):
    """RFC 7606, 5.3: what is done with each kind of error in flow NLRI."""
    seen: dict[str, Any] = {}
    codes = set[str]()
    for name, text in BROKEN.items():
        side.start("flow4 table f4; flow6 table f6;" + bgp(2, options=CHANNELS % ("", "")))
        (a,) = side.connect(2, capabilities=capabilities(65002))
        announce(a, flow("0118c00002"))
        announce(a, flow("0118c00003") + flow(text) + flow("0118c00004"))
        side.settle()
        seen[name] = [len(a.notifications()), len(flows(side, "f4"))]
        codes.update(a.notifications())
    return seen | {"codes": sorted(codes)}
