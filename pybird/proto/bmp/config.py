"""BMP's configuration (RFC 7854)."""

from __future__ import annotations

from dataclasses import dataclass

from pybird.conf.model import NotRun
from pybird.values.address import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class BmpConfig(NotRun):
    """One `protocol bmp`."""

    local_address: Address | None = None
    station_address: Address | None = None
    station_port: int = 0
    system_name: str = ""
    system_description: str = ""
    pre_policy: bool = False
    post_policy: bool = False
    tx_buffer_limit: int = 1024  # megabytes
