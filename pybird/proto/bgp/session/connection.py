"""A session on its stream: octets in, octets out, one timer.

The connection carries out the effects that its session returns, and calls its owner
for those that concern it. There is one timer for all deadlines of the session; it is
moved only when the next deadline is earlier, not for each message.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from pybird.core.ports import Clock, Stream, Timer
from pybird.proto.bgp.session.session import (
    Closed,
    Effect,
    Opened,
    Refresh,
    Send,
    Session,
    Silent,
    Up,
    Updates,
)
from pybird.proto.bgp.wire import traces
from pybird.proto.bgp.wire.messages import Message, Notification

HIGH_MARK: Final = 256 * 1024  # octets that wait to be sent; above it channels pause
FOREVER: Final = 86400.0  # TCP's timeout in seconds where the send hold timer is off


class ConnectionOwner(Protocol):
    """The owner of a connection: a peer."""

    debug: frozenset[str]

    def trace(self, flag: str, text: str) -> None:
        """Log a line if this debug flag is on."""

    def guarded(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Call it; an exception stops this peer only."""

    def connection_up(self, connection: Connection) -> None:
        """The outgoing TCP connection is up: begin the session or drop it."""

    def connection_lost(self, connection: Connection, error: str | None) -> None:
        """TCP failed or (`error` None) the other side closed, without a NOTIFICATION."""

    def opened(self, connection: Connection) -> None:
        """The neighbor's OPEN was accepted."""

    def established(self, connection: Connection) -> None:
        """KEEPALIVEs were exchanged."""

    def updates(self, connection: Connection, effect: Updates) -> None:
        """UPDATEs arrived."""

    def refresh(self, connection: Connection, effect: Refresh) -> None:
        """A ROUTE-REFRESH arrived."""

    def closed(self, connection: Connection, effect: Closed) -> None:
        """The session ended with a NOTIFICATION, received or ours; the stream is closed."""

    def silent(self, connection: Connection) -> None:
        """The neighbor was silent for the hold time; it was told nothing, as its routes stay."""

    def drained(self, connection: Connection) -> None:
        """What waited to be sent has drained below the low mark."""


class Connection:
    """One TCP connection of a peer, with its session."""

    def __init__(self, owner: ConnectionOwner, session: Session, clock: Clock, outgoing: bool) -> None:
        self.session: Final = session
        self.outgoing: Final = outgoing
        self.stream: Stream | None = None
        self._owner = owner
        self._clock = clock
        self._timer: Timer | None = None
        self._timer_at = 0.0
        self._over = False

    @property
    def over(self) -> bool:
        """True if the connection is closed, by either side."""
        return self._over

    # ---------------------------------------------------- for the owner

    def begin(self, stream: Stream) -> None:
        """TCP is up: send the OPEN."""
        self.stream = stream
        self.perform(self.session.open(self._clock.now()))

    def write(self, octets: bytes, messages: int = 1) -> None:
        """Send messages that the owner has encoded."""
        if self.stream is not None and not self._over:
            self.session.count_sent(octets, messages)
            self._write(octets)

    @property
    def unsent(self) -> int:
        """Octets written that the socket has not taken yet."""
        return self.stream.buffered if self.stream is not None and not self._over else 0

    def probe_neighbor(self) -> None:
        """Check that the neighbor still has this connection: if not, it answers with a reset."""
        if not self.unsent:  # else data waits already, and repeated probes must not pile up
            self.perform(self.session.keepalive(self._clock.now()))
        if self.stream is not None:
            self.stream.probe()

    def close(self, notification: Notification | None, text: str = "") -> None:
        """Close the connection, first sending `notification`; the owner is not called."""
        if self._over:
            return
        effects = [] if notification is None else self.session.close(notification, text)
        for effect in effects:
            if isinstance(effect, Send):
                self._write(effect.octets)
        self._end(abort=False)

    def abort(self) -> None:
        """Reset the connection; the owner is not called."""
        if not self._over:
            self._end(abort=True)

    def perform(self, effects: list[Effect]) -> None:
        """Carry out the effects that the session returned."""
        for effect in effects:
            if self._over:
                return
            self._perform(effect)
        self._arm()

    # --------------------------------------------- for the stream (port)

    def connected(self, stream: Stream) -> None:
        self.stream = stream
        if not self._over:
            self._owner.guarded(self._owner.connection_up, self)

    def received(self, data: bytes) -> None:
        if not self._over:
            self._owner.guarded(self._receive, data)

    def closed(self, error: str | None) -> None:
        if not self._over:
            self._end(abort=None)
            self._owner.guarded(self._owner.connection_lost, self, error)

    def writable(self) -> None:
        if not self._over:
            self._owner.guarded(self._owner.drained, self)

    def _receive(self, data: bytes) -> None:
        self.session.on_message = self._trace_received if "packets" in self._owner.debug else None
        self.perform(self.session.receive(data, self._clock.now()))

    # ---------------------------------------------------------- internal

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Send(octets):
                self._write(octets)
            case Updates():
                self._owner.updates(self, effect)
            case Refresh():
                self._owner.refresh(self, effect)
            case Opened():
                self._owner.opened(self)
            case Up():
                self._set_tcp_timeout()
                self._owner.established(self)
            case Closed():
                self._end(abort=effect.abort)
                self._owner.closed(self, effect)
            case Silent():
                self._end(abort=False)
                self._owner.silent(self)

    def _write(self, octets: bytes) -> None:
        """Send whole messages."""
        if self.stream is None:
            return
        if "packets" in self._owner.debug:
            for text in traces.sent(octets):
                self._owner.trace("packets", text)
        self.stream.write(octets)

    def _trace_received(self, message: Message) -> None:
        if "packets" in self._owner.debug and (text := traces.received(message)):
            self._owner.trace("packets", text)

    def _set_tcp_timeout(self) -> None:
        """Make TCP retransmit until after BGP's timers: they decide when to give up, and log why."""
        session = self.session
        if session.hold_time and self.stream is not None:
            self.stream.set_patience(2 * max(session.hold_time, session.send_hold_time or FOREVER))

    def _end(self, abort: bool | None) -> None:
        """Stop the session, then reset or close the stream; `abort` None: it is closed already."""
        self._over = True
        self.session.lost()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        stream, self.stream = self.stream, None  # no reference cycle stays
        if stream is not None and abort is not None:
            if abort:
                stream.abort()
            else:
                stream.close()

    def _arm(self) -> None:
        deadline = self.session.next_deadline()
        if self._over or deadline is None:
            return
        if self._timer is not None:
            if self._timer_at <= deadline:
                return
            self._timer.cancel()
        self._timer_at = deadline
        self._timer = self._clock.call_at(deadline, self._expired)

    def _expired(self) -> None:
        self._timer = None
        unread = self.stream.unread if self.stream is not None else 0
        self.perform(self.session.expire(self._clock.now(), self.unsent, unread))


class _Deaf:
    """A stream handler that ignores all events."""

    def connected(self, stream: Stream) -> None: ...
    def received(self, data: bytes) -> None: ...
    def closed(self, error: str | None) -> None: ...
    def writable(self) -> None: ...


def refuse(stream: Stream, notification: Notification) -> None:
    """Send a NOTIFICATION on an unwanted connection, and close it."""
    stream.set_handler(_Deaf())
    stream.write(notification.encode())
    stream.close()
