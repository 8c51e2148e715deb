"""Between the product's values and the oracle's."""

from __future__ import annotations

from typing import Any

from pybird.values.address import Address
from pybird.values.aspath import SET, AsPath
from pybird.values.net import Prefix
from pybird.values.nets import EthNet, EvpnNet, FlowNet, RoaNet, SadrNet, VpnNet
from pybird.values.prefixset import PrefixSet
from pybird.values.sets import ValueSet
from tests.oracle.values import MAPPED, Box, Intervals, Net, Prefixes, Value

# What each kind of EVPN route has besides its distinguisher.
EVPN_PARTS = {
    1: ("evpn_tag", "evpn_esi"),
    2: ("evpn_tag", "mac"),
    3: ("evpn_tag", "router_ip"),
    4: ("evpn_esi", "router_ip"),
}


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
        case Prefix() | RoaNet() | VpnNet() | SadrNet() | FlowNet() | EvpnNet() | EthNet():
            return _net(value)
    return tuple(plain(item) for item in value)  # lists of communities


def _net(net: Any) -> Net:
    if isinstance(net, (EvpnNet, EthNet, FlowNet, SadrNet)):
        return _other(net)
    prefix = net if isinstance(net, Prefix) else net.prefix
    rest: tuple[Any, ...] = ()
    if isinstance(net, RoaNet):
        rest = (net.maxlen, net.asn)
    elif isinstance(net, VpnNet):
        rest = (int(net.rd),)
    address = int.from_bytes(prefix.address.octets, "big")
    return Net(net.type.name.lower(), address, prefix.length, rest)


def _prefix(prefix: Prefix | None) -> tuple[int, int]:
    """Address and length; everything where there is none."""
    return (int.from_bytes(prefix.address.octets, "big"), prefix.length) if prefix is not None else (0, 0)


def _other(net: EvpnNet | EthNet | FlowNet | SadrNet) -> Net:
    """Networks that are more than a prefix: `rest` has what sorts them, their parts, and their text."""
    match net:
        case EthNet(mac=mac, vlan_id=vlan):
            parts: dict[str, Value] = {"mac": Value("mac", int(mac)), "vlan_id": Value("int", vlan)}
            return Net("eth", 0, 48, ((vlan, int(mac)), parts, str(net)))
        case EvpnNet(kind=kind, rd=rd, tag=tag, esi=esi, mac=mac, ip=ip):
            every = {
                "evpn_tag": Value("int", tag), "evpn_esi": Value("bytestring", tuple(esi)),
                "mac": Value("mac", int(mac)), "router_ip": Value("ip", plain(ip) if ip else 0),
            }  # fmt: skip
            parts = {name: every[name] for name in EVPN_PARTS[kind]}
            order = (int(kind), int(rd), *[part.data for part in parts.values()], plain(ip) if ip else 0)
            parts |= {"rd": Value("rd", int(rd)), "evpn_type": Value("enum net_evpn_type", int(kind))}
            address = plain(ip) if ip and "mac" in parts else 0
            return Net("evpn", address, int(kind), (order, parts, str(net)))
        case SadrNet(src=src):
            address, length = _prefix(net.prefix)
            parts = {"dst": Value("prefix", plain(net.prefix)), "src": Value("prefix", plain(src))}
            return Net("ip6_sadr", address, length, (*_prefix(src), parts))
    address, length = _prefix(net.dst)
    v6 = net.type.name == "FLOW6"
    whole = Net("ip6" if v6 else "ip4", 0, 0)
    parts = {
        name: Value("prefix", plain(part) if part is not None else whole)
        for name, part in (("dst", net.dst), ("src", net.src))
    }
    return Net(net.type.name.lower(), address, length, ((len(net.key), net.key), parts, str(net)))


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
