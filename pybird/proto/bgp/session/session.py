"""BGP session: one TCP connection from OPEN to close (RFC 4271, section 8).

The session owns no socket and reads no clock. Each input returns the effects
to carry out, in order. Carrying one out may make the owner call `close`; the rest
of the list is then void (`state` is CLOSED). Times are seconds on the caller's
monotonic clock.

States before the connection is up (Idle, Connect, Active) belong to the peer.
An unexpected message is an FSM error with the type of the message as data (RFC
6608). Only a whole KEEPALIVE or UPDATE restarts the hold timer (RFC 4271, 4.4).
They do not move the timer: when it fires, the session checks when the last one
arrived and, if octets have arrived that it was not given yet, waits until it has
read them. The send hold timer (RFC 9687) runs while the peer reads nothing of what
we sent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from pybird.filter.format import show_value
from pybird.proto.bgp.family import AfiSafi
from pybird.proto.bgp.wire import errors
from pybird.proto.bgp.wire.capabilities import (
    RECEIVE_PATHS,
    SEND_PATHS,
    Capabilities,
    Negotiated,
    negotiate,
)
from pybird.proto.bgp.wire.errors import BgpError, OpenError
from pybird.proto.bgp.wire.messages import (
    KEEPALIVE,
    OPEN,
    REFRESH,
    REFRESH_REQUEST,
    UPDATE,
    Framer,
    Keepalive,
    Message,
    Notification,
    Open,
    RouteRefresh,
    Update,
)
from pybird.proto.bgp.wire.roles import FITTING, NAMES
from pybird.values.sets import ValueSet

UNREAD_RECHECK: Final = 0.25  # seconds until an expired hold timer checks again for octets left unread


class SessionState(Enum):
    """States of a connection that is up; the value is the FSM error's subcode (RFC 6608)."""

    CLOSED = 0
    OPEN_SENT = errors.IN_OPEN_SENT
    OPEN_CONFIRM = errors.IN_OPEN_CONFIRM
    ESTABLISHED = errors.IN_ESTABLISHED


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What this side announces in its OPEN, and requires of the other's. Times are seconds.

    `families` are those that this side has channels for; the neighbor must have the
    `mandatory` ones too. `remote_as` None accepts any number that fits `remote_kind`:
    "internal" is our own, "external" any other, None any at all; and that is in `remote_as_set`
    unless it is None.
    """

    local_as: int
    router_id: int
    capabilities: Capabilities
    families: tuple[AfiSafi, ...]
    mandatory: tuple[AfiSafi, ...] = ()
    mandatory_next_hops: tuple[AfiSafi, ...] = ()  # `require extended next hop`
    mandatory_paths: tuple[AfiSafi, ...] = ()  # `require add paths`, in each direction that we announce
    remote_as: int | None = None
    remote_kind: str | None = None
    remote_as_set: ValueSet | None = None
    shown_as: int = 0  # our AS number in the OPEN; 0: `local_as`
    require: frozenset[str] = frozenset()
    require_roles: bool = False
    disable_rx: bool = False  # an Established session throws away what it receives
    hold_time: int = 240
    min_hold_time: int = 0
    startup_hold_time: int = 240
    keepalive_time: int | None = None
    min_keepalive_time: int = 0
    send_hold_time: int | None = None


# ---------------------------------------------------------------- effects


@dataclass(frozen=True, slots=True)
class Send:
    """Write these octets."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """The neighbor's OPEN is accepted: check for a collision now (RFC 4271, 6.8)."""

    open: Open


@dataclass(frozen=True, slots=True)
class Up:
    """The session is Established."""

    negotiated: Negotiated


@dataclass(frozen=True, slots=True)
class Updates:
    """UPDATE messages, in order."""

    updates: list[Update]


@dataclass(frozen=True, slots=True)
class Refresh:
    """The neighbor requests the routes of a family, or marks where it begins or ends resending its own."""

    message: RouteRefresh


@dataclass(frozen=True, slots=True)
class Closed:
    """The session is over: close the connection. This is always the last effect.

    `notification` was received or, if not `received`, sent just before; with `abort`
    it was not sent either.
    """

    notification: Notification
    received: bool
    text: str  # for the log
    abort: bool = False  # the peer reads nothing any more: reset the connection


@dataclass(frozen=True, slots=True)
class Silent:
    """The hold timer expired, and routes stay for long: close the connection without a word."""


Effect = Send | Opened | Up | Updates | Refresh | Closed | Silent

_REQUIRED: Final[tuple[tuple[str, Callable[[Capabilities], bool]], ...]] = (
    ("route refresh", lambda c: c.route_refresh),
    ("enhanced route refresh", lambda c: c.enhanced_refresh),
    ("as4", lambda c: c.as4 is not None),
    ("extended messages", lambda c: c.extended_messages),
    ("hostname", lambda c: c.hostname is not None),
    ("graceful restart", lambda c: c.graceful_restart is not None),
    ("long lived graceful restart", lambda c: c.long_lived is not None),
)

_TYPES: Final[dict[type[Message], int]] = {
    Open: OPEN,
    Update: UPDATE,
    Keepalive: KEEPALIVE,
    RouteRefresh: REFRESH,
}


@dataclass(slots=True)
class MessageCounters:
    """Messages of one session, and the octets of those sent."""

    received: int = 0
    sent: int = 0
    octets_out: int = 0


@dataclass(slots=True)
class _Timers:
    """When each timer fires next; None while it does not run."""

    hold: float | None = None
    keepalive: float | None = None
    send_hold: float | None = None


class Session:
    """The message exchange of one connection."""

    def __init__(self, terms: Terms, jitter: Callable[[], float] = lambda: 1.0) -> None:
        """`jitter` gives a factor between 0.75 and 1 for the keepalive timer (RFC 4271, section 10)."""
        self.state = SessionState.CLOSED
        self.terms: Final = terms
        self.remote: Open | None = None
        self.negotiated = Negotiated()
        self.hold_time = terms.startup_hold_time
        self.keepalive_time = 0.0
        self.counters = MessageCounters()
        self.offender = b""  # the message that ended the session because it broke the rules
        self.on_message: Callable[[Message], None] | None = None  # called with each message, for traces
        self._jitter = jitter
        self._framer = Framer()
        self._timers = _Timers()
        self._alive_at = 0.0  # when the last OPEN, KEEPALIVE or UPDATE was read to its end
        self._octets_in = 0  # octets that `receive` was given
        self._unread_until: int | None = None  # what `_octets_in` must reach before the hold timer expires
        self._progress_at = 0.0  # when octets last left our buffer
        self._written = 0  # octets that had left it at the last check

    @property
    def closed(self) -> bool:
        """True if nothing is sent or expected any more."""
        return self.state is SessionState.CLOSED

    @property
    def deaf(self) -> bool:
        """True if what arrives is thrown away (`disable rx`); no hold timer runs then."""
        return self.terms.disable_rx and self.state is SessionState.ESTABLISHED

    # ------------------------------------------------------------ inputs

    def meets(self, terms: Terms) -> bool:
        """True if the neighbor has sent an OPEN that these terms would accept as well."""
        if self.remote is None:
            return False
        try:
            check_capabilities(terms, self.remote.capabilities, self.negotiated)
        except OpenError:
            return False
        return True

    def open(self, now: float) -> list[Effect]:
        """The connection is up: send our OPEN and wait for the neighbor's."""
        terms = self.terms
        self.state = SessionState.OPEN_SENT
        self._alive_at = self._progress_at = now
        if terms.startup_hold_time:
            self._timers.hold = now + terms.startup_hold_time
        return [
            self._send(
                Open(terms.shown_as or terms.local_as, terms.hold_time, terms.router_id, terms.capabilities)
            ),
        ]

    def receive(self, data: bytes, now: float) -> list[Effect]:
        """Process octets from the stream. Nothing that the peer sends makes this raise."""
        if self.state is SessionState.CLOSED or self.deaf:
            return []
        self._octets_in += len(data)
        self._framer.receive(data)
        effects: list[Effect] = []
        try:
            while (message := self._framer.next()) is not None:
                self.counters.received += 1
                if self.on_message is not None:
                    self.on_message(message)
                self._apply(message, now, effects)
                if self.closed or self.deaf:
                    break
        except BgpError as error:
            self.offender = self._framer.current
            effects += self.fail(error)
        return effects

    def fail(self, error: BgpError) -> list[Effect]:
        """The peer broke the protocol: send the NOTIFICATION for the error and close."""
        return self.close(Notification.from_error(error), str(error))

    def close(self, notification: Notification, text: str = "") -> list[Effect]:
        """End the session with a NOTIFICATION."""
        if self.state is SessionState.CLOSED:
            return []
        sent = self._send(notification)
        self._stop()
        return [sent, Closed(notification, False, text or notification.text)]

    def lost(self) -> None:
        """The connection is lost: stop all timers."""
        self._stop()

    def keepalive(self, now: float) -> list[Effect]:
        """Send a KEEPALIVE now, whatever the timer says; nothing before OpenConfirm."""
        if self.state not in (SessionState.OPEN_CONFIRM, SessionState.ESTABLISHED):
            return []
        self._arm_keepalive(now)
        return [self._send(Keepalive())]

    def refresh(self, afi: int, safi: int, subtype: int = REFRESH_REQUEST) -> list[Effect]:
        """Send a ROUTE-REFRESH; nothing if it was not negotiated or the session is not Established."""
        able = self.negotiated.enhanced_refresh if subtype else self.negotiated.route_refresh
        if self.state is not SessionState.ESTABLISHED or not able:
            return []
        return [self._send(RouteRefresh(afi, safi, subtype))]

    def count_sent(self, octets: bytes, messages: int = 1) -> None:
        """Count messages as sent; the owner calls it for the UPDATEs that it writes itself."""
        self.counters.sent += messages
        self.counters.octets_out += len(octets)

    # ------------------------------------------------------------- timers

    def next_deadline(self) -> float | None:
        """When to call `expire`; None while no timer runs."""
        timers = self._timers
        times = [t for t in (timers.hold, timers.keepalive, timers.send_hold) if t is not None]
        return min(times, default=None)

    def expire(self, now: float, unsent: int, unread: int) -> list[Effect]:
        """Act on deadlines that have passed. May be called at any time.

        `unsent` octets are still in our buffer; `unread` ones have arrived that we were not given yet.
        """
        if self.state is SessionState.CLOSED:
            return []
        self._update_progress(now, unsent)
        timers = self._timers
        if timers.hold is not None and now >= timers.hold and self._is_silent(now, unread):
            return self._hold_timer_expired()
        if timers.send_hold is not None and now >= timers.send_hold:
            timers.send_hold = self._progress_at + self.send_hold_time
            if now >= timers.send_hold:
                return self._send_hold_expired()
        if timers.keepalive is not None and now >= timers.keepalive:
            self._arm_keepalive(now)
            return [self._send(Keepalive())]
        return []

    def _hold_timer_expired(self) -> list[Effect]:
        found = self.negotiated
        if self.state is SessionState.ESTABLISHED and found.long_lived and not found.after_notification:
            self._stop()  # as in BIRD: a neighbor that hears no NOTIFICATION keeps our routes, too
            return [Silent()]
        return self.close(Notification(errors.HOLD_TIMER), "Hold timer expired")

    @property
    def send_hold_time(self) -> float:
        """Seconds without progress after which the peer counts as stuck (RFC 9687); 0: never."""
        if self.terms.send_hold_time is not None:
            return float(self.terms.send_hold_time)
        return 2.0 * self.hold_time

    def timer(self, name: str, now: float) -> float | None:
        """Seconds left of the timer "hold", "keepalive" or "send hold", for `show protocols all`."""
        timers = self._timers
        if name == "hold":
            return None if timers.hold is None else max(self._alive_at + self.hold_time - now, 0.0)
        if name == "keepalive":
            return None if timers.keepalive is None else max(timers.keepalive - now, 0.0)
        return None if timers.send_hold is None else max(self._progress_at + self.send_hold_time - now, 0.0)

    def _is_silent(self, now: float, unread: int) -> bool:
        """True if the hold time is over: nothing restarted it, not even octets that were still unread.

        Octets that arrive after the timer fired do not count, so a trickle of them changes nothing.
        """
        timers, deadline = self._timers, self._alive_at + self.hold_time
        if now < deadline:
            self._unread_until = None
            timers.hold = deadline
            return False
        if self._unread_until is None:
            self._unread_until = self._octets_in + unread
        if unread == 0 or self._octets_in >= self._unread_until:
            return True
        timers.hold = now + UNREAD_RECHECK
        return False

    def _update_progress(self, now: float, unsent: int) -> None:
        written = self.counters.octets_out - unsent
        if unsent == 0 or written > self._written:
            self._progress_at = now
        self._written = written

    def _send_hold_expired(self) -> list[Effect]:
        # RFC 9687, 4: the peer reads nothing, so the NOTIFICATION is not sent
        self._stop()
        notification = Notification(errors.SEND_HOLD_TIMER)
        return [Closed(notification, False, notification.text, abort=True)]

    def _arm_keepalive(self, now: float) -> None:
        if self.keepalive_time:
            self._timers.keepalive = now + self.keepalive_time * self._jitter()

    # ----------------------------------------------------------- messages

    def _apply(self, message: Message, now: float, effects: list[Effect]) -> None:
        match self.state, message:
            case SessionState.ESTABLISHED, Update():
                self._alive_at = now
                _add_update(effects, message)
            case ((SessionState.ESTABLISHED | SessionState.OPEN_CONFIRM), Keepalive()):
                self._alive_at = now
                if self.state is SessionState.OPEN_CONFIRM:
                    self.state = SessionState.ESTABLISHED
                    if self.terms.disable_rx:
                        self._timers.hold = None
                    effects.append(Up(self.negotiated))
            case SessionState.OPEN_SENT, Open():
                effects += self._opened(message, now)
            case SessionState.ESTABLISHED, RouteRefresh():
                if self.terms.capabilities.route_refresh:  # else it is ignored, RFC 2918
                    effects.append(Refresh(message))
            case _, Notification():
                self._stop()
                effects.append(Closed(message, True, _received_text(message)))
            case _:
                self.offender = self._framer.current
                data = bytes((_TYPES[type(message)],))
                effects += self.close(Notification(errors.FSM, self.state.value, data))

    def _opened(self, message: Open, now: float) -> list[Effect]:
        """Check the neighbor's OPEN and confirm it."""
        negotiated = negotiate(self.terms.capabilities, message.capabilities)
        self.remote = message  # shown even if it is refused
        check_as(self.terms, message)
        check_identifier(self.terms, message)
        hold_time = min(self.terms.hold_time, message.hold_time)
        keepalive = _keepalive_time(self.terms, hold_time)
        check_times(self.terms, hold_time, keepalive)
        check_capabilities(self.terms, message.capabilities, negotiated)
        check_role(self.terms, message.capabilities)
        self.negotiated = negotiated
        self.hold_time, self.keepalive_time = hold_time, keepalive
        self.state = SessionState.OPEN_CONFIRM
        self._alive_at = now
        self._framer.max_length = negotiated.max_length
        self._timers.hold = now + hold_time if hold_time else None
        self._timers.send_hold = now + self.send_hold_time if self.send_hold_time else None
        return [Opened(message), *self.keepalive(now)]

    def _send(self, message: Message) -> Send:
        octets = message.encode()
        self.count_sent(octets)
        return Send(octets)

    def _stop(self) -> None:
        self.state = SessionState.CLOSED
        self._timers = _Timers()


def _add_update(effects: list[Effect], update: Update) -> None:
    """Append an UPDATE; consecutive ones share one effect."""
    if effects and isinstance(last := effects[-1], Updates):
        last.updates.append(update)
    else:
        effects.append(Updates([update]))


def _received_text(notification: Notification) -> str:
    code, subcode, data = notification.code, notification.subcode, notification.data
    if reason := notification.reason:
        return f'{notification.text}: "{reason}"'
    if code == errors.CEASE and subcode in (errors.SHUTDOWN, errors.RESET) and data[:1] == b"\0":
        return notification.text  # RFC 9003: the reason is empty
    return errors.text_with_data(code, subcode, data)


# ------------------------------------------------------- checks of an OPEN


def is_internal(terms: Terms, remote_as: int) -> bool:
    """True if the neighbor is in our own AS."""
    return remote_as == terms.local_as


def check_as(terms: Terms, message: Open) -> None:
    """Check that the AS number is the configured one, or of the configured kind; never 0 (RFC 7607).

    Raises:
        OpenError: 2/2 with the number as data.
    """
    asn = message.asn
    bad = asn == 0
    if terms.remote_as is not None:
        bad = bad or asn != terms.remote_as
    if terms.remote_kind is not None:
        bad = bad or is_internal(terms, asn) != (terms.remote_kind == "internal")
    if bad:
        raise OpenError(errors.BAD_PEER_AS, asn.to_bytes(4, "big"), f"Bad peer AS: {asn}")
    if terms.remote_as_set is not None and asn not in terms.remote_as_set:
        text = f"AS {asn} is not in {show_value(terms.remote_as_set)}"
        raise OpenError(errors.BAD_PEER_AS, asn.to_bytes(4, "big"), text)


def check_identifier(terms: Terms, message: Open) -> None:
    """Check that the identifier is not 0 and, inside one AS, not ours (RFC 6286, 2.2).

    Raises:
        OpenError: 2/3 with the identifier as data.
    """
    same = message.router_id == terms.router_id and is_internal(terms, message.asn)
    if message.router_id == 0 or same:
        raise OpenError(errors.BAD_IDENTIFIER, message.router_id.to_bytes(4, "big"))


def check_times(terms: Terms, hold_time: int, keepalive_time: float) -> None:
    """Check that the negotiated times are not below our minimums.

    Raises:
        OpenError: 2/6 with the hold time as data.
    """
    low = hold_time in (1, 2) or hold_time < terms.min_hold_time
    if low or keepalive_time < terms.min_keepalive_time:
        raise OpenError(errors.BAD_HOLD_TIME, hold_time.to_bytes(2, "big"))


def _keepalive_time(terms: Terms, hold_time: int) -> float:
    """A third of the hold time; a configured one shrinks with the negotiated hold time. Whole seconds."""
    if terms.keepalive_time is None or not terms.hold_time or not hold_time:
        return float(hold_time // 3)
    return float(max(terms.keepalive_time * hold_time // terms.hold_time, 1))


def check_capabilities(terms: Terms, remote: Capabilities, negotiated: Negotiated) -> None:
    """Check that the neighbor has what we require, and that at least one family is common.

    Required are capabilities (`require`), mandatory families and their extended next hops.

    Raises:
        OpenError: 2/7, naming what is missing.
    """
    for name, has in _REQUIRED:
        if name in terms.require and not has(remote):
            raise OpenError(errors.CAPABILITY_MISSING, text=f"Required capability missing: {name}")
    missing = [f for f in terms.mandatory if f not in negotiated.families]
    if missing or not any(f in negotiated.families for f in terms.families):
        asked = Capabilities(multiprotocol=tuple(missing) or terms.families)
        raise OpenError(errors.CAPABILITY_MISSING, asked.encode())
    if any(f not in negotiated.extended_next_hop for f in terms.mandatory_next_hops):
        raise OpenError(errors.CAPABILITY_MISSING, text="Required capability missing: extended next hop")
    for afi, safi, mode in terms.capabilities.add_path:
        if (afi, safi) not in terms.mandatory_paths:
            continue
        receives = mode & RECEIVE_PATHS and (afi, safi) not in negotiated.add_path_rx
        sends = mode & SEND_PATHS and (afi, safi) not in negotiated.add_path_tx
        if receives or sends:
            raise OpenError(errors.CAPABILITY_MISSING, text="Required capability missing: add paths")


def check_role(terms: Terms, remote: Capabilities) -> None:
    """Check that both roles fit; a neighbor without one passes unless they are required (RFC 9234, 4.2).

    Raises:
        OpenError: 2/11.
    """
    ours, theirs = terms.capabilities.role, remote.role
    if ours is None:
        return
    if theirs is None:
        if terms.require_roles:
            raise OpenError(errors.ROLE_MISMATCH, text="Role mismatch: the neighbor announces none")
    elif theirs != FITTING[ours]:
        name = NAMES.get(theirs, str(theirs))
        raise OpenError(
            errors.ROLE_MISMATCH, text=f"Role mismatch: we are {NAMES[ours]}, the neighbor is {name}"
        )


__all__ = [
    "Closed",
    "Effect",
    "MessageCounters",
    "Opened",
    "Refresh",
    "Send",
    "Session",
    "SessionState",
    "Silent",
    "Terms",
    "Up",
    "Updates",
    "is_internal",
]
