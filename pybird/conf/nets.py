"""Literals of networks that are not plain prefixes."""

from __future__ import annotations

from pybird.conf.tree import Item, Token, Tree
from pybird.conf.values import Values
from pybird.values.enums import EvpnType
from pybird.values.flow import (
    COMPONENTS,
    FRAGMENT_BITS,
    FlowNet,
    bits_component,
    number_component,
    prefix_component,
)
from pybird.values.net import Net, PeerNet, Prefix
from pybird.values.nets import AspaNet, EthNet, EvpnNet, MplsNet, RoaNet, SadrNet, VpnNet

FLOW_OPERATORS = {
    "flow_equal": "=", "flow_unequal": "!=", "flow_less": "<", "flow_at_most": "<=", "flow_greater": ">",
    "flow_at_least": ">=",
}  # fmt: skip


def net_literal(builder: Values, tree: Tree) -> Net:
    """The network that one of the `net_*` rules describes."""
    part = tree.children
    match tree.data.removeprefix("net_"):
        case "sadr":
            return SadrNet(builder.prefix(part[0]), builder.prefix(part[1]))
        case "vpn":
            return VpnNet(builder.constant(part[0], "rd").value, builder.prefix(part[1]))
        case "vpn_host":
            address = builder.address(part[1])
            return VpnNet(builder.constant(part[0], "rd").value, Prefix(address, address.bits))
        case "roa":
            return _roa(builder, tree)
        case "eth":
            vlan = builder.number(part[1], 1, 4095) if len(part) > 1 else 0
            return EthNet(builder.constant(part[0], "mac").value, vlan)
        case "mpls":
            return MplsNet(builder.number(part[0], 0, (1 << 20) - 1))
        case "aspa":
            return AspaNet(builder.number(part[0]))
        case "peer":
            return PeerNet(builder.address(part[0]), _index(builder, part[1]))
        case "flow4" | "flow6":
            return _flow(builder, tree, v6=tree.data == "net_flow6")
    return _evpn(builder, tree)


def _roa(builder: Values, tree: Tree) -> Net:
    prefix = builder.prefix(tree.children[0])
    longest = builder.number(tree.children[1])
    if not prefix.length <= longest <= prefix.address.bits:
        text = f"Invalid max prefix length {longest}: {prefix.length} to {prefix.address.bits} are possible"
        raise builder.error(text, tree.children[1])
    return RoaNet(prefix, longest, builder.number(tree.children[2]))


def _index(builder: Values, item: Item) -> int:
    if builder.constant(item).type == "string":
        raise builder.error("an interface index expected here; names are only known at run time", item)
    return builder.number(item)


def _evpn(builder: Values, tree: Tree) -> Net:
    part = tree.children
    rd = builder.constant(part[0], "rd").value
    match tree.data:
        case "net_evpn_ead":
            return EvpnNet(EvpnType.EAD, rd, builder.number(part[1]), _segment(builder, part[2]))
        case "net_evpn_mac":
            mac = builder.constant(part[2], "mac").value
            ip = builder.address(part[3]) if len(part) > 3 else None
            return EvpnNet(EvpnType.MAC, rd, builder.number(part[1]), mac=mac, ip=ip)
        case "net_evpn_imet":
            return EvpnNet(EvpnType.IMET, rd, builder.number(part[1]), ip=builder.address(part[2]))
        case "net_evpn_prefix":
            prefix = builder.prefix(part[2])
            tag = builder.number(part[1])
            return EvpnNet(EvpnType.PREFIX, rd, tag, ip=prefix.address, length=prefix.length)
    return EvpnNet(EvpnType.ES, rd, esi=_segment(builder, part[1]), ip=builder.address(part[2]))


def _segment(builder: Values, item: Item) -> bytes:
    octets = builder.octets(item)
    if len(octets) != 10:
        raise builder.error("an Ethernet segment identifier has 10 octets", item)
    return octets


def _flow(builder: Values, tree: Tree, *, v6: bool) -> Net:
    (items,) = tree.trees()
    components: dict[int, bytes] = {}
    for item in items.trees():
        octets = _component(builder, item, v6=v6)
        if octets[0] in components:
            raise builder.error("the same flow component twice", item)
        components[octets[0]] = octets
    return FlowNet.of(components.values(), v6=v6)


def _component(builder: Values, item: Tree, *, v6: bool) -> bytes:
    match item.data:
        case "flow_dst" | "flow_src":
            return _flow_prefix(builder, item, v6=v6)
        case "flow_numeric":
            return _numeric(builder, item, v6=v6)
        case "flow_tcp_flags":
            return bits_component(COMPONENTS["tcp flags"], _bits(builder, item.trees()[0]))
    return bits_component(COMPONENTS["fragment"], _fragments(builder, item.trees()[0], v6=v6))


# The highest value of each field (RFC 8955, 4.2.2); BIRD 2.0 takes labels of any size.
MOST = {
    "proto": 255, "next header": 255, "port": 65535, "dport": 65535, "sport": 65535, "icmp type": 255,
    "icmp code": 255, "length": 65535, "dscp": 63, "label": 0xFFFFFFFF,
}  # fmt: skip
TCP_FLAGS = 0xFFF


def _flow_prefix(builder: Values, item: Tree, *, v6: bool) -> bytes:
    prefix: Prefix = builder.prefix(item.children[0])
    if prefix.address.is_v4 == v6:
        raise builder.error("a prefix of the other address family", item.children[0])
    if len(item.children) > 1 and not v6:
        raise builder.error("`offset` belongs to flow6", item.children[1])
    offset = builder.number(item.children[1], 0, prefix.length) if len(item.children) > 1 else 0
    return prefix_component(COMPONENTS[item.data.removeprefix("flow_")], prefix, offset)


def _joined(tree: Tree, *both: str) -> list[tuple[Tree, bool]]:
    """(term, joined?): each term, and whether one of the words `both`, which mean "and", precedes it."""
    found, glue = [], False
    for child in tree.children:
        if isinstance(child, Token):
            glue = child in both
        else:
            found.append((child, glue))
            glue = False
    return found


def _numeric(builder: Values, item: Tree, *, v6: bool) -> bytes:
    field, terms = item.trees()
    name = field.text()
    if name == "label" and not v6:
        raise builder.error("Flow label not valid in flow4", field)
    out: list[tuple[str, int, bool]] = []
    for term, glue in _joined(terms, "&&"):
        values = [_in_field(builder, name, child) for child in term.children]
        if term.data == "flow_range":
            out += [(">=", values[0], glue), ("<=", values[1], True)]
        elif term.data in FLOW_OPERATORS:
            out.append((FLOW_OPERATORS[term.data], values[0], glue))
        else:
            out.append((term.data.removeprefix("flow_"), values[0], glue))
    return number_component(COMPONENTS[name], out)


def _in_field(builder: Values, name: str, item: Item) -> int:
    value = builder.number(item)
    if value > MOST[name]:
        raise builder.error(f"{name} value {value} out of range (0-{MOST[name]})", item)
    return value


def _bits(builder: Values, tree: Tree) -> list[tuple[bool, int, int, bool]]:
    out = []
    for term, glue in _joined(tree, "&&", ","):
        value, mask = (builder.number(child) for child in term.children)
        if mask > TCP_FLAGS:
            raise builder.error(f"Invalid mask {mask:#x}, must not exceed {TCP_FLAGS:#x}", term.children[1])
        if value & ~mask:
            raise builder.error(f"Value {value:#x} outside bitmask {mask:#x}", term.children[0])
        out.append((term.data == "flow_no_mask", value, mask, glue))
    return out


def _fragments(builder: Values, tree: Tree, *, v6: bool) -> list[tuple[bool, int, int, bool]]:
    out = []
    for term, glue in _joined(tree, "&&", ","):
        words = term.words()
        if words[-1] == "dont_fragment" and v6:
            raise builder.error("Flag dont_fragment not valid in flow6", term)
        bit = FRAGMENT_BITS[words[-1]]
        out.append((len(words) > 1, bit, bit, glue))
    return out
