import pytest

from pybird.values.address import Address
from pybird.values.scalars import ExtendedCommunity, LargeCommunity, Mac, Pair, Quad, RouteDistinguisher


def test_pair_is_a_number_with_two_halves():
    pair = Pair.of(65000, 7)
    assert (pair, pair.asn, pair.data, str(pair)) == (65000 << 16 | 7, 65000, 7, "(65000,7)")


def test_pair_refuses_what_is_wider_than_16_bits():
    with pytest.raises(ValueError, match="65535"):
        Pair.of(70000, 1)


@pytest.mark.parametrize(
    ("text", "shown", "octets"),
    [
        ("10:20", "10:20", "0000000a00000014"),
        ("0:10:20", "10:20", "0000000a00000014"),
        ("2:10:20", "2:10:20", "00020000000a0014"),
        ("1.2.3.4:20", "1.2.3.4:20", "0001010203040014"),
        ("70000:20", "70000:20", "0002000111700014"),
    ],
)
def test_route_distinguishers_choose_their_type_by_size(text, shown, octets):
    rd = RouteDistinguisher.parse(text)
    assert (str(rd), rd.octets.hex()) == (shown, octets)


@pytest.mark.parametrize(
    ("community", "shown"),
    [
        (ExtendedCommunity.of("rt", 10, 20), "(rt, 10, 20)"),
        (ExtendedCommunity.of("rt", 10, 70000), "(rt, 10, 70000)"),
        (ExtendedCommunity.of("ro", 65536, 10), "(ro, 65536, 10)"),
        (ExtendedCommunity.of("rt", Address.parse("1.2.3.4"), 10), "(rt, 1.2.3.4, 10)"),
        (ExtendedCommunity.of("generic", 0x43000000, 10), "(generic, 0x43000000, 0xa)"),
        (ExtendedCommunity.of("unknown", 10, 10, 0x4300), "(generic, 0x4300000a, 0xa)"),
    ],
)
def test_extended_communities_print_as_bird_does(community, shown):
    assert str(community) == shown


def test_other_scalars_print_as_bird_does():
    assert str(Quad.of(Address.parse("1.2.3.4"))) == "1.2.3.4"
    assert str(Mac.parse("01:02:03:04:05:0a")) == "01:02:03:04:05:0a"
    assert str(LargeCommunity(1, 2, 3)) == "(1, 2, 3)"
