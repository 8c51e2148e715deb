"""LLDP (IEEE 802.1AB): who is at the other ends of our links."""

from __future__ import annotations

from typing import Final

from pybird.core.protocol import ProtocolType
from pybird.proto.lldp.build import build
from pybird.proto.lldp.config import LldpConfig
from pybird.proto.lldp.lldp import Lldp
from pybird.values.attributes import AttributeDecl
from pybird.values.enums import Rts

ATTRIBUTES: Final = (
    AttributeDecl("lldp_system", "string", label="LLDP.system"),
    AttributeDecl("lldp_port", "string", label="LLDP.port"),
)


TYPE = ProtocolType(
    name="lldp",
    title="LLDP",
    kind=Rts.LLDP,
    preference=0,
    config=LldpConfig,
    build=build,
    instance=Lldp,
    attributes=ATTRIBUTES,
)
Lldp.type = TYPE
