"""Between the product's values and the oracle's."""

from __future__ import annotations

from typing import Any

from pybird.values.address import Address
from pybird.values.aspath import SET, AsPath
from pybird.values.net import Prefix
from pybird.values.nets import RoaNet, VpnNet
from pybird.values.prefixset import PrefixSet
from pybird.values.sets import ValueSet
from tests.oracle.values import MAPPED, Box, Intervals, Net, Prefixes, Value


def lift(kind: str, value: Any) -> Value:
    """A value of the product of this static type."""
    if value is None:
        return Value("void", None)
    if kind == "empty set" or (kind.endswith(" set") and not isinstance(value, PrefixSet)):
        return Value("set", _set(kind, value))
    if isinstance(value, PrefixSet):
        return Value("prefix set", _prefix_set(value))
    return Value(kind, plain(value))


def plain(value: Any) -> Any:
    """The data of a scalar, a path or a list."""
    match value:
        case bool() | str():
            return value
        case bytes():
            return tuple(value)
        case int():
            return int(value)
        case Address():
            number = int.from_bytes(value.octets, "big")
            return number | MAPPED if value.is_v4 else number
        case AsPath(segments=segments):
            return tuple((kind == SET, tuple(numbers)) for kind, numbers in segments)
        case tuple():
            return tuple(map(int, value))
        case Prefix() | RoaNet() | VpnNet():
            return _net(value)
    return tuple(plain(item) for item in value)  # lists of communities


def _net(net: Any) -> Net:
    prefix = net if isinstance(net, Prefix) else net.prefix
    rest: tuple[Any, ...] = ()
    if isinstance(net, RoaNet):
        rest = (net.maxlen, net.asn)
    elif isinstance(net, VpnNet):
        rest = (int(net.rd),)
    address = int.from_bytes(prefix.address.octets, "big")
    return Net(net.type.name.lower(), address, prefix.length, rest)


def _set(kind: str, value: ValueSet) -> Intervals:
    element = kind.removesuffix(" set")
    items: list[tuple[Any, Any]] = [(plain(low), plain(high)) for low, high in value.intervals]
    for left_low, left_high, low, high in value.boxes:
        box = Box((left_low, left_high), (low, high))
        items.append((box, box))
    return Intervals(element, tuple(items))


def _prefix_set(value: PrefixSet) -> Prefixes:
    return Prefixes(
        tuple(
            (
                prefix.address.bits,
                int.from_bytes(prefix.address.octets, "big"),
                prefix.length,
                low,
                high,
            )
            for prefix, low, high in value
        )
    )
