"""The protocols. Each is one folder; `PROTOCOLS` is the registry."""

from __future__ import annotations

from typing import Final

from pybird.core.protocol import ProtocolType
from pybird.proto import device, direct, kernel, pipe, radv, skipped, static
from pybird.proto.bgp.attributes import ATTRIBUTES as BGP_ATTRIBUTES
from pybird.proto.bgp.build import build as build_bgp
from pybird.proto.bgp.config import BgpConfig
from pybird.proto.bgp.selection import SELECTION as BGP_SELECTION
from pybird.values.enums import Rts

_BGP: Final = ProtocolType(
    name="bgp",
    title="BGP",
    kind=Rts.BGP,
    preference=100,
    config=BgpConfig,
    build=build_bgp,
    attributes=BGP_ATTRIBUTES,
    selection=BGP_SELECTION,
)

PROTOCOLS: Final[tuple[ProtocolType, ...]] = (
    device.TYPE,
    direct.TYPE,
    static.TYPE,
    kernel.TYPE,
    pipe.TYPE,
    radv.TYPE,
    _BGP,
    *skipped.TYPES,
)
