"""A bounded cursor over received octets.

All bounds checks of the codecs are here: whoever reads with a `OctetReader` can
only get what is there, or a `WireError`. Numbers are big-endian (network
order). A codec that needs a protocol's own error translates `WireError` in one
place.
"""

from __future__ import annotations

from typing import Final, final


class WireError(Exception):
    """Received octets break their protocol. The text is for the log."""


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
        """How many octets are still to be read."""
        return self.end - self.at

    def read(self, count: int) -> bytes:
        """The next `count` octets.

        Raises:
            WireError: there are fewer.
        """
        start = self.at
        if count > self.end - start:
            raise WireError(f"{count} octets expected, {self.end - start} left")
        self.at = start + count
        return self.data[start : start + count]

    def read_number(self, octets: int) -> int:
        """The next unsigned number of that many octets.

        Raises:
            WireError: there are fewer.
        """
        return int.from_bytes(self.read(octets), "big")

    def read_part(self, count: int) -> OctetReader:
        """A reader for the next `count` octets alone, which are skipped here.

        Raises:
            WireError: there are fewer.
        """
        start = self.at
        if count > self.end - start:
            raise WireError(f"{count} octets expected, {self.end - start} left")
        self.at = start + count
        return OctetReader(self.data, start, self.at)

    def read_rest(self) -> bytes:
        """Everything that is left."""
        return self.read(self.end - self.at)
