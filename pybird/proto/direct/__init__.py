"""Routes of the networks that interfaces are on."""

from __future__ import annotations

from pybird.core.protocol import ProtocolType
from pybird.core.selection import Selection
from pybird.proto.direct.build import build
from pybird.proto.direct.config import DirectConfig
from pybird.proto.direct.direct import Direct
from pybird.values.enums import Rts

TYPE = ProtocolType(
    name="direct",
    title="Direct",
    kind=Rts.DEVICE,
    preference=240,
    config=DirectConfig,
    build=build,
    instance=Direct,
    selection=Selection(igp_metric=lambda rte: 0),
)
Direct.type = TYPE
