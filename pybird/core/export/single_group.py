"""Export groups of one channel: the best accepted route, merged routes, or an export limit.

The group records for each network what was announced and the routes it was made
of: these modes depend on more than the best route, so the record of the shared
groups is not enough.
"""

from __future__ import annotations

from typing import Any

from pybird.core.export.batch import BatchSegment
from pybird.core.export.exporter import Exporter, ExportMode
from pybird.core.export.group import IS_NEXT_HOP, NOTHING, Group, outdated, withdraw_left
from pybird.core.export.member import FormerGroup, Member
from pybird.core.export.receiver import FILTERED, LIMITED, REJECTED, SENT, Receiver
from pybird.core.limits import RouteLimit
from pybird.core.policy import Policy
from pybird.core.selection import choose
from pybird.core.table import Table
from pybird.values.route import Dest, Hop, NextHop, Rte


class SingleGroup(Group):
    """A group with one member, for modes other than OPTIMAL or with an export limit."""

    def __init__(
        self,
        key: Any,
        channel: Receiver,
        table: Table,
        exporter: Exporter,
        policy: Policy,
    ) -> None:
        super().__init__(key, table, exporter, policy, channel.scheduler)
        self.limit: RouteLimit | None = channel.export_limit
        self._channel = channel
        self._mode = exporter.mode
        self._sent: dict[bytes, tuple[tuple[Rte, ...], Any]] = {}
        self._blocked: dict[bytes, None] = {}  # networks that the limit kept out
        self._unseen = channel.exported  # networks from other groups that the walk has not reached

    def _alike(self, key: Any, exporter: Exporter, policy: Policy) -> Group:
        return SingleGroup(key, self._channel, self.table, exporter, policy)

    def _inherit(self, old: Group) -> None:
        super()._inherit(old)
        assert isinstance(old, SingleGroup)
        self._sent = dict(old._sent)
        self._blocked = dict(old._blocked)
        self._unseen = old._unseen

    def current(self, key: bytes) -> tuple[Rte, Any] | None:
        """The route that was announced for this network, and its form; None: nothing."""
        found = self._sent.get(key)
        return (found[0][0], found[1]) if found is not None else None

    def had(self, bid: bytes, key: bytes, best: Rte, channel: Receiver) -> Rte | None:
        """The route that was announced."""
        found = self._sent.get(key)
        return found[0][0] if found is not None else None

    def _offered(self, member: Member, key: bytes) -> tuple[Rte, Any] | None:
        return self.current(key)  # `_settle` has counted it

    def sent_as(self, rte: Rte, key: bytes, form: Any) -> bool:
        """True if a member that has this route got it in this form."""
        found = self._sent.get(key)
        return found is not None and bool(found[1] == form)

    def verdict(self, rte: Rte, key: bytes) -> tuple[int, Any]:
        """(SENT, form), or (the reason why the route is not sent, None)."""
        if rte.source.owner is self._channel:
            return NOTHING
        found = super().verdict(rte, key)
        if found[0] == SENT and self._leads_to(found[1], self._channel):
            self._channel.withheld([key], IS_NEXT_HOP)
            return NOTHING
        return found

    def _process(self, changes: dict[bytes, Rte | None], again: bool = False) -> None:
        if not self.members:  # a leaver needs the record unchanged
            for key in changes:
                found = self._sent.get(key)
                self._record_had(self.table.bucket_of(key), key, found[0][0] if found is not None else None)
            return
        out = BatchSegment()
        gained = 0
        before = len(self._sent)
        live = self._stream
        for key in changes:
            bid = self.table.bucket_of(key)
            if bid in self._todo:
                continue
            last = self._sent.get(key)
            if not self._settle(key):
                continue
            if self._has_outsiders:
                self._record_had(bid, key, outdated(last[0][0]) if last is not None else None)
            if not live:
                continue
            now = self._sent.get(key)
            if now is None:
                gained -= 1
                out.withdraw.append(key)
            else:
                if last is None:
                    gained += 1
                out.add(now[1], key)
        for member in live:
            self._send_to(member.channel, out, gained)
        if self._blocked and len(self._sent) < before:
            self._retry()

    def _settle(self, key: bytes, held: Rte | None = None) -> bool:
        """Decide what is announced for a network now; True if that changed.

        `held`: the route that the member has of it from another group; the limit
        does not apply to such networks.
        """
        routes = self.table.get(key)
        last = self._sent.get(key)
        chosen = self._choose(key, routes) if routes else None
        if chosen is not None or not routes:
            self._channel.released(key)
        if routes:
            self._channel.statistics.export_updates.received += 1
        else:
            self._channel.statistics.export_withdraws.received += 1
        if self._past:
            self._judged[key] = len(self._past)
        traced = self._channel.traced
        had = last[0][0] if last is not None else held
        if chosen is None:
            if traced and (routes or had is not None):
                kind = (self.verdict(routes[0], key)[0] or REJECTED) if routes else SENT
                self._channel.trace_export(key, kind, routes[0] if routes else None, had)
            self._blocked.pop(key, None)
            self._judged.pop(key, None)
            return self._sent.pop(key, None) is not None
        if last is not None and _alike(last[0], chosen[0]) and last[1] == chosen[1]:
            return False
        if had is None and not self._fits(key):
            if traced:
                self._channel.trace_export(key, LIMITED, chosen[0][0], None)
            return False
        self._blocked.pop(key, None)
        self._sent[key] = chosen
        if traced and chosen[0][0] is not held:
            self._channel.trace_export(key, SENT, chosen[0][0], had)
        return True

    def _fits(self, key: bytes) -> bool:
        if self.limit is None or self._has_room(self.limit):
            return True
        if not self._channel.export_limit_exceeded(self.limit):
            return True
        self._channel.statistics.export_updates.limit += 1
        self._blocked[key] = None
        return False

    def _has_room(self, limit: RouteLimit) -> bool:
        return limit.room(len(self._sent) + self._unseen) > 0

    def _retry(self) -> None:
        """Below the limit again: process the networks that it kept out."""
        for key in list(self._blocked):
            if key not in self.reader.pending:
                if not self.reader.pending:
                    self._wake()
                self.reader.pending[key] = None

    def _choose(self, key: bytes, routes: tuple[Rte, ...]) -> tuple[tuple[Rte, ...], Any] | None:
        """The routes to announce as one, and their form."""
        if self._mode is ExportMode.MERGED:
            return self._merge(key, routes)
        candidates = routes
        if self._mode is ExportMode.ACCEPTED and len(routes) > 2:
            candidates = choose(list(routes), True)
        elif self._mode is ExportMode.OPTIMAL:
            candidates = routes[:1]
        reason = SENT
        for rte in candidates:
            kind, form = self.verdict(rte, key)
            if kind == SENT:
                return (rte,), form
            reason = reason or kind
        self._count_refused(reason)
        return None

    def _count_refused(self, reason: int) -> None:
        count = self._channel.statistics.export_updates
        if reason == FILTERED:
            count.filtered += 1
        else:
            count.rejected += 1

    def _merge(self, key: bytes, routes: tuple[Rte, ...]) -> tuple[tuple[Rte, ...], Any] | None:
        best = routes[0]
        kind, form = self.verdict(best, key)
        if kind != SENT:
            self._count_refused(kind)
            return None
        equal = [rte for rte in routes[1:] if self._joins(best, rte, key)]
        if not equal:
            return (best,), form
        parts = [best, *sorted(equal, key=_name)]
        out, again = self.policy.export(best, key, self.policy.mask(best, key))
        assert out is not None
        form = self.exporter.wire(united(out, parts), best.attrs, again)
        return (tuple(parts), form) if form is not None else None

    def _joins(self, best: Rte, rte: Rte, key: bytes) -> bool:
        """True if this route may be part of the best one's multipath route."""
        return may_join(best, rte) and self.verdict(rte, key)[0] == SENT

    def _visit(
        self,
        member: Member,
        bid: bytes,
        bucket: dict[bytes, Any],
        fresh: bool,
        origin: FormerGroup | None,
        out: BatchSegment,
    ) -> int:
        left = member.left.pop(bid, {})
        gained = 0
        for key, value in bucket.items():
            had: Rte | None = None
            recorded = False  # by the origin, as it was sent
            if key in left:
                had = left.pop(key)
            elif origin is not None:
                best: Rte = value if isinstance(value, Rte) else value[0]
                had = origin.had(bid, key, best, member.channel)
                recorded = had is not None
            if had is not None:
                self._unseen -= 1
            if fresh:
                self._settle(key, had)
            now = self._sent.get(key)
            if now is not None:
                if had is None:
                    gained += 1
                elif recorded and not member.owes and origin is not None and origin.sent_as(had, key, now[1]):
                    continue
                out.add(now[1], key)
            elif had is not None:
                gained -= 1
                out.withdraw.append(key)
        gone = withdraw_left(left, out)
        self._unseen = self._unseen - gone if member.todo else 0
        if self._blocked and self.limit is not None and self._has_room(self.limit):
            self._retry()
        return gained - gone


def _alike(left: tuple[Rte, ...], right: tuple[Rte, ...]) -> bool:
    if len(left) != len(right):
        return False
    return all(left[at] is right[at] for at in range(len(left)))


def _name(rte: Rte) -> tuple[str, int]:
    return rte.source.name, rte.source.path_id


def may_join(best: Rte, rte: Rte) -> bool:
    """True if both may be parts of one multipath route, as far as the filter accepts them."""
    own = best.source.type
    if rte.source.type is not own or best.hop.dest is not Dest.UNICAST or rte.hop.dest is not Dest.UNICAST:
        return False
    return bool(own.mergeable(best, rte))


def united(out: Rte, parts: list[Rte]) -> Rte:
    """The best route as filtered (`out`), with the next hops of all parts: each once, in BIRD's order."""
    found: dict[NextHop, None] = {}
    for part in parts:
        for way in part.hop.nexthops:
            found[way] = None
    hop = Hop(Dest.UNICAST, tuple(sorted(found, key=_way_order)), parts[0].hop.igp_metric)
    return Rte(out.attrs, out.source, hop, out.preference, out.time, out.rank, out.flags)


def _way_order(way: NextHop) -> tuple[int, bytes, int]:
    gateway = way.gateway.octets if way.gateway is not None else b""
    return -way.weight, gateway, way.ifindex
