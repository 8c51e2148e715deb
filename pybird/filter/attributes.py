"""Attributes that routes of all protocols have.

Protocols declare their own in their folders. Those with an entry in `ACCESS` live
in the route and its next hop: generated code reads and writes them by the code
there (`from` and `local_metric` are in the attribute set once a filter has set
them). All others live in the attribute set.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pybird.values.attributes import AttributeDecl


class Access(NamedTuple):
    """How generated code reads and writes an attribute of the `RouteContext` `s`, and its input."""

    read: str
    write: str  # `{}` is the value; empty: read-only
    source: str  # the input it depends on: net, source, proto, from, preference, hop, ""


CORE_ATTRIBUTES: Final[tuple[AttributeDecl, ...]] = (
    AttributeDecl("net", "prefix", writable=False, hidden=True),
    AttributeDecl("proto", "string", writable=False, hidden=True),
    AttributeDecl("source", "enum rts", writable=False),
    AttributeDecl("from", "ip"),
    AttributeDecl("preference", "int"),
    AttributeDecl("igp_metric", "int"),
    AttributeDecl("local_metric", "int", hidden=True),
    AttributeDecl("scope", "enum scope"),
    AttributeDecl("gw", "ip", hidden=True),
    AttributeDecl("dest", "enum rtd", hidden=True),
    AttributeDecl("ifname", "string", hidden=True),
    AttributeDecl("ifindex", "int", writable=False, hidden=True),
    AttributeDecl("weight", "int", hidden=True),
    AttributeDecl("onlink", "bool", hidden=True),
    AttributeDecl("gw_mpls", "int", hidden=True),
    AttributeDecl("mpls_label", "int"),
    AttributeDecl("mpls_policy", "enum mpls_policy"),
    AttributeDecl("mpls_class", "int"),
    AttributeDecl("aspa_providers", "clist"),
)

ACCESS: Final[dict[str, Access]] = {
    "net": Access("s.net", "", "net"),
    "proto": Access("s.rte.source.name", "", "proto"),
    "source": Access("s.rte.source.kind", "", "source"),
    "from": Access("s.origin()", "view['from'] = s.changes['from'] = {}", "from"),
    "preference": Access("s.preference", "s.preference = {}", "preference"),
    "local_metric": Access(
        "s.local_metric()", "view['local_metric'] = s.changes['local_metric'] = {}", "hop"
    ),
    "gw": Access("s.gateway()", "s.set_gateway({})", "hop"),
    "dest": Access("s.dest()", "s.set_dest({})", "hop"),
    "ifname": Access("s.ifname()", "s.set_ifname({})", "hop"),
    "ifindex": Access("s.ifindex()", "", "hop"),
    "weight": Access("s.weight()", "s.set_weight({})", "hop"),
    "onlink": Access("s.onlink()", "s.set_onlink({})", "hop"),
    "gw_mpls": Access("s.label()", "s.set_label({})", "hop"),
}


# Writing one of these changes the current next hop instead of replacing it.
ADJUSTING: Final = ("weight", "onlink", "gw_mpls")

CORE_DECLARATIONS: Final = {decl.name: decl for decl in CORE_ATTRIBUTES}


def declarations_of(*groups: tuple[AttributeDecl, ...]) -> dict[str, AttributeDecl]:
    """Declarations by name for the checker and the compiler: the core's attributes and these."""
    return {decl.name: decl for group in (CORE_ATTRIBUTES, *groups) for decl in group}
