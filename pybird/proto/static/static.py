"""Static: routes written in the configuration.

A route over gateways or interfaces is announced while at least one of them
works, and follows interface changes through its shared next hop entry. A
recursive route is always announced; while its address has no route it is
unreachable. A network may have several routes; the one written first is the
best. On a reload, routes are compared by their place in the config: one that is
equal is not touched. All work is done in slices: routes to be announced or
withdrawn wait in `_dirty`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple, TypeVar

from pybird.conf.model import ChannelConfig, LabelChannelConfig
from pybird.core.channel import Channel
from pybird.core.forwarding.interfaces import InterfaceEvent
from pybird.core.forwarding.nexthop import HopWay
from pybird.core.labels.giver import LabelGiver
from pybird.core.labels.labeler import LABEL, POLICY
from pybird.core.life import StopReason
from pybird.core.protocol import InstanceOwner
from pybird.core.scheduler import SLICE
from pybird.filter.nodes import Block, Decide, Filter
from pybird.proto.static.config import StaticConfig, StaticRoute, StaticVia
from pybird.values.attributes import AttributeSet
from pybird.values.community import CommunityList
from pybird.values.enums import MplsPolicy
from pybird.values.net import Net, NetType
from pybird.values.route import BLACKHOLE, NO_HOP, PROHIBIT, UNREACHABLE, Dest, Hop, RouteSource, Rte

_FIXED = {
    Dest.NONE: NO_HOP,
    Dest.BLACKHOLE: BLACKHOLE,
    Dest.UNREACHABLE: UNREACHABLE,
    Dest.PROHIBIT: PROHIBIT,
}


T = TypeVar("T")


class Slot(NamedTuple):
    """The place of a route: its network, and how many routes to that network precede it."""

    key: bytes
    number: int


class Static(LabelGiver[StaticConfig]):
    """One static protocol."""

    def __init__(self, config: StaticConfig, owner: InstanceOwner) -> None:
        super().__init__(config, owner)
        self._routes: dict[Slot, StaticRoute] = {}
        self._hops: dict[Slot, Hop] = {}
        self._users: dict[Hop, dict[Slot, None]] = {}  # routes over gateways and interfaces
        self._working: dict[Hop, bool] = {}  # of each hop in `_users`: whether its routes are announced
        self._sources: dict[int, RouteSource] = {}  # of second and later routes
        self._blocks: dict[int, Filter] = {}
        self._dirty: dict[Slot, bool] = {}  # to be announced or withdrawn; value: was it announced?
        self._change: Iterator[None] | None = None  # the running comparison with a new config

    def start(self) -> None:
        """Announce every route that works."""
        self.open_labels()
        for channel in self.channels.values():
            channel.open()
        self.services.interfaces.listen(self)
        self._apply_config(self.config, everything=False)
        self.went_up()

    def stop(self, reason: StopReason) -> None:
        """Forget all routes; the core removes them with their channel."""
        self.services.interfaces.unlisten(self)
        self.services.scheduler.cancel(self._work)
        self._change = None
        self._dirty.clear()
        self._routes.clear()
        self._hops.clear()
        self._users.clear()
        self._working.clear()
        self._sources.clear()
        self._blocks.clear()
        self.stopped()

    def forces_restart(self, old: ChannelConfig | None, new: ChannelConfig | None) -> bool:
        """True for labels of another domain or table; for other restarts BIRD logs no reason."""
        return old is not None and isinstance(new, LabelChannelConfig) and new.moves(old)

    def gets_labels(self, config: ChannelConfig) -> bool:
        return not isinstance(config, LabelChannelConfig)

    def accepts(self, old: StaticConfig, new: StaticConfig) -> bool:
        """True unless the channels or the IGP table change; routes change without a restart."""
        return old.igp_table == new.igp_table and [c.name for c in old.channels] == [
            c.name for c in new.channels
        ]

    def reconfigure(self, new: StaticConfig) -> bool:
        """Compare the routes place by place; announce and withdraw only what differs."""
        old = self.config
        if not self.accepts(old, new):
            return False
        self._blocks.clear()
        self._apply_config(new, everything=old.check_link != new.check_link)
        return True

    def request_refresh(self, channel: Channel) -> bool:
        """Announce every route again."""
        self._recheck(list(self._routes))
        return True

    def interface_event(self, event: InterfaceEvent) -> None:
        """Announce or withdraw routes whose next hop became reachable or unreachable."""
        for hop, working in list(self._working.items()):
            if hop.resolvable is working:
                continue
            self._working[hop] = hop.resolvable
            for slot in self._users[hop]:
                self._dirty.setdefault(slot, not hop.resolvable)
        self._work_soon()

    def alive(self, route: StaticRoute, via: StaticVia) -> bool:
        """Whether this `via` of a route works now; `show static` shows the others as dormant."""
        return _is_valid(route.net, via) and self.services.hops.works(_way(via, self.config))

    # the configured routes ----------------------------------------------------

    def _apply_config(self, options: StaticConfig, everything: bool) -> None:
        """Replace the current routes by those of a config; `everything`: even equal ones anew."""
        self._change = self._compare(options, everything)
        if self._work():
            self.services.scheduler.add(self._work)

    def _compare(self, options: StaticConfig, everything: bool) -> Iterator[None]:
        """Compare the current routes with a config's and adopt those, one slice per step."""
        wanted: dict[Slot, StaticRoute] = {}
        counts: dict[bytes, int] = {}
        for part in _slices(options.routes):
            place(part, counts, wanted)
            if len(part) == SLICE:
                yield
        for known in _slices(list(self._routes)):
            for slot in known:
                if everything or wanted.get(slot) != self._routes[slot]:
                    self._dirty.setdefault(slot, self._works(slot))
                    self._forget(slot)
            if len(known) == SLICE:
                yield
        for slots in _slices(list(wanted)):
            for slot in slots:
                if slot not in self._routes:
                    self._add(slot, wanted[slot], options)
                    self._dirty.setdefault(slot, False)
            if len(slots) == SLICE:
                yield

    def _add(self, slot: Slot, route: StaticRoute, options: StaticConfig) -> None:
        self._routes[slot] = route
        hop = self._hops[slot] = self._hop(route, options)
        if route.via:
            self._users.setdefault(hop, {})[slot] = None
            self._working[hop] = hop.resolvable

    def _forget(self, slot: Slot) -> None:
        del self._routes[slot]
        hop = self._hops.pop(slot)
        users = self._users.get(hop)
        if users is not None:
            users.pop(slot, None)
            if not users:
                del self._users[hop]
                del self._working[hop]

    def _works(self, slot: Slot) -> bool:
        return not self._routes[slot].via or self._hops[slot].resolvable

    # announcing -------------------------------------------------------------

    def _recheck(self, slots: list[Slot]) -> None:
        for slot in slots:
            self._dirty.setdefault(slot, self._works(slot))
        self._work_soon()

    def _work_soon(self) -> None:
        """Do one slice now; the scheduler does the others."""
        if self._dirty and self._work():
            self.services.scheduler.add(self._work)

    def _work(self) -> bool:
        """Do one slice of the comparison, then of announcements; True while there is more."""
        if self._change is not None:
            if next(self._change, self) is not self:
                return True
            self._change = None
        gone: list[Slot] = []
        there: list[Slot] = []
        for slot in list(islice(self._dirty, SLICE)):
            was = self._dirty.pop(slot)
            if slot in self._routes and self._works(slot):
                there.append(slot)
            elif was:
                gone.append(slot)
        self._withdraw(gone)
        self._announce(there)
        return bool(self._dirty)

    @property
    def _channel(self) -> Channel:
        return next(iter(self.channels.values()))

    def _source(self, number: int) -> RouteSource:
        """The source of every network's route `number`: sources keep routes to one network apart."""
        own = self._channel.source
        if not number:
            return own
        source = self._sources.get(number)
        if source is None:
            source = self._sources[number] = RouteSource(
                own.name, own.kind, own.type, own.owner, path_id=number
            )
        return source

    def _announce(self, wanted: list[Slot]) -> None:
        """Announce these routes, in batches of equal attributes and next hop."""
        batches: dict[tuple[int, Hop, AttributeSet, int], list[bytes]] = {}
        channel = self._channel
        now = self.services.clock.now()
        for slot in wanted:
            route = self._routes[slot]
            source = self._source(slot.number)
            plain = Rte(self._attrs(route), source, self._hops[slot], channel.config.preference, now)
            rte = self._with_attributes(route, plain)
            batches.setdefault((slot.number, rte.hop, rte.attrs, rte.preference), []).append(slot.key)
        for (number, hop, attrs, preference), keys in batches.items():
            channel.announce(keys, Rte(attrs, self._source(number), hop, preference, now))

    def _attrs(self, route: StaticRoute) -> AttributeSet:
        """The attributes that the route's kind brings: the providers of an ASPA route, a label."""
        pool = self.services.pool
        if route.providers is not None:
            return pool.edit(pool.empty, {"aspa_providers": CommunityList.of(route.providers)})
        if route.label is not None:
            return pool.edit(pool.empty, {LABEL: route.label, POLICY: int(MplsPolicy.STATIC)})
        return pool.empty

    def _with_attributes(self, route: StaticRoute, rte: Rte) -> Rte:
        """The route after its `{ … }` block; `reject` ends the block but does not drop the route."""
        if route.attributes is None:
            return rte
        block = self._blocks.get(id(route.attributes))
        if block is None:
            body = Block((route.attributes, Decide("accept")), span=route.span)
            block = self._blocks[id(route.attributes)] = Filter(None, body, span=route.span)
        return self.services.policies.policy(block, route.net.type).edited(rte, route.net.key)

    def _withdraw(self, gone: list[Slot]) -> None:
        batches: dict[int, list[bytes]] = {}
        for slot in gone:
            batches.setdefault(slot.number, []).append(slot.key)
        for number, keys in batches.items():
            self._channel.withdraw(keys, self._source(number))

    # next hops ----------------------------------------------------------------

    def _hop(self, route: StaticRoute, options: StaticConfig) -> Hop:
        if route.recursive is not None:
            table = self._igp_table(route, options)
            return self.services.hops.recursive(route.recursive, table, route.recursive_labels)
        if not route.via:
            return _FIXED[route.dest]
        ways: list[HopWay] = []
        for via in route.via:
            if _is_valid(route.net, via):
                ways.append(_way(via, options))
            else:
                text = f"Invalid next hop {via.gateway} of static route {route.net}"
                self.services.log("warning", text)  # as BIRD writes it, without the protocol's name
        return self.services.hops.ways(tuple(ways))

    def _igp_table(self, route: StaticRoute, options: StaticConfig) -> str:
        """The channel's own table if it is of the address's family, else the main one."""
        if options.igp_table is not None:
            return options.igp_table
        assert route.recursive is not None
        v4 = route.recursive.is_v4
        if self._channel.net_type is (NetType.IP4 if v4 else NetType.IP6):
            return self._channel.config.table
        return "master4" if v4 else "master6"


def slots(routes: tuple[StaticRoute, ...]) -> dict[Slot, StaticRoute]:
    """The routes by their places."""
    placed: dict[Slot, StaticRoute] = {}
    place(routes, {}, placed)
    return placed


def place(routes: Iterable[StaticRoute], counts: dict[bytes, int], placed: dict[Slot, StaticRoute]) -> None:
    """Add the next routes of a config to `placed`; `counts` counts each network's routes so far."""
    for route in routes:
        key = route.net.key
        number = counts.get(key, 0)
        counts[key] = number + 1
        placed[Slot(key, number)] = route


def _slices(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The sequence in parts of a slice each; only the last one may be shorter."""
    for at in range(0, len(items), SLICE):
        yield items[at : at + SLICE]


def _is_valid(net: Net, via: StaticVia) -> bool:
    """Whether this `via` can ever work.

    Ethernet routes lead to interfaces, not gateways. An `onlink` or link-local
    gateway needs an interface.
    """
    if via.gateway is None:
        return True
    if net.type is NetType.ETH or not via.gateway.may_be_neighbor:
        return False
    return via.interface is not None or not (via.onlink or via.gateway.is_link_local)


def _way(via: StaticVia, options: StaticConfig) -> HopWay:
    return HopWay(
        via.gateway,
        0,
        via.interface,
        via.weight,
        via.onlink,
        via.labels,
        check_link=options.check_link,
        own_address=True,
        vrf=options.vrf,
    )
