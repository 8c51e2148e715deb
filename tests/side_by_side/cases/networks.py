"""Networks that routers do not take, from BGP and from elsewhere."""

from ipaddress import ip_network

from tests.side_by_side.case import Side, bgp, bgp6, case

V4 = (
    *("0.0.0.0/0", "0.0.0.0/8", "0.0.0.0/32", "0.1.0.0/16", "127.0.0.0/8", "127.0.0.1/32", "126.0.0.0/7"),
    *("169.254.0.0/16", "192.0.2.0/24", "224.0.0.0/4", "224.0.0.0/3", "232.1.0.0/16", "239.255.255.255/32"),
    *("240.0.0.0/4", "240.1.0.0/16", "255.0.0.0/8", "255.255.255.0/24", "255.255.255.254/31"),
    *("255.255.255.254/32", "255.255.255.255/32", "0.0.0.0/7", "0.0.0.0/9", "0.0.0.1/32", "0.128.0.0/9"),
    *("1.0.0.0/8", "192.0.0.0/2", "240.0.0.0/5", "112.0.0.0/4"),
)
V6 = (
    *("::/0", "::/8", "::/128", "::1/128", "::/96", "::ffff:0:0/96", "::ffff:10.0.0.0/104", "100::/64"),
    *(
        "::2/128",
        "::10.0.0.0/104",
        "::ffff:127.0.0.0/104",
        "::ffff:0.1.0.0/112",
        "::1:0:0/96",
        "::fffe:0:0/96",
    ),
    *("::1:0:0:0/80", "0:0:0:1::/64", "::ffff:1:0:0/96"),
    *("64:ff9b::/96", "fe80::/10", "fe80::/9", "fe80::/64", "fe80::1/128", "fec0::/10", "fc00::/7"),
    *("ff00::/8", "ff02::1/128", "fe00::/7", "fe00::/9", "2001:db8::/32"),
)


@case()
def odd_networks(side: Side):
    """Which networks are taken from BGP, of both families."""
    side.start(bgp(2) + bgp6(3))
    a, b = side.connect(2, 3)
    for net in V4:
        a.announce(net)
    for net in V6:
        b.announce(net)
    side.settle()
    taken = {ip_network(net) for net in side.best()}
    return {net: ip_network(net) in taken for net in (*V4, *V6)}


@case()
def odd_static_networks(side: Side):
    """The same networks of protocol static."""
    routes = {
        family: " ".join([f"route {net} blackhole;" for net in nets])
        for family, nets in (("ipv4", V4), ("ipv6", V6))
    }
    side.start("".join([f"protocol static s{name} {{ {name}; {text} }}\n" for name, text in routes.items()]))
    side.settle()
    taken = {ip_network(net) for net in side.best()}
    return {net: ip_network(net) in taken for net in (*V4, *V6)}
