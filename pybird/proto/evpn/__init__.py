"""Ethernet VPNs: understood, not run."""

from __future__ import annotations

from pybird.core.protocol import ProtocolType
from pybird.proto.evpn.build import build
from pybird.proto.evpn.config import EvpnConfig
from pybird.values.enums import Rts

TYPE = ProtocolType(
    name="evpn",
    title="EVPN",
    kind=Rts.EVPN,
    preference=80,
    config=EvpnConfig,
    build=build,
)
