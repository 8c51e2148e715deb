"""Sets of nothing but literal prefixes or numbers, read in one piece.

Such sets are the bulk of a route server's configuration (100 000 lines and
more). The lexer takes a whole `[ ... ]` as one token when it matches, and one
pass of a regular expression makes the set. Whatever does not match here, a
constant or an `include` among the items, is read token by token.
"""

from __future__ import annotations

import re
from socket import AF_INET, inet_pton

from pybird.conf.literals import number, prefix
from pybird.values.net import NetType
from pybird.values.prefixset import Pattern, PrefixSet
from pybird.values.sets import Interval, ValueSet

_BLANK = r"(?:[ \t\n]|\#[^\n]*)*+"
_V4 = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}/[0-9]{1,3}"
_V6 = r"[0-9a-fA-F]*:[0-9a-fA-F:.]*/[0-9]{1,3}"
_LENGTHS = r"\{[ \t]*[0-9]{1,3}[ \t]*,[ \t]*[0-9]{1,3}[ \t]*\}"
_PREFIX = rf"(?:{_V4}|{_V6})(?:[+-]|{_LENGTHS})?"
_NUMBER = r"(?:0x[0-9a-fA-F]+|[0-9]+)(?![0-9a-zA-Z:.])"
_NUMBERS = rf"(?:0x[0-9a-fA-F]+|[0-9]+)(?![0-9a-zA-Z:]|\.[0-9])(?:[ \t]*\.\.[ \t]*{_NUMBER})?"


def _set_of(item: str) -> re.Pattern[str]:
    return re.compile(rf"\[{_BLANK}{item}{_BLANK}(?:,{_BLANK}{item}{_BLANK})*+\]")


PREFIX_SET = _set_of(_PREFIX)
NUMBER_SET = _set_of(_NUMBERS)
LEAST_NUMBERS = 400  # characters; shorter sets keep a node per item

_PREFIX_ITEM = re.compile(
    rf"\#[^\n]*|({_V4})([+-]|{_LENGTHS})?|({_V6})([+-]|{_LENGTHS})?",
)
_NUMBER_ITEM = re.compile(r"\#[^\n]*|(0x[0-9a-fA-F]+|[0-9]+)(?:[ \t]*\.\.[ \t]*(0x[0-9a-fA-F]+|[0-9]+))?")

_PLAIN4 = re.compile(r"([0-9.]+)/([0-9]+)([+-]|\{[^}]*\})?")
_LENGTH = tuple([bytes((length,)) for length in range(33)])
_OCTETS = tuple([(length + 7) >> 3 for length in range(33)])
_HOST = tuple([0xFFFFFFFF >> length for length in range(33)])  # the host bits, which must be zero


BAD_RANGE = "Invalid prefix pattern range"


class BulkError(Exception):
    """An item that is wrong: where in the text, and why."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end


def prefix_set(text: str) -> PrefixSet:
    """The set that a `PREFIX_SET` token stands for.

    Raises:
        BulkError: at the wrong item.
    """
    plain = _plain4(text)
    if plain is not None:
        return PrefixSet(plain, NetType.IP4)
    patterns: list[Pattern] = []
    net_type: NetType | None = None
    for found in _PREFIX_ITEM.finditer(text):
        four, suffix, six, six_suffix = found.groups()
        if four is None and six is None:
            continue  # a comment
        kind = NetType.IP4 if six is None else NetType.IP6
        net_type = net_type or kind
        try:
            if kind is not net_type:
                raise ValueError("Mixed IPv4/IPv6 prefixes in prefix set")
            key = _key4(four) if six is None else prefix(six).key
            patterns.append(_pattern(key, suffix or six_suffix, 32 if six is None else 128))
        except ValueError as problem:
            at = found.start(2) if found[2] else found.start(4) if found[4] else found.start()
            at = at if str(problem).startswith(BAD_RANGE) else found.start()
            raise BulkError(str(problem), at, found.end()) from None
    return PrefixSet(patterns, net_type)


def _plain4(text: str) -> list[Pattern] | None:
    """The patterns of a set of IPv4 prefixes in their usual writing; None for any other set.

    Hot: half a million prefixes in a second (benchmarks/config_load.py).
    """
    if ":" in text or "#" in text:
        return None
    patterns: list[Pattern] = []
    for head, tail, suffix in _PLAIN4.findall(text):
        length = int(tail)
        try:
            octets = inet_pton(AF_INET, head)
            if _HOST[length] & int.from_bytes(octets, "big"):
                return None
        except (OSError, IndexError):  # `prefix_set` reports where, or can read it
            return None
        key = _LENGTH[length] + octets[: _OCTETS[length]]
        if not suffix:
            patterns.append((key, length, length))
        else:
            try:
                patterns.append(_pattern(key, suffix, 32))
            except ValueError:
                return None
    return patterns


def _key4(text: str) -> bytes:
    """The key of an IPv4 prefix. Raises the ValueError of `literals.prefix` for a wrong one."""
    head, _, tail = text.partition("/")
    length = int(tail)
    try:
        octets = bytes(map(int, head.split(".")))
    except ValueError:
        return prefix(text).key
    if length > 32 or int.from_bytes(octets, "big") << length & 0xFFFFFFFF:
        return prefix(text).key
    return bytes((length,)) + octets[: (length + 7) >> 3]


def _pattern(key: bytes, suffix: str | None, bits: int) -> Pattern:
    length = key[0]
    if suffix is None:
        return key, length, length
    if suffix == "+":
        return key, length, bits
    if suffix == "-":
        return key, 0, length
    low, high = (int(part) for part in suffix[1:-1].split(","))
    if low > high or high > bits:
        raise ValueError(f"{BAD_RANGE}: {{{low}, {high}}}")
    return key, low, high


def number_set(text: str) -> ValueSet:
    """The set that a `NUMBER_SET` token stands for.

    Raises:
        BulkError: at the wrong item.
    """
    intervals: list[Interval] = []
    for found in _NUMBER_ITEM.finditer(text):
        first, last = found.groups()
        if first is None:
            continue
        try:
            low = number(first)
            high = low if last is None else number(last)
            if low > high:
                raise ValueError(f"{low}..{high} is an empty range")
        except ValueError as problem:
            raise BulkError(str(problem), found.start(), found.end()) from None
        intervals.append((low, high))
    return ValueSet("int", intervals)
