"""Values as `print`, `format()` and `eval` show them, byte for byte BIRD's text.

`show(type, value)` takes values as compiled filters hold them: plain numbers and
tuples, with their static type. `show_value` takes rich values: those that know
their own type (`Pair`, `Quad`, enums, ...).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Final

from pybird.values.aspath import AsPath
from pybird.values.community import CommunityList, ExtendedList, LargeList
from pybird.values.enums import ENUMS, enum_type
from pybird.values.pathmask import PathMask, Run
from pybird.values.prefixset import PrefixSet
from pybird.values.prefixtext import show_prefix_set
from pybird.values.scalars import ExtendedCommunity, LargeCommunity, Mac, Pair, Quad, RouteDistinguisher
from pybird.values.sets import ValueSet

_RICH: Final[dict[str, Any]] = {
    "pair": Pair,
    "quad": Quad,
    "ec": ExtendedCommunity,
    "rd": RouteDistinguisher,
    "mac": Mac,
    **{name: kind for name, (kind, _, _) in ENUMS.items()},
}
_LISTS: Final = {CommunityList: "clist", ExtendedList: "eclist", LargeList: "lclist", AsPath: "path"}
_WIDEST: Final = 256  # more rows of a pair pattern than this are shown as the pattern


def rich(type_name: str, value: Any) -> Any:
    """The self-describing form of a value of this static type."""
    if value is None:
        return None
    if type_name == "lc":
        return LargeCommunity(*value)
    make = _RICH.get(type_name)
    return make(value) if make is not None else value


def show(type_name: str, value: Any) -> str:
    """The text of a value of this static type."""
    return show_value(rich(type_name, value))


def show_value(value: Any) -> str:
    """The text of a rich value."""
    match value:
        case None:
            return "(void)"
        case bool():
            return "TRUE" if value else "FALSE"
        case IntEnum():
            return f"(enum {ENUMS[enum_type(value)][2]:x}){int(value)}"
        case bytes():
            return value.hex(":")
        case AsPath() | CommunityList() | ExtendedList() | LargeList():
            return f"({_LISTS[type(value)]} {value})"
        case PathMask():
            return f"[= {''.join([_mask_item(item) + ' ' for item in value.items])}=]"
        case PrefixSet():
            return show_prefix_set(value)
        case ValueSet():
            return f"[{', '.join(_members(value))}]"
    return str(value)


def _mask_item(item: Any) -> str:
    match item:
        case Run():
            return str(item.value)
        case tuple():
            return f"{item[0]}..{item[1]}"
        case _:
            return show_value(item)


def _members(value: ValueSet) -> list[str]:
    kind = value.element
    narrow = [box for box in value.boxes if box[1] - box[0] < _WIDEST]
    rows = ValueSet(kind, value.intervals, narrow).rows()
    texts = [_interval(kind, low, high) for low, high in rows]
    for left_low, left_high, low, high in value.boxes:
        if left_high - left_low >= _WIDEST:
            left = "*" if (left_low, left_high) == (0, 65535) else f"{left_low}..{left_high}"
            texts.append(f"({left},{low}..{high})" if low != high else f"({left},{low})")
    return texts


def _interval(kind: str, low: Any, high: Any) -> str:
    return show(kind, low) if low == high else f"{show(kind, low)}..{show(kind, high)}"
