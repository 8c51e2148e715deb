"""Reads UPDATE messages: which networks are withdrawn, which are announced, with which attributes.

One UPDATE costs one dictionary lookup for its attributes in the common case:
the octets of the attributes without NLRI are the key of a bounded memo, whose
entries are interned sets that were checked already (RFC 7606, RFC 4271 9.1.2).
MP_REACH and MP_UNREACH (RFC 4760) are cut out first, so the same attributes
with other networks are the same key.

Hot (also compiled): about 2 us per UPDATE and 0.1 us per network.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, final

from pybird.proto.bgp.family import IPV4_UNICAST, AfiSafi, Family
from pybird.proto.bgp.wire.attributes import (
    AS_PATH,
    CLUSTER_LIST,
    EXTENDED,
    MP_REACH,
    MP_UNREACH,
    OPTIONAL,
    ORIGINATOR_ID,
    OTC,
    PASSED_ON,
    TRANSITIVE,
    count_as,
)
from pybird.proto.bgp.wire.canonical import Canonical, RefusedError, canonical_next_hop, encode_attribute
from pybird.proto.bgp.wire.confederation import CONFED_SEQUENCE
from pybird.proto.bgp.wire.errors import MALFORMED_LIST, OPTIONAL_ERROR, UpdateError
from pybird.proto.bgp.wire.messages import Update
from pybird.proto.bgp.wire.roles import NO_ROLE, leak, marks_received
from pybird.values.address import Address
from pybird.values.attributes import AttributePool, AttributeSet, find, pieces

MEMO_SIZE: Final = 16384
OWN_AS: Final = "own AS in the path"
OWN_ORIGINATOR: Final = "own originator id"
OWN_CLUSTER: Final = "own cluster id in the cluster list"
ECHOES: Final = frozenset((OWN_AS, OWN_ORIGINATOR, OWN_CLUSTER))  # we sent this route before
MEMO_OCTETS: Final = 4 << 20  # of received attributes; a neighbor may always send new ones


class ReceiveTerms(NamedTuple):
    """What decides how a session's UPDATEs are read."""

    local_as: int
    remote_as: int
    router_id: int
    families: tuple[Family, ...] = (IPV4_UNICAST,)
    as4: bool = True
    extended_next_hop: frozenset[Family] = frozenset()
    cluster_id: int = 0  # 0: the router id
    allow_local_as: int = 0
    allow_as_sets: bool = False
    allow_local_pref: bool = False
    enforce_first_as: bool = False
    default_local_pref: int = 100
    aigp: frozenset[Family] = frozenset()  # families in which AIGP is accepted
    role: int = NO_ROLE  # what we are to the neighbor (RFC 9234)
    add_path: frozenset[Family] = frozenset()  # families whose networks have a path id (RFC 7911)
    confederation: int = 0  # the AS number of ours (RFC 5065); 0: there is none
    member: bool = False  # the neighbor is in another AS of it

    @property
    def internal(self) -> bool:
        """True for iBGP."""
        return self.local_as == self.remote_as

    @property
    def inside(self) -> bool:
        """True if the neighbor is in our confederation."""
        return self.confederation != 0 and (self.internal or self.member)


class Announced(NamedTuple):
    """Networks of one family that were announced with one attribute set.

    `next_hop` is canonical: 4, 16 or 32 octets; `discarded` is a text that names
    the attributes that were discarded for an error. `path_id` is 0 without add-path.
    `labels` are those of the networks; all that stands beside these is also in the set.
    """

    family: Family
    keys: list[bytes]
    attrs: AttributeSet
    next_hop: bytes
    discarded: str = ""
    path_id: int = 0
    labels: tuple[int, ...] = ()


class Withdrawn(NamedTuple):
    """Networks of one family that were withdrawn, or announced in a way that counts as withdrawn.

    `reason` is empty for those that the peer withdrew. `malformed` means an error
    (RFC 7606); without it, a `reason` says why we refuse a valid route, whose
    attributes are in `attrs`.
    """

    family: Family
    keys: list[bytes]
    reason: str = ""
    malformed: bool = False
    attrs: AttributeSet | None = None
    next_hop: bytes = b""
    path_id: int = 0


@final
class Received:
    """What one UPDATE says: first apply `withdrawn`, then `announced`."""

    __slots__ = ("announced", "discarded", "end_of_rib", "ignored", "withdrawn")

    def __init__(self) -> None:
        self.discarded: list[str] = []  # attributes of a new set that were discarded for an error
        self.withdrawn: list[Withdrawn] = []
        self.announced: list[Announced] = []
        self.end_of_rib: Family | None = None
        self.ignored: AfiSafi | None = None  # a family that was not negotiated


class _Entry(NamedTuple):
    """What received attributes mean: a set, why there is none, or why routes with the set are refused."""

    attrs: AttributeSet | None
    next_hop: bytes
    reason: str
    malformed: bool = False
    discarded: str = ""


def loop(wire: bytes, terms: ReceiveTerms) -> str:
    """Why a route with these canonical attributes is refused; empty if it is accepted.

    Own AS (RFC 4271, 9.1.2), from outside of our confederation also its number, originator and
    cluster (RFC 4456, 8), AS_SET (RFC 9774), and the first AS where `enforce first as` asks (RFC 4271, 6.3).
    """
    path = find(wire, AS_PATH) or b""
    own = terms.local_as.to_bytes(4, "big")
    if own in path and count_as(path, own) > terms.allow_local_as:
        return OWN_AS
    if terms.confederation and not terms.inside:
        own = terms.confederation.to_bytes(4, "big")
        if own in path and count_as(path, own) > terms.allow_local_as:
            return OWN_AS
    if not terms.allow_as_sets and has_set(path):
        return "AS set in the path"
    if terms.internal:
        return _reflection_loop(wire, terms)
    if terms.enforce_first_as and path[2:6] != terms.remote_as.to_bytes(4, "big"):
        return "first AS of the path is not the neighbor's"
    return ""


def _reflection_loop(wire: bytes, terms: ReceiveTerms) -> str:
    if find(wire, ORIGINATOR_ID) == terms.router_id.to_bytes(4, "big"):
        return OWN_ORIGINATOR
    clusters = find(wire, CLUSTER_LIST)
    if clusters:
        own = (terms.cluster_id or terms.router_id).to_bytes(4, "big")
        for at in range(0, len(clusters), 4):
            if clusters[at : at + 4] == own:
                return OWN_CLUSTER
    return ""


def has_set(path: bytes) -> bool:
    """True when a checked 4-octet path has an AS_SET, or a set of members (RFC 9774)."""
    at, end = 0, len(path)
    while at < end:
        if path[at] not in (2, CONFED_SEQUENCE):
            return True
        at += 2 + 4 * path[at + 1]
    return False


# ------------------------------------------------------------- MP attributes


@final
class _Parts:
    """Received attributes with MP_REACH and MP_UNREACH cut out."""

    __slots__ = ("broken", "others", "reach", "unreach")

    def __init__(self, data: bytes) -> None:
        self.reach: bytes | None = None  # values
        self.unreach: bytes | None = None
        self.broken = ""  # why all announced routes count as withdrawn
        others: list[bytes] = []
        kept = 0  # start of the octets that are not in `others` yet
        at, end = 0, len(data)
        while at + 3 <= end:
            flags, code = data[at], data[at + 1]
            if flags & EXTENDED:
                if at + 4 > end:
                    break
                start = at + 4
                stop = start + (data[at + 2] << 8 | data[at + 3])
            else:
                start = at + 3
                stop = start + data[at + 2]
            if stop > end:
                break
            if code in (MP_REACH, MP_UNREACH):
                if kept < at:
                    others.append(data[kept:at])
                kept = stop
                self._keep_mp(flags, code, data[start:stop])
            at = stop
        if at != end and not self.broken:
            self.broken = "an attribute exceeds the attribute list"
        if kept < end:
            others.append(data[kept:])
        self.others = others[0] if len(others) == 1 else b"".join(others)

    def _keep_mp(self, flags: int, code: int, value: bytes) -> None:
        if (flags ^ OPTIONAL) & (OPTIONAL | TRANSITIVE):  # RFC 7606, 3(c)
            self.broken = f"MP attribute flags {flags:#04x}"
        if code == MP_REACH:
            if self.reach is not None:  # RFC 7606, 3(g)
                raise UpdateError(MALFORMED_LIST, text="MP_REACH_NLRI appears twice")
            self.reach = value
        else:
            if self.unreach is not None:
                raise UpdateError(MALFORMED_LIST, text="MP_UNREACH_NLRI appears twice")
            self.unreach = value


def _optional_error(code: int, value: bytes) -> UpdateError:
    """The error of an MP attribute whose NLRI cannot be found: the session is reset (RFC 7606, 7.11).

    Its data is the attribute (RFC 4271, 6.3).
    """
    head = bytes((OPTIONAL | EXTENDED, code)) + len(value).to_bytes(2, "big")
    return UpdateError(OPTIONAL_ERROR, head + value)


# ---------------------------------------------------------------- the reader


@final
class UpdateReader:
    """Reads the UPDATEs of one session."""

    __slots__ = (
        "_canonical",
        "_classic",
        "_epoch",
        "_families",
        "_grouped",
        "_mp",
        "_octets",
        "_pool",
        "terms",
    )

    def __init__(self, pool: AttributePool, terms: ReceiveTerms) -> None:
        self.terms: Final = terms
        self._pool: Final = pool
        self._families: Final[dict[AfiSafi, Family]] = {each.numbers: each for each in terms.families}
        # families whose fields are read as groups
        self._grouped: Final = terms.add_path.union([each for each in terms.families if each.nlri.mixed])
        self._canonical: Final = Canonical(
            terms.internal,
            terms.as4,
            terms.allow_local_pref or terms.member,
            terms.default_local_pref,
            terms.inside,
            terms.member,
        )
        self._classic: dict[bytes, _Entry] = {}  # by the attributes
        self._mp: dict[bytes, _Entry] = {}  # by family and next hop, then the attributes
        self._octets = 0  # of the keys of both
        self._epoch = pool.epoch

    def read(self, update: Update) -> Received:
        """Read one UPDATE.

        Raises:
            UpdateError: the session must be reset.
        """
        out = Received()
        attributes, nlri = update.attributes, update.nlri
        if update.withdrawn:
            self._withdraw_classic(out, update.withdrawn)
        if nlri:
            entry = self._classic.get(attributes)
            if entry is not None:
                self._announce(out, IPV4_UNICAST, nlri, entry)
                return out
        elif not attributes:
            if not update.withdrawn:
                out.end_of_rib = IPV4_UNICAST  # RFC 4724, 2
            return out
        self._read_parts(out, _Parts(attributes), nlri, bool(update.withdrawn))
        return out

    def _withdraw_classic(self, out: Received, packed: bytes) -> None:
        if IPV4_UNICAST in self.terms.families:
            self._withdraw(out, IPV4_UNICAST, packed)
        else:
            IPV4_UNICAST.nlri.read(packed)
            out.ignored = IPV4_UNICAST.numbers

    def _withdraw(self, out: Received, family: Family, packed: bytes) -> None:
        if family not in self._grouped:
            out.withdrawn.append(Withdrawn(family, family.nlri.read(packed)))
            return
        for group in family.nlri.read_groups(packed, family in self.terms.add_path):
            error = group.error
            out.withdrawn.append(Withdrawn(family, group.keys, error, error != "", path_id=group.path_id))

    def _read_parts(self, out: Received, parts: _Parts, nlri: bytes, withdrawn: bool) -> None:
        if parts.unreach is not None:
            alone = not (parts.others or nlri or withdrawn or parts.broken) and parts.reach is None
            self._unreach(out, parts.unreach, alone)
        if parts.reach is not None:
            self._reach(out, parts)
        if nlri:
            entry = self._entry(self._classic, parts.others, parts, IPV4_UNICAST, None)
            self._announce(out, IPV4_UNICAST, nlri, entry)
        elif parts.reach is None:
            self._check_useless(parts)
        if self._canonical.discarded:
            out.discarded = self._canonical.discarded
            self._canonical.discarded = []

    def _check_useless(self, parts: _Parts) -> None:
        """Attributes without a route: an error in them resets the session (RFC 7606, 5.2)."""
        problem = parts.broken
        if not problem and parts.others:
            try:
                self._canonical.check(parts.others)
            except RefusedError as error:
                problem = str(error)
        if problem:
            raise UpdateError(MALFORMED_LIST, text=f"Malformed attribute list: {problem}")

    def _unreach(self, out: Received, value: bytes, alone: bool) -> None:
        if len(value) < 3:
            raise _optional_error(MP_UNREACH, value)
        numbers = (value[0] << 8 | value[1], value[2])
        family = self._families.get(numbers)
        if family is None:
            out.ignored = numbers
        elif len(value) > 3:
            self._withdraw(out, family, value[3:])
        elif alone:
            out.end_of_rib = family  # RFC 4724, 2

    def _reach(self, out: Received, parts: _Parts) -> None:
        value = parts.reach
        assert value is not None
        if len(value) < 5:
            raise _optional_error(MP_REACH, value)
        numbers = (value[0] << 8 | value[1], value[2])
        family = self._families.get(numbers)
        if family is None:
            out.ignored = numbers
            return
        size = value[3]
        start = 5 + size
        if start > len(value) or (size not in family.hop_sizes and family.has_hops):
            raise _optional_error(MP_REACH, value)
        next_hop = family.hop_of(value[4 : 4 + size])
        if next_hop is None:
            raise _optional_error(MP_REACH, value)
        entry = self._entry(self._mp, value[: 4 + size] + parts.others, parts, family, next_hop)
        if start < len(value):
            self._announce(out, family, value[start:], entry)
        elif entry.malformed:
            raise UpdateError(MALFORMED_LIST, text=f"Malformed attribute list: {entry.reason}")

    def _entry(
        self, memo: dict[bytes, _Entry], key: bytes, parts: _Parts, family: Family, next_hop: bytes | None
    ) -> _Entry:
        found = memo.get(key)
        if found is not None and not parts.broken:
            return found
        try:
            if parts.broken:
                return _Entry(None, b"", parts.broken, True)
            entry = self._make_entry(parts.others, family, next_hop)
        except RefusedError as error:
            entry = _Entry(None, b"", str(error), True)
        if len(memo) >= MEMO_SIZE or self._octets > MEMO_OCTETS or self._epoch != self._pool.epoch:
            self._clear_memo()
        self._octets += len(key)
        memo[key] = entry
        return entry

    def _clear_memo(self) -> None:
        """Empty the memo."""
        self._classic.clear()
        self._mp.clear()
        self._octets = 0
        self._epoch = self._pool.epoch

    def _make_entry(self, others: bytes, family: Family, next_hop: bytes | None) -> _Entry:
        hop = None if next_hop is None else self._mp_next_hop(next_hop)
        before = len(self._canonical.discarded)
        wire = self._canonical.read(others, hop, family in self.terms.aigp)
        discarded = ", ".join(self._canonical.discarded[before:])
        reason = loop(wire, self.terms)
        if self.terms.role != NO_ROLE and family.otc:
            reason = reason or leak(find(wire, OTC), self.terms.role, self.terms.remote_as)
            wire = self._marked(wire)
        return _Entry(self._pool.intern(wire), find(wire, 3) or b"", reason, False, discarded)

    def _marked(self, wire: bytes) -> bytes:
        """The attributes with OTC, where the neighbor's role asks for it (RFC 9234, 5)."""
        if not marks_received(self.terms.role) or find(wire, OTC) is not None:
            return wire
        found = pieces(wire)
        found[OTC] = encode_attribute(PASSED_ON, OTC, self.terms.remote_as.to_bytes(4, "big"))
        return b"".join([found[code] for code in sorted(found)])

    def _mp_next_hop(self, octets: bytes) -> bytes:
        hop = canonical_next_hop(octets) if octets else b""
        if hop is None:
            raise RefusedError(f"next hop {Address(octets[:16])} is no address of a host")
        return hop

    def _announce(self, out: Received, family: Family, packed: bytes, entry: _Entry) -> None:
        if family not in self._grouped:
            self._announce_keys(out, family, family.nlri.read(packed), entry, 0)
            return
        for group in family.nlri.read_groups(packed, family in self.terms.add_path):
            found, labels, error = entry, family.nlri.labels(group.beside), group.error
            if family.labeled and not labels:
                error = "a network without label"
            if error and not entry.reason:
                found = entry._replace(reason=error, malformed=True)
            beside = family.nlri.attributes(group.beside)
            self._announce_keys(out, family, group.keys, found, group.path_id, labels, beside)

    def _announce_keys(
        self,
        out: Received,
        family: Family,
        keys: list[bytes],
        entry: _Entry,
        path_id: int,
        labels: tuple[int, ...] = (),
        beside: tuple[tuple[str, Any], ...] = (),
    ) -> None:
        attrs = entry.attrs
        if beside and attrs is not None:
            attrs = self._pool.intern(attrs.wire, beside)
        if not keys:
            return
        if family not in self.terms.families:
            out.ignored = family.numbers
            return
        if attrs is None or entry.reason:
            out.withdrawn.append(
                Withdrawn(family, keys, entry.reason, entry.malformed, attrs, entry.next_hop, path_id)
            )
        elif not family.carries(entry.next_hop, family in self.terms.extended_next_hop):
            reason = "IPv6 next hop without extended next hop"  # RFC 8950, 4
            if len(entry.next_hop) == 4:
                reason = f"IPv4 next hop of {family.name}"
            out.withdrawn.append(Withdrawn(family, keys, reason, True, path_id=path_id))
        else:
            out.announced.append(
                Announced(family, keys, attrs, entry.next_hop, entry.discarded, path_id, labels)
            )
