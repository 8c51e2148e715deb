"""Turns received path attributes into the canonical set that tables share.

Canonical bytes: ascending type, shortest length form, AS_PATH and AGGREGATOR
with 4-octet AS numbers (AS4_PATH and AS4_AGGREGATOR merged, RFC 6793), no
duplicates, no MP_REACH and MP_UNREACH. The next hop, wherever it came from, is
NEXT_HOP of 4, 16 or 32 octets, so that the same route learned over IPv4, IPv6
or an unnumbered link is the same set. LOCAL_PREF is always there: where a peer
may not set it (or did not), it is our default.

Errors follow RFC 7606: an attribute is discarded (`Canonical.discarded` says
which), or the routes of the whole UPDATE count as withdrawn (`RefusedError`).
What resets a session is detected before, in `updates`.

Hot (also compiled): once per new attribute set, about 5 us.
"""

from __future__ import annotations

from typing import Final, final

from pybird.proto.bgp.wire.attributes import (
    AGGREGATOR,
    AIGP,
    AS4_AGGREGATOR,
    AS4_PATH,
    AS_PATH,
    CLUSTER_LIST,
    DISCARD,
    EXTENDED,
    KEEP,
    KNOWN,
    LARGE_COMMUNITIES,
    LOCAL_PREF,
    NEXT_HOP,
    OPTIONAL,
    ORIGIN,
    ORIGINATOR_ID,
    PARTIAL,
    TRANSITIVE,
    Check,
    check_path_inside,
    check_path_of_member,
    error_in,
)
from pybird.proto.bgp.wire.confederation import CONFED_SEQUENCE, without_members
from pybird.proto.bgp.wire.messages import AS_TRANS
from pybird.values.address import Address
from pybird.values.attributes import MOST_OCTETS, value_of

_AS_TRANS: Final = AS_TRANS.to_bytes(2, "big")
_LINK_LOCAL: Final = 0xFE80
# External peers may send these; they are discarded without a log line.
_INTERNAL_ONLY: Final = frozenset((LOCAL_PREF, ORIGINATOR_ID, CLUSTER_LIST))
# Checks by (flags, code), for attributes with the usual flags: only the value remains to be checked.
_USUAL: Final[dict[int, Check]] = {row.flags << 8 | row.code: row.check for row in KNOWN.values()}
_PATH: Final = TRANSITIVE << 8 | AS_PATH
_INSIDE: Final = {**_USUAL, _PATH: check_path_inside}  # in our own AS
_OF_MEMBER: Final = {**_USUAL, _PATH: check_path_of_member}


class RefusedError(Exception):
    """The UPDATE's routes count as withdrawn; the text says why."""


def encode_attribute(flags: int, code: int, value: bytes) -> bytes:
    """One attribute in its shortest form."""
    length = len(value)
    if length > 255:
        return bytes((flags | EXTENDED, code, length >> 8, length & 255)) + value
    return bytes((flags & ~EXTENDED, code, length)) + value


def attribute_name(code: int) -> str:
    """The name of an attribute in log lines."""
    row = KNOWN.get(code)
    if row is not None:
        return row.decl.name
    if code in (AS4_PATH, AS4_AGGREGATOR):
        return "as4_path" if code == AS4_PATH else "as4_aggregator"
    return f"attribute {code}"


# ----------------------------------------------------------------- next hops


def canonical_next_hop(octets: bytes) -> bytes | None:
    """A next hop of 4, 16 or 32 octets in canonical form; None: it is not the address of a host.

    `LL`, `LL LL` and `:: LL` are all `:: LL` (RFC 2545 has no form without a
    global address; these are what daemons send). Of two addresses the second
    counts only when it is link-local.
    """
    if len(octets) == 4:
        return None if octets[0] == 0 or octets[0] >= 224 else octets
    first = octets[:16]
    second = octets[16:]
    if len(octets) == 32 and _is_link_local(second):
        if _is_link_local(first) or first == bytes(16):
            return bytes(16) + second
        return octets if _is_host(first) else None
    if _is_link_local(first):
        return bytes(16) + first
    return first if _is_host(first) else None


def _is_link_local(octets: bytes) -> bool:
    return (octets[0] << 8 | octets[1]) & 0xFFC0 == _LINK_LOCAL


def _is_host(octets: bytes) -> bool:
    """True for an address that is neither unspecified nor multicast."""
    return octets[0] != 0xFF and any(octets)


# ------------------------------------------------------------- the whole set


@final
class Canonical:
    """Reads the attributes that one kind of session receives."""

    __slots__ = (
        "_accept_local_pref",
        "_as4",
        "_default_local_pref",
        "_internal",
        "_member",
        "_usual",
        "discarded",
    )

    def __init__(
        self,
        internal: bool,
        as4: bool,
        accept_local_pref: bool,
        default_local_pref: int,
        confederation: bool = False,
        member: bool = False,
    ) -> None:
        """`confederation`: our AS belongs to one, and so does the neighbor's, ours or (`member`) another."""
        self.discarded: list[str] = []  # attributes in error that were left out; the caller empties it
        self._usual: Final = _OF_MEMBER if member else _INSIDE if confederation else _USUAL
        self._internal: Final = internal
        self._member: Final = member
        self._as4: Final = as4
        self._accept_local_pref: Final = internal or accept_local_pref
        self._default_local_pref: Final = encode_attribute(
            TRANSITIVE, LOCAL_PREF, default_local_pref.to_bytes(4, "big")
        )

    def read(self, data: bytes, next_hop: bytes | None, aigp: bool = False) -> bytes:
        """Canonical bytes of received attributes, from which MP_REACH and MP_UNREACH were cut out.

        `next_hop` is the canonical one of MP_REACH, empty if the family has none; None: NEXT_HOP
        counts. AIGP is kept if `aigp` is true, else silently removed (RFC 7311, 3).

        Raises:
            RefusedError: the routes count as withdrawn.
        """
        found = self._scan(data, aigp)
        self._require(found, next_hop)
        if not self._as4:
            _widen(found)
        found.pop(AS4_PATH, None)
        found.pop(AS4_AGGREGATOR, None)
        if next_hop == b"":
            found.pop(NEXT_HOP, None)
        elif next_hop is not None:
            found[NEXT_HOP] = bytes((TRANSITIVE, NEXT_HOP, len(next_hop))) + next_hop
        if LOCAL_PREF not in found:
            found[LOCAL_PREF] = self._default_local_pref
        return b"".join([found[code] for code in sorted(found)])

    def check(self, data: bytes) -> None:
        """Check these attributes for errors; none is required.

        Raises:
            RefusedError: as `read`.
        """
        self._scan(data, False)

    def _scan(self, data: bytes, aigp: bool) -> dict[int, bytes]:
        """Every attribute that stays, by code, in shortest form and with clean flags."""
        found: dict[int, bytes] = {}
        dropped: dict[int, int] = {}
        internal, as4, usual = self._internal, self._as4, self._usual
        at, end = 0, len(data)
        while at < end:
            if at + 3 > end or (data[at] & EXTENDED and at + 4 > end):
                raise RefusedError(f"{end - at} octets after the last attribute")
            flags, code = data[at], data[at + 1]
            if flags & EXTENDED:
                start = at + 4
                stop = start + (data[at + 2] << 8 | data[at + 3])
            else:
                start = at + 3
                stop = start + data[at + 2]
            if stop > end:
                raise RefusedError(f"attribute {code} exceeds the attribute list")
            check = usual.get(flags << 8 | code)
            if code in found or code in dropped:
                # RFC 7606, 3(g): the first one counts
                self.discarded.append(f"{attribute_name(code)} appears more than once")
            elif code == AIGP and not aigp:
                dropped[code] = 1
            elif check is not None and check(data[start:stop], internal, as4) == KEEP:
                found[code] = data[at:stop]
            else:
                kept = self._check(flags, code, data[start:stop])
                if kept < 0:
                    dropped[code] = 1
                else:
                    found[code] = encode_attribute(kept, code, data[start:stop])
            at = stop
        return found

    def _check(self, flags: int, code: int, value: bytes) -> int:
        """The flags that the attribute keeps, or -1 when it is discarded."""
        row = KNOWN.get(code)
        if row is None:
            return self._check_other(flags, code, value)
        if (flags ^ row.flags) & (OPTIONAL | TRANSITIVE):  # RFC 7606, 3(c)
            if code == AIGP:  # RFC 7311, 3.2: what is malformed is discarded
                self.discarded.append(f"{row.decl.name}: attribute flags {flags:#04x}")
                return -1
            raise RefusedError(f"{row.decl.name}: attribute flags {flags:#04x}")
        check = self._usual[row.flags << 8 | code]
        if code == LOCAL_PREF and self._accept_local_pref:
            action = check(value, True, self._as4)
        else:
            action = check(value, self._internal, self._as4)
        if action == KEEP:
            return row.flags | (flags & PARTIAL if row.flags & OPTIONAL else 0)
        if action == DISCARD:
            if self._internal or code not in _INTERNAL_ONLY:
                self.discarded.append(error_in(row.decl.name, code, value, self._as4))
            return -1
        raise RefusedError(error_in(row.decl.name, code, value, self._as4, self._member))

    def _check_other(self, flags: int, code: int, value: bytes) -> int:
        if code in (AS4_PATH, AS4_AGGREGATOR):
            # RFC 6793, section 6: malformed ones, and those of a 4-octet speaker, are discarded
            if self._as4 or _is_valid_transition(flags, code, value):
                return -1 if self._as4 else flags
            self.discarded.append(error_in(attribute_name(code), code, value, True))
            return -1
        if not flags & OPTIONAL:
            # RFC 4271, 6.3 resets the session for it; as BIRD does, in the spirit of RFC 7606, we do not
            raise RefusedError(f"unknown well-known attribute {code}")
        if not flags & TRANSITIVE:
            return -1  # RFC 4271, 5: silently ignored
        return flags & 0xF0 | PARTIAL  # RFC 4271, 5: passed on with the Partial bit

    def _require(self, found: dict[int, bytes], next_hop: bytes | None) -> None:
        """Check for well-known mandatory attributes (RFC 4271, 5; RFC 7606, 3(d)).

        Duplicate large communities are removed here too.
        """
        if ORIGIN not in found:
            raise RefusedError("bgp_origin is missing")
        if AS_PATH not in found:
            raise RefusedError("bgp_path is missing")
        if next_hop is None:
            octets = found.get(NEXT_HOP)
            if octets is None:
                raise RefusedError("bgp_next_hop is missing")
            if canonical_next_hop(octets[3:]) is None:
                raise RefusedError(f"next hop {Address(octets[3:])} is no address of a host")
        large = found.get(LARGE_COMMUNITIES)
        if large is not None:
            found[LARGE_COMMUNITIES] = _unique_large(large)


def _unique_large(attribute: bytes) -> bytes:
    """RFC 8092, section 5: duplicates are removed silently."""
    value = value_of(attribute)
    items = [value[at : at + 12] for at in range(0, len(value), 12)]
    unique = dict.fromkeys(items)
    return (
        attribute
        if len(unique) == len(items)
        else encode_attribute(attribute[0], attribute[1], b"".join(unique))
    )


# ------------------------------------------------- 2-octet neighbors (6793)


def _is_valid_transition(flags: int, code: int, value: bytes) -> bool:
    if (flags ^ OPTIONAL ^ TRANSITIVE) & (OPTIONAL | TRANSITIVE):
        return False
    if code == AS4_AGGREGATOR:
        return len(value) == 8 and any(value[:4])
    return bool(value) and check_path_inside(value, True, True) == KEEP


def _widen(found: dict[int, bytes]) -> None:
    """Make AS_PATH and AGGREGATOR of a 2-octet neighbor 4-octet ones (RFC 6793, 4.2.3).

    If AGGREGATOR has another number than AS_TRANS, a 2-octet speaker set it later than the
    AS4_AGGREGATOR beside it: AS4_AGGREGATOR and AS4_PATH are out of date then, and ignored.
    """
    path = _wide_path(value_of(found[AS_PATH]))
    merge = True
    aggregator = found.get(AGGREGATOR)
    if aggregator is not None:
        value = value_of(aggregator)
        wide = found.get(AS4_AGGREGATOR)
        merge = wide is None or value[:2] == _AS_TRANS
        value = value_of(wide) if merge and wide is not None else b"\0\0" + value
        found[AGGREGATOR] = encode_attribute(aggregator[0], AGGREGATOR, value)
    new = found.get(AS4_PATH)
    if merge and new is not None:
        path = _merged(path, without_members(value_of(new)))  # RFC 6793, 6: they do not belong there
    if len(path) > MOST_OCTETS:  # it had half of that with the neighbor's 2-octet numbers
        raise RefusedError(f"bgp_path of {len(path)} octets")
    found[AS_PATH] = encode_attribute(TRANSITIVE, AS_PATH, path)


def _wide_path(path: bytes) -> bytes:
    out: list[bytes] = []
    at, end = 0, len(path)
    while at < end:
        stop = at + 2 + 2 * path[at + 1]
        out.append(path[at : at + 2])
        out.extend([b"\0\0" + path[number : number + 2] for number in range(at + 2, stop, 2)])
        at = stop
    return b"".join(out)


def path_length(path: bytes) -> int:
    """Hops of a 4-octet path: a set counts as one (RFC 4271, 9.1.2.2), confederation segments as none."""
    if path and path[0] == 2 and len(path) == 2 + 4 * path[1]:
        return path[1]
    length = 0
    at, end = 0, len(path)
    while at < end:
        if path[at] == 2:
            length += path[at + 1]
        elif path[at] == 1:
            length += 1
        at += 2 + 4 * path[at + 1]
    return length


def _merged(path: bytes, new: bytes) -> bytes:
    """The first hops of AS_PATH, then AS4_PATH (`new`); AS_PATH alone if it is shorter than AS4_PATH.

    Segments of members before those hops stay: AS4_PATH has none.
    """
    hops = path_length(path) - path_length(new)
    if hops < 0 or not new:
        return path
    out: list[bytes] = []
    at, end = 0, len(path)
    while at < end and (hops > 0 or path[at] >= CONFED_SEQUENCE):
        count = path[at + 1]
        stop = at + 2 + 4 * count
        if path[at] >= CONFED_SEQUENCE:
            out.append(path[at:stop])
        elif path[at] == 1:
            out.append(path[at:stop])
            hops -= 1
        else:
            part = min(count, hops)
            out.append(bytes((2, part)) + path[at + 2 : at + 2 + 4 * part])
            hops -= part
        at = stop
    head = b"".join(out)
    if len(out) == 1 and head[0] == 2 == new[0] and head[1] + new[1] <= 255:
        return bytes((2, head[1] + new[1])) + head[2:] + new[2:]
    return head + new
