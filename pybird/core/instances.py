"""What runs: the protocol instances of a router, its tables and its configuration.

Creates instances, starts them in the order of their phases (device first, so
that interfaces and the router id are known before the others) and removes
them. What instances share is in `Services`; what operators do is in `Router`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pybird.conf.model import Config, NotRun, ProtocolConfig, TableConfig
from pybird.core.channel import Channel
from pybird.core.export.group import Group
from pybird.core.export.paths import PathTable
from pybird.core.forwarding.interfaces import InterfaceEvent
from pybird.core.interface_traces import InterfaceTraces
from pybird.core.life import Patience, ProtocolState, StopReason
from pybird.core.policy import Policy
from pybird.core.ports import Ports, Timer
from pybird.core.protocol import Instance, InstanceOwner, ProtocolType
from pybird.core.reload.plan import Comparisons
from pybird.core.reload.revalidation import Revalidation, stop_members
from pybird.core.reload.study import Study, filters_of, study
from pybird.core.scheduler import SLICE, Job
from pybird.core.services import Services
from pybird.core.table import Table
from pybird.core.traces import TableTraces
from pybird.filter.attributes import declarations_of
from pybird.values.attributes import AttributePool

TIDY_AFTER: Final = 2.0  # seconds after routes were removed: exports have followed by then


class Instances(InstanceOwner):
    """The instances of one router, its tables and the running configuration."""

    def __init__(
        self,
        ports: Ports,
        types: tuple[ProtocolType, ...],
        asserted: Callable[[Any], None] | None = None,
    ) -> None:
        """`asserted` gets the result of each assertion in a filter; without it they are not evaluated."""
        self.ports = ports
        self.types = {t.name: t for t in types}
        self.pool = AttributePool(declarations_of(*[t.attributes for t in types]).values())
        self.services = services = Services(ports, self.pool, self._job_crashed, asserted)
        self.clock = services.clock
        self.tables = services.tables
        self.scheduler = services.scheduler
        self.interfaces = services.interfaces
        self.hops = services.hops
        self.lookup = services.lookup
        self.policies = services.policies
        self.traces = services.traces
        self.log = services.log
        self.protocols: dict[str, Instance] = {}  # in config order, children last
        self.not_run: dict[str, float] = {}  # by name: since when the config has them
        self.boot_time = ports.clock.now()
        self.config_time = self.boot_time
        self.shutting_down = False
        self.observers: dict[Callable[[Instance], None], None] = {}  # called at every state change
        self.config_observers: dict[Callable[[Config], None], None] = {}  # called with each new config
        self.interfaces.listen(self)
        self.interface_traces = InterfaceTraces(self.interfaces, self.protocols, self.traces)
        self.revalidation = Revalidation(services, self.protocols)
        self._compared: Study | None = None  # of the config to be applied next
        self._tidying: Timer | None = None

    @property
    def config(self) -> Config:
        """The running configuration."""
        return self.services.config

    @property
    def router_id(self) -> int:
        """The router id; 0 while it has none."""
        return self.services.router_id

    @property
    def hostname(self) -> str:
        """The configured hostname, else the machine's."""
        return self.services.hostname

    # tables -----------------------------------------------------------------

    def add_table(self, config: TableConfig) -> Table:
        """Create a table; no other one may have its name."""
        table = self.tables[config.name] = Table(config)
        self.set_table_debug(table)
        self.hops.table_changed(config.name)
        return table

    def set_table_debug(self, table: Table) -> None:
        """Give a table the debug flags of its config, or the global ones."""
        table.debug = table.config.debug or self.config.debug_tables
        table.trace = TableTraces(self.traces, table).changed if "routes" in table.debug else None

    def remove_table(self, name: str) -> None:
        """Forget a table that no running protocol uses."""
        table = self.tables.pop(name, None)
        if table is not None:
            table.trace = None  # it refers back to the table: a cycle
        self.lookup.forget(name)
        self.hops.table_changed(name)

    def set_debug(self, instance: Instance) -> None:
        """Give an instance the debug flags of its config, or the global ones."""
        instance.set_debug(instance.config.debug or self.config.debug_protocols)
        for channel in instance.channels.values():
            channel.set_debug(channel.config.debug or self.config.debug_channels)

    # filters ----------------------------------------------------------------

    def study(self, config: Config) -> Study:
        """Compile and compare a new config: the slow part of applying it, which changes nothing.

        May run in another thread.

        Raises:
            ConfigErrors: a filter that cannot be compiled: its nesting is beyond Python's.
        """
        return study(self.config, config, self.policies.meanings, self.pool.by_name, self.runs)

    def prepare(self, config: Config, known: Study | None = None) -> None:
        """Take over the study of a config (or make one) before anything of the config takes effect.

        Raises:
            ConfigErrors: a filter that cannot be compiled.
        """
        self._declare(config)
        if known is None or known.running is not self.config:
            if known is not None:
                known.drop()
            known = self.study(config)
        self._compared = known
        self.policies.prepare(known.meanings, known.compiled)

    def compared(self, wanted: Config) -> Comparisons | None:
        """How this config differs from the running one, as `prepare` found; None: not known."""
        known = self._compared
        if known is None or known.running is not self.config or known.config is not wanted:
            return None
        return known.comparisons

    def drop_unused_code(self) -> None:
        """Free compiled filters that nothing uses any more, by breaking their reference cycles."""
        running: list[Policy] = []
        for instance in self.protocols.values():
            running += [c.policy for c in instance.channels.values() if c.policy is not None]
        for table in self.tables.values():
            for group in table.all_groups():
                running += group.policies
        self.policies.drop_unused(running)

    # tidying ----------------------------------------------------------------

    def tidy(self) -> None:
        """Many routes were removed: drop unused attribute sets after `TIDY_AFTER`, in slices.

        First the memos keyed by attribute set and source are emptied: they would keep both alive
        for as long as nothing changes in a table.
        """
        if self._tidying is None:
            self._tidying = self.clock.call_at(self.clock.now() + TIDY_AFTER, self._begin_tidying)

    def _begin_tidying(self) -> None:
        self._tidying = None
        self.forget_memos()
        self.pool.begin_round()
        self.scheduler.add(self._tidy)

    def forget_memos(self) -> None:
        """Empty the memos keyed by attribute set and source; they fill again as needed."""
        for table in self.tables.values():
            for group in table.all_groups():
                group.forget_verdicts()
        for instance in self.protocols.values():
            for channel in instance.channels.values():
                if channel.policy is not None:
                    channel.policy.forget()

    def _tidy(self) -> bool:
        return self.pool.sweep(SLICE)

    # configuration ------------------------------------------------------------

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
        """Put `protocols` into the order of the config, dynamic children last."""
        names = [config.name for config in self.config.protocols if config.name in self.protocols]
        names += [name for name in self.protocols if self.config.protocol(name) is None]
        ordered = {name: self.protocols[name] for name in names}
        self.protocols.clear()
        self.protocols.update(ordered)

    def runs(self, config: ProtocolConfig) -> bool:
        """True if this version runs the protocol."""
        kind = self.types.get(config.type_name)
        return kind is not None and kind.instance is not None and not isinstance(config, NotRun)

    def adopt(self, config: Config) -> None:
        """Take over the global options of a config."""
        services = self.services
        services.config = config
        self.config_time = self.clock.now()
        services.hostname = config.hostname or services.kernel.setting("kernel.hostname") or ""
        now = self.config_time
        left_out = [each.name for each in config.protocols if not self.runs(each)]
        self.not_run = {name: self.not_run.get(name, now) for name in left_out}
        self._declare(config)
        services.labels.configure(config.label_domains)
        self._compared = None
        self.policies.adopt(filters_of(config))
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
            self.services.log_crash(config.name, error)
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
        """Set the router id: the configured one, else one from the interfaces unless there is one already."""
        config = self.config
        if config.router_id is not None:
            self.services.router_id = config.router_id
        elif not self.router_id:
            address = self.interfaces.lowest_v4(config.router_id_from)
            if address is not None:
                self.services.router_id = address.value

    def forget_router_id(self) -> None:
        """The options for the router id have changed: choose it again."""
        self.services.router_id = 0
        self.choose_router_id()

    def interface_event(self, event: InterfaceEvent) -> None:
        """Choose the router id when an address appears and there is none yet."""
        if not self.router_id and event.kind == "address":
            self.choose_router_id()

    # dynamic children -----------------------------------------------------------

    def spawn(self, config: ProtocolConfig, parent: Instance) -> Instance:
        """Start a dynamic child; it lives until it is `remove`d or its parent stops.

        Exceptions while it is created are the parent's: they are not caught here.
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
        """Stop a dynamic child for this reason, forget it once it is down, then call `after`."""

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

    def children(self, parent: Instance) -> list[Instance]:
        """The dynamic children of an instance."""
        return [instance for instance in self.protocols.values() if instance.parent is parent]

    def free_name(self, prefix: str, digits: int) -> str:
        """An unused protocol name: `prefix` and the lowest free number, padded to `digits` digits."""
        number = 1
        while True:
            name = f"{prefix}{number:0{digits}d}" if digits else f"{prefix}{number}"
            if name not in self.protocols and name not in self.config.symbols:
                return name
            number += 1

    def trace_interfaces(self, instance: Instance) -> None:
        """Trace the interfaces and addresses that an instance learns of at its start."""
        self.interface_traces.trace_interfaces(instance)

    # failures -------------------------------------------------------------------

    def state_changed(self, instance: Instance) -> None:
        """An instance entered another state: notify the observers."""
        for observer in list(self.observers):
            observer(instance)

    def _job_crashed(self, job: Job, error: Exception) -> None:
        """A job raised: stop the protocols that it belongs to; the others go on.

        If memory ran out and no running protocol owns the job, it is tried again later.
        """
        subject = getattr(job, "__self__", None)
        if isinstance(error, MemoryError) and not _would_stop(subject):
            self.services.log_crash(getattr(job, "__qualname__", str(job)), error)
            self.clock.call_at(self.clock.now() + Patience.FIRST, lambda: self.scheduler.add(job))
            return
        if isinstance(subject, Group):
            stop_members(subject, error)
        elif isinstance(subject, PathTable):
            for group in list(subject.groups.values()):
                stop_members(group, error)
        elif isinstance(subject, (Channel, Instance)):
            subject.crashed(error)
        else:
            self.services.log_crash(getattr(job, "__qualname__", str(job)), error)


def _would_stop(subject: object) -> bool:
    """True if a crash of this job's owner stops a protocol."""
    if isinstance(subject, Channel):
        subject = subject.protocol
    if isinstance(subject, Instance):
        return subject.state in (ProtocolState.START, ProtocolState.UP)
    return isinstance(subject, (Group, PathTable))
