"""TCP over IPv4 and IPv6, and the options that BGP needs on it.

Each family has its own listening socket (IPV6_V6ONLY), so that IPv4 peers do not
appear with IPv4-mapped addresses and the kernel finds their TCP-MD5 keys.
Link-local addresses carry the interface as their scope.
`network.AsyncioNetwork` offers this as a port.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from asyncio import AbstractEventLoop
from collections.abc import Callable
from typing import Any

from pybird.core.ports import AoKey, Log, SignatureFailures, Stream, StreamHandler, TcpOptions
from pybird.io import tcp_ao
from pybird.io.stream import SocketStream
from pybird.values.address import Address
from pybird.values.net import Prefix
from pybird.values.text import to_octets

# numbers of linux/in.h, in6.h and tcp.h that Python's socket module lacks
IP_FREEBIND = 15
IP_MINTTL = 21
IPV6_MINHOPCOUNT = 73
IPV6_FREEBIND = 78
SO_BINDTOIFINDEX = 62
TCP_MD5SIG = 14
TCP_MD5SIG_EXT = 32
TCP_REPAIR = 19
TCP_RTO_MAX_MS = 44
MD5_FLAG_PREFIX = 1
MD5_MAX_KEY = 80
BACKLOG = 128
PRIVILEGED = 1024  # ports below this need a capability
# what accept() says of a connection that came to nothing (accept(2)); the next one may be good
OF_ONE_CONNECTION = frozenset((
    errno.EAGAIN, errno.EINTR, errno.ECONNABORTED, errno.ECONNRESET, errno.EPERM, errno.EPROTO,
    errno.ETIMEDOUT, errno.ENOPROTOOPT, errno.EOPNOTSUPP, errno.EHOSTDOWN, errno.EHOSTUNREACH,
    errno.ENETDOWN, errno.ENETUNREACH,
))  # fmt: skip
ACCEPT_AGAIN = 1.0  # seconds until we accept again after running out of descriptors or memory
RETRY = 5.0  # longest retransmission timeout in seconds; the kernel's default is 120


def family_of(address: Address) -> int:
    """AF_INET or AF_INET6."""
    return socket.AF_INET if address.is_v4 else socket.AF_INET6


def sockaddr(address: Address, port: int, ifindex: int) -> tuple[Any, ...]:
    """The address in the form of Python's socket calls; a link-local one with its interface."""
    if address.is_v4:
        return (str(address), port)
    return (str(address), port, 0, ifindex if address.is_link_local else 0)


def endpoint(name: tuple[Any, ...]) -> tuple[Address, int, int]:
    """(address, port, scope) of an address that Python's socket calls return."""
    text = str(name[0]).partition("%")[0]
    address = Address.parse(text)
    if not address.is_v4 and address.octets[:12] == b"\0" * 10 + b"\xff\xff":
        address = Address(address.octets[12:])
    return address, int(name[1]), int(name[3]) if len(name) > 3 else 0


def md5_option(peer: Prefix, password: str | None, flags: int) -> bytes:
    """The `struct tcp_md5sig` that sets a key, or without a password removes it."""
    key = to_octets(password or "")
    if len(key) > MD5_MAX_KEY:
        raise OSError(errno.EINVAL, f"Password longer than {MD5_MAX_KEY} octets")
    if peer.address.is_v4:
        place = struct.pack("=HH4s120x", socket.AF_INET, 0, peer.address.octets)
    else:
        place = struct.pack("=HHI16sI100x", socket.AF_INET6, 0, 0, peer.address.octets, 0)
    return place + struct.pack("=BBHi80s", flags, peer.length, len(key), 0, key)


def set_md5(sock: socket.socket, peer: Prefix, password: str | None) -> None:
    """Set or (without a password) remove the TCP-MD5 key of a peer or a prefix of peers (RFC 2385).

    The kernel has one key for each prefix: it would accept an interface only if it
    is a VRF, and a socket is in one VRF anyway. Removing an unknown key is no error.

    Raises:
        OSError: the kernel has no TCP-MD5 or refuses the key.
    """
    whole = peer.length == peer.address.bits
    option, flags = (TCP_MD5SIG, 0) if whole else (TCP_MD5SIG_EXT, MD5_FLAG_PREFIX)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, option, md5_option(peer, password, flags))
    except OSError as error:
        if error.errno != errno.ENOENT or password is not None:
            raise


def signature_failures(netstat: str) -> SignatureFailures | None:
    """The MD5 counters in the text of /proc/net/netstat; None if the kernel lacks them."""
    names, *values = [line.split() for line in netstat.splitlines() if line.startswith("TcpExt:")] or [[]]
    if not values:
        return None
    found = dict(zip(names, values[0], strict=False))
    counters = [found.get(f"TCPMD5{name}") for name in ("Failure", "NotFound", "Unexpected")]
    known = [int(value) for value in counters if value is not None]
    return SignatureFailures(*known) if len(known) == len(counters) else None


def set_hop_limits(sock: socket.socket, ttl: int | None, min_ttl: int | None) -> None:
    """Set the hop limit of sent packets, and the lowest one to accept (RFC 5082)."""
    if sock.family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 64 if ttl is None else ttl)
        sock.setsockopt(socket.IPPROTO_IP, IP_MINTTL, min_ttl or 0)
        return
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, -1 if ttl is None else ttl)
    sock.setsockopt(socket.IPPROTO_IPV6, IPV6_MINHOPCOUNT, min_ttl or 0)


def bind_device(sock: socket.socket, name: str) -> None:
    """Bind to an interface or VRF by name."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, to_octets(name) + b"\0")


def apply_options(sock: socket.socket, options: TcpOptions) -> None:
    """Apply all `options` except the password."""
    traffic_class = options.dscp << 2
    if sock.family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, traffic_class)
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, traffic_class)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if options.ttl is not None or options.min_ttl is not None:
        set_hop_limits(sock, options.ttl, options.min_ttl)
    if options.vrf is not None:
        bind_device(sock, options.vrf)
    if options.free_bind and sock.family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
    elif options.free_bind:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)


class TcpStream(SocketStream):
    """One TCP connection."""

    def set_hop_limits(self, ttl: int | None, min_ttl: int | None) -> None:
        """Set the hop limits of an accepted connection; if it is gone already, do nothing."""
        try:
            set_hop_limits(self._sock, ttl, min_ttl)
        except OSError:
            pass  # the loop is about to report the end of the connection

    def set_patience(self, seconds: float) -> None:
        """Give up after `seconds` without an acknowledgement, and retransmit more often (RFC 5482).

        The bound of the retransmission timeout needs Linux 6.15; older kernels use
        their own.
        """
        level, sock = socket.IPPROTO_TCP, self._sock
        try:
            sock.setsockopt(level, socket.TCP_USER_TIMEOUT, int(seconds * 1000))
            sock.setsockopt(level, TCP_RTO_MAX_MS, int(RETRY * 1000))
        except OSError:
            pass

    def probe(self) -> None:
        """Send a window probe now: Linux does so when a connection leaves repair mode."""
        level, sock = socket.IPPROTO_TCP, self._sock
        try:
            sock.setsockopt(level, TCP_REPAIR, 1)
            sock.setsockopt(level, TCP_REPAIR, 0)
        except OSError:
            pass  # not allowed, or the connection is gone: retransmission will find out

    @property
    def ao(self) -> tcp_ao.ConnectionKeys | None:
        """Its TCP-AO keys; None if it is not authenticated with TCP-AO."""
        keys = tcp_ao.ConnectionKeys(self._sock, self.remote[0])
        return keys if keys.found else None

    def read_addresses(self) -> None:
        """Read both addresses from the socket."""
        try:
            self._name(self._sock.getsockname(), self._sock.getpeername())
        except OSError:
            return  # the connection is gone: the next read reports it

    def accept(self, peer: tuple[Any, ...]) -> bool:
        """Set up a connection that `accept()` returned, with its peer's address; False if it is gone.

        If it was reset while it waited, the system no longer knows the peer's address.
        """
        try:
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sock.getpeername()
            self._name(self._sock.getsockname(), peer)
        except OSError:
            self.abort()
            return False
        return True

    def _name(self, near: tuple[Any, ...], far: tuple[Any, ...]) -> None:
        address, port, scope = endpoint(near)
        self.local = (address, port)
        far_address, far_port, far_scope = endpoint(far)
        self.remote = (far_address, far_port)
        self.ifindex = far_scope or scope


def connect(
    loop: AbstractEventLoop,
    local: Address | None,
    remote: Address,
    port: int,
    ifindex: int,
    handler: StreamHandler,
    options: TcpOptions,
    closing: dict[SocketStream, None] | None = None,
) -> TcpStream:
    """Begin a connection; a failure is never raised but reported to the handler on a later turn."""
    sock = socket.socket(family_of(remote), socket.SOCK_STREAM)
    stream = TcpStream(loop, sock, closing)
    stream.remote = (remote, port)
    stream.ifindex = ifindex if remote.is_link_local else 0
    try:
        apply_options(sock, options)
        if options.password is not None:
            set_md5(sock, Prefix(remote, remote.bits), options.password)
        for number, key in enumerate(options.ao):
            tcp_ao.add_key(sock, remote, key, selected=number == 0)
        if local is not None:
            stream.local = (local, 0)
            sock.bind(sockaddr(local, 0, ifindex))
        error = sock.connect_ex(sockaddr(remote, port, ifindex))
    except OSError as failure:
        error = failure.errno or errno.EIO
    if error in (0, errno.EINPROGRESS):
        stream.begin(handler)
    else:
        stream.fail(handler, error)
    return stream


def _why_not_listening(error: OSError, family: int, name: tuple[Any, ...], options: TcpOptions) -> str:
    """The text of an error: the system's reason, the address, and what may be missing."""
    reason = os.strerror(error.errno or 0)
    shown = f"[{name[0]}]:{name[1]}" if family == socket.AF_INET6 else f"{name[0]}:{name[1]}"
    if error.errno == errno.EACCES and 0 < name[1] < PRIVILEGED:
        return f"{reason} ({shown}, a port below {PRIVILEGED} needs CAP_NET_BIND_SERVICE)"
    if error.errno == errno.ENODEV and options.vrf is not None:
        return f"{reason} ({shown}, VRF {options.vrf})"
    return f"{reason} ({shown})"


class TcpListener:
    """One listener, which has a listening socket for each address family that it serves."""

    def __init__(
        self,
        loop: AbstractEventLoop,
        log: Log,
        address: Address | None,
        port: int,
        ifindex: int,
        accepted: Callable[[Stream], None],
        options: TcpOptions,
        closing: dict[SocketStream, None] | None = None,
    ) -> None:
        self._loop = loop
        self._closing = closing
        self._log = log
        self._accepted = accepted
        self._sockets: list[socket.socket] = []
        if address is not None:
            self._open(family_of(address), sockaddr(address, port, ifindex), ifindex, options)
            return
        self._open(socket.AF_INET, ("0.0.0.0", port), ifindex, options)
        try:
            self._open(socket.AF_INET6, ("::", port), ifindex, options)
        except OSError as error:
            if error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
                self.close()
                raise
            log.write("warning", f"Listening on port {port} for IPv4 only: no IPv6 here")

    def _open(self, family: int, name: tuple[Any, ...], ifindex: int, options: TcpOptions) -> None:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            apply_options(sock, options)
            if ifindex and options.vrf is None:
                sock.setsockopt(socket.SOL_SOCKET, SO_BINDTOIFINDEX, ifindex)
            sock.bind(name)
            sock.listen(BACKLOG)
        except OSError as error:
            sock.close()
            raise OSError(error.errno, _why_not_listening(error, family, name, options)) from None
        self._sockets.append(sock)
        self._loop.add_reader(sock.fileno(), self._accept, sock)

    def _accept(self, listening: socket.socket) -> None:
        """Accept one connection; others wait for the next turn."""
        try:
            sock, peer = listening.accept()
        except OSError as error:
            if error.errno in OF_ONE_CONNECTION:
                return
            # out of descriptors or memory
            self._log.write("error", f"Cannot accept a connection: {os.strerror(error.errno or 0)}")
            self._loop.remove_reader(listening.fileno())
            self._loop.call_later(ACCEPT_AGAIN, self._resume_accepting, listening)
            return
        stream = TcpStream(self._loop, sock, self._closing)
        if stream.accept(peer):
            self._accepted(stream)

    def _resume_accepting(self, listening: socket.socket) -> None:
        if listening in self._sockets:
            self._loop.add_reader(listening.fileno(), self._accept, listening)

    def set_md5(self, peer: Prefix, password: str | None) -> None:
        """Require TCP-MD5 of peers inside the prefix, or with `password` None no longer require it.

        Raises:
            OSError: the kernel refuses, or we do not listen in that address family.
        """
        sockets = self._of_family(peer.address)
        if not sockets and password is not None:
            raise OSError(errno.EAFNOSUPPORT, f"Not listening for {peer}")
        for sock in sockets:
            set_md5(sock, peer, password)

    def add_ao(self, peer: Address, key: AoKey) -> None:
        """Require TCP-AO of a peer, with this key or others of it.

        Raises:
            OSError: the kernel refuses, or we do not listen in that address family.
        """
        sockets = self._of_family(peer)
        if not sockets:
            raise OSError(errno.EAFNOSUPPORT, f"Not listening for {peer}")
        for sock in sockets:
            tcp_ao.add_key(sock, peer, key)

    def remove_ao(self, peer: Address, key: AoKey) -> None:
        """Remove a TCP-AO key. Raises OSError: the kernel refuses."""
        for sock in self._of_family(peer):
            tcp_ao.delete_key(sock, peer, key)

    def _of_family(self, peer: Address) -> list[socket.socket]:
        family = family_of(peer)
        return [sock for sock in self._sockets if sock.family == family]

    def close(self) -> None:
        """Stop listening."""
        for sock in self._sockets:
            self._loop.remove_reader(sock.fileno())
            sock.close()
        self._sockets.clear()
