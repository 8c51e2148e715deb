"""Direct's configuration."""

from __future__ import annotations

from dataclasses import dataclass

from pybird.conf.model import InterfacePattern, ProtocolConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectConfig(ProtocolConfig):
    """One `protocol direct`. `interfaces` empty means every interface."""

    interfaces: tuple[InterfacePattern, ...] = ()
    check_link: bool = False
