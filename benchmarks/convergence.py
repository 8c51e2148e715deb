"""100 000 routes from one session to another, PyBIRD compared with Debian's bird2.

Three forms: IPv4 in classic NLRI, IPv4 with IPv6 next hops (MP_REACH), IPv6.
Every round runs each daemon once, one after the other, so that both have the same
conditions; reported are medians with spread, and ratios of medians.

    python benchmarks/convergence.py [--routes N] [--rounds N] [--daemons bird2,pybird]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from tests.interop.lab import Daemon, Host, Lab  # noqa: E402

FORMS = ("ipv4", "ipv4-mp", "ipv6")
TICKS = os.sysconf("SC_CLK_TCK")


def config(form: str, log: Path) -> str:
    v6 = form != "ipv4"
    channel = {
        "ipv4": "ipv4 { import all; export all; };",
        "ipv4-mp": "ipv4 { import all; export all; extended next hop; };",
        "ipv6": "ipv6 { import all; export all; };",
    }[form]
    net = "2001:db8:99::" if v6 else "10.99.0."
    peers = "\n".join(
        f"protocol bgp {name} {{ local {net}1 as 65000; neighbor {net}{last} as {asn}; passive; {channel} }}"
        for name, last, asn in (("sender", 2, 65001), ("receiver", 3, 65002))
    )
    return f'log "{log}" all;\nrouter id 10.99.0.1;\nprotocol device {{}}\n{peers}\n'


def cpu_seconds(pid: int) -> float:
    """User and system time of the process, from the scheduler's statistics, which are the most precise."""
    return sum(int(p.read_text().split()[0]) for p in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def memory_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def start(daemon: str, dut: Host, form: str) -> Daemon:
    text = config(form, dut.folder / "log")
    return dut.bird(text) if daemon == "bird2" else dut.pybird(text)


def one(daemon: str, form: str, routes: int, seed: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as lab:
        dut, load = lab.pair()
        for host, last in ((dut, (1,)), (load, (2, 3))):
            for number in last:
                host.address(f"10.99.0.{number}/24", "eth0")
                host.address(f"2001:db8:99::{number}/64", "eth0")
        process = start(daemon, dut, form)
        feed = subprocess.Popen(
            load.inside([sys.executable, str(HERE / "feed.py"), str(routes), form, str(seed)]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        pid = process.process.pid
        try:
            read(feed, "ready")
            before, base = cpu_seconds(pid), memory_mib(pid)
            converged = ask(feed, "go", "converged")
            middle = settle(pid)
            peak = memory_mib(pid)
            withdrawn = ask(feed, "withdraw", "withdrawn")
            after = settle(pid)
        finally:
            feed.kill()
            feed.wait()
        return {
            "seconds": converged["seconds"],
            "cpu": middle - before,
            "peak MiB": peak,
            "bytes/route": (peak - base) * 2**20 / routes,
            "withdraw seconds": withdrawn["seconds"],
            "withdraw cpu": after - middle,
        }


def settle(pid: int) -> float:
    """CPU seconds once the daemon has been quiet for 0.3 s."""
    last = cpu_seconds(pid)
    while True:
        time.sleep(0.3)
        now = cpu_seconds(pid)
        if now - last < 0.005:
            return now
        last = now


def ask(feed: subprocess.Popen[str], word: str, event: str) -> dict[str, Any]:
    assert feed.stdin is not None
    feed.stdin.write(word + "\n")
    feed.stdin.flush()
    return read(feed, event)


def read(feed: subprocess.Popen[str], event: str) -> dict[str, Any]:
    assert feed.stdout is not None
    line = feed.stdout.readline()
    if not line:
        raise SystemExit(f"the load generator ended with {feed.wait()} before {event}")
    found: dict[str, Any] = json.loads(line)
    assert found["event"] == event, found
    return found


def report(form: str, rows: dict[str, list[dict[str, Any]]]) -> None:
    for metric in next(iter(rows.values()))[0]:
        medians = {name: statistics.median(r[metric] for r in runs) for name, runs in rows.items()}
        cells = []
        for name, runs in rows.items():
            values = [r[metric] for r in runs]
            cells.append(f"{medians[name]:.3g} ({min(values):.3g}-{max(values):.3g})")
        ratio = (
            f"{medians['pybird'] / medians['bird2']:.1f}x"
            if {"pybird", "bird2"} <= set(rows) and medians["bird2"] > 0
            else "-"
        )
        print(f"| {form} | {metric} | {' | '.join(cells)} | {ratio} |")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--routes", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--daemons", default="bird2,pybird")
    options.add_argument("--forms", default=",".join(FORMS))
    chosen = options.parse_args()
    daemons = chosen.daemons.split(",")
    print(f"{chosen.routes} routes, {chosen.rounds} rounds, median (min-max)\n")
    print(f"| form | metric | {' | '.join(daemons)} | ratio |\n|---|---|{'---|' * len(daemons)}---|")
    for form in chosen.forms.split(","):
        rows: dict[str, list[dict[str, Any]]] = {name: [] for name in daemons}
        for number in range(chosen.rounds):
            for name in daemons:
                rows[name].append(one(name, form, chosen.routes, seed=42 + number))
        report(form, rows)


if __name__ == "__main__":
    main()
