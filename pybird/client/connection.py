"""The client's end of a control socket: lines sent, replies read as they come.

Works with PyBIRD and with BIRD. Only the standard library's `socket` is
needed, so that a one-shot command starts at once.
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
    """One line of a reply. `raw` is what came; `last` ends the reply."""

    __slots__ = ("code", "last", "raw", "text")

    def __init__(self, code: int, text: str, last: bool, raw: str) -> None:
        self.code = code
        self.text = text
        self.last = last
        self.raw = raw

    @property
    def unasked(self) -> bool:
        """A message that belongs to no command."""
        return self.raw.startswith("+")

    @property
    def coded(self) -> str:
        """The line with its code, or with blanks where the code is that of the line before."""
        return f"    {self.raw}" if self.raw[:1] == " " else self.raw


class ConnectionLostError(Exception):
    """The daemon closed the connection within a reply."""


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
        self._lines: deque[bytes] = deque()  # read and not given out
        self._rest = b""  # of a line that has not ended
        self._heard: list[ReplyLine] = []  # unasked ones that came with an answer
        try:
            self._sock.connect(path)
            self.banner = next(self.replies()).text
        except (OSError, ConnectionLostError):
            self._sock.close()
            raise

    def send(self, command: str) -> None:
        """Send a command, on one line whatever it holds; its replies are still to be read.

        Raises:
            ConnectionLostError: the daemon went away.
        """
        try:
            line = " ".join(command.split("\n"))
            self._sock.sendall(line.encode(errors="surrogateescape") + b"\n")
        except OSError:
            raise ConnectionLostError("Connection closed by server") from None

    def replies(self) -> Iterator[ReplyLine]:
        """The lines of one reply, the last one included, and unasked ones between them.

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
        """Unasked lines that have come; never waits. Not while a reply is being read.

        Raises:
            ConnectionLostError: the daemon went away.
        """
        while select.select([self._sock], [], [], 0)[0]:
            self._read()
        found, self._heard = self._heard, []
        while self._lines:
            found.append(self._line(self._lines.popleft().decode("utf-8", "replace")))
        return found

    def fileno(self) -> int:
        """The socket, for an event loop that waits for `pending`."""
        return self._sock.fileno()

    def _line(self, raw: str) -> ReplyLine:
        if raw[:1] == "+":
            return ReplyLine(-1, raw[1:], False, raw)
        if raw[:1] == " " or not raw[:4].isdigit():
            return ReplyLine(self._code, raw[1:], False, raw)
        self._code = int(raw[:4])
        return ReplyLine(self._code, raw[5:], raw[4:5] != "-", raw)

    def ask(self, command: str) -> list[ReplyLine]:
        """Send a command and collect its reply; unasked lines wait in `pending`."""
        self.send(command)
        lines = list(self.replies())
        self._heard += [line for line in lines if line.unasked]
        return [line for line in lines if not line.unasked]

    def close(self) -> None:
        """Hang up."""
        self._sock.close()
