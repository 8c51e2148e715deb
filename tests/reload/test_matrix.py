"""The reload matrix: two texts, and what happens to get from one to the other.

A router runs the first text on a simulated machine; the plan for the second is
compared with the expected lines. Which option restarts, reloads or adapts
follows BIRD; where more is taken over live, nothing that the neighbor was told
or that decides about routes changes behind its back. A test at the end makes
sure that every option is in some case.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cache
from importlib import import_module
from typing import Any

import pytest

from pybird.conf.model import Config, LogConfig, SocketConfig
from pybird.proto import PROTOCOLS
from pybird.sim.world import World
from tests.scenarios.lab import boot, read

HEAD = """
router id 10.0.0.1; {globals}
mpls domain da; mpls domain db; mpls table m; mpls table n;
flow4 table f4; ipv4 table trie4 {{ trie on; }}; ipv4 table trie5 {{ trie on; }};
ipv4 table t4; ipv4 table igp4; ipv6 table igp6; ipv4 table full4 sorted; peer table p2; peer table p3;
{tables}
filter lower {{ bgp_local_pref = 50; accept; }}
function level() -> int {{ return {level}; }}
"""

LABELED_BGP = "protocol bgp p { local as 1; neighbor 10.0.0.2 as 1; ipv4 mpls; mpls { %s }; }"
BLOCKS = {
    "device": "protocol device d {{ {} }}",
    "direct": "protocol direct p {{ ipv4; {} }}",
    "direct channel": "protocol direct p {{ ipv4 {{ {} }}; }}",
    "static": "protocol static p {{ ipv4; {} }}",
    "static channel": "protocol static p {{ ipv4 {{ {} }}; route 10.9.0.0/16 blackhole; }}",
    "labels": "protocol static p {{ ipv4; mpls {{ {} }}; route 10.9.0.0/16 blackhole; }}",
    "label domain": "mpls domain {}; protocol static p {{ ipv4; mpls {{ domain dc; }}; }}",
    "kernel": "protocol kernel p {{ ipv4 {{ export all; }}; {} }}",
    "kernel channel": "protocol kernel p {{ ipv4 {{ {} }}; }}",
    "pipe": "protocol pipe p {{ table master4; {} }}",
    "radv": 'protocol radv p {{ peers {{ table p2; }}; ipv6; interface "eth*"; {} }}',
    "radv interface": 'protocol radv p {{ peers {{ }}; interface "eth*" {{ {} }}; }}',
    "radv prefix": 'protocol radv p {{ interface "eth*" {{ prefix 2001:db8::/64 {{ {} }}; }}; }}',
    "lldp": 'protocol lldp p {{ peers {{ table p2; }}; interface "eth*"; {} }}',
    "lldp interface": 'protocol lldp p {{ peers {{ }}; interface "eth*" {{ {} }}; }}',
    "peerfile": 'protocol peerfile p {{ peers {{ table p2; }}; {} }}',
    "bgp": "protocol bgp p {{ local as 1; neighbor 10.0.0.2 as 1; ipv4 {{ import all; export all; }}; {} }}",
    "external": "protocol bgp p {{ local as 1; neighbor 10.0.0.2 as 2; {} }}",
    "flow channel": "protocol bgp p {{ local as 1; neighbor 10.0.0.2 as 1; flow4 {{ table f4; {} }}; }}",
    "bgp channel": "protocol bgp p {{ local as 1; neighbor 10.0.0.2 as 1; ipv4 {{ {} }}; }}",
    "direct bgp channel": "protocol bgp p {{ local as 1; neighbor 10.0.0.2 as 1; direct; ipv4 {{ {} }}; }}",
    "bgp range": 'protocol bgp p {{ local fe80::1 as 1; neighbor range fe80::/10 external; strict bind;'
    " ipv6 {{ import all; export all; }}; {} }}",
    "peers channel": "protocol bgp p {{ local as 1; neighbor range fe80::/10 external;"
    " ipv6 {{ import all; export all; }}; peers {{ {} }}; }}",
    "": "{}",
}  # fmt: skip

RESTART = ["restart p: options that cannot change while it runs"]
AO = "authentication ao; keys { %s };"
ADAPT = ["adapt p"]
IMPORT = ["adapt p", "reload p.ipv4 import"]
EXPORT = ["adapt p", "reload p.ipv4 export"]
RELABEL = ["adapt p", "reload p.mpls import"]
BOTH = ["adapt p", "reload p.ipv4 import and export"]


def another(what: str, channel: str = "ipv4") -> list[str]:
    return [f"restart p: channel {channel} has another {what}"]


Case = tuple[str, str, str, list[str]]  # block, options before, options after, plan

CASES: list[Case] = [
    # what does not count
    ("bgp", "hold time 90;", "hold time 90; # as it was\n", []),
    ("bgp channel", "import filter lower;", "import filter { bgp_local_pref = 50; accept; };", []),
    ("bgp channel", "import filter { accept; };", "import all;", []),
    ("static", "route 10.0.0.0/8 blackhole;", "route 10.0.0.0/8\n\nblackhole;", []),
    # protocols come, go and change their kind
    ("", "", "protocol static p { ipv4; }", ["start p"]),
    ("", "protocol static p { ipv4; }", "", ["stop p"]),
    ("", "protocol static p { ipv4; }", "protocol static q { ipv4; }", ["stop p", "start q"]),
    ("", "protocol static p { ipv4; }", "protocol direct p { ipv4; }", ["restart p: another type"]),
    ("", "protocol static p { ipv4; } protocol static q { ipv6; }",
     "protocol static q { ipv6; } protocol static p { ipv4; }", []),
    ("", "", "protocol ospf o { area 0 { }; }", []),
    # what every protocol has
    ("static", "", "disabled;", ["restart p: disabled"]),
    ("static", "disabled;", "", ["restart p: enabled"]),
    ("static", "disabled; check link;", "disabled;", ["restart p: it is down"]),
    ("static", "", 'description "uplink";', ADAPT),
    ("static", "", "debug all;", ADAPT),
    ("static", "", 'vrf "red";', ["restart p: another VRF"]),
    ("bgp", "", "restart time 9 s;", ADAPT),
    ("bgp", "", "router id 10.0.0.9;", RESTART),
    ("bgp", "", 'hostname "r9";', RESTART),
    # what every channel has
    ("bgp channel", "", "table t4;", another("table")),
    ("bgp channel", "", "import none;", IMPORT),
    ("bgp channel", "", "export all;", EXPORT),
    ("bgp channel", "import all; export none;", "import none; export all;", BOTH),
    ("bgp channel", "", "import filter lower;", IMPORT),
    ("bgp channel", "export in 10.0.0.0/8 all;", "export in 10.0.0.0/9 all;", EXPORT),
    ("bgp channel", "", "preference 150;", IMPORT),
    ("bgp channel", "", "import limit 10;", ADAPT),
    ("bgp channel", "import limit 10;", "import limit 10 action block;", ADAPT),
    ("bgp channel", "", "receive limit 10;", ADAPT),
    ("bgp channel", "", "export limit 10;", EXPORT),
    ("bgp channel", "", "import keep filtered;", ADAPT),
    ("bgp channel", "import keep filtered;", "", ADAPT),
    ("static channel", "", "import keep filtered;", ADAPT),
    ("bgp channel", "", "mandatory;", ADAPT),
    ("bgp channel", "", "rpki reload off;", ADAPT),
    ("bgp channel", "", "debug { routes };", ADAPT),
    ("direct channel", "", "import none;", IMPORT),
    ("direct channel", "", "preference 150;", IMPORT),
    ("static channel", "", "import none;", IMPORT),
    ("static channel", "", "preference 150;", IMPORT),
    ("static channel", "", "table t4;", another("table")),
    ("kernel channel", "", "export all;", EXPORT),
    ("kernel channel", "export all;", "export all; import none;", IMPORT),
    # device
    ("device", "", "scan time 20;", ["adapt d"]),
    ("device", "", 'interface "eth0" { preferred 10.0.0.1; };', ["adapt d"]),
    ("device", 'interface "eth0" { preferred 10.0.0.1; };', 'interface "eth1" { preferred 10.0.0.1; };',
     ["adapt d"]),
    ("device", 'interface "eth0" { preferred 10.0.0.1; };', 'interface "eth0" { preferred 10.0.0.2; };',
     ["adapt d"]),
    # direct
    ("direct", "", 'interface "eth0", -"*";', ADAPT),
    ("direct", 'interface "eth*";', 'interface "eth*" 10.0.0.0/8;', ADAPT),
    ("direct", "", "check link;", ADAPT),
    ("direct", "", "ipv6;", ADAPT),
    # static
    ("static", "", "route 10.0.0.0/8 blackhole;", ADAPT),
    ("static", "route 10.0.0.0/8 blackhole;", "", ADAPT),
    ("static", "route 10.0.0.0/8 blackhole;", "route 10.0.0.0/8 prohibit;", ADAPT),
    ("static", "route 10.0.0.0/8 via 10.0.0.2;", "route 10.0.0.0/8 via 10.0.0.3;", ADAPT),
    ("static", 'route 10.0.0.0/8 via "eth0";', 'route 10.0.0.0/8 via "eth1";', ADAPT),
    ("static", "route 10.0.0.0/8 via 10.0.0.2;", "route 10.0.0.0/8 via 10.0.0.2 weight 3;", ADAPT),
    ("static", "route 10.0.0.0/8 via 10.0.0.2%eth0;", "route 10.0.0.0/8 via 10.0.0.2%eth0 onlink;", ADAPT),
    ("static", "route 10.0.0.0/8 recursive 10.0.0.2;", "route 10.0.0.0/8 recursive 10.0.0.3;", ADAPT),
    ("static", "route 10.0.0.0/8 recursive 10.0.0.2;", "route 10.0.0.0/8 recursive 10.0.0.2 mpls 5;", ADAPT),
    ("static", "route 10.0.0.0/8 via 10.0.0.2;", "route 10.0.0.0/8 via 10.0.0.2 mpls 5;", ADAPT),
    ("static", "route 10.0.0.0/8 blackhole;", "route 10.0.0.0/8 blackhole { preference = 5; };", ADAPT),
    ("static", "", "check link;", ADAPT),
    ("static", "", "igp table igp4;", RESTART),
    ("", "protocol static p { aspa { table a; }; route aspa 65001 providers 1; } ",
     "protocol static p { aspa { table a; }; route aspa 65001 providers 1, 2; } ", ADAPT),
    ("", "protocol static p { ipv4; }", "protocol static p { ipv6; }", RESTART),
    ("", "protocol static p { ipv4; }", "protocol static p { ipv4; mpls; }", RESTART),
    ("", "protocol static p { ipv4; mpls; route 10.0.0.0/8 blackhole; }",
     "protocol static p { ipv4; mpls; route 10.0.0.0/8 mpls 50 blackhole; }", ADAPT),
    # labels
    ("labels", "", "label policy aggregate;", RELABEL),
    ("labels", "", "label range static;", RELABEL),
    ("labels", "", "import none;", RELABEL),
    ("labels", "", "domain db;", ["restart p: channel mpls has another domain"]),
    ("labels", "", "table n;", another("table", "mpls")),
    ("label domain", "dc", "dc { label range dynamic { start 2000; }; }",
     ["set label_domains", *RELABEL]),
    ("label domain", "dc", "dc { label range dynamic { length 5; }; }",
     ["set label_domains", *RELABEL]),
    ("label domain", "dc { label range dd { start 5; length 5; }; }",
     "dc { label range de { start 5; length 5; }; }", ["set label_domains", *RELABEL]),
    # kernel
    ("kernel", "", "persist;", ADAPT),
    ("kernel", "", "graceful restart;", ADAPT),
    ("kernel", "", "scan time 10;", RESTART),
    ("kernel", "", "learn;", RESTART),
    ("kernel", "", "learn all;", RESTART),
    ("kernel", "", "kernel table 100;", RESTART),
    ("kernel", "", "metric 64;", RESTART),
    ("kernel", "", "netlink rx buffer 100000;", RESTART),
    ("kernel", "merge paths;", "merge paths limit 4;", EXPORT),
    ("", "protocol kernel p { ipv4; }", "protocol kernel p { ipv6; }", RESTART),
    # pipe
    ("pipe", "peer table t4;", "peer table igp4;", another("table", "sec")),
    ("pipe", "peer table t4;", "peer table t4; max generation 5;", RESTART),
    ("pipe", "peer table t4;", "peer table t4; import none;",
     ["adapt p", "reload p.pri import", "reload p.sec export"]),
    ("pipe", "peer table t4;", "peer table t4; export none;",
     ["adapt p", "reload p.pri export", "reload p.sec import"]),
    ("pipe", "peer table t4; import in 10.0.0.0/8 all;", "peer table t4; import in 10.0.0.0/9 all;",
     ["adapt p", "reload p.pri import", "reload p.sec export"]),
    ("pipe", "peer table t4;", "peer table t4; import limit 5;", ["adapt p", "reload p.sec export"]),
    # radv
    ("radv", "", 'interface "wan*";', ADAPT),
    ("radv", "", "prefix ::/0 { skip; };", ADAPT),
    ("radv", "prefix ::/0 { skip; };", "prefix 2001:db8::/32 { skip; };", ADAPT),
    ("radv", "", "rdnss 2001:db8::53;", ADAPT),
    ("radv", "rdnss 2001:db8::53;", "rdnss 2001:db8::54;", ADAPT),
    ("", 'protocol radv p { interface "eth*"; }', 'protocol radv p { interface "wan*"; }', ADAPT),
    ("radv", "rdnss { ns 2001:db8::53; lifetime 5; };",
     "rdnss { ns 2001:db8::53; lifetime mult 5; };", ADAPT),
    ("radv", "", 'dnssl "example.net";', ADAPT),
    ("radv", "", "custom option type 38 value hex:0102030405060708090a0b0c0d0e;", ADAPT),
    ("radv", 'dnssl "a.example";', 'dnssl "b.example";', ADAPT),
    ("radv", 'dnssl { domain "a"; lifetime 5; };', 'dnssl { domain "a"; lifetime 6; };', ADAPT),
    ("radv", "custom option type 38 value hex:01;", "custom option type 39 value hex:01;", ADAPT),
    ("radv", "custom option type 38 value hex:01;", "custom option type 38 value hex:02;", ADAPT),
    ("radv", "", "trigger 2001:db8::/32;", ADAPT),
    ("radv", "", "propagate routes;", ADAPT),
    ("", 'protocol radv p { interface "eth*"; }', 'protocol radv p { peers; interface "eth*"; }', ADAPT),
    *[
        ("radv interface", "", option, ADAPT)
        for option in (
            "min ra interval 5;", "max ra interval 20;", "min delay 2;", "solicited ra unicast;", "managed;",
            "other config;", "link mtu 1400;", "reachable time 100;", "retrans timer 50;",
            "current hop limit 32;", "default lifetime 700;", "default lifetime 700 sensitive;",
            "default preference high;", "route lifetime 650;", "route lifetime 650 sensitive;",
            "route preference low;", "prefix linger time 609;", "route linger time 608;", "rdnss local;",
            "dnssl local;", "custom option local;", "router discovery;", "rdnss 2001:db8::53;",
            'dnssl "a.example";', "custom option type 38 value hex:0102030405060708090a0b0c0d0e;",
        )
    ],
    # lldp
    ("lldp", "", 'system name "other";', ADAPT),
    ("lldp", "", 'interface "wan*";', ADAPT),
    ("", 'protocol lldp p { interface "eth*"; }', 'protocol lldp p { interface "wan*"; }', ADAPT),
    ("", 'protocol lldp p { interface "eth*"; }', 'protocol lldp p { peers; interface "eth*"; }', ADAPT),
    ("lldp interface", "", "transmit;", ADAPT),
    ("lldp interface", "", "tx interval 5;", ADAPT),
    ("lldp interface", "", "tx hold 2;", ADAPT),
    ("lldp", "", "router id 10.0.0.9;", RESTART),
    ("lldp", "", 'hostname "r9";', RESTART),
    # peerfile
    ("peerfile", 'file "/a";', 'file "/b";', ADAPT),
    ("peerfile", 'file "/a";', 'file "/a"; vrf "red";', ["restart p: another VRF"]),
    *[
        ("radv prefix", "", option, ADAPT)
        for option in (
            "skip;", "onlink off;", "autonomous off;", "pd preferred;", "valid lifetime 90000;",
            "valid lifetime 86400 sensitive; preferred lifetime 14400 sensitive;", "preferred lifetime 500;",
            "preferred lifetime 14400 sensitive;",
        )
    ],
    # bgp: the neighbor was told, or routes depend on it
    ("", "protocol bgp p { local as 1; neighbor 10.0.0.2 as 1; }",
     "protocol bgp p { local as 1; neighbor 10.0.0.2 as 2; }", RESTART),
    ("", "protocol bgp p { local as 1; neighbor 10.0.0.2 as 1; }",
     "protocol bgp p { local as 1; neighbor 10.0.0.3 as 1; }", RESTART),
    ("", "protocol bgp p { local as 1; neighbor 10.0.0.2 as 1; }",
     "protocol bgp p { local as 1; neighbor range 10.0.0.0/8 as 1; }", RESTART),
    ("", "protocol bgp p { local as 1; neighbor 10.0.0.2 internal; }",
     "protocol bgp p { local as 1; neighbor 10.0.0.2 external; }", RESTART),
    ("", "protocol bgp p { local as 1; neighbor 10.0.0.2 port 1790 as 2; }",
     "protocol bgp p { local as 1; neighbor 10.0.0.2 as 2; }", RESTART),
    *[
        ("bgp", "", option, RESTART)
        for option in (
            "local as 2;", "local 10.0.0.1;", "local port 1179;", "direct;",
            "multihop 5;", "passive;", "free bind;", "ttl security;", 'password "secret";',
            "rr client;", "rr cluster id 10.0.0.7;", "allow local as 2;", "allow bgp_local_pref;",
            "allow bgp_med;", "allow as sets;", "confederation 5;", "interpret communities off;",
            "hold time 90;", "keepalive time 20;", "send hold time 500;", "enable route refresh off;",
            "enable enhanced route refresh off;", "enable as4 off;", "enable extended messages;",
            "advertise hostname;", "capabilities off;", "graceful restart off;",
            "graceful restart time 60;", "graceful restart after notification;", "path metric off;",
            "long lived graceful restart on;", "long lived graceful restart off;",
            "long lived stale time 60;",
            "med metric;", "disable rx;",
            "igp metric off;", "prefer older;", "deterministic med;", "default bgp_med 5;",
            "default bgp_local_pref 200;",
        )
    ],
    ("", "protocol bgp p { local as 1; neighbor 10.0.0.2 as 2; }",
     "protocol bgp p { local as 1; neighbor 10.0.0.2 as 2; rs client; }", RESTART),
    *[
        ("external", "", option, RESTART)
        for option in ("enforce first as;", "confederation 5;", "confederation 5; confederation member;",
                       "local role peer;", "enable link local next hop;")
    ],
    ("external", "confederation 5;", "confederation 6;", RESTART),
    ("external", "confederation 5;", "confederation 5; confederation member;", RESTART),
    ("", "protocol bgp p { local as 1; neighbor 10.0.0.2 as 2; local role peer; }",
     "protocol bgp p { local as 1; neighbor 10.0.0.2 as 2; local role peer; require roles; }", RESTART),
    ("bgp", "direct;", 'direct; interface "eth0";', RESTART),
    ("bgp", 'direct; interface "eth0";', 'direct; interface "eth0"; onlink;', RESTART),
    ("bgp", "direct;", "direct; enable link local next hop;", RESTART),
    # bgp: keys change in a running session, the kind of authentication does not
    ("bgp", "", AO % 'key { id 1; secret "a"; };', RESTART),
    *[
        ("bgp", AO % 'key { id 1; secret "a"; };', AO % keys, ADAPT)
        for keys in (
            'key { id 1; secret "a"; }; key { id 2; secret "b"; };',
            'key { send id 1; recv id 2; secret "a"; };', 'key { send id 2; recv id 1; secret "a"; };',
            'key { id 1; secret "b"; };', 'key { id 1; secret "a"; algorithm cmac aes128; };',
            'key { id 1; secret "a"; preferred; };',
            'key { id 1; secret "a"; deprecated; }; key { id 2; secret "b"; };',
        )
    ],
    ("bgp", "local 10.0.0.1;", "local 10.0.0.1; strict bind;", RESTART),
    # bgp: what only matters later
    *[
        ("bgp", "", option, ADAPT)
        for option in (
            "check link off;", "connect delay time 1;", "connect retry time 20;", "error wait time 5, 10;",
            "error forget time 20;", "startup hold time 60;", "min hold time 10;", "min keepalive time 5;",
            "disable after error;", "disable after cease;", "require as4;", "tx size warning 5;",
            "min graceful restart time 60;", "max graceful restart time 60;",
            "min long lived stale time 60;", "max long lived stale time 60;",
        )
    ],
    # bgp: channels
    *[
        ("bgp channel", "", option, RESTART)
        for option in (
            "next hop address 10.0.0.9;", "igp table igp4;", "import table;",
            "extended next hop;", "graceful restart;",
            "long lived graceful restart;", "long lived stale time 60;",
        )
    ],
    ("bgp channel", "", "min long lived stale time 60;", ADAPT),
    ("bgp channel", "", "max long lived stale time 60;", ADAPT),
    ("bgp channel", "extended next hop;", "extended next hop; igp table igp6;", RESTART),
    ("bgp channel", "", "add paths rx;", RESTART),
    ("bgp channel", "add paths rx;", "add paths on;", RESTART),
    ("bgp channel", "add paths rx;", "add paths rx; require add paths;", ADAPT),  # if the neighbor has it
    ("bgp channel", "extended next hop;", "extended next hop; require extended next hop;", ADAPT),
    ("bgp channel", "", "graceful restart off;", ADAPT),  # as it is
    ("bgp", "graceful restart on;", "graceful restart on; long lived graceful restart aware;", ADAPT),
    ("bgp", "", "enable enhanced route refresh on;", ADAPT),
    ("bgp", "graceful restart off;", "graceful restart off; enable enhanced route refresh on;", RESTART),
    ("direct bgp channel", "table full4;", "table full4; secondary;", RESTART),
    ("bgp channel", "", "gateway recursive;", IMPORT),
    ("flow channel", "base table trie4;", "base table trie4; validate;", RESTART),
    ("flow channel", "base table trie4; validate;", "base table trie5; validate;", RESTART),
    ("bgp channel", "", "next hop prefer local;", IMPORT),
    ("bgp channel", "", "cost 5;", IMPORT),
    ("bgp channel", "import table;", "import table; import none;", IMPORT),
    ("bgp channel", "import table;", "import table; gateway recursive;", RESTART),
    ("bgp channel", "", "next hop self;", EXPORT),
    ("bgp channel", "next hop self ebgp;", "next hop self ibgp;", EXPORT),
    ("bgp channel", "", "next hop keep;", EXPORT),
    ("bgp channel", "", "aigp;", BOTH),
    ("bgp channel", "aigp;", "aigp originate;", BOTH),
    ("bgp channel", "import table; aigp;", "import table; aigp off;", RESTART),
    ("bgp channel", "", "link local next hop format single;", EXPORT),
    ("bgp", "", "ipv6;", RESTART),
    ("", LABELED_BGP % "", LABELED_BGP % "label policy aggregate;", RELABEL),
    ("", LABELED_BGP % "", LABELED_BGP % "label range static;", RELABEL),
    ("", LABELED_BGP % "", LABELED_BGP % "domain db;", ["restart p: channel mpls has another domain"]),
    ("bgp", "", "mpls;", RESTART),
    # bgp: dynamic protocols
    ("bgp range", "", 'dynamic name "leaf";', ADAPT),
    ("bgp range", "", "dynamic name digits 2;", ADAPT),
    ("bgp range", "", "persist;", ADAPT),
    ("bgp range", "", "persist established;", ADAPT),
    ("bgp range", "persist;", "child prune time 60; persist;", ADAPT),
    ("bgp range", "", "child prune off;", ADAPT),
    ("bgp range", "", "hold down after 2;", ADAPT),
    ("bgp range", "", "hold down time 10, 20;", ADAPT),
    ("bgp range", "", "hold down forget time 20;", ADAPT),
    ("bgp range", "", "hold down off;", ADAPT),
    ("bgp range", "", "neighbor as [2, 4..5];", ADAPT),
    ("bgp range", 'interface range "eth*";', 'interface range "wan*";', ADAPT),
    ("bgp range", "", "peers;", ADAPT),
    ("bgp range", "peers;", "", ADAPT),
    ("peers channel", "", 'from "eth0";', ADAPT),
    ("peers channel", "", "expect \"spine*\";", ADAPT),
    ("peers channel", "expect \"spine*\";", "expect \"leaf*\";", ADAPT),
    ("peers channel", "expect \"spine*\";", "expect \"spine*\" enforce;", ADAPT),
    ("peers channel", "expect \"a\" interface \"eth0\";", "expect \"a\" interface \"eth1\";", ADAPT),
    ("peers channel", "", "persist;", ADAPT),
    ("peers channel", "", "persist established;", ADAPT),
    ("peers channel", "", "export none;", ["adapt p", "reload p.peers export"]),
    ("peers channel", "", "table p3;", another("table", "peers")),
]  # fmt: skip

# Global options and tables: text before, text after, plan.
AROUND: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    ({}, {"globals": 'hostname "r2";'}, ["set hostname", *RESTART, "adapt d"]),
    ({}, {"globals": "router id 10.0.0.2;"},
     ["set router_id", *RESTART, "adapt d"]),
    ({}, {"globals": "log stderr all;"}, ["set logs"]),
    ({}, {"globals": "debug protocols all; debug channels all;"}, ["set debug_protocols, debug_channels"]),
    ({}, {"globals": "timeformat route iso long;"}, ["set timeformat_route"]),
    ({}, {"globals": 'cli "/tmp/x.ctl";'}, ["set sockets"]),
    ({}, {"level": 2}, ["adapt p", "reload p.ipv4 import"]),
    ({}, {"tables": "ipv4 table more;"}, ["add table more"]),
    ({"tables": "ipv4 table more;"}, {}, ["remove table more"]),
    ({"tables": "ipv4 table more;"}, {"tables": "ipv6 table more;"}, ["remove table more", "add table more"]),
    ({}, {"tables": "ipv4 table master4 sorted;"},
     ["restart p: table master4 is recreated", "remove table master4", "add table master4"]),
    ({}, {"tables": "ipv4 table master4 { trie on; };"},
     ["restart p: table master4 is recreated", "remove table master4", "add table master4"]),
    ({}, {"tables": "ipv4 table master4 { debug all; };"}, []),
    ({}, {"tables": "ipv4 table master4 { gc threshold 500; };"}, []),
]  # fmt: skip

CALLER = (
    "protocol bgp p { local as 1; neighbor 10.0.0.2 as 1; direct;"
    " ipv4 { import filter { bgp_med = level(); accept; }; export all; }; }"
)


def text_of(body: str, **around: Any) -> str:
    """A whole configuration; a device protocol is always there."""
    if "aspa" in body:
        around["tables"] = "aspa table a;"
    head = HEAD.format(**{"globals": "", "tables": "", "level": 1, **around})
    return head + ("" if "protocol device" in body else "protocol device d {}\n") + body


def planned(old: str, new: str) -> list[str]:
    """The plan of a router that has run the first text for a second."""
    world = World(boot)
    node = world.router("r", old)
    world.run(1)
    return str(node.router.reconfiguration.plan(read(new))).splitlines()


@pytest.mark.parametrize(
    ("block", "old", "new", "expected"),
    CASES,
    ids=[f"{block}: {old} -> {new}" for block, old, new, _ in CASES],
)
def test_options(block: str, old: str, new: str, expected: list[str]) -> None:
    body = BLOCKS[block]
    assert planned(text_of(body.format(old)), text_of(body.format(new))) == expected


@pytest.mark.parametrize(("old", "new", "expected"), AROUND)
def test_tables_and_globals(old: dict[str, Any], new: dict[str, Any], expected: list[str]) -> None:
    assert planned(text_of(CALLER, **old), text_of(CALLER, **new)) == expected


def test_there_and_back_is_the_same_kind_of_change() -> None:
    """What adapts one way adapts the other; what restarts, restarts."""
    for block, old, new, expected in CASES:
        if block and expected in (RESTART, ADAPT, IMPORT, EXPORT, BOTH):
            body = BLOCKS[block]
            assert planned(text_of(body.format(new)), text_of(body.format(old))) == expected, (block, new)


# ------------------------------------------------------- every option is there

MODULES = ("pybird.conf.model", *(each.config.__module__ for each in PROTOCOLS if each.instance is not None))
APART_KINDS = {
    "NotRun", "KernelNotRunConfig",  # they are only understood
    "Config", "LogConfig", "SocketConfig", "TimeFormat", "CustomAttribute", "Symbol",  # `AROUND`
    "Suite", "SameMeaning",  # of `pybird test`
}  # fmt: skip


def kinds() -> list[type]:
    """What configurations are made of, of the core and of every protocol that is run."""
    return [
        kind
        for module in map(import_module, MODULES)
        for kind in vars(module).values()
        if isinstance(kind, type)
        and is_dataclass(kind)
        and kind.__module__ == module.__name__
        and kind.__name__ not in APART_KINDS
    ]


# What a reload cannot differ in, and what is not an option of its own.
APART = {
    "ProtocolConfig.type_name", "ProtocolConfig.name", "ProtocolConfig.span",
    "ChannelConfig.name", "ChannelConfig.net_type", "ChannelConfig.span",
    "TableConfig.name", "TableConfig.implicit", "TableConfig.span",
    "BgpConfig.parent", "BgpConfig.number",  # of children
    "BgpConfig.key_on_link",  # follows from others
    "StaticRoute.span", "StaticRoute.net", "StaticVia.bfd",  # ignored, refused
    "InterfacePattern.negative", "Limit.count",
}  # fmt: skip


@cache
def configs() -> tuple[tuple[Config, Config], ...]:
    """Both configurations of every case."""
    pairs = [(BLOCKS[block].format(old), BLOCKS[block].format(new)) for block, old, new, _ in CASES]
    found = [(read(text_of(old)), read(text_of(new))) for old, new in pairs]
    found += [(read(text_of(CALLER, **old)), read(text_of(CALLER, **new))) for old, new, _ in AROUND]
    return tuple(found)


def owner(kind: type, name: str) -> str:
    """The class that declares a field."""
    declaring = [each for each in kind.__mro__ if name in vars(each).get("__annotations__", {})]
    return declaring[0].__name__


def differing(old: Any, new: Any, found: set[str]) -> None:
    """Collect `Class.field` of everything that differs between two values."""
    if isinstance(old, tuple) and isinstance(new, tuple):
        for left, right in zip(old, new, strict=False):
            differing(left, right, found)
        return
    if type(old) is not type(new) or not is_dataclass(old) or isinstance(old, (LogConfig, SocketConfig)):
        return
    for field in fields(old):
        left, right = getattr(old, field.name), getattr(new, field.name)
        if left != right:
            owner = next(
                kind for kind in type(old).__mro__ if field.name in vars(kind).get("__annotations__", {})
            )
            found.add(f"{owner.__name__}.{field.name}")
            differing(left, right, found)


def test_every_option_is_in_a_case() -> None:
    found: set[str] = set()
    for old, new in configs():
        differing(old, new, found)
    wanted = {f"{kind.__name__}.{name}" for kind in kinds() for name in kind.__annotations__}
    missing = sorted(wanted - found - APART)
    assert not missing, ", ".join(missing)
    assert len(CASES) + len(AROUND) >= 60
