"""Routes, their sources and their forwarding next hops.

One `Rte` is shared by all networks of one UPDATE that ended with the same
attribute set, and does not change once the channel has ranked it. Hot code:
plain slotted classes, no dataclass (this module is also compiled).
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple, final

from pybird.values.address import Address

if TYPE_CHECKING:
    from pybird.values.attributes import AttributeSet


class Dest(IntEnum):
    """What forwarding does with a packet (`dest`, RTD_*)."""

    NONE = 0
    UNICAST = 1
    BLACKHOLE = 2
    UNREACHABLE = 3
    PROHIBIT = 4


_UNREACHABLE: Final = Dest.UNREACHABLE  # looking up an enum member by name is slow


class NextHop(NamedTuple):
    """One way out: a gateway, an interface, or both."""

    gateway: Address | None
    ifindex: int
    ifname: str
    weight: int = 1
    onlink: bool = False
    labels: tuple[int, ...] = ()


UNKNOWN_METRIC: Final = 0x80000000  # the IGP metric of a route that has none


class Hop:
    """Where packets are sent; shared by all routes that are forwarded alike.

    A hop that depends on other routes or on interfaces (`core/forwarding/nexthop.py`)
    changes in place and increments `version`; the core then walks the routes that
    use it. All others are constant. `direct` ones depend on interfaces, not on other
    routes. `igp_metric` is the distance to the next hop: None when no route leads
    there, UNKNOWN_METRIC when the route that does has no metric.
    """

    __slots__ = ("dest", "direct", "igp_metric", "key", "nexthops", "version")

    def __init__(
        self,
        dest: Dest,
        nexthops: tuple[NextHop, ...] = (),
        igp_metric: int | None = None,
        key: Any = None,
        direct: bool = False,
    ) -> None:
        self.dest = dest
        self.nexthops = nexthops
        self.igp_metric = igp_metric
        self.key: Final = key
        self.direct: Final = direct
        self.version = 0

    @property
    def resolvable(self) -> bool:
        """False while the next hop is not reachable: routes with it lose to others."""
        return self.dest is not _UNREACHABLE or self.key is None

    @property
    def lost(self) -> bool:
        """True while the neighbor or interface of a `direct` hop is not reachable."""
        return self.direct and self.dest is _UNREACHABLE

    def __repr__(self) -> str:
        return f"Hop({self.dest.name}, {self.nexthops})"


NO_HOP: Final = Hop(Dest.NONE)
BLACKHOLE: Final = Hop(Dest.BLACKHOLE)
UNREACHABLE: Final = Hop(Dest.UNREACHABLE)
PROHIBIT: Final = Hop(Dest.PROHIBIT)


class RouteSource:
    """The origin of announced routes: one per protocol instance, or per (session, path id).

    `owner` is the channel that owns it, `name` the protocol's name, `kind` the
    `RTS_*` number, `type` the selection rules of the protocol type; `peer` is
    what its tie-breaker needs (BGP: a record of router id, address and session
    class). `epoch` counts refreshes: routes
    of an older epoch are stale while `stale` is set. The table counts its routes in
    `routes` and those that are best in `best`. For a route copied from another
    table, `origin` is its source there.
    """

    __slots__ = (
        "address",
        "best",
        "epoch",
        "kind",
        "name",
        "number",
        "origin",
        "owner",
        "path_id",
        "peer",
        "routes",
        "stale",
        "type",
    )

    def __init__(
        self,
        name: str,
        kind: int,
        type: Any,  # noqa: A002  the protocol type's selection rules, core.selection.Selection
        owner: Any = None,
        address: Address | None = None,
        peer: Any = None,
        path_id: int = 0,
    ) -> None:
        self.name = name
        self.kind = kind
        self.type = type
        self.owner = owner
        self.address = address
        self.peer = peer
        self.path_id = path_id
        self.epoch = 0
        self.stale = False
        self.routes = 0
        self.best = 0
        self.origin: RouteSource | None = None
        self.number = 0  # its number in traces; 0 until it appears in one

    def __repr__(self) -> str:
        return f"Source({self.name})"


SLOW: Final = 1  # the rank does not decide: compare in full
FILTERED: Final = 2  # kept by `import keep filtered`, never in a table
DISPUTED: Final = 4  # in some network it is best although another route beats it (core/selection.py)


@final
class Rte:
    """One route as announced, for any number of networks.

    `time` is seconds on the router's clock. The route with the higher `rank` is
    better; the channel sets it after the import filter, with `flags & SLOW` when a
    full comparison is needed. `epoch` is that of the source at the last announcement.
    """

    __slots__ = ("attrs", "epoch", "flags", "hop", "preference", "rank", "source", "time")

    def __init__(
        self,
        attrs: AttributeSet,
        source: RouteSource,
        hop: Hop,
        preference: int,
        time: float,
        rank: int = 0,
        flags: int = 0,
    ) -> None:
        self.attrs: Final = attrs
        self.source: Final = source
        self.hop: Final = hop
        self.preference: Final = preference
        self.time: Final = time
        self.rank = rank
        self.flags = flags
        self.epoch = source.epoch

    def __repr__(self) -> str:
        return f"Rte({self.source.name}, {self.attrs!r}, {self.hop!r}, {self.preference})"
