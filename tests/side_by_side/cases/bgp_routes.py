"""Options of a BGP session and its channels that say which routes are taken, and which one is the best."""

import struct

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, case

NET = "10.1.0.0/16"


def taken(
    side: Side, options: dict[str, str], *, channel: str = "", told, asn: int | None = None, look="best"
):
    """Which of a neighbor's routes are there, for each option; `told(session, number)` announces them."""
    side.start(
        "".join(bgp(at, asn, one, channel, exports="none") for at, one in enumerate(options.values(), 2))
    )
    found = {}
    for at, name in enumerate(options, 2):
        (session,) = side.connect(at)
        told(session, at)
        side.settle()
        found[name] = (
            side.routes(f"protocol p{at}") if look == "routes" else sorted(side.best(f"protocol p{at}"))
        )
        found[f"{name}: notifications"] = session.notifications()
    return found


@case(options=("bgp: allow local as",))
def own_as_in_the_path(side: Side):
    def told(session, number):
        for count in range(4):
            session.announce(f"10.{number}.{count}.0/24", path=(session.asn, *[65001] * count))

    options = {
        "default": "",
        "any": "allow local as;",
        "one": "allow local as 1;",
        "none": "allow local as 0;",
    }
    return taken(side, options, told=told)


@case(since="2.19", options=("bgp: enforce first as",))
def first_as(side: Side):
    def told(session, number):
        session.announce(f"10.{number}.0.0/24", path=(7, session.asn))
        session.announce(f"10.{number}.1.0/24", path=())
        session.announce(f"10.{number}.2.0/24", path=[(1, (session.asn, 8))])
        session.announce(f"10.{number}.3.0/24")

    return taken(
        side, {"default": "", "on": "enforce first as on;", "off": "enforce first as off;"}, told=told
    )


@case(since="2.19", options=("bgp: allow as sets",))
def as_sets(side: Side):
    def told(session, number):
        session.announce(f"10.{number}.0.0/24", path=[(2, (session.asn,)), (1, (7, 8))])
        session.announce(f"10.{number}.1.0/24")

    return taken(side, {"default": "", "on": "allow as sets on;", "off": "allow as sets off;"}, told=told)


@case(options=("bgp: allow local pref", "bgp: default local pref", "bgp: default med"))
def preferences_from_outside(side: Side):
    """LOCAL_PREF of eBGP neighbors, and the defaults where there is none: here, and inside of the AS."""
    options = {
        "default": "",
        "allowed": "allow bgp_local_pref on;",
        "not allowed": "allow bgp_local_pref off;",
        "own defaults": "default bgp_local_pref 70; default bgp_med 9;",
    }
    text = "".join(bgp(at, options=one, exports="none") for at, one in enumerate(options.values(), 2))
    side.start(text + bgp(6, 65001))
    *sessions, inside = side.connect(2, 3, 4, 5, 6)
    for session in sessions:
        session.announce(f"10.{session.number}.0.0/24", local_pref=250, med=7)
        session.announce(f"10.{session.number}.1.0/24")
    side.settle()
    sent, found = inside.table("local_pref", "med"), {}
    for session, name in zip(sessions, options, strict=True):
        for third, what in ((0, "with"), (1, "without")):
            net = f"10.{session.number}.{third}.0/24"
            (row,) = side.routes(net)[net]
            found[f"{name}: {what}"] = [row.get("BGP.local_pref"), row.get("BGP.med")]
            found[f"{name}: {what}, sent"] = sent.get(net)
    return found


@case(since="2.19", options=("bgp: allow med",))
def med_to_outside(side: Side):
    """The MED of a route that goes to another AS."""
    static = "protocol static own { ipv4; route 10.9.0.0/16 blackhole { bgp_med = 5; }; }\n"
    side.start(
        static + bgp(2) + bgp(3, options="allow bgp_med on;") + bgp(4, options="allow bgp_med off;") + bgp(5)
    )
    a, b, c, source = side.connect(2, 3, 4, 5)
    source.announce(NET, med=11)
    side.settle()
    return {name: one.table("med") for name, one in (("default", a), ("on", b), ("off", c))}


@case(options=("bgp: interpret communities",))
def well_known_communities(side: Side):
    """NO_EXPORT, NO_ADVERTISE, NO_EXPORT_SUBCONFED (RFC 1997)."""
    side.start(
        bgp(2)
        + bgp(3)
        + bgp(4, 65001)
        + bgp(5, options="interpret communities off;")
        + bgp(6, 65001, "interpret communities off;")
        + bgp(7, options="rs client;")
    )
    source, *others = side.connect(2, 3, 4, 5, 6, 7)
    for number, low in enumerate((0xFF01, 0xFF02, 0xFF03, 0xFF04, 666), 1):
        source.announce(f"10.{number}.0.0/16", communities=[(65535, low), (1, 1)])
    side.settle()
    return {f"to p{one.number}": one.table("communities") for one in others}


HELD = {1: 0xFF01, 2: 0xFF02, 3: 0xFF03, 4: 6, 5: 7}  # second octet of networks: low half of a community


@case(options=("bgp: interpret communities",))
def well_known_communities_of_own_routes(side: Side):
    """They forbid nothing where the route did not come by BGP, wherever they were set."""
    add = {number: f"bgp_community.add((65535,{low}));" for number, low in HELD.items()}
    marks = "".join(f"  if net ~ [10.{number}.0.0/16+] then {text}\n" for number, text in add.items())
    routes = "".join(f"  route 10.{number}.1.0/24 blackhole {{ {text} }};\n" for number, text in add.items())
    others = "".join(f"  route 10.{number}.2.0/24 blackhole;\n" for number in add)
    side.start(
        f"ipv4 table piped;\nfilter marked {{\n{marks}  accept;\n}}\n"
        f"protocol static own {{\n  ipv4;\n{routes}}}\n"
        f"protocol static mine {{\n  ipv4 {{ import filter marked; }};\n{others}}}\n"
        "protocol pipe { table master4; peer table piped; import none; export all; }\n"
        + bgp(2)
        + bgp(3, 65001)
        + bgp(4, channel="table piped;")
        + bgp(5, imports="filter marked")
        + bgp(6, options="interpret communities off;")
        + bgp(7, exports="filter marked")
    )
    sessions = side.connect(2, 3, 4, 5, 6, 7)
    sessions[3].announce(*[f"10.{number}.3.0/24" for number in HELD])
    side.settle()
    return {f"to p{one.number}": one.table("communities") for one in sessions}


# Best paths: pairs of announcements by neighbors 2, 3 and 4, in this order.
def chosen(side: Side, options: str, told, *, internal=(), order=(2, 3, 4)) -> dict:
    side.start("".join(bgp(at, 65001 if at in internal else None, options) for at in (2, 3, 4)))
    sessions = dict(zip((2, 3, 4), side.connect(2, 3, 4), strict=True))
    for number in order:
        told(sessions[number], number)
        side.settle(0.15)
    return {"best": side.best(), "routes": {net: len(rows) for net, rows in side.routes().items()}}


def metrics(session, number):
    session.announce("10.1.0.0/16", path=(session.asn, *[7] * (5 - number)), med=number)
    session.announce("10.2.0.0/16", path=(session.asn, 9), med=10 - number)
    session.announce("10.3.0.0/16", path=(session.asn, 9), origin=number % 3)
    session.announce("10.4.0.0/16", path=(session.asn, 9))
    session.announce("10.5.0.0/16", path=(session.asn, 7, 8), next_hop=f"10.0.0.{20 - number}")
    session.announce("10.6.0.0/16", path=(session.asn,), local_pref=100 + number)


DECISIONS = {
    "default": "",
    "path_metric_off": "path metric off;",
    "med_metric_on": "med metric on;",
    "prefer_older_on": "prefer older on;",
    "deterministic_med_on": "deterministic med on;",
    "igp_metric_off": "igp metric off;",
}
COVERED = tuple(
    f"bgp: {one}" for one in ("path metric", "med metric", "prefer older", "deterministic med", "igp metric")
)


def decision(options: str, order):
    return lambda side: chosen(side, options, metrics, order=order)


for name, text in DECISIONS.items():
    case(name=f"best_path_{name}", long=name != "default", options=COVERED)(decision(text, (4, 2, 3)))


@case(options=COVERED)
def best_path_inside(side: Side):
    """Internal against external ones, and the metric of the way to the next hop."""
    text = """protocol direct { ipv4; }
protocol static inside { ipv4; route 10.150.0.0/16 via 10.0.0.12 { igp_metric = 50; };
    route 10.151.0.0/16 via 10.0.0.12 { igp_metric = 5; }; }
"""
    side.start(text + bgp(2, 65001) + bgp(3, 65001) + bgp(4) + bgp(5, 65001, "igp metric off;"))
    a, b, c, d = side.connect(2, 3, 4, 5)
    a.announce("10.1.0.0/16", path=(7,), next_hop="10.150.0.1")
    b.announce("10.1.0.0/16", path=(7,), next_hop="10.151.0.1")
    a.announce("10.2.0.0/16", path=(7,), next_hop="10.150.0.1")
    c.announce("10.2.0.0/16", path=(65004,))
    a.announce("10.3.0.0/16", path=(7,), next_hop="10.99.0.1")
    b.announce("10.3.0.0/16", path=(7, 8, 9), next_hop="10.151.0.1")
    a.announce("10.4.0.0/16", path=(7,), next_hop="10.150.0.1", med=3)
    b.announce("10.4.0.0/16", path=(7,), next_hop="10.151.0.1", med=5)
    for number, one in enumerate((a, b), 1):
        one.announce(
            "10.5.0.0/16", path=(7,), originator=f"9.9.9.{3 - number}", clusters=["7.7.7.7"] * number
        )
        one.announce("10.6.0.0/16", path=(7,), clusters=["7.7.7.7"] * (3 - number), originator="9.9.9.9")
    d.announce("10.1.0.0/16", path=(7,), next_hop="10.151.0.1")
    side.settle()
    return {"best": side.best("where source = RTS_BGP"), "shown": side.routes("10.1.0.0/16")}


@case(long=True, options=COVERED)
def best_path_med(side: Side):
    """MED between routes of one AS and of others, whatever came first."""
    found = {}
    for name, options in (
        ("default", ""),
        ("deterministic", "deterministic med on;"),
        ("all", "med metric on;"),
    ):
        side.start("".join(bgp(at, 65010 if at < 4 else 65011, options) for at in (2, 3, 4)))
        a, b, c = side.connect(2, 3, 4)
        for net, order in (
            ("10.1.0.0/16", (a, b, c)),
            ("10.2.0.0/16", (c, b, a)),
            ("10.3.0.0/16", (b, c, a)),
        ):
            for one in order:
                one.announce(net, path=(one.asn, 7), med={2: 30, 3: 20, 4: 10}[one.number])
                side.settle(0.1)
        found[name] = side.best()
    return found


@case(
    options=("channel: preference", "bgp channel: cost", "channel: channel table", "channel: import policy")
)
def channel_basics(side: Side):
    """Preference, another table, costs to a next hop, filters on both sides."""
    tables = "ipv4 table spare;\n"
    reject = "filter { if net ~ [10.1.0.0/16+] then reject; bgp_med = 77; accept; }"
    side.start(
        tables
        + bgp(2, channel="preference 250;")
        + bgp(3, channel="table spare;")
        + bgp(4, imports=reject)
        + bgp(5, exports=reject)
        + bgp(6, channel="preference 90;")
    )
    a, b, c, d, e = side.connect(2, 3, 4, 5, 6)
    for one in (a, b, c, e):
        one.announce("10.1.0.0/16", "10.2.0.0/16", path=(one.asn, 7))
    side.settle()
    return {
        "routes": side.routes(),
        "spare": side.routes("table spare"),
        "sent": {f"p{one.number}": one.table("med", "as_path") for one in (a, b, c, d, e)},
    }


@case(options=("bgp channel: cost",), since="2.19")
def costs(side: Side):
    """`cost` beside the metric of the way to the next hop."""
    text = "protocol direct { ipv4; }\n"
    side.start(text + bgp(2, 65001, channel="cost 10;") + bgp(3, 65001, channel="cost 5;") + bgp(4, 65001))
    a, b, c = side.connect(2, 3, 4)
    for one in (a, b):
        one.announce("10.1.0.0/16", path=(7,))
    a.announce("10.2.0.0/16", path=(7,))
    c.announce("10.2.0.0/16", path=(8,))
    side.settle()
    return {"best": side.best("where source = RTS_BGP"), "rows": side.routes("10.1.0.0/16")}


@case(options=("bgp channel: import table", "channel: keep filtered"))
def what_was_imported(side: Side):
    reject = "filter { if net ~ [10.1.0.0/16+] then reject; accept; }"
    side.start(
        bgp(2, imports=reject, channel="import table on;")
        + bgp(3, imports=reject, channel="import keep filtered on;")
    )
    for one in side.connect(2, 3):
        one.announce("10.1.0.0/16", "10.2.0.0/16")
    side.settle()
    return {
        "import table": side.routes("import table p2.ipv4"),
        "filtered": side.routes("filtered"),
        "kept": side.best(),
    }


@case(options=("bgp channel: secondary",))
def second_best(side: Side):
    """`secondary`: the best route that the export filter accepts."""
    text = "ipv4 table sorted4 sorted;\n"
    reject = "filter { if bgp_med = 1 then reject; accept; }"
    channel = "table sorted4;"
    side.start(
        text
        + bgp(2, channel=channel)
        + bgp(3, channel=channel)
        + bgp(4, channel=f"{channel} secondary on;", exports=reject)
        + bgp(5, channel=channel, exports=reject)
    )
    a, b, c, d = side.connect(2, 3, 4, 5)
    a.announce(NET, med=1)
    b.announce(NET, med=2, path=(65003, 7))
    side.settle()
    found = {"secondary": c.table("med"), "not": d.table("med")}
    b.withdraw(NET)
    side.settle()
    return found | {"gone: secondary": c.table("med"), "gone: not": d.table("med")}


@case(options=("bgp channel: igp table",))
def igp_tables(side: Side):
    """Where a next hop is looked for."""
    text = """ipv4 table inner;
protocol static inside { ipv4 { table inner; }; route 10.150.0.0/16 via 10.0.0.12; }
"""
    side.start(text + bgp(2, 65001, channel="igp table inner;") + bgp(3, 65001))
    for one in side.connect(2, 3):
        one.announce(f"10.{one.number}.0.0/16", next_hop="10.150.0.1")
    side.settle()
    return {"routes": side.routes()}


@case(options=("channel: rpki reload",))
def validation_changes(side: Side):
    """A ROA that comes later judges what is there, where the import filter asks."""
    asks = "filter { if roa_check(r4, net, bgp_path.last) = ROA_INVALID then reject; accept; }"
    text = "roa4 table r4;\n"
    text += "protocol static roas { disabled; roa4 { table r4; }; route 10.0.0.0/8 max 24 as 1; }\n"
    side.start(
        text
        + bgp(2, imports=asks, exports="none")
        + bgp(3, imports=asks, exports="none", channel="rpki reload off;")
        + bgp(4, exports=asks)
    )
    a, b, c = side.connect(2, 3, 4)
    for one in (a, b):
        one.announce(f"10.{one.number}.0.0/16")
    side.settle()
    found = {"before": side.best(), "sent before": sorted(c.table())}
    side.ask("enable roas")
    side.settle(0.5)
    # BIRD asks for the routes again; a neighbor sends them.
    found["asked again"] = [len(one.kinds(wire.REFRESH)) for one in (a, b)]
    return found


@case()
def errors_of_attributes(side: Side):
    """RFC 7606: what is withdrawn, what is dropped, what ends the session."""
    broken = {
        "origin 9": wire.attribute(1, b"\x09"),
        "origin missing": None,
        "med of 3": wire.attribute(4, b"\0\0\1"),
        "communities of 3": wire.attribute(8, b"\0\0\1"),
        "aggregator of 4": wire.attribute(7, b"\0\0\0\1"),
        "atomic of 1": wire.attribute(6, b"\1"),
        "large of 8": wire.attribute(32, bytes(8)),
        "extended of 7": wire.attribute(16, bytes(7)),
        "originator from outside": wire.attribute(9, b"\1\1\1\1"),
        "unknown optional": wire.attribute(200, b"\1\2", 0xC0),
        "unknown non-transitive": wire.attribute(201, b"\1\2", 0x80),
        "unknown well-known": wire.attribute(202, b"\1\2", 0x40),
        "flags of med": wire.attribute(4, b"\0\0\0\1", 0xC0),
    }
    numbers = {name: number for number, name in enumerate(broken, 2)}
    side.start("".join(bgp(at, exports="none") for at in numbers.values() if at < 14) + bgp(14))
    found = {}
    (receiver,) = side.connect(14)
    for name, extra in broken.items():
        if numbers[name] >= 14:
            break
        (session,) = side.connect(numbers[name])
        net = f"10.{session.number}.0.0/16"
        origin = None if name.startswith("origin") and name != "originator from outside" else 0
        session.announce(net, origin=origin, raw=extra or b"")
        side.settle()
        found[name] = [
            session.notifications(),
            side.best(f"protocol p{session.number}"),
            receiver.table().get(net),
        ]
    return found


@case()
def odd_paths(side: Side):
    """Paths with sets, confederation segments, AS 0, AS_TRANS, many segments."""
    paths = {
        "set": [(2, (65002,)), (1, (7, 8))],
        "confederation": [(3, (9,)), (2, (65002,))],
        "as 0": (65002, 0),
        "as trans": (65002, 23456),
        "two sequences": [(2, (65002,)), (2, (7,))],
        "long": (65002, *range(1, 255)),
        "longer": [(2, (65002, *range(1, 255))), (2, (5,) * 200)],
        "private": (65002, 64512, 4200000000),
        "last": (65002, 65535, 4294967295),
    }
    side.start(bgp(2) + bgp(3) + bgp(4, 65001))
    a, b, c = side.connect(2, 3, 4)
    for number, path in enumerate(paths.values(), 1):
        a.announce(f"10.{number}.0.0/16", path=path)
    side.settle()
    best, out, inside = side.best(), b.table("as_path"), c.table("as_path")
    nets = {name: f"10.{number}.0.0/16" for number, name in enumerate(paths, 1)}
    found = {name: [best.get(net), out.get(net), inside.get(net)] for name, net in nets.items()}
    return found | {"notifications": a.notifications()}


@case(options=("bgp: rr client", "bgp: rr cluster id", "bgp: rs client", "bgp: direct"))
def what_an_rs_client_gets(side: Side):
    """A route server leaves path, MED and next hop as they are (RFC 7947)."""
    static = "protocol static own { ipv4; route 10.9.0.0/16 blackhole { bgp_path.prepend(5); }; }\n"
    side.start(static + bgp(2, options="rs client;") + bgp(3, options="rs client;") + bgp(4))
    a, b, c = side.connect(2, 3, 4)
    a.announce("10.1.0.0/16", path=(65002, 7), med=5, communities=[(1, 2)], large=[(1, 2, 3)])
    aggregator = wire.attribute(7, struct.pack("!I", 7) + b"\1\1\1\1") + wire.attribute(6, b"")
    a.announce("10.2.0.0/16", path=(65002, 7), raw=aggregator + wire.attribute(200, b"\1", 0xE0))
    side.settle()
    return {"rs client": b.table(), "other": c.table(), "to sender": a.table()}


@case()
def configured_med(side: Side):
    """The MED of a static route, to another AS."""
    side.start(
        """protocol static own { ipv4; route 10.1.0.0/16 blackhole { bgp_med = 4; };
    route 10.2.0.0/16 blackhole { bgp_med = 4; bgp_community.add((1,1)); }; }
"""
        + bgp(2)
    )
    (a,) = side.connect(2)
    side.settle()
    sent = a.table("med")
    return {"alone": sent["10.1.0.0/16"], "beside other attributes": sent["10.2.0.0/16"]}


@case(options=COVERED)
def best_path_of_different_options(side: Side):
    """Two routes whose sessions have different options: whose options hold."""
    text = """protocol direct { ipv4; }
protocol static inside { ipv4; route 10.150.0.0/16 via 10.0.0.12 { igp_metric = 50; };
    route 10.151.0.0/16 via 10.0.0.12 { igp_metric = 5; }; }
"""
    options = {
        "path metric off": ("path metric off;", {"path": (8, 7, 7)}, {"path": (9,)}),
        "path metric off, shorter": ("path metric off;", {"path": (9,)}, {"path": (8, 7, 7)}),
        "med metric, lower": ("med metric on;", {"path": (8,), "med": 5}, {"path": (9,), "med": 10}),
        "med metric, higher": ("med metric on;", {"path": (8,), "med": 10}, {"path": (9,), "med": 5}),
        "igp metric off, far": ("igp metric off;", {"next_hop": "10.150.0.1"}, {"next_hop": "10.151.0.1"}),
        "igp metric off, near": ("igp metric off;", {"next_hop": "10.151.0.1"}, {"next_hop": "10.150.0.1"}),
        "igp metric off, equal": ("igp metric off;", {"next_hop": "10.151.0.1"}, {"next_hop": "10.151.0.1"}),
    }
    found = {}
    changed = sorted({one[0] for one in options.values()})
    numbers = dict(zip(changed, (3, 4, 5), strict=True))
    side.start(
        text + "".join(bgp(numbers[one], 65001, one) for one in changed) + bgp(2, 65001) + bgp(6, 65001)
    )
    sessions = {one.number: one for one in side.connect(2, 3, 4, 5, 6)}
    for number, (option, with_it, without) in enumerate(options.values()):
        for other in (2, 6):  # once the lower address has the option, once the higher one
            net = f"10.{number}.{other}.0/24"
            sessions[numbers[option]].announce(net, **({"path": (7,)} | with_it))
            sessions[other].announce(net, **({"path": (7,)} | without))
    side.settle()
    best = side.best("where source = RTS_BGP")
    for number, name in enumerate(options):
        for other in (2, 6):
            chosen = best.get(f"10.{number}.{other}.0/24")
            found[f"{name}, beside {other}"] = "with" if chosen != f"p{other}" else "without"
    return found


@case(options=("bgp: prefer older",))
def older_of_different_options(side: Side):
    """`prefer older` on one of two sessions only."""
    side.start(bgp(2) + bgp(3, options="prefer older on;") + bgp(4))
    sessions = {one.number: one for one in side.connect(2, 3, 4)}
    for net, order in (
        ("10.1.0.0/16", (3, 2)),
        ("10.2.0.0/16", (2, 3)),
        ("10.3.0.0/16", (3, 4)),
        ("10.4.0.0/16", (4, 3)),
    ):
        for number in order:
            sessions[number].announce(net, path=(sessions[number].asn, 7))
            side.settle(0.15)
    return {"best": side.best()}


@case()
def med_to_another_as(side: Side):
    """A MED that came with the route, one that a filter set, one of a static route: which leave the AS."""
    static = """ipv4 table spare;
protocol static own { ipv4; route 10.9.0.0/16 blackhole { bgp_med = 5; }; route 10.10.0.0/16 blackhole; }
protocol static piped { ipv4 { table spare; }; route 10.11.0.0/16 blackhole { bgp_med = 5; }; }
protocol pipe pi { table master4; peer table spare; import all; export none; }
"""
    sets = "filter { bgp_med = 9; accept; }"
    side.start(
        static
        + bgp(2, imports=sets)
        + bgp(3)
        + bgp(4, 65001)
        + bgp(5)
        + bgp(6, exports=sets)
        + bgp(7, exports="filter { if source = RTS_STATIC then bgp_med = bgp_med + 1; accept; }")
        + bgp(8, 65001, imports=sets)
    )
    a, b, c, receiver, changed, added, d = side.connect(2, 3, 4, 5, 6, 7, 8)
    for number, one in enumerate((a, b, c, d), 1):
        one.announce(f"10.{number}.0.0/16", med=11)
        one.announce(f"10.{number + 20}.0.0/16")
    side.settle()
    return {
        "sent": receiver.table("med"),
        "set on export": changed.table("med"),
        "added to": added.table("med"),
    }
