import pytest

from pybird.core.ports import Link, LinkAddress
from pybird.proto import PROTOCOLS
from pybird.values.address import Address
from pybird.values.net import Prefix
from pybird.values.route import Dest
from tests.conf.loading import load
from tests.core.world import World, key

ETH0 = Link(2, "eth0", True)
ETH1 = Link(3, "eth1", True)
OWN = LinkAddress(2, Address.parse("192.0.2.1"), 24)
OWN_1 = LinkAddress(3, Address.parse("198.51.100.1"), 24)


def start(text: str, *routes: str) -> World:
    world = World(*PROTOCOLS)
    world.kernel.link(ETH0)
    world.kernel.link(ETH1)
    world.kernel.address(OWN)
    world.kernel.address(OWN_1)
    world.router.configure(load(config(text, *routes)))
    world.clock.run()
    return world


def config(text: str, *routes: str) -> str:
    return f"""
    router id 1.1.1.1;
    protocol device {{ scan time 0; }}
    {text}
    protocol static s {{ ipv4; {" ".join([f"route {route};" for route in routes])} }}
    """


def best(world: World, net: str, table: str = "master4"):
    return world.router.tables[table].best(key(net))


def ways(world: World, net: str) -> list[str]:
    found = best(world, net)
    return [] if found is None else [f"{way.gateway} {way.ifname} {way.weight}" for way in found.hop.nexthops]


def test_every_kind_of_target():
    world = start(
        "",
        "10.1.0.0/16 via 192.0.2.9",
        '10.2.0.0/16 via "eth1"',
        "10.3.0.0/16 blackhole",
        "10.4.0.0/16 unreachable",
        "10.5.0.0/16 prohibit",
        "10.6.0.0/16 via 192.0.2.8 weight 2 via 198.51.100.9 weight 3",
        "10.7.0.0/16 via 203.0.113.1",
        '10.8.0.0/16 via 203.0.113.1 dev "eth1" onlink',
    )
    assert ways(world, "10.1.0.0/16") == ["192.0.2.9 eth0 1"]
    assert ways(world, "10.2.0.0/16") == ["None eth1 1"]
    dests = [best(world, f"10.{at}.0.0/16").hop.dest for at in (3, 4, 5)]
    assert dests == [Dest.BLACKHOLE, Dest.UNREACHABLE, Dest.PROHIBIT]
    assert ways(world, "10.6.0.0/16") == ["198.51.100.9 eth1 3", "192.0.2.8 eth0 2"]
    assert best(world, "10.7.0.0/16") is None
    assert ways(world, "10.8.0.0/16") == ["203.0.113.1 eth1 1"]
    assert world["s"].channels["ipv4"].imported == 7
    assert best(world, "10.3.0.0/16").preference == 200


def test_a_route_comes_and_goes_with_its_interface():
    world = start("", "10.1.0.0/16 via 192.0.2.9")
    world.kernel.link(Link(2, "eth0", False, admin_up=False))
    world.clock.run()
    assert best(world, "10.1.0.0/16") is None
    world.kernel.link(ETH0)
    world.clock.run()
    assert ways(world, "10.1.0.0/16") == ["192.0.2.9 eth0 1"]
    world.kernel.no_address(OWN)
    world.clock.run()
    assert best(world, "10.1.0.0/16") is None


def test_carrier_matters_only_with_check_link():
    for option, there in (("", True), ("check link;", False)):
        world = start("")
        text = config("", '10.1.0.0/16 via "eth0"').replace("static s {", "static s { " + option)
        world.router.reconfigure(load(text))
        world.kernel.link(Link(2, "eth0", False, admin_up=True))
        world.clock.run()
        assert (best(world, "10.1.0.0/16") is not None) is there


def test_a_way_that_dies_leaves_the_multipath_route():
    world = start("", "10.6.0.0/16 via 192.0.2.8 via 198.51.100.9")
    before = best(world, "10.6.0.0/16")
    world.kernel.link(Link(3, "eth1", False, admin_up=False))
    world.clock.run()
    after = best(world, "10.6.0.0/16")
    assert ways(world, "10.6.0.0/16") == ["192.0.2.8 eth0 1"]
    assert after is not before
    assert after.time == before.time


def test_a_renamed_interface_is_followed():
    world = start("", "10.1.0.0/16 via 192.0.2.9", '10.2.0.0/16 via "eth0"')
    world.kernel.link(Link(2, "lan", True))
    world.clock.run()
    assert ways(world, "10.1.0.0/16") == ["192.0.2.9 lan 1"]
    assert best(world, "10.2.0.0/16") is None


def test_a_recursive_route_follows_the_route_to_its_address():
    world = start(
        "ipv4 table inner; protocol static i { ipv4 { table inner; }; route 203.0.113.0/24 via 192.0.2.9; }",
        "10.1.0.0/16 recursive 203.0.113.7",
    )
    assert best(world, "10.1.0.0/16").hop.dest is Dest.UNREACHABLE
    text = """
      ipv4 table inner; protocol static i { ipv4 { table inner; }; route 203.0.113.0/24 via 192.0.2.9; }
      protocol static s { ipv4; igp table inner; route 10.1.0.0/16 recursive 203.0.113.7; }
    """
    world.router.reconfigure(load("router id 1.1.1.1; protocol device { scan time 0; }" + text))
    world.clock.run()
    assert ways(world, "10.1.0.0/16") == ["192.0.2.9 eth0 1"]
    world.router.reconfigure(
        load(
            "router id 1.1.1.1; protocol device { scan time 0; }" + text.replace("192.0.2.9", "198.51.100.3")
        )
    )
    world.clock.run()
    assert ways(world, "10.1.0.0/16") == ["198.51.100.3 eth1 1"]
    world.router.disable(world["i"])
    world.clock.run()
    assert best(world, "10.1.0.0/16").hop.dest is Dest.UNREACHABLE
    assert not best(world, "10.1.0.0/16").hop.resolvable


def test_a_block_sets_attributes_of_one_route():
    world = start(
        "", "10.1.0.0/16 blackhole { preference = 77; krt_prefsrc = 192.0.2.1; }", "10.2.0.0/16 blackhole"
    )
    route = best(world, "10.1.0.0/16")
    assert route.preference == 77
    assert dict(route.attrs.other) == {"krt_prefsrc": Address.parse("192.0.2.1")}
    assert best(world, "10.2.0.0/16").preference == 200


def test_a_reload_touches_only_what_differs():
    world = start("", "10.1.0.0/16 blackhole", "10.2.0.0/16 blackhole", "10.3.0.0/16 via 192.0.2.9")
    instance, first = world["s"], best(world, "10.1.0.0/16")
    world.clock.run(10)
    world.router.reconfigure(
        load(config("", "10.1.0.0/16 blackhole", "10.2.0.0/16 prohibit", "10.4.0.0/16 blackhole"))
    )
    world.clock.run()
    assert world["s"] is instance
    assert best(world, "10.1.0.0/16") is first
    assert best(world, "10.2.0.0/16").hop.dest is Dest.PROHIBIT
    assert best(world, "10.3.0.0/16") is None
    assert best(world, "10.4.0.0/16").time == world.clock.now()


def test_an_import_filter_change_is_applied_without_a_restart():
    world = start("", "10.1.0.0/16 blackhole", "10.2.0.0/16 blackhole")
    instance = world["s"]
    text = config("", "10.1.0.0/16 blackhole", "10.2.0.0/16 blackhole")
    world.router.reconfigure(
        load(text.replace("ipv4;", "ipv4 { import where net != 10.1.0.0/16; preference 50; };"))
    )
    world.clock.run()
    assert world["s"] is instance
    assert best(world, "10.1.0.0/16") is None
    assert best(world, "10.2.0.0/16").preference == 50


def test_routes_of_other_types():
    text = """
      roa4 table r4; aspa table at; neighbor table peers;
      protocol static roas { roa4; route 10.0.0.0/8 max 16 as 65001; }
      protocol static aspas { aspa; route aspa 65001 providers 65002, 65003; }
      protocol static near { neighbors; route neighbor fe80::1 % 2; }
    """
    world = start(text)
    tables = world.router.tables
    assert [tables[name].net_count for name in ("r4", "at", "peers")] == [1, 1, 1]
    (aspa,) = tables["at"].get(next(tables["at"].keys()))
    assert dict(aspa.attrs.other)["aspa_providers"].items == (65002, 65003)


def test_filters_ask_roa_tables():
    text = """
      roa4 table r4;
      protocol static roas { roa4; route 10.0.0.0/8 max 16 as 65001; route 11.0.0.0/8 max 8 as 65002; }
      protocol static asked { ipv4 { import filter {
          preference = 1;
          if roa_check(r4, net, 65001) = ROA_VALID then preference = 2;
          if roa_check(r4, net, 65001) = ROA_INVALID then preference = 3;
          accept; }; };
        route 10.0.0.0/16 blackhole; route 10.0.0.0/24 blackhole; route 12.0.0.0/8 blackhole; }
    """
    world = start(text)
    nets = ["10.0.0.0/16", "10.0.0.0/24", "12.0.0.0/8"]
    assert [best(world, net).preference for net in nets] == [2, 3, 1]
    lookup = world.router.lookup
    assert lookup.roa_check("r4", Prefix.parse("11.0.0.0/8"), 65002) == 1
    world.router.disable(world["roas"])
    world.clock.run()
    assert lookup.roa_check("r4", Prefix.parse("11.0.0.0/8"), 65002) == 0


@pytest.mark.parametrize(
    "gateway",
    ["127.0.0.1", "127.0.0.9", '127.0.0.1 dev "eth0" onlink', "::1", "224.0.0.1",
     '224.0.0.1 dev "eth0" onlink', "0.0.0.0", '0.0.0.9 dev "eth0" onlink',
     '255.255.255.255 dev "eth0" onlink', "fe80::9",
     "fe80::1", '::2 dev "eth0" onlink', '::1:0:0 dev "eth0" onlink', "ff02::1%eth0", "192.0.2.9 onlink"],
)  # fmt: skip
def test_a_gateway_that_no_neighbor_can_be_is_dormant_and_told(gateway):
    world = start("")
    for own in ("127.0.0.1", "::1", "fe80::1"):
        address = Address.parse(own)
        world.kernel.address(LinkAddress(2, address, 8 if address.is_v4 else 64))
    world.router.reconfigure(load(config("", f"10.1.0.0/16 via {gateway} via 192.0.2.9")))
    world.clock.run()
    assert ways(world, "10.1.0.0/16") == ["192.0.2.9 eth0 1"]
    text = f"Invalid next hop {gateway.split()[0].partition('%')[0]} of static route 10.1.0.0/16"
    assert [line for line in world.log.lines if "Invalid" in line] == [f"<warning> {text}"]


@pytest.mark.parametrize("gateway", ["240.0.0.1", "1.0.0.1", "::192.0.2.7", "0:0:0:1::1", "fe80::9"])
def test_an_unusual_gateway_that_a_neighbor_can_be_is_taken(gateway):
    world = start("", f'10.1.0.0/16 via {gateway} dev "eth0" onlink')
    assert ways(world, "10.1.0.0/16") == [f"{gateway.replace('0:0:0:1::1', '::1:0:0:0:1')} eth0 1"]


@pytest.mark.parametrize(
    ("block", "preference"),
    [
        ("reject;", 200),
        ("preference = 7; reject; preference = 9;", 7),
        ("preference = 7; accept; preference = 9;", 7),
        ("preference = 8; preference = 10 / (preference - 8); preference = 9;", 8),
        ("if net = 10.1.0.0/16 then preference = 6; reject;", 6),
    ],
)
def test_a_block_that_rejects_keeps_the_route_as_it_is_then(block, preference):
    world = start("", f"10.1.0.0/16 via 192.0.2.9 {{ {block} }}")
    assert best(world, "10.1.0.0/16").preference == preference
