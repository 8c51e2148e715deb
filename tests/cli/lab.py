"""A router with a real configuration and a control session, on a clock turned by hand."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from pybird.cli.control import Console, SocketOptions
from pybird.cli.registry import commands
from pybird.conf.language import Language
from pybird.core.ports import Link, LinkAddress, Ports
from pybird.core.router import Router
from pybird.proto import PROTOCOLS
from pybird.values.address import Address
from tests.cli.fakes import FakeStream
from tests.core.world import World


@cache
def language() -> Language:
    """The language, with its tables built once per test run."""
    return Language(PROTOCOLS, cache=Path(tempfile.gettempdir()) / "pybird-test-tables")


CONFIG = """
log stderr all;
router id 10.0.0.1;
hostname "alpha";
define MYAS = 65001;
define BOGONS = [ 10.0.0.0/8+, 192.168.0.0/16{16,24} ];
ipv4 table t4aux;
roa4 table r4;
peer table peers;
filter imp_b { accept; }
function is_bogon() -> bool { return net ~ BOGONS; }
protocol device { scan time 10; }
protocol static st4 {
  description "static v4 routes";
  ipv4;
  route 198.51.100.0/24 blackhole;
  route 203.0.113.0/24 via 10.0.0.2;
  route 203.0.113.128/25 via 192.0.2.77 weight 3 via 10.0.0.2 weight 2;
  route 10.9.0.0/16 unreachable;
  route 10.10.0.0/16 prohibit;
  route 10.11.0.0/16 via "dum0";
}
protocol static st6 { ipv6; route 2001:db8:200::/48 unreachable; }
protocol static st_roa { roa4 { table r4; }; route 198.18.0.0/15 max 24 as 65002; }
protocol static st_off { disabled; ipv4; route 192.0.2.128/25 blackhole; }
"""

LINKS = (
    Link(1, "lo", True, 65536, loopback=True),
    Link(2, "va", True),
    Link(3, "dum0", True),
)
ADDRESSES = (
    (1, "127.0.0.1", 8),
    (1, "::1", 128),
    (2, "10.0.0.1", 24),
    (3, "192.0.2.1", 24),
    (3, "fe80::1", 64),
)


class Lab:
    """One router, one client."""

    def __init__(self, text: str = CONFIG, options: SocketOptions | None = None, clock: Any = None) -> None:
        self.world = World(*PROTOCOLS)
        if clock is not None:  # a real one: the caller runs its loop
            ports = Ports(clock, None, self.world.kernel, self.world.log, Random(1), None)  # type: ignore[arg-type]
            self.world.router = Router(ports, PROTOCOLS)
        self.router = self.world.router
        self.files = {"bird.conf": text}
        self.stopped: list[bool] = []
        for link in LINKS:
            self.world.kernel.link(link)
        for index, address, length in ADDRESSES:
            self.world.kernel.address(LinkAddress(index, Address.parse(address), length))
        self.router.configure(self.load("bird.conf"))
        self.world.clock.run(10.0)
        self.console = Console(self.router, commands(PROTOCOLS), language(), self.load, self.stopped.append)
        self.stream = FakeStream()
        self.session = self.console.open(self.stream, options)  # type: ignore[arg-type]
        self.stream.taken()

    def load(self, path: str):
        """Read one of the lab's files."""
        if path not in self.files:
            raise FileNotFoundError(2, "No such file or directory")
        return language().read(self.files[path], path)

    def ask(self, command: str, seconds: float = 2.0) -> str:
        """Send a command; its reply without the last newline."""
        self.session.received(f"{command}\n".encode())
        self.world.clock.run(seconds)
        return self.stream.taken().removesuffix("\n")
