"""Bidirectional Forwarding Detection: understood, not run."""

from __future__ import annotations

from pybird.core.protocol import ProtocolType
from pybird.proto.bfd.build import build
from pybird.proto.bfd.commands import COMMANDS
from pybird.proto.bfd.config import BfdConfig
from pybird.values.enums import Rts

TYPE = ProtocolType(
    name="bfd",
    title="BFD",
    kind=Rts.NONE,
    preference=0,
    config=BfdConfig,
    build=build,
    commands=COMMANDS,
)
