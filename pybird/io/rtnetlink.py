"""Decodes and encodes rtnetlink messages: links, addresses and routes.

Decoders return None for what does not concern a router: cloned routes, broadcast
and local routes, routes for one TOS or source, links reported as bridge ports.
Encoders return the payload of a request.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from socket import AF_INET, AF_INET6
from typing import Any, Final

from pybird.core.ports import KernelRoute, Link, LinkAddress
from pybird.io.netlink import attribute, attributes
from pybird.values.address import Address
from pybird.values.net import Prefix
from pybird.values.route import Dest, NextHop
from pybird.values.text import to_octets, to_text

RTM_NEWLINK: Final = 16
RTM_DELLINK: Final = 17
RTM_GETLINK: Final = 18
RTM_NEWADDR: Final = 20
RTM_DELADDR: Final = 21
RTM_GETADDR: Final = 22
RTM_NEWROUTE: Final = 24
RTM_DELROUTE: Final = 25
RTM_GETROUTE: Final = 26

# multicast groups
GROUP_LINK: Final = 1
GROUP_V4_ADDRESS: Final = 5
GROUP_V4_ROUTE: Final = 7
GROUP_V6_ADDRESS: Final = 9
GROUP_V6_ROUTE: Final = 11

_LINK: Final = struct.Struct("=BxHiII")  # family, type, index, flags, change
_ADDRESS: Final = struct.Struct("=BBBBI")  # family, length, flags, scope, index
_ROUTE: Final = struct.Struct("=BBBBBBBBI")  # family, dst, src, tos, table, protocol, scope, type, flags
_HOP: Final = struct.Struct("=HBBi")  # length, flags, weight - 1, index
_U32: Final = struct.Struct("=I")

IFF_UP, IFF_BROADCAST, IFF_LOOPBACK, IFF_POINTOPOINT = 0x1, 0x2, 0x8, 0x10
IFF_MULTICAST, IFF_LOWER_UP = 0x1000, 0x10000
IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_MASTER = 1, 3, 4, 10

IFA_ADDRESS, IFA_LOCAL, IFA_FLAGS = 1, 2, 8
IFA_F_SECONDARY, IFA_F_DADFAILED, IFA_F_TENTATIVE = 0x1, 0x8, 0x40

RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY, RTA_PREFSRC = 1, 4, 5, 6, 7
RTA_METRICS, RTA_MULTIPATH, RTA_FLOW, RTA_TABLE, RTA_VIA = 8, 9, 11, 15, 18
RTA_ENCAP_TYPE, RTA_ENCAP = 21, 22
RTN_UNICAST, RTN_BLACKHOLE, RTN_UNREACHABLE, RTN_PROHIBIT = 1, 6, 7, 8
RT_SCOPE_UNIVERSE, RT_SCOPE_LINK = 0, 253
RTM_F_CLONED: Final = 0x200
RTNH_F_ONLINK: Final = 4
ENCAP_MPLS: Final = 1
MPLS_IPTUNNEL_DST: Final = 1

_DEST_OF: Final = {
    RTN_UNICAST: Dest.UNICAST,
    RTN_BLACKHOLE: Dest.BLACKHOLE,
    RTN_UNREACHABLE: Dest.UNREACHABLE,
    RTN_PROHIBIT: Dest.PROHIBIT,
}
# The start of a route's attributes (table, then destination) -> octets of the destination
_DESTINATION: Final = {
    struct.pack("=HHHH", 8, RTA_TABLE, 8, RTA_DST): 4,
    struct.pack("=HHHH", 8, RTA_TABLE, 20, RTA_DST): 16,
}
_TYPE_OF: Final = {dest: number for number, dest in _DEST_OF.items()}

# RTAX_* numbers of the metrics that filters know as krt_*
METRICS: Final = {
    "krt_lock": 1,
    "krt_mtu": 2,
    "krt_window": 3,
    "krt_rtt": 4,
    "krt_rttvar": 5,
    "krt_ssthresh": 6,
    "krt_cwnd": 7,
    "krt_advmss": 8,
    "krt_reordering": 9,
    "krt_hoplimit": 10,
    "krt_initcwnd": 11,
    "krt_features": 12,
    "krt_rto_min": 13,
    "krt_initrwnd": 14,
    "krt_quickack": 15,
    "krt_congctl": 16,
    "krt_fastopen_no_cookie": 17,
}
_METRIC_NAMES: Final = {number: name for name, number in METRICS.items()}


# ------------------------------------------------------- links, addresses


def link_request() -> bytes:
    """Payload of a request for all links."""
    return _LINK.pack(0, 0, 0, 0, 0)


def decode_link(body: bytes) -> Link | None:
    """The link; None if the message describes it as a bridge port."""
    family, _kind, index, flags, _change = _LINK.unpack_from(body)
    if family:
        return None
    found = attributes(body, 16)
    name = to_text(found.get(IFLA_IFNAME, b"").rstrip(b"\0"))
    if not name:
        return None
    return Link(
        index=index,
        name=name,
        up=flags & IFF_UP != 0 and flags & IFF_LOWER_UP != 0,
        mtu=_number(found.get(IFLA_MTU)),
        admin_up=bool(flags & IFF_UP),
        loopback=bool(flags & IFF_LOOPBACK),
        multicast=bool(flags & IFF_MULTICAST),
        broadcast=bool(flags & IFF_BROADCAST),
        point_to_point=bool(flags & IFF_POINTOPOINT),
        mac=found.get(IFLA_ADDRESS, b""),
        master=_number(found.get(IFLA_MASTER)),
    )


def address_request() -> bytes:
    """Payload of a request for all addresses of both families."""
    return _ADDRESS.pack(0, 0, 0, 0, 0)


def decode_address(body: bytes) -> LinkAddress | None:
    """The address of an interface; None if it is neither IPv4 nor IPv6."""
    family, length, flags, _scope, index = _ADDRESS.unpack_from(body)
    if family not in (AF_INET, AF_INET6):
        return None
    found = attributes(body, 8)
    far = found.get(IFA_ADDRESS)
    own = found.get(IFA_LOCAL, far)
    if own is None or len(own) not in (4, 16):
        return None
    if IFA_FLAGS in found:
        flags = _number(found[IFA_FLAGS])
    opposite = Address(far) if far is not None and far != own and len(far) == len(own) else None
    return LinkAddress(
        ifindex=index,
        address=Address(own),
        length=length,
        tentative=bool(flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)),
        opposite=opposite,
        secondary=family == AF_INET and bool(flags & IFA_F_SECONDARY),
    )


def _number(value: bytes | None) -> int:
    """The value of a 32-bit attribute in host order; 0 if it is missing."""
    return _U32.unpack(value)[0] if value is not None and len(value) == 4 else 0


# ----------------------------------------------------------------- routes


def route_request(v4: bool, table: int, protocol: int | None) -> bytes:
    """Payload of a request for one table's routes, of all protocols or one (with strict checking)."""
    family = AF_INET if v4 else AF_INET6
    header = _ROUTE.pack(family, 0, 0, 0, 0, protocol or 0, 0, 0, 0)
    return header + attribute(RTA_TABLE, _U32.pack(table))


def decode_route(body: bytes, name_of: Callable[[int], str]) -> KernelRoute | None:
    """The route; None if it does not concern a router. `name_of` returns an interface's name."""
    family, length, source_length, tos, table, protocol, scope, kind, flags = _ROUTE.unpack_from(body)
    dest = _DEST_OF.get(kind)
    if dest is None or flags & RTM_F_CLONED or family not in (AF_INET, AF_INET6):
        return None
    if source_length or tos:  # it is not for all packets to this destination
        return None
    found = attributes(body, 12)
    width = 4 if family == AF_INET else 16
    octets = found.get(RTA_DST, bytes(width))
    if len(octets) != width or length > width * 8:
        return None
    prefsrc = found.get(RTA_PREFSRC)
    return KernelRoute(
        prefix=Prefix(Address(octets), length),
        table=_number(found[RTA_TABLE]) if RTA_TABLE in found else table,
        dest=dest,
        nexthops=_decode_hops(found, flags, name_of) if dest is Dest.UNICAST else (),
        metric=_number(found.get(RTA_PRIORITY)),
        protocol=protocol,
        prefsrc=Address(prefsrc) if prefsrc is not None else None,
        source=protocol,
        attributes=_decode_extras(found, scope),
    )


class RouteDecoder:
    """Decodes the routes of one dump; routes that differ only in their network are decoded once.

    Hot: a full table is read at every scan. Budget: 3 microseconds per route.
    Make a new one for each dump, because interfaces can be renamed.
    """

    def __init__(self, name_of: Callable[[int], str]) -> None:
        self._name_of = name_of
        self._alike: dict[bytes, KernelRoute | None] = {}

    def decode(self, body: bytes) -> KernelRoute | None:
        """The route, as `decode_route` returns it."""
        head = _DESTINATION.get(body[12:16] + body[20:24])
        if head is None or len(body) < 24 + head:
            return decode_route(body, self._name_of)
        rest = body[:1] + body[2:20] + body[24 + head :]  # all but the network
        if rest not in self._alike:
            self._alike[rest] = decode_route(body, self._name_of)
        alike = self._alike[rest]
        if alike is None or body[1] > head * 8:
            return None
        prefix = Prefix(Address(body[24 : 24 + head]), body[1])
        return KernelRoute(
            prefix,
            alike.table,
            alike.dest,
            alike.nexthops,
            alike.metric,
            alike.protocol,
            alike.prefsrc,
            alike.source,
            alike.attributes,
        )


def _decode_hops(found: dict[int, bytes], flags: int, name_of: Callable[[int], str]) -> tuple[NextHop, ...]:
    several = found.get(RTA_MULTIPATH)
    if several is None:
        index = _number(found.get(RTA_OIF))
        return (_decode_hop(found, index, name_of(index), 1, flags),)
    hops: list[NextHop] = []
    at = 0
    while at + 8 <= len(several):
        length, hop_flags, weight, index = _HOP.unpack_from(several, at)
        if length < 8 or at + length > len(several):
            break
        inner = attributes(several, at + 8, at + length)
        hops.append(_decode_hop(inner, index, name_of(index), weight + 1, hop_flags))
        at += length + 3 & ~3
    return tuple(hops)


def _decode_hop(found: dict[int, bytes], index: int, name: str, weight: int, flags: int) -> NextHop:
    gateway: bytes | None = found.get(RTA_GATEWAY)
    if gateway is None and RTA_VIA in found:
        gateway = found[RTA_VIA][2:]
    address = Address(gateway) if gateway is not None and len(gateway) in (4, 16) else None
    labels: tuple[int, ...] = ()
    if RTA_ENCAP in found and found.get(RTA_ENCAP_TYPE, b"")[:2] == struct.pack("=H", ENCAP_MPLS):
        stack = attributes(found[RTA_ENCAP], 0).get(MPLS_IPTUNNEL_DST, b"")
        labels = tuple(int.from_bytes(stack[at : at + 3], "big") >> 4 for at in range(0, len(stack), 4))
    return NextHop(address, index, name, weight, bool(flags & RTNH_F_ONLINK), labels)


def _decode_extras(found: dict[int, bytes], scope: int) -> tuple[tuple[str, object], ...]:
    extras: dict[str, object] = {}
    if RTA_FLOW in found:
        extras["krt_realm"] = _number(found[RTA_FLOW])
    if scope != RT_SCOPE_UNIVERSE:
        extras["krt_scope"] = scope
    for number, value in attributes(found.get(RTA_METRICS, b""), 0).items():
        name = _METRIC_NAMES.get(number)
        if name == "krt_congctl":
            extras[name] = to_text(value.rstrip(b"\0"))
        elif name is not None:
            extras[name] = _number(value)
    return tuple(sorted(extras.items()))


class RouteEncoder:
    """Encodes routes; what follows the destination is encoded once for all routes alike in it.

    Hot: 100 000 routes share a few hundred next hops. Budget: 3 microseconds
    per route.
    """

    def __init__(self) -> None:
        self._tails: dict[tuple[Any, ...], tuple[bytes, bytes]] = {}

    def encode(self, route: KernelRoute) -> bytes:
        """Payload of RTM_NEWROUTE."""
        octets = route.prefix.address.octets
        v4 = len(octets) == 4
        key = (
            v4, route.dest, route.nexthops, route.metric, route.table,
            route.protocol, route.prefsrc, route.attributes,
        )  # fmt: skip
        made = self._tails.get(key)
        if made is None:
            if len(self._tails) > 10000:
                self._tails.clear()
            made = self._tails[key] = self._make(route, v4)
        head, tail = made
        destination = b"\x08\0\x01\0" + octets if v4 else b"\x14\0\x01\0" + octets
        return b"".join((head[:1], bytes((route.prefix.length,)), head[2:], destination, tail))

    def encode_delete(self, route: KernelRoute) -> bytes:
        """Payload of RTM_DELROUTE, which matches only this protocol's route of this metric."""
        octets = route.prefix.address.octets
        family = AF_INET if len(octets) == 4 else AF_INET6
        table = route.table if route.table < 256 else 0
        # for IPv4, the kernel compares the scope unless it is NOWHERE (255)
        scope = 255 if family == AF_INET else RT_SCOPE_UNIVERSE
        header = _ROUTE.pack(family, route.prefix.length, 0, 0, table, route.protocol, scope, 0, 0)
        return b"".join(
            (
                header,
                attribute(RTA_DST, octets),
                attribute(RTA_TABLE, _U32.pack(route.table)),
                attribute(RTA_PRIORITY, _U32.pack(route.metric)),
            )
        )

    def _make(self, route: KernelRoute, v4: bool) -> tuple[bytes, bytes]:
        """(head, tail): the header, and all attributes after the destination."""
        extras = dict(route.attributes)
        scope = extras.pop("krt_scope", None)
        if scope is None:
            connected = route.dest is Dest.UNICAST and v4 and not any(h.gateway for h in route.nexthops)
            scope = RT_SCOPE_LINK if connected else RT_SCOPE_UNIVERSE
        one = route.nexthops[0] if len(route.nexthops) == 1 else None
        flags = RTNH_F_ONLINK if one is not None and one.onlink else 0
        head = _ROUTE.pack(
            AF_INET if v4 else AF_INET6, 0, 0, 0, route.table if route.table < 256 else 0,
            route.protocol, scope, _TYPE_OF[route.dest], flags,
        )  # fmt: skip
        parts = [
            attribute(RTA_TABLE, _U32.pack(route.table)),
            attribute(RTA_PRIORITY, _U32.pack(route.metric)),
        ]
        if route.prefsrc is not None:
            parts.append(attribute(RTA_PREFSRC, route.prefsrc.octets))
        if "krt_realm" in extras:
            parts.append(attribute(RTA_FLOW, _U32.pack(extras.pop("krt_realm"))))
        if extras:
            parts.append(attribute(RTA_METRICS, _encode_metrics(extras)))
        if one is not None:
            if one.ifindex:
                parts.append(attribute(RTA_OIF, _U32.pack(one.ifindex)))
            parts.append(_encode_gateway(one, v4))
        elif route.nexthops:
            parts.append(attribute(RTA_MULTIPATH, b"".join(_encode_hop(h, v4) for h in route.nexthops)))
        return head, b"".join(parts)


def _encode_metrics(extras: dict[str, Any]) -> bytes:
    parts: list[bytes] = []
    for name, value in sorted(extras.items(), key=lambda item: METRICS[item[0]]):
        octets = to_octets(value) + b"\0" if isinstance(value, str) else _U32.pack(value & 0xFFFFFFFF)
        parts.append(attribute(METRICS[name], octets))
    return b"".join(parts)


def _encode_gateway(hop: NextHop, v4: bool) -> bytes:
    parts: list[bytes] = []
    if hop.labels:
        last = len(hop.labels) - 1
        stack = b"".join(
            (label << 12 | (at == last) << 8).to_bytes(4, "big") for at, label in enumerate(hop.labels)
        )
        parts.append(attribute(RTA_ENCAP_TYPE, struct.pack("=H", ENCAP_MPLS)))
        parts.append(attribute(RTA_ENCAP, attribute(MPLS_IPTUNNEL_DST, stack)))
    if hop.gateway is not None and hop.gateway.is_v4 == v4:
        parts.append(attribute(RTA_GATEWAY, hop.gateway.octets))
    elif hop.gateway is not None:
        family = AF_INET if hop.gateway.is_v4 else AF_INET6
        parts.append(attribute(RTA_VIA, struct.pack("=H", family) + hop.gateway.octets))
    return b"".join(parts)


def _encode_hop(hop: NextHop, v4: bool) -> bytes:
    inner = _encode_gateway(hop, v4)
    flags = RTNH_F_ONLINK if hop.onlink else 0
    return _HOP.pack(8 + len(inner), flags, min(hop.weight, 256) - 1, hop.ifindex) + inner
