"""Where all routes of a network are sent, a receiver holds all that its filter accepts, whatever happened.

Each is there once, under an id that no other route of the network has; not those of the receiver itself, nor
those that it is the next hop of.
"""

from collections import Counter
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pybird.core import channel, scheduler
from pybird.core.export import paths
from pybird.core.export.exporter import ExportMode
from pybird.core.policy import PATH_ID
from tests.core.test_export_model import FILTERS, NAMES, NETS, RECEIVERS, Model, interleave, nets, peers
from tests.core.world import World, key, peer

ALL = ("b", "c", "any")
ids = st.sampled_from([0, 0, 1, 2])
step = st.one_of(
    st.tuples(
        st.just("announce"),
        peers,
        nets,
        st.integers(1, 3),
        st.sampled_from([100, 100, 200]),
        st.sampled_from([0, 0, 1, 2, 3]),
        ids,
    ),
    st.tuples(st.just("withdraw"), peers, nets, ids),
    st.tuples(st.just("filter"), peers, st.sampled_from(sorted(FILTERS))),
    st.tuples(st.just("soft"), peers, st.sampled_from(sorted(FILTERS))),
    st.tuples(st.just("limit"), peers, st.sampled_from([None, 1, 3])),
    st.tuples(st.just("pause"), peers),
    st.tuples(st.just("resume"), peers),
    st.tuples(st.just("restart"), peers),
    st.tuples(st.just("refeed"), peers),
    st.tuples(st.just("run"), st.integers(1, 4)),
)


class PathModel(Model):
    """Receiver `a` gets the best routes, the others all."""

    def __init__(self) -> None:
        super().__init__()
        self.modes = {"a": ExportMode.OPTIMAL, **dict.fromkeys(ALL, ExportMode.ALL)}
        configs = [peer(name, receiver=RECEIVERS[name], mode=self.modes[name]) for name in NAMES]
        self.world = World().load(*configs)

    def apply(self, action: str, *arguments: Any) -> None:
        if action == "announce":
            name, there, med, preference, toward, path = arguments
            self.world[name].announce(*there, med=med, preference=preference, toward=toward, path=path)
        elif action == "withdraw":
            self.world[arguments[0]].withdraw(*arguments[1], path=arguments[2])
        else:
            super().apply(action, *arguments)

    def all_expected(self, name: str) -> Counter[Any]:
        """(network, form) of each route that the receiver is to have."""
        table = self.world.router.tables["master4"]
        accepts = FILTERS[self.filters[name]][1]
        found: Counter[Any] = Counter()
        for net in list(table.keys()):
            for rte in table.get(net):
                others = dict(rte.attrs.other)
                apart = rte.source.name == name or others.get("toward") == RECEIVERS[name]
                if accepts(net, others["med"]) and not apart:
                    found[net, (rte.attrs, rte.source.name, ())] += 1
        return found


def got(target: Any) -> Counter[Any]:
    return Counter((path[PATH_ID:], form) for path, form in target.got.items())


@settings(max_examples=200, deadline=None)
@given(st.lists(step, max_size=40))
@example(
    [  # the id of a source that has gone is another's, for the same network
        ("announce", "a", ["10.0.0.0/8"], 1, 100, 0, 1),
        ("run", 4),
        ("pause", "b"),
        ("withdraw", "a", ["10.0.0.0/8"], 1),
        ("announce", "c", ["10.0.0.0/8"], 2, 100, 0, 2),
        ("run", 4),
    ]
)
def test_all_routes_that_the_filter_accepts_are_sent(steps):
    with (
        patch.object(scheduler, "SLICE", 2),
        patch.object(channel, "SLICE", 2),
        patch.object(paths, "SLICE", 2),
    ):
        model = PathModel()
        interleave(model, steps)
    for name in ALL:
        target = model.world[name]
        expected, there = model.all_expected(name), got(target)
        limit = model.limits[name]
        if limit is None:
            assert there == expected, name
        else:
            least = min(limit, expected.total())
            assert least <= len(target.got) <= max(least, model.most[name]), name
            assert there <= expected, name
        assert target.channel.exported == len(target.got), name
        assert target.spurious == 0, name
        for net in map(key, NETS):
            sent = [rte.source.name for rte in target.channel.exported_routes(net)]
            assert sorted(sent) == sorted(form[1] for (where, form) in there.elements() if where == net), name
    if model.limits["a"] is None:
        assert model.world["a"].got == model.expected("a")
    check_table(model.world)
    assert not [line for line in model.world.log.lines if "<bug>" in line]


def check_table(world: World) -> None:
    """The table of paths has each route of its table once, and knows of nothing else."""
    base = world.router.tables["master4"]
    table = base.paths
    assert isinstance(table, paths.PathTable)
    for bid in list(table.buckets):
        table.bucket(bid)
    held = Counter(path[PATH_ID:] for path in list(table.keys()))
    assert held == Counter({net: len(base.get(net)) for net in list(base.keys())})
    sources = Counter(rte.source for net in list(base.keys()) for rte in base.get(net))
    assert table._used == sources
    assert len({*table._ids.values()}) == len(sources)
    assert sorted([*table._free, *[int.from_bytes(each) for each in table._ids.values()]]) == [
        *range(1, table._last + 1)
    ]


def load(*names: str) -> World:
    return World().load(peer("a"), *[peer(name, mode=ExportMode.ALL) for name in names])


def test_a_path_keeps_its_id_while_other_routes_come_and_go():
    world = load("b")
    a, b = world["a"], world["b"]
    for path in range(1, 6):
        a.announce("10.0.0.0/8", med=path, path=path)
    world.clock.run()
    before = {form: path for path, form in b.got.items()}
    b.messages.clear()
    a.withdraw("10.0.0.0/8", path=1)
    a.announce("10.0.0.0/8", med=9, path=9)
    world.clock.run()
    after = {form: path for path, form in b.got.items()}
    assert {form: after[form] for form in before if form in after} == {
        form: path for form, path in before.items() if dict(form[0].other)["med"] != 1
    }
    assert sum(len(keys) for announced, _ in b.messages for _, keys in announced) == 1


def test_what_a_refresh_announces_again_is_not_sent_again():
    world = load("b")
    a, b = world["a"], world["b"]
    a.announce("10.0.0.0/8", med=1, path=1)
    a.announce("10.0.0.0/8", med=2, path=2)
    world.clock.run()
    b.messages.clear()
    a.channel.begin_refresh()
    a.announce("10.0.0.0/8", med=1, path=1)
    a.channel.end_refresh()
    world.clock.run()
    assert [(announced, len(withdrawn)) for announced, withdrawn in b.messages] == [([], 1)]


def test_receivers_with_one_filter_share_the_work():
    world = load("b", "c", "d")
    table = world.router.tables["master4"]
    assert table.paths is not None
    (group,) = table.paths.groups.values()
    world["a"].announce("10.0.0.0/8", "10.1.0.0/16", med=1, path=1)
    world.clock.run()
    assert group.exporter.packs == 1
    assert world["b"].got == world["c"].got == world["d"].got
    assert len(world["d"].got) == 2


def test_the_table_of_paths_goes_with_its_last_group():
    world = load("b", "c")
    table = world.router.tables["master4"]
    world["a"].announce("10.0.0.0/8", path=1)
    world.clock.run()
    for name, there in (("b", True), ("c", False)):
        world.router.disable(world[name])
        world.clock.run()
        assert (table.paths is not None) == there
    assert [reader for reader in table.readers if reader.every] == []
    world.router.enable(world["b"])
    world.clock.run()
    assert len(world["b"].got) == 1


@pytest.mark.parametrize("count", [1, 700])
def test_a_feed_of_a_table_that_was_there_before_ends_after_its_routes(count):
    world = load("b")
    b = world["b"]
    world.router.disable(b)
    nets = [f"10.{number >> 8}.{number & 255}.0/24" for number in range(count)]
    for path in (1, 2):
        world["a"].announce(*nets, med=path, path=path)
    world.clock.run()
    ends: list[int] = []
    b.feed_done = lambda _: ends.append(len(b.got))
    world.router.enable(b)
    world.clock.run()
    assert ends == [2 * count]


def test_a_crash_stops_the_receivers_of_paths_and_nobody_else():
    world = load("b", "c")
    table = world.router.tables["master4"].paths
    assert isinstance(table, paths.PathTable)
    net = key("10.0.0.0/8")
    table.base.buckets[table.base.bucket_of(net)] = {net: "no route"}
    table._reader.pending[net] = None
    table._wake()
    world.clock.run()
    assert [world[name].state.value for name in "abc"] == ["up", "down", "down"]
    assert world.router.tables["master4"].paths is None
