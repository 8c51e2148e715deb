"""Pipe's configuration."""

from __future__ import annotations

from dataclasses import dataclass

from pybird.conf.model import ProtocolConfig
from pybird.filter.nodes import REJECT


@dataclass(frozen=True, slots=True, kw_only=True)
class PipeConfig(ProtocolConfig):
    """One `protocol pipe`.

    Its two channels only import: `pri` into `table` what the import filter
    leaves of the peer table's routes, `sec` into the peer table what the export
    filter leaves of the table's.
    """

    peer_table: str = ""
    max_generation: int = 16

    @property
    def copies(self) -> tuple[tuple[str, str], ...]:
        """Each channel imports from the table of the other, unless it imports nothing."""
        pri, sec = self.channels
        both = ((sec, pri), (pri, sec))
        return tuple([(of.table, to.table) for of, to in both if to.import_filter.body != REJECT.body])
