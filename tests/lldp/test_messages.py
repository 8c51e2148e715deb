"""LLDPDUs: octets and what they mean (IEEE 802.1AB-2016, clause 8, 9.2.7.7)."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybird.proto.lldp.messages import Lldpdu, LldpError, decode
from pybird.values.address import Address
from tests.lldp.frames import (
    BROKEN,
    CHASSIS,
    DROPPED,
    END,
    FIRST,
    NAME,
    ODD,
    PORT,
    TTL,
    lldpdu,
    management,
    tlv,
)

LINK_LOCAL = Address.parse("fe80::bad")


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_a_broken_lldpdu_is_dropped_as_a_whole(data):
    with pytest.raises(LldpError):
        decode(data)


@pytest.mark.parametrize("data", ODD.values(), ids=ODD)
def test_what_is_only_odd_is_taken(data):
    said = decode(data)
    assert (said.system, said.port_text, said.ttl, said.dropped) == ("leaf7", "swp7", 120, 0)


@pytest.mark.parametrize(("data", "dropped"), DROPPED.values(), ids=DROPPED)
def test_a_malformed_optional_tlv_is_left_out_and_counted(data, dropped):
    said = decode(data)
    assert (said.system, said.port_text, said.addresses, said.dropped) == ("leaf7", "swp7", (), dropped)


def test_all_that_we_read():
    said = decode(
        FIRST + tlv(4, b"to spine1") + NAME + management("fe80::bad") + management("192.0.2.7") + END
    )
    assert said == Lldpdu(
        b"\x04" + bytes.fromhex("020000000bad"),
        b"\x05swp7",
        120,
        "leaf7",
        "to spine1",
        (LINK_LOCAL, Address.parse("192.0.2.7")),
    )


def test_at_most_eight_addresses_of_one_neighbor_are_kept():
    more = b"".join(management(f"fe80::{n:x}") for n in range(1, 21))
    assert len(decode(FIRST + more + END).addresses) == 8


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"\x04" + bytes.fromhex("020000000bad"), "02:00:00:00:0b:ad"),
        (b"\x05\x01\xc0\x00\x02\x07", "192.0.2.7"),
        (b"\x05\x02" + LINK_LOCAL.octets, "fe80::bad"),
        (b"\x06eth0", "eth0"),
        (b"\x07rack 4\x1b[2J", "rack 4 [2J"),
        (b"\xffx", "x"),
    ],
)
def test_a_chassis_as_text(value, text):
    assert decode(tlv(1, value) + PORT + TTL + END).chassis_text == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"\x05swp7", "swp7"),
        (b"\x03" + bytes.fromhex("020000000bad"), "to spine1"),  # a mere MAC: the description says more
        (b"\x04\x01\xc0\x00\x02\x07", "192.0.2.7"),
        (b"\x01uplink", "uplink"),
    ],
)
def test_a_port_as_text(value, text):
    assert decode(CHASSIS + tlv(2, value) + TTL + tlv(4, b"to spine1") + END).port_text == text


def test_names_are_one_line_of_text_whatever_they_say():
    said = decode(FIRST + tlv(5, b"a\nb\x1b[31m\xff\xc3\xa9") + END)
    assert said.system == "a b [31m\N{REPLACEMENT CHARACTER}é"


def test_what_we_send_in_octets():
    said = Lldpdu(b"\x07192.0.2.1", b"\x05eth0", 121, "r1", addresses=(LINK_LOCAL,), ifindex=7)
    assert said.encode() == (
        tlv(1, b"\x07192.0.2.1")
        + tlv(2, b"\x05eth0")
        + tlv(3, b"\0\x79")
        + tlv(5, b"r1")
        + tlv(7, b"\0\x10\0\x10")  # a router
        + tlv(8, b"\x11\x02" + LINK_LOCAL.octets + b"\x02\0\0\0\x07\0")
        + END
    )


def test_a_shutdown_says_no_more_than_it_must():
    assert (
        Lldpdu(b"\x07x", b"\x05y", 0, "r1").encode()
        == tlv(1, b"\x07x") + tlv(2, b"\x05y") + tlv(3, b"\0\0") + END
    )


def test_a_long_system_name_is_cut():
    assert decode(Lldpdu(b"\x07x", b"\x05y", 9, "n" * 300).encode()).system == "n" * 255


@given(st.binary(max_size=300))
def test_octets_give_an_lldpdu_or_an_error(data):
    try:
        said = decode(data)
    except LldpError:
        return
    assert said.chassis_text.isprintable()
    assert said.port_text.isprintable()


@given(st.integers(0, 80), st.integers(0, 255))
def test_one_wrong_octet_gives_an_lldpdu_or_an_error(place, octet):
    data = bytearray(lldpdu())
    data[place % len(data)] = octet
    with suppress(LldpError):
        decode(bytes(data))
