"""The index of ROA records answers as RFC 6811 says, whatever comes and goes."""

from random import Random
from sys import getrefcount

import pytest

from pybird.conf.model import TableConfig
from pybird.core.lookup.roa import ROA_INVALID, ROA_UNKNOWN, ROA_VALID, RoaIndex
from pybird.core.table import Table
from pybird.values.address import Address
from pybird.values.net import NetType, Prefix
from pybird.values.nets import RoaNet
from pybird.values.route import NO_HOP, RouteSource, Rte
from tests.core.world import World


def state(records, net, asn):
    """RFC 6811, section 2, word by word."""
    covering = [record for record in records if record.prefix.covers(net)]
    if not covering:
        return ROA_UNKNOWN
    matching = [r for r in covering if r.asn == asn != 0 and net.length <= r.maxlen]
    return ROA_VALID if matching else ROA_INVALID


def test_the_index_of_a_table_goes_with_it():
    router = World().router
    table = router.add_table(TableConfig("r", NetType.ROA4))
    assert router.lookup.roa_check("r", Prefix.parse("10.0.0.0/8"), 1) == ROA_UNKNOWN
    router.remove_table("r")
    assert getrefcount(table) == 2, "ours, and the argument"


def random_prefix(rng, width):
    length = rng.choice((0, 3, 8, 12, 16, 20, 24, 32, 33, 48)) if width == 16 else rng.randrange(0, 33)
    octets = bytes([rng.choice((10, 11, 32)), *[rng.choice((0, 1, 128)) for _ in range(width - 1)]])
    return Prefix(Address(octets).masked(length), length)


@pytest.mark.parametrize("width", [4, 16])
@pytest.mark.parametrize("seed", range(6))
def test_the_index_answers_as_the_records_say(width, seed):
    rng = Random(seed)
    pool = World().router.pool
    table = Table(TableConfig("r", NetType.ROA4 if width == 4 else NetType.ROA6))
    source = RouteSource("s", 1, World().router.types["peer"].selection)
    rte = Rte(pool.empty, source, NO_HOP, 100, 0.0)
    index = None
    records = {}
    for _ in range(40):
        prefix = random_prefix(rng, width)
        record = RoaNet(prefix, rng.randrange(prefix.length, 8 * width + 1), rng.randrange(4))
        if rng.random() < 0.7 or not records:
            records[record] = None
            table.announce([record.key], rte)
        else:
            gone = rng.choice(list(records))
            del records[gone]
            table.withdraw([gone.key], source)
        index = index or RoaIndex(table)
        for _ in range(10):
            net, asn = random_prefix(rng, width), rng.randrange(4)
            assert index.state(net.key, asn) == state(records, net, asn), (net, asn)
        nets = [random_prefix(rng, width) for _ in range(10)]
        wanted = {}
        for net in nets:
            wanted.setdefault(state(records, net, 1), []).append(net.key)
        assert index.divide([net.key for net in nets], 1) == wanted
    for record in records:
        table.withdraw([record.key], source)
    assert index.state(Prefix(Address(bytes(width)), 0).key, 1) == ROA_UNKNOWN
    assert index.empty
