"""LLDPDUs as octets (IEEE 802.1AB-2016, clause 8 and 9.2.7.7).

An LLDPDU is a sequence of TLVs, each with 7 bits of type and 9 bits of length. Chassis ID,
Port ID and Time To Live come first, in this order and once. Whatever breaks that, or does
not fit into the frame, makes the whole LLDPDU invalid; an optional TLV that is malformed, or comes
again although it may not, is left out and counted.

Names are shown as text on one line: control characters become spaces.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pybird.values.address import Address

ETHERTYPE: Final = 0x88CC
NEAREST_BRIDGE: Final = bytes.fromhex("0180c200000e")  # bridges do not forward it (802.1AB, 7.1)

END: Final = 0
CHASSIS_ID: Final = 1
PORT_ID: Final = 2
TIME_TO_LIVE: Final = 3
PORT_DESCRIPTION: Final = 4
SYSTEM_NAME: Final = 5
SYSTEM_DESCRIPTION: Final = 6
CAPABILITIES: Final = 7
MANAGEMENT_ADDRESS: Final = 8

FIRST: Final = (CHASSIS_ID, PORT_ID, TIME_TO_LIVE)
_ONCE: Final = frozenset((PORT_DESCRIPTION, SYSTEM_NAME, SYSTEM_DESCRIPTION, CAPABILITIES))
_MOST_ID: Final = 256  # octets with the subtype
_MOST_TEXT: Final = 255
MOST_ADDRESSES: Final = 8  # of one neighbor; others are left out

_CHASSIS_MAC, _CHASSIS_NETWORK, LOCAL = 4, 5, 7
_PORT_MAC, _PORT_NETWORK, INTERFACE_NAME = 3, 4, 5
_AFN: Final = {1: 4, 2: 16}  # IANA's address family numbers, and octets
IF_INDEX: Final = 2  # numbering subtype of a management address
ROUTER: Final = 1 << 4  # system capability


class LldpError(ValueError):
    """An LLDPDU that must be discarded; the text says why."""


@dataclass(frozen=True, slots=True)
class Lldpdu:
    """What one system says of itself and of the port that it sends from. `ttl` in seconds, 0: it stops.

    `chassis` and `port` are the octets of the identifiers with their subtypes; together they
    identify the sender (802.1AB: MSAP identifier).
    """

    chassis: bytes
    port: bytes
    ttl: int
    system: str = ""
    port_description: str = ""
    addresses: tuple[Address, ...] = ()
    dropped: int = 0  # optional TLVs that were malformed or came again
    ifindex: int = 0  # of our own addresses, when sent

    @property
    def chassis_text(self) -> str:
        """The chassis for people: a MAC or network address, or a text."""
        return _identifier(self.chassis, _CHASSIS_MAC, _CHASSIS_NETWORK)

    @property
    def port_text(self) -> str:
        """The port for people; its description only if the identifier is a mere address."""
        if self.port_description and self.port[0] == _PORT_MAC:
            return self.port_description
        return _identifier(self.port, _PORT_MAC, _PORT_NETWORK)

    def encode(self) -> bytes:
        """The LLDPDU, with the capability of a router."""
        out = [_tlv(CHASSIS_ID, self.chassis), _tlv(PORT_ID, self.port)]
        out.append(_tlv(TIME_TO_LIVE, self.ttl.to_bytes(2, "big")))
        if self.ttl:
            out += self._optional()
        return b"".join([*out, _tlv(END, b"")])

    def _optional(self) -> Iterator[bytes]:
        if self.system:
            yield _tlv(SYSTEM_NAME, self.system.encode("utf-8", "replace")[:_MOST_TEXT])
        yield _tlv(CAPABILITIES, ROUTER.to_bytes(2, "big") * 2)
        for address in self.addresses:
            octets = bytes((1 if address.is_v4 else 2,)) + address.octets
            number = bytes((IF_INDEX,)) + self.ifindex.to_bytes(4, "big")
            yield _tlv(MANAGEMENT_ADDRESS, bytes((len(octets),)) + octets + number + b"\0")


def _tlv(kind: int, value: bytes) -> bytes:
    return (kind << 9 | len(value)).to_bytes(2, "big") + value


def decode(data: bytes) -> Lldpdu:
    """Read an LLDPDU; `data` begins after the EtherType and may end with padding.

    Raises:
        LldpError: it must be discarded.
    """
    first: list[bytes] = []
    found = _Optional()
    for kind, value in _tlvs(data):
        if len(first) < len(FIRST):
            if kind != FIRST[len(first)]:
                raise LldpError(f"TLV {kind} where TLV {FIRST[len(first)]} is due")
            first.append(value)
        elif kind in FIRST:
            raise LldpError(f"TLV {kind} comes again")
        else:
            found.add(kind, value)
    if len(first) < len(FIRST):
        raise LldpError(f"no TLV {FIRST[len(first)]}")
    chassis, port, ttl = first
    for what, value in (("chassis", chassis), ("port", port)):
        if not 2 <= len(value) <= _MOST_ID:
            raise LldpError(f"a {what} ID of {len(value)} octets")
    if len(ttl) < 2:
        raise LldpError(f"a time to live of {len(ttl)} octets")
    return Lldpdu(
        chassis,
        port,
        int.from_bytes(ttl[:2], "big"),
        _text(found.single.get(SYSTEM_NAME, b"")),
        _text(found.single.get(PORT_DESCRIPTION, b"")),
        tuple(found.addresses),
        found.dropped,
    )


def _tlvs(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, value) of each TLV up to the end of the LLDPDU."""
    at = 0
    while at < len(data):
        if at + 2 > len(data):
            raise LldpError("half a TLV header at the end")
        head = int.from_bytes(data[at : at + 2], "big")
        kind, length = head >> 9, head & 0x1FF
        if kind == END:
            if length:
                raise LldpError(f"an end of {length} octets")
            return
        at += 2
        if at + length > len(data):
            raise LldpError(f"TLV {kind} of {length} octets, {len(data) - at} are left")
        yield kind, data[at : at + length]
        at += length


class _Optional:
    """The optional TLVs of one LLDPDU; unknown ones are skipped."""

    def __init__(self) -> None:
        self.single: dict[int, bytes] = {}
        self.addresses: dict[Address, None] = {}
        self.dropped = 0

    def add(self, kind: int, value: bytes) -> None:
        if kind == MANAGEMENT_ADDRESS:
            self._add_address(value)
        elif kind not in _ONCE:
            return
        elif kind in self.single or len(value) > _MOST_TEXT or (kind == CAPABILITIES and len(value) < 4):
            self.dropped += 1
        else:
            self.single[kind] = value

    def _add_address(self, value: bytes) -> None:
        """Read a management address (8.5.9): length, family, address, numbering, number, OID."""
        length = value[0] if value else 0
        rest = len(value) - 1 - length  # numbering 1, number 4, length of the OID 1, the OID
        if not 2 <= length <= 32 or rest < 6 or rest - 6 < value[length + 6] or value[length + 6] > 128:
            self.dropped += 1
            return
        family, octets = value[1], value[2 : 1 + length]
        if family not in _AFN:
            return
        if len(octets) != _AFN[family]:
            self.dropped += 1
        elif len(self.addresses) < MOST_ADDRESSES:
            self.addresses[Address(octets)] = None


def _identifier(octets: bytes, mac: int, network: int) -> str:
    kind, value = octets[0], octets[1:]
    if kind == mac:
        return value.hex(":")
    if kind == network and len(value) - 1 == _AFN.get(value[0]):
        return str(Address(value[1:]))
    return _text(value)


def _text(octets: bytes) -> str:
    """A name from outside as text on one line: control characters become spaces."""
    return "".join([c if c.isprintable() else " " for c in octets.decode(errors="replace")]).strip()
