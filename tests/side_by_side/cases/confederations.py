"""Confederations (RFC 5065): our AS is 65001, a member of confederation 100."""

from functools import partial
from typing import Any

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, bgp6, case
from tests.side_by_side.cases.next_hop_matrix import AROUND, HOPS, OTHER_LINK, SENDER, alike
from tests.side_by_side.speaker import Session
from tests.side_by_side.wire import Path

CONFED = "confederation 100;"
MEMBER = "confederation 100; confederation member;"
CLIENT = "rr client;"
SEQUENCE, CONFED_SEQUENCE, CONFED_SET = 2, 3, 4
DIRECT = "protocol direct { ipv4; }\n"

# Neighbors of every kind: number -> name, AS (None: 65000 + number) and options.
KINDS: dict[int, tuple[str, int | None, str]] = {
    2: ("outside", None, CONFED),
    3: ("member", None, MEMBER),
    4: ("internal", 65001, CONFED),
    5: ("client", 65001, CONFED + CLIENT),
    6: ("rs client", None, CONFED + "rs client;"),
    7: ("member rs client", None, MEMBER + "rs client;"),
    8: ("another member", None, MEMBER),
    9: ("elsewhere", None, ""),
    10: ("internal elsewhere", 65001, ""),
}


def through(*members: int, then: tuple[int, ...] = ()) -> Path:
    """A path through these members, then outside of the confederation."""
    inside = [(CONFED_SEQUENCE, members)] if members else []
    return [*inside, *([(SEQUENCE, then)] if then else [])]


def neighbors(**more: Any) -> str:
    return "".join(bgp(n, asn, options, **more) for n, (_, asn, options) in KINDS.items())


def usual(session: Session) -> Path:
    """What a neighbor of this kind has in the path of a route of its own."""
    name = KINDS[session.number][0]
    if "internal" in name or name == "client":
        return ()
    return through(session.asn) if "member" in name else (session.asn,)


@case(dialect3=True, options=("bgp: confederation", "bgp: confederation member"))
def confederation_opens(side: Side):
    """Which AS each neighbor is told, and what is shown."""
    side.start(neighbors())
    seen: dict[str, Any] = {}
    for number, (name, *_) in KINDS.items():
        (session,) = side.connect(number)
        assert session.opening is not None
        seen[f"{name}: open"] = [
            session.opening.asn,
            *[v for c, v in session.opening.capabilities if c == 65],
        ]
        seen[f"{name}: details"] = side.details(f"p{number}", "AS|Session")
    return seen


@case()
def confederation_paths(side: Side):
    """A route of each neighbor, and a static one, as each neighbor gets it."""
    static = "protocol static sx { ipv4; route 10.99.1.0/24 blackhole; }\n"
    side.start(DIRECT + static + neighbors())
    sessions = side.connect(*KINDS)
    for one in sessions:
        one.announce(f"10.{one.number}.1.0/24", path=usual(one), med=7, local_pref=150)
        tail = [(SEQUENCE, (65077, 65078))] if isinstance(usual(one), list) else (65077, 65078)
        one.announce(f"10.{one.number}.2.0/24", path=[*usual(one), *tail], med=7, local_pref=150)
    side.settle()
    names = ("as_path", "next_hop", "local_pref", "med", "originator_id", "cluster_list")
    found: dict[str, Any] = {f"to {KINDS[one.number][0]}": one.table(*names) for one in sessions}
    members = ("10.3.", "10.7.", "10.8.")
    client = found["to rs client"]
    found["to rs client, from members"] = {
        net: client.pop(net)["as_path"] for net in list(client) if net.startswith(members)
    }
    shown = {net: routes[0] for net, routes in side.routes("where source = RTS_BGP").items()}
    inside = {net: route for net, route in shown.items() if not net.startswith(("10.2.", "10.6.", "10.9."))}
    return found | {"shown": inside}


@case()
def confederation_segments(side: Side):
    """Paths of every shape from every neighbor: taken, refused, answered."""
    side.start(DIRECT + neighbors())
    shapes = {
        1: through(65003),
        2: [(CONFED_SEQUENCE, (65050, 65003)), (SEQUENCE, (65077,))],
        3: [(SEQUENCE, (65077,)), (CONFED_SEQUENCE, (65050,))],
        4: (65077,),
        5: (),
        6: [(CONFED_SET, (65050, 65051))],
        7: [(CONFED_SEQUENCE, (65003,)), (CONFED_SET, (65050, 65051))],
        8: [(CONFED_SEQUENCE, ())],
        9: [(CONFED_SEQUENCE, (65003,)), (SEQUENCE, ())],
        10: [(5, (65003,))],
        11: [(CONFED_SEQUENCE, (65050,)), (CONFED_SEQUENCE, (65051,))],
        12: [(CONFED_SEQUENCE, (65050,)), (1, (65077, 65078))],
        13: [(1, (65077, 65078)), (CONFED_SEQUENCE, (65050,))],
    }
    seen: dict[str, Any] = {}
    for one in side.connect(*KINDS):
        name = KINDS[one.number][0]
        for number, path in shapes.items():
            one.announce(f"10.{number}.{one.number}.0/24", path=path)
        side.settle()
        seen[f"{name}: end"] = [one.established, one.codes()]
    for net, routes in side.routes("where source = RTS_BGP").items():
        number, kind = net.split(".")[1:3]
        seen[f"{KINDS[int(kind)][0]}: shape {number}"] = [routes[0].get("BGP.as_path"), routes[0]["info"]]
    return seen


@case()
def confederation_loops(side: Side):
    """Our AS and the confederation's, in segments of both kinds."""
    seen: dict[str, Any] = {}
    for extra in ("", "allow local as 1;", "allow local as;"):
        kinds = {2: (None, CONFED), 3: (None, MEMBER), 4: (65001, CONFED), 9: (None, "")}
        side.start(DIRECT + "".join(bgp(n, asn, options + extra) for n, (asn, options) in kinds.items()))
        for one in side.connect(*kinds):
            head = usual(one)
            shapes = (
                [(SEQUENCE, (65001,))],
                [(SEQUENCE, (100,))],
                [(SEQUENCE, (100, 65001))],
                [(CONFED_SEQUENCE, (65001,))],
                [(CONFED_SEQUENCE, (100,))],
                [(CONFED_SEQUENCE, (65001, 100))],
                [(CONFED_SEQUENCE, (65050, 65001)), (SEQUENCE, (100,))],
                [(CONFED_SEQUENCE, (65050,)), (SEQUENCE, (65001,))],
            )
            for number, path in enumerate(shapes):
                begin = [(SEQUENCE, head)] if head and isinstance(head, tuple) else list(head)
                one.announce(f"10.{one.number}.{number}.0/24", path=[*begin, *path], local_pref=100)
            side.settle()
            taken = {
                net: f"{routes[0]['to']} {routes[0].get('BGP.as_path')}"
                for net, routes in side.routes("where source = RTS_BGP").items()
                if net.startswith(f"10.{one.number}.")
            }
            seen[f"{extra or 'none'} {KINDS[one.number][0]}"] = [one.codes(), taken]
    return seen


@case()
def confederation_first_as(side: Side):
    """`enforce first as` between members."""
    first = "enforce first as;"
    side.start(DIRECT + bgp(2, None, CONFED + first) + bgp(3, None, MEMBER + first))
    outside, member = side.connect(2, 3)
    for number, path in enumerate(
        (
            through(65003), through(65050, 65003), through(65003, then=(65077,)), (65003,), (65003, 65004),
            [(CONFED_SET, (65003,))], (), [(SEQUENCE, (65077,))],
        )
    ):  # fmt: skip
        member.announce(f"10.3.{number}.0/24", path=path, local_pref=100)
    for number, path in enumerate(((65002,), (65077, 65002), ())):
        outside.announce(f"10.2.{number}.0/24", path=path)
    side.settle()
    return {"best": side.best("where source = RTS_BGP"), "codes": member.codes()}


@case()
def confederation_selection(side: Side):
    """Which of two routes is best: kinds of neighbors, length of the path, MED, distance, age, router id."""
    text = "protocol static far { ipv4; route 10.9.1.0/24 via 10.0.0.12 { igp_metric = 50; }; }\n"
    far = MEMBER + "multihop;"
    kinds = {
        2: (None, far), 3: (65001, CONFED), 4: (None, far), 5: (None, CONFED),
        6: (None, MEMBER + "prefer older;"), 7: (None, MEMBER + "prefer older;"), 8: (None, MEMBER),
        9: (None, ""),
    }  # fmt: skip
    side.start(DIRECT + text + "".join(bgp(n, asn, options) for n, (asn, options) in kinds.items()))
    sessions = dict(zip(kinds, side.connect(*kinds), strict=True))
    nets: dict[str, str] = {}

    def compare(what: str, *each: tuple[int, dict[str, Any]]) -> None:
        """Announce the same network by these neighbors, one after the other."""
        net = nets[what] = f"10.{len(nets) + 10}.0.0/16"
        for number, attributes in each:
            sessions[number].announce(net, **({"local_pref": 100} | attributes))
            side.settle(0.05)

    two, three, four = ({"path": through(65000 + n, then=(7,))} for n in (2, 50, 4))
    near, away = {}, {"next_hop": "10.9.1.1"}
    compare("member, internal", (2, two), (3, three))
    compare("internal, member", (3, three), (4, four))
    compare("member near, internal far", (4, four), (3, three | away))
    compare("member far, internal near", (2, two | away), (3, three | near))
    compare("members near and far", (4, four), (2, two | away))
    compare("member, outside", (2, two), (5, {"path": (65005,)}))
    compare("member, elsewhere", (8, {"path": through(65008)} | near), (9, {"path": (65009,)}))
    compare("member is shorter", (8, {"path": through(65008, 65060, 65061)}), (5, {"path": (65005,)}))
    compare("preferred", (2, two), (4, four | {"local_pref": 101}))
    compare("med 5, 3", (2, two | {"med": 5}), (4, four | {"med": 3}))
    compare("med 5, 3, other AS", (2, two | {"med": 5}), (4, {"path": through(65004, then=(8,)), "med": 3}))
    compare(
        "med 5, 3, members", (2, {"path": through(65002), "med": 5}), (4, {"path": through(65004), "med": 3})
    )
    compare("med 3, 5, own", (3, {"path": (), "med": 3}), (2, {"path": through(65002), "med": 5}))
    compare("med 5, 3, own", (3, {"path": (), "med": 5}), (4, {"path": through(65004), "med": 3}))
    compare("older", (7, {"path": through(65007)}), (6, {"path": through(65006)}))
    compare("younger", (6, {"path": through(65006)}), (7, {"path": through(65007)}))
    compare("originator", (2, two), (4, four | {"originator": "1.1.1.1", "clusters": ["1.1.1.1"]}))
    side.settle()
    best = side.best("where source = RTS_BGP")
    return {what: best.get(net) for what, net in nets.items()}


@case()
def confederation_communities(side: Side):
    """NO_EXPORT stays in the confederation, NO_EXPORT_SUBCONFED in our AS (RFC 1997)."""
    side.start(DIRECT + neighbors() + bgp(11, 65001, CONFED + CLIENT))
    sessions = side.connect(*KINDS)
    (one,) = side.connect(11)
    for number, value in enumerate((65281, 65282, 65283, 65284, 6)):
        one.announce(f"10.1.{number}.0/24", communities=[(65535, value)])
        sessions[1].announce(f"10.2.{number}.0/24", path=through(65003), communities=[(65535, value)])
    extended = [bytes.fromhex("4002fde900000007"), bytes.fromhex("0002fde900000008")]
    one.announce("10.3.0.0/24", extended=extended, otc=65077)
    sessions[1].announce("10.4.0.0/24", path=through(65003), extended=extended)
    side.settle()
    return {
        f"to {KINDS[each.number][0]}": each.table("communities", "extended_communities") for each in sessions
    }


@case()
def confederation_in_filters(side: Side):
    """What filters see of such a path, and what they make of it."""
    looks = """function look() {
        print net, " ", bgp_path, " first ", bgp_path.first, " last ", bgp_path.last, " nonaggregated ",
            bgp_path.last_nonaggregated, " len ", bgp_path.len, " ", bgp_path ~ [= 65003 * =],
            bgp_path ~ [= * 65003 * =], bgp_path ~ [= 65077 =], bgp_path ~ [= * 65077 =],
            bgp_path ~ [= 65003 65077 =], 65003 ~ bgp_path, " ", bgp_path ~ [65003], bgp_path ~ [= * =],
            bgp_path ~ [= =], bgp_path = +empty+, " ", delete(bgp_path, 65003), " ",
            filter(bgp_path, [65003, 65077]), " ", prepend(bgp_path, 7);
    }
    """
    change = """filter { if net = 10.1.0.0/16 then bgp_path.prepend(7);
        if net = 10.2.0.0/16 then bgp_path.delete(65003);
        if net = 10.3.0.0/16 then bgp_path.filter([65077]); if net = 10.4.0.0/16 then bgp_path.empty;
        accept; }"""
    text = looks + DIRECT + bgp(3, None, MEMBER, "", imports="filter { look(); accept; }")
    text += bgp(2, None, CONFED, exports=change) + bgp(8, None, MEMBER, exports=change)
    side.start(text + bgp(4, 65001, CONFED, exports=change))
    (one,) = side.connect(3)
    others = side.connect(2, 8, 4)
    for number in range(1, 6):
        one.announce(f"10.{number}.0.0/16", path=through(65003, 65050, then=(65077, 65078)))
    one.announce("10.6.0.0/16", path=through(65003))
    one.announce("10.7.0.0/16", path=[(CONFED_SEQUENCE, (65003,)), (SEQUENCE, (65077,)), (3, (65003,))])
    side.settle()
    found = {f"to p{each.number}": each.table("as_path") for each in others}
    return found | {"log": sorted(side.log("first"))}


@case()
def confederation_loops_counted(side: Side):
    """`allow local as N` of each of the two numbers."""
    seen: dict[str, Any] = {}
    for allowed in (1, 2):
        extra = f"allow local as {allowed};"
        side.start(DIRECT + bgp(2, None, CONFED + extra) + bgp(3, None, MEMBER + extra))
        outside, member = side.connect(2, 3)
        for number, then in enumerate(((100, 100), (65001, 65001), (100, 65001, 100), (65001, 100, 65001))):
            outside.announce(f"10.2.{number}.0/24", path=(65002, *then))
            member.announce(f"10.3.{number}.0/24", path=through(65003, *then), local_pref=100)
            member.announce(f"10.4.{number}.0/24", path=through(65003, then=then), local_pref=100)
        side.settle()
        seen[f"{allowed}"] = side.best("where source = RTS_BGP")
    return seen


@case()
def confederation_and_reflection(side: Side):
    """ORIGINATOR_ID and CLUSTER_LIST end at the AS: from a member they say nothing."""
    text = bgp(2, None, MEMBER) + bgp(3, None, MEMBER) + bgp(4, 65001, CONFED + CLIENT)
    side.start(DIRECT + text + bgp(5, 65001, CONFED) + bgp(6, None, CONFED))
    told, *heard = side.connect(2, 3, 4, 5, 6)
    path = through(65002)
    told.announce("10.1.0.0/16", path=path, originator="1.1.1.1", clusters=["2.2.2.2"], local_pref=100)
    told.announce("10.2.0.0/16", path=path, originator="10.0.0.1", local_pref=100)
    told.announce("10.3.0.0/16", path=path, clusters=["10.0.0.1"], local_pref=100)
    for number, one in ((4, heard[1]), (5, heard[2])):
        one.announce(f"10.{number}.0.0/16", originator="1.1.1.1", clusters=["2.2.2.2"])
    told.announce("10.6.0.0/16", path=path)
    told.announce("10.7.0.0/16", path=path, raw=wire.attribute(9, b"abc"), local_pref=100)
    told.announce("10.8.0.0/16", path=path, raw=wire.attribute(5, b"abc"))
    side.settle()
    names = ("local_pref", "originator_id", "cluster_list", "as_path")
    return {f"to p{one.number}": one.table(*names) for one in heard} | {
        "shown": side.routes("where source = RTS_BGP"),
        "up": side.info("p2"),
    }


@case()
def confederation_preferences(side: Side):
    """LOCAL_PREF and MED between members: missing, set and taken off."""
    sets = "filter { bgp_med = 9; bgp_local_pref = 8; accept; }"
    text = bgp(2, None, MEMBER + "default bgp_local_pref 77;")
    text += bgp(3, None, MEMBER + "default bgp_local_pref 66;") + bgp(4, 65001, CONFED)
    text += bgp(5, None, MEMBER, exports=sets) + bgp(6, None, CONFED + "allow bgp_local_pref;")
    side.start(DIRECT + text + bgp(7, None, MEMBER, exports="filter { unset(bgp_local_pref); accept; }"))
    sessions = side.connect(2, 3, 4, 5, 6, 7)
    told, inside, outside = sessions[0], sessions[2], sessions[4]
    told.announce("10.1.0.0/16", path=through(65002), med=3)
    told.announce("10.2.0.0/16", path=through(65002), med=3, local_pref=55)
    inside.announce("10.3.0.0/16", med=3, local_pref=55)
    outside.announce("10.4.0.0/16", med=3, local_pref=55)
    side.settle()
    shown = {net: routes[0].get("BGP.local_pref") for net, routes in side.routes("protocol p2").items()}
    return {f"to p{one.number}": one.table("local_pref", "med") for one in sessions} | {"shown": shown}


@case()
def confederation_short_numbers(side: Side):
    """Neighbors with 2-octet numbers: AS4_PATH has no members (RFC 6793, 4.2.2 and 6)."""
    text = bgp(2, None, MEMBER) + bgp(3, None, MEMBER) + bgp(4, 65001, CONFED) + bgp(5, None, CONFED)
    side.start(DIRECT + text + bgp(6, None, MEMBER) + bgp(7, None, "confederation 4200000000;"))
    short = side.connect(2, 3, 4, 5, 7, four_octets=False)
    (long,) = side.connect(6)
    long.announce("10.1.0.0/16", path=through(65006, 70000, then=(80000, 7)), local_pref=100)
    long.announce("10.2.0.0/16", path=through(65006, 70000, then=(8, 7)), local_pref=100)
    long.announce("10.3.0.0/16", path=through(65006, 65050, then=(80000, 7)), local_pref=100)
    long.announce("10.4.0.0/16", path=through(65006, 70000), local_pref=100)
    narrow = through(65002, 23456, then=(23456, 7))
    rows: tuple[tuple[Path, Path], ...] = (
        (narrow, [(2, (80000, 7))]),
        (through(65002, then=(5, 23456, 7)), [(2, (80000, 7))]),
        (narrow, [(3, (65002, 70000)), (2, (80000, 7))]),
        (through(65002, 23456, then=(5, 23456, 7)), [(3, (65002, 70000)), (2, (80000, 7))]),
        (through(65002, 23456), [(3, (65002, 70000))]),
    )
    for number, (path, wide) in enumerate(rows, 10):
        raw = wire.attribute(17, wire.path_octets(wide))
        short[0].announce(f"10.{number}.0.0/16", path=path, raw=raw, local_pref=100)
    side.settle()
    tables = {f"to p{one.number}": one.table("as_path", "as4_path") for one in (*short[1:], long)}
    alone = {name: table.pop("10.4.0.0/16", None) for name, table in tables.items()}
    shown = {net: r[0].get("BGP.as_path") for net, r in side.routes("where source = RTS_BGP").items()}
    return tables | {"shown": shown} | {f"members alone, {name}": told for name, told in alone.items()}


@case()
def confederation_roles(side: Side):
    """OTC on the borders between members, and to the outside: whose number it gets."""
    static = "protocol static sx { ipv4; route 10.99.0.0/16 blackhole; }\n"
    roles = {2: MEMBER + "local role customer;", 3: MEMBER + "local role provider;", 7: MEMBER}
    roles |= {5: CONFED + "local role provider;", 6: CONFED + "local role customer;"}
    roles |= {8: CONFED + "local role peer;"}
    side.start(DIRECT + static + bgp(4, 65001, CONFED) + "".join(bgp(n, None, o) for n, o in roles.items()))
    sessions = side.connect(4, *roles)
    for one in sessions:
        path = through(one.asn) if one.number in (2, 3, 7) else () if one.number == 4 else (one.asn,)
        for number, otc in enumerate((None, one.asn, 65002, 65077, 100)):
            one.announce(f"10.{one.number}.{number}.0/24", path=path, otc=otc)
    side.settle()
    shown = {net: r[0].get("BGP.otc") for net, r in side.routes("where source = RTS_BGP").items()}
    return {f"to p{one.number}": one.table("otc") for one in sessions} | {"shown": shown}


@case()
def confederation_aigp(side: Side):
    """AIGP is on between members."""
    options = {2: MEMBER, 3: MEMBER, 4: CONFED, 5: CONFED, 6: MEMBER}
    channels = {6: "aigp off;"}
    text = "".join(bgp(n, 65001 if n == 4 else None, o, channels.get(n, "")) for n, o in options.items())
    side.start(DIRECT + text + bgp(7, None, MEMBER, "cost 7; next hop self;"))
    sessions = side.connect(*options, 7)
    for one in sessions:
        path = () if one.number == 4 else (one.asn,) if one.number == 5 else through(one.asn)
        one.announce(f"10.{one.number}.0.0/16", path=path, aigp=100)
    sessions[2].announce("10.20.0.0/16", aigp=100, path=())
    sessions[-1].announce("10.20.0.0/16", aigp=92, path=through(65007))
    side.settle()
    shown = {net: r[0].get("BGP.aigp") for net, r in side.routes("where source = RTS_BGP").items()}
    found = {f"to p{one.number}": one.table("aigp") for one in sessions[:-1]}
    return found | {"shown": shown, "best": side.best("10.20.0.0/16")}


@case()
def confederation_identifiers(side: Side):
    """A neighbor with our router id: only in our own AS it is refused (RFC 6286, 2.2)."""
    kinds = {2: (None, CONFED), 3: (None, MEMBER), 4: (65001, CONFED), 5: (100, CONFED), 6: (100, MEMBER)}
    seen = {}
    for number, (asn, options) in kinds.items():
        side.start(bgp(number, asn, options))
        one = side.session(number)
        one.number = 1
        one.connect(up=False)
        side.settle()
        seen[f"p{number}"] = [one.established, one.codes(), side.info(f"p{number}")]
    return seen


@case()
def confederation_of_found_neighbors(side: Side):
    """Neighbors of a range: which AS they are told."""
    seen = {}
    for kind, options, numbers in (
        ("external", CONFED, (65002, 100)),
        ("external", MEMBER, (65002, 100)),
        ("internal", CONFED, (65001,)),
        ("internal", MEMBER, (65001,)),
    ):
        channel = "ipv4 { import all; export all; };"
        start = f"protocol bgp p2 {{ local 10.0.0.1 as 65001; neighbor range 10.0.0.0/24 {kind};"
        side.start(f"{start} {options} {channel} }}\n")
        for number, asn in enumerate(numbers, 3):
            own = {"source": f"10.0.0.{number}", "destination": "10.0.0.1", "asn": asn}
            one = side.session(number, **own).connect()
            side.settle()
            seen[f"{kind}, {options} {asn}"] = one.opening and one.opening.asn
    return seen


@case()
def confederation_reload(side: Side):
    """Each change of the two options restarts the session, and no other."""
    seen: dict[str, Any] = {}
    steps = {
        "confederation": (CONFED, "", ""),
        "member": (CONFED, MEMBER, ""),
        "internal": (CONFED, MEMBER, CONFED),
        "another": ("confederation 101;", MEMBER, CONFED),
        "none": ("", "", ""),
    }
    before: tuple[str, ...] = ("", "", "")
    for name, after in steps.items():
        for number, text in enumerate((before, after)):
            configs = [bgp(2, None, text[0]) + bgp(3, None, text[1]) + bgp(4, 65001, text[2])]
            if not number:
                side.start(configs[0])
                sessions = side.connect(2, 3, 4)
            else:
                side.configure(configs[0])
        side.settle()
        seen[name] = [[one.established, one.codes()] for one in sessions]
        before = after
    return seen


RECEIVERS = {
    "outside": partial(bgp, 3, None, CONFED),
    "internal": partial(bgp, 4, 65001, CONFED),
    "member": partial(bgp, 5, None, MEMBER),
    "member, self": partial(bgp, 6, None, MEMBER, "next hop self;"),
    "member, self ebgp": partial(bgp, 7, None, MEMBER, "next hop self ebgp;"),
    "member, self ibgp": partial(bgp, 8, None, MEMBER, "next hop self ibgp;"),
    "member, keep": partial(bgp, 9, None, MEMBER, "next hop keep;"),
    "outside, keep ebgp": partial(bgp, 10, None, CONFED, "next hop keep ebgp;"),
    "internal, self ebgp": partial(bgp, 11, 65001, CONFED, "next hop self ebgp;"),
    "internal, self ibgp": partial(bgp, 12, 65001, CONFED, "next hop self ibgp;"),
    "member, other link": partial(bgp, 13, None, MEMBER, **OTHER_LINK),
    "member, keep no": partial(bgp, 14, None, MEMBER, "next hop keep no;"),
}
SENDERS = {
    "member": partial(bgp, SENDER, None, MEMBER),
    "distant_member": partial(bgp, SENDER, None, MEMBER + "multihop;"),
    "outside": partial(bgp, SENDER, None, CONFED),
    "inside": partial(bgp, SENDER, 65001, CONFED),
}


def next_hops(side: Side, sender: str):
    """What becomes of each next hop: the best route here, and what each receiver hears."""
    gateways = """protocol static ways { ipv4; route 10.2.1.0/24 via 10.0.0.12;
        route 10.2.2.0/24 via 172.16.0.9; route 10.2.3.0/24 via "eth0";
        route 10.2.4.0/24 recursive 10.150.0.1; }
    """
    side.start(AROUND + gateways + SENDERS[sender]() + "".join(one() for one in RECEIVERS.values()))
    told, *heard = side.connect(SENDER, *range(3, 3 + len(RECEIVERS)))
    nets = {name: f"10.1.{number}.0/24" for number, name in enumerate(HOPS)}
    paths: dict[str, Path] = {"inside": (), "outside": (65002,)}
    for name, net in nets.items():
        told.announce(net, next_hop=HOPS[name], path=paths.get(sender, through(65002)), local_pref=100)
    side.settle()
    found, routes = {}, side.routes(f"protocol p{SENDER}")
    for name, net in nets.items():
        kept = routes.get(net, [])
        found[f"{name}: kept"] = [f"{one['to']} {one.get('via', '')} {one['info']}" for one in kept]
    for receiver, session in zip(RECEIVERS, heard, strict=True):
        hops = session.table("next_hop")
        found |= {f"{name}: to {receiver}": hops.get(net) for name, net in nets.items()}
        if sender == "member":
            found[f"gateways: to {receiver}"] = {n: h for n, h in hops.items() if n.startswith("10.2.")}
    return found


for name in SENDERS:
    case(name=f"confederation_next_hops_from_{name}", long=name != "member")(partial(next_hops, sender=name))


@case()
def confederation_next_hops_v6(side: Side):
    """Link-local next hops between members, on one link and on two."""
    on_link: dict[str, Any] = {"local": "fe80::1%eth0"}
    text = bgp6(2, None, MEMBER, **on_link) + bgp6(3, None, MEMBER) + bgp6(4, None, MEMBER, **on_link)
    text += bgp6(5, 65001, CONFED) + bgp6(6, None, CONFED)
    side.start(text + bgp6(7, None, MEMBER, local="2001:db8:b::1", neighbor="2001:db8:b::3"))
    told, *heard = side.connect(2, 3, 4, 5, 6, 7)
    for number, hop in enumerate((("2001:db8:a::2", "fe80::2"), ("fe80::2",), ("2001:db8:a::99",))):
        told.announce(f"2001:db8:1{number}::/48", next_hop=hop, path=through(65002), local_pref=100)
        heard[0].announce(f"2001:db8:2{number}::/48", next_hop=hop, path=through(65003), local_pref=100)
    side.settle()
    near = (heard[0], heard[1], heard[3])  # to the others ours are without the link-local half
    return {f"to p{one.number}": {n: alike(h) for n, h in one.table("next_hop").items()} for one in near}
