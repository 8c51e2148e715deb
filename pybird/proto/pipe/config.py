"""Pipe's configuration."""

from __future__ import annotations

from dataclasses import dataclass

from pybird.conf.model import ProtocolConfig
from pybird.filter.nodes import ACCEPT, Filter
from pybird.values.net import Prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class PipeConfig(ProtocolConfig):
    """One `protocol pipe`: its channel is that of `table`; import is from `peer_table`."""

    peer_table: str = ""
    peer_import: Filter = ACCEPT
    import_in: Prefix | None = None
    max_generation: int = 16
