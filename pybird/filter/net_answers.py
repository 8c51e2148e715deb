"""The answers to a filter's tests of the network, for many networks at once.

Most networks are far from every prefix that a filter names. So the answers are
cached in steps: by length and first octet, if no longer prefix that is named
begins with that octet; else by length and the first 2 octets (4 for IPv6), on
the same condition; else each network is tested. Sets of thousands of prefixes
are always tested, with one look-up each.

Hot code (also compiled by mypyc); budget 0.2 microseconds per network,
benchmarks/filter_path.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, final

MOST_HEADS: Final = 16384  # cached answers for the longer heads
UNDECIDED: Final = -1  # networks with this head must be tested one by one


@final
class NetAnswers:
    """Answers the tests of one filter for one type of table.

    `near` and `far` are the tests as functions of a key; only answers of `near` are
    cached. `named`: the keys on which these depend. `octets`: the number of
    address octets in the longer head.
    """

    __slots__ = ("_end", "_far", "_first", "_heads", "_near", "_undecided_heads", "_undecided_octets")

    def __init__(
        self,
        near: Callable[[bytes], int],
        far: Callable[[bytes], int] | None,
        named: Iterable[bytes],
        octets: int,
    ) -> None:
        self._near = near
        self._far = far
        self._end = octets + 1
        self._undecided_octets: dict[
            bytes, None
        ] = {}  # first octets of longer named keys: they do not decide
        self._undecided_heads: dict[bytes, None] = {}  # longer heads (without length) of the same kind
        self._first: dict[bytes, int] = {}
        self._heads: dict[bytes, int] = {}
        for key in named:
            length = key[0]
            if length > 8 * octets:
                self._undecided_heads[key[1 : octets + 1]] = None
            if length > 8:
                self._undecided_octets[key[1:2]] = None

    def mask(self, key: bytes) -> int:
        """The answers for one network, as a mask."""
        found = self._first.get(key[:2])
        if found is None:
            found = self._learn_first(key)
        if found == UNDECIDED:
            found = self._heads.get(key[: self._end])
            if found is None:
                found = self._learn_head(key)
            if found == UNDECIDED:
                found = self._near(key)
        far = self._far
        return found if far is None else found | far(key)

    def divide(self, keys: list[bytes]) -> dict[int, list[bytes]]:
        """The networks grouped by their answers."""
        first = self._first
        far = self._far
        if far is None:  # usually all are far from every named prefix
            near = {first.get(key[:2], UNDECIDED) for key in keys}
            if len(near) == 1 and UNDECIDED not in near:
                return {near.pop(): keys}
        out: dict[int, list[bytes]] = {}
        for key in keys:
            found = first.get(key[:2])
            if found is None or found == UNDECIDED:
                found = self.mask(key)
            elif far is not None:
                found |= far(key)
            alike = out.get(found)
            if alike is None:
                out[found] = [key]
            else:
                alike.append(key)
        return out

    def _learn_first(self, key: bytes) -> int:
        found = UNDECIDED if key[1:2] in self._undecided_octets and key[0] > 8 else self._near(key)
        self._first[key[:2]] = found
        return found

    def _learn_head(self, key: bytes) -> int:
        end = self._end
        undecided = key[1:end] in self._undecided_heads and key[0] > 8 * (end - 1)
        found = UNDECIDED if undecided else self._near(key)
        if len(self._heads) >= MOST_HEADS:
            self._heads.clear()
        self._heads[key[:end]] = found
        return found
