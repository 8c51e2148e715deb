"""Route attributes as BIRD writes them in `show route all`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from pybird.core.forwarding.nexthop import Recursive
from pybird.core.replies import AttributeText, RouteAttributes
from pybird.values.attributes import UNKNOWN_PREFIX, AttributeDecl, AttributePool
from pybird.values.enums import Origin, Rts
from pybird.values.route import UNKNOWN_METRIC, Hop, Rte

if TYPE_CHECKING:
    from pybird.core.router import Router

_SOURCES: Final = {
    Rts.STATIC: "static",
    Rts.INHERIT: "inherit",
    Rts.DEVICE: "device",
    Rts.STATIC_DEVICE: "static-device",
    Rts.REDIRECT: "redirect",
    Rts.RIP: "RIP",
    Rts.OSPF: "OSPF",
    Rts.OSPF_IA: "OSPF-IA",
    Rts.OSPF_EXT1: "OSPF-E1",
    Rts.OSPF_EXT2: "OSPF-E2",
    Rts.BGP: "BGP",
    Rts.PIPE: "pipe",
    Rts.BABEL: "Babel",
    Rts.RPKI: "RPKI",
    Rts.PERF: "Perf",
    Rts.L3VPN: "L3VPN",
    Rts.AGGREGATED: "aggregated",
    Rts.RADV: "RAdv",
}
_ORIGINS: Final = {0: "IGP", 1: "EGP", 2: "Incomplete"}


def source_name(kind: int) -> str:
    """What kind of protocol a route comes from, in BIRD's words."""
    return _SOURCES.get(Rts(kind), "unknown")


def attributes_of(router: Router, rte: Rte) -> RouteAttributes:
    """Everything that `all` shows of a route."""
    name = source_name(rte.source.kind)
    pool = router.pool
    view: Mapping[str, Any] = pool.view(rte.attrs)
    found: list[AttributeText] = []
    for attribute in sorted(view, key=lambda name: place_of(pool, name)):
        value, decl = view[attribute], pool.by_name.get(attribute)
        if decl is None or not decl.hidden:
            label = decl.label if decl is not None else _unknown_label(attribute)
            found.append(AttributeText(attribute, label, text_of(value, decl)))
    hostentry, metric = looked_up(rte.hop)
    metric = str(view.get("local_metric", metric))  # a filter may have set it
    return RouteAttributes(name, f"{name} univ", tuple(found), hostentry, metric)


def _unknown_label(name: str) -> str:
    """BIRD 2's name of an attribute that nobody knows; those kept are transitive (RFC 4271, 5)."""
    return f"BGP.{name.removeprefix(UNKNOWN_PREFIX)} [t]" if name.startswith(UNKNOWN_PREFIX) else ""


def place_of(pool: AttributePool, name: str) -> int:
    """`igp_metric`, BGP's attributes by their code, then the others as they were declared."""
    if name == "igp_metric":
        return -1
    decl = pool.by_name.get(name)
    if decl is None:
        return int(name.removeprefix(UNKNOWN_PREFIX), 16) if name.startswith(UNKNOWN_PREFIX) else 256
    return decl.code if decl.code is not None else 256 + pool.places[name]


def looked_up(hop: Hop) -> tuple[str, str]:
    """Of a recursive route: what is looked up in which table, and the distance found."""
    key = hop.key
    if not isinstance(key, Recursive):
        return "", ""
    where = f"via {key.gateway} table {key.table}"
    if hop.igp_metric is None:
        return where, ""
    return where, "unknown" if hop.igp_metric == UNKNOWN_METRIC else str(hop.igp_metric)


def text_of(value: Any, decl: AttributeDecl | None = None) -> str:
    """A value without the wrapping that `eval` puts around lists."""
    if decl is not None and decl.text is not None:
        return decl.text(value)
    match value:
        case Origin():
            return _ORIGINS.get(int(value), str(int(value)))
        case bool():
            return ""  # an attribute that is there or not
        case int() if decl is not None and decl.type == "enum bgp_origin":
            return _ORIGINS.get(value, str(value))
        case bytes():
            return value.hex(" ")
        case tuple():
            return " ".join(str(part) for part in value)
        case _:
            return str(value)
