"""Flow specifications between PyBIRD and BIRD (RFC 8955, RFC 8956)."""

import pytest

from tests.interop.lab import until

RATE = "(generic, 0x80060000, 0x47c35000)"


def flows(number):
    """The flows of one router, as both show them."""
    return (
        f"flow4 {{ dst 10.{number}.0.0/16; proto 6; dport 80..90,443; }}",
        f"flow6 {{ dst 2001:db8:{number}::/48; next header 17; }}",
    )


def config(number):
    own4, own6 = flows(number)
    return f"""
router id 192.0.2.{number};
log stderr all;
flow4 table f4;
flow6 table f6;
protocol device {{ }}
protocol static s4 {{ flow4 {{ table f4; }}; route {own4} {{ bgp_ext_community.add({RATE}); }}; }}
protocol static s6 {{ flow6 {{ table f6; }}; route {own6}; }}
protocol bgp peer {{
  local 10.0.0.{number} as 6500{number};
  neighbor 10.0.0.{3 - number} as 6500{3 - number};
  connect delay time 1; connect retry time 2; error wait time 1, 4;
  ipv4 {{ import all; export all; }};
  flow4 {{ table f4; import all; export all; }};
  flow6 {{ table f6; import all; export all; }};
}}
"""


@pytest.mark.peer("bird")
def test_bird(lab, birds):
    a, b = lab.pair()
    for number, host in ((1, a), (2, b)):
        host.address(f"10.0.0.{number}/24", "eth0")
    daemons = {1: a.pybird(config(1)), 2: b.bird(config(2), birds)}
    until(daemons[1].established, 20)
    for number, daemon in daemons.items():
        for table, net in zip(("f4", "f6"), flows(3 - number), strict=True):
            until(lambda daemon=daemon, table=table, net=net: net in daemon.routes(f"table {table}"), 10)
        assert RATE in daemon.routes("table f4 protocol peer all")
        assert daemon.cli("show protocols all peer").count("ipv4 flow4 flow6") == 2
    daemons[2].cli("disable s4")
    until(lambda: flows(2)[0] not in daemons[1].routes("table f4"), 10)
    daemons[1].cli("disable s6")
    until(lambda: flows(1)[1] not in daemons[2].routes("table f6"), 10)
    assert flows(2)[1] in daemons[1].routes("table f6")
