"""`make run`: two routers in namespaces and a shell; nothing stays behind."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from pybird.tools.demo import _remove_leftovers
from tests.interop.lab import ENVIRONMENT, until
from tests.tools.test_demo import CONFIGS


def namespaces(process):
    """Namespaces that this demo made."""
    rows = subprocess.run(["ip", "netns"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [row for row in rows if row.startswith("pybird-") and row.split()[0].endswith(f"-{process}")]


@pytest.mark.usefixtures("lab")
def test_without_a_terminal_it_shows_the_session_and_ends():
    command = [sys.executable, "-m", "pybird", "demo", *CONFIGS]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=ENVIRONMENT,
    ) as process:
        try:
            out, _ = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 0, out
    assert "Two routers in network namespaces" in out
    assert "10.2.0.1/32          unicast [auto01" in out
    assert namespaces(process.pid) == []


@pytest.mark.usefixtures("lab")
def test_a_user_who_is_not_root_gets_namespaces_of_their_own():
    """As uid 1000, without capabilities here: the demo goes on inside `unshare -rnm`."""
    before = set(os.listdir("/run/netns"))
    done = subprocess.run(
        ["unshare", "--map-user=1000", "--map-group=1000", sys.executable, "-m", "pybird", "demo", *CONFIGS],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=ENVIRONMENT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Two routers in network namespaces" in done.stdout
    assert "10.2.0.1/32          unicast [auto01" in done.stdout
    made = set(os.listdir("/run/netns")) - before
    assert not [name for name in made if name.startswith("pybird-")], "seen by nobody else"


@pytest.mark.usefixtures("lab")
def test_on_a_terminal_it_is_a_shell_that_ends_with_ctrl_d():
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pybird", "demo", *CONFIGS],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**ENVIRONMENT, "TERM": "xterm"},
        start_new_session=True,
    )
    os.close(slave)
    os.set_blocking(master, False)
    seen = []

    def text():
        try:
            seen.append(os.read(master, 65536).decode(errors="replace"))
        except (BlockingIOError, OSError):
            time.sleep(0.05)
        return "".join(seen)

    try:
        until(lambda: "Ctrl-D stops both routers" in text(), 30, "the hint")
        until(lambda: "bird>" in text(), 15, "the prompt")
        os.write(master, b"show protocols\r")
        until(lambda: text().count("Established") >= 1, 10, "a table of protocols")
        assert len(namespaces(process.pid)) == 2
        os.write(master, b"\x04")
        until(lambda: (text(), process.poll() is not None)[1], 15, "the end")
        assert process.returncode == 0
    except AssertionError as error:
        raise AssertionError(f"{error}; on the screen:\n{text()[-3000:]}") from None
    finally:
        process.kill()
        process.wait()
        os.close(master)
    assert namespaces(process.pid) == []


class OnTerminal:
    """A demo with a shell, on a terminal that can be closed."""

    def __init__(self, *options):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ.update(ENVIRONMENT, TERM="xterm")
            os.execv(sys.executable, [sys.executable, "-m", "pybird", "demo", *options, *CONFIGS])
        os.set_blocking(self.terminal, False)
        self.screen = ""

    def shows(self, text):
        with contextlib.suppress(OSError):
            self.screen += os.read(self.terminal, 65536).decode(errors="replace")
        return text in self.screen

    def left(self):
        """What there is of it: namespaces, folders, processes."""
        marks = (f"-a-{self.pid}", f"-b-{self.pid}", f"pybird-demo-{self.pid}-")
        folders = list(Path(tempfile.gettempdir()).glob(f"pybird-demo-{self.pid}-*"))
        running = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if any(mark.encode() in path.read_bytes() for mark in marks):
                    running.append(path.parent.name)
        return [*namespaces(self.pid), *folders, *running]

    def close(self):
        with contextlib.suppress(OSError):
            os.close(self.terminal)


WAYS = {
    "the terminal is closed": lambda demo: demo.close(),
    "it is killed": lambda demo: os.kill(demo.pid, signal.SIGKILL),
    "it is asked to end": lambda demo: os.kill(demo.pid, signal.SIGTERM),
}


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize("options", [(), ("--simulated",)])
@pytest.mark.parametrize("way", WAYS)
def test_nothing_stays_when(way, options):
    demo = OnTerminal(*options)
    try:
        until(lambda: demo.shows("Ctrl-D stops both routers"), 30, "the hint")
        assert demo.left()
        WAYS[way](demo)
        until(lambda: os.waitpid(demo.pid, os.WNOHANG)[0], 20, "the end of the demo")
        until(lambda: not demo.left(), 20, "nothing to be left")
    finally:
        demo.close()


@pytest.mark.usefixtures("lab")
def test_a_demo_begins_with_what_a_dead_one_left():
    dead = subprocess.Popen(["true"])
    dead.wait()
    name = f"pybird-a-{dead.pid}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    with subprocess.Popen(["ip", "netns", "exec", name, "sleep", "600"]) as router:
        try:
            _remove_leftovers()
            assert namespaces(dead.pid) == []
            router.wait(10)
        finally:
            router.kill()
