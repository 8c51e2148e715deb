"""L3VPN's configuration (RFC 4364)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pybird.conf.model import NotRun


@dataclass(frozen=True, slots=True, kw_only=True)
class L3vpnConfig(NotRun):
    """One `protocol l3vpn`. A target is an extended community, a set of them, `all` or `none`."""

    route_distinguisher: Any = None
    import_target: Any = None
    export_target: Any = None
