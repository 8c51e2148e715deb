"""The accumulated IGP metric: AIGP (RFC 7311).

The total, AIGP plus the distance to the next hop, is what route selection compares
(section 4) and what we send where we set the next hop (section 3.4). A distance of 0
counts as 1. The total is `MOST`, the largest number, if it does not fit or is unknown:
there is no AIGP, or no known distance.

Hot (also compiled).
"""

from __future__ import annotations

from typing import Final

from pybird.proto.bgp.wire.attributes import AIGP
from pybird.proto.bgp.wire.values import aigp_metric
from pybird.values.attributes import find
from pybird.values.route import UNKNOWN_METRIC, Hop, Rte

MOST: Final = (1 << 64) - 1
_TLV: Final = 1  # type of the TLV with the metric
_TLV_HEAD: Final = 3  # octets of type and length
_TLV_SIZE: Final = 11


def total(rte: Rte) -> int:
    """A route's AIGP plus the distance to its next hop; MOST: unknown."""
    value = find(rte.attrs.wire, AIGP)
    metric = None if value is None else aigp_metric(value)
    return MOST if metric is None else with_distance(metric, rte.hop)


def with_distance(metric: int, hop: Hop) -> int:
    """The metric plus the distance to a next hop; MOST: unknown, or it does not fit."""
    distance = hop.igp_metric
    if not hop.resolvable or (distance is not None and distance >= UNKNOWN_METRIC):
        return MOST
    return min(metric + max(distance or 0, 1), MOST)


def passed_on(value: bytes, hop: Hop) -> bytes:
    """AIGP for a route whose next hop we set: its first AIGP TLV, with the distance added, comes first."""
    at, end = 0, len(value)
    while at + _TLV_SIZE <= end:
        if value[at] == _TLV:
            metric = int.from_bytes(value[at + _TLV_HEAD : at + _TLV_SIZE], "big")
            return _tlv(with_distance(metric, hop)) + value[:at] + value[at + _TLV_SIZE :]
        at += value[at + 1] << 8 | value[at + 2]
    return value


def originated(rte: Rte) -> bytes | None:
    """AIGP for a route that is not from BGP: its IGP metric; None where it has none (section 3.4.1)."""
    metric: int | None = rte.source.type.igp_metric(rte)
    for name, value in rte.attrs.other:
        if name == "igp_metric":
            metric = value
    if metric is None or metric >= UNKNOWN_METRIC:
        return None
    return _tlv(metric)


def _tlv(metric: int) -> bytes:
    return bytes((_TLV, 0, _TLV_SIZE)) + metric.to_bytes(8, "big")
