"""Protocols of BIRD's that are understood but not run.

Their names are known, so that a misspelt protocol is still an error, and so
are their route attributes, so that filters which mention them work.
"""

from __future__ import annotations

from typing import Final

from pybird.conf.model import NotRun
from pybird.conf.protocols import not_run
from pybird.core.protocol import ProtocolType
from pybird.values.attributes import AttributeDecl
from pybird.values.enums import Rts


def _type(
    name: str, title: str, kind: Rts = Rts.NONE, preference: int = 0, *attributes: AttributeDecl
) -> ProtocolType:
    return ProtocolType(
        name=name,
        title=title,
        kind=kind,
        preference=preference,
        config=NotRun,
        build=not_run,
        attributes=attributes,
    )


TYPES: Final = (
    _type(
        "ospf", "OSPF", Rts.OSPF, 150,
        AttributeDecl("ospf_metric1", "int"),
        AttributeDecl("ospf_metric2", "int"),
        AttributeDecl("ospf_tag", "int"),
        AttributeDecl("ospf_router_id", "quad"),
    ),
    _type(
        "rip", "RIP", Rts.RIP, 120,
        AttributeDecl("rip_metric", "int"),
        AttributeDecl("rip_tag", "int"),
        AttributeDecl("rip_from", "int"),
    ),
    _type(
        "babel", "Babel", Rts.BABEL, 130,
        AttributeDecl("babel_metric", "int"),
        AttributeDecl("babel_router_id", "int"),
        AttributeDecl("babel_seqno", "int"),
    ),
    _type("bfd", "BFD"),
    _type("rpki", "RPKI", Rts.RPKI, 100),
    _type("mrt", "MRT"),
    _type("bmp", "BMP"),
    _type("aggregator", "Aggregator", Rts.AGGREGATED, 1),
    _type("l3vpn", "L3VPN", Rts.L3VPN, 80),
    _type("evpn", "EVPN", Rts.EVPN, 80),
    _type("bridge", "Bridge", Rts.BRIDGE, 0, AttributeDecl("kbr_source", "enum kbr_source")),
    _type("perf", "Perf", Rts.PERF),
)  # fmt: skip
