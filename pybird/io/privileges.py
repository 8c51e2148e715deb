"""Drops root's privileges, except the capabilities that a router needs.

Changing the user clears all capabilities. PR_SET_KEEPCAPS keeps the permitted
ones through the change; then we drop all but three and make these effective
again: NET_ADMIN for routes and interfaces, NET_RAW for ICMPv6, and
NET_BIND_SERVICE for port 179.
"""

from __future__ import annotations

import ctypes
import grp
import os
import pwd
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

PR_SET_KEEPCAPS: Final = 8
_VERSION_3: Final = 0x20080522
CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_NET_RAW = 10, 12, 13
KEPT: Final = 1 << CAP_NET_BIND_SERVICE | 1 << CAP_NET_ADMIN | 1 << CAP_NET_RAW


def user_id(name: str) -> tuple[int, int]:
    """User and primary group number of a user given by name or number.

    Raises:
        LookupError: there is no such user.
    """
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        if not name.isdigit():
            raise LookupError(f"Cannot find user '{name}'") from None
        return int(name), int(name)
    return found.pw_uid, found.pw_gid


def group_id(name: str) -> int:
    """Group number of a group given by name or number.

    Raises:
        LookupError: there is no such group.
    """
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        if not name.isdigit():
            raise LookupError(f"Cannot find group '{name}'") from None
        return int(name)


def drop(user: int | None, group: int | None) -> None:
    """Become this user and group, with network capabilities only.

    Raises:
        OSError: we may not become this user or group.
    """
    with _named_errors(user, group):
        _drop(user, group)


@contextmanager
def acting_as(user: int | None, group: int | None) -> Iterator[None]:
    """A context in which the process has this user's and group's rights to files.

    Raises:
        OSError: we may not become this user or group.
    """
    before = os.geteuid(), os.getegid(), os.getgroups()
    with _named_errors(user, group):
        if group is not None:
            os.setgroups([])
            os.setegid(group)
        if user is not None:
            os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(before[0])
        os.setegid(before[1])
        if group is not None:
            os.setgroups(before[2])


@contextmanager
def _named_errors(user: int | None, group: int | None) -> Iterator[None]:
    """A context whose OSErrors name the user and group that we cannot become."""
    try:
        yield
    except OSError as error:
        who = " ".join(
            f"{kind} {number}" for kind, number in (("user", user), ("group", group)) if number is not None
        )
        raise OSError(error.errno, f"Cannot become {who}: {os.strerror(error.errno or 0)}") from None


def _drop(user: int | None, group: int | None) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if user is not None and os.geteuid() == 0 and libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0):
        _fail("prctl")
    if group is not None:
        os.setgroups([])
        os.setresgid(group, group, group)
    if user is not None:
        os.setresuid(user, user, user)
        _set_capabilities(libc, KEPT & _permitted(libc))


def _header() -> ctypes.Array[ctypes.c_char]:
    return ctypes.create_string_buffer(struct.pack("=Ii", _VERSION_3, 0), 8)


def _permitted(libc: ctypes.CDLL) -> int:
    data = ctypes.create_string_buffer(24)
    if libc.capget(_header(), data):
        _fail("capget")
    return int(struct.unpack("=6I", data.raw)[1])


def _set_capabilities(libc: ctypes.CDLL, mask: int) -> None:
    """Make exactly these capabilities effective and permitted; all have numbers below 32."""
    data = ctypes.create_string_buffer(struct.pack("=6I", mask, mask, 0, 0, 0, 0), 24)
    if libc.capset(_header(), data):
        _fail("capset")


def _fail(call: str) -> None:
    number = ctypes.get_errno()
    raise OSError(number, f"{call}: {os.strerror(number)}")
