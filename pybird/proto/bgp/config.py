"""BGP's configuration, as the manual names it. Times are seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pybird.conf.model import ChannelConfig, Expectation, InterfacePattern, ProtocolConfig
from pybird.core.ports import AoKey
from pybird.proto.bgp.family import Family, named
from pybird.values.address import Address
from pybird.values.net import Prefix
from pybird.values.sets import ValueSet

Persist = Literal["no", "established", "yes"]  # what becomes of a child whose neighbor is not announced
ALL_CEASES = frozenset(range(1, 11))


@dataclass(frozen=True, slots=True, kw_only=True)
class BgpChannelConfig(ChannelConfig):
    """A channel of one address family."""

    import_set: bool = False  # an import policy is configured, as RFC 8212 requires on eBGP
    export_set: bool = False
    mandatory: bool = False
    next_hop_self: Literal["no", "yes", "ibgp", "ebgp"] = "no"
    next_hop_keep: Literal["no", "yes", "ibgp", "ebgp"] | None = None  # None: by session type
    next_hop_address: Address | None = None
    next_hop_prefer: Literal["global", "local"] | None = None  # None: by `gateway`
    link_local_format: Literal["native", "single", "double"] | None = None  # None: ours, see docs
    gateway: Literal["direct", "recursive"] | None = None  # None: by session type
    igp_table4: str | None = None  # for next hops of this family; None: by the channel's table
    igp_table6: str | None = None
    import_table: bool = False
    secondary: bool = False
    extended_next_hop: bool = False
    require_extended_next_hop: bool = False
    validate: bool = False  # flow channels
    base_table: str | None = None
    aigp: Literal["no", "yes", "originate"] | None = None  # None: yes on internal sessions
    add_paths: Literal["no", "rx", "tx", "yes"] = "no"
    require_add_paths: bool = False
    cost: int = 0
    graceful_restart: bool | None = None
    long_lived_graceful_restart: bool | None = None  # this and the next three: None as the protocol
    long_lived_stale_time: int | None = None
    min_long_lived_stale_time: int | None = None
    max_long_lived_stale_time: int | None = None

    @property
    def family(self) -> Family:
        """The address family with the channel's name.

        Raises:
            NoFamilyError: channels of this family are not run.
        """
        return named(self.name)

    @property
    def shown(self) -> str:
        return self.family.shown


@dataclass(frozen=True, slots=True, kw_only=True)
class PeersChannelConfig(ChannelConfig):
    """The channel that brings discovered neighbors to a dynamic BGP protocol.

    `from_interfaces` empty means every interface; `persist` None means the
    protocol's default.
    """

    from_interfaces: tuple[InterfacePattern, ...] = ()
    persist: Persist | None = None
    expect: tuple[Expectation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionKey:
    """A key of TCP-AO (RFC 5925) in the file."""

    send_id: int | None = None
    recv_id: int | None = None
    secret: bytes = field(default=b"", repr=False)
    algorithm: str = "hmac sha1"
    preferred: bool = False
    deprecated: bool = False

    @property
    def ao(self) -> AoKey:
        """What the system is given of it."""
        assert self.send_id is not None
        assert self.recv_id is not None
        return AoKey(self.send_id, self.recv_id, self.algorithm, self.secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class BgpConfig(ProtocolConfig):
    """One `protocol bgp`, or a child made from a dynamic one."""

    local_address: Address | None = None
    local_port: int = 179
    local_as: int = 0
    remote_address: Address | None = None
    remote_range: Prefix | None = None
    remote_port: int = 179
    remote_as: int | None = None  # None with `internal`, `external`
    remote_kind: Literal["internal", "external"] | None = None
    remote_as_set: ValueSet | None = None  # the AS numbers that external neighbors may have; None: any
    interface: str | None = None
    interface_range: tuple[InterfacePattern, ...] = ()
    onlink: bool = False
    direct: bool | None = None  # None: direct for eBGP, multihop for iBGP
    multihop: int | None = None
    passive: bool = False
    strict_bind: bool = False
    free_bind: bool = False
    ttl_security: bool = False
    check_link: bool | None = None  # None: on for direct sessions
    password: str | None = field(default=None, repr=False)
    rr_client: bool = False
    rr_cluster_id: int | None = None
    rs_client: bool = False
    allow_local_as: int = 0
    allow_local_pref: bool = False
    allow_med: bool = False
    allow_as_sets: bool = False
    enforce_first_as: bool = False
    interpret_communities: bool = True
    dynamic_name: str = "dynbgp"
    dynamic_name_digits: int = 0
    persist: Persist = "no"
    child_prune_time: int | Literal["off"] | None = None  # None: by `persist`
    hold_down_after: int = 5  # lost sessions of a discovered neighbor; 0: never
    hold_down_time: tuple[int, int] = (5, 60)
    hold_down_forget_time: int = 300
    hold_time: int = 240
    min_hold_time: int = 0
    startup_hold_time: int = 240
    keepalive_time: int | None = None  # None: a third of the hold time
    min_keepalive_time: int = 0
    send_hold_time: int | None = None  # None: twice the hold time
    connect_delay_time: int | None = None  # None: not configured
    connect_retry_time: int = 120
    error_wait_time: tuple[int, int] = (60, 300)
    error_forget_time: int = 300
    disable_after_error: bool = False
    disable_after_cease: frozenset[int] = frozenset()
    enable_route_refresh: bool = True
    enable_enhanced_route_refresh: bool | None = None  # None: unless `graceful restart off`
    enable_as4: bool = True
    enable_extended_messages: bool = False
    enable_link_local_next_hop: bool = False
    advertise_hostname: bool = False
    capabilities: bool | None = None
    graceful_restart: Literal["off", "aware", "on"] = "aware"
    graceful_restart_time: int = 120
    graceful_restart_after_notification: bool = False
    min_graceful_restart_time: int | None = None
    max_graceful_restart_time: int | None = None
    long_lived_graceful_restart: Literal["off", "aware", "on"] | None = None  # None: aware
    long_lived_stale_time: int = 3600
    min_long_lived_stale_time: int | None = None
    max_long_lived_stale_time: int | None = None
    path_metric: bool = True
    med_metric: bool = False
    igp_metric: bool = True
    prefer_older: bool = False
    deterministic_med: bool = False
    default_med: int = 0
    default_local_pref: int = 100
    local_role: Literal["peer", "provider", "customer", "rs_server", "rs_client"] | None = None
    require_roles: bool = False
    confederation: int = 0  # 0: no confederation
    confederation_member: bool = False
    disable_rx: bool = False
    tx_size_warning: int = 0  # octets that wait to be sent; 0: no warning
    authentication: Literal["none", "md5", "ao"] | None = None  # None: by the password
    keys: tuple[SessionKey, ...] = ()
    require: frozenset[str] = frozenset()  # capabilities that the neighbor must have
    key_on_link: bool = False  # its password, and with it its socket, is for some interfaces
    parent: str | None = None  # the protocol that a dynamic child was made from

    @property
    def shown_as(self) -> int:
        """Our AS number as the neighbor knows it: the confederation's if it is outside (RFC 5065, 4)."""
        internal = self.remote_kind == "internal" or self.remote_as == self.local_as
        if not self.confederation or self.confederation_member or internal:
            return self.local_as
        return self.confederation
