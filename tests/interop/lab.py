"""Hosts in network namespaces, with real daemons on them.

A `Lab` makes namespaces and the links between them and removes both at the
end, with every process it started. Traffic stays inside. Needs root; a user
gets it with `unshare -rnm make test` (FRR, which changes its user, stays away
then). When a test fails, `Lab.report` says how every host and daemon was, the
most telling last, so that the end of a log from elsewhere is enough.
"""

from __future__ import annotations

import contextlib
import inspect
import itertools
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pybird

FRR = Path("/usr/lib/frr")
PACKETS = str(Path(__file__).with_name("packets.py"))
# The daemon is the package that the tests import, installed or not. Where Python may
# not keep what it compiled, as in many containers, each start would cost twice as much.
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(pybird.__file__).parents[1])}
ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)
_numbers = itertools.count(1)
_CODED = re.compile(r"\d{4}[- ]")
# Namespaces: pb, the process that made them, a mark of its lab, the host.
_OURS = re.compile(r"^pb(\d+)x[0-9a-f]+-")
# How many times longer than the seconds written in a test it may take: some
# machines are slow, and none is slow on purpose. Passing tests never wait for it.
PATIENCE = float(os.environ.get("PYBIRD_PATIENCE", "3"))
# What of a failed test's report is certain to be seen.
REPORT_LINES = 44


def missing(*programs: str) -> str | None:
    """Why these programs cannot be used here, or None."""
    for program in programs:
        if shutil.which(program) is None and not (FRR / program).exists():
            return f"{program} is not installed"
    return None


def why_no_namespaces() -> str | None:
    """Why network namespaces cannot be made here, or None."""
    if os.geteuid() != 0:
        return "network namespaces need root (as a user: unshare -rnm make test)"
    if shutil.which("ip") is None:
        return "iproute2 is not installed"
    _own_run_folder()
    name = f"pbprobe{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return None if made.returncode == 0 else f"ip netns add: {made.stderr.strip()}"


def _own_run_folder() -> None:
    """Inside `unshare -rnm` the host's /run is not ours: put an empty one over it."""
    if Path("/proc/self/uid_map").read_text().split()[-1] == "1" and not os.access("/run/netns", os.W_OK):
        subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], capture_output=True, check=False)
        Path("/run/netns").mkdir(exist_ok=True)


def remove_leftovers() -> None:
    """Remove namespaces of test runs that ended without removing them, and what still runs there."""
    for row in subprocess.run(
        ["ip", "netns"], capture_output=True, text=True, check=False
    ).stdout.splitlines():
        name = row.split()[0]
        match = _OURS.match(name)
        if match is None or _runs(int(match[1])):
            continue
        _remove(name)


def _runs(process: int) -> bool:
    """Whether this is a Python that runs, and not another program that has its number now."""
    try:
        return b"py" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False


def _remove(namespace: str) -> None:
    """Remove a namespace; a program that stays in it would keep its links alive."""
    found = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True, check=False)
    for process in found.stdout.split():
        with contextlib.suppress(OSError):
            os.kill(int(process), signal.SIGKILL)
    subprocess.run(["ip", "netns", "del", namespace], capture_output=True, check=False)


def until(condition: Callable[[], Any], seconds: float = 20, what: str = "") -> Any:
    """Wait for a true value and return it; a failure says what was waited for.

    A slow machine gets `PATIENCE` times as long.
    """
    begin = time.monotonic()
    while True:
        value = condition()
        if value:
            return value
        passed = time.monotonic() - begin
        if passed > seconds * PATIENCE:
            raise AssertionError(f"not within {passed:.0f} s: {what or _source(condition)}")
        time.sleep(0.05)


def _source(condition: Callable[[], Any]) -> str:
    """The text of a condition, for messages."""
    try:
        lines, _ = inspect.getsourcelines(condition)
    except (OSError, TypeError):
        return str(condition)
    return " ".join(line.strip() for line in lines)[:300]


class Daemon:
    """A running program on a host."""

    def __init__(self, host: Host, name: str, command: list[str]) -> None:
        self.host = host
        self.name = name
        self.output = host.folder / f"{name}.out"
        host.daemons.append(self)
        with self.output.open("ab") as out:
            self.process = subprocess.Popen(
                host.inside(command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=host.folder,
                env=ENVIRONMENT,
            )

    def text(self) -> str:
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    def details(self) -> str:
        """All that it says of itself."""
        return ""

    def summary(self) -> str:
        """A few lines on how it is."""
        return ""

    def stop(self, wait: float = 8) -> None:
        """TERM, and wait for the end."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(wait * PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def kill(self) -> None:
        """KILL: no goodbye of its own (the kernel still closes its TCP connections)."""
        self.process.kill()
        self.process.wait()

    def hup(self) -> None:
        self.process.send_signal(signal.SIGHUP)


def ask(path: Path, command: str) -> str:
    """Banner and answer of a control socket as they are: BIRD's protocol in its barest form."""
    lines = []
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(20 * PATIENCE)
        sock.connect(str(path))
        with sock.makefile("rw", encoding="utf-8", errors="replace", newline="\n") as stream:
            lines.append(stream.readline())
            stream.write(f"{command}\n")
            stream.flush()
            for line in stream:
                lines.append(line)
                if _CODED.match(line) and line[4] == " ":
                    break
    return "".join(lines)


class BirdLike(Daemon):
    """A daemon with a bird.conf and a control socket: BIRD or PyBIRD."""

    def __init__(self, host: Host, name: str, command: list[str], config: str) -> None:
        self.config = host.folder / f"{name}.conf"
        self.socket = host.folder / f"{name}.ctl"
        self.config.write_text(config)
        super().__init__(host, name, [*command, "-f", "-c", str(self.config), "-s", str(self.socket)])
        until(self._answers, 15, f"{name} of {host.name} answers on its socket")

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended with {self.process.returncode}:\n{self.text()}")
        return self.socket.exists() and "BIRD" in self.cli("show status")

    def cli(self, command: str) -> str:
        """The text of one command, as birdc prints it; a process for each would cost more than all else."""
        try:
            lines = ask(self.socket, command).splitlines(keepends=True)
        except OSError as error:
            return f"Unable to connect: {error}"
        return "".join(line[5 if _CODED.match(line) else 1 :] for line in lines)

    def details(self) -> str:
        return "\n".join(self.cli(question) for question in ("show protocols all", "show interfaces"))

    def summary(self) -> str:
        """The rows of `show protocols`, without those that are never in doubt."""
        rows = self.cli("show protocols").splitlines()[2:]
        return "\n".join(row for row in rows if row.split()[1:2] not in (["Device"], ["Static"], ["Direct"]))

    def configure(self, config: str) -> str:
        """Write a new config file and load it."""
        self.config.write_text(config)
        return self.cli("configure")

    def reconfigure(self, config: str) -> None:
        """Load a config that must be taken."""
        answer = self.configure(config)
        # in progress: something still stops, on a slow machine for more than a second
        assert "Reconfigured" in answer or "Reconfiguration in progress" in answer, answer

    def protocols(self) -> dict[str, list[str]]:
        """The words of each row of `show protocols`, by name."""
        rows = [line.split() for line in self.cli("show protocols").splitlines()]
        return {words[0]: words for words in rows if len(words) > 4 and words[0] not in ("Name", "BIRD")}

    def established(self, name: str | None = None) -> list[str]:
        """Names of BGP protocols in state Established (those that start with `name`)."""
        return [
            key
            for key, words in self.protocols().items()
            if words[1] == "BGP" and "Established" in words and (name is None or key.startswith(name))
        ]

    def routes(self, arguments: str = "") -> str:
        return self.cli(f"show route {arguments}".strip())


class Frr:
    """zebra and bgpd on one host."""

    def __init__(self, host: Host, bgpd: str, zebra: str = "") -> None:
        self.host = host
        self.name = "frr"
        self.folder = host.folder / "frr"
        self.folder.mkdir(exist_ok=True)
        for path in (self.folder, *self.folder.iterdir()):
            path.chmod(0o777 if path.is_dir() else 0o666)
        (self.folder / "zebra.conf").write_text(f"hostname {host.name}\n{zebra}")
        (self.folder / "bgpd.conf").write_text(f"hostname {host.name}\n{bgpd}")
        self.zebra = self._start("zebra")
        until((self.folder / "zserv.api").exists, 10, f"zebra of {host.name} runs")
        self.bgpd = self._start("bgpd")
        until((self.folder / "bgpd.vty").exists, 10, f"bgpd of {host.name} runs")
        host.daemons.append(self)

    def _start(self, name: str) -> Daemon:
        folder = str(self.folder)
        return Daemon(
            self.host,
            name,
            [
                *(str(FRR / name), "--vty_socket", folder, "-z", f"{folder}/zserv.api"),
                *("-i", f"{folder}/{name}.pid", "-f", f"{folder}/{name}.conf"),
            ],
        )

    def cli(self, command: str) -> str:
        done = subprocess.run(
            ["vtysh", "--vty_socket", str(self.folder), "-c", command],
            capture_output=True,
            text=True,
            check=False,
            timeout=20 * PATIENCE,
        )
        return done.stdout

    def text(self) -> str:
        return ""

    def details(self) -> str:
        return "\n".join(self.cli(question) for question in ("show bgp neighbors", "show interface"))

    def summary(self) -> str:
        return "\n".join(line for line in self.cli("show bgp summary").splitlines() if " 4 " in line)

    def json(self, command: str) -> Any:
        try:
            return json.loads(self.cli(f"{command} json"))
        except ValueError:
            return {}

    def established(self) -> list[str]:
        """Neighbors whose session is up, by FRR's name for them."""
        peers: dict[str, Any] = {}
        for family in self.json("show bgp summary").values():
            if isinstance(family, dict):
                peers |= family.get("peers", {})
        return [name for name, peer in peers.items() if peer.get("state") == "Established"]

    def routes(self, family: str) -> dict[str, Any]:
        found = self.json(f"show bgp {family} unicast").get("routes", {})
        return found if isinstance(found, dict) else {}

    def stop(self) -> None:
        self.bgpd.stop()
        self.zebra.stop()
        for name in ("zserv.api", "bgpd.vty", "zebra.vty"):
            (self.folder / name).unlink(missing_ok=True)

    def kill(self) -> None:
        self.bgpd.kill()
        self.zebra.kill()


class GoBgp(Daemon):
    """gobgpd with a TOML config, asked by its gRPC client inside the namespace."""

    def __init__(self, host: Host, config: str) -> None:
        path = host.folder / "gobgp.toml"
        path.write_text(config)
        super().__init__(host, "gobgpd", ["gobgpd", "-t", "toml", "-f", str(path), "--log-level", "warn"])
        until(lambda: "AS:" in self.cli("global"), 15, f"gobgpd of {host.name} answers")

    def cli(self, command: str) -> str:
        return self.host.run("gobgp", *command.split(), check=False)

    def summary(self) -> str:
        return self.cli("neighbor")

    def established(self) -> list[str]:
        return [line.split()[0] for line in self.cli("neighbor").splitlines() if "Establ" in line]


class Host:
    """One network namespace with a folder for its files."""

    def __init__(self, lab: Lab, name: str) -> None:
        self.lab = lab
        self.name = name
        self.namespace = f"{lab.prefix}-{name}"
        self.folder = lab.folder / name
        self.folder.mkdir(parents=True)
        self.folder.chmod(0o777)
        self.daemons: list[Any] = []
        _ip("netns", "add", self.namespace)
        self.ip("link", "set", "lo", "up")
        for setting in ("net.ipv6.conf.all.forwarding=1", "net.ipv4.ip_forward=1"):
            self.run("sysctl", "-qw", setting, check=False)

    def inside(self, command: list[str]) -> list[str]:
        return ["ip", "netns", "exec", self.namespace, *command]

    def run(self, *command: str, check: bool = True) -> str:
        """Run a program in the namespace and return what it printed."""
        done = subprocess.run(self.inside(list(command)), capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def ip(self, *arguments: str) -> str:
        return _ip("-n", self.namespace, *arguments)

    def address(self, address: str, interface: str = "lo") -> None:
        """Add an address; IPv6 ones without duplicate address detection."""
        self.ip("addr", "add", address, "dev", interface, *(["nodad"] if ":" in address else []))

    def link_local(self, interface: str = "eth0") -> str:
        """The interface's link-local address once it is not tentative, else ""."""
        rows = json.loads(self.ip("-j", "-6", "addr", "show", "dev", interface, "scope", "link") or "[]")
        for row in rows:
            for info in row.get("addr_info", []):
                if "local" in info and not info.get("tentative"):
                    return str(info["local"])
        return ""

    def ping(self, address: str, source: str | None = None) -> bool:
        command = ["ping", "-c", "1", "-W", "2", *(["-I", source] if source else []), address]
        return subprocess.run(self.inside(command), capture_output=True, check=False).returncode == 0

    def link(self, interface: str, up: bool) -> None:
        self.ip("link", "set", interface, "up" if up else "down")

    def pybird(
        self, config: str, name: str = "pybird", *, under: Sequence[str] = (), options: Sequence[str] = ()
    ) -> BirdLike:
        """Start PyBIRD.

        `under` is a program that runs it (`setpriv ...`), `options` are its own.
        """
        command = [*under, sys.executable, "-m", "pybird", *options]
        return BirdLike(self, name, command, config)

    def bird(self, config: str, folder: str = "/usr/sbin", name: str = "bird") -> BirdLike:
        """Start BIRD from this folder (Debian's bird2 by default)."""
        return BirdLike(self, name, [f"{folder}/bird"], config)

    def frr(self, bgpd: str, zebra: str = "") -> Frr:
        return Frr(self, bgpd, zebra)

    def gobgp(self, config: str) -> GoBgp:
        return GoBgp(self, config)

    def summary(self) -> str:
        """Addresses of the links, and the routes that somebody made."""
        links = [" ".join(row.split()) for row in self.ip("-br", "addr").splitlines() if row[:3] != "lo "]
        routes = [
            " ".join(row.split())
            for family in ("-4", "-6")
            for row in self.ip(family, "route").splitlines()
            if "proto kernel" not in row and row.strip()
        ]
        return "\n".join([f"=== {self.name}: {'; '.join(links)}", *(f"    {row}" for row in routes[:6])])


class Lab:
    """Namespaces with links; a context manager that leaves nothing behind."""

    def __init__(self, folder: Path) -> None:
        """`folder` must be reachable for other users: FRR runs as one."""
        self.prefix = f"pb{os.getpid()}x{next(_numbers):x}{secrets.token_hex(2)}"
        self.folder = folder
        folder.chmod(0o755)
        self.hosts: dict[str, Host] = {}

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: object) -> None:
        for host in self.hosts.values():
            for daemon in reversed(host.daemons):
                with contextlib.suppress(Exception):
                    daemon.kill()
        for host in self.hosts.values():
            _remove(host.namespace)

    def bugs(self) -> list[str]:
        """What daemons logged that none may ever log."""
        return [
            f"{host.name}/{daemon.name}: {line}"
            for host in self.hosts.values()
            for daemon in host.daemons
            for line in daemon.text().splitlines()
            if "<BUG>" in line or line.startswith("Traceback ")
        ]

    def report(self) -> str:
        """How all hosts and daemons are: everything, then the most telling in `REPORT_LINES` lines."""
        everyone = [(host, daemon) for host in self.hosts.values() for daemon in host.daemons]
        parts = []
        for host, daemon in everyone:
            details, log = _asked(daemon.details), _asked(daemon.text)
            parts.append(f"=== {host.name}/{daemon.name}\n{details}\n--- log\n{log[-20000:]}")
        heads = [_asked(host.summary).splitlines() for host in self.hosts.values()]
        states = [_asked(daemon.summary).splitlines()[:12] for _, daemon in everyone]
        left = REPORT_LINES - sum(map(len, heads)) - sum(map(len, states)) - len(everyone)
        share = max(left // max(len(everyone), 1), 4)
        parts += ["\n".join(head) for head in heads]
        for (host, daemon), state in zip(everyone, states, strict=True):
            last = _asked(daemon.text).splitlines()[-share:]
            parts.append(
                "\n".join([f"--- {host.name}/{daemon.name}", *state, *(f"  {row[:200]}" for row in last)])
            )
        load = " ".join(Path("/proc/loadavg").read_text().split()[:3])
        parts.append(f"time {time.strftime('%H:%M:%S')}, load {load} on {os.cpu_count()} processors")
        return "\n".join(parts)

    def host(self, name: str) -> Host:
        self.hosts[name] = host = Host(self, name)
        return host

    def wire(self, a: Host, b: Host, name_a: str = "eth0", name_b: str = "eth0") -> None:
        """A veth pair between two hosts, up."""
        a.ip("link", "add", name_a, "type", "veth", "peer", "name", name_b, "netns", b.namespace)
        a.link(name_a, True)
        b.link(name_b, True)

    def pair(self) -> tuple[Host, Host]:
        """Two hosts, `a` and `b`, joined by eth0."""
        a, b = self.host("a"), self.host("b")
        self.wire(a, b)
        return a, b

    def slow_pair(self, seconds: float) -> tuple[Host, Host]:
        """Two hosts, `a` and `b`, joined by eth0; every packet is so long on its way."""
        a, b, middle = self.host("a"), self.host("b"), self.host("middle")
        for host, port in ((a, "p0"), (b, "p1")):
            self.wire(host, middle, "eth0", port)
            host.run(sys.executable, PACKETS, "plain", "eth0")
            middle.ip("link", "set", port, "addrgenmode", "none")
            middle.ip("addr", "flush", "dev", port)
        carrier = Daemon(middle, "relay", [sys.executable, PACKETS, "relay", "p0", "p1", str(seconds)])
        until(lambda: "ready" in carrier.text(), 10)
        return a, b

    def segment(self, *names: str) -> list[Host]:
        """Hosts whose eth0 hang on one bridge."""
        switch = self.host("switch")
        switch.ip("link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        switch.link("br0", True)
        hosts = [self.host(name) for name in names]
        for number, host in enumerate(hosts):
            self.wire(host, switch, "eth0", f"p{number}")
            switch.ip("link", "set", f"p{number}", "master", "br0")
        return hosts


def _asked(question: Callable[[], str]) -> str:
    """The answer, or why there is none: a report must not fail."""
    try:
        return question().strip("\n")
    except Exception as problem:  # whatever it is, it is part of the report
        return f"(no answer: {type(problem).__name__}: {problem})"[:200]


def _ip(*arguments: str) -> str:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout
