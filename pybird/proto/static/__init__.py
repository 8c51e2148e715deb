"""Static routes."""

from __future__ import annotations

from pybird.core.protocol import ProtocolType
from pybird.proto.static.build import build
from pybird.proto.static.config import StaticConfig
from pybird.proto.static.static import Static
from pybird.values.enums import Rts

TYPE = ProtocolType(
    name="static",
    title="Static",
    kind=Rts.STATIC,
    preference=200,
    config=StaticConfig,
    build=build,
    instance=Static,
)
Static.type = TYPE
