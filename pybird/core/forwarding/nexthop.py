"""Next hops: shared entries that follow interfaces and other routes.

A `Hop` says where packets go. The entries here depend on interfaces (a gateway
that must be on link, a device that must be up) or on an IGP table (recursive).
When these change, the entries are resolved again in place and their `version`
rises. Then one walk over all tables, in slices, replaces every route that uses a
changed entry by a successor, so that best routes are chosen again and readers
see the change.

No recursion through recursion (RFC 4271, 5.1.3): an address does not resolve
through a network whose best route is recursive or may become so. So what an
entry resolves to never depends on other recursive entries, and one walk is
enough: a route that resolves through itself cannot win, lose and win again in a
loop.

Unused entries are forgotten: each new entry causes a check of two old ones, in
turn, so that routes with ever new next hops cannot fill the memory.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from pybird.core.forwarding.interfaces import Interface, InterfaceEvent, Interfaces
from pybird.core.forwarding.neighbors import Neighbors
from pybird.core.scheduler import SLICE, Scheduler
from pybird.core.selection import set_rank
from pybird.core.table import Table, TableReader, Walk
from pybird.values.address import Address
from pybird.values.attributes import AttributePool
from pybird.values.net import Prefix, net_of, prefix_key
from pybird.values.route import UNKNOWN_METRIC, Dest, Hop, NextHop, Rte

CHECKS: Final = 2  # old entries that are checked for each new one


class HopWay(NamedTuple):
    """One configured next hop: a gateway, or an interface."""

    gateway: Address | None = None
    ifindex: int = 0
    ifname: str | None = None
    weight: int = 1
    onlink: bool = False
    labels: tuple[int, ...] = ()
    check_link: bool = True  # False: an interface without carrier will do
    metric: int = 0  # the IGP metric of routes with this next hop
    own_address: bool = False  # an address of this router may be the gateway
    otherwise: Address | None = None  # the gateway to use while the first one is not reachable
    vrf: str | None = None  # where a gateway without interface is searched; None: everywhere


class Recursive(NamedTuple):
    """A next hop address that is resolved through the routes of a table."""

    table: str
    gateway: Address
    labels: tuple[int, ...] = ()
    on_link: Address | None = None  # the gateway to use if the resolving route has none


class Question:
    """Whether a route that leads nowhere is valid, asked of the best routes of a table about a prefix.

    The answer may depend on the routes to networks that contain the prefix or are in it, and
    on nothing else that changes. Equal questions have the same answer.
    """

    def valid(self, prefix: Prefix, table: Table) -> bool:
        """The answer now."""
        return not self.problem(prefix, table)

    def problem(self, prefix: Prefix, table: Table) -> str:
        """Why it is not valid now, in words; empty if it is."""
        raise NotImplementedError


class Judged(NamedTuple):
    """A question that an entry answers: NONE if its routes are valid, else UNREACHABLE."""

    table: str
    prefix: Prefix
    question: Question


def why_invalid(hop: Hop, tables: dict[str, Table]) -> str:
    """Why a route that leads nowhere is not valid, in words; empty for all others."""
    if isinstance(hop.key, Judged) and hop.key.table in tables:
        return hop.key.question.problem(hop.key.prefix, tables[hop.key.table])
    return hop.key if isinstance(hop.key, str) else ""


class HopTable:
    """The next hop entries of one router."""

    def __init__(
        self,
        interfaces: Interfaces,
        neighbors: Neighbors,
        tables: dict[str, Table],
        scheduler: Scheduler,
        pool: AttributePool,
        warn: Callable[[str], None],
    ) -> None:
        self._interfaces = interfaces
        self._neighbors = neighbors
        self._tables = tables
        self._scheduler = scheduler
        self._pool = pool
        self._warn = warn
        self._direct: dict[tuple[HopWay, ...], Hop] = {}
        self._recursive: dict[Recursive, Hop] = {}
        self._judged: dict[Judged, Hop] = {}
        self._circular: dict[Recursive, bytes] = {}  # to the recursive network in the way
        self._round: list[tuple[dict[Any, Hop], Any]] = []
        self._readers: dict[str, TableReader] = {}
        self._changed: dict[Hop, None] = {}
        self._walks: list[tuple[Table, Walk]] = []
        self._walking: dict[Hop, None] = {}
        self._successors: dict[Rte, Rte] = {}
        self._waiters: dict[Callable[[set[Hop]], None], None] = {}
        interfaces.listen(self)

    # entries ----------------------------------------------------------------

    def gateway(
        self,
        address: Address,
        ifindex: int = 0,
        onlink: bool = False,
        table: str | None = None,
        metric: int = 0,
        otherwise: Address | None = None,
        labels: tuple[int, ...] = (),
    ) -> Hop:
        """The entry for a gateway; with `table` it is resolved through the routes of that table.

        Without `ifindex` the gateway must be on link on some interface. `metric`
        is the IGP metric; packets go with `labels`; `otherwise` is a second address of the neighbor, used
        while the first is not reachable. The entry is UNREACHABLE while it cannot
        be resolved.
        """
        if table is not None:
            return self.recursive(address, table)
        way = HopWay(address, ifindex, None, 1, onlink, labels, metric=metric, otherwise=otherwise)
        return self.ways((way,))

    def device(self, ifindex: int) -> Hop:
        """The entry for a directly connected interface."""
        return self.ways((HopWay(None, ifindex),))

    def ways(self, ways: tuple[HopWay, ...]) -> Hop:
        """The entry for one or several configured next hops; it has those that work now."""
        hop = self._direct.get(ways)
        if hop is None:
            self._forget_unused()
            hop = self._direct[ways] = Hop(Dest.UNREACHABLE, (), None, ways, direct=True)
            self._resolve_direct(ways, hop)
        return hop

    def recursive(
        self, address: Address, table: str, labels: tuple[int, ...] = (), on_link: Address | None = None
    ) -> Hop:
        """The entry for an address that is resolved through the best route of a table.

        If that route has no gateway, the next hop is the address itself, or its
        link-local address `on_link` if there is one.
        """
        key = Recursive(table, address, labels, on_link)
        hop = self._recursive.get(key)
        if hop is None:
            self._forget_unused()
            hop = self._recursive[key] = Hop(Dest.UNREACHABLE, (), None, key)
            self._follow(table)
            self._resolve_recursive(key, hop)
        return hop

    def judged(self, table: str, prefix: Prefix, question: Question) -> Hop:
        """The entry for routes without a next hop that are valid while a table says so."""
        key = Judged(table, prefix, question)
        hop = self._judged.get(key)
        if hop is None:
            self._forget_unused()
            hop = self._judged[key] = Hop(Dest.UNREACHABLE, (), None, key)
            self._follow(table)
            self._resolve_judged(key, hop)
        return hop

    def entry_for(self, hop: Hop) -> Hop:
        """The shared entry for a next hop that a filter made."""
        if hop.dest is not Dest.UNICAST or hop.key is not None:
            return hop
        ways: list[HopWay] = []
        for way in hop.nexthops:
            ifname = way.ifname or None
            ifindex = 0 if ifname is not None else way.ifindex
            ways.append(HopWay(way.gateway, ifindex, ifname, way.weight, way.onlink, way.labels))
        return self.ways(tuple(ways)) if ways else hop

    def add_waiter(self, notify: Callable[[set[Hop]], None]) -> None:
        """Call `notify` with the direct next hops that become reachable, from now on."""
        self._waiters[notify] = None

    def remove_waiter(self, notify: Callable[[set[Hop]], None]) -> None:
        """Stop calling `notify`."""
        self._waiters.pop(notify, None)

    def obstacle(self, hop: Hop) -> str:
        """Why a direct next hop is not reachable, for people."""
        way: HopWay = hop.key[0]
        if way.gateway is None:
            return f"interface {way.ifname or way.ifindex} is not up"
        if self._interfaces.owner_of(way.gateway) is not None:
            return f"next hop {way.gateway} is an address of our own"
        return f"next hop {way.gateway} is not on link"

    def __iter__(self) -> Iterator[Hop]:
        return iter([*self._direct.values(), *self._recursive.values(), *self._judged.values()])

    def __len__(self) -> int:
        return len(self._direct) + len(self._recursive) + len(self._judged)

    def _forget_unused(self) -> None:
        """Check the next `CHECKS` entries of the round through all, and forget unused ones."""
        if not self._round:
            self._round = [(self._direct, key) for key in self._direct]
            self._round += [(self._recursive, key) for key in self._recursive]
            self._round += [(self._judged, key) for key in self._judged]
        for _ in range(min(CHECKS, len(self._round))):
            entries, key = self._round.pop()
            if key in entries and _references(entries, key) <= _UNUSED:
                del entries[key]
                self._circular.pop(key, None)

    def works(self, way: HopWay) -> bool:
        """True if this next hop is reachable now."""
        return self._interface(way) is not None

    # resolving --------------------------------------------------------------

    def _resolve_direct(self, ways: tuple[HopWay, ...], hop: Hop) -> bool:
        found: list[NextHop] = []
        for way in ways:
            interface = self._interface(way)
            if interface is None and way.otherwise is not None:
                way = way._replace(gateway=way.otherwise)
                interface = self._interface(way)
            if interface is not None:
                found.append(
                    NextHop(way.gateway, interface.index, interface.name, way.weight, way.onlink, way.labels)
                )
        nexthops = tuple(sorted(dict.fromkeys(found), key=_order))
        metric = ways[0].metric if ways else 0
        return _set(hop, Dest.UNICAST if found else Dest.UNREACHABLE, nexthops, metric)

    def _interface(self, way: HopWay) -> Interface | None:
        """The interface for this next hop now; None: it is not reachable."""
        if not way.ifindex and way.ifname is None:
            assert way.gateway is not None
            if way.own_address:
                owner = self._interfaces.owner_of(way.gateway, way.vrf)
                if owner is not None:
                    return owner
            return self._neighbors.find(way.gateway, check_link=way.check_link, vrf=way.vrf)
        if way.ifindex:
            interface = self._interfaces.by_index.get(way.ifindex)
        else:
            interface = self._interfaces.named(way.ifname or "")
        if interface is None or not (interface.up if way.check_link else interface.link.admin_up):
            return None
        if way.gateway is None or way.onlink or interface.on_link(way.gateway):
            return interface
        return interface if way.own_address and interface.has(way.gateway) else None

    def _resolve_recursive(self, key: Recursive, hop: Hop) -> bool:
        table = self._tables.get(key.table)
        bits = key.gateway.bits
        found = table.longest_match(Prefix(key.gateway, bits)) if table is not None else None
        if found is None:
            self._circular.pop(key, None)
            return _set(hop, Dest.UNREACHABLE, (), None)
        net, routes = found
        if _may_be_recursive(routes):
            self._forbid(key, net)
            return _set(hop, Dest.UNREACHABLE, (), None)
        self._circular.pop(key, None)
        best = routes[0]
        via = best.hop
        metric = self._metric(best)
        if self._interfaces.owner_of(key.gateway) is not None:
            return _set(hop, Dest.UNREACHABLE, (), None)
        if via.dest is not Dest.UNICAST:
            return _set(hop, via.dest, (), metric)
        nexthops: list[NextHop] = []
        for way in via.nexthops:
            gateway = way.gateway if way.gateway is not None else self._on_link(key, way.ifindex)
            nexthops.append(way._replace(gateway=gateway, labels=way.labels + key.labels))
        return _set(hop, Dest.UNICAST, tuple(nexthops), metric)

    def _resolve_judged(self, key: Judged, hop: Hop) -> bool:
        table = self._tables.get(key.table)
        valid = table is not None and key.question.valid(key.prefix, table)
        return _set(hop, Dest.NONE if valid else Dest.UNREACHABLE, (), None)

    def _forbid(self, key: Recursive, net: bytes) -> None:
        """Nothing resolves through this network until its recursive routes, best or not, are withdrawn."""
        self._readers[key.table].every = True
        if self._circular.get(key) != net:
            self._circular[key] = net
            where = net_of(self._tables[key.table].net_type, net)
            self._warn(f"Next hop address {key.gateway} resolvable through recursive route for {where}")

    def _on_link(self, key: Recursive, ifindex: int) -> Address:
        """The neighbor's address on a link: `key.on_link`, unless it is absent or our own address there."""
        if key.on_link is None:
            return key.gateway
        interface = self._interfaces.by_index.get(ifindex)
        return key.gateway if interface is None or interface.has(key.on_link) else key.on_link

    def _metric(self, rte: Rte) -> int:
        """The IGP metric of a route: `igp_metric` if a filter set it, else its protocol's own metric."""
        written = self._pool.view(rte.attrs).get("igp_metric")
        if isinstance(written, int):
            return written
        known: int | None = rte.source.type.igp_metric(rte)
        return UNKNOWN_METRIC if known is None else known

    # changes ----------------------------------------------------------------

    def interface_event(self, event: InterfaceEvent) -> None:
        """Resolve again every entry that depends on interfaces."""
        for ways, hop in self._direct.items():
            if self._resolve_direct(ways, hop):
                self._mark_changed(hop)
        if event.address is None:
            return
        changed = event.address.address  # it became our own, or no longer is
        for key, hop in self._recursive.items():
            if changed in (key.gateway, key.on_link) and self._resolve_recursive(key, hop):
                self._mark_changed(hop)

    def _follow(self, name: str) -> None:
        table = self._tables.get(name)
        known = self._readers.get(name)
        if table is None or (known is not None and known in table.readers):
            return
        reader = self._readers[name] = TableReader(lambda: self._scheduler.add(self._igp_changed))
        table.readers.append(reader)

    def _igp_changed(self) -> bool:
        changed: dict[str, dict[bytes, Rte | None]] = {}
        for name, reader in self._readers.items():
            if reader.pending:
                changed[name], reader.pending = reader.pending, {}
                reader.every = False  # until an entry needs it again (`_forbid`)
        for key, hop in self._recursive.items():
            if key.table in changed and self._resolve_recursive(key, hop):
                self._mark_changed(hop)
        self._judge_again(changed)
        return False

    def _judge_again(self, changed: dict[str, dict[bytes, Rte | None]]) -> None:
        """Ask again about the prefixes that contain one of the changed networks, or are in it."""
        near = {name: _Near(nets) for name, nets in changed.items()} if self._judged else {}
        for key, hop in self._judged.items():
            if key.table in near and near[key.table].touches(key.prefix) and self._resolve_judged(key, hop):
                self._mark_changed(hop)

    def table_changed(self, name: str) -> None:
        """A table was added, removed or replaced: resolve its entries again."""
        for key, hop in self._recursive.items():
            if key.table == name:
                self._follow(name)
                if self._resolve_recursive(key, hop):
                    self._mark_changed(hop)
        for judged, hop in self._judged.items():
            if judged.table == name:
                self._follow(name)
                if self._resolve_judged(judged, hop):
                    self._mark_changed(hop)

    def _mark_changed(self, hop: Hop) -> None:
        self._changed[hop] = None
        self._scheduler.add(self._walk)

    def _walk(self) -> bool:
        """One slice of the walk that replaces routes with changed hops by their successors."""
        if not self._walks:
            if not self._changed:
                return False
            self._walking, self._changed = self._changed, {}
            self._notify_waiters()
            self._successors = {}
            self._walks = [(table, table.walk()) for table in self._tables.values()]
        table, walk = self._walks[-1]
        keys = walk.next_keys(SLICE)
        if not keys:
            self._walks.pop()
        walking = self._walking
        fresh = self._successors
        lost: dict[Rte, list[bytes]] = {}
        for key in keys:
            touched = False
            for rte in table.get(key):
                if rte.hop in walking:
                    if rte.hop.lost and rte.source.owner is not None and rte.source.owner.needs_hops:
                        lost.setdefault(rte, []).append(key)
                        continue
                    touched = True
                    if rte not in fresh:
                        fresh[rte] = self._successor(rte)
            if touched:
                table.replace(key, fresh)
        for rte, theirs in lost.items():
            rte.source.owner.lost_hop(theirs, rte)
        if not self._walks:
            self._successors = {}
        return bool(self._walks) or bool(self._changed)

    def _notify_waiters(self) -> None:
        """Notify the waiters of direct next hops that are reachable now."""
        found = {hop for hop in self._walking if hop.direct and not hop.lost}
        if found:
            for notify in list(self._waiters):
                notify(found)

    def _successor(self, rte: Rte) -> Rte:
        new = Rte(rte.attrs, rte.source, rte.hop, rte.preference, rte.time, 0, rte.flags)
        new.epoch = rte.epoch
        set_rank(new, self._pool)
        return new


class _Near:
    """Finds out whether a prefix contains one of some networks, or is in one; a few look-ups each."""

    def __init__(self, nets: Iterable[bytes]) -> None:
        self._nets = frozenset(nets)
        self._covering: dict[int, set[Prefix]] = {}  # by length: the prefixes of it that contain a network

    def touches(self, prefix: Prefix) -> bool:
        address, length = prefix.address, prefix.length
        for shorter in range(length + 1):
            if prefix_key(address.masked(shorter), shorter) in self._nets:
                return True
        found = self._covering.get(length)
        if found is None:
            found = self._covering[length] = self._contain(length, address.bits // 8)
        return prefix in found

    def _contain(self, length: int, width: int) -> set[Prefix]:
        longer = [Address(key[1:].ljust(width, b"\0")) for key in self._nets if key[0] > length]
        return {Prefix(each.masked(length), length) for each in longer}


def _may_be_recursive(routes: tuple[Rte, ...]) -> bool:
    """True if the best of these routes is recursive, or could be if all next hops were reachable.

    Preference decides before anything that depends on next hops.
    """
    best = routes[0].preference
    return any(rte.preference >= best and isinstance(rte.hop.key, Recursive) for rte in routes)


def _references(entries: dict[Any, Hop], key: Any) -> int:
    return sys.getrefcount(entries[key])


_UNUSED: Final = _references({0: Hop(Dest.NONE)}, 0)  # if only the dictionary of entries refers to it


def _set(hop: Hop, dest: Dest, nexthops: tuple[NextHop, ...], metric: int | None) -> bool:
    """Write a resolution into an entry; True if that changed it."""
    if hop.dest is dest and hop.nexthops == nexthops and hop.igp_metric == metric:
        return False
    hop.dest = dest
    hop.nexthops = nexthops
    hop.igp_metric = metric
    hop.version += 1
    return True


def _order(way: NextHop) -> tuple[int, bytes, int]:
    gateway = way.gateway.octets if way.gateway is not None else b""
    return -way.weight, gateway, way.ifindex
