"""What the router needs from the outside world, as typing protocols.

`io` implements them on asyncio, sockets, netlink and files; `sim` on virtual time,
a simulated network and simulated disks. The same protocol code runs on both. Rules that keep the
two equal: a port never calls back from within a call to it (`write`, `close`,
`connect`, `send`, `read`, `watch` return first); callbacks run one at a time on
the router's thread; times are seconds on the clock's monotonic scale; a timer
never fires before its time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple, Protocol, TypeAlias

from pybird.values.address import Address
from pybird.values.net import Prefix
from pybird.values.route import Dest, NextHop

# ----------------------------------------------------------------- time


class Timer(Protocol):
    """A scheduled call."""

    def cancel(self) -> None:
        """Drop the call; harmless if it has run already."""


class Clock(Protocol):
    """Time and deferred calls."""

    def now(self) -> float:
        """Seconds on a monotonic scale; constant while one callback runs."""

    def wall(self) -> float:
        """Seconds since the epoch that belong to `now()`, for people to read."""

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call once, at `when` or soon after."""

    def call_soon(self, callback: Callable[[], None]) -> Timer:
        """Call once, after the callbacks that are already queued."""


# -------------------------------------------------------------- streams


class StreamHandler(Protocol):
    """The owner of a stream, which gets its events."""

    def connected(self, stream: Stream) -> None:
        """The outgoing connection is up (not called on accepted streams)."""

    def received(self, data: bytes) -> None:
        """Octets arrived, at most 64 KiB per call."""

    def closed(self, error: str | None) -> None:
        """The stream is closed; this is the last call. `error` is None for the peer's FIN.

        Also called when an outgoing connection fails ("Connection refused").
        Not called after our own `close` or `abort`.
        """

    def writable(self) -> None:
        """The send buffer has drained below the low mark again."""


@dataclass(frozen=True, slots=True)
class AoKey:
    """A key of TCP-AO for one neighbor (RFC 5925, 3.1). `algorithm` is BIRD's word, such as `hmac sha1`."""

    send_id: int
    recv_id: int
    algorithm: str
    secret: bytes = field(repr=False)

    def __str__(self) -> str:
        return f"{self.send_id}/{self.recv_id}"


class AoState(NamedTuple):
    """TCP-AO of one connection (RFC 5925, 3.3), and counts of segments that arrived."""

    current: int  # send id of the key that signs
    following: int  # receive id of the key that we ask the neighbor to sign with (RNextKeyID)
    good: int
    bad: int


class AoConnection(Protocol):
    """The TCP-AO keys of one connection. Each method raises OSError if the system refuses."""

    @property
    def state(self) -> AoState:
        """The keys in use, and counts."""

    def add(self, key: AoKey) -> None:
        """Add a key."""

    def remove(self, key: AoKey, current: AoKey | None, following: AoKey | None) -> None:
        """Remove a key; where it was in use, others take its place (None: it was not)."""

    def request(self, key: AoKey) -> None:
        """Ask the neighbor to sign with this key."""


class Stream(Protocol):
    """One TCP or Unix stream connection."""

    local: tuple[Address, int]
    remote: tuple[Address, int]
    ifindex: int  # interface of a link-local connection, else 0

    def set_handler(self, handler: StreamHandler) -> None:
        """Set the owner. An accepted stream delivers nothing before this."""

    def set_hop_limits(self, ttl: int | None, min_ttl: int | None) -> None:
        """Set an accepted stream's hop limit, and the lowest one to accept from the peer (RFC 5082).

        None keeps the value of the listening socket.
        """

    def set_patience(self, seconds: float) -> None:
        """While nothing is acknowledged, retransmit every few seconds for this long.

        By default a system doubles the wait after each try, up to minutes: a
        path that works again would not be noticed.
        """

    def probe(self) -> None:
        """Ask the other host now whether it still has this connection.

        A host that was restarted answers with a reset. Unacknowledged octets
        delay what is written, but not this probe.
        """

    @property
    def ao(self) -> AoConnection | None:
        """Its TCP-AO keys; None if it is not authenticated with TCP-AO."""

    def write(self, data: bytes) -> None:
        """Send; octets that the socket does not accept immediately are buffered."""

    @property
    def buffered(self) -> int:
        """How many octets are written but not yet accepted by the socket."""

    @property
    def unread(self) -> int:
        """How many octets have arrived but were not yet given to the handler."""

    def close(self) -> None:
        """Send what is buffered, then close. No callback follows."""

    def abort(self) -> None:
        """Reset the connection. No callback follows."""


class Listener(Protocol):
    """An open listening socket."""

    def close(self) -> None:
        """Stop listening."""

    def set_md5(self, peer: Prefix, password: str | None) -> None:
        """Require TCP-MD5 from peers in the prefix (RFC 2385); with None, no longer require it.

        There is one key for each prefix, whatever the interface.
        """

    def add_ao(self, peer: Address, key: AoKey) -> None:
        """Require TCP-AO of a peer, with this key or others of it. Raises OSError: the system refuses."""

    def remove_ao(self, peer: Address, key: AoKey) -> None:
        """Remove a TCP-AO key. Raises OSError: the system refuses."""


@dataclass(frozen=True, slots=True)
class TcpOptions:
    """Socket options of an outgoing connection or a listener."""

    ttl: int | None = None  # outgoing hop limit
    min_ttl: int | None = None  # drop packets that arrive with less (RFC 5082)
    password: str | None = field(default=None, repr=False)  # TCP-MD5 towards the remote address
    vrf: str | None = None
    free_bind: bool = False
    dscp: int = 48  # CS6
    ao: tuple[AoKey, ...] = ()  # of TCP-AO towards the remote address, the one to begin with first


class Datagrams(Protocol):
    """An open datagram or raw socket."""

    def send(self, data: bytes, to: Address) -> None:
        """Send one packet out of the socket's interface. Errors are not raised; they are logged once."""

    def close(self) -> None:
        """Close the socket. No callback follows."""


@dataclass(frozen=True, slots=True)
class Icmp6Packet:
    """A received ICMPv6 message, from its type octet on."""

    data: bytes
    source: Address
    destination: Address
    hop_limit: int


@dataclass(frozen=True, slots=True)
class Frame:
    """A received Ethernet frame: what follows its EtherType, and its addresses of 6 octets."""

    data: bytes
    source: bytes
    destination: bytes


class Frames(Protocol):
    """An open packet socket on one interface."""

    def send(self, data: bytes, to: bytes) -> None:
        """Send one frame from the interface's address. Errors are not raised; they are logged once."""

    def close(self) -> None:
        """Close the socket. No callback follows."""


class SignatureFailures(NamedTuple):
    """Counts of TCP segments that the system dropped for their MD5 signature, from any sender."""

    wrong: int = 0  # the passwords differ
    missing: int = 0  # no signature where one is required
    unexpected: int = 0  # a signature where none is configured


class Network(Protocol):
    """Sockets. Every method may raise OSError with a message for the user."""

    def listen(
        self,
        address: Address | None,
        port: int,
        ifindex: int,
        accepted: Callable[[Stream], None],
        options: TcpOptions,
    ) -> Listener:
        """Listen for TCP; `address` None means all addresses of both families.

        The caller refuses an unwanted peer with `stream.abort()`.
        """

    def connect(
        self,
        local: Address | None,
        remote: Address,
        port: int,
        ifindex: int,
        handler: StreamHandler,
        options: TcpOptions,
    ) -> Stream:
        """Begin a TCP connection; the handler gets `connected` or `closed`."""

    def icmp6(
        self, ifindex: int, types: tuple[int, ...], received: Callable[[Icmp6Packet], None]
    ) -> Datagrams:
        """A raw ICMPv6 socket on one interface that receives these message types.

        It has joined ff02::1 and ff02::2, sends with hop limit 255 from the
        interface's link-local address and does not receive its own packets. The
        kernel fills in the checksum.
        """

    def frames(self, ifindex: int, ethertype: int, group: bytes, received: Callable[[Frame], None]) -> Frames:
        """A packet socket on one interface that receives the frames of an EtherType.

        It gets those to this multicast address and those to the interface's own,
        but not what it sends.
        """

    def signature_failures(self) -> SignatureFailures | None:
        """Counts since the system started; None if the system does not provide them."""


# --------------------------------------------------------------- kernel


@dataclass(frozen=True, slots=True)
class Link:
    """A network interface as the kernel reports it."""

    index: int
    name: str
    up: bool  # administratively up with carrier
    mtu: int = 1500
    admin_up: bool = True
    loopback: bool = False
    multicast: bool = True
    broadcast: bool = True
    point_to_point: bool = False
    mac: bytes = b""
    master: int = 0


AddressKey: TypeAlias = tuple[Address, int, Address | None]


@dataclass(frozen=True, slots=True)
class LinkAddress:
    """An address of an interface."""

    ifindex: int
    address: Address
    length: int
    tentative: bool = False  # duplicate address detection still runs, or it failed
    opposite: Address | None = None  # the other end of a point-to-point link
    secondary: bool = False

    @property
    def key(self) -> AddressKey:
        """Identifies it on its interface, where one address may exist with two prefix lengths."""
        return self.address, self.length, self.opposite

    @property
    def prefix(self) -> Prefix:
        """The network on the link; on a point-to-point link, that of the other end's address."""
        on_link = self.address if self.opposite is None else self.opposite
        return Prefix(on_link.masked(self.length), self.length)


@dataclass(frozen=True, slots=True)
class KernelRoute:
    """A route in the kernel's table, in its words."""

    prefix: Prefix
    table: int
    dest: Dest
    nexthops: tuple[NextHop, ...] = ()
    metric: int = 32
    protocol: int = 12  # RTPROT_BIRD
    prefsrc: Address | None = None
    source: int = 0
    attributes: tuple[tuple[str, object], ...] = ()


class KernelEvents(Protocol):
    """Gets the kernel's changes."""

    def link_changed(self, link: Link) -> None: ...
    def link_removed(self, index: int) -> None: ...
    def address_changed(self, address: LinkAddress) -> None: ...
    def address_removed(self, address: LinkAddress) -> None: ...
    def route_changed(self, route: KernelRoute, removed: bool) -> None: ...
    def overflow(self) -> None:
        """Events were lost: read everything again."""


class Kernel(Protocol):
    """Links, addresses and the forwarding table."""

    def links(self) -> list[Link]:
        """All interfaces.

        Raises:
            InterruptedError: they change too fast for one consistent read.
        """

    def addresses(self) -> list[LinkAddress]:
        """All addresses of all interfaces; raises as `links` does."""

    def watch(self, events: KernelEvents) -> None:
        """Report changes to `events`, too, from now on."""

    def unwatch(self, events: KernelEvents) -> None: ...

    def set_event_buffer(self, octets: int) -> None:
        """Make the buffer for unread events at least this large."""

    def routes(self, v4: bool, table: int, protocol: int | None = None) -> Iterable[KernelRoute]:
        """The routes of one kernel table, of one protocol or of all; may be read in slices.

        Routes that change meanwhile may be missing or outdated. Raises
        InterruptedError at the end if others may be missing, too; other OSErrors
        at any time.
        """

    def change_routes(
        self,
        replace: Iterable[KernelRoute],
        delete: Iterable[KernelRoute],
        add: Iterable[KernelRoute] = (),
    ) -> list[tuple[KernelRoute, str]]:
        """Apply deletions, then additions, then replacements; returns (route, reason) for each one refused.

        The reasons are the kernel's. A route to `add` is refused if another
        route has its prefix, table and metric, so that alien routes are never
        overwritten. `replace` is for routes that are known to be our own.
        Deleting a missing route is no error, and only a route of the same
        protocol is deleted.
        """

    def claim(self, v4: bool, table: int, metric: int) -> str | None:
        """Claim the right to write routes of this metric to a table, until `release`.

        Returns None, or for people the reason why not: another daemon has the
        claim, or we may not change routes at all.
        """

    def release(self, v4: bool, table: int, metric: int) -> None:
        """Give the claim up."""

    def setting(self, name: str) -> str | None:
        """A sysctl value such as `net.ipv6.conf.eth0.forwarding`; None when unknown."""


# ---------------------------------------------------------------- files


class FileError(Exception):
    """A file cannot be read or written; `reason` is the system's text, such as "Permission denied"."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class FileTask(Protocol):
    """A file that is being read or written in the background."""

    def cancel(self) -> None:
        """Drop the task: no callback follows. The file is written completely, or not at all."""


class FileWatch(Protocol):
    """A watch on a file, until it is closed."""

    def close(self) -> None:
        """Stop watching. No callback follows."""


class Output(Protocol):
    """A file that is written piece by piece. After a crash only a part of it may be left."""

    def write(self, data: bytes) -> None:
        """Append octets; blocks until the system has them, so write only a few per call.

        Raises:
            FileError: the disk is full or failed; a part may have been written.
        """

    def close(self) -> None:
        """Close the file; harmless if it is closed already.

        Raises:
            FileError: some of what was written is lost.
        """


class Files(Protocol):
    """Regular files of the machine; relative paths begin in the working folder.

    Whole files are read and written in the background, in the order of the
    calls. FileError is the only error that is raised or passed to a callback.
    """

    def read(self, path: str, limit: int, done: Callable[[bytes | FileError], None]) -> FileTask:
        """Read a whole file of at most `limit` octets; a larger one is an error ("File too large")."""

    def write(self, path: str, data: bytes, mode: int, done: Callable[[FileError | None], None]) -> FileTask:
        """Replace the file's content atomically.

        A reader sees the old content or the new one, also after a crash; once
        `done` was called with None, the new one. If the path is a symbolic link,
        the link itself is replaced. A crash may leave a file `.pybird-...` next to it.
        """

    def create(self, path: str, mode: int) -> Output:
        """Create and open a file. Raises FileError, also if it exists already ("File exists")."""

    def append(self, path: str, mode: int) -> Output:
        """Open a file for appending; a new file gets this mode. Raises FileError."""

    def watch(self, path: str, changed: Callable[[], None]) -> FileWatch:
        """Call when the file has changed, appeared or vanished, once it was unchanged for a second.

        A file that changes more often is reported some 5 s after its first change.
        Start watching before you read the file: then no change is missed.
        """


class Liveness(Protocol):
    """Fast failure detection (BFD), asked for without naming it."""

    def request(self, remote: Address, ifindex: int, changed: Callable[[bool], None]) -> object: ...
    def release(self, session: object) -> None: ...


class Log(Protocol):
    """Takes log messages, in BIRD's classes."""

    def write(self, level: str, text: str) -> None:
        """`level` is one of debug trace info remote warning error auth fatal bug."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything a router is given; it has no other access to the outside."""

    clock: Clock
    network: Network
    kernel: Kernel
    log: Log
    random: Random
    files: Files
