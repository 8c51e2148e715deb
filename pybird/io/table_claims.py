"""Claims, so that only one daemon writes to a kernel table.

Two daemons would take each other's routes for leftovers of an earlier run.

A claim is an abstract Unix socket: its name is unique per network namespace, as
routing tables are, and it vanishes with its process. Any process may take such a
name, so a holder counts only if it could change routes itself (CAP_NET_ADMIN). A
daemon that finds the name taken connects to the holder to learn its process ID;
the holder accepts the connection (`answer`), or its queue would soon be full.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import struct
from pathlib import Path

from pybird.io.privileges import CAP_NET_ADMIN

QUEUE = 16  # daemons that may ask before the holder answers
_CREDENTIALS = struct.Struct("=iII")  # struct ucred


def claim(name: str) -> tuple[socket.socket | None, int | None]:
    """(socket, pid): the socket that now holds this name, or the process that already holds it.

    Both are None if the holder could not change routes, or does not answer.

    Raises:
        OSError: abstract Unix sockets do not work here.
    """
    address = f"\0{name}"
    held = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        held.setblocking(False)
        held.bind(address)
        held.listen(QUEUE)
    except OSError as error:
        held.close()
        if error.errno != errno.EADDRINUSE:
            raise
        return None, _holder(address)
    return held, None


def answer(held: socket.socket) -> None:
    """Accept and close a connection of a daemon that asks: by connecting it learned our process ID."""
    try:
        held.accept()[0].close()
    except OSError:
        pass  # it closed already, or we are out of descriptors: the queue has room for others


def _holder(address: str) -> int | None:
    """The process that listens there; None if it may not change routes."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as probe:
        probe.setblocking(False)
        try:
            probe.connect(address)
        except OSError:
            return None  # it ended meanwhile, or is no daemon like us that answers
        size = _CREDENTIALS.size
        pid, user, _group = _CREDENTIALS.unpack(probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return pid if user in (0, os.geteuid()) or _may_change_routes(pid) else None


def _may_change_routes(pid: int) -> bool:
    try:
        found = re.search(r"^CapEff:\s*([0-9a-f]+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    except OSError:
        return False
    return found is not None and bool(int(found[1], 16) >> CAP_NET_ADMIN & 1)
