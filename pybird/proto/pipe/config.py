"""Pipe's configuration."""

from __future__ import annotations

from dataclasses import dataclass

from pybird.conf.model import ProtocolConfig
from pybird.filter.nodes import REJECT


@dataclass(frozen=True, slots=True, kw_only=True)
class PipeConfig(ProtocolConfig):
    """One `protocol pipe`.

    Its two channels only import: `pri` imports into `table` the peer table's
    routes that the import filter accepts, `sec` imports into the peer table the
    routes of `table` that the export filter accepts.
    """

    peer_table: str = ""
    max_generation: int = 16

    @property
    def copies(self) -> tuple[tuple[str, str], ...]:
        """(from, to): the names of the tables of each direction that is not `none`."""
        pri, sec = self.channels
        both = ((sec, pri), (pri, sec))
        return tuple([(of.table, to.table) for of, to in both if to.import_filter.body != REJECT.body])
