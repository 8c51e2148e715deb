"""NLRI of IPv4 and IPv6: packed prefixes to table keys and back.

A packed prefix (RFC 4271, 4.3) is one octet of length in bits and as many
octets as it needs: exactly the key that tables use, once the bits behind the
length are clear. So reading is one slice per prefix and writing one join.

Hot (also compiled): about 0.1 us per prefix in plain Python, guarded by
`benchmarks/bgp_wire.py`. No calls inside the loop.
"""

from __future__ import annotations

from typing import Final

from pybird.proto.bgp.errors import BAD_NETWORK, UpdateError

# Octets of a packed prefix by its length in bits; a longer one is an IndexError.
_SIZE4: Final[tuple[int, ...]] = tuple([1 + (bits + 7) // 8 for bits in range(33)])
_SIZE6: Final[tuple[int, ...]] = tuple([1 + (bits + 7) // 8 for bits in range(129)])
# Bits of the last octet that are behind the length, by length modulo 8.
_HIDDEN: Final[tuple[int, ...]] = (0, 0x7F, 0x3F, 0x1F, 0x0F, 0x07, 0x03, 0x01)

MAX_KEY4: Final = 5
MAX_KEY6: Final = 17


def read_keys(data: bytes, afi: int) -> list[bytes]:
    """The keys of packed prefixes of AFI 1 or 2; bits behind the length are cleared.

    Raises:
        UpdateError: 3/10, a length beyond the family's or prefixes that do not
            end with the field. They cannot be told apart any more, so this
            resets the session (RFC 7606, 5.3).
    """
    sizes = _SIZE4 if afi == 1 else _SIZE6
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


def split_keys(keys: list[bytes], room: int, longest: int) -> list[bytes]:
    """Packed prefixes in pieces of at most `room` octets, order kept.

    `longest` is the greatest size of a key in octets.
    """
    whole = b"".join(keys)
    if len(whole) <= room:
        return [whole]
    pieces: list[bytes] = []
    at, count, step = 0, len(keys), room // longest
    while at < count:
        # what surely fits, then one by one what still does
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
