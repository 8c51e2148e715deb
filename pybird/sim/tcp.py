"""Simulated TCP: reliable, ordered, with the failures that routers meet.

A connection is two `Endpoint`s. Octets travel in one queue per direction; each
portion arrives the path's latency after it was sent. If the path is broken at
that moment, the portion is sent again with doubling timeouts; after 15 tries (or
when the stream's patience ends) the connection fails with "Connection timed
out", as on Linux. An end notices a broken path in no other way. A host that has
lost power and is back answers with a reset. Opening takes a full handshake:
`connected` is called on the connecting end after a round trip.
"""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any, Final, NamedTuple, Protocol

from pybird.core.ports import AoKey, AoState, SignatureFailures, Stream, StreamHandler, TcpOptions
from pybird.sim.clock import SimClock
from pybird.sim.faults import Fault, FaultKind, Lags
from pybird.sim.link import Nic
from pybird.sim.process import Process
from pybird.sim.trace import EventHash
from pybird.values.address import UNSPECIFIED_V4, UNSPECIFIED_V6, Address
from pybird.values.net import Prefix

CHUNK: Final = 65536  # octets given to a handler at once
WINDOW: Final = 262144  # octets sent and not yet read by the peer
LOW_MARK: Final = 65536
FIRST_RTO: Final = 0.2
LONGEST_RTO: Final = 120.0
BOUNDED_RTO: Final = 5.0  # of a stream with a patience, on kernels that support the bound
RETRIES: Final = 15
SYN_RETRIES: Final = 6
DEFAULT_TTL: Final = 64

REFUSED: Final = "Connection refused"
RESET: Final = "Connection reset by peer"
TIMED_OUT: Final = "Connection timed out"
NO_ROUTE: Final = "No route to host"


def os_error(code: int) -> OSError:
    """The error that the system call would raise."""
    return OSError(code, os.strerror(code))


class Path(NamedTuple):
    """The path of packets to an address."""

    host: TcpMachine
    nic: Nic[Any]
    hops: int  # links crossed
    latency: float  # seconds


class TcpMachine(Protocol):
    """What TCP needs of its host and of other hosts."""

    name: str
    clock: SimClock
    trace: EventHash
    random: Random
    process: Process
    powered: bool
    fragment: bool  # deliver octets in random portions
    read_rate: float | None  # octets per second that the program reads

    @property
    def tcp(self) -> Tcp:
        """Its TCP."""

    @property
    def nics(self) -> Mapping[int, Nic[Any]]:
        """Its interfaces by index."""

    def vrf_of(self, index: int) -> str | None:
        """The VRF that an interface is in; None if it is in none."""

    def owns(self, address: Address) -> bool:
        """Whether this is an address of one of our interfaces, and the host is on."""

    def path(self, remote: Address, ifindex: int = 0) -> Path | None:
        """The path that packets take; None if they do not arrive."""

    def forward(self, remote: Address) -> tuple[Nic[Any], Address] | None:
        """(interface, next hop) towards a global address; None if there is no route."""

    def loses(self, path: Path) -> bool:
        """Whether one packet is lost, at random."""


class SimulatedTcpListener:
    """A listening socket."""

    def __init__(
        self,
        tcp: Tcp,
        address: Address | None,
        port: int,
        ifindex: int,
        accepted: Callable[[Stream], None],
        options: TcpOptions,
    ) -> None:
        self.address = address
        self.port = port
        self.ifindex = ifindex
        self.accepted = accepted
        self.options = options
        self.ao: dict[Address, list[AoKey]] = {}
        self._tcp = tcp
        self._keys: dict[Prefix, str] = {}

    def close(self) -> None:
        """Stop listening."""
        self._tcp.listeners = [item for item in self._tcp.listeners if item is not self]

    def set_md5(self, peer: Prefix, password: str | None) -> None:
        """Require TCP-MD5 of peers inside the prefix, or with `password` None no longer require it."""
        if password is None:
            self._keys.pop(peer, None)
        else:
            self._keys[peer] = password

    def add_ao(self, peer: Address, key: AoKey) -> None:
        """Require TCP-AO of a peer, if this kernel can."""
        self._tcp.check_ao()
        self.ao.setdefault(peer, []).append(key)

    def remove_ao(self, peer: Address, key: AoKey) -> None:
        """Remove a TCP-AO key."""
        self._tcp.check_ao()
        left = [each for each in self.ao[peer] if each != key]
        if left:
            self.ao[peer] = left
        else:
            del self.ao[peer]

    def password(self, peer: Address) -> str | None:
        """The key for a peer: that of the longest prefix; None if there is no key."""
        found = [(prefix.length, word) for prefix, word in self._keys.items() if prefix.contains(peer)]
        return max(found)[1] if found else None

    def matches(self, address: Address, port: int, ifindex: int) -> bool:
        """Whether a connection to this address, port and interface is for this listener."""
        return (
            self.port == port
            and self.ifindex in (0, ifindex)
            and self.options.vrf == self._tcp.vrf_of(ifindex)
            and (self.address is None or self.address in (address, UNSPECIFIED_V4, UNSPECIFIED_V6))
        )

    def precision(self) -> tuple[bool, bool]:
        """A sort key: of several listeners that match, the most exact one gets the connection."""
        return (self.address is not None, self.ifindex != 0)


def _ao_agrees(keys: list[AoKey], client: Endpoint) -> bool:
    """Whether the key that a SYN is signed with is one of these, or neither side has any."""
    if not keys and not client.keys:
        return True
    return len(client.keys) > 0 and any(_same_ao(key, client.keys[0]) for key in keys)


def _same_ao(ours: AoKey, theirs: AoKey) -> bool:
    """Whether what one side sends with its key the other verifies with its own."""
    ids = (ours.send_id, ours.recv_id) == (theirs.recv_id, theirs.send_id)
    return ids and (ours.algorithm, ours.secret) == (theirs.algorithm, theirs.secret)


class SimulatedKeys:
    """The TCP-AO keys of one side of a connection."""

    def __init__(self, keys: list[AoKey]) -> None:
        self._keys = keys

    @property
    def state(self) -> AoState:
        """The keys in use."""
        return AoState(self._keys[0].send_id, self._keys[0].recv_id, 0, 0)

    def add(self, key: AoKey) -> None:
        """Add a key."""
        self._keys.append(key)

    def remove(self, key: AoKey, current: AoKey | None, following: AoKey | None) -> None:
        """Remove a key; one in use only where another takes its place."""
        if self._keys[0] == key and (current is None or following is None):
            raise OSError(errno.EBUSY, "Device or resource busy")
        self._keys.remove(key)
        if following is not None:
            self.request(following)

    def request(self, key: AoKey) -> None:
        """Sign with this key from now on: the other side does at once."""
        self._keys.remove(key)
        self._keys.insert(0, key)


class Endpoint:
    """One side of a connection; the router's `Stream`."""

    def __init__(
        self,
        host: TcpMachine,
        local: tuple[Address, int],
        remote: tuple[Address, int],
        ifindex: int,
        options: TcpOptions,
    ) -> None:
        self.host = host
        self.process: Process = host.process
        self.local = local
        self.remote = remote
        self.ifindex = ifindex
        self.options = options
        self.peer: Endpoint | None = None
        self.handler: StreamHandler | None = None
        self.state = "connecting"  # connecting, open, closing (ours closed, octets left), closed
        self.error: str | None = None
        self.keys = list(options.ao)  # the first one signs, and is asked for
        self.ended = False  # after the inbox, the peer's FIN or a failure is to be reported
        self.inbox = bytearray()
        self.unsent = bytearray()
        self.in_flight = 0
        self.received_total = 0
        self.fault: Fault | None = None
        self.lag = 0.0  # extra latency in seconds of what is sent here
        self._deaf = False  # an injected fault: nothing arrives any more
        self._flight: deque[tuple[float, bytes | None]] = deque()  # None: FIN
        self._arrival = 0.0
        self._rto = FIRST_RTO
        self._failures = 0
        self._patience: float | None = None
        self._stuck_since: float | None = None
        self._sending = False
        self._draining = False
        self._full = False

    # the port -----------------------------------------------------------

    def set_handler(self, handler: StreamHandler) -> None:
        """Set the handler, and deliver what has already arrived to it."""
        self.handler = handler
        self._drain_soon()

    def set_hop_limits(self, ttl: int | None, min_ttl: int | None) -> None:
        """Set the hop limits of an accepted stream."""
        self.options = replace(self.options, ttl=ttl, min_ttl=min_ttl)

    def set_patience(self, seconds: float) -> None:
        """Bound the retransmission timeout, if this kernel can."""
        self._patience = seconds

    def probe(self) -> None:
        """Send a packet now: a host that does not know the connection answers with a reset."""
        path, peer = self._path(), self.peer
        if path is None or peer is None or self.state == "closed":
            return
        if path.host is not peer.host or peer.state in ("closed", "closing"):
            clock = self.host.clock
            clock.call_at(clock.now() + 2 * path.latency, self._got_reset)

    @property
    def ao(self) -> SimulatedKeys | None:
        """Its TCP-AO keys; None if it is not authenticated with TCP-AO."""
        return SimulatedKeys(self.keys) if self.keys else None

    @property
    def buffered(self) -> int:
        """Octets that the window has no room for yet."""
        return len(self.unsent)

    @property
    def unread(self) -> int:
        """Octets that arrived and were not passed to the program yet."""
        return len(self.inbox)

    def write(self, data: bytes) -> None:
        """Send what the window has room for, and buffer the rest."""
        if self.state in ("connecting", "open"):
            self.unsent += data
            self._push()

    def close(self) -> None:
        """Send what is buffered, then a FIN."""
        self.handler = None
        if self.state == "connecting":
            self.state = "closed"
        elif self.state == "open":
            self.state = "closing"
            self._push()

    def abort(self) -> None:
        """Reset the connection."""
        self.handler = None
        was, self.state = self.state, "closed"
        if was in ("open", "closing"):
            self._send_reset()

    def part(self) -> None:
        """Break the reference cycle of the two ends once both are closed, so that they are freed."""
        peer = self.peer
        if peer is not None and self.state == peer.state == "closed":
            self.peer = peer.peer = None

    # sending ------------------------------------------------------------

    def _path(self) -> Path | None:
        return self.host.path(self.remote[0], self.ifindex)

    def _push(self) -> None:
        peer = self.peer
        if peer is None or self.state not in ("open", "closing"):
            return
        room = WINDOW - self.in_flight - len(peer.inbox)
        if self.unsent and room > 0:
            data = bytes(self.unsent[:room])
            del self.unsent[:room]
            self._launch(data)
        if len(self.unsent) > LOW_MARK:
            self._full = True
        elif self._full:
            self._full = False
            self.process.call_soon(self._tell_writable)
        if self.state == "closing" and not self.unsent and not self._fin_sent():
            self._launch(None)

    def _fin_sent(self) -> bool:
        return bool(self._flight) and self._flight[-1][1] is None

    def _tell_writable(self) -> None:
        if self.state == "open" and self.handler is not None:
            self.handler.writable()

    def _launch(self, data: bytes | None) -> None:
        path = self._path()
        clock = self.host.clock
        latency = path.latency + self.lag if path else FIRST_RTO
        self._arrival = max(self._arrival, clock.now() + latency)
        self._flight.append((self._arrival, data))
        self.in_flight += len(data or b"")
        if not self._sending:
            self._sending = True
            clock.call_at(self._arrival, self._arrive)

    def _arrive(self) -> None:
        """Deliver the first portion in flight to the other end, or schedule it again if it is lost."""
        self._sending = False
        peer = self.peer
        if peer is None or not self._flight or self.state == "closed":
            return
        clock = self.host.clock
        path = self._path()
        if path is None or self.host.loses(path):
            self._retry()
            return
        self._rto, self._failures, self._stuck_since = FIRST_RTO, 0, None
        if path.host is not peer.host or peer.state in ("closed", "closing"):
            clock.call_at(clock.now() + path.latency, self._got_reset)
            return
        while self._flight and self._flight[0][0] <= clock.now():
            data = self._flight.popleft()[1]
            self.in_flight -= len(data or b"")
            peer.receive(data)
        if self._flight:
            self._sending = True
            clock.call_at(self._flight[0][0], self._arrive)
        elif self.state == "closing" and not self.unsent:
            self.state = "closed"

    def _retry(self) -> None:
        clock = self.host.clock
        if self._stuck_since is None:
            self._stuck_since = clock.now()
        self._failures += 1
        if self._gives_up(clock.now() - self._stuck_since):
            self.fail(TIMED_OUT)
            return
        self._sending = True
        self._arrival = clock.now() + self._rto
        clock.call_at(self._arrival, self._arrive)
        bounded = self._patience is not None and self.host.tcp.bounds_rto
        self._rto = min(self._rto * 2, BOUNDED_RTO if bounded else LONGEST_RTO)

    def _gives_up(self, silence: float) -> bool:
        if self._patience is not None:
            return silence > self._patience
        return self._failures > RETRIES

    def _got_reset(self) -> None:
        self.fail(RESET)

    def _send_reset(self) -> None:
        path, peer = self._path(), self.peer
        if path is not None and peer is not None and path.host is peer.host:
            clock = self.host.clock
            clock.call_at(clock.now() + path.latency, lambda: peer.fail(RESET))

    # receiving ----------------------------------------------------------

    def receive(self, data: bytes | None) -> None:
        """Octets or the FIN (None) arrived at our socket."""
        host = self.host
        note = "fin" if data is None else data.hex()
        host.trace.record(
            host.clock.now(), host.name, "tcp", f"{self.remote[0]}:{self.remote[1]}", self.local[1], note
        )
        if self._deaf or self.ended:  # what was on its way when the connection broke
            return
        if data is None:
            self.ended = True
        else:
            self.inbox += data
            self.received_total += len(data)
            if self.fault is not None and self.received_total >= self.fault.at:
                self._inject(self.fault)
        self._drain_soon()

    def _inject(self, fault: Fault) -> None:
        """Carry out an injected fault; octets after it are lost."""
        self.fault = None
        del self.inbox[len(self.inbox) - (self.received_total - fault.at) :]
        if fault.kind is FaultKind.STALL:
            self._deaf = True
            return
        error = RESET if fault.kind is FaultKind.RESET else None
        self.ended, self.error = True, error
        if self.peer is not None:
            self.peer.fail(error)

    def _drain_soon(self) -> None:
        if not self._draining and self.handler is not None and (self.inbox or self.ended):
            self._draining = True
            clock, rate = self.host.clock, self.host.read_rate
            delay = min(len(self.inbox), CHUNK) / rate if rate else 0.0
            clock.call_at(clock.now() + delay, lambda: self.process.run(self._drain))

    def _drain(self) -> None:
        """Pass one portion to the program; the rest follows on its next turn."""
        self._draining = False
        handler = self.handler
        if handler is None or self.state not in ("open", "connecting"):
            return
        if self.inbox:
            size = min(len(self.inbox), CHUNK)
            if self.host.fragment:
                size = self.host.random.randint(1, size)
            data = bytes(self.inbox[:size])
            del self.inbox[:size]
            handler.received(data)
            self._open_window()
        elif self.ended:
            self.state, self.handler = "closed", None
            handler.closed(self.error)
            return
        self._drain_soon()

    def _open_window(self) -> None:
        peer = self.peer
        if peer is not None and (peer.unsent or peer.state == "closing"):
            path = self._path()
            clock = self.host.clock
            clock.call_at(clock.now() + (path.latency if path else FIRST_RTO), peer._push)

    def fail(self, error: str | None) -> None:
        """End the connection with this error; octets that have arrived can still be read."""
        if self.state == "closed":
            return
        if self.state == "closing":
            self.state = "closed"
            return
        self.ended, self.error = True, error
        self._flight.clear()
        if self.handler is not None and not self.inbox and not self._draining:
            self._draining = True
            self.host.clock.call_soon(lambda: self.process.run(self._drain))

    def opened(self, peer: Endpoint) -> None:
        """The handshake is done on this side."""
        self.peer = peer
        self.state = "open"

    def forget(self) -> None:
        """Forget the connection, as the machine lost power: the peer will get a reset."""
        self.state = "closed"
        self._flight.clear()


class Tcp:
    """The TCP of one host."""

    def __init__(self, host: TcpMachine) -> None:
        self._host = host
        self._next_port = 32768
        self.listeners: list[SimulatedTcpListener] = []
        self.endpoints: list[Endpoint] = []
        self._sweep_at = 16
        self.faults: deque[Fault] = deque()  # of the next connections, one each
        self.lags = Lags()  # of new connections
        self.signature_failures = SignatureFailures()
        self.bounds_rto = True  # Linux 6.15 and later
        self.has_ao = True  # Linux 6.7 and later, where it is built with it

    def vrf_of(self, ifindex: int) -> str | None:
        """The VRF whose sockets get the packets of this interface; None: those of no VRF."""
        return self._host.vrf_of(ifindex)

    def listen(
        self,
        address: Address | None,
        port: int,
        ifindex: int,
        accepted: Callable[[Stream], None],
        options: TcpOptions,
    ) -> SimulatedTcpListener:
        """Open a listening socket.

        Raises:
            OSError: the VRF does not exist, the address is not ours, or the port is in use.
        """
        self._check_vrf(options)
        if address is not None and not address.is_unspecified and not options.free_bind:
            self._check_local(address, ifindex)
        taken = (address, port, ifindex, options.vrf)
        if any((item.address, item.port, item.ifindex, item.options.vrf) == taken for item in self.listeners):
            raise os_error(errno.EADDRINUSE)
        listener = SimulatedTcpListener(self, address, port, ifindex, accepted, options)
        self.listeners.append(listener)
        return listener

    def connect(
        self,
        local: Address | None,
        remote: Address,
        port: int,
        ifindex: int,
        handler: StreamHandler,
        options: TcpOptions,
    ) -> Endpoint:
        """Begin a connection.

        Raises:
            OSError: no such interface, VRF or source address, or no route.
        """
        self._check_vrf(options)
        if options.ao:
            self.check_ao()
        local = self._source(local, remote, ifindex, options)
        self._next_port = 32768 if self._next_port >= 60999 else self._next_port + 1
        index = ifindex if remote.is_link_local else 0
        endpoint = Endpoint(self._host, (local, self._next_port), (remote, port), index, options)
        endpoint.handler = handler
        endpoint.fault, endpoint.lag = self._next_fault(), self.lags.connected
        self._keep(endpoint)
        self._syn(endpoint, 0, 1.0)
        return endpoint

    def check_ao(self) -> None:
        """Raises OSError: this kernel has no TCP-AO."""
        if not self.has_ao:
            raise OSError(errno.ENOPROTOOPT, "Kernel does not support TCP-AO signatures")

    def _check_vrf(self, options: TcpOptions) -> None:
        if options.vrf is not None and all(nic.name != options.vrf for nic in self._host.nics.values()):
            raise os_error(errno.ENODEV)

    def _check_local(self, address: Address, ifindex: int) -> None:
        nics = self._host.nics
        where = [nics[ifindex]] if ifindex in nics else list(nics.values())
        if not any(nic.answers(address) for nic in where):
            raise os_error(errno.EADDRNOTAVAIL)

    def _source(self, local: Address | None, remote: Address, ifindex: int, options: TcpOptions) -> Address:
        host = self._host
        if remote.is_link_local:
            nic = host.nics.get(ifindex)
            if nic is None:
                raise os_error(errno.ENODEV if ifindex else errno.EINVAL)
            if not nic.admin_up:
                raise os_error(errno.ENETUNREACH)
            found = local or nic.link_local()
            if found is None:
                raise os_error(errno.EADDRNOTAVAIL)
            self._check_local(found, ifindex)
            return found
        if local is not None and not options.free_bind:
            self._check_local(local, 0)
        step = (host.nics[1], remote) if host.owns(remote) else host.forward(remote)
        if step is None:
            raise os_error(errno.ENETUNREACH)
        return local or self._address_towards(remote, *step)

    def _address_towards(self, remote: Address, nic: object, gateway: Address) -> Address:
        host = self._host
        if host.owns(remote):
            return remote
        same = [a for n in host.nics.values() for a in n.addresses.values()]
        fit = [a for a in same if a.address.is_v4 is remote.is_v4 and not a.address.is_link_local]
        fit = [a for a in fit if not a.tentative and not a.address.is_loopback]
        on_link = [a for a in fit if a.prefix.contains(gateway)]
        if not fit:
            raise os_error(errno.EADDRNOTAVAIL)
        return (on_link or fit)[0].address

    def _next_fault(self) -> Fault | None:
        return self.faults.popleft() if self.faults else None

    # the handshake ------------------------------------------------------

    def _syn(self, endpoint: Endpoint, tries: int, wait: float) -> None:
        """Send a SYN, and another one later if there is no answer."""
        if endpoint.state != "connecting":
            return
        host, clock = self._host, self._host.clock
        path = host.path(endpoint.remote[0], endpoint.ifindex)
        if path is not None and (endpoint.options.ttl or DEFAULT_TTL) >= path.hops and not host.loses(path):
            clock.call_at(clock.now() + path.latency, lambda: path.host.tcp.got_syn(endpoint, path))
        elif path is None and tries == 2:  # neighbor discovery gave up after 3 s
            self._refuse(endpoint, NO_ROUTE)
            return
        if tries == SYN_RETRIES:
            clock.call_at(clock.now() + wait, lambda: self._refuse(endpoint, TIMED_OUT))
        else:
            clock.call_at(clock.now() + wait, lambda: self._syn(endpoint, tries + 1, wait * 2))

    def _refuse(self, endpoint: Endpoint, error: str) -> None:
        if endpoint.state != "connecting":
            return
        endpoint.state = "closed"
        handler, endpoint.handler = endpoint.handler, None
        if handler is not None:
            endpoint.process.run(lambda: handler.closed(error))

    def got_syn(self, client: Endpoint, path: Path) -> None:
        """A SYN reached this host."""
        host, clock = self._host, self._host.clock
        if client.state != "connecting" or client.peer is not None or not host.powered:
            return
        back = host.path(client.local[0], path.nic.index)
        if back is None or back.host is not client.host:
            return
        index = path.nic.index if client.remote[0].is_link_local else 0
        found = [
            item
            for item in self.listeners
            if item.matches(client.remote[0], client.remote[1], path.nic.index)
        ]
        if not found:
            if client.options.password is None:
                clock.call_at(clock.now() + back.latency, lambda: client.host.tcp._refuse(client, REFUSED))
            return
        listener = max(found, key=SimulatedTcpListener.precision)
        keys = listener.ao.get(client.local[0], [])
        if not self._admits(listener, client, path, back) or not _ao_agrees(keys, client):
            return
        server = Endpoint(host, client.remote, client.local, index, listener.options)
        server.keys = list(keys)
        server.fault, server.lag = self._next_fault(), self.lags.accepted
        self._keep(server)
        client.peer = server
        server.opened(client)
        clock.call_at(
            clock.now() + back.latency,
            lambda: client.host.tcp.got_syn_ack(client, listener, server, path.latency),
        )

    def _admits(self, listener: SimulatedTcpListener, client: Endpoint, path: Path, back: Path) -> bool:
        """Whether MD5 keys agree and hop limits suffice; if not, the SYN gets no answer."""
        wanted, given = listener.password(client.local[0]), client.options.password
        if wanted != given:
            self._count_signature(wanted, given)
            return False
        there = (client.options.ttl or DEFAULT_TTL) - path.hops + 1
        answer = listener.options.ttl or DEFAULT_TTL
        return (
            there >= (listener.options.min_ttl or 0)
            and answer >= back.hops
            and answer - back.hops + 1 >= (client.options.min_ttl or 0)
        )

    def _count_signature(self, wanted: str | None, given: str | None) -> None:
        wrong, missing, unexpected = self.signature_failures
        if wanted is None:
            unexpected += 1
        elif given is None:
            missing += 1
        else:
            wrong += 1
        self.signature_failures = SignatureFailures(wrong, missing, unexpected)

    def got_syn_ack(
        self, client: Endpoint, listener: SimulatedTcpListener, server: Endpoint, latency: float
    ) -> None:
        """The SYN-ACK for our SYN arrived."""
        path = server.host.path(client.local[0], server.ifindex)
        if client.state != "connecting" or path is None or path.host is not client.host:
            server.forget()  # the answer is lost, or nobody waits for it; the next SYN opens anew
            client.peer = None
            return
        client.opened(server)
        clock = self._host.clock
        clock.call_at(clock.now() + latency, lambda: server.host.tcp.accept(listener, server))
        client.process.run(lambda: self._tell_connected(client))

    def _tell_connected(self, client: Endpoint) -> None:
        if client.state == "open" and client.handler is not None:
            client.handler.connected(client)
            client._push()

    def accept(self, listener: SimulatedTcpListener, server: Endpoint) -> None:
        """The handshake is complete on the listening side."""
        if server.state != "open":
            return
        if listener not in self.listeners:
            server.abort()
            return
        if server.process.frozen:  # it waits in the backlog
            server.process.run(lambda: self.accept(listener, server))
            return
        if server.error is not None:  # reset while it waited: its peer is no longer known
            server.forget()
            return
        self._host.trace.record(
            self._host.clock.now(), self._host.name, "accept", *server.remote, server.ifindex
        )
        server.process.run(lambda: listener.accepted(server))

    # life ---------------------------------------------------------------

    def process_gone(self) -> None:
        """The kernel closes what a killed process had open."""
        self.listeners.clear()
        for endpoint in self._open():
            if endpoint.inbox:
                endpoint.abort()
            else:
                endpoint.close()
        self.endpoints.clear()

    def power_off(self) -> None:
        """Forget all sockets, without sending anything."""
        self.listeners.clear()
        for endpoint in self._open():
            endpoint.forget()
        self.endpoints.clear()

    def _keep(self, endpoint: Endpoint) -> None:
        """Record an endpoint; closed ones are removed now and then."""
        if len(self.endpoints) >= self._sweep_at:
            self._sweep_at = 2 * len(self._open()) + 16
        self.endpoints.append(endpoint)

    def _open(self) -> list[Endpoint]:
        for endpoint in self.endpoints:
            endpoint.part()
        self.endpoints = [e for e in self.endpoints if e.state != "closed"]
        return self.endpoints
