"""What the messages mean that a real kernel seldom sends, or only on some machines."""

import struct
from socket import AF_BRIDGE, AF_INET, AF_INET6

import pytest

from pybird.io import rtnetlink as rt
from pybird.io.netlink import attribute
from pybird.values.address import Address


def address(text, flags=0, wide=None):
    """RTM_NEWADDR; `wide` are the flags as an attribute, which has room for all of them."""
    own = Address.parse(text)
    head = struct.pack("=BBBBI", AF_INET if own.is_v4 else AF_INET6, 24, flags, 0, 2)
    more = b"" if wide is None else attribute(rt.IFA_FLAGS, struct.pack("=I", wide))
    return rt.decode_address(head + attribute(rt.IFA_ADDRESS, own.octets) + more)


def test_an_address_that_somebody_else_has_too_stays_tentative():
    """RFC 4862, 5.4.5: it must not be used."""
    assert not address("fe80::1").tentative
    assert address("fe80::1", rt.IFA_F_TENTATIVE).tentative
    assert address("fe80::1", rt.IFA_F_DADFAILED).tentative


def test_the_wide_flags_of_an_address_count_if_they_are_there():
    assert not address("fe80::1", rt.IFA_F_TENTATIVE, wide=0).tentative
    assert address("fe80::1", 0, wide=rt.IFA_F_TENTATIVE).tentative


def test_a_temporary_ipv6_address_is_not_a_secondary_one():
    """The kernel has one bit for both (RFC 8981)."""
    assert address("192.0.2.1", rt.IFA_F_SECONDARY).secondary
    assert not address("2001:db8::1", rt.IFA_F_SECONDARY).secondary


def link(flags, family=0):
    head = struct.pack("=BxHiII", family, 1, 2, flags, 0)
    return rt.decode_link(head + attribute(rt.IFLA_IFNAME, b"eth0\0"))


def test_a_link_as_a_bridge_sees_it_is_none():
    assert link(rt.IFF_UP).name == "eth0"
    assert link(rt.IFF_UP, AF_BRIDGE) is None


@pytest.mark.parametrize(
    ("flags", "admin_up", "up"),
    [(0, False, False), (rt.IFF_UP, True, False), (rt.IFF_LOWER_UP, False, False),
     (rt.IFF_UP | rt.IFF_LOWER_UP, True, True)],
)  # fmt: skip
def test_a_link_is_up_with_a_carrier_only(flags, admin_up, up):
    found = link(flags)
    assert (found.admin_up, found.up) == (admin_up, up)


def route(flags=0, tos=0, length=24, octets=b"\x0a\x00\x00\x00"):
    head = struct.pack("=BBBBBBBBI", AF_INET, length, 0, tos, 254, 4, 0, rt.RTN_BLACKHOLE, flags)
    return head + attribute(rt.RTA_TABLE, struct.pack("=I", 254)) + attribute(rt.RTA_DST, octets)


@pytest.mark.parametrize(
    "decode",
    [lambda body: rt.decode_route(body, str), lambda body: rt.RouteDecoder(str).decode(body)],
    ids=["one", "of a dump"],
)
def test_cloned_and_impossible_routes_are_none(decode):
    assert str(decode(route()).prefix) == "10.0.0.0/24"
    assert decode(route(flags=rt.RTM_F_CLONED)) is None
    assert decode(route(tos=4)) is None
    assert decode(route(length=33)) is None
    assert decode(route(octets=bytes(16))) is None


def test_routes_of_one_dump_that_are_alike_keep_their_networks():
    decode = rt.RouteDecoder(str).decode
    found = [
        decode(route(length=length, octets=bytes((10, third, 0, 0)))) for length, third in ((24, 1), (16, 2))
    ]
    assert [str(one.prefix) for one in found] == ["10.1.0.0/24", "10.2.0.0/16"]
    assert decode(route(length=33)) is None, "though one like it was good"
