"""Messages in the words of BIRD's `debug { packets }`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pybird.proto.bgp.wire.attributes import MP_UNREACH
from pybird.proto.bgp.wire.messages import (
    HEADER_LENGTH,
    KEEPALIVE,
    NOTIFICATION,
    OPEN,
    REFRESH,
    REFRESH_BEGIN,
    REFRESH_END,
    UPDATE,
    Keepalive,
    Message,
    Open,
    RouteRefresh,
    Update,
)
from pybird.values.address import Address

_REFRESHES: Final = {REFRESH_BEGIN: "BEGIN-OF-RR", REFRESH_END: "END-OF-RR"}


def received(message: Message) -> str:
    """The line for a received message; empty for a NOTIFICATION, which is logged as the session's end."""
    match message:
        case Open(asn=asn, hold_time=hold_time, router_id=router_id):
            return f"Got OPEN(as={asn},hold={hold_time},id={Address.from_v4(router_id)})"
        case Keepalive():
            return "Got KEEPALIVE"
        case Update():
            return "Got UPDATE"
        case RouteRefresh(subtype=subtype):
            return f"Got {_REFRESHES.get(subtype, 'ROUTE-REFRESH')}"
    return ""


def sent(octets: bytes) -> Iterator[str]:
    """The lines for sent messages, one for each; `octets` are whole messages."""
    at = 0
    while at + HEADER_LENGTH <= len(octets):
        length = octets[at + 16] << 8 | octets[at + 17]
        yield f"Sending {_name(octets[at + 18], octets[at + HEADER_LENGTH : at + length])}"
        at += max(length, HEADER_LENGTH)


def _name(kind: int, body: bytes) -> str:
    if kind == UPDATE:
        return "END-OF-RIB" if _is_end_of_rib(body) else "UPDATE"
    if kind == KEEPALIVE:
        return "KEEPALIVE"
    if kind == NOTIFICATION:
        return f"NOTIFICATION(code={body[0]}.{body[1]})"
    if kind == REFRESH:
        return _REFRESHES.get(body[2], "ROUTE-REFRESH")
    assert kind == OPEN
    opened = Open.decode(body)
    return f"OPEN(ver=4,as={opened.asn},hold={opened.hold_time},id={opened.router_id:08x})"


def _is_end_of_rib(body: bytes) -> bool:
    """True for an empty UPDATE, and for MP_UNREACH_NLRI alone and without networks (RFC 4724, 2)."""
    if body == bytes(4):
        return True
    return len(body) == 10 and body[:4] == b"\0\0\0\x06" and body[5:7] == bytes((MP_UNREACH, 3))
