"""Router Advertisements and Solicitations as octets (RFC 4861, 4.1, 4.2, 4.6).

Options: source link-layer address, prefix information with the P flag of
RFC 9762, MTU, route information (RFC 4191), DNS servers and search domains
(RFC 8106), and any other as plain octets. The checksum field is zero: the
kernel fills it in and checks it.

`decode_ra` and `decode_rs` take what a socket delivered and do all checks of
RFC 4861, 6.1.1 and 6.1.2 but the checksum.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Final

from pybird.core.ports import Icmp6Packet
from pybird.values.address import Address
from pybird.values.net import Prefix
from pybird.values.text import to_octets

SOLICITATION: Final = 133
ADVERTISEMENT: Final = 134
ALL_NODES: Final = Address.parse("ff02::1")
ALL_ROUTERS: Final = Address.parse("ff02::2")

SOURCE_LINK_LAYER: Final = 1
PREFIX_INFORMATION: Final = 3
MTU: Final = 5
ROUTE_INFORMATION: Final = 24
RDNSS: Final = 25
DNSSL: Final = 31

MEDIUM: Final = 0  # preferences as on the wire (RFC 4191, 2.1)
HIGH: Final = 1
RESERVED: Final = 2
LOW: Final = 3

_RA: Final = Struct("!BBHBBHII")
_PREFIX: Final = Struct("!BBBBIII16s")


class RadvError(ValueError):
    """A packet that must be discarded; the text says why."""


@dataclass(frozen=True, slots=True)
class PrefixInformation:
    """A prefix of the link (RFC 4861, 4.6.2). Lifetimes in seconds."""

    prefix: Prefix
    onlink: bool
    autonomous: bool
    valid: int
    preferred: int
    pd_preferred: bool = False

    def encode(self) -> bytes:
        flags = self.onlink << 7 | self.autonomous << 6 | self.pd_preferred << 4
        prefix = self.prefix
        return _PREFIX.pack(
            PREFIX_INFORMATION, 4, prefix.length, flags, self.valid, self.preferred, 0, prefix.address.octets
        )


@dataclass(frozen=True, slots=True)
class RouteInformation:
    """A more specific route (RFC 4191, 2.3). Lifetime in seconds."""

    prefix: Prefix
    preference: int
    lifetime: int

    def encode(self) -> bytes:
        units = (self.prefix.length + 63) // 64
        head = bytes((ROUTE_INFORMATION, 1 + units, self.prefix.length, self.preference << 3))
        return head + self.lifetime.to_bytes(4, "big") + self.prefix.address.octets[: units * 8]


@dataclass(frozen=True, slots=True)
class DnsServers:
    """Recursive DNS servers of one lifetime (RFC 8106, 5.1)."""

    servers: tuple[Address, ...]
    lifetime: int

    def encode(self) -> bytes:
        body = b"".join(server.octets for server in self.servers)
        head = bytes((RDNSS, 1 + 2 * len(self.servers), 0, 0))
        return head + self.lifetime.to_bytes(4, "big") + body


@dataclass(frozen=True, slots=True)
class DnsDomains:
    """DNS search domains of one lifetime (RFC 8106, 5.2)."""

    domains: tuple[str, ...]
    lifetime: int

    def encode(self) -> bytes:
        body = _padded(b"".join(map(domain_octets, self.domains)))
        head = bytes((DNSSL, 1 + len(body) // 8, 0, 0))
        return head + self.lifetime.to_bytes(4, "big") + body


@dataclass(frozen=True, slots=True)
class OtherOption:
    """Any option, without its type and length octets."""

    type: int
    value: bytes

    def encode(self) -> bytes:
        octets = _padded(bytes((self.type, 0)) + self.value)
        return bytes((self.type, len(octets) // 8)) + octets[2:]


@dataclass(frozen=True, slots=True)
class LinkMtu:
    """The MTU that hosts should use (RFC 4861, 4.6.4)."""

    mtu: int

    def encode(self) -> bytes:
        return bytes((MTU, 1, 0, 0)) + self.mtu.to_bytes(4, "big")


@dataclass(frozen=True, slots=True)
class SourceLinkLayer:
    """The sender's MAC address (RFC 4861, 4.6.1)."""

    mac: bytes

    def encode(self) -> bytes:
        return OtherOption(SOURCE_LINK_LAYER, self.mac).encode()


Option = (
    PrefixInformation | RouteInformation | DnsServers | DnsDomains | LinkMtu | SourceLinkLayer | OtherOption
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advertisement:
    """A Router Advertisement. Lifetime in seconds, the two timers in milliseconds."""

    hop_limit: int = 0
    managed: bool = False
    other_config: bool = False
    preference: int = MEDIUM
    lifetime: int = 0
    reachable_time: int = 0
    retrans_timer: int = 0
    options: tuple[Option, ...] = ()

    def encode(self) -> bytes:
        """The ICMPv6 message with a zero checksum."""
        preference = self.preference if self.lifetime else MEDIUM  # RFC 4191, 2.2
        flags = self.managed << 7 | self.other_config << 6 | preference << 3
        head = _RA.pack(
            ADVERTISEMENT,
            0,
            0,
            self.hop_limit,
            flags,
            self.lifetime,
            self.reachable_time,
            self.retrans_timer,
        )
        return head + b"".join(option.encode() for option in self.options)


def solicitation(mac: bytes) -> bytes:
    """A Router Solicitation with the source link-layer option (RFC 4861, 4.1)."""
    head = bytes((SOLICITATION, 0, 0, 0, 0, 0, 0, 0))
    return head + SourceLinkLayer(mac).encode() if mac else head


def decode_ra(packet: Icmp6Packet) -> Advertisement:
    """Check and read an advertisement (RFC 4861, 6.1.2).

    Raises:
        RadvError: it must be discarded.
    """
    if not packet.source.is_link_local:
        raise RadvError("source is not link-local")
    _check_header(packet, ADVERTISEMENT, _RA.size)
    _, _, _, hop_limit, flags, lifetime, reachable, retrans = _RA.unpack_from(packet.data)
    preference = flags >> 3 & 3
    if preference == RESERVED or not lifetime:  # RFC 4191, 2.2
        preference = MEDIUM
    return Advertisement(
        hop_limit=hop_limit,
        managed=bool(flags & 0x80),
        other_config=bool(flags & 0x40),
        preference=preference,
        lifetime=lifetime,
        reachable_time=reachable,
        retrans_timer=retrans,
        options=tuple(_options(packet.data, _RA.size)),
    )


def decode_rs(packet: Icmp6Packet) -> Address | None:
    """Check a solicitation (RFC 4861, 6.1.1); returns the address to answer, None: all nodes.

    We answer only link-local sources by unicast, because we send from such an address.

    Raises:
        RadvError: it must be discarded.
    """
    _check_header(packet, SOLICITATION, 8)
    if packet.source.is_multicast:
        raise RadvError("source is a multicast address")
    options = list(_options(packet.data, 8))
    if not packet.source.is_unspecified:
        return packet.source if packet.source.is_link_local else None
    if any(isinstance(option, SourceLinkLayer) for option in options):
        raise RadvError("source link-layer option from the unspecified address")
    return None


def _check_header(packet: Icmp6Packet, kind: int, shortest: int) -> None:
    data = packet.data
    if len(data) < shortest:
        raise RadvError(f"{len(data)} octets, at least {shortest} are needed")
    if packet.hop_limit != 255:
        raise RadvError(f"hop limit is {packet.hop_limit}, not 255")
    if data[0] != kind or data[1] != 0:
        raise RadvError(f"type {data[0]} code {data[1]}")


def _options(data: bytes, start: int) -> Iterator[Option]:
    """The options; malformed bodies of known types are kept as plain octets."""
    at, end = start, len(data)
    while at < end:
        size = data[at + 1] * 8 if at + 1 < end else 0
        if size == 0 or at + size > end:
            raise RadvError(f"option {data[at]} has a bad length")
        yield _option(data[at], data[at : at + size])
        at += size


def _option(kind: int, octets: bytes) -> Option:
    size = len(octets)
    if kind == SOURCE_LINK_LAYER:
        return SourceLinkLayer(octets[2:])
    if kind == PREFIX_INFORMATION and size == 32 and octets[2] <= 128:
        _, _, length, flags, valid, preferred, _, address = _PREFIX.unpack(octets)
        prefix = Prefix(Address(address).masked(length), length)
        return PrefixInformation(
            prefix, bool(flags & 0x80), bool(flags & 0x40), valid, preferred, bool(flags & 0x10)
        )
    if kind == MTU and size == 8:
        return LinkMtu(int.from_bytes(octets[4:], "big"))
    if kind == ROUTE_INFORMATION and octets[2] <= min((size - 8) * 8, 128):
        address = Address(octets[8:24].ljust(16, b"\0")).masked(octets[2])
        lifetime = int.from_bytes(octets[4:8], "big")
        return RouteInformation(Prefix(address, octets[2]), octets[3] >> 3 & 3, lifetime)
    if kind == RDNSS and size >= 24 and size % 16 == 8:
        servers = tuple(Address(octets[at : at + 16]) for at in range(8, size, 16))
        return DnsServers(servers, int.from_bytes(octets[4:8], "big"))
    if kind == DNSSL and size >= 16:
        domains = _read_domains(octets[8:])
        if domains is not None:
            return DnsDomains(domains, int.from_bytes(octets[4:8], "big"))
    return OtherOption(kind, octets[2:])


def domain_octets(domain: str) -> bytes:
    """A domain as DNS labels (RFC 1035, 3.1).

    Raises:
        ValueError: a label is empty or longer than 63 octets, or the name than 255.
    """
    out = bytearray()
    for label in domain.removesuffix(".").split("."):
        octets = to_octets(label)
        if not 0 < len(octets) < 64:
            raise ValueError(f"{domain!r} is not a domain name")
        out += bytes((len(octets),)) + octets
    if len(out) > 254:
        raise ValueError(f"{domain!r} is longer than 255 octets")
    return bytes(out) + b"\0"


def _read_domains(octets: bytes) -> tuple[str, ...] | None:
    """The domains before the zero padding; None if they are malformed."""
    domains: list[str] = []
    labels: list[str] = []
    at = 0
    while at < len(octets):
        length = octets[at]
        if length > 63 or at + 1 + length > len(octets):
            return None
        if length:
            labels.append(octets[at + 1 : at + 1 + length].decode("ascii", "replace"))
        elif labels:
            domains.append(".".join(labels))
            labels = []
        at += 1 + length
    return None if labels else tuple(domains)


def _padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 8)
