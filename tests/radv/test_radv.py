from dataclasses import replace
from unittest.mock import patch

from pybird.conf.model import InterfacePattern, Limit
from pybird.core.life import ProtocolState, StopReason
from pybird.core.ports import Icmp6Packet
from pybird.core.selection import Selection
from pybird.filter.nodes import ACCEPT
from pybird.proto.radv.config import RaPrefix
from pybird.proto.radv.messages import ALL_NODES, Advertisement, RouteInformation, decode_ra
from pybird.sim.network import SimNetwork
from pybird.values.address import Address
from pybird.values.enums import RaPreference
from pybird.values.net import NetType, Prefix
from pybird.values.route import UNREACHABLE, RouteSource, Rte
from tests.radv.lab import PEERS, config, instance, lan, peer_key, peers, radv

DAD = (1.4, 1.9)
R1, R2, R3 = "fe80::1:2%2", "fe80::2:2%2", "fe80::3:2%2"


def both(world):
    return peers(world, "r1") == [R2] and peers(world, "r2") == [R1]


def joined(*configs, **options):
    world = lan(*(configs or (None, None)), **options)
    world.expect(lambda: both(world), 3, "both routers know each other")
    return world


def reconfigure(world, name, wanted):
    """What the core does on a reload when only the protocol's own part differs."""
    router = world.nodes[name].router
    running = router.protocols["radv1"]
    assert running.accepts(running.config, wanted)
    assert running.reconfigure(wanted)
    running.config = wanted


def test_two_routers_find_each_other_as_soon_as_their_addresses_are_usable():
    world = lan(None, None, dad=DAD)
    took = world.expect(lambda: both(world), 3, "both routers know each other")
    assert took < 1.9 + 0.02


def test_entry_carries_lifetime_and_preference():
    world = joined(radv({"discovery": True, "default_preference": 1}), None)
    router = world.nodes["r2"].router
    (rte,) = router.tables["peers"].get(peer_key(R1))
    assert dict(router.pool.view(rte.attrs)) == {"radv_lifetime": 30, "radv_preference": RaPreference.HIGH}
    assert rte.source.name == "radv1"


def test_refreshing_lifetimes_does_not_touch_the_table():
    world = joined()
    world.run(20)
    generation = world.nodes["r1"].router.tables["peers"].generation
    world.run(300)
    assert world.nodes["r1"].router.tables["peers"].generation == generation
    assert both(world)


def test_preference_change_updates_the_entry():
    world = joined()
    reconfigure(world, "r1", radv({"discovery": True, "default_preference": 3}))
    world.run(10)
    router = world.nodes["r2"].router
    (rte,) = router.tables["peers"].get(peer_key(R1))
    assert router.pool.view(rte.attrs)["radv_preference"] is RaPreference.LOW


def test_latecomer_is_told_at_once_although_our_interval_is_long():
    slow = radv({"discovery": True, "max_ra_interval": 1800})
    world = lan(slow, slow, None)
    world.link_down("r3", "eth0")
    world.run(100)
    world.link_up("r3", "eth0")
    took = world.expect(lambda: peers(world, "r3") == [R1, R2], 5, "the latecomer knows all")
    assert took < 0.2
    assert peers(world, "r1") == [R2, R3]


def test_clean_stop_withdraws_at_once():
    world = joined()
    world.nodes["r1"].stop()
    took = world.expect(lambda: peers(world, "r2") == [], 1, "lifetime 0 arrived")
    assert took < 0.01


def test_graceful_stop_says_nothing():
    world = joined()
    world.nodes["r1"].stop(graceful=True)
    world.run(5)
    assert peers(world, "r2") == [R1]


def test_killed_router_expires_after_its_lifetime():
    world = joined()
    world.run(50)
    expires = instance(world, "r2").describe(NetType.PEER, peer_key(R1))["expires"]
    world.nodes["r1"].kill()
    world.expect(lambda: peers(world, "r2") == [], 31, "the entry expired")
    assert world.clock.now() - world.nodes["r2"].router.ports.clock.now() == 0
    assert expires <= world.clock.now() <= expires + 10


def test_restarted_router_keeps_its_entry():
    world = joined()
    world.run(50)
    since = instance(world, "r2").describe(NetType.PEER, peer_key(R1))["since"]
    world.nodes["r1"].kill()
    world.nodes["r1"].start()
    world.expect(lambda: both(world), 1, "they know each other again")
    assert instance(world, "r2").describe(NetType.PEER, peer_key(R1))["since"] == since


def test_link_down_withdraws_at_once_and_up_brings_back():
    world = joined(dad=DAD)
    world.link_down("r1", "eth0")
    world.run(0)
    assert peers(world, "r1") == []
    world.run(5)
    world.link_up("r1", "eth0")
    took = world.expect(lambda: both(world), 5, "they know each other again")
    assert took < 1.9 + 0.02


def test_interface_that_is_gone_takes_its_entries_along():
    world = joined()
    world.nodes["r1"].host.detach("eth0")
    world.run(0.1)
    assert peers(world, "r1") == []


def test_rename_keeps_entries_while_the_pattern_matches():
    world = joined()
    world.nodes["r1"].host.rename("eth0", "eth7")
    world.run(1)
    assert peers(world, "r1") == [R2]
    world.nodes["r1"].host.rename("eth7", "lan0")
    world.run(1)
    assert peers(world, "r1") == []
    assert peers(world, "r2") == []  # it was told goodbye


def test_no_discovery_where_it_is_not_configured():
    world = lan(radv({}), None)
    world.run(30)
    assert peers(world, "r1") == []
    assert peers(world, "r2") == [R1]


def test_nothing_is_sent_on_other_interfaces():
    block = radv()
    named = replace(block, interfaces=(replace(block.interfaces[0], patterns=(InterfacePattern("wan*"),)),))
    world = lan(named, None)
    world.run(30)
    assert peers(world, "r2") == []


def test_forged_advertisements_are_refused():
    """RFC 4861, 6.1.2."""
    world = joined()
    segment = world.segments["lan"]
    good = Advertisement(lifetime=1800).encode()
    world.forge(segment, good, "fe80::66", hop_limit=64)
    world.forge(segment, good, "2001:db8::66")
    world.forge(segment, good[:15], "fe80::66")
    world.forge(segment, b"\x86\x01" + good[2:], "fe80::66")
    world.forge(segment, good + bytes(8), "fe80::66")
    world.forge(segment, good, "fe80::1:2")  # the address of r1 itself: r1 must not take it
    world.forge(segment, Advertisement(lifetime=0).encode(), "fe80::66")
    world.run(1)
    assert both(world)


def test_a_flood_of_forged_routers_stops_at_256_and_is_told_once():
    world = joined()
    for number in range(1000):
        data = Advertisement(lifetime=65535).encode()
        world.forge(world.segments["lan"], data, f"fe80::dead:{number:x}")
    world.run(1)
    assert len(peers(world, "r1")) == 256
    assert world.nodes["r1"].messages("warning") == ["radv1: eth0: 256 neighbors known, ignoring others"]


def test_import_limit_replaces_the_limit_of_256():
    limited = radv(channels=(replace(PEERS, import_limit=Limit(3, "block")),))
    world = lan(limited, None)
    for number in range(10):
        data = Advertisement(lifetime=65535).encode()
        world.run(0)
        world.forge(world.segments["lan"], data, f"fe80::dead:{number:x}")
    world.run(1)
    assert len(peers(world, "r1")) == 3


def test_another_import_limit_holds_for_the_next_router():
    limited = radv(channels=(replace(PEERS, import_limit=Limit(3, "block")),))
    world = lan(limited, None)
    router = None
    for number in range(10):
        if number == 6:
            router = world.nodes["r1"].router
            router.reconfigure(config(radv(channels=(replace(PEERS, import_limit=Limit(5, "block")),))))
        world.run(0)
        world.forge(world.segments["lan"], Advertisement(lifetime=65535).encode(), f"fe80::dead:{number:x}")
    world.run(1)
    assert len(peers(world, "r1")) == 5


def test_unreachable_entry_is_sent_an_advertisement_at_once():
    world = joined()
    world.run(50)
    before = world.trace.count
    instance(world, "r1").unreachable(NetType.PEER, peer_key(R2))
    world.run(0.01)
    assert any("r2 icmp6 eth0 fe80::1:2 ff02::1 86" in line for line in world.trace.recent)
    assert world.trace.count > before


def test_disabled_then_enabled():
    world = joined()
    router = world.nodes["r1"].router
    router.disable(router.protocols["radv1"])
    world.run(0.1)
    assert peers(world, "r1") == peers(world, "r2") == []
    router.enable(router.protocols["radv1"])
    world.expect(lambda: both(world), 1, "they know each other again")


def test_interface_removed_from_the_config_withdraws_its_entries():
    world = joined()
    reconfigure(world, "r1", replace(radv(), interfaces=()))
    world.run(0.1)
    assert peers(world, "r1") == peers(world, "r2") == []
    reconfigure(world, "r1", radv())
    world.expect(lambda: both(world), 1, "they know each other again")


def test_live_change_of_options_keeps_entries():
    world = joined()
    world.run(20)
    since = instance(world, "r1").describe(NetType.PEER, peer_key(R2))["since"]
    reconfigure(world, "r1", radv({"discovery": True, "max_ra_interval": 60}))
    world.run(1)
    assert both(world)
    assert instance(world, "r1").describe(NetType.PEER, peer_key(R2))["since"] == since
    reconfigure(world, "r1", radv({"discovery": False}))
    world.run(1)
    assert peers(world, "r1") == []


def test_contradicting_kernel_settings_are_told_once():
    world = lan(None, None)
    settings = world.nodes["r1"].host.kernel.settings
    settings["net.ipv6.conf.all.forwarding"] = "0"
    settings["net.ipv6.conf.eth0.accept_ra"] = "1"
    world.run(1)
    world.link_down("r1", "eth0")
    world.run(1)
    world.link_up("r1", "eth0")
    world.run(1)
    assert world.nodes["r1"].messages("warning") == [
        "radv1: eth0: IPv6 forwarding is off, but we advertise ourselves as a router",
        "radv1: eth0: accept_ra is active: the kernel configures itself from the neighbors' RAs",
    ]
    assert world.nodes["r2"].messages("warning") == []


def test_new_address_is_advertised_at_once():
    world = joined(radv({"discovery": True, "max_ra_interval": 1800}), None)
    world.run(100)
    world.nodes["r1"].host.add_address("eth0", "2001:db8:1::1/64")
    world.run(0.01)
    option = RaPrefix(prefix=Prefix.parse("2001:db8:1::/64")).prefix.address.octets.hex()
    assert option in world.trace.recent[-1]


def test_stop_reasons():
    world = joined()
    running = instance(world, "r1")
    running.halt(StopReason.REMOVED)
    world.run(0.1)
    assert peers(world, "r1") == peers(world, "r2") == []


IPV6 = replace(PEERS, name="ipv6", net_type=NetType.IP6, table="master6", export_filter=ACCEPT)
TRIGGER, ROUTE = Prefix.parse("2001:db8:1::/48"), Prefix.parse("2001:db8:2::/48")


class Announcer:
    """Puts routes into master6 as another protocol would."""

    def __init__(self, world, name):
        self.router = world.nodes[name].router
        self.table = self.router.tables["master6"]
        self.source = RouteSource("test", 1, Selection())

    def put(self, prefix, **attributes):
        attrs = self.router.pool.intern(b"", tuple(sorted(attributes.items())))
        self.table.announce([prefix.key], Rte(attrs, self.source, UNREACHABLE, 200, 0.0))

    def remove(self, prefix):
        self.table.withdraw([prefix.key], self.source)


def last_ra(world):
    """The newest advertisement that r2 heard from r1."""
    lines = [line for line in world.trace.recent if f" r2 icmp6 eth0 {R1[:-2]} " in line]
    data = bytes.fromhex(lines[-1].rpartition(" ")[2])
    return decode_ra(Icmp6Packet(data, Address.parse(R1[:-2]), ALL_NODES, 255))


def routed(**options):
    world = lan(radv(channels=(PEERS, IPV6), **options), None)
    world.run(60)
    return world, Announcer(world, "r1")


def test_trigger_decides_whether_we_are_a_default_router():
    world, routes = routed(trigger=TRIGGER)
    assert last_ra(world).lifetime == 0
    assert instance(world, "r1").info() == "Suppressed"
    assert peers(world, "r2") == []
    routes.put(TRIGGER)
    world.run(3.1)
    assert last_ra(world).lifetime == 30
    assert instance(world, "r1").info() == ""
    assert peers(world, "r2") == [R1]
    routes.remove(TRIGGER)
    world.run(3.1)
    assert last_ra(world).lifetime == 0
    assert peers(world, "r2") == []


def announced(world):
    return [option for option in last_ra(world).options if isinstance(option, RouteInformation)]


def test_routes_are_propagated_with_their_attributes_but_not_the_trigger():
    world, routes = routed(trigger=TRIGGER, propagate_routes=True)
    routes.put(TRIGGER)
    routes.put(ROUTE, radv_lifetime=77, radv_preference=RaPreference.HIGH)
    world.run(3.1)
    assert announced(world) == [RouteInformation(ROUTE, 1, 77)]
    routes.put(ROUTE, ra_lifetime=5)
    world.run(3.1)
    assert announced(world) == [RouteInformation(ROUTE, 0, 5)]
    routes.remove(ROUTE)
    world.run(3.1)
    assert announced(world) == [RouteInformation(ROUTE, 0, 0)]


def test_propagation_and_trigger_change_live():
    world, routes = routed(propagate_routes=True)
    routes.put(ROUTE)
    world.run(3.1)
    assert announced(world) == [RouteInformation(ROUTE, 0, 30)]
    off = radv({"discovery": True, "route_linger_time": 0}, channels=(PEERS, IPV6), trigger=ROUTE)
    reconfigure(world, "r1", off)
    world.run(3.1)
    assert announced(world) == []
    assert last_ra(world).lifetime == 30  # the new trigger is there
    reconfigure(world, "r1", replace(off, trigger=TRIGGER, propagate_routes=True))
    world.run(3.1)
    assert announced(world) == [RouteInformation(ROUTE, 0, 30)]
    assert last_ra(world).lifetime == 0


def test_another_trigger_takes_no_route_from_hosts():
    world, routes = routed(propagate_routes=True)
    routes.put(ROUTE)
    routes.put(TRIGGER)
    world.run(30)
    both_routes = [RouteInformation(TRIGGER, 0, 30), RouteInformation(ROUTE, 0, 30)]
    assert sorted(announced(world), key=str) == both_routes
    before = world.trace.count
    reconfigure(world, "r1", replace(instance(world, "r1").config, trigger=TRIGGER))
    world.expect(lambda: world.trace.count > before, 3, "an advertisement")
    world.run(0.1)
    gone = RouteInformation(TRIGGER, 0, 0)  # the trigger itself is not advertised
    assert sorted(announced(world), key=str) == [gone, RouteInformation(ROUTE, 0, 30)]
    world.run(10)
    reconfigure(world, "r1", replace(instance(world, "r1").config, trigger=None))
    world.run(3.1)
    assert sorted(announced(world), key=str) == both_routes


def test_a_crash_in_a_packet_stops_the_protocol_and_not_the_router():
    world = joined()
    running = instance(world, "r1")
    running.ports[2].discovery.heard = None  # a bug
    world.forge(world.segments["lan"], Advertisement(lifetime=30).encode(), "fe80::66")
    world.run(1)
    assert running.failure
    assert peers(world, "r1") == []
    assert world.nodes["r1"].messages("bug")


def test_describe_tells_why_an_entry_went():
    world = joined()
    running = instance(world, "r2")
    world.nodes["r1"].stop()
    world.run(1)
    assert running.describe(NetType.PEER, peer_key(R1)) == {"withdrawn": "lifetime 0"}
    world.nodes["r1"].start()
    world.run(1)
    assert set(running.describe(NetType.PEER, peer_key(R1))) == {"since", "expires"}
    assert running.describe(NetType.PEER, peer_key(R3)) == {}


def test_without_a_socket_it_stays_in_start_and_tries_again():
    world = lan(radv(), radv())
    without_right = {"r1"}
    opens = SimNetwork.icmp6

    def icmp6(self, *arguments):
        if self._host.name in without_right:
            raise PermissionError(1, "Operation not permitted")
        return opens(self, *arguments)

    with patch.object(SimNetwork, "icmp6", icmp6):
        world.run(20)
        text = "eth0: Cannot open an ICMPv6 socket: Operation not permitted"
        assert instance(world, "r1").state is ProtocolState.START
        assert instance(world, "r1").info() == text
        assert world.nodes["r1"].messages("error") == [f"radv1: {text}"], "said once"
        without_right.clear()
        world.expect(lambda: both(world), 6, "it tries every 5 s")
    assert instance(world, "r1").state is ProtocolState.UP
    assert instance(world, "r1").info() == ""


def test_a_route_that_went_while_no_socket_was_open_is_not_advertised_after():
    world, routes = routed(trigger=TRIGGER, propagate_routes=True)
    routes.put(ROUTE)
    routes.put(TRIGGER)
    world.run(5)
    with patch.object(SimNetwork, "icmp6", side_effect=PermissionError(1, "Operation not permitted")):
        world.link_down("r1", "eth0")
        world.run(0.1)
        world.link_up("r1", "eth0")
        world.run(1)
        assert instance(world, "r1").state is ProtocolState.START
        routes.remove(ROUTE)
        routes.remove(TRIGGER)
        world.run(5)
    world.run(30)
    assert instance(world, "r1").state is ProtocolState.UP
    assert announced(world) == []
    assert last_ra(world).lifetime == 0
