"""The RAdv protocol: sends Router Advertisements, and announces discovered routers as routes.

Each configured interface that is up and has a usable link-local address gets a
`RadvPort`. Discovered routers are announced to the peers channel as NET_PEER
entries with `radv_lifetime` (seconds, as first heard) and `radv_preference`;
the ipv6 channel exports the trigger route and the routes to propagate.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final

from pybird.core.channel import Channel
from pybird.core.export.exporter import Exporter, ExportMode
from pybird.core.forwarding.interfaces import Interface, InterfaceEvent, matches
from pybird.core.life import ProtocolState, StopReason
from pybird.core.peering import Discoverer, report_alive
from pybird.core.ports import Timer
from pybird.core.protocol import InstanceOwner
from pybird.proto.radv.config import RadvConfig, RaInterface
from pybird.proto.radv.content import RouteOptions
from pybird.proto.radv.discover import MOST_ENTRIES, Announce
from pybird.proto.radv.port import RadvPort
from pybird.values.address import Address
from pybird.values.attributes import AttributePool, AttributeSet
from pybird.values.enums import RaPreference
from pybird.values.net import NetType, PeerNet, Prefix, net_of
from pybird.values.route import NO_HOP, Rte

AGAIN: Final = 5.0  # seconds until a socket that could not be opened is tried again
PREFERENCE_NAMES: Final = ("radv_preference", "ra_preference")  # ours, and that of BIRD 2.0
LIFETIME_NAMES: Final = ("radv_lifetime", "ra_lifetime")
Packed = tuple[dict[RouteOptions, list[bytes]], list[bytes]]


class RouteExporter:
    """Converts routes of the ipv6 channel to the RA attributes that they set."""

    key: Hashable = "radv"
    mode = ExportMode.OPTIMAL

    def __init__(self, pool: AttributePool) -> None:
        self._pool = pool

    def admit(self, rte: Rte) -> bool:
        return True

    def wire(self, rte: Rte, before: AttributeSet, again: tuple[str, ...] = ()) -> RouteOptions:
        view = self._pool.view(rte.attrs)
        preference = next((view[name] for name in PREFERENCE_NAMES if name in view), None)
        lifetime = next((view[name] for name in LIFETIME_NAMES if name in view), None)
        return RouteOptions(None if preference is None else int(preference) >> 3 & 3, lifetime)

    def leads_to(self, form: RouteOptions) -> tuple[Hashable, ...]:
        """Empty: there is no receiver that a next hop could point back to."""
        return ()

    def kept_back(self, rte: Rte) -> str:
        return ""

    def pack(self, announce: dict[RouteOptions, list[bytes]], withdraw: list[bytes]) -> Packed:
        return announce, withdraw


class Radv(Discoverer[RadvConfig]):
    """One `protocol radv`."""

    def __init__(self, config: RadvConfig, owner: InstanceOwner) -> None:
        super().__init__(config, owner)
        self.ports: dict[int, RadvPort] = {}
        self.routes: dict[Prefix, RouteOptions] = {}
        self._triggered = False
        self._gone: dict[bytes, str] = {}  # why the last withdrawn entries were withdrawn
        self._warned: dict[tuple[str, str], None] = {}
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
            self.routes.clear()  # they are fed again when a channel opens
            self._triggered = False
            self.went_down()
        elif self.state is ProtocolState.START:
            self.went_up()
            for channel in self.channels.values():
                channel.open()

    def stop(self, reason: StopReason) -> None:
        """Close all ports; hosts get a last RA with lifetime zero unless the restart is graceful."""
        self.services.interfaces.unlisten(self)
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        for index in list(self.ports):
            self._drop(index, "stopped", goodbye=reason is not StopReason.GRACEFUL)
        self.routes.clear()
        self._triggered = False
        self.stopped()

    def accepts(self, old: RadvConfig, new: RadvConfig) -> bool:
        return new.vrf == old.vrf

    def reconfigure(self, new: RadvConfig) -> bool:
        """Apply all options without a restart; interfaces that stay keep their discovered routers."""
        if not self.accepts(self.config, new):
            return False
        old, self.config = self.config, new
        if (old.trigger, old.propagate_routes) != (new.trigger, new.propagate_routes):
            self._reread_routes()
        for interface in self.services.interfaces:
            self._update(interface, new, adapt=True)
        self._settle()
        return True

    def info(self) -> str:
        if self._closed:
            return next(iter(self._closed.values()))
        return "" if self.state is ProtocolState.UP and self.active else "Suppressed"

    # interfaces ---------------------------------------------------------

    def follows_interfaces(self, address: bool) -> bool:
        return True

    def interface_event(self, event: InterfaceEvent) -> None:
        """Open, update or close the port; an address that is no longer tentative is an `address` event."""
        if event.kind == "removed":
            self._closed.pop(event.interface.index, None)
            self._warned = {known: None for known in self._warned if known[0] != event.interface.name}
            self._drop(event.interface.index, "interface gone", goodbye=False)
        else:
            self._update(event.interface, self.config, event)
        self._settle()

    def _wanted(self, interface: Interface, config: RadvConfig) -> RaInterface | None:
        """The interface's `interface` block; None if there is none or we cannot work on it now."""
        link = interface.link
        if not link.up or link.loopback or not link.multicast or interface.link_local() is None:
            return None
        if not self.services.interfaces.in_vrf(interface, config.vrf):
            return None
        return next((item for item in config.interfaces if matches(item.patterns, interface)), None)

    def _update(
        self,
        interface: Interface,
        config: RadvConfig,
        event: InterfaceEvent | None = None,
        adapt: bool = False,
    ) -> None:
        """Open, change or close the port of an interface, as its config and state require."""
        wanted = self._wanted(interface, config)
        port = self.ports.get(interface.index)
        if wanted is None:
            self._closed.pop(interface.index, None)
            if port is not None:
                reason = "not configured" if interface.up else "link down"
                self._drop(interface.index, reason, goodbye=interface.up)
        elif port is None:
            self._open(interface, config, wanted)
        elif adapt or wanted != port.config:
            port.adapt(config, wanted)
            self._warn(interface, wanted)
        elif event is not None and event.kind.startswith("address"):
            port.changed()

    def _open(self, interface: Interface, config: RadvConfig, wanted: RaInterface) -> None:
        try:
            port = RadvPort(self, self.services, interface, config, wanted)
        except OSError as error:
            self._failed(interface, f"Cannot open an ICMPv6 socket: {error.strerror or error}")
            return
        self._closed.pop(interface.index, None)
        self.ports[interface.index] = port
        self._settle()
        self._warn(interface, wanted)
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
            port.stop(reason, goodbye)

    def _warn(self, interface: Interface, config: RaInterface) -> None:
        """Warn once about kernel settings that contradict the configuration."""
        name = interface.name
        forwarding = self.services.kernel.setting(f"net.ipv6.conf.{name}.forwarding")
        accept = self.services.kernel.setting(f"net.ipv6.conf.{name}.accept_ra")
        if forwarding == "0":
            self._warn_once(name, "IPv6 forwarding is off, but we advertise ourselves as a router")
        if config.discovery and (accept == "2" or (accept == "1" and forwarding == "0")):
            self._warn_once(name, "accept_ra is active: the kernel configures itself from the neighbors' RAs")

    def _warn_once(self, name: str, text: str) -> None:
        if (name, text) not in self._warned:
            self._warned[name, text] = None
            self.log("warning", f"{name}: {text}")

    # discovered routers -------------------------------------------------

    @property
    def _peers(self) -> Channel | None:
        for channel in self.channels.values():
            if channel.net_type is NetType.PEER:
                return channel
        return None

    def entry_limit(self) -> int:
        """The most entries of one interface: one more than an import limit, so that the limit can act."""
        config = next((item for item in self.config.channels if item.net_type is NetType.PEER), None)
        limit = config.import_limit if config is not None else None
        return MOST_ENTRIES if limit is None else limit.count + 1

    def announce(self, port: RadvPort, router: Announce) -> None:
        """Announce a router to the peers channel; called by its port."""
        channel = self._peers
        if channel is None:
            return
        preference = RaPreference(router.preference << 3)
        attrs = self.services.pool.intern(
            b"", (("radv_lifetime", router.lifetime), ("radv_preference", preference))
        )
        rte = Rte(attrs, channel.source, NO_HOP, channel.config.preference, self.services.clock.now())
        self.trace("events", "Neighbor {}%{} discovered", router.address, port.interface.name)
        key = PeerNet(router.address, port.interface.index).key
        self._gone.pop(key, None)
        channel.announce([key], rte)

    def alive(self, port: RadvPort, address: Address, returned: bool) -> None:
        """A known router advertised itself again; called by its port."""
        channel = self._peers
        if channel is not None:
            report_alive(channel, PeerNet(address, port.interface.index).key, returned)

    def withdraw(self, port: RadvPort, address: Address, reason: str) -> None:
        """Withdraw a router from the peers channel; called by its port."""
        channel = self._peers
        self.trace("events", "Neighbor {}%{} withdrawn ({})", address, port.interface.name, reason)
        if channel is not None:
            key = PeerNet(address, port.interface.index).key
            self._remember(key, reason)
            channel.withdraw([key])

    def _remember(self, key: bytes, reason: str) -> None:
        """Keep the reason of a withdrawal for `describe`."""
        self._gone[key] = reason
        while len(self._gone) > MOST_ENTRIES:
            del self._gone[next(iter(self._gone))]

    def request_refresh(self, channel: Channel) -> bool:
        """Announce all known routers again."""
        if channel is not self._peers:
            return False
        channel.begin_refresh()
        for port in self.ports.values():
            for address, entry in port.discovery.entries.items():
                self.announce(port, Announce(address, entry.lifetime, entry.preference))
        channel.end_refresh()
        return True

    def _find_port(self, net_type: NetType, key: bytes) -> tuple[RadvPort, Address] | None:
        if net_type is not NetType.PEER:
            return None
        net = net_of(net_type, key)
        assert isinstance(net, PeerNet)
        port = self.ports.get(net.ifindex)
        return None if port is None else (port, net.address)

    def describe(self, net_type: NetType, key: bytes) -> dict[str, Any]:
        """`since` and `expires` of an entry, on the router's clock; or why it was `withdrawn`."""
        found = self._find_port(net_type, key)
        entry = None if found is None else found[0].discovery.entries.get(found[1])
        if entry is not None:
            return {"since": entry.since, "expires": entry.expires}
        return {"withdrawn": self._gone[key]} if key in self._gone else {}

    def unreachable(self, net_type: NetType, key: bytes) -> None:
        """This router refused a session: send it our advertisement, it may not have seen one."""
        found = self._find_port(net_type, key)
        if found is not None:
            found[0].greet(found[1])

    # routes to advertise ------------------------------------------------

    @property
    def active(self) -> bool:
        """False while the trigger route is missing."""
        return self.config.trigger is None or self._triggered

    def exporter(self, channel: Channel) -> Exporter | None:
        return RouteExporter(self.services.pool) if channel.net_type is NetType.IP6 else None

    def transmit(self, channel: Channel, packed: Packed) -> None:
        """Record routes of the ipv6 channel and advertise changes; the trigger is not propagated."""
        announce, withdraw = packed
        before, count = self.active, len(self.routes)
        changed = False
        for key in withdraw:
            changed |= self._forget(key)
        for options, keys in announce.items():
            for key in keys:
                changed |= self._learn(key, options)
        if changed or self.active is not before or len(self.routes) != count:
            for port in self.ports.values():
                port.changed()

    def _reread_routes(self) -> None:
        """Rebuild `routes` and the trigger's state after `trigger` or `propagate routes` changed."""
        trigger = self.config.trigger
        if not self.config.propagate_routes:
            self.routes.clear()
        elif trigger is not None:
            self.routes.pop(trigger, None)
        self._triggered = False
        for channel in self.channels.values():
            if channel.net_type is NetType.IP6:
                self._triggered = trigger is not None and channel.exports(trigger.key) is not None
                channel.refeed()

    def _learn(self, key: bytes, options: RouteOptions) -> bool:
        prefix = net_of(NetType.IP6, key)
        assert isinstance(prefix, Prefix)
        if prefix == self.config.trigger:
            self._triggered = True
            return False
        if not self.config.propagate_routes or self.routes.get(prefix) == options:
            return False
        self.routes[prefix] = options
        return True

    def _forget(self, key: bytes) -> bool:
        prefix = net_of(NetType.IP6, key)
        assert isinstance(prefix, Prefix)
        if prefix == self.config.trigger:
            self._triggered = False
            return False
        return self.routes.pop(prefix, None) is not None
