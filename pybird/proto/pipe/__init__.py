"""Copies routes between two tables, in both directions."""

from __future__ import annotations

from pybird.core.protocol import ProtocolType
from pybird.proto.pipe.build import build
from pybird.proto.pipe.config import PipeConfig
from pybird.proto.pipe.pipe import Pipe
from pybird.values.enums import Rts

TYPE = ProtocolType(
    name="pipe",
    title="Pipe",
    kind=Rts.PIPE,
    preference=0,
    config=PipeConfig,
    build=build,
    instance=Pipe,
)
Pipe.type = TYPE
