"""A process that may open no more files: what needs one waits, says so, and goes on when there is one."""

import re
import resource
import socket
from pathlib import Path

from tests.io.isolation import ip, isolated, pair
from tests.io.live import Live, speaker, speakers, until

FEW = 40
MORE = """
protocol radv { interface "d0" { router discovery yes; min ra interval 3; max ra interval 4; }; peers { }; }
protocol kernel fib { learn; scan time 1; ipv4 { import all; export where source = RTS_BGP; }; }
protocol bgp away { local 10.0.0.1 as 65001; neighbor 10.0.0.9 as 65009; multihop; strict bind;
  connect delay time 1; connect retry time 1; error wait time 1, 1; ipv4 { import none; export none; }; }
"""
STOPPED = (
    "Cannot accept a control connection",
    "fib: cannot read the kernel's table",
    "away: 10.0.0.9 does not talk to us yet: Socket",
)


def starve():
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, FEW))


@isolated
def test_without_file_descriptors_sessions_live_and_all_comes_back(tmp_path):
    pair("d0", "d1")
    log = tmp_path / "a.log"
    first, second = speakers(tmp_path, f'log "{log}" all;', MORE, preexec_fn=starve)
    before = first.session()
    clients = []
    for _ in range(FEW + 10):  # more than it can take
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(1)
        client.connect(str(first.socket))
        clients.append(client)
    until(lambda: "Cannot accept a control connection" in log.read_text())
    clients[0].sendall(b"configure\nshow protocols twin\n")
    ip("route add 10.77.0.0/16 dev d0 proto static")
    ip("link add d2 type veth peer name d3")
    until(lambda: all(f"{what}: Too many open files" in log.read_text() for what in STOPPED))
    reply = b""
    while b"Established" not in reply:
        reply += clients[0].recv(65536)
    assert re.search(rb"^8002 .*Too many open files$", reply, re.MULTILINE)
    for client in clients[1:]:
        client.close()
    until(first.answers)
    assert first.session() == before
    assert second.established()
    until(lambda: "10.77.0.0/16" in first.ask("show route"))
    assert "d2" in first.ask("show interfaces")
    assert "<BUG>" not in log.read_text()
    assert log.read_text().count("\n") < 100


@isolated
def test_the_limit_is_raised_to_what_the_system_allows(tmp_path):
    few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, 3 * FEW))  # noqa: E731
    daemon = Live(tmp_path, "a", speaker(1, "log stderr all;"), preexec_fn=few)
    assert f"Max open files {3 * FEW} {3 * FEW}" in " ".join(
        Path(f"/proc/{daemon.process.pid}/limits").read_text().split()
    )
