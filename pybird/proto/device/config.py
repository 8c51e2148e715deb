"""Device's configuration. Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass

from pybird.conf.model import InterfacePattern, ProtocolConfig
from pybird.values.address import Address
from pybird.values.net import Prefix


@dataclass(frozen=True, slots=True)
class DeviceInterface:
    """`interface PATTERNS { preferred ADDRESS|PREFIX; }`."""

    patterns: tuple[InterfacePattern, ...]
    preferred: tuple[Address | Prefix, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceConfig(ProtocolConfig):
    """The one `protocol device`. With `scan_time` 0 there are no periodic scans."""

    scan_time: int = 60
    interfaces: tuple[DeviceInterface, ...] = ()
