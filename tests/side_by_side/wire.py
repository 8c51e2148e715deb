"""BGP messages as octets and back, for scripted neighbors (RFC 4271, section 4).

Written apart from the project's own codecs: a mistake there must not hide
itself here. Attributes are read into short texts, so that what different
daemons send can be compared: `"next_hop": "10.0.0.2"`. The order of attributes,
their extended lengths and how routes are packed into messages are not kept;
a flag that is not the usual one of its attribute is.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

MARKER = b"\xff" * 16
HEADER = 19
OPEN, UPDATE, NOTIFICATION, KEEPALIVE, REFRESH = 1, 2, 3, 4, 5
IPV4, IPV6, L2VPN = 1, 2, 25
UNICAST, MULTICAST, LABELED, EVPN, VPN_LABELED, VPN_MULTICAST = 1, 2, 4, 70, 128, 129  # SAFI
WITHDRAWN_LABEL = bytes.fromhex("800000")  # RFC 8277, 2.4
AS_TRANS = 23456
OPTIONAL, TRANSITIVE, EXTENDED = 0x80, 0x40, 0x10

# Attribute types, their names here and their flags (IANA, BGP Path Attributes).
ATTRIBUTES = {
    1: ("origin", 0x40),
    2: ("as_path", 0x40),
    3: ("next_hop", 0x40),
    4: ("med", 0x80),
    5: ("local_pref", 0x40),
    6: ("atomic_aggregate", 0x40),
    7: ("aggregator", 0xC0),
    8: ("communities", 0xC0),
    9: ("originator_id", 0x80),
    10: ("cluster_list", 0x80),
    14: ("mp_reach", 0x80),
    15: ("mp_unreach", 0x80),
    16: ("extended_communities", 0xC0),
    17: ("as4_path", 0xC0),
    18: ("as4_aggregator", 0xC0),
    22: ("pmsi_tunnel", 0xC0),
    26: ("aigp", 0x80),
    32: ("large_communities", 0xC0),
    35: ("otc", 0xC0),
}
ORIGINS = ("igp", "egp", "incomplete")
# Segments of an AS path: AS_SET, AS_SEQUENCE, confederation sequence and set (RFC 5065).
SEGMENTS = {1: "{%s}", 2: "%s", 3: "(%s)", 4: "[%s]"}

Segment = tuple[int, Sequence[int]]
Path = Sequence[int] | Sequence[Segment]


def message(kind: int, body: bytes = b"") -> bytes:
    return MARKER + struct.pack("!HB", HEADER + len(body), kind) + body


def notification(code: int, subcode: int, data: bytes = b"") -> bytes:
    return message(NOTIFICATION, bytes((code, subcode)) + data)


def refresh(family: int = IPV4, kind: int = 0, safi: int = UNICAST) -> bytes:
    """ROUTE-REFRESH; `kind` 1 and 2 are BoRR and EoRR (RFC 7313)."""
    return message(REFRESH, struct.pack("!HBB", family, kind, safi))


def end_of_rib(family: int = IPV4) -> bytes:
    """End-of-RIB (RFC 4724, section 2)."""
    if family == IPV4:
        return update()
    return update(attribute(15, struct.pack("!HB", family, 1)))


def capability(code: int, value: bytes = b"") -> bytes:
    return bytes((code, len(value))) + value


def multiprotocol(family: int, safi: int = UNICAST) -> bytes:
    return capability(1, struct.pack("!HBB", family, 0, safi))


def extended_next_hop(family: int = IPV4, of_hop: int = IPV6, safi: int = UNICAST) -> bytes:
    """Routes of one family may have next hops of the other (RFC 8950)."""
    return capability(5, struct.pack("!HHH", family, safi, of_hop))


def add_path(mode: int, family: int = IPV4, safi: int = UNICAST) -> bytes:
    """The capability of RFC 7911: 1 receive, 2 send, 3 both."""
    return capability(69, struct.pack("!HBB", family, safi, mode))


def four_octets(asn: int) -> bytes:
    """The capability of RFC 6793."""
    return capability(65, struct.pack("!I", asn))


def open_message(asn: int, hold: int, router_id: str, capabilities: bytes) -> bytes:
    parameters = bytes((2, len(capabilities))) + capabilities if capabilities else b""
    short = asn if asn < 1 << 16 else AS_TRANS
    head = struct.pack("!BHH", 4, short, hold) + socket.inet_aton(router_id)
    return message(OPEN, head + bytes((len(parameters),)) + parameters)


def attribute(code: int, value: bytes, flags: int | None = None) -> bytes:
    if flags is None:
        flags = ATTRIBUTES.get(code, ("", OPTIONAL | TRANSITIVE))[1]
    if len(value) > 255:
        return struct.pack("!BBH", flags | EXTENDED, code, len(value)) + value
    return struct.pack("!BBB", flags, code, len(value)) + value


def path_octets(path: Path, size: int = 4) -> bytes:
    """An AS path of AS numbers, or of segments `(kind, numbers)`."""
    numbers = [part for part in path if isinstance(part, int)]
    segments: list[Segment] = [part for part in path if not isinstance(part, int)]
    if numbers:
        segments.insert(0, (2, numbers))
    code = "!I" if size == 4 else "!H"
    return b"".join(
        bytes((kind, len(members))) + b"".join(struct.pack(code, number) for number in members)
        for kind, members in segments
    )


def aigp(distance: int) -> bytes:
    """The value of AIGP with its one TLV (RFC 7311)."""
    return b"\x01\x00\x0b" + struct.pack("!Q", distance)


@dataclass(frozen=True, kw_only=True)
class Attributes:
    """What a scripted neighbor announces a route with; `None` is left out.

    `next_hop`: one address, or for IPv6 also a pair (global, link-local).
    `raw`: further attributes, made with `attribute`.
    """

    origin: int | None = 0
    path: Path | None = ()
    next_hop: str | Sequence[str] | None = None
    med: int | None = None
    local_pref: int | None = None
    communities: Sequence[tuple[int, int]] = ()
    large: Sequence[tuple[int, int, int]] = ()
    extended: Sequence[bytes] = ()
    originator: str | None = None
    clusters: Sequence[str] = ()
    aigp: int | None = None
    otc: int | None = None
    raw: bytes = b""

    def octets(self, as_size: int = 4) -> bytes:
        """All but the next hop, which lies elsewhere for IPv6."""
        parts = [
            (1, None if self.origin is None else bytes((self.origin,))),
            (2, None if self.path is None else path_octets(self.path, as_size)),
            (4, None if self.med is None else struct.pack("!I", self.med)),
            (5, None if self.local_pref is None else struct.pack("!I", self.local_pref)),
            (8, b"".join(struct.pack("!HH", *one) for one in self.communities) or None),
            (9, None if self.originator is None else socket.inet_aton(self.originator)),
            (10, b"".join(map(socket.inet_aton, self.clusters)) or None),
            (16, b"".join(self.extended) or None),
            (26, None if self.aigp is None else aigp(self.aigp)),
            (32, b"".join(struct.pack("!III", *one) for one in self.large) or None),
            (35, None if self.otc is None else struct.pack("!I", self.otc)),
        ]
        return b"".join(attribute(code, value) for code, value in parts if value is not None) + self.raw


def prefix_octets(prefix: str, safi: int = UNICAST) -> bytes:
    """A network: `10.1.0.0/16`, of a VPN `65001:1 10.1.0.0/16`.

    Behind it stand labels, `mpls 100/200` (none: it is withdrawn), and a path identifier, `#7`.
    """
    prefix, _, number = prefix.partition(" #")
    prefix, _, labels = prefix.partition(" mpls ")
    distinguisher, _, prefix = prefix.rpartition(" ")
    address, length = prefix.split("/")
    head = b""
    if safi in (LABELED, VPN_LABELED):
        head = label_octets(*map(int, labels.split("/"))) if labels else WITHDRAWN_LABEL
    if distinguisher:
        asn, assigned = distinguisher.split(":")
        head += struct.pack("!HHI", 0, int(asn), int(assigned))
    before = int(number).to_bytes(4) if number else b""
    return before + bytes((8 * len(head) + int(length),)) + head + packed(address)[: (int(length) + 7) // 8]


def label_octets(*labels: int) -> bytes:
    """A stack of labels; the last one has the bottom-of-stack bit (RFC 8277, 2.3)."""
    words = [label << 4 for label in labels]
    words[-1] |= 1
    return b"".join(word.to_bytes(3) for word in words)


def update(attributes: bytes = b"", reach: Iterable[str] = (), withdrawn: Iterable[str] = ()) -> bytes:
    gone = b"".join(map(prefix_octets, withdrawn))
    nets = b"".join(map(prefix_octets, reach))
    lengths = struct.pack("!H", len(gone)), struct.pack("!H", len(attributes))
    return message(UPDATE, lengths[0] + gone + lengths[1] + attributes + nets)


def announcement(prefixes: Sequence[str], attributes: Attributes, as_size: int = 4) -> bytes:
    """An UPDATE for unicast networks; IPv4 ones may have IPv6 next hops (RFC 8950)."""
    octets = attributes.octets(as_size)
    hops = [attributes.next_hop] if isinstance(attributes.next_hop, str) else attributes.next_hop or ()
    family = IPV6 if ":" in prefixes[0] else IPV4
    if family == IPV4 and not any(":" in one for one in hops):
        hop = b"".join(attribute(3, packed(one)) for one in hops)
        return update(octets + hop, prefixes)
    return update(octets + mp_reach(prefixes, hops))


def mp_reach(prefixes: Sequence[str], hops: Sequence[str], safi: int = UNICAST) -> bytes:
    """The attribute MP_REACH_NLRI (RFC 4760, section 3)."""
    before = bytes(8) if safi in (VPN_LABELED, VPN_MULTICAST) else b""
    hop = b"".join(before + packed(one) for one in hops)
    head = struct.pack("!HBB", _family(prefixes[0]), safi, len(hop)) + hop + b"\0"
    return attribute(14, head + b"".join(prefix_octets(one, safi) for one in prefixes))


def mp_unreach(prefixes: Sequence[str], safi: int = UNICAST) -> bytes:
    """The attribute MP_UNREACH_NLRI (RFC 4760, section 4)."""
    nets = b"".join(prefix_octets(one, safi) for one in prefixes)
    return attribute(15, struct.pack("!HB", _family(prefixes[0]), safi) + nets)


def evpn(kind: int, *parts: bytes) -> bytes:
    """A route of EVPN (RFC 7432, 7): its type, its length and its parts."""
    value = b"".join(parts)
    return bytes((kind, len(value))) + value


def evpn_reach(hops: Sequence[str], *routes: bytes, raw_hop: bytes | None = None) -> bytes:
    """MP_REACH_NLRI with routes of EVPN."""
    hop = b"".join(map(packed, hops)) if raw_hop is None else raw_hop
    head = struct.pack("!HBB", L2VPN, EVPN, len(hop)) + hop + b"\0"
    return attribute(14, head + b"".join(routes))


def evpn_unreach(*routes: bytes) -> bytes:
    """MP_UNREACH_NLRI with routes of EVPN."""
    return attribute(15, struct.pack("!HB", L2VPN, EVPN) + b"".join(routes))


def _family(prefix: str) -> int:
    """The AFI of a network, of a VPN too, whose distinguisher has a colon."""
    return IPV6 if ":" in prefix.partition(" #")[0].partition(" mpls ")[0].split(" ")[-1] else IPV4


def withdrawal(prefixes: Sequence[str]) -> bytes:
    if ":" not in prefixes[0]:
        return update(withdrawn=prefixes)
    return update(mp_unreach(prefixes))


@dataclass
class Update:
    """What one UPDATE says: networks (with path identifiers where negotiated) and readable attributes.

    `family` is what MP_REACH or MP_UNREACH names, AFI and SAFI, or (0, 0).
    """

    withdrawn: list[str] = field(default_factory=list)
    reached: list[str] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    family: tuple[int, int] = (0, 0)


def read_update(body: bytes, as_size: int = 4, add_path: bool = False) -> Update:
    """Read an UPDATE; a daemon that sends a broken one makes this raise."""
    found = Update()
    gone = int.from_bytes(body[:2])
    size = int.from_bytes(body[2 + gone : 4 + gone])
    begin = 4 + gone
    found.withdrawn += _networks(body[2 : 2 + gone], IPV4, add_path)
    found.reached += _networks(body[begin + size :], IPV4, add_path)
    attributes = body[begin : begin + size]
    while attributes:
        flags, code = attributes[0], attributes[1]
        wide = 2 if flags & EXTENDED else 1
        length = int.from_bytes(attributes[2 : 2 + wide])
        value, attributes = attributes[2 + wide : 2 + wide + length], attributes[2 + wide + length :]
        if len(value) < length:
            raise ValueError(f"attribute {code} ends early")
        _read_attribute(found, flags, code, value, as_size, add_path)
    return found


def _read_attribute(found: Update, flags: int, code: int, value: bytes, as_size: int, add_path: bool) -> None:
    if code in (14, 15):
        found.family = int.from_bytes(value[:2]), value[2]
    if code == 14:
        length = value[3]
        found.attributes["next_hop"] = _hops(value[4 : 4 + length], found.family[1])
        found.reached += _networks(value[5 + length :], found.family[0], add_path, found.family[1])
    elif code == 15:
        found.withdrawn += _networks(value[3:], found.family[0], add_path, found.family[1])
    else:
        name, usual = ATTRIBUTES.get(code, (f"attribute {code}", OPTIONAL | TRANSITIVE))
        text = _TEXTS.get(code, bytes.hex)(value) if code != 2 else path_text(value, as_size)
        odd = (flags & ~EXTENDED) != usual
        found.attributes[name] = f"{text} [{flags & ~EXTENDED:02x}]" if odd else text


def path_text(value: bytes, size: int = 4) -> str:
    parts = []
    while value:
        kind, count = value[0], value[1]
        octets, value = value[2 : 2 + size * count], value[2 + size * count :]
        numbers = [int.from_bytes(octets[at : at + size]) for at in range(0, len(octets), size)]
        parts.append(SEGMENTS[kind] % " ".join(map(str, numbers)))
    return " ".join(parts)


def _groups(form: str, mark: str = ":") -> Callable[[bytes], str]:
    """A reader of repeated fixed-size numbers, sorted: the order of communities says nothing."""
    size = struct.calcsize(form)

    def text(value: bytes) -> str:
        found = [struct.unpack(form, value[at : at + size]) for at in range(0, len(value), size)]
        return " ".join(mark.join(map(str, one)) for one in sorted(found))

    return text


def _number(value: bytes) -> str:
    return str(int.from_bytes(value))


def _addresses(value: bytes) -> str:
    return " ".join(socket.inet_ntoa(value[at : at + 4]) for at in range(0, len(value), 4))


def _extended(value: bytes) -> str:
    return " ".join(sorted(value[at : at + 8].hex() for at in range(0, len(value), 8)))


def _aggregator(value: bytes) -> str:
    return f"{int.from_bytes(value[:-4])} {socket.inet_ntoa(value[-4:])}"


def _aigp(value: bytes) -> str:
    return _number(value[3:]) if value[:3] == b"\x01\x00\x0b" else value.hex()


_TEXTS: dict[int, Callable[[bytes], str]] = {
    1: lambda value: ORIGINS[value[0]],
    3: _addresses,
    4: _number,
    5: _number,
    6: bytes.hex,
    7: _aggregator,
    8: _groups("!HH"),
    9: _addresses,
    10: _addresses,
    16: _extended,
    17: path_text,
    18: _aggregator,
    26: _aigp,
    32: _groups("!III"),
    35: _number,
}


def _hops(value: bytes, safi: int = UNICAST) -> str:
    if safi in (VPN_LABELED, VPN_MULTICAST):
        size = 12 if len(value) == 12 else 24
        parts = [value[at : at + size] for at in range(0, len(value), size)]
        return " ".join(f"{part[:8].hex()} {_hops(part[8:])}" for part in parts)
    if len(value) % 16 == 0:
        return " ".join(
            socket.inet_ntop(socket.AF_INET6, value[at : at + 16]) for at in range(0, len(value), 16)
        )
    return _addresses(value) if len(value) == 4 else value.hex()


def _networks(octets: bytes, family: int, add_path: bool, safi: int = UNICAST) -> list[str]:
    if safi == EVPN:
        return _evpn_routes(octets, add_path)
    kind, size = (socket.AF_INET6, 16) if family == IPV6 else (socket.AF_INET, 4)
    found = []
    while octets:
        number = head = labels = ""
        if add_path:
            number, octets = f" #{int.from_bytes(octets[:4])}", octets[4:]
        length, octets = octets[0], octets[1:]
        if safi in (LABELED, VPN_LABELED):
            words: list[int] = []
            while not words or not (words[-1] & 1 or words[-1] in (0, 0x800000)):
                words.append(int.from_bytes(octets[:3]))
                octets, length = octets[3:], length - 24
            raw = words[-1] in (0, 0x800000)
            labels = f" label {words[-1]:06x}" if raw else " mpls " + "/".join(str(one >> 4) for one in words)
        if safi in (VPN_LABELED, VPN_MULTICAST):
            head, octets, length = f"{_distinguisher(octets[:8])} ", octets[8:], length - 64
        used = (length + 7) // 8
        address = socket.inet_ntop(kind, octets[:used] + bytes(size - used))
        found.append(f"{head}{address}/{length}{labels}{number}")
        octets = octets[used:]
    return found


def _evpn_routes(octets: bytes, add_path: bool) -> list[str]:
    """Each with its type, and its value in hex."""
    found = []
    while octets:
        number = ""
        if add_path:
            number, octets = f" #{int.from_bytes(octets[:4])}", octets[4:]
        stop = 2 + octets[1]
        found.append(f"{octets[0]} {octets[2:stop].hex()}{number}")
        octets = octets[stop:]
    return found


def _distinguisher(value: bytes) -> str:
    kind, asn, assigned = struct.unpack("!HHI", value)
    return f"{asn}:{assigned}" if kind == 0 else value.hex()


@dataclass(frozen=True)
class Opening:
    """An OPEN that was received: `capabilities` are `(code, value in hex)` in the order sent."""

    asn: int
    hold: int
    router_id: str
    capabilities: tuple[tuple[int, str], ...]


def read_open(body: bytes) -> Opening:
    """Read an OPEN, also with extended parameters (RFC 9072)."""
    wide = 2 if body[9] == 255 else 1
    parameters = body[13:] if wide == 2 else body[10:]
    capabilities = []
    while parameters:
        kind, size = parameters[0], int.from_bytes(parameters[1 : 1 + wide])
        value, parameters = parameters[1 + wide : 1 + wide + size], parameters[1 + wide + size :]
        while kind == 2 and value:
            capabilities.append((value[0], value[2 : 2 + value[1]].hex()))
            value = value[2 + value[1] :]
    return Opening(
        int.from_bytes(body[1:3]), int.from_bytes(body[3:5]), socket.inet_ntoa(body[5:9]), tuple(capabilities)
    )


def packed(address: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
