"""NLRI of EVPN (RFC 7432, 7; RFC 9136, 3): typed routes, each with its length.

What tells a route from others is its table key; labels, and in MAC/IP and IP prefix routes the
segment (ESI) and the gateway, are attributes of it. A label is 24 bits, an MPLS label or a VNI as
the encapsulation says (RFC 8365, 5.1.3), and shown as that number. The routes of other types are keys
as a whole, and so are those that cannot be read: their networks are told apart all the same, so
they alone count as withdrawn (RFC 7606, 2).

Hot (also compiled), as `Nlri` is: routes are read one by one.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, final

from pybird.proto.bgp.wire.attributes import EVPN_ESI, EVPN_GATEWAY, LABEL_STACK
from pybird.proto.bgp.wire.errors import BAD_NETWORK, UpdateError
from pybird.proto.bgp.wire.nlri import PATH_ID, Nlri, NlriGroup
from pybird.values.address import Address
from pybird.values.community import CommunityList

EAD: Final = 1
MAC: Final = 2
IMET: Final = 3
ES: Final = 4
PREFIX: Final = 5

_HEAD: Final = 2  # octets of type and length
_RD: Final = 8
_ESI: Final = 10
_TAG: Final = 4
_MAC: Final = 6
_LABEL: Final = 3
_LONGEST: Final = _HEAD + 255
_NO_ESI: Final = bytes(_ESI)
_NO_MAC: Final = bytes(_MAC)
_BEFORE_ADDRESS: Final = 1 + _RD + _TAG + _ESI + _MAC  # octets of a key


class _Route(NamedTuple):
    """A route of a known type: its key, and what stands beside it."""

    key: bytes
    labels: bytes = b""
    esi: bytes = b""
    gateway: bytes = b""


class _BadRouteError(Exception):
    """A route of a known type whose octets do not fit; the text says what is wrong."""


@final
class EvpnNlri(Nlri):
    """Routes of EVPN; what stands beside the keys of a group is packed in `NlriGroup.beside`."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(_LONGEST, mixed=True)

    def read(self, data: bytes) -> list[bytes]:
        return [key for group in self.read_groups(data, False) for key in group.keys]

    def read_groups(self, data: bytes, paths: bool) -> list[NlriGroup]:
        parts: dict[tuple[bytes, bytes, str], list[bytes]] = {}  # by path id, what stands beside, and error
        at, end = 0, len(data)
        while at < end:
            start = at + (PATH_ID if paths else 0)
            behind = start + _HEAD
            if behind > end or behind + data[start + 1] > end:
                raise UpdateError(BAD_NETWORK, data[start : start + 1])
            stop = behind + data[start + 1]
            kind, value = data[start], data[behind:stop]
            error = ""
            try:
                route = _read(kind, value)
                beside = _beside(route.labels, route.esi, route.gateway)
            except _BadRouteError as bad:
                route, beside, error = _Route(_whole(kind, value)), b"", str(bad)
            group = (data[at:start], beside, error)
            part = parts.get(group)
            if part is None:
                part = parts[group] = []
            part.append(route.key)
            at = stop
        return [
            NlriGroup(int.from_bytes(path, "big"), beside, keys, error)
            for (path, beside, error), keys in parts.items()
        ]

    def split(self, keys: list[bytes], room: int, before: int = 0) -> list[bytes]:
        return self.split_labeled(keys, room, before, b"")

    def split_labeled(self, keys: list[bytes], room: int, before: int, beside: bytes) -> list[bytes]:
        pieces: list[bytes] = []
        piece: list[bytes] = []
        used = 0
        found = _unpacked(beside)
        for key in keys:
            route = key[:before] + _written(key[before:], found)
            if used + len(route) > room:
                pieces.append(b"".join(piece))
                piece, used = [], 0
            piece.append(route)
            used += len(route)
        if piece:
            pieces.append(b"".join(piece))
        return pieces

    def labels(self, beside: bytes) -> tuple[int, ...]:
        octets = _unpacked(beside).labels
        found = [int.from_bytes(octets[at : at + _LABEL], "big") for at in range(0, len(octets), _LABEL)]
        return tuple(found)

    def attributes(self, beside: bytes) -> tuple[tuple[str, Any], ...]:
        found = _unpacked(beside)
        out: list[tuple[str, Any]] = []
        if found.esi:
            out.append((EVPN_ESI, found.esi))
        if found.gateway:
            out.append((EVPN_GATEWAY, Address(found.gateway)))
        labels = self.labels(beside)
        if labels:
            out.append((LABEL_STACK, CommunityList(None, labels)))
        return tuple(out)

    def beside(self, labels: tuple[int, ...], attributes: tuple[tuple[str, Any], ...]) -> bytes:
        esi = gateway = b""
        for name, value in attributes:
            if name == EVPN_ESI:
                esi = value
            elif name == EVPN_GATEWAY:
                gateway = value.octets
        return _beside(b"".join([label.to_bytes(_LABEL, "big") for label in labels]), esi, gateway)


# ------------------------------------------------------ what stands beside keys


def _beside(labels: bytes, esi: bytes, gateway: bytes) -> bytes:
    """Labels, segment and gateway as octets; empty where a route has none of them."""
    if not (labels or esi or gateway):
        return b""
    return bytes((len(labels), len(esi))) + labels + esi + gateway


def _unpacked(beside: bytes) -> _Route:
    """The inverse of `_beside`, without a key."""
    if not beside:
        return _Route(b"")
    labels = 2 + beside[0]
    esi = labels + beside[1]
    return _Route(b"", beside[2:labels], beside[labels:esi], beside[esi:])


def _unless_zero(octets: bytes) -> bytes:
    return octets if any(octets) else b""


# -------------------------------------------------------------- reading a route


def _whole(kind: int, value: bytes) -> bytes:
    """The key of a route that is known by nothing but its octets."""
    return bytes((0, kind)) + value


def _read(kind: int, value: bytes) -> _Route:
    """Read one route. Raises _BadRouteError: its type is known, and its octets do not fit."""
    if kind == EAD:
        return _read_ead(value)
    if kind == MAC:
        return _read_mac(value)
    if kind == IMET:
        tag = value[_RD : _RD + _TAG]
        return _Route(_key(IMET, value[:_RD], tag, _NO_ESI, _NO_MAC, _router(value, _RD + _TAG)))
    if kind == ES:
        esi = value[_RD : _RD + _ESI]
        return _Route(_key(ES, value[:_RD], bytes(_TAG), esi, _NO_MAC, _router(value, _RD + _ESI)))
    if kind == PREFIX:
        return _read_prefix(value)
    return _Route(_whole(kind, value))


def _key(kind: int, rd: bytes, tag: bytes, esi: bytes, mac: bytes, address: bytes) -> bytes:
    return bytes((kind,)) + rd + tag + esi + mac + address


def _read_ead(value: bytes) -> _Route:
    """Ethernet auto-discovery (RFC 7432, 7.1): the label is no part of what identifies it."""
    labels = _RD + _ESI + _TAG
    if len(value) != labels + _LABEL:
        raise _BadRouteError(f"an auto-discovery route of {len(value)} octets")
    tag = value[_RD + _ESI : labels]
    return _Route(_key(EAD, value[:_RD], tag, value[_RD : _RD + _ESI], _NO_MAC, b""), value[labels:])


def _read_mac(value: bytes) -> _Route:
    """MAC/IP advertisement (RFC 7432, 7.2): segment and labels are no part of what identifies it."""
    at = _RD + _ESI + _TAG
    if len(value) < at + 1 + _MAC + 1:
        raise _BadRouteError(f"a MAC route of {len(value)} octets")
    if value[at] != 8 * _MAC:
        raise _BadRouteError(f"a MAC address of {value[at]} bits")
    address = at + 1 + _MAC
    bits = value[address]
    if bits not in (0, 32, 128):
        raise _BadRouteError(f"an IP address of {bits} bits")
    labels = address + 1 + bits // 8
    if len(value) - labels not in (_LABEL, 2 * _LABEL):
        raise _BadRouteError(f"a MAC route of {len(value)} octets")
    tag, mac = value[_RD + _ESI : at], value[at + 1 : address]
    key = _key(MAC, value[:_RD], tag, _NO_ESI, mac, value[address + 1 : labels])
    return _Route(key, value[labels:], _unless_zero(value[_RD : _RD + _ESI]))


def _router(value: bytes, at: int) -> bytes:
    """The originating router's address, at the end of a route (RFC 7432, 7.3 and 7.4)."""
    bits = value[at] if at < len(value) else 0
    if bits not in (32, 128):
        raise _BadRouteError(f"an IP address of {bits} bits")
    if len(value) != at + 1 + bits // 8:
        raise _BadRouteError(f"a route of {len(value)} octets with an IP address of {bits} bits")
    return value[at + 1 :]


def _read_prefix(value: bytes) -> _Route:
    """IP prefix (RFC 9136, 3.1): segment, gateway and label are no part of what identifies it."""
    bits = _RD + _ESI + _TAG
    size = {bits + 1 + 2 * 4 + _LABEL: 4, bits + 1 + 2 * 16 + _LABEL: 16}.get(len(value), 0)  # of an address
    if not size:
        raise _BadRouteError(f"an IP prefix route of {len(value)} octets")
    if value[bits] > 8 * size:
        raise _BadRouteError(f"an IP prefix of {value[bits]} bits")
    gateway = bits + 1 + size
    label = gateway + size
    prefix = Address(value[bits + 1 : gateway]).masked(value[bits])
    tag = value[_RD + _ESI : bits]
    key = bytes((PREFIX,)) + value[:_RD] + tag + bytes((size,)) + prefix.octets + value[bits : bits + 1]
    return _Route(
        key, value[label:], _unless_zero(value[_RD : _RD + _ESI]), _unless_zero(value[gateway:label])
    )


# -------------------------------------------------------------- writing a route


def _written(key: bytes, beside: _Route) -> bytes:
    """A route as messages have it."""
    value = _value(key, beside) if key[0] else key[2:]
    return bytes((key[0] or key[1], len(value))) + value


def _value(key: bytes, beside: _Route) -> bytes:
    """The octets of a route of a known type; a withdrawn one has the label 0, as BIRD sends it."""
    kind = key[0]
    rd, tag = key[1 : 1 + _RD], key[1 + _RD : 1 + _RD + _TAG]
    label = beside.labels[:_LABEL] or bytes(_LABEL)
    if kind == PREFIX:
        address = key[1 + _RD + _TAG + 1 : -1]
        gateway = beside.gateway if len(beside.gateway) == len(address) else bytes(len(address))
        return rd + (beside.esi or _NO_ESI) + tag + key[-1:] + address + gateway + label
    esi = key[1 + _RD + _TAG : _BEFORE_ADDRESS - _MAC]
    address = key[_BEFORE_ADDRESS:]
    written = bytes((8 * len(address),)) + address
    if kind == EAD:
        return rd + esi + tag + label
    if kind == MAC:
        mac = bytes((8 * _MAC,)) + key[_BEFORE_ADDRESS - _MAC : _BEFORE_ADDRESS]
        labels = beside.labels[: 2 * _LABEL] or label
        return rd + (beside.esi or _NO_ESI) + tag + mac + written + labels
    return rd + (tag if kind == IMET else esi) + written


EVPN_ROUTES: Final = EvpnNlri()
