"""Aggregator's configuration."""

from __future__ import annotations

from dataclasses import dataclass

from pybird.conf.model import NotRun


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregatorConfig(NotRun):
    """One `protocol aggregator`: merges routes of `peer_table` whose keys are equal.

    Key expressions and the statements of `merge by` are checked, then kept as text.
    """

    peer_table: str = ""
    aggregate_on: tuple[str, ...] = ()
    merge_by: str = ""
