"""BGP messages: a stream of octets cut into messages, and each as a value.

Framing and header checks are RFC 4271 section 6.1 with the longer messages of
RFC 8654; OPEN is section 4.2 with RFC 5492, 6286 and 9072; NOTIFICATION with
the texts of RFC 9003; ROUTE-REFRESH is RFC 2918 with the subtypes of RFC 7313.
An UPDATE is cut into its three parts here and read in `updates`.

Hot (also compiled): one call of `Framer.next` per received message.
"""

from __future__ import annotations

from typing import Final, final

from pybird.proto.bgp.wire.capabilities import Capabilities, parse
from pybird.proto.bgp.wire.errors import (
    BAD_HOLD_TIME,
    BAD_IDENTIFIER,
    BAD_LENGTH,
    BAD_REFRESH_LENGTH,
    BAD_TYPE,
    BAD_VERSION,
    CEASE,
    HARD_RESET,
    MALFORMED_LIST,
    NOT_SYNCHRONIZED,
    RESET,
    ROUTE_REFRESH,
    SHUTDOWN,
    BgpError,
    HeaderError,
    OpenError,
    UpdateError,
    error_text,
    text_with_data,
)
from pybird.values.text import utf8

OPEN: Final = 1
UPDATE: Final = 2
NOTIFICATION: Final = 3
KEEPALIVE: Final = 4
REFRESH: Final = 5

MARKER: Final = b"\xff" * 16
HEADER_LENGTH: Final = 19
MAX_LENGTH: Final = 4096
AS_TRANS: Final = 23456
VERSION: Final = 4

# Least length of each type, header included (RFC 4271, 6.1).
_LEAST: Final[dict[int, int]] = {OPEN: 29, UPDATE: 23, NOTIFICATION: 21, KEEPALIVE: 19, REFRESH: 23}


def frame(kind: int, body: bytes) -> bytes:
    """A whole message of this type."""
    return MARKER + (HEADER_LENGTH + len(body)).to_bytes(2, "big") + bytes((kind,)) + body


class Message:
    """Base of all messages. Messages with equal fields are equal."""

    __slots__ = ()

    def encode(self) -> bytes:
        """The whole message, header included."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and type(self) is type(other) and self.encode() == other.encode()

    def __hash__(self) -> int:
        return hash(self.encode())


@final
class Open(Message):
    """OPEN. `asn` is the 4-octet number if the capability has one; `hold_time` is in seconds."""

    __slots__ = ("asn", "capabilities", "hold_time", "router_id")
    __match_args__ = ("asn", "hold_time", "router_id", "capabilities")

    def __init__(
        self, asn: int, hold_time: int, router_id: int, capabilities: Capabilities | None = None
    ) -> None:
        self.asn: Final = asn
        self.hold_time: Final = hold_time
        self.router_id: Final = router_id
        self.capabilities: Final = Capabilities() if capabilities is None else capabilities

    @staticmethod
    def decode(body: bytes) -> Open:
        """Read the body of an OPEN.

        Raises:
            OpenError: a version other than 4, a zero identifier (RFC 6286), a
                hold time of 1 or 2 s, optional parameters that cannot be read.
        """
        if body[0] != VERSION:
            raise OpenError(BAD_VERSION, VERSION.to_bytes(2, "big"))
        hold_time = body[3] << 8 | body[4]
        router_id = int.from_bytes(body[5:9], "big")
        capabilities = parse(body[9:])
        if router_id == 0:
            raise OpenError(BAD_IDENTIFIER, body[5:9])
        if hold_time in (1, 2):
            raise OpenError(BAD_HOLD_TIME, body[3:5])
        asn = body[1] << 8 | body[2]
        if capabilities.as4 is not None:
            asn = capabilities.as4
        return Open(asn, hold_time, router_id, capabilities)

    def encode(self) -> bytes:
        asn = self.asn if self.asn < 65536 else AS_TRANS
        head = bytes((VERSION,)) + asn.to_bytes(2, "big") + self.hold_time.to_bytes(2, "big")
        return frame(OPEN, head + self.router_id.to_bytes(4, "big") + self.capabilities.parameters())

    def __repr__(self) -> str:
        return f"Open({self.asn}, {self.hold_time}, {self.router_id:#x}, {self.capabilities})"


@final
class Update(Message):
    """UPDATE in its three parts, which are not read yet."""

    __slots__ = ("attributes", "nlri", "withdrawn")
    __match_args__ = ("withdrawn", "attributes", "nlri")

    def __init__(self, withdrawn: bytes, attributes: bytes, nlri: bytes) -> None:
        self.withdrawn: Final = withdrawn
        self.attributes: Final = attributes
        self.nlri: Final = nlri

    @staticmethod
    def decode(body: bytes) -> Update:
        """Cut the body of an UPDATE.

        Raises:
            UpdateError: 3/1, lengths that exceed the message (RFC 7606, section 3).
        """
        size = len(body)
        middle = 2 + (body[0] << 8 | body[1])
        if middle + 2 > size:
            raise UpdateError(MALFORMED_LIST)
        end = middle + 2 + (body[middle] << 8 | body[middle + 1])
        if end > size:
            raise UpdateError(MALFORMED_LIST)
        return Update(body[2:middle], body[middle + 2 : end], body[end:])

    def encode(self) -> bytes:
        withdrawn, attributes = self.withdrawn, self.attributes
        head = len(withdrawn).to_bytes(2, "big") + withdrawn + len(attributes).to_bytes(2, "big")
        return frame(UPDATE, head + attributes + self.nlri)

    def __repr__(self) -> str:
        return f"Update({self.withdrawn.hex()}, {self.attributes.hex()}, {self.nlri.hex()})"


@final
class Notification(Message):
    """NOTIFICATION: why a session ends."""

    __slots__ = ("code", "data", "subcode")
    __match_args__ = ("code", "subcode", "data")

    def __init__(self, code: int, subcode: int = 0, data: bytes = b"") -> None:
        self.code: Final = code
        self.subcode: Final = subcode
        self.data: Final = data

    @staticmethod
    def from_error(error: BgpError) -> Notification:
        """The NOTIFICATION that reports this error to the peer."""
        return Notification(error.code, error.subcode, error.data)

    @staticmethod
    def cease(subcode: int, reason: str = "") -> Notification:
        """A Cease; `reason` is sent with shutdown and reset only (RFC 9003), cut at 255 octets."""
        if not reason or subcode not in (SHUTDOWN, RESET):
            return Notification(CEASE, subcode)
        octets = utf8(reason, 255)
        return Notification(CEASE, subcode, bytes((len(octets),)) + octets)

    def as_hard_reset(self) -> Notification:
        """A Hard Reset for this reason: routes go, whatever the capabilities say (RFC 8538, 3.1)."""
        return Notification(CEASE, HARD_RESET, bytes((self.code, self.subcode)) + self.data)

    @property
    def is_hard_reset(self) -> bool:
        return self.code == CEASE and self.subcode == HARD_RESET

    @property
    def enclosed(self) -> Notification:
        """The reason of a Hard Reset; any other NOTIFICATION, or one without a reason, is its own."""
        if not self.is_hard_reset or len(self.data) < 2:
            return self
        return Notification.decode(self.data)

    @staticmethod
    def decode(body: bytes) -> Notification:
        """Read the body; any content is valid (RFC 4271, 6.4: an error here is not answered)."""
        return Notification(body[0], body[1], body[2:])

    def encode(self) -> bytes:
        return frame(NOTIFICATION, bytes((self.code, self.subcode)) + self.data)

    @property
    def text(self) -> str:
        """What the code and subcode mean."""
        return error_text(self.code, self.subcode)

    @property
    def reason(self) -> str:
        """The text that came with a shutdown or reset, on one line (RFC 9003); else empty."""
        data = self.data
        if self.code != CEASE or self.subcode not in (SHUTDOWN, RESET) or not data:
            return ""
        if data[0] > len(data) - 1:
            return ""
        text = data[1 : 1 + data[0]].decode(errors="replace")
        return "".join([c if c.isprintable() else " " for c in text])

    def __repr__(self) -> str:
        return f"Notification({self.code}, {self.subcode}, {self.data!r})"


@final
class Keepalive(Message):
    """KEEPALIVE."""

    __slots__ = ()

    def encode(self) -> bytes:
        return _KEEPALIVE

    def __repr__(self) -> str:
        return "Keepalive()"


_KEEPALIVE: Final = frame(KEEPALIVE, b"")

REFRESH_REQUEST: Final = 0
REFRESH_BEGIN: Final = 1  # BoRR
REFRESH_END: Final = 2  # EoRR


@final
class RouteRefresh(Message):
    """ROUTE-REFRESH: a request, or the begin or end of the answer (RFC 7313)."""

    __slots__ = ("afi", "safi", "subtype")
    __match_args__ = ("afi", "safi", "subtype")

    def __init__(self, afi: int, safi: int, subtype: int = REFRESH_REQUEST) -> None:
        self.afi: Final = afi
        self.safi: Final = safi
        self.subtype: Final = subtype

    @staticmethod
    def decode(body: bytes) -> RouteRefresh:
        """Read the body. Unknown subtypes are for the receiver to ignore (RFC 7313, section 5).

        Raises:
            BgpError: 7/1 with the message when it is not of 4 octets, whatever its subtype
                (route filters, which are behind a request, were not negotiated).
        """
        if len(body) != 4:
            data = frame(REFRESH, body)
            text = text_with_data(ROUTE_REFRESH, BAD_REFRESH_LENGTH, data)
            raise BgpError(text, ROUTE_REFRESH, BAD_REFRESH_LENGTH, data)
        return RouteRefresh(body[0] << 8 | body[1], body[3], body[2])

    def encode(self) -> bytes:
        return frame(REFRESH, self.afi.to_bytes(2, "big") + bytes((self.subtype, self.safi)))

    def __repr__(self) -> str:
        return f"RouteRefresh({self.afi}, {self.safi}, {self.subtype})"


@final
class Framer:
    """Cuts the octets of a stream into messages.

    Call `receive` with new octets, then `next` until it returns None. The session
    raises `max_length` after both sides announced RFC 8654; OPEN and KEEPALIVE stay
    at 4096. After an error the rest of the stream cannot be read.
    """

    __slots__ = ("_at", "_data", "_start", "max_length")

    def __init__(self) -> None:
        self.max_length = MAX_LENGTH
        self._data = b""
        self._at = 0
        self._start = 0  # of the message that was read last, or could not be

    def receive(self, data: bytes) -> None:
        """Add octets that the stream delivered."""
        left = self._data[self._at :]
        self._data = left + data if left else data
        self._at = self._start = 0

    @property
    def current(self) -> bytes:
        """The octets of the message that was read last or could not be, as far as they are there."""
        data, start = self._data, self._start
        length = data[start + 16] << 8 | data[start + 17] if len(data) >= start + HEADER_LENGTH else 0
        return data[start : start + max(length, HEADER_LENGTH)]

    def next(self) -> Message | None:
        """The next whole message, None while there is none.

        Raises:
            BgpError: the header or the message's structure is broken.
        """
        data = self._data
        at = self._at
        left = len(data) - at
        if left < HEADER_LENGTH:
            return None
        self._start = at
        if not data.startswith(MARKER, at):
            raise HeaderError(NOT_SYNCHRONIZED)
        length = data[at + 16] << 8 | data[at + 17]
        kind = data[at + 18]
        if length < HEADER_LENGTH or length > self.max_length:
            raise HeaderError(BAD_LENGTH, data[at + 16 : at + 18])
        if kind != UPDATE:
            self._check(kind, length, data[at + 16 : at + 19])
        elif length < 23:
            raise HeaderError(BAD_LENGTH, data[at + 16 : at + 18])
        if left < length:
            return None
        self._at = at + length
        return _decode(kind, data[at + HEADER_LENGTH : at + length])

    def _check(self, kind: int, length: int, header: bytes) -> None:
        least = _LEAST.get(kind)
        if least is None:
            raise HeaderError(BAD_TYPE, header[2:])
        too_long = length > MAX_LENGTH and kind in (OPEN, KEEPALIVE)
        if length < least or too_long or (kind == KEEPALIVE and length != least):
            raise HeaderError(BAD_LENGTH, header[:2])


def _decode(kind: int, body: bytes) -> Message:
    if kind == UPDATE:
        return Update.decode(body)
    if kind == KEEPALIVE:
        return Keepalive()
    if kind == OPEN:
        return Open.decode(body)
    if kind == NOTIFICATION:
        return Notification.decode(body)
    return RouteRefresh.decode(body)
