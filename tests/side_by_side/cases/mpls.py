"""Labels of our own: `mpls domain`, `mpls { }`, `route NET mpls`, MPLS tables (RFC 3031, RFC 8277).

BIRD 3.3.2 ends when a range is exhausted by networks with a label each, and when a range is moved.
"""

from typing import Any

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, case
from tests.side_by_side.cases.labels import announce, capabilities, heard
from tests.side_by_side.wire import IPV4, LABELED, VPN_LABELED

HEAD = """mpls domain d { label range small { start 3000; length 3; }; };
mpls table mtab;
ipv4 table l4;
vpn4 table v4;
vpn6 table v6;
"""
FAMILIES = """ipv4 mpls { table l4; import %s; export all; %s };
  vpn4 mpls { table v4; import all; export all; %s };
  vpn6 mpls { table v6; import all; export all; %s };
  %s"""
AS_OF = {2: 65002, 3: 65003, 4: 65001, 5: 65001}
STATIC = """protocol static s {{ ipv4 {{ table l4; {} }}; mpls {{ {} }};
  route 10.1.0.0/16 mpls 100 via 10.0.0.2 mpls 200;
  route 10.2.0.0/16 via 10.0.0.2; route 10.7.0.0/16 via 10.0.0.2;
  route 10.3.0.0/16 via 10.0.0.3 mpls 300/400; route 10.4.0.0/16 mpls 101 blackhole;
  route 10.5.0.0/16 recursive 10.0.0.7 mpls 5; route 10.6.0.0/16 via 10.9.9.9;
  route 10.7.0.0/16 via 10.0.0.3; }}
"""


def rows(side: Side, table: str) -> list[str]:
    """The rows of `show route table`, each with its next hops; BIRD 2 shows them in any order."""
    text = "\n".join(side.lines(f"show route table {table}")).replace("\n\tvia", " via")
    return sorted(" ".join(line.split()) for line in text.splitlines() if " [" in line)


def seen(side: Side) -> dict[str, Any]:
    return {
        "l4": rows(side, "l4"),
        "labels": rows(side, "mtab"),
        "ranges": side.lines("show mpls ranges"),
    }


def named(prefix: str, found: dict[str, Any]) -> dict[str, Any]:
    return {f"{prefix}: {key}": value for key, value in found.items()}


# ---------------------------------------------------------------------- tables


@case(since="2.19", dialect3=True)
def routes_of_labels(side: Side):
    """`route mpls LABEL` in an MPLS table, looked up, filtered, passed through a pipe, withdrawn."""
    text = """mpls domain d; mpls table mtab; mpls table second;
protocol static s { mpls { table mtab; };
  route mpls 50 via 10.0.0.2 mpls 51; route mpls 52 via 10.0.0.3; route mpls 53 blackhole;
  route mpls 54 prohibit; route mpls 0 via "eth0"; route mpls 1048575 via 10.0.0.4 mpls 1/2/3;
  route mpls 55 recursive 10.0.0.5 mpls 6; }
protocol pipe { table mtab; peer table second; export where net = mpls 50 || net = mpls 53; }
"""
    side.start(text)
    side.settle()
    found: dict[str, Any] = {
        "rows": rows(side, "mtab"),
        "piped": rows(side, "second"),
        "one": side.lines("show route mpls 50 table mtab all")[:3],
        "none": side.ask("show route mpls 57 table mtab")[-1:],
        "by type": len(rows(side, "mtab where net.type = NET_MPLS")),
        "by value": rows(side, "mtab where net = mpls 50"),
        "static": side.lines("show static s"),
        "ranges": side.lines("show mpls ranges"),
        "details": side.details("s", "Channel|Table|State|Routes"),
    }
    side.ask("disable s")
    side.settle()
    return found | {"rows after": rows(side, "mtab"), "piped after": rows(side, "second")}


@case(since="2.19", dialect3=True)
def labels_of_static_routes(side: Side):
    """What is given, shown, released and given again."""
    side.start(HEAD + STATIC.format("", ""))
    side.settle()
    found = seen(side) | {
        "details": side.details("s", "Channel|Table|State|Routes|Import updates"),
        "row": side.lines("show protocols s")[1].split()[:4],
        "written": [
            line for line in side.lines("show route 10.1.0.0/16 table l4 all") if "Internal" not in line
        ],
        "given": [
            line for line in side.lines("show route 10.2.0.0/16 table l4 all") if "Internal" not in line
        ],
        "its route": [
            line for line in side.lines("show route mpls 100 table mtab all") if "Internal" not in line
        ],
        "static": side.lines("show static s"),
    }
    side.ask("disable s")
    side.settle()
    found |= named("disabled", seen(side))
    side.ask("enable s")
    side.settle()
    return found | named("enabled", seen(side))


@case(since="2.19", dialect3=True)
def policies_of_labels(side: Side):
    """`label policy` and `label range` of the channel, and what filters make of them."""
    filters = """import filter {
  if net = 10.1.0.0/16 then mpls_policy = MPLS_POLICY_PREFIX;
  if net = 10.2.0.0/16 then { mpls_policy = MPLS_POLICY_STATIC; mpls_label = 60; }
  if net = 10.3.0.0/16 then mpls_policy = MPLS_POLICY_VRF;
  if net = 10.7.0.0/16 then mpls_policy = MPLS_POLICY_NONE;
  if net = 10.5.0.0/16 then { mpls_policy = MPLS_POLICY_AGGREGATE; mpls_class = 5; }
  accept; };"""
    cases = {
        "prefix": ("", "label policy prefix;"),
        "aggregate": ("", "label policy aggregate;"),
        "static": ("", "label policy static;"),
        "vrf": ("", "label policy vrf;"),
        "range": ("", "label range static;"),
        "filters": (filters, ""),
        "filters, aggregate": (filters, "label policy aggregate;"),
        "none": ("", "import none;"),
    }
    found: dict[str, Any] = {}
    for name, (channel, labels) in cases.items():
        side.start(HEAD + STATIC.format(channel, labels))
        side.settle()
        found |= named(name, seen(side))
    return found


@case(since="2.19", dialect3=True)
def ranges_of_labels(side: Side):
    """`show mpls ranges` with and without words, of two domains and of none."""
    two = "mpls domain d1 { label range own { start 2000; length 10; }; };\nmpls domain d2;\n"
    side.start(two)
    commands = ("", " d1", " d2", " d1 own", " d2 own", " static", " d2 dynamic", " device1", " nothing")
    found: dict[str, Any] = {command: side.ask(f"show mpls ranges{command}")[:9] for command in commands[:-1]}
    found["nothing"] = side.code("show mpls ranges nothing")
    side.start("")
    return found | {"without": side.ask("show mpls ranges")}


# ------------------------------------------------------------------------ BGP


def speaker(number: int, options: str = "", labels: str = "", imports: str = "all") -> str:
    return bgp(number, AS_OF[number], options=FAMILIES % (imports, options, options, options, labels))


def start(side: Side, labels: str, imports: str = "all") -> list[Any]:
    """p2 gives labels; p3 is external, p4 internal, p5 internal and gets our own next hop."""
    side.start(
        HEAD
        + speaker(2, labels=f"mpls {{ {labels} }};", imports=imports)
        + speaker(3)
        + speaker(4)
        + speaker(5, "next hop self;")
    )
    sessions = [side.connect(number, capabilities=capabilities(asn))[0] for number, asn in AS_OF.items()]
    side.settle()
    return sessions


def feed(session: Any) -> None:
    for net in (
        "10.8.0.0/16 mpls 100",
        "10.8.1.0/24 mpls 100",
        "10.8.2.0/24 mpls 101/200",
        "10.8.3.0/24 mpls 3",
    ):
        announce(session, net, "10.0.0.2")
    announce(session, "10.8.4.0/24 mpls 100", "10.0.0.9")
    announce(session, "65001:1 10.8.0.0/16 mpls 102", "10.0.0.2", safi=VPN_LABELED)
    announce(session, "65001:1 10.8.1.0/24 mpls 100", "10.0.0.2", safi=VPN_LABELED)
    announce(session, "65001:1 2001:db8:8::/48 mpls 103/104", "2001:db8:a::2", safi=VPN_LABELED)


@case(since="2.19", dialect3=True)
def labels_given_by_bgp(side: Side):
    """Received, given, sent on with our next hop and with another one, changed, withdrawn."""
    found: dict[str, Any] = {}
    for policy in ("prefix", "aggregate"):
        a, *others = start(side, f"label policy {policy};")
        feed(a)
        side.settle()
        now = seen(side) | {"v4": rows(side, "v4"), "v6": rows(side, "v6")}
        now |= {
            f"heard by {one.number}": sorted(map(list, {tuple(map(str, each)) for each in heard(one)}))
            for one in others
        }
        now["details"] = side.details("p2", "Channel|Table|State|Import updates")
        now["all"] = [
            line for line in side.lines("show route 10.8.2.0/24 table l4 all") if "Internal" not in line
        ]
        announce(a, "10.8.0.0/16 mpls 777", "10.0.0.2")
        side.settle()
        now |= named("changed", seen(side))
        a.send(wire.update(wire.mp_unreach(["10.8.0.0/16", "10.8.1.0/24"], LABELED)))
        side.settle()
        now |= named("withdrawn", seen(side))
        a.close()
        side.settle()
        found |= named(policy, now | named("closed", seen(side)))
    return found


@case(since="2.19", dialect3=True)
def labels_chosen_by_filters_of_bgp(side: Side):
    """Static labels, shared and outside of the range; routes without a label."""
    told = """filter {
  if net = 10.8.0.0/16 then { mpls_label = 50; mpls_policy = MPLS_POLICY_STATIC; }
  if net = 10.8.1.0/24 then { mpls_label = 50; mpls_policy = MPLS_POLICY_STATIC; }
  if net = 10.8.2.0/24 then { mpls_label = 5000; mpls_policy = MPLS_POLICY_STATIC; }
  if net = 10.8.3.0/24 then mpls_policy = MPLS_POLICY_NONE;
  if net = 10.8.4.0/24 then mpls_label = 60;
  accept; }"""
    found: dict[str, Any] = {}
    for name, labels in (("prefix", ""), ("static", "label policy static;")):
        a, *others = start(side, labels, told)
        feed(a)
        side.settle()
        found |= named(name, seen(side) | {"v4": rows(side, "v4"), "heard": heard(others[-1])})
    return found


@case(since="2.19")
def labels_that_run_out(side: Side):
    """Which routes are left out, and what is said; labels are used again when they are free."""
    if side.kind.name == "bird 3":
        return {}
    a, *others = start(side, "label range small;")
    feed(a)
    side.settle()
    found = seen(side) | {
        "heard": heard(others[-1]),
        "log": side.log("Label allocation"),
        "details": side.details("p2", "Channel|Import updates"),
    }
    a.send(wire.update(wire.mp_unreach(["10.8.0.0/16", "10.8.1.0/24"], LABELED)))
    announce(a, "10.8.9.0/24 mpls 100", "10.0.0.2")
    side.settle()
    return found | named("again", seen(side))


@case(since="2.19")
def labels_of_two_protocols(side: Side):
    """A label is one protocol's; a static one that another has is not given."""
    one = """protocol static {} {{ ipv4 {{ table l4; }}; mpls;
  route {} mpls 100 via 10.0.0.2; route {} via 10.0.0.3; }}
"""
    side.start(
        HEAD + one.format("s1", "10.1.0.0/16", "10.2.0.0/16") + one.format("s2", "10.3.0.0/16", "10.4.0.0/16")
    )
    side.settle()
    return seen(side) | {"log": [line.replace("s2.ipv4", "s2") for line in side.log("Static label")]}


@case(since="2.19", dialect3=True)
def labels_of_paths(side: Side):
    """Each path has a label (RFC 7911)."""
    option = "ipv4 mpls { table l4; import all; export all; add paths on; %s };"
    side.start(
        HEAD + bgp(2, options=option % "" + "mpls;") + bgp(4, 65001, options=option % "next hop self;")
    )
    a, _b = [
        side.connect(number, capabilities=capabilities(asn, wire.add_path(3, IPV4, LABELED)), add_path=True)[
            0
        ]
        for number, asn in ((2, 65002), (4, 65001))
    ]
    announce(a, "10.8.0.0/16 mpls 100 #1", "10.0.0.2")
    announce(a, "10.8.0.0/16 mpls 101 #2", "10.0.0.9")
    side.settle()
    found = seen(side)
    announce(a, "10.8.0.0/16 mpls 102 #1", "10.0.0.2")
    side.settle()
    found |= named("changed", seen(side))
    a.send(wire.update(wire.mp_unreach(["10.8.0.0/16 #1"], LABELED)))
    side.settle()
    return found | named("withdrawn", seen(side))


@case(since="2.19", dialect3=True)
def labels_that_export_filters_set(side: Side):
    """The label that is sent with our own next hop is the attribute as the export filter leaves it."""
    own = "next hop self; export filter { %s accept; };"
    side.start(
        HEAD
        + speaker(2, labels="mpls;")
        + speaker(4, own % "mpls_label = 77;")
        + speaker(5, own % "unset(mpls_label);")
    )
    a, b, c = [side.connect(number, capabilities=capabilities(AS_OF[number]))[0] for number in (2, 4, 5)]
    announce(a, "10.8.0.0/16 mpls 100", "10.0.0.2")
    side.settle()
    return {"set": sorted({one[0] for one in heard(b)}), "unset": sorted({one[0] for one in heard(c)})}


# -------------------------------------------------------------------- reloads


def reloaded(side: Side, *texts: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, text in enumerate(texts):
        if number:
            side.configure(text)
        else:
            side.start(text)
        side.settle()
        found |= named(f"{number}", seen(side))
    found["log"] = sorted(
        side.log("Reloading channel|Restarting protocol|Cannot reconf|allocation|Static label")
    )
    return found


@case(since="2.19")
def label_options_reloaded(side: Side):
    """Policy and range of a channel, its filter, its domain and its table."""
    domain = HEAD.replace("mpls table", "mpls domain e;\nmpls table m2;\nmpls table", 1)
    options = (
        "",
        "label policy aggregate;",
        "label policy static;",
        "",
        "import none;",
        "domain e;",
        "table m2;",
    )
    if side.kind.name == "bird 3":
        return {}
    return reloaded(side, *(domain + STATIC.format("", one) for one in options))


@case(since="2.19")
def label_ranges_reloaded(side: Side):
    """Labels that are in the new range stay, others are replaced; there may be too few."""
    extents = (
        "start 3000; length 9;",
        "start 3001; length 9;",
        "start 3003; length 2;",
        "start 4000; length 9;",
    )
    texts = [
        HEAD.replace("start 3000; length 3;", extent)
        + STATIC.format("", "label range small;").replace("route 10.7.0.0/16 via 10.0.0.3;", "")
        for extent in extents
    ]
    if side.kind.name == "bird 3":
        return {}
    return reloaded(side, *texts)
