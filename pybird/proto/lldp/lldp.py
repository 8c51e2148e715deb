"""LLDP: hears who is at the other ends of our links, and announces them (IEEE 802.1AB).

Each interface that an `interface` block names and that is up gets an `LldpPort`. A
neighbor that names link-local addresses of its own (management addresses) becomes an entry
of the peer table for each of them. Of every neighbor the names of system and port are put into
`Cables`, where those find them who know its address from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pybird.core.channel import Channel
from pybird.core.forwarding.cables import CableEnd
from pybird.core.forwarding.interfaces import Interface, InterfaceEvent, matches
from pybird.core.life import ProtocolState, StopReason
from pybird.core.peering import Discoverer, report_alive
from pybird.core.ports import Timer
from pybird.core.protocol import Detail, InstanceOwner
from pybird.proto.lldp.config import LldpConfig, LldpInterface
from pybird.proto.lldp.hearing import MOST_NEIGHBORS, HeardSystem
from pybird.proto.lldp.port import LldpPort
from pybird.values.address import Address
from pybird.values.net import NetType, PeerNet, net_of
from pybird.values.route import NO_HOP, Rte

AGAIN: Final = 5.0  # seconds until a socket that could not be opened is tried again
_MOST_GONE: Final = 256


class Lldp(Discoverer[LldpConfig]):
    """One `protocol lldp`."""

    def __init__(self, config: LldpConfig, owner: InstanceOwner) -> None:
        super().__init__(config, owner)
        self.ports: dict[int, LldpPort] = {}
        self._entries: dict[bytes, tuple[str, str]] = {}  # what was announced: names of system and port
        self._gone: dict[bytes, str] = {}  # why the last withdrawn entries were withdrawn
        self._closed: dict[int, str] = {}  # interfaces whose socket cannot be opened, and why
        self._retry: Timer | None = None

    # life ---------------------------------------------------------------

    def start(self) -> None:
        self._closed.clear()
        self.services.interfaces.listen(self)
        for interface in self.services.interfaces:
            self._update(interface, self.config)
        self._settle()

    def _settle(self) -> None:
        """Go up, or down if no port is open and a socket could not be opened."""
        if self._closed and not self.ports:
            self._entries.clear()
            self.went_down()
        elif self.state is ProtocolState.START:
            self.went_up()
            for channel in self.channels.values():
                channel.open()

    def stop(self, reason: StopReason) -> None:
        """Close all ports; the neighbors are told to forget us unless the restart is graceful."""
        self.services.interfaces.unlisten(self)
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        for index in list(self.ports):
            self._drop(index, "stopped", goodbye=reason is not StopReason.GRACEFUL)
        self._entries.clear()
        self.stopped()

    def accepts(self, old: LldpConfig, new: LldpConfig) -> bool:
        return (old.vrf, old.router_id, old.hostname) == (new.vrf, new.router_id, new.hostname)

    def reconfigure(self, new: LldpConfig) -> bool:
        """Apply all options without a restart; interfaces that stay keep their neighbors."""
        if not self.accepts(self.config, new):
            return False
        self.config = new
        for interface in self.services.interfaces:
            self._update(interface, new, adapt=True)
        self._settle()
        return True

    def channel_added(self, channel: Channel) -> None:
        super().channel_added(channel)
        self.request_refresh(channel)

    def channel_removed(self, channel: Channel) -> None:
        self._entries.clear()

    def info(self) -> str:
        return next(iter(self._closed.values()), "")

    # interfaces ---------------------------------------------------------

    def follows_interfaces(self, address: bool) -> bool:
        return True

    def interface_event(self, event: InterfaceEvent) -> None:
        """Open, update or close the port."""
        if event.kind == "removed":
            self._closed.pop(event.interface.index, None)
            self._drop(event.interface.index, "interface gone", goodbye=False)
        else:
            self._update(event.interface, self.config)
            port = self.ports.get(event.interface.index)
            if port is not None and (event.kind.startswith("address") or event.kind == "renamed"):
                port.changed()
        self._settle()

    def _wanted(self, interface: Interface, config: LldpConfig) -> LldpInterface | None:
        """The interface's `interface` block; None if there is none or we cannot work on it now."""
        link = interface.link
        if not link.up or link.loopback or len(link.mac) != 6:
            return None
        if not self.services.interfaces.in_vrf(interface, config.vrf):
            return None
        return next((item for item in config.interfaces if matches(item.patterns, interface)), None)

    def _update(self, interface: Interface, config: LldpConfig, adapt: bool = False) -> None:
        """Open, change or close the port of an interface, as its config and state require."""
        wanted = self._wanted(interface, config)
        port = self.ports.get(interface.index)
        if wanted is None:
            self._closed.pop(interface.index, None)
            if port is not None:
                reason = "not configured" if interface.up else "link down"
                self._drop(interface.index, reason, goodbye=interface.up)
        elif port is None:
            self._open(interface, wanted)
        elif adapt or wanted != port.config:
            port.adapt(wanted)

    def _open(self, interface: Interface, wanted: LldpInterface) -> None:
        try:
            port = LldpPort(self, self.services, interface, wanted)
        except OSError as error:
            self._failed(interface, f"Cannot open a packet socket: {error.strerror or error}")
            return
        self._closed.pop(interface.index, None)
        self.ports[interface.index] = port
        self._settle()
        self.trace("events", "Adding interface {}", interface.name)
        port.start()

    def _failed(self, interface: Interface, text: str) -> None:
        """Log once that the interface's socket cannot be opened, and schedule another try."""
        text = f"{interface.name}: {text}"
        if self._closed.get(interface.index) != text:
            self._closed[interface.index] = text
            self.log("error", text)
        if self._retry is None:
            clock = self.services.clock
            self._retry = clock.call_at(clock.now() + AGAIN, self._try_again)

    def _try_again(self) -> None:
        self._retry = None
        for index in list(self._closed):
            interface = self.services.interfaces.by_index.get(index)
            if interface is not None:
                self._update(interface, self.config)
        self._settle()

    def _drop(self, index: int, reason: str, goodbye: bool) -> None:
        port = self.ports.pop(index, None)
        if port is not None:
            self.trace("events", "Removing interface {}: {}", port.interface.name, reason)
            port.stop(goodbye)
            self.learned(port, reason)

    # what ports ask -----------------------------------------------------

    def chassis(self) -> str:
        """The router ID, which is the same on all ports."""
        return str(Address.from_v4(self.config.router_id or self.services.router_id))

    def system(self) -> str:
        return self.config.system_name or self.config.hostname or self.services.hostname

    def is_own(self, mac: bytes) -> bool:
        return any(interface.link.mac == mac for interface in self.services.interfaces)

    def entry_limit(self) -> int:
        """One neighbor more than an import limit, so that the limit can act."""
        config = next(iter(self.config.channels), None)
        limit = config.import_limit if config is not None else None
        return MOST_NEIGHBORS if limit is None else limit.count + 1

    # neighbors ----------------------------------------------------------

    @property
    def _peers(self) -> Channel | None:
        return next(iter(self.channels.values()), None)

    def learned(self, port: LldpPort, why: str) -> None:
        """Announce and withdraw what differs on one interface, and say who is there."""
        index, channel = port.interface.index, self._peers
        ends = tuple(_end(self.name, system) for system in port.hearing.systems.values())
        self.services.cables.put(self.name, index, ends)
        if channel is None:
            return
        wanted = self._wanted_entries(port)
        had = [key for key in self._entries if _ifindex(key) == index]
        for key in had:
            if key not in wanted:
                self._withdraw(channel, key, why or "says another address")
        for key, names in wanted.items():
            if self._entries.get(key) != names:
                self._announce(channel, key, names)

    def _wanted_entries(self, port: LldpPort) -> dict[bytes, tuple[str, str]]:
        """An entry for each link-local address that a neighbor says it has; the first to say so has it."""
        wanted: dict[bytes, tuple[str, str]] = {}
        for system in port.hearing.systems.values():
            for address in system.said.addresses:
                if address.is_link_local and not port.interface.has(address):
                    key = PeerNet(address, port.interface.index).key
                    wanted.setdefault(key, (system.said.system, system.said.port_text))
        return wanted

    def _announce(self, channel: Channel, key: bytes, names: tuple[str, str]) -> None:
        if key not in self._entries:
            self.trace("events", "Neighbor {} discovered", self._label(key))
        self._entries[key] = names
        self._gone.pop(key, None)
        attrs = self.services.pool.intern(b"", (("lldp_port", names[1]), ("lldp_system", names[0])))
        now = self.services.clock.now()
        channel.announce([key], Rte(attrs, channel.source, NO_HOP, channel.config.preference, now))

    def _withdraw(self, channel: Channel, key: bytes, reason: str) -> None:
        self.trace("events", "Neighbor {} withdrawn ({})", self._label(key), reason)
        del self._entries[key]
        self._gone[key] = reason
        while len(self._gone) > _MOST_GONE:
            del self._gone[next(iter(self._gone))]
        channel.withdraw([key])

    def alive(self, port: LldpPort, addresses: tuple[Address, ...], returned: bool) -> None:
        """A known neighbor was heard again; called by its port."""
        channel = self._peers
        for address in addresses:
            key = PeerNet(address, port.interface.index).key
            if channel is not None and key in self._entries:
                report_alive(channel, key, returned)

    def _label(self, key: bytes) -> str:
        net = _net(key)
        interface = self.services.interfaces.by_index.get(net.ifindex)
        return f"{net.address}%{net.ifindex if interface is None else interface.name}"

    def request_refresh(self, channel: Channel) -> bool:
        """Announce all known neighbors again."""
        channel.begin_refresh()
        for port in self.ports.values():
            for key, names in self._wanted_entries(port).items():
                self._announce(channel, key, names)
        channel.end_refresh()
        return True

    def describe(self, net_type: NetType, key: bytes) -> dict[str, Any]:
        """`since`, `expires` and the names of an entry; or why it was `withdrawn`."""
        system = self._system(key) if net_type is NetType.PEER else None
        if system is None:
            return {"withdrawn": self._gone[key]} if key in self._gone else {}
        names = {"system": system.said.system, "port": system.said.port_text}
        return {"since": system.since, "expires": system.expires, **names}

    def _system(self, key: bytes) -> HeardSystem | None:
        """The neighbor that an entry is of."""
        net = _net(key)
        port = self.ports.get(net.ifindex)
        if port is None or key not in self._entries:
            return None
        systems = port.hearing.systems.values()
        return next((each for each in systems if net.address in each.said.addresses), None)

    def unreachable(self, net_type: NetType, key: bytes) -> None:
        """This neighbor refused a session: it may not have heard of us yet."""
        port = self.ports.get(_net(key).ifindex) if net_type is NetType.PEER else None
        if port is not None:
            port.changed()

    # what is shown ------------------------------------------------------

    def details(self) -> Iterator[Detail]:
        for port in self.ports.values():
            counts = f"{port.received} received, {port.discarded} discarded, {port.dropped_tlvs} TLVs dropped"
            systems = port.hearing.systems.values()
            now = self.services.clock.now()
            yield Detail(
                f"Interface {port.interface.name}",
                f"{counts}, {port.sent} sent",
                tuple(_shown(system, now) for system in systems),
            )


def _net(key: bytes) -> PeerNet:
    net = net_of(NetType.PEER, key)
    assert isinstance(net, PeerNet)
    return net


def _ifindex(key: bytes) -> int:
    return _net(key).ifindex


def _end(source: str, system: HeardSystem) -> CableEnd:
    said = system.said
    return CableEnd(source, said.system, said.port_text, said.addresses, system.mac)


def _shown(system: HeardSystem, now: float) -> Detail:
    said = system.said
    addresses = "".join([f", {address}" for address in said.addresses])
    text = f"port {said.port_text}{addresses}, expires in {max(system.expires - now, 0):.0f} s"
    return Detail(said.system or said.chassis_text, text)
