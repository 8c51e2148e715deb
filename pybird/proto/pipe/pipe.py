"""Pipe: routes from one table to another and back.

All routes of a network pass, not only the best one, and they stay who they
are: protocol, preference and next hop. Each direction is a `Flow`: it follows
the journal of one table and announces through the import side of the channel
of the other, where filter, limits and counters are. What it has announced is
not written down: it is what the other table holds from this channel.

A copied route has a source of its own, whose `origin` is the source it was
copied from. Along these a flow sees which tables a route has been in: it never
returns to one of them (`pri` and `sec` of this pipe included), and it passes
at most `max generation` pipes. Of one original route a table takes one copy, as
in BIRD; another way to the same table gets its turn when that copy leaves.
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

MOST_COMPLAINTS = 5  # log lines about routes in circles, per direction and start


class Pipe(Instance[PipeConfig]):
    """One pipe protocol."""

    def __init__(self, config: PipeConfig, owner: InstanceOwner) -> None:
        super().__init__(config, owner)
        self._flows: tuple[Flow, ...] = ()

    def make_channel(self, config: ChannelConfig) -> Channel:
        """A channel that also tells what goes to the other table."""
        return PipeChannel(config, self)

    def start(self) -> None:
        """Open both sides and let the routes flow."""
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
        """The routes go with the channels."""
        for flow in self._flows:
            flow.stop()
        self._flows = ()
        self.stopped()

    def accepts(self, old: PipeConfig, new: PipeConfig) -> bool:
        """Filters and limits are the core's; tables and generations need a restart."""
        return (old.peer_table, old.max_generation) == (new.peer_table, new.max_generation)

    def request_refresh(self, channel: Channel) -> bool:
        """Bring everything that flows into this channel again."""
        for flow in self._flows:
            if flow.far is channel:
                flow.refeed()
        return True

    def flow_from(self, channel: Channel) -> Flow | None:
        """The direction that takes routes out of this channel's table."""
        return next((flow for flow in self._flows if flow.near is channel), None)

    def pair(self) -> tuple[Channel, Channel]:
        """Table and peer table."""
        return self.channels["pri"], self.channels["sec"]

    def info(self) -> str:
        """Which tables it joins."""
        pri, sec = self.pair()
        return f"{pri.table.name} <=> {sec.table.name}"


class PipeChannel(Channel):
    """One end of a pipe: exports are what the other end imports."""

    protocol: Pipe

    def _flow(self) -> Flow | None:
        return self.protocol.flow_from(self)

    def _source_end(self) -> Channel | None:
        """The end whose routes come in here."""
        return next((other for other in self.protocol.channels.values() if other is not self), None)

    def trace_nets(self, flag: str, what: str, keys: list[bytes], rte: Rte | None) -> None:
        """A filter of a pipe belongs to the end where the route leaves its table."""
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
        """All routes of the network that may go to the other table."""
        flow = self._flow()
        if flow is None:
            return ()
        return tuple([rte for rte in self.table.get(key) if flow.source_for(rte.source) is not None])

    def exported_routes(self, key: bytes) -> tuple[Rte, ...]:
        """The routes of the network that the other table has."""
        flow = self._flow()
        return flow.copied(key) if flow is not None else ()


class Flow:
    """One direction: out of the table of `near`, in through `far`."""

    def __init__(self, pipe: Pipe, near: Channel, far: Channel, most: int) -> None:
        self.near = near
        self.far = far
        self.back: Flow | None = None  # the other direction
        self._pipe = pipe
        self._most = most
        self._reader = TableReader(self._wake, every=True)
        self._walk: Walk | None = None
        self._sources: dict[RouteSource, RouteSource | None] = {}  # ours for theirs; None: must not pass
        self._shut_out: dict[bytes, None] = {}  # networks with a route that came another way
        self._retry: list[bytes] = []
        self._complaints = 0

    def start(self) -> None:
        """Follow the table, after a walk through what it has."""
        self.near.table.readers.append(self._reader)
        self.refeed()

    def stop(self) -> None:
        """Follow it no more."""
        if self._reader in self.near.table.readers:
            self.near.table.readers.remove(self._reader)
        self._pipe.services.scheduler.cancel(self._step)
        self._walk = None
        self._sources.clear()
        self._shut_out.clear()
        self._retry.clear()
        self.back = None
        self._reader.wake = _ignore  # it held the flow in a circle

    def refeed(self) -> None:
        """Bring all routes through the filter."""
        self._walk = self.near.table.walk()
        self.near.export_state = ExportState.FEEDING
        self.near.trace_state()
        self._wake()

    def copied(self, key: bytes) -> tuple[Rte, ...]:
        """The routes of a network that the other table has copies of, as they are there."""
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
        """A slice of the walk, or of the changes."""
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

    # carrying -----------------------------------------------------------

    def _sync(self, keys: list[bytes]) -> None:
        """Make the other table agree about these networks."""
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
        """The source that copies of this one's routes have; None: they must not pass."""
        if source in self._sources:
            return self._sources[source]
        made = self._sources[source] = self._derive(source)
        return made

    def _derive(self, source: RouteSource) -> RouteSource | None:
        if source.owner is self.near:
            return None  # came out of the other table through this pipe
        generation = 0
        step: RouteSource | None = source
        while step is not None:
            if step.owner is not None and step.owner.table is self.far.table:
                self._complain(f"routes of {source.name} have been in {self.far.table.name} before")
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
        """Does the other table have the same route already, from somebody else?"""
        root = _root(source)
        for rte in there:
            if rte.source.owner is not self.far and _root(rte.source) is root:
                if key not in self._shut_out:
                    self._shut_out[key] = None
                    net = net_of(self.near.net_type, key)
                    self._complain(f"{net} of {source.name} came to {self.far.table.name} another way")
                return True
        return False

    def retry_nets(self, keys: list[bytes]) -> None:
        """These networks changed in the other table: what found no place may try again."""
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
            self._pipe.log("error", "more routes go in circles")

    def _forget_sources(self) -> None:
        """Sessions come and go: keep no source that has no route."""
        for source in [source for source in self._sources if not source.routes]:
            ours = self._sources.pop(source)
            if ours is not None:
                self.far.forget(ours)


def _ignore() -> None:
    """Nobody follows the journal any more."""


def _root(source: RouteSource) -> RouteSource:
    """Who announced the route first."""
    while source.origin is not None:
        source = source.origin
    return source
