"""What commands answer, line by line: how values are written, which tables are named."""

import re
import struct

from tests.side_by_side import wire
from tests.side_by_side.case import Side, bgp, case


def answer(side: Side, command: str) -> list[str]:
    """A reply with its codes on every line and its networks in order."""
    found: list[list[str]] = []
    code, begin = "", 0
    for line in side.ask(command):
        coded = re.match(r"(\d{4})([- ]|$)", line)
        code = coded[1] if coded else code
        text = f"{code} {line[5:] if coded else line[1:]}"
        if "Internal route handling values" in text:  # of BIRD 3 alone
            continue
        if re.match(r"\d{4} (Table |$|\d+ of |Total)", text):
            found[begin:] = sorted(found[begin:])
            found.append([text])
            begin = len(found)
        elif text[5:6] in ("\t", " ") and len(found) > begin:
            found[-1].append(text)
        else:
            found.append([text])
    found[begin:] = sorted(found[begin:])
    return [text for block in found for text in block]


@case(dialect3=True, since="2.19")
def long_lists(side: Side):
    """A long list of communities goes on where there is no room for a further one of its kind."""
    side.start(bgp(2))
    (a,) = side.connect(2)
    for number, count in enumerate((5, 33, 34, 35, 69, 70, 200)):
        a.announce(f"10.1.{number}.0/24", communities=[(65002, 10000 + n) for n in range(count)])
        a.announce(f"10.2.{number}.0/24", large=[(65002, 1000 + n, 200000) for n in range(count)])
        rt = [struct.pack("!BBHI", 0, 2, 65002, 100000 + n) for n in range(count)]
        a.announce(f"10.3.{number}.0/24", extended=rt)
        unknown = [struct.pack("!BBHI", 0x43, 0x77, 65002, 100000 + n) for n in range(count)]
        a.announce(f"10.4.{number}.0/24", extended=unknown)
    a.announce("10.5.0.0/24", communities=[(n * 97 % 65000, n * 131 % 65000) for n in range(300)])
    side.settle()
    return {
        net: answer(side, f"show route in {net} all")
        for net in ("10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16", "10.5.0.0/16")
    }


@case(dialect3=True, since="2.19")
def unknown_attributes(side: Side):
    side.start(bgp(2))
    (a,) = side.connect(2)
    a.announce("10.1.0.0/16", raw=wire.attribute(250, b"\1\2", 0xC0))
    a.announce("10.2.0.0/16", raw=wire.attribute(250, b"\1\2", 0xE0))
    a.announce("10.3.0.0/16", raw=wire.attribute(99, b"abc", 0xC0) + wire.attribute(200, b"\xff", 0xC0))
    a.announce("10.4.0.0/16", raw=wire.attribute(250, bytes(range(100)), 0xC0))
    a.announce("10.5.0.0/16", raw=wire.attribute(250, b"", 0xC0))
    side.settle()
    return {"all": answer(side, "show route all")}


@case(dialect3=True, since="2.19")
def origin_of_aggregates(side: Side):
    """A path that ends in a set has no last AS."""
    side.start(bgp(2, options="allow as sets;"))
    (a,) = side.connect(2)
    a.announce("10.1.0.0/16", path=[(2, [65002]), (1, [5, 6])])
    a.announce("10.2.0.0/16", path=[(2, [65002, 7]), (1, [5])], origin=1)
    a.announce("10.3.0.0/16", path=[(2, [65002]), (1, [5, 6]), (2, [9])], origin=2)
    side.settle()
    return {"routes": answer(side, "show route")}


@case(dialect3=True)
def metrics(side: Side):
    """Behind the preference: how far the next hop is, or that it leads nowhere."""
    side.start(
        """protocol static st { ipv4; route 10.81.0.0/16 via 10.0.0.3 { igp_metric = 10; };
        route 10.82.0.0/16 unreachable; route 10.83.0.0/16 unreachable { igp_metric = 5; };
        route 10.84.0.0/16 blackhole; route 10.85.0.0/16 via 10.0.0.3 { igp_metric = 0; };
        route 10.86.0.0/16 prohibit { igp_metric = 10; }; route 10.87.0.0/16 via 10.0.0.3;
        route 10.88.0.0/16 via "eth0" { igp_metric = 6; }; }
        protocol direct { ipv4; interface "eth0"; }\n"""
        + bgp(2, 65001)
    )
    (a,) = side.connect(2)
    for number in (*range(81, 89), 99):
        a.announce(f"10.9.{number}.0/24", next_hop=f"10.{number}.0.9")
    a.announce("10.9.1.0/24", next_hop="10.0.0.2")
    a.announce("10.9.2.0/24", next_hop="10.81.0.9", aigp=77)
    a.announce("10.9.3.0/24", next_hop="10.87.0.9", aigp=77)
    a.announce("10.9.4.0/24", next_hop="10.0.0.2", aigp=77)
    a.announce("10.9.5.0/24", next_hop="10.82.0.9", aigp=77)
    side.settle()
    return {
        "looked up": answer(side, "show route in 10.9.0.0/16"),
        "written": answer(side, "show route in 10.80.0.0/12"),
    }


@case(dialect3=True)
def order_of_attributes(side: Side):
    side.start(
        """attribute int my_tag;
        protocol static st { ipv4; route 10.1.0.0/16 via 10.0.0.3 { my_tag = 7; bgp_med = 3; igp_metric = 6;
        krt_metric = 8; krt_mtu = 1400; krt_lock_mtu = true; krt_realm = 3; krt_prefsrc = 10.0.0.1; }; }"""
    )
    side.settle()
    return {"all": answer(side, "show route all")}


@case(dialect3=True)
def merged_routes(side: Side):
    side.start(
        "protocol kernel k { ipv4 { export all; }; kernel table 99; merge paths on; }\n" + bgp(2) + bgp(3)
    )
    a, b = side.connect(2, 3)
    a.announce("10.1.0.0/16", "10.2.0.0/16")
    b.announce("10.1.0.0/16", "10.3.0.0/16")
    side.settle()
    modes = ("export", "preexport", "exported", "noexport")
    return {mode: answer(side, f"show route {mode} k") for mode in modes}


TABLES = """ipv4 table e4; ipv6 table e6;
protocol static st { ipv4; route 10.1.0.0/16 blackhole; route 10.1.1.0/24 unreachable; }
protocol static st6 { ipv6; route 2001:db8:1::/48 blackhole; }
protocol static empty { ipv4 { table e4; }; }
protocol pipe p { table master4; peer table e4; import none; export none; }
"""
ASKED = """
show route 10.1.0.0/16
show route 10.1.0.0/16 all
show route 10.1.0.0/16 count
show route 10.1.0.0/16 stats
show route for 10.1.0.1 count
show route for 10.1.0.1 stats
show route 10.1.0.0/16 table master4 table e4
show route 10.1.0.0/16 table master4 table e4 stats
show route in 10.1.0.0/16 table master4 table e4
show route in 10.1.0.0/16 table master4 table e4 count
show route 10.1.0.0/16 where false
show route 10.1.0.0/16 where false count
show route 10.1.0.0/16 where false stats
show route 10.1.0.0/16 filtered
show route 10.1.0.0/16 noexport p
show route 10.1.0.0/16 protocol st
show route 10.2.0.0/16
show route 10.2.0.0/16 count
show route 10.2.0.0/16 stats
show route 10.2.0.0/16 filtered
show route 10.2.0.0/16 table e4
show route 10.2.0.0/16 table master4 table e4 count
show route for 10.2.0.1 table e4 stats
show route in 10.2.0.0/16 count
show route table e4
show route table e4 table e6 primary
show route table e4 where false
show route table e4 filtered
show route table e4 protocol st
show route table e4 protocol st count
show route table e4 table master6 protocol st6
show route table master4 export p
show route table all export p
show route export p stats
show route protocol empty stats
show route table e4 for 2001:db8::1
show route table e6 in 10.0.0.0/8
""".strip("\n").split("\n")


@case(dialect3=True, since="2.19")
def tables_that_are_named(side: Side):
    """Which tables have a head, which counts there are, and when a network is not found."""
    side.start(TABLES)
    side.settle()
    return {command: answer(side, command) for command in ASKED}


@case(dialect3=True, since="2.19")
def rows_of_radv(side: Side):
    """It has a channel in any case, and is suppressed where it is down."""
    side.start(
        'protocol radv r { interface "eth1"; }\n'
        'protocol radv off { disabled; interface "eth1"; }\n'
        'protocol radv trig { trigger 2001:db8:1::/48; interface "eth1"; }\n'
    )
    side.settle()
    return {
        "rows": side.lines("show protocols")[1:],
        "r": side.details("r", "Channel|Table|filter|Preference"),
        "off": side.details("off"),
    }


@case(dialect3=True)
def constants(side: Side):
    """iproute2's numbers are names, too."""
    side.start("define MYAS = 65001;")
    side.settle()
    shown = {line.split("\t")[0].strip() for line in side.lines("show symbols") if "\tconstant" in line}
    wanted = {"MYAS", "ipp_bird", "ipp_static", "ips_link", "ips_host"}
    return {"shown": sorted(wanted & shown), "one": side.ask("show symbols ips_link")}


@case(dialect3=True, since="2.19")
def static_gateways(side: Side):
    """A gateway is dormant when nothing leads to it, and when its protocol is down."""
    side.start(
        """ipv4 table t;
        protocol static st { ipv4; route 10.1.0.0/16 via 10.0.0.3; route 10.2.0.0/16 via 10.77.0.3;
        route 10.3.0.0/16 via "eth9"; route 10.4.0.0/16 via 10.0.0.3 via 10.88.0.4 weight 2;
        route 10.5.0.0/16 recursive 10.1.0.1; route 10.6.0.0/16 blackhole;
        route 10.7.0.0/16 via 10.77.0.3%eth0 onlink; }
        protocol static asleep { disabled; ipv4 { table t; }; route 10.1.0.0/16 via 10.0.0.3;
        route 10.5.0.0/16 recursive 10.1.0.1; route 10.6.0.0/16 unreachable; }"""
    )
    side.settle()
    found = {command: answer(side, f"show static{command}") for command in ("", " st", " asleep")}
    side.ask("disable st")
    return found | {"disabled": answer(side, "show static st")}
