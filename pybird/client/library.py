"""A library for other programs: commands in, values out.

    with Client("/run/bird/bird.ctl") as router:
        for peer in router.peers():
            print(peer["address"], peer["state"])

`Client` talks to PyBIRD and returns its JSON as dictionaries. `text` and `lines`
work with BIRD as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from pybird.client.connection import DEFAULT_SOCKET, ReplyLine, RouterConnection

Row = dict[str, Any]


class CommandFailedError(Exception):
    """The daemon refused a command: its reply code (8xxx or 9xxx) and what it said."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{text} ({code:04d})")
        self.code = code
        self.text = text


class Client:
    """One connection to a daemon."""

    def __init__(self, socket: str = DEFAULT_SOCKET, timeout: float | None = 30.0) -> None:
        """Connect; `timeout` is the longest wait for the next octets of a reply, in seconds.

        Raises:
            OSError: no daemon listens on the socket.
        """
        self._connection = RouterConnection(socket, timeout)
        self.banner = self._connection.banner

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def lines(self, command: str) -> list[ReplyLine]:
        """The lines of the reply to a command, with their codes.

        Raises:
            CommandFailedError: the daemon refused it.
        """
        found = self._connection.ask(command)
        _check(found[-1])
        return found

    def text(self, command: str) -> str:
        """The reply to a command as text, without codes.

        Raises:
            CommandFailedError: the daemon refused it.
        """
        return "\n".join(line.text for line in self.lines(command) if line.text or not line.last)

    def rows(self, command: str) -> Iterator[Row]:
        """The reply to a command, one dictionary per row, as the rows arrive (PyBIRD only).

        Read it to the end before the next command.

        Raises:
            CommandFailedError: the daemon refused it, perhaps after some rows.
        """
        self.lines("output json")
        self._connection.send(command)
        failed: ReplyLine | None = None
        for line in self._connection.replies():
            if line.text.startswith("{"):
                yield json.loads(line.text)
            elif line.last:
                failed = line
        self.lines("output text")
        if failed is not None:
            _check(failed)

    def status(self) -> Row:
        """`show status`."""
        return next(iter(list(self.rows("show status"))))

    def protocols(self, details: bool = False) -> list[Row]:
        """`show protocols`, with `details` as `all` shows them."""
        return list(self.rows("show protocols all" if details else "show protocols"))

    def routes(self, arguments: str = "") -> Iterator[Row]:
        """`show route` with these arguments, e.g. `for 192.0.2.1 all`."""
        return self.rows(f"show route {arguments}".strip())

    def peers(self) -> list[Row]:
        """`show peers`: discovered neighbors and their sessions."""
        return list(self.rows("show peers"))

    def configure(self) -> str:
        """`configure`; returns the last line of the reply, e.g. `Reconfigured`.

        Raises:
            CommandFailedError: the file is wrong; `text` says where.
        """
        return self.lines("configure")[-1].text


def _check(line: ReplyLine) -> None:
    if line.code >= 8000:
        raise CommandFailedError(line.code, line.text)
