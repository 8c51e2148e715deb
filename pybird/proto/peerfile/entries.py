"""The text of a peer file: one neighbor a line.

    # spines
    fe80::1%swp49   spine1 swp7
    fe80::2%swp50   spine2
    192.0.2.9%eth0

Each line has the neighbor's address, `%`, the name of our interface, and perhaps the names of its
system and its port. `#` begins a comment. The whole file is right, or an error with its place.
Each line ends with a newline: without one at the end, the file is only half written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pybird.conf.errors import ConfigError, window
from pybird.filter.nodes import Span
from pybird.values.address import Address

MOST_OCTETS: Final = 1 << 20
MOST_ENTRIES: Final = 4096
MOST_INTERFACE: Final = 15  # characters (IFNAMSIZ)
MOST_NAME: Final = 255
_WORD: Final = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One neighbor: its address, our interface's name, the names of its system and port, if given."""

    address: Address
    interface: str
    system: str = ""
    port: str = ""


class _Line:
    """One line of the file, for errors with their place."""

    def __init__(self, path: str, number: int, text: str) -> None:
        self._path = path
        self._number = number
        self._text = text
        self.words = list(_WORD.finditer(text.partition("#")[0]))

    def error(self, message: str, start: int, end: int) -> ConfigError:
        """The error about a part of the line, by its columns from 0."""
        first, last = window(len(self._text), start + 1)
        span = Span(self._path, self._number, start + 1, self._number, max(end, start + 1) + 1)
        return ConfigError(message, span, self._text[first:last], source_start=first)

    def entry(self) -> FileEntry:
        """The neighbor that the line names.

        Raises:
            ConfigError: the line is wrong.
        """
        first, *names = self.words
        if len(names) > 2:
            raise self.error("a line ends with the names of system and port", *names[2].span())
        long = next((word for word in names if len(word[0]) > MOST_NAME), None)
        if long is not None:
            raise self.error(f"a name has at most {MOST_NAME} characters", *long.span())
        bad = next((word for word in names if not word[0].isprintable()), None)
        if bad is not None:
            raise self.error("a name has printable characters only", *bad.span())
        texts = [word[0] for word in names]
        return FileEntry(self._address(first), self._interface(first), *texts)

    def _address(self, word: re.Match[str]) -> Address:
        text = word[0].partition("%")[0]
        try:
            address = Address.parse(text)
        except ValueError:
            raise self.error(
                "an IP address is expected here", word.start(), word.start() + len(text)
            ) from None
        if address.is_multicast or address.is_loopback or not any(address.octets):
            raise self.error("no neighbor has this address", word.start(), word.start() + len(text))
        return address

    def _interface(self, word: re.Match[str]) -> str:
        text, percent, name = word[0].partition("%")
        if not percent:
            raise self.error(
                "`%` and the name of an interface are expected after it", word.end(), word.end() + 1
            )
        if not 1 <= len(name) <= MOST_INTERFACE or "/" in name or not name.isprintable():
            raise self.error("this is no name of an interface", word.start() + len(text) + 1, word.end())
        return name


def parse(path: str, data: bytes) -> tuple[FileEntry, ...]:
    """The neighbors that a file names, in its order.

    Raises:
        ConfigError: the file is wrong; the first place where it is.
    """
    found: dict[tuple[Address, str], tuple[FileEntry, int]] = {}
    for number, line in _lines(path, data):
        if not line.words:
            continue
        entry = line.entry()
        start, end = line.words[0].span()
        key = (entry.address, entry.interface)
        if key in found:
            raise line.error(f"this neighbor is also in line {found[key][1]}", start, end)
        if len(found) >= MOST_ENTRIES:
            raise line.error(f"more than {MOST_ENTRIES} neighbors", start, end)
        found[key] = (entry, number)
    return tuple(entry for entry, _ in found.values())


def _lines(path: str, data: bytes) -> Iterator[tuple[int, _Line]]:
    lines = data.count(b"\n") + 1  # the last one is empty when the file is whole
    for number, octets in enumerate(data.split(b"\n"), 1):
        try:
            text = octets.decode()
        except UnicodeDecodeError as problem:
            broken = octets.decode(errors="replace")
            at = len(octets[: problem.start].decode())
            raise _Line(path, number, broken).error("this is not UTF-8", at, at + 1) from None
        line = _Line(path, number, text.rstrip("\r"))
        if text and number == lines:
            raise line.error("the text is cut off: no newline ends this line", len(text), len(text) + 1)
        yield number, line
