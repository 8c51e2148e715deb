"""Neighbors named in a file that is watched."""

from __future__ import annotations

from typing import Final

from pybird.core.protocol import ProtocolType
from pybird.proto.peerfile.build import build
from pybird.proto.peerfile.config import PeerFileConfig
from pybird.proto.peerfile.peerfile import PeerFile
from pybird.values.attributes import AttributeDecl
from pybird.values.enums import Rts

ATTRIBUTES: Final = (
    AttributeDecl("peerfile_system", "string", label="PeerFile.system"),
    AttributeDecl("peerfile_port", "string", label="PeerFile.port"),
)


TYPE = ProtocolType(
    name="peerfile",
    title="PeerFile",
    kind=Rts.PEERFILE,
    preference=0,
    config=PeerFileConfig,
    build=build,
    instance=PeerFile,
    attributes=ATTRIBUTES,
)
PeerFile.type = TYPE
