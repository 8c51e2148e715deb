"""The protocols. Each is one folder; `PROTOCOLS` is the registry."""

from __future__ import annotations

from typing import Final

from pybird.core.protocol import ProtocolType
from pybird.proto import bgp, device, direct, kernel, pipe, radv, skipped, static

PROTOCOLS: Final[tuple[ProtocolType, ...]] = (
    device.TYPE,
    direct.TYPE,
    static.TYPE,
    kernel.TYPE,
    pipe.TYPE,
    radv.TYPE,
    bgp.TYPE,
    *skipped.TYPES,
)
