"""BIRD's own clients on our socket, and reload under live sessions."""

import os
import re
import subprocess
import sys

import pytest

from tests.interop.configs import autopeer
from tests.interop.lab import ENVIRONMENT, until

OWN_CLIENT = [sys.executable, "-m", "pybird.client"]


def birdc(daemon, program, *words):
    done = subprocess.run(
        [*program, "-s", str(daemon.socket), *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=ENVIRONMENT,
    )
    return done.returncode, done.stdout


@pytest.mark.peer("birdc", "birdcl")
@pytest.mark.parametrize("program", [["birdc"], ["birdcl"], OWN_CLIENT], ids=["birdc", "birdcl", "pybirdc"])
def test_clients_work_on_our_socket(lab, program):
    ask_everything(lab, program)


@pytest.mark.parametrize("variable", ["BIRD219_DIR", "BIRD3_DIR"])
@pytest.mark.parametrize("program", ["birdc", "birdcl"])
def test_newer_clients_work_on_our_socket(lab, variable, program):
    ask_everything(lab, [f"{os.environ[variable]}/{program}"])  # without it the test is deselected


def ask_everything(lab, program):
    """What people ask of a router, through one client."""
    a, b = lab.pair()
    first, second = a.pybird(autopeer(1)), b.pybird(autopeer(2))
    until(first.established, 15)
    until(second.established, 15)
    until(lambda: "10.2.0.1/32" in first.routes(), 10)
    code, text = birdc(first, program, "show", "status")
    assert code == 0
    assert text.startswith("BIRD 2.")
    assert "Router ID is 192.0.2.1" in text
    code, text = birdc(first, program, "show", "protocols", "all", "auto01")
    assert code == 0
    assert "BGP state:          Established" in text
    code, text = birdc(first, program, "show", "route", "10.2.0.1/32", "all")
    assert code == 0
    assert "BGP.as_path: 65002" in text
    code, text = birdc(first, program, "configure")
    assert code == 0
    assert "Reconfigured" in text
    code, text = birdc(first, program, "show", "protocols", "nosuch")
    assert code == 1
    code, text = birdc(first, program, "show protocols all auto01")  # as wrappers of looking glasses do it
    assert code == 0
    assert "Neighbor AS:      65002" in text
    code, text = birdc(first, program, "-r", "configure")
    assert code == 1
    assert "Access denied" in text
    code, text = birdc(first, program, "-r", "show", "route", "count")
    assert code == 0
    assert re.search(r"^\d+ of \d+ routes for \d+ networks in table master4$", text, re.MULTILINE)
    code, text = birdc(first, program, "s", "p")  # expanded by the client
    assert code == 0
    assert "auto01" in text


def since(daemon, name="auto01"):
    words = daemon.protocols()[name]
    return words[4:6]


def test_configure_keeps_sessions_and_changes_routes(lab):
    a, b = lab.pair()
    first, second = a.pybird(autopeer(1)), b.pybird(autopeer(2))
    until(first.established, 15)
    until(lambda: "10.1.0.1/32" in second.routes(), 10)
    before = since(first)
    more = autopeer(1).replace(
        "protocol static own4 { ipv4;", "protocol static own4 { ipv4; route 10.1.1.0/24 blackhole;"
    )
    first.reconfigure(more)
    until(lambda: "10.1.1.0/24" in second.routes(), 5)
    less = more.replace(
        "ipv4 { import all; export all; extended next hop; }",
        "ipv4 { import all; export where net != 10.1.1.0/24; extended next hop; }",
    )
    first.reconfigure(less)
    until(lambda: "10.1.1.0/24" not in second.routes(), 5)
    assert "10.1.0.1/32" in second.routes()
    assert since(first) == before
    answer = first.configure(less + "\nprotocol static x { ipv4; route 10.1.2.0/33 blackhole; }\n")
    assert f"{first.config}:{less.count(chr(10)) + 2}:" in answer
    assert "Reconf" not in answer
    assert since(first) == before
    assert "10.1.0.1/32" in second.routes()
    added = less + "\nprotocol static x { ipv4; route 10.1.2.0/24 blackhole; }\n"
    first.reconfigure(added)
    until(lambda: "10.1.2.0/24" in second.routes(), 5)
    first.reconfigure(less)
    until(lambda: "10.1.2.0/24" not in second.routes(), 5)
    assert since(first) == before


def test_hup_reloads(lab):
    host = lab.host("a")
    daemon = host.pybird("router id 192.0.2.1; log stderr all; protocol device { }\n")
    daemon.config.write_text(
        daemon.config.read_text() + "protocol static own { ipv4; route 10.0.0.0/8 blackhole; }\n"
    )
    daemon.hup()
    until(lambda: "10.0.0.0/8" in daemon.routes(), 5)
