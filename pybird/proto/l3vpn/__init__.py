"""BGP/MPLS VPNs: understood, not run."""

from __future__ import annotations

from pybird.core.protocol import ProtocolType
from pybird.proto.l3vpn.build import build
from pybird.proto.l3vpn.config import L3vpnConfig
from pybird.values.enums import Rts

TYPE = ProtocolType(
    name="l3vpn",
    title="L3VPN",
    kind=Rts.L3VPN,
    preference=80,
    config=L3vpnConfig,
    build=build,
)
