"""One interface of a running RAdv: its socket, its timer and its three state machines.

`Schedule` decides when to advertise, `Content` what, and `Discovery` tracks the
other routers. The port passes packets and time to them, and sends the packets
and makes the announcements that they return. It exists while the interface is
up and has a link-local address that is not tentative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from pybird.core.forwarding.interfaces import Interface
from pybird.core.ports import Icmp6Packet, Timer
from pybird.core.services import Services
from pybird.proto.radv.advertise import Schedule, Timing
from pybird.proto.radv.config import RadvConfig, RaInterface
from pybird.proto.radv.content import Content, RouteOptions
from pybird.proto.radv.discover import (
    Announce,
    Discovery,
    Effect,
    Full,
    Greet,
    Solicit,
    Withdraw,
)
from pybird.proto.radv.messages import (
    ADVERTISEMENT,
    ALL_NODES,
    ALL_ROUTERS,
    SOLICITATION,
    RadvError,
    decode_ra,
    decode_rs,
    solicitation,
)
from pybird.values.address import Address
from pybird.values.net import Prefix


class PortOwner(Protocol):
    """What a port needs of its protocol."""

    @property
    def routes(self) -> Mapping[Prefix, RouteOptions]:
        """The routes to advertise."""

    @property
    def active(self) -> bool:
        """False while the trigger route is missing."""

    def entry_limit(self) -> int:
        """The most routers that one interface may discover."""

    def announce(self, port: RadvPort, router: Announce) -> None:
        """A router was discovered, or its preference changed."""

    def alive(self, port: RadvPort, address: Address, returned: bool) -> None:
        """A known router advertised itself again; `returned`: after a silence."""

    def withdraw(self, port: RadvPort, address: Address, reason: str) -> None:
        """A router is gone."""

    def guarded(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Call the function; an exception stops this protocol only."""

    def log(self, level: str, text: str) -> None:
        """Write a line to the log."""

    def trace(self, flag: str, text: str, *arguments: object) -> None:
        """Write a line to the log if this debug flag is on."""


class RadvPort:
    """RAdv on one interface."""

    def __init__(
        self,
        owner: PortOwner,
        services: Services,
        interface: Interface,
        protocol: RadvConfig,
        config: RaInterface,
    ) -> None:
        """Open the socket.

        Raises:
            OSError: the socket cannot be opened.
        """
        self.interface = interface
        self.config = config
        self._owner = owner
        self._clock = services.clock
        self._timer: Timer | None = None
        self._armed: float | None = None
        self._told_truncated = False
        self.schedule = Schedule(Timing.from_config(config), services.random)
        self.content = Content(protocol, config)
        self.discovery = Discovery(services.random, owner.entry_limit())
        self._socket = services.network.icmp6(interface.index, (SOLICITATION, ADVERTISEMENT), self._received)

    # life ---------------------------------------------------------------

    def start(self) -> None:
        """Begin to advertise, and to solicit routers if they are to be discovered."""
        now = self._clock.now()
        self.schedule.start(now)
        if self.config.discovery:
            self.discovery.start(now)
        self._run()

    def stop(self, reason: str, goodbye: bool) -> None:
        """Forget all routers; with `goodbye` the last advertisement has lifetime zero."""
        if goodbye:
            self._advertise(ALL_NODES, final=True)
        self.schedule.stop()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._socket.close()
        self._carry_out(self.discovery.stop(reason))

    def adapt(self, protocol: RadvConfig, config: RaInterface) -> None:
        """Apply a changed config; the socket stays, and the routers while discovery stays on."""
        now = self._clock.now()
        before, self.config = self.config, config
        self.content.protocol, self.content.interface = protocol, config
        self.discovery.limit = self._owner.entry_limit()
        self.schedule.adapt(Timing.from_config(config), now)
        if before.discovery and not config.discovery:
            self._carry_out(self.discovery.stop("discovery switched off"))
        elif config.discovery and not before.discovery:
            self.discovery.start(now)
        self._run()

    def changed(self) -> None:
        """The content changed: advertise it (RFC 4861, 6.2.4)."""
        self.schedule.start(self._clock.now())
        self._arm()

    def greet(self, address: Address) -> None:
        """Send our advertisement to a router soon."""
        self.schedule.answer(address, self._clock.now())
        self._arm()

    # time ---------------------------------------------------------------

    def _arm(self) -> None:
        """Set the timer to the earliest deadline."""
        deadlines = [self.schedule.next_deadline(), self.discovery.next_deadline()]
        self._arm_for(min((at for at in deadlines if at is not None), default=None))

    def _arm_sooner(self) -> None:
        """Set the timer earlier if the schedule needs it; cheaper than `_arm`, which asks all routers."""
        due = self.schedule.next_deadline()
        if due is not None and (self._timer is None or self._armed is None or due < self._armed):
            self._arm_for(due)

    def _arm_for(self, due: float | None) -> None:
        if due == self._armed and self._timer is not None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._armed = due
        self._timer = None if due is None else self._clock.call_at(due, self._expired)

    def _expired(self) -> None:
        self._timer = None
        self._owner.trace("events", "Timer fired on {}", self.interface.name)
        self._run()

    def _run(self) -> None:
        now = self._clock.now()
        for to in self.schedule.due(now):
            self._advertise(to or ALL_NODES)
        self._carry_out(self.discovery.due(now))
        self._arm()

    # packets ------------------------------------------------------------

    def _advertise(self, to: Address, final: bool = False) -> None:
        link = self.interface.link
        packets = self.content.advertisements(
            self.interface.ready_addresses(),
            self._owner.routes,
            active=self._owner.active,
            now=self._clock.now(),
            mac=link.mac,
            mtu=link.mtu,
            final=final,
        )
        if to == ALL_NODES:
            self._owner.trace("packets", "Sending RA via {}", link.name)
        else:
            self._owner.trace("packets", "Sending RA to {} via {}", to, link.name)
        for packet in packets:
            self._socket.send(packet, to)
        if self.content.truncated and not self._told_truncated:
            self._told_truncated = True
            self._owner.log("warning", f"{link.name}: too much to advertise, the last options are left out")

    def _received(self, packet: Icmp6Packet) -> None:
        self._owner.guarded(self._handle, packet)

    def _handle(self, packet: Icmp6Packet) -> None:
        try:
            if packet.data[:1] == bytes((SOLICITATION,)):
                self.schedule.solicited(decode_rs(packet), self._clock.now())
                self._arm_sooner()
            elif self.config.discovery and self._handle_advertisement(packet):
                self._arm()
        except RadvError as error:
            source = packet.source
            self._owner.trace(
                "packets", "Discarding packet from {}%{}: {}", source, self.interface.name, error
            )

    def _handle_advertisement(self, packet: Icmp6Packet) -> bool:
        """Process an advertisement; returns whether a deadline may have come nearer.

        None has for routers that we know, or for a flood of routers beyond the limit.
        """
        advertisement = decode_ra(packet)
        if self.interface.has(packet.source):
            raise RadvError("it has our own address")
        lifetime = advertisement.lifetime
        self._owner.trace(
            "packets", "Received RA from {}%{}, lifetime {}", packet.source, self.interface.name, lifetime
        )
        now = self._clock.now()
        to_all = packet.destination.is_multicast
        known = self.discovery.entries.get(packet.source)
        returned = known is not None and known.is_overdue(now)
        before = known.lifetime if known is not None else 0
        effects = self.discovery.heard(packet.source, lifetime, advertisement.preference, now, to_all)
        self._carry_out(effects)
        if known is not None and lifetime:
            self._owner.alive(self, packet.source, returned)
        return bool(effects) or (known is not None and lifetime != before)

    def _carry_out(self, effects: Iterable[Effect]) -> None:
        name = self.interface.name
        for effect in effects:
            match effect:
                case Announce():
                    self._owner.announce(self, effect)
                case Withdraw(address, reason):
                    self._owner.withdraw(self, address, reason)
                case Greet(address):
                    self.schedule.answer(address, self._clock.now())
                case Solicit(to):
                    self._owner.trace("packets", "Sending RS to {} via {}", to or ALL_ROUTERS, name)
                    self._socket.send(solicitation(self.interface.link.mac), to or ALL_ROUTERS)
                case Full(limit):
                    self._owner.log("warning", f"{name}: {limit} neighbors known, ignoring others")
