"""The Babel routing protocol: understood, not run."""

from __future__ import annotations

from pybird.core.protocol import ProtocolType
from pybird.proto.babel.build import build
from pybird.proto.babel.commands import COMMANDS
from pybird.proto.babel.config import BabelConfig
from pybird.values.attributes import AttributeDecl
from pybird.values.enums import Rts

TYPE = ProtocolType(
    name="babel",
    title="Babel",
    kind=Rts.BABEL,
    preference=130,
    config=BabelConfig,
    build=build,
    attributes=(
        AttributeDecl("babel_metric", "int"),
        AttributeDecl("babel_router_id", "int"),
        AttributeDecl("babel_seqno", "int"),
    ),
    commands=COMMANDS,
)
