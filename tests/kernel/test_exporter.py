"""How routes of a table become routes of the kernel."""

import pytest

from pybird.conf.model import ACCEPT, ChannelConfig
from pybird.proto import PROTOCOLS
from pybird.proto.kernel.config import KernelConfig
from pybird.proto.kernel.exporter import KernelExporter
from pybird.values.address import Address
from pybird.values.net import NetType
from pybird.values.route import Dest, Hop, NextHop, RouteSource, Rte
from tests.core.world import World

SOURCE = RouteSource("s", 1, None)
POOL = World(*PROTOCOLS).router.pool
CHANNEL = ChannelConfig(name="ipv4", net_type=NetType.IP4, table="master4", export_filter=ACCEPT)


def way(*hops, v4=True, dest=Dest.UNICAST, attributes=(), **options):
    """What the kernel is given for a route over these next hops."""
    config = KernelConfig(type_name="kernel", name="k", channels=(CHANNEL,), **options)
    rte = Rte(POOL.intern(b"", tuple(sorted(attributes))), SOURCE, Hop(dest, hops), 100, 0.0)
    return KernelExporter(config, v4, POOL).wire(rte, rte.attrs)


def hop(gateway, ifindex=2):
    return NextHop(Address.parse(gateway), ifindex, "eth0")


def test_a_next_hop_without_interface_makes_no_route():
    assert way(hop("192.0.2.9")) is not None
    assert way(hop("192.0.2.9", ifindex=0)) is None
    assert way(hop("192.0.2.9"), hop("192.0.2.10", ifindex=0)) is None
    assert way() is None


def test_ipv4_goes_to_ipv6_gateways_and_not_the_other_way_round():
    """RFC 8950."""
    assert way(hop("fe80::9")) is not None
    assert way(hop("fe80::9"), v4=False) is not None
    assert way(hop("192.0.2.9"), v4=False) is None


def test_a_route_without_next_hops_needs_a_destination():
    assert way(dest=Dest.NONE) is None
    assert [way(dest=dest).dest for dest in (Dest.BLACKHOLE, Dest.UNREACHABLE, Dest.PROHIBIT)] == [
        Dest.BLACKHOLE,
        Dest.UNREACHABLE,
        Dest.PROHIBIT,
    ]


def test_a_source_address_of_the_other_family_is_left_out():
    four, six = Address.parse("192.0.2.1"), Address.parse("2001:db8::1")
    for v4, own, other in ((True, four, six), (False, six, four)):
        gateway = hop("fe80::9")
        assert way(gateway, v4=v4, attributes=(("krt_prefsrc", own),)).prefsrc == own
        assert way(gateway, v4=v4, attributes=(("krt_prefsrc", other),)).prefsrc is None


@pytest.mark.parametrize(
    ("v4", "configured", "attribute", "expected"),
    [(True, 32, 7, 32), (True, 0, 7, 7), (True, 0, None, 0), (False, 0, 7, 7), (False, 0, None, 1024)],
)
def test_the_metric_is_the_protocols_else_the_routes_else_what_the_kernel_makes_of_none(
    v4, configured, attribute, expected
):
    attributes = () if attribute is None else (("krt_metric", attribute),)
    assert way(hop("fe80::9"), v4=v4, metric=configured, attributes=attributes).metric == expected


def test_merged_paths_are_sorted_and_limited():
    hops = [hop(f"192.0.2.{last}") for last in (3, 1, 2)]
    assert [str(one.gateway) for one in way(*hops, merge_paths=2).nexthops] == ["192.0.2.1", "192.0.2.2"]
    assert len(way(*hops).nexthops) == 3
