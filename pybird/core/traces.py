"""Trace lines in BIRD's words, at most `MOST` a second.

Call `reserve` before building an expensive line: a feed of a million routes then
costs `MOST` lines a second, and one line that says how many were suppressed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from pybird.core.ports import Clock, Timer
from pybird.values.net import net_of

if TYPE_CHECKING:
    from pybird.core.table import Table
    from pybird.values.route import Rte

MOST: Final = 1000  # lines a second
SECOND: Final = 1.0


class Traces:
    """The trace lines of one router."""

    def __init__(self, clock: Clock, log: Callable[[str, str], None]) -> None:
        self._clock = clock
        self._log = log
        self._since = -SECOND
        self._lines = 0  # in this second
        self._lost = 0
        self._timer: Timer | None = None

    def reserve(self) -> bool:
        """True if one more line may be written now; then the caller must write it (`write_reserved`)."""
        if self._lines >= MOST or self._clock.now() - self._since >= SECOND:
            self._renew()
            if self._lines >= MOST:
                self._lost += 1
                return False
        self._lines += 1
        return True

    def write(self, text: str) -> None:
        """Write one line, unless the limit is reached."""
        if self.reserve():
            self.write_reserved(text)

    def write_reserved(self, text: str) -> None:
        """Write one line for which `reserve` returned True."""
        self._log("trace", text)

    def _renew(self) -> None:
        now = self._clock.now()
        if now - self._since >= SECOND:
            self._since, self._lines = now, 0
            self._log_suppressed()
        elif self._timer is None:
            self._timer = self._clock.call_at(self._since + SECOND, self._second_over)

    def _second_over(self) -> None:
        self._timer = None
        self._renew()

    def _log_suppressed(self) -> None:
        if self._lost:
            lost, self._lost = self._lost, 0
            self._log("trace", f"{lost} trace lines suppressed")


class TableTraces:
    """Traces the changes of one table as BIRD 3 does, with names of sources where BIRD prints pointers."""

    def __init__(self, traces: Traces, table: Table) -> None:
        self._traces = traces
        self._table = table
        self._count = 0

    def changed(self, fresh: list[bytes], won: list[bytes], lost: list[Rte], others: list[bytes]) -> None:
        """Trace new networks, those with another best route (`lost` is the old one), and other changes."""
        for key in fresh:
            self._trace_change("best", key, "none")
        for key, old in zip(won, lost, strict=True):
            self._trace_change("best", key, old.source.name)
        for key in others:
            self._trace_change("all", key, "")

    def _trace_change(self, exporter: str, key: bytes, old: str) -> None:
        self._count += 1
        if not self._traces.reserve():
            return
        best = self._table.best(key)
        new = "none" if best is None else best.source.name
        change = f"{old} -> {new}" if old else f"{new} stays the best"
        net = net_of(self._table.net_type, key)
        self._traces.write_reserved(
            f"{self._table.name}.export-{exporter}: Announcing change {self._count} at {net}: {change}"
        )
