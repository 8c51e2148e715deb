import pytest

from pybird.values.address import Address
from pybird.values.net import NetType, PeerNet, Prefix, net_of


def test_prefix_key_is_the_wire_form():
    prefix = Prefix.parse("10.1.0.0/16")
    assert prefix.key == b"\x10\x0a\x01"
    assert net_of(NetType.IP4, prefix.key) == prefix


def test_peer_net_prints_address_and_index():
    net = PeerNet(Address.parse("fe80::1"), 3)
    assert str(net) == "fe80::1%3"
    assert net_of(NetType.PEER, net.key) == net


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("3fff:f:f:f:f:f:f::f", "3fff:f:f:f:f:f:f:f"),
        ("::1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
        ("1:2:3:4:5:6:7:8::", "1:2:3:4:5:6:7:8"),
        ("1:2:3:4:5:6::1.2.3.4", "1:2:3:4:5:6:1.2.3.4"),
    ],
)
def test_two_colons_may_stand_for_no_group(text, same):
    assert Address.parse(text) == Address.parse(same)


@pytest.mark.parametrize(
    "text",
    [
        "1:2:3:4:5:6:7:8::9",
        "1:2:::8",
        "1::2::3",
        "1:2:3:4:5:6:7:",
        ":1:2:3:4:5:6:7:8",
        "10.0.0::1.2",
        "::1.2.3",
        "",
    ],
)
def test_what_is_no_address(text):
    with pytest.raises(ValueError, match="is not an IP address"):
        Address.parse(text)
