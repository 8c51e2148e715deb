"""The functions that compiled filters may call.

Arguments are as the compiler passes them: pairs, quads, enums and communities are
plain numbers and tuples; their static type says what they are. A void operand is
None, on which Python raises TypeError or AttributeError; the caller of the filter
turns these into the run-time error for the user. Hot code (also compiled by mypyc).
"""

from __future__ import annotations

from re import Pattern, escape
from re import compile as compile_pattern
from typing import Any, Final

from pybird.filter.errors import FilterRuntimeError
from pybird.values.address import UNSPECIFIED_V6, Address
from pybird.values.aspath import EMPTY_PATH, AsPath
from pybird.values.community import EMPTY_COMMUNITIES, EMPTY_EXTENDED, EMPTY_LARGE
from pybird.values.enums import EvpnType
from pybird.values.net import NetType, Prefix
from pybird.values.nets import EthNet, EvpnNet, FlowNet
from pybird.values.pathmask import PathMask
from pybird.values.prefixset import PrefixSet
from pybird.values.prefixtext import show_prefix_set
from pybird.values.scalars import ExtendedCommunity, Pair
from pybird.values.sets import ValueSet


class Accept(Exception):  # noqa: N818  a verdict, not an error
    """A function decided: accept the route."""


class Reject(Exception):  # noqa: N818
    """A function decided: reject the route."""


def divide(a: int, b: int) -> int:
    """`a / b`. Raises FilterRuntimeError if `b` is 0."""
    if b == 0:
        raise FilterRuntimeError("Mother told me not to divide by 0")
    return a // b


def need(value: Any) -> Any:
    """The value. Raises FilterRuntimeError if it is void."""
    if value is None:
        raise FilterRuntimeError("an operand has no value")
    return value


def all_of(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values, after all were computed. Raises FilterRuntimeError if one of them is void."""
    if None in values:
        raise FilterRuntimeError("an operand has no value")
    return values


def void_order(a: Any, b: Any) -> int:
    """-1, 0 or 1 as `a` is less than, equal to or greater than `b`; void comes first."""
    if a is None or b is None:
        return (b is None) - (a is None) if a is not b else 0
    return -1 if a < b else int(a > b)


def no_order(a: Any, b: Any) -> int:
    """As `void_order`, but raises FilterRuntimeError for two values: their type has no order."""
    if a is None or b is None:
        return void_order(a, b)
    raise FilterRuntimeError("Can't compare values of incompatible types")


def never(*_operands: Any) -> bool:
    """False, after the operands were evaluated: for a test that never holds."""
    return False


def maybe_in(value: Any, members: Any) -> bool:
    """`~` with a value that may be void: void is in no empty set, and an error with any other set."""
    return (value if value is not None or not members else need(value)) in members


def cannot_match(_left: Any, _right: Any) -> bool:
    """Raises FilterRuntimeError: like BIRD, load accepts `~` of these types, but every run fails."""
    raise FilterRuntimeError("~ applied on unknown type pair")


# ------------------------------------------------------------------ nets

# The lengths that BIRD gives to nets without a prefix.
_SIZES: Final = {NetType.ETH: 48, NetType.MPLS: 20, NetType.ASPA: 32, NetType.PEER: 0}
# By part of an EVPN route: the kinds of routes that do not have it.
_WITHOUT: Final[dict[str, tuple[EvpnType, ...]]] = {
    "mac": (EvpnType.EAD, EvpnType.IMET, EvpnType.ES, EvpnType.PREFIX),
    "tag": (EvpnType.ES,),
    "esi": (EvpnType.MAC, EvpnType.IMET, EvpnType.PREFIX),
    "ip": (EvpnType.EAD, EvpnType.MAC, EvpnType.PREFIX),
}


def net_order(net: Any) -> Any:
    """Sort key of a net of any type; None for a void one."""
    if net is None:
        return None
    if isinstance(net, EthNet):
        return (int(net.type), (net.vlan_id, int(net.mac)))
    if isinstance(net, FlowNet):  # by the destination, then the shorter specification first
        return (int(net.type), net.prefix, len(net.octets), net.octets)
    return (int(net.type), net) if not isinstance(net, EvpnNet) else (int(net.type), net.key)


def net_length(net: Any) -> int:
    """The prefix length of a net; without a prefix, the number that BIRD gives instead."""
    if isinstance(net, Prefix):
        return net.length
    prefix = getattr(net, "prefix", None)
    if prefix is not None:
        return int(prefix.length)
    return int(net.kind) if isinstance(net, EvpnNet) else _SIZES[net.type]


def net_address(net: Any) -> Address:
    """The address part of a net; `::` if it has none."""
    if isinstance(net, EvpnNet):
        return (net.ip if net.kind in (EvpnType.MAC, EvpnType.PREFIX) else None) or UNSPECIFIED_V6
    prefix = net if isinstance(net, Prefix) else getattr(need(net), "prefix", None)
    address = getattr(net, "address", None) if prefix is None else prefix.address
    return address if isinstance(address, Address) else UNSPECIFIED_V6


def net_part(net: Any, name: str) -> Any:
    """A part that only some types of net have. Raises FilterRuntimeError without it."""
    if not hasattr(net, name) or (isinstance(net, EvpnNet) and _lacks(net, name)):
        raise FilterRuntimeError(f"{net} has no {name}")
    part = getattr(net, name)
    if part is None and isinstance(net, FlowNet):
        return net.everything
    return part


def _lacks(net: EvpnNet, name: str) -> bool:
    """True if EVPN routes of this kind do not have this part; unknown ones have a distinguisher only."""
    if net.octets is not None:
        return name in _WITHOUT
    return net.kind in _WITHOUT.get(name, ())


def net_inside(net: Any, outer: Any) -> bool:
    """True if `net` (an address or a net of the type of `outer`) lies in the prefix of `outer`."""
    around = outer if isinstance(outer, Prefix) else getattr(outer, "prefix", None)
    if not isinstance(around, Prefix):
        return False  # nothing lies in a net without a prefix, not even the same net
    if isinstance(net, Address):
        return around.contains(net)
    if net.type != outer.type:
        return False
    return around.covers(net if isinstance(net, Prefix) else net.prefix)


def make_pair(a: int, b: int) -> int:
    """`(a, b)`. Raises FilterRuntimeError if a part is wider than 16 bits."""
    if a > 65535 or b > 65535:
        text = f"Can't operate with value out of bounds in pair constructor: {max(a, b)} is above 65535"
        raise FilterRuntimeError(text)
    return a << 16 | b


def make_extended(kind: str, key: Any, value: int, number: int) -> int:
    """`(kind, key, value)`. Raises FilterRuntimeError if a part does not fit."""
    try:
        return ExtendedCommunity.of(kind, key, value, number)
    except ValueError as problem:
        raise FilterRuntimeError(f"extended community: {problem}") from None


def quad_address(value: int) -> Address:
    """A quad as an IPv4 address."""
    return Address.from_v4(value)


def maybe_address(value: int | None) -> Address | None:
    """A quad as an IPv4 address; None for a void one."""
    return None if value is None else Address.from_v4(value)


def without(listed: Any, item: Any) -> Any:
    """A list or path without this member."""
    if item not in listed:
        return listed
    return listed.keep(lambda member: member != item)


def without_any(listed: Any, unwanted: Any) -> Any:
    """A list or path without the members that are in a set or list."""
    if isinstance(unwanted, ValueSet) and not unwanted.any_of(listed.items):
        return listed
    return listed.keep(lambda member: member not in unwanted)


def only(listed: Any, wanted: Any) -> Any:
    """A list or path with only the members that are in a set or list."""
    return listed.keep(lambda member: member in wanted)


def least(listed: Any, zero: Any) -> Any:
    """The smallest member; `zero` for an empty list."""
    return min(listed.items) if listed.items else zero


def greatest(listed: Any, zero: Any) -> Any:
    """The largest member; `zero` for an empty list."""
    return max(listed.items) if listed.items else zero


def addresses_match(listed: Any, addresses: Any) -> bool:
    """True if a member of a clist, read as an IPv4 address, is in the set."""
    return any(Address.from_v4(item) in addresses for item in listed.items)


def only_addresses(listed: Any, addresses: Any) -> Any:
    """A clist with only the members that, read as IPv4 addresses, are in the set."""
    return listed.keep(lambda member: Address.from_v4(member) in addresses)


def without_addresses(listed: Any, addresses: Any) -> Any:
    """A clist without the members that, read as IPv4 addresses, are in the set."""
    return listed.keep(lambda member: Address.from_v4(member) not in addresses)


def same_sets(a: Any, b: Any) -> bool:
    """True if BIRD considers two sets equal: they make the same tree, however they were written."""
    if isinstance(a, PrefixSet) and isinstance(b, PrefixSet):
        return a == b or (a.net_type is b.net_type and show_prefix_set(a) == show_prefix_set(b))
    if isinstance(a, ValueSet) and isinstance(b, ValueSet):
        return a == b or (bool(a.boxes or b.boxes) and a.rows() == b.rows())
    return bool(a == b)


def append(a: Any, b: Any) -> Any:
    """`++` of texts and byte strings."""
    return a + b


# ---------------------------------------------------------------- matching


def text_pattern(pattern: str) -> Pattern[str]:
    """A shell pattern (`*`, `?`, backslash before a literal character) as a regular expression.

    The text between two `*` matches where it first fits, without backtracking (`(?>`): a later
    place could not help, and with many `*` trying them all would take forever.
    """
    parts: list[str] = [""]
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "*":
            parts.append("")
        elif char == "\\" and at + 1 < len(pattern):
            at += 1
            parts[-1] += escape(pattern[at])
        else:
            parts[-1] += "." if char == "?" else escape(char)
        at += 1
    begin, middle, end = parts[0], parts[1:-1], parts[-1]
    out = [begin]
    out.extend(["(?>.*?" + part + ")" for part in middle if part])
    if len(parts) > 1:
        out.append(".*" + end)
    return compile_pattern("(?s:" + "".join(out) + r")\Z")


def text_match(text: str, pattern: str) -> bool:
    """True if the whole text matches the shell pattern."""
    return text_pattern(pattern).match(text) is not None


def from_hex(text: str) -> bytes:
    """The bytes of hex digits, as in `from_hex("01:02")`."""
    try:
        return bytes.fromhex(text.replace(":", " ").replace("-", " ").replace(".", " "))
    except ValueError:
        raise FilterRuntimeError(f"{text!r} is not hexadecimal") from None


def roa_check(s: Any, table: str, net: Any, asn: int) -> int:
    """The ROA_* state of a prefix and its origin AS (RFC 6811)."""
    if s.lookup is None:
        raise FilterRuntimeError(f"table {table} cannot be looked up here")
    return int(s.lookup.roa_check(table, net, asn))


def aspa_check(s: Any, table: str, path: Any, upstream: bool) -> int:
    """The ASPA_* state of a path."""
    if s.lookup is None:
        raise FilterRuntimeError(f"table {table} cannot be looked up here")
    return int(s.lookup.aspa_check(table, path, upstream))


# The names that generated code may use.
EXPORTS: Final[dict[str, Any]] = {
    "Accept": Accept,
    "EMPTY_COMMUNITIES": EMPTY_COMMUNITIES,
    "EMPTY_EXTENDED": EMPTY_EXTENDED,
    "EMPTY_LARGE": EMPTY_LARGE,
    "EMPTY_PATH": EMPTY_PATH,
    "AsPath": AsPath,
    "PathMask": PathMask,
    "PrefixSet": PrefixSet,
    "Reject": Reject,
    "Pair": Pair,
    "ValueSet": ValueSet,
    "all_of": all_of,
    "addresses_match": addresses_match,
    "append": append,
    "aspa_check": aspa_check,
    "cannot_match": cannot_match,
    "divide": divide,
    "from_hex": from_hex,
    "greatest": greatest,
    "least": least,
    "make_extended": make_extended,
    "make_pair": make_pair,
    "maybe_address": maybe_address,
    "maybe_in": maybe_in,
    "net_address": net_address,
    "net_inside": net_inside,
    "net_length": net_length,
    "need": need,
    "net_order": net_order,
    "never": never,
    "net_part": net_part,
    "only": only,
    "only_addresses": only_addresses,
    "quad_address": quad_address,
    "roa_check": roa_check,
    "same_sets": same_sets,
    "text_match": text_match,
    "no_order": no_order,
    "void_order": void_order,
    "without": without,
    "without_addresses": without_addresses,
    "without_any": without_any,
}
