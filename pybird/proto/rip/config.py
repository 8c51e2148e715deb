"""RIP's configuration (RFC 2453, RFC 2080). Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pybird.conf.model import InterfacePattern, NotRun
from pybird.conf.passwords import Password
from pybird.values.address import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class RipInterface:
    """One `interface`."""

    patterns: tuple[InterfacePattern, ...]
    metric: int = 1
    mode: Literal["multicast", "broadcast"] = "multicast"
    passive: bool = False
    address: Address | None = None
    port: int | None = None  # None: 520, or 521 of RIPng
    version: int = 2
    version_only: bool = False
    split_horizon: bool = True
    poison_reverse: bool = True
    demand_circuit: bool = False
    check_zero: bool = True
    update_time: int = 30
    timeout_time: int = 180
    garbage_time: int = 120
    retransmit_time: float = 5.0
    ecmp_weight: int = 1
    ttl_security: Literal["no", "yes", "tx only"] | None = None  # None: on for RIPng
    tx_class: int | None = None
    tx_priority: int | None = None
    rx_buffer: int = 0  # octets; 0: by the MTU
    tx_length: int = 0
    check_link: bool = True
    bfd: bool = False
    authentication: Literal["none", "plaintext", "cryptographic"] = "none"
    passwords: tuple[Password, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RipConfig(NotRun):
    """One `protocol rip`."""

    ng: bool = False
    infinity: int = 16
    ecmp: int = 16  # paths at most; 0: no ECMP
    interfaces: tuple[RipInterface, ...] = ()
