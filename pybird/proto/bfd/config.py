"""BFD's configuration (RFC 5880 to 5883). Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass

from pybird.conf.bfd import BfdSession
from pybird.conf.model import InterfacePattern, NotRun
from pybird.values.address import Address

DEFAULTS = BfdSession()


@dataclass(frozen=True, slots=True, kw_only=True)
class BfdInterface:
    """One `interface` block: session options for the interfaces that match."""

    patterns: tuple[InterfacePattern, ...]
    session: BfdSession


@dataclass(frozen=True, slots=True, kw_only=True)
class BfdNeighbor:
    """One `neighbor`: a session that runs even if no protocol asks for it."""

    address: Address
    interface: str | None = None
    local: Address | None = None
    multihop: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BfdConfig(NotRun):
    """One `protocol bfd`."""

    accept: frozenset[str] = frozenset(("ipv4", "ipv6", "direct", "multihop"))
    strict_bind: bool = False
    zero_udp6_checksum_rx: bool = False
    interfaces: tuple[BfdInterface, ...] = ()
    multihop: BfdSession = DEFAULTS
    neighbors: tuple[BfdNeighbor, ...] = ()
