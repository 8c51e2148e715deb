"""`vpn4 multicast` and `vpn6 multicast` between two routers: route distinguishers (RFC 4364, SAFI 129)."""

from pybird.values.net import Prefix
from pybird.values.nets import VpnNet
from pybird.values.scalars import RouteDistinguisher
from tests.scenarios.lab import Lab, read


def text(number: int, options: str = "") -> str:
    return f"""
router id 192.0.2.{number};
vpn4 table v4;
vpn6 table v6;
protocol device {{ }}
protocol static s4 {{ vpn4 {{ table v4; }}; route 65001:{number} 10.7.0.0/16 blackhole; }}
protocol static s6 {{ vpn6 {{ table v6; }}; route 65001:{number} 2001:db8:7::/48 blackhole; }}
protocol bgp x {{
  local 10.0.0.{number} as 6500{number}; neighbor 10.0.0.{3 - number} as 6500{3 - number};
  connect delay time 1; {options}
  vpn4 multicast {{ table v4; import all; export all; add paths; }};
  vpn6 multicast {{ table v6; import all; export all; }};
}}
"""


class Two(Lab):
    """Routers a and b on one cable, up."""

    def __init__(self) -> None:
        super().__init__(dad=None)
        for number, name in enumerate("ab", 1):
            self.router(name, text(number))
        self.link("a", "eth0", "b", "eth0")
        for number, name in enumerate("ab", 1):
            self.nodes[name].host.add_address("eth0", f"10.0.0.{number}/24")
            self.nodes[name].host.add_address("eth0", f"2001:db8::{number}/64")
        both4 = ["65001:1 10.7.0.0/16", "65001:2 10.7.0.0/16"]
        both6 = ["65001:1 2001:db8:7::/48", "65001:2 2001:db8:7::/48"]
        for name in "ab":
            self.expect(lambda name=name: self.nets(name, "v4") == both4, 20, "each has all of vpn4")
            self.expect(lambda name=name: self.nets(name, "v6") == both6, 20, "each has all of vpn6")


def test_one_prefix_of_two_vpns_is_two_networks():
    """RFC 4364, 4.1."""
    lab = Two()
    lab.nodes["b"].router.disable(lab.nodes["b"].router.protocols["s4"])
    lab.run(1)
    assert lab.nets("a", "v4") == ["65001:1 10.7.0.0/16"]
    assert len(lab.nets("a", "v6")) == 2


def test_next_hops_of_vpns_have_no_distinguisher_in_the_table():
    lab = Two()
    key = VpnNet(RouteDistinguisher(65001 << 32 | 2), Prefix.parse("10.7.0.0/16")).key
    (rte,) = lab.nodes["a"].router.tables["v4"].get(key)
    assert [str(each.gateway) for each in rte.hop.nexthops] == ["10.0.0.2"]
    assert str(lab.nodes["a"].router.pool.view(rte.attrs)["bgp_next_hop"]) == "10.0.0.2"


def test_next_hops_of_vpns_are_looked_up_among_unicast_routes():
    """In recursive mode in master4 and master6; the channel's own table has no such routes."""
    lab = Two()
    lab.nodes["a"].router.reconfigure(read(text(1, "multihop 2;") + "protocol direct { ipv4; ipv6; }"))
    lab.until(
        lambda: lab.nodes["a"].router.protocols["x"].config.multihop == 2 and lab.nets("a", "v4") != [], 5
    )
    key = VpnNet(RouteDistinguisher(65001 << 32 | 2), Prefix.parse("10.7.0.0/16")).key
    lab.until(lambda: len(lab.nodes["a"].router.tables["v4"].get(key)) == 1, 60)
    (rte,) = lab.nodes["a"].router.tables["v4"].get(key)
    assert (rte.hop.key.table, [str(each.gateway) for each in rte.hop.nexthops]) == ("master4", ["10.0.0.2"])
