"""The Border Gateway Protocol, and automatic peering over it."""

from __future__ import annotations

from pybird.core.protocol import Instance, InstanceOwner, ProtocolType
from pybird.proto.bgp.build import build
from pybird.proto.bgp.commands import COMMANDS
from pybird.proto.bgp.config import BgpConfig
from pybird.proto.bgp.dynamic.dynamic import Dynamic
from pybird.proto.bgp.peer import Peer
from pybird.proto.bgp.routes.selection import SELECTION
from pybird.proto.bgp.wire.attributes import ATTRIBUTES
from pybird.values.enums import Rts


def make_instance(config: BgpConfig, owner: InstanceOwner) -> Instance[BgpConfig]:
    """A `Dynamic` for a protocol with a neighbor range, else a `Peer`."""
    return Dynamic(config, owner) if config.remote_range is not None else Peer(config, owner)


TYPE = ProtocolType(
    name="bgp",
    title="BGP",
    kind=Rts.BGP,
    preference=100,
    config=BgpConfig,
    build=build,
    instance=make_instance,
    attributes=ATTRIBUTES,
    selection=SELECTION,
    commands=COMMANDS,
)
Peer.type = TYPE
Dynamic.type = TYPE
