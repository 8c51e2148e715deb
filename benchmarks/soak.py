"""Two routers that find each other, with a flapping link, churning routes and reloads: memory over time.

A speaker announces and withdraws routes to the first router, always with new
attributes; the link between the routers goes down and up; the second router's
filters, one of them with a recursive function, change by reload; clients run long
`show` commands, and every second a broken file is checked on both. Memory that stays is
leaked: the resident memory of the second half must not exceed that of the
first, except for noise.

    python benchmarks/soak.py [--minutes 15] [--routes 5000]
"""

from __future__ import annotations

import argparse
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks import feed  # noqa: E402
from tests.interop.configs import autopeer  # noqa: E402
from tests.interop.lab import BirdLike, Host, Lab  # noqa: E402

EVERY = 15.0  # seconds between two lines of the report
FLAP = 20.0  # seconds between two changes of the link
RELOAD = 7.0
ASK = 5.0
CHECK = 1.0
BURST = 100  # UPDATEs that the speaker sends at once
ALLOWED = 1.05  # how much more the second half may take, at its highest

SPEAKER = """
protocol bgp speaker {
  local 10.99.0.1 as 65001;
  neighbor 10.99.0.2 as 65100;
  passive;
  ipv4 { import all; export all; };
}
"""


def churning(number: int) -> str:
    """The second router's config; it has different filters for each number."""
    return (
        autopeer(2)
        + f"""
function deep(int x) {{ if x > 0 then return deep(x - 1); return {number}; }}
filter f{number % 3} {{ if deep(3) = {number} then bgp_med = {number % 7}; accept; }}
ipv4 table aux;
protocol static churn {{ ipv4 {{ table aux; import filter f{number % 3}; }};
  route 198.18.{number % 256}.0/24 blackhole; }}
protocol pipe copy {{ table master4; peer table aux; export filter f{number % 3}; import none; }}
"""
    )


def speak(count: int) -> None:
    """The speaker: networks stay the same, attributes never do. Runs until it is killed."""
    rng = random.Random(1)
    while True:
        sock = feed.session("10.99.0.1", "10.99.0.2", 65100, "10.99.0.2")
        try:
            churn(sock, count, rng)
        except OSError:
            sock.close()


def churn(sock: socket.socket, count: int, rng: random.Random) -> None:
    sock.settimeout(0.02)
    nets = [bytes((24, 20, at >> 8, at & 255)) for at in range(count)]
    hop = socket.inet_aton("10.99.0.2")
    while True:
        for _ in range(BURST):
            some = b"".join(rng.sample(nets, 6))
            if rng.random() < 0.4:
                sock.sendall(feed.message(2, len(some).to_bytes(2, "big") + some + b"\0\0"))
            else:
                attributes = feed.attributes(65100, rng, hop)
                sock.sendall(
                    feed.message(2, b"\0\0" + len(attributes).to_bytes(2, "big") + attributes + some)
                )
        sock.sendall(feed.message(4, b""))
        for _ in range(10):
            try:
                if not sock.recv(65536):
                    raise OSError("closed")
            except TimeoutError:
                pass


def resident(daemon: BirdLike) -> float:
    """MiB."""
    for line in Path(f"/proc/{daemon.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"{daemon.host.name} is gone:\n{daemon.text()[-3000:]}")


def routes(daemon: BirdLike) -> str:
    return daemon.cli("show route count").splitlines()[-1]


class Soak:
    """One run."""

    def __init__(self, lab: Lab, routes_: int) -> None:
        self.a, self.b = lab.pair()
        self.load = lab.host("load")
        lab.wire(self.a, self.load, "eth9", "eth9")
        self.a.address("10.99.0.1/24", "eth9")
        self.load.address("10.99.0.2/24", "eth9")
        own = (("1", self.a), ("2", self.b))
        for number, host in own:
            host.address(f"10.{number}.0.1/32")
            host.address(f"2001:db8:{number}::1/128")
        self.first = self.a.pybird(autopeer(1) + SPEAKER)
        self.second = self.b.pybird(churning(0))
        self.speaker = subprocess.Popen(
            self.load.inside([sys.executable, str(HERE / "soak.py"), "--speak", str(routes_)])
        )
        for daemon in (self.first, self.second):  # what a watchdog asks about, again and again
            daemon.config.with_name("broken.conf").write_text(churning(0) + "protocol bgp { neihbor 1; }")
        self.flaps = self.reloads = self.checks = 0
        self.samples: list[tuple[float, float, float]] = []

    def flap(self) -> None:
        self.flaps += 1
        host: Host = (self.a, self.b)[(self.flaps - 1) // 2 % 2]
        host.link("eth0", self.flaps % 2 == 0)

    def reload(self) -> None:
        self.reloads += 1
        self.second.configure(churning(self.reloads))

    def ask(self) -> None:
        for daemon in (self.first, self.second):
            for command in ("show route all", "show protocols all", "show peers", "show interfaces"):
                daemon.cli(command)

    def check(self) -> None:
        self.checks += 1
        for daemon in (self.first, self.second):
            broken = daemon.config.with_name("broken.conf")
            answer = daemon.cli(f'configure check "{broken}"')
            assert "is not an option here" in answer, answer

    def report(self, since: float) -> None:
        passed = time.monotonic() - since
        sample = (passed, resident(self.first), resident(self.second))
        self.samples.append(sample)
        up = len(self.first.established("auto"))
        print(
            f"{passed:6.0f} s  {sample[1]:7.1f} {sample[2]:7.1f} MiB  flaps {self.flaps:3}"
            f"  reloads {self.reloads:3}  checks {self.checks:4}  sessions {up}  {routes(self.second)}",
            flush=True,
        )

    def run(self, minutes: float) -> None:
        begin = time.monotonic()

        def report() -> None:
            self.report(begin)

        due: dict[Callable[[], None], float] = {
            report: 0.0,
            self.flap: FLAP,
            self.reload: RELOAD,
            self.ask: ASK,
            self.check: CHECK,
        }
        every = {report: EVERY, self.flap: FLAP, self.reload: RELOAD, self.ask: ASK, self.check: CHECK}
        while time.monotonic() - begin < minutes * 60:
            action = min(due, key=due.__getitem__)
            time.sleep(max(due[action] - (time.monotonic() - begin), 0))
            # what is late is not made up for: bursts would need memory of their own
            due[action] = max(due[action], time.monotonic() - begin) + every[action]
            action()

    def bugs(self) -> list[str]:
        text = self.first.text() + self.second.text()
        return [line for line in text.splitlines() if "<BUG>" in line or "Traceback" in line]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--minutes", type=float, default=15)
    options.add_argument("--routes", type=int, default=5000)
    options.add_argument("--speak", type=int)
    chosen = options.parse_args()
    if chosen.speak is not None:
        speak(chosen.speak)
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as lab:
        os.chmod(folder, 0o755)
        soak = Soak(lab, chosen.routes)
        try:
            soak.run(chosen.minutes)
        finally:
            soak.speaker.kill()
            soak.speaker.wait()
        bugs = soak.bugs()
    print(*bugs[:20], sep="\n")
    status = 1 if bugs else 0
    half = len(soak.samples) // 2
    for at, name in ((1, "first"), (2, "second")):
        early = max(sample[at] for sample in soak.samples[:half])
        late = max(sample[at] for sample in soak.samples[half:])
        print(f"{name}: at most {early:.1f} MiB in the first half, {late:.1f} MiB in the second")
        if late > early * ALLOWED:
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
