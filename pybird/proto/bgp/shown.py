"""What `show route` shows of a BGP route on its line: the distance to the next hop, where it came from."""

from __future__ import annotations

from typing import Final

from pybird.core.forwarding.nexthop import Recursive
from pybird.proto.bgp.wire.aigp import MOST, total
from pybird.values.aspath import AsPath
from pybird.values.attributes import AttributePool
from pybird.values.enums import Origin
from pybird.values.route import UNKNOWN_METRIC, Dest, Rte

_LETTERS: Final = {Origin.IGP: "i", Origin.EGP: "e", Origin.INCOMPLETE: "?"}


def shown_metric(rte: Rte, pool: AttributePool) -> int | None:
    """The distance to the next hop, with AIGP the total; -1: unknown, -2: it cannot be reached."""
    metric = rte.hop.igp_metric if isinstance(rte.hop.key, Recursive) else 0
    if metric and rte.hop.dest is Dest.UNREACHABLE:
        return -2
    if metric is not None and metric >= UNKNOWN_METRIC:
        return -1
    accumulated = total(rte)
    return metric or None if accumulated == MOST else accumulated


def shown_origin(rte: Rte, pool: AttributePool) -> str:
    """The last AS of the path, and how the route got there."""
    view = pool.view(rte.attrs)
    path = view.get("bgp_path")
    letter = _LETTERS.get(view.get("bgp_origin", Origin.INCOMPLETE), "?")
    last = path.last if isinstance(path, AsPath) else 0  # none of a path that ends in a set
    return f"[AS{last}{letter}]" if last else f"[{letter}]"
