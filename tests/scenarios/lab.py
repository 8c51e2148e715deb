"""Whole routers, from unmodified configuration text, on the simulated network."""

from functools import cache

from pybird.conf.language import Language
from pybird.core.life import ProtocolState
from pybird.core.router import Router
from pybird.proto import PROTOCOLS
from pybird.sim.world import World
from pybird.values.net import Prefix, net_of

DAD = (1.4, 1.9)  # seconds that Linux keeps an address tentative
PEERS = "peers { };"


@cache
def language():
    return Language(PROTOCOLS)


@cache
def read(text):
    return language().read(text)


def boot(ports, text):
    """A router, started."""
    router = Router(ports, PROTOCOLS)
    router.configure(read(text))
    return router


def unnumbered(number, peers=PEERS, export="all", more=""):
    """A router that finds its neighbors on every eth* by itself."""
    return f"""
router id 192.0.2.{number};
protocol device {{ }}
protocol static own4 {{ ipv4; route 10.{number}.0.1/32 via "lo"; }}
protocol static own6 {{ ipv6; route 2001:db8:{number:x}::1/128 via "lo"; }}
protocol kernel kernel4 {{
  ipv4 {{ export filter {{ if source != RTS_BGP then reject; krt_prefsrc = 10.{number}.0.1; accept; }}; }};
}}
protocol kernel kernel6 {{
  ipv6 {{
    export filter {{ if source != RTS_BGP then reject; krt_prefsrc = 2001:db8:{number:x}::1; accept; }};
  }};
}}
protocol radv {{ peers {{ }}; interface "eth*" {{ router discovery yes; }}; }}
protocol bgp auto {{
  local as {65000 + number};
  neighbor range fe80::/10 external;
  dynamic name "auto";
  dynamic name digits 2;
  {peers}
  ipv4 {{ import all; export {export}; extended next hop; }};
  ipv6 {{ import all; export {export}; }};
  {more}
}}
"""


@cache
def own4(number):
    return Prefix.parse(f"10.{number}.0.1/32").key


@cache
def own6(number):
    return Prefix.parse(f"2001:db8:{number:x}::1/128").key


class Lab(World):
    """A world whose routers are asked by name."""

    def __init__(self, seed=1, dad=DAD):
        super().__init__(boot, seed, dad)
        self.numbers = {}

    def add(self, name, text=None, start=0.0):
        """A router whose addresses on lo follow from its number."""
        number = self.numbers[name] = len(self.nodes) + 1
        node = self.router(name, unnumbered(number) if text is None else text, start)
        node.host.add_address("lo", f"10.{number}.0.1/32")
        node.host.add_address("lo", f"2001:db8:{number:x}::1/128")
        return node

    def number(self, name):
        return self.numbers[name]

    def children(self, name):
        """The dynamic sessions."""
        router = self.nodes[name].router
        return [] if router is None else [p for p in router.protocols.values() if p.parent is not None]

    def up(self, name):
        """The names of the dynamic sessions that are established."""
        return [child.name for child in self.children(name) if child.state is ProtocolState.UP]

    def entries(self, name):
        """Discovered neighbors, as text."""
        return self.nets(name, "peers")

    def nets(self, name, table):
        router = self.nodes[name].router
        if router is None:
            return []
        found = router.tables[table]
        return sorted(str(net_of(found.net_type, key)) for key in found.keys())  # noqa: SIM118

    def knows(self, name, other):
        """Has one router the routes of another, of both families?"""
        router, number = self.nodes[name].router, self.number(other)
        return (
            router is not None
            and bool(router.tables["master4"].get(own4(number)))
            and bool(router.tables["master6"].get(own6(number)))
        )

    def pings(self, name, other):
        """Do packets of both families get there and back through the kernels?"""
        one, two = self.number(name), self.number(other)
        ping = self.nodes[name].host.ping
        return ping(f"10.{two}.0.1", f"10.{one}.0.1") and ping(f"2001:db8:{two:x}::1", f"2001:db8:{one:x}::1")

    def meshed(self):
        """Everybody has one session with everybody else and all their routes."""
        most = len(self.nodes) - 1
        return all(len(self.up(name)) == most for name in self.nodes) and all(
            self.knows(name, other) for name in self.nodes for other in self.nodes if other != name
        )


def pair(a=None, b=None, link_local=(None, None), **options):
    """Routers a and b on one cable."""
    lab = Lab(**options)
    lab.add("a", a)
    lab.add("b", b)
    lab.link("a", "eth0", "b", "eth0", link_local)
    return lab


def lan(count, text=unnumbered, **options):
    """Routers r1, r2, … on one switch."""
    lab = Lab(**options)
    for number in range(1, count + 1):
        lab.add(f"r{number}", text(number))
    lab.segment("lan", *((name, "eth0") for name in lab.nodes))
    return lab
