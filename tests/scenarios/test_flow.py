"""Flow specifications between routers: RFC 8955, RFC 8956."""

from tests.scenarios.lab import Lab, read
from tests.scenarios.test_crash import ask

F4 = "flow4 { dst 10.7.0.0/16; src 10.8.0.0/24; proto 6; dport 80..90,443; }"
F6 = "flow6 { dst 2001:db8:7::/48; next header 17; label 5; }"
RATE = "(generic, 0x80060000, 0x47c35000)"


def text(number: int, routes: str = "", options: str = "", imports: str = "all") -> str:
    return f"""
router id 192.0.2.{number};
flow4 table f4;
flow6 table f6;
protocol device {{ }}
{routes}
protocol bgp x {{
  local 10.0.0.{number} as 6500{number}; neighbor 10.0.0.{3 - number} as 6500{3 - number};
  connect delay time 1;
  ipv4 {{ import all; export all; }};
  flow4 {{ table f4; import {imports}; export all; {options} }};
  flow6 {{ table f6; import all; export all; }};
}}
"""


ROUTES = f"""
protocol static s4 {{ flow4 {{ table f4; }}; route {F4} {{ bgp_ext_community.add({RATE}); }}; }}
protocol static s6 {{ flow6 {{ table f6; }}; route {F6}; }}
"""


class Two(Lab):
    """Routers a and b on one cable, up; b has the flows."""

    def __init__(self, **changes: str) -> None:
        super().__init__(dad=None)
        self.router("a", text(1, **changes))
        self.router("b", text(2, ROUTES))
        self.link("a", "eth0", "b", "eth0")
        for number, name in enumerate("ab", 1):
            self.nodes[name].host.add_address("eth0", f"10.0.0.{number}/24")
        self.run(20)


def test_static_flows_are_sent_to_neighbors_with_their_actions():
    """RFC 8955, 4 and 7; RFC 8956. They have no next hop, and go with their session."""
    lab = Two()
    assert lab.nets("a", "f4") == [F4]
    assert lab.nets("a", "f6") == [F6]
    shown = ask(lab, "show route table f4 all")
    assert f"BGP.ext_community: {RATE}" in shown
    assert "next_hop" not in shown
    lab.nodes["b"].router.disable(lab.nodes["b"].router.protocols["s4"])
    lab.run(1)
    assert (lab.nets("a", "f4"), lab.nets("a", "f6")) == ([], [F6])
    lab.nodes["b"].router.disable(lab.nodes["b"].router.protocols["x"])
    lab.run(1)
    assert lab.nets("a", "f6") == []


def test_filters_see_the_parts_of_a_flow_and_its_actions():
    lab = Two(imports="where net.dst = 10.7.0.0/16 && net.src ~ [10.8.0.0/16+]")
    assert lab.nets("a", "f4") == [F4]
    lab.nodes["a"].router.reconfigure(read(text(1, imports=f"where {RATE} !~ bgp_ext_community")))
    lab.run(1)
    assert lab.nets("a", "f4") == []
