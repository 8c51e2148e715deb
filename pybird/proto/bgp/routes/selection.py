"""Which of several BGP routes is best (RFC 4271, 9.1.2.2, in BIRD's order).

A route that is kept for long after its sender was lost is the last choice (RFC 9494, 4.3).
Local preference, AS path length, origin; those make the rank. Then, only among
routes that are equal so far: MED (same neighboring AS, or `med metric`), eBGP
before iBGP, IGP metric, the older route (`prefer older`), router or originator
id (RFC 4456, 9), cluster list length, the peer's address. AIGP comes before the
path length (RFC 7311, 4) and so has no rank; nor has a route that is the last choice.
"""

from __future__ import annotations

from typing import Final, final

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
from pybird.proto.bgp.wire.confederation import first_outside
from pybird.values.address import Address
from pybird.values.attributes import AttributePool, find
from pybird.values.route import SLOW, Rte

LLGR_STALE: Final = b"\xff\xff\0\x06"  # the community of routes that outlive their session (RFC 9494, 4.6)

_LONGEST: Final = 1023  # AS path length that fits in the rank
_FAR: Final = 1 << 64  # an IGP metric that is not known


@final
class PeerIdentity:
    """The BGP neighbor of a route, for selection and exporters (`Source.peer`).

    `router_id` is a number of 32 bits. The options are those of the session that the
    route was received on; `cluster_id` is for routes of a client (RFC 4456, 8),
    `ifindex` is the link of a direct session, else 0. `inside`: in our AS or (`member`) another one of
    our confederation.
    """

    __slots__ = (
        "address",
        "cluster_id",
        "default_local_pref",
        "default_med",
        "deterministic_med",
        "ifindex",
        "igp_metric",
        "inside",
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
        member: bool = False,
    ) -> None:
        self.router_id: Final = router_id
        self.address: Final = address
        self.local_as: Final = local_as
        self.remote_as: Final = remote_as
        self.internal: Final = local_as == remote_as
        self.inside: Final = local_as == remote_as or member
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


def is_stale(rte: Rte) -> bool:
    """True if the route outlives the session of its sender (RFC 9494)."""
    return _is_long_lived(rte.attrs.wire)


def _is_long_lived(wire: bytes) -> bool:
    """True if the route has the community LLGR_STALE."""
    if LLGR_STALE not in wire:
        return False
    communities = find(wire, COMMUNITIES) or b""
    return LLGR_STALE in [communities[at : at + 4] for at in range(0, len(communities), 4)]


def _origin(wire: bytes) -> int:
    value = find(wire, ORIGIN)
    return value[0] if value else 0


# What is said of a route that loses by a step of `decide`, whose numbers are their places.
STEPS: Final = (
    "",
    "unreachable next hop",
    "long-lived stale",
    "lower local preference",
    "higher AIGP or none",
    "longer path",
    "higher origin",
    "higher MED",
    "internal",
    "higher IGP metric",
    "younger",
    "higher router id",
    "longer cluster list",
    "higher address",
    "higher path id",
    "name of the protocol",
)
_BY_MED: Final = 7
_INTERNAL: Final = 8
_BY_DISTANCE: Final = 9  # the last step before those that only break a tie
_BY_AGE: Final = 10
_BY_ROUTER_ID: Final = 11
_BY_CLUSTERS: Final = 12
_BY_ADDRESS: Final = 13
_BY_PATH_ID: Final = 14
_BY_NAME: Final = 15


def better(new: Rte, old: Rte) -> bool:
    """True if `new` is better than `old`; both are BGP routes of equal preference."""
    return decide(new, old) > 0


def step(best: Rte, other: Rte) -> str:
    """By which step of the decision process `other` lost against `best`, in words."""
    return STEPS[abs(decide(best, other))]


def mergeable(best: Rte, other: Rte) -> bool:
    """True if a multipath route may use both: they are equal in all but the tie-breakers."""
    by = abs(decide(best, other))
    return by == 0 or by > _BY_DISTANCE


def decide(one: Rte, other: Rte) -> int:
    """The step that tells two routes apart (a place in `STEPS`), negative if `one` loses; 0: none does."""
    if one.rank != other.rank or (one.flags | other.flags) & SLOW:
        by = _decide_by_attributes(one, other)
        if by:
            return by
    ours, theirs = _compared(one), _compared(other)
    peer, rival = one.source.peer, other.source.peer
    alike = peer is rival and ours == theirs
    if not alike:
        if peer.med_metric or rival.med_metric or _neighbor(ours, peer) == _neighbor(theirs, rival):
            med, their_med = _med(ours, peer), _med(theirs, rival)
            if med != their_med:
                return _BY_MED if med < their_med else -_BY_MED
        if peer.inside != rival.inside:  # RFC 5065, 5.3: a member is as internal
            return -_INTERNAL if peer.inside else _INTERNAL
    if one.hop is not other.hop or peer is not rival:
        distance, their_distance = _distance(one), _distance(other)
        if distance != their_distance:
            return _BY_DISTANCE if distance < their_distance else -_BY_DISTANCE
    if one.time != other.time and _prefers_older(one, other):
        return _BY_AGE if one.time < other.time else -_BY_AGE
    return _decide_by_identity(one, other, alike)


def _decide_by_attributes(one: Rte, other: Rte) -> int:
    ours, theirs = _attributes(one, other), _attributes(other, one)
    for at in range(len(ours)):
        if ours[at] != theirs[at]:
            return at + 1 if ours[at] < theirs[at] else -(at + 1)
    return 0


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


# What the steps after the rank compare, packed into `AttributeSet.compared`, from the lowest bit:
# 33 bits neighboring AS (its highest bit: the path is empty, or of members alone), 33 bits MED + 1
# and 33 bits ORIGINATOR_ID + 1 (0: none), then the octets of the CLUSTER_LIST.
_FIELD: Final = 33
_MASK: Final = (1 << _FIELD) - 1
_EMPTY_PATH: Final = 1 << 32
_SEQUENCE: Final = 2  # type of a path segment


def _compared(rte: Rte) -> int:
    attrs = rte.attrs
    found: int = attrs.compared
    if found < 0:
        found = attrs.compared = _pack(attrs.wire)
    return found


def _pack(wire: bytes) -> int:
    path = find(wire, AS_PATH)
    neighbor = _EMPTY_PATH
    if path:
        first = int.from_bytes(path[2:6], "big") if path[0] == _SEQUENCE else first_outside(path)
        neighbor = first if first >= 0 else _EMPTY_PATH
    med, originator = find(wire, MED), find(wire, ORIGINATOR_ID)
    packed = len(find(wire, CLUSTER_LIST) or b"")
    packed = packed << _FIELD | (0 if originator is None else int.from_bytes(originator, "big") + 1)
    packed = packed << _FIELD | (0 if med is None else int.from_bytes(med, "big") + 1)
    return packed << _FIELD | neighbor


def _neighbor(compared: int, peer: PeerIdentity) -> int:
    """The neighboring AS that the MED belongs to; 0 if a set stands there.

    Members of a confederation are skipped (RFC 5065, 5.2); it is our own if nothing else is in the path.
    """
    neighbor = compared & _MASK
    return peer.local_as if neighbor == _EMPTY_PATH else neighbor


def _med(compared: int, peer: PeerIdentity) -> int:
    med = compared >> _FIELD & _MASK
    return med - 1 if med else peer.default_med


def _distance(rte: Rte) -> int:
    if not rte.source.peer.igp_metric:
        return 0  # even compared with a route that has a metric
    metric: int | None = rte.hop.igp_metric
    return _FAR if metric is None else metric


def _decide_by_identity(one: Rte, other: Rte, alike: bool) -> int:
    """The steps that only break a tie; `alike`: same session and attributes."""
    if not alike:
        ours, theirs = _compared(one), _compared(other)
        peer, rival = one.source.peer, other.source.peer
        number, their_number = _router_id(ours, peer), _router_id(theirs, rival)
        if number != their_number:
            return _BY_ROUTER_ID if number < their_number else -_BY_ROUTER_ID
        clusters, their_clusters = ours >> 3 * _FIELD, theirs >> 3 * _FIELD
        if clusters != their_clusters:
            return _BY_CLUSTERS if clusters < their_clusters else -_BY_CLUSTERS
        if peer.address != rival.address:
            return _BY_ADDRESS if peer.address < rival.address else -_BY_ADDRESS
    path_id, their_path_id = one.source.path_id, other.source.path_id
    if path_id != their_path_id:
        return _BY_PATH_ID if path_id < their_path_id else -_BY_PATH_ID
    name, their_name = one.source.name, other.source.name
    if name != their_name:
        return _BY_NAME if name < their_name else -_BY_NAME
    return 0


def _router_id(compared: int, peer: PeerIdentity) -> int:
    originator = compared >> 2 * _FIELD & _MASK
    return originator - 1 if originator else peer.router_id


def group(rte: Rte) -> int | None:
    """With `deterministic med`, the neighboring AS: its routes are compared first (RFC 4271, 9.1.2.2 c)."""
    peer = rte.source.peer
    return _neighbor(_compared(rte), peer) if peer.deterministic_med else None


def _prefers_older(new: Rte, old: Rte) -> bool:
    ours, theirs = new.source.peer, old.source.peer
    return (ours.prefer_older or theirs.prefer_older) and not ours.internal and not theirs.internal


SELECTION: Final = Selection(
    rank=rank,
    better=better,
    mergeable=mergeable,
    group=group,
    shown_metric=shown_metric,
    shown_origin=shown_origin,
    stale=is_stale,
    step=step,
)
