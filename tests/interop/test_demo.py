"""`make run`: two routers in namespaces and a shell; nothing stays behind."""

import os
import pty
import subprocess
import sys
import time

import pytest

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
