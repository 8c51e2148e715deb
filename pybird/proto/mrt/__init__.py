"""Dumps of tables in MRT files: understood, not run."""

from __future__ import annotations

from pybird.core.protocol import ProtocolType
from pybird.proto.mrt.build import build
from pybird.proto.mrt.commands import COMMANDS
from pybird.proto.mrt.config import MrtConfig
from pybird.values.enums import Rts

TYPE = ProtocolType(
    name="mrt",
    title="MRT",
    kind=Rts.NONE,
    preference=0,
    config=MrtConfig,
    build=build,
    commands=COMMANDS,
)
