"""The kernel drops netlink events that are not read in time: everything is read again."""

import os
import re
import signal
import subprocess
from pathlib import Path

from tests.io.isolation import ip, isolated, pair
from tests.io.live import Live, until

CONFIG = """
log "{folder}/a.log" all;
router id 10.0.0.1;
protocol device {{ scan time 3600; }}
protocol static own {{ ipv4; route 10.1.0.0/16 blackhole; route 10.2.0.0/16 via "d0"; }}
protocol kernel fib {{ learn; scan time 3600; ipv4 {{ import all; export where source = RTS_STATIC; }}; }}
"""
MANY = 30_000  # more events than the socket's buffer takes


def batch(lines):
    """Very many `ip` commands at once."""
    text = "".join(f"{line}\n" for line in lines)
    subprocess.run(["ip", "-batch", "-"], input=text, text=True, check=True, capture_output=True)


def alien(number):
    return f"100.{64 + number // 65536}.{number // 256 % 256}.{number % 256}/32"


def learned(daemon):
    """How many routes the daemon took over from the kernel."""
    return int(re.search(r"(\d+) of \d+ routes for", daemon.ask("show route protocol fib count"))[1])


@isolated
def test_events_that_were_dropped_are_made_up_for_by_a_scan(tmp_path):
    pair("d0", "d1")
    pair("d2", "d3")
    ip("addr add 192.0.2.1/24 dev d0")
    batch(f"route add {alien(number)} dev d0 proto static" for number in range(100))
    daemon = Live(tmp_path, "a", CONFIG.format(folder=tmp_path))
    until(lambda: learned(daemon) == 100)
    until(lambda: "10.2.0.0/16" in ip("route show proto bird"))

    os.kill(daemon.process.pid, signal.SIGSTOP)
    batch(f"route add {alien(number)} dev d0 proto static" for number in range(100, MANY))
    batch(f"route del {alien(number)}" for number in range(50, MANY - 1000))
    ip("route del 10.1.0.0/16 proto bird metric 32")
    ip("route replace 10.2.0.0/16 dev d2 proto bird metric 32")
    ip("addr add 198.51.100.1/24 dev d0")
    ip("addr del 192.0.2.1/24 dev d0")
    ip("link set d3 down")
    ip("link set d1 name e1")
    ip("link add d4 type veth peer name d5")
    os.kill(daemon.process.pid, signal.SIGCONT)

    log = Path(tmp_path, "a.log")
    until(lambda: "Kernel dropped some netlink messages" in log.read_text())
    until(lambda: learned(daemon) == 50 + 1000)
    until(lambda: "10.1.0.0/16" in ip("route show proto bird"))
    until(lambda: "10.2.0.0/16 dev d0" in ip("route show proto bird"))
    assert alien(49) in daemon.ask("show route protocol fib")
    assert alien(50) not in daemon.ask("show route protocol fib")
    shown = daemon.ask("show interfaces")
    assert "198.51.100.1/24" in shown
    assert "192.0.2.1" not in shown
    assert re.search(r"\be1 ", shown)
    assert not re.search(r"\bd1 ", shown)
    assert re.search(r"\bd4 ", shown)
    assert re.search(r"-d2 .*\n.*AdminUp LinkDown", shown), "without carrier"
    assert "<BUG>" not in log.read_text()
    daemon.stop()
    assert ip("route show proto bird") == ""
    assert len(ip("route show proto static").splitlines()) == 1050
