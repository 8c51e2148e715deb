"""Memory and CPU time of a router that learns other programs' routes from the kernel, compared with BIRD.

One kernel table with many routes through a few gateways, and a router with `learn` that
scans it every five seconds: resident memory beyond that of the same router with
an empty table, and CPU time of one repeated scan.

Needs root and network namespaces.

    python benchmarks/learned.py [--routes 100000] [--seconds 20] [--rounds 1]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.interop.lab import BirdLike, Host, Lab, until

CONFIG = """
router id 10.0.0.1;
protocol device {}
protocol kernel { learn; ipv4 { import all; export none; }; kernel table 60; scan time 5; }
"""


def memory(daemon: BirdLike) -> float:
    """Resident memory in MiB."""
    text = Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) / 1024


def processor(daemon: BirdLike) -> float:
    """Seconds of CPU time so far."""
    fields = Path(f"/proc/{daemon.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(daemon: BirdLike, routes: int, seconds: float) -> tuple[float, float]:
    """Memory when all routes are learned, and CPU seconds of one more scan."""
    until(lambda: f" {routes} routes" in daemon.cli("show route count").splitlines()[-1], 60)
    begin, before = time.monotonic(), processor(daemon)
    time.sleep(seconds)
    spent = processor(daemon) - before
    return memory(daemon), spent / ((time.monotonic() - begin) / 5)


def fill(host: Host, routes: int) -> None:
    """Add this many routes of another program, through a hundred gateways."""
    lines = [
        f"route add 60.{n >> 16}.{n >> 8 & 255}.{n & 255}/32 via 10.0.0.{n % 100 + 2} proto 77 table 60\n"
        for n in range(routes)
    ]
    path = host.folder / "routes"
    path.write_text("".join(lines))
    host.ip("-batch", str(path))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--routes", type=int, default=100_000)
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--rounds", type=int, default=1)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as lab:
        os.chmod(folder, 0o755)
        host, _ = lab.pair()
        host.address("10.0.0.1/24", "eth0")
        base = {}
        for full in (False, True):
            if full:
                fill(host, chosen.routes)
            for number in range(chosen.rounds if full else 1):
                for name, start in (("bird", host.bird), ("pybird", host.pybird)):
                    daemon = start(CONFIG, name=f"{name}{full:d}{number}")
                    routes = chosen.routes if full else 0
                    resident, spent = measure(daemon, routes, chosen.seconds if full else 1)
                    daemon.stop()
                    if not full:
                        base[name] = resident
                        continue
                    print(
                        f"{name:7} {resident - base[name]:7.1f} MiB more  {spent:6.3f} s a reading",
                        flush=True,
                    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
