"""The control socket: a Unix stream server for the shell and other clients."""

from __future__ import annotations

import os
import socket
import stat
from asyncio import AbstractEventLoop
from collections.abc import Callable

from pybird.core.ports import Log, Stream
from pybird.io.stream import SocketStream

_MODE = 0o660
_BACKLOG = 512  # a client with a timeout is refused, not kept waiting, when the queue is full


class AnotherDaemonError(Exception):
    """Another daemon answers on the socket."""

    def __str__(self) -> str:
        return "I found another BIRD running."


def check_free(path: str) -> None:
    """Make sure that no daemon answers on the socket.

    Raises:
        AnotherDaemonError: a daemon answers.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(path)
        except BlockingIOError:  # its queue is full: a daemon is there
            raise AnotherDaemonError from None
        except OSError:
            return
    raise AnotherDaemonError


class Bound:
    """A socket that is bound to its path and does not listen yet.

    It may be made before the privileges are dropped, and given to the later user.
    """

    def __init__(self, path: str, user: int | None = None, group: int | None = None) -> None:
        """Bind to `path`, replacing a socket that no daemon serves; owned by `user` and `group`.

        Raises:
            AnotherDaemonError: a daemon serves it.
            OSError: the socket cannot be created.
        """
        check_free(path)
        self.path = path
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._bind(user, group)
        except OSError as error:
            self.sock.close()
            reason = error.strerror or str(error)
            raise OSError(error.errno, f"Cannot create control socket {path}: {reason}") from None

    def _bind(self, user: int | None, group: int | None) -> None:
        path = self.path
        if os.path.exists(path) and stat.S_ISSOCK(os.stat(path).st_mode):
            os.unlink(path)
        self.sock.setblocking(False)
        before = os.umask(0o777 & ~_MODE)  # never open to others, not even for a moment
        try:
            self.sock.bind(path)
        finally:
            os.umask(before)
        self._identity = self._identify()
        os.chmod(path, _MODE)
        if user is not None or group is not None:
            os.chown(path, -1 if user is None else user, -1 if group is None else group)

    def _identify(self) -> tuple[int, int]:
        found = os.stat(self.path)
        return found.st_dev, found.st_ino

    def close(self) -> None:
        """Close the socket, and remove its file if that is still ours."""
        if self.sock.fileno() < 0:
            return
        self.sock.close()
        try:
            if self._identify() == self._identity:
                os.unlink(self.path)
        except OSError:
            pass  # gone already, or the folder is not ours any more


class ControlSocket:
    """A listening control socket; calls `accepted` with the stream of each connection."""

    def __init__(
        self, loop: AbstractEventLoop, log: Log, bound: Bound, accepted: Callable[[Stream], None]
    ) -> None:
        """Listen."""
        self._loop = loop
        self._log = log
        self._accepted = accepted
        self._bound = bound
        self._sock = bound.sock
        self._sock.listen(_BACKLOG)
        loop.add_reader(self._sock.fileno(), self._accept)

    def _accept(self) -> None:
        try:
            sock, _name = self._sock.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:
            self._log.write("error", f"Cannot accept a control connection: {error.strerror}")
            self._loop.remove_reader(self._sock.fileno())
            self._loop.call_later(1.0, self._resume_accepting)
            return
        self._accepted(SocketStream(self._loop, sock))

    def _resume_accepting(self) -> None:
        if self._sock.fileno() >= 0:
            self._loop.add_reader(self._sock.fileno(), self._accept)

    def close(self) -> None:
        """Stop listening, and remove the socket's file if that is still ours."""
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock.fileno())
            self._bound.close()
