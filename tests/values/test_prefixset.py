import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybird.values.address import Address
from pybird.values.net import NetType, Prefix
from pybird.values.nets import RoaNet
from pybird.values.prefixset import PrefixSet


def prefixes(*texts):
    return [Prefix.parse(text) for text in texts]


def plus(text):
    prefix = Prefix.parse(text)
    return prefix, prefix.length, prefix.address.bits


def minus(text):
    prefix = Prefix.parse(text)
    return prefix, 0, prefix.length


@pytest.mark.parametrize(
    ("pattern", "inside", "outside"),
    [
        (Prefix.parse("10.0.0.0/8"), ["10.0.0.0/8"], ["10.0.0.0/9", "0.0.0.0/0", "11.0.0.0/8"]),
        (plus("10.0.0.0/8"), ["10.0.0.0/8", "10.1.2.3/32"], ["10.0.0.0/7", "11.0.0.0/8"]),
        (minus("10.1.2.0/24"), ["10.1.2.0/24", "10.0.0.0/8", "0.0.0.0/0"], ["10.1.2.0/25", "11.0.0.0/8"]),
        (
            (Prefix.parse("10.1.2.0/24"), 20, 28),
            ["10.1.0.0/20", "10.1.2.16/28"],
            ["10.1.0.0/19", "10.1.16.0/20"],
        ),
        ((Prefix.parse("0.0.0.0/0"), 25, 32), ["1.2.3.4/32", "1.2.3.0/25"], ["1.2.3.0/24", "0.0.0.0/0"]),
        ((Prefix.parse("2001:db8::/33"), 33, 48), ["2001:db8::/48"], ["2001:db8:8000::/48", "2001:db8::/32"]),
    ],
)
def test_patterns(pattern, inside, outside):
    tested = PrefixSet.of(pattern)
    assert [p for p in prefixes(*inside) if p not in tested] == []
    assert [p for p in prefixes(*outside) if p in tested] == []


def test_a_net_with_a_prefix_in_it_matches_by_that():
    assert RoaNet(Prefix.parse("10.0.0.0/8"), 24, 1) in PrefixSet.of(plus("10.0.0.0/8"))


def test_the_families_do_not_mix():
    assert Prefix.parse("a00::/8") not in PrefixSet.of(plus("10.0.0.0/8"))
    assert Prefix.parse("::/0") not in PrefixSet()


@st.composite
def patterns(draw, bits=32):
    length = draw(st.integers(0, 24))
    value = draw(st.integers(0, 7)) << (bits - 3) | draw(st.integers(0, 3)) << (bits - 20)
    low = draw(st.integers(0, 32))
    prefix = Prefix(Address.from_v4(value & 0xFFFFFFFF).masked(length), length)
    return prefix, low, draw(st.integers(low, 32))


@given(st.lists(patterns(), min_size=1, max_size=6), patterns())
def test_matching_is_what_the_manual_says(items, probe):
    net = probe[0]
    expected = any(
        low <= net.length <= high
        and net.address.masked(min(p.length, net.length)) == p.address.masked(min(p.length, net.length))
        for p, low, high in items
    )
    tested = PrefixSet([(p.key, low, high) for p, low, high in items], NetType.IP4)
    assert (net in tested) == expected
