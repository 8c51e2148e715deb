"""Babel's configuration (RFC 8966, RFC 8967, RFC 9229). Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pybird.conf.model import InterfacePattern, NotRun
from pybird.conf.passwords import Password
from pybird.values.address import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class BabelInterface:
    """One `interface` block. An option is None where its default depends on the type."""

    patterns: tuple[InterfacePattern, ...]
    type: Literal["wired", "wireless", "tunnel"] = "wired"
    rxcost: int | None = None  # None: 96, wireless 256
    limit: int = 12
    hello_interval: float = 4.0
    update_interval: float | None = None  # None: four times the hello interval
    port: int = 6696
    tx_class: int | None = None
    tx_priority: int | None = None
    rx_buffer: int = 0  # octets; 0: by the MTU
    tx_length: int = 0
    check_link: bool = True
    next_hop_ipv4: Address | None = None
    next_hop_ipv6: Address | None = None
    next_hop_prefer: Literal["native", "ipv6"] = "native"
    extended_next_hop: bool = True
    rtt_cost: int | None = None  # None: 0, tunnel 96
    rtt_min: float = 0.01
    rtt_max: float = 0.12
    rtt_decay: int = 42  # 256ths
    send_timestamps: bool = True
    authentication: Literal["none", "mac", "permissive"] = "none"
    passwords: tuple[Password, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BabelConfig(NotRun):
    """One `protocol babel`."""

    randomize_router_id: bool = False
    interfaces: tuple[BabelInterface, ...] = ()
