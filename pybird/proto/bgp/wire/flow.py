"""NLRI of flow specifications (RFC 8955, 4; RFC 8956, 3).

A flow is its length in one octet (below 240) or two, then components in ascending order of
their types. The table key is the components, with the bits behind the length of a prefix
cleared. The rest stays as it was received: a number in more octets than it needs is another flow.

Hot (also compiled), as `Nlri` is: flows are few, and read one by one.
"""

from __future__ import annotations

from typing import Final, final

from pybird.proto.bgp.wire.errors import BAD_NETWORK, UpdateError
from pybird.proto.bgp.wire.nlri import PATH_ID, Nlri, NlriGroup
from pybird.values.flow import WITHOUT_COMPONENTS

DST: Final = 1
SRC: Final = 2
TCP_FLAGS: Final = 9
DSCP: Final = 11
FRAGMENT: Final = 12
LABEL: Final = 13

_END: Final = 0x80  # of an operator: the last one of its component
_LONG: Final = 0xF0  # the first half octet of a length of two octets
_USUAL: Final = 2 + 255  # octets with their length that all attributes leave room for
_LARGEST: Final = 0xFFF  # octets of components: 12 bits


@final
class FlowNlri(Nlri):
    """Flow specifications of IPv4, or of IPv6 (`v6`)."""

    __slots__ = ("_v6",)

    def __init__(self, v6: bool) -> None:
        super().__init__(_USUAL)
        self._v6: Final = v6

    def read(self, data: bytes) -> list[bytes]:
        keys: list[bytes] = []
        at, end = 0, len(data)
        while at < end:
            start = self._start(data, at)
            at = self._stop(data, at)
            keys.append(self._key(data[start:at]))
        return keys

    def read_groups(self, data: bytes, paths: bool) -> list[NlriGroup]:
        if not paths:
            return [NlriGroup(0, b"", self.read(data))]
        parts: dict[int, list[bytes]] = {}
        at, end = 0, len(data)
        while at < end:
            network = at + PATH_ID
            if network >= end:
                raise UpdateError(BAD_NETWORK)
            path_id = int.from_bytes(data[at:network], "big")
            start = self._start(data, network)
            at = self._stop(data, network)
            key = self._key(data[start:at])
            if path_id in parts:
                parts[path_id].append(key)
            else:
                parts[path_id] = [key]
        return [NlriGroup(path_id, b"", keys) for path_id, keys in parts.items()]

    def split(self, keys: list[bytes], room: int, before: int = 0) -> list[bytes]:
        """As `Nlri.split`; a flow that alone is longer than the room is left out (see `oversized`)."""
        pieces: list[bytes] = []
        piece: list[bytes] = []
        used = 0
        for key in keys:
            path, flow = key[:before], key[before:]
            if flow == WITHOUT_COMPONENTS:
                flow = b""
            size = len(flow)
            head = bytes((size,)) if size < _LONG else (_LONG << 8 | size).to_bytes(2, "big")
            needed = before + len(head) + size
            if needed > room or size > _LARGEST:
                continue
            if used + needed > room:
                pieces.append(b"".join(piece))
                piece, used = [], 0
            piece += (path, head, flow)
            used += needed
        if piece:
            pieces.append(b"".join(piece))
        return pieces

    def oversized(self, keys: list[bytes], room: int, before: int = 0) -> int:
        return len([key for key in keys if _encoded(len(key) - before) + before > room])

    def _start(self, data: bytes, at: int) -> int:
        """Where the components begin."""
        return at + 1 if data[at] < _LONG else at + 2

    def _stop(self, data: bytes, at: int) -> int:
        """Where the flow that begins here ends."""
        size = data[at]
        if size < _LONG:
            stop = at + 1 + size
        elif at + 2 > len(data):
            raise UpdateError(BAD_NETWORK)
        else:
            stop = at + 2 + (size << 8 & 0xF00 | data[at + 1])
        if stop > len(data):
            raise UpdateError(BAD_NETWORK)
        return stop

    def _key(self, flow: bytes) -> bytes:
        """The table key of components; what breaks RFC 8955, 4.2 is an error of the whole field (10)."""
        out: list[bytes] = []
        last, at, end = 0, 0, len(flow)
        while at < end:
            code = flow[at]
            if code <= last or code > LABEL or (code == LABEL and not self._v6):
                raise UpdateError(BAD_NETWORK)
            last = code
            if code in (DST, SRC):
                stop = self._prefix_end(flow, at)
                out.append(self._masked(flow[at:stop]))
            else:
                stop = _numbers_end(code, flow, at + 1)
                out.append(flow[at:stop])
            at = stop
        return b"".join(out) or WITHOUT_COMPONENTS

    def _prefix_end(self, flow: bytes, at: int) -> int:
        """Where a prefix ends; in IPv6 an offset follows its length (RFC 8956, 3.1)."""
        start = at + (3 if self._v6 else 2)
        if start > len(flow):
            raise UpdateError(BAD_NETWORK)
        length = flow[at + 1]
        offset = flow[at + 2] if self._v6 else 0
        if length > (128 if self._v6 else 32) or (offset >= length and offset):
            raise UpdateError(BAD_NETWORK)
        stop = start + ((length - offset + 7) >> 3)
        if stop > len(flow):
            raise UpdateError(BAD_NETWORK)
        return stop

    def _masked(self, component: bytes) -> bytes:
        bits = component[1] - component[2] if self._v6 else component[1]
        if bits & 7 == 0:
            return component
        return component[:-1] + bytes((component[-1] & (0xFF00 >> (bits & 7)) & 0xFF,))


def _encoded(size: int) -> int:
    """Octets of a flow with so many octets of components."""
    return size + (1 if size < _LONG else 2)


def _numbers_end(code: int, flow: bytes, at: int) -> int:
    """Where pairs of operator and value end (RFC 8955, 4.2.1)."""
    end = len(flow)
    while at < end:
        operator = flow[at]
        size = 1 << (operator >> 4 & 3)
        if (code == TCP_FLAGS and size > 2) or (code in (DSCP, FRAGMENT) and size > 1):
            break
        at += 1 + size
        if operator & _END and at <= end:
            return at
    raise UpdateError(BAD_NETWORK)


FLOWS4: Final = FlowNlri(v6=False)
FLOWS6: Final = FlowNlri(v6=True)
