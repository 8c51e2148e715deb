"""The interactive shell, in a terminal."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from pybird.client import tables
from pybird.client.connection import RouterConnection
from pybird.client.shell import _paged, page
from tests.cli.served import served

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r")


class Terminal:
    """A shell in a pseudo terminal of 200 columns."""

    def __init__(self, socket: str, home: Path) -> None:
        self.screen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm", COLUMNS="200", LINES="50", XDG_STATE_HOME=str(home), NO_COLOR="1")
            os.execv(sys.executable, [sys.executable, "-m", "pybird.client", "-s", socket])
        os.set_blocking(self.fd, False)  # a terminal that nobody reads any more takes no more keys

    def read(self, seconds: float = 0.05) -> bool:
        if not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            octets = os.read(self.fd, 65536)
        except OSError:  # the shell has gone
            time.sleep(seconds)
            return False
        if b"\x1b[6n" in octets:  # where is the cursor?
            os.write(self.fd, b"\x1b[1;1R")
        self.screen += CONTROL.sub("", octets.decode(errors="replace"))
        return bool(octets)

    def expect(self, text: str, within: float = 60.0, again: str = "") -> None:
        """Wait for a text; `again` is typed every second, for keys lost while no prompt is there."""
        end = time.monotonic() + within
        press = time.monotonic() + 1
        while text not in self.screen:
            assert time.monotonic() < end, f"{text!r} did not appear in:\n{self.screen}"
            self.read()
            if again and time.monotonic() > press:
                self.type(again)
                press += 1
        self.screen = self.screen.partition(text)[2]

    def type(self, text: str) -> None:
        """Press keys; they are lost when the shell has gone."""
        with contextlib.suppress(OSError):
            os.write(self.fd, text.encode())

    def leave(self) -> int:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            self.type("\x04")  # lost while no prompt is there
            self.read(0.3)
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
        raise AssertionError(f"the shell did not end:\n{self.screen}")


@pytest.fixture
def socket(tmp_path: Path) -> Iterator[str]:
    with served(tmp_path) as path:
        yield path


def screen(width, colors=None):
    return Console(width=width, height=50, color_system=colors, force_terminal=True)


def test_a_session_in_a_terminal(socket: str, tmp_path: Path) -> None:
    shell = Terminal(socket, tmp_path)
    shell.expect("BIRD 2.19.2 ready.")
    shell.type("show proto\r")
    shell.expect("Name")
    shell.expect("st_roa")
    shell.type("show route\r")
    shell.expect("Table master4")
    shell.expect("198.51.100.0/24")
    shell.type("show route 9.9.9.0/24\r")
    shell.expect("Network not found")
    shell.type("configure ?")
    shell.expect("configure check")
    shell.expect("bird> configure")  # drawn again
    shell.read(0.3)
    shell.type("\x15foo\r")
    shell.expect("No such command")
    shell.expect("bird>")
    shell.type("show static st_r\t")
    shell.expect("oa", again="\t")  # st_roa; what stands there already may not be drawn again
    shell.type("\r")
    shell.expect("198.18.0.0/15-24 AS65002")
    assert shell.leave() == 0
    assert "show proto" in (tmp_path / "pybird" / "history").read_text()


def test_output_to_a_pipe_is_plain(socket: str) -> None:
    command = [sys.executable, "-m", "pybird.client", "-s", socket]
    done = subprocess.run(
        command, input="show route\n", capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.startswith("Table master4:\n10.9.0.0/16          unreachable [st4 ")
    assert "\x1b" not in done.stdout


ROUTE = {
    "reply": "route_row",
    "table": "master4",
    "net": "10.0.0.0/8",
    "again": False,
    "dest": "unicast",
    "protocol": "edge",
    "since": "2026-11-22T13:44:28.750+00:00",
    "primary": True,
    "preference": 100,
    "info": "[AS65002i]",
    "hops": [{"gateway": "fe80::1", "interface": "eth0", "weight": None}],
}
LONG_NET = "2001:db8:1234:5678:9abc:def0:1234:5678/128"
LONG_HOP = "fe80::1234:5678:9abc:def0 enp0s31f6"
LONG = ROUTE | {
    "net": LONG_NET,
    "hops": [
        {"gateway": LONG_HOP.split()[0], "interface": "enp0s31f6", "weight": None},
        {"gateway": "fe80::1", "interface": "eth0", "weight": None},
    ],
}


def shown(*rows: dict[str, object], width: int = 120, today: str = "2026-11-23") -> list[str]:
    return tables.ReplyTables(screen(width), today).text(rows).splitlines()


def test_tables_of_routes_stand_apart() -> None:
    blackhole = {**ROUTE, "table": "t2", "dest": "blackhole", "hops": [], "primary": False}
    found = shown(ROUTE, blackhole)
    assert found[0] == "Table master4"
    assert found[2].split() == [
        "*", "10.0.0.0/8", "fe80::1", "eth0", "edge", "100", "[AS65002i]", "2026-11-22", "13:44:28",
    ]  # fmt: skip
    assert found[3] == "Table t2"
    assert "blackhole" in found[5]


def test_a_label_of_our_own_stands_behind_its_network() -> None:
    again = {**ROUTE, "again": True}
    found = shown(ROUTE | {"label": 100}, again | {"label": 2001}, again | {"label": None})
    assert [row.split("fe80")[0].strip() for row in found[2:]] == [
        "*  10.0.0.0/8 mpls 100",
        "*  mpls 2001",
        "*",
    ]


def test_on_a_narrow_screen_todays_date_goes_first() -> None:
    full = shown(ROUTE, today="2026-11-22")
    assert full[2].endswith("2026-11-22 13:44:28")
    width = len(full[2])
    assert shown(ROUTE, today="2026-11-22", width=width) == full
    short = shown(ROUTE, today="2026-11-22", width=width - 1)
    assert short[1].split() == full[1].split()
    assert short[2].endswith("[AS65002i]  13:44:28")


def test_then_columns_go_and_other_dates_stay_whole() -> None:
    width = len(shown(ROUTE)[2])
    found = shown(ROUTE, width=width - 1)
    assert found[1].split() == ["Network", "Next", "hop", "Protocol", "Origin", "Since"]  # no Pref
    assert found[2].endswith("2026-11-22 13:44:28")
    found = shown(ROUTE, width=width - 10)
    assert found[1].split() == ["Network", "Next", "hop", "Protocol", "Origin"]


@pytest.mark.parametrize("width", [60, 70, 80, 90, 100, 120, 150])
def test_addresses_and_networks_are_never_folded(width: int) -> None:
    found = shown(LONG, ROUTE, width=width)
    assert max(map(len, found)) <= width
    assert any(LONG_NET in line for line in found)
    assert any(LONG_HOP in line for line in found)


def test_what_is_too_wide_goes_below_its_network() -> None:
    assert shown(LONG, ROUTE, width=70) == [
        "Table master4",
        "   Network",
        "    Next hop                             Protocol  Origin",
        f"*  {LONG_NET}",
        f"    {LONG_HOP}  edge      [AS65002i]",
        "    fe80::1 eth0",
        "*  10.0.0.0/8",
        "    fe80::1 eth0                         edge      [AS65002i]",
    ]


def test_a_table_goes_on_in_parts_without_a_second_head() -> None:
    drawing = tables.ReplyTables(screen(120), "2026-11-23")
    first = drawing.text([ROUTE] * 3).splitlines()
    second = drawing.text([ROUTE | {"net": "192.168.100.0/24"}, ROUTE]).splitlines()
    assert (len(first), len(second)) == (5, 2)
    assert second[0].index("edge") == second[1].index("edge")  # wider now
    assert drawing.text([ROUTE | {"table": "t2"}]).startswith("Table t2\n")


PROTOCOL = {
    "reply": "protocol_row",
    "name": "edge",
    "proto": "BGP",
    "table": "",
    "state": "start",
    "since": "2026-11-22T13:44:28.750+00:00",
    "info": "Connect       Socket: No route to 2001:db8:1234:5678:9abc:def0:1234:5678",
}


def test_only_words_are_broken() -> None:
    found = shown(PROTOCOL, width=80)
    assert found[1] == "edge  BGP           start  2026-11-22 13:44:28  Connect Socket: No route to"
    assert found[2].strip() == "2001:db8:1234:5678:9abc:def0:1234:5678"
    assert found[2].index("2001") == found[1].index("Connect")


def test_what_a_neighbor_says_moves_no_cursor() -> None:
    found = shown(PROTOCOL | {"info": "Idle \x1b[2JReceived: \x07"})
    assert found[1].endswith("Idle ?[2JReceived: ?")


def test_states_have_colors() -> None:
    text = tables.ReplyTables(screen(120, "standard")).text([PROTOCOL])
    assert "\x1b[1medge\x1b[0m" in text
    assert "\x1b[33mstart\x1b[0m" in text


def test_which_commands_have_tables() -> None:
    assert tables.has_table("show route for 10.0.0.1")
    assert tables.has_table("show protocols")
    assert tables.has_table("show peers")
    assert not tables.has_table("show route all")
    assert not tables.has_table("show protocols all")
    assert not tables.has_table("show status")


def test_short_output_is_not_paged(capsys: pytest.CaptureFixture[str]) -> None:
    page(["one\n", "two\n"], 24)
    assert capsys.readouterr().out == "one\ntwo\n"


def test_long_output_without_a_terminal_is_not_paged(capsys: pytest.CaptureFixture[str]) -> None:
    page((f"{n}\n" for n in range(100)), 24)
    assert capsys.readouterr().out == "".join(f"{n}\n" for n in range(100))


PAGER = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.stdin.read()
os.kill(os.getppid(), signal.SIGINT)
time.sleep(0.1)
open(sys.argv[1], "w").close()
"""


def test_ctrl_c_in_the_pager_is_the_pagers(tmp_path: Path) -> None:
    left = tmp_path / "left"
    _paged([sys.executable, "-c", PAGER, str(left)], ["one\n"], iter(("two\n",)))
    assert left.exists()  # nothing is printed before the pager has gone


def test_what_comes_unasked_is_shown_at_the_prompt(socket: str, tmp_path: Path) -> None:
    shell = Terminal(socket, tmp_path)
    shell.expect("Ctrl-D leaves.")
    shell.expect("bird>")
    connection = RouterConnection(socket)
    assert connection.ask("configure timeout 1")[-1].code == 3
    shell.expect(">>> ", within=10)  # nothing was typed
    shell.type("show symbols imp_b\r")
    shell.expect("imp_b   \tfilter")
    assert shell.leave() == 0
    assert connection.pending()
    connection.close()


def test_the_table_of_protocols_has_what_is_known_beyond_the_info_column():
    row = {
        "name": "p",
        "proto": "BGP",
        "table": "",
        "state": "start",
        "since": "2026-11-22T13:44:28.750+00:00",
    }
    row |= {"reply": "protocol_row", "info": "Idle          ", "trouble": "no interface eth9"}
    assert tables._protocol(row).cells[-1] == "Idle no interface eth9"
