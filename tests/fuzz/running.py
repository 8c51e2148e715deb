"""An accepted configuration runs: beside a neighbour, asked, changed and stopped, in virtual time.

No text may make the router report a mistake of its own.
"""

from __future__ import annotations

from functools import cache

from pybird.cli.control import Console
from pybird.cli.registry import commands
from pybird.conf.language import Language
from pybird.conf.model import Config
from pybird.core.commands import Commands
from pybird.core.ports import Ports
from pybird.core.router import Router
from pybird.proto import PROTOCOLS
from pybird.sim.world import Node, World
from tests.cli.fakes import FakeStream
from tests.scenarios.lab import unnumbered

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


@cache
def console_commands() -> Commands:
    """The commands, made once."""
    return commands(PROTOCOLS)


def boot(ports: Ports, config: Config) -> Router:
    """A router, started."""
    router = Router(ports, PROTOCOLS)
    router.configure(config)
    return router


def run(language: Language, config: Config, other: Config) -> None:
    """Two routers on a cable, one with this configuration.

    Raises:
        AssertionError: one of them reported a bug.
    """
    world = World(boot)
    node = world.router("a", config)
    node.host.add_address("lo", "10.0.0.1/32")
    world.router("b", neighbour(language))
    world.link("a", "eth0", "b", "eth0")
    node.host.add_address("eth0", "192.0.2.1/24")
    world.run(1.5)
    ask(world, node, language, QUESTIONS)
    for each in (other, config):
        node.router.reconfigure(each)
        world.run(0.5)
    world.link_down("a", "eth0")
    world.run(0.1)
    node.stop()
    world.run(0.5)
    bugs = [str(line) for line in world.log if line.level == "bug"]
    assert not bugs, "\n".join(bugs)


@cache
def neighbour(language: Language) -> Config:
    """A router that peers with whom it hears."""
    return language.read(unnumbered(2))


def ask(world: World, node: Node, language: Language, lines: tuple[str, ...]) -> None:
    """Commands from the control socket."""
    console = Console(node.router, console_commands(), language, language.read, lambda graceful: None)
    session = console.open(FakeStream())  # type: ignore[arg-type]
    for line in lines:
        session.received(f"{line}\n".encode())
        world.run(0.1)
    session.closed(None)
