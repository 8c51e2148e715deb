"""A route server: one neighbor's routes go to 50 clients through export filters; compared with bird2.

20 000 routes of `feed.py`. In `same` all clients have one filter, in
`different` each has its own. The filters are like those that generators of route server
configurations write: communities say which clients get the route and which get it with a
longer path, and the server's own communities are removed. Reported is the CPU time
of the daemon from the first announcement until it is idle. The clients only
read; every daemon must export the same number of routes to them.

    python benchmarks/route_server.py [--clients N] [--routes N] [--rounds N] [--compiled FOLDER]
"""

from __future__ import annotations

import argparse
import selectors
import statistics
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks.convergence import settle  # noqa: E402
from benchmarks.feed import session, updates  # noqa: E402
from benchmarks.filters import LISTS, SENDER, neighbor, start  # noqa: E402
from tests.interop.lab import BirdLike, Lab, until  # noqa: E402

SHAPES = ("same", "different")
FIRST = 4000  # AS number of the first client

FILTER = """
filter to_NUMBER {
    if net ~ BOGONS || net.len > 24 then reject;
    if (0, NUMBER) ~ bgp_community then reject;
    if bgp_path ~ [= * NUMBER * =] then reject;
    if bgp_path.last = 1000 + NUMBER then bgp_path.prepend(NUMBER);
    if (65101, NUMBER) ~ bgp_community then bgp_path.prepend(3320);
    bgp_community.delete([(0, *), (65000, *), (65101, *)]);
    accept;
}
"""


def config(shape: str, clients: int, log: Path) -> str:
    """The route server."""
    text = [f'log "{log}" all;\nrouter id 10.99.0.1;\nprotocol device {{}}\n{LISTS}']
    numbers = range(FIRST, FIRST + (clients if shape == "different" else 1))
    text += [FILTER.replace("NUMBER", str(number)) for number in numbers]
    text.append(_peer("sender", "10.99.0.2", SENDER, "import all; export none;"))
    for number in range(clients):
        name = f"to_{FIRST + (number if shape == 'different' else 0)}"
        export = f"import none; export filter {name};"
        text.append(_peer(f"client{number}", address(number), FIRST + number, export))
    return "\n".join(text)


def _peer(name: str, neighbor: str, asn: int, channel: str) -> str:
    return (
        f"protocol bgp {name} {{ local 10.99.0.1 as 65000; neighbor {neighbor} as {asn};"
        f" rs client; passive; ipv4 {{ {channel} }}; }}"
    )


def address(number: int) -> str:
    return f"10.99.1.{number + 1}"


def talk(count: int, clients: int, seed: int) -> None:
    """All neighbors in one process: send after a line on standard input, read everything."""
    octets = b"".join(updates(count, "ipv4", SENDER, "10.99.0.2", seed)[0])
    chooser = selectors.DefaultSelector()
    for number in range(clients):
        client = session("10.99.0.1", address(number), FIRST + number, address(number))
        chooser.register(client, selectors.EVENT_READ)
    sender = session("10.99.0.1", "10.99.0.2", SENDER, "10.99.0.2")
    print("ready", flush=True)
    sys.stdin.readline()
    sender.setblocking(False)
    chooser.register(sender, selectors.EVENT_READ | selectors.EVENT_WRITE)
    view, at = memoryview(octets), 0
    while True:
        for key, events in chooser.select():
            if events & selectors.EVENT_READ and not key.fileobj.recv(1 << 20):  # type: ignore[union-attr]
                raise SystemExit("the daemon closed a session")
            if events & selectors.EVENT_WRITE:
                at += sender.send(view[at : at + 65536])
                if at == len(view):
                    chooser.modify(sender, selectors.EVENT_READ)
                    print("sent", flush=True)


def one(daemon: str, shape: str, count: int, clients: int, seed: int, compiled: str) -> tuple[float, int]:
    """CPU seconds, and how many routes were exported."""
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as lab:
        dut, load = lab.pair()
        dut.address("10.99.0.1/16", "eth0")
        load.address("10.99.0.2/16", "eth0")
        for number in range(clients):
            load.address(f"{address(number)}/16", "eth0")
        process = start(daemon, dut, config(shape, clients, dut.folder / "log"), compiled)
        arguments = ("--talk", str(count), str(clients), str(seed))
        feed, commands, said = neighbor(load, "route_server.py", *arguments)
        try:
            assert said.readline() == "ready\n"
            until(lambda: process.cli("show protocols").count("Established") == clients + 1, 60, "sessions")
            before = settle(process.process.pid)
            commands.write("go\n")
            commands.flush()
            assert said.readline() == "sent\n"
            spent = settle(process.process.pid) - before
            return spent, exported(process)
        finally:
            feed.kill()
            feed.wait()


def exported(process: BirdLike) -> int:
    """Routes exported to all clients."""
    total = 0
    for line in process.cli("show protocols all").splitlines():
        if "Routes:" in line and "exported" in line:
            total += int(line.split(" exported")[0].split()[-1])
    return total


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--clients", type=int, default=50)
    options.add_argument("--routes", type=int, default=20_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--compiled", default="")
    options.add_argument("--talk", nargs=3, type=int, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.talk:
        count, clients, seed = chosen.talk
        talk(count, clients, seed)
        return
    daemons = ["bird2", "pybird", *(["compiled"] if chosen.compiled else [])]
    print(f"{chosen.routes} routes to {chosen.clients} clients, {chosen.rounds} rounds\n")
    print("| filters | daemon | CPU s | ratio |\n|---|---|---|---|")
    for shape in SHAPES:
        found: dict[str, list[float]] = {}
        for number in range(chosen.rounds):
            seen: dict[str, int] = {}
            for daemon in daemons:
                spent, seen[daemon] = one(
                    daemon, shape, chosen.routes, chosen.clients, 42 + number, chosen.compiled
                )
                found.setdefault(daemon, []).append(spent)
            assert len(set(seen.values())) == 1, seen
        base = statistics.median(found["bird2"])
        for daemon, runs in found.items():
            median = statistics.median(runs)
            spread = f"{min(runs):.2f}-{max(runs):.2f}"
            print(f"| {shape} | {daemon} | {median:.2f} ({spread}) | {median / base:.1f}x |", flush=True)


if __name__ == "__main__":
    main()
