"""NLRI: the networks of a family in messages, converted to table keys and back.

A packed prefix (RFC 4271, 4.3) is one octet of length in bits and as many
octets as it needs: exactly the key that tables of IPv4 and IPv6 use, once the
bits behind the length are clear. So reading is one slice per prefix and writing
one join.

Where a session negotiated add-path, 4 octets of path id stand before each network
(RFC 7911, 3). Such a field is read as groups of networks with the same path id. It is
written from keys that begin with the path id.

Hot (also compiled): about 0.1 us per prefix in plain Python, guarded by
`benchmarks/bgp_wire.py`. No calls inside the loop.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, final

from pybird.proto.bgp.wire.attributes import LABEL_STACK
from pybird.proto.bgp.wire.errors import BAD_NETWORK, UpdateError
from pybird.values.community import CommunityList

# Bits of the last octet that are behind the length, by length modulo 8.
_HIDDEN: Final[tuple[int, ...]] = (0, 0x7F, 0x3F, 0x1F, 0x0F, 0x07, 0x03, 0x01)
PATH_ID: Final = 4  # octets


class NlriGroup(NamedTuple):
    """Networks of a field that have the same path id and the same beside them; 0 and empty: there is none.

    `beside` are octets that are no part of a key, such as labels. `error` says what is wrong with
    networks that can be told from others all the same, and count as withdrawn.
    """

    path_id: int
    beside: bytes
    keys: list[bytes]
    error: str = ""


class Nlri:
    """The encoding of one family's networks; `longest` is the most octets that a network takes.

    In a `mixed` one the networks of a field may differ in what stands beside them.
    """

    __slots__ = ("longest", "mixed")

    def __init__(self, longest: int, mixed: bool = False) -> None:
        self.longest: Final = longest
        self.mixed: Final = mixed

    def read(self, data: bytes) -> list[bytes]:
        """The table keys of the networks in a field of an UPDATE.

        Raises:
            UpdateError: 3/10, the networks cannot be separated. This resets the
                session (RFC 7606, 5.3).
        """
        raise NotImplementedError

    def read_groups(self, data: bytes, paths: bool) -> list[NlriGroup]:
        """The networks in a field, by path id (if `paths`) and what is beside them, the first one first.

        Raises:
            UpdateError: as `read`.
        """
        raise NotImplementedError

    def split(self, keys: list[bytes], room: int, before: int = 0) -> list[bytes]:
        """Encoded networks, in order, in pieces of at most `room` octets.

        Each key begins with `before` octets more than that of a table has: its path id.
        """
        raise NotImplementedError

    def split_labeled(self, keys: list[bytes], room: int, before: int, beside: bytes) -> list[bytes]:
        """As `split`, with these labels and the like beside the networks; only a `mixed` encoding has it."""
        raise NotImplementedError

    def labels(self, beside: bytes) -> tuple[int, ...]:
        """The labels in what stands beside networks."""
        return ()

    def attributes(self, beside: bytes) -> tuple[tuple[str, Any], ...]:
        """What stands beside networks as attributes of their routes, sorted by name."""
        return ()

    def beside(self, labels: tuple[int, ...], attributes: tuple[tuple[str, Any], ...]) -> bytes:
        """What stands beside networks with these labels, and these attributes of their routes."""
        raise NotImplementedError

    def oversized(self, keys: list[bytes], room: int, before: int = 0) -> int:
        """How many of these networks are alone longer than the room; `split` leaves them out."""
        return 0


@final
class PrefixNlri(Nlri):
    """Packed prefixes; bits behind the length are cleared, and a length beyond `bits` is an error."""

    __slots__ = ("_sizes",)

    def __init__(self, bits: int) -> None:
        super().__init__(1 + bits // 8)
        # octets of a packed prefix by its length; a longer one is an IndexError
        self._sizes: Final[tuple[int, ...]] = tuple([1 + (length + 7) // 8 for length in range(bits + 1)])

    def read(self, data: bytes) -> list[bytes]:
        sizes = self._sizes
        hidden = _HIDDEN
        keys: list[bytes] = []
        append = keys.append
        at, end = 0, len(data)
        try:
            while at < end:
                bits = data[at]
                stop = at + sizes[bits]
                if bits & 7 and data[stop - 1] & hidden[bits & 7]:
                    append(data[at : stop - 1] + bytes((data[stop - 1] & ~hidden[bits & 7],)))
                else:
                    append(data[at:stop])
                at = stop
        except IndexError:
            raise UpdateError(BAD_NETWORK, data[at : at + 1]) from None
        if at != end:
            raise UpdateError(BAD_NETWORK)
        return keys

    def read_groups(self, data: bytes, paths: bool) -> list[NlriGroup]:
        if not paths:
            return [NlriGroup(0, b"", self.read(data))]
        parts: dict[bytes, list[bytes]] = {}  # by path id
        at, end = 0, len(data)
        while at < end:
            start = at + PATH_ID
            bits = data[start] if start < end else len(self._sizes)
            if bits >= len(self._sizes):
                raise UpdateError(BAD_NETWORK, data[start : start + 1])
            path = data[at:start]
            at = start + self._sizes[bits]
            part = parts.get(path)
            if part is None:
                part = parts[path] = []
            part.append(data[start:at])
        return [
            NlriGroup(int.from_bytes(path, "big"), b"", self.read(b"".join(part)))
            for path, part in parts.items()
        ]

    def split(self, keys: list[bytes], room: int, before: int = 0) -> list[bytes]:
        return _in_pieces(keys, room, self.longest + before)


def _in_pieces(written: list[bytes], room: int, longest: int) -> list[bytes]:
    """Encoded networks of at most `longest` octets each, joined to pieces of at most `room` octets."""
    whole = b"".join(written)
    if len(whole) <= room:
        return [whole]
    pieces: list[bytes] = []
    at, count, step = 0, len(written), room // longest
    while at < count:
        # first as many as surely fit, then more while there is room
        stop = min(at + step, count)
        piece = b"".join(written[at:stop])
        left = room - len(piece)
        while stop < count and len(written[stop]) <= left:
            more = written[stop : stop + max(left // longest, 1)]
            octets = b"".join(more)
            piece += octets
            left -= len(octets)
            stop += len(more)
        pieces.append(piece)
        at = stop
    return pieces


_RD: Final = 8  # octets of a route distinguisher


@final
class VpnNlri(Nlri):
    """Prefixes of VPNs: the length counts a route distinguisher, which stands before the address (RFC 4364).

    A table key has the distinguisher first, and then the prefix with its own length.
    """

    __slots__ = ("_most",)

    def __init__(self, bits: int) -> None:
        super().__init__(1 + _RD + bits // 8)
        self._most: Final = 8 * _RD + bits  # of the length

    def read(self, data: bytes) -> list[bytes]:
        return [key for group in self.read_groups(data, False) for key in group.keys]

    def read_groups(self, data: bytes, paths: bool) -> list[NlriGroup]:
        parts: dict[bytes, list[bytes]] = {}  # by path id
        at, end = 0, len(data)
        while at < end:
            start = at + (PATH_ID if paths else 0)
            bits = data[start] if start < end else 0
            stop = start + 1 + (bits + 7) // 8
            if not 8 * _RD <= bits <= self._most or stop > end:
                raise UpdateError(BAD_NETWORK, data[start : start + 1])
            path = data[at:start]
            part = parts.get(path)
            if part is None:
                part = parts[path] = []
            part.append(_vpn_key(data[start + 1 : stop], bits - 8 * _RD))
            at = stop
        return [NlriGroup(int.from_bytes(path, "big"), b"", part) for path, part in parts.items()]

    def split(self, keys: list[bytes], room: int, before: int = 0) -> list[bytes]:
        return _in_pieces([_vpn_written(key, before) for key in keys], room, self.longest + before)


def _vpn_key(octets: bytes, bits: int) -> bytes:
    """The table key of a distinguisher and the octets of a prefix of this length."""
    key = octets[:_RD] + bytes((bits,)) + octets[_RD:]
    if bits & 7:
        return key[:-1] + bytes((key[-1] & ~_HIDDEN[bits & 7],))
    return key


def _vpn_written(key: bytes, before: int) -> bytes:
    """A network as messages have it, of a path id of `before` octets and a table key."""
    at = before + _RD  # of the length
    return key[:before] + bytes((key[at] + 8 * _RD,)) + key[before:at] + key[at + 1 :]


IPV4_PREFIXES: Final = PrefixNlri(32)
IPV6_PREFIXES: Final = PrefixNlri(128)
_LABEL: Final = 3  # octets of a label with its bottom-of-stack bit
_NO_LABELS: Final = (
    b"\x80\0\0",
    b"\0\0\0",
)  # in place of the labels of a withdrawal (RFC 8277, 2.4; RFC 3107, 3)
_LONGEST: Final = 255  # bits that the length octet can tell


@final
class LabeledNlri(Nlri):
    """Prefixes, those of VPNs too, after a stack of labels (RFC 8277, 2.3; RFC 4364, 4.3.4).

    The length counts the labels and the distinguisher. Beside networks are the octets of
    the stack, 3 for each label; the bottom-of-stack bit ends it. Withdrawals have none.
    """

    __slots__ = ("_before", "_most")

    def __init__(self, bits: int, vpn: bool = False) -> None:
        self._before: Final = 8 * _RD if vpn else 0  # bits before the address
        self._most: Final = self._before + bits  # behind the labels
        super().__init__(1 + _LABEL + self._most // 8, mixed=True)

    def read(self, data: bytes) -> list[bytes]:
        return [key for group in self.read_groups(data, False) for key in group.keys]

    def read_groups(self, data: bytes, paths: bool) -> list[NlriGroup]:
        parts: dict[tuple[bytes, bytes], list[bytes]] = {}  # by path id and labels
        at, end = 0, len(data)
        while at < end:
            start = at + (PATH_ID if paths else 0)
            bits = data[start] if start < end else 0
            stop = start + 1 + (bits + 7) // 8
            behind = self._labels_end(data, start + 1, bits)  # of the labels
            bits -= 8 * (behind - start - 1)
            if stop > end or bits > self._most:
                raise UpdateError(BAD_NETWORK, data[start : start + 1])
            labels = data[start + 1 : behind]
            group = (data[at:start], b"" if labels in _NO_LABELS else labels)
            part = parts.get(group)
            if part is None:
                part = parts[group] = []
            part.append(self._key(data[behind:stop], bits))
            at = stop
        return [
            NlriGroup(int.from_bytes(path, "big"), labels, keys) for (path, labels), keys in parts.items()
        ]

    def _labels_end(self, data: bytes, at: int, bits: int) -> int:
        """Where the labels end that begin at `at`, in a network of this length.

        Raises:
            UpdateError: 3/10, there is no last label.
        """
        first = at
        while bits >= 8 * _LABEL + self._before:
            label = data[at : at + _LABEL]
            at += _LABEL
            bits -= 8 * _LABEL
            if len(label) == _LABEL and (label[2] & 1 or label in _NO_LABELS):
                return at
        raise UpdateError(BAD_NETWORK, data[first - 1 : first])

    def _key(self, octets: bytes, bits: int) -> bytes:
        if self._before:
            return _vpn_key(octets, bits - self._before)
        key = bytes((bits,)) + octets
        if bits & 7:
            return key[:-1] + bytes((key[-1] & ~_HIDDEN[bits & 7],))
        return key

    def split(self, keys: list[bytes], room: int, before: int = 0) -> list[bytes]:
        return self.split_labeled(keys, room, before, _NO_LABELS[0])

    def labels(self, beside: bytes) -> tuple[int, ...]:
        return label_stack(beside)

    def attributes(self, beside: bytes) -> tuple[tuple[str, Any], ...]:
        labels = label_stack(beside)
        return ((LABEL_STACK, CommunityList(None, labels)),) if labels else ()

    def beside(self, labels: tuple[int, ...], attributes: tuple[tuple[str, Any], ...]) -> bytes:
        return stack_octets(labels)

    def split_labeled(self, keys: list[bytes], room: int, before: int, beside: bytes) -> list[bytes]:
        """As `split`; a network is left out whose length with these labels exceeds 255 bits."""
        at = before + self._before // 8  # of the length
        more = self._before + 8 * len(beside)
        written = [
            key[:before] + bytes((key[at] + more,)) + beside + key[before:at] + key[at + 1 :]
            for key in keys
            if key[at] + more <= _LONGEST
        ]
        return _in_pieces(written, room, self.longest + before + len(beside)) if written else []


def label_stack(labels: bytes) -> tuple[int, ...]:
    """The labels of a stack as in NLRI, the outermost first (RFC 3032, 2.1)."""
    found = [int.from_bytes(labels[at : at + _LABEL], "big") >> 4 for at in range(0, len(labels), _LABEL)]
    return tuple(found)


def stack_octets(labels: tuple[int, ...]) -> bytes:
    """A stack of labels as in NLRI: the last one has the bottom-of-stack bit (RFC 8277, 2.3)."""
    last = len(labels) - 1
    words = [label << 4 | (1 if at == last else 0) for at, label in enumerate(labels)]
    return b"".join([word.to_bytes(_LABEL, "big") for word in words])


VPN4_PREFIXES: Final = VpnNlri(32)
VPN6_PREFIXES: Final = VpnNlri(128)
IPV4_LABELED: Final = LabeledNlri(32)
IPV6_LABELED: Final = LabeledNlri(128)
VPN4_LABELED: Final = LabeledNlri(32, vpn=True)
VPN6_LABELED: Final = LabeledNlri(128, vpn=True)
