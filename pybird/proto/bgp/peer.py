"""One BGP neighbor: when to connect, which connection wins, what goes wrong.

A peer has at most one outgoing and one incoming connection, each with its own
session; the first that is Established becomes the session of the protocol and
ends the other (RFC 4271, 6.8, see `collision`). While there is none, exactly
one countdown runs:

    error wait     Idle     after a protocol error, doubling; connections are refused
    hold down      Idle     of a dynamic child that lost sessions again and again; the same
    connect delay  Active   before the next try
    connect retry  Connect  while TCP does not answer

A Cease or a lost connection is no error: the next try comes after the connect
delay. A dynamic child is more eager (`Pace`): it connects within 0.25 s, and tries a
neighbor that refuses, or closes before its OPEN, again after 2 s, doubling to 30 s.
A second connection from a neighbor with an Established session is closed, and a
KEEPALIVE is sent on the first: a neighbor that lost its state resets the first, and
its next connection is accepted. If the neighbor announced graceful restart, the second
takes over: the neighbor has restarted (RFC 4724, 5).

While a neighbor restarts gracefully (`restart`), its channels are suspended, not closed:
their routes stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from pybird.conf.model import ChannelConfig, LabelChannelConfig
from pybird.core.channel import Channel
from pybird.core.export.exporter import Exporter
from pybird.core.labels.giver import LabelGiver
from pybird.core.life import ProtocolState, StopReason
from pybird.core.peering import CableCheck
from pybird.core.ports import Stream, TcpOptions
from pybird.core.protocol import Detail, InstanceOwner, Offence
from pybird.proto.bgp import details, reconfigure
from pybird.proto.bgp.config import BgpChannelConfig, BgpConfig
from pybird.proto.bgp.dynamic.flaps import Flapping
from pybird.proto.bgp.dynamic.orphan import Orphan
from pybird.proto.bgp.family import AfiSafi, numbered
from pybird.proto.bgp.mismatch import mismatches, missing_capability
from pybird.proto.bgp.routes.neighbor_restart import NeighborRestart, family_of
from pybird.proto.bgp.routes.session_channels import SessionChannels, next_hop_text
from pybird.proto.bgp.session.absent import Absent
from pybird.proto.bgp.session.authentication import FAILED, Authentication
from pybird.proto.bgp.session.collision import Doubt, is_confirmed, keeps_outgoing, may_lose
from pybird.proto.bgp.session.connection import Connection
from pybird.proto.bgp.session.countdown import Countdown, WaitKind
from pybird.proto.bgp.session.listen_retry import Listening
from pybird.proto.bgp.session.listener import Key, Listeners, vrf_of
from pybird.proto.bgp.session.pace import ErrorWait, Pace
from pybird.proto.bgp.session.parameters import hop_limits, terms
from pybird.proto.bgp.session.reach import Reach, has_mixed_families
from pybird.proto.bgp.session.restart import kept_by_neighbor, kept_families, recovery_wait
from pybird.proto.bgp.session.session import Closed, Refresh, Session, SessionState, Terms, Updates
from pybird.proto.bgp.session.signatures import SignatureWatch
from pybird.proto.bgp.wire import errors
from pybird.proto.bgp.wire.errors import BgpError
from pybird.proto.bgp.wire.messages import Notification, Open
from pybird.values.net import Prefix
from pybird.values.sets import ValueSet

MOST_OCTETS: Final = 4096  # that are kept of a message that breaks the rules
STALE: Final = 1.0  # seconds after which a connection attempt counts as unanswered
_REFUSALS: Final = (None, "Connection refused", "Connection reset by peer")  # TCP errors; None: closed

_CEASE_SUBCODES: Final[dict[StopReason, int]] = {
    StopReason.SHUTDOWN: errors.SHUTDOWN,
    StopReason.GRACEFUL: errors.SHUTDOWN,  # to a neighbor that keeps no routes
    StopReason.DISABLED: errors.SHUTDOWN,
    StopReason.RESTARTED: errors.RESET,
    StopReason.RECONFIGURED: errors.CONFIGURATION_CHANGE,
    StopReason.REMOVED: errors.DECONFIGURED,
    StopReason.LIMIT: errors.PREFIX_LIMIT,
    StopReason.EXPORT_LIMIT: errors.SHUTDOWN,  # RFC 4486 has no subcode for export limits
    StopReason.ERROR: errors.SHUTDOWN,
    StopReason.FAILED: errors.OUT_OF_RESOURCES,
}


class Peer(LabelGiver[BgpConfig]):
    """A running `protocol bgp` with one neighbor, or a dynamic child."""

    def __init__(self, config: BgpConfig, owner: InstanceOwner) -> None:
        super().__init__(config, owner)
        self.outgoing: Connection | None = None
        self.incoming: Connection | None = None
        self.active: Connection | None = None  # the Established one of the two
        self._ended_by_hold_timer = False
        self._ended_by_cease = False  # by the neighbor
        self._offence: Offence | None = None
        self.cause = ""  # what we know about `last_error` beyond BIRD's words
        self._logged_refusal = ""  # the last refusal that was logged
        self._had_session = False  # since the daemon started: what the neighbor has is forwarded still
        self._prepare(config)
        self.orphan: Orphan | None = None  # of a dynamic child that has no entry in the peer table
        self.refused_hook: Callable[[], None] = _do_nothing  # called when the neighbor refuses a session
        self.lost_hook: Callable[[], None] = _do_nothing  # called when it lost its session, before it waits
        self.hold_down: Flapping | None = None  # of a dynamic child that lost sessions again and again
        self.cable_hook: Callable[[Open | None], CableCheck | None] = _no_cable  # judges its name, if any
        self.session_hook: Callable[[], None] = _do_nothing  # called when it starts, stops, is up or down
        self.countdown = Countdown(self.services.clock)
        self._listen_ifindex = 0  # the interface that `listening` was opened with
        self._running = False

    def _prepare(self, config: BgpConfig, ifindex: int = 0) -> None:
        self.session_channels = SessionChannels(self)
        self.restart = NeighborRestart(self)
        self.doubt = Doubt(self.services.clock, self._make_active)
        self.reach = Reach(config, self.services, self.guarded, self._reach_changed, ifindex)
        self.pace = Pace(config, self.services.random)
        self.error_wait = ErrorWait(config)
        keys = config.keys if config.authentication == "ao" else ()
        self.authentication = Authentication(self, config.remote_address, keys)
        self.listening = Listening(
            self.owner, self.log, self.authentication.listens, self.authentication.listens_no_longer
        )
        self.signatures = SignatureWatch(self.services, lambda text: self.log("auth", text))

    def renew(self, config: BgpConfig) -> None:
        ifindex = self.reach.ifindex
        super().renew(config)
        self._prepare(self.config, ifindex)

    def discard(self) -> None:
        super().discard()
        del self.session_channels, self.restart, self.doubt, self.reach, self.listening, self.signatures
        del self.authentication

    @property
    def _absent(self) -> Absent:
        return Listeners.for_router(self.owner).absent

    # ---------------------------------------------------------- life cycle

    def start(self) -> None:
        self._running = True
        self.pace.reset()
        self.reach.watch()
        self._listen()
        if not self.reach.usable:
            obstacle = self.reach.obstacle
            self._absent.report(self, obstacle, f"Waiting for {self.neighbor}: {obstacle}")
        self.signatures.begin(self.config.password is not None)
        self.trace("events", "Started")
        self.services.recovery.hold(self.name, self._recovering_channels())
        self.wait()
        self.session_hook()

    def stop(self, reason: StopReason) -> None:
        self.trace("events", "Shutdown requested")
        self.trace("states", "State changed to stop")
        if self.active is not None:
            self.trace("events", "BGP session closed")
        self._running = False
        self._absent.forget(self)
        self._set_error_wait(reason)
        self.countdown.stop()
        self.restart.end()
        if reason not in (StopReason.RESTARTED, StopReason.RECONFIGURED):
            self._recovered()
        self.signatures.end()
        self.reach.unwatch()
        self._close_all(self._stop_notification(reason))
        self.listening.close()
        self.session_hook()
        self.trace("events", "Down")
        self.stopped()

    def not_authenticated(self) -> None:
        """The system refuses every key: stop, as BIRD does."""
        self._failed(FAILED)
        self.services.clock.call_soon(self.give_up)

    def _set_error_wait(self, reason: StopReason) -> None:
        """Wait before a restart for a route limit as after an error; any other stop ends such a wait."""
        if reason not in (StopReason.LIMIT, StopReason.EXPORT_LIMIT):
            self.error_wait.clear()
            return
        if reason is StopReason.LIMIT:  # for export limits BIRD logs only that they were hit
            self.log("warning", "Route limit exceeded, shutting down")
        if self.enabled:
            self.error_wait.failed(self.services.clock.now())

    def _stop_notification(self, reason: StopReason) -> Notification | None:
        """The NOTIFICATION to send at a stop for this reason; None if the neighbor shall keep our routes."""
        session = self.active.session if self.active is not None else None
        if reason is StopReason.GRACEFUL and session is not None and kept_by_neighbor(session):
            return None
        subcode = _CEASE_SUBCODES[reason]
        if reason is StopReason.EXPORT_LIMIT and self.enabled:
            subcode = errors.RESET  # it starts again
        found = Notification.cease(subcode, self.message)
        hard = subcode not in (errors.CONFIGURATION_CHANGE, errors.OUT_OF_RESOURCES)
        if session is not None and session.negotiated.after_notification and hard:
            return found.as_hard_reset()
        return found

    def _listen(self) -> None:
        address = self.config.remote_address
        assert address is not None
        if has_mixed_families(self.config):
            return  # no connection is possible
        # the MD5 key for the parent's range covers its children
        password_for = Prefix(address, address.bits) if self.config.parent is None else None
        self._listen_ifindex = self.reach.ifindex
        self.listening.open(self.config, self.reach.ifindex, password_for)

    # ----------------------------------------------------- waiting, trying

    def wait(self) -> None:
        """Start the countdown to the next try, in place of the running one; none during a session."""
        self.countdown.stop()
        if not self._running or self.active is not None:
            return
        if (wait := self.error_wait.left(self.services.clock.now())) > 0:
            self.countdown.start(WaitKind.ERROR, wait, self.wait, self.error_wait.seconds)
            self.trace("events", "Startup delayed by {:.3g} seconds due to errors", wait)
        elif self.hold_down is not None and (wait := self.hold_down.until - self.services.clock.now()) > 0:
            self.countdown.start(WaitKind.HOLD_DOWN, wait, self.wait, self.hold_down.seconds)
            self.trace("events", "Held down for {:.3g} seconds", wait)
        elif self.reach.usable and not self.passive and self.outgoing is None:
            self.countdown.start(WaitKind.CONNECT_DELAY, self.pace.delay(), self._connect, self.pace.shown)
            self.trace("events", "Connect delayed by {:.3g} seconds", self.countdown.length)

    @property
    def passive(self) -> bool:
        """True if only the neighbor connects."""
        return self.config.passive or (self.orphan is not None and self.orphan.listens)

    @property
    def restarting(self) -> bool:
        """True while routes of a neighbor that restarts are kept (RFC 4724)."""
        return self.restart.active

    def orphaned(self, orphan: Orphan | None) -> None:
        """Become an orphan, or (None) belong to an entry again."""
        self.orphan = orphan
        if self.outgoing is None:
            self.wait()

    def retry_now(self) -> None:
        """The operator says so: forget what held us back."""
        self.hold_down = None
        self.retry()

    def retry(self) -> None:
        """The neighbor was seen (again): forget errors and refusals, but not that it flaps."""
        self.error_wait.clear()
        self.pace.reset()
        if self.countdown.wait is WaitKind.CONNECT_RETRY and self.countdown.elapsed > STALE:
            self._give_up()  # TCP would wait long before its next SYN
        elif self.active is None and self.outgoing is None:
            self.wait()

    def seen(self, returned: bool) -> None:
        """The neighbor advertised itself; `returned`: after a silence.

        After a session whose hold timer expired, any advertisement ends the wait.
        """
        if self.active is not None:
            if returned:
                self.active.probe_neighbor()
        elif returned or self._ended_by_hold_timer:
            self._ended_by_hold_timer = False
            self.retry()

    @property
    def idle(self) -> bool:
        """True while connections are refused."""
        waits = self.countdown.wait in (WaitKind.ERROR, WaitKind.HOLD_DOWN)
        return not self._running or waits or not self.reach.usable

    def _connect(self) -> None:
        if is_confirmed(self.incoming):
            return  # that one is nearly up; if it fails, `wait` is called again
        config, local = self.config, self.reach.local_address
        assert config.remote_address is not None
        if config.remote_address.is_link_local and local is None:
            return  # our address is still tentative; later `_reach_changed` calls `wait`
        connection = self.outgoing = self._new_connection(outgoing=True)
        ttl, min_ttl = hop_limits(config)
        keys = self.authentication.for_connection()
        if self.authentication.required and not keys:
            return  # it is about to stop
        options = TcpOptions(ttl, min_ttl, config.password, vrf_of(config), config.free_bind, ao=keys)
        if local is None:
            self.trace("events", "Connecting to {}", self.neighbor)
        else:
            self.trace("events", "Connecting to {} from local address {}", self.neighbor, local)
        try:
            connection.stream = self.services.network.connect(
                local, config.remote_address, config.remote_port, self.reach.ifindex, connection, options
            )
        except OSError as error:
            connection.abort()
            self.connection_lost(connection, error.strerror or str(error))
            return
        self.countdown.start(WaitKind.CONNECT_RETRY, self._retry_time(), self._give_up)

    def _retry_time(self) -> float:
        return max(self.config.connect_retry_time, 1) * self.jitter()

    def _give_up(self) -> None:
        """The TCP connection is not answered: abort it and begin a new one."""
        self.signatures.report()
        if self.outgoing is not None:
            self.outgoing.abort()
            self.outgoing = None
        if self.passive:
            self.wait()
        else:
            self._connect()

    def jitter(self) -> float:
        """A factor between 0.75 and 1 (RFC 4271, section 10)."""
        return self.services.random.uniform(0.75, 1.0)

    def _terms(self, config: BgpConfig) -> Terms:
        hostname = config.hostname or self.services.hostname
        forwards = config.graceful_restart_after_notification and self._had_session
        return terms(config, self.router_id, hostname, self.services.recovery.active, forwards)

    def _new_connection(self, *, outgoing: bool) -> Connection:
        return Connection(self, Session(self._terms(self.config), self.jitter), self.services.clock, outgoing)

    # ---------------------------------------------- events of connections

    def connection_up(self, connection: Connection) -> None:
        self.countdown.stop()
        assert connection.stream is not None
        connection.begin(connection.stream)

    def connection_lost(self, connection: Connection, error: str | None) -> None:
        cause = self._cause(error)
        text = f"Socket: {error or 'Connection closed'}"
        if not (self._ended_by_cease and error in _REFUSALS and connection.session.remote is None):
            self._failed(text, cause)
            self._ended_by_cease = False
        self.trace("events", "Connection lost ({})", error or "closed")
        was_active = connection is self.active
        self._forget(connection)
        if self.doubt.connection is not None:
            self.doubt.end()
            return
        if was_active:
            self._session_lost(connection)
        elif connection.outgoing and connection.session.remote is None:
            self._refused(f"{text} ({cause})" if cause else text)
        elif connection.outgoing:
            self.pace.failed()
        self._try_again(connection)

    def _cause(self, error: str | None) -> str:
        """Why TCP failed where its error does not say: no interface has our local address."""
        local = self.config.local_address
        if error is None or local is None or self.config.free_bind:
            return ""
        there = self.services.interfaces.owner_of(local, self.config.vrf) is not None
        return "" if there else f"no interface has {local}"

    def _failed(self, error: str, cause: str = "") -> None:
        """Record the last error in BIRD's words and, as `cause`, what else we know."""
        self.last_error, self.cause = error, cause

    def _refused(self, text: str) -> None:
        """The neighbor refused us: no error, we may not be configured there yet."""
        self.pace.refused()
        if text != self._logged_refusal:
            self._logged_refusal = text
            self._absent.report(self, text, f"{self.neighbor} does not talk to us yet: {text}")
        self.refused_hook()

    def opened(self, connection: Connection) -> None:
        """Resolve a collision (RFC 4271, 6.8): the higher identifier's own connection stays.

        A neighbor at the wrong end of a cable goes first, if the configuration enforces that.
        """
        cable = self.cable_hook(connection.session.remote)
        if cable is not None and cable.enforce and cable.verdict != "right":
            self.error_wait.failed(self.services.clock.now())
            connection.perform(connection.session.close(Notification.cease(errors.REJECTED), cable.text))
            return
        other = self._rival(connection)
        if other is None or other.session.state is not SessionState.OPEN_CONFIRM:
            return
        loser = connection if connection.outgoing != self._keeps_outgoing(connection) else other
        self.trace("events", "Connection collision")
        self._drop(loser)

    def _keeps_outgoing(self, connection: Connection) -> bool:
        assert connection.session.remote is not None
        return keeps_outgoing(self.router_id, self.config.shown_as, connection.session.remote)

    def _rival(self, connection: Connection) -> Connection | None:
        return self.incoming if connection.outgoing else self.outgoing

    def established(self, connection: Connection) -> None:
        if may_lose(connection, self._rival(connection), self._keeps_outgoing(connection)):
            self.trace("events", "Connection collision, the neighbor decides")
            self.doubt.begin(connection)
        else:
            self._make_active(connection)

    def _make_active(self, connection: Connection) -> None:
        """Make this connection the session of the protocol, and drop the other one."""
        self.doubt.forget()
        self.countdown.stop()
        self.signatures.end()
        other = self._rival(connection)
        if other is not None:
            self._drop(other)
        self.active = connection
        self._had_session = True
        self._logged_refusal = ""
        self._absent.forget(self)
        self._ended_by_hold_timer = self._ended_by_cease = False
        self.pace.reset()
        self.trace("events", "BGP session established")
        self.went_up()
        self.open_labels()
        self.session_channels.open(connection)
        self.restart.session_up(connection.session)
        if (wait := recovery_wait(connection.session)) is not None:
            self._release_recovery_in(wait, connection)
        for channel in self.channels.values():
            if family_of(channel) not in connection.session.negotiated.families:
                self.services.recovery.release(self.name, channel.name)
        self.session_hook()

    def updates(self, connection: Connection, effect: Updates) -> None:
        if connection is self.doubt.connection:
            self.doubt.end()
        if connection is not self.active:
            return
        try:
            self.session_channels.receive(effect.updates)
        except BgpError as error:
            connection.perform(connection.session.fail(error))

    def refresh(self, connection: Connection, effect: Refresh) -> None:
        if connection is self.doubt.connection:
            self.doubt.end()
        if connection is self.active:
            self.session_channels.refresh(effect.message)

    def drained(self, connection: Connection) -> None:
        if connection is self.active:
            self.session_channels.drained()

    def closed(self, connection: Connection, effect: Closed) -> None:
        """The session ended with a NOTIFICATION, received or ours."""
        notification = effect.notification
        was_active = connection is self.active
        self._forget(connection)
        if connection.session.offender:
            self.offended(connection.session.offender, "session reset", effect.text)
        collision = (notification.code, notification.subcode) == (errors.CEASE, errors.COLLISION)
        if collision and not was_active:
            self.doubt.end()
            self._try_again(connection)
            return
        self._report_end(effect)
        self._count_error(notification, effect.received)
        self._ended_by_hold_timer = notification.code == errors.HOLD_TIMER
        if was_active and connection.session.negotiated.after_notification and not notification.is_hard_reset:
            self._session_lost(connection)
        elif was_active:
            self.restart.end()
            self._recovered()
            self._session_over()
        elif effect.received and connection.outgoing and connection.session.remote is None:
            self._refused(self.last_error)
        else:
            self.pace.failed()
        self._try_again(connection)

    def offended(self, octets: bytes, action: str, reason: str) -> None:
        """Keep a message of the neighbor that breaks the rules, for `show protocols all` in JSON."""
        self._offence = Offence(self.services.clock.now(), action, reason, len(octets), octets[:MOST_OCTETS])

    def offence(self) -> Offence | None:
        return self._offence

    def _report_end(self, effect: Closed) -> None:
        """Record what ended the session for `show protocols`, and log it."""
        cease = effect.notification.code == errors.CEASE
        own_cease = cease and not effect.received
        self._ended_by_cease = cease and effect.received
        missing = missing_capability(effect.notification, effect.received)
        if effect.received:
            enclosed = effect.notification.enclosed
            cause = enclosed.text if effect.notification.is_hard_reset else missing
            self._failed(f"Received: {effect.notification.text}", cause)
            self.remote_reason = enclosed.reason
        else:
            error = effect.notification.text
            cause = effect.text if effect.text != error else ""
            self._failed(f"BGP Error: {error}", missing or cause)
        self.log(
            "info" if own_cease else "remote", f"{'Received' if effect.received else 'Error'}: {effect.text}"
        )

    def _count_error(self, notification: Notification, received: bool) -> None:
        """An error disables the protocol or makes the next try wait; a received Cease may only disable."""
        cease = notification.code == errors.CEASE
        config = self.config
        gives_up = (
            notification.enclosed.subcode in config.disable_after_cease
            if cease
            else config.disable_after_error
        )
        if gives_up and (received or not cease):
            self.log("info", f"Disabled after {'Cease notification' if cease else 'error'}")
            self.services.clock.call_soon(lambda: self.give_up())
        elif not cease:
            self.error_wait.failed(self.services.clock.now())
            self._close_other_connections()

    def _close_other_connections(self) -> None:
        """Close the connections that are not the session: in the Idle state there are none."""
        for connection in (self.outgoing, self.incoming):
            if connection is not None and connection is not self.active:
                self._forget(connection)
                connection.close(None)

    def _try_again(self, connection: Connection) -> None:
        """A connection ended: wait for the next try, unless there is a session or we wait already."""
        waits = self.error_wait.left(self.services.clock.now()) > 0
        if self.active is None and (connection.outgoing or waits or self.countdown.wait is None):
            self.wait()

    def _session_over(self) -> None:
        """The session left Established: close its channels, and let the next try wait as after a failure."""
        self.trace("events", "BGP session closed")
        self.session_channels.close()
        self.pace.failed()
        self.signatures.begin(self.config.password is not None)
        self.went_down()
        self.lost_hook()
        self.session_hook()

    # ------------------------------------------- the neighbor's graceful restart

    def _session_lost(self, connection: Connection) -> None:
        """The session ended without a NOTIFICATION: the neighbor may restart gracefully."""
        self.restart.session_lost(connection.session)
        self._session_over()
        self.restart.suspended()

    def silent(self, connection: Connection) -> None:
        self.trace("events", "Hold timer expired")
        self._forget(connection)
        self._ended_by_hold_timer = True
        self._session_lost(connection)
        self._try_again(connection)

    def restart_over(self) -> None:
        self.session_hook()

    @property
    def has_session(self) -> bool:
        """True while there is an Established session."""
        return self.active is not None

    def _recovering_channels(self) -> list[str]:
        """The names of the channels that a recovery of this router waits for."""
        if self.config.graceful_restart == "off":
            return []
        return [name for name, channel in self.channels.items() if family_of(channel) is not None]

    def recovers(self, channel: Channel) -> bool:
        """True if the neighbor keeps our routes of this family; else it has none and gets them at once."""
        return self.active is not None and family_of(channel) in kept_by_neighbor(self.active.session)

    def _release_recovery_in(self, seconds: float, connection: Connection) -> None:
        """Wait no longer than this for the routes of a session; another one has its own time."""
        clock = self.services.clock
        if not seconds:
            self._recovered()
        elif self.services.recovery.active:
            clock.call_at(clock.now() + seconds, lambda: self._patience_over(connection))

    def _patience_over(self, connection: Connection) -> None:
        if self.active is connection:
            self._recovered()

    def _recovered(self) -> None:
        """A recovery of this router need not wait for this neighbor."""
        self.services.recovery.release_all(self.name)

    def keeps_routes(self, channel: Channel) -> bool:
        if isinstance(channel.config, LabelChannelConfig):
            return any(numbered(family).labeled for family in self.restart.families)
        return self.restart.keeps(channel)

    def keeps_stale(self, channel: Channel) -> bool:
        return self.restart.keeps_stale(channel)

    def end_of_rib(self, family: AfiSafi) -> None:
        """The neighbor has sent all its routes of this family: stale ones go, and a recovery has them."""
        self.restart.end_of_rib(family)
        for channel in self.channels.values():
            if family_of(channel) == family:
                self.services.recovery.release(self.name, channel.name)

    # ----------------------------------------------------------- incoming

    def incoming_stream(self, stream: Stream) -> None:
        """Accept or refuse a connection from the neighbor; the listener calls this."""
        if self.idle or not self.reach.accepts(stream):
            stream.abort()
        elif self.active is not None and kept_families(self.active.session):
            self._take_over(self.active)
            self._accept(stream)
        elif self.active is not None:
            self.trace("events", "Second connection closed, checking that the first is still alive")
            stream.close()
            self.active.probe_neighbor()
        elif is_confirmed(self.incoming):
            stream.close()
        else:
            self._accept(stream)

    def _take_over(self, connection: Connection) -> None:
        """A neighbor that restarts gracefully connects again: its first connection is over (RFC 4724, 5)."""
        self._forget(connection)
        connection.close(None)
        self._session_lost(connection)

    def _accept(self, stream: Stream) -> None:
        if not self.authentication.accepts(stream):
            stream.abort()
            return
        if self.incoming is not None:  # the neighbor started over
            self._drop(self.incoming)
        stream.set_hop_limits(*hop_limits(self.config))
        connection = self.incoming = self._new_connection(outgoing=False)
        self.trace(
            "events", "Incoming connection from {} (port {}) accepted", self.neighbor, stream.remote[1]
        )
        stream.set_handler(connection)
        connection.begin(stream)

    # ------------------------------------------------------------- closing

    def _drop(self, connection: Connection) -> None:
        """Close a connection in favor of another one: with a Cease, before our OPEN with a reset."""
        self._forget(connection)
        if connection.session.state is SessionState.CLOSED:
            connection.abort()
        else:
            connection.close(Notification.cease(errors.COLLISION))

    def _forget(self, connection: Connection) -> None:
        if connection is self.doubt.connection:
            self.doubt.forget()
        if connection is self.active:
            self.active = None
        if connection is self.outgoing:
            self.outgoing = None
        if connection is self.incoming:
            self.incoming = None

    def _close_all(self, notification: Notification | None) -> None:
        self.doubt.forget()
        for connection in (self.outgoing, self.incoming):
            if connection is not None:
                connection.close(notification)
        self.outgoing = self.incoming = None
        if self.active is not None:
            self.active = None
            self.session_channels.close()

    def _reach_changed(self, reason: str) -> None:
        """`Reach` calls this when its findings or our addresses changed; `reason`: why it is unreachable."""
        if not self._running:
            return
        if self.reach.ifindex != self._listen_ifindex:
            self._listen()  # the socket may belong to the interface
        if self.reach.usable:
            if self.active is not None:
                self.session_channels.addresses_changed()
            elif self.outgoing is None and self.incoming is None:
                self.wait()
            return
        was_active = self.active is not None
        if was_active or self.outgoing or self.incoming:
            self._failed(f"Error: {reason}")
            self.log("info", reason)
        self._close_all(None)
        self.restart.end()
        if was_active:
            self.signatures.begin(self.config.password is not None)
            self.went_down()
            self.lost_hook()
            self.session_hook()
        self.wait()

    # ------------------------------------------------------------ channels

    def gets_labels(self, config: ChannelConfig) -> bool:
        return isinstance(config, BgpChannelConfig) and config.family.labeled

    def exporter(self, channel: Channel) -> Exporter | None:
        config = channel.config
        return self.session_channels.exporter(config) if isinstance(config, BgpChannelConfig) else None

    def transmit(self, channel: Channel, packed: Any) -> None:
        self.session_channels.transmit(packed)

    def feed_done(self, channel: Channel) -> None:
        self.session_channels.feed_done(channel)

    def request_refresh(self, channel: Channel) -> bool:
        return self.session_channels.request_refresh(channel)

    # ------------------------------------------------------------- reloads

    def accepts(self, old: BgpConfig, new: BgpConfig) -> bool:
        if not reconfigure.accepts(old, new, self._unused()):
            return False
        if reconfigure.demands(old) != reconfigure.demands(new) and not self._meets(new):
            return False
        return old.remote_as_set == new.remote_as_set or self._may_stay(new.remote_as_set)

    def _unused(self) -> frozenset[str]:
        """The channels whose family the session does not have; none without a session."""
        if self.active is None:
            return frozenset()
        families = self.active.session.negotiated.families
        return frozenset([name for name, each in self.channels.items() if family_of(each) not in families])

    def _meets(self, new: BgpConfig) -> bool:
        """True if the neighbor of each connection is known to have what this config requires."""
        wanted = self._terms(new)
        found = [each.session for each in (self.outgoing, self.incoming) if each is not None]
        return all(session.meets(wanted) for session in found)

    def _may_stay(self, wanted: ValueSet | None) -> bool:
        """True if the neighbor of each connection is known to have one of these AS numbers."""
        if wanted is None:
            return True
        opens = [c.session.remote for c in (self.outgoing, self.incoming) if c is not None]
        return all(remote is not None and remote.asn in wanted for remote in opens)

    def reconfigure(self, new: BgpConfig) -> bool:
        if not self.accepts(self.config, new):
            return False
        if new.remote_as_set != self.config.remote_as_set and self.active is None:
            self.retry()
        self.pace.adapt(new)
        self.error_wait.adapt(new)
        self.reach.adapt(new)
        self.restart.adapt(new)
        if new.keys != self.config.keys:
            connections = (self.active, self.incoming, self.outgoing)
            streams = [each.stream for each in connections if each is not None and each.stream is not None]
            self.authentication.adapt(new.keys, dict.fromkeys(streams))
        return True

    def forces_restart(self, old: ChannelConfig | None, new: ChannelConfig | None) -> bool:
        unused = self._unused()
        if old is not None and old.name in unused:
            if new is None:
                return False
            if getattr(new, "mandatory", False):
                return True
        return reconfigure.forces_restart(old, new)

    def reloads(self, old: ChannelConfig, new: ChannelConfig) -> tuple[bool, bool]:
        return reconfigure.reloads(old, new)

    # ------------------------------------- for the listener, and what is shown

    def owns(self, key: Key) -> bool:
        """True if `key` is that of our neighbor."""
        config = self.config
        if config.remote_address != key.address or vrf_of(config) != key.vrf:
            return False
        if key.port and config.remote_port != key.port:
            return False
        if not key.ifindex or config.interface is None:
            return True
        if self._running:
            return self.reach.ifindex == key.ifindex
        interface = self.services.interfaces.named(config.interface)
        return interface is not None and interface.index == key.ifindex

    def covers(self, key: Key) -> bool:
        """False: only dynamic protocols have a range."""
        return False

    @property
    def router_id(self) -> int:
        """Our BGP identifier."""
        written = self.config.router_id
        return self.services.router_id if written is None else written

    @property
    def remote_as(self) -> int | None:
        """The neighbor's AS number; None while it is unknown."""
        if self.active is not None and self.active.session.remote is not None:
            return self.active.session.remote.asn
        if self.config.remote_as is None and self.config.remote_kind == "internal":
            return self.config.local_as
        return self.config.remote_as

    @property
    def internal(self) -> bool:
        """True for iBGP."""
        return self.remote_as == self.config.local_as

    @property
    def neighbor(self) -> str:
        """The neighbor's address, with the interface of a link-local one."""
        address = self.config.remote_address
        assert address is not None
        ifname = self.reach.ifname if address.is_link_local else self.config.interface
        return f"{address}%{ifname}" if ifname else str(address)

    @property
    def bgp_state(self) -> str:
        """The state of RFC 4271, 8.2.2, as BIRD words it."""
        if self.state is ProtocolState.DOWN:
            return "Down"
        if self.active is not None:
            return "Established"
        if is_confirmed(self.outgoing) or is_confirmed(self.incoming):
            return "OpenConfirm"
        for connection in (self.outgoing, self.incoming):
            if connection is not None and connection.session.state is SessionState.OPEN_SENT:
                return "OpenSent"
        if self.outgoing is not None:
            return "Connect"
        if self.idle:
            return "Idle"
        return "Passive" if self.passive else "Active"

    def info(self) -> str:
        if self.state is ProtocolState.DOWN:
            return ""
        return details.info(self.bgp_state, self._held_text or self.last_error)

    @property
    def _held_text(self) -> str:
        if self.hold_down is None or self.countdown.wait is not WaitKind.HOLD_DOWN:
            return ""
        return self.hold_down.text(self.services.clock.now()).capitalize()

    def trouble(self) -> str:
        if self.state is ProtocolState.DOWN:
            return ""
        if self.active is not None:
            cable = self.cable()
            wrong = [] if cable is None or not cable.text else [cable.text]
            return "; ".join([*wrong, *self._mismatches(self.active.session)])
        if self.restart.active:
            return "the neighbor restarts, its routes stay"
        cause = self.cause if self.last_error else ""
        return self.signatures.suspicion or cause or self.reach.obstacle or self.listening.error

    def cable(self) -> CableCheck | None:
        """Whether the neighbor is the one that is expected on its interface; None: nobody is."""
        return self.cable_hook(None if self.active is None else self.active.session.remote)

    def _mismatches(self, session: Session) -> Iterator[str]:
        """What the neighbor did not announce and our configuration asks for."""
        if session.remote is None:
            return iter(())
        ours, theirs = session.terms.capabilities, session.remote.capabilities
        hop = self.session_channels.own_next_hop
        return mismatches(self.config, ours, theirs, session.negotiated, hop)

    def details(self) -> Iterator[Detail]:
        return details.peer_details(self)

    def channel_details(self, channel: Channel) -> Iterator[Detail]:
        if self.restart.active:
            yield Detail("Neighbor GR", self.restart.phase(channel))
        if (left := self.restart.stale_left(channel)) is not None:
            yield Detail("LL stale timer", f"{left:.3f}/-")
        if self.active is not None and isinstance(channel.config, BgpChannelConfig):
            hop = self.session_channels.own_next_hop(channel.config)
            if hop and self.session_channels.carries(channel.config.family):
                yield Detail("BGP Next hop", next_hop_text(hop))
        if isinstance(channel.config, BgpChannelConfig):
            yield from details.igp_lines(self.config, channel.config)


def _do_nothing() -> None:
    pass


def _no_cable(said: Open | None) -> CableCheck | None:
    """Nobody is expected."""
    return None
