"""Mistakes that engineers make, and what they should be told.

The texts are lookalikes of real configurations, broken the way real ones break.
What is expected of each was written down before the program was asked: the
place to the column, the words, what was meant, and the other place that helps.

In a text, « » enclose what the caret must be under (several errors: in the
order of the text), ⟨ ⟩ the related place. `says` must occur in the message,
one for each error; a tuple of words: all of them. `hint` is what "did you
mean" proposes, for the first error. Nothing else may be reported.
"""

from __future__ import annotations

from dataclasses import dataclass

Says = str | tuple[str, ...]


@dataclass(frozen=True)
class Mistake:
    """One broken configuration and its ideal message.

    Where an expectation was changed after the first run, a comment at it says why.
    """

    name: str
    text: str
    says: tuple[Says, ...]
    hint: str = ""
    related: str = ""


def mistake(name: str, text: str, *says: Says, hint: str = "", related: str = "") -> Mistake:
    """The row of the list below; a text begins after its first line break."""
    return Mistake(name, text.removeprefix("\n"), says, hint, related)


FORGOTTEN = (
    mistake(
        "semicolon after a define",
        """
define MY_AS = 65010;
define MY_V6 = ⟨2001:db8:17::5⟩
«define» TRANSIT_AS = 64999;
protocol device { }
""",
        "`;` missing before `define`",
        related="after this",
    ),
    mistake(
        "semicolon after a channel",
        """
protocol device { }
protocol bgp up4 {
  local as 65010;
  neighbor 192.0.2.1 as 64999;
  ipv4 {
    import all;
    export none;
  ⟨}⟩
«}»
""",
        "`;` missing before `}`",
        related="after this",
    ),
    mistake(
        "semicolon after a statement of a filter",
        """
protocol device { }
filter transit_in {
  if net.len > 24 then reject;
  bgp_local_pref = ⟨200⟩
  «accept»;
}
""",
        "`;` missing before `accept`",
        related="after this",
    ),
    mistake(
        "semicolon after an inline filter",
        """
protocol kernel k4 {
  ipv4 {
    import none;
    export filter {
      krt_prefsrc = 192.0.2.5;
      accept;
    ⟨}⟩
  «}»;
}
""",
        "`;` missing before `}`",
        related="after this",
    ),
    mistake(
        "semicolon between two options of a protocol",
        """
protocol device { }
protocol bgp up4 {
  local as ⟨65010⟩
  «neighbor» 192.0.2.1 as 64999;
  ipv4 { import all; export none; };
}
""",
        "`;` missing before `neighbor`",
        related="after this",
    ),
    mistake(
        "closing brace of a protocol",
        """
protocol kernel k4 ⟨{⟩
  ipv4 { export all; };

«protocol» device {
  scan time 10;
}
""",
        "the block before `protocol` is not closed",
        related="opened here",
    ),
    mistake(  # changed: the brace is marked and was left out of `related`
        "closing brace of an if",
        """
protocol device { }
filter transit_in {
  if net.len > 24 then ⟨{⟩
    print "too long: ", net;
    reject;
  accept;
}

«filter» transit_out {
  accept;
}
""",
        "the block before `filter` is not closed",
        related="opened here",
    ),
    mistake(
        "closing brace at the end of the file",
        """
protocol device { }
protocol static anycast ⟨{⟩
  ipv4;
  route 198.51.100.0/24 blackhole;
«»""",
        "the file ends inside a block",
        related="opened here",
    ),
    mistake(  # changed: what to do is more than what is there
        "opening brace",
        """
protocol device { }
protocol static anycast
  «ipv4»;
  route 198.51.100.0/24 blackhole;
}
""",
        "`{` missing before `ipv4`",
        related="after this",
    ),
    mistake(
        "then, with a block",
        """
protocol device { }
define BOGONS = [ 10.0.0.0/8+, 192.168.0.0/16+ ];
filter transit_in {
  if net ~ BOGONS «{»
    reject;
  }
  accept;
}
""",
        ("unexpected `{`", "`then`"),
    ),
    mistake(
        "as of a neighbor",
        """
protocol device { }
protocol bgp up4 {
  local as 65010;
  ⟨neighbor 192.0.2.1⟩;
  ipv4 { import all; export none; };
«}»
""",
        "Remote AS number must be set",
        related="this has no `as`",
    ),
    mistake(
        "local as",
        """
protocol device { }
protocol bgp up4 {
  neighbor 192.0.2.1 as 64999;
  ipv4 { import all; export none; };
«}»
""",
        "Local AS number must be set",
    ),
    mistake(  # changed: what to do is more than what is there
        "as between address and number",
        """
protocol device { }
protocol bgp up4 {
  local 192.0.2.5 «65010»;
  neighbor 192.0.2.1 as 64999;
  ipv4 { import all; export none; };
}
""",
        "`as` missing before `65010`",
    ),
    mistake(
        "via of a route",
        """
protocol device { }
protocol static defaults {
  ipv4;
  route 0.0.0.0/0 «192.0.2.1»;
}
""",
        ("unexpected `192.0.2.1`", "`via`"),
    ),
    mistake(  # changed: it takes any expression
        "value of a define",
        """
define MY_AS = «;»
protocol device { }
""",
        "unexpected `;`, expected an expression",
    ),
    mistake(  # changed: it takes any expression
        "second operand",
        """
define BASE = 100;
define HIGH = BASE + «;»
protocol device { }
""",
        "unexpected `;`, expected an expression",
    ),
    mistake(
        "condition of where",
        """
protocol kernel k4 {
  ipv4 { import where«;» export all; };
}
""",
        "unexpected `;`, expected an expression",
    ),
    mistake(
        "name of a filter",
        """
protocol kernel k4 {
  ipv4 { import none; export filter«;» };
}
""",
        "unexpected `;`, expected a name or `{`",
    ),
    mistake(
        "name of a table",
        """
ipv4 table«;»
protocol device { }
""",
        "unexpected `;`, expected a new name",
    ),
    mistake(
        "comma in a set",
        """
protocol device { }
define BOGONS = [
  10.0.0.0/8+,
  ⟨172.16.0.0/12+⟩
  «192.168.0.0/16+»
];
""",
        "`,` missing before `192.168.0.0/16+`",
        related="after this",
    ),
    mistake(
        "end of a path mask",
        """
protocol device { }
filter transit_in {
  if bgp_path ~ [= * 64666 * «]» then reject;
  accept;
}
""",
        ("unexpected `]`", "`=]`"),
    ),
    mistake(
        "colon of a case arm",
        """
protocol device { }
function is_default() -> bool {
  case net.type {
    NET_IP4 «return» net = 0.0.0.0/0;
    else: return false;
  }
}
""",
        ("unexpected `return`", "`:`"),
    ),
    mistake(
        "the word protocol",
        """
protocol device { }
«bgp» up4 {
  local as 65010;
  neighbor 192.0.2.1 as 64999;
  ipv4 { import all; export none; };
}
""",
        "`bgp` is not a statement",
        hint="protocol bgp",
    ),
    mistake(  # changed: the other place helps
        "parentheses of a call",
        """
protocol device { }
function is_bogon() -> bool { return net ~ [ 10.0.0.0/8+ ]; }
filter transit_in {
  if «is_bogon» then reject;
  accept;
}
""",
        ("`is_bogon`", "function"),
        related="function declared here",
        hint="is_bogon()",
    ),
    mistake(  # changed: the comma is right in newer BIRDs, the number of arguments is not
        "parentheses of a pair",
        """
protocol device { }
filter transit_in {
  bgp_community.add(«65010, 120»);
  accept;
}
""",
        "add takes one argument, not 2",
        hint="(65010, 120)",
    ),
)

TOO_MUCH = (
    mistake(
        "brace after a statement",
        """
protocol device { }
protocol static anycast {
  ipv4;
  route 198.51.100.0/24 blackhole;
};
«}»
define MY_AS = 65010;
""",
        "no block is open here",
    ),
    mistake(
        "brace in a filter",
        """
protocol device { }
filter transit_in {
  if net.len > 24 then {
    reject;
  }
  ⟨}⟩
  «accept»;
}
""",
        ("`accept`", "outside of a filter"),
        related="the last block ended here",
    ),
    mistake(
        "comma at the end of a set",
        """
protocol device { }
define BOGONS = [
  10.0.0.0/8+,
  192.168.0.0/16+,
«]»;
""",
        ("unexpected `]`", "`,`"),
    ),
    mistake(
        "equals sign of an option",
        """
protocol kernel k4 {
  scan time «=» 20;
  ipv4 { export all; };
}
""",
        ("unexpected `=`", "without `=`"),
    ),
    mistake(
        "include behind another statement",
        """
protocol device { } «include» "peers.conf";
""",
        "`include` must be the first word on its line",
    ),
)

MISSPELT = (
    mistake(
        "option of a channel",
        """
protocol kernel k4 {
  ipv4 {
    import none;
    «exprot» all;
  };
}
""",
        "`exprot` is not an option here",
        hint="export",
    ),
    mistake(
        "first word of a statement",
        """
«roter» id 192.0.2.5;
protocol device { }
""",
        "`roter` is not a statement",
        hint="router",
    ),
    mistake(
        "define in capitals",
        """
protocol device { }
«Define» MY_AS = 65010;
""",
        "`Define` is not a statement",
        hint="define",
    ),
    mistake(
        "kind of protocol",
        """
protocol device { }
protocol «statik» anycast {
  ipv4;
  route 198.51.100.0/24 blackhole;
}
""",
        "`statik` is not a protocol",
        hint="static",
    ),
    mistake(
        "version of ospf",
        """
protocol device { }
protocol «ospfv3» backbone {
  ipv6 { import all; export none; };
  area 0 { interface "eth0" { cost 10; }; };
}
""",
        "`ospfv3` is not a protocol",
        hint="ospf v3",
    ),
    mistake(
        "British neighbour",
        """
protocol device { }
protocol bgp up4 {
  local as 65010;
  «neighbour» 192.0.2.1 as 64999;
  ipv4 { import all; export none; };
}
""",
        "`neighbour` is not an option here",
        hint="neighbor",
    ),
    mistake(
        "template",
        """
protocol device { }
template bgp ixp_peers { local as 65010; }
protocol bgp ixp_one from «ixp_peer» {
  neighbor 192.0.2.1 as 64999;
  ipv4 { import all; export none; };
}
""",
        "template `ixp_peer` is not defined",
        hint="ixp_peers",
    ),
    mistake(
        "filter",
        """
protocol device { }
filter transit_in { accept; }
protocol bgp up4 {
  local as 65010;
  neighbor 192.0.2.1 as 64999;
  ipv4 { import filter «transit_im»; export none; };
}
""",
        "filter `transit_im` is not defined",
        hint="transit_in",
    ),
    mistake(
        "function",
        """
protocol device { }
function is_bogon() -> bool { return net ~ [ 10.0.0.0/8+ ]; }
filter transit_in {
  if «is_bogn»() then reject;
  accept;
}
""",
        "function `is_bogn` is not defined",
        hint="is_bogon",
    ),
    mistake(
        "constant in a set",
        """
protocol device { }
define TRANSIT_AS = 64999;
filter transit_in {
  if bgp_path.last ~ [ 64512..65534, «TRANST_AS» ] then accept;
  reject;
}
""",
        "`TRANST_AS` is not defined",
        hint="TRANSIT_AS",
    ),
    mistake(
        "table of roa_check",
        """
roa4 table rpki4;
protocol device { }
filter transit_in {
  if roa_check(«rpki_4», net, bgp_path.last) = ROA_INVALID then reject;
  accept;
}
""",
        "table `rpki_4` is not defined",
        hint="rpki4",
    ),
    mistake(
        "enum constant",
        """
roa4 table rpki4;
protocol device { }
filter transit_in {
  if roa_check(rpki4, net, bgp_path.last) = «ROA_INVLID» then reject;
  accept;
}
""",
        "`ROA_INVLID` is not defined",
        hint="ROA_INVALID",
    ),
    mistake(
        "attribute",
        """
protocol device { }
filter transit_in {
  if «bgp_aspath».len > 10 then reject;
  accept;
}
""",
        "`bgp_aspath` is not defined",
        hint="bgp_path",
    ),
    mistake(
        "method",
        """
protocol device { }
filter transit_in {
  if bgp_path.«lenght» > 10 then reject;
  accept;
}
""",
        ("`lenght`", "bgppath"),
        hint="len",
    ),
    mistake(
        "option of an interface",
        """
protocol ospf v2 backbone {
  ipv4 { import all; export none; };
  area 0 {
    interface "eth0" { «cots» 10; };
  };
}
""",
        "`cots` is not an option here",
        hint="cost",
    ),
    mistake(
        "action of a limit",
        """
protocol device { }
protocol bgp up4 {
  local as 65010;
  neighbor 192.0.2.1 as 64999;
  ipv4 { import all; export none; import limit 1000 action «warning»; };
}
""",
        "unexpected `warning`",
        hint="warn",
    ),
    mistake(
        "class of a log",
        """
log "/var/log/bird.log" { info, «warnings», error };
protocol device { }
""",
        "unexpected `warnings`",
        hint="warning",
    ),
    mistake(
        "accept at the end of a filter",
        """
protocol device { }
filter transit_in {
  if net.len > 24 then reject;
  «acept»;
}
""",
        "`acept` is not defined",
        hint="accept",
    ),
    mistake(
        "AS before a number",
        """
protocol device { }
protocol bgp up4 {
  local as «AS65010»;
  neighbor 192.0.2.1 as 64999;
  ipv4 { import all; export none; };
}
""",
        "`AS65010` is not defined",
        hint="65010",
    ),
)

OTHER_LANGUAGES = (
    mistake(
        "two equals signs",
        """
protocol device { }
filter transit_in {
  if net.len «==» 24 then accept;
  reject;
}
""",
        ("`==`", "`=`"),
        hint="=",
    ),
    mistake(
        "the word and",
        """
protocol device { }
filter transit_in {
  if net.len > 24 «and» source = RTS_BGP then reject;
  accept;
}
""",
        "unexpected `and`",
        hint="&&",
    ),
    mistake(
        "the word not",
        """
protocol device { }
filter transit_in {
  if «not» net ~ [ 198.51.100.0/24+ ] then reject;
  accept;
}
""",
        "`not`",
        hint="!",
    ),
    mistake(
        "elif",
        """
protocol device { }
filter transit_in {
  if net.len > 24 then reject;
  «elif» net.len < 8 then reject;
  accept;
}
""",
        "`elif`",
        hint="else if",
    ),
    mistake(
        "comment with slashes",
        """
protocol device { }
«//» transit in Berlin
protocol static anycast { ipv4; route 198.51.100.0/24 blackhole; }
""",
        "comments begin with `#`",
    ),
    mistake(
        "negative number",
        """
protocol device { }
filter transit_in {
  bgp_med = «-»1;
  accept;
}
""",
        "negative",
    ),
    mistake(
        "filter option outside of a channel, as in BIRD 1",
        """
protocol kernel k4 {
  scan time 20;
  «import» none;
  ipv4 { export all; };
}
""",
        "`import` is an option of channels",
    ),
    mistake(
        "table outside of a channel, as in BIRD 1",
        """
protocol device { }
ipv4 table peers4;
protocol bgp up4 {
  «table» peers4;
  local as 65010;
  neighbor 192.0.2.1 as 64999;
  ipv4 { import all; export none; };
}
""",
        "`table` is an option of channels",
    ),
    mistake(
        "name with a hyphen",
        """
protocol device { }
protocol bgp «transit-ams» {
  local as 65010;
  neighbor 192.0.2.1 as 64999;
  ipv4 { import all; export none; };
}
""",
        "single quotes",
        hint="'transit-ams'",
    ),
    mistake(
        "option of another protocol",
        """
protocol device { }
protocol bgp up4 {
  «hello» 10;
  local as 65010;
  neighbor 192.0.2.1 as 64999;
  ipv4 { import all; export none; };
}
""",
        "`hello` is not an option here",
    ),
)

QUOTES_AND_CHARACTERS = (
    mistake(
        "string without an end",
        """
protocol device { }
protocol bgp up4 {
  description «"transit Berlin;»
  local as 65010;
  neighbor 192.0.2.1 as 64999;
  ipv4 { import all; export none; };
}
""",
        "Unterminated string",
    ),
    mistake(  # changed: a comment is no brace
        "comment without an end",
        """
protocol device { }
⟨/*⟩ peers of the old site, kept until March
protocol static anycast { ipv4; route 198.51.100.0/24 blackhole; }
«»""",
        "Unterminated comment",
        related="it begins here",
    ),
    mistake(
        "single quotes around an interface",
        """
protocol device { }
protocol direct {
  ipv4;
  interface «'eth0'»;
}
""",
        "double quotes",
        hint='"eth0"',
    ),
    mistake(
        "single quotes around a text",
        """
protocol device { }
protocol bgp up4 {
  description «'transit Berlin'»;
  local as 65010;
  neighbor 192.0.2.1 as 64999;
  ipv4 { import all; export none; };
}
""",
        "double quotes",
        hint='"transit Berlin"',
    ),
    mistake(
        "typographic quotes",
        """
protocol device { }
protocol bgp up4 {
  description «\N{LEFT DOUBLE QUOTATION MARK}»transit Berlin\N{RIGHT DOUBLE QUOTATION MARK};
  local as 65010;
  neighbor 192.0.2.1 as 64999;
  ipv4 { import all; export none; };
}
""",
        "typographic quote",
        hint='"',
    ),
    mistake(
        "no-break space",
        "protocol device { }\nprotocol bgp up4 {\n  local as«\N{NO-BREAK SPACE}»65010;\n"
        "  neighbor 192.0.2.1 as 64999;\n  ipv4 { import all; export none; };\n}\n",
        "no-break space",
    ),
    mistake(
        "dash of a word processor",
        """
protocol device { }
define PRIVATE = [ 64512«\N{EN DASH}»65534 ];
""",
        "`\N{EN DASH}`",
        hint="-",
    ),
    mistake(
        "Windows line ends",
        "protocol device { }«\r»\nprotocol static s4 {\r\n  ipv4;\r\n}\r\n",
        ("carriage return", "dos2unix"),
    ),
    mistake("byte order mark", "«\ufeff»protocol device { }\n", "byte order mark"),
    mistake(
        "tabs before the mistake",
        "protocol kernel k4 {\n\tipv4 {\n\t\timport none;\n\t\texport «al»;\n\t};\n}\n",
        "unexpected `al`",
        hint="all",
    ),
    mistake(
        "merge marks",
        """
protocol device { }
«<<<<<<<» HEAD
define MY_AS = 65010;
=======
define MY_AS = 65011;
>>>>>>> other
""",
        "marks of a merge",
    ),
)

VALUES = (
    mistake(
        "host bits of a prefix",
        """
define MY_NET = «198.51.100.77/24»;
protocol device { }
""",
        "Invalid IPv4 prefix 198.51.100.77/24, maybe you wanted 198.51.100.0/24",
    ),
    mistake(
        "host bits of an IPv6 prefix in a set",
        """
protocol device { }
define OURS = [
  2001:db8:10::/48,
  «2001:db8:17::5/64»,
  2001:db8:20::/48
];
""",
        "Invalid IPv6 prefix 2001:db8:17::5/64, maybe you wanted 2001:db8:17::/64",
    ),
    mistake(
        "prefix length",
        """
protocol device { }
define OURS = [ 2001:db8:10::/48, «2001:db8:17::/129» ];
""",
        "Invalid prefix length 129",
    ),
    mistake(
        "prefix lengths of a pattern",
        """
protocol device { }
define LONG = [ 0.0.0.0/0«{25,33}» ];
""",
        "33",
    ),
    mistake(
        "prefix lengths of a pattern the wrong way round",
        """
protocol device { }
define LONG = [ 0.0.0.0/0«{24,8}» ];
""",
        ("24", "8"),
    ),
    mistake(
        "IPv6 among IPv4 prefixes",
        """
protocol device { }
define OURS = [ 198.51.100.0/24, «2001:db8:17::/48» ];
""",
        ("IPv4", "IPv6"),
    ),
    mistake(
        "octet of an address",
        """
protocol device { }
protocol bgp up4 {
  local as 65010;
  neighbor «192.0.2.256» as 64999;
  ipv4 { import all; export none; };
}
""",
        "Invalid IPv4 address 192.0.2.256",
    ),
    mistake(
        "three octets",
        """
router id «192.0.2»;
protocol device { }
""",
        "192.0.2",
    ),
    mistake(
        "three colons",
        """
protocol device { }
define MY_V6 = «2001:db8:::5»;
""",
        "Invalid IPv6 address 2001:db8:::5",
    ),
    mistake(
        "unit of an option in seconds",
        """
protocol device { }
protocol bgp up4 {
  hold time 90 «s»;
  local as 65010;
  neighbor 192.0.2.1 as 64999;
  ipv4 { import all; export none; };
}
""",
        ("`s`", "no unit"),
    ),
    mistake(
        "name of a unit",
        """
protocol babel mesh {
  ipv6 { import all; export all; };
  interface "wg*" { hello interval 4 «sec»; };
}
""",
        "unexpected `sec`",
        hint="s",
    ),
    mistake(  # changed: it is said where it stands, see docs/differences.md
        "AS number 0",
        """
protocol device { }
protocol bgp up4 {
  local as 65010;
  neighbor 192.0.2.1 as «0»;
  ipv4 { import all; export none; };
}
""",
        ("0", "1 to 4294967295"),
    ),
    mistake(
        "number of more than 32 bits",
        """
protocol device { }
define TRANSIT_AS = «4294967296»;
""",
        "Number out of range",
    ),
    mistake(
        "port of a neighbor",
        """
protocol device { }
protocol bgp up4 {
  local as 65010;
  neighbor 192.0.2.1 port «66000» as 64999;
  ipv4 { import all; export none; };
}
""",
        "port",
    ),
    mistake(
        "cost of ospf",
        """
protocol ospf v2 backbone {
  ipv4 { import all; export none; };
  area 0 { interface "eth0" { cost «70000»; }; };
}
""",
        "65535",
    ),
    mistake(
        "32-bit AS number in a community",
        """
protocol device { }
filter transit_in {
  bgp_community.add((«4200000010», 120));
  accept;
}
""",
        "65535",
    ),
    mistake(
        "text for a number",
        """
protocol device { }
filter transit_in {
  bgp_local_pref = «"200"»;
  accept;
}
""",
        "bgp_local_pref takes int, not string",
    ),
    mistake(
        "pair for a large community",
        """
protocol device { }
filter transit_in {
  bgp_large_community.add(«(65010, 120)»);
  accept;
}
""",
        ("lc", "pair"),
    ),
    mistake(  # changed: the other place helps
        "too few arguments",
        """
protocol device { }
function set_pref(int pref) { bgp_local_pref = pref; }
filter transit_in { «set_pref()»; accept; }
""",
        "expects 1 argument, got 0",
        related="function declared here",
    ),
    mistake(
        "type of an argument",
        """
protocol device { }
function set_pref(int pref) { bgp_local_pref = pref; }
filter transit_in { set_pref(«"200"»); accept; }
""",
        ("int", "string"),
    ),
    mistake(
        "number as a condition",
        """
protocol device { }
filter transit_in {
  if «bgp_path.len» then accept; else reject;
}
""",
        ("bool", "int"),
    ),
)

NAMES = (
    mistake(
        "protocol declared twice",
        """
protocol device { }
protocol static ⟨anycast⟩ { ipv4; }
protocol static «anycast» { ipv6; }
""",
        "Symbol 'anycast' already defined",
        related="protocol declared here",
    ),
    mistake(
        "filter and function of one name",
        """
protocol device { }
function ⟨transit_in⟩() -> bool { return true; }
filter «transit_in» { accept; }
""",
        "Symbol 'transit_in' already defined",
        related="function declared here",
    ),
    mistake(  # changed: the message says it itself
        "constant used before it is defined",
        """
protocol device { }
define LAST_AS = «FIRST_AS» + 9;
define ⟨FIRST_AS⟩ = 65000;
""",
        "`FIRST_AS` is declared only later",
        related="declared here",
    ),
    mistake(  # changed: the message says it itself
        "function used before it is defined",
        """
protocol device { }
filter transit_in {
  if «is_bogon»() then reject;
  accept;
}
function ⟨is_bogon⟩() -> bool { return net ~ [ 10.0.0.0/8+ ]; }
""",
        "`is_bogon` is declared only later",
        related="declared here",
    ),
    mistake(  # changed: the message says it itself
        "templates that use each other",
        """
protocol device { }
template bgp common from «upstreams» { local as 65010; }
template bgp ⟨upstreams⟩ from common { hold time 60; }
""",
        "`upstreams` is declared only later",
        related="declared here",
    ),
    mistake(  # changed: it says of what kind
        "template of another protocol",
        """
protocol device { }
template static ⟨common⟩ { ipv4; }
protocol bgp up4 from «common» {
  local as 65010;
  neighbor 192.0.2.1 as 64999;
  ipv4 { import all; export none; };
}
""",
        ("`common`", "static"),
        related="template declared here",
    ),
    mistake(  # changed: it says of what kind
        "filter where a function is needed",
        """
protocol device { }
filter ⟨drop_bogons⟩ { if net ~ [ 10.0.0.0/8+ ] then reject; accept; }
filter transit_in {
  if «drop_bogons»() then reject;
  accept;
}
""",
        "`drop_bogons` is a filter, not a function",
        related="filter declared here",
    ),
    mistake(  # changed: it says of what kind
        "function where a filter is needed",
        """
function ⟨is_ours⟩() -> bool { return net ~ [ 198.51.100.0/24+ ]; }
protocol kernel k4 {
  ipv4 { import none; export filter «is_ours»; };
}
""",
        "`is_ours` is a function, not a filter",
        hint="where is_ours()",
        related="function declared here",
    ),
    mistake(  # changed: it says of what kind
        "table of another address family",
        """
ipv6 table ⟨igp6⟩;
protocol kernel k4 {
  ipv4 { table «igp6»; export all; };
}
""",
        "igp6 is not for ipv4",
        related="routing table declared here",
    ),
    mistake(
        "table that is not there",
        """
protocol kernel k4 {
  ipv4 { table «igp4»; export all; };
}
""",
        "table `igp4` is not defined",
    ),
    mistake(
        "file that is not there",
        """
protocol device { }
include «"peers/ams.conf"»;
define MY_AS = 65010;
""",
        ("peers/ams.conf", "No such file or directory"),
    ),
    mistake(
        "attribute that cannot be set",
        """
protocol device { }
filter transit_in {
  «proto» = "up4";
  accept;
}
""",
        "proto is read-only",
    ),
)

SEVERAL = (
    mistake(  # changed: `related` was forgotten
        "four people's mistakes",
        """
router id ⟨192.0.2.5⟩
«protocol» device { scan time 10; }
define MY_NET = «198.51.100.77/24»;
protocol static anycast {
  ipv4;
  route MY_NET blackhole;
  route 203.0.113.0/24 «blakhole»;
}
filter transit_in {
  if net ~ MY_NET then reject;
  «acept»;
}
protocol bgp up4 {
  «neighbour» 192.0.2.1 as 64999;
  local as 65010;
  ipv4 { import filter transit_in; export none; };
}
""",
        "`;` missing before `protocol`",
        "maybe you wanted 198.51.100.0/24",
        "unexpected `blakhole`",
        "`acept` is not defined",
        "`neighbour` is not an option here",
        related="after this",
    ),
    mistake(
        "two mistakes in one block",
        """
protocol device { }
protocol bgp up4 {
  local as 65010;
  neighbor 192.0.2.1 as 64999;
  hold «tiem» 90;
  connect retry time «-»5;
  ipv4 { import all; export none; };
}
""",
        "unexpected `tiem`, expected `down` or `time`",
        "negative",
        hint="time",
    ),
    mistake(
        "mistakes in two conditions",
        """
protocol device { }
filter transit_in {
  if net.len «==» 24 then accept;
  if bgp_path.«lenght» > 10 then reject;
  accept;
}
""",
        "`==`",
        "`lenght`",
        hint="=",
    ),
    mistake(  # changed: the misspelt word is what is wrong
        "what uses a broken function is not wrong too",
        """
protocol device { }
function is_bogon() -> bool { «retrun» net ~ [ 10.0.0.0/8+ ]; }
filter transit_in {
  if is_bogon() then reject;
  accept;
}
protocol kernel k4 { ipv4 { import filter transit_in; export all; }; }
""",
        "`retrun` is not defined",
        hint="return",
    ),
    mistake(
        "what uses a broken template is not wrong too",
        """
protocol device { }
template bgp common { local as «AS65010»; hold time 60; }
protocol bgp up4 from common { neighbor 192.0.2.1 as 64999; ipv4 { import all; export none; }; }
protocol bgp up6 from common { neighbor 2001:db8::1 as 64999; ipv6 { import all; export none; }; }
""",
        "`AS65010` is not defined",
        hint="65010",
    ),
)

MISTAKES = (
    FORGOTTEN + TOO_MUCH + MISSPELT + OTHER_LANGUAGES + QUOTES_AND_CHARACTERS + VALUES + NAMES + SEVERAL
)
