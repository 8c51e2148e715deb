"""All net types other than plain prefixes.

Each has a table key of its own, given at the class, and the text that BIRD
prints. Importing this module registers them with `net_of`; flow specifications
are in `values/flow.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

from pybird.values.address import Address
from pybird.values.enums import EvpnType
from pybird.values.flow import FlowNet
from pybird.values.net import _READERS, NetType, Prefix
from pybird.values.scalars import Mac, RouteDistinguisher


def split_prefix(octets: bytes, width: int) -> tuple[Prefix, bytes]:
    """The prefix that begins these octets (length octet first) and what follows it."""
    end = 1 + ((octets[0] + 7) >> 3)
    return Prefix(Address(octets[1:end].ljust(width, b"\0")), octets[0]), octets[end:]


@final
@dataclass(frozen=True, slots=True, order=True)
class SadrNet:
    """An IPv6 destination for traffic from a source prefix. Key: both prefixes."""

    dst: Prefix
    src: Prefix

    @property
    def type(self) -> NetType:
        return NetType.IP6_SADR

    @property
    def prefix(self) -> Prefix:
        """The destination."""
        return self.dst

    @property
    def key(self) -> bytes:
        return self.dst.key + self.src.key

    def __str__(self) -> str:
        return f"{self.dst} from {self.src}"


def _sadr_of(key: bytes) -> SadrNet:
    dst, rest = split_prefix(key, 16)
    return SadrNet(dst, split_prefix(rest, 16)[0])


@final
@dataclass(frozen=True, slots=True, order=True)
class VpnNet:
    """A prefix of one VPN (RFC 4364). Key: 8 octets of distinguisher, then the prefix."""

    rd: RouteDistinguisher
    prefix: Prefix

    @property
    def type(self) -> NetType:
        return NetType.VPN4 if self.prefix.address.is_v4 else NetType.VPN6

    @property
    def key(self) -> bytes:
        return self.rd.octets + self.prefix.key

    def __str__(self) -> str:
        return f"{self.rd} {self.prefix}"


def _vpn4_of(key: bytes) -> VpnNet:
    return VpnNet(RouteDistinguisher.from_bytes(key[:8], "big"), split_prefix(key[8:], 4)[0])


def _vpn6_of(key: bytes) -> VpnNet:
    return VpnNet(RouteDistinguisher.from_bytes(key[:8], "big"), split_prefix(key[8:], 16)[0])


@final
@dataclass(frozen=True, slots=True, order=True)
class RoaNet:
    """A ROA: the AS that may announce a prefix, up to which length (RFC 6482).

    Key: the prefix, one octet of maximum length, four of AS number.
    """

    prefix: Prefix
    maxlen: int
    asn: int

    @property
    def type(self) -> NetType:
        return NetType.ROA4 if self.prefix.address.is_v4 else NetType.ROA6

    @property
    def key(self) -> bytes:
        return self.prefix.key + bytes((self.maxlen,)) + self.asn.to_bytes(4, "big")

    def __str__(self) -> str:
        return f"{self.prefix}-{self.maxlen} AS{self.asn}"


def _roa_of(key: bytes, width: int) -> RoaNet:
    prefix, rest = split_prefix(key, width)
    return RoaNet(prefix, rest[0], int.from_bytes(rest[1:], "big"))


def _roa4_of(key: bytes) -> RoaNet:
    return _roa_of(key, 4)


def _roa6_of(key: bytes) -> RoaNet:
    return _roa_of(key, 16)


@final
@dataclass(frozen=True, slots=True, order=True)
class EthNet:
    """A station on a bridge. Key: 6 octets of MAC address, 2 of VLAN id (0: none)."""

    mac: Mac
    vlan_id: int = 0

    @property
    def type(self) -> NetType:
        return NetType.ETH

    @property
    def key(self) -> bytes:
        return self.mac.octets + self.vlan_id.to_bytes(2, "big")

    def __str__(self) -> str:
        return f"{self.mac} vlan {self.vlan_id}" if self.vlan_id else f"{self.mac}"


def _eth_of(key: bytes) -> EthNet:
    return EthNet(Mac.from_bytes(key[:6], "big"), int.from_bytes(key[6:], "big"))


@final
@dataclass(frozen=True, slots=True, order=True)
class MplsNet:
    """An incoming MPLS label, 20 bits. Key: 3 octets."""

    label: int

    @property
    def type(self) -> NetType:
        return NetType.MPLS

    @property
    def key(self) -> bytes:
        return self.label.to_bytes(3, "big")

    def __str__(self) -> str:
        return f"{self.label}"


def _mpls_of(key: bytes) -> MplsNet:
    return MplsNet(int.from_bytes(key, "big"))


@final
@dataclass(frozen=True, slots=True, order=True)
class AspaNet:
    """The customer AS of an ASPA record, which lists its providers. Key: 4 octets."""

    asn: int

    @property
    def type(self) -> NetType:
        return NetType.ASPA

    @property
    def key(self) -> bytes:
        return self.asn.to_bytes(4, "big")

    def __str__(self) -> str:
        return f"{self.asn}"


def _aspa_of(key: bytes) -> AspaNet:
    return AspaNet(int.from_bytes(key, "big"))


@final
@dataclass(frozen=True, slots=True)
class EvpnNet:
    """What tells an EVPN route from others (RFC 7432, 7; RFC 9136, 3); labels and the like are attributes.

    Key: kind (1 octet), distinguisher (8), tag (4); then, of an IP prefix route, the octets of its
    address (1), the address, and its length (1); of others segment (10), MAC (6), and the address,
    if any. Fields that a kind does not have are zero. A route of another kind, or one that cannot be
    read, is all octets behind its kind and length, `octets`. Its key is a zero octet, kind, octets.
    """

    kind: EvpnType
    rd: RouteDistinguisher
    tag: int = 0
    esi: bytes = bytes(10)
    mac: Mac = Mac(0)  # noqa: RUF009  a constant
    ip: Address | None = None
    length: int = 0
    octets: bytes | None = None

    @classmethod
    def of_octets(cls, kind: EvpnType, octets: bytes) -> EvpnNet:
        """A route of which only kind and, if it is so long, distinguisher (the first 8 octets) are known."""
        rd = RouteDistinguisher.from_bytes(octets[:8] if len(octets) >= 8 else b"", "big")
        return cls(kind, rd, octets=octets)

    @property
    def type(self) -> NetType:
        return NetType.EVPN

    @property
    def key(self) -> bytes:
        kind = bytes((self.kind,))
        if self.octets is not None:
            return b"\0" + kind + self.octets
        head = kind + self.rd.octets + self.tag.to_bytes(4, "big")
        address = self.ip.octets if self.ip is not None else b""
        if self.kind is EvpnType.PREFIX:
            return head + bytes((len(address),)) + address + bytes((self.length,))
        return head + self.esi + self.mac.octets + address

    def __str__(self) -> str:
        if self.octets is not None:
            return f"evpn type {int(self.kind)} {self.rd} {self.octets.hex(':')}"
        esi = self.esi.hex(":")
        match self.kind:
            case EvpnType.EAD:
                return f"evpn ead {self.rd} {self.tag} {esi}"
            case EvpnType.MAC:
                return f"evpn mac {self.rd} {self.tag} {self.mac} {self.ip or '*'}"
            case EvpnType.IMET:
                return f"evpn imet {self.rd} {self.tag} {self.ip}"
            case EvpnType.PREFIX:
                return f"evpn prefix {self.rd} {self.tag} {self.ip}/{self.length}"
            case _:
                return f"evpn es {self.rd} {esi} {self.ip}"


def _evpn_of(key: bytes) -> EvpnNet:
    if key[0] == 0:
        return EvpnNet.of_octets(EvpnType(key[1]), key[2:])
    kind = EvpnType(key[0])
    rd, tag = RouteDistinguisher.from_bytes(key[1:9], "big"), int.from_bytes(key[9:13], "big")
    if kind is EvpnType.PREFIX:
        return EvpnNet(kind, rd, tag, ip=Address(key[14:-1]), length=key[-1])
    ip = Address(key[29:]) if len(key) > 29 else None
    return EvpnNet(kind, rd, tag, key[13:23], Mac.from_bytes(key[23:29], "big"), ip)


def _flow4_of(key: bytes) -> FlowNet:
    return FlowNet.of_key(key, v6=False)


def _flow6_of(key: bytes) -> FlowNet:
    return FlowNet.of_key(key, v6=True)


_READERS.update(
    {
        NetType.VPN4: _vpn4_of,
        NetType.VPN6: _vpn6_of,
        NetType.ROA4: _roa4_of,
        NetType.ROA6: _roa6_of,
        NetType.FLOW4: _flow4_of,
        NetType.FLOW6: _flow6_of,
        NetType.IP6_SADR: _sadr_of,
        NetType.MPLS: _mpls_of,
        NetType.ASPA: _aspa_of,
        NetType.EVPN: _evpn_of,
        NetType.ETH: _eth_of,
    }
)

__all__: Final = [
    "AspaNet",
    "EthNet",
    "EvpnNet",
    "FlowNet",
    "MplsNet",
    "RoaNet",
    "SadrNet",
    "VpnNet",
    "split_prefix",
]
