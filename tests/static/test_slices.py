"""Many static routes: they come, change and go in slices, and end where the last config says."""

from random import Random

import pytest

from pybird.proto.static import static
from tests.conf.loading import load
from tests.core.test_static import config, start

SLICE = 4


@pytest.fixture(autouse=True)
def small_slices(monkeypatch):
    monkeypatch.setattr(static, "SLICE", SLICE)


def routes(random, count):
    """Some routes, several to one network, some over a gateway that does not work."""
    targets = ("blackhole", "via 192.0.2.9", "via 203.0.113.9", "unreachable", "prohibit { bgp_med = 5; }")
    return [f"10.{random.randrange(30)}.0.0/16 {random.choice(targets)}" for _ in range(count)]


def held(world):
    table = world.router.tables["master4"]
    found = {}
    for key in list(table.keys()):
        best, *others = [
            (rte.source.path_id, rte.hop.dest, rte.hop.nexthops, rte.attrs.wire) for rte in table.get(key)
        ]
        found[key] = [best, *sorted(others)]
    return found


def test_the_first_slice_comes_at_once_and_the_others_in_turns():
    world = start("", *[f"10.{number}.0.0/16 blackhole" for number in range(20)])
    assert len(held(world)) == 20
    many = config("", *[f"10.{number}.0.0/16 unreachable" for number in range(60)])
    world.router.reconfigure(load(many))
    before = world.router.protocols["s"].channels["ipv4"].statistics.import_updates.received
    world.clock.step()
    after = world.router.protocols["s"].channels["ipv4"].statistics.import_updates.received
    assert after - before <= SLICE
    world.clock.run()
    assert len(held(world)) == 60


@pytest.mark.parametrize("seed", range(12))
def test_whatever_comes_within_a_change_the_last_config_holds(seed):
    random = Random(f"static {seed}")
    world = start("", *routes(random, 30))
    wanted = ()
    for _ in range(6):
        wanted = routes(random, random.choice([0, 5, 40]))
        world.router.reconfigure(load(config("", *wanted)))
        for _ in range(random.choice([0, 1, 7])):
            world.clock.step()
        instance = world.router.protocols["s"]
        match random.choice(["go on", "again", "toggle"]):
            case "again":
                world.router.reload(instance, imports=True, exports=False)
            case "toggle":
                world.router.disable(instance)
                world.clock.step()
                world.router.enable(instance)
    world.clock.run()
    assert held(world) == held(start("", *wanted))
    assert world.router.protocols["s"].channels["ipv4"].imported == sum(map(len, held(world).values()))
    assert not [line for line in world.log.lines if "<bug>" in line]
