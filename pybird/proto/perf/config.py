"""Perf's configuration. Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pybird.conf.model import NotRun


@dataclass(frozen=True, slots=True, kw_only=True)
class PerfConfig(NotRun):
    """One `protocol perf`."""

    mode: Literal["import", "export"] = "import"
    repeat: int = 4
    exp_from: int = 10
    exp_to: int = 20
    threshold_min: float = 0.001
    threshold_max: float = 0.5
    keep: bool = False
