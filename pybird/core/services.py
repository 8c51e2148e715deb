"""What instances and channels are given: the ports to the outside, and what all of a router share.

Nothing here refers to an instance. `InstanceOwner` (core/protocol.py) creates
and removes instances.
"""

from __future__ import annotations

from collections.abc import Callable
from traceback import format_exception
from typing import Any, Final

from pybird.conf.model import Config
from pybird.core.forwarding.cables import Cables
from pybird.core.forwarding.interfaces import Interfaces
from pybird.core.forwarding.neighbors import Neighbors
from pybird.core.forwarding.nexthop import HopTable
from pybird.core.guard import GuardedClock, GuardedFiles
from pybird.core.labels.space import LabelSpaces
from pybird.core.loglimit import LogLimit
from pybird.core.lookup.tables import TableLookup
from pybird.core.policies import Policies
from pybird.core.ports import Ports
from pybird.core.recovery import Recovery
from pybird.core.scheduler import Job, Scheduler
from pybird.core.table import Table
from pybird.core.traces import Traces
from pybird.values.attributes import AttributePool
from pybird.values.route import RouteSource

RESERVE: Final = 1 << 20  # octets; never written to, so they only count against limits


class Services:
    """What the instances of one router share.

    A timer set on `clock` belongs to the instance whose code sets it, so that an
    exception stops that instance; one set on `plain_clock` belongs to none.
    `config` is the running configuration.
    """

    def __init__(
        self,
        ports: Ports,
        pool: AttributePool,
        job_crashed: Callable[[Job, Exception], None],
        asserted: Callable[[Any], None] | None = None,
    ) -> None:
        """`asserted` gets the result of each assertion in a filter; without it they are not evaluated."""
        self._log = ports.log
        self.plain_clock = ports.clock
        self.clock = GuardedClock(ports.clock)
        self.network = ports.network
        self.kernel = ports.kernel
        self.random = ports.random
        self.files = GuardedFiles(ports.files, self.clock)
        self.config = Config()
        self.router_id = 0
        self.hostname = ""
        self.pool = pool
        self.tables: dict[str, Table] = {}
        self.shared: dict[str, Any] = {}  # by type name: what its instances share (listeners)
        self.scheduler = Scheduler(ports.clock, job_crashed)  # its turns belong to no instance
        self.labels = LabelSpaces()
        self.interfaces = Interfaces()
        self.cables = Cables()
        self.neighbors = Neighbors(self.interfaces)
        self.hops = HopTable(
            self.interfaces, self.neighbors, self.tables, self.scheduler, pool, self._next_hop_warning
        )
        self.lookup = TableLookup(self.tables, pool, self.interfaces, self.neighbors)
        self.policies = Policies(pool, self.tables, self.lookup, self.hops, ports.clock, self.log, asserted)
        self.traces = Traces(ports.clock, self.log)
        self.recovery = Recovery(ports.clock, self.log)
        self._next_hop_warnings = LogLimit()
        self._numbers = 0  # how many sources have a number for traces
        self._reserve: bytearray | None = None
        self.keep_reserve()

    def log(self, level: str, text: str) -> None:
        """Write one line in one of BIRD's log classes."""
        self._log.write(level, text)

    def log_crash(self, name: str, error: Exception) -> None:
        """Log an exception of this protocol's code, with its traceback."""
        if isinstance(error, MemoryError):
            self.log("error", f"{name}: out of memory")
            return  # a traceback needs memory, and shows only which code asked for the last of it
        self.log("bug", f"{name}: {type(error).__name__}: {error}")
        for line in "".join(format_exception(error)).splitlines():
            self.log("bug", f"{name}: {line}")

    def trace_table(self, table: Table, flag: str, text: str) -> None:
        """Trace one line about a table, if this debug flag is on for it."""
        if flag in table.debug:
            self.traces.write(f"{table.name}: {text}")

    def number_of(self, source: RouteSource) -> int:
        """The number of a source in traces, from 1."""
        if not source.number:
            self._numbers += 1
            source.number = self._numbers
        return source.number

    def keep_reserve(self) -> None:
        """Set memory aside, so that an instance that runs out of it can still be stopped in order."""
        if self._reserve is None:
            try:
                self._reserve = bytearray(RESERVE)
            except MemoryError:
                return  # tried again at the next start of a protocol

    def release_reserve(self) -> None:
        """Out of memory: free what was set aside."""
        self._reserve = None

    def _next_hop_warning(self, text: str) -> None:
        line = self._next_hop_warnings.allowed(text, self.plain_clock.now())
        if line is not None:
            self.log("warning", line)
