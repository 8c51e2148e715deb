"""The same configuration on the same interfaces, in BIRD and in PyBIRD: what they show must be equal.

Each step changes both namespaces alike; then tables, protocols, static routes
and the kernel's tables are compared as text. Times are masked, and networks
sorted, because BIRD lists them in the order of its hash table.
"""

import re

import pytest

from tests.interop.lab import until

pytestmark = pytest.mark.peer("bird")

BASICS = """
log stderr all;
router id 10.0.0.1;
attribute int my_tag;
ipv4 table ta; ipv4 table tb; ipv4 table learned;
ipv6 sadr table s6; vpn4 table v4; roa4 table r4; flow4 table f4;
protocol device { scan time 10; }
protocol direct { ipv4; ipv6; }
protocol direct some { ipv4 { table tb; preference 77; }; check link; interface -"va", "v*" 10.0.0.0/16; }
protocol static st4 {
  ipv4 { import filter { if net = 10.40.0.0/16 then reject; accept; }; import keep filtered; };
  route 198.51.100.0/24 blackhole;
  route 203.0.113.0/24 via 10.0.0.2 { preference = 250; my_tag = 7; bgp_community.add((1,2)); };
  route 203.0.113.128/25 via 10.0.1.77 weight 2 via 10.0.0.2 weight 3;
  route 203.0.114.128/25 via 10.0.1.77 via 10.0.0.2 via 10.0.0.3;
  route 10.9.0.0/16 unreachable;
  route 10.10.0.0/16 prohibit;
  route 10.11.0.0/16 via "vb";
  route 10.12.0.0/16 recursive 203.0.113.5;
  route 10.13.0.0/16 recursive 203.0.113.129;
  route 10.14.0.0/16 recursive 99.0.0.1;
  route 10.16.0.0/16 via 99.0.0.9%va onlink;
  route 10.17.0.0/16 via 99.0.0.9;
  route 10.19.0.0/16 via 10.0.0.2;
  route 10.19.0.0/16 via 10.0.1.2 { preference = 190; };
  route 10.19.0.0/16 prohibit { preference = 180; };
  route 10.20.0.0/16 via 10.0.0.2%va;
  route 10.21.0.0/16 via 10.0.0.2%vb;
  route 10.26.0.0/16 recursive 10.12.0.1;
  route 10.27.0.0/16 recursive 10.9.0.1;
  route 10.28.0.0/16 via 10.0.0.2 { krt_mtu = 1400; };
  route 10.30.0.0/16 unreachable { dest = RTD_BLACKHOLE; };
  route 10.40.0.0/16 blackhole;
}
protocol static st4b { ipv4 { table ta; }; check link; igp table master4;
  route 10.50.0.0/16 recursive 203.0.113.1; route 10.52.0.0/16 via 10.0.0.2;
  route 10.19.0.0/16 via "va" { preference = 150; }; }
protocol static st6 { ipv6; route 2001:db8:100::/48 via 2001:db8:a::2; route 2001:db8:101::/48 via fe80::1%va;
  route 2001:db8:200::/48 unreachable; route 2001:db8:201::/48 recursive 2001:db8:100::1;
  route ::/0 via "va"; }
protocol static st_sadr { ipv6 sadr { table s6; }; route 2001:db8:5::/48 from 2001:db8:6::/48 unreachable; }
protocol static st_roa { roa4 { table r4; }; route 198.18.0.0/15 max 24 as 65002; }
protocol static st_vpn { vpn4 { table v4; }; route 10:20 10.0.0.0/8 via 10.0.0.2;
  route 10:21 10.3.0.0/16 recursive 203.0.113.5; }
protocol static st_flow { flow4 { table f4; };
  route flow4 { dst 10.0.0.0/8; proto = 23; dport > 24 && < 30 || 40..50; tcp flags 0x03/0x0f; }; }
protocol pipe pa { table master4; peer table ta; import filter { my_tag = 9; accept; };
  export where net !~ [10.9.0.0/16]; }
protocol kernel k4 { ipv4 { export filter { krt_prefsrc = 192.0.2.9; accept; }; };
  kernel table 50; metric 64; scan time 1; }
protocol kernel k6 { ipv6 { export where source = RTS_STATIC; }; kernel table 50; }
protocol kernel kl { learn; ipv4 { table learned; }; kernel table 60; scan time 1; }
"""
TABLES = ("master4", "master6", "ta", "tb", "learned", "s6", "v4", "r4", "f4")
QUESTIONS = (
    *(f"show route table {table} all" for table in TABLES),
    "show route filtered",
    "show route export k4",
    "show route noexport pa",
    "show route preexport pa",
    "show route exported pa",
    "show route protocol st4 primary",
    "show route in 203.0.113.0/24 where net.len > 24",
    "show route for 203.0.113.200",
    "show route where my_tag = 7",
)
PLAIN = (
    "show static st4",
    "show static st6",
    "show protocols",
    "show interfaces summary",
    "show symbols table",
)


def prepare(host):
    for name, number in (("va", 1), ("vb", 2)):
        host.ip("link", "add", name, "type", "veth", "peer", "name", f"p{name}")
        host.ip("link", "set", name, "address", f"02:00:00:00:00:0{number}")
        host.ip("link", "set", f"p{name}", "address", f"02:00:00:00:01:0{number}")
        host.link(f"p{name}", True)
        host.link(name, True)
    host.address("192.0.2.9/32")
    host.address("10.0.0.1/24", "va")
    host.address("10.0.1.1/24", "vb")
    host.address("2001:db8:a::1/64", "va")
    host.address("2001:db8:b::1/64", "vb")
    host.ip("route", "add", "60.1.0.0/16", "via", "10.0.0.5", "table", "60", "mtu", "1300")
    host.ip("route", "add", "blackhole", "60.2.0.0/16", "table", "60")
    until(lambda: host.link_local("va") and host.link_local("vb"))


STEPS = {
    "start": lambda host: None,
    "cable pulled": lambda host: host.link("pva", False),
    "cable back": lambda host: host.link("pva", True),
    "interface down": lambda host: host.link("vb", False),
    "interface up": lambda host: (host.link("vb", True), host.address("2001:db8:b::1/64", "vb")),
    "address gone": lambda host: host.ip("addr", "del", "10.0.0.1/24", "dev", "va"),
    "address back": lambda host: host.address("10.0.0.1/24", "va"),
    "alien routes": lambda host: (
        host.ip("route", "del", "blackhole", "60.2.0.0/16", "table", "60"),
        host.ip("route", "replace", "60.1.0.0/16", "via", "10.0.1.6", "table", "60", "proto", "static"),
        host.ip("route", "add", "60.3.0.0/16", "dev", "vb", "table", "60"),
    ),
    "own routes deleted": lambda host: host.ip(
        "route", "del", "203.0.113.0/24", "table", "50", "metric", "64"
    ),
}


def networks(text):
    """The routes of each network of each table, sorted; only the best one has a place of its own."""
    found, table, net = {}, "", ""
    for line in re.sub(r"\d\d:\d\d:\d\d\.\d{3}", "T", text).splitlines():
        if line.startswith("BIRD "):
            continue
        if line.startswith("Table "):
            table = line
        elif line[:1] == "\t":
            found[table, net][-1] += f" | {line.strip()}"
        elif line.strip():
            net = net if line[0] == " " else line[:20]
            found.setdefault((table, net), []).append(line.strip())
    return {key: sorted(found[key]) for key in sorted(found)}


def masked(text):
    lines = re.sub(r"\d\d:\d\d:\d\d\.\d{3}", "T", text).splitlines()
    return sorted(line.rstrip() for line in lines if not line.startswith("BIRD"))


def view(daemon):
    found = {question: networks(daemon.cli(question)) for question in QUESTIONS}
    found |= {question: masked(daemon.cli(question)) for question in PLAIN}
    for family in ("-4", "-6"):
        lines = daemon.host.ip(family, "route", "show", "table", "50").replace("\n\t", " | ").splitlines()
        found[f"kernel {family}"] = sorted(line.strip() for line in lines)
    return found


def differences(bird, pybird):
    found = []
    for question, theirs in bird.items():
        lines, others = flat(theirs), flat(pybird[question])
        if theirs != pybird[question]:
            missing = [line for line in lines if line not in others]
            surplus = [line for line in others if line not in lines]
            found.append(f"{question}\n  only bird:   {missing}\n  only pybird: {surplus}")
    return found


def flat(answer):
    return answer if isinstance(answer, list) else [" | ".join(lines) for lines in answer.values()]


def test_basics(lab):
    hosts = [lab.host("bird"), lab.host("pybird")]
    for host in hosts:
        prepare(host)
    bird, pybird = hosts[0].bird(BASICS), hosts[1].pybird(BASICS)
    for step, action in STEPS.items():
        for host in hosts:
            action(host)
        try:
            until(lambda: not differences(view(bird), view(pybird)), 12, step)
        except AssertionError:
            found = "\n".join(differences(view(bird), view(pybird)))
            raise AssertionError(f"after {step}:\n{found}") from None
