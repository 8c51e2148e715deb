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
