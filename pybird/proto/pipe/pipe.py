"""Pipe: copies routes between two tables, in both directions.

All routes of a network are copied, not only the best one, and a copy keeps
the route's protocol, preference and next hop. Each direction is a `Flow`: it
follows the journal of one table and announces through the import side of the
other table's channel, which has the filter, limits and counters. A flow stores
no list of what it announced: that is what the other table holds from this
channel.

A copied route has a source of its own, whose `origin` is the source it was
copied from. By following the origins a flow sees which tables a route has been
in: the route never returns to one of them (`pri` and `sec` of this pipe
included), and it passes at most `max generation` pipes. A table takes one copy
of an original route, as in BIRD; a copy that arrives through another pipe is
tried again when the first one leaves.
"""

from __future__ import annotations

from pybird.conf.model import ChannelConfig
from pybird.core.channel import Channel, ExportState
from pybird.core.export.receiver import SENT
from pybird.core.life import StopReason
from pybird.core.protocol import Instance, InstanceOwner
from pybird.core.scheduler import SLICE
from pybird.core.table import TableReader, Walk
from pybird.proto.pipe.config import PipeConfig
from pybird.values.net import net_of
from pybird.values.route import RouteSource, Rte

MOST_COMPLAINTS = 5  # log lines about routes that are not copied, per direction and start


class Pipe(Instance[PipeConfig]):
    """One pipe protocol."""

    def __init__(self, config: PipeConfig, owner: InstanceOwner) -> None:
        super().__init__(config, owner)
        self._flows: tuple[Flow, ...] = ()

    def make_channel(self, config: ChannelConfig) -> Channel:
        """A channel that also traces what is copied to the other table."""
        return PipeChannel(config, self)

    def start(self) -> None:
        """Open both channels and start copying in both directions."""
        pri, sec = self.channels["pri"], self.channels["sec"]
        pri.open()
        sec.open()
        most = self.config.max_generation
        export, imports = Flow(self, pri, sec, most), Flow(self, sec, pri, most)
        export.back, imports.back = imports, export
        self._flows = (export, imports)
        for flow in self._flows:
            flow.start()
        self.went_up()

    def stop(self, reason: StopReason) -> None:
        """Stop copying; the core removes the routes with their channels."""
        for flow in self._flows:
            flow.stop()
        self._flows = ()
        self.stopped()

    def accepts(self, old: PipeConfig, new: PipeConfig) -> bool:
        """True unless the peer table or `max generation` changes; the core applies filters and limits."""
        return (old.peer_table, old.max_generation) == (new.peer_table, new.max_generation)

    def request_refresh(self, channel: Channel) -> bool:
        """Copy all routes that are imported through this channel again."""
        for flow in self._flows:
            if flow.far is channel:
                flow.refeed()
        return True

    def flow_from(self, channel: Channel) -> Flow | None:
        """The direction that copies routes from this channel's table; None while the pipe is down."""
        return next((flow for flow in self._flows if flow.near is channel), None)

    def pair(self) -> tuple[Channel, Channel]:
        """The channels of the table (`pri`) and of the peer table (`sec`)."""
        return self.channels["pri"], self.channels["sec"]

    def info(self) -> str:
        """The two tables, as BIRD shows them."""
        pri, sec = self.pair()
        return f"{pri.table.name} <=> {sec.table.name}"


class PipeChannel(Channel):
    """One end of a pipe: it exports what the other end imports."""

    protocol: Pipe

    def _flow(self) -> Flow | None:
        return self.protocol.flow_from(self)

    def _source_end(self) -> Channel | None:
        """The other end of the pipe, whose routes this end imports."""
        return next((other for other in self.protocol.channels.values() if other is not self), None)

    def trace_nets(self, flag: str, what: str, keys: list[bytes], rte: Rte | None) -> None:
        """Trace; a rejection by the filter is traced at the end where the route leaves its table."""
        near = self._source_end()
        if what == "> filtered out" and near is not None:
            near.trace_nets(flag, "< filtered out", keys, rte)
        else:
            super().trace_nets(flag, what, keys, rte)

    def _announce_traced(self, keys: list[bytes], rte: Rte) -> int:
        near = self._source_end()
        if near is not None:
            for key in keys:
                near.trace_export(key, SENT, rte, self._held(key, rte.source))
        return super()._announce_traced(keys, rte)

    def _remove(self, keys: list[bytes], source: RouteSource) -> int:
        near = self._source_end()
        if near is not None and near.traced:
            for key in dict.fromkeys(keys):
                near.trace_export(key, SENT, None, self._held(key, source))
        return super()._remove(keys, source)

    def candidates(self, key: bytes) -> tuple[Rte, ...]:
        """The routes of the network that may be copied to the other table."""
        flow = self._flow()
        if flow is None:
            return ()
        return tuple([rte for rte in self.table.get(key) if flow.source_for(rte.source) is not None])

    def exported_routes(self, key: bytes) -> tuple[Rte, ...]:
        """The routes of the network that the other table has copies of."""
        flow = self._flow()
        return flow.copied(key) if flow is not None else ()


class Flow:
    """One direction: copies from the table of `near` to the table of `far`."""

    def __init__(self, pipe: Pipe, near: Channel, far: Channel, most: int) -> None:
        self.near = near
        self.far = far
        self.back: Flow | None = None  # the other direction
        self._pipe = pipe
        self._most = most
        self._reader = TableReader(self._wake, every=True)
        self._walk: Walk | None = None
        self._sources: dict[RouteSource, RouteSource | None] = {}  # copy's by original; None: do not copy
        self._shut_out: dict[bytes, None] = {}  # networks whose route is in `far` through another pipe
        self._retry: list[bytes] = []
        self._complaints = 0

    def start(self) -> None:
        """Copy what the table holds, and follow its changes."""
        self.near.table.readers.append(self._reader)
        self.refeed()

    def stop(self) -> None:
        """Stop following the table."""
        if self._reader in self.near.table.readers:
            self.near.table.readers.remove(self._reader)
        self._pipe.services.scheduler.cancel(self._step)
        self._walk = None
        self._sources.clear()
        self._shut_out.clear()
        self._retry.clear()
        self.back = None
        self._reader.wake = _ignore  # breaks the reference cycle of reader and flow

    def refeed(self) -> None:
        """Pass all routes of the table through the filter again."""
        self._walk = self.near.table.walk()
        self.near.export_state = ExportState.FEEDING
        self.near.trace_state()
        self._wake()

    def copied(self, key: bytes) -> tuple[Rte, ...]:
        """The routes of a network that the other table has copies of, with the copies' attributes."""
        copies = {rte.source.origin: rte for rte in self.far.table.get(key) if rte.source.owner is self.far}
        found: list[Rte] = []
        for rte in self.near.table.get(key):
            copy = copies.get(rte.source)
            if copy is not None:
                found.append(Rte(copy.attrs, rte.source, copy.hop, copy.preference, copy.time))
        return tuple(found)

    def _wake(self) -> None:
        self._pipe.services.scheduler.add(self._step)

    def _step(self) -> bool:
        """Process one slice of changes or of the table; True while there is more."""
        more = self._pipe.guarded(self._advance)
        return bool(more)

    def _advance(self) -> bool:
        if self._reader.pending:
            keys = list(self._reader.remove_oldest(SLICE))
            self._sync(keys)
            if self.back is not None:
                self.back.retry_nets(keys)
        elif self._retry:
            keys, self._retry = self._retry, []
            self._sync(keys)
        elif self._walk is not None:
            keys = self._walk.next_keys(SLICE)
            if not keys:
                self._walk = None
                self.near.export_state = ExportState.READY
                self.near.trace_state()
            self._sync(keys)
        if self._walk is not None or self._reader.pending or self._retry:
            return True
        self._forget_sources()
        return False

    # copying ------------------------------------------------------------

    def _sync(self, keys: list[bytes]) -> None:
        """Copy the routes of these networks, and withdraw copies whose routes are gone."""
        near, far = self.near.table, self.far
        copies: dict[Rte, list[bytes]] = {}
        gone: dict[RouteSource, list[bytes]] = {}
        count = far.statistics.import_updates
        for key in keys:
            there = far.table.get(key)
            came: dict[RouteSource, None] = {}
            for rte in near.get(key):
                source = self.source_for(rte.source)
                if source is None:
                    count.received += 1
                    count.rejected += 1
                    self.near.trace_nets("filters", "< rejected by protocol", [key], rte)
                    continue
                if there and self._has_another_copy(key, source, there):
                    count.received += 1
                    count.rejected += 1
                    continue
                came[source] = None
                if rte in copies:
                    copies[rte].append(key)
                else:
                    copies[rte] = [key]
            for rte in there:
                source = rte.source
                if source.owner is far and source not in came:
                    gone.setdefault(source, []).append(key)
        for source, theirs in gone.items():
            far.withdraw(theirs, source)
        now = self._pipe.services.clock.now()
        for rte, theirs in copies.items():
            ours = self._sources[rte.source]
            assert ours is not None
            far.announce(theirs, Rte(rte.attrs, ours, rte.hop, rte.preference, now))

    def source_for(self, source: RouteSource) -> RouteSource | None:
        """The source of the copies of this source's routes; None if they must not be copied."""
        if source in self._sources:
            return self._sources[source]
        made = self._sources[source] = self._derive(source)
        return made

    def _derive(self, source: RouteSource) -> RouteSource | None:
        if source.owner is self.near:
            return None  # its routes are copies that this pipe made from the other table
        generation = 0
        step: RouteSource | None = source
        while step is not None:
            if step.owner is not None and step.owner.table is self.far.table:
                self._complain(f"routes of {source.name} have already been in table {self.far.table.name}")
                return None
            step = step.origin
            generation += 1
        if generation > self._most:
            self._complain(
                f"routes of {source.name} passed {generation - 1} pipes, max generation is {self._most}"
            )
            return None
        made = RouteSource(
            source.name, source.kind, source.type, self.far, source.address, source.peer, source.path_id
        )
        made.origin = source
        return made

    def _has_another_copy(self, key: bytes, source: RouteSource, there: tuple[Rte, ...]) -> bool:
        """Whether the other table has a copy of the same original route through another pipe."""
        root = _root(source)
        for rte in there:
            if rte.source.owner is not self.far and _root(rte.source) is root:
                if key not in self._shut_out:
                    self._shut_out[key] = None
                    net = net_of(self.near.net_type, key)
                    table = self.far.table.name
                    self._complain(f"{net} of {source.name} is already in table {table} through another pipe")
                return True
        return False

    def retry_nets(self, keys: list[bytes]) -> None:
        """These networks changed in the other table: try routes again that had another copy there."""
        if not self._shut_out:
            return
        for key in keys:
            if key in self._shut_out:
                del self._shut_out[key]
                self._retry.append(key)
        if self._retry:
            self._wake()

    def _complain(self, text: str) -> None:
        self._complaints += 1
        if self._complaints < MOST_COMPLAINTS:
            self._pipe.log("error", text)
        elif self._complaints == MOST_COMPLAINTS:
            self._pipe.log("error", "more routes are not copied, for such reasons")

    def _forget_sources(self) -> None:
        """Drop sources without routes, which sessions that ended leave behind."""
        for source in [source for source in self._sources if not source.routes]:
            ours = self._sources.pop(source)
            if ours is not None:
                self.far.forget(ours)


def _ignore() -> None:
    """The wake callback of a reader that is no longer used."""


def _root(source: RouteSource) -> RouteSource:
    """The source that first announced the route, before any pipe."""
    while source.origin is not None:
        source = source.origin
    return source
