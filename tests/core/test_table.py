from pybird.conf.model import TableConfig
from pybird.core import selection
from pybird.core.selection import Selection
from pybird.core.table import Table, TableReader
from pybird.values.attributes import AttributePool
from pybird.values.net import NetType, Prefix
from pybird.values.route import NO_HOP, SLOW, RouteSource, Rte
from tests.core.world import MASTER4, MASTER6, key

POOL = AttributePool([])
PLAIN = Selection()


def source(name: str, kind: Selection = PLAIN) -> RouteSource:
    return RouteSource(name, 1, kind)


def route(origin: RouteSource, preference: int = 100, attrs: bytes = b"", time: float = 0.0) -> Rte:
    rte = Rte(POOL.intern(attrs), origin, NO_HOP, preference, time)
    selection.set_rank(rte, POOL)
    return rte


def readers(table: Table) -> tuple[TableReader, TableReader]:
    best, every = TableReader(lambda: None), TableReader(lambda: None, every=True)
    table.readers += [best, every]
    return best, every


A, B, C = source("a"), source("b"), source("c")
K = key("10.0.0.0/8")


def test_the_first_change_wins_in_a_journal():
    table = Table(MASTER4)
    best, _ = readers(table)
    old = route(A)
    table.announce([K], old)
    assert best.remove_oldest(9) == {K: None}
    table.announce([K], route(B, 200))
    table.announce([K], route(C, 300))
    assert best.pending == {K: old}


def test_changes_of_others_reach_only_those_who_want_them():
    table = Table(MASTER4)
    best, every = readers(table)
    first = route(A, 200)
    table.announce([K], first)
    best.pending.clear()
    every.pending.clear()
    table.announce([K], route(B))
    assert best.pending == {}
    assert every.pending == {K: first}


def test_the_same_again_keeps_its_time_and_tells_nobody():
    table = Table(MASTER4)
    best, every = readers(table)
    first = route(A, time=1.0)
    table.announce([K], first)
    best.pending.clear()
    every.pending.clear()
    generation = table.generation
    assert table.announce([K], route(A, time=2.0)) == 1
    assert table.get(K) == (first,)
    assert (best.pending, every.pending, table.generation) == ({}, {}, generation)


def test_the_same_again_in_a_refresh_is_of_the_new_epoch_with_the_old_time():
    table = Table(MASTER4)
    origin = source("x")
    table.announce([K], route(origin, time=1.0))
    origin.epoch += 1
    table.announce([K], route(origin, time=2.0))
    (now,) = table.get(K)
    assert (now.time, now.epoch) == (1.0, origin.epoch)


def test_the_same_again_in_a_refresh_tells_nobody_also_when_it_is_not_the_best():
    table = Table(MASTER4)
    best, every = readers(table)
    better, other = source("x"), source("y")
    table.announce([K], route(better, 200))
    table.announce([K], route(other, time=1.0))
    best.pending.clear()
    every.pending.clear()
    other.epoch += 1
    assert table.announce([K], route(other, time=2.0)) == 1
    assert [(rte.time, rte.epoch) for rte in table.get(K)] == [(0.0, 0), (1.0, 1)]
    assert (best.pending, every.pending) == ({}, {})


def test_of_many_networks_announced_again_each_is_as_if_alone():
    together, alone = Table(MASTER4), Table(MASTER4)
    origin = source("x")
    keys = [key(f"10.0.{number}.0/24") for number in range(6)]

    def announce(numbers, rte):
        part = [keys[number] for number in numbers]
        followers = [readers(table)[0] for table in (together, alone)]
        assert together.announce(part, rte) == sum([alone.announce([each], rte) for each in part])
        assert followers[0].pending.keys() == followers[1].pending.keys()
        found = [[(r.preference, r.time, r.epoch) for k in keys for r in t.get(k)] for t in (together, alone)]
        assert found[0] == found[1]
        return found[0]

    announce((0, 1, 2), route(origin, time=1.0))
    announce((3, 4), route(origin, 200, time=1.0))
    announce((0, 3, 1, 2), route(origin, time=2.0))
    origin.epoch = 1
    assert announce((4, 3, 2, 1, 0, 5), route(origin, time=3.0)) == [
        *[(100, 1.0, 1)] * 3,
        (100, 2.0, 1),
        *[(100, 3.0, 1)] * 2,
    ]


def test_when_the_best_leaves_the_next_best_follows():
    table = Table(MASTER4)
    for origin, preference in ((A, 300), (B, 100), (C, 200)):
        table.announce([K], route(origin, preference))
    assert table.withdraw([K, K], A) == 1
    assert [rte.source.name for rte in table.get(K)] == ["c", "b"]
    assert (table.route_count, table.net_count) == (2, 1)


def test_a_bucket_goes_with_its_last_network():
    """Else a walk through a table visits every place that ever had a network."""
    table = Table(MASTER4)
    nets = [key(net) for net in ("0.0.0.0/0", "10.1.0.0/16", "10.1.2.0/24")]
    for origin in (A, B):
        table.announce(nets, route(origin))
    table.withdraw(nets, A)
    assert sorted(table.buckets) == [b"", bytes((10, 1))]
    table.withdraw(nets[:2], B)
    assert list(table.buckets) == [bytes((10, 1))]
    table.withdraw(nets, B)
    assert not table.buckets


def test_when_the_best_worsens_all_are_compared():
    table = Table(MASTER4)
    for origin, preference in ((A, 300), (B, 100), (C, 200)):
        table.announce([K], route(origin, preference))
    table.announce([K], route(A, 150))
    assert table.get(K)[0].source.name == "c"
    assert table.route_count == 3


def test_equal_preference_of_different_types_goes_by_name():
    other = Selection()
    for order in (0, 1):
        table = Table(MASTER4)
        pair = [route(source("zebra", other), attrs=b"1"), route(source("ant"), attrs=b"2")]
        for rte in pair[::-1] if order else pair:
            table.announce([K], rte)
        assert table.get(K)[0].source.name == "ant"


def test_a_slow_route_is_compared_in_full():
    asked = []

    def better(new: Rte, old: Rte) -> bool:
        asked.append(new.source.name)
        return True

    kind = Selection(better=better)
    slow, high = route(source("slow", kind)), route(source("high", kind))
    high.rank += 1
    slow.flags |= SLOW
    table = Table(MASTER4)
    table.announce([K], high)
    table.announce([K], slow)
    assert asked == ["slow"]
    assert table.get(K)[0] is slow


def test_a_sorted_table_keeps_all_in_order():
    table = Table(TableConfig("t", NetType.IP4, sorted=True))
    for origin, preference in ((A, 100), (B, 300), (C, 200)):
        table.announce([K], route(origin, preference))
    assert [rte.preference for rte in table.get(K)] == [300, 200, 100]


def test_a_network_twice_in_one_batch_is_one_route():
    table = Table(MASTER4)
    assert table.announce([K, K], route(A)) == 1
    assert (table.route_count, table.net_count) == (1, 1)


def test_longest_match_and_inside():
    table = Table(MASTER4)
    nets = ["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.128.0/17", "10.2.0.0/16", "192.0.2.1/32"]
    table.announce([key(net) for net in nets], route(A))
    found = table.longest_match(Prefix.parse("10.1.200.1/32"))
    assert found is not None
    assert found[0] == key("10.1.128.0/17")
    assert table.longest_match(Prefix.parse("10.0.0.0/7"))[0] == key("0.0.0.0/0")
    inside = [net for net, _ in table.inside(Prefix.parse("10.0.0.0/8"))]
    assert inside == [key(net) for net in nets[1:5]]
    assert [net for net, _ in table.inside(Prefix.parse("10.1.0.0/16"))] == [key(n) for n in nets[2:4]]
    assert [net for net, _ in table.inside(Prefix.parse("0.0.0.0/0"))] == [key(net) for net in nets]


def test_ipv6_networks_are_found_on_both_levels():
    table = Table(MASTER6)
    nets = ["::/0", "2001:db8::/32", "2001:db8:1::/48", "2001:db8:2::1/128", "2001::/16"]
    table.announce([key(net) for net in nets], route(A))
    assert len(list(table.inside(Prefix.parse("2001:db8::/32")))) == 3
    assert table.longest_match(Prefix.parse("2001:db8:1::5/128"))[0] == key("2001:db8:1::/48")
    assert len(table.buckets) == 2


def test_a_walk_survives_changes():
    table = Table(MASTER4)
    nets = [key(f"10.{at}.0.0/16") for at in range(50)]
    table.announce(nets, route(A))
    walk = table.walk()
    seen = list(walk.next_keys(10))
    table.withdraw(nets[20:30], A)
    table.announce([key("192.168.0.0/16")], route(A))
    while part := walk.next_keys(10):
        seen += part
    assert [net for net in seen if table.get(net)] == nets[:20] + nets[30:]


def mixed() -> tuple[Table, list[bytes]]:
    """Networks with one, two or three routes, of different sources, in turns."""
    table, keys = Table(MASTER4), [key(f"10.{at}.0.0/16") for at in range(12)]
    table.announce(keys, route(A, 200))
    table.announce(keys[::2], route(B, 300))
    table.announce(keys[::3], route(C))
    return table, keys


def test_one_call_for_many_networks_does_what_many_calls_for_one_do():
    for change in (
        lambda table, keys: table.announce(keys, route(B, 250)),
        lambda table, keys: table.announce(keys, route(A, 50)),
        lambda table, keys: table.withdraw(keys, B),
        lambda table, keys: table.withdraw(keys, A),
    ):
        A.routes = A.best = B.routes = B.best = C.routes = C.best = 0
        at_once, keys = mixed()
        change(at_once, keys)
        counts = A.routes, A.best, B.routes, B.best, C.routes, C.best
        A.routes = A.best = B.routes = B.best = C.routes = C.best = 0
        one_by_one, keys = mixed()
        for each in keys:
            change(one_by_one, [each])
        assert counts == (A.routes, A.best, B.routes, B.best, C.routes, C.best)
        for each in keys:
            held, expected = at_once.get(each), one_by_one.get(each)
            assert [(rte.source, rte.preference) for rte in held] == [
                (rte.source, rte.preference) for rte in expected
            ]


def test_networks_whose_routes_are_alike_share_them():
    table, keys = mixed()
    assert table.get(keys[2]) is table.get(keys[4])
