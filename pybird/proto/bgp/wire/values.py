"""BGP's own attribute values: what filters and the CLI see of checked octets.

AS paths and communities are values of the filter language (`pybird.values`);
here are the next hop with its two addresses, the aggregator, and those that
filters can only pass on.
"""

from __future__ import annotations

from typing import Any, Final, final

from pybird.values.address import Address
from pybird.values.community import CommunityList
from pybird.values.enums import Origin
from pybird.values.scalars import Quad


@final
class NextHopAddress(Address):
    """BGP's next hop as filters see it: the global address, together with the link-local one.

    `::` stands for a global address that was not given.
    """

    __slots__ = ("link_local",)

    def __init__(self, octets: bytes, link_local: Address) -> None:
        super().__init__(octets)
        self.link_local: Final = link_local

    def __str__(self) -> str:
        return f"{Address(self.octets)} {self.link_local}"

    def __repr__(self) -> str:
        return f"NextHopAddress({self})"


def decode_next_hop(value: bytes) -> Address:
    """The value of a canonical NEXT_HOP."""
    if len(value) == 32:
        return NextHopAddress(value[:16], Address(value[16:]))
    return Address(value)


def encode_next_hop(value: Address) -> bytes:
    """Canonical octets of an address; a link-local one alone follows `::`."""
    if isinstance(value, NextHopAddress):
        return value.octets + value.link_local.octets
    return bytes(16) + value.octets if value.is_link_local else value.octets


@final
class Aggregator:
    """Who made the aggregate: AS and router."""

    __slots__ = ("octets",)

    def __init__(self, octets: bytes) -> None:
        self.octets: Final = octets

    @property
    def asn(self) -> int:
        """The AS number."""
        return int.from_bytes(self.octets[:4], "big")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Aggregator) and self.octets == other.octets

    def __hash__(self) -> int:
        return hash(self.octets)

    def __str__(self) -> str:
        return f"{Address(self.octets[4:])} AS{self.asn}"

    def __repr__(self) -> str:
        return f"Aggregator({self})"


@final
class Opaque:
    """A value that filters can only test for, remove and copy."""

    __slots__ = ("octets",)

    def __init__(self, octets: bytes) -> None:
        self.octets: Final = octets

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Opaque) and self.octets == other.octets

    def __hash__(self) -> int:
        return hash(self.octets)

    def __str__(self) -> str:
        return self.octets.hex(" ")

    def __repr__(self) -> str:
        return f"Opaque({self})"


def value_octets(value: Any) -> bytes:
    """The octets of a value that keeps its wire form."""
    out: bytes = value.octets
    return out


def read_number(value: bytes) -> int:
    """A 32-bit number from its octets."""
    return int.from_bytes(value, "big")


def number_octets(value: int) -> bytes:
    """A 32-bit number as octets."""
    return int(value).to_bytes(4, "big")


def read_origin(value: bytes) -> Origin:
    """ORIGIN from its octet."""
    return Origin(value[0])


def origin_octets(value: int) -> bytes:
    """ORIGIN as its octet."""
    return bytes((int(value),))


def read_quad(value: bytes) -> Quad:
    """A router id from its octets."""
    return Quad(int.from_bytes(value, "big"))


def quads(value: CommunityList) -> str:
    """CLUSTER_LIST as text: router ids, not pairs."""
    return " ".join([str(Quad(item)) for item in value.items])


def aigp_metric(value: bytes) -> int | None:
    """The metric in the first AIGP TLV of a checked value (RFC 7311, section 3); None: it has none."""
    at, end = 0, len(value)
    while at + 11 <= end:
        if value[at] == 1:
            return int.from_bytes(value[at + 3 : at + 11], "big")
        at += value[at + 1] << 8 | value[at + 2]
    return None


def aigp_text(value: Opaque) -> str:
    """The metric of an AIGP value as text; "?": it has none."""
    metric = aigp_metric(value.octets)
    return "?" if metric is None else str(metric)


INGRESS_REPLICATION: Final = 6  # a tunnel type of PMSI_TUNNEL (RFC 6514, 5)


def pmsi_text(value: Opaque) -> str:
    """PMSI_TUNNEL as BIRD shows it: the kind of tunnel, its label or VNI as 24 bits, its identifier."""
    kind, label, tunnel = value.octets[1], int.from_bytes(value.octets[2:5], "big"), value.octets[5:]
    if kind == 0:
        return "no-info"
    if kind == INGRESS_REPLICATION:
        return f"ingress-replication {Address(tunnel)} mpls {label}"
    return f"type {kind} mpls {label} {tunnel.hex(':')}"
