"""The whole program, started as a user would start it, in a namespace of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.io.isolation import ip, isolated, needs_other_users

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "pybird"]
CONFIG = """\
log "{folder}/bird.log" all;
router id 1.2.3.4;
protocol device {{ }}
protocol kernel {{ ipv4 {{ export all; }}; }}
protocol static {{ ipv4; route 10.5.0.0/16 blackhole; }}
"""


def pybird(folder, *arguments):
    """Run the program to its end (in the background it goes on without us)."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def ask(folder, command, name="bird.ctl"):
    """All reply lines of one command."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(Path(folder, name)))
        client.settimeout(5)
        client.sendall(f"{command}\n".encode())
        text, ends = "", 0
        while ends < 2:  # the banner is the first
            data = client.recv(65536)
            if not data:
                break
            text += data.decode()
            ends = len(re.findall(r"^\d{4} ", text, re.MULTILINE))
    return text.splitlines()[1:]


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, condition
        time.sleep(0.02)


def runs(pid):
    """The daemon is a child of the test once the process that started it has ended."""
    return os.waitpid(pid, os.WNOHANG) == (0, 0)


@pytest.fixture
def folder(tmp_path, request):
    (tmp_path / "bird.conf").write_text(CONFIG.format(folder=tmp_path))
    tmp_path.chmod(0o777)
    return tmp_path


def test_p_is_silent_on_success_and_names_the_place_of_an_error(folder):
    done = pybird(folder, "-p", "-l")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (folder / "bad.conf").write_text("router id 1.2.3.4;\nprotocol device { scan tine 10; }\n")
    done = pybird(folder, "-pc", "bad.conf")
    assert (done.returncode, done.stdout) == (1, "")
    first, *rest = done.stderr.splitlines()
    assert re.match(r"bird: bad\.conf:2:\d+ ", first)
    assert any("^" in line for line in rest)
    done = pybird(folder, "-pc", "nosuch.conf")
    assert done.stderr == "bird: Unable to open configuration file nosuch.conf: No such file or directory\n"
    assert done.returncode == 1


def test_what_cannot_be_made_is_told_in_one_line(folder):
    for arguments, text in [
        (
            ["-l", "-s", "/nowhere/x.ctl"],
            "Cannot create control socket /nowhere/x.ctl: No such file or directory: "
            "make the folder /nowhere, or name another socket with -s",
        ),
        (["-l", "-P", "/nowhere/pid"], "Cannot create PID file /nowhere/pid: No such file or directory"),
        (["-l", "-u", "nosuch"], "Cannot find user 'nosuch'"),
        (["-lD", "/nowhere/log"], "/nowhere/log: No such file or directory"),
    ]:
        done = pybird(folder, *arguments)
        assert (done.returncode, done.stderr) == (1, f"bird: {text}\n")
    assert sorted(path.name for path in folder.iterdir()) == ["bird.conf"] or (folder / "bird.log").exists()


def in_background(folder, *arguments):
    done = pybird(folder, "-l", "-P", "pid", *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    until(lambda: (folder / "pid").read_text().strip())
    return int((folder / "pid").read_text())


@isolated
def test_a_life_in_the_background(folder):
    pid = in_background(folder)
    until(lambda: "blackhole 10.5.0.0/16" in ip("route"))
    assert Path(f"/proc/{pid}/fd/2").resolve() == Path("/dev/null")
    assert any("Router ID is 1.2.3.4" in line for line in ask(folder, "show status"))

    second = pybird(folder, "-l")
    assert (second.returncode, second.stderr) == (1, "bird: I found another BIRD running.\n")

    config, log = folder / "bird.conf", folder / "bird.log"
    config.write_text(config.read_text() + "protocol static more { ipv4; route 10.6.0.0/16 blackhole; }\n")
    log.rename(folder / "bird.log.1")
    os.kill(pid, signal.SIGHUP)
    until(lambda: "blackhole 10.6.0.0/16" in ip("route"))
    assert "Reconfiguration requested by SIGHUP" in (folder / "bird.log.1").read_text()
    until(lambda: log.exists() and "<INFO> Reconfigured" in log.read_text())

    good = config.read_text()
    config.write_text(good + "protocl;\n")
    os.kill(pid, signal.SIGHUP)
    until(lambda: re.search(r"<ERR> bird\.conf:7:1 ", log.read_text()))
    answer = ask(folder, "configure")
    assert any(line.startswith("8002 bird.conf:7:1 ") for line in answer), answer
    config.write_text(good)

    os.kill(pid, signal.SIGUSR1)
    until(lambda: (folder / "bird.dump").exists() and "10.6.0.0/16" in (folder / "bird.dump").read_text())
    assert (folder / "bird.dump").stat().st_mode & 0o777 == 0o400

    os.kill(pid, signal.SIGTERM)
    until(lambda: not runs(pid))
    assert log.read_text().endswith("<FATAL> Shutdown completed\n")
    assert "10.5.0.0/16" not in ip("route")
    left = {path.name for path in folder.iterdir()}
    assert left == {"bird.conf", "bird.log", "bird.log.1", "bird.dump"}


@isolated
def test_what_is_no_regular_file_does_not_stop_the_daemon(folder):
    config, log = folder / "bird.conf", folder / "bird.log"
    good = config.read_text()
    pid = in_background(folder)
    os.mkfifo(folder / "fifo")
    for path, reason in (("/dev/zero", "Is a device"), ("fifo", "Is a FIFO"), (folder, "Is a directory")):
        for command in ("configure", "configure check"):
            (*_, last) = ask(folder, f'{command} "{path}"')
            assert last.startswith(f"8002 {path}: {reason}")
        config.write_text(good + f'include "{path}";\n')
        told = f"bird.conf:6:9 Unable to open included file {path}: {reason}"
        assert ask(folder, "configure check")[-1].startswith(f"8002 {told}")
        os.kill(pid, signal.SIGHUP)
        until(lambda told=told: f"<ERR> {told}" in log.read_text())
    config.write_text(good + 'log "other.log" all;\n')
    assert ask(folder, "configure check")[-1] == "0020 Configuration OK"
    assert not (folder / "other.log").exists()  # it only looks whether it could be made
    assert ask(folder, "configure")[-1] == "0003 Reconfigured"
    assert (folder / "other.log").exists()
    assert ask(folder, "down")[0].startswith("0007")
    until(lambda: not runs(pid))


@isolated
def test_the_log_hears_of_what_is_not_run_at_start_and_once_per_change(folder):
    config, log = folder / "bird.conf", folder / "bird.log"
    good = config.read_text()
    config.write_text(good + "protocol ospf o { area 0 { }; }\n")
    done = pybird(folder, "-l", "-P", "pid")
    told = "bird.conf:6:1 warning: protocol ospf is understood but not run by this version"
    assert (done.returncode, done.stderr) == (0, f"bird: {told}\n")
    until(lambda: (folder / "pid").read_text().strip())
    pid = int((folder / "pid").read_text())
    assert log.read_text().count(f"<WARN> {told}\n") == 1

    config.write_text("\n\n" + config.read_text() + "protocol rip { }\n")
    for _ in range(3):
        assert ask(folder, "configure")[-1] == "0003 Reconfigured"
    warnings = re.findall(r"<WARN> (.*)", log.read_text())
    assert warnings == [told, "bird.conf:9:1 warning: protocol rip is understood but not run by this version"]
    assert ask(folder, "down")[0].startswith("0007")
    until(lambda: not runs(pid))


@needs_other_users
@isolated
def test_privileges_are_dropped_and_routes_still_go_to_the_kernel(folder):
    config = folder / "bird.conf"  # that user may not pass the folders above
    config.write_text(config.read_text().replace(f"{folder}/", ""))
    pid = in_background(folder, "-u", "65534", "-g", "65534")
    until(lambda: "blackhole 10.5.0.0/16" in ip("route"))
    status = Path(f"/proc/{pid}/status").read_text()
    assert re.search(r"^Uid:(\t65534){4}$", status, re.MULTILINE)
    assert re.search(r"^CapEff:\t0000000000003400$", status, re.MULTILINE)
    made = (folder / "bird.ctl").stat()
    assert (made.st_gid, made.st_mode & 0o777) == (65534, 0o660)
    pid_file = (folder / "pid").stat()
    assert (pid_file.st_uid, pid_file.st_gid, pid_file.st_mode & 0o777) == (65534, 65534, 0o644)
    assert ask(folder, "down")[0].startswith("0007")
    until(lambda: not runs(pid))
    assert not (folder / "bird.ctl").exists()


@isolated
def test_more_sockets_come_and_go_with_the_configuration(folder):
    config = folder / "bird.conf"
    plain = config.read_text()
    config.write_text(plain + f'cli "{folder}/ro.ctl" {{ restrict; }};\n')
    pid = in_background(folder)
    assert ask(folder, "down", "ro.ctl")[0].startswith("8007")
    config.write_text(plain)
    os.kill(pid, signal.SIGHUP)
    until(lambda: not (folder / "ro.ctl").exists())
    os.kill(pid, signal.SIGTERM)
    until(lambda: not runs(pid))


@isolated
def test_a_log_file_that_cannot_be_opened_is_refused_with_its_place(folder):
    config = folder / "bird.conf"
    good = config.read_text()
    bad = 'log "/nowhere/log" all;\n' + good
    config.write_text(bad)
    done = pybird(folder, "-l")
    text = "bird.conf:1:1 Unable to open log file '/nowhere/log': No such file or directory"
    assert (done.returncode, done.stderr) == (1, f"bird: {text}\n")

    config.write_text(good)
    pid = in_background(folder)
    config.write_text(bad)
    assert ask(folder, "configure")[-1] == f"8002 {text}"
    assert ask(folder, "down")[0].startswith("0007")
    until(lambda: not runs(pid))


REFUSED = (
    "roa4 table r;\nprotocol rpki later { roa4 { table r; }; remote 10.9.9.9 port 323; }\n"
    "protocol static more { ipv4 { import where roa_check(r, net, 1) != ROA_INVALID; }; }\n"
)


@isolated
@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("protocl x { }\n", "`protocl` is not a statement"),
        (REFUSED, "BIRD has the protocol rpki that fills r, PyBIRD does not yet"),
        ('include "nosuch.conf";\n', "Unable to open included file nosuch.conf: No such file or directory"),
    ],
)
def test_what_cannot_be_run_leaves_the_running_configuration(folder, more, said):
    config, log = folder / "bird.conf", folder / "bird.log"
    good = config.read_text()
    pid = in_background(folder)
    until(lambda: "blackhole 10.5.0.0/16" in ip("route"))
    config.write_text(good.replace("10.5.0.0/16", "10.6.0.0/16") + more)
    line = len(config.read_text().splitlines())
    place = re.compile(rf"bird\.conf:{line}:\d+ {re.escape(said)}")

    os.kill(pid, signal.SIGHUP)
    until(lambda: "<ERR> The running configuration stays" in log.read_text())
    assert len(place.findall(log.read_text())) == 1

    *_, last = ask(folder, "configure")
    assert last.startswith("8002 ")
    assert place.search(last)
    assert len(place.findall(log.read_text())) == 2
    assert ask(folder, "configure status") == ["0003-Daemon is up and running", "0000 "]
    assert "blackhole 10.5.0.0/16" in ip("route")
    assert "10.6.0.0/16" not in ip("route")

    config.write_text(good.replace("10.5.0.0/16", "10.7.0.0/16"))
    assert ask(folder, "configure")[-1] == "0003 Reconfigured"
    until(lambda: "blackhole 10.7.0.0/16" in ip("route"))
    os.kill(pid, signal.SIGTERM)
    until(lambda: not runs(pid))
