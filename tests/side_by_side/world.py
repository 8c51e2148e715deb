"""Where a case runs: for each daemon a pair of namespaces with the same addresses, and the daemon.

The daemon, AS 65001, is 10.0.0.1, 2001:db8:a::1 and fe80::1 on `eth0`, where
its neighbors are 10.0.0.2 to .14, 2001:db8:a::2 to ::14 and fe80::2 to ::14 (in
decimal digits); neighbor N is AS 6500N unless a case says otherwise. The daemon
has also 10.0.0.101 there, 192.168.7.1 on `lo`, and a second link `eth1`,
172.16.0.1/24 and 2001:db8:b::1/64, to 172.16.0.2 to .5. 10.9.9.9 is two hops
away, behind 10.0.0.2.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from tests.interop.lab import BirdLike, Frr, Host, Lab, ask, missing

NEIGHBORS = range(2, 15)
FAR_NEIGHBORS = range(2, 6)


@dataclass(frozen=True)
class Kind:
    """A daemon that cases run: its column, the command that starts it, and the dialect asked of it."""

    name: str
    command: tuple[str, ...]
    ours: bool = False
    dialect: int | None = None

    @property
    def host(self) -> str:
        return re.sub(r"\W", "", self.name)


PYBIRD = Kind("pybird", (sys.executable, "-m", "pybird"), ours=True)
PYBIRD3 = Kind("pybird dialect 3", PYBIRD.command, ours=True, dialect=3)
FRR = Kind("frr", ())


@cache
def birds() -> dict[str, Kind]:
    """The BIRDs that are here, by version: Debian's `2.0`, and `2.19` and `3` where built."""
    folders = {"2.19": os.environ.get("BIRD219_DIR"), "3": os.environ.get("BIRD3_DIR")}
    found = {version: f"{folder}/bird" for version, folder in folders.items() if folder}
    debian = shutil.which("bird") or shutil.which("bird", path="/usr/sbin")
    if debian:
        found = {"2.0": debian} | found
    return {version: Kind(f"bird {version}", (program,)) for version, program in found.items()}


def without_frr() -> str | None:
    """Why there is no column of FRR here, or None."""
    return missing("bgpd") and "frr is not installed"


def kinds_for(dialect3: bool, since: str, frr: bool = False) -> list[Kind]:
    """The columns of a case: every BIRD that is here and new enough, and ours; none without a BIRD."""
    found = {version: bird for version, bird in birds().items() if float(version) >= float(since)}
    if not found:
        return []
    ours = [PYBIRD, *([PYBIRD3] if dialect3 and "3" in found else [])]
    return [*found.values(), *ours, *([FRR] if frr and not without_frr() else [])]


class Refused(Exception):  # noqa: N818 - an answer of a daemon, no error of ours
    """The daemon did not start with this configuration; the text is what it said."""


class Place:
    """The two namespaces of one daemon, `subject` and `neighbors`."""

    def __init__(self, lab: Lab, kind: Kind) -> None:
        self.kind = kind
        self.subject = Host(lab, kind.host)
        self.neighbors = Host(lab, f"{kind.host}-n")
        lab.hosts |= {host.namespace: host for host in (self.subject, self.neighbors)}
        for link in ("eth0", "eth1"):
            self.subject.ip(
                *("link", "add", link, "type", "veth", "peer", "name", link),
                *("netns", self.neighbors.namespace),
            )
        _batch(self.subject, [*_links(), *_addresses(1), "addr add 10.0.0.101/24 dev eth0"])
        _batch(self.subject, ["addr add 192.168.7.1/32 dev lo", "route add 10.9.9.9/32 via 10.0.0.2"])
        theirs = [*_links(), *(row for number in NEIGHBORS for row in _addresses(number))]
        _batch(
            self.neighbors,
            [*theirs, "addr add 10.9.9.9/32 dev lo", "route add 192.168.7.1/32 via 10.0.0.1"],
        )

    def start(self, config: str, frr: str = "", options: tuple[str, ...] = ()) -> Subject | Frr:
        """Start the daemon; `Refused` where it does not take the configuration. `frr` is FRR's."""
        for daemon in self.subject.daemons:
            daemon.stop()
        if self.kind is FRR:
            return Frr(self.subject, frr)
        number = len(self.subject.daemons) + 1
        kind = replace(self.kind, command=(*self.kind.command, *options))
        return Subject(self.subject, f"{self.kind.host}{number}", kind, config)


class Subject(BirdLike):
    """The daemon that a case looks at."""

    def __init__(self, host: Host, name: str, kind: Kind, config: str) -> None:
        self.kind = kind
        super().__init__(host, name, list(kind.command), header(config))

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise Refused(self.text())
        return super()._answers()

    def reply(self, command: str) -> list[str]:
        """The lines of the reply to a command, with their codes (`0000 text`, `1007-text`)."""
        if self.kind.dialect is None:
            lines = ask(self.socket, command).splitlines()[1:]
        else:
            lines = _asked_in(self.socket, self.kind.dialect, command)
        return lines


def header(config: str) -> str:
    """The whole text of a file: what all cases need, and theirs."""
    device = "" if "protocol device" in config else "protocol device { scan time 5; }"
    return f"""router id 10.0.0.1;
hostname "subject";
log stderr all;
debug protocols {{ states, events }};
{device}
{config}"""


def _asked_in(path: Path, dialect: int, command: str) -> list[str]:
    """One reply on a connection that speaks another dialect."""
    lines: list[str] = []
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(20)
        sock.connect(str(path))
        with sock.makefile("rw", encoding="utf-8", errors="replace", newline="\n") as stream:
            stream.readline()
            for text in (f"dialect {dialect}", command):
                stream.write(f"{text}\n")
                stream.flush()
                lines = []
                for line in stream:
                    lines.append(line.rstrip("\n"))
                    if re.match(r"\d{4} ", line):
                        break
    return lines


def _links() -> list[str]:
    """Up, and without addresses of the kernel's choice."""
    return [f"link set {link} addrgenmode none up" for link in ("eth0", "eth1")]


def _addresses(number: int) -> list[str]:
    found = [
        f"addr add 10.0.0.{number}/24 dev eth0",
        f"addr add 2001:db8:a::{number}/64 dev eth0 nodad",
        f"addr add fe80::{number}/64 dev eth0 nodad",
    ]
    if number == 1 or number in FAR_NEIGHBORS:
        found += [
            f"addr add 172.16.0.{number}/24 dev eth1",
            f"addr add 2001:db8:b::{number}/64 dev eth1 nodad",
            f"addr add fe80::{number}/64 dev eth1 nodad",
        ]
    return found


def _batch(host: Host, commands: list[str]) -> None:
    done = subprocess.run(
        ["ip", "-n", host.namespace, "-batch", "-"],
        input="\n".join(commands),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
