"""AS paths as values, backed by their wire form with 4-octet AS numbers.

The octets are AS_PATH segments (RFC 4271, 4.3; RFC 6793; RFC 5065): one octet
of type, one of count, then the numbers. Most paths are one AS_SEQUENCE; the
numbers are unpacked on first use. Paths are immutable; methods return new ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from struct import pack, unpack_from
from typing import Final, final

SET: Final = 1
SEQUENCE: Final = 2
CONFED_SEQUENCE: Final = 3
CONFED_SET: Final = 4
_SEQUENCES: Final = (SEQUENCE, CONFED_SEQUENCE)

Segment = tuple[int, tuple[int, ...]]  # type, AS numbers


@final
class AsPath:
    """The AS path of one route, nearest AS first."""

    __slots__ = ("_members", "_segments", "octets")

    def __init__(self, octets: bytes = b"") -> None:
        self.octets: Final = octets
        self._segments: tuple[Segment, ...] | None = None
        self._members: tuple[int, ...] | None = None

    @classmethod
    def decode(cls, octets: bytes) -> AsPath:
        """Make a path from a checked attribute value: 4-octet numbers, whole segments."""
        return cls(octets)

    def encode(self) -> bytes:
        """The attribute value, with 4-octet numbers."""
        return self.octets

    @classmethod
    def of(cls, segments: Iterable[Segment]) -> AsPath:
        """Make a path from segments; empty ones are dropped, those of more than 255 AS numbers are split."""
        out: list[bytes] = []
        for kind, numbers in segments:
            for at in range(0, len(numbers), 255):
                part = numbers[at : at + 255]
                out.append(pack(f">BB{len(part)}I", kind, len(part), *part))
        return cls(b"".join(out))

    @classmethod
    def sequence(cls, *numbers: int) -> AsPath:
        """One AS_SEQUENCE of these numbers."""
        return cls.of([(SEQUENCE, numbers)])

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments, each with its AS numbers."""
        if self._segments is None:
            self._segments = tuple(_segments(self.octets))
        return self._segments

    @property
    def members(self) -> tuple[int, ...]:
        """All AS numbers in order, including those in sets and confederation segments."""
        if self._members is None:
            octets = self.octets
            if len(octets) > 1 and len(octets) == 2 + 4 * octets[1]:
                self._members = unpack_from(f">{octets[1]}I", octets, 2)
            else:
                self._members = tuple([asn for _, numbers in self.segments for asn in numbers])
        return self._members

    @property
    def items(self) -> tuple[int, ...]:
        """The same as `members`: code for paths and community lists uses this name for both."""
        return self.members

    @property
    def length(self) -> int:
        """The length as best path selection counts it: a set is 1, confederation segments are 0."""
        octets = self.octets
        if len(octets) > 1 and octets[0] == SEQUENCE and len(octets) == 2 + 4 * octets[1]:
            return octets[1]
        return sum(_weight(kind, numbers) for kind, numbers in self.segments)

    @property
    def first(self) -> int:
        """The neighbor's AS, or 0 when the path does not begin with a sequence."""
        octets = self.octets
        if len(octets) > 5 and octets[0] == SEQUENCE:
            return int.from_bytes(octets[2:6], "big")
        return 0

    @property
    def last(self) -> int:
        """The origin AS, or 0 when the path does not end with a sequence; of members counts too."""
        octets = self.octets
        if len(octets) > 5 and octets[0] == SEQUENCE and len(octets) == 2 + 4 * octets[1]:
            return int.from_bytes(octets[-4:], "big")
        for kind, numbers in reversed(self.segments):
            if numbers:
                return numbers[-1] if kind in _SEQUENCES else 0
        return 0

    @property
    def last_nonaggregated(self) -> int:
        """The last AS before the first set, or 0."""
        found = 0
        for kind, numbers in self.segments:
            if kind not in _SEQUENCES:
                break
            found = numbers[-1] if numbers else found
        return found

    def prepend(self, asn: int) -> AsPath:
        """The path with one more AS in front."""
        octets = self.octets
        number = asn.to_bytes(4, "big")
        if octets and octets[0] == SEQUENCE and octets[1] < 255:
            return AsPath(bytes((SEQUENCE, octets[1] + 1)) + number + octets[2:])
        return AsPath(b"\x02\x01" + number + octets)

    def keep(self, wanted: Callable[[int], bool]) -> AsPath:
        """The path with only the AS numbers that are wanted; the same object when none is removed."""
        if all(wanted(asn) for asn in self.members):
            return self
        kept = [(kind, tuple([asn for asn in numbers if wanted(asn)])) for kind, numbers in self.segments]
        return AsPath.of(kept)

    def __contains__(self, asn: int) -> bool:
        return asn in self.members

    def __iter__(self) -> Iterator[int]:
        return iter(self.members)

    def __len__(self) -> int:
        return self.length

    def __bool__(self) -> bool:
        return bool(self.octets)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AsPath) and self.octets == other.octets

    def __hash__(self) -> int:
        return hash(self.octets)

    def __str__(self) -> str:
        return " ".join([_BRACKETS[kind].format(_spaced(numbers)) for kind, numbers in self.segments])

    def __repr__(self) -> str:
        return f"AsPath({self})"


EMPTY_PATH: Final = AsPath()

_BRACKETS: Final = {SET: "{{{}}}", SEQUENCE: "{}", CONFED_SEQUENCE: "({})", CONFED_SET: "({{{}}})"}


def _spaced(numbers: tuple[int, ...]) -> str:
    return " ".join(map(str, numbers))


def _weight(kind: int, numbers: tuple[int, ...]) -> int:
    if kind == SEQUENCE:
        return len(numbers)
    return 1 if kind == SET and numbers else 0


def _segments(octets: bytes) -> Iterator[Segment]:
    at = 0
    while at < len(octets):
        kind, count = octets[at], octets[at + 1]
        yield kind, unpack_from(f">{count}I", octets, at + 2)
        at += 2 + 4 * count
