"""Community lists as values, backed by their wire form.

`CommunityList` (clist) also carries CLUSTER_LIST and ASPA providers. The items
are unpacked on first use; lists never change, methods make new ones. Order is
that of the wire; adding what is already there changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from struct import iter_unpack, pack, unpack
from typing import Any, Final, Generic, Self, TypeVar, final

from pybird.values.scalars import ExtendedCommunity, LargeCommunity, Pair

Item = TypeVar("Item")


class _List(Generic[Item]):
    """What the three lists share; `items` are raw: ints, or tuples of three ints."""

    __slots__ = ("_items", "octets")

    def __init__(self, octets: bytes = b"") -> None:
        self.octets: Final = octets
        self._items: tuple[Any, ...] | None = None

    @classmethod
    def decode(cls, octets: bytes) -> Self:
        """From an attribute value whose length was checked."""
        return cls(octets)

    def encode(self) -> bytes:
        """The attribute value."""
        return self.octets

    @classmethod
    def of(cls, items: Iterable[Any]) -> Self:
        """From raw items or values, in this order."""
        return cls(b"".join([cls.pack(item) for item in items]))

    @staticmethod
    def pack(item: Any) -> bytes:
        """The octets of one item."""
        raise NotImplementedError

    @staticmethod
    def _unpack(octets: bytes) -> tuple[Any, ...]:
        raise NotImplementedError

    @staticmethod
    def value(item: Any) -> Item:
        """The rich value of a raw item."""
        raise NotImplementedError

    @property
    def items(self) -> tuple[Any, ...]:
        """Raw items in wire order, fast to test."""
        if self._items is None:
            self._items = self._unpack(self.octets)
        return self._items

    def add(self, item: Any) -> Self:
        """The list with this item at the end, unless it has it."""
        items = self.items
        if item in items:
            return self
        longer = type(self)(self.octets + self.pack(item))
        longer._items = (*items, item)
        return longer

    def union(self, other: Self) -> Self:
        """The list with the items of another at the end that it lacks."""
        mine = self.items
        new = [self.pack(item) for item in other.items if item not in mine]
        return type(self)(self.octets + b"".join(new)) if new else self

    def keep(self, wanted: Callable[[Any], bool]) -> Self:
        """The list of only those items; the same object when all stay."""
        kept = [item for item in self.items if wanted(item)]
        return self if len(kept) == len(self.items) else self.of(kept)

    def __contains__(self, item: object) -> bool:
        return item in self.items

    def __iter__(self) -> Iterator[Item]:
        return map(self.value, self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __bool__(self) -> bool:
        return bool(self.octets)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.octets == other.octets

    def __hash__(self) -> int:
        return hash(self.octets)

    def __str__(self) -> str:
        return " ".join([str(value) for value in self])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"


@final
class CommunityList(_List[Pair]):
    """COMMUNITIES and other lists of 32-bit values (RFC 1997, RFC 4456)."""

    __slots__ = ()

    @staticmethod
    def pack(item: Any) -> bytes:
        return int(item).to_bytes(4, "big")

    @staticmethod
    def _unpack(octets: bytes) -> tuple[Any, ...]:
        return unpack(f">{len(octets) // 4}I", octets)

    value = Pair  # type: ignore[assignment]


@final
class ExtendedList(_List[ExtendedCommunity]):
    """EXTENDED_COMMUNITIES (RFC 4360)."""

    __slots__ = ()

    @staticmethod
    def pack(item: Any) -> bytes:
        return int(item).to_bytes(8, "big")

    @staticmethod
    def _unpack(octets: bytes) -> tuple[Any, ...]:
        return unpack(f">{len(octets) // 8}Q", octets)

    value = ExtendedCommunity  # type: ignore[assignment]


@final
class LargeList(_List[LargeCommunity]):
    """LARGE_COMMUNITY (RFC 8092)."""

    __slots__ = ()

    @staticmethod
    def pack(item: Any) -> bytes:
        return pack(">III", *item)

    @staticmethod
    def _unpack(octets: bytes) -> tuple[Any, ...]:
        return tuple(iter_unpack(">III", octets))

    @staticmethod
    def value(item: Any) -> LargeCommunity:
        return LargeCommunity(*item)


EMPTY_COMMUNITIES: Final = CommunityList()
EMPTY_EXTENDED: Final = ExtendedList()
EMPTY_LARGE: Final = LargeList()
