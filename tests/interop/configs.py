"""Configs that the interop tests share; each returns text for one router."""

from __future__ import annotations


def autopeer(
    number: int,
    *,
    asn: int | None = None,
    radv: str = "",
    bgp: str = "",
    peers: str = "peers { };",
    kernel: bool = True,
    debug: str = "",
) -> str:
    """A PyBIRD that peers with whoever it discovers on eth0 and owns 10.N.0.1 and 2001:db8:N::1."""
    fib = (
        f"""
protocol kernel kernel4 {{
  ipv4 {{ export filter {{
    if source != RTS_BGP then reject;
    krt_prefsrc = 10.{number}.0.1;
    accept;
  }}; }};
}}
protocol kernel kernel6 {{
  ipv6 {{ export filter {{
    if source != RTS_BGP then reject;
    krt_prefsrc = 2001:db8:{number}::1;
    accept;
  }}; }};
}}"""
        if kernel
        else ""
    )
    return f"""
router id 192.0.2.{number};
log stderr all;
{debug}
protocol device {{ }}
protocol static own4 {{ ipv4; route 10.{number}.0.1/32 via "lo"; }}
protocol static own6 {{ ipv6; route 2001:db8:{number}::1/128 via "lo"; }}
{fib}
protocol radv {{
  peers {{ }};
  interface "eth0" {{ router discovery yes; {radv} }};
}}
protocol bgp auto {{
  local as {asn or 65000 + number};
  neighbor range fe80::/10 external;
  dynamic name "auto"; dynamic name digits 2;
  {peers}
  {bgp}
  ipv4 {{ import all; export all; extended next hop; }};
  ipv6 {{ import all; export all; }};
}}
"""


def bird_listener(number: int) -> str:
    """Debian's bird2: it sends RAs and takes sessions from fe80::/10, but discovers nobody."""
    return f"""
router id 192.0.2.{number};
log stderr all;
protocol device {{ }}
protocol static own4 {{ ipv4; route 10.{number}.0.1/32 via "lo"; }}
protocol static own6 {{ ipv6; route 2001:db8:{number}::1/128 via "lo"; }}
protocol radv {{ interface "eth0" {{ max ra interval 4; }}; }}
protocol bgp auto {{
  local as {65000 + number};
  neighbor range fe80::/10 external;
  interface "eth0";
  dynamic name "auto";
  ipv4 {{ import all; export all; extended next hop; }};
  ipv6 {{ import all; export all; }};
}}
"""


def bird_autopeer(number: int) -> str:
    """BIRD 2.19 or 3.3 with its own automatic peering."""
    return f"""
router id 192.0.2.{number};
log stderr all;
neighbor table peers;
protocol device {{ }}
protocol static own4 {{ ipv4; route 10.{number}.0.1/32 via "lo"; }}
protocol static own6 {{ ipv6; route 2001:db8:{number}::1/128 via "lo"; }}
protocol radv {{
  neighbors {{ table peers; }};
  interface "eth0" {{ router discovery yes; max ra interval 4; }};
}}
protocol bgp auto {{
  local as {65000 + number};
  neighbor range fe80::/10 external;
  dynamic name "auto"; dynamic name digits 2;
  neighbors {{ table peers; export all; }};
  ipv4 {{ import all; export all; extended next hop; }};
  ipv6 {{ import all; export all; }};
}}
"""


def frr_unnumbered(number: int) -> str:
    """FRR's BGP unnumbered on eth0, announcing the addresses of lo."""
    return f"""
ip prefix-list own4 permit 10.0.0.0/8 le 32
ipv6 prefix-list own6 permit 2001:db8::/32 le 128
route-map own permit 10
 match ip address prefix-list own4
route-map own permit 20
 match ipv6 address prefix-list own6
router bgp {65000 + number}
 bgp router-id 192.0.2.{number}
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
 neighbor eth0 interface remote-as external
 address-family ipv4 unicast
  redistribute connected route-map own
  neighbor eth0 activate
 exit-address-family
 address-family ipv6 unicast
  redistribute connected route-map own
  neighbor eth0 activate
 exit-address-family
"""


# A router with a VRF `red`: one automatic peering in it, another outside of it.
IN_AND_OUT = """
router id 192.0.2.1;
log stderr all;
ipv4 table red4; peer table redpeers; peer table barepeers;
protocol device { }
protocol static red_own { ipv4 { table red4; }; route 10.1.0.0/24 unreachable; }
protocol static own { ipv4; route 10.1.1.0/24 unreachable; }
protocol kernel { vrf "red"; kernel table 100; ipv4 { table red4; export where source = RTS_BGP; }; }
protocol kernel { ipv4 { export where source = RTS_BGP; }; }
protocol radv { vrf "red"; peers { table redpeers; }; interface "eth*" { router discovery yes; }; }
protocol radv { vrf default; peers { table barepeers; }; interface "eth*" { router discovery yes; }; }
template bgp any {
  local as 65001; neighbor range fe80::/10 external; dynamic name digits 2;
}
protocol bgp inside from any {
  vrf "red"; dynamic name "in"; peers { table redpeers; };
  ipv4 { table red4; import all; export all; extended next hop; };
}
protocol bgp outside from any {
  vrf default; dynamic name "out"; peers { table barepeers; };
  ipv4 { import all; export all; extended next hop; };
}
"""
