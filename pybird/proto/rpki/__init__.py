"""RPKI to Router: understood, not run."""

from __future__ import annotations

from pybird.core.protocol import ProtocolType
from pybird.proto.rpki.build import build
from pybird.proto.rpki.config import RpkiConfig
from pybird.values.enums import Rts

TYPE = ProtocolType(
    name="rpki",
    title="RPKI",
    kind=Rts.RPKI,
    preference=100,
    config=RpkiConfig,
    build=build,
)
