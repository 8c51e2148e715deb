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
from pybird.filter.nodes import Block, Decide, Filter
from pybird.proto.static.config import StaticConfig, StaticRoute
from pybird.values.attributes import AttributeSet
from pybird.values.community import CommunityList
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
        self._hops: dict[StaticRoute, Hop] = {}  # every route, and where it leads
        self._users: dict[Hop, dict[StaticRoute, None]] = {}  # routes over gateways and interfaces
        self._working: dict[Hop, bool] = {}  # whether those are announced
        self._blocks: dict[int, Filter] = {}

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
        self._add(self.options.routes, self.options)
        self.went_up()

    def stop(self, reason: StopReason) -> None:
        """The routes go with their channel."""
        self.router.interfaces.unlisten(self)
        self._forget_all()
        self.stopped()

    def accepts(self, old: ProtocolConfig, new: ProtocolConfig) -> bool:
        """Routes change live; another channel or IGP table needs a restart."""
        assert isinstance(old, StaticConfig)
        assert isinstance(new, StaticConfig)
        return old.igp_table == new.igp_table and [c.name for c in old.channels] == [
            c.name for c in new.channels
        ]

    def reconfigure(self, new: ProtocolConfig) -> bool:
        """Compare the routes pairwise; announce and withdraw only what differs."""
        old = self.options
        assert isinstance(new, StaticConfig)
        if not self.accepts(old, new):
            return False
        self._blocks.clear()
        known = dict(self._hops)
        if old.check_link != new.check_link:
            self._forget_all()
        wanted = dict.fromkeys(new.routes)
        there = {route.net.key: None for route in new.routes}
        for route in list(self._hops):
            if route not in wanted:
                self._forget(route)
        self._withdraw([route for route in known if route.net.key not in there])
        self._add(tuple([route for route in new.routes if route not in self._hops]), new)
        self._withdraw([route for route, hop in self._hops.items() if route.via and not hop.resolvable])
        return True

    def request_refresh(self, channel: Channel) -> bool:
        """Announce everything again."""
        self._announce(tuple(self._hops))
        return True

    def interface_event(self, event: InterfaceEvent) -> None:
        """A gateway may have come or gone."""
        for hop, working in list(self._working.items()):
            if hop.resolvable is working:
                continue
            self._working[hop] = hop.resolvable
            routes = tuple(self._users[hop])
            if hop.resolvable:
                self._announce(routes)
            else:
                self._withdraw(list(routes))

    # what is there ------------------------------------------------------------

    def _add(self, routes: tuple[StaticRoute, ...], options: StaticConfig) -> None:
        for route in routes:
            hop = self._hops[route] = self._hop(route, options)
            if route.via:
                self._users.setdefault(hop, {})[route] = None
                self._working[hop] = hop.resolvable
        self._announce(routes)

    def _forget(self, route: StaticRoute) -> None:
        hop = self._hops.pop(route)
        users = self._users.get(hop)
        if users is not None:
            users.pop(route, None)
            if not users:
                del self._users[hop]
                del self._working[hop]

    def _forget_all(self) -> None:
        self._hops.clear()
        self._users.clear()
        self._working.clear()

    # announcing -------------------------------------------------------------

    def _channel(self, route: StaticRoute) -> Channel | None:
        for channel in self.channels.values():
            if channel.net_type == route.net.type:
                return channel
        return None

    def _announce(self, routes: tuple[StaticRoute, ...]) -> None:
        """Announce those routes that work, in batches of equal attributes and next hop."""
        batches: dict[tuple[Channel, Hop, AttributeSet, int], list[bytes]] = {}
        now = self.router.clock.now()
        for route in routes:
            channel = self._channel(route)
            hop = self._hops[route]
            if channel is None or (route.via and not hop.resolvable):
                continue
            plain = Rte(self._attrs(route), channel.source, hop, channel.config.preference, now)
            rte = self._with_attributes(route, plain)
            if rte is not None:
                batches.setdefault((channel, rte.hop, rte.attrs, rte.preference), []).append(route.net.key)
        for (channel, hop, attrs, preference), keys in batches.items():
            channel.announce(keys, Rte(attrs, channel.source, hop, preference, now))

    def _attrs(self, route: StaticRoute) -> AttributeSet:
        """What the route itself says: the providers of an ASPA route."""
        pool = self.router.pool
        if route.providers is None:
            return pool.empty
        return pool.edit(pool.empty, {"aspa_providers": CommunityList.of(route.providers)})

    def _with_attributes(self, route: StaticRoute, rte: Rte) -> Rte | None:
        """The route after its `{ … }` block; None: the block rejected it."""
        if route.attributes is None:
            return rte
        block = self._blocks.get(id(route.attributes))
        if block is None:
            body = Block((route.attributes, Decide("accept")), span=route.span)
            block = self._blocks[id(route.attributes)] = Filter(None, body, span=route.span)
        return self.router.policy(block, route.net.type).judge(rte, route.net.key)

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
