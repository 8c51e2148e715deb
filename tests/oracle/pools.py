"""What random programs are made of: small pools of constants, the simplest first, and what has which type."""

from __future__ import annotations

INTS = ["0", "1", "2", "3", "5", "24", "100", "200", "65000", "65535", "65536", "0xFFFFFFFF", "4200000000"]
SMALL = ["0", "1", "2", "3", "5", "24", "100", "65000", "65535"]
IPS = ["1.2.3.4", "10.0.0.1", "10.1.2.3", "0.0.0.0", "255.255.255.255", "::", "2001:db8::1", "fe80::1"]
V4 = ["1.2.3.4", "10.0.0.1", "10.1.2.3", "0.0.0.0"]
PREFIXES = [
    "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.128/25", "0.0.0.0/0", "192.168.0.0/16", "1.2.3.4/32",
    "2001:db8::/32", "2001:db8:1::/48", "::/0", "fe80::/10",
]  # fmt: skip
OTHER_NETS = [
    "(10:20 10.0.0.0/8)",
    "(10:21 10.1.0.0/16)",
    "(10.0.0.0/8 max 24 as 10)",
    "(1.2.3.4/32 max 32 as 0)",
    "(2001:db8::/32 from 2001:db8:1::/48)",
    "(2001:db8:1::/48 from ::/0)",
    "(flow4 { dst 10.0.0.0/8; })",
    "(flow4 { dst 10.1.0.0/16; proto 6; })",
    "(flow4 { src 10.0.0.0/8; })",
    "(flow6 { dst 2001:db8::/32; })",
]
LATER_NETS = [  # not of Debian's BIRD
    "(evpn imet 10:20 100 1.2.3.4)",
    "(evpn imet 10:20 100 2001:db8::1)",
    "(evpn mac 10:20 100 01:02:03:04:05:06 *)",
    "(evpn mac 10:20 100 01:02:03:04:05:06 1.2.3.4)",
    "(evpn ead 10:20 100 00:01:02:03:04:05:06:07:08:09)",
    "(evpn es 10:20 00:01:02:03:04:05:06:07:08:09 1.2.3.4)",
    "(eth 01:02:03:04:05:06 vlan 5)",
    "(eth 01:02:03:04:05:06)",
]
RDS = ["10:20", "0:10:20", "2:10:20", "1.2.3.4:20", "70000:20"]
STRINGS = ['"abc"', '"a"', '""', '"hello world"', '"a*b"', '"B"', '"ab"']
PATTERNS = ['"a*"', '"*b*"', '"?"', '"*"', '"abc"', r'"a\*b"', '""', '"h*d"', '"a?"']
ENUMS = {
    "enum rts": ["RTS_STATIC", "RTS_BGP", "RTS_PIPE", "RTS_DEVICE"],
    "enum bgp_origin": ["ORIGIN_IGP", "ORIGIN_EGP", "ORIGIN_INCOMPLETE"],
    "enum roa": ["ROA_UNKNOWN", "ROA_VALID", "ROA_INVALID"],
    "enum net_type": ["NET_IP4", "NET_IP6", "NET_VPN4", "NET_ROA4", "NET_FLOW4"],
    "enum rtd": ["RTD_UNICAST", "RTD_BLACKHOLE", "RTD_UNREACHABLE", "RTD_PROHIBIT"],
}
ATTRIBUTES = {
    "bgp_med": "int", "bgp_path": "bgppath", "bgp_community": "clist", "bgp_local_pref": "int",
    "bgp_origin": "enum bgp_origin", "bgp_ext_community": "eclist", "bgp_large_community": "lclist",
    "bgp_originator_id": "quad", "bgp_cluster_list": "clist", "bgp_next_hop": "ip", "ospf_metric1": "int",
    "ospf_router_id": "quad", "rip_tag": "int", "krt_prefsrc": "ip", "krt_realm": "int", "preference": "int",
    "gw": "ip", "ifname": "string", "weight": "int", "dest": "enum rtd", "from": "ip", "igp_metric": "int",
}  # fmt: skip
ALWAYS_THERE = ("preference", "gw", "ifname", "weight", "dest", "ifindex", "proto", "source")
READ_ONLY = {"ifindex": "int", "proto": "string", "source": "enum rts"}
# What setting these takes: an address on link, an interface, ...; more is a run-time error.
SETTINGS = {
    "preference": ["1", "150", "65535"],
    "gw": ["192.0.2.77", "192.0.2.78", "2001:db8:9::77"],
    "ifname": ['"d1"', '"d0"'],
    "weight": ["1", "5", "256"] * 4 + ["0", "257", "4294967295"],
    "dest": ["RTD_BLACKHOLE", "RTD_UNREACHABLE", "RTD_PROHIBIT"] * 4 + ["RTD_UNICAST"],
}
# No `unset` of these.
STAYING = ("preference", "gw", "ifname", "weight", "dest", "from")
# Of later BIRDs than Debian's; the second part is of BIRD 3.
CUSTOM = {
    "my_int": "int", "my_ip": "ip", "my_quad": "quad", "my_list": "clist", "my_path": "bgppath",
    "my_large": "lclist", "my_extended": "eclist", "my_string": "string", "my_bytes": "bytestring",
}  # fmt: skip
CUSTOM_3 = {"my_bool": "bool", "my_pair": "pair", "my_prefix": "prefix", "my_ec": "ec"}  # it cuts "lc"
SCALARS = ["int", "bool", "pair", "quad", "ip", "prefix", "ec", "lc", "rd", "string"]
LISTS = {"bgppath": "int", "clist": "pair", "eclist": "ec", "lclist": "lc"}
SETS = ["int set", "pair set", "prefix set", "ec set", "lc set", "ip set"]
DECLARED = [*SCALARS, *LISTS, *SETS]
# Members of sets. Debian's BIRD keeps those that overlap apart, later ones merge them.
DISJOINT = {
    "int": ["1", "2..5", "100", "65000..65535", "(3 + 3)", "0", "4200000000..0xFFFFFFFF"],
    "pair": ["(1,2)", "(4,*)", "(2..3,100)", "(65000,1..100)", "(6..7,*)", "(0,0)..(0,5)"],
    "ip": ["1.2.3.4", "10.0.0.0..10.255.255.255", "::", "2001:db8::..2001:db8::ffff"],
    "ec": ["(rt,1,2)", "(rt,10,*)", "(ro,1,0..100)", "(rt,70000,*)", "(ro,65000,5)"],
    "lc": ["(1,2,3)", "(0,1..5,*)", "(65000,1,0..100)", "(2,2,3)..(5,0,0)"],
    "rd": ["10:20", "70000:1..70000:30"],  # later BIRDs order them by their last part,
}
OVERLAPPING = {
    "int": ["3", "4..8", "0..0xFFFFFFFF"],
    "pair": ["(1,*)", "(1..2,5)", "(1..2,5..7)", "(0,0)..(1,5)", "(1..2,*)"],
    "ip": ["10.1.2.3", "1.2.3.0..1.2.3.255"],
    "ec": ["(rt,1,*)", "(rt,10,0..5)"],
    "lc": ["(1,*,*)", "(1,2,3)..(5,0,0)", "(1..5,*,*)"],
    "rd": ["10:0..10:100"],
}
