"""Routers of a line restart gracefully or not, links fail, routes go and come: in the end all is right."""

import random

import pytest

from pybird.core.router import Router
from pybird.proto import PROTOCOLS
from tests.scenarios.lab import Lab, read

ROUTERS = (1, 2, 3, 4)
TEXT = """
router id 10.0.0.%(id)d;
graceful restart wait 20;
protocol device { }
protocol kernel { graceful restart; ipv4 { export where source = RTS_BGP; }; }
protocol static one { ipv4; route 10.%(id)d.1.0/24 blackhole; }
protocol static two { ipv4; route 10.%(id)d.2.0/24 blackhole; }
%(sessions)s
"""
SESSION = """protocol bgp to_%(to)d {
  local 10.9.%(net)d.%(id)d as %(asn)d; neighbor 10.9.%(net)d.%(to)d as %(to_asn)d;
  connect delay time 1; connect retry time 2; error wait time 1, 4; hold time 9;
  graceful restart %(restart)s; graceful restart time 15; %(long)s
  ipv4 { import all; export all; next hop self; %(paths)s };
}
"""

# Stale times shorter and longer than a router is away; without a restart time routes are marked at once.
LONG = (
    "",
    "long lived graceful restart on; long lived stale time 5;",
    "long lived graceful restart on; long lived stale time 40;",
    "long lived graceful restart on; long lived stale time 40; max graceful restart time 0;",
)


def text(number, restart, paths, long):
    found = ""
    for other in (number - 1, number + 1):
        if other in ROUTERS:
            found += SESSION % {
                "id": number,
                "to": other,
                "net": min(number, other),
                "asn": 65000 + number,
                "to_asn": 65000 + other,
                "restart": restart,
                "paths": paths,
                "long": long,
            }
    return TEXT % {"id": number, "sessions": found}


STALE = bytes.fromhex("ffff0006")


def best_routes(router):
    table = router.tables["master4"]
    return [(key, table.best(key)) for key in table.keys()]  # noqa: SIM118


class Faults:
    """A line of routers, and what happens to it."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        lab = self.lab = Lab(seed, dad=None)
        self.recovers = True
        lab.boot = self.boot
        restart = self.random.choice(("on", "on", "aware"))
        paths = self.random.choice(("", "", "add paths on;"))
        long = self.random.choice(LONG)
        for number in ROUTERS:
            lab.router(f"r{number}", text(number, restart, paths, long))
        for number in ROUTERS[:-1]:
            a, b = f"r{number}", f"r{number + 1}"
            lab.link(a, "eth1", b, "eth0")
            lab.nodes[a].host.add_address("eth1", f"10.9.{number}.{number}/24")
            lab.nodes[b].host.add_address("eth0", f"10.9.{number}.{number + 1}/24")
        self.down = set()
        self.off = set()
        self.cut = set()

    def boot(self, ports, config):
        router = Router(ports, PROTOCOLS)
        router.configure(read(config), self.recovers)
        return router

    def step(self):
        number = self.random.choice(ROUTERS)
        act = self.random.choice((self.kill, self.stop, self.start, self.start, self.flap, self.wire))
        act(number)
        self.lab.run(self.random.choice((0.05, 0.5, 2.0, 7.0, 18.0)))

    def kill(self, number):
        if number not in self.down:
            self.down.add(number)
            self.lab.nodes[f"r{number}"].kill()

    def stop(self, number):
        if number not in self.down:
            self.down.add(number)
            self.lab.nodes[f"r{number}"].stop(graceful=True)

    def start(self, number):
        if number in self.down and self.lab.nodes[f"r{number}"].router is None:
            self.down.discard(number)
            self.recovers = self.random.random() < 0.8
            self.off -= {(number, "one"), (number, "two")}
            self.lab.nodes[f"r{number}"].start()

    def flap(self, number):
        """A route goes or comes."""
        if number in self.down:
            return
        name = self.random.choice(("one", "two"))
        router = self.lab.nodes[f"r{number}"].router
        if (number, name) in self.off:
            self.off.discard((number, name))
            router.enable(router.protocols[name])
        else:
            self.off.add((number, name))
            router.disable(router.protocols[name])

    def wire(self, number):
        """A cable is pulled or put back."""
        if number == ROUTERS[-1]:
            return
        if number in self.cut:
            self.cut.discard(number)
            self.lab.link_up(f"r{number}", "eth1")
        else:
            self.cut.add(number)
            self.lab.link_down(f"r{number}", "eth1")

    def end(self):
        """Put all together again, and wait longer than any timer."""
        for number in sorted(self.cut):
            self.wire(number)
        self.lab.run(1)
        for number in sorted(self.down):
            self.start(number)
        self.lab.run(90)

    def check(self):
        wanted = {
            f"10.{number}.{route}.0/24"
            for number in ROUTERS
            for route, name in ((1, "one"), (2, "two"))
            if (number, name) not in self.off
        }
        for number in ROUTERS:
            name = f"r{number}"
            have = {net for net in self.lab.nets(name, "master4") if net.startswith("10.")}
            assert have == wanted, name
            kernel = self.lab.nodes[name].host.kernel
            installed = {str(route.prefix) for route in kernel.routes(True, 254, 12)}
            assert installed == {net for net in wanted if not net.startswith(f"10.{number}.")}, name
            router = self.lab.nodes[name].router
            assert not router.services.recovery.active
            assert not [each.name for each in router.protocols.values() if getattr(each, "restarting", False)]
            marked = [key for key, rte in best_routes(router) if STALE in rte.attrs.wire]
            assert marked == [], f"{name} has long-lived stale routes"
        assert not [line for line in self.lab.log if line.level == "bug"]


def play(seed):
    faults = Faults(seed)
    faults.lab.run(10)
    for _ in range(25):
        faults.step()
    faults.end()
    faults.check()


@pytest.mark.parametrize("seed", range(20))
def test_no_route_is_lost_or_kept_wrongly(seed):
    play(seed)


@pytest.mark.long
@pytest.mark.parametrize("part", range(20))
def test_no_route_is_lost_or_kept_wrongly_in_a_thousand_histories(part):
    for seed in range(50 * part + 20, 50 * part + 70):
        play(seed)
