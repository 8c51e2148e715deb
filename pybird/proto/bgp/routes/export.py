"""Writes UPDATE messages: the exporter of one kind of BGP session and family.

Sessions with equal `ExportClass` send the same octets, so they share one
exporter. It decides which routes may be sent (`admit`), their attributes (`wire`,
once per attribute set) and the messages (`pack`). With add-path, a key that is packed is
the path id and the network.

The wire form is (next hop of MP_REACH, attributes without it, what stands beside networks); the first is
empty where the classic fields of an UPDATE carry the networks, and where routes have none. Rules: RFC 4271
section 5, RFC 1997, RFC 2545, RFC 4360, RFC 4456, RFC 4760, RFC 6793, RFC 7311, RFC 8654,
RFC 8950, RFC 9234, RFC 9494.

A link-local next hop is sent only on its own link; on other sessions our own address
takes its place, and where we have none, the route is not sent.

Hot (also compiled): `pack` is about 0.1 us per network.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, final

from pybird.core.export.exporter import ExportMode
from pybird.core.labels.labeler import LABEL as OWN_LABEL
from pybird.proto.bgp.family import Family
from pybird.proto.bgp.routes.nexthop import IMPLICIT_NULL, wire_next_hop
from pybird.proto.bgp.routes.selection import LLGR_STALE, PeerIdentity
from pybird.proto.bgp.wire.aigp import originated, passed_on
from pybird.proto.bgp.wire.attributes import (
    AGGREGATOR,
    AIGP,
    AS4_AGGREGATOR,
    AS4_PATH,
    AS_PATH,
    CLUSTER_LIST,
    COMMUNITIES,
    EXTENDED,
    EXTENDED_COMMUNITIES,
    IPV6_EXTENDED_COMMUNITIES,
    LABEL_STACK,
    LARGE_COMMUNITIES,
    LOCAL_PREF,
    MED,
    MP_REACH,
    MP_UNREACH,
    NEXT_HOP,
    OPTIONAL,
    ORIGIN,
    ORIGINATOR_ID,
    OTC,
    PASSED_ON,
    TRANSITIVE,
)
from pybird.proto.bgp.wire.canonical import encode_attribute
from pybird.proto.bgp.wire.confederation import CONFED_SEQUENCE, has_members, prepended, without_members
from pybird.proto.bgp.wire.messages import AS_TRANS, MARKER
from pybird.proto.bgp.wire.nlri import PATH_ID
from pybird.proto.bgp.wire.roles import NO_ROLE, holds_back, marks_sent
from pybird.values.address import Address
from pybird.values.attributes import AttributeSet, find, pieces, value_of
from pybird.values.community import ExtendedList
from pybird.values.net import Prefix
from pybird.values.route import Dest, Rte

NO_EXPORT: Final = 0xFFFFFF01
NO_ADVERTISE: Final = 0xFFFFFF02
NO_EXPORT_SUBCONFED: Final = 0xFFFFFF03

_IGP: Final = bytes((TRANSITIVE, ORIGIN, 1, 0))
_LISTS: Final = (COMMUNITIES, CLUSTER_LIST, EXTENDED_COMMUNITIES, LARGE_COMMUNITIES)
_WITHIN_AS: Final = ((EXTENDED_COMMUNITIES, 8), (IPV6_EXTENDED_COMMUNITIES, 20))  # octets per member
_NON_TRANSITIVE: Final = 0x40  # bit of the first octet (RFC 4360, 2; RFC 5701, 2)
LABELS: Final = 1 << 20
_HEAD: Final = 3  # octets of an attribute without a value
_FIXED: Final = 23  # header and the two length fields of an UPDATE

Wire = tuple[bytes, bytes, bytes]


class ExportClass(NamedTuple):
    """Everything that the messages of a session depend on, besides routes and filters.

    `own` is our next hop on the session in canonical form (see `attributes`),
    empty when we have none for the family; `local_as` is our AS as the neighbors know it.
    `ifindex` is the link of a direct session, 0 for a multihop one. `next_hop_self` and
    `next_hop_keep` are the words of the configuration: no, yes, ibgp, ebgp. `cluster_id` is
    for clients of a route reflector, else 0; `aigp` is no, yes or originate. `role` is what
    we are to the neighbors (RFC 9234).
    """

    family: Family
    local_as: int
    internal: bool
    own: bytes
    ifindex: int = 0
    networks: tuple[Prefix, ...] = ()
    as4: bool = True
    extended_next_hop: bool = False
    max_length: int = 4096
    rr_client: bool = False
    rs_client: bool = False
    cluster_id: int = 0
    next_hop_self: str = "no"
    next_hop_keep: str = "no"
    link_local_format: str | None = None
    interpret_communities: bool = True
    allow_local_pref: bool = False
    allow_med: bool = False
    default_local_pref: int = 100
    aigp: str = "no"
    long_lived: bool = False  # the neighbor has announced long-lived graceful restart (RFC 9494)
    role: int = NO_ROLE
    paths: bool = False  # networks have a path id before them (RFC 7911)
    member: bool = False  # the neighbors are in another AS of our confederation (RFC 5065)

    @property
    def inside(self) -> bool:
        """True for neighbors in our AS, or in another one of our confederation."""
        return self.internal or self.member


@final
class BgpExporter:
    """Turns routes into the messages of one class of sessions (`core.export.exporter.Exporter`)."""

    __slots__ = (
        "_family",
        "_holds_back_otc",
        "_log",
        "_logged",
        "_longest",
        "_marks_otc",
        "_own",
        "_own_as",
        "_own_cluster",
        "_path_id",
        "key",
        "mode",
        "terms",
    )

    def __init__(
        self,
        terms: ExportClass,
        mode: ExportMode = ExportMode.OPTIMAL,
        log: Callable[[str], None] | None = None,
    ) -> None:
        """`log` is called once for each source, and reason, whose routes cannot be sent."""
        self.terms: Final = terms
        self.mode = mode
        self.key = (terms, mode)
        self._log: Final = log
        self._logged: dict[tuple[str, str], None] = {}
        self._family: Final = terms.family
        self._path_id: Final = PATH_ID if terms.paths else 0  # octets before each network
        self._longest: Final = terms.family.nlri.longest + self._path_id
        self._own: Final = self._if_carried(terms.own)
        self._own_as: Final = terms.local_as.to_bytes(4, "big")
        self._own_cluster: Final = terms.cluster_id.to_bytes(4, "big")
        self._holds_back_otc: Final = terms.family.otc and holds_back(terms.role)
        self._marks_otc: Final = terms.family.otc and marks_sent(terms.role)

    # ------------------------------------------------ which routes are sent

    def admit(self, rte: Rte) -> bool:
        """False if communities (RFC 1997, 9494), reflection (RFC 4456) or OTC (RFC 9234, 5) forbid it.

        Communities forbid nothing where the route did not come by BGP.
        """
        terms = self.terms
        if rte.hop.dest is Dest.UNREACHABLE and not self._family.has_hops:
            return False  # a flow that is not valid (RFC 8955, 6)
        if terms.internal:
            peer = rte.source.peer
            if isinstance(peer, PeerIdentity) and peer.internal and not (peer.rr_client or terms.rr_client):
                return False
            if terms.rr_client and self._was_in_cluster(rte):
                return False
        if self._holds_back_otc and find(rte.attrs.wire, OTC) is not None:
            return False
        if terms.interpret_communities and isinstance(rte.source.peer, PeerIdentity):
            communities = find(rte.attrs.wire, COMMUNITIES)
            if communities is not None and b"\xff\xff" in communities:
                return not self._held_back(communities)
        return True

    def _was_in_cluster(self, rte: Rte) -> bool:
        """True if the route was in the client's cluster before: its reflectors would ignore it."""
        clusters = find(rte.attrs.wire, CLUSTER_LIST)
        if clusters is None or self._own_cluster not in clusters:
            return False
        own = self._own_cluster
        return own in [clusters[at : at + 4] for at in range(0, len(clusters), 4)]

    def _held_back(self, communities: bytes) -> bool:
        internal, inside, long_lived = self.terms.internal, self.terms.inside, self.terms.long_lived
        for at in range(0, len(communities), 4):
            octets = communities[at : at + 4]
            if octets == LLGR_STALE and not long_lived:  # not the last choice there (RFC 9494, 4.3)
                return True
            value = int.from_bytes(octets, "big")
            if value == NO_ADVERTISE:
                return True
            if (value == NO_EXPORT and not inside) or (value == NO_EXPORT_SUBCONFED and not internal):
                return True
        return False

    # ------------------------------------------------- attributes of a route

    def wire(self, rte: Rte, before: AttributeSet, again: tuple[str, ...] = ()) -> Wire | None:
        """The wire form for these sessions; None: there is no usable next hop, or it is too long."""
        terms = self.terms
        found = pieces(rte.attrs.wire)
        received = found.pop(NEXT_HOP, None)
        current = b"" if received is None else _canonical(received[3:])
        hop = b""
        if self._family.has_hops:
            hop = self._next_hop(current, rte, before, again)
            if not hop:
                return None
            if not any(hop):
                self._log_once(rte, "not sent: Invalid NEXT_HOP attribute - zero address")
                return None
        for code in _LISTS:  # a list that a filter emptied would be malformed (RFC 7606, 7)
            if code in found and len(found[code]) == _HEAD:
                del found[code]
        if ORIGIN not in found:
            found[ORIGIN] = _IGP
        if AS_PATH not in found:
            found[AS_PATH] = bytes((TRANSITIVE, AS_PATH, 0))
        if terms.internal:
            self._to_internal(found, rte)
        elif terms.member:
            self._to_member(found)
        else:
            self._to_external(found, rte, before, again)
        self._set_aigp(found, rte, hop == self._own)
        if not terms.as4:
            _narrow(found)
        mp, over = b"", 0
        if len(hop) == 4 and self._family.classic:
            found[NEXT_HOP] = bytes((TRANSITIVE, NEXT_HOP, 4)) + hop
        else:
            mp = self._family.hop_field(wire_next_hop(hop, terms.link_local_format))
            over = 9 + len(mp)
        octets = b"".join([found[code] for code in sorted(found)])
        beside = b""
        if self._family.nlri.mixed:
            kept = self._stays(current, rte, before, again)
            beside = self._family.nlri.beside(self._labels(hop, kept, rte), rte.attrs.other)
        if _FIXED + over + len(beside) + len(octets) + self._longest > terms.max_length:
            self._too_long(rte, over + len(octets))
            return None
        return (mp, octets, beside)

    def _too_long(self, rte: Rte, size: int) -> None:
        """Log a route that no message can carry, as RFC 8654, 4 asks; it counts as withdrawn."""
        most = self.terms.max_length
        self._log_once(
            rte, f"not sent where messages have at most {most} octets: attributes of {size} octets do not fit"
        )

    def _log_once(self, rte: Rte, what: str) -> None:
        """Log why routes of this source are not sent: once for each reason."""
        name = rte.source.name
        reason = (name, what.partition(":")[0])
        if self._log is None or reason in self._logged:
            return
        self._logged[reason] = None
        self._log(f"BGP: routes of {name} are {what}")

    def _set_aigp(self, found: dict[int, bytes], rte: Rte, own_hop: bool) -> None:
        """Send AIGP only where configured; where we set the next hop, add the distance (RFC 7311, 3.4)."""
        mode = self.terms.aigp
        attribute = found.get(AIGP)
        if mode == "no":
            found.pop(AIGP, None)
        elif not own_hop:
            return
        elif attribute is not None:
            found[AIGP] = encode_attribute(OPTIONAL, AIGP, passed_on(value_of(attribute), rte.hop))
        elif mode == "originate" and not isinstance(rte.source.peer, PeerIdentity):
            value = originated(rte)
            if value is not None:
                found[AIGP] = encode_attribute(OPTIONAL, AIGP, value)

    def _to_internal(self, found: dict[int, bytes], rte: Rte) -> None:
        """Add LOCAL_PREF (RFC 4271, 5.1.5); if reflected, ORIGINATOR_ID and CLUSTER_LIST (RFC 4456, 8)."""
        self._add_local_pref(found)
        peer = rte.source.peer
        if isinstance(peer, PeerIdentity) and peer.internal:
            if ORIGINATOR_ID not in found:
                value = peer.router_id.to_bytes(4, "big")
                found[ORIGINATOR_ID] = encode_attribute(OPTIONAL, ORIGINATOR_ID, value)
            found[CLUSTER_LIST] = encode_attribute(OPTIONAL, CLUSTER_LIST, self._clusters(found, peer))

    def _add_local_pref(self, found: dict[int, bytes]) -> None:
        if LOCAL_PREF not in found:
            value = self.terms.default_local_pref.to_bytes(4, "big")
            found[LOCAL_PREF] = encode_attribute(TRANSITIVE, LOCAL_PREF, value)

    def _to_member(self, found: dict[int, bytes]) -> None:
        """Prepend our AS as a member's; MED, LOCAL_PREF and all communities stay (RFC 5065, 4.1 b, 5.2)."""
        if not self.terms.rs_client:
            path = prepended(value_of(found[AS_PATH]), self._own_as, CONFED_SEQUENCE)
            found[AS_PATH] = encode_attribute(TRANSITIVE, AS_PATH, path)
        self._add_local_pref(found)
        found.pop(ORIGINATOR_ID, None)
        found.pop(CLUSTER_LIST, None)
        self._mark_otc(found)

    def _mark_otc(self, found: dict[int, bytes]) -> None:
        """Add OTC where our role asks for it (RFC 9234, 5)."""
        if self._marks_otc and OTC not in found:
            found[OTC] = encode_attribute(PASSED_ON, OTC, self._own_as)

    def _clusters(self, found: dict[int, bytes], peer: PeerIdentity) -> bytes:
        """CLUSTER_LIST with the cluster of the client that sent the route, then the receiving client's."""
        terms = self.terms
        old = found.get(CLUSTER_LIST)
        clusters = b"" if old is None else value_of(old)
        if peer.rr_client:
            clusters = peer.cluster_id.to_bytes(4, "big") + clusters
        if terms.rr_client and not (peer.rr_client and peer.cluster_id == terms.cluster_id):
            clusters = self._own_cluster + clusters
        return clusters

    def _to_external(
        self, found: dict[int, bytes], rte: Rte, before: AttributeSet, again: tuple[str, ...]
    ) -> None:
        """Remove members of a confederation, prepend our AS; remove MED and LOCAL_PREF.

        (RFC 5065, 4.1 c, 5; RFC 4271, 5.1.2 to 5.1.5.)

        A MED is sent if the export filter set it or the route is not from BGP, but not
        as it was received, except by a route server (RFC 7947, 2.2.3). Communities that
        are not transitive never leave the AS, whoever set them (RFC 4360, 6).
        """
        terms = self.terms
        path = value_of(found[AS_PATH])
        if has_members(path):
            path = without_members(path)
            found[AS_PATH] = encode_attribute(TRANSITIVE, AS_PATH, path)
        if not terms.rs_client:
            found[AS_PATH] = encode_attribute(TRANSITIVE, AS_PATH, prepended(path, self._own_as))
            med = found.get(MED)
            own = not isinstance(rte.source.peer, PeerIdentity)
            kept = terms.allow_med or own or "bgp_med" in again
            if med is not None and not kept and find(before.wire, MED) == value_of(med):
                del found[MED]
        if not terms.allow_local_pref:
            found.pop(LOCAL_PREF, None)
        found.pop(ORIGINATOR_ID, None)
        found.pop(CLUSTER_LIST, None)
        self._mark_otc(found)
        for code, size in _WITHIN_AS:
            if code in found:
                _keep_transitive(found, code, size)

    # --------------------------------------------------------------- next hop

    def _next_hop(self, current: bytes, rte: Rte, before: AttributeSet, again: tuple[str, ...]) -> bytes:
        """The next hop to send, canonical; empty if there is none that may be sent.

        `current` is the route's, empty if it has none. `next hop self` takes precedence
        over what a filter set, and that over `next hop keep`.
        """
        if self._option_applies(self.terms.next_hop_self, rte):
            return self._own
        if self._stays(current, rte, before, again):
            chosen = current
        elif current and self._is_from_our_link(rte):
            chosen = b""  # on a shared link NEXT_HOP decides, not the gateway
        else:
            chosen = self._gateway(rte)
        return self._sendable(chosen, rte) or self._own

    def _stays(self, current: bytes, rte: Rte, before: AttributeSet, again: tuple[str, ...]) -> bool:
        """True if the route's next hop is sent, unless it becomes our own; else it may be the gateway."""
        if not current:
            return False
        return self._is_set_here(rte, before, again) or self._keeps_next_hop(current, rte)

    def _is_set_here(self, rte: Rte, before: AttributeSet, again: tuple[str, ...]) -> bool:
        """True if the export filter set the next hop, or the route is not from BGP."""
        if not isinstance(rte.source.peer, PeerIdentity):
            return True
        if "bgp_next_hop" in again:
            return True
        return rte.attrs is not before and find(rte.attrs.wire, NEXT_HOP) != find(before.wire, NEXT_HOP)

    def _keeps_next_hop(self, current: bytes, rte: Rte) -> bool:
        """True if a next hop from BGP is sent on unchanged (RFC 4271, 5.1.3).

        It is to internal peers and other members (RFC 5065, 5.2), and between external peers on
        one link if it is on that link.
        """
        terms = self.terms
        return (
            terms.inside
            or self._option_applies(terms.next_hop_keep, rte)
            or (self._is_from_our_link(rte) and self._is_on_link(current, rte))
        )

    def _option_applies(self, option: str, rte: Rte) -> bool:
        """True if `next hop self` or `next hop keep` with this value applies to the route's source."""
        if option in ("yes", "no"):
            return option == "yes"
        peer = rte.source.peer
        return isinstance(peer, PeerIdentity) and peer.internal == (option == "ibgp")

    def _is_from_our_link(self, rte: Rte) -> bool:
        """True if the route was received on the link of this session."""
        peer = rte.source.peer
        return isinstance(peer, PeerIdentity) and peer.ifindex == self.terms.ifindex != 0

    def _is_on_link(self, hop: bytes, rte: Rte) -> bool:
        """True if a next hop received on our link is on that link; with a link-local address it always is."""
        peer = rte.source.peer
        if not any(hop):  # a filter set it to zero: it is not replaced
            return True
        if len(hop) == 32 or (isinstance(peer, PeerIdentity) and peer.address.octets == hop):
            return True
        address = Address(hop)
        return len([net for net in self.terms.networks if net.contains(address)]) > 0

    def _leads_to_our_link(self, rte: Rte) -> bool:
        """True if the route has one gateway or interface, on the link of this direct session."""
        hops = rte.hop.nexthops
        return self.terms.ifindex != 0 and len(hops) == 1 and hops[0].ifindex == self.terms.ifindex

    def _gateway(self, rte: Rte) -> bytes:
        """The gateway of a route if the peer can use it, else empty.

        It cannot use a link-local gateway, or one of several.
        """
        hops = rte.hop.nexthops
        if rte.hop.dest is not Dest.UNICAST or len(hops) != 1:
            return b""
        gateway = hops[0].gateway
        if (
            gateway is None
            or gateway.is_link_local
            or not (self.terms.inside or self._leads_to_our_link(rte))
        ):
            return b""
        return gateway.octets

    def _sendable(self, hop: bytes, rte: Rte) -> bytes:
        """The part of a next hop that may be sent: of this family, link-local only on its own link."""
        if len(hop) == 32 and (self._reflected(rte) or not self._link_local_is_ours(rte)):
            hop = hop[:16] if any(hop[:16]) else b""
        return self._if_carried(hop)

    def _link_local_is_ours(self, rte: Rte) -> bool:
        """True if a link-local next hop of this route is on our link, by its session or else its gateway."""
        peer = rte.source.peer
        if isinstance(peer, PeerIdentity) and peer.ifindex:
            return peer.ifindex == self.terms.ifindex
        return self._leads_to_our_link(rte)

    def _if_carried(self, hop: bytes) -> bytes:
        """The next hop if this family can carry it, else empty."""
        return hop if self._family.carries(hop, self.terms.extended_next_hop) else b""

    def _reflected(self, rte: Rte) -> bool:
        peer = rte.source.peer
        return self.terms.internal and isinstance(peer, PeerIdentity) and peer.internal

    def _labels(self, hop: bytes, kept: bool, rte: Rte) -> tuple[int, ...]:
        """The labels that belong to a next hop (RFC 8277, 3.2).

        Those that were received with it if it is `kept`, all those on the way to a gateway, be it
        ourselves; where our address takes the place of a next hop, the label that we gave the route.
        Implicit null without one: packets arrive without label (RFC 3032, 2.1).
        """
        if hop == self._own and not self._is_gateway(hop, rte):
            return _own_label(rte)
        if self._family.labeled and not kept:
            return rte.hop.nexthops[0].labels or IMPLICIT_NULL
        for name, value in rte.attrs.other:
            if name == LABEL_STACK:
                found: tuple[int, ...] = value.items
                return found
        return IMPLICIT_NULL

    def _is_gateway(self, hop: bytes, rte: Rte) -> bool:
        """True if a next hop is what the route itself leads to, not what took its place."""
        replaced = self._option_applies(self.terms.next_hop_self, rte)
        return not replaced and find(rte.attrs.wire, NEXT_HOP) is None and hop == self._gateway(rte)

    def kept_back(self, rte: Rte) -> str:
        """Which communities of a route are not sent: non-transitive ones on eBGP (RFC 4360, 6)."""
        octets = None if self.terms.inside else find(rte.attrs.wire, EXTENDED_COMMUNITIES)
        if octets is None:
            return ""
        stay = [str(each) for each in ExtendedList(octets) if each >> 56 & _NON_TRANSITIVE]
        return f"{' '.join(stay)}: not transitive" if stay else ""

    # --------------------------------------------------------------- messages

    def leads_to(self, form: Wire) -> tuple[bytes | None, ...]:
        """The addresses in the next hop; a neighbor with one of them must not get it (RFC 4271, 5.1.3)."""
        hop, attributes, _ = form
        if hop:
            hop = self._family.hop_of(hop) or b""
            return (hop[:16], hop[16:])
        return (find(attributes, NEXT_HOP),)

    def pack(self, announce: dict[Wire, list[bytes]], withdraw: list[bytes]) -> list[bytes]:
        """Whole messages: withdrawals first, then each wire form with its networks."""
        out: list[bytes] = []
        if withdraw:
            self._pack_withdraw(out, withdraw)
        for wire, keys in announce.items():
            if wire[0] or not self._family.classic:
                self._pack_mp(out, wire, keys)
            else:
                self._pack_classic(out, wire[1], keys)
        return out

    def _pack_classic(self, out: list[bytes], attributes: bytes, keys: list[bytes]) -> None:
        size = len(attributes)
        head = b"\x02\0\0" + size.to_bytes(2, "big") + attributes
        pieces = self._family.nlri.split(keys, self.terms.max_length - _FIXED - size, self._path_id)
        out.extend([MARKER + (_FIXED + size + len(p)).to_bytes(2, "big") + head + p for p in pieces])

    def _pack_mp(self, out: list[bytes], wire: Wire, keys: list[bytes]) -> None:
        hop, attributes, beside = wire
        head = self._family.head + bytes((len(hop),)) + hop + b"\0"
        over = 4 + len(head) + len(attributes)
        room = self.terms.max_length - _FIXED - over
        lost = self._family.nlri.oversized(keys, room, self._path_id)
        if lost and self._log is not None:
            most = self.terms.max_length
            self._log(f"BGP: {lost} {self._family.name} routes not sent: messages have at most {most} octets")
        for piece in self._in_pieces(keys, room, beside):
            # MP_REACH stands first (RFC 7606, 5.1)
            reach = bytes((OPTIONAL | EXTENDED, MP_REACH)) + (len(head) + len(piece)).to_bytes(2, "big")
            size = over + len(piece)
            out.append(
                MARKER
                + (_FIXED + size).to_bytes(2, "big")
                + b"\x02\0\0"
                + size.to_bytes(2, "big")
                + reach
                + head
                + piece
                + attributes
            )

    def _in_pieces(self, keys: list[bytes], room: int, beside: bytes) -> list[bytes]:
        nlri = self._family.nlri
        if beside:
            return nlri.split_labeled(keys, room, self._path_id, beside)
        return nlri.split(keys, room, self._path_id)

    def _pack_withdraw(self, out: list[bytes], keys: list[bytes]) -> None:
        family = self._family
        if family.classic:
            for piece in family.nlri.split(keys, self.terms.max_length - _FIXED, self._path_id):
                length = (_FIXED + len(piece)).to_bytes(2, "big")
                out.append(MARKER + length + b"\x02" + len(piece).to_bytes(2, "big") + piece + b"\0\0")
            return
        pieces = family.nlri.split(keys, self.terms.max_length - _FIXED - 7, self._path_id)
        out.extend([_unreach(family, piece) for piece in pieces])

    def end_of_rib(self) -> bytes:
        """The message that ends the first feed (RFC 4724, 2)."""
        return end_of_rib(self._family)


def _own_label(rte: Rte) -> tuple[int, ...]:
    """The label of our own that a route has, else implicit null."""
    for name, value in rte.attrs.other:
        if name == OWN_LABEL and value < LABELS:
            return (value,)
    return IMPLICIT_NULL


def end_of_rib(family: Family) -> bytes:
    """An UPDATE without networks: empty for a classic family, else with an empty MP_UNREACH."""
    if family.classic:
        return MARKER + b"\0\x17\x02\0\0\0\0"
    return _unreach(family, b"")


def _unreach(family: Family, packed: bytes) -> bytes:
    value = family.head + packed
    if len(value) > 255:
        attribute = bytes((OPTIONAL | EXTENDED, MP_UNREACH)) + len(value).to_bytes(2, "big") + value
    else:
        attribute = bytes((OPTIONAL, MP_UNREACH, len(value))) + value
    size = len(attribute)
    return MARKER + (_FIXED + size).to_bytes(2, "big") + b"\x02\0\0" + size.to_bytes(2, "big") + attribute


def _keep_transitive(found: dict[int, bytes], code: int, size: int) -> None:
    """Remove the non-transitive members of a list, and the attribute if no others are left."""
    attribute = found[code]
    value = value_of(attribute)
    items = [value[at : at + size] for at in range(0, len(value), size)]
    kept = [item for item in items if not item[0] & _NON_TRANSITIVE]
    if not kept:
        del found[code]
    elif len(kept) < len(items):
        found[code] = encode_attribute(attribute[0], code, b"".join(kept))


def _canonical(hop: bytes) -> bytes:
    """A next hop in canonical form; one that a filter set may be a link-local address alone."""
    return bytes(16) + hop if len(hop) == 16 and Address(hop).is_link_local else hop


# ---------------------------------------------------- 2-octet neighbors (6793)

_TRANS: Final = AS_TRANS.to_bytes(2, "big")


def _narrow(found: dict[int, bytes]) -> None:
    """Make AS_PATH and AGGREGATOR 2-octet; AS4_PATH and AS4_AGGREGATOR keep the rest (RFC 6793, 4.2.2)."""
    path = value_of(found[AS_PATH])
    narrow, lossy = _narrow_path(path)
    found[AS_PATH] = encode_attribute(TRANSITIVE, AS_PATH, narrow)
    if lossy and (wide := without_members(path)):  # RFC 6793, 6: members stay out of it
        found[AS4_PATH] = encode_attribute(PASSED_ON, AS4_PATH, wide)
    aggregator = found.get(AGGREGATOR)
    if aggregator is None:
        return
    value = value_of(aggregator)
    number = value[2:4]
    if value[0] or value[1]:
        number = _TRANS
        found[AS4_AGGREGATOR] = encode_attribute(PASSED_ON, AS4_AGGREGATOR, value)
    found[AGGREGATOR] = encode_attribute(aggregator[0], AGGREGATOR, number + value[4:])


def _narrow_path(path: bytes) -> tuple[bytes, bool]:
    """(path with 2-octet numbers, lossy?): whether AS_TRANS replaces a number."""
    out: list[bytes] = []
    lossy = False
    at, end = 0, len(path)
    while at < end:
        stop = at + 2 + 4 * path[at + 1]
        out.append(path[at : at + 2])
        for number in range(at + 2, stop, 4):
            if path[number] or path[number + 1]:
                out.append(_TRANS)
                lossy = True
            else:
                out.append(path[number + 2 : number + 4])
        at = stop
    return b"".join(out), lossy
