"""Attributes of BGP: what is taken, changed, sent on."""

import struct

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, case

# Extended communities (RFC 4360): non-transitive ones (bit 0x40 of the type), and a route target.
OF_AS = b"\x40\x02\x00\x01\x00\x00\x00\x01"
ORIGIN_VALIDATION = b"\x43\x00\x00\x00\x00\x00\x00\x02"
ROUTE_TARGET = b"\x00\x02\x00\x01\x00\x00\x00\x03"


@case()
def non_transitive(side: Side):
    """What must not leave the AS, to neighbors of every kind."""
    static = """protocol static sx { ipv4; route 10.77.0.0/16 blackhole {
        bgp_ext_community.add((unknown 0x4300,0,1)); bgp_ext_community.add((rt,1,2)); }; }
"""
    side.start(bgp(2) + bgp(3) + bgp(4, 65001) + bgp(5, options="rs client;") + static)
    external, *others = side.connect(2, 3, 4, 5)
    internal = others[1]
    external.announce("10.1.0.0/16", extended=[OF_AS, ORIGIN_VALIDATION, ROUTE_TARGET])
    external.announce("10.2.0.0/16", otc=65002)
    external.announce("10.3.0.0/16", aigp=9)
    internal.announce("10.4.0.0/16", path=(7,), aigp=9)
    internal.announce("10.5.0.0/16", path=(7,), extended=[ORIGIN_VALIDATION])
    side.settle()
    looked_at = ("extended_communities", "otc", "aigp")
    found = {f"{name} to p{one.number}": one.table(name) for one in (external, *others) for name in looked_at}
    return found | {"best": side.best("where source = RTS_BGP")}


@case()
def aggregator_and_as4_path(side: Side):
    """AGGREGATOR of a 2-octet neighbor beside AS4_PATH (RFC 6793, 4.2.3)."""
    side.start(bgp(2) + bgp(3))
    (a,) = side.connect(2)
    capabilities = wire.multiprotocol(wire.IPV4) + wire.capability(2)
    (b,) = side.connect(3, four_octets=False, capabilities=capabilities)
    aggregator = wire.attribute(7, struct.pack("!H", 5) + bytes(4))
    real = wire.attribute(7, struct.pack("!H", wire.AS_TRANS) + bytes(4))
    as4_aggregator = wire.attribute(18, struct.pack("!I", 70001) + bytes((9, 9, 9, 9)))
    as4_path = wire.attribute(17, wire.path_octets((70001,)))
    for number, extra in enumerate((aggregator, aggregator + as4_aggregator, real + as4_aggregator, b""), 4):
        b.announce(f"10.{number}.0.0/16", path=(65003, wire.AS_TRANS), raw=extra + as4_path)
    side.settle()
    return {"path": a.table("as_path"), "aggregator": a.table("aggregator")}


@case()
def aigp(side: Side):
    """AIGP (RFC 7311): compared, added to, kept inside of the AS."""
    text = "protocol direct { ipv4; }\n"
    text += "protocol static sg { ipv4; route 10.9.1.0/24 via 10.0.0.12 { igp_metric = 50; }; }\n"
    text += bgp(2, 65001) + bgp(3, 65001) + bgp(4)
    text += bgp(5, 65001, "rr client;", "next hop self;") + bgp(6, 65001, "rr client;")
    side.start(text)
    a, b, external, changed, client = side.connect(2, 3, 4, 5, 6)
    a.announce("10.1.0.0/16", path=(7,), aigp=1000)
    b.announce("10.1.0.0/16", path=(7, 8, 9), aigp=10)
    a.announce("10.2.0.0/16", path=(7,))
    b.announce("10.2.0.0/16", path=(7, 8, 9), aigp=10)
    a.announce("10.3.0.0/16", path=(7,), next_hop="10.9.1.1", aigp=100)
    external.announce("10.4.0.0/16", aigp=100)
    side.settle()
    sent = {"external": external, "next hop self": changed, "client": client}
    found = {f"sent to {name}": one.table("aigp") for name, one in sent.items()}
    return found | {"best": side.best("where source = RTS_BGP"), "shown": side.routes("10.1.0.0/16")}


@case()
def partial_bit(side: Side):
    """What a filter attaches to, or changes on, a route of another router (RFC 4271, 5)."""
    adds = "filter { bgp_community.add((8,8)); bgp_large_community.add((8,8,8));"
    adds += " bgp_ext_community.add((rt,8,8)); accept; }"
    static = "protocol static own { ipv4; route 10.9.0.0/16 blackhole { bgp_community.add((1,1)); }; }\n"
    side.start(static + bgp(2, imports=adds) + bgp(3) + bgp(4, exports=adds) + bgp(5, 65001))
    a, b, added, inside = side.connect(2, 3, 4, 5)
    for one in (a, b):
        one.announce(f"10.{one.number}.0.0/16")
        one.announce(f"10.{one.number}.1.0/24", communities=[(1, 1)], large=[(1, 1, 1)])
        one.announce(f"10.{one.number}.2.0/24", raw=wire.attribute(8, b"\0\1\0\1", 0xE0))
    side.settle()
    changed = a.number
    found = {"changed one that was partial": inside.table("communities").pop(f"10.{changed}.2.0/24")}
    for name, one in (("outside", b), ("on export", added), ("inside", inside)):
        for kind in ("communities", "large_communities", "extended_communities"):
            sent = one.table(kind)
            found[f"{name}: {kind}"] = {net: sent[net] for net in sent if not net.endswith(".2.0/24")}
    return found | {"unchanged": inside.table("communities")["10.3.2.0/24"]}
