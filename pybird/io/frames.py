"""Packet sockets, one per interface, for protocols below IP such as LLDP.

The socket is bound to its interface and EtherType before it receives anything, and has
joined one multicast address there. It sends and receives without the 14 octets of the
Ethernet header, which it writes and reads itself.
"""

from __future__ import annotations

import os
import socket
import struct
from asyncio import AbstractEventLoop
from collections.abc import Callable
from typing import Final

from pybird.core.ports import Frame, Log
from pybird.io.icmp6 import interface_name

SOL_PACKET: Final = 263
PACKET_ADD_MEMBERSHIP: Final = 1
PACKET_MR_MULTICAST: Final = 0
HEADER: Final = 14  # octets: destination, source, EtherType
_MOST: Final = 65535
_FRAMES_PER_TURN: Final = 16


def _ignore(frame: Frame) -> None:
    """The callback of a closed socket: never called."""


class FrameSocket:
    """An open packet socket on one interface."""

    def __init__(
        self,
        loop: AbstractEventLoop,
        log: Log,
        ifindex: int,
        ethertype: int,
        group: bytes,
        received: Callable[[Frame], None],
    ) -> None:
        self._loop = loop
        self._log = log
        self._ifindex = ifindex
        self._ethertype = ethertype
        self._group = group
        self._received = received
        self._complaint = ""
        try:
            self._sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)  # receives nothing yet
        except PermissionError as error:
            text = f"{os.strerror(error.errno or 0)} (packet sockets need CAP_NET_RAW)"
            raise OSError(error.errno, text) from None
        try:
            self._join()
        except OSError:
            self._sock.close()
            raise
        self._open = True
        loop.add_reader(self._sock.fileno(), self._readable)

    def _join(self) -> None:
        self._sock.setblocking(False)
        name = socket.if_indextoname(self._ifindex)
        member = struct.pack("=iHH8s", self._ifindex, PACKET_MR_MULTICAST, len(self._group), self._group)
        self._sock.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, member)
        self._sock.bind((name, self._ethertype))

    def send(self, data: bytes, to: bytes) -> None:
        """Send one frame; a failure is logged once until the next success."""
        try:
            own: bytes = self._sock.getsockname()[4]
            self._sock.send(to + own + self._ethertype.to_bytes(2, "big") + data)
            self._complaint = ""
        except OSError as error:
            self._complain(f"cannot send: {os.strerror(error.errno or 0)}")

    def _complain(self, text: str) -> None:
        if text != self._complaint:
            self._complaint = text
            self._log.write("warning", f"Frames on {interface_name(self._ifindex)}: {text}")

    def _readable(self) -> None:
        for _ in range(_FRAMES_PER_TURN):
            try:
                data, name = self._sock.recvfrom(_MOST)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:  # the interface went down
                self._complain(f"cannot receive: {os.strerror(error.errno or 0)}")
                return
            wanted = name[2] == socket.PACKET_HOST or data[:6] == self._group
            if wanted and len(data) >= HEADER and name[2] != socket.PACKET_OUTGOING:
                self._received(Frame(data[HEADER:], data[6:12], data[:6]))
            if not self._open:
                return

    def close(self) -> None:
        """Close the socket. No callback follows."""
        if self._open:
            self._open = False
            self._received = _ignore  # breaks the reference cycle with the receiver, which refers to us
            self._loop.remove_reader(self._sock.fileno())
            self._sock.close()
