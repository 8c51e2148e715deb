from pybird.core.ports import KernelRoute
from pybird.sim.world import World
from pybird.values.address import Address
from pybird.values.net import Prefix
from pybird.values.route import Dest, NextHop
from tests.sim.peers import Program, pair


class Events:
    def __init__(self):
        self.heard = []

    def link_changed(self, link):
        self.heard.append(("link", link.name, link.up))

    def link_removed(self, index):
        self.heard.append(("gone", index))

    def address_changed(self, item):
        self.heard.append(("address", str(item.address), item.tentative))

    def address_removed(self, address):
        self.heard.append(("removed", str(address.address)))

    def route_changed(self, route, removed):
        self.heard.append(("route", str(route.prefix), removed))

    def overflow(self):
        self.heard.append("overflow")

    def take(self):
        heard, self.heard = self.heard, []
        return heard


def route(prefix, gateway, ifindex, ifname="eth0", **more):
    hop = NextHop(Address.parse(gateway), ifindex, ifname)
    return KernelRoute(Prefix.parse(prefix), 254, Dest.UNICAST, (hop,), **more)


def watched(**options):
    world, link, a, _b = pair(**options)
    events = Events()
    a.ports.kernel.watch(events)
    return world, link, a, events


def test_link_down_takes_the_carrier_of_the_other_end():
    world, _, _, events = watched()
    world.link_down("b", "eth0")
    assert events.heard == []
    world.run(0)
    assert events.take() == [("link", "eth0", False)]
    world.link_up("b", "eth0")
    world.run(0)
    assert events.take() == [("link", "eth0", True)]


def test_own_link_down_loses_ipv6_addresses_and_up_brings_link_local_back_after_dad():
    world, _, _a, events = watched(dad=(1.0, 2.0))
    world.run(5)
    assert [(n, t) for k, n, t in events.take() if k == "address"] == [("fe80::a", False)]
    world.link_down("a", "eth0")
    world.run(0)
    assert events.take() == [("link", "eth0", False), ("removed", "fe80::a")]
    world.link_up("a", "eth0")
    world.run(0.9)
    assert events.take() == [("link", "eth0", True), ("address", "fe80::a", True)]
    world.run(1.2)
    assert events.take() == [("address", "fe80::a", False)]


def test_duplicate_address_stays_tentative():
    world = World(Program, dad=(1.0, 2.0))
    world.router("a")
    world.router("b")
    world.link("a", "eth0", "b", "eth0", ("fe80::1", "fe80::1"))
    world.run(10)
    kernels = [node.host.kernel for node in world.nodes.values()]
    assert sorted(x.tentative for k in kernels for x in k.addresses() if x.address.is_link_local) == [
        False,
        True,
    ]


def test_routes_are_kept_and_reported():
    world, _, a, events = watched()
    kernel = a.ports.kernel
    assert kernel.change_routes([route("10.2.0.0/16", "fe80::b", 2)], []) == []
    world.run(0)
    assert events.take() == [("route", "10.2.0.0/16", False)]
    assert [str(r.prefix) for r in kernel.routes(True, 254)] == ["127.0.0.0/8", "10.2.0.0/16"]
    refused = kernel.change_routes(
        [route("10.3.0.0/16", "192.0.2.1", 2), route("10.3.0.0/16", "fe80::b", 9)],
        [route("10.4.0.0/16", "fe80::b", 2)],
        [route("10.2.0.0/16", "fe80::c", 2)],
    )
    assert [why for _, why in refused] == ["File exists", "Nexthop has invalid gateway", "No such device"]


def test_only_routes_of_the_same_protocol_are_deleted():
    _, _, a, _ = watched()
    kernel = a.ports.kernel
    kernel.change_routes([route("10.2.0.0/16", "fe80::b", 2, protocol=4)], [])
    kernel.change_routes([], [route("10.2.0.0/16", "fe80::b", 2)])
    assert [str(r.prefix) for r in kernel.routes(True, 254, 4)] == ["10.2.0.0/16"]


def test_link_down_removes_its_routes():
    world, _, a, events = watched()
    a.ports.kernel.change_routes([route("10.2.0.0/16", "fe80::b", 2)], [])
    world.link_down("a", "eth0")
    world.run(0)
    assert ("route", "10.2.0.0/16", True) in events.take()


def test_settings():
    _, _, a, _ = watched()
    kernel = a.ports.kernel
    assert kernel.setting("net.ipv6.conf.all.forwarding") == "1"
    assert kernel.setting("net.ipv6.conf.eth0.forwarding") == "1"
    assert kernel.setting("net.ipv6.conf.eth0.accept_ra") == "0"
    assert kernel.setting("net.ipv6.conf.eth7.accept_ra") is None


def line():
    """a -- b -- c with IPv4 on lo and IPv6 next hops."""
    world = World(Program)
    for name in "abc":
        world.router(name)
    world.link("a", "eth0", "b", "eth0", ("fe80::a", "fe80::b0"))
    world.link("b", "eth1", "c", "eth0", ("fe80::b1", "fe80::c"))
    for number, name in enumerate("abc", 1):
        world.nodes[name].host.add_address("lo", f"10.0.0.{number}/32")
    a, b, c = (world.nodes[name].host.kernel for name in "abc")
    a.add_route(route("10.0.0.0/24", "fe80::b0", 2))
    b.add_route(route("10.0.0.1/32", "fe80::a", 2))
    b.add_route(route("10.0.0.3/32", "fe80::c", 3, "eth1"))
    c.add_route(route("10.0.0.0/24", "fe80::b1", 2))
    world.run(0)
    return world


def test_packets_follow_the_forwarding_tables():
    world = line()
    a, b = world.nodes["a"].host, world.nodes["b"].host
    assert a.ping("10.0.0.3", "10.0.0.1")
    assert not a.ping("10.0.0.4", "10.0.0.1")
    b.kernel.settings["net.ipv4.ip_forward"] = "0"
    assert not a.ping("10.0.0.3", "10.0.0.1")
    assert a.ping("10.0.0.2", "10.0.0.1")
