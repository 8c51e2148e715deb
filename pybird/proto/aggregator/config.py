"""Aggregator's configuration."""

from __future__ import annotations

from dataclasses import dataclass

from pybird.conf.model import NotRun


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregatorConfig(NotRun):
    """One `protocol aggregator`: routes of `peer_table` that are alike in the keys become one.

    Keys that are expressions and the statements of `merge by` are checked, and kept as text.
    """

    peer_table: str = ""
    aggregate_on: tuple[str, ...] = ()
    merge_by: str = ""
