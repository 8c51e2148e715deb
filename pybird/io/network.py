"""The network port on real sockets: TCP and raw ICMPv6."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Callable

from pybird.core.ports import Icmp6Packet, Log, Stream, StreamHandler, TcpOptions
from pybird.io import tcp
from pybird.io.icmp6 import Icmp6Socket
from pybird.io.stream import SocketStream
from pybird.values.address import Address


class AsyncioNetwork:
    """Sockets of this machine, or of the network namespace it was started in."""

    def __init__(self, loop: AbstractEventLoop, log: Log) -> None:
        self._loop = loop
        self._log = log
        self.closing: dict[SocketStream, None] = {}  # what the process should not end before

    def listen(
        self,
        address: Address | None,
        port: int,
        ifindex: int,
        accepted: Callable[[Stream], None],
        options: TcpOptions,
    ) -> tcp.TcpListener:
        """Listen for TCP; `address` None means all of both families."""
        return tcp.TcpListener(self._loop, self._log, address, port, ifindex, accepted, options, self.closing)

    def connect(
        self,
        local: Address | None,
        remote: Address,
        port: int,
        ifindex: int,
        handler: StreamHandler,
        options: TcpOptions,
    ) -> tcp.TcpStream:
        """Begin a TCP connection; the handler hears `connected` or `closed`."""
        return tcp.connect(self._loop, local, remote, port, ifindex, handler, options, self.closing)

    def icmp6(
        self, ifindex: int, types: tuple[int, ...], received: Callable[[Icmp6Packet], None]
    ) -> Icmp6Socket:
        """A raw ICMPv6 socket on one interface, hearing these message types."""
        return Icmp6Socket(self._loop, self._log, ifindex, types, received)
