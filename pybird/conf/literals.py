"""From the text of a token to its value."""

from __future__ import annotations

from pybird.filter.nodes import Literal, Span
from pybird.values.address import Address
from pybird.values.net import Prefix
from pybird.values.scalars import Mac, RouteDistinguisher

_MAPPED = bytes(10) + b"\xff\xff"


def literal(kind: str, text: str, span: Span) -> Literal:
    """The value of a token of this terminal.

    Raises:
        ValueError: the text has no such value; the message is for the user.
    """
    match kind:
        case "NUMBER":
            return Literal("int", number(text), span=span)
        case "TEXT":
            return Literal("string", text, span=span)
        case "ADDRESS":
            return Literal("ip", unmapped(address(text)), span=span)
        case "PREFIX" | "PREFIX_LONGER" | "PREFIX_SHORTER":
            return Literal("prefix", prefix(text), span=span)
        case "MAC":
            return Literal("mac", Mac.parse(text), span=span)
        case "BYTES":
            return Literal("bytestring", octets(text), span=span)
        case "RD":
            return Literal("rd", RouteDistinguisher.parse(text), span=span)
    raise ValueError(f"unexpected `{text}`")


def number(text: str) -> int:
    """Decimal or hexadecimal, 32 bits. Raises ValueError."""
    value = int(text, 16 if text.startswith("0x") else 10)
    if value >> 32:
        raise ValueError("Number out of range")
    return value


def address(text: str) -> Address:
    """Dotted quad or colons. Raises ValueError."""
    try:
        if ":" not in text:
            return Address(bytes(int(part) for part in text.split(".")))
        return Address.parse(text)
    except ValueError:
        raise ValueError(f"Invalid {'IPv6' if ':' in text else 'IPv4'} address {text}") from None


def unmapped(value: Address) -> Address:
    """An IPv4-mapped address (`::ffff:1.2.3.4`) is the IPv4 address."""
    return Address(value.octets[12:]) if value.octets.startswith(_MAPPED) else value


def prefix(text: str) -> Prefix:
    """`address/length`, host bits zero. Raises ValueError."""
    head, _, tail = text.rstrip("+- \t").partition("/")
    base, length = address(head.strip()), int(tail)
    if length > base.bits:
        raise ValueError(f"Invalid prefix length {length}")
    masked = base.masked(length)
    if masked != base:
        raise ValueError(
            f"Invalid IPv{4 if base.is_v4 else 6} prefix {base}/{length}, maybe you wanted {masked}/{length}"
        )
    return Prefix(base, length)


def octets(text: str) -> bytes:
    """Hex pairs, with or without colons. Raises ValueError."""
    return bytes.fromhex(text.removeprefix("hex:").replace(":", ""))
