"""Run a test in a network namespace of its own (a forked child), as root only."""

import ctypes
import functools
import os
import signal
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

CLONE_NEWNET = 0x40000000
PR_SET_CHILD_SUBREAPER = 36


def _may_unshare() -> bool:
    return (
        os.geteuid() == 0 and subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode == 0
    )


def _other_users() -> bool:
    """Are we the real root, or root of a user namespace without anybody else?"""
    if os.geteuid() != 0:
        return False
    ranges = [line.split() for line in Path("/proc/self/uid_map").read_text().splitlines()]
    return any(int(first) <= 65534 < int(first) + int(count) for first, _outside, count in ranges)


needs_other_users = pytest.mark.skipif(not _other_users(), reason="needs root and another user to become")


def ip(command):
    """Run `ip COMMAND` in the namespace of the test."""
    return subprocess.run(["ip", *command.split()], check=True, capture_output=True, text=True).stdout


def pair(one, two):
    """A veth pair, up and without duplicate address detection."""
    ip(f"link add {one} type veth peer name {two}")
    for name in (one, two):
        Path(f"/proc/sys/net/ipv6/conf/{name}/accept_dad").write_text("0")
        ip(f"link set {name} up")


def _kill_children():
    """What a failed test left running."""
    for _ in range(10):
        children = Path("/proc/self/task", str(os.getpid()), "children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
            os.waitpid(int(child), 0)


def isolated(test):
    """The test runs in a child that has its own network; loopback is up there."""

    @functools.wraps(test)
    def run(*arguments, **fixtures):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            status = 1
            try:
                libc = ctypes.CDLL(None, use_errno=True)
                libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # daemons of the test stay our children
                if libc.unshare(CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "unshare")
                ip("link set lo up")
                test(*arguments, **fixtures)
                status = 0
            except BaseException:
                os.write(writer, traceback.format_exc().encode()[-60000:])
            finally:
                _kill_children()
                sys.stderr.flush()
                os._exit(status)
        os.close(writer)
        with os.fdopen(reader, "rb") as stream:
            report = stream.read().decode()
        _pid, status = os.waitpid(child, 0)
        if status:
            pytest.fail(report or f"the child died with status {status}", pytrace=False)

    return pytest.mark.skipif(not _may_unshare(), reason="needs root and network namespaces")(run)
