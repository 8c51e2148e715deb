"""The networks of a table in the order of their addresses."""

from ipaddress import ip_network
from random import Random

from pybird.conf.model import TableConfig
from pybird.core.ordered import RUN, STILL_SORTING, by_runs, in_order
from pybird.core.table import Table
from pybird.values.net import NetType, Prefix, net_of
from tests.core.test_table import MASTER4, A, route


def filled(*nets: str, config: TableConfig = MASTER4) -> Table:
    table = Table(config)
    table.announce([Prefix.parse(net).key for net in nets], route(A))
    return table


def shown(table: Table, within: str | None = None) -> list[str]:
    keys = in_order(table, None if within is None else Prefix.parse(within))
    return [str(net_of(table.net_type, key)) for key in keys if key != STILL_SORTING]


def test_short_and_long_prefixes_come_by_address_and_the_shorter_first():
    nets = "0.0.0.0/0 1.0.0.0/8 10.0.0.0/8 10.0.0.0/16 10.0.0.0/24 10.0.1.0/24 10.0.1.128/25"
    nets += " 10.64.0.0/10 10.64.0.0/16 10.65.0.0/16 10.128.0.0/9 11.0.0.0/8 172.16.0.0/12 172.16.5.0/24"
    mixed = nets.split()
    Random(1).shuffle(mixed)
    table = filled(*mixed)
    assert shown(table) == nets.split()
    assert shown(table, "10.0.0.0/8") == nets.split()[2:11]
    assert shown(table, "10.0.1.0/24") == ["10.0.1.0/24", "10.0.1.128/25"]


def test_ipv6_networks_come_by_address():
    nets = [
        "::/0",
        "2001::/16",
        "2001:db8::/32",
        "2001:db8::/48",
        "2001:db8:1::/48",
        "2001:db9::/32",
        "2002::/16",
    ]
    assert shown(filled(*reversed(nets), config=TableConfig("master6", NetType.IP6))) == nets


def test_a_large_bucket_is_sorted_in_runs():
    keys = [Prefix.parse(str(net)).key for net in ip_network("10.0.0.0/16").subnets(new_prefix=30)]
    assert len(keys) > 4 * RUN
    mixed = list(keys)
    Random(1).shuffle(mixed)
    found = list(by_runs(mixed))
    assert [key for key in found if key != STILL_SORTING] == keys
    assert found[: len(keys) // RUN] == [STILL_SORTING] * (len(keys) // RUN)
