"""netlab's own integration tests of BGP without addresses, with PyBIRD as the device under test.

netlab (the generator, `networklab` on PyPI) reads a topology of its tests and renders the
configurations of all routers: FRR's from its templates, PyBIRD's from those in tests/interop/netlab. The
routers run in namespaces, and then netlab validates them as it does its own labs: what it would ask a
container by `docker exec` a script of ours asks in the namespace.

The topologies are not copied: `NETLAB_DIR` names a checkout of github.com/ipspace/netlab
(commit 771eeee6b5b3 of 2026-03-14 was used). Without it, or without the program, the tests skip.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.generated.programs import program
from tests.interop.lab import PATIENCE

HERE = Path(__file__).parent / "netlab"
TESTS = "tests/integration/bgp"
TOPOLOGIES = ("06-unnumbered", "16-ipv6-unnumbered", "21-dual-stack-unnumbered", "22-dual-stack-rfc8950")
# Of the scripts that prepare a container, what concerns its interfaces and its kernel.
_COMMANDS = re.compile(r"^(sysctl -q?w net[./]\S+|ip (-6 )?(link set|addr (add|del)) .*)$")
_DOCKER = """#!{python}
import json, os, sys
container, *command = sys.argv[sys.argv.index("exec") + 1:]
host = json.load(open({hosts!r}))[container.rpartition("-")[2]]
os.environ["VTY"] = host.get("vty", "")
names = 'mount --bind "$0" /etc/hosts && exec "$@"'  # in a mount namespace of its own
os.execvp("ip", ["ip", "netns", "exec", host["namespace"], "sh", "-c", names, {names!r}, *command])
"""
_VTYSH = """#!/bin/sh
exec {vtysh} --vty_socket "$VTY" "$@"
"""


def topology(name: str) -> Path:
    """A topology of netlab's tests."""
    folder = os.environ.get("NETLAB_DIR")
    if not folder:
        pytest.skip("NETLAB_DIR names no checkout of ipspace/netlab")
    path = Path(folder) / TESTS / f"{name}.yml"
    assert path.is_file(), f"{path} is not there"
    return path


class Netlab:
    """A lab of netlab's in a folder."""

    def __init__(self, folder: Path, path: Path) -> None:
        self.folder = folder
        self.netlab = program("netlab")
        shutil.copytree(HERE, folder, dirs_exist_ok=True)
        self.bin = folder / "bin"
        self.bin.mkdir()
        defaults = str(folder / "defaults.yml")
        self.run("create", str(path), "--defaults", defaults, "-d", "pybird", "-p", "clab")

    def run(self, *arguments: str) -> str:
        """What netlab prints; it must succeed."""
        environment = {**os.environ, "PATH": f"{self.bin}:{os.environ['PATH']}", "NO_COLOR": "1"}
        done = subprocess.run(
            [self.netlab, *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=200 * PATIENCE,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def made(self, node: str, what: str) -> str:
        """A file that netlab made for a router."""
        return (self.folder / "node_files" / node / what).read_text()

    def links(self) -> list[list[tuple[str, str]]]:
        """(router, interface) of both ends of each link."""
        text = (self.folder / "clab.yml").read_text().partition("\n  links:")[2]
        ends = [tuple(end.split(":")) for end in re.findall(r'- "(\w+:\w+)"', text)]
        return [[ends[at], ends[at + 1]] for at in range(0, len(ends), 2)]  # type: ignore[misc]

    def answer_docker(self, hosts: dict[str, dict[str, str]]) -> None:
        """Let `docker exec` mean a command in a namespace."""
        known, names = self.folder / "hosts.json", self.folder / "node_files" / "-shared-hosts"
        known.write_text(json.dumps(hosts))
        scripts = {
            "docker": _DOCKER.format(python=sys.executable, hosts=str(known), names=str(names)),
            "vtysh": _VTYSH.format(vtysh=shutil.which("vtysh")),
        }
        for name, text in scripts.items():
            (self.bin / name).write_text(text)
            (self.bin / name).chmod(0o755)


def prepare(host, script):
    """Configure interfaces and kernel as the script does; what is there to remove may be missing.

    Indented lines are of a container's management interface.
    """
    for line in [line.partition(" 2>")[0] for line in script.splitlines()]:
        if _COMMANDS.match(line):
            host.run(*line.split(), check=" del " not in line)


def feed(frr, text):
    """Give FRR a configuration by vtysh; nothing is written to the machine's files."""
    lines = [
        line for line in text.splitlines() if line.strip() not in ("do write", "!") and "log file" not in line
    ]
    path = frr.folder / "netlab.conf"
    path.write_text("\n".join(line for line in lines if not line.startswith("#!")) + "\n")
    path.chmod(0o644)
    done = subprocess.run(
        ["vtysh", "--vty_socket", str(frr.folder), "-f", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Unknown command" not in done.stdout + done.stderr, done.stdout + done.stderr


@pytest.mark.peer("bgpd", "vtysh")
@pytest.mark.parametrize("name", TOPOLOGIES)
def test_netlab_validates_it(lab, tmp_path, name):
    made = Netlab(tmp_path / "lab", topology(name))
    nodes = sorted(path.name for path in (made.folder / "node_files").iterdir() if path.is_dir())
    hosts = {node: lab.host(node) for node in nodes}
    for (one, port), (two, other) in made.links():
        lab.wire(hosts[one], hosts[two], port, other)
    for node, host in hosts.items():
        prepare(host, made.made(node, "initial"))
    (hosts["dut"].folder / "bgp.conf").write_text(made.made("dut", "bgp"))
    hosts["dut"].pybird(made.made("dut", "pybird"))
    known = {"dut": {"namespace": hosts["dut"].namespace}}
    for node in nodes:
        if node != "dut":
            frr = hosts[node].frr("")
            initial = made.made(node, "initial").partition("<<CONFIG\n")[2].partition("\nCONFIG\n")[0]
            feed(frr, initial)
            feed(frr, made.made(node, "bgp"))
            known[node] = {"namespace": hosts[node].namespace, "vty": str(frr.folder)}
    made.answer_docker(known)
    report = made.run("validate")
    assert "[SUCCESS]" in report, report
    assert "[FAIL]" not in report, report
