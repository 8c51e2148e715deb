"""Texts and their octets.

Texts of configurations and commands are UTF-8 by convention only: as in BIRD,
whatever octets the user wrote go through, into logs, answers and passwords.
Inside they stand as Python's surrogate escapes.
"""

from __future__ import annotations


def to_octets(text: str) -> bytes:
    """The octets that the user wrote, or what is UTF-8 of the text."""
    return text.encode("utf-8", "surrogateescape")


def to_text(octets: bytes) -> str:
    """The other way round."""
    return octets.decode("utf-8", "surrogateescape")


def printable(text: str) -> str:
    """The text with a `?` for each octet that is not UTF-8: for JSON, for who prints it."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def utf8(text: str, most: int) -> bytes:
    """UTF-8 for a neighbor: at most this many octets, cut between characters, `?` for what is none."""
    return text.encode("utf-8", "replace")[:most].decode(errors="ignore").encode()
