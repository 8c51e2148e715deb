"""Open Shortest Path First: understood, not run."""

from __future__ import annotations

from pybird.core.protocol import ProtocolType
from pybird.proto.ospf.build import build
from pybird.proto.ospf.commands import COMMANDS
from pybird.proto.ospf.config import OspfConfig
from pybird.values.attributes import AttributeDecl
from pybird.values.enums import Rts

TYPE = ProtocolType(
    name="ospf",
    title="OSPF",
    kind=Rts.OSPF,
    preference=150,
    config=OspfConfig,
    build=build,
    attributes=(
        AttributeDecl("ospf_metric1", "int"),
        AttributeDecl("ospf_metric2", "int"),
        AttributeDecl("ospf_tag", "int"),
        AttributeDecl("ospf_router_id", "quad"),
    ),
    commands=COMMANDS,
)
