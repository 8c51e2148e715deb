"""LLDP on one interface: its socket, its timer, who is heard and what is sent.

It exists while the interface is up. It tells its owner when what is known of the
interface has changed; what that means for tables the owner knows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from pybird.core.forwarding.interfaces import Interface
from pybird.core.ports import Frame, Timer
from pybird.core.services import Services
from pybird.proto.lldp.config import LldpInterface
from pybird.proto.lldp.hearing import Hearing
from pybird.proto.lldp.messages import (
    ETHERTYPE,
    INTERFACE_NAME,
    LOCAL,
    NEAREST_BRIDGE,
    Lldpdu,
    LldpError,
    decode,
)
from pybird.proto.lldp.sending import Sending
from pybird.values.address import Address

MOST_TTL = 65535


class PortOwner(Protocol):
    """What a port needs of its protocol."""

    def chassis(self) -> str:
        """What identifies this system."""

    def system(self) -> str:
        """The name of this system."""

    def is_own(self, mac: bytes) -> bool:
        """True if one of our interfaces has this MAC address."""

    def entry_limit(self) -> int:
        """The most neighbors that one interface may have."""

    def learned(self, port: LldpPort, why: str) -> None:
        """Who is heard there, or what they say, changed; `why` somebody is gone."""

    def alive(self, port: LldpPort, addresses: tuple[Address, ...], returned: bool) -> None:
        """A known neighbor was heard again; `returned`: after a silence."""

    def guarded(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Call the function; an exception stops this protocol only."""

    def log(self, level: str, text: str) -> None:
        """Write a line to the log."""

    def trace(self, flag: str, text: str, *arguments: object) -> None:
        """Write a line to the log if this debug flag is on."""


class LldpPort:
    """One interface."""

    def __init__(
        self, owner: PortOwner, services: Services, interface: Interface, config: LldpInterface
    ) -> None:
        """Open the socket.

        Raises:
            OSError: the socket cannot be opened.
        """
        self.interface = interface
        self.config = config
        self.hearing = Hearing(owner.entry_limit())
        self.sending = Sending(config.tx_interval)
        self.received = self.sent = self.discarded = self.dropped_tlvs = 0
        self._owner = owner
        self._clock = services.clock
        self._timer: Timer | None = None
        self._armed: float | None = None
        self._told_full = False
        self._said: Lldpdu | None = None  # what the neighbors remember of us
        self._frames = services.network.frames(interface.index, ETHERTYPE, NEAREST_BRIDGE, self._arrived)

    # life ---------------------------------------------------------------

    def start(self) -> None:
        """Begin to announce ourselves, if configured."""
        if self.config.transmit:
            self.sending.start(self._clock.now())
        self._run()

    def stop(self, goodbye: bool) -> None:
        """Close; with `goodbye` the neighbors are told to forget us."""
        if goodbye and self.sending.active:
            self._send(0)
        self.sending.stop()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._frames.close()
        self.hearing.systems.clear()

    def adapt(self, config: LldpInterface) -> None:
        """Apply a changed config; who is known stays known."""
        self.config = config
        self.hearing.limit = self._owner.entry_limit()
        self.sending.interval = config.tx_interval
        if config.transmit:
            self.sending.start(self._clock.now())
        elif self.sending.active:
            self._send(0)
            self.sending.stop()
        self._run()

    def changed(self) -> None:
        """What we say of ourselves changed: say it."""
        if self.sending.active:
            self.sending.start(self._clock.now())
            self._arm()

    # time ---------------------------------------------------------------

    def _arm(self) -> None:
        deadlines = [self.sending.next_deadline(), self.hearing.next_deadline()]
        due = min((at for at in deadlines if at is not None), default=None)
        if due == self._armed and self._timer is not None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._armed = due
        self._timer = None if due is None else self._clock.call_at(due, self._expired)

    def _expired(self) -> None:
        self._timer = None
        self._run()

    def _run(self) -> None:
        now = self._clock.now()
        if self.hearing.expire(now):
            self._told_full = False
            self._owner.learned(self, "expired")
        if self.sending.due(now):
            self._send(min(self.config.tx_interval * self.config.tx_hold + 1, MOST_TTL))
        self._arm()

    # frames -------------------------------------------------------------

    def _send(self, ttl: int) -> None:
        link, own = self.interface.link, self.interface.link_local()
        said = Lldpdu(
            _identifier(LOCAL, self._owner.chassis()),
            _identifier(INTERFACE_NAME, link.name),
            ttl,
            self._owner.system(),
            addresses=() if own is None else (own,),
            ifindex=link.index,
        )
        before, self._said = self._said, said
        if before is not None and before.port != said.port:  # for them another port is another neighbor
            self._transmit(replace(before, ttl=0))
        self._transmit(said)

    def _transmit(self, said: Lldpdu) -> None:
        self._owner.trace("packets", "Sending LLDPDU via {}, TTL {}", self.interface.name, said.ttl)
        self._frames.send(said.encode(), NEAREST_BRIDGE)
        self.sent += 1

    def _arrived(self, frame: Frame) -> None:
        self._owner.guarded(self._handle, frame)

    def _handle(self, frame: Frame) -> None:
        self.received += 1
        name = self.interface.name
        try:
            said = decode(frame.data)
        except LldpError as error:
            self.discarded += 1
            self._owner.trace(
                "packets", "Discarding LLDPDU from {}%{}: {}", frame.source.hex(":"), name, error
            )
            return
        self.dropped_tlvs += said.dropped
        if self._owner.is_own(frame.source):
            self._owner.trace("packets", "Ignoring our own LLDPDU on {}", name)
            return
        self._owner.trace("packets", "Received LLDPDU from {}%{}, TTL {}", said.chassis_text, name, said.ttl)
        self._learn(said, frame.source)

    def _learn(self, said: Lldpdu, mac: bytes) -> None:
        now = self._clock.now()
        known = self.hearing.systems.get((said.chassis, said.port))
        returned = known is not None and known.is_overdue(now)
        heard = self.hearing.heard(said, mac, now)
        if heard.full and not self._told_full:
            self._told_full = True
            limit = self.hearing.limit
            self._owner.log("warning", f"{self.interface.name}: {limit} neighbors known, ignoring others")
        if heard.new and self.sending.active:
            self.sending.start(now)
        if heard.gone:
            self._told_full = False
        if heard.changed:
            self._owner.learned(self, heard.gone)
        if known is not None and said.ttl:
            self._owner.alive(self, said.addresses, returned)
        self._arm()


def _identifier(kind: int, text: str) -> bytes:
    return bytes((kind,)) + text.encode("utf-8", "replace")[:255]
