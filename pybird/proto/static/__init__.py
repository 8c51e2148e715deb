"""Static routes."""

from __future__ import annotations

from pybird.core.protocol import ProtocolType
from pybird.core.selection import Selection
from pybird.proto.static.build import build
from pybird.proto.static.commands import COMMANDS
from pybird.proto.static.config import StaticConfig
from pybird.proto.static.static import Static
from pybird.values.attributes import AttributePool
from pybird.values.enums import Rts
from pybird.values.route import Rte


def shown_metric(rte: Rte, pool: AttributePool) -> int | None:
    """The metric that the configuration sets with `igp_metric`; None if it sets none."""
    written = pool.view(rte.attrs).get("igp_metric")
    return written if isinstance(written, int) else None


TYPE = ProtocolType(
    name="static",
    title="Static",
    kind=Rts.STATIC,
    preference=200,
    config=StaticConfig,
    build=build,
    shows_table=True,
    instance=Static,
    selection=Selection(shown_metric=shown_metric),
    commands=COMMANDS,
)
Static.type = TYPE
