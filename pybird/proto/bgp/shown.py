"""What `show route` shows on the line of a BGP route: the metric, and the path's last AS and origin."""

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
    """The IGP metric of the next hop, or AIGP's total; -1: unknown, -2: unreachable, None: not shown."""
    metric = rte.hop.igp_metric if isinstance(rte.hop.key, Recursive) else 0
    if metric and rte.hop.dest is Dest.UNREACHABLE:
        return -2
    if metric is not None and metric >= UNKNOWN_METRIC:
        return -1
    accumulated = total(rte)
    return metric or None if accumulated == MOST else accumulated


def shown_origin(rte: Rte, pool: AttributePool) -> str:
    """The last AS of the path and a letter for ORIGIN, such as "[AS65001i]"; "[]" for a label's route."""
    if not rte.attrs.wire:
        return "[]"
    view = pool.view(rte.attrs)
    path = view.get("bgp_path")
    letter = _LETTERS.get(view.get("bgp_origin", Origin.INCOMPLETE), "?")
    last = path.last if isinstance(path, AsPath) else 0  # 0 for a path that ends in a set
    return f"[AS{last}{letter}]" if last else f"[{letter}]"
