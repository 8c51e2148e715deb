"""Prefix sets: `[ 10.0.0.0/8+, 192.168.0.0/16{16,24}, … ]`.

A pattern is a prefix P and a range of lengths: a network of such a length
matches when it lies in P or contains P. Hot code: matching takes the table's
key and, in most cases, one or two dictionary look-ups. Plain prefixes are keys
of `_exact`. Patterns with ranges stand in one dictionary per pattern length, which
maps network bits to a bitmap of lengths. The dictionaries that can match are found
by the first octet for short patterns and by the first `_PIVOT` octets for longer
ones, so that a network far from the set costs two failed look-ups. Lengths below
that of the pattern's prefix (`P-`) are added as the plain prefixes that contain it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, final

from pybird.values.net import NetType, Prefix, net_of

# Patterns of at least this many octets are indexed by these, shorter ones by their first octet.
_PIVOT: Final = {NetType.IP4: 2, NetType.IP6: 4}
_BITS: Final = {NetType.IP4: 32, NetType.IP6: 128}

_WITH_PREFIX: Final = (NetType.VPN4, NetType.VPN6, NetType.ROA4, NetType.ROA6)

Pattern = tuple[bytes, int, int]  # key of the prefix, shortest and longest length that match
_Level = tuple[int, dict[int, int]]  # pattern length; bitmap of lengths by bits of the network
_NONE: Final[tuple[_Level, ...]] = ()


@final
class PrefixSet:
    """A set of IPv4 or of IPv6 prefix patterns; `net_type` is None when it is empty."""

    __slots__ = (
        "_any",
        "_exact",
        "_first",
        "_index",
        "_lengths",
        "_octets",
        "_pivot",
        "bits",
        "net_type",
        "patterns",
    )

    def __init__(self, patterns: Iterable[Pattern] = (), net_type: NetType | None = None) -> None:
        """Make a set; equal patterns may repeat. Lengths must be in range for the type."""
        self.patterns: Final[tuple[Pattern, ...]] = tuple(dict.fromkeys(patterns))
        self.net_type: Final = net_type if self.patterns else None
        self.bits: Final = _BITS[net_type] if net_type is not None else 32
        self._octets: Final = _PIVOT[net_type] if net_type is not None else 2
        self._pivot: Final = self._octets * 8
        self._exact: dict[bytes, None] = {}
        self._any = 0  # bitmap of lengths of which every network matches
        self._lengths = 0  # bitmap of lengths that can match at all
        levels: dict[int, dict[int, int]] = {}
        exact, lengths = self._exact, 0
        for key, low, high in self.patterns:
            if low == high == key[0]:
                exact[key] = None
                lengths |= 1 << low
            else:
                self._add_range(levels, key, low, high)
        self._lengths |= lengths
        self._first: dict[int, tuple[_Level, ...]] = {}
        self._index: dict[bytes, tuple[_Level, ...]] = {}
        for length in sorted(levels):
            if length < self._pivot:
                self._index_short(length, levels[length])
            else:
                self._index_long(length, levels[length])

    @classmethod
    def of(cls, *patterns: Prefix | tuple[Prefix, int, int]) -> PrefixSet:
        """Make a set from prefixes and from (prefix, shortest length, longest length)."""
        items = [(p, p.length, p.length) if isinstance(p, Prefix) else p for p in patterns]
        net_type = items[0][0].type if items else None
        return cls([(prefix.key, low, high) for prefix, low, high in items], net_type)

    def _add_range(self, levels: dict[int, dict[int, int]], key: bytes, low: int, high: int) -> None:
        length = key[0]
        if low > high:
            return
        self._lengths |= (2 << high) - (1 << low)
        value = _network(key)
        for shorter in range(low, min(high + 1, length)):
            cut = value >> (length - shorter)
            octets = (shorter + 7) >> 3
            self._exact[bytes((shorter,)) + (cut << (octets * 8 - shorter)).to_bytes(octets, "big")] = None
        if high >= length:
            bitmap = (2 << high) - (1 << max(low, length))
            if length == 0:
                self._any |= bitmap
            else:
                level = levels.setdefault(length, {})
                level[value] = level.get(value, 0) | bitmap

    def _index_short(self, length: int, level: dict[int, int]) -> None:
        for value in level:
            if length >= 8:
                octets = range(value >> (length - 8), (value >> (length - 8)) + 1)
            else:
                octets = range(value << (8 - length), value + 1 << (8 - length))
            for octet in octets:
                reached = self._first.get(octet, ())
                if not reached or reached[-1][1] is not level:
                    self._first[octet] = (*reached, (length, level))

    def _index_long(self, length: int, level: dict[int, int]) -> None:
        drop = length - self._pivot
        for value in level:
            head = (value >> drop).to_bytes(self._octets, "big")
            reached = self._index.get(head, ())
            if not reached or reached[-1][1] is not level:
                self._index[head] = (*reached, (length, level))

    @property
    def only_exact(self) -> dict[bytes, None] | None:
        """All matching keys, or None if ranges make them too many to list. Do not modify it."""
        return None if self._any or self._first or self._index else self._exact

    def match(self, key: bytes) -> bool:
        """True if the network with this key matches; the key must be of the set's net type."""
        if key in self._exact:
            return True
        length = key[0]
        if not self._lengths >> length & 1:
            return False
        if self._any >> length & 1:
            return True
        if not length:
            return False
        levels = self._first.get(key[1], _NONE)
        if length >= self._pivot:
            near = self._index.get(key[1 : 1 + self._octets])
            if near is not None:
                levels = levels + near
        if not levels:
            return False
        value = _network(key)
        for pattern, level in levels:
            if pattern > length:
                break
            bitmap = level.get(value >> (length - pattern))
            if bitmap is not None and bitmap >> length & 1:
                return True
        return False

    def __contains__(self, net: object) -> bool:
        """True if a prefix matches; VPN and ROA networks match by their prefix, others never."""
        prefix = net if isinstance(net, Prefix) else None
        if prefix is None and getattr(net, "type", None) in _WITH_PREFIX:
            prefix = net.prefix  # type: ignore[attr-defined]
        return isinstance(prefix, Prefix) and prefix.type == self.net_type and self.match(prefix.key)

    def __iter__(self) -> Iterator[tuple[Any, int, int]]:
        """The patterns as (prefix, shortest, longest)."""
        assert self.net_type is not None or not self.patterns
        for key, low, high in self.patterns:
            yield net_of(self.net_type or NetType.IP4, key), low, high

    def __len__(self) -> int:
        return len(self.patterns)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PrefixSet) and self._canonical() == other._canonical()

    def __hash__(self) -> int:
        return hash((self.net_type, len(self._exact)))

    def _canonical(self) -> Any:
        return self.net_type, tuple(sorted(self.patterns))

    def __repr__(self) -> str:
        shown = [f"{prefix}{{{low},{high}}}" for prefix, low, high in self]
        return f"PrefixSet({', '.join(shown)})"


def _network(key: bytes) -> int:
    """The network bits of a key as a number of `length` bits."""
    return int.from_bytes(key[1:], "big") >> (-key[0] & 7)


EMPTY_PREFIX_SET: Final = PrefixSet()
