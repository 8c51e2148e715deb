"""Seconds from two usable link-local addresses to an Established session.

The time starts when duplicate address detection has ended on both sides
(addresses are "no longer tentative"); all timers have their defaults. PyBIRD with
PyBIRD, then PyBIRD with FRR that starts first, second, or long after.

    python benchmarks/discovery.py [--rounds N] [--late SECONDS]
"""

from __future__ import annotations

import argparse
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.interop.configs import autopeer, frr_unnumbered
from tests.interop.lab import BirdLike, Host, Lab, missing


def usable(*hosts: Host) -> float:
    """Wait until every eth0 has a link-local address that is not tentative; returns when."""
    while not all(host.link_local() for host in hosts):
        time.sleep(0.005)
    return time.monotonic()


def established(poll: Callable[[], bool], since: float, limit: float = 60) -> float:
    while not poll():
        if time.monotonic() - since > limit:
            raise SystemExit(f"no session within {limit} s")
        time.sleep(0.01)
    return time.monotonic() - since


def with_pybird(lab: Lab) -> float:
    """Two PyBIRDs, which run before the link comes up, so that they wait only for DAD."""
    a, b = lab.pair()
    for host in (a, b):
        host.link("eth0", False)
    first = a.pybird(autopeer(1, kernel=False))
    second = b.pybird(autopeer(2, kernel=False))
    a.link("eth0", True)
    b.link("eth0", True)
    start = usable(a, b)
    return established(lambda: up(first) and up(second), start)


def up(daemon: BirdLike) -> bool:
    return "Established" in ask(daemon)


def ask(daemon: BirdLike) -> str:
    """Send a command over the socket; without a client process, to measure precisely."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(5)
        sock.connect(str(daemon.socket))
        sock.sendall(b"show protocols\n")
        text = b""
        while b"\n0000" not in text and b"\n9" not in text:
            data = sock.recv(65536)
            if not data:
                break
            text += data
    return text.decode()


def with_frr_first(lab: Lab) -> float:
    a, b = lab.pair()
    usable(a, b)
    b.frr(frr_unnumbered(2))
    start = time.monotonic()
    first = a.pybird(autopeer(1, kernel=False))
    return established(lambda: up(first), start)


def with_frr_second(lab: Lab, late: float = 0) -> float:
    a, b = lab.pair()
    first = a.pybird(autopeer(1, kernel=False))
    usable(a, b)
    time.sleep(late)
    start = time.monotonic()
    b.frr(frr_unnumbered(2))
    return established(lambda: up(first), start)


def rounds(name: str, run: Callable[[Lab], float], count: int, goal: float) -> None:
    took = []
    for _ in range(count):
        with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as lab:
            took.append(run(lab))
    median = statistics.median(took)
    verdict = "met" if median <= goal else "NOT MET"
    print(
        f"| {name} | {median:.2f} | {min(took):.2f}-{max(took):.2f} | {count} | {goal:g} | {verdict} |",
        flush=True,
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--rounds", type=int, default=10)
    options.add_argument("--late", type=float, default=60)
    options.add_argument("--late-rounds", type=int, default=1)
    chosen = options.parse_args()
    print("| pair | median s | spread | rounds | goal | |\n|---|---|---|---|---|---|")
    rounds("PyBIRD, PyBIRD", with_pybird, chosen.rounds, 1.0)
    reason = missing("zebra", "vtysh")
    if reason:
        print(f"FRR not measured: {reason}")
        return
    few = max(chosen.rounds // 2, 1)
    rounds("FRR, then PyBIRD", with_frr_first, few, 6.0)
    rounds("PyBIRD, then FRR", with_frr_second, few, 6.0)
    name = f"PyBIRD, then FRR {chosen.late:g} s later"
    rounds(name, lambda lab: with_frr_second(lab, chosen.late), chosen.late_rounds, 6.0)


if __name__ == "__main__":
    main()
