"""Which of several BGP routes is best (RFC 4271, 9.1.2.2, in BIRD's order).

A route that is kept for long after its sender was lost is the last choice (RFC 9494, 4.3).
Local preference, AS path length, origin; those make the rank. Then, only among
routes that are equal so far: MED (same neighboring AS, or `med metric`), eBGP
before iBGP, IGP metric, the older route (`prefer older`), router or originator
id (RFC 4456, 9), cluster list length, the peer's address. AIGP comes before the
path length (RFC 7311, 4) and so has no rank; nor has a route that is the last choice.
"""

from __future__ import annotations

from typing import Any, Final, final

from pybird.core.selection import Selection
from pybird.proto.bgp.shown import shown_metric, shown_origin
from pybird.proto.bgp.wire.aigp import total
from pybird.proto.bgp.wire.attributes import (
    AIGP,
    AS_PATH,
    CLUSTER_LIST,
    COMMUNITIES,
    EXTENDED,
    LOCAL_PREF,
    MED,
    ORIGIN,
    ORIGINATOR_ID,
)
from pybird.proto.bgp.wire.canonical import path_length
from pybird.values.address import Address
from pybird.values.attributes import AttributePool, find
from pybird.values.route import Rte

LLGR_STALE: Final = b"\xff\xff\0\x06"  # the community of routes that outlive their session (RFC 9494, 4.6)

_LONGEST: Final = 1023  # AS path length that fits in the rank
_FAR: Final = 1 << 64  # an IGP metric that is not known


@final
class PeerIdentity:
    """The BGP neighbor of a route, for selection and exporters (`Source.peer`).

    `router_id` is a number of 32 bits. The options are those of the session that the
    route was received on; `cluster_id` is for routes of a client (RFC 4456, 8),
    `ifindex` is the link of a direct session, else 0.
    """

    __slots__ = (
        "address",
        "cluster_id",
        "default_local_pref",
        "default_med",
        "deterministic_med",
        "ifindex",
        "igp_metric",
        "internal",
        "local_as",
        "med_metric",
        "path_metric",
        "prefer_older",
        "remote_as",
        "router_id",
        "rr_client",
    )

    def __init__(
        self,
        router_id: int,
        address: Address,
        local_as: int,
        remote_as: int,
        rr_client: bool = False,
        path_metric: bool = True,
        med_metric: bool = False,
        igp_metric: bool = True,
        prefer_older: bool = False,
        default_med: int = 0,
        default_local_pref: int = 100,
        deterministic_med: bool = False,
        cluster_id: int = 0,
        ifindex: int = 0,
    ) -> None:
        self.router_id: Final = router_id
        self.address: Final = address
        self.local_as: Final = local_as
        self.remote_as: Final = remote_as
        self.internal: Final = local_as == remote_as
        self.rr_client: Final = rr_client
        self.path_metric: Final = path_metric
        self.med_metric: Final = med_metric
        self.igp_metric: Final = igp_metric
        self.prefer_older: Final = prefer_older
        self.default_med: Final = default_med
        self.default_local_pref: Final = default_local_pref
        self.deterministic_med: Final = deterministic_med
        self.cluster_id: Final = cluster_id
        self.ifindex: Final = ifindex


def rank(rte: Rte, pool: AttributePool) -> int:
    """Local preference, then the shorter path, then the lower origin, in 44 bits.

    -1 where that does not decide: paths of more than 1023 hops, AIGP, `path
    metric off`, routes that may have LLGR_STALE.
    """
    peer = rte.source.peer
    if not peer.path_metric:
        return -1
    local, path, origin = peer.default_local_pref, 0, 0
    wire = rte.attrs.wire
    at, end = 0, len(wire)
    while at < end:
        code = wire[at + 1]
        if wire[at] & EXTENDED:
            start = at + 4
            at = start + (wire[at + 2] << 8 | wire[at + 3])
        else:
            start = at + 3
            at = start + wire[at + 2]
        if code == ORIGIN:
            origin = wire[start]
        elif code == AS_PATH:
            path = path_length(wire[start:at])
        elif code == LOCAL_PREF:
            local = int.from_bytes(wire[start:at], "big")
        elif code == AIGP or (code == COMMUNITIES and LLGR_STALE in wire[start:at]):
            return -1
    return local << 12 | (_LONGEST - path) << 2 | (3 - origin) if path <= _LONGEST else -1


def _is_long_lived(wire: bytes) -> bool:
    """True if the route has the community LLGR_STALE."""
    if LLGR_STALE not in wire:
        return False
    communities = find(wire, COMMUNITIES) or b""
    return LLGR_STALE in [communities[at : at + 4] for at in range(0, len(communities), 4)]


def _origin(wire: bytes) -> int:
    value = find(wire, ORIGIN)
    return value[0] if value else 0


def better(new: Rte, old: Rte) -> bool:
    """True if `new` is better than `old`; both are BGP routes of equal preference."""
    ours, theirs = _attributes(new, old), _attributes(old, new)
    if ours != theirs:
        return ours < theirs
    ours, theirs = _exit(new, old), _exit(old, new)
    if ours != theirs:
        return ours < theirs
    if _prefers_older(new, old) and new.time != old.time:
        return new.time < old.time
    return _identity(new) < _identity(old)


# What is said of a route that lost by an item of `_attributes`, `_exit` and `_identity`.
_ATTRIBUTE_STEPS: Final = (
    "unreachable next hop",
    "long-lived stale",
    "lower local preference",
    "higher AIGP or none",
    "longer path",
    "higher origin",
)
_EXIT_STEPS: Final = ("higher MED", "internal", "higher IGP metric")
_IDENTITY_STEPS: Final = (
    "higher router id",
    "longer cluster list",
    "higher address",
    "higher path id",
    "name of the protocol",
)


def step(best: Rte, other: Rte) -> str:
    """By which step of the decision process `other` lost against `best`, in words."""
    at = _first_difference(_attributes(best, other), _attributes(other, best))
    if at >= 0:
        return _ATTRIBUTE_STEPS[at]
    at = _first_difference(_exit(best, other), _exit(other, best))
    if at >= 0:
        return _EXIT_STEPS[at]
    if _prefers_older(best, other) and best.time != other.time:
        return "younger"
    at = _first_difference(_identity(best), _identity(other))
    return _IDENTITY_STEPS[at] if at >= 0 else ""


def _first_difference(ours: tuple[Any, ...], theirs: tuple[Any, ...]) -> int:
    for at in range(len(ours)):
        if ours[at] != theirs[at]:
            return at
    return -1


def mergeable(best: Rte, other: Rte) -> bool:
    """True if a multipath route may use both: they are equal in all but the tie-breakers."""
    return _attributes(best, other) == _attributes(other, best) and _exit(best, other) == _exit(other, best)


def _attributes(rte: Rte, other: Rte) -> tuple[int, ...]:
    """(unresolvable?, stale?, -local preference, AIGP, path length, origin): the lower tuple wins."""
    wire = rte.attrs.wire
    peer = rte.source.peer
    preference = find(wire, LOCAL_PREF)
    local = peer.default_local_pref if preference is None else int.from_bytes(preference, "big")
    length = 0
    if peer.path_metric or other.source.peer.path_metric:
        length = path_length(find(wire, AS_PATH) or b"")
    unresolvable, stale = 0 if rte.hop.resolvable else 1, 1 if _is_long_lived(wire) else 0
    return (unresolvable, stale, -local, total(rte), length, _origin(wire))


def _exit(rte: Rte, other: Rte) -> tuple[int, ...]:
    """(MED, internal?, IGP metric): the lower tuple wins."""
    peer, rival = rte.source.peer, other.source.peer
    med = 0
    if peer.med_metric or rival.med_metric or _neighbor(rte) == _neighbor(other):
        value = find(rte.attrs.wire, MED)
        med = peer.default_med if value is None else int.from_bytes(value, "big")
    metric = 0  # with `igp metric off` too, even compared with a route that has a metric
    if peer.igp_metric:
        metric = _FAR if rte.hop.igp_metric is None else rte.hop.igp_metric
    return (med, 1 if peer.internal else 0, metric)


def _neighbor(rte: Rte) -> int:
    """The neighboring AS that the MED belongs to; our own for an empty path, 0 if it begins with a set."""
    path = find(rte.attrs.wire, AS_PATH)
    if not path:
        return int(rte.source.peer.local_as)
    return int.from_bytes(path[2:6], "big") if path[0] == 2 else 0


def group(rte: Rte) -> int | None:
    """With `deterministic med`, the neighboring AS: its routes are compared first (RFC 4271, 9.1.2.2 c)."""
    return _neighbor(rte) if rte.source.peer.deterministic_med else None


def _prefers_older(new: Rte, old: Rte) -> bool:
    ours, theirs = new.source.peer, old.source.peer
    return (ours.prefer_older or theirs.prefer_older) and not ours.internal and not theirs.internal


def _identity(rte: Rte) -> tuple[int, int, Address, int, str]:
    wire = rte.attrs.wire
    originator = find(wire, ORIGINATOR_ID)
    peer = rte.source.peer
    router_id = peer.router_id if originator is None else int.from_bytes(originator, "big")
    clusters = find(wire, CLUSTER_LIST)
    length = 0 if clusters is None else len(clusters)
    return (router_id, length, peer.address, rte.source.path_id, rte.source.name)


SELECTION: Final = Selection(
    rank=rank,
    better=better,
    mergeable=mergeable,
    dependent=True,
    group=group,
    shown_metric=shown_metric,
    shown_origin=shown_origin,
    step=step,
)
