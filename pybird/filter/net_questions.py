"""A filter's questions about the network alone, and the bits of their answers.

A filter that reads the network only through these questions need not run for every
network: networks with the same answers and the same attribute set share one run.
The answers for one network are a number, its *mask*, in which `NetQuestions` gives
each question its bits. `net_answers.py` computes the masks of many networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pybird.filter.runtime import net_length
from pybird.values.net import NetType, net_of
from pybird.values.prefixset import PrefixSet

_PLAIN: Final = (NetType.IP4, NetType.IP6)
_PYTHON: Final = {"=": "==", "!=": "!="}


@dataclass(frozen=True, slots=True)
class NetTest:
    """A test of the network alone: in a set, equal to a prefix, or by length (`operator`, `length`).

    `only`: networks of VPNs and ROAs do not match by their prefix.
    """

    prefixes: PrefixSet | None = None
    equal: Any = None
    operator: str = ""
    length: int = 0
    only: bool = False

    @property
    def bits(self) -> int:
        """The number of bits of the answer."""
        return 1

    def code(self, net_type: NetType, names: dict[str, Any]) -> str:
        """The test as source with the variable `key`, for tables of this type; "" if it never holds."""
        name = f"t{len(names)}"
        plain = net_type in _PLAIN
        if self.prefixes is not None:
            if self.prefixes.net_type is net_type:
                exact = self.prefixes.only_exact
                names[name] = exact if exact is not None else self.prefixes.match
                return f"key in {name}" if exact is not None else f"{name}(key)"
            if plain or self.only or self.prefixes.net_type is None:
                return ""
            prefixes = self.prefixes
            names[name] = lambda key: net_of(net_type, key) in prefixes
            return f"{name}(key)"
        if self.equal is not None:
            return f"key == {self.equal.key!r}" if self.equal.type is net_type else ""
        if plain:
            return f"key[0] {_PYTHON.get(self.operator, self.operator)} {self.length}"
        names[name] = lambda key: net_length(net_of(net_type, key))
        return f"{name}(key) {_PYTHON.get(self.operator, self.operator)} {self.length}"

    def patterns(self, net_type: NetType) -> list[bytes] | None:
        """The networks on which the answer depends, besides the length; None if they are too many."""
        if self.prefixes is not None and self.prefixes.net_type is net_type:
            if len(self.prefixes) > MOST_CACHED_PATTERNS:
                return None
            return [key for key, _, _ in self.prefixes.patterns]
        if self.equal is not None and self.equal.type is net_type:
            return [self.equal.key]
        return []


@dataclass(frozen=True, slots=True)
class Length:
    """The prefix length itself (`net.len`), for any other use in the filter."""

    @property
    def bits(self) -> int:
        """The number of bits of the answer: a length is 0 to 128."""
        return 8


@dataclass(frozen=True, slots=True)
class RoaTest:
    """`roa_check` of the network in a table; `asn` None: the AS that this method of the path gives."""

    table: str
    asn: int | None = None
    method: str = "last"

    @property
    def bits(self) -> int:
        """The number of bits of the answer: ROA_UNKNOWN, ROA_VALID or ROA_INVALID."""
        return 2


MOST_CACHED_PATTERNS: Final = 4096  # a set of more patterns is tested for every network, without caching


class NetQuestions:
    """The questions of one filter, each with its first bit."""

    def __init__(self) -> None:
        self.first: dict[NetTest | Length | RoaTest, int] = {}
        self._width = 0

    def bit(self, test: NetTest | Length | RoaTest) -> int:
        """The first bit of a question; a new question gets the next free bits."""
        found = self.first.get(test)
        if found is None:
            found = self.first[test] = self._width
            self._width += test.bits
        return found

    @property
    def nets(self) -> tuple[NetTest, ...]:
        """The tests of the network among the questions."""
        return tuple([test for test in self.first if isinstance(test, NetTest)])

    @property
    def roas(self) -> tuple[RoaTest, ...]:
        """The look-ups in ROA tables among the questions."""
        return tuple([test for test in self.first if isinstance(test, RoaTest)])
