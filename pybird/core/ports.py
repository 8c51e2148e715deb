"""What the router needs from the world, as typing protocols.

`io` implements them on asyncio, sockets, netlink and files; `sim` on virtual time,
a simulated network and simulated disks. The same protocol code runs on both. Rules that keep both
worlds equal: no port calls back from within the call that was made on it
(`write`, `close`, `connect`, `send`, `read`, `watch` return first); callbacks come one
at a time on the router's thread; times are seconds on the clock's monotonic
scale; a timer never fires before its time.
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
        """Forget the call; harmless when it ran already."""


class Clock(Protocol):
    """Time and deferred calls."""

    def now(self) -> float:
        """Seconds on a monotonic scale; constant while one callback runs."""

    def wall(self) -> float:
        """Seconds since the epoch that belong to `now()`, for people to read."""

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call once, at `when` or soon after."""

    def call_soon(self, callback: Callable[[], None]) -> Timer:
        """Call once, after what runs now and what waits already."""


# -------------------------------------------------------------- streams


class StreamHandler(Protocol):
    """Who owns a stream and hears of it."""

    def connected(self, stream: Stream) -> None:
        """The outgoing connection is up (not called on accepted streams)."""

    def received(self, data: bytes) -> None:
        """Octets came, at most 64 KiB at once."""

    def closed(self, error: str | None) -> None:
        """The stream is gone: last call. `error` is None for the peer's FIN.

        Also called when an outgoing connection fails ("Connection refused").
        Not called after our own `close` or `abort`.
        """

    def writable(self) -> None:
        """What was buffered has drained below the low mark again."""


class Stream(Protocol):
    """One TCP or Unix stream connection."""

    local: tuple[Address, int]
    remote: tuple[Address, int]
    ifindex: int  # interface of a link-local connection, else 0

    def set_handler(self, handler: StreamHandler) -> None:
        """Hand the stream over. An accepted stream delivers nothing before this."""

    def set_hop_limits(self, ttl: int | None, min_ttl: int | None) -> None:
        """Set the hop limit of an accepted stream and the least to accept (RFC 5082).

        None leaves what the listening socket has.
        """

    def set_patience(self, seconds: float) -> None:
        """Try every few seconds, for this long, while nothing is acknowledged.

        Left alone a system waits twice as long after each try, up to minutes:
        a path that heals would not be noticed.
        """

    def probe(self) -> None:
        """Ask the other host now whether it knows this connection.

        One that lost its memory answers with a reset. Octets that were sent
        and not acknowledged do not hold this up, as they do what is written.
        """

    def write(self, data: bytes) -> None:
        """Send; what the socket does not take at once is buffered."""

    @property
    def buffered(self) -> int:
        """Octets written and not yet taken by the socket."""

    @property
    def unread(self) -> int:
        """Octets that arrived and were not given to the handler yet."""

    def close(self) -> None:
        """Send what is buffered, then close. No callback follows."""

    def abort(self) -> None:
        """Reset the connection. No callback follows."""


class Listener(Protocol):
    """An open listening socket."""

    def close(self) -> None:
        """Stop listening."""

    def set_md5(self, peer: Prefix, password: str | None) -> None:
        """Require (or with None, forget) TCP-MD5 for peers inside the prefix (RFC 2385).

        There is one key for each prefix, whatever the interface.
        """


@dataclass(frozen=True, slots=True)
class TcpOptions:
    """Socket options of an outgoing connection or a listener."""

    ttl: int | None = None  # outgoing hop limit
    min_ttl: int | None = None  # drop packets that arrive with less (RFC 5082)
    password: str | None = field(default=None, repr=False)  # TCP-MD5 towards the remote address
    vrf: str | None = None
    free_bind: bool = False
    dscp: int = 48  # CS6


class Datagrams(Protocol):
    """An open datagram or raw socket."""

    def send(self, data: bytes, to: Address) -> None:
        """Send one packet out of the socket's interface. Errors are swallowed and logged once."""

    def close(self) -> None:
        """No callback follows."""


@dataclass(frozen=True, slots=True)
class Icmp6Packet:
    """A received ICMPv6 message, from its type octet on."""

    data: bytes
    source: Address
    destination: Address
    hop_limit: int


class SignatureFailures(NamedTuple):
    """TCP segments that the system dropped because of their MD5 signature, whoever sent them."""

    wrong: int = 0  # another password
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
        """Listen for TCP; `address` None means all of both families.

        A peer that the caller does not want is refused by `stream.abort()`.
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
        """Begin a TCP connection; the handler hears `connected` or `closed`."""

    def icmp6(
        self, ifindex: int, types: tuple[int, ...], received: Callable[[Icmp6Packet], None]
    ) -> Datagrams:
        """A raw ICMPv6 socket on one interface, hearing these message types.

        It has joined ff02::1 and ff02::2, sends with hop limit 255 from the
        interface's link-local address, does not hear itself, and the kernel
        fills in the checksum.
        """

    def signature_failures(self) -> SignatureFailures | None:
        """Counts since the system started; None when it does not say."""


# --------------------------------------------------------------- kernel


@dataclass(frozen=True, slots=True)
class Link:
    """A network interface as the kernel tells of it."""

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
        """What tells it from others of its interface: one address may be there with two lengths."""
        return self.address, self.length, self.opposite

    @property
    def prefix(self) -> Prefix:
        """The network that is on the link; of a point-to-point link, the other end's."""
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
    """Who hears of the kernel's changes."""

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
            InterruptedError: they change faster than they can be read whole.
        """

    def addresses(self) -> list[LinkAddress]:
        """All addresses of all interfaces; raises as `links` does."""

    def watch(self, events: KernelEvents) -> None:
        """Deliver changes from now on to these events too."""

    def unwatch(self, events: KernelEvents) -> None: ...

    def set_event_buffer(self, octets: int) -> None:
        """Room for events that wait to be read; at least this, from now on."""

    def routes(self, v4: bool, table: int, protocol: int | None = None) -> Iterable[KernelRoute]:
        """The routes of one table, of all protocols or of one; may be read in slices.

        Routes changed meanwhile may be missing or old. Raises InterruptedError
        at the end when others may be missing too; other OSErrors at any time.
        """

    def change_routes(
        self,
        replace: Iterable[KernelRoute],
        delete: Iterable[KernelRoute],
        add: Iterable[KernelRoute] = (),
    ) -> list[tuple[KernelRoute, str]]:
        """Apply in one go: deletions, then additions, then replacements.

        Returns those refused, with the kernel's reason. A route to `add` is
        refused when another route has its prefix, table and metric: so alien
        routes are never overwritten. `replace` is for routes that are known to be
        our own. Deleting a route that is not there is no error, and only a route
        of the same protocol is deleted.
        """

    def claim(self, v4: bool, table: int, metric: int) -> str | None:
        """Become the one who writes routes of this metric to a table, until `release`.

        Returns why that is not possible now, for people: another daemon does
        it, or we may not change routes at all.
        """

    def release(self, v4: bool, table: int, metric: int) -> None:
        """Let others have it."""

    def setting(self, name: str) -> str | None:
        """A sysctl value such as `net.ipv6.conf.eth0.forwarding`; None when unknown."""


# ---------------------------------------------------------------- files


class FileError(Exception):
    """A file cannot be read or written; `reason` is the system's, for people: "Permission denied"."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class FileTask(Protocol):
    """A file that is being read or written, beside the router's own work."""

    def cancel(self) -> None:
        """Forget it: no callback follows. What was to be written is there as a whole, or not at all."""


class FileWatch(Protocol):
    """Looks at a file until it is closed."""

    def close(self) -> None:
        """No callback follows."""


class Output(Protocol):
    """A file that is written piece by piece. Only a part may be left of it after a crash."""

    def write(self, data: bytes) -> None:
        """Add octets; it takes as long as the system needs for them, so not many at once.

        Raises:
            FileError: there is no room; a part of them may have been written.
        """

    def close(self) -> None:
        """Finish; harmless when that was done already.

        Raises:
            FileError: some of what was written is lost.
        """


class Files(Protocol):
    """Regular files of the machine; relative paths begin in the working folder.

    Reading and writing whole files goes on beside the router's work, in the
    order in which it was asked for. Only FileError is raised or told.
    """

    def read(self, path: str, limit: int, done: Callable[[bytes | FileError], None]) -> FileTask:
        """Read a whole file of at most `limit` octets; a larger one is a problem ("File too large")."""

    def write(self, path: str, data: bytes, mode: int, done: Callable[[FileError | None], None]) -> FileTask:
        """Put this content in the place of what is there.

        Whoever reads the file sees the old content or the new one, and so it is
        after a crash; once `done` hears None, the new one. A symbolic link there
        is replaced itself. A crash may leave a file `.pybird-...` beside it.
        """

    def create(self, path: str, mode: int) -> Output:
        """Open a file that is not there yet ("File exists"). Raises FileError."""

    def append(self, path: str, mode: int) -> Output:
        """Open a file to go on behind its end; a new one gets this mode. Raises FileError."""

    def watch(self, path: str, changed: Callable[[], None]) -> FileWatch:
        """Call when the file has changed, appeared or vanished, once it has rested for a second.

        Whoever watches first and reads then misses no change.
        """


class Liveness(Protocol):
    """Fast failure detection (BFD), asked for without naming it."""

    def request(self, remote: Address, ifindex: int, changed: Callable[[bool], None]) -> object: ...
    def release(self, session: object) -> None: ...


class Log(Protocol):
    """Where messages go, in BIRD's classes."""

    def write(self, level: str, text: str) -> None:
        """`level` is one of debug trace info remote warning error auth fatal bug."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything a router is given; it has no other way to the world."""

    clock: Clock
    network: Network
    kernel: Kernel
    log: Log
    random: Random
    files: Files
