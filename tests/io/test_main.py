import os
import subprocess
import sys

import pytest

from pybird.conf.rereading import ReadUnits
from pybird.daemon import Daemon
from pybird.io.control_socket import Bound
from pybird.main import HELP, SUBCOMMANDS, UsageError, load, main, read_options
from pybird.options import DaemonOptions
from pybird.tools.language import make_language


def test_defaults_are_birds():
    assert read_options([]) == DaemonOptions()
    assert (DaemonOptions().config, DaemonOptions().socket) == ("/etc/bird/bird.conf", "/run/bird/bird.ctl")


def test_options_bundle_and_take_attached_values():
    assert read_options(["-fRcx.conf", "-sbird.ctl", "-P", "pid"]) == DaemonOptions(
        config="x.conf", socket="bird.ctl", pid_file="pid", foreground=True, graceful=True
    )


def test_l_looks_in_the_working_folder_unless_told_otherwise():
    assert read_options(["-l"]) == DaemonOptions(config="bird.conf", socket="bird.ctl")
    assert read_options(["-l", "-c", "/etc/x"]) == DaemonOptions(config="/etc/x", socket="bird.ctl")


def test_d_means_foreground_and_debug_file_does_not():
    assert read_options(["-d"]) == DaemonOptions(debug=True, foreground=True)
    assert read_options(["-D", "log"]) == DaemonOptions(debug=True, debug_file="log")


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (["-x"], "invalid option -- 'x'"),
        (["-c"], "option requires an argument -- 'c'"),
        (["--foo"], "unrecognized option '--foo'"),
        (["lab"], "there is no subcommand 'lab'; subcommands are check, demo, fmt, test, explain"),
        (["-d", "foo"], "unexpected argument 'foo'"),
    ],
)
def test_wrong_usage_is_told_as_getopt_does(argv, text, capsys):
    with pytest.raises(UsageError, match=text):
        read_options(argv)
    assert main(argv) == 1
    assert capsys.readouterr().err.startswith(f"bird: {text}\n\nUsage: pybird [--version]")


def test_help_and_version_go_to_stderr(capsys):
    assert main(["--help"]) == main(["-h"]) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "  -s <control-socket>  Use given filename for a control socket\n" in shown.err
    assert main(["--version"]) == 0
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("BIRD version 2.")
    assert second.startswith("PyBIRD ")


def test_octets_that_are_not_utf8_and_line_ends_pass_through(tmp_path):
    name = os.fsencode(tmp_path) + b"/r\xff.conf"
    text = b"protocol   device {} # caf\xe9\n"
    with open(name, "wb") as file:
        file.write(text)
    pybird = [sys.executable, "-m", "pybird"]
    strict = {**os.environ, "PYTHONIOENCODING": "utf-8:strict", "LC_ALL": "C.UTF-8"}
    diff = subprocess.run([*pybird, "fmt", "--diff", name], capture_output=True, env=strict, check=False)
    assert b"\n-protocol   device {} # caf\xe9\n" in diff.stdout
    assert diff.stdout.startswith(b"--- " + name)
    laid = subprocess.run([*pybird, "fmt", "-"], input=text, capture_output=True, env=strict, check=True)
    assert laid.stdout == b"protocol device {}  # caf\xe9\n"
    dos = subprocess.run([*pybird, "fmt", "-"], input=b"define A = 1;\r\n", capture_output=True, check=False)
    assert (dos.returncode, dos.stdout) == (1, b"")


def test_every_subcommand_is_in_the_help():
    assert [name for name in SUBCOMMANDS if f"  pybird {name} " not in HELP] == []


def test_version_imports_nothing_slow():
    code = "import sys; from pybird.main import main; main(['--version']); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for slow in ("asyncio", "lark", "rich", "prompt_toolkit"):
        assert f"'{slow}'" not in done.stdout


MEMBER = (
    "protocol bgp { local as 1; neighbor 10.0.0.1 as 2; confederation 5; ipv4 { import all; export all; }; }"
)


@pytest.mark.usefixtures("refused")
@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        (
            "protocol ospf { area 0 {}; }",
            0,
            "1:20 warning: protocol ospf is understood but not run by this version",
        ),
        (MEMBER, 1, "1:71 BIRD has `confederation 5`, PyBIRD does not yet"),
        ('log "/nowhere/x" all; protocol device {}', 1, "Unable to open log file '/nowhere/x'"),
    ],
)
def test_p_says_what_a_start_would_say(text, status, said, tmp_path, capsys):
    path = tmp_path / "bird.conf"
    path.write_text(f"router id 1.1.1.1; {text}\n")
    assert main(["-p", "-c", str(path)]) == status
    assert said in capsys.readouterr().err


def test_p_makes_no_file(tmp_path):
    path, log = tmp_path / "bird.conf", tmp_path / "bird.log"
    path.write_text(f'log "{log}" all; protocol device {{}}\n')
    assert main(["-p", "-c", str(path)]) == 0
    assert not log.exists()


@pytest.mark.usefixtures("refused")
def test_a_daemon_does_not_start_without_what_matters(tmp_path, capsys):
    path = tmp_path / "bird.conf"
    path.write_text(f"router id 1.1.1.1; {MEMBER}\n")
    assert main(["-f", "-c", str(path), "-s", str(tmp_path / "bird.ctl")]) == 1
    assert f"bird: {path}:1:71 BIRD has `confederation 5`, PyBIRD does not yet" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("check", "{path}"), ("test", "{path}")])
def test_a_reader_that_has_seen_enough_is_no_error(words, tmp_path):
    path = tmp_path / "bird.conf"
    path.write_text("router id 1.1.1.1; protocol device { }\n")
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "pybird", *(word.format(path=path) for word in words)]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


def test_messages_that_nobody_takes_are_no_reason_to_fail(tmp_path):
    if not os.path.exists("/dev/full"):
        return
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-m", "pybird", "--version"], stderr=full, check=False)
    assert done.returncode == 0


def test_a_daemon_reads_what_changed(tmp_path):
    path = tmp_path / "bird.conf"
    text = "protocol static s4 {{ ipv4 {{ preference {}; }}; }}\nprotocol static s6 {{ ipv6; }}\n"
    path.write_text(text.format(1))
    language, memory = make_language(), ReadUnits()
    config = load(language, str(path), memory=memory)
    assert (memory.read, memory.kept) == (2, 0)
    socket = str(tmp_path / "ctl")
    daemon = Daemon(DaemonOptions(socket=socket, foreground=True), language, config, memory, Bound(socket))
    path.write_text(text.format(2))
    again = daemon.console.load(str(path))
    daemon.shut_down(False)
    daemon.shut_down(False)
    daemon.loop.close()
    assert (memory.read, memory.kept) == (1, 1)
    assert [each.channels[0].preference for each in again.protocols] == [2, 200]
