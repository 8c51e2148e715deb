"""Measurements of the tables: understood, not run."""

from __future__ import annotations

from pybird.core.protocol import ProtocolType
from pybird.proto.perf.build import build
from pybird.proto.perf.config import PerfConfig
from pybird.values.enums import Rts

TYPE = ProtocolType(
    name="perf",
    title="Perf",
    kind=Rts.PERF,
    preference=0,
    config=PerfConfig,
    build=build,
)
