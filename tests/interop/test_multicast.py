"""Routes for multicast between PyBIRD and BIRD (RFC 4760, SAFI 2)."""

import pytest

from tests.interop.lab import until

TABLES = ("master4", "mc4", "mc6")


def config(number):
    """Each has a route of its own in the tables of both multicast families, and in that of unicast."""
    return f"""
router id 192.0.2.{number};
log stderr all;
ipv4 table mc4;
ipv6 table mc6;
protocol device {{ }}
protocol static u4 {{ ipv4; route 10.{number}.0.0/16 unreachable; }}
protocol static m4 {{ ipv4 {{ table mc4; }}; route 10.9{number}.0.0/16 unreachable; }}
protocol static m6 {{ ipv6 {{ table mc6; }}; route 2001:db8:9{number}::/48 unreachable; }}
protocol bgp peer {{
  local 10.0.0.{number} as 6500{number};
  neighbor 10.0.0.{3 - number} as 6500{3 - number};
  connect delay time 1; connect retry time 2; error wait time 1, 4;
  ipv4 {{ import all; export all; }};
  ipv4 multicast {{ table mc4; import all; export all; }};
  ipv6 multicast {{ table mc6; import all; export all; }};
}}
"""


@pytest.mark.peer("bird")
def test_bird(lab, birds):
    a, b = lab.pair()
    for number, host in ((1, a), (2, b)):
        host.address(f"10.0.0.{number}/24", "eth0")
        host.address(f"2001:db8::{number}/64", "eth0")
    daemons = {1: a.pybird(config(1)), 2: b.bird(config(2), birds)}
    until(daemons[1].established, 20)
    for number, daemon in daemons.items():
        other = 3 - number
        wanted = (f"10.{other}.0.0/16", f"10.9{other}.0.0/16", f"2001:db8:9{other}::/48")
        for table, net in zip(TABLES, wanted, strict=True):
            until(lambda daemon=daemon, table=table, net=net: net in daemon.routes(f"table {table}"), 10)
        assert f"10.9{other}" not in daemon.routes("table master4")
        assert f"via 10.0.0.{other} on eth0" in daemon.routes(f"table mc4 10.9{other}.0.0/16")
        assert f"via 2001:db8::{other} on eth0" in daemon.routes(f"table mc6 2001:db8:9{other}::/48")
        assert daemon.cli("show protocols all peer").count("ipv4 ipv4-mc ipv6-mc") == 2
    daemons[2].cli("disable m4")
    until(lambda: "10.92.0.0/16" not in daemons[1].routes("table mc4"), 10)
    daemons[1].cli("disable m6")
    until(lambda: "2001:db8:91::/48" not in daemons[2].routes("table mc6"), 10)
    assert "2001:db8:92::/48" in daemons[1].routes("table mc6")
