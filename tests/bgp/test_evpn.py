"""EVPN in UPDATEs (RFC 7432, RFC 9136): what stands beside networks, and broken ones among whole ones."""

import pytest

from pybird.proto.bgp.family import EVPN, IPV4_MPLS, Family
from pybird.proto.bgp.wire.canonical import encode_attribute
from pybird.proto.bgp.wire.errors import UpdateError
from pybird.proto.bgp.wire.messages import Update
from pybird.proto.bgp.wire.updates import Received, ReceiveTerms, UpdateReader
from pybird.values.net import net_of
from pybird.values.nets import EvpnNet
from tests.bgp.vectors import ORIGIN_IGP, PATH_65002, octets, pool

RD = "0000fde900000001"
ESI = "00010203040506070809"
SETS = pool()
IMET = f"0311{RD}00000007200a010101"
SEGMENT = f"0417{RD}{ESI}200a010101"
SHORT = f"0412{RD}{ESI}"


def mac(esi: str, label: str) -> str:
    return f"0221{RD}{esi}000000073002005e00530100{label}"


def received(*routes: str, family: Family = EVPN, withdrawn: bool = False) -> Received:
    reader = UpdateReader(SETS, ReceiveTerms(65001, 65002, 1, (family,)))
    networks = octets(*routes)
    if withdrawn:
        return reader.read(Update(b"", encode_attribute(0x80, 15, family.head + networks), b""))
    hop = octets("040a00000200")
    mp = encode_attribute(0x80, 14, family.head + hop + networks)
    return reader.read(Update(b"", mp + octets(ORIGIN_IGP, PATH_65002), b""))


def shown(keys: list[bytes]) -> list[str]:
    return [str(net_of(EVPN.net_type, key)) for key in keys]


def test_label_and_segment_of_a_mac_route_are_attributes_of_it_and_not_of_its_neighbors():
    """RFC 7432, 7.2: they are no part of the prefix."""
    found = received(mac(ESI, "000641"), IMET, mac("00" * 10, "000641"))
    views = [SETS.view(each.attrs) for each in found.announced]
    assert [each.labels for each in found.announced] == [(0x641,), (), (0x641,)]
    assert [view.get("bgp_evpn_esi") for view in views] == [bytes.fromhex(ESI), None, None]
    assert found.announced[0].keys == found.announced[2].keys


@pytest.mark.parametrize("withdrawn", [False, True])
def test_a_broken_route_counts_as_withdrawn_alone(withdrawn: bool):
    """RFC 7606, 2: the others can be told apart by their lengths."""
    found = received(IMET, SHORT, SEGMENT, withdrawn=withdrawn)
    bad = [each for each in found.withdrawn if each.malformed]
    assert [(shown(each.keys), each.reason) for each in bad] == [
        ([f"evpn type 4 65001:1 {octets(RD, ESI).hex(':')}"], "an IP address of 0 bits")
    ]
    good = found.withdrawn if withdrawn else found.announced
    assert [net for each in good if each not in bad for net in shown(each.keys)] == [
        "evpn imet 65001:1 7 10.1.1.1",
        f"evpn es 65001:1 {bytes.fromhex(ESI).hex(':')} 10.1.1.1",
    ]


def test_a_length_beyond_the_field_is_3_10():
    """RFC 7606, 5.3: nothing can be told apart any more."""
    with pytest.raises(UpdateError) as caught:
        received(IMET, SEGMENT[:-2])
    assert (caught.value.code, caught.value.subcode) == (3, 10)


def test_a_network_without_label_does_not_spoil_those_behind_it():
    """RFC 7606, 2, with RFC 8277, 2.4: no label is there to announce."""
    found = received("28800000" + "0a01", "28000641" + "0a02", family=IPV4_MPLS)
    assert [(each.keys, each.reason) for each in found.withdrawn] == [
        ([octets("100a01")], "a network without label")
    ]
    assert [each.keys for each in found.announced] == [[octets("100a02")]]


def test_routes_are_written_as_they_were_read():
    gateway = f"0522{RD}{ESI}00000007180a0303000a000009000064"
    for route in (mac(ESI, "000641"), mac("00" * 10, "000641000c81").replace("0221", "0224", 1), gateway):
        (group,) = EVPN.nlri.read_groups(octets(route), False)
        attributes = EVPN.nlri.attributes(group.beside)
        again = EVPN.nlri.beside(EVPN.nlri.labels(group.beside), attributes)
        assert b"".join(EVPN.nlri.split_labeled(group.keys, 4096, 0, again)).hex() == route


def test_a_key_of_every_kind_is_read_back():
    for route in (IMET, SEGMENT, mac(ESI, "000641"), SHORT, "c803010203", "c900", "0000"):
        for key in EVPN.nlri.read(octets(route)):
            net = net_of(EVPN.net_type, key)
            assert isinstance(net, EvpnNet)
            assert net.key == key
