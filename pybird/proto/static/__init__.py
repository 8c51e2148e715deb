"""Static routes."""

from __future__ import annotations

from typing import Any

from pybird.core.protocol import ProtocolType
from pybird.proto.static.config import StaticConfig
from pybird.proto.static.static import Static
from pybird.values.enums import Rts


def _unbuilt(*_: Any) -> StaticConfig:
    raise NotImplementedError("the grammar has no static yet")


TYPE = ProtocolType(
    name="static",
    title="Static",
    kind=Rts.STATIC,
    preference=200,
    config=StaticConfig,
    build=_unbuilt,
    instance=Static,
)
Static.type = TYPE
