from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybird.core.ports import Icmp6Packet
from pybird.proto.radv.messages import (
    ALL_NODES,
    HIGH,
    LOW,
    MEDIUM,
    Advertisement,
    DnsDomains,
    DnsServers,
    LinkMtu,
    OtherOption,
    PrefixInformation,
    RadvError,
    RouteInformation,
    SourceLinkLayer,
    decode_ra,
    decode_rs,
    domain_octets,
    solicitation,
)
from pybird.values.address import Address
from pybird.values.net import Prefix

ROUTER = Address.parse("fe80::1")


def packet(data, source="fe80::1", hop_limit=255):
    return Icmp6Packet(data, Address.parse(source), ALL_NODES, hop_limit)


FULL = Advertisement(
    hop_limit=64,
    managed=True,
    other_config=True,
    preference=HIGH,
    lifetime=12,
    reachable_time=30000,
    retrans_timer=1000,
    options=(
        SourceLinkLayer(bytes.fromhex("020000000102")),
        LinkMtu(1400),
        PrefixInformation(Prefix.parse("2001:db8:2::/64"), True, False, 86400, 14400),
        PrefixInformation(Prefix.parse("2001:db8:1::/64"), True, True, 1000, 500, pd_preferred=True),
        DnsServers((Address.parse("2001:db8::54"), Address.parse("2001:db8::55")), 16),
        DnsDomains(("a.example.org", "b.example.org"), 50),
        OtherOption(200, bytes(6)),
        RouteInformation(Prefix.parse("2001:db8:99::/48"), LOW, 12),
        RouteInformation(Prefix.parse("::/0"), HIGH, 0),
        RouteInformation(Prefix.parse("2001:db8::1/128"), MEDIUM, 7),
    ),
)


def test_what_is_written_is_read_again():
    assert decode_ra(packet(FULL.encode())) == FULL


@pytest.mark.parametrize(
    ("option", "octets"),
    [  # as real BIRD 2.0.12 sends them
        (LinkMtu(1400), "0501000000000578"),
        (
            PrefixInformation(Prefix.parse("2001:db8:2::/64"), True, False, 86400, 14400),
            "0304408000015180000038400000000020010db8000200000000000000000000",
        ),
        (
            DnsServers((Address.parse("2001:db8::53"),), 12),
            "190300000000000c20010db8000000000000000000000053",
        ),
        (DnsDomains(("example.com",), 12), "1f0300000000000c076578616d706c6503636f6d00000000"),
        (
            DnsDomains(("a.example.org", "b.example.org"), 50),
            "1f050000000000320161076578616d706c65036f7267000162076578616d706c65036f7267000000",
        ),
        (
            RouteInformation(Prefix.parse("2001:db8:99::/48"), LOW, 12),
            "180230180000000c20010db800990000",
        ),
        (
            RouteInformation(Prefix.parse("2001:db8:77::/48"), HIGH, 777),
            "180230080000030920010db800770000",
        ),
    ],
)
def test_options_are_octet_for_octet_those_of_bird(option, octets):
    assert option.encode().hex() == octets


def test_header_is_octet_for_octet_that_of_bird():
    assert replace(FULL, options=()).encode()[4:].hex() == "40c8000c00007530000003e8"


def test_p_flag_of_rfc_9762():
    option = PrefixInformation(Prefix.parse("2001:db8::/64"), False, False, 1, 1, pd_preferred=True)
    assert option.encode()[3] == 0x10


def test_preference_is_medium_when_the_lifetime_is_zero():
    """RFC 4191, 2.2: by the sender and the receiver."""
    octets = replace(FULL, lifetime=0).encode()
    assert octets[5] & 0x18 == 0
    forged = bytearray(replace(FULL, lifetime=0).encode())
    forged[5] |= 0x08
    assert decode_ra(packet(bytes(forged))).preference == MEDIUM


def test_reserved_preference_counts_as_medium():
    octets = bytearray(replace(FULL, options=()).encode())
    octets[5] = 0x10
    assert decode_ra(packet(bytes(octets))).preference == MEDIUM


GOOD = Advertisement(lifetime=30).encode()


@pytest.mark.parametrize(
    ("why", "data", "source", "hop_limit"),
    [
        ("hop limit is 64", GOOD, "fe80::1", 64),
        ("not link-local", GOOD, "2001:db8::1", 255),
        ("not link-local", GOOD, "::", 255),
        ("code 1", b"\x86\x01" + GOOD[2:], "fe80::1", 255),
        ("15 octets", GOOD[:15], "fe80::1", 255),
        ("bad length", GOOD + bytes(8), "fe80::1", 255),
        ("bad length", GOOD + b"\x01\x02" + bytes(6), "fe80::1", 255),
        ("bad length", GOOD + b"\x01", "fe80::1", 255),
        ("0 octets", b"", "fe80::1", 255),
    ],
)
def test_advertisements_that_must_be_discarded(why, data, source, hop_limit):
    """RFC 4861, 6.1.2."""
    with pytest.raises(RadvError, match=why):
        decode_ra(packet(data, source, hop_limit))


def test_unknown_and_malformed_options_of_sane_length_are_ignored():
    octets = GOOD + b"\xfd\x01abcdef" + b"\x03\x01" + bytes(6) + b"\x19\x02" + bytes(14)
    assert decode_ra(packet(octets)).lifetime == 30


def test_solicitations_of_rfc_4861_6_1_1():
    octets = solicitation(bytes.fromhex("020000000102"))
    assert octets.hex() == "85000000000000000101020000000102"
    assert decode_rs(packet(octets)) == ROUTER
    assert decode_rs(packet(solicitation(b""), "::")) is None
    for why, data, source, hop_limit in (
        ("hop limit", octets, "fe80::1", 1),
        ("unspecified", octets, "::", 255),
        ("7 octets", octets[:7], "fe80::1", 255),
        ("code", b"\x85\x02" + octets[2:], "fe80::1", 255),
        ("bad length", octets[:8] + bytes(8), "fe80::1", 255),
    ):
        with pytest.raises(RadvError, match=why):
            decode_rs(packet(data, source, hop_limit))


@pytest.mark.parametrize("domain", ["", "a..b", "x" * 64, ".".join(["x" * 60] * 5)])
def test_bad_domains_are_refused(domain):
    with pytest.raises(ValueError, match=r"domain|longer"):
        domain_octets(domain)


@given(st.binary(max_size=200))
def test_any_octets_are_read_or_refused(octets):
    for data in (octets, GOOD + octets, b"\x85\0\0\0\0\0\0\0" + octets):
        for decode in (decode_ra, decode_rs):
            try:
                decode(packet(data))
            except RadvError:
                pass
