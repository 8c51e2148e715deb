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
    Rts.LLDP: "LLDP",
    Rts.PEERFILE: "PeerFile",
}
_FIRST: Final = ("igp_metric", "mpls_label", "mpls_policy", "mpls_class")
_ORIGINS: Final = {0: "IGP", 1: "EGP", 2: "Incomplete"}


def source_name(kind: int) -> str:
    """BIRD's name of a route's source, e.g. `static` or `OSPF-E1`, for a value of `Rts`."""
    return _SOURCES.get(Rts(kind), "unknown")


def attributes_of(router: Router, rte: Rte) -> RouteAttributes:
    """The attributes of a route as `show route all` shows them."""
    name = source_name(rte.source.kind)
    pool = router.pool
    view: Mapping[str, Any] = pool.view(rte.attrs)
    found: list[AttributeText] = []
    for attribute in sorted(view, key=lambda name: place_of(pool, name)):
        value, decl = view[attribute], pool.by_name.get(attribute)
        if decl is None or not decl.hidden:
            label = decl.label if decl is not None else _unknown_label(attribute)
            found.append(AttributeText(attribute, label, text_of(value, decl)))
    hostentry, metric = recursive_lookup(rte.hop)
    metric = str(view.get("local_metric", metric))  # a filter may have set it
    return RouteAttributes(name, f"{name} univ", tuple(found), hostentry, metric)


def _unknown_label(name: str) -> str:
    """BIRD 2's name of an unknown attribute; only transitive ones are kept (RFC 4271, 5)."""
    return f"BGP.{name.removeprefix(UNKNOWN_PREFIX)} [t]" if name.startswith(UNKNOWN_PREFIX) else ""


def place_of(pool: AttributePool, name: str) -> int:
    """Sort key of an attribute: `igp_metric`, labels, BGP's by type code, then the others as declared."""
    if name in _FIRST:
        return _FIRST.index(name) - len(_FIRST)
    decl = pool.by_name.get(name)
    if decl is None:
        return int(name.removeprefix(UNKNOWN_PREFIX), 16) if name.startswith(UNKNOWN_PREFIX) else 256
    return decl.code if decl.code is not None else 256 + pool.places[name]


def recursive_lookup(hop: Hop) -> tuple[str, str]:
    """("via GATEWAY table TABLE [mpls LABELS]", IGP metric) of a recursive route; ("", "") of any other.

    The metric is "" if no route leads to the gateway, "unknown" if that route has no metric.
    """
    key = hop.key
    if not isinstance(key, Recursive):
        return "", ""
    where = f"via {key.gateway} table {key.table}"
    if key.labels:
        where += f" mpls {'/'.join(map(str, key.labels))}"
    if hop.igp_metric is None:
        return where, ""
    return where, "unknown" if hop.igp_metric == UNKNOWN_METRIC else str(hop.igp_metric)


def text_of(value: Any, decl: AttributeDecl | None = None) -> str:
    """An attribute's value as `show route all` writes it: lists without the brackets of `eval`."""
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
