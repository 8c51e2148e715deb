"""Static routes that cannot be as they are written."""

from tests.interop.lab import until
from tests.side_by_side.case import Side, case

GATEWAYS = (
    *("127.0.0.1", "127.0.0.9", "127.0.0.1%lo", "::1", "::1%lo", "::ffff:127.0.0.1", "::", "::2%eth0"),
    *("224.0.0.1", "224.0.0.1%eth0", "ff02::1", "ff02::1%eth0", "0.0.0.0", "0.0.0.9%eth0", "255.255.255.255"),
    *("255.255.255.254%eth0", "240.0.0.1%eth0", "1.0.0.1%eth0", "::1.2.3.4%eth0", "::1:0:0%eth0"),
    *("0:0:0:1::1%eth0", "fe80::1", "fe80::9", "fe80::9%eth0", "10.0.0.1", "10.0.0.1%eth1", "10.0.0.255"),
    *("127.0.0.1 via 10.0.0.9", "10.0.0.9"),
)
NAMED = (
    *("127.0.0.1", "0.0.0.0", "0.0.0.9", "255.255.255.255", "224.0.0.1", "ff02::1", "::2", "::1:0:0"),
    *("240.0.0.1", "fe80::9", "203.0.113.9"),
)


@case()
def gateways_that_nobody_has(side: Side):
    """They are dormant, and said to be invalid; the other ways of their routes are taken."""
    routes = " ".join(f"route 10.{at}.0.0/16 via {hop};" for at, hop in enumerate(GATEWAYS, 1))
    side.start(
        f"protocol static own {{ ipv4; {routes} }}\n"
        "protocol kernel k { kernel table 99; ipv4 { export all; }; }\n"
    )
    until(lambda: len(side.kernel()) == 4, 8, "the routes are set")
    return {
        "routes": side.routes(),
        "static": side.lines("show static"),
        "kernel": side.kernel(),
        "log": side.log("Invalid"),
    }


@case(since="2.19")
def gateways_that_nobody_has_onlink(side: Side):
    routes = " ".join(f'route 10.{at}.0.0/16 via {hop} dev "eth0" onlink;' for at, hop in enumerate(NAMED, 1))
    side.start(f"protocol static own {{ ipv4; route 10.100.0.0/16 via 10.0.0.9 onlink; {routes} }}\n")
    side.settle()
    return {
        "routes": side.routes(),
        "static": side.lines("show static"),
        "log": sorted(side.log("Invalid")),
    }


@case()
def blocks_that_reject(side: Side):
    """`reject`, `accept` and errors end the block; the route is there, with what was set so far."""
    side.start("""protocol static own { ipv4;
    route 10.1.0.0/16 via 10.0.0.9 { reject; };
    route 10.2.0.0/16 via 10.0.0.9 { preference = 7; reject; preference = 9; };
    route 10.3.0.0/16 via 10.0.0.9 { preference = 7; accept; preference = 9; };
    route 10.4.0.0/16 via 10.0.0.9 { preference = 8; preference = 10 / (preference - 8); preference = 9; };
    route 10.5.0.0/16 blackhole { bgp_community.add((1, 2)); if net.len > 8 then reject; };
    route 10.6.0.0/16 via 10.0.0.9 { krt_mtu = 1400; reject; };
}
""")
    side.settle()
    return {
        "routes": side.routes(),
        "static": side.lines("show static"),
        "log": side.log("Mother"),
    }


SADR = """ipv6 sadr table s6;
protocol kernel k { kernel table 99; %s }
protocol static own { ipv6 sadr; route 2001:db8:5::/48 from ::/0 unreachable; }
protocol static own6 { ipv6; route 2001:db8:6::/48 unreachable; }
"""


@case()
def kernel_of_routes_by_source_address(side: Side):
    """`ipv6 sadr` in a kernel protocol: the file is right, what else is in it runs; to and fro."""
    found = {}
    side.start(SADR % "ipv6 sadr { export none; };")
    for step, channel in (("plain", "ipv6 { export all; };"), ("back", "ipv6 sadr { export none; };")):
        side.configure(SADR % channel)
        want = int(step == "plain")
        until(lambda want=want: len(side.kernel(99, 6)) == want, 8, "the kernel's table is as it should be")
        found[step] = side.kernel(99, 6)
    return found | {"routes": side.lines("show route table s6"), "own": side.info("own")}
