"""A stream into a file: saves the replies that a client of the control socket would read."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

from pybird.core.ports import StreamHandler
from pybird.values.address import UNSPECIFIED_V4, Address

_LAST_LINE = re.compile(rb"^[0-9]{4} ", re.MULTILINE)


class FileStream:
    """Writes to a new file that only its owner may read; nothing is ever received.

    It closes itself after `replies` whole replies; the last line of a reply has a
    blank after its code. The writer is told of the end as if a client had closed
    the connection.
    """

    def __init__(
        self,
        path: str,
        replies: int,
        failed: Callable[[str], None],
        later: Callable[[Callable[[], None]], object],
    ) -> None:
        """Create the file, replacing an older one; `later` calls a function on a later turn of the loop.

        Raises:
            OSError: the file cannot be created.
        """
        self.local: tuple[Address, int] = (UNSPECIFIED_V4, 0)
        self.remote: tuple[Address, int] = (UNSPECIFIED_V4, 0)
        self.ifindex = 0
        self.buffered = 0
        self.unread = 0
        self._replies = replies
        self._failed = failed
        self._later = later
        self._handler: StreamHandler | None = None
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb", buffering=0)

    def set_handler(self, handler: StreamHandler) -> None:
        """Set the handler whose `closed` is called when the file is finished."""
        self._handler = handler

    def set_hop_limits(self, ttl: int | None, min_ttl: int | None) -> None:
        """A file has none."""

    def write(self, data: bytes) -> None:
        """Write; the first error is reported and ends the file."""
        if self._file.closed:
            return
        self._replies -= len(_LAST_LINE.findall(data))
        try:
            while data:  # a disk that is about to be full takes a part
                data = data[self._file.write(data) :]
        except OSError as error:
            self._failed(error.strerror or str(error))
            self._end()
            return
        if self._replies <= 0:
            self._end()

    def _end(self) -> None:
        """Close the file and report that to the handler."""
        self.close()
        handler, self._handler = self._handler, None
        if handler is not None:
            self._later(lambda: handler.closed(None))

    @property
    def ao(self) -> None:
        """None: a file has no keys."""
        return

    def set_patience(self, seconds: float) -> None:
        """A file has none."""

    def probe(self) -> None:
        """Nothing to do: a file always answers."""

    def close(self) -> None:
        """Finish the file."""
        try:
            self._file.close()
        except OSError as error:
            self._failed(error.strerror or str(error))

    def abort(self) -> None:
        """Finish the file."""
        self.close()
