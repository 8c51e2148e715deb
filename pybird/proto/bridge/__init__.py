"""Bridges of the kernel: understood, not run."""

from __future__ import annotations

from pybird.core.protocol import ProtocolType
from pybird.proto.bridge.build import build
from pybird.proto.bridge.config import BridgeConfig
from pybird.values.attributes import AttributeDecl
from pybird.values.enums import Rts

TYPE = ProtocolType(
    name="bridge",
    title="Bridge",
    kind=Rts.BRIDGE,
    preference=0,
    config=BridgeConfig,
    build=build,
    attributes=(AttributeDecl("kbr_source", "enum kbr_source"),),
)
