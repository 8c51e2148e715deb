"""The garbage collector is off in the daemon: what a client does must leave no cycles."""

import gc
import random
import socket

import pytest

from pybird.cli.control import Console
from pybird.cli.registry import commands
from pybird.conf.language import Language
from pybird.core.ports import Ports
from pybird.core.router import Router
from pybird.io.clock import AsyncioClock
from pybird.io.disk import ThreadFiles
from pybird.io.dump import FileStream
from pybird.io.files import cache_folder
from pybird.io.loop import new_loop
from pybird.io.network import AsyncioNetwork
from pybird.io.stream import SocketStream
from pybird.proto import PROTOCOLS

CONFIG = "router id 1.1.1.1; protocol static { ipv4; route 10.0.0.0/8 blackhole; }"
LINES = (
    "show status",
    "show protocols all",
    "show route all\n" * 50,
    "show route where net ~ 10.0.0.0/8",
    "show route where nonsense",
    "show protocols nosuch",
    "configure check",
    "eval 1 + 1",
    "eval 1 +",
    "eval 10 / 0",
    "no such command",
    "help",
)


class Silent:
    def write(self, level, text):
        assert level != "bug", text


class NoKernel:
    def setting(self, name):
        return None


class Machine:
    def __init__(self):
        log = Silent()
        self.loop = new_loop(log)
        ports = Ports(
            AsyncioClock(self.loop),
            AsyncioNetwork(self.loop, log),
            NoKernel(),
            log,
            random.Random(1),
            ThreadFiles(self.loop),
        )
        language = Language(PROTOCOLS, cache=cache_folder())
        self.router = Router(ports, PROTOCOLS)
        self.console = Console(
            self.router,
            commands(PROTOCOLS),
            language,
            lambda path: language.read(CONFIG),
            lambda graceful: None,
        )
        self.router.configure(language.read(CONFIG))
        self.turn()

    def turn(self):
        self.loop.call_later(0.02, self.loop.stop)
        self.loop.run_forever()

    def client(self, line, early):
        """A client that asks and goes, perhaps before the answer."""
        here, there = socket.socketpair()
        self.console.open(SocketStream(self.loop, here))
        there.sendall(f"{line}\n".encode())
        if not early:
            self.turn()
        there.close()
        self.turn()


@pytest.fixture(scope="module")
def machine():
    made = Machine()
    for line in LINES:  # caches fill
        made.client(line, early=False)
    yield made
    made.loop.close()


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split("\n")[0])
def test_a_client_leaves_no_cycles(machine, line, early):
    gc.collect()
    gc.disable()
    try:
        machine.client(line, early)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_dump_to_a_file_leaves_no_session(machine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    gc.collect()
    gc.disable()
    try:
        for name in ("bird.dump", "/dev/full"):
            problems = []
            stream = FileStream("bird.dump", 2, problems.append, machine.loop.call_soon)
            if name == "/dev/full":
                stream._file.close()
                stream._file = open(name, "wb", buffering=0)  # noqa: SIM115
            session = machine.console.open(stream)
            session.received(b"show route all\nshow route all\n")
            assert session in machine.console.sessions
            machine.turn()
            assert machine.console.sessions == {}
            assert len(problems) == (name == "/dev/full")
            del session, stream
        assert gc.collect() == 0
    finally:
        gc.enable()
