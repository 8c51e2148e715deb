"""What is accepted also runs, in virtual time, in a router beside a neighbor.

`run`: a configuration, which is asked, changed and stopped. `obey`: a command.
No text may make the router report a mistake of its own.
"""

from __future__ import annotations

import re
from functools import cache

from pybird.cli.control import Console
from pybird.cli.registry import commands
from pybird.conf.language import Language
from pybird.conf.model import Config
from pybird.core.commands import Commands
from pybird.core.ports import Ports
from pybird.core.router import Router
from pybird.proto import PROTOCOLS
from pybird.sim.disk import SimFiles
from pybird.sim.world import World
from pybird.values.text import to_octets
from tests.cli.fakes import FakeStream
from tests.scenarios.lab import unnumbered

LAST_LINE = re.compile(rb"^\d{4} [^\n]*\n(\+[^\n]*\n)*\Z", re.MULTILINE)  # what comes unasked begins with +
QUESTIONS = (
    "show status",
    "show protocols all",
    "show route table all all",
    "show route all filtered",
    "show route all export bgp1",
    "show interfaces",
    "show static",
    "show symbols",
    "show memory",
    "show peers",
    "debug all all",
    "reload all",
    'disable all "for lunch"',
    "enable all",
)


COMMANDED = """
roa4 table r4;
ipv4 table other;
vpn4 table v4; flow4 table f4; evpn table e; ipv6 sadr table sadr6;
define LOCAL = 65000;
attribute int mine;
function f(int a) -> bool { return a > 1; }
filter in_a { if net ~ [10.0.0.0/8+] then reject; bgp_local_pref = 200; accept; }
protocol static roas { roa4; route 10.0.0.0/8 max 16 as 65001; }
protocol static s4 { ipv4 { import filter { bgp_med = 5; mine = 2; accept; }; };
  route 10.1.0.0/16 blackhole; route 10.2.0.0/16 via 192.0.2.2; route 10.3.0.0/16 recursive 10.2.0.1; }
protocol static v { vpn4; route 65000:1 10.0.0.0/8 blackhole; }
protocol static fl { flow4; route flow4 { dst 10.0.0.0/8; proto = 6; }; }
protocol static ev { evpn; route evpn imet 1:1 1 192.0.2.1 blackhole; }
protocol static sa { ipv6 sadr; route 2001:db8::/32 from ::/0 blackhole; }
protocol pipe p { table master4; peer table other; import none; export where net.len < 24; }
protocol bgp b1 { local as LOCAL; neighbor 192.0.2.9 as 65009;
  ipv4 { import keep filtered; import filter in_a; export all; import limit 10 action warn; }; }
"""


def run(language: Language, config: Config, other: Config) -> None:
    """Two routers on a cable, one with this configuration.

    Raises:
        AssertionError: one of them reported a bug.
    """
    small = Small(language, config)
    for line in QUESTIONS:
        small.ask(line)
    for each in (other, config):
        small.router.reconfigure(each)
        small.world.run(0.5)
    small.world.link_down("a", "eth0")
    small.world.run(0.1)
    small.world.nodes["a"].stop()
    small.world.run(0.5)
    small.expect_no_bug()


def obey(language: Language, line: str) -> None:
    """The same two routers, one is given this command.

    Raises:
        AssertionError: one of them reported a bug, or the answer is not whole.
    """
    small = Small(language, commanded(language))
    answer = small.ask(line)
    small.expect_no_bug()
    assert LAST_LINE.search(answer), answer[-1000:]


@cache
def commanded(language: Language) -> Config:
    """The configuration of who is given commands."""
    return language.read(unnumbered(1) + COMMANDED)


@cache
def neighbor(language: Language) -> Config:
    """A router that peers with whom it hears."""
    return language.read(unnumbered(2))


@cache
def console_commands() -> Commands:
    """The commands, made once."""
    return commands(PROTOCOLS)


def boot(ports: Ports, config: Config) -> Router:
    """A router, started."""
    router = Router(ports, PROTOCOLS)
    router.configure(config)
    return router


def world_of(language: Language, config: Config) -> World:
    """Router `a` with this configuration, on a cable with one that peers with whom it hears."""
    world = World(boot)
    host = world.router("a", config).host
    host.add_address("lo", "10.0.0.1/32")
    world.router("b", neighbor(language))
    world.link("a", "eth0", "b", "eth0")
    host.add_address("eth0", "192.0.2.1/24")
    return world


class Small:
    """Two routers on a cable, up, and a control session on the first."""

    def __init__(self, language: Language, config: Config) -> None:
        self.world = world_of(language, config)
        self.world.run(1.5)
        self.router: Router = self.world.nodes["a"].router
        self.stream = FakeStream()

        def load(path: str) -> Config:
            if path == "other":
                return commanded(language)
            raise FileNotFoundError(2, "No such file or directory")

        host = self.world.nodes["a"].host
        files = SimFiles(host.disk, host.process)
        console = Console(self.router, console_commands(), language, load, lambda graceful: None, files=files)
        self.session = console.open(self.stream)  # type: ignore[arg-type]

    def ask(self, line: str) -> bytes:
        """What is answered to a line of the control socket."""
        self.stream.out = b""
        self.session.received(to_octets(line) + b"\n")
        self.world.run(0.1)
        return self.stream.out

    def expect_no_bug(self) -> None:
        """Nobody logged one."""
        bugs = [str(line) for line in self.world.log if line.level == "bug"]
        assert not bugs, "\n".join(bugs)
