"""The router: owner of tables, protocol instances, configuration and time.

Everything that lives hangs here, nothing is global. The router is given its
ports and the protocol types it may run; `configure` loads the first
configuration, `reconfigure` changes it while it runs (core/reconfigure.py).
Protocols start in the order of their phases: device first, so that interfaces
and the router id are known before the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from itertools import count
from traceback import format_exception
from typing import Any, Final, NamedTuple

from pybird.conf.errors import ConfigError, ConfigErrors
from pybird.conf.model import Config, NotRun, ProtocolConfig, TableConfig
from pybird.core.channel import Channel
from pybird.core.export.group import Group
from pybird.core.export.member import Origin
from pybird.core.guard import GuardedClock, GuardedFiles
from pybird.core.interfaces import InterfaceEvent, Interfaces
from pybird.core.life import Patience, State, StopReason
from pybird.core.loglimit import LogLimit
from pybird.core.lookup import TableLookup
from pybird.core.neighbors import Neighbors
from pybird.core.nexthop import HopTable
from pybird.core.plan import Comparisons, compare
from pybird.core.policy import Judge, Policy
from pybird.core.ports import Ports, Timer
from pybird.core.protocol import Instance, ProtocolType
from pybird.core.reconfigure import Outcome, Reconfiguration, adapt_child
from pybird.core.revalidate import Revalidation
from pybird.core.scheduler import SLICE, Job, Scheduler
from pybird.core.table import Table
from pybird.core.traces import InterfaceTraces, TableTraces, Traces
from pybird.filter.attributes import declarations_of
from pybird.filter.budget import Budget
from pybird.filter.compile import CompiledFilter, compile_filter
from pybird.filter.digest import digest
from pybird.filter.errors import FilterTypeError
from pybird.filter.nodes import Filter
from pybird.values.attributes import AttributePool
from pybird.values.net import NetType, Prefix
from pybird.values.route import Source

RESERVE: Final = 1 << 20  # octets; they are not touched, so that they count only against limits
MOST_PRINTED: Final = 1000  # lines that the code of one command writes into the log
MOST_LINE: Final = 1000  # characters of each
TIDY_AFTER: Final = 2.0  # seconds after routes went: exports have followed by then


class Answer(Enum):
    """What an operator's command did; the CLI turns it into BIRD's reply."""

    ENABLED = "enabled"
    ALREADY_ENABLED = "already enabled"
    DISABLED = "disabled"
    ALREADY_DISABLED = "already disabled"
    RESTARTED = "restarted"
    RELOADING = "reloading"
    NOT_UP = "is not UP"
    CANNOT_RELOAD = "reload failed"


class Study(NamedTuple):
    """What `Router.study` found out about a config, beside the one that ran then."""

    running: Config
    config: Config
    meanings: dict[int, tuple[Filter, str]]
    compiled: dict[int, tuple[Filter, CompiledFilter]]
    comparisons: Comparisons

    def drop(self) -> None:
        """It is not needed: cut the circles of its code."""
        for _, code in self.compiled.values():
            code.clear()


class Router:
    """One router. Two in one process do not know of each other."""

    def __init__(
        self,
        ports: Ports,
        types: tuple[ProtocolType, ...],
        asserted: Callable[[Any], None] | None = None,
    ) -> None:
        """`asserted` hears what came of assertions in filters; without it they are not evaluated."""
        self.ports = ports
        self.clock = GuardedClock(ports.clock)
        self.network = ports.network
        self.kernel = ports.kernel
        self.random = ports.random
        self.files = GuardedFiles(ports.files, self.clock)
        self.types = {t.name: t for t in types}
        self.config = Config()
        self.pool = AttributePool(declarations_of(*[t.attributes for t in types]).values())
        self.router_id = 0
        self.hostname = ""
        self.boot_time = ports.clock.now()
        self.config_time = self.boot_time
        self.tables: dict[str, Table] = {}
        self.protocols: dict[str, Instance] = {}  # in config order, children last
        self.not_run: dict[str, float] = {}  # by name, since when the config has them
        self.shared: dict[str, Any] = {}  # what the instances of one type share (listeners), by type name
        self.scheduler = Scheduler(ports.clock, self._job_crashed)  # a turn is nobody's
        self.interfaces = Interfaces()
        self.interfaces.listen(self)
        self.neighbors = Neighbors(self.interfaces)
        self.hops = HopTable(
            self.interfaces, self.neighbors, self.tables, self.scheduler, self.pool, self._next_hop_warning
        )
        self.reconfiguration = Reconfiguration(self)
        self.revalidation = Revalidation(self)
        self.observers: dict[Callable[[Instance], None], None] = {}  # told of every state change
        self.config_observers: dict[Callable[[Config], None], None] = {}  # told of every config taken over
        self._compiled: dict[int, tuple[Filter, CompiledFilter]] = {}
        self._prepared: dict[int, tuple[Filter, CompiledFilter]] = {}  # for the config that comes
        self._code: list[CompiledFilter] = []
        self._compared: Study | None = None  # of the config that comes
        self._meanings: dict[int, tuple[Filter, str]] = {}
        self.lookup = TableLookup(self.tables, self.pool, self.interfaces, self.neighbors)
        self._judge = Judge(
            self.pool,
            self.compile,
            self._filter_log,
            self.lookup,
            self.hops.settle,
            self._generation,
            asserted,
            self._filter_error,
        )
        self._filter_errors = LogLimit()
        self._next_hop_warnings = LogLimit()
        self.traces = Traces(ports.clock, self.log)
        self.interface_traces = InterfaceTraces(self)
        self._numbers = 0  # of sources in traces
        self.shutting_down = False
        self._reserve: bytearray | None = None
        self.keep_reserve()
        self._tidying: Timer | None = None

    # log ------------------------------------------------------------------

    def log(self, level: str, text: str) -> None:
        """Write one line in one of BIRD's classes."""
        self.ports.log.write(level, text)

    def _filter_log(self, text: str) -> None:
        self.log("info", text)

    def _filter_error(self, text: str) -> None:
        line = self._filter_errors.passes(text, self.ports.clock.now())
        if line is not None:
            self.log("error", line)

    def _next_hop_warning(self, text: str) -> None:
        line = self._next_hop_warnings.passes(text, self.ports.clock.now())
        if line is not None:
            self.log("warning", line)

    def number_of(self, source: Source) -> int:
        """The number of a source in traces, from 1."""
        if not source.number:
            self._numbers += 1
            source.number = self._numbers
        return source.number

    # tables and filters -----------------------------------------------------

    def add_table(self, config: TableConfig) -> Table:
        """Make a table; its name is free."""
        table = self.tables[config.name] = Table(config)
        self.set_table_debug(table)
        self.hops.table_changed(config.name)
        return table

    def set_table_debug(self, table: Table) -> None:
        """Give a table the debug flags of its config, or the global ones."""
        table.debug = table.config.debug or self.config.debug_tables
        table.trace = TableTraces(self.traces, table).changed if "routes" in table.debug else None

    def trace_table(self, table: Table, flag: str, text: str) -> None:
        """One line about the work of a table."""
        if flag in table.debug:
            self.traces.write(f"{table.name}: {text}")

    def remove_table(self, name: str) -> None:
        """Forget a table that no running protocol uses."""
        table = self.tables.pop(name, None)
        if table is not None:
            table.trace = None  # it knows the table
        self.lookup.forget(name)
        self.hops.table_changed(name)

    def set_debug(self, instance: Instance) -> None:
        """Give an instance the debug flags of its config, or the global ones."""
        instance.set_debug(instance.config.debug or self.config.debug_protocols)
        for channel in instance.channels.values():
            channel.set_debug(channel.config.debug or self.config.debug_channels)

    def policy(self, filter: Filter, net_type: NetType, inside: Prefix | None = None) -> Policy:  # noqa: A002
        """A filter made ready for one channel or group; compiled code is shared."""
        policy = Policy(filter, net_type, self._judge, inside)
        self.revalidation.follow(policy.tables)
        return policy

    def trial(self, filter: Filter, net_type: NetType) -> Policy:  # noqa: A002
        """A filter for one command: shared with nothing; `compiled.clear()` when it is done.

        Judging by it raises `TooManyStepsError` when one route takes too long. Of what it
        prints, `MOST_PRINTED` lines are logged.
        """
        printed = count(1)

        def log(text: str) -> None:
            number = next(printed)
            if number <= MOST_PRINTED:
                self._filter_log(text[:MOST_LINE])
            elif number == MOST_PRINTED + 1:
                self._filter_log("... this command prints more")

        judge = self._judge._replace(
            log=log, compile=lambda found: compile_filter(found, self.pool.by_name, Budget())
        )
        return Policy(filter, net_type, judge)

    def meaning(self, filter: Filter) -> str:  # noqa: A002
        """The filter's digest: equal when two filters do the same."""
        known = self._meanings.get(id(filter))
        if known is None:
            known = self._meanings[id(filter)] = (filter, digest(filter))
        return known[1]

    def compile(self, filter: Filter) -> CompiledFilter:  # noqa: A002
        """The compiled form; filters that mean the same share it."""
        known = self._compiled.get(id(filter.body))
        if known is None:
            compiled = compile_filter(filter, self.pool.by_name)
            known = self._compiled[id(filter.body)] = (filter, compiled)
            self._code.append(compiled)
        return known[1]

    def study(self, config: Config) -> Study:
        """What is slow about a new config and changes nothing: what its filters mean, their code.

        May run in another thread than everything else.

        Raises:
            ConfigErrors: a filter that cannot be compiled: its nesting is beyond Python's.
        """
        running = self.config
        meanings = dict(self._meanings)

        def meaning(found: Filter) -> str:
            known = meanings.get(id(found))
            if known is None:
                known = meanings[id(found)] = (found, digest(found))
            return known[1]

        known = {meaning(found) for found in _filters(running)}
        decls = {decl.name: decl for decl in (each.declaration for each in config.attributes)}
        names = {**self.pool.by_name, **decls}
        compiled: dict[int, tuple[Filter, CompiledFilter]] = {}
        for found in _filters(config):
            try:
                if meaning(found) not in known and id(found.body) not in compiled:
                    compiled[id(found.body)] = (found, compile_filter(found, names))
            except FilterTypeError as problem:
                for _, code in compiled.values():
                    code.clear()
                raise ConfigErrors([ConfigError(problem.message, problem.span)]) from None
        return Study(running, config, meanings, compiled, compare(running, config, meaning, self.runs))

    def prepare(self, config: Config, study: Study | None = None) -> None:
        """Take over what was found out about a config, before anything of it acts.

        Raises:
            ConfigErrors: a filter that cannot be compiled.
        """
        self._declare(config)
        if study is None or study.running is not self.config:
            if study is not None:
                study.drop()
            study = self.study(config)
        self._compared = study
        self._meanings.update(study.meanings)
        self._prepared = study.compiled
        self._code += [code for _, code in study.compiled.values()]

    def compared(self, wanted: Config) -> Comparisons | None:
        """What `prepare` found of this config beside the running one."""
        study = self._compared
        if study is None or study.running is not self.config or study.config is not wanted:
            return None
        return study.comparisons

    def drop_unused_code(self) -> None:
        """Cut the cycles of compiled filters that nothing runs any more.

        The daemon runs without the garbage collector, so a dropped
        configuration must go by reference counts alone.
        """
        used = {id(code): None for _, code in self._compiled.values()}
        for instance in self.protocols.values():
            for channel in instance.channels.values():
                if channel.policy is not None:
                    used[id(channel.policy.compiled)] = None
        for table in self.tables.values():
            for group in table.groups.values():
                for policy in group.policies:
                    used[id(policy.compiled)] = None
        kept: list[CompiledFilter] = []
        for code in self._code:
            if id(code) in used:
                kept.append(code)
            else:
                code.clear()
        self._code = kept

    def tidy(self) -> None:
        """Many routes went: when others have followed, drop unused attribute sets, in slices.

        First what is remembered by set and source is forgotten: it would keep both for as long as
        nothing changes in a table.
        """
        if self._tidying is None:
            self._tidying = self.clock.call_at(self.clock.now() + TIDY_AFTER, self._begin_tidying)

    def _begin_tidying(self) -> None:
        self._tidying = None
        self.forget_memos()
        self.pool.begin_round()
        self.scheduler.add(self._tidy)

    def forget_memos(self) -> None:
        """Empty what is remembered by attribute set and source; it is found anew where it is needed."""
        for table in self.tables.values():
            for group in table.groups.values():
                group.forget_verdicts()
        for instance in self.protocols.values():
            for channel in instance.channels.values():
                if channel.policy is not None:
                    channel.policy.forget()

    def _tidy(self) -> bool:
        return self.pool.sweep(SLICE)

    def _generation(self, names: tuple[str, ...]) -> int:
        total = 0
        for name in names:
            table = self.tables.get(name)
            total += table.generation if table is not None else 0
        return total

    # configuration ------------------------------------------------------------

    def configure(self, config: Config) -> None:
        """Load the first configuration and start its protocols, phase by phase."""
        self.adopt(config)
        for table in config.tables:
            self.add_table(table)
        for protocol in config.protocols:
            self.create(protocol)
        self.begin(list(self.protocols.values()))
        if not self.router_id:
            self.log("error", "Cannot determine router ID, please configure it manually")

    def begin(self, instances: list[Instance]) -> None:
        """Start these in the order of their phases: interfaces first, then the router id."""
        self.choose_router_id()
        phases = {instance.type.phase: None for instance in instances}
        for phase in sorted(phases):
            for instance in instances:
                if instance.type.phase == phase:
                    instance.begin()
            self.choose_router_id()

    def order(self) -> None:
        """Protocols in the order of the config, dynamic children last."""
        names = [config.name for config in self.config.protocols if config.name in self.protocols]
        names += [name for name in self.protocols if self.config.protocol(name) is None]
        ordered = {name: self.protocols[name] for name in names}
        self.protocols.clear()
        self.protocols.update(ordered)

    def reconfigure(
        self, wanted: Config, soft: bool = False, timeout: float | None = None, study: Study | None = None
    ) -> Outcome:
        """Go to a new configuration while running (`reconfiguration` knows how far it is).

        `study` of this configuration, made beforehand, saves time here.
        """
        return self.reconfiguration.request(wanted, soft, timeout, study)

    def runs(self, config: ProtocolConfig) -> bool:
        """Does this version run the protocol?"""
        kind = self.types.get(config.type_name)
        return kind is not None and kind.instance is not None and not isinstance(config, NotRun)

    def adopt(self, config: Config) -> None:
        """Take over the global options of a config."""
        self.config = config
        self.config_time = self.clock.now()
        self.hostname = config.hostname or self.kernel.setting("kernel.hostname") or ""
        now = self.config_time
        left_out = [each.name for each in config.protocols if not self.runs(each)]
        self.not_run = {name: self.not_run.get(name, now) for name in left_out}
        self._declare(config)
        self._compiled, self._prepared = self._prepared, {}
        self._compared = None
        used = {id(found): None for found in _filters(config)}
        self._meanings = {key: known for key, known in self._meanings.items() if key in used}
        for observer in list(self.config_observers):
            observer(config)

    def _declare(self, config: Config) -> None:
        for attribute in config.attributes:
            self.pool.declare(attribute.declaration)

    def create(self, config: ProtocolConfig) -> Instance | None:
        """Make the instance of a protocol; None when this version does not run it, or it fails."""
        if not self.runs(config):
            return None
        try:
            return self._make(config)
        except Exception as error:
            self.crashed(config.name, error)
            return None

    def _make(self, config: ProtocolConfig) -> Instance:
        make = self.types[config.type_name].instance
        assert make is not None
        instance = make(config, self)
        self.protocols[config.name] = instance
        self.set_debug(instance)
        for channel in instance.channels.values():
            channel.trace("states", "Connected to table {}", channel.table.name)
        instance.trace("states", "Initializing" if instance.enabled else "Initializing [disabled]")
        return instance

    def choose_router_id(self) -> None:
        """The written id, else one from the interfaces; once there is one it stays."""
        config = self.config
        if config.router_id is not None:
            self.router_id = config.router_id
        elif not self.router_id:
            address = self.interfaces.lowest_v4(config.router_id_from)
            if address is not None:
                self.router_id = address.value

    def interface_event(self, event: InterfaceEvent) -> None:
        """A router without id takes it from the first address that comes."""
        if not self.router_id and event.kind == "address":
            self.choose_router_id()

    # dynamic children -----------------------------------------------------------

    def spawn(self, config: ProtocolConfig, parent: Instance) -> Instance:
        """Start a dynamic child; it lives until `remove`d or its parent goes.

        What its making raises is the parent's fault.
        """
        instance = self._make(config)
        instance.parent = parent
        instance.begin()
        return instance

    def remove(
        self,
        instance: Instance,
        after: Callable[[], None] | None = None,
        reason: StopReason = StopReason.REMOVED,
    ) -> None:
        """Stop a dynamic child for this reason and forget it when it is down."""

        def forget() -> None:
            if self.protocols.get(instance.name) is instance:
                self.forget(instance.name)
            if after is not None:
                after()

        instance.leave(reason, forget)

    def forget(self, name: str) -> None:
        """Drop an instance that is down for good."""
        instance = self.protocols.pop(name, None)
        if instance is not None:
            instance.guarded(instance.discard)

    def adapt(self, instance: Instance, config: ProtocolConfig) -> None:
        """Give a dynamic child a new config, as a reload does for written protocols.

        Its channels are reconfigured, added and removed alike; what it does not
        accept restarts it (StopReason.RECONFIGURED), as the same object.
        """
        adapt_child(self, instance, config)

    def children(self, parent: Instance) -> list[Instance]:
        """The dynamic children of an instance."""
        return [instance for instance in self.protocols.values() if instance.parent is parent]

    def free_name(self, prefix: str, digits: int) -> str:
        """`prefix` and the lowest number, of at least that many digits, that no protocol has."""
        number = 1
        while True:
            name = f"{prefix}{number:0{digits}d}" if digits else f"{prefix}{number}"
            if name not in self.protocols and name not in self.config.symbols:
                return name
            number += 1

    # operations -----------------------------------------------------------------

    def enable(self, instance: Instance, message: str = "") -> Answer:
        """Let a disabled protocol run again; one that runs and waits tries again now."""
        instance.guarded(instance.hurry)
        if instance.enabled and not instance.failure:
            return Answer.ALREADY_ENABLED
        self.log("info", f"Enabling protocol {instance.name}")
        instance.enabled = True
        instance.message = message
        instance.begin_when_down()
        return Answer.ENABLED

    def disable(self, instance: Instance, message: str = "") -> Answer:
        """Stop until it is enabled."""
        if not instance.enabled:
            return Answer.ALREADY_DISABLED
        self.log("info", f"Disabling protocol {instance.name}")
        instance.enabled = False
        instance.message = message
        instance.halt(StopReason.DISABLED)
        return Answer.DISABLED

    def restart(self, instance: Instance, message: str = "") -> Answer:
        """Stop and start again."""
        if not instance.enabled:
            return Answer.ALREADY_DISABLED
        self.log("info", f"Restarting protocol {instance.name}")
        instance.message = message
        instance.halt(StopReason.RESTARTED, begins=True)
        return Answer.RESTARTED

    def give_up(self, instance: Instance) -> None:
        """A protocol disables itself after an error, which it tells in `last_error`."""
        if instance.enabled:
            instance.enabled = False
            instance.halt(StopReason.ERROR)

    def reload(self, instance: Instance, imports: bool, exports: bool) -> Answer:
        """Bring routes through the filters again; nothing is exported again where imports fail."""
        if instance.state is not State.UP:
            return Answer.NOT_UP
        self.log("info", f"Reloading protocol {instance.name}")
        channels = list(instance.channels.values())
        if imports or instance.pair() is not None:  # what flows out of one is what the other imports
            for channel in channels:
                if not channel.reload_imports():
                    return Answer.CANNOT_RELOAD
        if exports:
            for channel in channels:
                channel.refeed()
        return Answer.RELOADING

    def limit_hit(self, instance: Instance, direction: str, disable: bool) -> None:
        """A route limit with action disable or restart was exceeded."""
        reason = StopReason.EXPORT_LIMIT if direction == "export" else StopReason.LIMIT
        self.clock.call_soon(lambda: self._limit(instance, reason, disable))

    def _limit(self, instance: Instance, reason: StopReason, disable: bool) -> None:
        if instance.state not in (State.START, State.UP):
            return
        instance.last_error = "Automatic shutdown: Route limit exceeded"
        if disable:
            instance.enabled = False
            instance.halt(reason)
        else:
            instance.restart_limited(reason)

    def shutdown(self, after: Callable[[], None], graceful: bool = False) -> None:
        """Stop every protocol; `after` is called when all are down."""
        self.shutting_down = True
        reason = StopReason.GRACEFUL if graceful else StopReason.SHUTDOWN
        for instance in self.protocols.values():
            instance.enabled = False
        waiting = [instance for instance in self.protocols.values() if instance.state is not State.DOWN]
        left = [len(waiting)]

        def one_down() -> None:
            left[0] -= 1
            if left[0] == 0:
                after()

        if not waiting:
            self.clock.call_soon(after)
        for instance in reversed(waiting):
            instance.halt(reason, one_down)

    # failures -------------------------------------------------------------------

    def state_changed(self, instance: Instance) -> None:
        """An instance entered another state: tell who watches (`show`, reconfiguration)."""
        for observer in list(self.observers):
            observer(instance)

    def crashed(self, name: str, error: Exception) -> None:
        """Log what this protocol's code raised, with the trace."""
        if isinstance(error, MemoryError):
            self.log("error", f"{name}: out of memory")
            return  # a trace takes memory, and says who asked for the last of it, not who has it
        self.log("bug", f"{name}: {type(error).__name__}: {error}")
        for line in "".join(format_exception(error)).splitlines():
            self.log("bug", f"{name}: {line}")

    def keep_reserve(self) -> None:
        """Have memory put aside, so that who runs out of it can still be stopped in order."""
        if self._reserve is None:
            try:
                self._reserve = bytearray(RESERVE)
            except MemoryError:
                return  # at the next start of a protocol

    def give_way(self) -> None:
        """Out of memory: what was put aside may be used."""
        self._reserve = None

    def export_crashed(self, group: Origin, error: Exception) -> None:
        """The work for a group raised: the protocols of its members stop, nobody else's."""
        for channel in list(group.members):
            channel.crashed(error)

    def _job_crashed(self, job: Job, error: Exception) -> None:
        """Long work raised: whose it was stops, the others go on.

        For want of memory, what nobody answers for, or who stops already, is tried again.
        """
        subject = getattr(job, "__self__", None)
        if isinstance(error, MemoryError) and not _runs(subject):
            self.crashed(getattr(job, "__qualname__", str(job)), error)
            self.clock.call_at(self.clock.now() + Patience.FIRST, lambda: self.scheduler.add(job))
            return
        if isinstance(subject, Group):
            self.export_crashed(subject, error)
        elif isinstance(subject, (Channel, Instance)):
            subject.crashed(error)
        else:
            self.crashed(getattr(job, "__qualname__", str(job)), error)


def _runs(subject: object) -> bool:
    """Would a crash of this one's work stop a protocol?"""
    if isinstance(subject, Channel):
        subject = subject.protocol
    if isinstance(subject, Instance):
        return subject.state in (State.START, State.UP)
    return isinstance(subject, Group)


def _filters(config: Config) -> Iterator[Filter]:
    """The filters that channels of this config run."""
    for protocol in config.protocols:
        if not protocol.disabled:
            for channel in protocol.channels:
                yield channel.import_filter
                yield channel.export_filter
