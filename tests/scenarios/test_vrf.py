"""Automatic peering inside a VRF and outside of it, with the same address on both sides."""

from pybird.values.net import NetType, net_of
from tests.interop.configs import IN_AND_OUT
from tests.scenarios.lab import Lab, read, unnumbered


def between():
    """Router a with b on eth0, inside the VRF, and c on eth1, outside; both are fe80::2."""
    lab = Lab()
    for name, text in (("a", IN_AND_OUT), ("b", None), ("c", None)):
        lab.add(name, text)
    host = lab.nodes["a"].host
    host.add_vrf("red")
    lab.link("a", "eth0", "b", "eth0", (None, "fe80::2"))
    host.set_master("eth0", "red")
    lab.link("a", "eth1", "c", "eth0", (None, "fe80::2"))
    return lab


def nets(lab, table):
    return {net for net in lab.nets("a", table) if not net.startswith("10.1.")}


def test_one_session_inside_and_one_outside():
    lab = between()
    lab.run(6)
    assert sorted(lab.up("a")) == ["in01", "out01"]
    assert nets(lab, "red4") == {"10.2.0.1/32"}
    assert nets(lab, "master4") == {"10.3.0.1/32"}
    assert [len(lab.nets("a", table)) for table in ("redpeers", "barepeers")] == [1, 1]


def test_a_link_that_leaves_the_vrf_has_its_session_outside():
    lab = between()
    lab.run(6)
    lab.nodes["a"].host.set_master("eth0", None)
    lab.run(10)
    assert sorted(lab.up("a")) == ["out01", "out02"]
    assert nets(lab, "red4") == set()
    assert nets(lab, "master4") == {"10.2.0.1/32", "10.3.0.1/32"}
    lab.nodes["a"].host.set_master("eth0", "red")
    lab.run(10)
    assert sorted(lab.up("a")) == ["in01", "out01"]


def test_connections_from_a_link_of_the_vrf_do_not_reach_sessions_outside():
    """The neighbor connects by itself, discovered or not."""
    lab = Lab()
    lab.add(
        "a",
        IN_AND_OUT.replace(
            "peers { table redpeers; }; interface", "peers { table redpeers; import none; }; interface"
        ),
    )
    lab.add("b", unnumbered(2))
    lab.nodes["a"].host.add_vrf("red")
    lab.link("a", "eth0", "b", "eth0")
    lab.nodes["a"].host.set_master("eth0", "red")
    lab.run(10)
    assert lab.up("a") == ["in01"]


# ------------------------------------------------ addresses that are there twice

TWICE = """
router id 192.0.2.1;
ipv4 table red4;
protocol device {{ }}
protocol static inside {{ {vrf} ipv4 {{ table red4; }};
  route 10.1.0.0/16 via 10.0.0.2; route 10.2.0.0/16 via 10.0.0.2%eth1; route 10.3.0.0/16 via "eth1"; }}
protocol static outside {{ vrf default; ipv4; route 10.1.0.0/16 via 10.0.0.2; }}
protocol static anywhere {{ ipv4 {{ table red4; }}; route 10.4.0.0/16 via 10.0.1.2; }}
protocol bgp b {{ {vrf} local 10.0.0.1 as 65001; neighbor 10.0.0.2 as 65002; connect delay time 1;
  connect retry time 2; error wait time 1, 2; ipv4 {{ table red4; import all; export all; }}; }}
"""
NEIGHBOR = """
router id 192.0.2.{0};
protocol device {{ }}
protocol static own {{ ipv4; route 10.{0}.9.0/24 blackhole; }}
protocol bgp a {{ local 10.0.0.2 as 6500{0}; neighbor 10.0.0.1 as 65001; connect delay time 1;
  connect retry time 2; error wait time 1, 2; ipv4 {{ import all; export all; }}; }}
"""


def twice(vrf='vrf "red";', inside="eth0", outside="eth1"):
    """a with b inside the VRF, and c outside; both links have the same addresses."""
    lab = Lab(dad=None)
    lab.router("a", TWICE.format(vrf=vrf))
    lab.router("b", NEIGHBOR.format(2))
    lab.router("c", NEIGHBOR.format(3))
    host = lab.nodes["a"].host
    host.add_vrf("red")
    for name, link in sorted((("b", inside), ("c", outside)), key=lambda pair: pair[1]):
        lab.link("a", link, name, "eth0")
        lab.nodes[name].host.add_address("eth0", "10.0.0.2/24")
        if link == inside:
            host.set_master(link, "red")
        host.add_address(link, "10.0.0.1/24")
    return lab


def ways(lab, table, net):
    router = lab.nodes["a"].router
    for key in router.tables[table].keys():  # noqa: SIM118
        if str(net_of(NetType.IP4, key)) == net:
            return [way.ifname for way in router.tables[table].get(key)[0].hop.nexthops]
    return None


def test_gateways_of_static_routes_are_searched_in_their_vrf_alone():
    """As in BIRD: an interface that is written is used wherever it is."""
    lab = twice()
    lab.run(2)
    assert ways(lab, "red4", "10.1.0.0/16") == ["eth0"]
    assert ways(lab, "master4", "10.1.0.0/16") == ["eth1"]
    assert [ways(lab, "red4", net) for net in ("10.2.0.0/16", "10.3.0.0/16")] == [["eth1"], ["eth1"]]
    lab.nodes["a"].host.set_master("eth0", None)
    lab.run(1)
    assert ways(lab, "red4", "10.1.0.0/16") is None
    lab.nodes["a"].host.set_master("eth0", "red")
    lab.run(1)
    assert ways(lab, "red4", "10.1.0.0/16") == ["eth0"]


def test_a_session_of_a_vrf_is_on_its_link_though_the_network_is_outside_as_well():
    """The link outside is the first one that has the neighbor's network."""
    lab = twice(inside="eth1", outside="eth0")
    lab.expect(lambda: lab.nets("a", "red4"), 5, "static routes")
    assert lab.nodes["a"].router.protocols["b"].reach.ifname == "eth1"
    lab = twice()
    lab.expect(lambda: "10.2.9.0/24" in lab.nets("a", "red4"), 30, "routes of the neighbor")
    assert ways(lab, "red4", "10.2.9.0/24") == ["eth0"]


def test_another_vrf_restarts_the_protocol():
    lab = twice()
    lab.run(2)
    router = lab.nodes["a"].router
    router.reconfigure(read(TWICE.format(vrf="vrf default;")))
    lab.run(2)
    assert ways(lab, "red4", "10.1.0.0/16") == ["eth1"]


def test_a_vrf_that_is_not_there_is_named():
    lab = twice('vrf "blue";')
    lab.run(8)
    assert ways(lab, "red4", "10.1.0.0/16") is None
    peer = lab.nodes["a"].router.protocols["b"]
    assert peer.reach.obstacle == "no VRF blue"
    assert lab.nets("a", "master4") == ["10.1.0.0/16"]
