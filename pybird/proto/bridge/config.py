"""Bridge's configuration. Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass

from pybird.conf.model import NotRun


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeConfig(NotRun):
    """One `protocol bridge`."""

    bridge_device: str = ""
    vlan_filtering: bool = False
    scan_time: float = 60.0
