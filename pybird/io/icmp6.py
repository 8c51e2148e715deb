"""Raw ICMPv6 sockets, one per interface, for Router Advertisements (RFC 4861).

The socket is bound to its interface, has joined all-nodes and all-routers
there, and does not receive what it sends. The kernel computes checksums and
chooses a link-local source, because the destination is link-local; if it has no
such source the packet is not sent, because neighbors would have to drop it.
"""

from __future__ import annotations

import os
import socket
import struct
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterable

from pybird.core.ports import Icmp6Packet, Log
from pybird.io.tcp import SO_BINDTOIFINDEX
from pybird.values.address import Address

ICMP6_FILTER = 1
IPV6_RECVPKTINFO = 49
IPV6_PKTINFO = 50
IPV6_RECVHOPLIMIT = 51
IPV6_HOPLIMIT = 52
ALL_NODES = "ff02::1"
ALL_ROUTERS = "ff02::2"
_ANCILLARY = socket.CMSG_SPACE(20) + socket.CMSG_SPACE(4)
_PACKETS_PER_TURN = 16


def type_filter(types: Iterable[int]) -> bytes:
    """`struct icmp6_filter` that passes only these types (RFC 3542, 3.2)."""
    words = [0xFFFFFFFF] * 8
    for number in types:
        words[number >> 5] &= ~(1 << (number & 31))
    return struct.pack("=8I", *words)


def interface_name(ifindex: int) -> str:
    """The name of an interface for messages, even if it is gone."""
    try:
        return socket.if_indextoname(ifindex)
    except OSError:
        return f"interface {ifindex}"


def _ignore(packet: Icmp6Packet) -> None:
    """The callback of a closed socket: never called."""


class Icmp6Socket:
    """An open raw socket on one interface."""

    def __init__(
        self,
        loop: AbstractEventLoop,
        log: Log,
        ifindex: int,
        types: tuple[int, ...],
        received: Callable[[Icmp6Packet], None],
    ) -> None:
        self._loop = loop
        self._log = log
        self._ifindex = ifindex
        self._received = received
        self._complaint = ""
        try:
            self._sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        except PermissionError as error:
            text = f"{os.strerror(error.errno or 0)} (raw sockets need CAP_NET_RAW)"
            raise OSError(error.errno, text) from None
        try:
            self._set_options(types)
        except OSError:
            self._sock.close()
            raise
        self._open = True
        loop.add_reader(self._sock.fileno(), self._readable)

    def _set_options(self, types: tuple[int, ...]) -> None:
        sock, level = self._sock, socket.IPPROTO_IPV6
        sock.setblocking(False)
        # the filter first, so that no other packet is queued before it is set
        sock.setsockopt(socket.IPPROTO_ICMPV6, ICMP6_FILTER, type_filter(types))
        sock.setsockopt(socket.SOL_SOCKET, SO_BINDTOIFINDEX, self._ifindex)
        sock.setsockopt(level, socket.IPV6_MULTICAST_IF, self._ifindex)
        sock.setsockopt(level, socket.IPV6_MULTICAST_HOPS, 255)
        sock.setsockopt(level, socket.IPV6_UNICAST_HOPS, 255)
        sock.setsockopt(level, socket.IPV6_MULTICAST_LOOP, 0)
        sock.setsockopt(level, socket.IPV6_TCLASS, 48 << 2)
        sock.setsockopt(level, IPV6_RECVPKTINFO, 1)
        sock.setsockopt(level, IPV6_RECVHOPLIMIT, 1)
        for group in (ALL_NODES, ALL_ROUTERS):
            member = socket.inet_pton(socket.AF_INET6, group) + struct.pack("=i", self._ifindex)
            sock.setsockopt(level, socket.IPV6_JOIN_GROUP, member)

    def send(self, data: bytes, to: Address) -> None:
        """Send one ICMPv6 message; a failure is logged once until the next success."""
        try:
            source = self._source_towards(to)
            if not source.is_link_local:
                self._complain(f"no link-local address to send to {to} from")
                return
            info = source.octets + struct.pack("=i", self._ifindex)
            self._sock.sendmsg(
                [data],
                [(socket.IPPROTO_IPV6, IPV6_PKTINFO, info)],
                0,
                (str(to), 0, 0, self._ifindex),
            )
            self._complaint = ""
        except OSError as error:
            self._complain(f"cannot send to {to}: {os.strerror(error.errno or 0)}")

    def _source_towards(self, to: Address) -> Address:
        """The source address that the kernel chooses (RFC 6724) on this interface."""
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, SO_BINDTOIFINDEX, self._ifindex)
            probe.connect((str(to), 9, 0, self._ifindex))
            return Address.parse(probe.getsockname()[0].partition("%")[0])

    def _complain(self, text: str) -> None:
        if text != self._complaint:
            self._complaint = text
            self._log.write("warning", f"ICMPv6 on {interface_name(self._ifindex)}: {text}")

    def _readable(self) -> None:
        for _ in range(_PACKETS_PER_TURN):
            try:
                data, ancillary, _flags, name = self._sock.recvmsg(65535, _ANCILLARY)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:  # the interface went down
                self._complain(f"cannot receive: {os.strerror(error.errno or 0)}")
                return
            destination, hop_limit = None, -1
            for level, kind, value in ancillary:
                if level != socket.IPPROTO_IPV6:
                    continue
                if kind == IPV6_PKTINFO:
                    destination = Address(value[:16])
                elif kind == IPV6_HOPLIMIT:
                    hop_limit = struct.unpack("=i", value[:4])[0]
            if destination is None or not data:
                continue
            source = Address.parse(name[0].partition("%")[0])
            self._received(Icmp6Packet(data, source, destination, hop_limit))
            if not self._open:
                return

    def close(self) -> None:
        """Close the socket. No callback follows."""
        if self._open:
            self._open = False
            self._received = _ignore  # breaks the reference cycle with the receiver, which refers to us
            self._loop.remove_reader(self._sock.fileno())
            self._sock.close()
