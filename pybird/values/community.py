"""Community lists as values, backed by their wire form or by their items.

`CommunityList` (clist) also carries CLUSTER_LIST and ASPA providers. Items are
unpacked on first use, and the octets of a new list are made when it is encoded.
Lists are immutable; methods return new ones. Items stand in wire order; adding
an item that the list has changes nothing. Hot code (also compiled by mypyc):
filters test and change lists once per attribute set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from struct import iter_unpack, pack, unpack
from typing import Any, Final, Self, final

from pybird.values.scalars import ExtendedCommunity, LargeCommunity, Pair


class _List:
    """Base of the three lists. `items` are raw: ints, or tuples of three ints."""

    __slots__ = ("_items", "_octets")

    def __init__(self, octets: bytes | None = b"", items: tuple[Any, ...] | None = None) -> None:
        """Make a list from octets of checked length, or from raw items if `octets` is None."""
        self._octets = octets
        self._items = items

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """Make a list from an attribute value whose length was checked."""
        return cls(octets)

    def encode(self) -> bytes:
        """The attribute value."""
        octets = self._octets
        if octets is None:
            assert self._items is not None
            octets = self._octets = self._pack(self._items)
        return octets

    @classmethod
    def of(cls, items: Iterable[Any]) -> Self:
        """Make a list from raw items or values, in this order."""
        return cls(None, tuple(items))

    def _pack(self, items: tuple[Any, ...]) -> bytes:
        raise NotImplementedError

    def _unpack(self, octets: bytes) -> tuple[Any, ...]:
        raise NotImplementedError

    def _value(self, item: Any) -> Any:
        """The raw item as a value with its own type and text."""
        raise NotImplementedError

    @property
    def octets(self) -> bytes:
        """The items in wire form."""
        return self.encode()

    @property
    def items(self) -> tuple[Any, ...]:
        """The raw items in wire order, fast to test."""
        items = self._items
        if items is None:
            assert self._octets is not None
            items = self._items = self._unpack(self._octets)
        return items

    def add(self, item: Any) -> Self:
        """The list with this item appended; the same object if it already has it."""
        items = self._items
        if items is None:
            items = self.items
        return self if item in items else type(self)(None, (*items, item))

    def union(self, other: Self) -> Self:
        """The list with those items of `other` appended that it lacks."""
        mine = self.items
        new = [item for item in other.items if item not in mine]
        if not new:
            return self
        return type(self)(None, (*mine, *new))

    def keep(self, wanted: Callable[[Any], bool]) -> Self:
        """The list with only the items that are wanted; the same object when none is removed."""
        items = self.items
        kept = [item for item in items if wanted(item)]
        if len(kept) == len(items):
            return self
        return type(self)(None, tuple(kept))

    def __contains__(self, item: object) -> bool:
        return item in self.items

    def __iter__(self) -> Iterator[Any]:
        return iter([self._value(item) for item in self.items])

    def __len__(self) -> int:
        return len(self.items)

    def __bool__(self) -> bool:
        return bool(self.items)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, _List) and self.encode() == other.encode()

    def __hash__(self) -> int:
        return hash(self.encode())

    def __str__(self) -> str:
        return " ".join([str(value) for value in self])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"


@final
class CommunityList(_List):
    """COMMUNITIES and other lists of 32-bit values (RFC 1997, RFC 4456)."""

    __slots__ = ()

    def _pack(self, items: tuple[Any, ...]) -> bytes:
        return pack(f">{len(items)}I", *items)

    def _unpack(self, octets: bytes) -> tuple[Any, ...]:
        return unpack(f">{len(octets) // 4}I", octets)

    def _value(self, item: Any) -> Pair:
        return Pair(item)


@final
class ExtendedList(_List):
    """EXTENDED_COMMUNITIES (RFC 4360)."""

    __slots__ = ()

    def _pack(self, items: tuple[Any, ...]) -> bytes:
        return pack(f">{len(items)}Q", *items)

    def _unpack(self, octets: bytes) -> tuple[Any, ...]:
        return unpack(f">{len(octets) // 8}Q", octets)

    def _value(self, item: Any) -> ExtendedCommunity:
        return ExtendedCommunity(item)


@final
class LargeList(_List):
    """LARGE_COMMUNITY (RFC 8092)."""

    __slots__ = ()

    def _pack(self, items: tuple[Any, ...]) -> bytes:
        return b"".join([pack(">III", *item) for item in items])

    def _unpack(self, octets: bytes) -> tuple[Any, ...]:
        return tuple(iter_unpack(">III", octets))

    def _value(self, item: Any) -> LargeCommunity:
        return LargeCommunity(*item)


EMPTY_COMMUNITIES: Final = CommunityList()
EMPTY_EXTENDED: Final = ExtendedList()
EMPTY_LARGE: Final = LargeList()
