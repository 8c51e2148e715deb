"""The network port on real sockets: TCP, raw ICMPv6 and frames."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Callable
from pathlib import Path

from pybird.core.ports import Frame, Icmp6Packet, Log, SignatureFailures, Stream, StreamHandler, TcpOptions
from pybird.io import tcp
from pybird.io.frames import FrameSocket
from pybird.io.icmp6 import Icmp6Socket
from pybird.io.stream import SocketStream
from pybird.values.address import Address

FRESH = 0.05  # seconds for which counters are cached


class AsyncioNetwork:
    """The `Network` port on the network namespace that the process was started in."""

    def __init__(self, loop: AbstractEventLoop, log: Log) -> None:
        self._loop = loop
        self._log = log
        self._signatures: SignatureFailures | None = None
        self._signatures_until = 0.0
        self.closing: dict[SocketStream, None] = {}  # orderly closes that the process should wait for

    def listen(
        self,
        address: Address | None,
        port: int,
        ifindex: int,
        accepted: Callable[[Stream], None],
        options: TcpOptions,
    ) -> tcp.TcpListener:
        """Listen for TCP; `address` None: on all addresses of both families."""
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
        """Begin a TCP connection; the handler's `connected` or `closed` is called later."""
        return tcp.connect(self._loop, local, remote, port, ifindex, handler, options, self.closing)

    def icmp6(
        self, ifindex: int, types: tuple[int, ...], received: Callable[[Icmp6Packet], None]
    ) -> Icmp6Socket:
        """A raw ICMPv6 socket on one interface that receives these message types."""
        return Icmp6Socket(self._loop, self._log, ifindex, types, received)

    def frames(
        self, ifindex: int, ethertype: int, group: bytes, received: Callable[[Frame], None]
    ) -> FrameSocket:
        """A packet socket on one interface that receives the frames of an EtherType."""
        return FrameSocket(self._loop, self._log, ifindex, ethertype, group, received)

    def signature_failures(self) -> SignatureFailures | None:
        """The TCP-MD5 counters of this network namespace (as in `nstat`); None if there are none.

        They are cached for `FRESH` seconds, because a thousand peers may ask together.
        """
        now = self._loop.time()
        if now >= self._signatures_until:
            self._signatures = _read_signature_failures()
            self._signatures_until = now + FRESH
        return self._signatures


def _read_signature_failures() -> SignatureFailures | None:
    try:
        text = Path("/proc/thread-self/net/netstat").read_text()
    except OSError:
        return None
    return tcp.signature_failures(text)
