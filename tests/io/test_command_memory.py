"""Every command, right and failing, on a daemon that reads files in its thread: nothing stays behind.

The daemon collects no cycles, so one that a command leaves is lost memory, and
so is whatever it holds: of a file that was refused, all that was read of it.
"""

import contextlib
import gc
import random
import socket

import pytest

from pybird.cli.control import Console
from pybird.cli.registry import commands
from pybird.conf.language import Language
from pybird.conf.model import must_run
from pybird.conf.rereading import ReadUnits
from pybird.core.ports import Ports
from pybird.core.router import Router
from pybird.io.clock import AsyncioClock
from pybird.io.disk import ThreadFiles
from pybird.io.files import cache_folder
from pybird.io.loop import new_loop
from pybird.io.network import AsyncioNetwork
from pybird.io.stream import SocketStream
from pybird.io.worker import Worker
from pybird.proto import PROTOCOLS
from tests.core.world import FakeKernel

pytestmark = pytest.mark.usefixtures("refused")
RIGHT = """
router id 1.1.1.1;
ipv4 table t; roa4 table r; peer table p;
define NETS = [ 10.0.0.0/8+ ];
function ours() -> bool { return net ~ NETS; }
filter f { if ours() then bgp_community.add((1, 2)); accept; }
protocol device { }
protocol static s { ipv4 { import filter f; };
  route 10.0.0.0/8 blackhole; route 11.0.0.0/8 recursive 10.0.0.1; }
protocol pipe x { table master4; peer table t; export where ours(); import none; }
protocol bgp b { disabled; local 10.9.0.1 as 65001; neighbor 10.9.0.2 as 65002;
  ipv4 { import all; export filter f; }; }
"""
# What is wrong with a file, each found at another place of the reading.
WRONG = {
    "not a configuration": "foo bar;\n" * 30,
    "unknown option": RIGHT + "protocol bgp { neihbor 1; }",
    "unknown name": RIGHT + "protocol static { ipv4 { table nosuch; }; }",
    "another type": RIGHT + 'filter q { if 1 = "a" then accept; reject; }',
    "not run": RIGHT + "protocol bgp c { local as 1; neighbor 10.0.0.3 as 2; confederation 3; }",
    "no such include": RIGHT + 'include "/nonexistent/file";',
    "nested too deeply": RIGHT + "filter d { if " + "(" * 9000 + "true" + ")" * 9000 + " then accept; }",
    "unclosed": RIGHT + "filter u { accept;",
    "no prefix": RIGHT + "protocol static { ipv4; route 10.0.0.1/8 blackhole; }",
    "empty": "",
    "two contradictions": RIGHT + "protocol bgp c { neighbor 10.0.0.3 as 2; hold time 3; min hold time 20; }",
}

LINES = {
    "show_status": ("show status",),
    "show_version": ("show version",),
    "show_memory": ("show memory",),
    "show_protocols": ("show protocols", "show protocols all", "show protocols nosuch"),
    "show_route": (
        "show route all\n" * 30,
        "show route where net ~ NETS",
        "show route filter f all",
        "show route filter nosuch",
        "show route where 1 / 0 = 1",
        "show route export b",
        "show route table nosuch",
        "show route for 10.1.0.0/16 count",
        "show route where ((((((",
    ),
    "show_route_refused": (
        "show route refused",
        "show route refused b",
        "show route refused in 10.0.0.0/8",
        "show route refused nosuch",
    ),
    "show_interfaces": ("show interfaces",),
    "show_interfaces_summary": ("show interfaces summary",),
    "show_symbols": ("show symbols", "show symbols filter", "show symbols nosuch"),
    "show_static": ("show static", "show static nosuch"),
    "show_peers": ("show peers", "show peers table t"),
    "show_ospf": ("show ospf", "show ospf neighbors nosuch"),
    "show_rip": ("show rip interfaces",),
    "show_babel": ("show babel routes",),
    "show_bfd": ("show bfd sessions",),
    "show_mpls_ranges": ("show mpls ranges",),
    "show_threads": ("show threads",),
    "mrt_dump": ('mrt dump table t to "x"',),
    "mrtdump": ("mrtdump all off",),
    "configure": (
        "configure",
        "configure soft",
        "configure timeout 100",
        'configure "missing.conf"',
        *(f'configure "{name}.conf"' for name in WRONG),
    ),
    "configure_check": (
        "configure check",
        'configure check "missing.conf"',
        *(f'configure check "{name}.conf"' for name in WRONG),
    ),
    "configure_confirm": ("configure confirm",),
    "configure_undo": ("configure undo",),
    "configure_status": ("configure status",),
    "enable": ("enable s", 'enable "nosuch*"'),
    "disable": ("disable s\nenable s", "disable nosuch"),
    "restart": ("restart s", "restart all", "restart nosuch"),
    "reload": ("reload s", "reload in s", "reload out x", "reload b", "reload nosuch"),
    "reload_filters": ("reload filters s", "reload filters in all"),
    "reload_bgp": ("reload bgp out b",),
    "prune": ("prune all", "prune nosuch", 'prune "x*"'),
    "debug": ("debug s all", "debug s off", "debug nosuch all"),
    "dump": ('dump tables "dump"', 'dump tables "nosuch/dump"', "dump nosuch"),
    "eval": ("eval 1 + 1", "eval 10 / 0", "eval nosuch", "eval 1 +", "eval ours()"),
    "echo": ("echo all", "echo off"),
    "timeformat": ("timeformat iso long", "timeformat nosuch"),
    "output": ("output json\nshow route all\nshow protocols all\nconfigure check",),
    "dialect": ("dialect 3\nshow route all", "dialect 7"),
    "restrict": ("restrict\nconfigure",),
    "down": (),  # it ends the daemon
    "graceful_restart": (),  # so does it
    "help": ("help", "help show"),
    "no command": ("no such command", "show", "", "\x00", "(" * 5000),
}
ALL = [line for lines in LINES.values() for line in lines]


class Silent:
    def write(self, level, text):
        assert level != "bug", text


class Machine:
    """A router on a real loop and a real thread, clients on real sockets."""

    def __init__(self, folder):
        log = Silent()
        self.loop = new_loop(log)
        language = Language(PROTOCOLS, cache=cache_folder())
        memory = ReadUnits()
        kernel = FakeKernel()
        files = ThreadFiles(self.loop)
        network = AsyncioNetwork(self.loop, log)
        self.router = Router(
            Ports(AsyncioClock(self.loop), network, kernel, log, random.Random(1), files), PROTOCOLS
        )
        self.work = Worker(self.loop)

        def load(path):
            return language.load(path, memory=memory)

        self.console = Console(
            self.router, commands(PROTOCOLS), language, load, lambda graceful: None, files, self.work
        )
        (folder / "bird.conf").write_text(RIGHT)
        for name, text in WRONG.items():
            (folder / f"{name}.conf").write_text(text)
        self.router.configure(must_run(load("bird.conf")))
        self.turns()

    def turns(self):
        """Until nothing is left to do."""
        quiet = 0
        while quiet < 3:
            self.loop.call_later(0.001, self.loop.stop)
            self.loop.run_forever()
            busy = self.work._busy or self.router.reconfiguration.busy or self.router.scheduler.busy
            quiet = 0 if busy else quiet + 1

    def client(self, line):
        here, there = socket.socketpair()
        there.setblocking(False)
        session = self.console.open(SocketStream(self.loop, here))
        there.sendall(f"{line}\n".encode())
        self.turns()
        while session._replies is not None or session._commands:
            self.turns()
            with contextlib.suppress(BlockingIOError):
                there.recv(1 << 20)
        there.close()
        del session
        self.turns()


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("daemon")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        made = Machine(folder)
        for line in ALL:  # caches fill
            made.client(line)
        gc.collect()
        gc.freeze()  # only what comes from here on is looked at: that is quick
        yield made
        gc.unfreeze()
        made.loop.close()


def test_each_command_has_its_lines():
    assert {command.rule for command in commands(PROTOCOLS)} == set(LINES) - {"no command"}


@pytest.mark.parametrize("line", ALL, ids=lambda line: repr(line.split("\n")[0][:40]))
def test_a_command_leaves_no_cycle(machine, line):
    gc.collect()
    gc.disable()
    try:
        machine.client(line)
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.parametrize("line", [line for line in ALL if line.startswith("configure ")])
def test_reading_again_and_again_takes_no_more_memory(machine, line):
    def objects():
        machine.router.forget_memos()
        return len(gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            machine.client(line)
        before = objects()
        for _ in range(5):
            machine.client(line)
        assert objects() - before < 15  # each attempt kept 20 and more
    finally:
        gc.enable()
