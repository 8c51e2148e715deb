"""Byte streams over non-blocking sockets: what TCP and Unix connections share.

A stream reads at most 64 KiB per turn of the loop, and less while what it reads
takes long to handle, so that one busy peer does not hold up the others. `write`
sends immediately what the socket takes and buffers the rest. No call on a
stream calls its handler: failures found while writing are reported on the next
turn.

Closing: an orderly close sends what is buffered and a FIN, then reads until
the peer's FIN, at most two seconds. Closing a socket with unread data makes
Linux send a reset, which would destroy a NOTIFICATION on its way.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import sys
import termios
import time
from asyncio import AbstractEventLoop, TimerHandle
from enum import Enum

from pybird.core.ports import AoConnection, StreamHandler
from pybird.values.address import UNSPECIFIED_V4, Address

CHUNK = 65536
LEAST = 512  # octets to read in a turn, however long it takes to handle them
TURN = 0.05  # seconds of processor time that the handling of what is read in one turn may take
LOW_MARK = 65536  # octets: when the buffer shrinks to this, `writable` is called
LINGER = 2.0  # seconds an orderly close waits for the peer's FIN
_RESET = struct.pack("ii", 1, 0)


class _Phase(Enum):
    CONNECTING = "connecting"
    WAITING = "accepted, no handler yet"
    OPEN = "open"
    CLOSING = "sends what is left"
    LINGERING = "waits for the peer's FIN"
    CLOSED = "closed"


def error_text(number: int) -> str:
    """The operating system's words for an error: "Connection refused"."""
    return os.strerror(number)


class SocketStream:
    """One connection over a non-blocking stream socket."""

    def __init__(
        self,
        loop: AbstractEventLoop,
        sock: socket.socket,
        closing: dict[SocketStream, None] | None = None,
    ) -> None:
        """`closing` contains this stream from its orderly close until that is finished."""
        sock.setblocking(False)
        self.local: tuple[Address, int] = (UNSPECIFIED_V4, 0)
        self.remote: tuple[Address, int] = (UNSPECIFIED_V4, 0)
        self.ifindex = 0
        self._loop = loop
        self._sock = sock
        self._fd = sock.fileno()
        self._handler: StreamHandler | None = None
        self._phase = _Phase.WAITING
        self._out: list[bytes] = []
        self._buffered = 0
        self._most = CHUNK  # octets to read in the next turn
        self._full = False  # the buffer was over the low mark since the last `writable`
        self._writing = False
        self._timer: TimerHandle | None = None
        self._closing = {} if closing is None else closing

    # what the owner calls -----------------------------------------------

    def set_handler(self, handler: StreamHandler) -> None:
        """Set the handler; an accepted stream then begins to read."""
        self._handler = handler
        if self._phase is _Phase.WAITING:
            self._phase = _Phase.OPEN
            self._loop.add_reader(self._fd, self._readable)

    def set_hop_limits(self, ttl: int | None, min_ttl: int | None) -> None:
        """Nothing to set on a stream that is not TCP."""

    def set_patience(self, seconds: float) -> None:
        """Nothing to set on a stream that is not TCP."""

    def probe(self) -> None:
        """Nothing to ask on a stream that is not TCP."""

    @property
    def ao(self) -> AoConnection | None:
        """None: a stream that is not TCP has no keys."""
        return None

    def begin(self, handler: StreamHandler) -> None:
        """Wait for the connection that was begun on the socket to succeed or fail."""
        self._handler = handler
        self._phase = _Phase.CONNECTING
        self._loop.add_writer(self._fd, self._connected)

    def fail(self, handler: StreamHandler, error: int) -> None:
        """Report to the handler, on the next turn, that the connection could not be begun."""
        self._handler = handler
        self._phase = _Phase.CONNECTING
        self._loop.call_soon(self._lost, error_text(error))

    @property
    def buffered(self) -> int:
        """Octets written and not yet taken by the socket."""
        return self._buffered

    @property
    def unread(self) -> int:
        """Octets received by the system that we have not read."""
        if self._phase is not _Phase.OPEN:
            return 0
        try:
            return int.from_bytes(fcntl.ioctl(self._fd, termios.FIONREAD, bytes(4)), sys.byteorder)
        except OSError:
            return 0  # gone: the next read reports it

    def write(self, data: bytes) -> None:
        """Send now what the socket takes, and buffer the rest."""
        if self._phase not in (_Phase.OPEN, _Phase.WAITING, _Phase.CONNECTING) or not data:
            return
        if not self._out and self._phase is not _Phase.CONNECTING:
            try:
                sent = self._sock.send(data)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError as error:
                self._loop.call_soon(self._lost, error_text(error.errno or 0))
                return
            if sent == len(data):
                return
            data = data[sent:]
        self._out.append(data)
        self._buffered += len(data)
        self._full = self._full or self._buffered > LOW_MARK
        self._want_write()

    def close(self) -> None:
        """Send what is buffered, then close. No callback follows."""
        if self._phase is _Phase.CONNECTING:
            self._shut()
        if self._phase in (_Phase.CLOSED, _Phase.CLOSING, _Phase.LINGERING):
            return
        self._handler = None
        self._loop.remove_reader(self._fd)
        self._phase = _Phase.CLOSING
        self._closing[self] = None
        self._timer = self._loop.call_later(LINGER, self._shut)
        if not self._out:
            self._finish()

    def abort(self) -> None:
        """Reset the connection. No callback follows."""
        if self._phase is _Phase.CLOSED:
            return
        try:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        except OSError:
            pass  # not connected any more: nothing to reset
        self._shut()

    # what the loop calls ------------------------------------------------

    def _connected(self) -> None:
        self._loop.remove_writer(self._fd)
        error = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            self._lost(error_text(error))
            return
        self._phase = _Phase.OPEN
        self.read_addresses()
        self._loop.add_reader(self._fd, self._readable)
        if self._out:
            self._want_write()
        if self._handler is not None:
            self._handler.connected(self)

    def read_addresses(self) -> None:
        """Set the local and remote address, once the connection is open."""

    def _readable(self) -> None:
        try:
            data = self._sock.recv(self._most)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lost(error_text(error.errno or 0))
            return
        if not data:
            self._lost(None)
        elif self._handler is not None:
            began = time.thread_time()  # the machine may be busy with others
            self._handler.received(data)
            self._pace(len(data), time.thread_time() - began)

    def _pace(self, octets: int, seconds: float) -> None:
        """Read less in the next turn if this was slow, and more if it was quick."""
        if seconds > TURN:
            self._most = max(int(octets * TURN / seconds), LEAST)
        elif seconds < TURN / 4 and self._most < CHUNK:
            self._most = min(2 * self._most, CHUNK)

    def _want_write(self) -> None:
        if not self._writing and self._phase is not _Phase.CONNECTING:
            self._writing = True
            self._loop.add_writer(self._fd, self._drain)

    def _drain(self) -> None:
        try:
            sent = self._sock.sendmsg(self._out[:64])
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lost(error_text(error.errno or 0))
            return
        self._drop_sent(sent)
        if not self._out:
            self._writing = False
            self._loop.remove_writer(self._fd)
            if self._phase is _Phase.CLOSING:
                self._finish()
        if self._full and self._buffered <= LOW_MARK:
            self._full = False
            if self._handler is not None:
                self._handler.writable()

    def _drop_sent(self, sent: int) -> None:
        self._buffered -= sent
        done = 0
        for piece in self._out:
            if sent < len(piece):
                break
            sent -= len(piece)
            done += 1
        del self._out[:done]
        if sent:
            self._out[0] = self._out[0][sent:]

    # ends ---------------------------------------------------------------

    def _lost(self, error: str | None) -> None:
        if self._phase is _Phase.CLOSED:
            return
        handler = self._handler
        self._shut()
        if handler is not None:
            handler.closed(error)

    def _finish(self) -> None:
        """Everything is sent: send a FIN, and wait for the peer's."""
        try:
            self._sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._shut()
            return
        self._phase = _Phase.LINGERING
        self._loop.add_reader(self._fd, self._discard)

    def _discard(self) -> None:
        try:
            if self._sock.recv(CHUNK):
                return
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            pass  # a reset ends the wait like a FIN
        self._shut()

    def _shut(self) -> None:
        self._phase = _Phase.CLOSED
        self._handler = None
        self._out.clear()
        self._buffered = 0
        self._closing.pop(self, None)
        self._loop.remove_reader(self._fd)
        self._loop.remove_writer(self._fd)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._sock.close()
