"""Scripted BGP neighbors: they say what a case tells them to, and keep what they are told.

A `Session` is one TCP connection from the neighbors' namespace to the daemon,
read by a thread of its own. It answers an OPEN and keeps the session alive;
all else is for the case to say.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from tests.interop.lab import until
from tests.side_by_side import wire
from tests.side_by_side.wire import Attributes

T = TypeVar("T")
_CLONE_NEWNET = 0x40000000
TCP_MD5SIG = 14
_libc = ctypes.CDLL(None, use_errno=True)
# Attributes by name, each with its text.
Route = dict[str, str]


def in_namespace(name: str, function: Callable[[], T]) -> T:
    """Run a function in a thread that is inside a network namespace; sockets that it makes stay there."""
    result: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            descriptor = os.open(f"/run/netns/{name}", os.O_RDONLY)
            try:
                if _libc.setns(descriptor, _CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), f"setns {name}")
            finally:
                os.close(descriptor)
            result.append(function())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return result[0]


class Session:
    """One scripted session; `number` is that of the neighbor, whose router id is 10.0.0.NUMBER.

    `asn` and `remote_asn` are the neighbor's and the daemon's AS; where they are
    equal, routes are announced with LOCAL_PREF 100 and an empty path unless the
    case says otherwise. `ttl` and `password` (TCP-MD5) are those of the connection,
    `link` is that of link-local addresses, a `silent` one answers no OPEN, a `mute` one sends
    none, and a `deaf` one reads nothing once it is Established, though it sends its KEEPALIVEs.
    """

    def __init__(
        self,
        namespace: str,
        number: int,
        *,
        source: str,
        destination: str,
        asn: int,
        remote_asn: int = 65001,
        capabilities: bytes | None = None,
        hold: int = 240,
        four_octets: bool = True,
        add_path: bool = False,
        ttl: int | None = None,
        port: int = 179,
        password: str = "",
        link: str = "eth0",
        silent: bool = False,
        deaf: bool = False,
        mute: bool = False,
        insists: bool = False,
    ) -> None:
        self.namespace = namespace
        self.number = number
        self.source = source
        self.destination = destination
        self.asn = asn
        self.remote_asn = remote_asn
        self.hold = hold
        self.as_size = 4 if four_octets else 2
        self.add_path = add_path
        self.ttl = ttl
        self.port = port
        self.password = password
        self.link = link
        self.silent = silent
        self.deaf = deaf
        self.mute = mute
        self.insists = insists  # who is refused tries again, as FRR may want while it begins
        self.capabilities = self._usual_capabilities() if capabilities is None else capabilities
        self.opening: wire.Opening | None = None
        self.established = False
        self.closed = False
        self.received: list[tuple[int, bytes]] = []
        self._sock: socket.socket | None = None
        self._reader: threading.Thread | None = None

    def _usual_capabilities(self) -> bytes:
        found = wire.multiprotocol(wire.IPV4) + wire.multiprotocol(wire.IPV6) + wire.capability(2)
        return found + (wire.four_octets(self.asn) if self.as_size == 4 else b"")

    # --- the connection

    def connect(self, up: bool = True) -> Session:
        """Connect and send OPEN; `up`: the session must be Established when this returns."""
        if up and self.insists:
            until(self._tried, 20, f"neighbor {self.number} is Established")
            return self
        self._sock = until(self._connected, 10, f"a connection from {self.source} to {self.destination}")
        return self._begin(up)

    def _tried(self) -> bool:
        """One more attempt; what an earlier one heard does not count."""
        self.received.clear()
        return self.attempt()

    def called(self, seconds: float, up: bool = True) -> bool:
        """Whether the daemon connects to us within this time; `up`: the session comes up then."""
        with in_namespace(self.namespace, lambda: socket.socket(self._family())) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(self._address(self.source, self.port))
            listener.listen()
            listener.settimeout(seconds)
            try:
                self._sock, (self.destination, *_) = listener.accept()
            except TimeoutError:
                return False
        self._begin(up)
        return True

    def attempt(self, seconds: float = 5) -> bool:
        """Connect once, if the daemon lets us, and say whether the session came up."""
        self.close()
        self._sock = self._connected()
        if self._sock is None:
            return False
        self._begin(up=False)
        end = time.monotonic() + seconds
        while not self.established and not self.closed and time.monotonic() < end:
            time.sleep(0.02)
        return self.established

    def _family(self) -> socket.AddressFamily:
        return socket.AF_INET6 if ":" in self.destination else socket.AF_INET

    def _address(self, address: str, port: int) -> tuple[Any, ...]:
        if not address.startswith("fe80"):
            return (address, port)
        return (address, port, 0, in_namespace(self.namespace, lambda: socket.if_nametoindex(self.link)))

    def _connected(self) -> socket.socket | None:
        sock = in_namespace(self.namespace, lambda: socket.socket(self._family()))
        try:
            if self.ttl is not None:
                v6 = self._family() == socket.AF_INET6
                level, option = (
                    (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS)
                    if v6
                    else (socket.IPPROTO_IP, socket.IP_TTL)
                )
                sock.setsockopt(level, option, self.ttl)
            if self.password:
                sock.setsockopt(socket.IPPROTO_TCP, TCP_MD5SIG, self._key())
            if self.deaf:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.settimeout(3)
            sock.bind(self._address(self.source, 0))
            sock.connect(self._address(self.destination, self.port))
        except OSError:
            sock.close()
            return None
        return sock

    def _key(self) -> bytes:
        """The kernel's tcp_md5sig for the daemon's address."""
        v6 = self._family() == socket.AF_INET6
        address = socket.inet_pton(self._family(), self.destination)
        name = struct.pack("=HH", self._family(), 0) + (bytes(4) if v6 else b"") + address
        key = self.password.encode()
        return name.ljust(128, b"\0") + struct.pack("=BBHI", 0, 0, len(key), 0) + key.ljust(80, b"\0")

    def _begin(self, up: bool) -> Session:
        sock = self._sock
        assert sock is not None
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.opening, self.established, self.closed = None, False, False
        router_id = f"10.0.0.{self.number}"
        if not self.mute:
            self.send(wire.open_message(self.asn, self.hold, router_id, self.capabilities))
        self._reader = threading.Thread(target=self._read, args=(sock,), daemon=True)
        self._reader.start()
        if up:
            until(lambda: self.established or self.closed, 10, f"neighbor {self.number} is Established")
            assert self.established, f"neighbor {self.number} was refused: {self.notifications()}"
        return self

    def send(self, *messages: bytes) -> None:
        """Send whole messages; a session that the daemon has closed takes none."""
        assert self._sock is not None
        with contextlib.suppress(OSError):
            for one in messages:
                self._sock.sendall(one)

    def close(self) -> None:
        """Close the connection without a word."""
        if self._sock is None:
            return
        self.deaf = False  # its reader ends
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        if self._reader is not None:
            self._reader.join()
        self._sock.close()
        self._sock = None

    # --- what is said

    def announce(self, *prefixes: str, **attributes: Any) -> None:
        """Announce networks of one family; the keywords are the fields of `Attributes`."""
        usual: dict[str, Any] = {"next_hop": self._own_address(":" in prefixes[0])}
        if self.asn == self.remote_asn:
            usual |= {"local_pref": 100}
        else:
            usual |= {"path": (self.asn,)}
        self.send(wire.announcement(prefixes, Attributes(**(usual | attributes)), self.as_size))

    def withdraw(self, *prefixes: str) -> None:
        self.send(wire.withdrawal(prefixes))

    def _own_address(self, v6: bool) -> str:
        if (":" in self.source) == v6:
            return self.source
        return f"2001:db8:a::{self.number}" if v6 else f"10.0.0.{self.number}"

    # --- what was heard

    def table(self, *names: str) -> dict[str, Any]:
        """The routes that the daemon has announced, by network.

        With names only these attributes of each route, with one name its text
        itself (None where the route has none).
        """
        found: dict[str, Route] = {}
        for kind, body in list(self.received):
            if kind == wire.UPDATE:
                told = wire.read_update(body, self.as_size, self.add_path)
                for prefix in told.withdrawn:
                    found.pop(prefix, None)
                found |= dict.fromkeys(told.reached, told.attributes)
        routes = dict(sorted(found.items()))
        if len(names) == 1:
            return {prefix: route.get(names[0]) for prefix, route in routes.items()}
        if names:
            return {
                prefix: {name: route[name] for name in names if name in route}
                for prefix, route in routes.items()
            }
        return dict(routes)

    def notifications(self) -> list[str]:
        """The NOTIFICATIONs that were received: code, subcode and data, `6/2 ...`."""
        return [
            f"{body[0]}/{body[1]} {body[2:].hex()}".strip()
            for kind, body in self.received
            if kind == wire.NOTIFICATION
        ]

    def codes(self) -> list[str]:
        """The same without data: ours fills in what BIRD leaves out."""
        return [text.split()[0] for text in self.notifications()]

    def kinds(self, *kinds: int) -> list[int]:
        """Types of the messages that were received, in order; with arguments only these."""
        return [kind for kind, _ in self.received if not kinds or kind in kinds]

    def _read(self, sock: socket.socket) -> None:
        data = b""
        every = self.hold / 3 if self.hold else 3600.0
        due = time.monotonic() + every
        sock.settimeout(min(every, 1))
        while True:
            if self.established and time.monotonic() > due:
                due = time.monotonic() + every
                self.send(wire.message(wire.KEEPALIVE))
            if self.deaf and self.established:
                time.sleep(0.1)
                continue
            try:
                more = sock.recv(1 << 16)
            except TimeoutError:
                continue
            except OSError:
                more = b""
            if not more:
                self.closed, self.established = True, False
                return
            data = self._messages(data + more)

    def _messages(self, data: bytes) -> bytes:
        while len(data) >= wire.HEADER and len(data) >= (size := int.from_bytes(data[16:18])):
            kind, body, data = data[18], data[wire.HEADER : size], data[size:]
            if kind == wire.OPEN:
                self.opening = wire.read_open(body)
                if not self.silent:
                    self.send(wire.message(wire.KEEPALIVE))
            elif kind == wire.KEEPALIVE and self.opening is not None:
                self.established = True
            self.received.append((kind, body))
        return data


def progress(sessions: Sequence[Session]) -> list[Any]:
    """What changes while the daemon still has something to say to these."""
    return [(len(one.received), one.established, one.closed) for one in sessions]
