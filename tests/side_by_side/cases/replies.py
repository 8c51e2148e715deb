"""Replies to commands, code by code and line by line: dialect 2 beside 2.19, dialect 3 beside BIRD 3."""

import re

from tests.interop.test_same_answers import in_order
from tests.side_by_side.case import Side, bgp, case

SUBJECT = """define MYAS = 65001;
ipv4 table ta;
filter bgp_in { if net ~ [ 10.66.0.0/16+ ] then reject; bgp_med = 5; accept; }
filter bgp_out { if net = 198.51.100.0/24 then { bgp_community.add((65001,7)); accept; } reject; }
function is_ours() { return net ~ [ 198.51.100.0/24+, 203.0.113.0/24+ ]; }
template bgp ours { local as MYAS; hold time 90; connect delay time 1; connect retry time 20; }
protocol direct { ipv4; interface "eth0"; }
protocol static st4 { description "static routes"; ipv4;
  route 198.51.100.0/24 blackhole; route 203.0.113.0/24 via 10.0.0.2; route 203.0.113.128/25 via "eth0";
  route 192.0.2.0/24 unreachable; route 10.55.0.0/16 recursive 10.0.0.2; route 10.56.0.0/16 via 10.99.0.9; }
protocol static st6 { ipv6; route 2001:db8:200::/48 unreachable; }
protocol static st_off { disabled; ipv4; route 192.0.2.128/25 blackhole; }
protocol kernel k4 { ipv4 { export where source = RTS_STATIC; }; kernel table 77; }
protocol pipe pp { table master4; peer table ta; export where is_ours(); import none; }
protocol bgp p2 from ours { description "the neighbor"; local 10.0.0.1 as 65001; neighbor 10.0.0.2 as 65002;
  ipv4 { import filter bgp_in; export filter bgp_out; import keep filtered; import limit 100 action warn; };
  ipv6 { import all; export none; }; }
protocol bgp p3 from ours { local 10.0.0.1 as 65001; neighbor 10.0.0.3 as 65003;
  ipv4 { import table; import all; export all; receive limit 50; }; }
protocol bgp p4 from ours { disabled; neighbor 10.0.0.98 as 65098; ipv4 { import all; export all; }; }
"""
# Commands that look, each by itself.
LOOKS = """
show protocols
show protocols p2
show protocols "st*"
show protocols all p2
show protocols all p3
show protocols all p4
show protocols all st4
show protocols all pp
show protocols all k4
show protocols all direct1
show protocols all device1
show protocols all st_off
show status
show interfaces
show interfaces summary
show symbols protocol
show symbols table
show static
show static st4
show static st_off
show route
show route all
show route table ta
show route 10.77.0.0/16 all
show route for 10.77.1.1
show route for 99.99.99.99
show route in 203.0.0.0/8
show route import table p3.ipv4
show route noexport p2
show route preexport p2
show route export p2
show route exported p2
show route noexport pp
show route filtered
show route filtered all
show route protocol p2 all
show route protocol p4
show route primary
show route stats
show route count
show route table all count
show route where source = RTS_BGP
show route where bgp_path ~ [= * 64999 * =]
show route filter bgp_in
show bfd sessions
show ospf
show rip interfaces
show babel neighbors
mrt dump
eval 1 + 2
eval MYAS
eval (1,2)
show protocols nosuch
show route table nosuch
show bogus
disable st_off
enable st4
disable nosuch
restart st6
configure status
configure confirm
configure undo
configure check
debug p2 { states }
restrict
""".strip("\n").split("\n")
# What an error says is in ours the user's word, in BIRD's its parser's: the code is compared.
CODE_ONLY = ("show protocols nosuch", "show route table nosuch", "show bogus", "disable nosuch")
# Of graceful restart (`graceful_opens`), counts that depend on the order of events, numbers of BIRD 3.
UNLIKE = re.compile(
    r"Graceful restart|Long-lived graceful restart|Enhanced refresh|(Ex|Im)port (updates|withdraws):"
    r"|Internal route|Pending \d+ attribute sets"
)
# Numbers and words of the moment, of the program and of the machine.
MASKS = (
    (r" 0 filtered,", ""),  # BIRD 3 counts them with an import table, too
    (r"fe80::\S+", "LL"),
    (r"\S*/[\w.-]*\.conf", "CONFIG"),
    (r"\b\d+\.\d{3}/", "N/"),
    (r"BIRD v?[\d.]+|PyBIRD \S+", "BIRD"),
    (r"\[\w+\] \* ?$", "* "),
)


def masked(command: str, lines: list[str]) -> list[str]:
    """Codes and texts without times; networks and symbols in order."""
    code, rows = "", []
    for line in lines:
        code = line[:4] if line[:4].isdigit() else code
        text = line[5:] if line[:4].isdigit() else line[1:]
        for pattern, mark in MASKS:
            text = re.sub(pattern, mark, text)
        if not UNLIKE.match(text.strip()):
            rows.append((code, text))
    if command in ("show protocols", "show route table all count"):  # in the order of hash tables in BIRD 3
        rows.sort()
    elif command.startswith(("show route", "show symbols")):
        rows = [row for block in in_order(rows) for row in block]
    return [f"{code} {text}".rstrip() for code, text in rows]


@case(dialect3=True, since="2.19", long=True)
def replies(side: Side):
    side.start(SUBJECT)
    a, b = side.connect(2, 3)
    for one in (a, b):
        one.announce(f"10.66.{one.number}.0/24", f"10.7{one.number}.0.0/16")
        more = {"communities": [(65002, 1)], "large": [(65002, 1, 2)], "med": one.number}
        one.announce("10.77.0.0/16", path=(one.asn, 64999), **more)
    a.announce("2001:db8:66::/48")
    side.settle()
    found = {}
    for command in LOOKS:
        lines = masked(command, side.ask(command))
        found[command] = lines[-1][:4] if command in CODE_ONLY else lines
        if command.split()[0] in ("reload", "restart", "enable", "disable", "configure"):
            side.settle()
    return found


@case(dialect3=True)
def details_of_protocols(side: Side):
    """`show protocols all` of what is no BGP session: no line more than BIRD has."""
    side.start(
        """protocol direct d { ipv4; ipv6; }
protocol kernel k { ipv4 { export all; }; kernel table 99; learn; merge paths on; }
protocol kernel k6 { ipv6 { export none; }; }
protocol static st { ipv4; route 10.50.0.0/16 via 10.0.0.9; route 10.51.0.0/16 unreachable; }
ipv4 table t1;
protocol pipe pp { table master4; peer table t1; import none; export all; }
protocol radv hosts { description "hosts"; interface "eth0" {}; prefix ::/0 {}; }
protocol device dv { scan time 5; }
protocol static st_off { disabled; ipv6; }
protocol bgp any { local as 65001; neighbor range 10.0.0.0/24 external; ipv4 { import all; export none; }; }
protocol bgp waits { passive; local as 65001; neighbor 10.0.0.77 as 65002;
    ipv4 { import limit 5; export none; import all; }; }
"""
    )
    side.settle(2)  # BIRD 3 exports to the kernel after its first scan
    found = {}
    for name in ("d", "k", "k6", "st", "pp", "hosts", "dv", "st_off", "any", "waits"):
        command = f"show protocols all {name}"
        found[name] = masked(command, side.ask(command))
    return found


@case(dialect3=True, since="3")
def filtered_of_an_import_table(side: Side):
    """What the filter refused, with an import table and without `import keep filtered`."""
    side.start(bgp(2, channel="import table;", imports="where net != 10.1.0.0/16"))
    (a,) = side.connect(2)
    a.announce("10.1.0.0/16", "10.2.0.0/16")
    side.settle()
    return {
        "shown": side.lines("show route filtered"),
        "counted": side.details("p2", "^ *Routes:"),
        "found": list(side.routes("import table p2.ipv4")),
    }


@case()
def export_table(side: Side):
    """Rows of `show route export table`: every one is the best there."""
    if side.kind.name == "bird 3":  # 3.3.2 now and then ends at an assertion with an export table
        return {}
    side.start(bgp(2) + bgp(3, channel="export table;"))
    a, _ = side.connect(2, 3)
    a.announce("10.1.0.0/16", "10.2.0.0/16")
    side.settle()
    table = "show route export table p3.ipv4"
    return {command: side.lines(command) for command in (table, f"{table} primary", f"{table} 10.1.0.0/16")}


@case(dialect3=True)
def routes_that_lead_nowhere_by_their_type(side: Side):
    """What stands for `unicast` in the rows of flow and ROA routes."""
    side.start(
        """flow4 table f4; flow6 table f6; roa4 table r4; roa6 table r6;
protocol static flows4 { flow4; route flow4 { dst 10.0.0.0/8; proto = 17; }; }
protocol static flows6 { flow6; route flow6 { dst 2001:db8::/32; }; }
protocol static roas4 { roa4; route 10.0.0.0/8 max 24 as 65001; }
protocol static roas6 { roa6; route 2001:db8::/32 max 48 as 65001; }
"""
    )
    side.settle()
    return {table: side.lines(f"show route table {table}") for table in ("f4", "f6", "r4", "r6")}
