"""Values of the oracle: a kind and plain data, with BIRD's text, order and membership.

Addresses are 128-bit numbers (IPv4 is IPv4-mapped), pairs, quads, extended
communities and distinguishers are numbers, lists and paths are tuples. Slow and
simple on purpose; nothing here comes from the product but the text of
prefix sets (which is how BIRD's own tree looks) and of flow, EVPN and Ethernet networks.
"""

from __future__ import annotations

import ipaddress
from typing import Any, NamedTuple

from pybird.values.address import Address
from pybird.values.net import Prefix
from pybird.values.prefixset import PrefixSet
from pybird.values.prefixtext import show_prefix_set

MAPPED = 0xFFFF << 32
ENUM_CODES = {"rts": 0x31, "bgp_origin": 0x13, "roa": 0x39, "net_type": 0x3B, "rtd": 0x37, "scope": 0x33}


class Value(NamedTuple):
    """`kind` is the word of the language; data is plain."""

    kind: str
    data: Any


class Drained(tuple):  # type: ignore[type-arg]
    """The items of a list or path that was not empty once: `defined()` tells them from none at all."""


class Failure(Exception):  # noqa: N818
    """A run-time error: the route is rejected."""


class Net(NamedTuple):
    """A network: its type's name, address (128 bits), length within its family, and what else it has."""

    type: str
    address: int
    length: int
    rest: tuple[Any, ...] = ()

    @property
    def bits(self) -> int:
        return 32 if self.type in ("ip4", "vpn4", "roa4", "flow4") else 128

    def inside(self, address: int, length: int) -> bool:
        """Is this network in the prefix of the same family?"""
        shift = self.bits - length
        return self.length >= length and self.address >> shift == address >> shift


NET_TYPES = {
    "ip4": 1, "ip6": 2, "vpn4": 3, "vpn6": 4, "roa4": 5, "roa6": 6, "flow4": 7, "flow6": 8, "ip6_sadr": 9,
    "evpn": 13, "eth": 14,
}  # fmt: skip
NO_PREFIX = ("evpn", "eth")


class Intervals(NamedTuple):
    """A set as it was written: (low, high) of plain data, or of the parts of pairs."""

    element: str
    items: tuple[tuple[Any, Any], ...]

    def holds(self, data: Any) -> bool:
        return any(_between(low, data, high) for low, high in self.items)


def _between(low: Any, data: Any, high: Any) -> bool:
    if isinstance(low, Box):
        left, right = data >> 16, data & 0xFFFF
        return low.left[0] <= left <= low.left[1] and low.right[0] <= right <= low.right[1]
    return bool(low <= data <= high)


class Box(NamedTuple):
    """`(a..b, c..d)` in a pair set."""

    left: tuple[int, int]
    right: tuple[int, int]


class Prefixes(NamedTuple):
    """A prefix set: (family bits, address, length, shortest, longest)."""

    items: tuple[tuple[int, int, int, int, int], ...]

    def holds(self, net: Net) -> bool:
        for bits, address, length, low, high in self.items:
            if net.bits != bits or net.type not in ("ip4", "ip6", "vpn4", "vpn6", "roa4", "roa6"):
                continue
            common = min(length, net.length)
            shift = bits - common
            if low <= net.length <= high and net.address >> shift == address >> shift:
                return True
        return False


# ---------------------------------------------------------------------- sets


def canonical(value: Value) -> Any:
    """What two sets are compared by: members with their intervals merged, or the tree of prefixes."""
    if isinstance(value.data, Prefixes) and value.data.items:
        return prefix_tree(value.data)
    return [] if isinstance(value.data, Prefixes) else rows(value.data)


def rows(made: Intervals) -> list[tuple[Any, Any]]:
    """Intervals in order, one of each row of pairs, those that overlap in one."""
    found: list[tuple[Any, Any]] = []
    for low, high in made.items:
        if not isinstance(low, Box):
            found.append((low, high))
        elif low.right == (0, 0xFFFF):
            found.append((low.left[0] << 16, low.left[1] << 16 | 0xFFFF))
        else:
            lefts = range(low.left[0], low.left[1] + 1)
            found += [(left << 16 | low.right[0], left << 16 | low.right[1]) for left in lefts]
    merged: list[tuple[Any, Any]] = []
    for low, high in sorted(found):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def prefix_tree(made: Prefixes) -> str:
    """BIRD's tree of a prefix set, by its text: the product's, which has tests of its own."""
    patterns = [
        (Prefix(Address(address.to_bytes(bits // 8, "big")), length), low, high)
        for bits, address, length, low, high in made.items
    ]
    return show_prefix_set(PrefixSet.of(*patterns))


# --------------------------------------------------------------------- paths
# A path is a tuple of (is it a set, its numbers).


def members(path: Any) -> list[int]:
    """Every number in order."""
    return [asn for _, numbers in path for asn in numbers]


def path_length(path: Any) -> int:
    """A set counts as one."""
    return sum(1 if is_set else len(numbers) for is_set, numbers in path)


def prepended(path: Any, asn: int) -> Any:
    """One number more in front; long sequences are cut at 255."""
    if path and not path[0][0] and len(path[0][1]) < 255:
        return ((False, (asn, *path[0][1])), *path[1:])
    return ((False, (asn,)), *path)


def kept(path: Any, wanted: Any) -> Any:
    """Only the numbers that are wanted; empty segments vanish."""
    found = [(is_set, tuple(asn for asn in numbers if wanted(asn))) for is_set, numbers in path]
    left = tuple((is_set, numbers) for is_set, numbers in found if numbers)
    return Drained() if path and not left else left if left else path


def positions(path: Any) -> list[tuple[int, ...]]:
    """What a mask walks over: each number, and each set as a whole."""
    found: list[tuple[int, ...]] = []
    for is_set, numbers in path:
        found += [numbers] if is_set else [(asn,) for asn in numbers]
    return found


def mask_matches(items: list[tuple[str, Any]], at: list[tuple[int, ...]]) -> bool:
    """Does the mask describe the whole path? By trying everything."""
    if not items:
        return not at
    (kind, wanted), *rest = items
    more = bool(rest) and rest[0][0] == "+"
    if kind == "*":
        return mask_matches(rest, at) or (bool(at) and mask_matches(items, at[1:]))
    if not at or not any(_accepts(kind, wanted, asn) for asn in at[0]):
        return False
    if more:
        return mask_matches(rest[1:], at[1:]) or mask_matches(items, at[1:])
    return mask_matches(rest, at[1:])


def _accepts(kind: str, wanted: Any, asn: int) -> bool:
    if kind == "?":
        return True
    if kind == "set":
        return bool(wanted.holds(asn))
    low, high = wanted
    return bool(low <= asn <= high)


# ---------------------------------------------------------------------- text


def text(value: Value) -> str:
    """As `print` shows it."""
    kind, data = value
    if kind in SCALAR_TEXTS:
        return str(SCALAR_TEXTS[kind](data))
    if kind.startswith("enum "):
        return f"(enum {ENUM_CODES[kind[5:]]:x}){data}"
    if kind == "bgppath":
        shown = [f"{{{_words(numbers)}}}" if is_set else _words(numbers) for is_set, numbers in data]
        return f"(path {' '.join(shown)})"
    if isinstance(data, Prefixes):
        return prefix_tree(data)
    if isinstance(data, Intervals):
        return f"[{', '.join([interval_text(data.element, low, high) for low, high in rows(data)])}]"
    if kind in LIST_ELEMENTS:
        return f"({kind} {' '.join(SCALAR_TEXTS[LIST_ELEMENTS[kind]](item) for item in data)})"
    raise AssertionError(f"the text of {kind} is not known here")


LIST_ELEMENTS = {"clist": "pair", "eclist": "ec", "lclist": "lc"}


def interval_text(element: str, low: Any, high: Any) -> str:
    first, last = text(Value(element, low)), text(Value(element, high))
    return first if low == high else f"{first}..{last}"


def _words(numbers: Any) -> str:
    return " ".join(str(number) for number in numbers)


def quad_text(data: int) -> str:
    return ".".join(str(data >> shift & 255) for shift in (24, 16, 8, 0))


def address_text(data: int) -> str:
    if data >> 32 == 0xFFFF:
        return quad_text(data & 0xFFFFFFFF)
    return str(ipaddress.IPv6Address(data))


def ec_text(data: int) -> str:
    kind, key16, low32 = data >> 48, data >> 32 & 0xFFFF, data & 0xFFFFFFFF
    key32, low16 = data >> 16 & 0xFFFFFFFF, data & 0xFFFF
    names = {0x0002: "rt", 0x0102: "rt", 0x0202: "rt", 0x0003: "ro", 0x0103: "ro", 0x0203: "ro"}
    form = kind >> 8 & 0xBF
    if form > 2:
        return f"(generic, 0x{data >> 32:x}, 0x{low32:x})"
    name = names.get(kind, f"unknown 0x{kind:x}")
    if form == 0:
        return f"({name}, {key16}, {low32})"
    return f"({name}, {quad_text(key32) if form == 1 else key32}, {low16})"


def rd_text(data: int) -> str:
    kind = data >> 48
    if kind == 0:
        return f"{data >> 32 & 0xFFFF}:{data & 0xFFFFFFFF}"
    key, low = data >> 16 & 0xFFFFFFFF, data & 0xFFFF
    if kind == 1:
        return f"{quad_text(key)}:{low}"
    return f"2:{key}:{low}" if key <= 0xFFFF else f"{key}:{low}"


def net_text(net: Net) -> str:
    if net.type in ("flow4", "flow6", "evpn", "eth"):
        return str(net.rest[-1])
    address = net.address | (MAPPED if net.bits == 32 else 0)
    prefix = f"{address_text(address)}/{net.length}"
    if net.type.startswith("vpn"):
        return f"{rd_text(net.rest[0])} {prefix}"
    if net.type.startswith("roa"):
        return f"{prefix}-{net.rest[0]} AS{net.rest[1]}"
    if net.type == "ip6_sadr":
        return f"{prefix} from {address_text(net.rest[0])}/{net.rest[1]}"
    return prefix


SCALAR_TEXTS = {
    "void": lambda data: "(void)",
    "bool": lambda data: "TRUE" if data else "FALSE",
    "int": str,
    "pair": lambda data: f"({data >> 16},{data & 0xFFFF})",
    "quad": quad_text,
    "ip": address_text,
    "prefix": net_text,
    "ec": ec_text,
    "lc": lambda data: f"({data[0]}, {data[1]}, {data[2]})",
    "rd": rd_text,
    "mac": lambda data: ":".join(f"{data >> shift & 255:02x}" for shift in (40, 32, 24, 16, 8, 0)),
    "string": str,
    "bytestring": lambda data: ":".join(f"{octet:02x}" for octet in data),
}
