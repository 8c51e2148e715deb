"""How tables of each net type are divided into buckets, and how their networks are sorted.

Long work goes through a table bucket by bucket, so no bucket may grow with the whole table:
bucket ids reach beyond what all networks of one VPN, one bridge or one maker of network cards
have in common. All buckets in the order of their ids, each sorted, are the table in order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from pybird.values.enums import EvpnType
from pybird.values.net import NetType

NO_BUCKET: Final = b""  # of prefixes too short for a bucket id, and of types with few networks
NEVER: Final = 256  # greater than any octet: a `short` that no key reaches


class Geometry(NamedTuple):
    """How the tables of one net type are divided.

    The bucket id of a key is `key[1:end]` if its first octet (the prefix length, where keys
    begin with one) is at least `short`, else `cut(key)`. `order` is the sort key of networks.
    """

    short: int
    end: int
    cut: Callable[[bytes], bytes]
    order: Callable[[bytes], Any]


def by_address(key: bytes) -> tuple[bytes, int]:
    """Sort key: networks by address, the shorter prefix first."""
    return key[1:], key[0]


def _whole_key(key: bytes) -> bytes:
    return key


def _one_bucket(_: bytes) -> bytes:
    return NO_BUCKET


def _prefixes(short: int) -> Geometry:
    """Divide by the first `short` bits of the address; shorter prefixes share a bucket."""
    return Geometry(short, 1 + short // 8, _one_bucket, by_address)


def _by_first_octets(octets: int) -> Geometry:
    """Divide by the first `octets` octets of the key."""

    def cut(key: bytes) -> bytes:
        return key[:octets]

    return Geometry(NEVER, 0, cut, _whole_key)


def _by_vpn(octets: int) -> Geometry:
    """Divide by the distinguisher (8 octets) and so many octets of the address, which follows its length."""

    def cut(key: bytes) -> bytes:
        return key[:8] + key[9 : 9 + octets]

    def order(key: bytes) -> tuple[bytes, bytes, int]:
        return key[:8], key[9:], key[8]

    return Geometry(NEVER, 0, cut, order)


def _evpn_bucket(key: bytes) -> bytes:
    """Kind, distinguisher, tag; of an IP prefix as much as of those of VPNs, of a MAC as of ETH."""
    if key[0] == EvpnType.PREFIX:
        return key[:16] if key[13] == 4 else key[:19]
    return key[:27]


_GEOMETRIES: Final[dict[NetType, Geometry]] = {
    NetType.IP4: _prefixes(16),
    NetType.IP6: _prefixes(32),
    NetType.IP6_SADR: _prefixes(32),  # by the destination
    NetType.ROA4: _prefixes(16),
    NetType.ROA6: _prefixes(32),
    NetType.VPN4: _by_vpn(2),
    NetType.VPN6: _by_vpn(5),
    # Most begin with a destination: type, length, (IPv6) offset, and all but the last octet of a host.
    NetType.FLOW4: _by_first_octets(5),
    NetType.FLOW6: _by_first_octets(18),
    NetType.ETH: _by_first_octets(4),  # the maker of the card (OUI), and one octet more
    NetType.MPLS: _by_first_octets(2),
    NetType.ASPA: _by_first_octets(3),
    NetType.EVPN: Geometry(NEVER, 0, _evpn_bucket, _whole_key),
    NetType.PEER: Geometry(NEVER, 0, _one_bucket, by_address),  # few
}


def geometry(net_type: NetType) -> Geometry:
    """How tables with networks of this type are divided."""
    return _GEOMETRIES[net_type]
