"""How tables are cut into buckets: none is long, and together they are the table in order."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybird.conf.model import TableConfig
from pybird.core.ordered import STILL_SORTING, in_order
from pybird.core.table import Table
from pybird.values.address import Address
from pybird.values.enums import EvpnType
from pybird.values.flow import DST, PROTO, FlowNet, number_component, prefix_component
from pybird.values.net import Net, NetType, PeerNet, Prefix, net_of
from pybird.values.nets import AspaNet, EthNet, EvpnNet, MplsNet, RoaNet, SadrNet, VpnNet
from pybird.values.scalars import Mac, RouteDistinguisher
from tests.core.test_table import A, route

MANY = 10_000
LONGEST = 256  # networks of a bucket
RD = RouteDistinguisher.from_bytes(bytes.fromhex("0000fde800000001"), "big")


def v4(number: int) -> Prefix:
    """A /24 of 10.0.0.0/8."""
    return Prefix(Address.from_v4(0x0A000000 + (number << 8)), 24)


def v6(number: int, length: int = 48) -> Prefix:
    """A network of 2001:db8::/32."""
    return Prefix(Address.from_v6((0x20010DB8 << 96) + (number << (128 - length))), length)


def spread6(number: int) -> Prefix:
    """A /48, 256 of each provider's /32."""
    return Prefix(Address.from_v6((0x2A000000 + (number >> 8) << 96) + ((number & 255) << 80)), 48)


def flow(number: int, *, v6_: bool) -> FlowNet:
    """All of one kind of packets to one host."""
    host = v6(number, 128) if v6_ else Prefix(Address.from_v4(0x0A000000 + number), 32)
    parts = [prefix_component(DST, host), number_component(PROTO, [("=", 17, False)])]
    return FlowNet.of(parts, v6=v6_)


# Many networks of each type, as they are in one VPN, one bridge, one provider.
ALIKE: dict[NetType, Callable[[int], Net]] = {
    NetType.IP4: v4,
    NetType.IP6: spread6,
    NetType.IP6_SADR: lambda number: SadrNet(spread6(number), v6(0)),
    NetType.ROA4: lambda number: RoaNet(v4(number), 24, 65001),
    NetType.ROA6: lambda number: RoaNet(spread6(number), 48, 65001),
    NetType.VPN4: lambda number: VpnNet(RD, v4(number)),
    NetType.VPN6: lambda number: VpnNet(RD, v6(number)),
    NetType.FLOW4: lambda number: flow(number, v6_=False),
    NetType.FLOW6: lambda number: flow(number, v6_=True),
    NetType.ETH: lambda number: EthNet(Mac(0x525400000000 + number * 1237)),
    NetType.MPLS: lambda number: MplsNet(16 + number),
    NetType.ASPA: lambda number: AspaNet(64512 + number),
    NetType.EVPN: lambda number: EvpnNet(EvpnType.MAC, RD, 7, mac=Mac(0x525400000000 + number * 1237)),
}


def test_every_net_type_has_a_geometry():
    for net_type in NetType:
        assert Table(TableConfig("t", net_type)).buckets == {}
    assert {*ALIKE} == {*NetType} - {NetType.PEER}


@pytest.mark.parametrize("net_type", ALIKE, ids=lambda each: each.name)
def test_no_bucket_of_ten_thousand_networks_is_long(net_type: NetType):
    """One VPN, one maker of cards, one attacked network: each bucket is one step of a long work."""
    table = Table(TableConfig("t", net_type))
    table.announce([ALIKE[net_type](number).key for number in range(MANY)], route(A))
    assert table.net_count == MANY
    assert max(len(bucket) for bucket in table.buckets.values()) <= LONGEST


@pytest.mark.parametrize("prefix", [v4, v6], ids=["IPv4", "IPv6"])
def test_prefixes_of_an_evpn_are_cut_as_those_of_a_vpn(prefix):
    table = Table(TableConfig("t", NetType.EVPN))
    prefixes = [prefix(number) for number in range(MANY)]
    nets = [EvpnNet(EvpnType.PREFIX, RD, 7, ip=each.address, length=each.length) for each in prefixes]
    table.announce([net.key for net in nets], route(A))
    assert max(len(bucket) for bucket in table.buckets.values()) <= LONGEST
    assert shown(NetType.EVPN, nets[::-1]) == [str(net) for net in sorted(nets, key=lambda net: net.key)]


def test_a_table_with_a_default_route_in_each_of_many_vpns_is_cut_too():
    table = Table(TableConfig("t", NetType.VPN4))
    rds = [
        RouteDistinguisher.from_bytes(bytes(4) + number.to_bytes(4, "big"), "big") for number in range(1000)
    ]
    table.announce([VpnNet(rd, Prefix.parse("0.0.0.0/0")).key for rd in rds], route(A))
    assert max(len(bucket) for bucket in table.buckets.values()) == 1


def test_ip_tables_are_cut_as_their_hot_loops_know_them():
    for net_type, net, bucket in (
        (NetType.IP4, "10.1.2.0/24", "0a01"),
        (NetType.IP4, "10.1.0.0/16", "0a01"),
        (NetType.IP4, "10.0.0.0/15", ""),
        (NetType.IP6, "2001:db8:7::/48", "20010db8"),
        (NetType.IP6, "2001:db8::/31", ""),
    ):
        table = Table(TableConfig("t", net_type))
        assert table.bucket_of(Prefix.parse(net).key).hex() == bucket
        table.announce([Prefix.parse(net).key], route(A))
        assert [bid.hex() for bid in table.buckets] == [bucket]


def shown(net_type: NetType, nets: list[Net]) -> list[str]:
    table = Table(TableConfig("t", net_type))
    table.announce([net.key for net in nets], route(A))
    return [str(net_of(net_type, key)) for key in in_order(table) if key != STILL_SORTING]


def test_routes_of_a_vpn_come_by_address_and_the_shorter_first():
    nets = "0.0.0.0/0 10.0.0.0/8 10.0.0.0/16 10.0.0.0/24 10.0.0.128/25 10.0.1.0/24 10.64.0.0/10 10.65.0.0/16"
    nets += " 10.128.0.0/9 172.16.0.0/12 172.16.5.0/24"
    other = RouteDistinguisher.from_bytes(bytes.fromhex("0000fde800000002"), "big")
    wanted = [VpnNet(rd, Prefix.parse(net)) for rd in (RD, other) for net in nets.split()]
    assert shown(NetType.VPN4, wanted[::-1]) == [str(net) for net in wanted]


def test_stations_and_labels_come_in_their_order():
    macs = [0x525400000001, 0x525400000002, 0x525401000000, 0x525500000000, 0xAABBCC000000]
    assert shown(NetType.ETH, [EthNet(Mac(mac)) for mac in reversed(macs)]) == [str(Mac(mac)) for mac in macs]
    assert shown(NetType.MPLS, [MplsNet(label) for label in (70000, 16, 65536, 300)]) == [
        "16",
        "300",
        "65536",
        "70000",
    ]


@pytest.mark.parametrize("net_type", [*ALIKE, NetType.PEER], ids=lambda each: each.name)
@given(numbers=st.lists(st.integers(0, 1 << 16), min_size=1, max_size=60, unique=True))
def test_buckets_in_order_are_the_table_in_order(net_type: NetType, numbers: list[int]):
    made = ALIKE.get(net_type, lambda number: PeerNet(Address.from_v6(number), number & 3))
    table = Table(TableConfig("t", net_type))
    keys = [made(number).key for number in numbers]
    table.announce(keys, route(A))
    assert [key for key in in_order(table) if key != STILL_SORTING] == sorted(keys, key=table.geometry.order)
    table.withdraw(keys, A)
    assert table.buckets == {}
