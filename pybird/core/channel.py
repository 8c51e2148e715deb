"""Channels: each connects a protocol instance to a table, with a filter in each direction.

Import: protocol -> `announce` -> receive limit -> import filter (memo) ->
import limit -> table. Export: table journal -> group (`core/export/group.py`) ->
`Exporter.admit` -> export filter (memo) -> export limit -> `Exporter.wire` ->
`Exporter.pack` -> `Instance.transmit`.

The protocol calls `open` and `close`: static opens its channels when it starts,
BGP when the session has negotiated the family. A channel that closes leaves its
group immediately; its routes are removed from the table in slices, and until
then its state is STOP. One that is suspended, because the other side restarts
gracefully, leaves its group and keeps its routes; its state is START.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from mypy_extensions import mypyc_attr

from pybird.conf.model import ChannelConfig, Limit
from pybird.core.export.exporter import Exporter, ExportMode
from pybird.core.export.joining import divide, join, move
from pybird.core.export.member import Member
from pybird.core.export.receiver import FILTERED as FILTERED_OUT
from pybird.core.export.receiver import LIMITED, REJECTED, SENT, Receiver
from pybird.core.limits import RouteLimit
from pybird.core.policy import PATH_ID, Policy
from pybird.core.refusals import Refusals
from pybird.core.scheduler import SLICE
from pybird.core.selection import set_rank
from pybird.core.statistics import Statistics
from pybird.core.table import Table, Walk, is_same
from pybird.values.attributes import AttributeSet
from pybird.values.bogus import bogus_keys, has_suspect, suspect_octets
from pybird.values.net import NetType, net_of
from pybird.values.route import FILTERED, Dest, Hop, RouteSource, Rte

if TYPE_CHECKING:
    from pybird.core.protocol import Instance


T = TypeVar("T")


class ChannelState(Enum):
    """The words of `show protocols all`."""

    DOWN = "DOWN"
    START = "START"
    UP = "UP"
    STOP = "STOP"


_UP: Final = ChannelState.UP  # looking up an enum member is slow


class ExportState(Enum):
    """How far a channel's exports are."""

    DOWN = "DOWN"
    FEEDING = "FEEDING"
    READY = "READY"


class Waiting(NamedTuple):
    """A route kept outside the table until its direct next hop is reachable; `judged`: already filtered."""

    rte: Rte
    hop: Hop
    judged: bool


@mypyc_attr(allow_interpreted_subclasses=True)  # protocols subclass it
class Channel(Receiver):
    """One channel of a running instance."""

    # With this many attributes CPython is slower without slots: they are read for every UPDATE.
    __slots__ = (
        "_again",
        "_filtered",
        "_flushed",
        "_found",
        "_paths",
        "_pool",
        "_received",
        "_refused",
        "_revise",
        "_revision",
        "_suspects",
        "_sweeps",
        "_waiting",
        "_walk",
        "config",
        "debug",
        "export_state",
        "import_limit",
        "imported",
        "keep_received",
        "member",
        "name",
        "needs_hops",
        "net_type",
        "policy",
        "protocol",
        "receive_limit",
        "refusals",
        "services",
        "source",
        "sources",
        "state",
    )

    def __init__(self, config: ChannelConfig, protocol: Instance) -> None:
        self.config = config
        self.protocol = protocol
        self.services = protocol.services
        self.scheduler = protocol.services.scheduler
        self._pool = protocol.services.pool
        self.name = config.shown
        self.net_type: NetType = config.net_type
        self._suspects = suspect_octets(config.net_type)
        self.state = ChannelState.DOWN
        self.export_state = ExportState.DOWN
        self.debug: frozenset[str] = config.debug
        self.traced = False  # debug flags `routes` or `filters`, of this channel or its protocol
        self.table: Table = self.services.tables[config.table]
        self.source = RouteSource(protocol.name, protocol.type.kind, protocol.type.selection, self)
        self.sources: dict[RouteSource, None] = {self.source: None}
        self._paths: dict[int, RouteSource] = {}  # by path id, of routes received with one
        self.statistics = Statistics()
        self.import_limit = _limit(config.import_limit)
        self.receive_limit = _limit(config.receive_limit)
        self.export_limit = _limit(config.export_limit)
        self.exported = 0
        self.imported = 0  # routes of this channel in the table, of all its sources
        self.keep_received = False  # a protocol with an import table sets this
        self.needs_hops = False  # routes enter the table only with a reachable direct next hop
        self.neighbor: Hashable = None  # a protocol whose forms lead to neighbors sets this before `open`
        self.member: Member | None = None
        self.policy: Policy | None = None
        self._filtered: dict[RouteSource, dict[bytes, Rte]] = {}
        self._received: dict[RouteSource, dict[bytes, Rte]] = {}
        self._refused: dict[RouteSource, dict[bytes, tuple[Rte, str]]] = {}  # kept with the reason
        self._waiting: dict[RouteSource, dict[bytes, Waiting]] = {}
        self._found: list[tuple[RouteSource, list[bytes]]] = []  # waiting, with a next hop now
        self.refusals: Refusals | None = None  # None: nothing was refused
        self._sweeps: dict[RouteSource, int] = {}  # source -> epoch of the routes that stay
        self._walk: Walk | None = None
        self._revision: Walk | None = None  # where the change of stale routes is
        self._revise: Callable[[AttributeSet], AttributeSet | None] = _unchanged
        self._flushed: list[Callable[[], None]] = []
        self._again: list[tuple[RouteSource, list[bytes]]] = []  # to filter again

    # what the CLI reads -------------------------------------------------

    @property
    def preferred(self) -> int:
        """How many routes of this channel are the best of their network."""
        total = 0
        for source in self.sources:
            total += source.best
        return total

    @property
    def filtered(self) -> int:
        """How many routes `import keep filtered` keeps."""
        total = 0
        for kept in self._filtered.values():
            total += len(kept)
        for refused in self._refused.values():
            total += len(refused)
        return total

    def filtered_routes(self) -> dict[bytes, list[Rte]]:
        """What the import filter or the protocol refused, by network (`show route filtered`)."""
        found: dict[bytes, list[Rte]] = {}
        for kept in self._filtered.values():
            for key, rte in kept.items():
                found.setdefault(key, []).append(rte)
        for refused in self._refused.values():
            for key, (rte, _reason) in refused.items():
                found.setdefault(key, []).append(rte)
        return found

    def received_routes(self) -> dict[bytes, list[Rte]]:
        """The import table: routes as received, before the filter."""
        found: dict[bytes, list[Rte]] = {}
        for kept in self._received.values():
            for key, rte in kept.items():
                found.setdefault(key, []).append(rte)
        return found

    @property
    def import_state(self) -> str:
        """`Import state` of `show protocols all`."""
        return "UP" if self.state is ChannelState.START else self.state.value

    def exports(self, key: bytes) -> Rte | None:
        """The route that was really sent for this network, after the filter; None: none.

        Of several it is the best.
        """
        sent = self.exported_routes(key)
        return sent[0] if sent else None

    def exported_routes(self, key: bytes) -> tuple[Rte, ...]:
        """The routes that were really sent for this network (`show route exported`)."""
        member = self.member
        if member is None:
            return ()
        found = [member.exports(path) for path in member.group.table.keys_of(key)]
        return tuple([rte for rte in found if rte is not None])

    def candidates(self, key: bytes) -> tuple[Rte, ...]:
        """The routes of a network that the export filter would get (`show route preexport`)."""
        exporter = self.protocol.exporter(self)
        if exporter is None:
            return ()
        routes = self.table.get(key)
        if exporter.mode not in (ExportMode.ACCEPTED, ExportMode.ALL):
            routes = routes[:1]
        return tuple([rte for rte in routes if rte.source.owner is not self and exporter.admit(rte)])

    def export_policy(self, paths: bool = False) -> Policy:
        """The policy for the configured export filter; `paths`: it is asked about paths, not networks."""
        config = self.config
        return self.services.policies.policy(config.export_filter, self.net_type, config.export_in, paths)

    def _network(self, key: bytes) -> bytes:
        """The network of a key that the export group uses."""
        member = self.member
        if member is None or member.group.exporter.mode is not ExportMode.ALL:
            return key
        return key[PATH_ID:]

    def export_key(self) -> Hashable:
        """Channels whose export filters do the same have equal keys."""
        return self.services.policies.meaning(self.config.export_filter), self.config.export_in

    def path(self, path_id: int) -> RouteSource:
        """The source of routes with this path id; `release` it when it has no route any more."""
        if not path_id:
            return self.source
        found = self._paths.get(path_id)
        if found is None:
            own = self.source
            found = RouteSource(own.name, own.kind, own.type, self, own.address, own.peer, path_id)
            self._paths[path_id] = found
        return found

    def release(self, source: RouteSource) -> None:
        """Drop the source of a path id if it has no route anywhere: a neighbor may use any number of ids."""
        if source is self.source or source.routes:
            return
        for store in (self._filtered, self._received, self._refused, self._waiting):
            if store.get(source):
                return
        self.forget(source)

    def forget(self, source: RouteSource) -> None:
        """Drop a source that no longer announces anything."""
        if source is not self.source and not source.routes:
            self.sources.pop(source, None)
            if self._paths.get(source.path_id) is source:
                del self._paths[source.path_id]
            self._filtered.pop(source, None)
            self._received.pop(source, None)
            self._refused.pop(source, None)
            self._waiting.pop(source, None)

    # life ---------------------------------------------------------------

    def open(self) -> None:
        """Enter UP: import works, and the export feed begins."""
        if self.state is ChannelState.UP:
            return
        self.state = ChannelState.UP
        self.refusals = None
        self.policy = self._import_policy()
        recovery = self.services.recovery
        if recovery.active and self.protocol.recovers(self):
            recovery.delay(self.protocol.name, self.name, self.begin_exports)
            self.trace_state()
        else:
            self.begin_exports()

    def begin_exports(self) -> None:
        """Begin the export feed of a channel that is UP, if its protocol exports."""
        exporter = self.protocol.exporter(self)
        if exporter is not None:
            self.export_state = ExportState.FEEDING
        self.trace_state()
        if exporter is not None:
            self.member = join(self, exporter)

    def close(self) -> None:
        """Leave UP: exports end, imported routes are withdrawn from the table."""
        if self.state not in (ChannelState.UP, ChannelState.START):
            return
        self._end_exports()
        self._filtered.clear()
        self._received.clear()
        self._refused.clear()
        self._waiting.clear()
        self._found.clear()
        self.services.hops.remove_waiter(self.hops_found)
        self._again.clear()
        self.state = ChannelState.STOP
        self._revision = None
        self.services.trace_table(self.table, "events", f"Hook {self.protocol.name}.{self.name} stopped")
        self.trace_state()
        for source in self.sources:
            source.epoch += 1
            source.stale = False
        self._sweep(list(self.sources))
        if self._walk is None:
            self._swept()

    def suspend(self, keep_stale: bool = False) -> None:
        """Leave UP, but keep the imported routes, as stale ones (the other side restarts gracefully).

        Routes that are stale already are withdrawn (RFC 4724, 4.2) unless `keep_stale` (RFC 9494, 4.2).
        `open` continues; `end_refresh` then withdraws what was not announced again.
        """
        if self.state is not ChannelState.UP:
            return
        self._end_exports()
        self._again.clear()
        self.state = ChannelState.START
        self.trace_state()
        if not keep_stale:
            self.end_refresh()
        self.begin_refresh()

    def _end_exports(self) -> None:
        self.services.recovery.forget(self.protocol.name, self.name)
        if self.member is not None:
            self.member.leave()
            self.member = None
        self.exported = 0
        self.export_state = ExportState.DOWN

    def when_flushed(self, callback: Callable[[], None]) -> None:
        """Call once when no route of a closed channel is left in the table."""
        if self.state is ChannelState.STOP:
            self._flushed.append(callback)
        else:
            callback()

    def discard(self) -> None:
        """Break reference cycles, once the channel is down and will not open again."""
        self.trace("states", "Removed")
        for source in (*self.sources, *self._paths.values()):
            source.owner = None
        self.sources = {}
        self._paths.clear()
        self.policy = None

    # import -------------------------------------------------------------

    def announce(self, keys: list[bytes], rte: Rte) -> None:
        """Import a route for these networks; the protocol calls it once per UPDATE and attribute set.

        `rte` is the route before the import filter: preference is the
        channel's, source is `self.source` or a source made for a path id.
        """
        if self.state is not _UP or not keys:
            return
        if self._suspects and has_suspect(keys, self._suspects):
            keys = self._without_bogus(keys, rte)
            if not keys:
                return
        count = self.statistics.import_updates
        count.received += len(keys)
        source = rte.source
        if source is not self.source and source not in self.sources:
            self.sources[source] = None
        if rte.epoch != source.epoch:
            rte = Rte(rte.attrs, source, rte.hop, rte.preference, rte.time, rte.rank, rte.flags)
        if self.refusals is not None:
            self._forget_refused(keys, source)
            self._forget_reasons(keys)
        if self.receive_limit is not None:
            keys = self._within_receive_limit(keys, source)
        if self.keep_received:
            kept = self._received.setdefault(source, {})
            for key in keys:
                kept[key] = rte
        self._evaluate(keys, rte)

    def _without_bogus(self, keys: list[bytes], rte: Rte) -> list[bytes]:
        bogus = dict.fromkeys(bogus_keys(keys, self.net_type))
        if not bogus:
            return keys
        self.refused(list(bogus), rte, "bogus network")
        return [key for key in keys if key not in bogus]

    def withdraw(self, keys: list[bytes], source: RouteSource | None = None) -> None:
        """Withdraw the source's routes of these networks (unknown ones are counted and ignored)."""
        if self.state is not ChannelState.UP:
            return
        if source is None:
            source = self.source
        count = self.statistics.import_withdraws
        count.received += len(keys)
        self._forget_kept(keys, source)
        if self.refusals is not None:
            self._forget_reasons(keys)
        removed = self._remove(keys, source)
        count.accepted += removed
        count.ignored += len(keys) - removed

    def _forget_kept(self, keys: list[bytes], source: RouteSource) -> None:
        for store in (self._filtered, self._received):
            kept = store.get(source)
            if kept:
                for key in keys:
                    kept.pop(key, None)
        self._forget_refused(keys, source)
        self._forget_waiting(keys, source)

    # refusals -----------------------------------------------------------

    def refused(self, keys: list[bytes], rte: Rte | None, reason: str, *, echo: bool = False) -> None:
        """The protocol refuses routes that it received; earlier ones are withdrawn from the table.

        `rte` is the route as it would be imported, or None. The routes count as
        rejected, are logged once per network and reason (`reason` is for people),
        and with `import keep filtered` the route is kept. An `echo`, a route that
        went through this router before, is logged only if the table has no route.
        """
        if self.state is not ChannelState.UP or not keys:
            return
        count = self.statistics.import_updates
        count.received += len(keys)
        count.rejected += len(keys)
        source = rte.source if rte is not None else self.source
        self._forget_kept(keys, source)
        if self.traced:
            self.trace_nets("filters", "> invalid", keys, rte)
        if source.routes:
            self.statistics.import_withdraws.accepted += self._remove(keys, source)
        self.explain(keys, reason, "Refused", echo=echo)
        if rte is not None and self.config.keep_filtered:
            self._keep_refused(keys, rte, reason)

    def explain(self, keys: list[bytes], reason: str, what: str = "", *, echo: bool = False) -> None:
        """Record why routes are not in the table, or are changed there.

        With `what`, one line is logged for each network, too; for an `echo` only if
        the table has no route of the network.
        """
        refusals = self._refusals()
        fresh = refusals.add(refusals.imports, keys, reason, self.services.clock.now())
        if echo:
            fresh = [key for key in fresh if not self.table.get(key)]
        self._log_refusals(fresh, reason, what)

    def withheld(self, keys: list[bytes], reason: str) -> None:
        """Record routes that are not sent for a reason that is neither policy nor split horizon."""
        refusals = self._refusals()
        keys = [self._network(key) for key in keys]
        fresh = refusals.add(refusals.exports, keys, reason, self.services.clock.now())
        self._log_refusals(fresh, reason, "Not sent:")

    def released(self, key: bytes) -> None:
        """A route is no longer withheld, or no longer exists."""
        if self.refusals is not None:
            self.refusals.exports.pop(self._network(key), None)

    def _refusals(self) -> Refusals:
        if self.refusals is None:
            self.refusals = Refusals()
        return self.refusals

    def _log_refusals(self, keys: list[bytes], reason: str, what: str) -> None:
        """Log one line for each of these networks, as far as the rate limit allows."""
        if not what:
            return
        refusals, now = self._refusals(), self.services.clock.now()
        for key in keys:
            said = refusals.log_permit(now)
            if said is None:
                return
            self.protocol.log("remote", said or f"{what} {net_of(self.net_type, key)}: {reason}")

    def refusal(self, key: bytes, rte: Rte) -> str:
        """Why the protocol refused a route of `filtered_routes`; empty when the import filter did."""
        found = self._refused.get(rte.source, {}).get(key)
        return found[1] if found is not None and found[0] is rte else ""

    def _keep_refused(self, keys: list[bytes], rte: Rte, reason: str) -> None:
        kept = self._refused.setdefault(rte.source, {})
        limit = self.receive_limit
        used = sum([len(refused) for refused in self._refused.values()])
        room = len(keys) if limit is None else limit.count - used
        shown = Rte(rte.attrs, rte.source, rte.hop, rte.preference, rte.time, 0, FILTERED)
        for key in keys[: max(room, 0)]:
            kept[key] = (shown, reason)

    def _forget_refused(self, keys: list[bytes], source: RouteSource) -> None:
        kept = self._refused.get(source)
        if kept:
            for key in keys:
                kept.pop(key, None)

    def _forget_reasons(self, keys: list[bytes]) -> None:
        imports = self._refusals().imports
        if not imports.keys().isdisjoint(keys):
            for key in keys:
                imports.pop(key, None)

    def _evaluate(self, keys: list[bytes], rte: Rte) -> None:
        """Run the import filter and what follows: waiting for the next hop, import limit, table."""
        policy = self.policy
        assert policy is not None
        if self._waiting:
            self._forget_waiting(keys, rte.source)
        if self.needs_hops and rte.hop.lost:
            self._wait(keys, Waiting(rte, rte.hop, False))
            return
        if policy.accepts_all:
            if keys:
                self._enter(keys, rte)
            return
        kept: list[tuple[Rte, list[bytes]]] | None = [] if self.config.keep_filtered else None
        for out, alike in policy.divide(rte, keys, kept):
            if out is None:
                self._refuse(alike, rte)
            elif out.hop is not rte.hop and out.hop.lost:
                self._wait(alike, Waiting(rte, out.hop, False))
            else:
                self._enter(alike, out)
        if kept is not None:
            for left, theirs in kept:
                self._keep(theirs, left)

    def _enter(self, keys: list[bytes], rte: Rte) -> None:
        set_rank(rte, self._pool)
        if self.import_limit is not None:
            keys = self._within_import_limit(keys, rte)
        if self._filtered:
            self._forget_filtered(keys, rte.source)
        source = rte.source
        before = source.routes
        same = self.table.announce(keys, rte) if not self.traced else self._announce_traced(keys, rte)
        self.imported += source.routes - before
        count = self.statistics.import_updates
        count.ignored += same
        count.accepted += len(keys) - same

    def _forget_filtered(self, keys: list[bytes], source: RouteSource) -> None:
        kept = self._filtered.get(source)
        if kept:
            for key in keys:
                kept.pop(key, None)

    def _refuse(self, keys: list[bytes], rte: Rte) -> None:
        """The filter rejected: withdraw an earlier route of this source from the table.

        Counted as in BIRD: as a withdrawal, too, accepted if there was a route.
        """
        self.statistics.import_updates.filtered += len(keys)
        if self.traced:
            self.trace_nets("filters", "> filtered out", keys, rte)
        withdraws = self.statistics.import_withdraws
        removed = self._remove(keys, rte.source) if rte.source.routes else 0
        withdraws.accepted += removed
        if self.config.keep_filtered:
            withdraws.ignored += len(keys) - removed

    def _keep(self, keys: list[bytes], rte: Rte) -> None:
        kept = self._filtered.setdefault(rte.source, {})
        shown = Rte(rte.attrs, rte.source, rte.hop, rte.preference, rte.time, 0, FILTERED)
        shown.epoch = rte.epoch
        for key in keys:
            kept[key] = shown

    # routes that wait for their next hop --------------------------------

    @property
    def waiting(self) -> int:
        """How many routes wait outside the table for their direct next hop (RFC 4271, 6.3)."""
        total = 0
        for kept in self._waiting.values():
            total += len(kept)
        return total

    def lost_hop(self, keys: list[bytes], rte: Rte) -> None:
        """The next hop of routes in the table is lost: move them out of it, to wait."""
        if self.state in (ChannelState.UP, ChannelState.START):
            self._wait(keys, Waiting(rte, rte.hop, True))

    def _wait(self, keys: list[bytes], entry: Waiting) -> None:
        rte = entry.rte
        source = rte.source
        if not entry.judged:
            self.statistics.import_updates.rejected += len(keys)
        for store in (self._filtered.get(source), self._refused.get(source)):
            for key in keys if store else ():
                store.pop(key, None)  # type: ignore[union-attr]
        if source.routes:
            removed = self.table.withdraw(keys, source)
            self.imported -= removed
            self.statistics.import_withdraws.accepted += removed
        kept = self._waiting.setdefault(source, {})
        for key in keys:
            kept[key] = entry
        hops = self.services.hops
        hops.add_waiter(self.hops_found)
        reason = hops.obstacle(entry.hop)
        self.explain(keys, reason, "Refused")
        if self.config.keep_filtered:
            self._keep_refused(keys, rte, reason)

    def _forget_waiting(self, keys: list[bytes], source: RouteSource) -> None:
        kept = self._waiting.get(source)
        if kept:
            for key in keys:
                kept.pop(key, None)

    def hops_found(self, hops: set[Hop]) -> None:
        """These next hops are reachable now: let the routes that waited for them into the table."""
        for source, kept in self._waiting.items():
            keys = [key for key, entry in kept.items() if entry.hop in hops]
            if keys:
                self._found.append((source, keys[::-1]))
        if self._found:
            self.scheduler.add(self._enter_found)
        elif not self.waiting:
            self.services.hops.remove_waiter(self.hops_found)

    def _enter_found(self) -> bool:
        """Move a slice of waiting routes into the table; True if more are left."""
        if not self._found or self.policy is None:
            return False
        source, keys = self._found[-1]
        kept = self._waiting.get(source, {})
        part = keys[-self.policy.slice :]
        del keys[-self.policy.slice :]
        if not keys:
            self._found.pop()
        batches: dict[Waiting, list[bytes]] = {}
        for key in part[::-1]:
            entry = kept.get(key)
            if entry is not None and not entry.hop.lost:
                del kept[key]
                batches.setdefault(entry, []).append(key)
        for entry, theirs in batches.items():
            old = entry.rte
            self._forget_refused(theirs, source)
            self._forget_reasons(theirs)
            fresh = Rte(old.attrs, source, old.hop, old.preference, old.time)
            fresh.epoch = old.epoch  # it is as stale as it was
            if entry.judged:
                self._enter(theirs, fresh)
            else:
                self._evaluate(theirs, fresh)
        return bool(self._found)

    # limits -------------------------------------------------------------

    def _receive_store(self) -> dict[RouteSource, dict[bytes, Rte]]:
        """The store of routes that count as received but are not in the table."""
        return self._received if self.keep_received else self._filtered

    def _received_count(self) -> int:
        """How many routes count for the receive limit."""
        used = sum([len(kept) for kept in self._receive_store().values()])
        return used if self.keep_received else used + self.imported + self.waiting

    def _within_receive_limit(self, keys: list[bytes], source: RouteSource) -> list[bytes]:
        limit = self.receive_limit
        assert limit is not None
        store = self._receive_store()
        used = self._received_count()
        room = limit.room(used)
        if len(keys) <= room:
            return keys
        kept = {*store.get(source, ()), *self._waiting.get(source, ())}
        passed = self._split(keys, source, room, kept)
        over = len(keys) - len(passed)
        if over and self._limit_exceeded("receive", limit):
            self.statistics.import_updates.rx_limit += over
            return passed
        return keys

    def _within_import_limit(self, keys: list[bytes], rte: Rte) -> list[bytes]:
        limit = self.import_limit
        assert limit is not None
        room = limit.room(self.imported)
        if len(keys) <= room:
            return keys
        passed = self._split(keys, rte.source, room, set())
        over = len(keys) - len(passed)
        if not over or not self._limit_exceeded("import", limit):
            return keys
        self.statistics.import_updates.limit += over
        if self.config.keep_filtered or self.traced:
            entered = dict.fromkeys(passed)
            left = [key for key in keys if key not in entered]
            if self.traced:
                self.trace_nets("filters", "> ignored [limit]", left, rte)
            if self.config.keep_filtered:
                self._keep(left, rte)
        return passed

    def _split(self, keys: list[bytes], source: RouteSource, room: int, kept: set[bytes]) -> list[bytes]:
        """The networks that replace a route, and as many new ones as there is room for."""
        passed: dict[bytes, None] = {}
        for key in keys:
            if key in kept or self._held(key, source) is not None:
                passed[key] = None
            elif key not in passed and room > 0:
                passed[key] = None
                room -= 1
        return list(passed)

    def _limit_exceeded(self, direction: str, limit: RouteLimit) -> bool:
        """A limit was exceeded: act; True if the routes above it must be dropped."""
        if not limit.hit:
            limit.hit = True
            of = f"Protocol {self.protocol.name} hits route {direction} limit ({limit.count})"
            self.services.log("warning", f"{of}, action: {limit.action}")  # monitors look for BIRD 2's line
            if limit.action in ("restart", "disable"):
                self.protocol.limit_hit(direction, disable=limit.action == "disable")
        return limit.action != "warn"

    def export_limit_exceeded(self, limit: RouteLimit) -> bool:
        """Act on an exceeded export limit; the group passes the limit that it was created with."""
        return self._limit_exceeded("export", limit)

    # refresh ------------------------------------------------------------

    def begin_refresh(self, source: RouteSource | None = None) -> None:
        """Mark all routes of the source as stale; those announced from now on are fresh (RFC 7313, scans).

        Without a source: the routes of all sources, with whatever path id.
        """
        for each in self.sources if source is None else (source,):
            each.epoch += 1
            each.stale = True

    def end_refresh(self, source: RouteSource | None = None) -> None:
        """Withdraw the routes that are still stale; without a source those of all sources."""
        stale = [each for each in (self.sources if source is None else (source,)) if each.stale]
        for each in stale:
            each.stale = False
            self._forget_stale(each)
        self._sweep(stale)
        for each in stale:
            self.release(each)

    def revise_stale(self, revise: Callable[[AttributeSet], AttributeSet | None]) -> None:
        """Give all stale routes the attributes that `revise` returns, or withdraw them (None).

        No filter runs again. Routes in the table are changed in slices, those beside it at once.
        """
        self._revise = revise
        for source in self.sources:
            if source.stale:
                self._revise_kept(source)
        self._revision = self.table.walk()
        self.scheduler.add(self._revise_slice)

    def _revise_kept(self, source: RouteSource) -> None:
        """Change the stale routes of the import table, and those that wait for their next hop."""
        revised: dict[Rte, Rte | None] = {}
        received = self._received.get(source, {})
        for key, rte in list(received.items()):
            if rte.epoch < source.epoch:
                _replace(received, key, self._revised(revised, rte))
        waiting = self._waiting.get(source, {})
        for key, entry in list(waiting.items()):
            if entry.rte.epoch < source.epoch:
                fresh = self._revised(revised, entry.rte)
                _replace(waiting, key, None if fresh is None else entry._replace(rte=fresh))

    def _revised(self, revised: dict[Rte, Rte | None], rte: Rte) -> Rte | None:
        """This stale route as it is now; `revised` has the answers so far."""
        if rte not in revised:
            attrs = self._revise(rte.attrs)
            fresh: Rte | None = rte
            if attrs is None:
                fresh = None
            elif attrs is not rte.attrs:
                fresh = Rte(attrs, rte.source, rte.hop, rte.preference, self.services.clock.now())
                fresh.epoch = rte.epoch  # it is as stale as it was
            revised[rte] = fresh
        return revised[rte]

    def _revise_slice(self) -> bool:
        """Change a slice of the table; True if more is left."""
        if self._revision is None:
            return False
        keys = self._revision.next_keys(SLICE)
        theirs: dict[Rte, list[bytes]] = {}
        for key in keys:
            for rte in self.table.get(key):
                source = rte.source
                if source.stale and rte.epoch < source.epoch and source.owner is self:
                    theirs.setdefault(rte, []).append(key)
        revised: dict[Rte, Rte | None] = {}
        for rte, alike in theirs.items():
            fresh = self._revised(revised, rte)
            if fresh is None:
                self._remove(alike, rte.source)
            elif fresh is not rte:
                self._enter(alike, fresh)
        if not keys:
            self._revision = None
        return bool(keys)

    def _forget_stale(self, source: RouteSource) -> None:
        """Forget the routes beside the table that were not announced since the refresh began."""
        for store in (self._filtered, self._received):
            kept = store.get(source)
            if kept:
                store[source] = {k: r for k, r in kept.items() if r.epoch == source.epoch}
        refused = self._refused.get(source)
        if refused:
            self._refused[source] = {k: r for k, r in refused.items() if r[0].epoch == source.epoch}
        waiting = self._waiting.get(source)
        if waiting:
            self._waiting[source] = {k: e for k, e in waiting.items() if e.rte.epoch == source.epoch}

    def _sweep(self, sources: list[RouteSource]) -> None:
        """Remove routes of older epochs than the current ones of their sources, in slices."""
        wanted = [source for source in sources if source.routes]
        if not wanted:
            return
        if self._walk is None:
            self.services.trace_table(self.table, "states", "Pruning")
        for source in wanted:
            self._sweeps[source] = source.epoch
        self._walk = self.table.walk()
        self.scheduler.add(self._sweep_slice)

    def _sweep_slice(self) -> bool:
        assert self._walk is not None
        gone: dict[RouteSource, list[bytes]] = {}
        keys = self._walk.next_keys(SLICE)
        for key in keys:
            for rte in self.table.get(key)[::-1]:  # the best one last: no other becomes it meanwhile
                source = rte.source
                if rte.epoch < self._sweeps.get(source, 0):
                    gone.setdefault(source, []).append(key)
        for source, theirs in gone.items():
            self._remove(theirs, source)
        if keys and any(source.routes for source in self._sweeps):
            return True
        self._walk = None
        swept, self._sweeps = self._sweeps, {}
        for source in swept:
            self.release(source)
        self.services.trace_table(self.table, "events", "Prune done")
        self._swept()
        return False

    def _swept(self) -> None:
        if self.state is not ChannelState.STOP:
            return
        self.state = ChannelState.DOWN
        self.sources = {self.source: None}
        self._paths.clear()
        self.protocol.owner.tidy()
        self.trace_state()
        callbacks, self._flushed = self._flushed, []
        for callback in callbacks:
            callback()

    # reload -------------------------------------------------------------

    def reload_imports(self) -> bool:
        """Run all routes through the import filter again; False: the protocol cannot."""
        if self.state is not ChannelState.UP:
            return True
        self.trace("states", "Reload requested")
        if not self.keep_received:
            protocol = self.protocol
            return protocol.guarded(protocol.request_refresh, self) is not False
        self._again = [(source, list(kept)[::-1]) for source, kept in self._received.items() if kept]
        if self._again:
            self.scheduler.add(self._reload_slice)
        return True

    def _reload_slice(self) -> bool:
        """Filter a slice of the import table again; True if more is left."""
        if not self._again or self.policy is None:
            return False
        source, keys = self._again[-1]
        kept = self._received.get(source, {})
        part = keys[-self.policy.slice :]
        del keys[-self.policy.slice :]
        if not keys:
            self._again.pop()
        for rte, theirs in batches_of(kept, part[::-1]).items():
            fresh = Rte(rte.attrs, source, rte.hop, self.config.preference, rte.time)
            fresh.epoch = rte.epoch  # it is as stale as it was
            self._evaluate(theirs, fresh)
        return bool(self._again)

    def reconfigure(self, config: ChannelConfig) -> None:
        """Apply a changed config; it reloads nothing, the plan has actions for that."""
        old, self.config = self.config, config
        self.set_debug(config.debug or self.services.config.debug_channels)
        had = self.import_limit, self.receive_limit, self.export_limit
        self.import_limit = _kept(self.import_limit, config.import_limit)
        self.receive_limit = _kept(self.receive_limit, config.receive_limit)
        if not config.keep_filtered:
            self._filtered.clear()
            self._refused.clear()
        if old.export_limit != config.export_limit:
            self.export_limit = _limit(config.export_limit)
        if self.state is not ChannelState.UP:
            return
        self.policy = self._import_policy()
        if self.import_limit is not had[0]:
            self._compare("import", self.import_limit, self.imported)
        if self.receive_limit is not had[1]:
            self._compare("receive", self.receive_limit, self._received_count())
        if self.export_limit is not had[2]:
            self._compare("export", self.export_limit, self.exported)

    def _compare(self, direction: str, limit: RouteLimit | None, used: int) -> None:
        """Act if a limit of a new config is exceeded already; no routes are dropped for it."""
        if limit is not None and used > limit.count:
            self._limit_exceeded(direction, limit)

    def _import_policy(self) -> Policy:
        return self.services.policies.policy(self.config.import_filter, self.net_type, self.config.import_in)

    def reload_exports(self) -> None:
        """Move to the group of the config's export filter; only differences are sent."""
        if self.state is ChannelState.UP:
            self.protocol.guarded(self._move, False)

    def _move(self, whole: bool) -> None:
        exporter = self.protocol.exporter(self)
        if exporter is not None and self.member is not None:
            self.member = move(self.member, exporter, whole)

    # export -------------------------------------------------------------

    def pause(self) -> None:
        """The transport is congested: record changes instead of sending them."""
        if self.member is not None:
            self.member.pause()

    def resume(self) -> None:
        """The transport has drained: send what was recorded."""
        if self.member is not None:
            self.member.resume()

    def refeed(self) -> None:
        """Send everything again with the current filter (after a ROUTE-REFRESH), then call `feed_done`."""
        if self.state is ChannelState.UP:
            self.trace("states", "Feeding requested")
        if self.member is not None:
            self.trace("states", "State changed to UP/{}", ExportState.FEEDING.value)
            self.protocol.guarded(self._move, True)

    def transmit(self, packed: Any) -> None:
        """Pass what the group packed to the protocol."""
        protocol = self.protocol
        protocol.guarded(protocol.transmit, self, packed)

    def crashed(self, error: Exception) -> None:
        """Work for this channel raised: stop its protocol, no other."""
        self.protocol.crashed(error)

    def fed(self) -> None:
        """A full feed was transmitted."""
        self.export_state = ExportState.READY
        self.trace_state()
        self.protocol.guarded(self.protocol.feed_done, self)

    # traces, in the words of BIRD 2 -----------------------------------------

    def set_debug(self, flags: frozenset[str]) -> None:
        """Set the debug flags of this channel; its protocol's flags count as well."""
        self.debug = flags
        self.traced = self.traces("routes") or self.traces("filters")

    def traces(self, flag: str) -> bool:
        """True if this debug flag is on, for the channel or its protocol."""
        return flag in self.debug or flag in self.protocol.debug

    def trace(self, flag: str, text: str, *arguments: object) -> None:
        """Trace a line if the channel's own flag is on; `{}` as in `Instance.trace`."""
        if flag in self.debug:
            told = text.format(*arguments) if arguments else text
            self.services.traces.write(f"{self.protocol.name}.{self.name}: {told}")

    def trace_state(self) -> None:
        """Trace the channel's state after a change; a protocol traces its own."""
        if "states" in self.debug:
            word = _STATES[self.state]
            if self.state is ChannelState.UP and self.export_state is not ExportState.DOWN:
                word += f"/{self.export_state.value}"
            self.trace("states", "State changed to {}", word)

    def trace_nets(self, flag: str, what: str, keys: list[bytes], rte: Rte | None) -> None:
        """Trace one line for each network; without a route it shows only the network."""
        if self.traces(flag):
            for key in keys:
                self._trace_net(what, key, rte)

    def trace_export(self, key: bytes, kind: int, rte: Rte | None, had: Rte | None) -> None:
        """Trace the verdict (`kind`) of the group on a network's route.

        `had` is the route that the group sent before: this channel had it unless
        it is its own.
        """
        key = self._network(key)
        if had is not None and had.source.owner is self:
            had = None
        if rte is not None:
            own = rte.source.owner is self
            if kind == SENT and not own:
                self.trace_nets("routes", "< added" if had is None else "< replaced", [key], rte)
                return
            what = _REFUSED[REJECTED if own else kind]
            self.trace_nets("filters", what, [key], rte)
        if had is not None:
            self.trace_nets("routes", "< removed", [key], had)

    def _announce_traced(self, keys: list[bytes], rte: Rte) -> int:
        held = [self._held(key, rte.source) for key in keys]
        same = self.table.announce(keys, rte)
        if self.traces("routes"):
            for at, key in enumerate(keys):
                before, best = held[at], self.table.best(key)
                if before is not None and is_same(before, rte):
                    self._trace_net("> ignored", key, rte)
                elif best is not None and best.source is rte.source:
                    self._trace_net("> added [best]", key, rte)
                else:
                    self._trace_net("> added", key, rte)
        return same

    def _remove(self, keys: list[bytes], source: RouteSource) -> int:
        """Withdraw the source's routes of these networks from the table; returns how many there were."""
        if self.traced and self.traces("routes"):
            for key in dict.fromkeys(keys):
                held = self._held(key, source)
                if held is not None:
                    routes = self.table.get(key)
                    why = " [sole]" if len(routes) == 1 else " [replaced]" if routes[0] is held else ""
                    self._trace_net(f"> removed{why}", key, held)
        removed = self.table.withdraw(keys, source)
        self.imported -= removed
        return removed

    def _held(self, key: bytes, source: RouteSource) -> Rte | None:
        for rte in self.table.get(key):
            if rte.source is source:
                return rte
        return None

    def _trace_net(self, what: str, key: bytes, rte: Rte | None) -> None:
        services = self.services
        if not services.traces.reserve():
            return
        text = f"{self.protocol.name}.{self.name} {what} {net_of(self.net_type, key)}"
        if rte is not None:
            source = rte.source
            while source.origin is not None:  # copied from another table
                source = source.origin
            text += f" {source.path_id}L {services.number_of(source)}G {_DESTS[rte.hop.dest]}"
        services.traces.write_reserved(text)


_REFUSED: Final = {
    REJECTED: "< rejected by protocol",
    FILTERED_OUT: "< filtered out",
    LIMITED: "< rejected [limit]",
}
_STATES: Final = {
    ChannelState.DOWN: "DOWN",
    ChannelState.START: "START",
    ChannelState.UP: "UP",
    ChannelState.STOP: "FLUSHING",
}
_DESTS: Final = {
    Dest.NONE: "none",
    Dest.UNICAST: "unicast",
    Dest.BLACKHOLE: "blackhole",
    Dest.UNREACHABLE: "unreachable",
    Dest.PROHIBIT: "prohibited",
}


def soften(channels: list[Channel]) -> None:
    """Apply the new config to further changes of these channels; what was sent stays (`configure soft`)."""
    wanted: dict[Member, Exporter] = {}
    theirs: dict[Member, Channel] = {}
    for channel in channels:
        exporter = channel.protocol.guarded(channel.protocol.exporter, channel)
        if exporter is not None and channel.member is not None:
            wanted[channel.member] = exporter
            theirs[channel.member] = channel
    for member in divide(wanted):  # everything is compared at once
        theirs[member].reload_exports()


def batches_of(routes: dict[bytes, Rte], keys: list[bytes]) -> dict[Rte, list[bytes]]:
    """These networks grouped by their route; adjacent ones mostly share it."""
    batches: dict[Rte, list[bytes]] = {}
    last: Rte | None = None
    theirs: list[bytes] = []
    for key in keys:
        rte = routes.get(key)
        if rte is None:
            continue
        if rte is not last:
            last = rte
            theirs = batches.setdefault(rte, [])
        theirs.append(key)
    return batches


def _unchanged(attrs: AttributeSet) -> AttributeSet:
    return attrs


def _replace(store: dict[bytes, T], key: bytes, value: T | None) -> None:
    """Keep another value for a network; None: none any more."""
    if value is None:
        del store[key]
    else:
        store[key] = value


def _limit(config: Limit | None) -> RouteLimit | None:
    return RouteLimit(config) if config is not None else None


def _kept(old: RouteLimit | None, config: Limit | None) -> RouteLimit | None:
    """The limit of a new config: the old object if it is equal, so that `hit` is kept."""
    if old is not None and config is not None and (old.count, old.action) == (config.count, config.action):
        return old
    return _limit(config)
