"""A bounded cursor over received octets.

Reading past the end raises `WireError`, so a codec that reads with an
`OctetReader` needs no bounds checks of its own. Numbers are big-endian (network
order). A codec that reports its protocol's own errors translates `WireError` in
one place.
"""

from __future__ import annotations

from typing import Final, final


class WireError(Exception):
    """Received octets violate their protocol. The text is for the log."""


@final
class OctetReader:
    """Reads `data[at:end]` from front to back."""

    __slots__ = ("at", "data", "end")

    def __init__(self, data: bytes, at: int = 0, end: int = -1) -> None:
        self.data: Final = data
        self.at = at
        self.end = len(data) if end < 0 else end

    @property
    def left(self) -> int:
        """The number of octets still to be read."""
        return self.end - self.at

    def read(self, count: int) -> bytes:
        """Read the next `count` octets.

        Raises:
            WireError: there are fewer.
        """
        start = self.at
        if count > self.end - start:
            raise WireError(f"{count} octets expected, {self.end - start} left")
        self.at = start + count
        return self.data[start : start + count]

    def read_number(self, octets: int) -> int:
        """Read the next unsigned number, which takes this many octets.

        Raises:
            WireError: there are fewer.
        """
        return int.from_bytes(self.read(octets), "big")

    def read_part(self, count: int) -> OctetReader:
        """Return a reader limited to the next `count` octets, and skip them here.

        Raises:
            WireError: there are fewer.
        """
        start = self.at
        if count > self.end - start:
            raise WireError(f"{count} octets expected, {self.end - start} left")
        self.at = start + count
        return OctetReader(self.data, start, self.at)

    def read_rest(self) -> bytes:
        """Read everything that is left."""
        return self.read(self.end - self.at)
