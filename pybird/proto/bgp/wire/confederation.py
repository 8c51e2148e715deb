"""Confederations: ASes that are one AS to all others (RFC 5065).

A neighbor is in our AS, in another member of our confederation, or outside. Members
put their numbers into segments of their own kind, which never leave the confederation
(section 4.1) and which nobody outside may send (section 5). All paths here are whole,
with 4-octet numbers.

Hot (also compiled): once for each attribute set that is sent.
"""

from __future__ import annotations

from typing import Final

_SEQUENCE: Final = 2
CONFED_SEQUENCE: Final = 3
_FULL: Final = 255  # AS numbers in a segment


def prepended(path: bytes, number: bytes, kind: int = _SEQUENCE) -> bytes:
    """The path with an AS number in front, in a segment of this kind; a full segment gets a new one."""
    if path and path[0] == kind and path[1] < _FULL:
        return bytes((kind, path[1] + 1)) + number + path[2:]
    return bytes((kind, 1)) + number + path


def without_members(path: bytes) -> bytes:
    """The path as it is outside: without segments of members (section 4.1 c 1); the same if it has none."""
    kept: list[bytes] = []
    at, end = 0, len(path)
    while at < end:
        stop = at + 2 + 4 * path[at + 1]
        if path[at] < CONFED_SEQUENCE:
            kept.append(path[at:stop])
        at = stop
    return b"".join(kept)


def has_members(path: bytes) -> bool:
    """True if a path has a segment of members."""
    at, end = 0, len(path)
    while at < end:
        if path[at] >= CONFED_SEQUENCE:
            return True
        at += 2 + 4 * path[at + 1]
    return False


def first_outside(path: bytes) -> int:
    """The first AS outside of the confederation; 0: a set stands there, -1: nothing does."""
    at, end = 0, len(path)
    while at < end and path[at] >= CONFED_SEQUENCE:
        at += 2 + 4 * path[at + 1]
    if at == end:
        return -1
    return int.from_bytes(path[at + 2 : at + 6], "big") if path[at] == _SEQUENCE else 0
