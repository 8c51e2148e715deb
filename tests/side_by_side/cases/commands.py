"""Commands that act, and what they leave."""

from tests.interop.lab import until
from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, case


@case()
def graceful_restart_command(side: Side):
    """`graceful restart` ends the daemon with a Cease to who cannot wait; the kernel keeps its routes."""
    side.start("protocol kernel k { ipv4 { export all; }; kernel table 99; }\n" + bgp(2))
    (a,) = side.connect(2)
    a.announce("10.1.0.0/16")
    side.settle()
    reply = side.ask("graceful restart")
    until(lambda: side.daemon.process.poll() is not None, 10, "the daemon ends")
    until(lambda: a.closed, 5, "the session is closed")
    return {
        "reply": reply,
        "notifications": a.notifications(),
        "exit status": side.daemon.process.poll(),
        "kernel": side.kernel(),
    }


@case()
def down_command(side: Side):
    side.start("protocol kernel k { ipv4 { export all; }; kernel table 99; }\n" + bgp(2))
    (a,) = side.connect(2)
    a.announce("10.1.0.0/16")
    side.settle()
    reply = side.ask("down")
    until(lambda: side.daemon.process.poll() is not None, 10, "the daemon ends")
    return {"reply": reply, "notifications": a.notifications(), "kernel": side.kernel()}


CHANNELS = {
    "ipv4": "",
    "ipv4_mc": "ipv4 multicast { table m4; import all; export all; };",
    "ipv6_mc": "ipv6 multicast { table m6; import all; export all; };",
    "ipv4_mpls": "ipv4 mpls { table l4; import all; export all; };",
    "ipv6_mpls": "ipv6 mpls { table l6; import all; export all; };",
    "vpn4_mpls": "vpn4 mpls { table v4; import all; export all; };",
    "vpn6_mpls": "vpn6 mpls { table v6; import all; export all; };",
    "vpn4_mc": "vpn4 multicast { table w4; import all; export all; };",
    "vpn6_mc": "vpn6 multicast { table w6; import all; export all; };",
    "flow4": "flow4 { table f4; import all; export all; };",
}
NETS = {
    "ipv4": ("master4", "10.7.0.0/16"),
    "ipv4_mc": ("m4", "10.7.0.0/16"),
    "ipv6_mc": ("m6", "2001:db8:7::/48"),
    "ipv4_mpls": ("l4", "10.7.0.0/16"),
    "ipv6_mpls": ("l6", "2001:db8:7::/48"),
    "vpn4_mpls": ("v4", "65001:1 10.7.0.0/16"),
    "vpn6_mpls": ("v6", "65001:1 2001:db8:7::/48"),
    "vpn4_mc": ("w4", "65001:1 10.7.0.0/16"),
    "vpn6_mc": ("w6", "65001:1 2001:db8:7::/48"),
    "flow4": ("f4", "flow4 { dst 10.7.0.0/16; }"),
}


def channels_and_routes() -> str:
    """Tables of all kinds, each with a route, and p2 and p3, which have channels to all of them."""
    text = ""
    for name, (table, net) in NETS.items():
        kind = name.partition("_")[0]
        text += f"{kind} table {table};\n" if table != "master4" else ""
        route = f"route {net};" if kind == "flow4" else f"route {net} blackhole;"
        text += f"protocol static in_{table} {{ {kind} {{ table {table}; }}; {route} }}\n"
    return text + bgp(2, options=" ".join(CHANNELS.values())) + bgp(3, options=CHANNELS["vpn4_mpls"])


@case(dialect3=True, since="2.19")
def channels_in_commands(side: Side):
    """Those of two words, too, while the session is up and while it is down."""
    side.start(channels_and_routes())
    families = [(afi, safi) for safi in (1, 2, 4, 128, 129, 133) for afi in (1, 2)]
    offers = b"".join(wire.multiprotocol(*each) for each in families) + wire.capability(2)
    side.connect(2, capabilities=offers + wire.four_octets(65002))
    side.settle()
    found = {}
    for who, names in (("p2", [*CHANNELS, "vpn4"]), ("p3", ["ipv4", "vpn4_mpls", "ipv4_mpls"])):
        found |= {
            f"{who}.{name}: {mode}": side.ask(f"show route {mode} {who}.{name}")
            for name in names
            for mode in ("export", "noexport", "preexport", "exported", "import table")
        }
    more = ["export p3", "preexport p3", "noexport p3", "exported p3", "export in_v4", "export in_v4.vpn4"]
    more += ["export p3.vpn4_mpls table v4", "export p3.vpn4_mpls table l4", "export p3 count"]
    more += ["export p2.vpn4_mpls table v4", "noexport p2.vpn4_mpls table v4"]
    more += [
        "table v4 noexport p2.vpn4_mpls",
        "10.7.0.0/16 export p3",
        "for 10.7.0.1 export p3.ipv4",
        "export p3 stats",
        "export p3 all",
    ]
    return found | {each: side.ask(f"show route {each}") for each in more}


@case()
def addresses_of_vpns_in_commands(side: Side):
    """`show route for RD ADDRESS`; BIRD 3 takes the network of any other VPN, too."""
    routes = """vpn4 table v4;
vpn6 table v6;
protocol static in4 { vpn4 { table v4; };
  route 65001:1 10.7.0.0/16 blackhole; route 65001:1 10.0.0.0/8 blackhole;
  route 65001:2 10.7.0.0/24 blackhole; route 65001:1 0.0.0.0/0 blackhole; }
protocol static in6 { vpn6 { table v6; }; route 65001:1 2001:db8:7::/48 blackhole; }
"""
    side.start(routes)
    asked = [
        "for 65001:1 10.7.0.1 table v4",
        "for 65001:1 10.8.0.1 table v4",
        "for 65001:1 11.8.0.1 table v4",
        "for 65001:2 10.7.0.1 table v4",
        "for 65001:2 10.7.1.1 table v4",
        "for 65001:3 10.7.0.1 table v4",
        "for 65001:1 10.7.0.0/24 table v4",
        "for 65001:1 10.7.0.0/16 table v4",
        "for 65001:1 10.6.0.0/15 table v4",
        "for 10.0.0.1:1 10.7.0.1 table v4",
        "for 65001:1 2001:db8:7::1 table v6",
        "for 65001:1 2001:db8:8::1 table v6",
        "for 65001:1 10.7.0.1 table v6",
        "for 65001:1 10.7.0.1",
        "for 65001:1 10.7.0.1 table v4 all",
        "for 10.7.0.1 table v4",
        "in 65001:1 10.0.0.0/8 table v4",
        "in 65001:2 10.0.0.0/8 table v4",
        "in 65001:1 10.7.0.0/24 table v4",
        "in 65001:3 0.0.0.0/0 table v4",
        "in 65001:1 2001:db8::/32 table v6",
        "in 65001:1 0.0.0.0/0 table v4 count",
        "65001:1 10.7.0.0/16 table v4",
    ]
    return {each: side.ask(f"show route {each}") for each in asked}
