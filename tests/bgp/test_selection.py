"""The decision process: RFC 4271 section 9.1.2.2, 4456 section 9, 7311 section 4."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pybird.conf.model import TableConfig
from pybird.core.selection import RANK_BITS, Selection, choose, set_rank, why_lost
from pybird.core.table import Table
from pybird.proto.bgp.routes.selection import SELECTION, PeerIdentity, better, mergeable, rank, step
from pybird.proto.bgp.wire.aigp import MOST, passed_on
from pybird.proto.bgp.wire.aigp import total as aigp_total
from pybird.values.address import Address
from pybird.values.attributes import find
from pybird.values.net import NetType, Prefix
from pybird.values.route import DISPUTED, UNKNOWN_METRIC, Dest, Hop, NextHop, RouteSource, Rte
from tests.bgp.vectors import NEXT_HOP, octets, pool

SETS = pool()
AIGP_5 = "801a0b01000b0000000000000005"
KEY = Prefix.parse("10.0.0.0/8").key
LLGR_STALE = "c00804ffff0006"
ORIGINATOR_2 = "80090400000002"


def route(
    path: tuple[int, ...] = (65002,),
    pref: int = 100,
    origin: int = 0,
    med: int | None = None,
    extra: str = "",
    igp: int | None = None,
    router_id: int = 2,
    remote_as: int = 65002,
    address: str = "10.0.0.2",
    time: float = 0.0,
    resolvable: bool = True,
    **options,
) -> Rte:
    segment = bytes((2, len(path))) + b"".join(asn.to_bytes(4, "big") for asn in path) if path else b""
    wire = bytes((0x40, 1, 1, origin, 0x40, 2, len(segment))) + segment + octets(NEXT_HOP)
    wire += b"" if med is None else octets("800404") + med.to_bytes(4, "big")
    wire += octets("400504") + pref.to_bytes(4, "big") + octets(extra)
    peer = PeerIdentity(router_id, Address.parse(address), 65001, remote_as, **options)
    hop = Hop(
        Dest.UNICAST if resolvable else Dest.UNREACHABLE,
        (NextHop(Address.parse("10.0.0.2"), 2, "eth0"),),
        igp,
        "key",
    )
    return ranked(
        Rte(SETS.intern(wire), RouteSource(f"s{router_id}", 11, SELECTION, peer=peer), hop, 100, time)
    )


def ranked(rte: Rte) -> Rte:
    set_rank(rte, SETS)
    return rte


def order(best: Rte, worse: Rte) -> bool:
    return better(best, worse) and not better(worse, best)


def test_local_preference_before_path_length():
    assert order(route((1, 2, 3), pref=200), route((1,), pref=100))


def test_a_long_lived_stale_route_is_the_last_choice():
    """RFC 9494, 4.3: after all others that can be reached, among its like the rest decides."""
    stale = route((1,), pref=200, extra=LLGR_STALE)
    assert order(route((1, 2, 3), pref=100), stale)
    assert order(stale, route((1,), pref=100, extra=LLGR_STALE))
    assert order(stale, route((1, 2, 3), resolvable=False))
    assert not mergeable(route(), route(extra=LLGR_STALE))


@pytest.mark.parametrize(
    "other", ["c00804ffff0007", "c0080800ffff0006ffff00", "c0200cffff00060000000100000002"]
)
def test_other_communities_do_not_make_a_route_the_last_choice(other):
    assert order(route((1,), pref=200, extra=other), route((1, 2, 3), pref=100))


def test_a_table_prefers_what_is_not_long_lived_stale():
    """Where ranks decide as well."""
    routes = [
        route(router_id=2, pref=200, extra=LLGR_STALE),
        route((1, 2), router_id=3),
        route((1,), router_id=4),
    ]
    for each in permutations(routes):
        for in_order in (False, True):
            assert choose(list(each), in_order)[0] is routes[2]
    assert choose(routes, True)[-1] is routes[0]


def test_the_shorter_path():
    assert order(route((65002, 5)), route((65002, 5, 6)))
    assert order(route((), remote_as=65001), route((65002,)))


def test_a_set_counts_as_one():
    """RFC 4271, 9.1.2.2 a."""
    wire = octets("400101", "00", "40020e", "0103", "000000010000000200000003", NEXT_HOP)
    aggregated = Rte(SETS.intern(wire), route().source, route().hop, 100, 0.0)
    assert rank(aggregated, SETS) == rank(route((7,)), SETS)


def test_path_length_does_not_count_when_both_sides_say_so():
    longer = route((65002, 5, 6), router_id=1, path_metric=False)
    assert order(longer, route((65002,), path_metric=False))
    assert order(route((65002,)), longer)


def test_the_lower_origin():
    assert order(route(origin=0), route(origin=1))
    assert order(route(origin=1), route(origin=2))


def test_med_among_routes_of_one_neighboring_as():
    """RFC 4271, 9.1.2.2 c; a missing one is `default bgp_med`."""
    assert order(route(med=10, router_id=9), route(med=20, router_id=1))
    assert order(route(router_id=9), route(med=20, router_id=1))
    assert order(route(med=20, router_id=9), route(router_id=1, default_med=30))
    assert order(route((65003,), med=20, router_id=1, remote_as=65003), route(med=10, router_id=9))
    far = route((65003,), med=20, router_id=1, remote_as=65003, med_metric=True)
    assert order(route(med=10, router_id=9), far)


@pytest.mark.parametrize("sides", [("high",), ("low",), ("high", "low")])
def test_med_counts_between_two_ases_when_either_session_says_so(sides):
    """`med metric` of one of the two routes is enough, whichever has the lower MED."""
    high = route(med=20, router_id=1, med_metric="high" in sides)
    low = route((65003,), med=10, router_id=9, remote_as=65003, med_metric="low" in sides)
    assert order(low, high)


def test_external_before_internal():
    assert order(route(router_id=9), route(router_id=1, remote_as=65001))


def test_the_nearer_exit():
    assert order(route(igp=10, router_id=9), route(igp=20, router_id=1))
    assert order(route(igp=10, router_id=9), route(igp=None, router_id=1))
    tired = {"igp_metric": False}
    assert order(route(igp=20, router_id=1, **tired), route(igp=10, router_id=9, **tired))
    assert order(route(igp=20, router_id=9, **tired), route(igp=10, router_id=1)), "no metric counts as 0"


def test_the_older_external_route_when_asked():
    young, old = route(router_id=1, time=9.0, prefer_older=True), route(router_id=2, time=1.0)
    assert order(old, young)
    assert order(route(router_id=1, time=9.0), route(router_id=2, time=1.0))


def test_the_lower_router_id_then_cluster_list_then_address():
    """RFC 4271, 9.1.2.2 f and g; RFC 4456, 9: the originator's id counts."""
    assert order(route(router_id=1), route(router_id=2))
    inside = {"remote_as": 65001}
    originated = route(router_id=9, extra="80090400000001", **inside)
    assert order(originated, route(router_id=2, **inside))
    short = route(router_id=2, extra="800a0400000007", address="10.0.0.9", **inside)
    long = route(router_id=2, extra="800a080000000700000008", address="10.0.0.1", **inside)
    assert order(short, long)
    assert order(route(address="10.0.0.2"), route(address="10.0.0.10"))


def test_an_unresolvable_next_hop_loses():
    """RFC 4271, 9.1.2.1."""
    assert order(route(pref=1), route(pref=500, resolvable=False))


def test_aigp_before_path_length():
    """RFC 7311, 4.1: AIGP plus the distance; a route without one loses."""
    low = route((1, 2, 3), extra="801a0b01000b0000000000000005", igp=3)
    high = route((1,), extra="801a0b01000b0000000000000007", igp=2)
    assert order(low, high)
    assert order(high, route((1,)))
    assert rank(low, SETS) == -1


@pytest.mark.parametrize(
    ("aigp", "igp", "total"),
    [
        (5, 3, 8),
        (5, 0, 6),  # a distance is never 0
        (5, 1, 6),
        (2**64 - 3, 1, 2**64 - 2),
        (2**64 - 2, 1, MOST),
        (2**64 - 2, 100, MOST),
        (MOST, 0, MOST),
        (5, UNKNOWN_METRIC, MOST),
        (5, 2**32 - 1, MOST),
    ],
)
def test_the_total_of_aigp_and_distance(aigp, igp, total):
    """RFC 7311, 3.4 and 4.1."""
    rte = route(extra=f"801a0b01000b{aigp:016x}", igp=igp)
    assert aigp_total(rte) == total
    assert passed_on(find(rte.attrs.wire, 26), rte.hop).hex() == f"01000b{total:016x}"
    assert order(route((1, 2), extra=f"801a0b01000b{total - 2:016x}"), rte)


def test_what_cannot_be_reached_has_no_total():
    assert aigp_total(route(extra="801a0b01000b0000000000000005", resolvable=False)) == MOST
    assert aigp_total(route()) == MOST


def test_an_unknown_total_is_as_good_as_none():
    """BIRD's answer: the path decides."""
    unknown = route((1, 2), extra="801a0b01000b0000000000000005", igp=UNKNOWN_METRIC)
    assert order(route((1,)), unknown)
    assert order(unknown, route((1, 2, 3)))


@pytest.mark.parametrize(
    ("best", "other", "text"),
    [
        ({}, {"resolvable": False}, "unreachable next hop"),
        ({}, {"pref": 200, "extra": LLGR_STALE}, "long-lived stale"),
        ({"pref": 200}, {}, "lower local preference"),
        ({"extra": AIGP_5}, {}, "higher AIGP or none"),
        ({}, {"path": (1, 2)}, "longer path"),
        ({}, {"origin": 1}, "higher origin"),
        ({}, {"med": 5}, "higher MED"),
        ({}, {"remote_as": 65001}, "internal"),
        ({"igp": 1}, {"igp": 2}, "higher IGP metric"),
        ({"time": 1.0, "prefer_older": True}, {"time": 2.0, "router_id": 1}, "younger"),
        ({}, {"router_id": 3}, "higher router id"),
        ({"extra": ORIGINATOR_2}, {"extra": ORIGINATOR_2 + "800a0400000001"}, "longer cluster list"),
        ({}, {"address": "10.0.0.3"}, "higher address"),
    ],
)
def test_the_step_that_a_route_lost_is_told(best, other, text):
    first, second = route(**best), route(**other)
    assert order(first, second)
    assert step(first, second) == text
    assert why_lost(second, (first, second)) == text
    assert why_lost(first, (first, second)) == ""


def test_a_route_that_is_better_than_the_best_names_who_beats_it():
    """MED is compared within a neighboring AS only, so better is not transitive."""
    best = route(path=(65003,), router_id=2)
    beaten = route(path=(65002,), router_id=1, med=9)
    beats_it = route(path=(65002,), router_id=3, med=1)
    assert order(beaten, best)
    assert why_lost(beaten, (best, beaten, beats_it)) == "higher MED, than that of s3"


def test_other_protocols_lose_by_preference_and_name():
    first = route(router_id=1)
    second = Rte(first.attrs, RouteSource("s2", 11, SELECTION), first.hop, 90, 0.0)
    assert why_lost(second, (first, second)) == "lower preference"
    other = Rte(first.attrs, RouteSource("z", 1, Selection()), first.hop, 100, 0.0)
    assert why_lost(other, (first, other)) == "name of the protocol"


def test_the_rank_agrees_with_the_full_comparison():
    routes = [
        route(path, pref=pref, origin=origin)
        for path in ((), (1,), (1, 2), tuple(range(1, 1000)))
        for pref in (0, 100, 2**32 - 1)
        for origin in (0, 1, 2)
        if len(path) < 60
    ]
    for one in routes:
        assert 0 <= rank(one, SETS) < 1 << RANK_BITS
        for two in routes:
            if rank(one, SETS) > rank(two, SETS):
                assert better(one, two)


def test_what_does_not_fit_in_the_rank_is_compared_in_full():
    assert rank(route(path_metric=False), SETS) == -1
    long = b"".join(b"\x02\xff" + b"\0\0\0\1" * 255 for _ in range(5))
    wire = octets("40010100") + b"\x50\x02" + len(long).to_bytes(2, "big") + long
    assert rank(Rte(SETS.intern(wire), route().source, route().hop, 100, 0.0), SETS) == -1


def test_multipath_takes_what_differs_in_tie_breakers_only():
    assert mergeable(route(router_id=1), route(router_id=2, address="10.0.0.3"))
    assert not mergeable(route(igp=1), route(igp=2))
    assert not mergeable(route(), route((65002, 7)))
    assert not mergeable(route(), route(remote_as=65001))


def test_med_decides_within_a_neighboring_as_first():
    """RFC 4271, 9.1.2.2 c: `deterministic med`; without it the order of the names decides."""

    def routes(**options):
        return [
            route((1, 9), med=10, router_id=3, igp=10, **options),
            route((2, 9), router_id=4, igp=5, **options),
            route((1, 9), med=5, router_id=5, igp=20, **options),
        ]

    plain, grouped = routes(), routes(deterministic_med=True)
    # pair by pair: 2 beats 1 by the metric, and 3 does not beat 2
    assert choose(plain, False)[0] is plain[1]
    assert choose(grouped, False)[0] is grouped[1]
    plain, grouped = routes(), routes(deterministic_med=True)
    for some in (plain, grouped):
        some[0].hop.igp_metric, some[1].hop.igp_metric, some[2].hop.igp_metric = 3, 5, 20
    # the first beats the second by the metric, the third the first by MED; but the second is nearer
    assert choose(plain, False)[0] is plain[2]
    assert choose(grouped, False)[0] is grouped[1]


def test_grouped_selection_does_not_depend_on_the_order_of_arrival():
    routes = [
        route((1, 9), med=10, router_id=3, igp=3, deterministic_med=True),
        route((2, 9), router_id=4, igp=5, deterministic_med=True),
        route((1, 9), med=5, router_id=5, igp=20, deterministic_med=True),
    ]
    for order_ in permutations(routes):
        assert choose(list(order_), False)[0] is routes[1]


def test_withdrawal_of_a_route_that_is_not_the_best_may_change_the_best():
    """RFC 4271, 9.1.2.2 c: with `deterministic med` it may have kept another of its AS from winning."""
    near = route((1, 9), med=10, router_id=3, igp=3, deterministic_med=True)
    best = route((2, 9), router_id=4, igp=5, deterministic_med=True)
    preferred = route((1, 9), med=5, router_id=5, igp=20, deterministic_med=True)
    table = Table(TableConfig("t", NetType.IP4))
    key = Prefix.parse("10.0.0.0/8").key
    for rte in (near, best, preferred):
        table.announce([key], rte)
    assert table.best(key) is best
    table.withdraw([key], preferred.source)
    assert table.best(key) is near
    assert (best.source.best, near.source.best) == (0, 1)


@st.composite
def histories(draw):
    """Routes that come, are replaced and go, of few sources with few values, so that ties are frequent."""
    found = []
    for _ in range(draw(st.integers(1, 25))):
        number = draw(st.integers(1, 6))
        if draw(st.integers(0, 3)) == 0:
            found.append((number, None))
            continue
        first = draw(st.sampled_from([65002, 65003]))
        values = {
            "path": (first,) * draw(st.integers(1, 2)),
            "med": draw(st.sampled_from([None, 1, 2])),
            "pref": draw(st.sampled_from([100, 100, 200])),
            "igp": draw(st.sampled_from([None, 1])),
            "extra": draw(st.sampled_from(["", "", "", AIGP_5])),
            "resolvable": draw(st.sampled_from([True, True, False])),
            "deterministic_med": draw(st.booleans()),
            "path_metric": draw(st.sampled_from([True, True, False])),
        }
        found.append((number, values))
    return found


def test_a_route_of_equal_rank_has_its_part_in_the_selection():
    worse, better_ = route(router_id=2, address="10.0.0.2"), route(router_id=1, address="10.0.0.1")
    lower = route((1, 2), router_id=3)
    assert worse.rank == better_.rank > lower.rank
    for each in permutations([worse, better_, lower]):
        assert choose(list(each), False)[0] is better_


@settings(max_examples=300, deadline=None)
@given(histories(), st.booleans())
def test_the_best_route_of_a_table_is_the_best_of_all_whatever_came_before(history, in_order):
    table = Table(TableConfig("t", NetType.IP4, sorted=in_order))
    sources: dict[int, RouteSource] = {}
    held: dict[int, Rte] = {}
    for number, values in history:
        if values is None:
            table.withdraw([KEY], sources.setdefault(number, route(router_id=number).source))
            held.pop(number, None)
            continue
        rte = route(router_id=number, address=f"10.0.0.{number}", **values)
        peer = rte.source.peer
        source = sources.setdefault(number, rte.source)
        rte = Rte(rte.attrs, source, rte.hop, 100, 0.0)
        if number not in held:
            source.peer = peer  # of a new session; the same for all its routes
        set_rank(rte, SETS)
        table.announce([KEY], rte)
        held[number] = rte
        routes = table.get(KEY)
        assert len(routes) == len(held)
        assert routes[0] is choose(list(routes), in_order)[0]


def test_a_best_route_that_another_beats_is_decided_anew_by_every_change():
    """A circle: none of the three beats both others, whoever comes or goes."""
    first = route((1, 9), med=10, router_id=3, igp=3)
    nearer_than_third = route((2, 9), router_id=4, igp=5)
    third = route((1, 9), med=5, router_id=5, igp=20)
    circle = [first, nearer_than_third, third]
    assert order(first, nearer_than_third)
    assert order(nearer_than_third, third)
    assert order(third, first)
    last = route((3, 9), router_id=6, igp=30)
    for each in permutations([*circle, last]):
        table = Table(TableConfig("t", NetType.IP4))
        for rte in each:
            table.announce([KEY], rte)
        assert table.best(KEY) is third, "the order of names decides"
        assert table.best(KEY).flags & DISPUTED
        table.withdraw([KEY], nearer_than_third.source)
        assert table.best(KEY) is third
        table.withdraw([KEY], third.source)
        assert table.best(KEY) is first


def test_a_refresh_keeps_that_a_route_is_disputed():
    circle = [
        route((1, 9), med=10, router_id=3, igp=3),
        route((2, 9), router_id=4, igp=5),
        route((1, 9), med=5, router_id=5, igp=20),
    ]
    table = Table(TableConfig("t", NetType.IP4))
    for rte in circle:
        table.announce([KEY], rte)
    best = table.best(KEY)
    for time in (best.time, best.time + 9.0):
        best.source.epoch += 1
        again = ranked(Rte(best.attrs, best.source, best.hop, best.preference, time))
        assert table.announce([KEY], again) == 1
        assert table.best(KEY).epoch == best.source.epoch
        assert table.best(KEY).flags & DISPUTED


def test_a_new_path_is_compared_with_the_best_only():
    """However many paths a network has; all are compared when one wins or the best one goes."""
    peer, hop, compared = route().source.peer, route().hop, 0

    def count(new, old):
        nonlocal compared
        compared += 1
        return better(new, old)

    counting = replace(SELECTION, better=count)
    paths = []
    for number in range(1, 101):
        like = route((65002, number), med=5)
        source = RouteSource("s2", 11, counting, peer=peer, path_id=number)
        paths.append(ranked(Rte(like.attrs, source, hop, 100, 0.0)))

    table = Table(TableConfig("t", NetType.IP4))
    for rte in paths:
        table.announce([KEY], rte)
    assert compared == 99
    compared = 0
    for rte in reversed(paths[50:]):
        table.withdraw([KEY], rte.source)
    assert compared == 0
    table.withdraw([KEY], paths[0].source)
    assert compared < 100
    assert table.best(KEY) is paths[1]


@settings(max_examples=200, deadline=None)
@given(st.permutations(range(6)), st.lists(st.integers(0, 5), max_size=6), st.data())
def test_what_beats_all_others_is_best(arrival, leaving, data):
    """By the definition alone: `better` of each pair; in circles any, but always the same."""
    routes = [
        route(
            (data.draw(st.sampled_from([65002, 65003])),),
            med=data.draw(st.sampled_from([None, 1, 2])),
            igp=data.draw(st.sampled_from([1, 2])),
            router_id=number + 1,
            prefer_older=data.draw(st.booleans()),
            med_metric=data.draw(st.integers(0, 4)) == 0,
            time=float(data.draw(st.integers(0, 2))),
        )
        for number in range(6)
    ]
    table = Table(TableConfig("t", NetType.IP4))
    for number in arrival:
        table.announce([KEY], routes[number])
    for number in dict.fromkeys(leaving):
        table.withdraw([KEY], routes[number].source)
    held = [rte for number, rte in enumerate(routes) if number not in leaving]
    if not held:
        assert table.best(KEY) is None
        return
    champions = [rte for rte in held if all(rte is other or better(rte, other) for other in held)]
    if champions:
        assert [table.best(KEY)] == champions
    else:
        assert table.best(KEY) is choose(held, False)[0]
