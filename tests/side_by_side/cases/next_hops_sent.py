"""Which next hop goes with a route: by where it is from, who gets it, and what the options say."""

from tests.side_by_side.case import Side, bgp, bgp6, case
from tests.side_by_side.cases.next_hops import DIRECT, alike

# The ways to 10.9.1.0/24 and 2001:db8:e::/48, for next hops behind a router of the LAN.
IGP = """protocol static inner { ipv4; route 10.9.1.0/24 via 10.0.0.12; }
protocol static inner6 { ipv6; route 2001:db8:e::/48 via 2001:db8:a::12; }
"""
RECEIVERS = {  # options of the protocol, of the channel, whether internal
    "ebgp": ("", "", False),
    "rs client": ("rs client;", "", False),
    "ibgp": ("", "", True),
    "rr client": ("rr client;", "", True),
    "ebgp self": ("", "next hop self;", False),
    "rs client self": ("rs client;", "next hop self;", False),
    "rr client self": ("rr client;", "next hop self;", True),
    "rr client self ibgp": ("rr client;", "next hop self ibgp;", True),
    "rr client self ebgp": ("rr client;", "next hop self ebgp;", True),
    "ebgp keep": ("", "next hop keep;", False),
    "ebgp keep ibgp": ("", "next hop keep ibgp;", False),
}


def receivers(first: int, **more: str) -> str:
    """A protocol for each of `RECEIVERS`, from this number on."""
    text = ""
    make = bgp6 if more.pop("family", "") else bgp
    for number, (options, channel, internal) in enumerate(RECEIVERS.values(), first):
        text += make(number, 65001 if internal else None, options, channel, **more)
    return text


def heard(sessions, net: str) -> dict[str, str | None]:
    """What each of `RECEIVERS` has; a link-local address never leaves its link, as it does in BIRD."""
    hops = {name: one.table("next_hop").get(net) for name, one in zip(RECEIVERS, sessions, strict=True)}
    inside = [name for name, (_, _, internal) in RECEIVERS.items() if internal]
    return {name: global_only(hop) if name in inside else alike(hop) for name, hop in hops.items()}


def global_only(hop: str | None) -> str | None:
    return hop and hop.split()[0]


@case()
def next_hops_of_bgp(side: Side):
    """From eBGP and iBGP, on and off the LAN, to every kind of neighbor."""
    side.start(DIRECT + IGP + bgp(2) + bgp(3, 65001) + receivers(4))
    a, b, *others = side.connect(*range(2, 4 + len(RECEIVERS)))
    a.announce("10.1.0.0/16")
    a.announce("10.2.0.0/16", next_hop="10.0.0.66")
    b.announce("10.3.0.0/16")
    b.announce("10.4.0.0/16", next_hop="10.0.0.66")
    b.announce("10.5.0.0/16", next_hop="10.9.1.1")
    b.announce("10.6.0.0/16", next_hop="10.99.0.1")
    side.settle()
    nets = {
        "ebgp": "10.1.0.0/16",
        "ebgp third": "10.2.0.0/16",
        "ibgp": "10.3.0.0/16",
        "ibgp third": "10.4.0.0/16",
        "ibgp behind": "10.5.0.0/16",
        "ibgp unresolved": "10.6.0.0/16",
    }
    return {f"{name} to {to}": hop for name, net in nets.items() for to, hop in heard(others, net).items()}


@case()
def next_hops_of_bgp_v6(side: Side):
    """The same over IPv6, with one and two addresses."""
    side.start(DIRECT + IGP + bgp6(2) + bgp6(3, 65001) + receivers(4, family="6"))
    a, b, *others = side.connect(*range(2, 4 + len(RECEIVERS)))
    a.announce("2001:db8:1::/48", next_hop=("2001:db8:a::2", "fe80::2"))
    a.announce("2001:db8:2::/48", next_hop="2001:db8:a::66")
    b.announce("2001:db8:3::/48", next_hop=("2001:db8:a::3", "fe80::3"))
    b.announce("2001:db8:4::/48", next_hop="2001:db8:a::66")
    b.announce("2001:db8:5::/48", next_hop="2001:db8:e::1")
    a.announce("2001:db8:7::/48", next_hop=("::", "fe80::2"))
    side.settle()
    nets = {
        "ebgp": "2001:db8:1::/48",
        "ebgp third": "2001:db8:2::/48",
        "ebgp ll": "2001:db8:7::/48",
        "ibgp": "2001:db8:3::/48",
        "ibgp third": "2001:db8:4::/48",
        "ibgp behind": "2001:db8:5::/48",
    }
    return {f"{name} to {to}": hop for name, net in nets.items() for to, hop in heard(others, net).items()}


@case()
def next_hops_of_static(side: Side):
    """Routes that are not from BGP: gateways, several of them, and what is set with the route."""
    static = """protocol static s4 { ipv4;
    route 10.1.0.0/16 via 10.0.0.66;
    route 10.2.0.0/16 via 10.0.0.66 via 10.0.0.67;
    route 10.3.0.0/16 via 10.0.0.66 { bgp_next_hop = 10.0.0.77; };
    route 10.4.0.0/16 blackhole { bgp_next_hop = 10.0.0.77; };
    route 10.5.0.0/16 blackhole { bgp_next_hop = 192.0.2.1; };
    route 10.6.0.0/16 via 172.16.0.2;
    route 10.7.0.0/16 via "eth0";
}
"""
    side.start(static + receivers(4))
    others = side.connect(*range(4, 4 + len(RECEIVERS)))
    side.settle()
    return {
        f"{at} to {to}": hop for at in range(1, 8) for to, hop in heard(others, f"10.{at}.0.0/16").items()
    }


@case()
def next_hops_of_static_v6(side: Side):
    static = """protocol static s6 { ipv6;
    route 2001:db8:1::/48 via 2001:db8:a::66;
    route 2001:db8:2::/48 via fe80::9%eth0;
    route 2001:db8:3::/48 blackhole { bgp_next_hop = 2001:db8:a::77; };
    route 2001:db8:4::/48 via 2001:db8:a::66 via 2001:db8:a::67;
    route 2001:db8:5::/48 via 2001:db8:b::2;
}
"""
    side.start(static + receivers(4, family="6"))
    others = side.connect(*range(4, 4 + len(RECEIVERS)))
    side.settle()
    return {
        f"{at} to {to}": hop for at in range(1, 6) for to, hop in heard(others, f"2001:db8:{at}::/48").items()
    }


@case()
def next_hops_set_by_export_filter(side: Side):
    """What the export filter sets goes out, on the LAN or not, whatever the options say."""
    exports = """filter {
        if (1,1) ~ bgp_community then bgp_next_hop = 10.0.0.77;
        if (1,2) ~ bgp_community then bgp_next_hop = 192.0.2.1;
        if (1,3) ~ bgp_community then bgp_next_hop = bgp_next_hop;
        accept; }"""
    side.start(DIRECT + bgp(2) + bgp(3, 65001) + receivers(4, exports=exports))
    a, b, *others = side.connect(*range(2, 4 + len(RECEIVERS)))
    for at in (1, 2, 3):
        a.announce(f"10.{at}.0.0/16", communities=[(1, at)])
        b.announce(f"10.{at + 3}.0.0/16", communities=[(1, at)])
    side.settle()
    return {
        f"{at} to {to}": hop for at in range(1, 7) for to, hop in heard(others, f"10.{at}.0.0/16").items()
    }


@case()
def next_hops_of_another_link(side: Side):
    """From the second link to the first."""
    far = bgp(2, local="172.16.0.1", neighbor="172.16.0.2")
    side.start(DIRECT + far + receivers(4))
    a, *others = side.connect(2, *range(4, 4 + len(RECEIVERS)))
    a.announce("10.1.0.0/16", next_hop="172.16.0.2")
    side.settle()
    return heard(others, "10.1.0.0/16")


@case()
def next_hop_of_zero_set_by_a_filter(side: Side):
    """No route goes out with a next hop of zero; what was sent before is withdrawn."""
    asked = "filter { if (1,4) ~ bgp_community then bgp_next_hop = 0.0.0.0; accept; }"
    side.start(DIRECT + IGP + bgp(2) + bgp(3, 65001) + receivers(4, exports=asked))
    a, b, *others = side.connect(*range(2, 4 + len(RECEIVERS)))
    a.announce("10.1.0.0/16", "10.2.0.0/16")
    b.announce("10.3.0.0/16")
    side.settle()
    a.announce("10.1.0.0/16", communities=[(1, 4)])
    b.announce("10.3.0.0/16", communities=[(1, 4)])
    side.settle()
    return {
        f"{net} to {to}": hop
        for net in ("10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16")
        for to, hop in heard(others, net).items()
    }


@case()
def next_hop_of_zero_set_by_a_filter_v6(side: Side):
    zero = "filter { bgp_next_hop = ::; accept; }"
    side.start(DIRECT + IGP + bgp6(2) + receivers(4, family="6", exports=zero))
    a, *others = side.connect(2, *range(4, 4 + len(RECEIVERS)))
    a.announce("2001:db8:1::/48", next_hop=("2001:db8:a::2", "fe80::2"))
    a.announce("2001:db8:2::/48")
    side.settle()
    return {net: heard(others, net) for net in ("2001:db8:1::/48", "2001:db8:2::/48")}


@case()
def next_hop_of_zero_set_on_the_way_in(side: Side):
    zero = "filter { bgp_next_hop = 0.0.0.0; accept; }"
    static = "protocol static far { ipv4 { import filter { bgp_next_hop = 0.0.0.0; accept; }; };"
    static += " route 10.3.0.0/16 via 10.0.0.9; }\n"
    side.start(DIRECT + static + bgp(2, imports=zero) + bgp(3, 65001, imports=zero) + receivers(4))
    a, b, *others = side.connect(*range(2, 4 + len(RECEIVERS)))
    a.announce("10.1.0.0/16")
    b.announce("10.2.0.0/16")
    side.settle()
    nets = ("10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16")
    return {f"{net} to {to}": hop for net in nets for to, hop in heard(others, net).items()}


@case()
def next_hop_unset_by_a_filter(side: Side):
    """`unset(bgp_next_hop)`, on the way in and on the way out."""
    gone = "filter { unset(bgp_next_hop); accept; }"
    found = {}
    for where in ("import", "export"):
        one = {"imports": gone} if where == "import" else {}
        all_of = {"exports": gone} if where == "export" else {}
        side.start(DIRECT + IGP + bgp(2, **one) + bgp(3, 65001, **one) + receivers(4, **all_of))
        a, b, *others = side.connect(*range(2, 4 + len(RECEIVERS)))
        a.announce("10.1.0.0/16")
        a.announce("10.2.0.0/16", next_hop="10.0.0.66")
        b.announce("10.3.0.0/16")
        b.announce("10.5.0.0/16", next_hop="10.9.1.1")
        side.settle()
        for net in ("10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16", "10.5.0.0/16"):
            found |= {f"{where} {net} to {to}": hop for to, hop in heard(others, net).items()}
    return found
