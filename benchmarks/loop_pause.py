"""The longest time that one step keeps the daemon's event loop busy, with 100 000 routes.

A daemon runs with a probe around every callback of its loop, has two BGP
sessions and does work that takes long: it reads large configurations, installs and
removes 100 000 static routes, receives a feed, changes a filter, filters again
after ROA changes, shows its routes. For each operation: the longest step in
milliseconds of CPU time of the loop's thread, its name, and the greatest delay of
a 5 ms timer (wall clock; includes other work of the machine).

Needs root and network namespaces.

    python benchmarks/loop_pause.py [--routes N]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

TICK = 0.005  # seconds between two looks of the timer

# ------------------------------------------------------------------ in the daemon


class Probe:
    """Times every callback of the loop; SIGUSR2 writes the longest ones and starts again."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.clear()

    def clear(self) -> None:
        self.longest = 0.0
        self.name = ""
        self.late = 0.0
        self.steps = 0

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Watch this loop."""
        original = asyncio.Handle._run

        def run(handle: asyncio.Handle) -> None:
            before = time.thread_time()
            original(handle)
            spent = time.thread_time() - before
            self.steps += 1
            if spent > self.longest:
                self.longest = spent
                self.name = name_of(handle)

        asyncio.Handle._run = run  # type: ignore[assignment, method-assign]
        loop.add_signal_handler(signal.SIGUSR2, self.write)
        self.due = loop.time() + TICK
        loop.call_at(self.due, self.tick, loop)

    def tick(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        self.late = max(self.late, now - self.due)
        self.due = now + TICK
        loop.call_at(self.due, self.tick, loop)

    def write(self) -> None:
        """Report to the parent process."""
        found = {"longest": self.longest, "name": self.name, "late": self.late, "steps": self.steps}
        part = self.target.with_suffix(".part")
        part.write_text(json.dumps(found))
        part.rename(self.target)
        self.clear()


def name_of(handle: Any) -> str:
    """A readable name of a callback."""
    found = handle._callback
    names: list[str] = []
    while found is not None and len(names) < 4:
        names.append(getattr(found, "__qualname__", type(found).__name__))
        closure = getattr(found, "__closure__", None) or ()
        inner = [cell.cell_contents for cell in closure if callable(cell.cell_contents)]
        found = inner[0] if inner else None
    return " > ".join(names)


def run_daemon(target: Path, arguments: list[str]) -> int:
    """The daemon, with the probe."""
    from pybird.io import loop as event_loop
    from pybird.main import main as pybird

    probe = Probe(target)
    plain = event_loop.run

    def run(loop: asyncio.AbstractEventLoop, signals: Any) -> None:
        probe.attach(loop)
        plain(loop, signals)

    event_loop.run = run
    return pybird(arguments)


# ------------------------------------------------------------------ the two peers


def run_peers(routes: int) -> None:
    """Two sessions that read everything; a line on standard input makes the first send its routes."""
    from benchmarks.feed import message, session, updates

    announce, _ = updates(routes, "ipv4", 65001, "10.99.0.2", 42)
    sockets = [session("10.99.0.1", f"10.99.0.{last}", 64999 + last, f"10.99.0.{last}") for last in (2, 3)]
    print("ready", flush=True)
    blob = memoryview(b"".join(announce))
    chooser = selectors.DefaultSelector()
    for sock in sockets:
        sock.setblocking(False)
        chooser.register(sock, selectors.EVENT_READ)
    chooser.register(sys.stdin, selectors.EVENT_READ, "commands")
    at = len(blob)
    alive = time.monotonic()
    while True:
        for key, events in chooser.select(1):
            if key.data:
                if not sys.stdin.readline():
                    return
                at = 0
                chooser.modify(sockets[0], selectors.EVENT_READ | selectors.EVENT_WRITE)
                continue
            one = key.fileobj
            assert isinstance(one, socket.socket)
            if events & selectors.EVENT_READ and not one.recv(262144):
                return
            if events & selectors.EVENT_WRITE:
                at += one.send(blob[at : at + 262144])
                if at >= len(blob):
                    chooser.modify(one, selectors.EVENT_READ)
        if time.monotonic() > alive + 20 and at >= len(blob):
            alive = time.monotonic()
            for sock in sockets:
                sock.send(message(4, b""))


# ------------------------------------------------------------------ beside it

BASE = """
log "%(log)s" all;
router id 10.99.0.1;
roa4 table roas;
%(defines)s
protocol device {}
protocol static { roa4 { table roas; }; %(roas)s }
protocol static many { ipv4; %(statics)s }
protocol bgp sender { local 10.99.0.1 as 65000; neighbor 10.99.0.2 as 65001; passive;
  ipv4 { import table; import filter { %(imports)s }; export none; }; }
protocol bgp receiver { local 10.99.0.1 as 65000; neighbor 10.99.0.3 as 65002; passive;
  ipv4 { import all; export filter { %(exports)s }; }; }
"""
ROA = "if roa_check(roas, net, bgp_path.last) = ROA_INVALID then reject; accept;"


class Bench:
    """The daemon, two sessions, and one row for each operation."""

    def __init__(self, lab: Any, routes: int) -> None:
        from tests.interop.lab import BirdLike

        self.routes = routes
        self.dut, self.load = lab.pair()
        self.dut.address("10.99.0.1/24", "eth0")
        for last in (2, 3):
            self.load.address(f"10.99.0.{last}/24", "eth0")
        self.target = self.dut.folder / "probe"
        command = [sys.executable, str(HERE / "loop_pause.py"), "--daemon", str(self.target)]
        client = [sys.executable, "-m", "pybird.client"]
        self.values = {
            "log": str(self.dut.folder / "log"),
            "defines": "",
            "roas": "",
            "statics": "",
            "imports": "accept;",
            "exports": "accept;",
        }
        self.daemon = BirdLike(self.dut, "pybird", command, BASE % self.values)
        self.client = [*client, "-s", str(self.daemon.socket)]
        self.peers = subprocess.Popen(
            self.load.inside([sys.executable, str(HERE / "loop_pause.py"), "--peers", str(routes)]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.peers.stdout is not None
        self.peers.stdout.readline()

    def row(self, title: str, work: Callable[[], Any]) -> None:
        """Do an operation, wait until the daemon is idle, print the probe's result."""
        self.look()
        work()
        self.settle()
        found = self.look()
        longest, late = found["longest"] * 1000, found["late"] * 1000
        print(f"| {title} | {longest:.1f} | {late:.0f} | {found['name']} |", flush=True)

    def look(self) -> dict[str, Any]:
        self.target.unlink(missing_ok=True)
        os.kill(self.daemon.process.pid, signal.SIGUSR2)
        while not self.target.exists():
            time.sleep(0.02)
        found: dict[str, Any] = json.loads(self.target.read_text())
        return found

    def settle(self) -> None:
        from benchmarks.convergence import cpu_seconds

        pid = self.daemon.process.pid
        last = cpu_seconds(pid)
        while True:
            time.sleep(1.2)  # ROA changes settle for a second
            now = cpu_seconds(pid)
            if now - last < 0.03:  # the probe's timer
                return
            last = now

    def configure(self, **values: str) -> None:
        self.values.update(values)
        self.daemon.config.write_text(BASE % self.values)
        reply = self.cli("configure")
        assert "Reconfigured" in reply or "in progress" in reply, reply

    def cli(self, *words: str) -> str:
        """The text of one command; its output may be long."""
        done = subprocess.run([*self.client, *words], capture_output=True, text=True, check=True)
        return done.stdout

    def announce(self) -> None:
        """Let the first peer send its routes."""
        assert self.peers.stdin is not None
        self.peers.stdin.write(b"go\n")
        self.peers.stdin.flush()
        time.sleep(1)


def statics(count: int) -> str:
    """Static routes, every sixth with another next hop."""
    return "\n".join(
        f"route {20 + (at >> 16)}.{at >> 8 & 255}.{at & 255}.0/24 via 10.99.0.{100 + at % 6};"
        for at in range(count)
    )


def prefix_set(count: int) -> str:
    """A large literal set."""
    items = (f"{1 + (at >> 16)}.{at >> 8 & 255}.{at & 255}.0/24{{24,28}}" for at in range(count))
    return f"define LARGE = [ {', '.join(items)} ];"


def roas(count: int) -> str:
    """Some ROA records all over the address space."""
    return "\n".join(f"route {1 + at % 223}.{at // 223 % 256}.0.0/16 max 24 as 65001;" for at in range(count))


def measure(bench: Bench) -> None:
    """All operations, in an order in which each finds what it needs."""
    many = statics(bench.routes)
    cli = bench.cli
    print(f"\n{bench.routes} routes\n\n| operation | longest step, CPU ms | timer late, ms | step |")
    print("|---|---|---|---|")
    bench.row("nothing", lambda: None)
    bench.row("configure: static routes are added", lambda: bench.configure(statics=many))
    bench.row("configure: nothing changed", lambda: bench.configure())
    bench.row("configure: an export filter changed", lambda: bench.configure(exports="bgp_med = 5; accept;"))
    bench.row(
        "configure: an export filter that reads the network",
        lambda: bench.configure(exports="if net.ip = 1.2.3.4 then reject; accept;"),
    )
    bench.row("configure: a filter with roa_check", lambda: bench.configure(exports=ROA))
    bench.row("configure: 1 000 ROA records are added", lambda: bench.configure(roas=roas(1000)))
    bench.row("configure: 20 000 ROA records are added", lambda: bench.configure(roas=roas(20000)))
    bench.row("show route", lambda: cli("show", "route"))
    bench.row("show route all", lambda: cli("show", "route", "all"))
    bench.row("show route count", lambda: cli("show", "route", "count"))
    bench.row("show route where", lambda: cli("show", "route", "where", "net.len", "=", "8"))
    bench.row("show route noexport", lambda: cli("show", "route", "noexport", "receiver"))
    bench.row("show route for", lambda: cli("show", "route", "for", "20.0.3.1"))
    bench.row("disable static", lambda: cli("disable", "many"))
    bench.row("enable static", lambda: cli("enable", "many"))
    bench.row("configure: static routes are removed", lambda: bench.configure(statics="", exports="accept;"))
    bench.row("a feed over BGP", bench.announce)
    bench.row("reload in, from the import table", lambda: cli("reload", "in", "sender"))
    bench.row("configure: an import filter with roa_check", lambda: bench.configure(imports=ROA))
    bench.row("configure: ROA records are removed", lambda: bench.configure(roas=roas(1000)))
    bench.row("reload out", lambda: cli("reload", "out", "receiver"))
    bench.row(
        "configure: a set of 500 000 is added",
        lambda: bench.configure(
            defines=prefix_set(500_000), exports="if net ~ LARGE && net.len = 32 then reject; accept;"
        ),
    )
    bench.row("disable the sender", lambda: cli("disable", "sender"))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--routes", type=int, default=100_000)
    chosen = options.parse_args()
    from tests.interop.lab import Lab

    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as lab:
        bench = Bench(lab, chosen.routes)
        try:
            measure(bench)
        finally:
            bench.peers.kill()
            bench.peers.wait()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--daemon"]:
        sys.exit(run_daemon(Path(sys.argv[2]), sys.argv[3:]))
    if sys.argv[1:2] == ["--peers"]:
        run_peers(int(sys.argv[2]))
    else:
        main()
