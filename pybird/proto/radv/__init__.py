"""Router Advertisements: sending and discovery (RFC 4861)."""

from __future__ import annotations

from typing import Final

from pybird.core.protocol import ProtocolType
from pybird.proto.radv.build import build
from pybird.proto.radv.config import RadvConfig
from pybird.proto.radv.radv import Radv
from pybird.values.attributes import AttributeDecl
from pybird.values.enums import Rts

ATTRIBUTES: Final = (
    AttributeDecl("radv_preference", "enum ra_preference", label="RAdv.preference"),
    AttributeDecl("radv_lifetime", "int", label="RAdv.lifetime"),
    AttributeDecl("ra_preference", "enum ra_preference", hidden=True),  # the names of BIRD 2.0
    AttributeDecl("ra_lifetime", "int", hidden=True),
)


TYPE = ProtocolType(
    name="radv",
    title="RAdv",
    kind=Rts.RADV,
    preference=0,
    config=RadvConfig,
    build=build,
    shows_table=True,
    instance=Radv,
    attributes=ATTRIBUTES,
)
Radv.type = TYPE
