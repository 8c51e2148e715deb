"""The listening sockets that BGP protocols share, and which protocol gets a connection.

There is one socket for each local address (with `strict bind`), port and VRF; one for
a link-local address is also on one interface. It stays open while an enabled protocol
needs it. An incoming connection belongs to the protocol that owns its key (VRF,
interface, address, port): first a protocol in the file with that neighbor, even a
disabled one (the connection is reset then), then a dynamic child, then the first
protocol in the file whose `neighbor range` contains the address.

The kernel has one TCP-MD5 key for each prefix of a socket. A protocol whose prefix
already has another password cannot use the socket until that key is removed. Without
the socket a protocol gets no connections: another key, or none, would have let them in.
So that each interface can have a password of its own, a dynamic protocol with a password that is
for some interfaces has a socket on each of them. The kernel prefers it there, so it also
has the keys, and serves the protocols, of the socket that is on no interface.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, cast

from pybird.core.ports import Listener, Stream, TcpOptions
from pybird.proto.bgp.config import BgpConfig
from pybird.proto.bgp.session.absent import Absent
from pybird.proto.bgp.session.parameters import GTSM_TTL
from pybird.values.address import Address
from pybird.values.net import Prefix

if TYPE_CHECKING:
    from pybird.core.protocol import InstanceOwner

TYPE_NAME: Final = "bgp"
LOG_INTERVAL: Final = 5.0  # seconds between log lines about unknown neighbors


class Key(NamedTuple):
    """What identifies a session: no two may have the same. `ifindex` is 0 for a global address."""

    vrf: str | None
    ifindex: int
    address: Address
    port: int


class ListeningProtocol(Protocol):
    """A BGP protocol instance, as the listener sees it."""

    config: BgpConfig

    def guarded(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Call; what it raises stops this protocol only."""

    @property
    def name(self) -> str: ...

    def incoming_stream(self, stream: Stream) -> None:
        """Accept or refuse a connection that this protocol owns."""

    def owns(self, key: Key) -> bool:
        """True if `key` is that of this protocol's neighbor."""

    def covers(self, key: Key) -> bool:
        """True if the address is inside the `neighbor range`, on an interface of this protocol."""


class SocketKey(NamedTuple):
    """What identifies a listening socket. `address` None: it listens on all addresses."""

    vrf: str | None
    address: Address | None
    port: int
    ifindex: int  # of a link-local address, or of a password for one interface


@dataclass(slots=True)
class _Socket:
    listener: Listener
    users: dict[str, Prefix | None] = field(default_factory=dict)  # protocol name: prefix of its MD5 key
    keys: dict[Prefix, str] = field(default_factory=dict, repr=False)
    inherited: dict[Prefix, str] = field(default_factory=dict, repr=False)  # of the socket on no interface

    def add_key(self, prefix: Prefix, password: str) -> None:
        """Set the TCP-MD5 key of a prefix.

        Raises:
            OSError: the prefix has another password, or the kernel refuses the key.
        """
        there = self.keys.get(prefix)
        if there is None:
            self.listener.set_md5(prefix, password)
            self.keys[prefix] = password
        elif there != password:
            holder = next(name for name, held in self.users.items() if held == prefix)
            raise OSError(errno.EEXIST, f"{prefix} has the password of {holder}")

    def remove(self, name: str) -> None:
        """Remove a protocol, and the MD5 key of its prefix if no other protocol has that prefix."""
        prefix = self.users.pop(name)
        if prefix is not None and prefix not in self.users.values():
            del self.keys[prefix]
            self.listener.set_md5(prefix, self.inherited.get(prefix))

    def inherit(self, prefix: Prefix, password: str | None) -> None:
        """The socket that is on no interface has this key now (None: has it no longer); our own wins."""
        if password is None:
            self.inherited.pop(prefix, None)
        else:
            self.inherited[prefix] = password
        if prefix not in self.keys:
            self.listener.set_md5(prefix, password)

    def serves(self, member: ListeningProtocol) -> bool:
        """True if the protocol uses this socket and, for a child, so does its parent, whose key covers it."""
        return member.name in self.users and member.config.parent in (None, *self.users)


class Listeners:
    """All listening sockets of a router's BGP protocols."""

    def __init__(self, owner: InstanceOwner) -> None:
        self._owner = owner
        self._services = owner.services
        self._sockets: dict[SocketKey, _Socket] = {}
        # message and last error of disabled children, kept while their parent restarts
        self.held: dict[tuple[str, Key], tuple[str, str]] = {}
        self._logged_at = -LOG_INTERVAL
        self.absent = Absent(owner.services)

    @staticmethod
    def for_router(owner: InstanceOwner) -> Listeners:
        """The instance that all BGP protocols of this router share."""
        found = owner.services.shared.get(TYPE_NAME)
        if found is None:
            found = owner.services.shared[TYPE_NAME] = Listeners(owner)
        return cast("Listeners", found)

    # ------------------------------------------------------------ sockets

    def open(self, name: str, config: BgpConfig, ifindex: int, password_for: Prefix | None) -> SocketKey:
        """Open or share a socket; with a password, also set the TCP-MD5 key of `password_for`.

        Raises:
            OSError: the socket cannot be opened, or the key cannot be set.
        """
        key = socket_key(config, ifindex)
        socket = self._sockets.get(key)
        if socket is None:
            # a neighbor with `ttl security` would drop a SYN-ACK with a lower TTL
            options = TcpOptions(ttl=GTSM_TTL, vrf=key.vrf, free_bind=config.free_bind)
            accept = _Accept(self, key)
            listener = self._services.network.listen(key.address, key.port, key.ifindex, accept, options)
            socket = self._sockets[key] = _Socket(listener)
            base = self._base(key)
            for known, password in () if base is None else base.keys.items():
                socket.inherit(known, password)
        prefix = None
        if config.password is not None and password_for is not None:
            prefix = password_for
            try:
                socket.add_key(prefix, config.password)
            except OSError:
                self._close_unused(key, socket)
                raise
            self._pass_on(key, prefix, config.password)
        socket.users[name] = prefix
        return key

    def _base(self, key: SocketKey) -> _Socket | None:
        """The socket that gets what this one, on one interface, does not get; None: there is none."""
        return self._sockets.get(key._replace(ifindex=0)) if key.ifindex else None

    def _pass_on(self, key: SocketKey, prefix: Prefix, password: str | None) -> None:
        """Tell the sockets on interfaces of a key of the socket that is on none."""
        if key.ifindex:
            return
        for other, socket in self._sockets.items():
            if other.ifindex and other._replace(ifindex=0) == key:
                socket.inherit(prefix, password)

    def _serves(self, key: SocketKey, member: ListeningProtocol) -> bool:
        """True if the protocol gets connections of this socket: it uses it, or the one that it hides."""
        socket, base = self._sockets[key], self._base(key)
        if socket.serves(member):
            return True
        if base is None or not base.serves(member):
            return False
        return base.users.get(member.config.parent or member.name) not in socket.keys

    def listener(self, key: SocketKey) -> Listener:
        """The socket with this key, which somebody uses."""
        return self._sockets[key].listener

    def close(self, name: str, key: SocketKey) -> None:
        """Stop using the socket; it is closed after its last user."""
        socket = self._sockets.get(key)
        if socket is None or name not in socket.users:
            return
        prefix = socket.users[name]
        socket.remove(name)
        if prefix is not None and prefix not in socket.keys:
            self._pass_on(key, prefix, None)
        self._close_unused(key, socket)

    def _close_unused(self, key: SocketKey, socket: _Socket) -> None:
        if not socket.users:
            socket.listener.close()
            del self._sockets[key]

    # ------------------------------------------------------------- owners

    def members(self) -> Iterator[ListeningProtocol]:
        """Every BGP protocol, in the order of the file, children last."""
        for instance in self._owner.protocols.values():
            if instance.type.name == TYPE_NAME:
                yield cast("ListeningProtocol", instance)

    def explicit(self, key: Key) -> ListeningProtocol | None:
        """The protocol in the file that owns this key, enabled or not; None: there is none."""
        return next(_holders(key, (m for m in self.members() if m.config.parent is None)), None)

    def accepted(self, stream: Stream, socket_key: SocketKey) -> None:
        """Give an incoming connection to the protocol that owns it, or reset it."""
        # the neighbor's port is an ephemeral one and identifies nothing
        key = Key(socket_key.vrf, stream.ifindex, stream.remote[0], 0)
        owners = list(self._owners(key, socket_key))
        member = next((m for m in owners if is_addressed(m.config, socket_key, stream)), None)
        if member is not None and self._serves(socket_key, member):
            member.guarded(member.incoming_stream, stream)
            return
        if not owners:
            self._log_unknown(stream)
        stream.abort()

    def _owners(self, key: Key, socket_key: SocketKey) -> Iterator[ListeningProtocol]:
        """The protocols that may get a connection, in this order: from the file, children, ranges."""
        found = list(self.members())
        yield from _holders(key, (m for m in found if m.config.parent is None))
        yield from _holders(key, (m for m in found if m.config.parent is not None))
        ranges = (m for m in found if m.config.remote_range is not None and self._serves(socket_key, m))
        yield from (m for m in ranges if m.guarded(m.covers, key))

    def _log_unknown(self, stream: Stream) -> None:
        now = self._services.clock.now()
        if now - self._logged_at < LOG_INTERVAL:
            return
        self._logged_at = now
        address, port = stream.remote
        text = f"BGP: Unexpected connect from unknown address {address} (port {port})"
        self._services.log("warning", text)


class _Accept:
    """Called with each connection of one socket; passes on which socket it was."""

    def __init__(self, listeners: Listeners, key: SocketKey) -> None:
        self._listeners = listeners
        self._key = key

    def __call__(self, stream: Stream) -> None:
        self._listeners.accepted(stream, self._key)


def _holders(key: Key, members: Iterable[ListeningProtocol]) -> Iterator[ListeningProtocol]:
    """The protocols whose neighbor has this key."""
    return (m for m in members if m.guarded(m.owns, key))


def vrf_of(config: BgpConfig) -> str | None:
    """The VRF to bind sockets to; None for `vrf default`, where they are without a bind."""
    return None if config.vrf == "default" else config.vrf


def socket_key(config: BgpConfig, ifindex: int) -> SocketKey:
    """The socket that a protocol listens on."""
    address = config.local_address if config.strict_bind else None
    on_link = config.key_on_link or (address is not None and address.is_link_local)
    return SocketKey(vrf_of(config), address, config.local_port, ifindex if on_link else 0)


def is_addressed(config: BgpConfig, socket: SocketKey, stream: Stream) -> bool:
    """True if the connection came to this protocol's port and, with `strict bind`, its address."""
    if config.local_port != socket.port:
        return False
    return not config.strict_bind or config.local_address in (None, stream.local[0])
