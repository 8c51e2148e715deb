"""Every next hop that a neighbor may announce, from neighbors and to neighbors of every kind."""

from functools import partial

from tests.side_by_side.case import Side, bgp, bgp6, case

SENDER = 2
# What lies around: connected networks, and a static route through which 10.150.0.1 is resolved.
AROUND = """protocol direct { ipv4; ipv6; }
protocol static around { ipv4; route 10.150.0.0/16 via 10.0.0.12; }
protocol static around6 { ipv6; route 2001:db8:150::/48 via 2001:db8:a::12; }
"""
FAR = {"local": "192.168.7.1", "neighbor": "10.9.9.9"}
OTHER_LINK = {"local": "172.16.0.1", "neighbor": "172.16.0.3"}
OTHER_LINK_INTERNAL = {"local": "172.16.0.1", "neighbor": "172.16.0.4"}
REWRITES = "filter { bgp_next_hop = 10.0.0.66; accept; }"
GATEWAY = "filter { gw = 10.0.0.66; accept; }"
# Those that hear of it: their protocol, by number.
RECEIVERS = {
    "ebgp": partial(bgp, 3),
    "ibgp": partial(bgp, 4, 65001),
    "rr client": partial(bgp, 5, 65001, "rr client;"),
    "rs client": partial(bgp, 6, options="rs client;"),
    "ibgp, self": partial(bgp, 7, 65001, channel="next hop self;"),
    "ebgp, keep": partial(bgp, 8, channel="next hop keep;"),
    "ebgp, address": partial(bgp, 9, channel="next hop address 10.0.0.77;"),
    "ebgp, export filter": partial(bgp, 10, exports=REWRITES),
    "ibgp, export filter": partial(bgp, 11, 65001, exports=REWRITES),
    "multihop": partial(bgp, 12, options="multihop;", **FAR),
    "ebgp, other link": partial(bgp, 13, **OTHER_LINK),
    "ibgp, other link": partial(bgp, 14, 65001, **OTHER_LINK_INTERNAL),
}
SENDERS = {
    "ebgp": partial(bgp, SENDER),
    "ebgp_recursive": partial(bgp, SENDER, channel="gateway recursive;"),
    "ebgp_gateway_set": partial(bgp, SENDER, imports=GATEWAY),
    "ibgp": partial(bgp, SENDER, 65001),
    "ibgp_direct": partial(bgp, SENDER, 65001, "direct;", "gateway direct;"),
    "rr_client": partial(bgp, SENDER, 65001, "rr client;"),
    "rs_client": partial(bgp, SENDER, options="rs client;"),
    "multihop": partial(bgp, SENDER, options="multihop;"),
}
HOPS = {
    "own of sender": "10.0.0.2",
    "third party": "10.0.0.99",
    "resolved": "10.150.0.1",
    "nowhere": "10.200.0.1",
    "other link": "172.16.0.9",
    "ours": "10.0.0.1",
    "ours, second": "10.0.0.101",
    "network": "10.0.0.0",
    "broadcast": "10.0.0.255",
    "of a receiver": "10.0.0.3",
}


def from_sender(side: Side, sender):
    """What becomes of each next hop: the best route here, and the next hop that each receiver hears."""
    side.start(AROUND + sender() + "".join(receiver() for receiver in RECEIVERS.values()))
    told, *heard = side.connect(SENDER, *range(3, 3 + len(RECEIVERS)))
    nets = {name: f"10.1.{number}.0/24" for number, name in enumerate(HOPS)}
    for name, net in nets.items():
        told.announce(net, next_hop=HOPS[name])
    side.settle()
    found, routes = {}, side.routes(f"protocol p{SENDER}")
    for name, net in nets.items():
        kept = routes.get(net, [])
        found[f"{name}: kept"] = [f"{one['to']} {one.get('via', '')} {one['info']}" for one in kept]
    for receiver, session in zip(RECEIVERS, heard, strict=True):
        hops = session.table("next_hop")
        found |= {f"{name}: to {receiver}": hops.get(net) for name, net in nets.items()}
    return found


for name, sender in SENDERS.items():
    case(name=f"next_hops_from_{name}", long=name not in ("ebgp", "ibgp"))(
        partial(from_sender, sender=sender)
    )

FE80 = {"local": "fe80::1%eth0"}
REWRITES6 = "filter { bgp_next_hop = 2001:db8:a::66; accept; }"
RECEIVERS6 = {
    "ebgp": partial(bgp6, 3),
    "ibgp": partial(bgp6, 4, 65001),
    "rr client": partial(bgp6, 5, 65001, "rr client;"),
    "rs client": partial(bgp6, 6, options="rs client;"),
    "fe80 ebgp": partial(bgp6, 7, **FE80),
    "fe80 ibgp": partial(bgp6, 8, 65001, "direct;", **FE80),
    "fe80 rs client": partial(bgp6, 9, options="rs client;", **FE80),
    "ebgp, export filter": partial(bgp6, 10, exports=REWRITES6),
    "ibgp, self": partial(bgp6, 11, 65001, channel="next hop self;"),
    "ebgp, other link": partial(bgp6, 13, local="2001:db8:b::1", neighbor="2001:db8:b::3"),
    "ibgp, other link": partial(bgp6, 14, 65001, local="2001:db8:b::1", neighbor="2001:db8:b::4"),
}
SENDERS6 = {
    "ebgp": partial(bgp6, SENDER),
    "ibgp": partial(bgp6, SENDER, 65001),
    "rs_client": partial(bgp6, SENDER, options="rs client;"),
    "fe80_ebgp": partial(bgp6, SENDER, **FE80),
    "fe80_ibgp": partial(bgp6, SENDER, 65001, "direct;", **FE80),
}
HOPS6 = {
    "global": ("2001:db8:a::2",),
    "global, ll": ("2001:db8:a::2", "fe80::2"),
    "ll": ("fe80::2",),
    "third party": ("2001:db8:a::99",),
    "third party, ll": ("2001:db8:a::99", "fe80::99"),
    "resolved": ("2001:db8:150::1",),
    "nowhere": ("2001:db8:200::1",),
    "nowhere, ll": ("2001:db8:200::1", "fe80::2"),
    "other link": ("2001:db8:b::9",),
    "ours": ("2001:db8:a::1",),
    "ours, ll": ("2001:db8:a::1", "fe80::1"),
    "of a receiver": ("2001:db8:a::3",),
    "of a receiver, ll": ("2001:db8:a::3", "fe80::3"),
}


def alike(hop: str | None) -> str | None:
    """A link-local address alone, as BIRD writes it: ours comes twice (`link_local_alone`)."""
    first, _, second = (hop or "").partition(" ")
    return f":: {second}" if first == second != "" else hop


def from_sender_v6(side: Side, sender):
    side.start(AROUND + sender() + "".join(receiver() for receiver in RECEIVERS6.values()))
    numbers = [one.args[0] for one in RECEIVERS6.values()]
    told, *heard = side.connect(SENDER, *numbers)
    nets = {name: f"2001:db8:1{number:x}::/48" for number, name in enumerate(HOPS6)}
    for name, net in nets.items():
        told.announce(net, next_hop=HOPS6[name])
    side.settle()
    found, routes = {}, side.routes(f"protocol p{SENDER}")
    for name, net in nets.items():
        kept = routes.get(net, [])
        found[f"{name}: kept"] = [f"{one['to']} {one.get('via', '')} {one['info']}" for one in kept]
    for receiver, session in zip(RECEIVERS6, heard, strict=True):
        hops = session.table("next_hop")
        found |= {f"{name}: to {receiver}": alike(hops.get(net)) for name, net in nets.items()}
    return found


for name, sender in SENDERS6.items():
    case(name=f"next_hops_v6_from_{name}", long=name not in ("ebgp", "fe80_ebgp"))(
        partial(from_sender_v6, sender=sender)
    )


# IGP routes of every kind that lead to the global half of two addresses.
IGP6 = """protocol direct { ipv6; }
protocol kernel k6 { ipv6 { export where source = RTS_BGP; }; kernel table 99; }
protocol static around6 { ipv6;
    route 2001:db8:150::/48 via 2001:db8:a::12;
    route 2001:db8:151::/48 via "eth1";
    route 2001:db8:152::/48 via "eth0" via "eth1";
    route 2001:db8:153::/48 via fe80::12%eth0;
    route 2001:db8:154::/48 via "eth0" via fe80::12%eth1; }
"""
SETS_AGAIN = "filter { if (1,1) ~ bgp_community then bgp_next_hop = 2001:db8:a::66; accept; }"
HALVES = {
    "connected": ("2001:db8:a::2", "fe80::2"),
    "connected, other link": ("2001:db8:b::9", "fe80::9"),
    "gateway": ("2001:db8:150::1", "fe80::9"),
    "link": ("2001:db8:151::1", "fe80::9"),
    "two links": ("2001:db8:152::1", "fe80::9"),
    "link-local gateway": ("2001:db8:153::1", "fe80::9"),
    "link and gateway": ("2001:db8:154::1", "fe80::9"),
    "our link-local": ("2001:db8:a::2", "fe80::1"),
    "two global": ("2001:db8:a::2", "2001:db8:a::3"),
    "second is zero": ("2001:db8:a::2", "::"),
    "no global": ("::", "fe80::2"),
    "link-local alone": ("fe80::2",),
}


def halves(side: Side, options: str, channel: str):
    """`gateway recursive`: which of two addresses packets go to, and what others hear."""
    side.start(IGP6 + bgp6(SENDER, 65001, options, channel, imports=SETS_AGAIN) + bgp6(3))
    told, heard = side.connect(SENDER, 3)
    nets = {name: f"2001:db8:1{number:x}::/48" for number, name in enumerate(HALVES)}
    for name, net in nets.items():
        told.announce(net, next_hop=HALVES[name])
    nets["set again"] = "2001:db8:1ff::/48"
    told.announce(nets["set again"], next_hop=HALVES["connected"], communities=[(1, 1)])
    side.settle()
    routes, sent, kernel = side.routes(f"protocol p{SENDER}"), heard.table("next_hop"), side.kernel(family=6)
    found = {
        f"{name}: kept": [one.get("via", "") for one in routes.get(net, [])] for name, net in nets.items()
    }
    found |= {f"{name}: sent": alike(sent.get(net)) for name, net in nets.items()}
    return found | {f"{name}: kernel": [row for row in kernel if net in row] for name, net in nets.items()}


HALF_OPTIONS = {
    "default": ("", ""),
    "global": ("", "next hop prefer global;"),
    "local": ("", "next hop prefer local;"),
    "direct": ("direct;", "gateway recursive;"),
    "direct_local": ("direct;", "gateway recursive; next hop prefer local;"),
}
for name, (options, channel) in HALF_OPTIONS.items():
    case(
        name=f"halves_of_next_hops_{name}",
        since="2.19" if "prefer" in channel else "2.0",
        long=name not in ("default", "global"),
    )(partial(halves, options=options, channel=channel))
