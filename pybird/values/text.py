"""Conversion between texts and their octets.

Texts of configurations and commands are UTF-8 by convention only: as in BIRD,
any octets that the user wrote pass through into logs, replies and passwords.
Python's surrogate escapes represent those that are not UTF-8.
"""

from __future__ import annotations


def to_octets(text: str) -> bytes:
    """The text in UTF-8, with octets that are not UTF-8 as the user wrote them."""
    return text.encode("utf-8", "surrogateescape")


def to_text(octets: bytes) -> str:
    """The text of these octets; those that are not UTF-8 become surrogate escapes."""
    return octets.decode("utf-8", "surrogateescape")


def printable(text: str) -> str:
    """The text with a `?` for each octet that is not UTF-8; for JSON and for printing."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def utf8(text: str, most: int) -> bytes:
    """UTF-8 for a neighbor: at most `most` octets, cut between characters, `?` for what is not UTF-8."""
    return text.encode("utf-8", "replace")[:most].decode(errors="ignore").encode()
