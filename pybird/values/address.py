"""Internet addresses as values.

An `Address` is its octets in network order: four for IPv4, sixteen for IPv6.
Text follows RFC 5952. Addresses sort as in BIRD: an IPv4 address sorts as
its IPv4-mapped IPv6 form (::ffff:a.b.c.d).
"""

from __future__ import annotations

from functools import total_ordering
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import Final

_MAPPED: Final = b"\0" * 10 + b"\xff\xff"


@total_ordering
class Address:
    """One IPv4 or IPv6 address, without interface or port.

    A subclass may carry more (BGP's next hop also has a link-local address);
    it still compares by these octets alone.
    """

    __slots__ = ("octets",)

    def __init__(self, octets: bytes) -> None:
        assert len(octets) in (4, 16), octets
        self.octets: Final = octets

    @classmethod
    def parse(cls, text: str) -> Address:
        """Parse an IPv4 or IPv6 address; as in BIRD, `::` may also stand between eight groups, for none.

        Raises:
            ValueError: the text is no address.
        """
        try:
            return cls(inet_pton(AF_INET6 if ":" in text else AF_INET, text))
        except OSError:
            pass
        head, _, tail = text.partition("::")
        whole = ":".join([part for part in (head, tail) if part])  # RFC 4291, 2.2 needs one group at least
        try:
            return cls(inet_pton(AF_INET6, whole if "::" not in whole else ""))
        except OSError:
            raise ValueError(f"{text!r} is not an IP address") from None

    @classmethod
    def from_v4(cls, value: int) -> Address:
        """The IPv4 address with this 32-bit value."""
        return cls(value.to_bytes(4, "big"))

    @classmethod
    def from_v6(cls, value: int) -> Address:
        """The IPv6 address with this 128-bit value."""
        return cls(value.to_bytes(16, "big"))

    @property
    def is_v4(self) -> bool:
        """True for IPv4."""
        return len(self.octets) == 4

    @property
    def bits(self) -> int:
        """Address width in bits: 32 or 128."""
        return len(self.octets) * 8

    @property
    def value(self) -> int:
        """The address as an unsigned integer of `bits` bits."""
        return int.from_bytes(self.octets, "big")

    @property
    def is_link_local(self) -> bool:
        """True in fe80::/10 (RFC 4291, 2.5.6); never for IPv4."""
        octets = self.octets
        return len(octets) == 16 and octets[0] == 0xFE and octets[1] & 0xC0 == 0x80

    @property
    def is_unspecified(self) -> bool:
        """True for 0.0.0.0 and ::."""
        return not any(self.octets)

    @property
    def is_multicast(self) -> bool:
        """True in 224.0.0.0/4 and ff00::/8."""
        first = self.octets[0]
        return first & 0xF0 == 0xE0 if self.is_v4 else first == 0xFF

    @property
    def is_loopback(self) -> bool:
        """True in 127.0.0.0/8 and for ::1."""
        return self.octets[0] == 127 if self.is_v4 else self.value == 1

    @property
    def may_be_neighbor(self) -> bool:
        """True if another node on a link can have this address.

        False for 0.0.0.0/8, loopback, multicast and 255.255.255.255 (RFC 6890). In ::/64 it is
        True only for IPv4-compatible addresses (RFC 4291, 2.5.5.1) whose IPv4 address may be a neighbor.
        """
        octets = self.octets
        if len(octets) == 4:
            return octets[0] not in (0, 127) and not self.is_multicast and octets != b"\xff\xff\xff\xff"
        if any(octets[:8]):
            return not self.is_multicast
        return not any(octets[8:12]) and Address(octets[12:]).may_be_neighbor

    def masked(self, length: int) -> Address:
        """The address with all but its first `length` bits cleared."""
        drop = max(self.bits - length, 0)
        return Address((self.value >> drop << drop).to_bytes(len(self.octets), "big"))

    def _order(self) -> bytes:
        return _MAPPED + self.octets if len(self.octets) == 4 else self.octets

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and self.octets == other.octets

    def __lt__(self, other: Address) -> bool:
        return self._order() < other._order()

    def __hash__(self) -> int:
        return hash(self.octets)

    def __str__(self) -> str:
        return inet_ntop(AF_INET if len(self.octets) == 4 else AF_INET6, self.octets)

    def __repr__(self) -> str:
        return f"Address({self})"


UNSPECIFIED_V4: Final = Address(bytes(4))
UNSPECIFIED_V6: Final = Address(bytes(16))
