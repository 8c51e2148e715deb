"""Sets of everything but prefixes: `[1..3, 5]`, `[(65000, *)]`, `[ROA_VALID]`.

The members are values of one type that has an order: ints and the types made
of them, addresses, tuples of large communities. Overlapping intervals are
merged. A pair pattern whose left side is a range (`(*, 5)`) is not an interval;
it is kept as a box.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any, Final, final

from pybird.values.scalars import U16, LargeCommunity, Pair

Interval = tuple[Any, Any]  # first and last member
Box = tuple[int, int, int, int]  # of pairs: left from, left to, right from, right to


@final
class ValueSet:
    """A set of values of one type (`"int"`, `"pair"`, `"enum rts"`, …; "" when empty)."""

    __slots__ = ("_highs", "_keys", "_lows", "_single", "boxes", "element", "intervals")

    def __init__(
        self, element: str = "", intervals: Iterable[Interval] = (), boxes: Iterable[Box] = ()
    ) -> None:
        self.element: Final = element
        kept, self.boxes = _split_boxes(intervals, boxes)
        self.intervals: Final[tuple[Interval, ...]] = tuple(_merged(kept))
        self._single: Final = dict.fromkeys([low for low, high in self.intervals if low == high])
        self._keys: Final = self._single.keys()
        wide = _adjoined([(low, high) for low, high in self.intervals if low != high])
        self._lows: Final = [low for low, _ in wide]
        self._highs: Final = [high for _, high in wide]

    @classmethod
    def of(cls, element: str, *members: Any) -> ValueSet:
        """A set of single members."""
        return cls(element, [(member, member) for member in members])

    def __contains__(self, value: Any) -> bool:
        if value in self._single:
            return True
        lows = self._lows
        if lows:
            at = bisect_right(lows, value) - 1
            if at >= 0 and value <= self._highs[at]:
                return True
        return bool(self.boxes) and self._boxed(value)

    @property
    def only_single(self) -> bool:
        """True if the set has no ranges, so that `single` is the whole set."""
        return not self._lows and not self.boxes

    @property
    def single(self) -> tuple[Any, ...]:
        """The members that are not part of a range, in order."""
        return tuple(self._single)

    def any_of(self, values: tuple[Any, ...]) -> bool:
        """True if one of the values is a member."""
        if self._single and not self._keys.isdisjoint(values):
            return True
        lows, boxes = self._lows, self.boxes
        if lows and values:
            lowest, highs = lows[0], self._highs
            if max(values) >= lowest:
                for value in values:
                    if value >= lowest and value <= highs[bisect_right(lows, value) - 1]:
                        return True
        if boxes:
            for value in values:
                if self._boxed(value):
                    return True
        return False

    def rows(self) -> list[Interval]:
        """The set as intervals alone: a box becomes one interval for each of its left numbers."""
        found = list(self.intervals)
        for a, b, c, d in self.boxes:
            found += [(left << 16 | c, left << 16 | d) for left in range(a, b + 1)]
        return _merged(found)

    def _boxed(self, value: int) -> bool:
        left, right = value >> 16, value & U16
        return any(a <= left <= b and c <= right <= d for a, b, c, d in self.boxes)

    def __len__(self) -> int:
        return len(self.intervals) + len(self.boxes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ValueSet) and (self.intervals, self.boxes) == (other.intervals, other.boxes)

    def __hash__(self) -> int:
        return hash(self.intervals)

    def __repr__(self) -> str:
        return f"ValueSet({self.element!r}, {self.intervals}, {self.boxes})"


def large_interval(*parts: tuple[int, int]) -> Interval:
    """The interval of a pattern like `(a, b, c..d)`: a range may only be followed by full parts."""
    lows, highs = [low for low, _ in parts], [high for _, high in parts]
    return LargeCommunity(*lows), LargeCommunity(*highs)


def _split_boxes(
    intervals: Iterable[Interval], boxes: Iterable[Box]
) -> tuple[list[Interval], tuple[Box, ...]]:
    """(intervals, boxes), with those boxes among the intervals that are one."""
    kept, left = list(intervals), []
    for box in boxes:
        a, b, c, d = box
        if a == b or (c == 0 and d == U16):
            kept.append((Pair(a << 16 | c), Pair(b << 16 | d)))
        else:
            left.append(box)
    return kept, tuple(sorted(dict.fromkeys(left)))


def _merged(intervals: list[Interval]) -> list[Interval]:
    out: list[Interval] = []
    for low, high in sorted(intervals, key=lambda item: item[0]):
        if low > high:
            continue
        if out and low <= out[-1][1]:
            if high > out[-1][1]:
                out[-1] = (out[-1][0], high)
        else:
            out.append((low, high))
    return out


def _adjoined(intervals: list[Interval]) -> list[Interval]:
    """Join intervals of numbers that have no gap between them: fewer to search."""
    out: list[Interval] = []
    for low, high in intervals:
        if out and isinstance(low, int) and low == out[-1][1] + 1:
            out[-1] = (out[-1][0], high)
        else:
            out.append((low, high))
    return out


EMPTY_SET: Final = ValueSet()
