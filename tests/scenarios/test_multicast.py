"""`ipv4 multicast` and `ipv6 multicast` between two routers: RFC 4760 with SAFI 2, beside unicast."""

from pybird.proto.bgp.wire.messages import RouteRefresh
from pybird.values.net import Prefix
from tests.scenarios.lab import Lab, read

TABLES = {
    "master4": ["10.1.0.0/16", "10.2.0.0/16"],
    "master6": ["2001:db8:1::/48", "2001:db8:2::/48"],
    "mc4": ["10.91.0.0/16", "10.92.0.0/16"],
    "mc6": ["2001:db8:91::/48", "2001:db8:92::/48"],
}


def text(number: int, options: str = "", imports: str = "all", table: str = "table mc4;") -> str:
    """A router with a route of its own in each of four tables, and a channel for each."""
    return f"""
router id 192.0.2.{number};
ipv4 table mc4;
ipv6 table mc6;
protocol device {{ }}
protocol static u4 {{ ipv4; route 10.{number}.0.0/16 blackhole; }}
protocol static u6 {{ ipv6; route 2001:db8:{number}::/48 blackhole; }}
protocol static m4 {{ ipv4 {{ table mc4; }}; route 10.9{number}.0.0/16 blackhole; }}
protocol static m6 {{ ipv6 {{ table mc6; }}; route 2001:db8:9{number}::/48 blackhole; }}
protocol bgp x {{
  local 10.0.0.{number} as 6500{number}; neighbor 10.0.0.{3 - number} as 6500{3 - number};
  connect delay time 1;
  ipv4 {{ import all; export all; }};
  ipv6 {{ import all; export all; }};
  ipv4 multicast {{ {table} import {imports}; export all; {options} }};
  ipv6 multicast {{ table mc6; import all; export all; }};
}}
"""


class Two(Lab):
    """Routers a and b on one cable, up."""

    def __init__(self, options: str = "") -> None:
        super().__init__(dad=None)
        for number, name in enumerate("ab", 1):
            self.router(name, text(number, options))
        self.link("a", "eth0", "b", "eth0")
        for number, name in enumerate("ab", 1):
            self.nodes[name].host.add_address("eth0", f"10.0.0.{number}/24")
            self.nodes[name].host.add_address("eth0", f"2001:db8::{number}/64")
        self.expect(lambda: self.tables("a") == self.tables("b") == TABLES, 20, "each has all routes")

    def tables(self, name: str) -> dict[str, list[str]]:
        return {table: self.nets(name, table) for table in TABLES}

    def configure(self, name: str, **changes: str) -> None:
        self.nodes[name].router.reconfigure(read(text(1 if name == "a" else 2, **changes)))
        self.run(1)


def test_each_family_has_routes_of_its_own():
    lab = Two()
    lab.nodes["b"].router.disable(lab.nodes["b"].router.protocols["m4"])
    lab.run(1)
    assert lab.tables("a") == TABLES | {"mc4": ["10.91.0.0/16"]}
    lab.nodes["b"].router.disable(lab.nodes["b"].router.protocols["u6"])
    lab.run(1)
    assert lab.tables("a") == TABLES | {"mc4": ["10.91.0.0/16"], "master6": ["2001:db8:1::/48"]}


def test_a_new_import_filter_asks_for_the_routes_of_its_family_alone():
    lab = Two()
    peer = lab.nodes["b"].router.protocols["x"]
    asked: list[RouteRefresh] = []
    refresh = peer.session_channels.refresh
    peer.session_channels.refresh = lambda message: (asked.append(message), refresh(message))
    lab.configure("a", imports="none")
    assert [(each.afi, each.safi) for each in asked] == [(1, 2)]
    assert lab.tables("a") == TABLES | {"mc4": ["10.91.0.0/16"]}
    lab.configure("a")
    assert lab.tables("a") == TABLES


def test_an_import_table_serves_its_family():
    lab = Two("import table;")
    asked: list[RouteRefresh] = []
    lab.nodes["b"].router.protocols["x"].session_channels.refresh = asked.append
    for imports, nets in (("none", ["10.91.0.0/16"]), ("all", TABLES["mc4"])):
        lab.configure("a", imports=imports, options="import table;")
        assert lab.nets("a", "mc4") == nets
    assert asked == []


def test_of_two_families_in_one_table_each_has_a_route_to_a_network():
    """Without `table` multicast routes are in the table of unicast ones; BIRD 3 ends when they meet."""
    lab = Two()
    lab.configure("a", table="")
    key = Prefix.parse("10.2.0.0/16").key
    lab.configure("b", table="")
    table = lab.nodes["a"].router.tables["master4"]
    lab.until(lambda: len(table.get(key)) == 2, 60)
    assert {rte.source.owner.name for rte in table.get(key)} == {"ipv4", "ipv4-mc"}
    lab.configure("b")
    lab.until(lambda: len(table.get(key)) == 1, 60)
    assert [rte.source.owner.name for rte in table.get(key)] == ["ipv4"]


def test_multicast_routes_of_ipv4_have_its_next_hops():
    """In MP_REACH, as there is no other place for them."""
    lab = Two()
    (rte,) = lab.nodes["a"].router.tables["mc4"].get(Prefix.parse("10.92.0.0/16").key)
    assert [str(each.gateway) for each in rte.hop.nexthops] == ["10.0.0.2"]


def test_answers_and_logs_have_birds_names_of_the_channels():
    lab = Two("debug { routes };")
    channels = lab.nodes["a"].router.protocols["x"].channels
    assert {name: channel.name for name, channel in channels.items()} == {
        "ipv4": "ipv4",
        "ipv6": "ipv6",
        "ipv4 multicast": "ipv4-mc",
        "ipv6 multicast": "ipv6-mc",
    }
    assert [line for line in lab.log if line.text.startswith("x.ipv4-mc > added [best] 10.92.0.0/16")]
