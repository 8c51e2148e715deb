"""Interfaces and addresses."""

from __future__ import annotations

from typing import Any

from pybird.core.protocol import ProtocolType
from pybird.proto.device.config import DeviceConfig
from pybird.proto.device.device import Device
from pybird.values.enums import Rts


def _unbuilt(*_: Any) -> DeviceConfig:
    raise NotImplementedError("the grammar has no device yet")


TYPE = ProtocolType(
    name="device",
    title="Device",
    kind=Rts.DEVICE,
    preference=240,
    config=DeviceConfig,
    build=_unbuilt,
    instance=Device,
    phase=0,
)
Device.type = TYPE
