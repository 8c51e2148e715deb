"""LLDP's configuration (IEEE 802.1AB). Times are in seconds."""

from __future__ import annotations

from dataclasses import dataclass

from pybird.conf.model import InterfacePattern, ProtocolConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class LldpInterface:
    """One `interface` block: where we listen, and whether we announce ourselves, too."""

    patterns: tuple[InterfacePattern, ...]
    transmit: bool = False
    tx_interval: int = 30
    tx_hold: int = 4  # intervals that a neighbor remembers us for


@dataclass(frozen=True, slots=True, kw_only=True)
class LldpConfig(ProtocolConfig):
    """One `protocol lldp`. `system_name` empty: the router's hostname."""

    interfaces: tuple[LldpInterface, ...] = ()
    system_name: str = ""
