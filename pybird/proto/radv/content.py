"""Builds the advertisements of one interface (RFC 4861, 6.2.3).

The content is built anew for each advertisement from the configuration, the
interface's addresses and the exported routes. Prefixes and routes that are gone
are still advertised for a while with lifetime zero, so that hosts forget them.
While the trigger route is missing, lifetimes that the configuration marks as
sensitive are zero.
A long advertisement is split into several (RFC 4861, 6.2.3, last paragraph).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from pybird.core.ports import LinkAddress
from pybird.proto.radv.advertise import max_ra_interval
from pybird.proto.radv.config import Lifetime, RadvConfig, RaInterface, RaPrefix
from pybird.proto.radv.messages import (
    Advertisement,
    DnsDomains,
    DnsServers,
    LinkMtu,
    Option,
    OtherOption,
    PrefixInformation,
    RouteInformation,
    SourceLinkLayer,
)
from pybird.values.address import Address
from pybird.values.net import Prefix

IPV6_HEADER: Final = 40
MOST_PACKETS: Final = 16  # packets that one advertisement is split into; what does not fit is not sent
MOST_SERVERS: Final = 127  # addresses that the length octet of an option can count
MOST_DOMAIN_OCTETS: Final = 1024
LONGEST_LIFETIME: Final = 65535  # seconds, of the router lifetime field


@dataclass(frozen=True, slots=True)
class RouteOptions:
    """The RA attributes that an exported route sets itself; None: as the configuration says."""

    preference: int | None = None  # as on the wire (RFC 4191, 2.1)
    lifetime: int | None = None


@dataclass(slots=True)
class _Shown:
    """A prefix or route to advertise; `until` is set while it lingers after it is gone."""

    option: PrefixInformation | RouteInformation
    until: float | None = None


class Content:
    """Builds the advertisements of one interface; `Schedule` decides when to send them."""

    def __init__(self, protocol: RadvConfig, interface: RaInterface) -> None:
        self.protocol = protocol
        self.interface = interface
        self.truncated = False
        self._prefixes: dict[Prefix, _Shown] = {}
        self._routes: dict[Prefix, _Shown] = {}

    def advertisements(
        self,
        addresses: Iterable[LinkAddress],
        routes: Mapping[Prefix, RouteOptions],
        *,
        active: bool,
        now: float,
        mac: bytes,
        mtu: int,
        final: bool = False,
    ) -> list[bytes]:
        """The ICMPv6 messages to send. `active`: no trigger route is missing; `final`: the router stops.

        A final advertisement has router and route lifetimes of zero (RFC 4861, 6.2.5).
        """
        config = self.interface
        options: list[Option] = [SourceLinkLayer(mac)] if mac else []
        if config.link_mtu:
            options.append(LinkMtu(config.link_mtu))
        options += self._prefix_options(addresses, active, now)
        options += self._dns_options()
        options += self._custom_options()
        options += self._route_options(routes, active and not final, now, final)
        return self._split(self._header(active and not final, final), options, mtu)

    @property
    def router_lifetime(self) -> int:
        """The router lifetime in seconds; zero: hosts must not use us as default router."""
        config = self.interface
        if config.default_lifetime is not None:
            return config.default_lifetime
        return min(3 * max_ra_interval(config), LONGEST_LIFETIME)

    def _header(self, active: bool, final: bool) -> Advertisement:
        config = self.interface
        sensitive = config.default_lifetime_sensitive is not False
        return Advertisement(
            hop_limit=config.current_hop_limit,
            managed=config.managed,
            other_config=config.other_config,
            preference=config.default_preference,
            lifetime=0 if final or (sensitive and not active) else self.router_lifetime,
            reachable_time=config.reachable_time,
            retrans_timer=config.retrans_timer,
        )

    # prefixes -----------------------------------------------------------

    def block_for(self, prefix: Prefix) -> RaPrefix | None:
        """The first `prefix` block that covers the prefix, the interface's first; None if it says `skip`."""
        for item in self.interface.prefixes + self.protocol.prefixes:
            if item.prefix.covers(prefix):
                return None if item.skip else item
        return RaPrefix(prefix=prefix)

    def _prefix_options(
        self, addresses: Iterable[LinkAddress], active: bool, now: float
    ) -> list[PrefixInformation]:
        present: dict[Prefix, _Shown] = {}
        for item in addresses:
            if item.address.is_v4 or item.address.is_link_local or item.address.is_loopback:
                continue
            options = self.block_for(item.prefix)
            if options is not None:
                present[item.prefix] = _Shown(_prefix_information(item.prefix, options, active))
        linger = self.interface.prefix_linger_time
        self._prefixes = self._with_lingering(self._prefixes, present, linger, now)
        return [s.option for s in self._prefixes.values() if isinstance(s.option, PrefixInformation)]

    def _with_lingering(
        self, before: dict[Prefix, _Shown], present: dict[Prefix, _Shown], linger: int | None, now: float
    ) -> dict[Prefix, _Shown]:
        """The `present` items, and for `linger` seconds with lifetime zero those that are gone."""
        if linger is None:
            linger = 3 * max_ra_interval(self.interface)
        for prefix, shown in before.items():
            if prefix in present:
                continue
            until = now + linger if shown.until is None else shown.until
            if until > now:
                present[prefix] = _Shown(_gone(shown.option), until)
        return present

    # DNS and custom options ---------------------------------------------

    def _lifetime(self, lifetime: Lifetime) -> int:
        interval = max_ra_interval(self.interface)
        if lifetime.seconds is not None:
            return lifetime.seconds
        return interval * (3 if lifetime.multiplier is None else lifetime.multiplier)

    def _dns_options(self) -> list[Option]:
        interface, protocol = self.interface, self.protocol
        servers: dict[int, list[Address]] = {}
        for server in (() if interface.rdnss_local else protocol.rdnss) + interface.rdnss:
            servers.setdefault(self._lifetime(server.lifetime), []).append(server.server)
        domains: dict[int, list[str]] = {}
        for domain in (() if interface.dnssl_local else protocol.dnssl) + interface.dnssl:
            domains.setdefault(self._lifetime(domain.lifetime), []).append(domain.domain)
        options: list[Option] = []
        for lifetime, items in servers.items():
            portions = range(0, len(items), MOST_SERVERS)
            options += [DnsServers(tuple(items[at : at + MOST_SERVERS]), lifetime) for at in portions]
        for lifetime, names in domains.items():
            options += [DnsDomains(part, lifetime) for part in _portions(names)]
        return options

    def _custom_options(self) -> list[Option]:
        interface = self.interface
        items = interface.custom_options + (() if interface.custom_local else self.protocol.custom_options)
        return [OtherOption(item.type, item.value) for item in items]

    # routes -------------------------------------------------------------

    def _route_options(
        self, routes: Mapping[Prefix, RouteOptions], active: bool, now: float, final: bool
    ) -> list[RouteInformation]:
        config = self.interface
        default = config.route_lifetime
        if default is None:
            default = 3 * max_ra_interval(config)
        zero = final or (config.route_lifetime_sensitive and not active)
        present: dict[Prefix, _Shown] = {}
        for prefix, route in routes.items():
            preference = config.route_preference if route.preference is None else route.preference
            lifetime = default if route.lifetime is None else route.lifetime
            present[prefix] = _Shown(RouteInformation(prefix, preference, 0 if zero else lifetime))
        linger = config.route_linger_time
        self._routes = self._with_lingering(self._routes, present, linger, now)
        return [s.option for s in self._routes.values() if isinstance(s.option, RouteInformation)]

    # packets ------------------------------------------------------------

    def _split(self, header: Advertisement, options: list[Option], mtu: int) -> list[bytes]:
        room = max(mtu, 1280) - IPV6_HEADER - len(header.encode())
        packets: list[list[Option]] = [[]]
        used = 0
        for option in options:
            size = len(option.encode())
            if used + size > room and packets[-1]:
                packets.append([])
                used = 0
            packets[-1].append(option)
            used += size
        self.truncated = len(packets) > MOST_PACKETS
        return [replace(header, options=tuple(part)).encode() for part in packets[:MOST_PACKETS]]


def _prefix_information(prefix: Prefix, options: RaPrefix, active: bool) -> PrefixInformation:
    return PrefixInformation(
        prefix,
        options.onlink,
        options.autonomous,
        0 if options.valid_sensitive and not active else options.valid_lifetime,
        0 if options.preferred_sensitive and not active else options.preferred_lifetime,
        options.pd_preferred,
    )


def _gone(option: PrefixInformation | RouteInformation) -> PrefixInformation | RouteInformation:
    if isinstance(option, PrefixInformation):
        return replace(option, valid=0, preferred=0)
    return replace(option, lifetime=0)


def _portions(names: list[str]) -> Iterable[tuple[str, ...]]:
    """The names in lists that fit into one option each."""
    part: list[str] = []
    size = 0
    for name in names:
        if part and size + len(name) + 2 > MOST_DOMAIN_OCTETS:
            yield tuple(part)
            part, size = [], 0
        part.append(name)
        size += len(name) + 2
    if part:
        yield tuple(part)
