"""What a receiver holds is table x filter, whatever happened on the way.

Neither its own routes nor those that it is the next hop of are for it.
"""

from dataclasses import replace
from typing import Any
from unittest.mock import patch

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pybird.conf.model import Limit
from pybird.core import channel, scheduler
from pybird.core.channel import soften
from pybird.core.export.exporter import ExportMode
from pybird.core.selection import choose
from pybird.filter import nodes as n
from pybird.filter.nodes import ACCEPT, REJECT, Filter
from tests.core.world import World, ipv4, peer

NETS = ["10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24", "10.1.2.0/24", "10.2.0.0/16", "10.2.1.0/24", "0.0.0.0/0"]
NAMES = ["a", "b", "c", "any"]
RECEIVERS = {"a": 1, "b": 2, "c": 1, "any": 3}  # two members may be the way to one router


def when(condition: n.Node) -> Filter:
    return Filter(None, n.Block((n.If(condition, n.Decide("reject")), n.Decide("accept"))))


FILTERS = {
    "all": (ACCEPT, lambda net, med: True),
    "none": (REJECT, lambda net, med: False),
    "med": (when(n.Binary("=", n.Attribute("med"), n.Literal("int", 1))), lambda net, med: med != 1),
    "med2": (when(n.Binary(">", n.Attribute("med"), n.Literal("int", 1))), lambda net, med: med <= 1),
    "length": (
        when(n.Binary(">", n.Method(n.Attribute("net"), "len"), n.Literal("int", 16))),
        lambda net, med: net[0] <= 16,
    ),
}

peers = st.sampled_from(NAMES)
nets = st.lists(st.sampled_from(NETS), min_size=1, max_size=4)
step = st.one_of(
    st.tuples(
        st.just("announce"),
        peers,
        nets,
        st.integers(1, 3),
        st.sampled_from([100, 100, 200]),
        st.sampled_from([0, 0, 1, 2, 3]),
    ),
    st.tuples(st.just("withdraw"), peers, nets),
    st.tuples(st.just("filter"), peers, st.sampled_from(sorted(FILTERS))),
    st.tuples(st.just("soft"), peers, st.sampled_from(sorted(FILTERS))),
    st.tuples(st.just("mode"), peers, st.sampled_from([ExportMode.OPTIMAL, ExportMode.ACCEPTED])),
    st.tuples(st.just("limit"), peers, st.sampled_from([None, 1, 3])),
    st.tuples(st.just("pause"), peers),
    st.tuples(st.just("resume"), peers),
    st.tuples(st.just("restart"), peers),
    st.tuples(st.just("refeed"), peers),
    st.tuples(st.just("run"), st.integers(1, 4)),
)


class Model:
    def __init__(self) -> None:
        configs = [peer(name, receiver=RECEIVERS[name]) for name in NAMES[:-1]]
        self.world = World().load(*configs, peer("any", mode=ExportMode.ACCEPTED, receiver=RECEIVERS["any"]))
        self.filters = dict.fromkeys(NAMES, "all")
        self.soft: set[str] = set()  # whose routes were not all judged by the filter of now
        self.limits: dict[str, int | None] = dict.fromkeys(NAMES)
        self.most: dict[str, int] = {}  # routes that a limit allows, or that were there before it
        self.modes = {**dict.fromkeys(NAMES, ExportMode.OPTIMAL), "any": ExportMode.ACCEPTED}

    def apply(self, action: str, *arguments: Any) -> None:
        if action == "run":
            for _ in range(arguments[0]):
                self.world.clock.step()
            return
        target = self.world[arguments[0]]
        match action:
            case "announce":
                toward = arguments[4] if len(arguments) > 4 else 0
                target.announce(*arguments[1], med=arguments[2], preference=arguments[3], toward=toward)
            case "withdraw":
                target.withdraw(*arguments[1])
            case "filter":
                self.filters[target.name] = arguments[1]
                self.reconfigure(target)
            case "soft":
                self.filters[target.name] = arguments[1]
                self.soft.add(target.name)
                self.reconfigure(target)
            case "limit":
                if arguments[1] is not None and arguments[1] != self.limits[target.name]:
                    self.most[target.name] = max(arguments[1], len(target.got))
                self.limits[target.name] = arguments[1]
                self.reconfigure(target)
            case "mode":
                self.modes[target.name] = arguments[1]
                target.config = replace(target.config, mode=arguments[1])
                target.channel.reload_exports()
            case "pause":
                target.channel.pause()
            case "resume":
                target.channel.resume()
            case "refeed":
                target.channel.refeed()
            case "restart":
                self.world.router.restart(target)

    def reconfigure(self, target: Any) -> None:
        count = self.limits[target.name]
        limit = Limit(count, "block") if count is not None else None
        target.channel.reconfigure(
            ipv4(export_filter=FILTERS[self.filters[target.name]][0], export_limit=limit)
        )
        if target.name in self.soft:
            soften([target.channel])
        else:
            target.channel.reload_exports()

    def expected(self, name: str) -> dict[bytes, Any]:
        table = self.world.router.tables["master4"]
        accepts = FILTERS[self.filters[name]][1]
        found = {}
        for net in list(table.keys()):
            every = self.modes[name] is ExportMode.ACCEPTED
            routes = choose(list(table.get(net)), True) if every else table.get(net)[:1]
            for rte in routes:
                own = rte.source.name == name
                others = dict(rte.attrs.other)
                leads = others.get("toward") == RECEIVERS[name]
                if accepts(net, others["med"]) and not own and not leads:
                    found[net] = (rte.attrs, rte.source.name, ())
                    break
        return found


def interleave(model: Model, steps: list[Any]) -> None:
    for action in steps:
        model.apply(*action)
    for name in NAMES:
        model.world[name].channel.resume()
    model.world.clock.run()
    for name in model.soft:
        target = model.world[name]
        assert target.channel.exported == len(target.got), name
        assert target.spurious == 0, name
        target.channel.refeed()
    model.world.clock.run()


@settings(max_examples=200, deadline=None)
@given(st.lists(step, max_size=40))
@example(
    [  # a and c are the next hop, and still are after a change: nothing to withdraw from them
        ("run", 4),
        ("announce", "b", ["10.0.0.0/8"], 1, 100, 1),
        ("run", 4),
        ("announce", "b", ["10.0.0.0/8"], 2, 100, 1),
        ("run", 4),
    ]
)
@example(
    [  # the group that `configure soft` makes knows who had nothing
        ("run", 4),
        ("announce", "b", ["10.0.0.0/8"], 1, 100, 1),
        ("run", 4),
        ("soft", "a", "med2"),
        ("run", 4),
        ("withdraw", "b", ["10.0.0.0/8"]),
        ("run", 4),
    ]
)
@example(
    [  # it had a worse route while its own is the best, and must lose it with the mode
        ("announce", "a", ["10.0.0.0/8"], 1, 100),
        ("announce", "any", ["10.0.0.0/8"], 1, 200),
        ("mode", "any", ExportMode.OPTIMAL),
    ]
)
@example(
    [  # a bucket that nobody was fed is gone when another member joins, and comes back
        ("pause", "a"),
        ("pause", "b"),
        ("announce", "c", ["10.0.0.0/8", "10.1.0.0/16"], 1, 100),
        ("filter", "a", "med"),
        ("run", 1),
        ("withdraw", "c", ["10.1.0.0/16"]),
        ("run", 4),
        ("filter", "b", "med"),
        ("resume", "b"),
        ("run", 4),
        ("announce", "c", ["10.1.0.0/16"], 2, 100),
    ]
)
@example(
    [  # two limits and a filter within one walk
        ("announce", "a", NETS, 1, 100),
        ("run", 4),
        ("limit", "b", 3),
        ("run", 1),
        ("limit", "b", 1),
        ("filter", "b", "length"),
        ("run", 1),
        ("limit", "b", None),
        ("withdraw", "a", ["10.1.0.0/16"]),
    ]
)
@example(
    [  # above a lowered limit, within one walk, some go by a new filter
        ("announce", "a", NETS, 1, 100),
        ("run", 4),
        ("limit", "b", 3),
        ("run", 1),
        ("filter", "b", "length"),
        ("run", 1),
        ("limit", "b", 1),
        ("announce", "a", ["10.1.0.0/16"], 2, 100),
        ("run", 1),
        ("withdraw", "a", ["10.0.0.0/8"]),
    ]
)
def test_what_was_sent_is_table_times_filter(steps):
    with patch.object(scheduler, "SLICE", 2), patch.object(channel, "SLICE", 2):
        model = Model()
        interleave(model, steps)
    table = model.world.router.tables["master4"]
    for name in NAMES:
        target = model.world[name]
        expected = model.expected(name)
        limit = model.limits[name]
        if limit is not None:
            least = min(limit, len(expected))
            assert least <= len(target.got) <= max(least, model.most[name]), name
            expected = {net: expected[net] for net in target.got}
        assert target.got == expected, name
        assert target.channel.exported == len(target.got), name
        assert target.spurious == 0, name
        assert target.state.value == "up"
    routes = [table.get(net) for net in list(table.keys())]
    for name in NAMES:
        mine = model.world[name].channel
        assert mine.imported == sum(rte.source.name == name for some in routes for rte in some)
        assert mine.preferred == sum(some[0].source.name == name for some in routes)
    assert not [line for line in model.world.log.lines if "<bug>" in line]
