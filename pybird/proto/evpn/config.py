"""EVPN's configuration (RFC 7432, RFC 8365)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pybird.conf.model import NotRun
from pybird.values.address import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Encapsulation:
    """`encapsulation vxlan { ... }`."""

    default: bool = False
    tunnel_device: str | None = None
    router_address: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvpnVlan:
    """`vlan N { ... }`: `range` VLANs, with tags counted up from `tag`."""

    tag: int
    range: int = 1
    vni: int | None = None
    vid: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvpnConfig(NotRun):
    """One `protocol evpn`. Targets are an extended community or a set of them."""

    route_distinguisher: Any = None
    import_target: Any = None
    export_target: Any = None
    encapsulation: Encapsulation | None = None
    vni: int | None = None
    vid: int | None = None
    tag: int | None = None
    vlans: tuple[EvpnVlan, ...] = ()
