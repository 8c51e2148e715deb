"""Static: routes written in the configuration.

A route over gateways or interfaces is announced while at least one of them
works, and follows interface changes through its shared next hop entry. A
recursive route is always there; while its address has no route it is
unreachable. A changed config is compared route by route: what stays equal is
not touched.
"""

from __future__ import annotations

from pybird.conf.model import ProtocolConfig
from pybird.core.channel import Channel
from pybird.core.interfaces import InterfaceEvent
from pybird.core.nexthop import Way
from pybird.core.protocol import Instance, StopReason
from pybird.core.router import Router
from pybird.proto.static.config import StaticConfig, StaticRoute
from pybird.values.attributes import AttributeSet
from pybird.values.route import BLACKHOLE, NO_HOP, PROHIBIT, UNREACHABLE, Dest, Hop, Rte

_FIXED = {
    Dest.NONE: NO_HOP,
    Dest.BLACKHOLE: BLACKHOLE,
    Dest.UNREACHABLE: UNREACHABLE,
    Dest.PROHIBIT: PROHIBIT,
}


class Static(Instance):
    """One static protocol."""

    def __init__(self, config: ProtocolConfig, router: Router) -> None:
        super().__init__(config, router)
        self._hops: dict[StaticRoute, Hop] = {}  # what is announced, and over what

    @property
    def options(self) -> StaticConfig:
        """The config under its own type."""
        assert isinstance(self.config, StaticConfig)
        return self.config

    def start(self) -> None:
        """Announce every route that works."""
        for channel in self.channels.values():
            channel.open()
        self.router.interfaces.listen(self)
        self._announce(self.options.routes)
        self.went_up()

    def stop(self, reason: StopReason) -> None:
        """The routes go with their channel."""
        self.router.interfaces.unlisten(self)
        self._hops.clear()
        self.stopped()

    def accepts(self, old: ProtocolConfig, new: ProtocolConfig) -> bool:
        """Routes change live; another IGP table needs a restart."""
        assert isinstance(old, StaticConfig)
        assert isinstance(new, StaticConfig)
        return old.igp_table == new.igp_table

    def reconfigure(self, new: ProtocolConfig) -> bool:
        """Compare the routes pairwise; announce and withdraw only what differs."""
        old = self.options
        assert isinstance(new, StaticConfig)
        if not self.accepts(old, new):
            return False
        if old.check_link != new.check_link:
            self._replace_all(new)
            return True
        wanted = dict.fromkeys(new.routes)
        nets = {route.net.key: None for route in new.routes}
        gone = [route for route in self._hops if route not in wanted]
        for route in gone:
            del self._hops[route]
        self._withdraw([route for route in gone if route.net.key not in nets])
        known = dict.fromkeys(old.routes)
        self._announce(tuple([route for route in new.routes if route not in known]), new)
        return True

    def _replace_all(self, new: StaticConfig) -> None:
        old, self._hops = self._hops, {}
        self._announce(new.routes, new)
        there = {route.net.key: None for route in self._hops}
        self._withdraw([route for route in old if route.net.key not in there])

    def request_refresh(self, channel: Channel) -> bool:
        """Announce everything again."""
        self._announce(self.options.routes)
        return True

    def interface_event(self, event: InterfaceEvent) -> None:
        """A gateway may have come or gone."""
        self._announce(tuple([r for r in self.options.routes if r.via and r not in self._hops]))
        lost = [r for r, hop in self._hops.items() if r.via and not hop.resolvable]
        for route in lost:
            del self._hops[route]
        self._withdraw(lost)

    # announcing -------------------------------------------------------------

    def _channel(self, route: StaticRoute) -> Channel | None:
        for channel in self.channels.values():
            if channel.net_type == route.net.type:
                return channel
        return None

    def _announce(self, routes: tuple[StaticRoute, ...], config: StaticConfig | None = None) -> None:
        """Announce those routes that work, in batches of equal attributes and next hop."""
        options = config if config is not None else self.options
        batches: dict[tuple[Channel, Hop, AttributeSet, int], list[bytes]] = {}
        for route in routes:
            channel = self._channel(route)
            hop = self._hop(route, options)
            if channel is None or (route.via and not hop.resolvable):
                continue
            self._hops[route] = hop
            attrs, preference = self._attributes(route, channel, hop)
            batches.setdefault((channel, hop, attrs, preference), []).append(route.net.key)
        now = self.router.clock.now()
        for (channel, hop, attrs, preference), keys in batches.items():
            channel.announce(keys, Rte(attrs, channel.source, hop, preference, now))

    def _attributes(self, route: StaticRoute, channel: Channel, hop: Hop) -> tuple[AttributeSet, int]:
        """The attribute set and preference that the route's block asks for."""
        return self.router.pool.empty, channel.config.preference

    def _withdraw(self, routes: list[StaticRoute]) -> None:
        batches: dict[Channel, list[bytes]] = {}
        for route in routes:
            channel = self._channel(route)
            if channel is not None:
                batches.setdefault(channel, []).append(route.net.key)
        for channel, keys in batches.items():
            channel.withdraw(keys)

    def _hop(self, route: StaticRoute, options: StaticConfig) -> Hop:
        if route.recursive is not None:
            return self.router.hops.recursive(route.recursive, self._igp_table(route, options))
        if not route.via:
            return _FIXED[route.dest]
        ways = [
            Way(
                via.gateway,
                0,
                via.interface,
                via.weight,
                via.onlink,
                via.labels,
                options.check_link,
            )
            for via in route.via
        ]
        return self.router.hops.ways(tuple(ways))

    def _igp_table(self, route: StaticRoute, options: StaticConfig) -> str:
        if options.igp_table is not None:
            return options.igp_table
        assert route.recursive is not None
        channel = self._channel(route)
        if (
            channel is not None
            and getattr(route.net, "address", route.recursive).is_v4 == route.recursive.is_v4
        ):
            return channel.config.table
        return "master4" if route.recursive.is_v4 else "master6"
