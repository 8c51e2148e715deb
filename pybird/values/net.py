"""Networks: the destinations by which tables are indexed.

Every network type has a *key*, the bytes a table stores, and a *net*, the rich
value that filters, configuration and the CLI see. For IPv4 and IPv6 the key is
the wire form of BGP NLRI: one octet of prefix length and as many octets as the
length needs (RFC 4271, 4.3), hidden bits zero. Other types use their own
bytes, documented at their class. `net_of(type, key)` turns a key back
into a net; `net.key` goes the other way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Protocol, final

from pybird.values.address import Address


class NetType(IntEnum):
    """Network types, with the numbers that BIRD's `NET_*` constants have."""

    IP4 = 1
    IP6 = 2
    VPN4 = 3
    VPN6 = 4
    ROA4 = 5
    ROA6 = 6
    FLOW4 = 7
    FLOW6 = 8
    IP6_SADR = 9
    ETH = 10
    MPLS = 11
    ASPA = 12
    EVPN = 13
    PEER = 14


class Net(Protocol):
    """What every network value has."""

    @property
    def type(self) -> NetType: ...

    @property
    def key(self) -> bytes: ...

    def __str__(self) -> str: ...


def prefix_key(address: Address, length: int) -> bytes:
    """The table key of a prefix whose host bits are already clear."""
    return bytes((length,)) + address.octets[: (length + 7) >> 3]


@final
@dataclass(frozen=True, slots=True, order=True)
class Prefix:
    """An IPv4 or IPv6 prefix. Host bits must be zero."""

    address: Address
    length: int

    @classmethod
    def parse(cls, text: str) -> Prefix:
        """Parse `address/length`.

        Raises:
            ValueError: bad text, a length out of range, or host bits set.
        """
        head, slash, tail = text.partition("/")
        address = Address.parse(head)
        if not slash or not tail.isdigit() or int(tail) > address.bits:
            raise ValueError(f"{text!r} is not a prefix")
        length = int(tail)
        if address.masked(length) != address:
            raise ValueError(f"host bits set in {text}, did you mean {address.masked(length)}/{length}?")
        return cls(address, length)

    @property
    def type(self) -> NetType:
        return NetType.IP4 if self.address.is_v4 else NetType.IP6

    @property
    def key(self) -> bytes:
        return prefix_key(self.address, self.length)

    def contains(self, address: Address) -> bool:
        """True when the address is of this family and inside the prefix."""
        return address.is_v4 == self.address.is_v4 and address.masked(self.length) == self.address

    def covers(self, other: Prefix) -> bool:
        """True when `other` is this prefix or a longer one inside it."""
        return other.length >= self.length and self.contains(other.address)

    def __str__(self) -> str:
        return f"{self.address}/{self.length}"


def _prefix4_of(key: bytes) -> Prefix:
    return Prefix(Address(key[1:].ljust(4, b"\0")), key[0])


def _prefix6_of(key: bytes) -> Prefix:
    return Prefix(Address(key[1:].ljust(16, b"\0")), key[0])


@final
@dataclass(frozen=True, slots=True, order=True)
class PeerNet:
    """A neighboring router: its address on one interface (NET_PEER).

    Key: 4 octets of interface index, then the address. Printed as
    `ADDRESS%INDEX`, as BIRD prints NET_NEIGHBOR.
    """

    address: Address
    ifindex: int

    @property
    def type(self) -> NetType:
        return NetType.PEER

    @property
    def key(self) -> bytes:
        return self.ifindex.to_bytes(4, "big") + self.address.octets

    def __str__(self) -> str:
        return f"{self.address}%{self.ifindex}"


def _peer_of(key: bytes) -> PeerNet:
    return PeerNet(Address(key[4:]), int.from_bytes(key[:4], "big"))


# values/nets.py adds the other types.
_READERS: Final[dict[NetType, Callable[[bytes], Net]]] = {
    NetType.IP4: _prefix4_of,
    NetType.IP6: _prefix6_of,
    NetType.PEER: _peer_of,
}


def net_of(net_type: NetType, key: bytes) -> Net:
    """The net that a table of this type stores under `key`."""
    return _READERS[net_type](key)
