"""Address families: one row for each that sessions exchange (RFC 4760).

Whatever depends on the family of a channel, a route or a message is in its row: how
networks are encoded, which next hops are allowed, whether an UPDATE may carry it outside
of MP_REACH. No other module uses an AFI or a SAFI as a number.

Looking up a family without a row raises.

Hot (also compiled): a row is used once for each message or attribute set.
"""

from __future__ import annotations

from typing import Final, final

from pybird.proto.bgp.wire.evpn import EVPN_ROUTES
from pybird.proto.bgp.wire.flow import FLOWS4, FLOWS6
from pybird.proto.bgp.wire.nlri import (
    IPV4_LABELED,
    IPV4_PREFIXES,
    IPV6_LABELED,
    IPV6_PREFIXES,
    VPN4_LABELED,
    VPN4_PREFIXES,
    VPN6_LABELED,
    VPN6_PREFIXES,
    Nlri,
)
from pybird.values.net import NetType

EITHER: Final = 0  # next hops of both IP versions, whatever was negotiated (RFC 7432, 9.2.2)

AfiSafi = tuple[int, int]  # as capabilities and messages have it, also of families that have no row


class NoFamilyError(LookupError):
    """A family without a row cannot be exchanged."""


@final
class Family:
    """One address family.

    `name` is that of its channels, `shown` its word in `show protocols all`. `nlri` reads
    and writes its networks. `hop_version` (4, 6 or `EITHER`) is the IP version of its next hops; an
    IPv4 family may also have IPv6 ones where both sides announced that (RFC 8950).
    `hop_sizes` are the lengths in octets that a next hop in MP_REACH may have; empty: routes
    have no next hop, and one that is received is ignored (RFC 8955, 4). Networks of a
    `classic` family are sent in the fields that UPDATEs had before RFC 4760 where possible.
    Routes of a family of flows can be validated with the unicast routes of `base`.
    In one of VPNs (`distinguished`) a route distinguisher, zero, stands before each address
    of a next hop (RFC 4364, 4.3.2). Networks of a `labeled` one have labels (RFC 8277).
    The rules of Only to Customer (RFC 9234, 5) hold where `otc` is true.
    """

    __slots__ = (
        "base",
        "classic",
        "distinguished",
        "has_hops",
        "head",
        "hop_sizes",
        "hop_version",
        "labeled",
        "name",
        "net_type",
        "nlri",
        "numbers",
        "otc",
        "shown",
    )

    def __init__(
        self,
        name: str,
        shown: str,
        numbers: AfiSafi,
        net_type: NetType,
        nlri: Nlri,
        hop_version: int,
        hop_sizes: tuple[int, ...],
        classic: bool = False,
        base: Family | None = None,
        distinguished: bool = False,
        labeled: bool = False,
        otc: bool = False,
    ) -> None:
        self.name: Final = name
        self.shown: Final = shown
        self.numbers: Final = numbers
        self.net_type: Final = net_type
        self.nlri: Final = nlri
        self.hop_version: Final = hop_version
        self.hop_sizes: Final = hop_sizes
        self.has_hops: Final = len(hop_sizes) > 0
        self.classic: Final = classic
        self.base: Final = base
        self.distinguished: Final = distinguished
        self.labeled: Final = labeled
        self.otc: Final = otc
        self.head: Final = numbers[0].to_bytes(2, "big") + bytes((numbers[1],))  # of MP_REACH and MP_UNREACH

    def carries(self, next_hop: bytes, extended: bool) -> bool:
        """True if routes may have this canonical next hop; `extended`: RFC 8950 was negotiated."""
        if not self.has_hops:
            return not next_hop
        if len(next_hop) == 4:
            return self.hop_version != 6
        return self.hop_version != 4 or extended

    def hop_of(self, field: bytes) -> bytes | None:
        """The next hop in MP_REACH without distinguishers; None: one is not zero (RFC 4364, 4.3.2)."""
        if not self.distinguished:
            return field if self.has_hops else b""
        size = min(len(field), _VPN_HOP)
        parts = [field[at : at + size] for at in range(0, len(field), size)]
        if b"".join([part[:8] for part in parts]).strip(b"\0"):
            return None
        return b"".join([part[8:] for part in parts])

    def hop_field(self, hop: bytes) -> bytes:
        """A next hop of one address or two as MP_REACH has it; the inverse of `hop_of`."""
        if not self.distinguished:
            return hop
        return b"".join([bytes(8) + hop[at : at + 16] for at in range(0, len(hop), 16)])

    def __repr__(self) -> str:
        return f"Family({self.name})"


_HOPS4: Final = (4, 16, 32)  # RFC 4760, RFC 8950
# Of an IPv4 address no route of IPv6 can be used; as in BIRD, the session stays.
_HOPS6: Final = (4, 16, 32)  # RFC 2545
_VPN_HOPS4: Final = (12, 24, 48)  # RFC 4364, 4.3.2; RFC 8950
_VPN_HOPS6: Final = (12, 24, 48)  # RFC 4659, 3.2.1
_VPN_HOP: Final = 24  # octets of an IPv6 address with its distinguisher

IPV4_UNICAST: Final = Family(
    "ipv4", "ipv4", (1, 1), NetType.IP4, IPV4_PREFIXES, 4, _HOPS4, classic=True, otc=True
)
IPV6_UNICAST: Final = Family("ipv6", "ipv6", (2, 1), NetType.IP6, IPV6_PREFIXES, 6, _HOPS6, otc=True)
IPV4_MULTICAST: Final = Family("ipv4 multicast", "ipv4-mc", (1, 2), NetType.IP4, IPV4_PREFIXES, 4, _HOPS4)
IPV6_MULTICAST: Final = Family("ipv6 multicast", "ipv6-mc", (2, 2), NetType.IP6, IPV6_PREFIXES, 6, _HOPS6)
FLOW4: Final = Family("flow4", "flow4", (1, 133), NetType.FLOW4, FLOWS4, 4, (), base=IPV4_UNICAST)
FLOW6: Final = Family("flow6", "flow6", (2, 133), NetType.FLOW6, FLOWS6, 6, (), base=IPV6_UNICAST)
VPN4_MULTICAST: Final = Family(
    "vpn4 multicast", "vpn4-mc", (1, 129), NetType.VPN4, VPN4_PREFIXES, 4, _VPN_HOPS4, distinguished=True
)
VPN6_MULTICAST: Final = Family(
    "vpn6 multicast", "vpn6-mc", (2, 129), NetType.VPN6, VPN6_PREFIXES, 6, _VPN_HOPS6, distinguished=True
)
IPV4_MPLS: Final = Family(
    "ipv4 mpls", "ipv4-mpls", (1, 4), NetType.IP4, IPV4_LABELED, 4, _HOPS4, labeled=True
)
IPV6_MPLS: Final = Family(
    "ipv6 mpls", "ipv6-mpls", (2, 4), NetType.IP6, IPV6_LABELED, 6, _HOPS6, labeled=True
)
VPN4_MPLS: Final = Family(
    "vpn4 mpls",
    "vpn4-mpls",
    (1, 128),
    NetType.VPN4,
    VPN4_LABELED,
    4,
    _VPN_HOPS4,
    distinguished=True,
    labeled=True,
)
VPN6_MPLS: Final = Family(
    "vpn6 mpls",
    "vpn6-mpls",
    (2, 128),
    NetType.VPN6,
    VPN6_LABELED,
    6,
    _VPN_HOPS6,
    distinguished=True,
    labeled=True,
)
EVPN: Final = Family("evpn", "evpn", (25, 70), NetType.EVPN, EVPN_ROUTES, EITHER, _HOPS4)

ROWS: Final = (
    IPV4_UNICAST,
    IPV6_UNICAST,
    IPV4_MULTICAST,
    IPV6_MULTICAST,
    VPN4_MULTICAST,
    VPN6_MULTICAST,
    IPV4_MPLS,
    IPV6_MPLS,
    VPN4_MPLS,
    VPN6_MPLS,
    FLOW4,
    FLOW6,
    EVPN,
)


_BY_NAME: Final[dict[str, Family]] = {row.name: row for row in ROWS}
_BY_NUMBERS: Final[dict[AfiSafi, Family]] = {row.numbers: row for row in ROWS}
NAMES: Final = tuple(_BY_NAME)  # of channels


def named(name: str) -> Family:
    """The family of the channels with this name.

    Raises:
        NoFamilyError: there is none.
    """
    found = _BY_NAME.get(name)
    if found is None:
        raise NoFamilyError(f"no family is called {name!r}")
    return found


def numbered(numbers: AfiSafi) -> Family:
    """The family with this AFI and SAFI.

    Raises:
        NoFamilyError: there is none.
    """
    found = _BY_NUMBERS.get(numbers)
    if found is None:
        raise NoFamilyError(f"no family has AFI {numbers[0]} and SAFI {numbers[1]}")
    return found


def shown(numbers: AfiSafi) -> str:
    """A family in `show protocols all`, as BIRD calls it."""
    found = _BY_NUMBERS.get(numbers)
    return f"<{numbers[0]}/{numbers[1]}>" if found is None else found.shown
