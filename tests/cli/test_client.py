"""pybirdc: abbreviations, exit codes, output, and its start-up time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pybird.cli import command_list as written
from pybird.client import main as client
from pybird.client.command_list import COMMANDS, GROUPS
from pybird.client.words import NoCommandError, expand, help_for
from tests.cli.served import served


@pytest.fixture(scope="module")
def socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("ctl")) as path:
        yield path


def run(socket: str, *words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = client.main(["pybirdc", "-s", socket, *words])
    return code, capsys.readouterr().out


# ------------------------------------------------------------ abbreviations


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("sh sta", None),
        ("sho stat", None),
        ("show stati st4", "show static st4"),
        ("s p", "show protocols"),
        ("s p a up4", "show protocols all up4"),
        ('s p "st*"', 'show protocols "st*"'),
        ("show r", "show route"),
        ("sh ro cou", "show route cou"),
        ("show pe", "show peers"),
        ("show i", "show interfaces"),
        ("show i s", "show interfaces summary"),
        ("conf ch", "configure check"),
        ('configure "x y"  timeout 3', 'configure "x y"  timeout 3'),
        ("dis st4", "disable st4"),
        ("rel in st4", "reload in st4"),
        ("res st4", None),
        ("q", "quit"),
        ("foo", None),
        ("show", None),
    ],
)
def test_abbreviations(short: str, full: str | None) -> None:
    if full is None:
        with pytest.raises(NoCommandError):
            expand(short)
    else:
        assert expand(short) == full


def test_ambiguous_commands_list_what_they_may_mean() -> None:
    with pytest.raises(NoCommandError) as raised:
        expand("sh st")
    assert str(raised.value) == (
        "Ambiguous command, possible expansions are:\n"
        "show status                                    Show router status\n"
        "show static [<protocol>]                       Show details of static protocol"
    )


def test_unknown_commands() -> None:
    with pytest.raises(NoCommandError) as raised:
        expand("foo")
    assert str(raised.value) == "No such command. Press `?' for help."


def test_help_of_a_level() -> None:
    lines = help_for("")
    assert lines[0] == "quit                                           Quit the client"
    assert "show ...                                       Show status information" in lines
    assert any(line.startswith("configure check") for line in help_for("configure "))
    assert help_for("xyz ") == ["No such command. Press `?' for help."]


def test_the_client_knows_every_command() -> None:
    assert list(COMMANDS) == written.rows(), (
        "run python -m pybird.cli.command_list > pybird/client/command_list.py"
    )
    assert GROUPS == written.GROUPS


@pytest.mark.checkout
def test_the_list_of_commands_is_written_as_the_formatter_wants_it() -> None:
    ruff = [sys.executable, "-m", "ruff", "format", "--stdin-filename", "pybird/client/command_list.py", "-"]
    text = written.source()
    assert subprocess.run(ruff, input=text, capture_output=True, text=True, check=True).stdout == text


# --------------------------------------------------------------- one command


def test_one_command(socket: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(socket, "show", "symbols", "imp_b", capsys=capsys)
    assert (code, out) == (0, "imp_b   \tfilter\n")


def test_errors_exit_with_1(socket: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(socket, "show route 9.9.9.0/24", capsys=capsys) == (1, "Network not found\n")
    assert run(socket, "foo", capsys=capsys)[0] == 1
    assert run(socket, "-r", "disable st4", capsys=capsys) == (1, "Access denied\n")


def test_codes_with_v(socket: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = run(socket, "-v", "show status", capsys=capsys)[1].split("\n")
    assert out[0] == "0001 BIRD 2.19.2 ready."
    assert out[2] == "1011-Router ID is 10.0.0.1"
    assert out[3] == "     Hostname is alpha"


def test_called_as_birdc_it_greets_as_birdc(socket: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert client.main(["/usr/sbin/birdc", "-s", socket, "-r", "show symbols imp_b"]) == 0
    assert capsys.readouterr().out == "BIRD 2.19.2 ready.\nAccess restricted\nimp_b   \tfilter\n"


def test_json(socket: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(socket, "--json", "show protocols", capsys=capsys)
    assert code == 0
    assert [row["name"] for row in json.loads(out)] == ["device1", "st4", "st6", "st_roa", "st_off"]
    code, out = run(socket, "--json", "show route 9.9.9.0/24", capsys=capsys)
    assert (code, json.loads(out)) == (1, {"error": "Network not found", "code": 8001})


def test_no_daemon(capsys: pytest.CaptureFixture[str]) -> None:
    assert client.main(["pybirdc", "-s", "/nonexistent", "show status"]) == 1
    assert capsys.readouterr().err == (
        "Unable to connect to server control socket (/nonexistent): No such file or directory\n"
    )


def test_unknown_flags(capsys: pytest.CaptureFixture[str]) -> None:
    assert client.main(["pybirdc", "-x"]) == 1
    assert "Usage: pybirdc [-s <control-socket>]" in capsys.readouterr().err


def test_flags_as_getopt_takes_them(socket: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert client.main(["pybirdc", f"-vrs{socket}", "--", "show", "symbols", "imp_b"]) == 0
    assert "0016 Access restricted\n1010 imp_b" in capsys.readouterr().out
    assert client.main(["pybirdc", "-s"]) == 1


def test_commands_from_a_pipe(socket: str) -> None:
    command = [sys.executable, "-m", "pybird.client", "-s", socket]
    asked = "show symbols imp_b\nsh st\n\nquit\nshow status\n"
    done = subprocess.run(command, input=asked, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.startswith("imp_b   \tfilter\nAmbiguous command")
    assert "Router ID" not in done.stdout


def test_one_command_imports_nothing_slow(socket: str) -> None:
    code = (
        "import sys; from pybird.client.main import main; main(['pybirdc','-s',sys.argv[1],'show','status']);"
        "slow = {'lark','rich','prompt_toolkit','asyncio','json','dataclasses','typing','re','getopt'};"
        "slow &= set(sys.modules);"
        "assert not slow, slow"
    )
    subprocess.run([sys.executable, "-c", code, socket], check=True, capture_output=True, timeout=60)


# --------------------------------------------------------------- real birdc


@pytest.mark.parametrize("program", ["/usr/sbin/birdc", "/usr/sbin/birdcl"])
@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (["show", "status"], 0, "Router ID is 10.0.0.1"),
        (["s", "p", "a", "st4"], 0, "Description:    static v4 routes"),
        (["show", "route", "for", "203.0.113.200"], 0, "203.0.113.128/25"),
        (["show", "route", "where", "net.len > 24", "count"], 0, "routes for"),
        (["show", "route", "9.9.9.0/24"], 1, "Network not found"),
        (["show", "memory"], 0, "Routing tables:"),
        (["show", "interfaces", "summary"], 0, "dum0       up     192.0.2.1/24"),
        (["show", "symbols"], 0, "routing table"),
        (["show", "static", "st4"], 0, "blackhole"),
        (["configure", "check"], 0, "Configuration OK"),
        (["configure"], 0, "Reconfigured"),
        (["restart", "st6"], 0, "st6: restarted"),
        (["reload", "in", "st4"], 0, "st4: reloading"),
        (["-r", "disable", "st6"], 1, "Access denied"),
        (["eval", "1+2"], 0, "3"),
        (["show", "protocols", "nosuch"], 1, "nosuch"),
    ],
)
def test_real_birdc_works_on_our_socket(
    socket: str, program: str, words: list[str], code: int, expected: str
) -> None:
    if not Path(program).exists():
        pytest.skip("Debian's bird2 is not installed")
    done = subprocess.run(
        [program, "-s", socket, *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.startswith("BIRD 2.19.2 ready.\n")
    assert expected in done.stdout
    assert done.returncode == code, done.stdout


@pytest.mark.parametrize("program", ["/usr/sbin/birdc", "/usr/sbin/birdcl"])
def test_real_birdc_disables_and_enables(socket: str, program: str) -> None:
    if not Path(program).exists():
        pytest.skip("Debian's bird2 is not installed")
    for word in ("disable", "enable"):
        command = [program, "-s", socket, word, "st6", '"a reason"']
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout.endswith(f"st6: {word}d\n")


def test_a_mistyped_command_is_guessed() -> None:
    for text, told in (
        ("shwo protocols", "No such command, did you mean `show'? Press `?' for help."),
        ("show protcols", "No such command, did you mean `show protocols'? Press `?' for help."),
        ("show", "The command is incomplete. Press `?' to see what can follow."),
        ("xyz", "No such command. Press `?' for help."),
    ):
        with pytest.raises(NoCommandError) as raised:
            expand(text)
        assert str(raised.value) == told


def test_help_fits_the_terminal() -> None:
    for width in (80, 100, 140):
        lines = "\n".join(help_for("show ", width=width) + help_for("", width=width)).split("\n")
        assert max(map(len, lines)) < width
    assert help_for("show static ", width=80) == [
        "show static [<protocol>]                       Show details of static protocol"
    ]


def test_octets_that_are_not_utf8_and_line_ends_in_a_command(socket: str) -> None:
    pybirdc = [sys.executable, "-m", "pybird.client", "-s", socket]
    done = subprocess.run([*pybirdc, b'eval "\xff"'], capture_output=True, check=True)
    assert done.stdout == "\N{REPLACEMENT CHARACTER}\n".encode()
    lines = b'eval "\xff"\neval 1\n'
    piped = subprocess.run(pybirdc, input=lines, capture_output=True, check=True)
    assert piped.stdout.endswith(b"\n1\n")
    done = subprocess.run([*pybirdc, "eval 1 +\n 1"], capture_output=True, check=True)
    assert done.stdout == b"2\n"


def test_a_socket_path_that_is_too_long(capsys: pytest.CaptureFixture[str]) -> None:
    assert client.main(["pybirdc", "-s", "/x" * 100, "show", "status"]) == 1
    assert capsys.readouterr().err.endswith("): AF_UNIX path too long\n")


def test_help_needs_no_daemon(capsys: pytest.CaptureFixture[str]) -> None:
    assert client.main(["pybirdc", "-s", "/none", "--help"]) == 0
    assert "--json               Replies as JSON" in capsys.readouterr().out
