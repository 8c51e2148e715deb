"""Options of the protocols kernel, static, direct, device, pipe and radv."""

import socket
import struct
import time

from tests.interop.lab import until
from tests.side_by_side.case import Side, bgp, case
from tests.side_by_side.speaker import in_namespace

OWN = "protocol static own { ipv4; route 10.1.0.0/16 via 10.0.0.9; route 10.2.0.0/16 blackhole; }\n"


@case(options=("kernel: kernel table", "kernel: metric", "kernel: scan time"))
def kernel_tables(side: Side):
    """Tables, metrics, families, what a filter says of a route, a route that somebody takes away."""
    side.start(
        OWN
        + "protocol static own6 { ipv6; route 2001:db8:5::/48 via 2001:db8:a::9; }\n"
        + "protocol kernel k1 { kernel table 99; metric 7; scan time 1; ipv4 { export filter {"
        + " krt_prefsrc = 10.0.0.101; accept; }; }; }\n"
        + "ipv4 table spare;\n"
        + "protocol pipe { table master4; peer table spare; export all; import none; }\n"
        + "protocol kernel k2 { kernel table 98;"
        + " ipv4 { table spare; export where dest = RTD_BLACKHOLE; }; }\n"
        + "protocol kernel k6 { kernel table 99; ipv6 { export all; }; }\n"
    )
    until(lambda: len(side.kernel()) == 2 and side.kernel(98) and side.kernel(99, 6), 8, "all are set")
    found = {"99": side.kernel(), "98": side.kernel(98), "99, IPv6": side.kernel(99, 6)}
    side.place.subject.run("ip", "route", "del", "10.1.0.0/16", "table", "99")
    until(lambda: len(side.kernel()) == 2, 5, "the route is set again")
    return found | {"set again": side.kernel()}


@case(since="2.19", options=("kernel: learn", "kernel: learn all"))
def routes_of_others(side: Side):
    """Routes of the kernel that somebody else made."""
    ip = side.place.subject.run
    ip("ip", "route", "add", "10.5.0.0/16", "via", "10.0.0.9", "table", "98", "metric", "50")
    ip("ip", "route", "add", "10.6.0.0/16", "dev", "eth0", "table", "98", "proto", "static")
    ip("ip", "route", "add", "unreachable", "10.7.0.0/16", "table", "98")
    ip("ip", "route", "add", "10.8.0.0/16", "dev", "eth0", "table", "98", "proto", "kernel")
    ip("ip", "route", "add", "10.9.0.0/16", "via", "10.0.0.9", "table", "97", "proto", "static")
    side.start(
        "ipv4 table every;\n"
        "protocol kernel k1 { kernel table 98; learn; scan time 1; ipv4 { import all; }; }\n"
        "protocol kernel k2 { kernel table 97; learn all; scan time 1;"
        " ipv4 { table every; import all; }; }\n"
    )
    side.settle(0.5)
    found = {"learned": side.routes(), "of another table": side.routes("table every")}
    ip("ip", "route", "add", "10.10.0.0/16", "via", "10.0.0.9", "table", "98")
    ip("ip", "route", "del", "10.5.0.0/16", "table", "98")
    side.settle(0.5)
    return found | {"later": sorted(side.routes())}


@case(options=("kernel: persist",))
def kernel_persists(side: Side):
    found = {}
    for name, option in (("persist", "persist;"), ("not", "")):
        side.start(OWN + f"protocol kernel k {{ kernel table 99; {option} ipv4 {{ export all; }}; }}\n")
        until(lambda: len(side.kernel()) == 2, 5, "the routes are set")
        side.daemon.stop()
        found[name] = side.kernel()
        side.place.subject.run("ip", "route", "flush", "table", "99")
    return found


@case(
    options=(
        "static: check link",
        "static: igp table",
        "static: route",
        "direct: check link",
        "direct: interface",
    )
)
def cable_pulled(side: Side):
    """Static and direct routes of a link without carrier."""
    side.start("""ipv4 table inner; ipv4 table few;
protocol direct all4 { ipv4; check link; }
protocol direct some { ipv4 { table few; }; interface "eth0", -"*"; }
protocol static checked { ipv4; check link; route 10.1.0.0/16 via 172.16.0.2;
    route 10.2.0.0/16 via "eth1"; }
protocol static plain { ipv4; check link off; route 10.3.0.0/16 via 172.16.0.2;
    route 10.4.0.0/16 via "eth1"; }
protocol static way { ipv4 { table inner; }; route 10.150.0.0/16 via 10.0.0.9; }
protocol static far { ipv4; igp table inner; route 10.5.0.0/16 recursive 10.150.0.1;
    route 10.6.0.0/16 recursive 10.151.0.1; route 10.7.0.0/16 via 10.0.0.8 weight 3 via 10.0.0.9; }
""")
    side.settle()
    found = {"before": side.routes(), "of some": sorted(side.routes("table few"))}
    side.place.neighbors.link("eth1", False)
    until(lambda: "172.16.0.0/24" not in side.routes(), 8, "the cable is missed")
    side.settle()
    return found | {"pulled": side.routes()}


@case(options=("device: interface",))
def preferred_address(side: Side):
    """The address that stands for the link where none was named."""
    text = 'protocol device { interface "eth0" { preferred 10.0.0.101; }; }\n'
    session = "protocol bgp p2 { local as 65001; neighbor 10.0.0.2 as 65002; connect delay time 1; ipv4 {"
    side.start(text + OWN + session + " import all; export all; }; }\n")
    session = side.session(2, destination="10.0.0.1", remote_asn=65001)
    called = session.called(4)
    side.settle()
    return {"from": [called, session.destination], "sent": session.table("next_hop")}


@case(options=("pipe: peer table",))
def pipes(side: Side):
    """What goes through a pipe, in both directions, with filters, and not back."""
    side.start(
        OWN
        + """ipv4 table inner; ipv4 table third;
protocol pipe p1 { table master4; peer table inner; import filter { preference = 50; accept; };
    export where net != 10.2.0.0/16; }
protocol pipe p9 { table inner; peer table third; export all; import none; }
protocol static back { ipv4 { table inner; }; route 10.3.0.0/16 unreachable; }
"""
        + bgp(2)
    )
    (a,) = side.connect(2)
    a.announce("10.4.0.0/16")
    side.settle()
    return {
        "master4": side.routes(),
        "inner": side.routes("table inner"),
        "third": side.routes("table third"),
        "sent": a.table(),
    }


@case(since="3", options=("pipe: max generation",))
def long_pipes(side: Side):
    """A route that goes through more pipes than one of them lets through."""
    text = "".join(f"ipv4 table t{number};\n" for number in range(1, 4))
    for number, limit in ((1, ""), (2, ""), (3, "max generation 2;")):
        source = f"t{number - 1}" if number > 1 else "master4"
        text += f"protocol pipe c{number} {{ table {source}; peer table t{number}; {limit}"
        text += " export all; import none; }\n"
    side.start(OWN + text)
    side.settle()
    return {table: sorted(side.routes(f"table {table}")) for table in ("t1", "t2", "t3")}


ADVERTISEMENT, SOLICITATION = 134, 133
RADV = """protocol radv hosts { ipv6 { table master6; import none; export all; };
    interface "eth0" { max ra interval 10; min delay 3; managed yes; other config yes; link mtu 1400;
        reachable time 3000; retrans timer 500; current hop limit 50; default lifetime 900 sensitive off;
        default preference high; route lifetime 600; route preference low;
        rdnss local yes; dnssl local yes;
        rdnss { ns 2001:db8::53; ns 2001:db8::54; lifetime 500; };
        dnssl { domain "example.net"; lifetime mult 4; };
        prefix 2001:db8:a::/64 { autonomous off; onlink on; valid lifetime 3000; preferred lifetime 2000; };
        prefix 2001:db8:c::/64 { skip; };
        prefix ::/0 { }; };
    propagate routes yes;
}
protocol radv quiet { interface "eth1" { max ra interval 30; solicited ra unicast yes; };
    prefix 2001:db8:b::/64 { onlink no; }; }
protocol static own6 { ipv6; route 2001:db8:77::/48 unreachable; }
"""


def solicited(side: Side, link: str) -> list[str]:
    """The advertisement that a solicitation brings: its fields, then its options in hex, sorted."""

    def opened() -> tuple[socket.socket, int]:
        made = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        return made, socket.if_nametoindex(link)

    sock, index = in_namespace(side.place.neighbors.namespace, opened)
    with sock:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        group = socket.inet_pton(socket.AF_INET6, "ff02::1") + struct.pack("@I", index)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
        sock.bind(("::", 0, 0, index))
        sock.settimeout(1)
        for _ in range(8):
            sock.sendto(struct.pack("!BBHI", SOLICITATION, 0, 0, 0), ("ff02::2", 0, 0, index))
            end = time.monotonic() + 1
            while time.monotonic() < end:
                try:
                    data, (source, *_, scope) = sock.recvfrom(2048)
                except TimeoutError:
                    break
                if data[0] == ADVERTISEMENT and scope == index and source.startswith("fe80::1"):
                    return read_advertisement(data)
    return ["none came"]


def read_advertisement(data: bytes) -> list[str]:
    hops, flags, lifetime, reachable, retrans = struct.unpack("!4xBBHII", data[:16])
    fields = f"hops {hops} flags {flags:02x} lifetime {lifetime} reachable {reachable} retrans {retrans}"
    options, rest = [], data[16:]
    while rest:
        size = rest[1] * 8
        if rest[0] != 1:  # of the link layer: an address that each world has for itself
            options.append(rest[:size].hex())
        rest = rest[size:]
    return [fields, *sorted(options)]


RADV_OPTIONS = (
    *("max ra interval", "min delay", "solicited unicast", "managed", "other config", "link mtu"),
    *("reachable time", "retrans timer", "current hop limit", "default lifetime", "default preference"),
    *("route lifetime", "route preference", "rdnss", "dnssl", "rdnss local", "dnssl local", "prefix"),
    *(
        "skip",
        "onlink",
        "autonomous",
        "valid lifetime",
        "preferred lifetime",
        "propagate routes",
        "interface",
    ),
)


@case(since="2.19", options=tuple(f"radv: {one}" for one in RADV_OPTIONS))
def router_advertisements(side: Side):
    """What hosts hear."""
    side.start(RADV)
    side.settle()
    return {"eth0": solicited(side, "eth0"), "eth1": solicited(side, "eth1")}


TRIGGERED = """protocol radv hosts { ipv6 { table master6; export all; };
    interface "eth0" { max ra interval 60; min delay 3; default lifetime 900 sensitive; route lifetime 600;
        route linger time %s;
        prefix 2001:db8:a::/64 { valid lifetime 3000 sensitive; preferred lifetime 2000 sensitive; }; };
    trigger 2001:db8:77::/48; propagate routes yes;
}
protocol static own6 { ipv6; route 2001:db8:77::/48 unreachable; }
protocol static more6 { ipv6; route 2001:db8:78::/48 unreachable; }
"""


@case(since="2.19", options=("radv: trigger", "radv: route linger time"))
def router_advertisements_wait_for_a_route(side: Side):
    """`trigger`: what hosts hear while it is there and while not; what they hear of a route that went."""
    found = {}
    for linger in (0, 100):
        side.start(TRIGGERED % linger)
        side.settle()
        found[f"{linger}: there"] = solicited(side, "eth0")
        side.ask("disable more6")
        side.ask("disable own6")
        side.settle()
        found[f"{linger}: gone"] = solicited(side, "eth0")
    return found


LINGERS = """protocol radv hosts { interface "eth0" {
    max ra interval 60; min delay 3; prefix linger time %d; %s }; }
"""


@case(since="2.19", options=("radv: prefix linger time",))
def prefixes_that_went(side: Side):
    """They are advertised with lifetimes of 0 for `prefix linger time`."""
    prefixes = "prefix 2001:db8:c::/64 { skip; }; prefix ::/0;"
    found = {}
    for linger in (0, 100):
        side.start(LINGERS % (linger, prefixes))
        side.settle()
        found[f"{linger}: there"] = solicited(side, "eth0")
        side.place.subject.ip("addr", "del", "2001:db8:a::1/64", "dev", "eth0")
        side.settle()
        found[f"{linger}: gone"] = solicited(side, "eth0")
        side.place.subject.address("2001:db8:a::1/64", "eth0")
    return found


CUSTOM = """protocol radv hosts {
    custom option type 38 value hex:0e:10:20:01:0d:b8:00:0a:00:0b:00:00:00:00;
    custom option type 200 value 0123456789abcdef0123456789abcdef;
    interface "eth0" { min delay 3; custom option type 201 value hex:00:01:02:03:04:05; };
    interface "eth1" { min delay 3; custom option local yes; custom option type 202 value hex:aa:bb; };
}
"""


@case(since="2.19", options=("radv: custom option", "radv: custom local"))
def custom_options_of_advertisements(side: Side):
    side.start(CUSTOM)
    side.settle()
    return {"eth0": solicited(side, "eth0"), "eth1": solicited(side, "eth1")}


@case(since="3", options=("radv: pd preferred",))
def prefixes_that_prefer_delegation(side: Side):
    """The P flag of RFC 9762."""
    side.start(
        'protocol radv hosts { interface "eth0" { min delay 3; }; prefix ::/0 { pd preferred yes; }; }\n'
    )
    side.settle()
    return {"eth0": solicited(side, "eth0")}
