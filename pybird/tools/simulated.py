"""Routers on the simulated network at the pace of a wall clock, one with a control socket.

What `pybird demo` uses on a machine without network namespaces: the same configs
and the same protocol code, on simulated links, kernels and time.
"""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

from pybird.cli.control import Console
from pybird.cli.registry import commands
from pybird.conf.model import must_run
from pybird.core.ports import Ports, Stream
from pybird.core.router import Router
from pybird.io import loop as event_loop
from pybird.io.clock import AsyncioClock
from pybird.io.control_socket import Bound, ControlSocket
from pybird.io.log import LogFiles
from pybird.proto import PROTOCOLS
from pybird.sim.pace import Pacer
from pybird.sim.world import World
from pybird.tools.language import make_language

DAD = (1.4, 1.9)  # seconds that Linux keeps a new address tentative


def serve(configs: list[Path], socket: Path) -> None:
    """Run the routers, joined by `eth0`, until SIGTERM; the first answers on the socket."""
    language = make_language()

    def boot(ports: Ports, path: Any) -> Router:
        router = Router(ports, PROTOCOLS)
        router.configure(must_run(language.load(str(path))))
        return router

    log = LogFiles()
    loop = event_loop.new_loop(log)
    clock = AsyncioClock(loop)
    world = World(boot, dad=DAD, epoch=clock.wall())
    world.on_log = lambda line: log.write(line.level, f"{line.router}: {line.text}")
    for letter, path in zip("ab", configs, strict=True):
        world.router(letter, path)
    world.link("a", "eth0", "b", "eth0")
    world.run(0)
    pacer = Pacer(world.clock, clock)
    console = Console(
        world.node("a").router, commands(PROTOCOLS), language, language.load, lambda _graceful: loop.stop()
    )

    def accepted(stream: Stream) -> None:
        pacer.catch_up()
        console.open(stream)

    control = ControlSocket(loop, log, Bound(str(socket)), accepted)
    try:
        event_loop.run(loop, {signal.SIGTERM: loop.stop})
    finally:
        control.close()
