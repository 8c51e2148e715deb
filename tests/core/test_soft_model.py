"""`configure soft`: each route is as the filter left it that judged it last, whatever an operator does.

A new filter judges what changes from then on. What it has not judged stays as
it was until `reload`, a refresh, a restart or a `configure` that changes the
filter again without `soft` (the manual, "Remote control").
"""

from dataclasses import replace
from random import Random
from typing import Any
from unittest.mock import patch

import pytest

from pybird.core import channel, scheduler
from pybird.core.export.exporter import ExportMode
from pybird.core.life import ProtocolState
from pybird.filter import nodes as n
from pybird.filter.nodes import ACCEPT, REJECT, Filter
from tests.core.world import PEER, Peer, World, config, ipv4, key, peer

NETS = ["10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24", "10.2.0.0/16", "10.2.1.0/24", "11.0.0.0/8", "0.0.0.0/0"]
NAMES = ["a", "b", "c", "any"]
PREFERENCE = {name: 100 + at for at, name in enumerate(NAMES)}
SEEDS = 30

MED = n.Attribute("med")


def tag(digit: int, longest: int) -> Filter:
    """Rejects long prefixes; of the others the last digit of `med` tells which filter it was."""
    longer = n.Binary(">", n.Method(n.Attribute("net"), "len"), n.Literal("int", longest))
    shifted = n.Binary("+", n.Binary("*", MED, n.Literal("int", 10)), n.Literal("int", digit))
    statements = (n.If(longer, n.Decide("reject")), n.Assign(MED, shifted), n.Decide("accept"))
    return Filter(None, n.Block(statements))


FILTERS = [ACCEPT, REJECT, tag(2, 32), tag(3, 16), tag(4, 32)]
RULES = [
    lambda net, med: med,
    lambda net, med: None,
    lambda net, med: med * 10 + 2,
    lambda net, med: med * 10 + 3 if net[0] <= 16 else None,
    lambda net, med: med * 10 + 4,
]


class Neighbor(Peer):
    """Announces again what it announced when it is asked for a refresh."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.raw: dict[str, int] = {}

    def request_refresh(self, channel: Any) -> bool:
        for net, med in self.raw.items():
            self.announce(net, med=med, preference=PREFERENCE[self.name])
        return True


NEIGHBOR = replace(PEER, instance=Neighbor)
Neighbor.type = NEIGHBOR


class Story:
    """One operator, one router, and what each route must be."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.filters = dict.fromkeys(NAMES, (0, 0))
        self.before: tuple[dict[str, tuple[int, int]], bool] | None = None
        self.world = World(NEIGHBOR)
        self.router = self.world.router
        self.router.configure(self.config())
        self.paused: set[str] = set()
        self.routes: dict[bytes, dict[str, int]] = {key(net): {} for net in NETS}
        self.sent: dict[str, dict[bytes, tuple[str, int]]] = {name: {} for name in NAMES}

    def config(self) -> Any:
        wanted = []
        for name, (imports, exports) in self.filters.items():
            mode = ExportMode.ACCEPTED if name == "any" else ExportMode.OPTIMAL
            options = {"import_filter": FILTERS[imports], "export_filter": FILTERS[exports]}
            wanted.append(peer(name, ipv4(**options), mode=mode))
        return config(*wanted)

    def up(self, name: str) -> bool:
        return self.world[name].state is ProtocolState.UP

    # what the manual says -------------------------------------------------

    def judge(self, name: str, net: bytes) -> None:
        """The export filter of now decides about a network."""
        self.sent[name].pop(net, None)
        if not self.up(name):
            return
        ranked = sorted(self.routes[net], key=PREFERENCE.__getitem__, reverse=True)
        for owner in ranked if name == "any" else ranked[:1]:
            out = RULES[self.filters[name][1]](net, self.routes[net][owner])
            if out is not None and owner != name:
                self.sent[name][net] = (owner, out)
                return

    def arrived(self, name: str, net: bytes, med: int | None) -> None:
        """A route came, or went; who exports it judges it when it is another one."""
        routes = self.routes[net]
        best = self.best(net)
        after = None if med is None else RULES[self.filters[name][0]](net, med)
        if routes.get(name) == after:
            return
        routes.pop(name, None)
        if after is not None:
            routes[name] = after
        for other in NAMES:
            if other == "any" or self.best(net) != best:
                self.judge(other, net)

    def best(self, net: bytes) -> Any:
        return max(((PREFERENCE[name], med) for name, med in self.routes[net].items()), default=None)

    def reloaded(self, name: str, imports: bool, exports: bool) -> None:
        if imports:
            for net, med in self.world[name].raw.items():
                self.arrived(name, key(net), med)
        if exports:
            if name in self.paused:  # a walk that waits goes by the filter of the time when it goes on
                self.pause(name)
            for net in self.routes:
                self.judge(name, net)

    # what may happen ------------------------------------------------------

    def act(self) -> str:
        acts = [self.announce] * 4 + [self.withdraw] * 2 + [self.soften] * 3
        acts += [self.configure, self.undo, self.reload, self.refresh, self.toggle, self.pause]
        act = self.random.choice(acts)
        name = self.random.choice(NAMES)
        act(name)
        self.world.clock.run()
        return f"{act.__name__} {name}"

    def announce(self, name: str) -> None:
        if not self.up(name):
            return
        neighbor = self.world[name]
        for net in self.random.sample(NETS, self.random.randint(1, 3)):
            med = self.random.randint(1, 3)
            neighbor.raw[net] = med
            neighbor.announce(net, med=med, preference=PREFERENCE[name])
            self.arrived(name, key(net), med)

    def withdraw(self, name: str) -> None:
        if not self.up(name):
            return
        neighbor = self.world[name]
        for net in self.random.sample(NETS, 2):
            neighbor.raw.pop(net, None)
            neighbor.withdraw(net)
            self.arrived(name, key(net), None)

    def soften(self, name: str) -> None:
        self.go(self.drawn(), soft=True)

    def configure(self, name: str) -> None:
        self.go(self.drawn(), soft=False)

    def drawn(self) -> dict[str, tuple[int, int]]:
        """Other filters for some, often the same one for all that share a group."""
        wanted = dict(self.filters)
        exports = self.random.randrange(len(FILTERS))
        for name in self.random.sample(NAMES, self.random.choice([0, 1, 2, 3, 4])):
            imports = self.random.choice([wanted[name][0], self.random.randrange(len(FILTERS))])
            wanted[name] = (imports, exports)
        return wanted

    def go(self, wanted: dict[str, tuple[int, int]], soft: bool) -> None:
        old, self.filters = self.filters, wanted
        self.before = (old, soft)
        down = self.down()
        self.router.reconfigure(self.config(), soft)
        self.follow(old, soft, down)

    def down(self) -> list[str]:
        return [name for name in NAMES if not self.up(name)]

    def undo(self, name: str) -> None:
        down = self.down()
        self.router.reconfiguration.undo()
        if self.before is not None:
            (wanted, soft), self.before = self.before, None
            old, self.filters = self.filters, wanted
            self.follow(old, soft, down)

    def follow(self, old: dict[str, tuple[int, int]], soft: bool, down: list[str]) -> None:
        """Who was disabled begins anew, the others have other filters."""
        for name in NAMES:
            if name in down:
                self.reloaded(name, False, True)
            elif not soft:
                was, now = old[name], self.filters[name]
                self.reloaded(name, was[0] != now[0], was[1] != now[1])

    def reload(self, name: str) -> None:
        imports, exports = self.random.choice([(True, True), (True, False), (False, True)])
        if self.up(name):
            self.router.reload(self.world[name], imports, exports)
            self.reloaded(name, imports, exports)

    def refresh(self, name: str) -> None:
        """The neighbor asks for all routes."""
        if self.up(name):
            self.world[name].channel.refeed()
            self.reloaded(name, False, True)

    def toggle(self, name: str) -> None:
        neighbor = self.world[name]
        self.paused.discard(name)
        if self.up(name):
            neighbor.raw.clear()
            self.router.disable(neighbor)
            self.world.clock.run()
            self.sent[name].clear()
            for net in self.routes:
                self.arrived(name, net, None)
        else:
            self.router.enable(neighbor)
            self.reloaded(name, False, True)

    def pause(self, name: str) -> None:
        """Its transport backs up, or drains."""
        if name in self.paused:
            self.paused.discard(name)
            self.world[name].channel.resume()
        elif self.up(name):
            self.paused.add(name)
            self.world[name].channel.pause()

    # what must hold -------------------------------------------------------

    def check(self, story: list[str]) -> None:
        for name in NAMES:
            if name in self.paused or not self.up(name):
                continue
            target = self.world[name]
            got = {net: (form[1], dict(form[0].other)["med"]) for net, form in target.got.items()}
            assert got == self.sent[name], f"{name}: {story}"
            assert target.spurious == 0, f"{name}: {story}"
            assert target.channel.exported == len(got), f"{name}: {story}"
            told = {net: target.channel.exports(net) for net in self.routes}
            shown = {net: dict(rte.attrs.other)["med"] for net, rte in told.items() if rte is not None}
            assert shown == {net: med for net, (_, med) in got.items()}, f"{name}: {story}"
        assert not [line for line in self.world.log.lines if "<bug>" in line]


def live(seed: int) -> None:
    with patch.object(scheduler, "SLICE", 2), patch.object(channel, "SLICE", 2):
        story = Story(seed)
        acts: list[str] = []
        for _ in range(40):
            acts.append(story.act())
            story.check(acts)


@pytest.mark.parametrize("first", range(0, SEEDS, 10))
def test_each_route_is_as_the_filter_left_it_that_judged_it_last(first):
    for seed in range(first, first + 10):
        try:
            live(seed)
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise


@pytest.mark.long
@pytest.mark.parametrize("first", range(1000, 5000, 500))
def test_each_route_is_as_the_filter_left_it_with_thousands_of_seeds(first):
    for seed in range(first, first + 500):
        try:
            live(seed)
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
