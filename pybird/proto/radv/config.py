"""RAdv's configuration (RFC 4861, 4191, 8106). Times are seconds unless they say so."""

from __future__ import annotations

from dataclasses import dataclass

from pybird.conf.model import InterfacePattern, ProtocolConfig
from pybird.values.address import Address
from pybird.values.net import Prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class RaPrefix:
    """`prefix P { ... }`: how to announce the interface's prefixes inside P."""

    prefix: Prefix
    skip: bool = False
    onlink: bool = True
    autonomous: bool = True
    pd_preferred: bool = False
    valid_lifetime: int = 86400
    valid_sensitive: bool = False
    preferred_lifetime: int = 14400
    preferred_sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Lifetime:
    """A lifetime: `seconds`, or `multiplier` times the maximum RA interval."""

    seconds: int | None = None
    multiplier: int | None = None


@dataclass(frozen=True, slots=True)
class Rdnss:
    """A recursive DNS server to announce (RFC 8106, 5.1)."""

    server: Address
    lifetime: Lifetime = Lifetime()


@dataclass(frozen=True, slots=True)
class Dnssl:
    """A DNS search domain to announce (RFC 8106, 5.2)."""

    domain: str
    lifetime: Lifetime = Lifetime()


@dataclass(frozen=True, slots=True)
class CustomOption:
    """An RA option given as octets, without type and length."""

    type: int
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RaInterface:
    """One `interface` block. An option is None where its default depends on other options."""

    patterns: tuple[InterfacePattern, ...]
    min_ra_interval: int | None = None
    max_ra_interval: int | None = None  # None: 600, with discovery 10
    min_delay: int = 3
    solicited_unicast: bool = False
    managed: bool = False
    other_config: bool = False
    link_mtu: int = 0
    reachable_time: int = 0  # milliseconds
    retrans_timer: int = 0  # milliseconds
    current_hop_limit: int = 64
    default_lifetime: int | None = None  # None: three times the maximum interval
    default_lifetime_sensitive: bool | None = None
    default_preference: int = 0  # RFC 4191: 0 medium, 1 high, 3 low
    route_lifetime: int | None = None
    route_lifetime_sensitive: bool = False
    route_preference: int = 0
    prefix_linger_time: int | None = None
    route_linger_time: int | None = None
    prefixes: tuple[RaPrefix, ...] = ()
    rdnss: tuple[Rdnss, ...] = ()
    dnssl: tuple[Dnssl, ...] = ()
    custom_options: tuple[CustomOption, ...] = ()
    rdnss_local: bool = False
    dnssl_local: bool = False
    custom_local: bool = False
    discovery: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RadvConfig(ProtocolConfig):
    """One `protocol radv`."""

    interfaces: tuple[RaInterface, ...] = ()
    prefixes: tuple[RaPrefix, ...] = ()
    rdnss: tuple[Rdnss, ...] = ()
    dnssl: tuple[Dnssl, ...] = ()
    custom_options: tuple[CustomOption, ...] = ()
    trigger: Prefix | None = None
    propagate_routes: bool = False
