from dataclasses import replace
from unittest.mock import patch

import pytest

from pybird.conf.model import InterfacePattern
from pybird.core.forwarding.interfaces import InterfaceEvent, Interfaces, matches, name_matches
from pybird.core.forwarding.neighbors import Neighbors
from pybird.core.ports import Link, LinkAddress
from pybird.proto import PROTOCOLS
from pybird.values.address import Address
from pybird.values.net import Prefix
from pybird.values.route import Dest
from tests.conf.loading import load
from tests.core.world import World, key, peer

ETH0 = Link(2, "eth0", True)
LL = LinkAddress(2, Address.parse("fe80::1"), 64)
V4 = LinkAddress(2, Address.parse("192.0.2.1"), 24)


class Ear:
    def __init__(self, interfaces: Interfaces) -> None:
        self.heard: list[str] = []
        interfaces.listen(self)

    def interface_event(self, event: InterfaceEvent) -> None:
        address = f" {event.address.address}" if event.address is not None else ""
        self.heard.append(f"{event.kind} {event.interface.name}{address}")

    def take(self) -> list[str]:
        heard, self.heard = self.heard, []
        return heard


def known() -> tuple[Interfaces, Ear]:
    interfaces = Interfaces()
    ear = Ear(interfaces)
    interfaces.link_changed(ETH0)
    ear.take()
    return interfaces, ear


def test_links_come_change_and_go():
    interfaces = Interfaces()
    ear = Ear(interfaces)
    interfaces.link_changed(ETH0)
    interfaces.link_changed(ETH0)
    interfaces.link_changed(replace(ETH0, mtu=9000))
    interfaces.link_changed(replace(ETH0, mtu=9000, up=False))
    interfaces.link_changed(replace(ETH0, name="lan"))
    assert ear.take() == ["added eth0", "up eth0", "changed eth0", "down eth0", "renamed lan", "up lan"]
    interfaces.address_changed(V4)
    interfaces.link_removed(2)
    assert ear.take() == ["address lan 192.0.2.1", "down lan", "address-removed lan 192.0.2.1", "removed lan"]
    assert interfaces.by_index == {}


def test_an_address_counts_when_it_is_tentative_no_more():
    interfaces, ear = known()
    interfaces.address_changed(replace(LL, tentative=True))
    assert ear.take() == []
    assert interfaces.by_index[2].link_local() is None
    interfaces.address_changed(LL)
    assert ear.take() == ["address eth0 fe80::1"]
    assert interfaces.by_index[2].link_local() == LL.address
    interfaces.address_changed(LL)
    assert ear.take() == []
    interfaces.address_removed(LL)
    assert ear.take() == ["address-removed eth0 fe80::1"]


def test_an_address_that_vanishes_while_tentative_is_not_told():
    interfaces, ear = known()
    interfaces.address_changed(replace(LL, tentative=True))
    interfaces.address_removed(LL)
    assert ear.take() == []


def test_an_address_that_is_tentative_again_counts_no_more():
    """Its link came back, and duplicate address detection begins anew (RFC 4862, 5.4)."""
    interfaces, ear = known()
    interfaces.address_changed(LL)
    ear.take()
    interfaces.address_changed(replace(LL, tentative=True))
    assert ear.take() == ["address-removed eth0 fe80::1"]
    assert interfaces.by_index[2].link_local() is None
    interfaces.address_changed(replace(LL, tentative=True))
    assert ear.take() == []
    interfaces.address_changed(LL)
    assert ear.take() == ["address eth0 fe80::1"]


def test_a_link_that_comes_up_by_its_first_message_is_told_as_up_and_one_that_is_down_is_not():
    interfaces = Interfaces()
    ear = Ear(interfaces)
    interfaces.link_changed(replace(ETH0, up=False))
    assert ear.take() == ["added eth0"]
    interfaces.link_removed(2)
    assert ear.take() == ["removed eth0"], "it was never up"


def test_who_stops_listening_hears_nothing_more_not_even_of_the_event_that_runs():
    interfaces = Interfaces()
    second = []

    class Jealous:
        def interface_event(self, event):
            interfaces.unlisten(other)

    class Other:
        def interface_event(self, event):
            second.append(event)

    interfaces.listen(Jealous())
    other = Other()
    interfaces.listen(other)
    interfaces.link_changed(ETH0)
    assert second == []


def test_one_address_with_two_lengths_is_two():
    """`ip address add` of the new length, then `del` of the old one."""
    interfaces, ear = known()
    wide = replace(V4, length=16)
    eth0 = interfaces.by_index[2]
    interfaces.address_changed(V4)
    interfaces.address_changed(wide)
    assert [own.length for own in eth0.ready_addresses()] == [24, 16]
    ear.take()
    interfaces.address_removed(V4)
    assert ear.take() == ["address-removed eth0 192.0.2.1"]
    assert eth0.has(V4.address)
    assert eth0.preferred(v4=True) == wide
    assert eth0.on_link(Address.parse("192.0.3.1"))
    interfaces.address_removed(wide)
    assert not eth0.has(V4.address)


@pytest.mark.parametrize(
    ("mask", "name", "expected"),
    [
        ("eth*", "eth0", True),
        ("eth*", "eth", True),
        ("eth?", "eth", False),
        ("e*0", "eth10", True),
        ("*", "", True),
        ("eth0", "eth01", False),
        ("*.10?", "bond0.101", True),
        ("[ab]", "a", False),
    ],
)
def test_masks(mask, name, expected):
    assert name_matches(mask, name) is expected


def test_the_first_matching_pattern_decides():
    interfaces, _ = known()
    interfaces.address_changed(V4)
    eth0 = interfaces.by_index[2]
    not_eth, star = InterfacePattern("eth*", None, True), InterfacePattern("*")
    inside = InterfacePattern(None, Prefix.parse("192.0.2.0/24"))
    outside = InterfacePattern("*", Prefix.parse("10.0.0.0/8"))
    assert not matches((not_eth, star), eth0)
    assert matches((star, not_eth), eth0)
    assert matches((inside,), eth0)
    assert not matches((outside,), eth0)
    assert not matches((), eth0)


def test_a_tentative_address_matches_no_pattern():
    interfaces, _ = known()
    interfaces.address_changed(replace(LL, tentative=True))
    inside = InterfacePattern(None, Prefix.parse("fe80::/10"))
    assert not matches((inside,), interfaces.by_index[2])
    interfaces.address_changed(LL)
    assert matches((inside,), interfaces.by_index[2])


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        ("192.0.2.1/24", "192.0.2.254", True),
        ("192.0.2.1/24", "192.0.2.0", False),
        ("192.0.2.1/24", "192.0.2.255", False),
        ("192.0.2.1/24", "192.0.3.1", False),
        ("192.0.2.2/31", "192.0.2.3", True),
        ("192.0.2.1/30", "192.0.2.3", False),
        ("2001:db8::1/64", "2001:db8::", True),
    ],
)
def test_the_first_and_the_last_address_of_a_network_are_nobodys_unless_there_are_only_two(
    own, other, expected
):
    interfaces, _ = known()
    address, _, length = own.partition("/")
    interfaces.address_changed(LinkAddress(2, Address.parse(address), int(length)))
    assert interfaces.by_index[2].on_link(Address.parse(other)) is expected


def test_a_secondary_address_is_not_preferred():
    interfaces, _ = known()
    interfaces.address_changed(replace(V4, secondary=True))
    assert interfaces.by_index[2].preferred(v4=True) is None
    interfaces.address_changed(replace(V4, address=Address.parse("192.0.2.7")))
    assert interfaces.by_index[2].preferred(v4=True).address == Address.parse("192.0.2.7")


def test_the_router_id_comes_from_an_interface_that_is_up():
    interfaces, _ = known()
    interfaces.address_changed(V4)
    assert interfaces.lowest_v4() == V4.address
    interfaces.link_changed(replace(ETH0, up=False, admin_up=False))
    assert interfaces.lowest_v4() is None


def test_vrf_membership_is_the_masters():
    interfaces, _ = known()
    interfaces.link_changed(Link(9, "red", True))
    interfaces.link_changed(replace(ETH0, master=9))
    eth0 = interfaces.by_index[2]
    asked = [interfaces.in_vrf(eth0, name) for name in ("red", "blue", "default", None)]
    assert asked == [True, False, False, True]


def test_a_neighbor_is_reachable_on_link_on_an_interface_that_is_up():
    interfaces, _ = known()
    neighbors = Neighbors(interfaces)
    assert neighbors.find(Address.parse("192.0.2.9")) is None
    interfaces.address_changed(V4)
    assert neighbors.find(Address.parse("192.0.2.9")) is interfaces.by_index[2]
    assert neighbors.find(Address.parse("192.0.2.1")) is None  # our own
    assert neighbors.find(Address.parse("fe80::2")) is None  # on which link?
    interfaces.link_changed(replace(ETH0, up=False))
    assert neighbors.find(Address.parse("192.0.2.9")) is None
    assert neighbors.find(Address.parse("192.0.2.9"), check_link=False) is interfaces.by_index[2]


def test_the_longest_prefix_and_the_other_end_of_a_link_win():
    interfaces, _ = known()
    interfaces.link_changed(Link(3, "eth1", True))
    interfaces.link_changed(Link(4, "ptp", True, point_to_point=True))
    interfaces.address_changed(V4)
    interfaces.address_changed(LinkAddress(3, Address.parse("192.0.2.129"), 25))
    far = Address.parse("192.0.2.200")
    interfaces.address_changed(LinkAddress(4, Address.parse("10.0.0.1"), 32, opposite=far))
    neighbors = Neighbors(interfaces)
    assert neighbors.find(Address.parse("192.0.2.130")).name == "eth1"
    assert neighbors.find(far).name == "ptp"


def device_world(text: str = "") -> World:
    world = World(*PROTOCOLS)
    world.kernel.link(Link(1, "lo", True, loopback=True))
    world.kernel.link(ETH0)
    world.kernel.address(LinkAddress(1, Address.parse("203.0.113.1"), 32))
    world.kernel.address(V4)
    world.kernel.address(replace(V4, address=Address.parse("192.0.2.7")))
    world.router.configure(load(f"protocol device {{ scan time 10; }} {text}"))
    world.clock.run()
    return world


def test_the_router_id_is_the_lowest_address_not_on_loopback():
    assert device_world().router.router_id == Address.parse("192.0.2.1").value
    assert device_world('router id from "lo";').router.router_id == Address.parse("203.0.113.1").value
    assert device_world("router id 9.9.9.9;").router.router_id == Address.parse("9.9.9.9").value


def test_a_router_without_address_waits_for_one():
    world = World(*PROTOCOLS)
    world.router.configure(load("protocol device {}"))
    assert "<error> Cannot determine router ID, please configure it manually" in world.log.lines
    world.kernel.link(ETH0)
    world.kernel.address(V4)
    assert world.router.router_id == V4.address.value


def test_a_scan_finds_what_events_did_not_tell():
    world = device_world()
    del world.kernel.link_list[2]
    world.kernel.address_list.clear()
    world.kernel.link_list[5] = Link(5, "new", True)
    world.clock.run(10)
    assert [interface.name for interface in world.router.interfaces] == ["lo", "new"]
    assert world.router.interfaces.by_index[1].addresses == {}


def test_an_overflow_scans_at_once():
    world = device_world()
    world.kernel.link_list[5] = Link(5, "new", True)
    world["device1"].overflow()
    assert world.router.interfaces.named("new") is not None


def test_what_changes_while_it_is_read_takes_nothing_away_and_is_read_again():
    world = device_world()
    torn = InterruptedError(4, "Changed each time it was read")
    with patch.object(world.kernel, "addresses", side_effect=torn):
        world.kernel.link_list[5] = Link(5, "new", True)
        world["device1"].overflow()
        world.clock.run(3)
        assert world["device1"].state.value == "up"
        assert world.router.interfaces.by_index[2].addresses
        assert world.router.interfaces.named("new") is None
    world.clock.run(1)
    assert world.router.interfaces.named("new") is not None
    assert world.router.interfaces.by_index[2].addresses


def test_preferred_addresses():
    world = device_world()
    eth0 = world.router.interfaces.by_index[2]
    assert eth0.preferred(v4=True).address == V4.address
    world.router.reconfigure(load('protocol device { interface "eth*" { preferred 192.0.2.7; }; }'))
    assert eth0.preferred(v4=True).address == Address.parse("192.0.2.7")


def test_a_gateway_entry_is_shared_and_follows_its_interface():
    world = device_world()
    hops = world.router.hops
    gateway = Address.parse("fe80::9")
    hop = hops.gateway(gateway, 2)
    assert hops.gateway(gateway, 2) is hop
    assert hops.gateway(gateway, 3) is not hop
    assert (hop.dest, hop.resolvable, hop.version) == (Dest.UNICAST, True, 1)
    world.kernel.link(replace(ETH0, up=False))
    assert (hop.dest, hop.resolvable, hop.version) == (Dest.UNREACHABLE, False, 2)
    assert not hops.gateway(Address.parse("10.9.9.9")).resolvable
    assert hops.gateway(Address.parse("10.9.9.9"), 2, onlink=True).resolvable is False
    world.kernel.link(ETH0)
    assert hops.gateway(Address.parse("10.9.9.9"), 2, onlink=True).resolvable


def test_routes_over_a_dead_gateway_lose():
    world = World()
    world.load(peer("a"), peer("b"), peer("c"))
    interfaces, hops = world.router.interfaces, world.router.hops
    interfaces.link_changed(ETH0)
    interfaces.link_changed(Link(3, "eth1", True))
    one, two = hops.device(2), hops.device(3)
    world["a"].announce("10.0.0.0/8", "10.1.0.0/16", hop=one)
    world["b"].announce("10.0.0.0/8", hop=two)
    world.clock.run()
    assert world["c"].got[key("10.0.0.0/8")][1] == "a"
    interfaces.link_changed(replace(ETH0, up=False))
    world.clock.run()
    assert world["c"].got[key("10.0.0.0/8")][1] == "b"
    assert world["c"].got[key("10.1.0.0/16")][2] == ()
    interfaces.link_changed(ETH0)
    world.clock.run()
    assert world["c"].got[key("10.0.0.0/8")][1] == "a"
    (new,) = {id(world.router.tables["master4"].best(key(n))) for n in ("10.0.0.0/8", "10.1.0.0/16")}
    assert new


def test_a_filter_may_set_a_gateway():
    world = World(*PROTOCOLS)
    world.kernel.link(ETH0)
    world.kernel.address(V4)
    text = """
      protocol device {}
      protocol static s { ipv4 { import filter { gw = 192.0.2.9; accept; }; }; route 10.0.0.0/8 blackhole; }
    """
    world.router.configure(load(text))
    (best,) = world.router.tables["master4"].get(Prefix.parse("10.0.0.0/8").key)
    assert best.hop.nexthops[0].ifname == "eth0"
    assert best.hop is world.router.hops.gateway(Address.parse("192.0.2.9"))
