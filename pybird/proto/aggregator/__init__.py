"""Route aggregation: understood, not run."""

from __future__ import annotations

from pybird.core.protocol import ProtocolType
from pybird.proto.aggregator.build import build
from pybird.proto.aggregator.config import AggregatorConfig
from pybird.values.enums import Rts

TYPE = ProtocolType(
    name="aggregator",
    title="Aggregator",
    kind=Rts.AGGREGATED,
    preference=1,
    config=AggregatorConfig,
    build=build,
)
