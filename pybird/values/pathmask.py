"""AS path masks: `[= 65000 * 1..5 [6,7] ? + =]`.

A mask is a tuple of items. A path that is one sequence is matched by a regular
expression over its octets. A path with sets, of which any member may match, is
walked segment by segment with the set of mask positions reached. The mask
`[= * X * =]` asks whether any AS number of the path is X. (Hot code, also
compiled by mypyc.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import Final, final

from pybird.values.aspath import SEQUENCE, AsPath
from pybird.values.sets import ValueSet


class Run(Enum):
    """Items that name no AS number."""

    ANY = "*"
    ONE = "?"
    MORE = "+"  # one or more of the item before


Item = int | tuple[int, int] | ValueSet | Run

_MOST_LOOPS: Final = 3  # `*` and `+` in a mask with `+`; a mask with more is walked, not compiled
_WIDEST: Final = 64  # a set of more intervals than this is walked, not compiled


@final
class PathMask:
    """A mask; items are AS numbers, (low, high), sets and `Run`s.

    `anywhere`: the AS numbers that X may be, if the mask is `[= * X * =]`.
    """

    __slots__ = ("_pattern", "anywhere", "items")

    def __init__(self, items: tuple[Item, ...] = ()) -> None:
        self.items: Final = items
        self.anywhere = _anywhere(items)
        self._pattern = _compile(items)

    def match(self, path: AsPath) -> bool:
        """True if the mask matches the whole path."""
        anywhere = self.anywhere
        if anywhere is not None:
            return anywhere.any_of(path.members)
        octets = path.octets
        if self._pattern is not None:
            if not octets:
                return self._pattern.fullmatch(b"") is not None
            if octets[0] == SEQUENCE and len(octets) == 2 + 4 * octets[1]:
                return self._pattern.fullmatch(octets, 2) is not None
        return _walk(self.items, path)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PathMask) and self.items == other.items

    def __hash__(self) -> int:
        return hash(self.items)

    def __repr__(self) -> str:
        return f"PathMask({self.items})"


def _anywhere(items: tuple[Item, ...]) -> ValueSet | None:
    """The AS numbers that X may be, if the mask is `[= * X * =]` (the usual one); else None."""
    if len(items) != 3 or items[0] is not Run.ANY or items[2] is not Run.ANY:
        return None
    match items[1]:
        case Run():
            return None
        case ValueSet() as numbers:
            return numbers
        case (int(low), int(high)):
            return ValueSet("int", [(low, high)] if low <= high else [])
        case number:
            return ValueSet.of("int", number)


def _compile(items: tuple[Item, ...]) -> re.Pattern[bytes] | None:
    """The mask as a regular expression that a hostile path cannot make slow; None if there is none.

    The items between two `*` match a fixed number of AS numbers. The first place where they match
    is then as good as any later one, so the expression never backtracks from it (`(?>`). With `+`
    this does not hold: the expression tries all combinations, so it must have few of them.
    """
    parts: list[list[bytes]] = [[]]
    loops = 0
    for item in items:
        match item:
            case Run.ANY:
                parts.append([])
            case Run.ONE:
                parts[-1].append(b"....")
            case Run.MORE:
                loops += 1
                if parts[-1]:  # else `* +`, which is `*`
                    parts[-1][-1] = b"(?:%s)+" % parts[-1][-1]
            case ValueSet():
                if len(item) > _WIDEST:
                    return None
                parts[-1].append(_one_of(list(item.intervals)))
            case tuple():
                parts[-1].append(_one_of([item]))
            case _:
                parts[-1].append(_one_of([(item, item)]))
    pieces = [b"".join(part) for part in parts]
    if loops and loops + len(pieces) - 1 > _MOST_LOOPS:
        return None
    step = b"(?:....)*%s" if loops else b"(?>(?:....)*?%s)"
    begin, middle, end = pieces[0], pieces[1:-1], pieces[1:][-1:]
    found = [begin, *(step % piece for piece in middle if piece or loops)]
    found.extend(b"(?:....)*%s" % piece for piece in end)
    return re.compile(b"".join(found), re.DOTALL)


def _one_of(intervals: list[tuple[int, int]]) -> bytes:
    """An expression for one AS number in one of the intervals; one with low > high is empty."""
    found: list[bytes] = []
    for low, high in intervals:
        if low <= high:
            found += _range(low.to_bytes(4, "big"), high.to_bytes(4, "big"))
    return b"(?:%s)" % b"|".join(found) if found else b"(?!)"


def _range(low: bytes, high: bytes) -> Iterator[bytes]:
    """Expressions for the octet strings from `low` to `high`, both of one length."""
    if low == high:
        yield re.escape(low)
        return
    if len(low) == 1:
        yield _octets(low[0], high[0])
        return
    first, last, rest = low[0], high[0], len(low) - 1
    if first == last:
        for tail in _range(low[1:], high[1:]):
            yield re.escape(low[:1]) + tail
        return
    if any(low[1:]):
        for tail in _range(low[1:], b"\xff" * rest):
            yield re.escape(low[:1]) + tail
        first += 1
    full = high[1:] == b"\xff" * rest
    top = last if full else last - 1
    if first <= top:
        yield _octets(first, top) + b"." * rest
    if not full:
        for tail in _range(bytes(rest), high[1:]):
            yield re.escape(high[:1]) + tail


def _octets(low: int, high: int) -> bytes:
    return b"[%s-%s]" % (re.escape(bytes((low,))), re.escape(bytes((high,))))


def _walk(items: tuple[Item, ...], path: AsPath) -> bool:
    """Match the path position by position; a set is one position, which any of its members may match."""
    reached = _skip(items, {0})
    for numbers in _positions(path):
        following: set[int] = set()
        for at in sorted(reached):
            if at < len(items):
                following |= _step(items, at, numbers)
        reached = _skip(items, following)
        if not reached:
            return False
    return len(items) in reached


def _positions(path: AsPath) -> Iterator[tuple[int, ...]]:
    for kind, numbers in path.segments:
        if kind in (1, 4):
            yield numbers
        else:
            for asn in numbers:
                yield (asn,)


def _skip(items: tuple[Item, ...], reached: set[int]) -> set[int]:
    """The positions reached, and those after each `*` and `+` that follows: these need no further match."""
    out: set[int] = set()
    for start in reached:
        at = start
        out.add(at)
        while at < len(items) and (items[at] is Run.ANY or items[at] is Run.MORE):
            at += 1
            out.add(at)
    return out


def _step(items: tuple[Item, ...], at: int, numbers: tuple[int, ...]) -> set[int]:
    item = items[at]
    if item is Run.ANY:
        return {at}
    if item is Run.MORE:
        return {at} if _item_matches(items[at - 1], numbers) else set()
    return {at + 1} if _item_matches(item, numbers) else set()


def _item_matches(item: Item, numbers: tuple[int, ...]) -> bool:
    match item:
        case Run():
            return True
        case ValueSet():
            return item.any_of(numbers)
        case tuple():
            return any(item[0] <= asn <= item[1] for asn in numbers)
        case _:
            return item in numbers
