"""A thousand sessions on one daemon, of which two hundred flap; compared with bird2.

Each neighbor announces ten networks and gets a hundred of the daemon's own. First all
come up; then for half a minute the flapping ones close their connection, come back
after a second, and so on, while the others only exchange KEEPALIVEs with a hold time of 9 s.
Reported: the time until the last session is up and the CPU time until the daemon is
idle; then flaps, CPU time for each, sessions of the others that were lost, and the
longest time for which the daemon said nothing to one of them (KEEPALIVEs are due every 3 s).

    python benchmarks/sessions.py [--sessions N] [--flapping N] [--seconds S] [--rounds N] [--compiled FOLDER]
"""

from __future__ import annotations

import argparse
import json
import random
import selectors
import socket
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks.convergence import cpu_seconds, settle  # noqa: E402
from benchmarks.feed import attributes, message, open_message  # noqa: E402
from benchmarks.filters import neighbor, start  # noqa: E402
from tests.interop.lab import Lab, until  # noqa: E402

FIRST = 4001  # AS number of the first neighbor
HOLD = 9  # seconds
NETS = 10  # of each neighbor
OWN = 100  # of the daemon
PENDING = 20  # neighbors that connect at the same time; a short backlog would let the kernel wait for seconds
AWAY = 1.0  # seconds for which a flapping neighbor is away


def address(number: int) -> str:
    return f"10.99.{1 + number // 250}.{1 + number % 250}"


def config(count: int, log: Path) -> str:
    """The daemon: a session for each neighbor, all alike."""
    own = "\n".join(f"route 172.16.{number}.0/24 blackhole;" for number in range(OWN))
    text = [
        f'log "{log}" all;\nrouter id 10.99.0.1;\nprotocol device {{}}\nprotocol static {{ ipv4; {own} }}'
    ]
    text.append("filter own { if source = RTS_STATIC then accept; reject; }")
    text += [
        f"protocol bgp n{number} {{ local 10.99.0.1 as 65000; neighbor {address(number)} as {FIRST + number};"
        f" passive; hold time {HOLD}; error wait time 1, 1; graceful restart off;"
        " ipv4 { import all; export filter own; }; }"
        for number in range(count)
    ]
    return "\n".join(text)


class Neighbor:
    """One neighbor: its connection and when the daemon was last heard."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.sock: socket.socket | None = None
        self.buffer = b""
        self.up = False
        self.heard = self.said = time.monotonic()
        self.silence = 0.0
        self.ends = 0
        self.again = 0.0  # when it connects

    def connect(self, chooser: selectors.DefaultSelector, now: float) -> None:
        """Begin a connection; if it fails, try again soon."""
        self.sock = socket.socket()
        self.sock.bind((address(self.number), 0))
        self.sock.setblocking(False)
        self.sock.connect_ex(("10.99.0.1", 179))
        self.buffer, self.up, self.again = b"", False, now + 1e9
        chooser.register(self.sock, selectors.EVENT_WRITE, self)

    def close(self, chooser: selectors.DefaultSelector, again: float) -> None:
        if self.sock is not None:
            chooser.unregister(self.sock)
            self.sock.close()
        self.sock, self.up, self.again = None, False, again

    def writable(self, chooser: selectors.DefaultSelector, now: float) -> None:
        """Connected, or refused."""
        assert self.sock is not None
        if self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self.close(chooser, now + 0.2)
            return
        chooser.modify(self.sock, selectors.EVENT_READ, self)
        self.sock.sendall(open_message(FIRST + self.number, address(self.number), HOLD))
        self.said = now

    def readable(self, chooser: selectors.DefaultSelector, now: float) -> None:
        assert self.sock is not None
        try:
            data = self.sock.recv(65536)
        except OSError:
            data = b""
        if not data:
            self.ends += self.up
            self.close(chooser, now + 0.2)
            return
        if self.up:
            self.silence = max(self.silence, now - self.heard)
        self.heard = now
        self.buffer += data
        while len(self.buffer) >= 19:
            length = struct.unpack_from(">H", self.buffer, 16)[0]
            if len(self.buffer) < length:
                break
            kind, self.buffer = self.buffer[18], self.buffer[length:]
            if kind == 1:
                self.keepalive(now)
            elif kind == 4 and not self.up:
                self.up = True
                self.announce()

    def keepalive(self, now: float) -> None:
        assert self.sock is not None
        self.sock.sendall(message(4, b""))
        self.said = now

    def announce(self) -> None:
        assert self.sock is not None
        told = attributes(
            FIRST + self.number, random.Random(self.number), socket.inet_aton(address(self.number))
        )
        first = self.number * NETS
        nets = b"".join(
            bytes((24, 20 + (first + at >> 16), first + at >> 8 & 255, first + at & 255))
            for at in range(NETS)
        )
        self.sock.sendall(message(2, struct.pack(">HH", 0, len(told)) + told + nets))


def talk(count: int, flapping: int, seconds: float) -> None:
    """All neighbors in one process; reports when all are up, and what the flapping did."""
    chooser = selectors.DefaultSelector()
    neighbors = [Neighbor(number) for number in range(count)]
    began = time.monotonic()
    run(chooser, neighbors, lambda: all(each.up for each in neighbors))
    print(json.dumps({"up": time.monotonic() - began}), flush=True)
    commands = selectors.DefaultSelector()
    commands.register(sys.stdin, selectors.EVENT_READ)
    run(chooser, neighbors, lambda: bool(commands.select(0)))
    keepers, flaps = neighbors[flapping:], 0
    for each in neighbors:
        each.silence, each.ends, each.heard = 0.0, 0, time.monotonic()
    end = time.monotonic() + seconds
    stands: dict[int, float] = {}

    def step() -> bool:
        nonlocal flaps
        now = time.monotonic()
        for each in neighbors[:flapping]:
            if each.up and now - stands.setdefault(each.number, now) > AWAY:
                each.close(chooser, now + AWAY)
                stands.pop(each.number)
                flaps += 1
        return now > end

    run(chooser, neighbors, step)
    found = {
        "flaps": flaps,
        "lost": sum(each.ends for each in keepers) + sum(not each.up for each in keepers),
        "silence": max(each.silence for each in keepers),
    }
    print(json.dumps(found), flush=True)
    run(chooser, neighbors, lambda: False)


def run(chooser: selectors.DefaultSelector, neighbors: list[Neighbor], done: Callable[[], bool]) -> None:
    """Serve all connections until `done`."""
    while not done():
        now = time.monotonic()
        pending = sum(each.sock is not None and not each.up for each in neighbors)
        for each in neighbors:
            if each.sock is None and now >= each.again and pending < PENDING:
                each.connect(chooser, now)
                pending += 1
            elif each.up and now - each.said > HOLD / 3:
                each.keepalive(now)
        for key, events in chooser.select(0.05):
            now = time.monotonic()
            if events & selectors.EVENT_WRITE:
                key.data.writable(chooser, now)
            else:
                key.data.readable(chooser, now)


def one(daemon: str, count: int, flapping: int, seconds: float, compiled: str) -> dict[str, float]:
    """The figures of one run."""
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as lab:
        dut, load = lab.pair()
        dut.address("10.99.0.1/16", "eth0")
        for number in range(count):
            load.address(f"{address(number)}/16", "eth0")
        process = start(daemon, dut, config(count, dut.folder / "log"), compiled)
        pid = process.process.pid
        before = settle(pid)
        feed, commands, said = neighbor(
            load, "sessions.py", "--talk", str(count), str(flapping), str(int(seconds))
        )
        try:
            found: dict[str, float] = json.loads(said.readline())
            until(lambda: process.cli("show protocols").count("Established") == count, 60, "sessions")
            middle = cpu_seconds(pid)
            found["up cpu"] = middle - before
            commands.write("go\n")
            commands.flush()
            found |= json.loads(said.readline())
            found["flap cpu"] = (cpu_seconds(pid) - middle) / found["flaps"]
        finally:
            feed.kill()
            feed.wait()
        return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--sessions", type=int, default=1000)
    options.add_argument("--flapping", type=int, default=200)
    options.add_argument("--seconds", type=float, default=30)
    options.add_argument("--rounds", type=int, default=1)
    options.add_argument("--compiled", default="")
    options.add_argument("--talk", nargs=3, type=int, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.talk:
        talk(*chosen.talk)
        return
    daemons = ["bird2", "pybird", *(["compiled"] if chosen.compiled else [])]
    print(f"{chosen.sessions} sessions, {chosen.flapping} flap for {chosen.seconds:g} s\n")
    print("| daemon | all up after | CPU for that | flaps | CPU of one | others lost | longest silence |")
    print("|---|---|---|---|---|---|---|")
    for daemon in daemons:
        runs = [
            one(daemon, chosen.sessions, chosen.flapping, chosen.seconds, chosen.compiled)
            for _ in range(chosen.rounds)
        ]
        found = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        print(
            f"| {daemon} | {found['up']:.1f} s | {found['up cpu']:.2f} s | {found['flaps']:.0f}"
            f" | {1000 * found['flap cpu']:.2f} ms | {max(run['lost'] for run in runs):.0f}"
            f" | {found['silence']:.1f} s |",
            flush=True,
        )


if __name__ == "__main__":
    main()
