"""Direct: routes to the networks that interfaces are connected to.

Each usable address of an interface that is administratively up gives one route
to its prefix (on a point-to-point link, to the other end) over that interface.
With `check link` the interface must have a carrier too. Loopback (127/8, ::1)
and link-local addresses give no route. A network that several interfaces are
on has one route for each of them, the lowest interface index first; several
addresses of one interface in one network give one route. In `ipv6 sadr` tables
the routes are for every source (`from ::/0`).

On every event we compare what an interface should announce with what it
announces, so that routes follow renames and moved addresses, and stay
untouched otherwise.
"""

from __future__ import annotations

from pybird.core.channel import Channel
from pybird.core.forwarding.interfaces import Interface, InterfaceEvent, matches_address
from pybird.core.forwarding.nexthop import HopWay
from pybird.core.life import StopReason
from pybird.core.ports import LinkAddress
from pybird.core.protocol import Instance, InstanceOwner
from pybird.proto.direct.config import DirectConfig
from pybird.values.address import UNSPECIFIED_V6
from pybird.values.net import NetType, Prefix
from pybird.values.nets import SadrNet
from pybird.values.route import Hop, RouteSource, Rte

EVERY_SOURCE = Prefix(UNSPECIFIED_V6, 0)
Announced = dict[tuple[Channel, bytes], Hop]


class Direct(Instance[DirectConfig]):
    """One direct protocol."""

    def __init__(self, config: DirectConfig, owner: InstanceOwner) -> None:
        super().__init__(config, owner)
        self._announced: dict[int, Announced] = {}  # by interface index
        self._sources: dict[tuple[Channel, int], RouteSource] = {}

    def start(self) -> None:
        """Announce the networks of all interfaces."""
        for channel in self.channels.values():
            channel.open()
        self.services.interfaces.listen(self)
        for interface in self.services.interfaces:
            self._update(interface)
        self.went_up()

    def stop(self, reason: StopReason) -> None:
        """Stop following interfaces; the core removes the routes with their channels."""
        self.services.interfaces.unlisten(self)
        self._announced.clear()
        self._sources.clear()
        self.stopped()

    def accepts(self, old: DirectConfig, new: DirectConfig) -> bool:
        """True: options and channels can change without a restart."""
        return True

    def reconfigure(self, new: DirectConfig) -> bool:
        """Announce and withdraw what differs under the new options."""
        for interface in self.services.interfaces:
            self._update(interface, new)
        return True

    def channel_added(self, channel: Channel) -> None:
        """Announce the interfaces' networks to the new channel."""
        super().channel_added(channel)
        for interface in self.services.interfaces:
            self._update(interface)

    def channel_removed(self, channel: Channel) -> None:
        """Forget what was announced to this channel; the core withdraws the routes."""
        for announced in self._announced.values():
            for place in [place for place in announced if place[0] is channel]:
                del announced[place]
        for name in [name for name in self._sources if name[0] is channel]:
            del self._sources[name]

    def request_refresh(self, channel: Channel) -> bool:
        """Announce every route of this channel again."""
        for index, announced in self._announced.items():
            for (owner, key), hop in announced.items():
                if owner is channel:
                    self._announce(channel, key, hop, index)
        return True

    def follows_interfaces(self, address: bool) -> bool:
        return True

    def interface_event(self, event: InterfaceEvent) -> None:
        """An interface or one of its addresses appeared, changed or was removed."""
        self._update(event.interface, gone=event.kind == "removed")

    # announcing -------------------------------------------------------------

    def _update(self, interface: Interface, config: DirectConfig | None = None, gone: bool = False) -> None:
        """Announce and withdraw what differs for one interface; `gone`: it was removed."""
        options = config if config is not None else self.config
        wanted = {} if gone else self._wanted(interface, options)
        index = interface.index
        had = self._announced.pop(index, {})
        if wanted:
            self._announced[index] = wanted
        for channel, key in had:
            if (channel, key) not in wanted:
                channel.withdraw([key], self._source(channel, index))
        for (channel, key), hop in wanted.items():
            if had.get((channel, key)) is not hop:
                self._announce(channel, key, hop, index)
        if gone:
            for channel in self.channels.values():
                source = self._sources.pop((channel, index), None)
                if source is not None:
                    channel.forget(source)

    def _announce(self, channel: Channel, key: bytes, hop: Hop, index: int) -> None:
        now = self.services.clock.now()
        source = self._source(channel, index)
        rte = Rte(self.services.pool.empty, source, hop, channel.config.preference, now)
        channel.announce([key], rte)

    def _source(self, channel: Channel, index: int) -> RouteSource:
        """The source of one interface's routes: it keeps apart routes to one network."""
        source = self._sources.get((channel, index))
        if source is None:
            own = channel.source
            source = RouteSource(own.name, own.kind, own.type, channel, path_id=index)
            self._sources[channel, index] = source
        return source

    def _wanted(self, interface: Interface, options: DirectConfig) -> Announced:
        if not self._is_usable(interface, options):
            return {}
        way = HopWay(None, interface.index, None, check_link=False)
        hop = self.services.hops.ways((way,))
        wanted: Announced = {}
        for address in interface.ready_addresses():
            if not _makes_route(address) or not self._is_chosen(interface, address, options):
                continue
            for channel in self.channels.values():
                key = _key(channel.net_type, address.prefix)
                if key is not None:
                    wanted[channel, key] = hop
        return wanted

    def _is_usable(self, interface: Interface, options: DirectConfig) -> bool:
        if not self.services.interfaces.in_vrf(interface, options.vrf):
            return False
        return interface.up if options.check_link else interface.link.admin_up

    def _is_chosen(self, interface: Interface, address: LinkAddress, options: DirectConfig) -> bool:
        """Whether `interface` covers this address: a pattern with a prefix matches single addresses."""
        if not options.interfaces:
            return True
        return matches_address(options.interfaces, interface, address.address)


def _makes_route(address: LinkAddress) -> bool:
    own = address.address
    return not own.is_loopback and not own.is_link_local and not address.secondary


def _key(net_type: NetType, prefix: Prefix) -> bytes | None:
    """The key of a prefix in a table of this type; None if the types do not fit."""
    if prefix.type is net_type:
        return prefix.key
    if net_type is NetType.IP6_SADR and prefix.type is NetType.IP6:
        return SadrNet(prefix, EVERY_SOURCE).key
    return None
