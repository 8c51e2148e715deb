"""Reloaded, a router is what it would be had it started with that configuration.

Pairs of configurations are drawn from all that other tests read. One router
runs the first and is given the second, another one starts with the second; in
the end protocols, options, channels, tables and the kernel's routes are equal,
whatever commands disabled and enabled before.
"""

from functools import cache
from random import Random

import pytest

from pybird.conf.errors import ConfigErrors
from pybird.core.labels.labeler import LABEL
from pybird.values.net import NetType, net_of
from tests.fuzz.running import world_of
from tests.fuzz.seeds import configs
from tests.fuzz.targets import MAIN, Texts, language
from tests.reload import test_matrix as matrix

BEFORE, SWITCHED, AFTER = 3, 1, 90  # seconds; BGP waits 60 after an error


@cache
def accepted():
    """All configurations that are right."""
    found = []
    for seed in configs():
        try:
            made = language().read(seed.text, MAIN, Texts({**seed.files, MAIN: seed.text}))
        except ConfigErrors:
            continue
        found.append((seed.text, made))
    return found


def started(config):
    """A router with this configuration, beside one that peers with whom it hears."""
    return world_of(language(), config)


def shown(world):
    """All that matters of the router's state."""
    node = world.nodes["a"]
    router = node.router
    found = {"router id": router.router_id, "order": list(router.protocols)}
    for name, instance in router.protocols.items():
        channels = [
            (c.name, c.table.name, c.state, c.export_state, c.imported, c.exported, c.config, c.debug)
            for c in instance.channels.values()
        ]
        found["protocol", name] = instance.config, instance.state, instance.enabled, instance.debug, channels
    for name, table in router.tables.items():
        for number, key in enumerate(table.keys()):
            routes = [
                (rte.source.name, without_label(router, rte), str(rte.hop), rte.preference)
                for rte in table.get(key)
            ]
            # Which labels routes get depends on those that were free.
            net = str(number if table.net_type is NetType.MPLS else net_of(table.net_type, key))
            found["route", name, net] = sorted(routes, key=lambda rte: (rte[0], rte[2]))
    for v4 in (True, False):
        for route in node.host.kernel.routes(v4, 254, 12):
            ways = [(str(way.gateway), way.ifindex) for way in route.nexthops]
            found["kernel", str(route.prefix), route.metric] = route.dest, ways
    return found


def without_label(router, rte):
    return {name: value for name, value in router.pool.view(rte.attrs).items() if name != LABEL}


def switch_some(router, random):
    """Disable and enable what is written otherwise."""
    for instance in list(router.protocols.values()):
        if instance.parent is None and random.random() < 0.3:
            (router.disable if instance.enabled else router.enable)(instance)


def expect_like_a_start(before, after, text="", random=None):
    """A router that is reloaded ends where one that starts does."""
    world = started(before)
    world.run(BEFORE)
    if random is not None and random.random() < 0.5:
        switch_some(world.nodes["a"].router, random)
        world.run(SWITCHED)
    world.nodes["a"].router.reconfigure(after)
    world.run(AFTER)
    fresh = started(after)
    fresh.run(BEFORE + AFTER)
    assert shown(world) == shown(fresh), text
    assert not [line for line in world.log if line.level == "bug"]


def compare(seed, pairs):
    random = Random(seed)
    for _ in range(pairs):
        (one, before), (other, after) = random.choice(accepted()), random.choice(accepted())
        expect_like_a_start(before, after, f"{one}\n---- then\n{other}", random)


@pytest.mark.parametrize("number", range(len(matrix.configs())))
def test_what_the_matrix_changes_ends_where_a_start_does(number):
    """Its plan may be right, and the protocol forget an option that has changed."""
    expect_like_a_start(*matrix.configs()[number])


def test_the_comparison_sees_differences():
    one = started(language().read("router id 1.1.1.1; protocol device {}"))
    other = started(language().read("router id 1.1.1.1; protocol device {} protocol direct { ipv4; }"))
    for world in (one, other):
        world.run(BEFORE)
    assert shown(one) != shown(other)


@pytest.mark.parametrize("seed", range(2))
def test_a_reload_ends_where_a_start_does(seed):
    compare(seed, 100)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 22))
def test_a_reload_ends_where_a_start_does_of_all_seeds(seed):
    compare(seed, 500)
