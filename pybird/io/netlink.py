"""Netlink: messages, attributes and sockets (RFC 3549), whatever they are about.

`rtnetlink.py` says what the messages of links, addresses and routes mean.
Requests are answered before `send` returns, because the kernel handles them in
the sender's context; so a request is a plain call, not a callback. Changes are
sent as many messages per `send`. Only the last one asks for an acknowledgement:
the kernel reports refused ones anyway.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from typing import Final

HEADER: Final = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_ATTRIBUTE: Final = struct.Struct("=HH")
_ERROR: Final = struct.Struct("=i")

NLMSG_ERROR: Final = 2
NLMSG_DONE: Final = 3
NLM_F_REQUEST: Final = 0x1
NLM_F_ACK: Final = 0x4
NLM_F_DUMP_INTR: Final = 0x10
NLM_F_CAPPED: Final = 0x100  # on an error: only the request's header is quoted
NLM_F_ACK_TLVS: Final = 0x200
NLM_F_DUMP: Final = 0x300
NLM_F_REPLACE: Final = 0x100
NLM_F_EXCL: Final = 0x200
NLM_F_CREATE: Final = 0x400

SOL_NETLINK: Final = 270
NETLINK_ADD_MEMBERSHIP: Final = 1
NETLINK_CAP_ACK: Final = 10
NETLINK_EXT_ACK: Final = 11
NETLINK_GET_STRICT_CHK: Final = 12
SO_RCVBUFFORCE: Final = 33
SO_ATTACH_FILTER: Final = 26

NLMSGERR_ATTR_MSG: Final = 1
RECEIVE_SIZE: Final = 1 << 16
BATCH: Final = 100  # messages per send: gives 145 000 routes a second; more messages gain nothing


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute with its padding."""
    length = 4 + len(value)
    return _ATTRIBUTE.pack(length, kind) + value + bytes(-length & 3)


def attributes(data: bytes, start: int, end: int | None = None) -> dict[int, bytes]:
    """The attributes from `start` on, by number; stops at a malformed one.

    The flag bits of nested and big-endian attributes are cleared.
    """
    found: dict[int, bytes] = {}
    if end is None:
        end = len(data)
    while start + 4 <= end:
        length, kind = _ATTRIBUTE.unpack_from(data, start)
        if length < 4 or start + length > end:
            break
        found[kind & 0x3FFF] = data[start + 4 : start + length]
        start += length + 3 & ~3
    return found


def messages(data: bytes) -> Iterator[tuple[int, int, int, int, bytes]]:
    """Type, flags, sequence, port and payload of each message of a datagram."""
    at, end = 0, len(data)
    while at + 16 <= end:
        length, kind, flags, sequence, port = HEADER.unpack_from(data, at)
        if length < 16 or at + length > end:
            return
        yield kind, flags, sequence, port, data[at + 16 : at + length]
        at += length + 3 & ~3


def parse_error(flags: int, payload: bytes) -> tuple[int, str]:
    """(error, reason): the error number, and its text with the kernel's own explanation if there is one."""
    number = -_ERROR.unpack_from(payload)[0]
    if not number:
        return 0, ""
    reason = os.strerror(number)
    if flags & NLM_F_ACK_TLVS:
        quoted = 16 if flags & NLM_F_CAPPED else HEADER.unpack_from(payload, 4)[0]
        words = attributes(payload, 4 + (quoted + 3 & ~3)).get(NLMSGERR_ATTR_MSG)
        if words:
            reason += f" ({words.rstrip(bytes(1)).decode(errors='replace')})"
    return number, reason


class RequestSocket:
    """A netlink socket for requests and their answers."""

    def __init__(self, protocol: int = 0) -> None:
        sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
        sock.bind((0, 0))
        grow_buffer(sock, 1 << 20)
        for option in (NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK):
            try:
                sock.setsockopt(SOL_NETLINK, option, 1)
            except OSError:
                pass  # an older kernel: its answers are longer or say less, but are not wrong
        self._sock = sock
        self._sequence = 0
        self.port: int = sock.getsockname()[0]

    def dump(self, kind: int, payload: bytes) -> Iterator[tuple[int, bytes]]:
        """(type, payload) of every answer to a dump request.

        Raises:
            OSError: the kernel refuses.
            InterruptedError: a change interrupted the dump: answers may be missing.
        """
        self._sequence += 1
        sequence = self._sequence
        flags = NLM_F_REQUEST | NLM_F_DUMP
        self._sock.send(HEADER.pack(16 + len(payload), kind, flags, sequence, 0) + payload)
        torn = False
        while True:
            for answer, flag_bits, number, _port, body in messages(self._sock.recv(RECEIVE_SIZE)):
                if number != sequence:
                    continue  # of an earlier dump that the caller abandoned
                torn = torn or bool(flag_bits & NLM_F_DUMP_INTR)
                if answer == NLMSG_DONE:
                    code = -_ERROR.unpack_from(body)[0] if len(body) >= 4 else 0
                    if code:
                        raise OSError(code, os.strerror(code))
                    if torn:
                        raise InterruptedError(4, "Changed while it was read")
                    return
                if answer == NLMSG_ERROR:
                    code, reason = parse_error(flag_bits, body)
                    raise OSError(code, reason)
                yield answer, body

    def change(self, requests: Sequence[tuple[int, int, bytes]]) -> dict[int, tuple[int, str]]:
        """Carry out (type, flags, payload) requests in order; returns those that were refused.

        The result maps a request's position to its error number and reason.
        """
        refused: dict[int, tuple[int, str]] = {}
        for start in range(0, len(requests), BATCH):
            for at, problem in self._change_batch(requests[start : start + BATCH]):
                refused[start + at] = problem
        return refused

    def _change_batch(self, requests: Sequence[tuple[int, int, bytes]]) -> list[tuple[int, tuple[int, str]]]:
        first = self._sequence + 1
        last = self._sequence = self._sequence + len(requests)
        pieces: list[bytes] = []
        for sequence, (kind, flags, payload) in enumerate(requests, first):
            flags |= NLM_F_REQUEST if sequence < last else NLM_F_REQUEST | NLM_F_ACK
            length = 16 + len(payload)
            pieces.append(HEADER.pack(length, kind, flags, sequence, 0))
            pieces.append(payload)
            if length & 3:
                pieces.append(bytes(-length & 3))
        self._sock.send(b"".join(pieces))
        refused: list[tuple[int, tuple[int, str]]] = []
        while True:
            for kind, flags, sequence, _port, body in messages(self._sock.recv(RECEIVE_SIZE)):
                if kind != NLMSG_ERROR or not first <= sequence <= last:
                    continue
                problem = parse_error(flags, body)
                if problem[0]:
                    refused.append((sequence - first, problem))
                if sequence == last:
                    return refused

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()


def grow_buffer(sock: socket.socket, size: int) -> None:
    """Ask for a receive buffer of `size` octets, above the system's limit if we may."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, size)
    except OSError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)


def ignore_port(sock: socket.socket, port: int) -> None:
    """Make the kernel drop the events that requests from this netlink port cause.

    Our own changes would otherwise come back as one event per route. The filter is
    a classic BPF program: load the port from the header, which is in host order,
    and drop the message if it is equal.
    """
    swapped = int.from_bytes(struct.pack("=I", port), "big")
    program = (
        struct.pack("=HBBI", 0x20, 0, 0, 12)  # ld [12]
        + struct.pack("=HBBI", 0x15, 0, 1, swapped)  # jeq #port, next, skip
        + struct.pack("=HBBI", 0x06, 0, 0, 0)  # ret #0
        + struct.pack("=HBBI", 0x06, 0, 0, 0xFFFFFFFF)  # ret #all
    )
    buffer = _Buffer(program)
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, buffer.option(4))


class _Buffer:
    """Memory with a known address, for a socket option that takes a pointer."""

    def __init__(self, data: bytes) -> None:
        self._memory = ctypes.create_string_buffer(data, len(data))
        self._address = ctypes.addressof(self._memory)

    def option(self, count: int) -> bytes:
        """The `struct sock_fprog` for a program of `count` instructions."""
        return struct.pack("HP", count, self._address)
