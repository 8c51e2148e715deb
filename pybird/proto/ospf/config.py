"""OSPF's configuration (RFC 2328, RFC 5340). Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pybird.conf.model import InterfacePattern, NotRun
from pybird.conf.passwords import Password
from pybird.values.address import Address
from pybird.values.net import Prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class OspfNet:
    """A line of `networks` or `external`: a prefix to summarize, or to hide."""

    prefix: Prefix
    hidden: bool = False
    tag: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StubNet:
    """`stubnet P { ... }`."""

    prefix: Prefix
    hidden: bool = False
    summary: bool = False
    cost: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class OspfNeighbor:
    """A neighbor on a network without broadcast."""

    address: Address
    eligible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OspfLink:
    """The options that interfaces and virtual links share."""

    instance: int | None = None  # RFC 6549
    hello: int = 10
    retransmit: int = 5
    transmit_delay: int = 1
    wait: int | None = None
    dead_count: int = 4
    dead: int | None = None  # None: dead count times hello
    authentication: Literal["none", "simple", "cryptographic"] = "none"
    passwords: tuple[Password, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OspfInterface(OspfLink):
    """One `interface`."""

    patterns: tuple[InterfacePattern, ...]
    type: Literal["broadcast", "ptp", "nbma", "ptmp"] | None = None  # None: depends on the interface
    cost: int = 10
    poll: int = 20
    priority: int = 1
    stub: bool = False
    rx_buffer: int = 0  # octets; 0 normal, 65535 large
    tx_length: int = 0  # octets; 0: the MTU
    link_lsa_suppression: bool = False
    strict_nonbroadcast: bool = False
    real_broadcast: bool = False
    ptp_netmask: bool | None = None
    ptp_address: bool | None = None
    check_link: bool = True
    bfd: bool = False
    ecmp_weight: int = 1
    ttl_security: Literal["no", "yes", "tx only"] = "no"
    tx_class: int | None = None
    tx_priority: int | None = None
    neighbors: tuple[OspfNeighbor, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualLink(OspfLink):
    """One `virtual link` to the router with this router ID."""

    router_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OspfArea:
    """One `area`."""

    id: int
    stub: bool = False
    nssa: bool = False
    summary: bool | None = None
    default_nssa: bool = False
    default_cost: int | None = None
    default_cost2: int | None = None
    translator: bool = False
    translator_stability: int = 40
    networks: tuple[OspfNet, ...] = ()
    external: tuple[OspfNet, ...] = ()
    stubnets: tuple[StubNet, ...] = ()
    interfaces: tuple[OspfInterface, ...] = ()
    virtual_links: tuple[VirtualLink, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OspfConfig(NotRun):
    """One `protocol ospf`."""

    version: int = 2
    rfc1583compat: bool = False
    rfc5838: bool = True
    instance_id: int | None = None
    stub_router: bool = False
    vpn_pe: bool = False
    tick: int = 1
    ecmp: int = 16  # paths at most; 0: no ECMP
    merge_external: bool = False
    graceful_restart: Literal["no", "yes", "aware"] = "aware"
    graceful_restart_time: int = 120
    areas: tuple[OspfArea, ...] = ()
