"""Capabilities of an OPEN: what each side can do, and what both can (RFC 5492).

Read: several optional parameters with one capability each (FRR) and one with
all (BIRD, GoBGP), plain or extended form (RFC 9072), the same capability twice,
unknown ones (kept). Written: all in one optional parameter, extended if it is long.

Graceful restart (64) is announced with the families whose routes neighbors shall keep when
this router restarts, in aware mode with none; so is the long-lived form (71), each with its time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from pybird.proto.bgp.config import BgpChannelConfig, BgpConfig
from pybird.proto.bgp.family import IPV4_UNICAST, AfiSafi
from pybird.proto.bgp.wire.errors import BAD_PARAMETER, ROLE_MISMATCH, OpenError
from pybird.proto.bgp.wire.roles import ROLES
from pybird.values.text import utf8
from pybird.wire import OctetReader, WireError

MULTIPROTOCOL: Final = 1
ROUTE_REFRESH: Final = 2
EXTENDED_NEXT_HOP: Final = 5
EXTENDED_MESSAGES: Final = 6
ROLE: Final = 9
GRACEFUL_RESTART: Final = 64
AS4: Final = 65
ADD_PATH: Final = 69
ENHANCED_REFRESH: Final = 70
LONG_LIVED: Final = 71
HOSTNAME: Final = 73
LINK_LOCAL_NEXT_HOP: Final = 77  # draft-ietf-idr-linklocal-capability-05
CISCO_REFRESH: Final = 128

# Directions of add-path (RFC 7911, 4): what the announcing side can do
RECEIVE_PATHS: Final = 1
SEND_PATHS: Final = 2

CAPABILITY_PARAMETER: Final = 2
EXTENDED_PARAMETERS: Final = 255  # RFC 9072
MOST_PLAIN: Final = 252  # octets of capabilities; a length of 255 would mark the extended form


@dataclass(frozen=True, slots=True)
class GracefulRestart:
    """RFC 4724: flags (8: restarted), seconds, families with their flags (0x80: state kept)."""

    flags: int = 0
    time: int = 0
    families: tuple[tuple[int, int, int], ...] = ()

    def encode(self) -> bytes:
        """The value of the capability."""
        head = (self.flags << 12 | self.time).to_bytes(2, "big")
        return head + b"".join([_pair(afi, safi) + bytes((flags,)) for afi, safi, flags in self.families])


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What one side announced; the default is a side that announced nothing."""

    multiprotocol: tuple[AfiSafi, ...] = ()
    route_refresh: bool = False
    extended_next_hop: tuple[tuple[int, int, int], ...] = ()  # AFI, SAFI, AFI of the next hop
    extended_messages: bool = False
    role: int | None = None  # RFC 9234
    graceful_restart: GracefulRestart | None = None
    as4: int | None = None
    add_path: tuple[tuple[int, int, int], ...] = ()  # AFI, SAFI, 1 receive 2 send 3 both
    enhanced_refresh: bool = False
    long_lived: tuple[tuple[int, int, int, int], ...] | None = None  # AFI, SAFI, flags, seconds
    hostname: str | None = None
    domain: str = ""
    link_local_next_hop: bool = False
    cisco_refresh: bool = False
    unknown: tuple[tuple[int, bytes], ...] = ()

    def encode(self) -> bytes:
        """All capabilities, one after the other."""
        return b"".join(bytes((code, len(value))) + value for code, value in self._items())

    def parameters(self) -> bytes:
        """The optional parameters of an OPEN with their length, in the extended form where they need it."""
        body = self.encode()
        if not body:
            return b"\0"
        if len(body) <= MOST_PLAIN:
            return bytes((len(body) + 2, CAPABILITY_PARAMETER, len(body))) + body
        head = bytes((EXTENDED_PARAMETERS, EXTENDED_PARAMETERS)) + (len(body) + 3).to_bytes(2, "big")
        return head + bytes((CAPABILITY_PARAMETER,)) + len(body).to_bytes(2, "big") + body

    def _items(self) -> list[tuple[int, bytes]]:
        items = [(MULTIPROTOCOL, _family(afi, safi)) for afi, safi in self.multiprotocol]
        if self.route_refresh:
            items.append((ROUTE_REFRESH, b""))
        if self.extended_next_hop:
            triples = (_family(a, s) + n.to_bytes(2, "big") for a, s, n in self.extended_next_hop)
            items.append((EXTENDED_NEXT_HOP, b"".join(triples)))
        if self.extended_messages:
            items.append((EXTENDED_MESSAGES, b""))
        if self.role is not None:
            items.append((ROLE, bytes((self.role,))))
        if self.graceful_restart is not None:
            items.append((GRACEFUL_RESTART, self.graceful_restart.encode()))
        if self.as4 is not None:
            items.append((AS4, self.as4.to_bytes(4, "big")))
        if self.add_path:
            items.append((ADD_PATH, b"".join(_pair(a, s) + bytes((m,)) for a, s, m in self.add_path)))
        if self.enhanced_refresh:
            items.append((ENHANCED_REFRESH, b""))
        if self.long_lived is not None:
            families = (
                _pair(a, s) + bytes((f,)) + time.to_bytes(3, "big") for a, s, f, time in self.long_lived
            )
            items.append((LONG_LIVED, b"".join(families)))
        if self.hostname is not None:
            items.append((HOSTNAME, _text(self.hostname) + _text(self.domain)))
        if self.link_local_next_hop:
            items.append((LINK_LOCAL_NEXT_HOP, b""))
        return items


def _family(afi: int, safi: int) -> bytes:
    return afi.to_bytes(2, "big") + b"\0" + bytes((safi,))


def _pair(afi: int, safi: int) -> bytes:
    return afi.to_bytes(2, "big") + bytes((safi,))


def _text(text: str) -> bytes:
    octets = utf8(text, 64)  # FRR accepts no more
    return bytes((len(octets),)) + octets


# ------------------------------------------------------------------ reading


def parse(data: bytes) -> Capabilities:
    """Read the optional parameters of an OPEN, `data` starting at their length octet.

    Raises:
        OpenError: 2/0 for lengths that do not fit, 2/4 for a parameter that is
            not Capabilities.
    """
    found = _Found()
    try:
        for parameter in _parameters(OctetReader(data)):
            _read_all(found, parameter)
        return found.value()
    except WireError as error:
        if isinstance(error, OpenError):
            raise
        raise OpenError(0, text=f"Malformed optional parameters: {error}") from None


def capabilities_in(data: bytes) -> Capabilities | None:
    """Read capabilities in a row, as the data of a NOTIFICATION 2/7; None: they cannot be read."""
    found = _Found()
    reader = OctetReader(data)
    try:
        _read_all(found, reader)
        return found.value()
    except WireError:
        return None


def _read_all(found: _Found, reader: OctetReader) -> None:
    while reader.left:
        code = reader.read_number(1)
        _read(found, code, reader.read_part(reader.read_number(1)))


def _parameters(reader: OctetReader) -> list[OctetReader]:
    """A reader for the body of each Capabilities parameter."""
    length = reader.read_number(1)
    width = 1
    if length and reader.left and reader.data[reader.at] == EXTENDED_PARAMETERS:
        reader.read(1)
        length = reader.read_number(2)
        width = 2
    body = reader.read_part(length)
    if reader.left:
        raise WireError(f"{reader.left} octets after the optional parameters")
    out = []
    while body.left:
        kind = body.read_number(1)
        part = body.read_part(body.read_number(width))
        if kind != CAPABILITY_PARAMETER:
            raise OpenError(BAD_PARAMETER)
        out.append(part)
    return out


@dataclass(slots=True)
class _Found:
    """What was read so far. A repeated capability adds to a list, or replaces a single value."""

    families: dict[AfiSafi, None] = field(default_factory=dict)
    next_hops: dict[tuple[int, int, int], None] = field(default_factory=dict)
    paths: dict[AfiSafi, int] = field(default_factory=dict)
    single: dict[int, OctetReader] = field(default_factory=dict)
    unknown: list[tuple[int, bytes]] = field(default_factory=list)
    role: int | None = None

    def value(self) -> Capabilities:
        single = self.single
        hostname, domain = _hostname(single.get(HOSTNAME))
        return Capabilities(
            multiprotocol=tuple(self.families),
            route_refresh=ROUTE_REFRESH in single,
            extended_next_hop=tuple(self.next_hops),
            extended_messages=EXTENDED_MESSAGES in single,
            role=self.role,
            graceful_restart=_graceful(single.get(GRACEFUL_RESTART)),
            as4=_number(single.get(AS4), 4),
            add_path=tuple((afi, safi, mode) for (afi, safi), mode in self.paths.items()),
            enhanced_refresh=ENHANCED_REFRESH in single,
            long_lived=_long_lived(single.get(LONG_LIVED)),
            hostname=hostname,
            domain=domain,
            link_local_next_hop=LINK_LOCAL_NEXT_HOP in single,
            cisco_refresh=CISCO_REFRESH in single,
            unknown=tuple(self.unknown),
        )


_SINGLE: Final = frozenset(
    (
        ROUTE_REFRESH,
        EXTENDED_MESSAGES,
        GRACEFUL_RESTART,
        AS4,
        ENHANCED_REFRESH,
        LONG_LIVED,
        HOSTNAME,
        LINK_LOCAL_NEXT_HOP,
        CISCO_REFRESH,
    )
)


def _read(found: _Found, code: int, value: OctetReader) -> None:
    if code == MULTIPROTOCOL:
        afi, _, safi = value.read_number(2), value.read(1), value.read_number(1)
        found.families[afi, safi] = None
    elif code == EXTENDED_NEXT_HOP:
        while value.left:
            found.next_hops[value.read_number(2), value.read_number(2), value.read_number(2)] = None
    elif code == ADD_PATH:
        while value.left:
            family = value.read_number(2), value.read_number(1)
            found.paths[family] = value.read_number(1)
    elif code == ROLE:
        _read_role(found, value)
    elif code in _SINGLE:
        found.single[code] = value
    else:
        found.unknown.append((code, value.read_rest()))


def _read_role(found: _Found, value: OctetReader) -> None:
    """One octet; announced twice, it must be the same (RFC 9234, 4.1 and 4.2)."""
    octets = value.read_rest()
    if len(octets) != 1:
        raise WireError(f"BGP Role of {len(octets)} octets")
    before = found.role
    found.role = octets[0]
    if before not in (None, found.role):
        raise OpenError(ROLE_MISMATCH)


def _number(value: OctetReader | None, octets: int) -> int | None:
    return None if value is None else value.read_number(octets)


def _graceful(value: OctetReader | None) -> GracefulRestart | None:
    if value is None:
        return None
    head = value.read_number(2)
    families = []
    while value.left:
        families.append((value.read_number(2), value.read_number(1), value.read_number(1)))
    return GracefulRestart(head >> 12, head & 0xFFF, tuple(families))


def _long_lived(value: OctetReader | None) -> tuple[tuple[int, int, int, int], ...] | None:
    if value is None:
        return None
    families = []
    while value.left:
        families.append(
            (value.read_number(2), value.read_number(1), value.read_number(1), value.read_number(3))
        )
    return tuple(families)


def _hostname(value: OctetReader | None) -> tuple[str | None, str]:
    if value is None:
        return None, ""
    name = _readable(value.read(value.read_number(1)))
    domain = _readable(value.read(value.read_number(1))) if value.left else ""
    return name, domain


def _readable(octets: bytes) -> str:
    """A name from outside as text on one line: control characters become spaces."""
    return "".join([c if c.isprintable() else " " for c in octets.decode(errors="replace")])


# ------------------------------------------------- announced and negotiated


HOP_IPV6: Final = 2  # the only AFI of next hops in RFC 8950


def local_capabilities(
    config: BgpConfig, hostname: str = "", recovers: bool = False, forwards: bool = False
) -> Capabilities:
    """What a protocol with this config announces; `capabilities off` announces nothing.

    `recovers`: this router has restarted and does not know all routes yet. `forwards`: it forwards
    as at the end of the last session; so does one that recovers.
    """
    forwards = forwards or recovers
    if config.capabilities is False:
        return Capabilities()
    channels = [c for c in config.channels if isinstance(c, BgpChannelConfig)]
    return Capabilities(
        multiprotocol=tuple(sorted([c.family.numbers for c in channels])),
        route_refresh=config.enable_route_refresh,
        extended_next_hop=tuple((*numbers, HOP_IPV6) for numbers in _extended(channels)),
        extended_messages=config.enable_extended_messages,
        graceful_restart=_own_restart(config, channels, recovers, forwards),
        long_lived=_own_long_lived(config, channels, forwards),
        role=None if config.local_role is None else ROLES[config.local_role],
        as4=config.shown_as if config.enable_as4 else None,
        add_path=_add_path(channels),
        enhanced_refresh=config.enable_route_refresh and wants_enhanced_refresh(config),
        hostname=hostname if config.advertise_hostname and hostname else None,
        link_local_next_hop=config.enable_link_local_next_hop,
    )


AFTER_NOTIFICATION: Final = 0x4  # flag of graceful restart: routes survive NOTIFICATIONs, too (RFC 8538)
RESTARTED: Final = 0x8  # flag of graceful restart: this side has restarted, do not wait for its End-of-RIB
FORWARDING: Final = 0x80  # flag of a family: forwarding went on meanwhile


def _own_restart(
    config: BgpConfig, channels: list[BgpChannelConfig], recovers: bool, forwards: bool
) -> GracefulRestart | None:
    """What is announced about our restarts: the neighbor keeps the routes of these families."""
    if config.graceful_restart == "off":
        return None
    default = config.graceful_restart == "on"
    kept = [c for c in channels if (default if c.graceful_restart is None else c.graceful_restart)]
    families = tuple(sorted([(*channel.family.numbers, FORWARDING if forwards else 0) for channel in kept]))
    flags = AFTER_NOTIFICATION if config.graceful_restart_after_notification else 0
    return GracefulRestart(flags | (RESTARTED if recovers else 0), config.graceful_restart_time, families)


def _own_long_lived(
    config: BgpConfig, channels: list[BgpChannelConfig], forwards: bool
) -> tuple[tuple[int, int, int, int], ...] | None:
    """For how long the neighbor keeps which routes after the restart time (RFC 9494, 3)."""
    mode = config.long_lived_graceful_restart or "aware"
    if config.graceful_restart == "off" or mode == "off":
        return None
    found = []
    for channel in channels:
        kept = channel.long_lived_graceful_restart
        if mode == "on" if kept is None else kept:
            time = channel.long_lived_stale_time
            seconds = config.long_lived_stale_time if time is None else time
            found.append((*channel.family.numbers, FORWARDING if forwards else 0, seconds))
    return tuple(sorted(found))


def _extended(channels: list[BgpChannelConfig]) -> list[AfiSafi]:
    """The IPv4 families that may also have IPv6 next hops."""
    wanted = [channel.family for channel in channels if channel.extended_next_hop]
    return sorted([family.numbers for family in wanted if family.hop_version == 4 and family.has_hops])


_DIRECTIONS: Final = {"no": 0, "rx": RECEIVE_PATHS, "tx": SEND_PATHS, "yes": RECEIVE_PATHS | SEND_PATHS}


def _add_path(channels: list[BgpChannelConfig]) -> tuple[tuple[int, int, int], ...]:
    """The families with `add paths`, and their directions."""
    found = [(*channel.family.numbers, _DIRECTIONS[channel.add_paths]) for channel in channels]
    return tuple(sorted([each for each in found if each[2]]))


def wants_enhanced_refresh(config: BgpConfig) -> bool:
    """As configured; by default True unless graceful restart is off (and it is not required either).

    FRR answers the ROUTE-REFRESH of a neighbor with enhanced refresh only after its End-of-RIB, and
    sends that only to neighbors that announce graceful restart.
    """
    written = config.enable_enhanced_route_refresh
    if written is not None:
        return written
    return config.graceful_restart != "off" or "enhanced route refresh" in config.require


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What both sides can do; how the session works depends on this alone."""

    families: tuple[AfiSafi, ...] = (IPV4_UNICAST.numbers,)
    as4: bool = False
    route_refresh: bool = False
    enhanced_refresh: bool = False
    extended_messages: bool = False
    extended_next_hop: frozenset[AfiSafi] = frozenset()  # IPv4 families with IPv6 next hops
    add_path_rx: frozenset[AfiSafi] = frozenset()  # families that we receive with path ids (RFC 7911)
    add_path_tx: frozenset[AfiSafi] = frozenset()  # families that we send with path ids
    after_notification: bool = False  # graceful restarts follow NOTIFICATIONs, too (RFC 8538)
    long_lived: frozenset[AfiSafi] = frozenset()  # whose routes of the neighbor may stay for long (RFC 9494)

    link_local_next_hop: bool = False  # a link-local next hop goes alone, in 16 octets

    @property
    def max_length(self) -> int:
        """Largest message in octets (RFC 8654)."""
        return 65535 if self.extended_messages else 4096


def negotiate(local: Capabilities, remote: Capabilities) -> Negotiated:
    """The capabilities of a session, families in our order.

    A side without the multiprotocol capability speaks IPv4 unicast (RFC 4760,
    section 8). Cisco's number of route refresh (128) does not count (RFC 2918, 4).
    """
    ours = local.multiprotocol or (IPV4_UNICAST.numbers,)
    theirs = remote.multiprotocol or (IPV4_UNICAST.numbers,)
    families = tuple(f for f in ours if f in theirs)
    refresh = local.route_refresh and remote.route_refresh
    next_hops = frozenset(
        (afi, safi)
        for afi, safi, hop in local.extended_next_hop
        if hop == HOP_IPV6 and (afi, safi, hop) in remote.extended_next_hop and (afi, safi) in families
    )
    return Negotiated(
        families=families,
        as4=local.as4 is not None and remote.as4 is not None,
        route_refresh=refresh,
        enhanced_refresh=refresh and local.enhanced_refresh and remote.enhanced_refresh,
        extended_messages=local.extended_messages and remote.extended_messages,
        extended_next_hop=next_hops,
        add_path_rx=_both(families, local, RECEIVE_PATHS, remote, SEND_PATHS),
        add_path_tx=_both(families, local, SEND_PATHS, remote, RECEIVE_PATHS),
        after_notification=_survives(local) and _survives(remote),
        long_lived=_kept_for_long(families, local, remote),
        link_local_next_hop=local.link_local_next_hop and remote.link_local_next_hop,
    )


def _survives(found: Capabilities) -> bool:
    """True if a side announces that NOTIFICATIONs end no graceful restart (RFC 8538, 2)."""
    restart = found.graceful_restart
    return restart is not None and bool(restart.flags & AFTER_NOTIFICATION)


def _kept_for_long(
    families: tuple[AfiSafi, ...], local: Capabilities, remote: Capabilities
) -> frozenset[AfiSafi]:
    """The families of the neighbor's capability 71; it counts only beside 64, on both sides (RFC 9494, 3)."""
    if None in (local.graceful_restart, remote.graceful_restart, local.long_lived):
        return frozenset()
    listed = [(afi, safi) for afi, safi, _, _ in remote.long_lived or ()]
    return frozenset([family for family in families if family in listed])


def _both(
    families: tuple[AfiSafi, ...], local: Capabilities, ours: int, remote: Capabilities, theirs: int
) -> frozenset[AfiSafi]:
    """The families that one side sends with path ids and the other receives (RFC 7911, 4)."""
    here, there = _with_paths(local, ours), _with_paths(remote, theirs)
    return frozenset([each for each in families if each in here and each in there])


def _with_paths(found: Capabilities, direction: int) -> list[AfiSafi]:
    """The families that a side can use in a direction; values that RFC 7911 does not define are ignored."""
    both = RECEIVE_PATHS | SEND_PATHS
    return [(afi, safi) for afi, safi, mode in found.add_path if mode <= both and mode & direction]
