"""`ipv4 mpls` and `vpn6 mpls` between two routers: networks with labels (RFC 8277)."""

from pybird.values.net import Prefix
from tests.scenarios.lab import Lab

NET = Prefix.parse("10.7.2.0/24").key


def text(number: int) -> str:
    return f"""
router id 192.0.2.{number};
ipv4 table l4;
vpn6 table v6;
protocol device {{ }}
protocol static s4 {{ ipv4 {{ table l4; }}; route 10.7.{number}.0/24 blackhole; }}
protocol static s6 {{ vpn6 {{ table v6; }}; route 65001:{number} 2001:db8:7::/48 blackhole; }}
protocol bgp x {{
  local 10.0.0.{number} as 6500{number}; neighbor 10.0.0.{3 - number} as 6500{3 - number};
  connect delay time 1;
  ipv4 mpls {{ table l4; import all; export all; add paths; }};
  vpn6 mpls {{ table v6; import all; export all; }};
}}
"""


def test_routes_with_labels_are_exchanged_and_withdrawn():
    """Each announces its own network with implicit null (RFC 8277, 2; RFC 3032, 2.1)."""
    lab = Lab(dad=None)
    for number, name in enumerate("ab", 1):
        lab.router(name, text(number))
    lab.link("a", "eth0", "b", "eth0")
    for number, name in enumerate("ab", 1):
        lab.nodes[name].host.add_address("eth0", f"10.0.0.{number}/24")
        lab.nodes[name].host.add_address("eth0", f"2001:db8::{number}/64")
    lab.expect(lambda: lab.nets("a", "l4") == ["10.7.1.0/24", "10.7.2.0/24"], 20, "routes of the neighbor")
    lab.expect(lambda: len(lab.nets("a", "v6")) == 2, 20, "routes of the neighbor's VPN")
    router = lab.nodes["a"].router
    (rte,) = router.tables["l4"].get(NET)
    assert str(router.pool.view(rte.attrs)["bgp_mpls_label_stack"].items) == "(3,)"
    assert [(str(each.gateway), each.labels) for each in rte.hop.nexthops] == [("10.0.0.2", ())]
    for protocol in ("s4", "s6"):
        lab.nodes["b"].router.disable(lab.nodes["b"].router.protocols[protocol])
    lab.run(1)
    assert lab.nets("a", "l4") == ["10.7.1.0/24"]
    assert lab.nets("a", "v6") == ["65001:1 2001:db8:7::/48"]
