"""Flow specifications as values (RFC 8955, RFC 8956).

A flow is stored as its components in wire form, without the length that precedes
them in NLRI; this is also its table key (`WITHOUT_COMPONENTS` if there are none). Text is
BIRD's `flow4 { … }`. Components are built with `prefix_component`, `number_component` and `bits_component`,
in ascending type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, final

from pybird.values.address import Address
from pybird.values.net import NetType, Prefix

DST, SRC, PROTO, PORT, DPORT, SPORT, ICMP_TYPE, ICMP_CODE, TCP_FLAGS, LENGTH, DSCP, FRAGMENT, LABEL = range(
    1, 14
)

_NAMES: Final = {
    DST: "dst",
    SRC: "src",
    PROTO: "proto",
    PORT: "port",
    DPORT: "dport",
    SPORT: "sport",
    ICMP_TYPE: "icmp type",
    ICMP_CODE: "icmp code",
    TCP_FLAGS: "tcp flags",
    LENGTH: "length",
    DSCP: "dscp",
    FRAGMENT: "fragment",
    LABEL: "label",
}
COMPONENTS: Final = {**{name: code for code, name in _NAMES.items()}, "next header": PROTO}

_AND: Final = 0x40
_END: Final = 0x80
# RFC 8955, 4.2.1.1: bit 2 is less than, bit 1 greater than, bit 0 equal.
_OPERATORS: Final = ("false", "=", ">", ">=", "<", "<=", "!=", "true")
_FRAGMENTS: Final = {1: "dont_fragment", 2: "is_fragment", 4: "first_fragment", 8: "last_fragment"}
FRAGMENT_BITS: Final = {name: bit for bit, name in _FRAGMENTS.items()}

WITHOUT_COMPONENTS: Final = b"\0"  # the key of a flow that has none: no component has type 0

Term = tuple[int, int]  # operator bits with `_AND`, value


@final
@dataclass(frozen=True, slots=True, order=True)
class FlowNet:
    """One flow specification; `octets` are its components in wire form, already checked."""

    octets: bytes
    v6: bool

    @classmethod
    def of(cls, components: Iterable[bytes], *, v6: bool) -> FlowNet:
        """Make a flow from components in any order, at most one of each type."""
        ordered: list[bytes] = sorted(components)
        return cls(b"".join(ordered), v6)

    @property
    def type(self) -> NetType:
        return NetType.FLOW6 if self.v6 else NetType.FLOW4

    @property
    def key(self) -> bytes:
        return self.octets or WITHOUT_COMPONENTS

    @classmethod
    def of_key(cls, key: bytes, *, v6: bool) -> FlowNet:
        """The flow that a table stores under `key`."""
        return cls(b"" if key == WITHOUT_COMPONENTS else key, v6)

    @property
    def dst(self) -> Prefix | None:
        """The destination prefix; None when the flow has none."""
        return self._prefix(DST)

    @property
    def src(self) -> Prefix | None:
        """The source prefix; None when the flow has none."""
        return self._prefix(SRC)

    @property
    def prefix(self) -> Prefix:
        """The destination prefix, or the prefix of all addresses when the flow has none."""
        return self.dst or self.everything

    @property
    def everything(self) -> Prefix:
        """The prefix of all addresses, which an absent destination or source stands for."""
        return Prefix(Address(bytes(16 if self.v6 else 4)), 0)

    def _prefix(self, wanted: int) -> Prefix | None:
        for code, value in self._components():
            if code == wanted:
                return self._read_prefix(value)[0]
        return None

    def _read_prefix(self, value: bytes) -> tuple[Prefix, int]:
        if not self.v6:
            return Prefix(Address(value[1:].ljust(4, b"\0")), value[0]), 0
        length, offset = value[0], value[1]
        bits = int.from_bytes(value[2:], "big") << (128 - 8 * len(value[2:]))
        return Prefix(Address.from_v6(bits >> offset), length), offset

    def _components(self) -> Iterator[tuple[int, bytes]]:
        octets, at = self.octets, 0
        while at < len(octets):
            code, start = octets[at], at + 1
            if code in (DST, SRC):
                offset = octets[start + 1] if self.v6 else 0
                at = start + (2 if self.v6 else 1) + ((octets[start] - offset + 7) >> 3)
            else:
                at = start
                while True:
                    head = octets[at]
                    at += 1 + (1 << (head >> 4 & 3))
                    if head & _END:
                        break
            yield code, octets[start:at]

    def __str__(self) -> str:
        shown = [self._show(code, value) for code, value in self._components()]
        return (
            f"flow{6 if self.v6 else 4} {{ {' '.join(shown)} }}"
            if shown
            else f"flow{6 if self.v6 else 4} {{ }}"
        )

    def _show(self, code: int, value: bytes) -> str:
        name = "next header" if code == PROTO and self.v6 else _NAMES[code]
        if code in (DST, SRC):
            prefix, offset = self._read_prefix(value)
            return f"{name} {prefix} offset {offset};" if offset else f"{name} {prefix};"
        terms = list(_terms(value))
        if code in (TCP_FLAGS, FRAGMENT):
            return f"{name} {_show_bits(terms, named=code == FRAGMENT)};"
        return f"{name} {_show_numbers(terms)};"


def prefix_component(code: int, prefix: Prefix, offset: int = 0) -> bytes:
    """A destination or source component; in IPv6 it may skip the first `offset` bits (RFC 8956, 3.1)."""
    head = bytes((code, prefix.length))
    if prefix.address.is_v4:
        return head + prefix.address.octets[: (prefix.length + 7) >> 3]
    bits = (prefix.address.value << offset) & ((1 << 128) - 1)
    return head + bytes((offset,)) + bits.to_bytes(16, "big")[: (prefix.length - offset + 7) >> 3]


def number_component(code: int, terms: Iterable[tuple[str, int, bool]]) -> bytes:
    """A component of numeric tests: (operator as written, value, joined to the last by `&&`?)."""
    return _component(
        code, [(_OPERATORS.index(op) | (_AND if and_ else 0), value) for op, value, and_ in terms]
    )


def bits_component(code: int, terms: Iterable[tuple[bool, int, int, bool]]) -> bytes:
    """A component of bit tests `[!]value/mask`: (negated?, value, mask, joined to the last by `&&`?)."""
    out: list[Term] = []
    for negated, value, mask, and_ in terms:
        join = _AND if and_ else 0
        ones, zeros = value & mask, mask & ~value
        if ones:
            plain = 2 if code == FRAGMENT else 3  # one bit: BIRD does not ask for "all of these bits" there
            out.append((join | (plain if negated else 1), ones))
            join = 0 if negated else _AND
        if zeros:
            out.append((join | (0 if negated else 2), zeros))
    return _component(code, out)


def _component(code: int, terms: list[Term]) -> bytes:
    out = [bytes((code,))]
    for at, (bits, value) in enumerate(terms):
        size = 0 if value < 1 << 8 else 1 if value < 1 << 16 else 2
        if code == LABEL:
            size = 2  # RFC 8956, 3.7
        end = _END if at == len(terms) - 1 else 0
        out.append(bytes((bits | end | size << 4,)) + value.to_bytes(1 << size, "big"))
    return b"".join(out)


def _terms(value: bytes) -> Iterator[Term]:
    at = 0
    while at < len(value):
        head, size = value[at], 1 << (value[at] >> 4 & 3)
        yield head & (_AND | 7), int.from_bytes(value[at + 1 : at + 1 + size], "big")
        at += 1 + size


def _show_numbers(terms: list[Term]) -> str:
    out, plain_before, at = "", False, 0
    while at < len(terms):
        bits, value = terms[at]
        text, step = _number(bits, value, terms[at + 1] if at + 1 < len(terms) else None)
        plain = bits & 7 == 1 or step == 2
        if at:
            out += " && " if bits & _AND else "," if plain and plain_before else " || "
        out += text
        plain_before, at = plain, at + step
    return out


def _number(bits: int, value: int, following: Term | None) -> tuple[str, int]:
    operator = bits & 7
    if operator == 3 and following is not None and following[0] & 7 == 5 and following[0] & _AND:
        return f"{value}..{following[1]}", 2
    if operator in (0, 7):
        return f"{'true' if operator else 'false'} {value}", 1
    return (f"{value}" if operator == 1 else f"{_SIGNS[operator]} {value}"), 1


_SIGNS: Final = {2: ">", 3: ">=", 4: "<", 5: "<=", 6: "!="}


def _show_bits(terms: list[Term], *, named: bool) -> str:
    out = ""
    for at, (bits, value) in enumerate(terms):
        if at:
            out += " && " if bits & _AND else " || "
        negated, exact = bool(bits & 2), bool(bits & 1)
        if named:
            out += f"{'!' if negated else ''}{_FRAGMENTS.get(value, hex(value))}"
        elif exact:
            out += f"{'!' if negated else ''}{value:#x}/{value:#x}"
        else:
            out += f"{'' if negated else '!'}0x0/{value:#x}"
    return out
