"""The path attributes: one registry row each, with its checks and its value.

A row says what may arrive (`flags`, `check`), what RFC 7606 does with anything
else, and how filters see the value (`AttributeDecl`). Values are checked in
their *received* form; canonical values (see `canonical`) always have 4-octet AS
numbers, and NEXT_HOP of 4, 16 or 32 octets: IPv4, global IPv6, or global and
link-local with the global part `::` when there is none.

Rules: RFC 4271 section 5, 1997, 4360, 4456, 5701, 6793, 7311, 7606 section 7,
7607 (AS 0), 8092, 9234. The attributes of RFC 4760 (14, 15) and the transition
attributes of RFC 6793 (17, 18) never leave the codec, so they have no rows.

Hot (also compiled): `check` runs once per attribute of each new set.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, final

from pybird.proto.bgp.wire.values import (
    INGRESS_REPLICATION,
    Aggregator,
    Opaque,
    aigp_text,
    decode_next_hop,
    encode_next_hop,
    number_octets,
    origin_octets,
    pmsi_text,
    quads,
    read_number,
    read_origin,
    read_quad,
    value_octets,
)
from pybird.values.aspath import AsPath
from pybird.values.attributes import AttributeDecl
from pybird.values.community import CommunityList, ExtendedList, LargeList

ORIGIN: Final = 1
AS_PATH: Final = 2
NEXT_HOP: Final = 3
MED: Final = 4
LOCAL_PREF: Final = 5
ATOMIC_AGGREGATE: Final = 6
AGGREGATOR: Final = 7
COMMUNITIES: Final = 8
ORIGINATOR_ID: Final = 9
CLUSTER_LIST: Final = 10
MP_REACH: Final = 14
MP_UNREACH: Final = 15
EXTENDED_COMMUNITIES: Final = 16
AS4_PATH: Final = 17
AS4_AGGREGATOR: Final = 18
PMSI_TUNNEL: Final = 22
IPV6_EXTENDED_COMMUNITIES: Final = 25
AIGP: Final = 26
LARGE_COMMUNITIES: Final = 32
OTC: Final = 35

OPTIONAL: Final = 0x80
TRANSITIVE: Final = 0x40
PARTIAL: Final = 0x20
EXTENDED: Final = 0x10
WELL_KNOWN: Final = TRANSITIVE
PASSED_ON: Final = OPTIONAL | TRANSITIVE

# Results of a check (RFC 7606, section 2). Session resets are raised instead.
KEEP: Final = 0
DISCARD: Final = 1  # the attribute, the route stays
WITHDRAW: Final = 2  # all routes of the UPDATE

# Types of the segments of a path (RFC 4271, 4.3; RFC 5065, 3).
_AS_SEQUENCE: Final = 2
_CONFED_SEQUENCE: Final = 3
_CONFED_SET: Final = 4

# Check(value, internal, as4): `internal` is an iBGP session, `as4` 4-octet numbers.
Check = Callable[[bytes, bool, bool], int]


# ------------------------------------------------------------------- checks


def check_origin(value: bytes, internal: bool, as4: bool) -> int:
    """RFC 7606, 7.1: one octet, 0 to 2."""
    return KEEP if len(value) == 1 and value[0] <= 2 else WITHDRAW


def check_as_path(value: bytes, internal: bool, as4: bool) -> int:
    """RFC 7606, 7.2: whole segments that are not empty; no confederation (RFC 5065), no AS 0 (RFC 7607)."""
    return _check_segments(value, as4, _AS_SEQUENCE)


def check_path_inside(value: bytes, internal: bool, as4: bool) -> int:
    """The same inside of a confederation: segments of members may be anywhere (RFC 5065, 3)."""
    return _check_segments(value, as4, _CONFED_SET)


def check_path_of_member(value: bytes, internal: bool, as4: bool) -> int:
    """The same from another member: its own number comes first, in a confederation sequence (RFC 5065, 5)."""
    if not value or value[0] != _CONFED_SEQUENCE:
        return WITHDRAW
    return _check_segments(value, as4, _CONFED_SET)


def _check_segments(value: bytes, as4: bool, last_type: int) -> int:
    width = 4 if as4 else 2
    at, end = 0, len(value)
    while at < end:
        if at + 2 > end or not 1 <= value[at] <= last_type or value[at + 1] == 0:
            return WITHDRAW
        at += 2 + width * value[at + 1]
    if at != end:
        return WITHDRAW
    return WITHDRAW if has_as(value, bytes(width)) else KEEP


def has_as(path: bytes, number: bytes) -> bool:
    """True when a path of whole segments contains this AS number, in as many octets."""
    return count_as(path, number) > 0 if number in path else False


def count_as(path: bytes, number: bytes) -> int:
    """How often an AS number, given in the path's width, is in a path of whole segments."""
    width = len(number)
    found = 0
    at, end = 0, len(path)
    while at < end:
        stop = at + 2 + width * path[at + 1]
        at += 2
        while at < stop:
            if path[at : at + width] == number:
                found += 1
            at += width
    return found


def check_next_hop(value: bytes, internal: bool, as4: bool) -> int:
    """RFC 7606, 7.3: four octets. Next hops of MP_REACH are not checked here."""
    return KEEP if len(value) == 4 else WITHDRAW


def check_number(value: bytes, internal: bool, as4: bool) -> int:
    """RFC 7606, 7.4 (MED); RFC 9234, section 5 (OTC): four octets."""
    return KEEP if len(value) == 4 else WITHDRAW


def check_internal_number(value: bytes, internal: bool, as4: bool) -> int:
    """RFC 7606, 7.5 and 7.9: only from internal peers, and four octets then."""
    if not internal:
        return DISCARD
    return KEEP if len(value) == 4 else WITHDRAW


def check_empty(value: bytes, internal: bool, as4: bool) -> int:
    """RFC 7606, 7.6: ATOMIC_AGGREGATE has no value."""
    return DISCARD if value else KEEP


def check_aggregator(value: bytes, internal: bool, as4: bool) -> int:
    """RFC 7606, 7.7: an AS number and an address; RFC 7607: not AS 0."""
    width = 4 if as4 else 2
    return KEEP if len(value) == width + 4 and any(value[:width]) else DISCARD


def check_communities(value: bytes, internal: bool, as4: bool) -> int:
    """RFC 7606, 7.8: a non-zero multiple of four octets."""
    return WITHDRAW if len(value) & 3 or not value else KEEP


def check_cluster_list(value: bytes, internal: bool, as4: bool) -> int:
    """RFC 7606, 7.10: only from internal peers, and a non-zero multiple of four octets then."""
    if not internal:
        return DISCARD
    return WITHDRAW if len(value) & 3 or not value else KEEP


def check_extended(value: bytes, internal: bool, as4: bool) -> int:
    """RFC 7606, 7.14: a non-zero multiple of eight octets."""
    return WITHDRAW if len(value) & 7 or not value else KEEP


def check_ipv6_extended(value: bytes, internal: bool, as4: bool) -> int:
    """RFC 7606, 7.15: a non-zero multiple of twenty octets."""
    return WITHDRAW if len(value) % 20 or not value else KEEP


def check_large(value: bytes, internal: bool, as4: bool) -> int:
    """RFC 8092, section 6: a non-zero multiple of twelve octets."""
    return WITHDRAW if len(value) % 12 or not value else KEEP


def check_aigp(value: bytes, internal: bool, as4: bool) -> int:
    """RFC 7311, 3.2: whole TLVs of any type and number; AIGP TLVs have 11 octets."""
    at, end = 0, len(value)
    while at < end:
        if at + 3 > end:
            return DISCARD
        length = value[at + 1] << 8 | value[at + 2]
        if length < 3 or at + length > end:
            return DISCARD
        if value[at] == 1 and length != 11:
            return DISCARD
        at += length
    return KEEP


def check_pmsi_tunnel(value: bytes, internal: bool, as4: bool) -> int:
    """RFC 6514, 5 with RFC 7606, 7.12: at least flags, type and label; ingress replication has an address."""
    if len(value) < 5:
        return WITHDRAW
    return WITHDRAW if value[1] == INGRESS_REPLICATION and len(value) not in (9, 21) else KEEP


# ------------------------------------------------------------ error texts


def error_in(name: str, code: int, value: bytes, as4: bool, of_member: bool = False) -> str:
    """What is wrong with a value that failed its check, as a text that begins with the attribute's name.

    Errors of a path are named first: "AS 0 in the path". `of_member`: it is from another member
    of our confederation.
    """
    width = 4 if as4 else 2
    if code == ORIGIN and len(value) == 1:
        return f"{name}: {value[0]} is no origin"
    if code in (AGGREGATOR, AS4_AGGREGATOR) and len(value) == width + 4 and not any(value[:width]):
        return f"{name}: AS 0"
    found = _error_in_path(value, width, of_member) if code in (AS_PATH, AS4_PATH) else ""
    if found:
        return f"{found} in {'the path' if code == AS_PATH else name}"
    return f"{name}: malformed value of {len(value)} octets"


def _error_in_path(value: bytes, width: int, of_member: bool) -> str:
    """What may not be in this path, or must be, if all segments are whole and not empty; else empty."""
    at, end = 0, len(value)
    confederation = False
    while at < end:
        if at + 2 > end or not 1 <= value[at] <= 4 or value[at + 1] == 0:
            return ""
        confederation = confederation or value[at] > 2
        at += 2 + width * value[at + 1]
    if at != end:
        return ""
    if of_member and (not value or value[0] != _CONFED_SEQUENCE):
        return "no confederation sequence first"
    if has_as(value, bytes(width)):
        return "AS 0"
    return "confederation segment" if confederation and not of_member else ""


# ----------------------------------------------------------------- registry


@final
class PathAttribute:
    """One row of the registry: a path attribute that we understand."""

    __slots__ = ("check", "code", "decl", "flags")

    def __init__(self, code: int, flags: int, check: Check, decl: AttributeDecl) -> None:
        self.code: Final = code
        self.flags: Final = flags
        self.check: Final = check
        self.decl: Final = decl


def _row(
    code: int,
    flags: int,
    check: Check,
    name: str,
    type: str,  # noqa: A002  the filter language's word
    decode: Callable[[bytes], Any],
    encode: Callable[[Any], bytes],
    text: Callable[[Any], str] | None = None,
) -> PathAttribute:
    label = "BGP." + _LABELS.get(name, name.removeprefix("bgp_"))
    return PathAttribute(
        code,
        flags,
        check,
        AttributeDecl(name, type, code, flags, decode, encode, label=label, text=text),
    )


_LABELS: Final = {"bgp_path": "as_path"}

_ROWS: Final[tuple[PathAttribute, ...]] = (
    _row(ORIGIN, WELL_KNOWN, check_origin, "bgp_origin", "enum bgp_origin", read_origin, origin_octets),
    _row(AS_PATH, WELL_KNOWN, check_as_path, "bgp_path", "bgppath", AsPath, value_octets),
    _row(NEXT_HOP, WELL_KNOWN, check_next_hop, "bgp_next_hop", "ip", decode_next_hop, encode_next_hop),
    _row(MED, OPTIONAL, check_number, "bgp_med", "int", read_number, number_octets),
    _row(LOCAL_PREF, WELL_KNOWN, check_internal_number, "bgp_local_pref", "int", read_number, number_octets),
    _row(ATOMIC_AGGREGATE, WELL_KNOWN, check_empty, "bgp_atomic_aggr", "opaque", Opaque, value_octets),
    _row(AGGREGATOR, PASSED_ON, check_aggregator, "bgp_aggregator", "opaque", Aggregator, value_octets),
    _row(
        COMMUNITIES,
        PASSED_ON,
        check_communities,
        "bgp_community",
        "clist",
        CommunityList,
        CommunityList.encode,
    ),
    _row(
        ORIGINATOR_ID, OPTIONAL, check_internal_number, "bgp_originator_id", "quad", read_quad, number_octets
    ),
    _row(
        CLUSTER_LIST,
        OPTIONAL,
        check_cluster_list,
        "bgp_cluster_list",
        "clist",
        CommunityList,
        CommunityList.encode,
        quads,
    ),
    _row(
        EXTENDED_COMMUNITIES,
        PASSED_ON,
        check_extended,
        "bgp_ext_community",
        "eclist",
        ExtendedList,
        ExtendedList.encode,
    ),
    _row(
        PMSI_TUNNEL,
        PASSED_ON,
        check_pmsi_tunnel,
        "bgp_pmsi_tunnel",
        "opaque",
        Opaque,
        value_octets,
        pmsi_text,
    ),
    _row(AIGP, OPTIONAL, check_aigp, "bgp_aigp", "opaque", Opaque, value_octets, aigp_text),
    _row(
        LARGE_COMMUNITIES,
        PASSED_ON,
        check_large,
        "bgp_large_community",
        "lclist",
        LargeList,
        LargeList.encode,
    ),
    _row(OTC, PASSED_ON, check_number, "bgp_otc", "int", read_number, number_octets),
)

# Checked, but without a name in the filter language.
_IPV6_EXTENDED: Final = PathAttribute(
    IPV6_EXTENDED_COMMUNITIES,
    PASSED_ON,
    check_ipv6_extended,
    AttributeDecl("bgp_unknown_0x19", "bytestring", IPV6_EXTENDED_COMMUNITIES, PASSED_ON, hidden=True),
)

KNOWN: Final[dict[int, PathAttribute]] = {row.code: row for row in (*_ROWS, _IPV6_EXTENDED)}


def _octets_text(value: bytes) -> str:
    return value.hex(":")


def _label_stack_text(value: CommunityList) -> str:
    return "/".join([str(label) for label in value.items])


# What stands in the NLRI beside the networks.
LABEL_STACK: Final = "bgp_mpls_label_stack"  # received labels (RFC 8277)
EVPN_ESI: Final = "bgp_evpn_esi"  # the segment of a MAC/IP or IP prefix route, unless zero (RFC 7432, 7.2)
EVPN_GATEWAY: Final = "bgp_evpn_gateway"  # the gateway of an IP prefix route, unless zero (RFC 9136, 3.1)

ATTRIBUTES: Final[tuple[AttributeDecl, ...]] = (
    *[row.decl for row in _ROWS],
    AttributeDecl(LABEL_STACK, "clist", writable=False, label="BGP.mpls_label_stack", text=_label_stack_text),
    AttributeDecl(EVPN_ESI, "bytestring", writable=False, label="BGP.evpn_esi", text=_octets_text),
    AttributeDecl(EVPN_GATEWAY, "ip", writable=False, label="BGP.evpn_gateway"),
)
