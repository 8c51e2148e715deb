"""Next hops: which are taken, which are sent, and what becomes of the unreachable ones."""

from collections.abc import Callable

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, bgp6, case

DIRECT = "protocol direct { ipv4; ipv6; }\n"
KERNEL = "protocol kernel k { kernel table 99; ipv4 { export all; }; }\n"
BLACKHOLE = (65535, 666)
# Communities ask the import filter for a next hop, a gateway, a blackhole.
ASKED = """filter {
    if (1,1) ~ bgp_community then bgp_next_hop = 10.0.0.66;
    if (1,2) ~ bgp_community then gw = 10.0.0.12;
    if (1,3) ~ bgp_community then bgp_next_hop = 192.0.2.1;
    if (65535,666) ~ bgp_community then dest = RTD_BLACKHOLE;
    accept;
}"""


@case()
def off_link_next_hop(side: Side):
    """eBGP: a next hop that is on no link is neither taken, nor preferred, nor sent."""
    side.start(bgp(2) + bgp(3) + bgp(4))
    a, b, c = side.connect(2, 3, 4)
    a.announce("10.1.0.0/16", "10.2.0.0/16", next_hop="10.5.5.5")
    b.announce("10.1.0.0/16", path=(65003, 1, 2, 3))
    side.settle()
    return {"best": side.best(), "sent": c.table()}


@case()
def off_link_next_hop_in_kernel(side: Side):
    side.start("protocol kernel k { ipv4 { export all; }; kernel table 99; }\n" + bgp(2))
    (a,) = side.connect(2)
    a.announce("10.2.0.0/16", next_hop="10.5.5.5")
    a.announce("10.3.0.0/16")
    side.settle()
    return {"kernel": side.kernel()}


@case()
def strange_next_hops(side: Side):
    """Own addresses, loopback, zero, multicast, network and broadcast addresses, the receiver's, off link."""
    hops = (
        *("10.0.0.1", "10.0.0.101", "192.168.7.1", "127.0.0.1", "0.0.0.0", "224.0.0.1"),
        *("255.255.255.255", "10.0.0.255", "10.0.0.0", "10.0.0.3", "10.99.0.1"),
    )
    side.start(DIRECT + bgp(2) + bgp(4, 65001) + bgp(3))
    external, internal, receiver = side.connect(2, 4, 3)
    for number, hop in enumerate(hops):
        external.announce(f"10.{number}.1.0/24", next_hop=hop)
        internal.announce(f"10.{number}.2.0/24", next_hop=hop)
    side.settle()
    best, sent = side.best("where source = RTS_BGP"), receiver.table("next_hop")
    found = {"notifications": [external.notifications(), internal.notifications()]}
    for number, hop in enumerate(hops):
        for kind, third in (("ebgp", 1), ("ibgp", 2)):
            net = f"10.{number}.{third}.0/24"
            found[f"{kind} {hop}"] = [best.get(net), sent.get(net)]
    return found


@case()
def next_hop_of_receiver_v6(side: Side):
    """IPv6: a neighbor's own address as next hop of what it would be sent."""
    ibgp = bgp6(4, 65001, "rr client;") + bgp6(5, 65001, "rr client;")
    side.start(DIRECT + bgp6(2) + bgp6(3) + ibgp)
    a, b, c, d = side.connect(2, 3, 4, 5)
    a.announce("2001:db8:1::/48", next_hop="2001:db8:a::3")
    c.announce("2001:db8:2::/48", next_hop="2001:db8:a::5")
    side.settle()
    return {f"to p{one.number}": one.table("next_hop") for one in (b, c, d)}


@case()
def gateway_set_by_filter(side: Side):
    """`gw` and `dest` of the import filter, to an eBGP and an iBGP neighbor."""
    blackhole = "filter { dest = RTD_BLACKHOLE; accept; }"
    side.start(
        bgp(2, imports="filter { gw = 10.0.0.12; accept; }")
        + bgp(3)
        + bgp(4, 65001)
        + bgp(5, imports=blackhole)
    )
    a, b, c, d = side.connect(2, 3, 4, 5)
    a.announce("10.1.0.0/16")
    d.announce("10.2.0.1/32", communities=[BLACKHOLE])
    side.settle()
    return {"routes": side.routes(), "to ebgp": b.table("next_hop"), "to ibgp": c.table("next_hop")}


@case()
def rs_blackhole(side: Side):
    """A route server whose filters make blackholes and rewrite next hops."""
    side.start(bgp(2, options="rs client;", imports=ASKED) + bgp(3, options="rs client;"))
    a, b = side.connect(2, 3)
    told = (
        ("10.0.0.2", []),
        ("10.0.0.66", []),
        ("10.200.0.1", []),
        ("10.0.0.2", [BLACKHOLE]),
        ("10.0.0.2", [(1, 1)]),
        ("10.0.0.2", [(1, 1), BLACKHOLE]),
        ("10.200.0.1", [BLACKHOLE]),
    )
    for number, (hop, communities) in enumerate(told):
        a.announce(f"10.{number}.0.0/16", next_hop=hop, communities=communities)
    side.settle()
    return {f"{told[int(net.split('.')[1])]}": hop for net, hop in b.table("next_hop").items()}


# A pair of neighbors for each kind of session: options, channel, whether the second is internal.
PAIRS = {
    "rs": ("rs client;", "", False),
    "plain": ("", "", False),
    "rs keep": ("rs client;", "next hop keep on;", False),
    "rs recursive": ("rs client;", "gateway recursive;", False),
    "ibgp": ("", "", True),
}


@case()
def next_hops_kept(side: Side):
    """What a filter sets, and what is off the LAN, through pairs of neighbors of every kind."""
    text = DIRECT
    for number, (options, channel, internal) in enumerate(PAIRS.values()):
        first = 2 + 2 * number
        text += bgp(first, options=options, channel=channel, imports=ASKED)
        text += bgp(first + 1, 65001 if internal else None, options, channel)
    side.start(text)
    sessions = side.connect(*range(2, 2 + 2 * len(PAIRS)))
    told = ((None, []), (None, [(1, 1)]), (None, [(1, 2)]), (None, [(1, 3)]), ("10.200.0.1", []))
    for one in sessions[::2]:
        for number, (hop, communities) in enumerate(told):
            one.announce(
                f"10.{one.number}.{number}.0/24", next_hop=hop or one.source, communities=communities
            )
    side.settle()
    found = {}
    for name, one, other in zip(PAIRS, sessions[::2], sessions[1::2], strict=True):
        hops = other.table("next_hop")
        found[name] = {net: hop for net, hop in hops.items() if net.startswith(f"10.{one.number}.")}
    return found


@case(since="2.19")
def ixp_blackhole(side: Side):
    """The recipe of route servers: a blackhole community and the exchange's blackhole next hop."""
    text = """define BH = (65535,666);
function blackholed() -> bool {
    if !(BH ~ bgp_community) then return false;
    bgp_community.add((65535,65281)); bgp_next_hop = 10.0.0.66; return true; }
filter rx {
    if bgp_path.first != 65002 && bgp_path.first != 65003 then reject;
    if blackholed() then accept;
    accept; }
filter tx {
    if (65535,65281) ~ bgp_community then bgp_community.delete((65535,65281));
    accept; }
"""
    options = "rs client; interpret communities off;"
    members = [bgp(one, options=options, imports="filter rx", exports="filter tx") for one in (2, 3)]
    side.start(text + DIRECT + "".join(members))
    a, b = side.connect(2, 3)
    a.announce("203.0.113.7/32", communities=[BLACKHOLE])
    a.announce("203.0.113.0/24")
    side.settle()
    return {"sent": {net: route for net, route in b.table().items() if net.startswith("203")}}


@case()
def rs_next_hops_v6(side: Side):
    """A route server over IPv6: one and two next hops, rewritten ones, blackholes."""
    imports = """filter {
        if (1,1) ~ bgp_community then bgp_next_hop = 2001:db8:a::66;
        if (1,2) ~ bgp_community then dest = RTD_BLACKHOLE;
        accept; }"""
    side.start("".join(bgp6(one, options="rs client;", imports=imports) for one in (2, 3)))
    a, b = side.connect(2, 3)
    both = ("2001:db8:a::2", "fe80::2")
    told = ((both[0], []), (both, []), (both, [(1, 1)]), (both, [(1, 2)]), (both[0], [(1, 1)]))
    for number, (hop, communities) in enumerate(told, 1):
        a.announce(f"2001:db8:{number}::/48", next_hop=hop, communities=communities)
    side.settle()
    return {f"{one}": b.table("next_hop").get(f"2001:db8:{at}::/48") for at, one in enumerate(told, 1)}


def v6_forms(number: int) -> dict[str, tuple[str, ...]]:
    """Next hops in every form that neighbors send."""
    own, link_local = f"2001:db8:a::{number}", f"fe80::{number}"
    return {
        "global, ll": (own, link_local),
        "ll": (link_local,),
        "::, ll": ("::", link_local),
        "ll, ll": (link_local, link_local),
        "global": (own,),
        "::": ("::",),
    }


def alike(hop: str | None) -> str | None:
    """A link-local address alone, as BIRD writes it: ours comes twice (`link_local_alone`)."""
    first, _, second = (hop or "").partition(" ")
    return f":: {second}" if first == second != "" else hop


def pairs_v6(side: Side, pairs: dict[str, tuple[str, str]], meant: Callable[..., str | None] = alike):
    """Pairs of neighbors, the local address and the channel's options of each; what each form becomes.

    `meant` makes next hops alike that mean the same.
    """
    numbers = list(range(2, 2 + 2 * len(pairs)))
    text = "protocol static s6 { ipv6; route 2001:db8:77::/48 blackhole;"
    text += " route 2001:db8:78::/48 via fe80::9%eth0; }\n"
    for first, (local, channel) in zip(numbers[::2], pairs.values(), strict=True):
        text += bgp6(first, channel=channel, local=local) + bgp6(first + 1, channel=channel, local=local)
    side.start(text)
    sessions = side.connect(*numbers)
    for one in sessions[::2]:
        for at, hops in enumerate(v6_forms(one.number).values()):
            one.announce(f"2001:db8:{one.number}{at}::/48", next_hop=hops)
    side.settle()
    found, routes = {}, side.routes("where source = RTS_BGP")
    for name, one, other in zip(pairs, sessions[::2], sessions[1::2], strict=True):
        sent = {net: meant(hop) for net, hop in other.table("next_hop").items()}
        for net in ("2001:db8:77::/48", "2001:db8:78::/48"):
            found[f"{name}: {net}"] = sent.get(net)
        for at, form in enumerate(v6_forms(one.number)):
            net = f"2001:db8:{one.number}{at}::/48"
            kept = [(row.get("via"), row.get("BGP.next_hop")) for row in routes.get(net, [])]
            found[f"{name}: ({form})"] = [sent.get(net), kept]
        found[f"{name}: notifications"] = one.notifications()
    return found


GLOBAL, LINK_LOCAL = "2001:db8:a::1", "fe80::1%eth0"


@case()
def next_hops_v6(side: Side):
    pairs = {"default": (GLOBAL, ""), "self": (GLOBAL, "next hop self on;"), "fe80": (LINK_LOCAL, "")}
    return pairs_v6(side, pairs)


@case(since="2.19")
def next_hop_prefer_v6(side: Side):
    prefer = {one: f"next hop prefer {one};" for one in ("global", "local")}
    pairs = {one: (GLOBAL, option) for one, option in prefer.items()}
    return pairs_v6(side, pairs | {f"fe80 {one}": (LINK_LOCAL, option) for one, option in prefer.items()})


@case(since="2.19")
def link_local_next_hop_format(side: Side):
    forms = ("native", "single", "double")
    return pairs_v6(side, {one: (LINK_LOCAL, f"link local next hop format {one};") for one in forms}, str)


@case()
def link_local_alone(side: Side):
    """Which 32 octets carry a link-local address that has no global one beside it."""
    side.start("protocol static s6 { ipv6; route 2001:db8:77::/48 blackhole; }\n" + bgp6(2, local=LINK_LOCAL))
    (a,) = side.connect(2)
    side.settle()
    return {"sent": a.table("next_hop")}


@case(since="2.19", options=("bgp: onlink",))
def neighbor_outside_of_all_networks(side: Side):
    """`onlink`: a session over a link that has none of its addresses, and where its routes lead."""
    side.place.subject.ip("route", "add", "10.77.0.2/32", "dev", "eth0")
    side.place.neighbors.ip("addr", "add", "10.77.0.2/32", "dev", "eth0")
    kernel = "protocol kernel k { ipv4 { export where source = RTS_BGP; }; kernel table 99; }\n"
    side.start(kernel + bgp(2, options='direct; onlink; interface "eth0";', neighbor="10.77.0.2") + bgp(3))
    a, b = side.connect(2, 3)
    a.announce("10.1.0.0/16", next_hop="10.77.0.2")
    a.announce("10.2.0.0/16", next_hop="10.88.0.2")
    a.announce("10.3.0.0/16", next_hop="10.0.0.9")
    side.settle()
    vias = {net: [one.get("via") for one in routes] for net, routes in side.routes("protocol p2").items()}
    return {"routes": vias, "kernel": side.kernel(), "sent": b.table("next_hop")}


FAR, FARTHER = "198.51.100.9", "198.51.100.10"


def _by_network(side: Side) -> dict[str, object]:
    """What became of each network, and what the log says of next hops."""
    return side.best("where source = RTS_BGP") | {"kernel": side.kernel()}


@case()
def next_hop_through_a_route_over_itself(side: Side):
    """iBGP: a default route whose next hop only a default route covers; others over that next hop."""
    side.start(DIRECT + KERNEL + bgp(2) + bgp(3, 65001) + bgp(4) + bgp(5, 65001))
    direct, far, _, near = side.connect(2, 3, 4, 5)
    direct.announce("0.0.0.0/0")
    side.settle()
    far.announce("10.8.0.0/16", next_hop=FARTHER)
    far.announce("10.9.0.0/16", next_hop=FAR)
    side.settle()
    found = {"before": _by_network(side)}
    far.announce("0.0.0.0/0", next_hop=FAR, path=())
    side.settle()
    found["it covers itself"] = _by_network(side)
    direct.announce("0.0.0.0/0", path=(65002, 7))
    side.settle()
    found["another path beside it"] = _by_network(side)
    near.announce("0.0.0.0/0", path=(), local_pref=200)
    side.settle()
    found["a recursive one is the best"] = _by_network(side)
    near.withdraw("0.0.0.0/0")
    side.settle()
    found["no more"] = _by_network(side)
    far.withdraw("0.0.0.0/0")
    side.settle()
    found["withdrawn"] = side.best("where source = RTS_BGP")
    found["log"] = sorted({*side.log("Next hop address")})
    return found


@case()
def next_hop_through_a_route_over_itself_that_loses(side: Side):
    side.start(DIRECT + KERNEL + bgp(2, imports="filter { bgp_local_pref = 200; accept; }") + bgp(3, 65001))
    direct, far = side.connect(2, 3)
    direct.announce("0.0.0.0/0")
    side.settle()
    far.announce("0.0.0.0/0", "10.9.0.0/16", next_hop=FAR, path=())
    side.settle()
    direct.withdraw("0.0.0.0/0")
    side.settle()
    found = {"alone": _by_network(side)}
    direct.announce("0.0.0.0/0")
    side.settle()
    found["second again"] = _by_network(side)
    return found


@case()
def next_hops_through_each_other(side: Side):
    """Two networks whose routes lead through each other, beside routes that are not recursive."""
    side.start(DIRECT + KERNEL + bgp(2) + bgp(3, 65001))
    direct, far = side.connect(2, 3)
    direct.announce("10.1.0.0/16", "10.2.0.0/16")
    side.settle()
    far.announce("10.1.0.0/16", next_hop="10.2.0.9", path=())
    far.announce("10.2.0.0/16", next_hop="10.1.0.9", path=())
    side.settle()
    far.announce("10.2.9.0/24", next_hop="10.2.9.1", path=())
    side.settle()
    return _by_network(side)


@case()
def next_hop_of_a_network_that_the_neighbor_announces_too(side: Side):
    """The network of the link, and a static default: routes of neighbors to them lose, and harm nobody."""
    static = "protocol static far { ipv4; route 0.0.0.0/0 via 10.0.0.2; }\n"
    side.start(DIRECT + KERNEL + static + bgp(3, 65001) + bgp(4, 65001))
    far, near = side.connect(3, 4)
    far.announce("10.0.0.0/24", "10.7.0.0/16")
    far.announce("0.0.0.0/0", next_hop=FAR)
    side.settle()
    near.announce("10.5.0.0/16")
    near.announce("10.6.0.0/16", next_hop=FAR)
    near.announce("10.8.0.0/16", next_hop=FARTHER)
    side.settle()
    found = {"second": _by_network(side)}
    near.announce("10.0.0.0/24", "0.0.0.0/0")
    side.settle()
    return found | {"third": _by_network(side)}


# Two ways to the networks of next hops: .12 in the inner tables, .13 in the main ones.
WAYS = """ipv4 table inner4; ipv6 table inner6; ipv4 table own4; ipv6 table own6;
protocol static inner_4 { ipv4 { table inner4; }; route 10.150.0.0/16 via 10.0.0.12; }
protocol static inner_6 { ipv6 { table inner6; }; route 2001:db8:150::/48 via 2001:db8:a::12; }
protocol static main_4 { ipv4; route 10.150.0.0/16 via 10.0.0.13; }
protocol static main_6 { ipv6; route 2001:db8:150::/48 via 2001:db8:a::13; }
protocol static own_4 { ipv4 { table own4; }; route 10.150.0.0/16 via 10.0.0.14; }
"""
# IGP tables of the channels: by neighbor, all internal but the last.
IGP_TABLES = {
    2: "",
    3: "igp table inner6;",
    4: "igp table inner4;",
    5: "igp table inner4; igp table inner6;",
    6: "table own4;",
    7: "gateway recursive; igp table inner6;",
}


@case(options=("bgp channel: extended next hop", "bgp channel: igp table"))
def igp_table_of_the_next_hops_family(side: Side):
    """RFC 8950 in recursive mode: IPv6 next hops of IPv4 routes have a table of their own."""
    kernel = "protocol kernel k { ipv4 { export where net ~ [ 10.2.0.0/16+ ]; }; kernel table 99; }\n"
    text = "".join(
        bgp6(
            number,
            65007 if number == 7 else 65001,
            channel=f"extended next hop; {igp}",
            family=4,
            exports="none",
        )
        for number, igp in IGP_TABLES.items()
    )
    side.start(DIRECT + WAYS + kernel + text)
    usual = wire.multiprotocol(wire.IPV4) + wire.extended_next_hop()
    for number in IGP_TABLES:
        asn = 65007 if number == 7 else 65001
        (one,) = side.connect(number, capabilities=usual + wire.four_octets(asn))
        one.announce(f"10.{number}.1.0/24", next_hop="2001:db8:150::1")
        one.announce(f"10.{number}.2.0/24", next_hop="10.150.0.1")
        one.announce(f"10.{number}.3.0/24", next_hop=f"2001:db8:a::{number}")
        one.announce(f"10.{number}.4.0/24", next_hop=(f"2001:db8:a::{number}", f"fe80::{number}"))
        one.announce(f"10.{number}.5.0/24", next_hop="2001:db8:200::1")
    side.settle()
    return {
        "routes": side.routes("where source = RTS_BGP table all"),
        "tables": {number: side.details(f"p{number}", "IGP") for number in IGP_TABLES},
        "kernel": side.kernel(),
    }


@case(options=("bgp channel: igp table",))
def igp_table_of_ipv6_channels(side: Side):
    """IPv6 routes with an IPv4 next hop, written as a mapped address."""
    channels = {2: "", 3: "igp table inner4;", 4: "igp table inner6;", 5: "table own6;"}
    side.start(
        DIRECT
        + WAYS
        + "".join(bgp6(n, 65001, channel=f"extended next hop; {more}") for n, more in channels.items())
    )
    usual = wire.multiprotocol(wire.IPV6) + wire.extended_next_hop(wire.IPV6, wire.IPV4)
    for one in side.connect(*channels, capabilities=usual + wire.four_octets(65001)):
        one.announce(f"2001:db8:{one.number}4::/48", next_hop="::ffff:10.150.0.1")
        one.announce(f"2001:db8:{one.number}6::/48", next_hop="2001:db8:150::1")
    side.settle()
    routes = side.routes("where source = RTS_BGP table all")
    return {
        "ways": {net: [route.get("via", route["to"]) for route in found] for net, found in routes.items()},
        "tables": {number: side.details(f"p{number}", "IGP") for number in channels},
    }
