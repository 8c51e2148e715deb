"""Routes of VPNs without labels between PyBIRD and BIRD (RFC 4364, RFC 4659, SAFI 129)."""

import pytest

from tests.interop.lab import until

TARGET = "(rt, 65001, 100)"


def nets(number):
    """The networks of one router, as both show them."""
    return f"65001:{number} 10.7.0.0/16", f"65001:{number} 2001:db8:7::/48"


def config(number):
    own4, own6 = nets(number)
    return f"""
router id 192.0.2.{number};
log stderr all;
vpn4 table v4;
vpn6 table v6;
protocol device {{ }}
protocol static s4 {{
  vpn4 {{ table v4; }};
  route {own4} unreachable {{ bgp_ext_community.add({TARGET}); }};
}}
protocol static s6 {{ vpn6 {{ table v6; }}; route {own6} unreachable; }}
protocol bgp peer {{
  local 10.0.0.{number} as 6500{number};
  neighbor 10.0.0.{3 - number} as 6500{3 - number};
  connect delay time 1; connect retry time 2; error wait time 1, 4;
  ipv4 {{ import all; export all; }};
  vpn4 multicast {{ table v4; import all; export all; }};
  vpn6 multicast {{ table v6; import all; export all; }};
}}
"""


@pytest.mark.peer("bird")
def test_bird(lab, birds):
    """The same prefix in two VPNs; next hops of 12 and 48 octets, route targets, withdrawals."""
    a, b = lab.pair()
    for number, host in ((1, a), (2, b)):
        host.address(f"10.0.0.{number}/24", "eth0")
        host.address(f"2001:db8::{number}/64", "eth0")
    daemons = {1: a.pybird(config(1)), 2: b.bird(config(2), birds)}
    until(daemons[1].established, 20)
    for number, daemon in daemons.items():
        other = 3 - number
        hops = (f"10.0.0.{other}", f"2001:db8::{other}")
        for table, net, hop in zip(("v4", "v6"), nets(other), hops, strict=True):
            until(lambda daemon=daemon, table=table, net=net: net in daemon.routes(f"table {table}"), 10)
            assert f"via {hop} on eth0" in daemon.routes(f"table {table} protocol peer")
            assert nets(number)[table == "v6"] in daemon.routes(f"table {table}")
        assert TARGET in daemon.routes("table v4 protocol peer all")
        assert daemon.cli("show protocols all peer").count("ipv4 vpn4-mc vpn6-mc") == 2
    daemons[2].cli("disable s4")
    until(lambda: nets(2)[0] not in daemons[1].routes("table v4"), 10)
    daemons[1].cli("disable s6")
    until(lambda: nets(1)[1] not in daemons[2].routes("table v6"), 10)
    assert nets(2)[1] in daemons[1].routes("table v6")
