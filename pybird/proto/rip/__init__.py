"""The Routing Information Protocol: understood, not run."""

from __future__ import annotations

from pybird.core.protocol import ProtocolType
from pybird.proto.rip.build import build
from pybird.proto.rip.commands import COMMANDS
from pybird.proto.rip.config import RipConfig
from pybird.values.attributes import AttributeDecl
from pybird.values.enums import Rts

TYPE = ProtocolType(
    name="rip",
    title="RIP",
    kind=Rts.RIP,
    preference=120,
    config=RipConfig,
    build=build,
    attributes=(
        AttributeDecl("rip_metric", "int"),
        AttributeDecl("rip_tag", "int"),
        AttributeDecl("rip_from", "int"),
    ),
    commands=COMMANDS,
)
