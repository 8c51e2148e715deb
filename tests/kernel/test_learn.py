"""Alien routes, many of which go the same way."""

import random

import pytest

from pybird.core.ports import KernelRoute
from pybird.proto.kernel.learn import Aliens
from pybird.values.address import Address
from pybird.values.net import Prefix
from pybird.values.route import Dest, NextHop


def route(net, last=1, metric=0, protocol=4):
    hops = (NextHop(Address.parse(f"10.0.0.{last}"), 2, "eth0"),)
    return KernelRoute(Prefix.parse(net), 254, Dest.UNICAST, hops, metric, protocol)


def test_routes_that_go_the_same_way_share_it():
    aliens = Aliens(everything=False)
    keys = [bytes((24, 10, 0, number)) for number in range(3)]
    for key in keys:
        aliens.put(key, route("10.0.0.0/24"))
    told = [aliens.changed(key)[1] for key in keys]
    assert told[0] is told[1] is told[2]
    aliens.begin_scan()
    for key in keys:
        aliens.scanned(key, route("10.0.0.0/24"))
    aliens.end_scan()
    assert [aliens.changed(key)[0] for key in keys] == [False] * 3
    assert aliens.changed(keys[0])[1] is told[0]


@pytest.mark.parametrize(("protocol", "plain", "everything"), [
    (1, False, True), (2, False, True), (3, True, True), (4, True, True), (12, False, False),
])  # fmt: skip
def test_redirects_and_the_kernels_own_are_learned_with_all_only_and_birds_never(protocol, plain, everything):
    one = route("10.0.0.0/24", protocol=protocol)
    assert [Aliens(all_).wants(one) for all_ in (False, True)] == [plain, everything]


def test_networks_that_no_router_forwards_to_are_not_learned():
    assert not Aliens(everything=True).wants(route("127.0.0.0/8"))


def test_the_best_route_is_told_whatever_came_and_went():
    """Beside a plain model: all routes there are, by metric and owner."""
    chance = random.Random(5)
    aliens = Aliens(everything=False)
    model, told = {}, {}
    keys = [bytes((24, 10, 0, number)) for number in range(4)]
    scanned = None
    for _ in range(4000):
        key = chance.choice(keys)
        one = route("10.0.0.0/24", chance.randint(1, 3), chance.randint(0, 3), chance.choice((3, 4)))
        there = model.setdefault(key, {})
        act = chance.random()
        if act < 0.45:
            aliens.put(key, one)
            there[one.metric, one.protocol] = one
        elif act < 0.9:
            aliens.drop(key, one)
            there.pop((one.metric, one.protocol), None)
        else:
            aliens.begin_scan()
            model = {key: {} for key in keys}
            for other in chance.sample(keys, 3):
                for metric in range(chance.randint(0, 2)):
                    seen = route("10.0.0.0/24", chance.randint(1, 3), metric)
                    aliens.scanned(other, seen)
                    model[other][metric, 4] = seen
            scanned = aliens.end_scan()
        for where in scanned or [key]:
            changed, alien = aliens.changed(where)
            routes = model.get(where, {})
            best = routes[min(routes)] if routes else None
            assert (alien.nexthops if alien else None) == (best.nexthops if best else None)
            assert changed is (told.get(where) != alien)
            told[where] = alien
        scanned = None


def test_what_comes_and_goes_while_a_scan_runs_counts():
    aliens = Aliens(everything=False)
    comes, goes = (bytes((24, 10, 0, number)) for number in range(2))
    aliens.put(goes, route("10.0.1.0/24"))
    assert aliens.changed(goes)[0]
    aliens.begin_scan()
    aliens.scanned(goes, route("10.0.1.0/24"))
    aliens.put(comes, route("10.0.0.0/24"))
    aliens.drop(goes, route("10.0.1.0/24"))
    assert aliens.changed(comes)[0]
    assert aliens.changed(goes) == (True, None)
    assert [aliens.changed(key) for key in aliens.end_scan()] == [(False, aliens.changed(comes)[1])]
    assert aliens.changed(comes)[1] is not None
    assert aliens.changed(goes) == (False, None)
