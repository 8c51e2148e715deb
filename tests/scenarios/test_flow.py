"""Flow specifications between routers: RFC 8955, RFC 8956."""

import json

from pybird.cli.control import Console
from pybird.cli.registry import commands
from pybird.proto import PROTOCOLS
from pybird.values.net import net_of
from pybird.values.route import Dest
from tests.cli.fakes import FakeStream
from tests.scenarios.lab import Lab, language, read
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


VALIDATED = """
router id 192.0.2.1;
ipv4 table master4 {{ trie on; }};
flow4 table f4;
protocol device {{ }}
protocol bgp b {{
  local 10.0.0.1 as 65001; neighbor 10.0.0.2 as 65002; connect delay time 1;
  ipv4 {{ import all; export none; }};
  flow4 {{ table f4; import all; export none; {options} }};
}}
protocol bgp c {{
  local 10.0.1.1 as 65001; neighbor 10.0.1.2 as 65003; connect delay time 1;
  ipv4 {{ import all; export none; }};
  flow4 {{ table f4; import all; export all; }};
}}
"""
SENDER = """
router id 192.0.2.{number};
flow4 table f4;
protocol device {{ }}
protocol static s4 {{ ipv4; {routes} }}
protocol static flows {{ flow4 {{ table f4; }}; {flows} }}
protocol bgp x {{
  local 10.0.{link}.2 as 6500{number}; neighbor 10.0.{link}.1 as 65001; connect delay time 1;
  ipv4 {{ import none; export all; }};
  flow4 {{ table f4; import all; export where source = RTS_STATIC; }};
}}
"""
DST = "flow4 { dst 10.7.0.0/16; }"


class Three(Lab):
    """Router a validates the flows of b; c has a more specific route."""

    def __init__(self, options: str = "validate;") -> None:
        super().__init__(dad=None)
        self.router("a", VALIDATED.format(options=options))
        flows = f"route {DST}; route flow4 {{ proto 6; }};"
        self.router("b", SENDER.format(number=2, link=0, routes="route 10.7.0.0/16 blackhole;", flows=flows))
        self.router("c", SENDER.format(number=3, link=1, routes="route 10.7.7.0/24 blackhole;", flows=""))
        self.link("a", "eth0", "b", "eth0")
        self.link("a", "eth1", "c", "eth0")
        for link, name in enumerate("bc"):
            self.nodes["a"].host.add_address(f"eth{link}", f"10.0.{link}.1/24")
            self.nodes[name].host.add_address("eth0", f"10.0.{link}.2/24")
        self.run(20)
        self.switch("c", "s4", False)

    def switch(self, name: str, protocol: str, on: bool) -> None:
        router = self.nodes[name].router
        (router.enable if on else router.disable)(router.protocols[protocol])
        self.run(2)

    def configure(self, options: str) -> None:
        self.nodes["a"].router.reconfigure(read(VALIDATED.format(options=options)))
        self.run(2)

    def valid(self) -> list[str]:
        """The flows that a holds to be valid."""
        table = self.nodes["a"].router.tables["f4"]
        best = {str(net_of(table.net_type, key)): table.get(key)[0] for key in table.keys()}  # noqa: SIM118
        return [net for net, rte in best.items() if rte.hop.dest is Dest.NONE]


def test_a_flow_is_valid_while_its_sender_has_the_best_route_for_its_destination():
    """RFC 9117, 4.1 b. One without a destination never is. It is asked again when routes change."""
    lab = Three()
    assert len(lab.nets("a", "f4")) == 2
    assert lab.valid() == [DST]
    assert lab.nets("c", "f4") == [DST]
    lab.switch("b", "s4", False)
    assert lab.valid() == []
    assert lab.nets("c", "f4") == []
    assert f"{DST} unreachable [b" in ask(lab, "show route table f4")
    lab.switch("b", "s4", True)
    assert (lab.valid(), lab.nets("c", "f4")) == ([DST], [DST])
    assert "a flow without a destination is not valid" in ask(lab, "show route refused")


def test_a_more_specific_route_of_another_as_makes_a_flow_invalid():
    """RFC 8955, 6 c."""
    lab = Three()
    lab.switch("c", "s4", True)
    assert lab.valid() == []
    lab.switch("c", "s4", False)
    assert lab.valid() == [DST]


def test_validation_is_switched_on_and_off_while_the_session_runs():
    lab = Three("")
    lab.switch("b", "s4", False)
    assert len(lab.valid()) == 2
    lab.configure("validate;")
    assert lab.valid() == []
    assert lab.nodes["a"].router.protocols["b"].bgp_state == "Established"
    lab.switch("b", "s4", True)
    assert lab.valid() == [DST]
    lab.configure("")
    assert len(lab.valid()) == 2


def test_a_flow_without_components_is_a_route_like_others():
    """BIRD takes it, too: whoever passes it on does not reset our session."""
    lab = Two()
    flows = "protocol static s4 { flow4 { table f4; }; route flow4 { }; }"
    lab.nodes["b"].router.reconfigure(read(text(2, flows)))
    lab.run(2)
    assert lab.nets("a", "f4") == ["flow4 { }"]
    lab.nodes["b"].router.disable(lab.nodes["b"].router.protocols["s4"])
    lab.run(2)
    assert lab.nets("a", "f4") == []
    assert lab.nodes["a"].router.protocols["x"].bgp_state == "Established"


def reasons(lab: Three) -> dict[str, str]:
    """What JSON says of the flows of a that are not valid."""
    router = lab.nodes["a"].router
    console = Console(router, commands(PROTOCOLS), language(), read, lambda graceful: None)
    stream = FakeStream()
    session = console.open(stream)
    session.received(b"output json\nshow route table f4\n")
    lab.run(2)
    rows = [
        json.loads(line[line.index("{") :]) for line in stream.taken().splitlines() if "route_row" in line
    ]
    session.closed(None)
    return {row["net"]: row["reason"] for row in rows if row["reason"]}


def test_json_says_why_a_flow_is_not_valid():
    """The reason of now, whatever it was when the flow came."""
    lab = Three()
    other = {"flow4 { proto 6; }": "a flow without a destination"}
    assert reasons(lab) == other
    lab.switch("b", "s4", False)
    assert reasons(lab) == {DST: "no unicast route for its destination", **other}
    lab.switch("b", "s4", True)
    lab.switch("c", "s4", True)
    assert reasons(lab) == {DST: "10.7.7.0/24 is from another AS", **other}
