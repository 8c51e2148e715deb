"""Validation of flow routes with the unicast routes of a base table (RFC 8955, 6; RFC 9117).

A flow is valid if it has a destination and
- its AS path is empty: it comes from our own AS (RFC 9117, 4.1 b.2), or
- its sender is the one of the best unicast route for the destination, on external sessions
  with the same first AS (RFC 9117, 4.1 b.1 and 4.2), and no unicast route inside of the
  destination comes from another neighboring AS (RFC 8955, 6 c).

Flows that are not valid stay in their table as unreachable; they lose to valid ones and are
not sent to anybody. When the base table changes, the core asks again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

from pybird.core.forwarding.nexthop import HopTable, Question
from pybird.core.table import Table
from pybird.proto.bgp.routes.selection import PeerIdentity
from pybird.proto.bgp.wire.attributes import AS_PATH, ORIGINATOR_ID
from pybird.values.attributes import find
from pybird.values.flow import FlowNet
from pybird.values.net import Prefix, net_of
from pybird.values.route import NO_HOP, Dest, Hop, Rte

WITHOUT_DESTINATION: Final = Hop(Dest.UNREACHABLE, key="a flow without a destination")
_SEQUENCE: Final = 2
_CONFED_SEQUENCE: Final = 3


@final
@dataclass(frozen=True, slots=True)
class SentBy(Question):
    """Whether the sender of a flow is the one of the unicast routes for its destination.

    `originator` is its ORIGINATOR_ID, or else its address. `first_as` is the first AS of the
    path of a flow from an external neighbor; None: from an internal one, and not compared.
    """

    originator: bytes
    first_as: bytes | None

    def problem(self, prefix: Prefix, table: Table) -> str:
        found = table.longest_match(prefix)
        if found is None:
            return "no unicast route for its destination"
        best = found[1][0]
        if originator(best) != self.originator:
            return "the unicast route for its destination is from another sender"
        neighbor = first_as(best)
        if self.first_as is not None and neighbor != self.first_as:
            return "the unicast route for its destination is from another AS"
        for key, routes in table.inside(prefix):
            if key[0] > prefix.length and (not _is_bgp(routes[0]) or first_as(routes[0]) != neighbor):
                return f"{net_of(table.net_type, key)} is from another AS"
        return ""


def flow_hop(hops: HopTable, table: str, flow: FlowNet, rte: Rte) -> Hop:
    """What a flow route has in place of a next hop: it is unreachable while the flow is not valid."""
    dst = flow.dst
    if dst is None:
        return WITHOUT_DESTINATION
    if is_of_our_as(rte):
        return NO_HOP
    peer = rte.source.peer
    external = isinstance(peer, PeerIdentity) and not peer.internal
    return hops.judged(table, dst, SentBy(originator(rte), first_as(rte) if external else None))


def is_of_our_as(rte: Rte) -> bool:
    """True if the path is empty, or passes through members of our confederation only."""
    path = find(rte.attrs.wire, AS_PATH) or b""
    at = 0
    while at < len(path):
        if path[at] != _CONFED_SEQUENCE:
            return False
        at += 2 + 4 * path[at + 1]
    return True


def originator(rte: Rte) -> bytes:
    """The originator of a route (RFC 8955, 6): ORIGINATOR_ID, else the neighbor; empty if not from BGP."""
    peer = rte.source.peer
    if not isinstance(peer, PeerIdentity):
        return b""
    return find(rte.attrs.wire, ORIGINATOR_ID) or peer.address.octets


def first_as(rte: Rte) -> bytes:
    """The neighboring AS that a route comes from; empty for one of our own AS."""
    path = find(rte.attrs.wire, AS_PATH) or b""
    at = 0
    while at < len(path):
        if path[at] == _SEQUENCE:
            return path[at + 2 : at + 6]
        at += 2 + 4 * path[at + 1]
    return b""


def _is_bgp(rte: Rte) -> bool:
    return isinstance(rte.source.peer, PeerIdentity)
