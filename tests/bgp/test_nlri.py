"""Packed prefixes: RFC 4271 section 4.3, RFC 7606 section 5.3."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybird.proto.bgp.wire.errors import UpdateError
from pybird.proto.bgp.wire.nlri import IPV4_PREFIXES, IPV6_PREFIXES
from pybird.values.address import Address
from pybird.values.net import NetType, Prefix, net_of


def test_packed_prefixes_are_table_keys():
    packed = bytes.fromhex("18c63364080a0020c000020111c6128000")
    keys = IPV4_PREFIXES.read(packed[:-1])
    assert [str(net_of(NetType.IP4, key)) for key in keys] == [
        "198.51.100.0/24",
        "10.0.0.0/8",
        "0.0.0.0/0",
        "192.0.2.1/32",
        "198.18.128.0/17",
    ]
    assert b"".join(keys) == packed[:-1]


def test_ipv6_prefixes():
    keys = IPV6_PREFIXES.read(bytes.fromhex("2020010db80080" + "20010db8" + "00" * 11 + "01"))
    assert [str(net_of(NetType.IP6, key)) for key in keys] == ["2001:db8::/32", "::/0", "2001:db8::1/128"]


def test_bits_behind_the_length_do_not_matter():
    """RFC 4271, 4.3: the value of trailing bits is irrelevant."""
    assert IPV4_PREFIXES.read(bytes.fromhex("0aacff18c63364")) == [b"\x0a\xac\xc0", bytes.fromhex("18c63364")]
    assert IPV4_PREFIXES.read(bytes.fromhex("0aacff")) == [Prefix.parse("172.192.0.0/10").key]


@pytest.mark.parametrize(
    ("packed", "nlri"),
    [
        ("2100000000", IPV4_PREFIXES),
        ("18c633", IPV4_PREFIXES),
        ("19", IPV4_PREFIXES),
        ("81" + "00" * 17, IPV6_PREFIXES),
        ("18c63364ff", IPV4_PREFIXES),
    ],
)
def test_what_cannot_be_split_is_3_10(packed, nlri):
    """RFC 7606, 5.3: a length beyond the family's, or more octets than there are."""
    with pytest.raises(UpdateError) as caught:
        nlri.read(bytes.fromhex(packed))
    assert (caught.value.code, caught.value.subcode) == (3, 10)


@given(st.lists(st.tuples(st.integers(0, 32), st.integers(0, 2**32 - 1)), max_size=50))
def test_round_trip(items):
    keys = [Prefix(Address.from_v4(value).masked(length), length).key for length, value in items]
    assert IPV4_PREFIXES.read(b"".join(keys)) == keys


@given(st.lists(st.integers(0, 16).map(lambda n: bytes((n * 8,)) + bytes(n))), st.integers(17, 60))
def test_pieces_keep_everything_within_their_room(keys, room):
    pieces = IPV6_PREFIXES.split(keys, room)
    assert b"".join(pieces) == b"".join(keys)
    assert all(len(piece) <= room for piece in pieces)
    for piece in pieces:
        IPV6_PREFIXES.read(piece)
