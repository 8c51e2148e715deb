import pytest

from pybird.values.address import Address
from pybird.values.enums import EvpnType
from pybird.values.flow import (
    DPORT,
    DSCP,
    DST,
    FRAGMENT,
    LENGTH,
    PROTO,
    TCP_FLAGS,
    FlowNet,
    bits_component,
    number_component,
    prefix_component,
)
from pybird.values.net import NetType, Prefix, net_of
from pybird.values.nets import AspaNet, EthNet, EvpnNet, MplsNet, RoaNet, SadrNet, VpnNet
from pybird.values.scalars import Mac, RouteDistinguisher

RD = RouteDistinguisher.parse("10:20")
MAC = Mac.parse("00:11:22:33:44:55")


@pytest.mark.parametrize(
    ("net", "shown"),
    [
        (
            SadrNet(Prefix.parse("2001:db8:5::/48"), Prefix.parse("2001:db8:6::/48")),
            "2001:db8:5::/48 from 2001:db8:6::/48",
        ),
        (VpnNet(RD, Prefix.parse("1.2.3.0/24")), "10:20 1.2.3.0/24"),
        (VpnNet(RD, Prefix.parse("2001:db8::/32")), "10:20 2001:db8::/32"),
        (RoaNet(Prefix.parse("1.0.0.0/8"), 24, 10), "1.0.0.0/8-24 AS10"),
        (RoaNet(Prefix.parse("2001:db8::/32"), 48, 10), "2001:db8::/32-48 AS10"),
        (EthNet(MAC), "00:11:22:33:44:55"),
        (EthNet(MAC, 5), "00:11:22:33:44:55 vlan 5"),
        (MplsNet(100), "100"),
        (AspaNet(65002), "65002"),
        (EvpnNet(EvpnType.EAD, RD, 5, bytes(range(10))), "evpn ead 10:20 5 00:01:02:03:04:05:06:07:08:09"),
        (EvpnNet(EvpnType.MAC, RD, 5, mac=MAC), "evpn mac 10:20 5 00:11:22:33:44:55 *"),
        (
            EvpnNet(EvpnType.MAC, RD, 5, mac=MAC, ip=Address.parse("::1")),
            "evpn mac 10:20 5 00:11:22:33:44:55 ::1",
        ),
        (EvpnNet(EvpnType.IMET, RD, 5, ip=Address.parse("1.2.3.4")), "evpn imet 10:20 5 1.2.3.4"),
        (
            EvpnNet(EvpnType.PREFIX, RD, 5, ip=Address.parse("1.2.0.0"), length=16),
            "evpn prefix 10:20 5 1.2.0.0/16",
        ),
        (
            EvpnNet(EvpnType.PREFIX, RD, 5, ip=Address.parse("2001:db8::"), length=32),
            "evpn prefix 10:20 5 2001:db8::/32",
        ),
        (EvpnNet.of_octets(EvpnType(9), RD.octets + b"\7"), f"evpn type 9 10:20 {RD.octets.hex(':')}:07"),
        (EvpnNet.of_octets(EvpnType(0), b""), "evpn type 0 0:0 "),
    ],
)
def test_text_and_key_of_every_type(net, shown):
    assert str(net) == shown
    assert net_of(net.type, net.key) == net


def test_a_flow_prints_as_bird_does():
    flow = FlowNet.of(
        [
            prefix_component(DST, Prefix.parse("10.0.0.0/8")),
            number_component(PROTO, [("=", 23, False)]),
            number_component(
                DPORT,
                [
                    (">", 24, False),
                    ("<", 30, True),
                    (">=", 40, False),
                    ("<=", 50, True),
                    (">=", 60, False),
                    ("<=", 70, True),
                    ("=", 80, False),
                    (">=", 90, True),
                ],
            ),
            bits_component(TCP_FLAGS, [(False, 0x03, 0x0F, False)]),
            number_component(LENGTH, [(">=", 2048, False), ("<=", 65535, True)]),
            number_component(DSCP, [("=", 63, False)]),
            bits_component(FRAGMENT, [(False, 1, 1, False), (False, 2, 2, True), (True, 4, 4, False)]),
        ],
        v6=False,
    )
    assert str(flow) == (
        "flow4 { dst 10.0.0.0/8; proto 23; dport > 24 && < 30 || 40..50,60..70,80 && >= 90; "
        "tcp flags 0x3/0x3 && 0x0/0xc; length 2048..65535; dscp 63; "
        "fragment dont_fragment && is_fragment || !first_fragment; }"
    )
    assert net_of(NetType.FLOW4, flow.key) == flow
    assert flow.dst == Prefix.parse("10.0.0.0/8")
    assert flow.src is None


def test_an_ipv6_flow_keeps_its_offset():
    flow = FlowNet.of([prefix_component(DST, Prefix.parse("::1234:5678:9800:0/104"), 64)], v6=True)
    assert str(flow) == "flow6 { dst ::1234:5678:9800:0/104 offset 64; }"
