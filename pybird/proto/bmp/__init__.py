"""The BGP Monitoring Protocol: understood, not run."""

from __future__ import annotations

from pybird.core.protocol import ProtocolType
from pybird.proto.bmp.build import build
from pybird.proto.bmp.config import BmpConfig
from pybird.values.enums import Rts

TYPE = ProtocolType(
    name="bmp",
    title="BMP",
    kind=Rts.NONE,
    preference=0,
    config=BmpConfig,
    build=build,
)
