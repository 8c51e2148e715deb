"""The accumulated IGP metric (RFC 7311): who takes it, who gets it, what is added, what it decides."""

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, case

DIRECT = "protocol direct { ipv4; }\n"
# next hops at a distance of 50, at an unknown one, at 2^32 - 1
FAR = """protocol static far { ipv4; route 10.9.1.0/24 via 10.0.0.12 { igp_metric = 50; };
    route 10.9.2.0/24 via 10.0.0.12; route 10.9.3.0/24 via 10.0.0.12 { igp_metric = 4294967295; }; }
"""
CLIENT = "rr client;"
ON, OFF, ORIGINATE, OWN = "aigp on;", "aigp off;", "aigp originate;", "next hop self;"
ELSEWHERE = "filter { bgp_next_hop = 10.0.0.14; accept; }"
MOST = (1 << 64) - 1


@case()
def aigp_switches(side: Side):
    """`aigp` on sessions that bring and that get a route; by default on for internal ones only."""
    text = DIRECT + bgp(2, 65001, CLIENT) + bgp(3, 65001, CLIENT, OFF)
    text += bgp(4) + bgp(5, channel=f"{ON} cost 9;") + bgp(6, channel=OFF)
    text += bgp(7) + bgp(8, channel=ON) + bgp(9, channel=OFF)
    text += bgp(10, 65001, CLIENT) + bgp(11, 65001, CLIENT, OFF) + bgp(12, 65001, CLIENT, OWN)
    side.start(text + bgp(13, options="rs client;", channel=ON))
    gets = side.connect(7, 8, 9, 10, 11, 12, 13)
    for one in side.connect(2, 3, 4, 5, 6):
        one.announce(f"10.{one.number}.0.0/16", aigp=100)
    side.settle()
    found = {f"to p{one.number}": one.table("aigp") for one in gets}
    return found | {"taken": {net: routes[0].get("BGP.aigp") for net, routes in side.routes().items()}}


@case()
def aigp_distance(side: Side):
    """What is added where the next hop is set, for next hops at every distance."""
    text = DIRECT + FAR + bgp(2, 65001, CLIENT) + bgp(4, 65001, f"{CLIENT} direct;", "cost 20;")
    text += bgp(6, channel=f"{ON} cost 7;")
    text += bgp(7, 65001, CLIENT, OWN) + bgp(8, channel=f"{ON} {OWN}") + bgp(9, 65001, CLIENT)
    text += bgp(10, 65001, CLIENT, exports=ELSEWHERE) + bgp(11, channel=f"{ON} next hop keep;")
    side.start(text + bgp(12, channel=ON, exports=ELSEWHERE))
    gets = side.connect(7, 8, 9, 10, 11, 12)
    one, *others = side.connect(2, 4, 6)
    for number, hop in enumerate(("10.0.0.2", "10.9.1.1", "10.9.2.1", "10.9.3.1", "10.200.0.1"), 1):
        one.announce(f"10.2{number}.0.0/16", aigp=100, next_hop=hop)
    for number, value in enumerate((0, 1 << 32, MOST, MOST - 1, MOST - 19), 1):
        one.announce(f"10.3{number}.0.0/16", aigp=value, next_hop="10.9.1.1")
    for other in others:
        other.announce(f"10.{other.number}.0.0/16", aigp=100)
    side.settle()
    found = {f"to p{get.number}": get.table("aigp") for get in gets}
    shown = side.routes("where source = RTS_BGP").items()
    return found | {"info": {net: routes[0]["info"] for net, routes in shown}}


@case()
def aigp_direct_without_cost(side: Side):
    """A neighbor on the link is at the distance of 1."""
    side.start(DIRECT + bgp(2, channel=ON) + bgp(3, 65001, channel=OWN))
    (one,), (other,) = side.connect(2), side.connect(3)
    one.announce("10.1.0.0/16", aigp=100)
    side.settle()
    return {"sent": other.table("aigp"), "info": side.routes("10.1.0.0/16")["10.1.0.0/16"][0]["info"]}


@case()
def aigp_selection(side: Side):
    """It is compared with the distance, before the length of the path and after local preference."""
    text = DIRECT + FAR + "".join(bgp(number, 65001) for number in (2, 3, 4))
    side.start(text + bgp(5, channel=f"{ON} cost 3;"))
    a, b, c, d = side.connect(2, 3, 4, 5)
    short, longer = (7,), (7, 8, 9)
    rows = (
        ((short, 101, ""), (longer, 100, "")),
        ((short, None, ""), (longer, 1000, "")),
        ((longer, 100, ""), (short, 51, "10.9.1.1")),
        ((longer, 100, ""), (short, 50, "10.9.1.1")),
        ((short, 100, "10.9.2.1"), (longer, 1000, "")),
        ((longer, 10, "10.200.0.1"), (short, 1000, "")),
        ((longer, MOST, ""), (short, MOST - 39, "10.9.1.1")),
        ((longer, MOST, ""), (short, None, "")),
        ((longer, 5, "10.9.2.1"), (short, None, "")),
        ((longer, MOST - 1, ""), (short, None, "")),
        ((longer, MOST - 2, ""), (short, None, "")),
    )
    for number, row in enumerate(rows, 20):
        for session, (path, metric, hop) in zip((a, b), row, strict=True):
            more = {"next_hop": hop} if hop else {}
            session.announce(f"10.{number}.0.0/16", path=path, aigp=metric, **more)
    a.announce("10.40.0.0/16", path=longer, aigp=1000, local_pref=200)
    b.announce("10.40.0.0/16", path=short, aigp=1)
    a.announce("10.41.0.0/16", path=(7, 8), aigp=100)
    d.announce("10.41.0.0/16", path=(65005,), aigp=98)
    a.announce("10.42.0.0/16", path=(7, 8), aigp=100)
    d.announce("10.42.0.0/16", path=(65005, 7, 8), aigp=97)
    a.announce("10.43.0.0/16", path=short, aigp=100)
    b.announce("10.43.0.0/16", path=longer, aigp=(1 << 32) + 99)
    c.announce("10.43.0.0/16", path=longer, aigp=99)
    a.announce("10.44.0.0/16", path=short, aigp=101, med=5)
    b.announce("10.44.0.0/16", path=short, aigp=100, med=10)
    side.settle()
    shown = side.routes("where source = RTS_BGP").items()
    return {
        "best": side.best("where source = RTS_BGP"),
        "info": {net: [one["info"] for one in routes] for net, routes in shown},
    }


@case()
def aigp_originate(side: Side):
    """Which routes that are not from BGP get one, and of which value."""
    static = """protocol static made { ipv4; igp table master4; route 10.70.0.0/16 blackhole;
        route 10.71.0.0/16 blackhole { igp_metric = 50; }; route 10.72.0.0/16 via 10.0.0.12;
        route 10.73.0.0/16 via 10.0.0.12 { igp_metric = 0; };
        route 10.74.0.0/16 via 10.0.0.12 { igp_metric = 60; }; route 10.75.0.0/16 recursive 10.9.1.1;
        route 10.76.0.0/16 recursive 10.9.1.1 { igp_metric = 5; };
        route 10.77.0.0/16 via 10.0.0.12 { ospf_metric1 = 77; };
        route 10.78.0.0/16 via 10.0.0.12 { igp_metric = 4294967295; };
        route 10.79.0.0/16 unreachable { igp_metric = 9; }; }
"""
    text = DIRECT + FAR + static + bgp(2, 65001, CLIENT, ORIGINATE) + bgp(3, channel=ORIGINATE)
    text += bgp(4, 65001, CLIENT) + bgp(5) + bgp(6, 65001)
    text += bgp(7, channel=ORIGINATE, exports="filter { igp_metric = 33; accept; }")
    text += bgp(8, 65001, CLIENT, f"{ORIGINATE} {OWN}") + bgp(9, channel=ORIGINATE, exports=ELSEWHERE)
    side.start(text)
    gets = side.connect(2, 3, 4, 7, 8, 9)
    external, internal = side.connect(5, 6)
    external.announce("10.5.0.0/16", aigp=5)
    internal.announce("10.6.0.0/16")
    internal.announce("10.7.0.0/16", aigp=7)
    side.settle()
    return {f"to p{one.number}": one.table("aigp") for one in gets}


@case()
def aigp_malformed(side: Side):
    """TLVs of wrong length, of other types, several of them (RFC 7311, 3.2), and wrong flags."""
    text = DIRECT + bgp(2, 65001, CLIENT) + bgp(3, 65001, CLIENT) + bgp(4, 65001, CLIENT, OWN)
    side.start(text + bgp(5, channel=f"{ON} cost 1;"))
    gets = side.connect(3, 4)
    one, external = side.connect(2, 5)
    good, other, short = wire.aigp(100), b"\x02\x00\x05ab", b"\x01\x00\x04a"
    values = (
        *(good, b"", b"\x01\x00\x0a" + bytes(7), b"\x01\x00\x0c" + bytes(9), good + wire.aigp(200)),
        *(other + good, good + other, other, good + b"\x01", good + b"\x02\x00\x02"),
        *(b"\x01\x00\x0b" + bytes(4), good + b"\x02\x00\x09ab", good + b"\x02\x00\x03", other + other + good),
        *(good + short, short + good),
    )
    for number, value in enumerate(values, 20):
        one.announce(f"10.{number}.0.0/16", raw=wire.attribute(26, value))
        external.announce(f"10.1{number}.0.0/16", raw=wire.attribute(26, value))
    one.announce("10.40.0.0/16", raw=wire.attribute(26, good, 0xC0))
    one.announce("10.41.0.0/16", raw=wire.attribute(26, good, 0xA0))
    one.announce("10.42.0.0/16", raw=wire.attribute(26, good) + wire.attribute(26, wire.aigp(1)))
    side.settle()
    found = {f"to p{get.number}": get.table("aigp") for get in gets}
    taken = {net: routes[0].get("BGP.aigp") for net, routes in side.routes().items()}
    return found | {"taken": taken, "info": side.info("p2")}


@case()
def aigp_in_filters(side: Side):
    """What filters can do with it, and what an export filter leaves of it."""
    import_filter = "filter { if net = 10.21.0.0/16 then unset(bgp_aigp); accept; }"
    marking = "filter { if defined(bgp_aigp) then bgp_med = 7; accept; }"
    text = DIRECT + bgp(2, 65001, CLIENT, imports=import_filter)
    text += bgp(3, 65001, CLIENT, exports="filter { unset(bgp_aigp); accept; }")
    side.start(text + bgp(4, 65001, CLIENT, OWN, exports=marking))
    gets = side.connect(3, 4)
    (one,) = side.connect(2)
    for number in (20, 21):
        one.announce(f"10.{number}.0.0/16", aigp=100)
    one.announce("10.22.0.0/16")
    side.settle()
    return {f"to p{get.number}": get.table("aigp", "med") for get in gets}


@case()
def aigp_reload(side: Side):
    """A change of the option acts at once, without a new session."""

    def text(brings: str, gets: str) -> str:
        receivers = bgp(3, channel=gets) + bgp(4, 65001, channel=gets)
        return DIRECT + bgp(2, channel=f"{brings} cost 1;") + receivers

    side.start(text("", ""))
    gets = side.connect(3, 4)
    (one,) = side.connect(2)
    found = {}
    for number, (brings, takes) in enumerate([(ON, ""), (ON, ON), (ON, OFF), (OFF, ORIGINATE)]):
        side.configure(text(brings, takes))
        side.settle()
        one.announce("10.20.0.0/16", aigp=100)
        side.settle()
        found[f"{number} sent"] = [get.table("aigp") for get in gets]
        found[f"{number} up"] = [side.info(f"p{session}") for session in (2, 3, 4)]
        found[f"{number} refreshes"] = one.kinds(5)
    return found


@case()
def aigp_of_a_changing_igp(side: Side):
    """What was sent follows the distance of the next hop."""

    def text(metric: int) -> str:
        way = f"route 10.9.1.0/24 via 10.0.0.12 {{ igp_metric = {metric}; }};"
        static = f"protocol static sx {{ ipv4; {way} }}\n"
        return DIRECT + static + bgp(2, 65001, CLIENT) + bgp(3, 65001, CLIENT, OWN) + bgp(4, 65001, CLIENT)

    side.start(text(50))
    a, b, c = side.connect(2, 3, 4)
    a.announce("10.20.0.0/16", aigp=100, next_hop="10.9.1.1", path=(7,))
    c.announce("10.20.0.0/16", aigp=100, next_hop="10.9.1.2", path=(7, 8))
    c.announce("10.21.0.0/16", aigp=120, path=(7, 8))
    a.announce("10.21.0.0/16", aigp=100, next_hop="10.9.1.1", path=(7,))
    found = {}
    for metric in (50, 5, 500):
        side.configure(text(metric))
        side.settle()
        found[f"{metric}"] = {"sent": b.table("aigp"), "best": side.best("where source = RTS_BGP")}
    return found
