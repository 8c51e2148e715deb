"""Builds sets and path masks from their items, once the values of the parts are known.

The callers (the compiler, the evaluator of constants) pass a function that gives
the value of a part as a `Literal`; the result is a value of `pybird.values`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pybird.filter import nodes as n
from pybird.filter.errors import FilterRuntimeError, FilterTypeError
from pybird.values.net import NetType, Prefix
from pybird.values.pathmask import Item, PathMask, Run
from pybird.values.prefixset import EMPTY_PREFIX_SET, Pattern, PrefixSet
from pybird.values.scalars import U16, U32, ExtendedCommunity
from pybird.values.sets import EMPTY_SET, Box, Interval, ValueSet, large_interval

Evaluate = Callable[[n.Node], n.Literal]


def set_literal(items: tuple[n.Node, ...], type_name: str, evaluate: Evaluate) -> Any:
    """The value of `[ items ]` of this type.

    Raises:
        FilterTypeError: a part does not fit.
    """
    if type_name == "prefix set":
        return _prefix_set(items, evaluate)
    if not items:
        return EMPTY_SET
    intervals: list[Interval] = []
    boxes: list[Box] = []
    for item in items:
        match item:
            case n.PairPattern(left=left, right=right):
                boxes.append((*_pair_bounds(left, evaluate), *_pair_bounds(right, evaluate)))
            case n.LargePattern(first=a, second=b, third=c):
                intervals.append(_large(item, [_bounds(part, U32, evaluate) for part in (a, b, c)]))
            case n.ExtendedPattern():
                intervals.append(_extended(item, evaluate))
            case n.Range(low=low, high=high):
                intervals.append((evaluate(low).value, evaluate(high).value))
            case _:
                value = evaluate(item).value
                intervals.append((value, value))
    return ValueSet(type_name.removesuffix(" set"), intervals, boxes)


class SetForm:
    """A set with members that are only known at run time.

    Call it with the values of `leaves`, the parts that the members consist of.
    """

    __slots__ = ("_items", "_kind", "leaves")

    def __init__(self, items: tuple[n.Node, ...], kind: str) -> None:
        self._items = items
        self._kind = kind
        if kind == "prefix set":
            raise FilterTypeError("members of a set must be constants", items[0].span)
        self.leaves = [leaf for item in items for leaf in leaves(item)]

    def __call__(self, values: tuple[Any, ...]) -> Any:
        """The set, from the values of `leaves`.

        Raises:
            FilterRuntimeError: a part has no value, or one that is not allowed.
        """
        if None in values:
            raise FilterRuntimeError("a member of a set has no value")
        known = {id(leaf): n.Literal("any", value) for leaf, value in zip(self.leaves, values, strict=True)}
        try:
            return set_literal(self._items, self._kind, lambda node: known[id(node)])
        except FilterTypeError as problem:
            raise FilterRuntimeError(problem.message) from None


def leaves(item: n.Node) -> Iterator[n.Node]:
    """The expressions that a member of a set consists of."""
    match item:
        case n.PairPattern(left=a, right=b):
            yield from (*leaves(a), *leaves(b))
        case n.LargePattern(first=a, second=b, third=c):
            yield from (*leaves(a), *leaves(b), *leaves(c))
        case n.ExtendedPattern(key=key, value=value, number=number):
            yield key
            yield from leaves(value)
            if number is not None:
                yield number
        case n.Range(low=low, high=high):
            yield from (low, high)
        case n.Wildcard():
            pass
        case _:
            yield item


def _prefix_set(items: tuple[n.Node, ...], evaluate: Evaluate) -> PrefixSet:
    patterns: list[Pattern] = []
    net_type: NetType | None = None
    for item in items:
        node, low, high = item, None, None
        if isinstance(item, n.PrefixPattern):
            node, low, high = item.prefix, item.low, item.high
        prefix = evaluate(node).value
        if not isinstance(prefix, Prefix):
            raise FilterTypeError(f"{prefix} cannot be a member of a prefix set", item.span)
        if net_type is not None and prefix.type is not net_type:
            raise FilterTypeError("IPv4 and IPv6 prefixes in one set", item.span)
        net_type = prefix.type
        bits = prefix.address.bits
        first = prefix.length if low is None else low
        last = prefix.length if high is None else high
        if not 0 <= first <= last <= bits:
            raise FilterTypeError(f"prefix lengths {first} to {last} are not in 0 to {bits}", item.span)
        patterns.append((prefix.key, first, last))
    return PrefixSet(patterns, net_type) if net_type is not None else EMPTY_PREFIX_SET


def _pair_bounds(part: n.Node, evaluate: Evaluate) -> tuple[int, int]:
    low, high = _bounds(part, U16, evaluate)
    if low > high:
        raise FilterTypeError("From value cannot be higher that To value in pair sets", part.span)
    return low, high


def _bounds(part: n.Node, most: int, evaluate: Evaluate) -> tuple[int, int]:
    """(lowest, highest) value of a part; a range with low > high is empty, as in BIRD."""
    match part:
        case n.Wildcard():
            return 0, most
        case n.Range(low=low, high=high):
            first, last = evaluate(low).value, evaluate(high).value
        case _:
            first = last = evaluate(part).value
    if max(first, last) > most:
        raise FilterTypeError(f"{first}..{last} is not a range within 0..{most}", part.span)
    return first, last


def _large(item: n.Node, parts: list[tuple[int, int]]) -> Interval:
    wide = [at for at, (low, high) in enumerate(parts) if low != high]
    if wide and any(part != (0, U32) for part in parts[wide[0] + 1 :]):
        raise FilterTypeError(
            "after a range or `*` only `*` may follow in a large community pattern", item.span
        )
    return large_interval(*parts)


def _extended(item: n.ExtendedPattern, evaluate: Evaluate) -> Interval:
    key = evaluate(item.key).value
    number = evaluate(item.number).value if item.number is not None else 0
    wide_value = item.kind == "generic" or (isinstance(key, int) and key <= U16)
    low, high = _bounds(item.value, U32 if wide_value else U16, evaluate)
    try:
        first = ExtendedCommunity.of(item.kind, key, low, number)
        last = ExtendedCommunity.of(item.kind, key, high, number)
    except ValueError as problem:
        raise FilterTypeError(f"extended community: {problem}", item.span) from None
    return first, last


def mask_item(item: n.Node, evaluate: Evaluate) -> Item:
    """One item of `[= … =]`."""
    match item:
        case n.MaskAny():
            return Run.ANY
        case n.MaskOne():
            return Run.ONE
        case n.MaskPlus():
            return Run.MORE
        case n.Range(low=low, high=high):
            return evaluate(low).value, evaluate(high).value
        case _:
            return mask_value(evaluate(item).value)


def mask_value(value: Any) -> Item:
    """A run-time value as an item of a mask."""
    if isinstance(value, (int, ValueSet)):
        return value
    raise FilterRuntimeError(f"{value} cannot be part of a path mask")


def mask_literal(items: tuple[n.Node, ...], evaluate: Evaluate) -> PathMask:
    """The value of `[= items =]` whose parts are all constant."""
    return PathMask(tuple([mask_item(item, evaluate) for item in items]))
