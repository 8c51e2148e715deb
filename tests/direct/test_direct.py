from pybird.core.ports import Link, LinkAddress
from pybird.proto import PROTOCOLS
from pybird.values.address import Address
from pybird.values.net import net_of
from tests.conf.loading import load
from tests.core.world import World

LO = Link(1, "lo", True, loopback=True)
ETH0 = Link(2, "eth0", True)
ETH1 = Link(3, "eth1", True)


def address(ifindex: int, text: str, **options) -> LinkAddress:
    own, _, length = text.partition("/")
    return LinkAddress(ifindex, Address.parse(own), int(length), **options)


OWN = address(2, "192.0.2.1/24")


def config(options: str = "ipv4; ipv6;", more: str = "") -> str:
    return f"""
    router id 1.1.1.1;
    ipv6 sadr table sadr6;
    {more}
    protocol device {{ scan time 0; }}
    protocol direct d {{ {options} }}
    """


def start(options: str = "ipv4; ipv6;", more: str = "") -> World:
    world = World(*PROTOCOLS)
    for link in (LO, ETH0, ETH1):
        world.kernel.link(link)
    world.kernel.address(address(1, "127.0.0.1/8"))
    world.kernel.address(address(1, "::1/128"))
    world.kernel.address(OWN)
    world.kernel.address(address(3, "fe80::1/64"))
    world.router.configure(load(config(options, more)))
    world.clock.run()
    return world


def routes(world: World, table: str = "master4") -> list[str]:
    """`NET IFNAME…` of every network, in order."""
    found = world.router.tables[table]
    shown = []
    for key in sorted(found.keys()):
        ways = [rte.hop.nexthops[0].ifname for rte in found.get(key)]
        shown.append(" ".join([str(net_of(found.net_type, key)), *ways]))
    return shown


def test_every_address_makes_a_route_of_its_network():
    world = start()
    world.kernel.address(address(1, "10.9.9.9/32"))
    world.kernel.address(address(3, "2001:db8:1::1/64"))
    world.clock.run()
    assert routes(world) == ["192.0.2.0/24 eth0", "10.9.9.9/32 lo"]
    assert routes(world, "master6") == ["2001:db8:1::/64 eth1"]
    best = world.router.tables["master4"].best(OWN.prefix.key)
    assert (best.preference, best.source.kind, best.hop.nexthops[0].gateway) == (240, 3, None)


def test_the_other_end_of_a_point_to_point_link_is_routed():
    world = start()
    far = Address.parse("10.7.0.2")
    world.kernel.address(address(3, "10.7.0.1/32", opposite=far))
    world.clock.run()
    assert routes(world) == ["192.0.2.0/24 eth0", "10.7.0.2/32 eth1"]


def test_two_interfaces_on_one_network_have_a_route_each():
    world = start()
    world.kernel.address(address(3, "192.0.2.2/24"))
    world.kernel.address(address(2, "192.0.2.3/24"))  # the same network again: nothing new
    world.clock.run()
    assert routes(world) == ["192.0.2.0/24 eth0 eth1"]
    world.kernel.no_address(OWN)
    world.clock.run()
    assert routes(world) == ["192.0.2.0/24 eth0 eth1"]
    world.kernel.no_address(address(2, "192.0.2.3/24"))
    world.clock.run()
    assert routes(world) == ["192.0.2.0/24 eth1"]


def test_interfaces_that_come_and_go_leave_nothing_behind():
    world = start()
    channel = world["d"].channels["ipv4"]
    before = len(channel.sources)
    for index in range(10, 20):
        world.kernel.link(Link(index, f"veth{index}", True))
        world.kernel.address(address(index, f"10.{index}.0.1/24"))
        world.clock.run()
        assert len(channel.sources) == before + 1
        for watcher in world.kernel.watchers:
            watcher.link_removed(index)
        world.clock.run()
    assert len(channel.sources) == before
    assert routes(world) == ["192.0.2.0/24 eth0"]


def test_a_tentative_address_makes_no_route():
    world = start()
    world.kernel.address(address(3, "2001:db8:1::1/64", tentative=True))
    world.clock.run()
    assert routes(world, "master6") == []
    world.kernel.address(address(3, "2001:db8:1::1/64"))
    world.clock.run()
    assert routes(world, "master6") == ["2001:db8:1::/64 eth1"]


def test_carrier_matters_only_with_check_link():
    for option, there in (("", ["192.0.2.0/24 eth0"]), ("check link;", [])):
        world = start(f"ipv4; {option}")
        world.kernel.link(Link(2, "eth0", False, admin_up=True))
        world.clock.run()
        assert routes(world) == there
        world.kernel.link(Link(2, "eth0", False, admin_up=False))
        world.clock.run()
        assert routes(world) == []
        world.kernel.link(ETH0)
        world.clock.run()
        assert routes(world) == ["192.0.2.0/24 eth0"]


def test_patterns_choose_interfaces_and_addresses():
    for patterns, expected in (
        ('"eth1"', ["198.51.100.0/24 eth1"]),
        ('-"eth1", "*"', ["192.0.2.0/24 eth0", "203.0.113.0/24 eth0"]),
        ('"eth0" 203.0.113.0/24', ["203.0.113.0/24 eth0"]),
        ('-"eth*" 203.0.113.0/24, "*"', ["192.0.2.0/24 eth0", "198.51.100.0/24 eth1"]),
    ):
        world = start(f"ipv4; interface {patterns};")
        world.kernel.address(address(3, "198.51.100.1/24"))
        world.kernel.address(address(2, "203.0.113.1/24"))
        world.clock.run()
        assert sorted(routes(world)) == expected, patterns


def test_only_interfaces_of_its_vrf_count():
    for vrf, expected in (('"red"', ["198.51.100.0/24 eth1"]), ("default", ["192.0.2.0/24 eth0"])):
        world = start(f"ipv4; vrf {vrf};")
        world.kernel.link(Link(9, "red", True))
        world.kernel.link(Link(3, "eth1", True, master=9))
        world.kernel.address(address(3, "198.51.100.1/24"))
        world.clock.run()
        assert routes(world) == expected


def test_an_interface_that_leaves_its_vrf_takes_its_routes():
    world = start('ipv4; vrf "red";')
    world.kernel.link(Link(9, "red", True))
    world.kernel.link(Link(3, "eth1", True, master=9))
    world.kernel.address(address(3, "198.51.100.1/24"))
    world.clock.run()
    assert routes(world) == ["198.51.100.0/24 eth1"]
    world.kernel.link(ETH1)
    world.clock.run()
    assert routes(world) == []


def test_sadr_routes_hold_for_every_source():
    world = start("ipv6 sadr;")
    world.kernel.address(address(3, "2001:db8:1::1/64"))
    world.clock.run()
    assert routes(world, "sadr6") == ["2001:db8:1::/64 from ::/0 eth1"]


def test_a_renamed_interface_keeps_its_routes_under_the_new_name():
    world = start()
    before = world.router.tables["master4"].best(OWN.prefix.key)
    world.clock.run(10)
    world.kernel.link(Link(2, "lan", True))
    world.clock.run()
    assert routes(world) == ["192.0.2.0/24 lan"]
    assert world.router.tables["master4"].best(OWN.prefix.key).time == before.time


def test_an_interface_that_leaves_takes_its_routes():
    world = start()
    for watcher in world.kernel.watchers:
        watcher.link_removed(2)
    world.clock.run()
    assert routes(world) == []


def test_a_route_the_filter_refuses_comes_with_the_next_filter():
    world = start("ipv4 { import none; };")
    assert routes(world) == []
    instance = world["d"]
    world.router.reconfigure(load(config("ipv4 { import all; preference 7; };")))
    world.clock.run()
    assert world["d"] is instance
    assert routes(world) == ["192.0.2.0/24 eth0"]
    assert world.router.tables["master4"].best(OWN.prefix.key).preference == 7


def test_patterns_and_channels_change_live():
    world = start("ipv4;")
    world.kernel.address(address(3, "198.51.100.1/24"))
    world.kernel.address(address(3, "2001:db8:1::1/64"))
    world.clock.run()
    instance, before = world["d"], world.router.tables["master4"].best(OWN.prefix.key)
    world.router.reconfigure(load(config('ipv4; ipv6; interface "eth0";')))
    world.clock.run()
    assert world["d"] is instance
    assert world.router.tables["master4"].best(OWN.prefix.key) is before
    assert (routes(world), routes(world, "master6")) == (["192.0.2.0/24 eth0"], [])
    world.router.reconfigure(load(config("ipv6;")))
    world.clock.run()
    assert (routes(world), routes(world, "master6")) == ([], ["2001:db8:1::/64 eth1"])


def test_disabling_and_enabling():
    world = start()
    world.router.disable(world["d"])
    world.clock.run()
    assert routes(world) == []
    world.router.enable(world["d"])
    world.clock.run()
    assert routes(world) == ["192.0.2.0/24 eth0"]
