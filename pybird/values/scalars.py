"""Small values of the filter language that are more than a number.

Each is a plain `int` (or a tuple) with its own text, so that it compares,
sorts and hashes at the speed of one and its wire form is one `to_bytes` away.
Two values of different types must not be compared: the checker of the filter
language ensures that.
"""

from __future__ import annotations

from typing import Final, NamedTuple, final

from pybird.values.address import Address

U16: Final = 0xFFFF
U32: Final = 0xFFFFFFFF


@final
class Pair(int):
    """Two 16-bit numbers: a community (RFC 1997)."""

    __slots__ = ()

    @classmethod
    def of(cls, asn: int, data: int) -> Pair:
        """The pair `(asn, data)`.

        Raises:
            ValueError: a part does not fit into 16 bits.
        """
        if not (0 <= asn <= U16 and 0 <= data <= U16):
            raise ValueError(f"({asn},{data}): parts of a pair are 0 to 65535")
        return cls(asn << 16 | data)

    @property
    def asn(self) -> int:
        """The first part."""
        return self >> 16

    @property
    def data(self) -> int:
        """The second part."""
        return self & U16

    def __str__(self) -> str:
        return f"({self >> 16},{self & U16})"

    def __repr__(self) -> str:
        return f"Pair{self}"


@final
class Quad(int):
    """32 bits written as a dotted quad: router ids, originator ids."""

    __slots__ = ()

    @classmethod
    def of(cls, address: Address) -> Quad:
        """The quad with the bits of an IPv4 address."""
        return cls(address.value & U32)

    def __str__(self) -> str:
        return f"{self >> 24}.{self >> 16 & 255}.{self >> 8 & 255}.{self & 255}"

    def __repr__(self) -> str:
        return f"Quad({self})"


@final
class Mac(int):
    """An Ethernet address, 48 bits."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Mac:
        """Parse six hex pairs with colons.

        Raises:
            ValueError: the text is no MAC address.
        """
        parts = text.split(":")
        if len(parts) != 6 or not all(len(part) == 2 for part in parts):
            raise ValueError(f"{text!r} is not a MAC address")
        return cls(int("".join(parts), 16))

    @property
    def octets(self) -> bytes:
        """The six octets in network order."""
        return self.to_bytes(6, "big")

    def __str__(self) -> str:
        return self.octets.hex(":")

    def __repr__(self) -> str:
        return f"Mac({self})"


@final
class RouteDistinguisher(int):
    """64 bits that make prefixes of different VPNs distinct (RFC 4364, 4.2)."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> RouteDistinguisher:
        """Parse `asn:num`, `0:asn:num`, `2:asn:num`, `a.b.c.d:num` or `1:a.b.c.d:num`.

        Without a type number, the size of the AS number decides between types 0 and 2.

        Raises:
            ValueError: the text is no route distinguisher.
        """
        parts = text.split(":")
        if len(parts) == 2:
            kind = 1 if "." in parts[0] else 0 if int(parts[0]) <= U16 else 2
        elif len(parts) == 3:
            kind = int(parts.pop(0))
        else:
            raise ValueError(f"{text!r} is not a route distinguisher")
        key = Address.parse(parts[0]).value if "." in parts[0] else int(parts[0])
        return cls.of(kind, key, int(parts[1]))

    @classmethod
    def of(cls, kind: int, key: int, value: int) -> RouteDistinguisher:
        """Make one from the type number (0, 1, 2) and the two fields.

        Raises:
            ValueError: the type is unknown or a field does not fit.
        """
        wide = 16 if kind == 0 else 32
        if kind > 2 or key >> wide or value >> (48 - wide):
            raise ValueError(f"{kind}:{key}:{value} is not a route distinguisher")
        return cls(kind << 48 | key << (48 - wide) | value)

    @property
    def octets(self) -> bytes:
        """The eight octets in network order."""
        return self.to_bytes(8, "big")

    def __str__(self) -> str:
        kind = self >> 48
        if kind == 0:
            return f"{self >> 32 & U16}:{self & U32}"
        key, value = self >> 16 & U32, self & U16
        if kind == 1:
            return f"{Quad(key)}:{value}"
        if kind == 2:
            return f"2:{key}:{value}" if key <= U16 else f"{key}:{value}"
        return f"{kind}:{self >> 32 & U16}:{self & U32}"

    def __repr__(self) -> str:
        return f"RouteDistinguisher({self})"


_KINDS: Final = {"rt": 0x0002, "ro": 0x0003}
_KIND_NAMES: Final = {0x02: "rt", 0x03: "ro"}


@final
class ExtendedCommunity(int):
    """64 bits: type, key and value (RFC 4360, 5668)."""

    __slots__ = ()

    @classmethod
    def of(cls, kind: str, key: int | Address, value: int, number: int = 0) -> ExtendedCommunity:
        """`(rt, key, value)`, `(ro, …)`, `(generic, …)` or `(unknown number, …)`.

        The form follows the key: an AS number of 16 bits leaves 32 bits for
        the value, one of 32 bits or an IPv4 address leaves 16.

        Raises:
            ValueError: the value does not fit, or the kind is unknown.
        """
        low = key.value if isinstance(key, Address) else key
        if kind == "generic":
            return cls(_fits(low, 32) << 32 | _fits(value, 32))
        high = number if kind == "unknown" else _KINDS[kind]
        if isinstance(key, Address):
            return cls((high | 0x0100) << 48 | low << 16 | _fits(value, 16))
        if low <= U16:
            return cls(high << 48 | low << 32 | _fits(value, 32))
        if kind == "unknown":
            return cls(high << 48 | _fits(low, 32) << 16 | _fits(value, 16))
        return cls((high | 0x0200) << 48 | _fits(low, 32) << 16 | _fits(value, 16))

    def __str__(self) -> str:
        kind = self >> 48
        form = kind >> 8 & ~0x40  # bit 6: not transitive (RFC 4360, 2)
        if form == 0:
            fields = f"{self >> 32 & U16}, {self & U32}"
        elif form in (1, 2):
            key = self >> 16 & U32
            fields = f"{Quad(key) if form == 1 else key}, {self & U16}"
        else:
            return f"(generic, {self >> 32:#x}, {self & U32:#x})"
        name = _KIND_NAMES.get(kind & 255) if kind < 0x0300 else None
        return f"({name or f'unknown {kind:#x}'}, {fields})"

    def __repr__(self) -> str:
        return f"ExtendedCommunity{self}"


def _fits(value: int, bits: int) -> int:
    if not 0 <= value < 1 << bits:
        raise ValueError(f"{value} does not fit into {bits} bits")
    return value


class LargeCommunity(NamedTuple):
    """Three 32-bit numbers (RFC 8092)."""

    asn: int
    data1: int
    data2: int

    def __str__(self) -> str:
        return f"({self.asn}, {self.data1}, {self.data2})"
