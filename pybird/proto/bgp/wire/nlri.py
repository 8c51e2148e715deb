"""NLRI: the networks of a family in messages, converted to table keys and back.

A packed prefix (RFC 4271, 4.3) is one octet of length in bits and as many
octets as it needs: exactly the key that tables of IPv4 and IPv6 use, once the
bits behind the length are clear. So reading is one slice per prefix and writing
one join.

Hot (also compiled): about 0.1 us per prefix in plain Python, guarded by
`benchmarks/bgp_wire.py`. No calls inside the loop.
"""

from __future__ import annotations

from typing import Final, final

from pybird.proto.bgp.wire.errors import BAD_NETWORK, UpdateError

# Bits of the last octet that are behind the length, by length modulo 8.
_HIDDEN: Final[tuple[int, ...]] = (0, 0x7F, 0x3F, 0x1F, 0x0F, 0x07, 0x03, 0x01)


class Nlri:
    """The encoding of one family's networks; `longest` is the most octets that a network takes."""

    __slots__ = ("longest",)

    def __init__(self, longest: int) -> None:
        self.longest: Final = longest

    def read(self, data: bytes) -> list[bytes]:
        """The table keys of the networks in a field of an UPDATE.

        Raises:
            UpdateError: 3/10, the networks cannot be separated. This resets the
                session (RFC 7606, 5.3).
        """
        raise NotImplementedError

    def split(self, keys: list[bytes], room: int) -> list[bytes]:
        """Encoded networks, in order, in pieces of at most `room` octets."""
        raise NotImplementedError


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

    def split(self, keys: list[bytes], room: int) -> list[bytes]:
        longest = self.longest
        whole = b"".join(keys)
        if len(whole) <= room:
            return [whole]
        pieces: list[bytes] = []
        at, count, step = 0, len(keys), room // longest
        while at < count:
            # first as many as surely fit, then more while there is room
            stop = min(at + step, count)
            piece = b"".join(keys[at:stop])
            left = room - len(piece)
            while stop < count and len(keys[stop]) <= left:
                more = keys[stop : stop + max(left // longest, 1)]
                octets = b"".join(more)
                piece += octets
                left -= len(octets)
                stop += len(more)
            pieces.append(piece)
            at = stop
        return pieces


IPV4_PREFIXES: Final = PrefixNlri(32)
IPV6_PREFIXES: Final = PrefixNlri(128)
