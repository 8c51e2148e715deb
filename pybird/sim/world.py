"""A world: routers on simulated machines, joined by links, in virtual time, from one seed.

    world = World(boot, seed=7)
    world.router("a", "router id 10.0.0.1; ...")
    world.router("b", ...)
    world.link("a", "eth0", "b", "eth0")
    world.expect(lambda: ..., within=5, what="both sessions are up")

`boot(ports, config)` makes and starts a router; what it returns is the tests'
business, but tables of a `Router` are traced. Routers boot in the order they were
made, when time first passes (or at their `start`). Equal seeds give equal
histories, whatever PYTHONHASHSEED is; an error names the seed and the time.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from pybird.core.ports import Clock, Frame, Icmp6Packet, Ports
from pybird.core.router import Router
from pybird.sim.clock import EPOCH, SimClock
from pybird.sim.disk import SimFiles
from pybird.sim.host import Host
from pybird.sim.link import LinkSegment
from pybird.sim.network import SimNetwork, transmit, transmit_frame
from pybird.sim.pace import Pacer
from pybird.sim.tables import TableTrace
from pybird.sim.trace import EventHash
from pybird.values.address import Address

Boot = Callable[[Ports, Any], Any]


class LogLine(NamedTuple):
    """One message of one router."""

    time: float
    router: str
    level: str
    text: str

    def __str__(self) -> str:
        return f"{self.time:10.6f} {self.router} <{self.level.upper()}> {self.text}"


class WorldError(AssertionError):
    """An expectation was not met; the text names the seed."""


class SimulatedRouter:
    """One router of the world: its machine, and while it runs its program."""

    def __init__(self, world: World, host: Host, config: Any) -> None:
        self.world = world
        self.name = host.name
        self.host = host
        self.config = config
        self.router: Any = None  # what `boot` returned; None while no program runs
        self.boots = 0
        self._tables: TableTrace | None = None

    def write(self, level: str, text: str) -> None:
        """The `Log` port."""
        line = LogLine(self.world.clock.now(), self.name, level, text)
        self.world.log.append(line)
        self.world.trace.record(line.time, self.name, "log", level, text)
        if self.world.on_log is not None:
            self.world.on_log(line)

    def ports(self) -> Ports:
        """The ports of a new process of this router."""
        host = self.host
        process = host.new_process()
        self.boots += 1
        random = Random(f"{self.world.seed}/{self.name}/{self.boots}")
        network, files = SimNetwork(host, process), SimFiles(host.disk, process)
        return Ports(process, network, host.kernel, self, random, files)

    def start(self, config: Any = None) -> None:
        """Boot the program, with a new config if one is given."""
        if config is not None:
            self.config = config
        self.world.trace.record(self.world.clock.now(), self.name, "start")
        self.router = self.world.boot(self.ports(), self.config)
        self._tables = TableTrace(self.name, self.host.process, self.world.trace)
        self.follow_tables()

    def follow_tables(self) -> None:
        """Trace the changes of all tables, including those that a reload has added."""
        if isinstance(self.router, Router) and self._tables is not None:
            self._tables.follow(self.router.tables)

    def stop(self, graceful: bool = False) -> None:
        """Shut the program down: it closes its sessions with a message, then exits."""
        process = self.host.process
        self.router.shutdown(lambda: process.call_soon(self.kill), graceful)

    def kill(self) -> None:
        """SIGKILL: the program ends without sending anything; the kernel closes its connections."""
        self.host.kill()
        self.router = None

    def power_off(self) -> None:
        """Switch the machine off without a message; `start` brings it back without its connections."""
        self.host.power_off()
        self.router = None

    def messages(self, level: str | None = None) -> list[str]:
        """The texts that this router logged, of one level or of all."""
        return [
            line.text for line in self.world.log if line.router == self.name and level in (None, line.level)
        ]


class World:
    """Routers, links and time."""

    def __init__(
        self, boot: Boot, seed: int = 1, dad: tuple[float, float] | None = None, epoch: float = EPOCH
    ) -> None:
        """`dad`: the shortest and longest time in seconds for which a new IPv6 address is tentative.

        `epoch` is the time of day, in Unix seconds, at which the world begins.
        """
        self.boot = boot
        self.seed = seed
        self.dad = dad
        self.clock = SimClock(epoch)
        self.trace = EventHash()
        self.nodes: dict[str, SimulatedRouter] = {}
        self.segments: dict[str, LinkSegment[Host]] = {}
        self.log: list[LogLine] = []
        self.on_log: Callable[[LogLine], None] | None = None

    # building -----------------------------------------------------------

    def router(self, name: str, config: Any = None, start: float | None = 0.0) -> SimulatedRouter:
        """A new machine with a router that boots at `start` (None: by `SimulatedRouter.start`)."""
        number = len(self.nodes) + 1
        random = Random(f"{self.seed}/host/{name}")
        host = Host(name, number, self.clock, self.trace, random)
        host.dad = self.dad
        node = self.nodes[name] = SimulatedRouter(self, host, config)
        if start is not None:
            self.clock.call_at(start, node.start)
        return node

    def node(self, which: SimulatedRouter | str) -> SimulatedRouter:
        """A node by itself or by name."""
        return which if isinstance(which, SimulatedRouter) else self.nodes[which]

    def link(
        self,
        a: SimulatedRouter | str,
        a_name: str,
        b: SimulatedRouter | str,
        b_name: str,
        link_local: tuple[str | None, str | None] = (None, None),
        latency: float = 0.001,
    ) -> LinkSegment[Host]:
        """A cable between two routers; creates an interface on each."""
        name = f"{self.node(a).name}:{a_name}--{self.node(b).name}:{b_name}"
        segment = self.segments[name] = LinkSegment(name, latency, carrier=True)
        self.node(a).host.attach(a_name, segment, link_local[0])
        self.node(b).host.attach(b_name, segment, link_local[1])
        return segment

    def segment(
        self, name: str, *ports: tuple[SimulatedRouter | str, str], latency: float = 0.001
    ) -> LinkSegment[Host]:
        """A switch that joins routers; creates an interface on each."""
        segment = self.segments[name] = LinkSegment(name, latency)
        for which, interface in ports:
            self.node(which).host.attach(interface, segment)
        return segment

    # faults -------------------------------------------------------------

    def link_down(self, which: SimulatedRouter | str, interface: str) -> None:
        """`ip link set INTERFACE down`."""
        self.node(which).host.set_link(interface, False)

    def link_up(self, which: SimulatedRouter | str, interface: str) -> None:
        """`ip link set INTERFACE up`."""
        self.node(which).host.set_link(interface, True)

    def forge(
        self,
        segment: LinkSegment[Host],
        data: bytes,
        source: str,
        destination: str = "ff02::1",
        hop_limit: int = 255,
    ) -> None:
        """Put an ICMPv6 packet on a segment that none of its routers sent."""
        packet = Icmp6Packet(data, Address.parse(source), Address.parse(destination), hop_limit)
        transmit(segment, packet, None)

    def forge_frame(
        self, segment: LinkSegment[Host], ethertype: int, data: bytes, source: bytes, destination: bytes
    ) -> None:
        """Put a frame on a segment that none of its routers sent."""
        transmit_frame(segment, ethertype, Frame(data, source, destination), None)

    # time ---------------------------------------------------------------

    def run(self, seconds: float) -> None:
        """Let this much time pass."""
        with _SeedNote(self):
            self.clock.run_for(seconds)

    def until(self, predicate: Callable[[], bool], within: float) -> bool:
        """Let time pass until the predicate holds; False if it did not within this many seconds."""
        with _SeedNote(self):
            self.clock.run_for(0)  # boot the routers before the predicate looks at them
            return self.clock.run_until_true(predicate, within)

    def expect(self, predicate: Callable[[], bool], within: float, what: str) -> float:
        """Let time pass until the predicate holds; returns the seconds that it took.

        Raises:
            WorldError: it did not hold in time; with the seed, the time and the last messages.
        """
        began = self.clock.now()
        if not self.until(predicate, within):
            last = "\n".join(map(str, self.log[-40:]))
            raise WorldError(f"not within {within} s: {what} ({self.where()})\n{last}")
        return self.clock.now() - began

    def pace(self, real: Clock, speed: float = 1.0) -> Pacer:
        """Let virtual time follow a real clock (the daemon's) until `Pacer.stop`.

        Code that looks at a router from outside, such as a control socket, calls
        `Pacer.catch_up` first.
        """
        for node in self.nodes.values():
            node.follow_tables()
        return Pacer(self.clock, real, speed)

    def digest(self) -> str:
        """The hash over all events so far."""
        return self.trace.digest()

    def where(self) -> str:
        """Seed and time, for messages."""
        return f"seed {self.seed}, at {self.clock.now():.6f} s"


class _SeedNote:
    """A context that adds the seed and the time to exceptions."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __enter__(self) -> None:
        for node in self._world.nodes.values():
            node.follow_tables()

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is not None:
            error.add_note(self._world.where())
