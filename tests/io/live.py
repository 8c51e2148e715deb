"""Real daemons in the namespace of an `isolated` test, two of them with a session on loopback."""

import ctypes
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.io.isolation import ip

ROOT = Path(__file__).parents[2]
CLONE_NEWNS = 0x00020000
ENDS = re.compile(rb"^[0-9]{4} ", re.MULTILINE)


def until(condition, seconds=15):
    """Wait for a true value and return it."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, condition
        time.sleep(0.02)
    return value


def own_mounts():
    """From now on what this process mounts is seen by it and its children only."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS):
        raise OSError(ctypes.get_errno(), "unshare")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


def small_disk(folder, size="64k"):
    """A file system of this size, and nothing else, on a new folder; `own_mounts` comes first."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)], check=True)


def fill(folder):
    """Leave no octet free there; returns the file that does it."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    return filler


class Client:
    """A raw connection to a control socket."""

    def __init__(self, path, seconds=20):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(seconds)
        self.sock.connect(str(path))
        self.sock.settimeout(seconds)

    def reply(self, ends=1):
        """Octets up to the end of so many replies."""
        data = b""
        while len(ENDS.findall(data)) < ends and (more := self.sock.recv(65536)):
            data += more
        return data

    def close(self):
        self.sock.close()


class Live:
    """A daemon in the foreground; its folder is where it works."""

    def __init__(self, folder, name, config, **popen):
        self.folder = folder
        self.config = folder / f"{name}.conf"
        self.socket = folder / f"{name}.ctl"
        self.config.write_text(config)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pybird", "-f", "-c", str(self.config), "-s", str(self.socket)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            **{"cwd": folder, **popen},
        )
        until(self.answers)

    def answers(self):
        assert self.process.poll() is None, f"ended with {self.process.returncode}"
        try:
            return "Daemon is up and running" in self.ask("show status")
        except OSError:
            return False

    def ask(self, command):
        """The reply to one command, as text."""
        client = Client(self.socket)
        try:
            client.reply()
            client.sock.sendall(f"{command}\n".encode())
            return client.reply().decode()
        finally:
            client.close()

    def session(self):
        """The row of the protocol `twin`: since when, and its state."""
        (row,) = [line for line in self.ask("show protocols twin").splitlines() if "BGP" in line]
        return row.split()[3:]

    def established(self):
        return "Established" in self.session()

    def memory(self):
        """Resident octets."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGESIZE")

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def speaker(number, log, more="", bgp=""):
    """A router with a session to the other one of 10.0.0.1 and 10.0.0.2, both on lo."""
    return f"""
{log}
router id 10.0.0.{number};
protocol device {{ }}
protocol static own {{ ipv4; route 10.{number}.0.0/16 blackhole; }}
protocol bgp twin {{
  local 10.0.0.{number} as {65000 + number}; neighbor 10.0.0.{3 - number} as {65003 - number};
  multihop; strict bind; connect delay time 1; connect retry time 1; {bgp}
  ipv4 {{ import all; export all; }};
}}
{more}
"""


def speakers(folder, log, more="", bgp="", **popen):
    """Two daemons with a session; the first has this log, the second none to speak of."""
    for number in (1, 2):
        ip(f"addr add 10.0.0.{number}/32 dev lo")
    first = Live(folder, "a", speaker(1, log, more, bgp), **popen)
    second = Live(folder, "b", speaker(2, f'log "{folder}/b.log" all;', "", bgp))
    until(first.established)
    return first, second
