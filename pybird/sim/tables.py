"""Table changes as lines of the trace."""

from __future__ import annotations

from collections.abc import Mapping

from pybird.core.ports import Clock
from pybird.core.table import Table, TableReader
from pybird.sim.trace import EventHash
from pybird.values.net import net_of


class TableTrace:
    """Follows all tables of one router."""

    def __init__(self, name: str, clock: Clock, trace: EventHash) -> None:
        self._name = name
        self._clock = clock
        self._trace = trace
        self._followed: dict[Table, TableReader] = {}

    def follow(self, tables: Mapping[str, Table]) -> None:
        """Follow tables that are new, and stop following those that are gone."""
        for table in [table for table in self._followed if tables.get(table.name) is not table]:
            self._followed.pop(table).wake = _ignore
        for table in tables.values():
            if table not in self._followed:
                reader = self._followed[table] = TableReader(_ignore, every=True)
                reader.wake = lambda table=table, reader=reader: self._wake(table, reader)  # type: ignore[misc]
                table.readers.append(reader)

    def _wake(self, table: Table, reader: TableReader) -> None:
        self._clock.call_soon(lambda: self._read(table, reader))

    def _read(self, table: Table, reader: TableReader) -> None:
        for key in reader.remove_oldest(len(reader.pending)):
            found = table.get(key)
            words: list[object] = [rte.source.name for rte in found]
            if found:
                words += [found[0].attrs.wire.hex(), found[0].attrs.other, found[0].hop]
            net = net_of(table.net_type, key)
            self._trace.record(self._clock.now(), self._name, "table", table.name, net, *words)


def _ignore() -> None:
    """The wake callback of a reader that is not in use."""
