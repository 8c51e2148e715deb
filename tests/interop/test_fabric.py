"""A leaf with two spines: equal paths over both, and one spine goes."""

from tests.interop.lab import until
from tests.interop.test_autopeer import give_addresses


def router(number, interfaces='"eth*"'):
    return f"""
router id 192.0.2.{number};
log stderr all;
protocol device {{ }}
protocol static own4 {{ ipv4; route 10.{number}.0.1/32 via "lo"; }}
protocol static own6 {{ ipv6; route 2001:db8:{number}::1/128 via "lo"; }}
protocol kernel kernel4 {{
  merge paths on;
  ipv4 {{ export filter {{ if source != RTS_BGP then reject; krt_prefsrc = 10.{number}.0.1; accept; }}; }};
}}
protocol kernel kernel6 {{
  merge paths on;
  ipv6 {{
    export filter {{ if source != RTS_BGP then reject; krt_prefsrc = 2001:db8:{number}::1; accept; }};
  }};
}}
protocol radv {{ peers {{ }}; interface {interfaces} {{ router discovery yes; max ra interval 4; }}; }}
protocol bgp auto {{
  local as {65000 + number};
  neighbor range fe80::/10 external;
  dynamic name "auto"; dynamic name digits 2;
  peers {{ }};
  ipv4 {{ import all; export all; extended next hop; }};
  ipv6 {{ import all; export all; }};
}}
"""


def test_equal_paths_over_two_spines_and_one_spine_goes(lab):
    names = ("leaf1", "leaf2", "spine1", "spine2")
    leaf1, leaf2, spine1, spine2 = hosts = [lab.host(name) for name in names]
    for number, spine in enumerate((spine1, spine2)):
        lab.wire(leaf1, spine, f"eth{number}", "eth0")
        lab.wire(leaf2, spine, f"eth{number}", "eth1")
    give_addresses(*hosts)
    daemons = [host.pybird(router(number)) for number, host in enumerate(hosts, 1)]
    for daemon in daemons:
        until(lambda d=daemon: len(d.established()) == 2, 20, f"two sessions of {daemon.host.name}")
    until(lambda: leaf1.ip("route", "show", "10.2.0.1").count("nexthop via inet6 fe80::") == 2, 10)
    until(lambda: leaf1.ip("-6", "route", "show", "2001:db8:2::1").count("nexthop via fe80::") == 2, 10)
    for target, source in (("10.2.0.1", "10.1.0.1"), ("2001:db8:2::1", "2001:db8:1::1")):
        until(lambda t=target, s=source: leaf1.ping(t, s), 5, f"ping {target}")
    daemons[2].kill()
    spine1.link("eth0", False)
    spine1.link("eth1", False)
    route = lambda: leaf1.ip("route", "show", "10.2.0.1")  # noqa: E731
    until(lambda: "dev eth1" in route() and "dev eth0" not in route(), 10, "the other spine alone")
    for target, source in (("10.2.0.1", "10.1.0.1"), ("2001:db8:2::1", "2001:db8:1::1")):
        until(lambda t=target, s=source: leaf1.ping(t, s), 5, f"ping {target} without spine1")
