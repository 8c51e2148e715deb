"""The same commands to BIRD and to PyBIRD in the same place: the same answers, code by code.

Both run one configuration between two BIRD neighbors of their own. Times are
masked, networks and symbols sorted, because BIRD lists them in the order of
its hash tables.
"""

import re
import socket

import pytest

from tests.interop.lab import until

pytestmark = pytest.mark.peer("bird")

SUBJECT = """
router id 10.0.0.1;
hostname "subject";
define MYAS = 65001;
ipv4 table ta;
filter bgp_in { if net ~ [ 10.66.0.0/16+ ] then reject; bgp_med = 5; accept; }
filter bgp_out { if net = 198.51.100.0/24 then { bgp_community.add((65001,7)); accept; } reject; }
function is_ours() { return net ~ [ 198.51.100.0/24+, 203.0.113.0/24+ ]; }
template bgp ours { local as MYAS; hold time 90; connect retry time 3; }
protocol device { scan time 10; }
protocol direct { ipv4; interface "eth*"; }
protocol static st4 { description "static routes"; ipv4;
  route 198.51.100.0/24 blackhole; route 203.0.113.0/24 via 10.0.0.2; route 203.0.113.128/25 via "eth0";
  route 192.0.2.0/24 unreachable; route 10.55.0.0/16 recursive 10.0.0.2; route 10.56.0.0/16 via 10.99.0.9; }
protocol static st6 { ipv6; route 2001:db8:200::/48 unreachable; }
protocol static st_off { disabled; ipv4; route 192.0.2.128/25 blackhole; }
protocol kernel k4 { ipv4 { export where source = RTS_STATIC; }; kernel table 77; }
protocol pipe pp { table master4; peer table ta; export where is_ours(); import none; }
protocol bgp b1 from ours { description "the neighbor"; neighbor 10.0.0.2 as 65002;
  ipv4 { import filter bgp_in; export filter bgp_out; import keep filtered; import limit 100 action warn; };
  ipv6 { import all; export none; }; }
protocol bgp b2 from ours { neighbor 10.0.0.3 as 65003;
  ipv4 { import table; import filter bgp_in; export all; receive limit 50; }; }
protocol bgp b4 from ours { disabled; neighbor 10.0.0.98 as 65098; ipv4 { import all; export all; }; }
protocol bgp b5 from ours { neighbor 10.0.0.4 as 65005; multihop 3; passive;
  ipv4 { import all; export all; }; }
"""
PEER = """
router id 10.0.0.{number};
protocol device {{ }}
protocol static own4 {{ ipv4; route 10.66.{number}.0/24 blackhole; route 10.7{number}.0.0/16 blackhole;
  route 10.77.0.0/16 blackhole {{ bgp_community.add((65002,1)); bgp_large_community.add((65002,1,2));
    bgp_path.prepend(64999); bgp_med = {number}; }}; }}
protocol static own6 {{ ipv6; route 2001:db8:66::/48 blackhole; }}
protocol bgp up {{ local 10.0.0.{number} as 6500{number}; neighbor 10.0.0.1 as 65001;
  connect retry time 3; connect delay time 1;
  ipv4 {{ import all; export all; }};
  ipv6 {{ import all; export all; next hop address 2001:db8:a::{number}; }}; }}
"""

ROUTES = """
show route
show route all
show route table ta
show route table master4
show route table all
show route table master4 table ta count
show route 10.77.0.0/16
show route 10.77.0.0/16 all
show route for 10.77.1.1
show route for 10.77.0.0/17
show route for 99.99.99.99
show route 99.0.0.0/8
show route in 203.0.0.0/8
show route in 99.0.0.0/8
show route for 2001:db8:200::1
show route in 2001:db8::/32
show route import table b2.ipv4
show route import table b1.ipv4
show route import table b2.ipv6
show route noexport b1
show route preexport b1
show route export b1
show route exported b1
show route export b1.ipv4
show route export b1.ipv6
show route export b4
show route noexport k4
show route export k4 all
show route export pp
show route noexport pp
show route export st4
show route export device1
show route export b1 table ta
show route export b1 table master4
show route noexport b1 count
show route protocol b1 export k4
show route filtered
show route filtered protocol b1
show route filtered all
show route protocol b1 all
show route protocol st4 count
show route protocol b4
show route protocol device1
show route primary
show route stats
show route count
show route primary count
show route count stats
show route stats count
show route table ta primary stats
show route where source = RTS_BGP
show route where bgp_path ~ [= * 64999 * =]
show route where net.len > 24 count
show route filter bgp_in
show route filter bgp_in count
show route filter { if net ~ [10.0.0.0/8+] then accept; reject; }
show route 10.77.0.0/16 protocol b1 primary all
show route all 10.77.0.0/16
show route primary export b1
show route table master6 all
""".strip("\n").split("\n")
OTHERS = """
show protocols
show protocols b1
show protocols "st*"
show protocols "no*"
show protocols all st4
show protocols all st_off
show protocols all direct1
show protocols all b4
show protocols all b5
show protocols all device1
show interfaces
show interfaces summary
show symbols table
show symbols filter
show symbols MYAS
show symbols function
show symbols template
show symbols protocol
show static
show static st4
show static st_off
show static b1
show ospf
show ospf neighbors
show ospf interface b1
show ospf topology all
show ospf state
show ospf lsadb area 0 type 1 self b1
show rip interfaces
show rip neighbors b1 "eth0"
show babel interfaces
show babel neighbors
show babel entries
show babel routes b1
show bfd sessions
show bfd sessions b1
mrt dump
mrt dump table master4
mrtdump all off
configure status
configure confirm
configure check
configure
configure soft
configure timeout 60
configure confirm
configure undo
configure undo
configure "/nonexistent"
configure check "/nonexistent"
enable st4
disable st4
disable st4
show protocols st4
enable st4
disable st4 "because"
show protocols all st4
enable st4
restart st6
restart b4
enable "zz*"
reload b1
reload in b1
reload out b1
reload b4
reload st4
reload "zz*"
debug b1 all
debug b1 { states, routes }
debug b1.ipv4 all
debug "b*" { events }
debug all off
echo { debug, trace } 4096
echo off
eval 1 + 2
eval MYAS
eval [ 10.0.0.0/8+ ]
eval "text"
eval (1,2)
restrict
""".strip("\n").split("\n")
# BIRD's parser speaks of its own tokens; ours says what is wrong in the user's words.
OWN_WORDS = """
show protocols nosuch
show static nosuch
show route nosuch
show route table nosuch
show route import table b2
show route import table nosuch.ipv4
show route where nosuch = 5
show route where 5
show route where 1/0 = 1
show route filter nosuch
show route via "eth0"
show route "eth0"
show route table
show route for
show route where
show route for nosuch
show ospf nosuch
show bogus
show
foo
mrt dump table nosuch
mrtdump nosuch off
reload nosuch
disable nosuch
debug nosuch all
debug b1.nosuch all
echo bogus
eval nosuch
eval 1/0
eval
dump nosuch
graceful restart nosuch
""".strip("\n").split("\n")
# BIRD restarts gracefully; counts depend on the order of events.
UNLIKE = re.compile(r"(Graceful restart|Long-lived graceful restart|(Ex|Im)port (updates|withdraws)):?")


def ask(daemon, command):
    """The reply to one command on a connection of its own, with its codes."""
    lines = []
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(daemon.socket))
        stream = connection.makefile("rwb")
        stream.readline()
        stream.write(f"{command}\n".encode())
        stream.flush()
        while not lines or not re.match(r"\d{4} ", lines[-1]):
            lines.append(stream.readline().decode().rstrip("\n"))
    return lines


def comparable(command, lines):
    """Codes and texts without times; networks and symbols sorted."""
    text = re.sub(r"\d\d:\d\d:\d\d\.\d{3}", "T", "\n".join(lines))
    text = re.sub(r"/\S*/(py)?bird\.conf", "CONFIG", text)
    text = re.sub(r"fe80::\S+", "LL", text)
    text = re.sub(r"undo in \d+\.\d+", "undo in T", text)
    found, code = [], ""
    for line in text.split("\n"):
        code = line[:4] if line[:4].isdigit() else code
        found.append((code, line[5:] if line[:4].isdigit() else line[1:]))
    found = [row for row in found if not UNLIKE.match(row[1].strip())]
    return found if not command.startswith(("show route", "show symbols")) else in_order(found)


def in_order(rows):
    """The blocks of each table sorted; the lines of one network stay together."""
    sections, blocks = [], []
    for code, text in rows:
        if re.match(r"Table |$|\d+ of |Total", text):
            sections += [*sorted(blocks), [(code, text)]]
            blocks = []
        elif text.startswith(("\t", " " * 10)) and blocks:
            blocks[-1].append((code, text))
        else:
            blocks.append([(code, text)])
    return sections + sorted(blocks)


def place(lab, kind):
    """A host with the subject on it, between two neighbors."""
    switch = lab.host(f"{kind}-wire")
    switch.ip("link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
    switch.link("br0", True)
    hosts = []
    for number in (1, 2, 3):
        host = lab.host(f"{kind}-{number}")
        lab.wire(host, switch, "eth0", f"p{number}")
        switch.ip("link", "set", f"p{number}", "master", "br0")
        host.ip("link", "set", "eth0", "address", f"02:00:00:00:00:0{number}")
        host.address(f"10.0.0.{number}/24", "eth0")
        host.address(f"2001:db8:a::{number}/64", "eth0")
        hosts.append(host)
    for number, host in enumerate(hosts[1:], 2):
        until(lambda host=host: host.link_local(), 10, "link-local addresses")
        host.bird(PEER.format(number=number))
    return hosts[0].bird(SUBJECT) if kind == "bird" else hosts[0].pybird(SUBJECT)


def test_the_same_answers(lab):
    bird, pybird = place(lab, "bird"), place(lab, "pybird")
    for daemon in (bird, pybird):
        until(lambda daemon=daemon: len(daemon.established()) == 2, 40, "both sessions")
    until(
        lambda: all(
            comparable(command, ask(bird, command)) == comparable(command, ask(pybird, command))
            for command in ("show route all", "show route filtered", "show route exported b2")
        ),
        20,
        "the same routes",
    )
    differences = []
    for command in (*ROUTES, *OTHERS):
        theirs, ours = (comparable(command, ask(daemon, command)) for daemon in (bird, pybird))
        if theirs != ours:
            differences.append((command, theirs, ours))
        if command.startswith(("reload", "enable", "restart", "configure")):
            until(lambda: len(pybird.established()) == len(bird.established()) == 2, 20)
    for command in OWN_WORDS:
        theirs, ours = (ask(daemon, command)[-1][:5] for daemon in (bird, pybird))
        if theirs != ours:
            differences.append((command, theirs, ours))
    assert not differences, "\n".join(f"{c}\n  bird:   {t}\n  pybird: {o}" for c, t, o in differences)
