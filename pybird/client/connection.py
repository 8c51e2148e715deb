"""The client's end of a control socket: sends commands, reads replies line by line.

Works with PyBIRD and with BIRD. It imports only `socket`, `select` and `collections`, so that
a one-shot command starts fast.
"""

from __future__ import annotations

import select
import socket
from collections import deque

TYPE_CHECKING = False  # `typing` is too slow to import for one command
if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_SOCKET = "/run/bird/bird.ctl"


class ReplyLine:
    """One line of a reply. `raw` is the line as received; `last`: it ends the reply."""

    __slots__ = ("code", "last", "raw", "text")

    def __init__(self, code: int, text: str, last: bool, raw: str) -> None:
        self.code = code
        self.text = text
        self.last = last
        self.raw = raw

    @property
    def unasked(self) -> bool:
        """Whether the line is unsolicited: a message that belongs to no command."""
        return self.raw.startswith("+")

    @property
    def coded(self) -> str:
        """The line with its code, or with blanks if the code is the same as in the previous line."""
        return f"    {self.raw}" if self.raw[:1] == " " else self.raw


class ConnectionLostError(Exception):
    """The daemon closed the connection before a reply was complete."""


class RouterConnection:
    """A connected control socket; `banner` is the daemon's greeting."""

    def __init__(self, path: str, timeout: float | None = None) -> None:
        """Connect and read the greeting.

        Raises:
            OSError: nobody listens there.
        """
        self.path = path
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._sock.settimeout(timeout)
        self._code = 0
        self._lines: deque[bytes] = deque()  # received and not returned yet
        self._rest = b""  # the beginning of a line whose end has not been received
        self._unasked: list[ReplyLine] = []  # unsolicited lines that came within a reply
        try:
            self._sock.connect(path)
            self.banner = next(self.replies()).text
        except (OSError, ConnectionLostError):
            self._sock.close()
            raise

    def send(self, command: str) -> None:
        """Send a command, line ends in it as blanks; the reply must then be read with `replies`.

        Raises:
            ConnectionLostError: the daemon went away.
        """
        try:
            line = " ".join(command.split("\n"))
            self._sock.sendall(line.encode(errors="surrogateescape") + b"\n")
        except OSError:
            raise ConnectionLostError("Connection closed by server") from None

    def replies(self) -> Iterator[ReplyLine]:
        """The lines of one reply, up to its last one, and unsolicited lines between them.

        Raises:
            ConnectionLostError: the daemon went away.
        """
        while True:
            while not self._lines:
                self._read()
            line = self._line(self._lines.popleft().decode("utf-8", "replace"))
            yield line
            if line.last:
                return

    def _read(self) -> None:
        try:
            octets = self._sock.recv(65536)
        except ConnectionError:
            octets = b""
        if not octets:
            raise ConnectionLostError("Connection closed by server")
        *lines, self._rest = (self._rest + octets).split(b"\n")
        self._lines.extend(lines)

    def pending(self) -> list[ReplyLine]:
        """The unsolicited lines that were received; never waits. Not to be called while a reply is read.

        Raises:
            ConnectionLostError: the daemon went away.
        """
        while select.select([self._sock], [], [], 0)[0]:
            self._read()
        found, self._unasked = self._unasked, []
        while self._lines:
            found.append(self._line(self._lines.popleft().decode("utf-8", "replace")))
        return found

    def fileno(self) -> int:
        """The socket's file descriptor, for an event loop that then calls `pending`."""
        return self._sock.fileno()

    def _line(self, raw: str) -> ReplyLine:
        if raw[:1] == "+":
            return ReplyLine(-1, raw[1:], False, raw)
        if raw[:1] == " " or not raw[:4].isdigit():
            return ReplyLine(self._code, raw[1:], False, raw)
        self._code = int(raw[:4])
        return ReplyLine(self._code, raw[5:], raw[4:5] != "-", raw)

    def ask(self, command: str) -> list[ReplyLine]:
        """Send a command and return its reply; `pending` returns unsolicited lines in between."""
        self.send(command)
        lines = list(self.replies())
        self._unasked += [line for line in lines if line.unasked]
        return [line for line in lines if not line.unasked]

    def close(self) -> None:
        """Close the connection."""
        self._sock.close()
