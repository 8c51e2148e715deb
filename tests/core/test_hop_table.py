"""Next hop entries: when they go, and what recursive ones resolve to."""

from dataclasses import replace
from random import Random

import pytest

from pybird.conf.model import TableConfig
from pybird.core.forwarding.nexthop import HopWay, Recursive
from pybird.core.ports import Link, LinkAddress
from pybird.values.address import Address
from pybird.values.net import NetType, Prefix
from pybird.values.route import UNKNOWN_METRIC, Dest, Hop, Rte
from tests.core.world import MASTER4, MASTER6, World, config, ipv4, key, peer

TURNS = 400  # more than any of these worlds needs to come to rest


def test_entries_that_nobody_uses_are_forgotten():
    hops = World().load().router.hops
    used = [hops.gateway(Address.parse(f"10.0.0.{last}")) for last in range(1, 100)]
    used += [hops.recursive(Address.parse(f"10.1.0.{last}"), "master4") for last in range(1, 100)]
    for number in range(5000):
        hops.gateway(Address((0x0B000000 + number).to_bytes(4, "big")))
        hops.recursive(Address((0x0C000000 + number).to_bytes(4, "big")), "master4")
    assert len(hops) < 3 * len(used)
    assert all(hops.gateway(Address.parse(f"10.0.0.{last}")) is used[last - 1] for last in range(1, 100))


class Net(World):
    """One link, 10.0.0.0/24, and peers `a` to `d`, whose routes win in this order."""

    def __init__(self) -> None:
        super().__init__()
        self.router.interfaces.link_changed(Link(2, "eth0", True))
        self.router.interfaces.address_changed(LinkAddress(2, Address.parse("10.0.0.1"), 24))
        self.load(*[peer(name) for name in "abcd"])

    def hop(self, address: str) -> Hop:
        """A neighbor on the link, or the way to an address."""
        parsed = Address.parse(address)
        if address.startswith("10.0.0."):
            return self.router.hops.gateway(parsed)
        return self.router.hops.recursive(parsed, "master4")

    def announce(self, name: str, net: str, address: str, preference: int = 100) -> None:
        self[name].announce(net, hop=self.hop(address), preference=preference)
        self.rest()

    def withdraw(self, name: str, net: str) -> None:
        self[name].withdraw(net)
        self.rest()

    def rest(self) -> None:
        """Until nothing is due any more; it must come to rest."""
        for _ in range(TURNS):
            self.clock.step()
        assert self.clock.queue == [] or self.clock.queue[0][0] > self.clock.time, "it goes on and on"

    def best(self, net: str) -> str:
        rte = self.router.tables["master4"].best(key(net))
        return f"{rte.source.name} {rte.hop.dest.name.lower()}" if rte else "none"

    @property
    def warnings(self) -> list[str]:
        return [line for line in self.log.lines if "Next hop" in line]


@pytest.mark.parametrize(("net", "address"), [("0.0.0.0/0", "198.51.100.9"), ("10.1.0.0/16", "10.1.0.9")])
def test_a_route_whose_next_hop_it_would_cover_itself_does_not_win(net, address):
    world = Net()
    world.announce("b", net, "10.0.0.2")
    world.announce("a", net, address)
    assert world.best(net) == "b unicast"
    assert world.hop(address).dest is Dest.UNREACHABLE
    assert world.warnings == [
        f"<warning> Next hop address {address} resolvable through recursive route for {net}"
    ]


def test_next_hops_resolve_again_when_the_recursive_route_has_gone():
    """Though the best route of that network is the same all the time."""
    world = Net()
    world.announce("b", "0.0.0.0/0", "10.0.0.2")
    world.announce("c", "20.0.0.0/16", "198.51.100.9")
    world.announce("a", "0.0.0.0/0", "198.51.100.10")
    assert world.best("20.0.0.0/16") == "c unreachable"
    world.withdraw("a", "0.0.0.0/0")
    assert world.best("20.0.0.0/16") == "c unicast"


def test_changes_below_the_best_route_are_told_only_while_a_recursive_route_stands_in_the_way():
    """They cost a turn each, in tables with many routes for a network."""
    world = Net()
    followed = world.router.tables["master4"].readers
    world.announce("c", "20.0.0.0/16", "198.51.100.9")
    world.announce("a", "0.0.0.0/0", "198.51.100.10")
    assert any(reader.every for reader in followed)
    world.withdraw("a", "0.0.0.0/0")
    assert not any(reader.every for reader in followed)


def test_ways_that_are_one_today_are_one_next_hop():
    """One is written with its interface, the other found there; packets are not shared out between them."""
    gateway = Address.parse("10.0.0.2")
    hop = Net().router.hops.ways((HopWay(gateway, 2), HopWay(gateway), HopWay(gateway, ifname="eth0")))
    assert [(way.gateway, way.ifname) for way in hop.nexthops] == [(gateway, "eth0")]


def test_recursive_routes_of_lower_preference_do_not_matter():
    world = Net()
    world.announce("b", "0.0.0.0/0", "10.0.0.2", preference=200)
    world.announce("a", "0.0.0.0/0", "198.51.100.9")
    world.announce("c", "20.0.0.0/16", "198.51.100.9")
    assert world.best("20.0.0.0/16") == "c unicast"
    assert world.warnings == []


def test_next_hops_through_each_other_come_to_rest():
    """Three networks round in a circle: no choice of best routes would suit them all."""
    world = Net()
    nets = ("20.1.0.0/16", "20.2.0.0/16", "20.3.0.0/16")
    for net in nets:
        world["b"].announce(net, hop=world.hop("10.0.0.2"))
    world.rest()
    for net, address in zip(nets, ("20.2.0.9", "20.3.0.9", "20.1.0.9"), strict=True):
        world["a"].announce(net, hop=world.hop(address))
    world.rest()
    assert [world.best(net) for net in nets] == ["b unicast"] * 3


def test_a_next_hop_goes_where_the_route_goes_that_is_found_for_it():
    """A blackhole, too; an address of this router leads nowhere, whatever route there is."""
    world = Net()
    world["b"].announce("20.0.0.0/8", hop=Hop(Dest.BLACKHOLE))
    world.announce("b", "10.0.0.0/24", "10.0.0.2")
    world.rest()
    assert world.hop("20.1.1.9").dest is Dest.BLACKHOLE
    recursive = world.router.hops.recursive
    assert recursive(Address.parse("10.0.0.3"), "master4").dest is Dest.UNICAST
    assert recursive(Address.parse("10.0.0.1"), "master4").dest is Dest.UNREACHABLE


def test_labels_of_the_route_stand_behind_those_of_the_way_to_its_next_hop():
    """The outermost label is that of the way (RFC 3031, 3.10), as in BIRD."""
    world = Net()
    tunnel = world.router.hops.ways((HopWay(Address.parse("10.0.0.2"), labels=(200,)),))
    world["b"].announce("20.0.0.0/8", hop=tunnel)
    world.rest()
    hop = world.router.hops.recursive(Address.parse("20.1.1.9"), "master4", labels=(100,))
    assert [way.labels for way in hop.nexthops] == [(200, 100)]


def test_the_distance_is_that_of_the_route_to_the_next_hop():
    """What a filter wrote goes before what the protocol knows; else it is not known."""
    world = Net()
    peer_, pool = world["b"], world.router.pool
    world.announce("b", "30.0.0.0/8", "10.0.0.2")
    attrs = pool.intern(b"", (("igp_metric", 7),))
    rte = Rte(attrs, peer_.channel.source, world.hop("10.0.0.2"), 100, 0.0)
    peer_.channel.announce([key("20.0.0.0/8")], rte)
    world.rest()
    assert world.hop("20.1.1.9").igp_metric == 7
    assert world.hop("30.1.1.9").igp_metric == UNKNOWN_METRIC


def test_next_hops_resolve_when_their_table_comes_and_not_when_it_has_gone():
    world = Net()
    hop = world.router.hops.recursive(Address.parse("20.1.1.9"), "igp")
    assert hop.dest is Dest.UNREACHABLE
    everybody = [peer(name) for name in "abcd"]
    igp = TableConfig("igp", NetType.IP4)
    inside = peer("inside", replace(ipv4(), table="igp"))
    world.router.reconfigure(config(*everybody, inside, tables=(MASTER4, MASTER6, igp)))
    world.rest()
    world.announce("inside", "20.0.0.0/8", "10.0.0.2")
    assert hop.dest is Dest.UNICAST
    world.router.reconfigure(config(*everybody))
    world.rest()
    assert hop.dest is Dest.UNREACHABLE


def _check(world: Net) -> None:
    """What is resolved leads through a route that is not recursive; what is not has no such way."""
    table = world.router.tables["master4"]
    for hop in world.router.hops:
        if not isinstance(hop.key, Recursive):
            continue
        found = table.longest_match(Prefix(hop.key.gateway, 32))
        routes = found[1] if found is not None else ()
        if hop.dest is Dest.UNREACHABLE:
            rivals = [rte for rte in routes if isinstance(rte.hop.key, Recursive)]
            assert not routes or any(rte.preference == routes[0].preference for rte in rivals)
        else:
            assert not isinstance(routes[0].hop.key, Recursive)
            assert hop.nexthops == routes[0].hop.nexthops


@pytest.mark.parametrize("seed", range(6))
def test_resolution_comes_to_rest_whatever_the_tables_say(seed):
    random = Random(seed)
    world = Net()
    nets = ("0.0.0.0/0", "20.0.0.0/8", "20.1.0.0/16", "20.1.1.0/24", "20.2.0.0/16", "30.0.0.0/8")
    inside = ("20.1.1.9", "20.1.2.9", "20.2.0.9", "20.3.0.9", "30.0.0.9", "40.0.0.9")
    for _ in range(40):
        for _ in range(random.randrange(1, 5)):
            name, net = random.choice("abcd"), random.choice(nets)
            if random.random() < 0.25:
                world[name].withdraw(net)
                continue
            address = f"10.0.0.{random.randrange(2, 5)}" if random.random() < 0.3 else random.choice(inside)
            preference = random.choice((100, 100, 100, 150))
            world[name].announce(net, hop=world.hop(address), preference=preference)
        world.rest()
        _check(world)
