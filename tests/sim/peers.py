"""Small programs for simulated machines."""

from pybird.core.ports import TcpOptions
from pybird.sim.world import World

PORT = 179


class Talker:
    """A stream handler that remembers."""

    def __init__(self):
        self.events = []
        self.data = b""
        self.stream = None

    def connected(self, stream):
        self.stream = stream
        self.events.append("connected")

    def received(self, data):
        self.data += data

    def closed(self, error):
        self.events.append(("closed", error))

    def writable(self):
        self.events.append("writable")


class Program:
    """Listens on port 179 and keeps a Talker for each accepted stream."""

    def __init__(self, ports, config):
        self.ports = ports
        self.accepted = []
        self.listener = None
        if config != "mute":
            self.listen()

    def listen(self, options=None, address=None, ifindex=0):
        self.listener = self.ports.network.listen(
            address, PORT, ifindex, self.accept, options or TcpOptions()
        )

    def accept(self, stream):
        talker = Talker()
        talker.stream = stream
        stream.set_handler(talker)
        self.accepted.append(talker)

    def call(self, remote, ifindex=0, local=None, options=None):
        talker = Talker()
        talker.stream = self.ports.network.connect(
            local, remote, PORT, ifindex, talker, options or TcpOptions()
        )
        return talker


def pair(config="", **options):
    world = World(Program, **options)
    world.router("a", config)
    world.router("b", config)
    link = world.link("a", "eth0", "b", "eth0", ("fe80::a", "fe80::b"))
    world.run(0)
    return world, link, world.nodes["a"].router, world.nodes["b"].router
