"""Broken configurations: where the error is, to the column, and under which words.

Between « and » stands what the caret must be under.
"""

from __future__ import annotations

import pytest

from tests.conf.loading import error
from tests.conf.test_errors import marked

DEVICE = "protocol device { }\n"
BGP = (
    DEVICE + "protocol bgp up { local as 65001; neighbor 10.0.0.2 as 65002;"
    " ipv4 { import all; export all; };\n"
)
RANGE = (
    DEVICE + "protocol bgp auto { local as 65001; neighbor range fe80::/10 external;"
    " ipv6 { import all; export all; };\n"
)
STATIC = DEVICE + "protocol static nets { ipv4;\n"
RADV = DEVICE + "protocol radv { peers { };\n"
FILTER = DEVICE + "filter policy\n{\n"

BROKEN = [
    ("«ruoter» id 10.0.0.1;\nprotocol device { }\n", "`ruoter` is not a statement"),
    ("router «di» 10.0.0.1;\nprotocol device { }\n", "unexpected `di`, expected `id`"),
    ("router id «10.0.0.300»;\nprotocol device { }\n", "Invalid IPv4 address 10.0.0.300"),
    (DEVICE + 'include «"peers.conf"»\ndefine A = 1;\n', "Unterminated include: `;` is missing"),
    (DEVICE + "«include» peers.conf;\n", "Unterminated include: a file's name in quotes is missing"),
    ("«protcol» device { }\n", "`protcol` is not a statement"),
    ("protocol device { scan time 10 «}»\n", "`;` missing before `}`"),
    ("protocol device { scan time«;» }\n", "unexpected `;`, expected a value"),
    ("ipv4 «tabel» t;\nprotocol device { }\n", "unexpected `tabel`, expected `table`"),
    ("«ipv5» table t;\nprotocol device { }\n", "`ipv5` is not a statement"),
    (DEVICE + "define«;»\n", "unexpected `;`, expected a new name"),
    (DEVICE + 'define A = 5 + «"x"»;\n', "`+` takes int, not string"),
    (
        DEVICE + "define A = «10.0.0.0/8 +» 1;\n",
        "`10.0.0.0/8+` is a pattern and must be in a set: `[ 10.0.0.0/8+ ]`",
    ),
    (
        FILTER + "  if net ~ «10.0.0.0/8+» then accept;\n}\n",
        "`10.0.0.0/8+` is a pattern and must be in a set: `[ 10.0.0.0/8+ ]`",
    ),
    (DEVICE + "define A = «5000000000»;\n", "Number out of range"),
    (DEVICE + "define A = [1, 2«;»\n", "`]` missing before `;`"),
    (DEVICE + "log stderr «everything»;\n", "unexpected `everything`, expected `all` or `{`"),
    (DEVICE + "protocol «ospff» o { }\n", "`ospff` is not a protocol"),
    (DEVICE + "protocol bgp x from «nowhere» { }\n", "template `nowhere` is not defined"),
    (
        STATIC + "  route «10.0.0.1/8» blackhole;\n}\n",
        "Invalid IPv4 prefix 10.0.0.1/8, maybe you wanted 10.0.0.0/8",
    ),
    (STATIC + "  route «10.0.0.0/33» blackhole;\n}\n", "Invalid prefix length 33"),
    (
        STATIC + "  «route 10.0.0.0/8»;\n}\n",
        "a route of this type needs `via`, `recursive`, `blackhole`, ...",
    ),
    (STATIC + "  route 10.0.0.0/8 via«;»\n}\n", "unexpected `;`, expected a value"),
    (
        STATIC + "  route 10.0.0.0/8 via «eth0»;\n}\n",
        "`eth0` is not defined; a text must be in double quotes",
    ),
    (
        STATIC + "  route 2001:db8::/32 blackhole;\n«}»\n",
        "Route 2001:db8::/32 incompatible with channel type",
    ),
    (STATIC + "  route 10.0.0.0/8 «blakhole»;\n}\n", "unexpected `blakhole`"),
    (STATIC + "  route 10.0.0.0/8 via 10.0.0.1 weight «0»;\n}\n", "0 is out of range, 1 to 256 are possible"),
    (
        STATIC + "  route 10.0.0.0/8 blackhole\n  «route» 11.0.0.0/8 blackhole;\n}\n",
        "`;` missing before `route`",
    ),
    (BGP + "  hold «tiem» 90;\n}\n", "unexpected `tiem`, expected `down` or `time`"),
    (BGP + "  hold time 90 «seconds»;\n}\n", "unexpected `seconds`, expected `;`"),
    (BGP + "  hold time «70000»;\n}\n", "70000 is out of range, 0 to 65535 are possible"),
    (BGP + "  «neighbour» 10.0.0.3;\n}\n", "`neighbour` is not an option here"),
    (BGP + "  neighbor «10.0.0.3» as 1;\n}\n", "Only one neighbor per BGP instance is allowed"),
    (BGP + '  «passwrod» "x";\n}\n', "`passwrod` is not an option here"),
    (BGP + "  password «secret»;\n}\n", "a text must be in double quotes"),
    (BGP + "  password «secretword»;\n}\n", "`***` is not defined; a text must be in double quotes"),
    (BGP + "  password «se-»cret;\n}\n", "a text must be in double quotes"),
    (BGP + "  password «1secret»;\n}\n", "a text must be in double quotes"),
    (BGP + "  password «secretword and» more;\n}\n", "a text must be in double quotes"),
    (BGP + "  password «12345»;\n}\n", "a text in double quotes expected here, this is a number"),
    (
        'define pw = "x";\n' + BGP + "  password pw «hold» time 90;\n}\n",
        "unexpected `***`, expected `;`",
    ),
    (BGP + "  description «some»;\n}\n", "`some` is not defined; a text must be in double quotes"),
    (BGP + "  interface «eth0»;\n}\n", "`eth0` is not defined; a text must be in double quotes"),
    (
        DEVICE + "protocol rip r { interface «eth0»; }\n",
        "`eth0` is not defined; a text must be in double quotes",
    ),
    (
        DEVICE + 'protocol rip r { interface "a" { passwords { password «secretword» { id 1; }; }; }; }\n',
        "`***` is not defined; a text must be in double quotes",
    ),
    (BGP + "  multihop «300»;\n}\n", "300 is out of range, 1 to 255 are possible"),
    (BGP + "  rr client;\n«}»\n", "Only internal neighbor can be RR client"),
    (BGP + "  persist yes\n«}»\n", "`;` missing before `}`"),
    (BGP + "  persist «maybe»;\n}\n", "`maybe` is not defined"),
    (BGP + "  peers { };\n«}»\n", "only a dynamic protocol (`neighbor range`) can have a peers channel"),
    (BGP + "  ipv6 { import filter «nosuch»; };\n}\n", "filter `nosuch` is not defined"),
    (
        BGP + "  ipv6 { import where «bgp_locl_pref» > 5; export none; };\n}\n",
        "`bgp_locl_pref` is not defined",
    ),
    (BGP + '  ipv6 { «from "eth0"»; };\n}\n', "From option only available for peers channels"),
    (BGP + "  ipv6 { «persist yes»; };\n}\n", "Persist option only available for peers channels"),
    (BGP + "  ipv6 { import limit «ten»; };\n}\n", "`ten` is not defined"),
    (
        BGP + "  ipv6 { import limit 10 action «explode»; };\n}\n",
        "unexpected `explode`, expected `block`, `disable`, `restart` or `warn`",
    ),
    (BGP + "  ipv6 { preference «70000»; };\n}\n", "70000 is out of range, 0 to 65535 are possible"),
    (
        RANGE + "  multihop;\n«}»\n",
        "Multihop BGP cannot be used with a link-local range: link-local addresses end at the link",
    ),
    (
        "protocol bgp { local as 1; neighbor 10.0.0.2 as 1; ipv4 { gateway direct; }; «}»\n",
        "Multihop BGP cannot use direct gateway mode",
    ),
    (RANGE + "  peers { «next hop self»; };\n}\n", "`next hop self` is not an option of peers channels"),
    (RANGE + '  peers < from "eth0" «>»;\n}\n', "unexpected `>`, expected a value, `,` or `;`"),
    (RANGE + "  peers { from «eth0»; };\n}\n", "`eth0` is not defined; a text must be in double quotes"),
    (RANGE + "  dynamic name «auto»;\n}\n", "`auto` is a protocol, not a value"),
    (RANGE + "  dynamic name digits «11»;\n}\n", "11 is out of range, 0 to 10 are possible"),
    (RADV + '  interface "eth*" { max ra interval «2»; };\n}\n', "2 is out of range, 4 to 1800 are possible"),
    (
        RADV + '  interface "eth*" { router «discvery» yes; };\n}\n',
        "unexpected `discvery`, expected `discovery`",
    ),
    (RADV + '  interface "eth*" { prefix «10.0.0.0/8»; };\n}\n', "Prefix must be IPv6"),
    (
        RADV + '  interface "eth*" { default preference «highest»; };\n}\n',
        "unexpected `highest`, expected `high`, `low` or `medium`",
    ),
    (RADV + '  interface "eth*" { rdnss «192.0.2.1»; };\n}\n', "a name server's address must be IPv6"),
    (
        FILTER + "  if net ~ 10.0.0.0/8 «accept»;\n}\n",
        "unexpected `accept`, expected an operator, `from`, `max` or `then`",
    ),
    (FILTER + "  «accpet»;\n}\n", "`accpet` is not defined"),
    (FILTER + '  bgp_path.prepend(«"x"»); accept;\n}\n', "prepend of bgppath takes int, not string"),
    (
        FILTER + "  «return 5;» accept;\n}\n",
        "Can't return from a non-function, use accept or reject instead.",
    ),
    (
        FILTER + "  bgp_community.add(«65001:1»); accept;\n}\n",
        "add of clist takes pair or int or quad or ip or clist, not rd",
    ),
    (FILTER + "  case net.len { 24: accept; «else» reject; }\n}\n", "unexpected `else`"),
    (FILTER + "  for int i in «[1]» do print i; accept;\n}\n", "for cannot iterate over int set"),
    (FILTER + "  int x = «true»; accept;\n}\n", "x takes int, not bool"),
    (FILTER + "  «nosuch»(1); accept;\n}\n", "function `nosuch` is not defined"),
    (FILTER + "  «net» = 10.0.0.0/8; accept;\n}\n", "net is read-only"),
    (DEVICE + "function f(int a) -> int { return «true»; }\n", "f returns int, not bool"),
    (DEVICE + "function f(int a) { return a «}»\n", "`;` missing before `}`"),
    ("protocol pipe p { table master4; peer table «nosuch»; }\n", "routing table `nosuch` is not defined"),
    (DEVICE + "function f(int a«,» int a) { return a; }\n", "unexpected `,`, expected `)` or `;`"),
    (DEVICE + "filter f { accept; }\nfilter «f» { reject; }\n", "Symbol 'f' already defined"),
    (DEVICE + 'cli "/tmp/x" { «restrcit»; };\n', "`restrcit` is not an option here"),
    (
        "protocol kernel k1 { ipv4 { table «master6»; }; }\n",
        "Incompatible table type: master6 is not for ipv4",
    ),
    (
        "protocol kernel k1 { ipv4; }\nprotocol kernel k2 { ipv4; «}»\n",
        "Kernel syncer (k1) already attached to table master4",
    ),
    ("protocol pipe p { table master4; «}»\n", "Peer routing table not specified"),
    (
        "protocol pipe p { table master4; peer table master4; «}»\n",
        "Primary table and peer table must be different",
    ),
    (
        'timeformat log «"%F%n%T"»;\nprotocol device { }\n',
        "a time format must not break the line",
    ),
    (
        'timeformat route «"%T" 3600 "%-05n"»;\nprotocol device { }\n',
        "a time format must not break the line",
    ),
    (
        'timeformat base «"%T%999999999d"»;\nprotocol device { }\n',
        "a time format has fields of at most 99 characters",
    ),
    (
        "timeformat «rout» iso long;\nprotocol device { }\n",
        "unexpected `rout`, expected `base`, `log`, `protocol` or `route`",
    ),
]


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_a_broken_file_says_where_and_what(text: str, message: str) -> None:
    plain, line, column, end = marked(text)
    found = error(plain)
    assert found.message == message
    assert (found.line, found.column, found.span.end_line, found.span.end_column) == (line, column, line, end)


def test_there_are_enough_of_them() -> None:
    assert len(BROKEN) >= 60
