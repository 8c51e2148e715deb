"""Interfaces and addresses."""

from __future__ import annotations

from pybird.core.protocol import ProtocolType
from pybird.proto.device.build import build
from pybird.proto.device.config import DeviceConfig
from pybird.proto.device.device import Device
from pybird.values.enums import Rts

TYPE = ProtocolType(
    name="device",
    title="Device",
    kind=Rts.DEVICE,
    preference=240,
    config=DeviceConfig,
    build=build,
    instance=Device,
    phase=0,
)
Device.type = TYPE
