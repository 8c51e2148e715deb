"""MRT's configuration (RFC 6396, RFC 8050)."""

from __future__ import annotations

from dataclasses import dataclass

from pybird.conf.model import NotRun
from pybird.filter.nodes import ACCEPT, Filter


@dataclass(frozen=True, slots=True, kw_only=True)
class MrtConfig(NotRun):
    """One `protocol mrt`. `table` is a name, or a pattern with `*` and `?`."""

    table: str = ""
    filter: Filter = ACCEPT
    filename: str = ""
    period: int = 0  # seconds
    always_add_path: bool = False
