"""One daemon per kernel table: two would take each other's routes for leftovers.

A claim is an abstract Unix socket, whose names belong to the network namespace
as routing tables do, and which goes with its process. Anybody may take such a
name, so a holder counts only if it could change routes itself (CAP_NET_ADMIN).
Who asks for a name that is taken connects to its holder to learn who that is;
the holder lets it in (`answer`), or its queue would be full after a few.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import struct
from pathlib import Path

from pybird.io.privileges import CAP_NET_ADMIN

QUEUE = 16  # who may ask at once
_CREDENTIALS = struct.Struct("=iII")  # struct ucred


def claim(name: str) -> tuple[socket.socket | None, int | None]:
    """The socket that holds this name from now on, or None and the process that holds it.

    None, None: the name is taken by somebody who has no business with it.

    Raises:
        OSError: no such sockets here.
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
    """Somebody asked whose the claim is: that it could connect has told all."""
    try:
        held.accept()[0].close()
    except OSError:
        pass  # it is gone again, or there are no descriptors: the queue is long


def _holder(address: str) -> int | None:
    """The process that listens there, if it may change routes."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as probe:
        probe.setblocking(False)
        try:
            probe.connect(address)
        except OSError:
            return None  # it went meanwhile, or does not answer as we do
        size = _CREDENTIALS.size
        pid, user, _group = _CREDENTIALS.unpack(probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return pid if user in (0, os.geteuid()) or _may_change_routes(pid) else None


def _may_change_routes(pid: int) -> bool:
    try:
        found = re.search(r"^CapEff:\s*([0-9a-f]+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    except OSError:
        return False
    return found is not None and bool(int(found[1], 16) >> CAP_NET_ADMIN & 1)
