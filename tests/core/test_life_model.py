"""Whatever operators, reloads and limits do at once: in the end what runs is what the config says.

Random acts on one router, with few turns of the scheduler between them, so that
restarts, removals, flushes and reloads overlap. Each seed is one history.
"""

from dataclasses import replace
from random import Random
from unittest.mock import patch

import pytest

from pybird.conf.model import Limit
from pybird.core import channel, scheduler
from pybird.core.life import ProtocolState
from pybird.core.protocol import Instance
from pybird.filter import nodes as n
from pybird.filter.nodes import ACCEPT, REJECT, Filter
from tests.core.world import MASTER4, MASTER6, World, config, ipv4, peer

SEEDS = 40
NETS = [f"10.{number}.0.0/16" for number in range(12)]
ACTIONS = ("block", "restart", "disable", "warn")
NO_MED_1 = Filter(
    "no_med_1",
    n.Block(
        (
            n.If(n.Binary("=", n.Attribute("med"), n.Literal("int", 1)), n.Decide("reject")),
            n.Decide("accept"),
        )
    ),
)
FILTERS = (ACCEPT, ACCEPT, REJECT, NO_MED_1)


class Life:
    """One router, and everything that it ever ran."""

    def __init__(self, seed):
        self.rng = Random(seed)
        self.world = World()
        self.router = self.world.router
        self.instances = []
        self.children = 0
        self.router.observers[self.saw] = None
        self.router.configure(self.some_config())
        self.world.clock.run()

    def saw(self, instance: Instance):
        if instance not in self.instances:
            self.instances.append(instance)

    def some_config(self):
        rng = self.rng
        protocols = []
        for name in "abc":
            if rng.random() < 0.15:
                continue
            options = {"import_filter": rng.choice(FILTERS), "export_filter": rng.choice(FILTERS)}
            for limit in ("import_limit", "receive_limit"):
                if rng.random() < 0.25:
                    options[limit] = Limit(rng.choice((3, 6)), rng.choice(ACTIONS))
            options["keep_filtered"] = rng.random() < 0.2
            kept = {"restarts_on": rng.choice(("", "x")), "disabled": rng.random() < 0.1, "restart_time": 1}
            protocols.append(peer(name, ipv4(**options), **kept))
        return config(*protocols, tables=(replace(MASTER4, sorted=rng.random() < 0.3), MASTER6))

    def act(self):
        rng, router = self.rng, self.router
        match rng.randrange(4):
            case 0:
                timeout = rng.choice((None, None, 1))
                router.reconfigure(self.some_config(), timeout=timeout)
            case 1 if rng.random() < 0.5:
                router.reconfiguration.undo()
            case _ if router.protocols:
                instance = rng.choice(list(router.protocols.values()))
                self.act_on(instance)

    def act_on(self, instance):
        rng, router = self.rng, self.router
        act = rng.choice(("restart", "disable", "enable", "reload", "child", "refresh", *["routes"] * 4))
        if act in ("restart", "disable", "enable"):
            getattr(router, act)(instance)
        elif act == "reload":
            instance.refreshable = rng.random() < 0.7
            router.reload(instance, imports=rng.random() < 0.5, exports=rng.random() < 0.5)
        elif act == "child":
            self.act_on_child(instance)
        elif act == "refresh":
            rng.choice((instance.channel.begin_refresh, instance.channel.end_refresh))()
        elif rng.random() < 0.3:
            instance.withdraw(*rng.sample(NETS, rng.randint(1, 6)))
        else:
            nets = rng.sample(NETS, rng.randint(1, 6))
            instance.announce(*nets, med=rng.randrange(4), preference=rng.choice((100, 90)))

    def act_on_child(self, instance):
        rng, router = self.rng, self.router
        if instance.parent is None:
            if instance.state is ProtocolState.UP and instance.enabled:
                self.children += 1
                router.spawn(peer(f"child{self.children}"), instance)
        elif rng.random() < 0.5:
            router.remove(instance)
        else:
            router.adapt(instance, peer(instance.name, restarts_on=rng.choice(("", "x", "y"))))

    def settle(self):
        self.world.clock.run(10)
        for instance in self.router.protocols.values():
            instance.channel.end_refresh()
        self.world.clock.run(10)

    def check(self):
        router = self.router
        assert not [line for line in self.world.log.lines if "<bug>" in line]
        assert not router.reconfiguration.busy
        assert not router.scheduler.busy
        assert [name for name, p in router.protocols.items() if p.parent is None] == [
            wanted.name for wanted in router.config.protocols
        ]
        for instance in self.instances:
            if router.protocols.get(instance.name) is not instance:
                assert instance.state is ProtocolState.DOWN, f"{instance.name} runs and nobody knows"
        for instance in router.protocols.values():
            assert instance.state is (ProtocolState.UP if instance.enabled else ProtocolState.DOWN), (
                instance.name
            )
            if instance.parent is not None:
                assert router.protocols[instance.parent.name] is instance.parent
                assert instance.parent.state is ProtocolState.UP
        self.check_table()

    def check_reloaded(self):
        """With the configuration once more, nothing is left of what commands and limits disabled."""
        self.router.reconfigure(self.router.config)
        self.settle()
        self.check()
        for instance in self.router.protocols.values():
            assert instance.parent is not None or instance.enabled is not instance.config.disabled

    def check_table(self):
        table = self.router.tables["master4"]
        counts = {}
        for key in table.keys():  # noqa: SIM118  a method of the table
            for at, rte in enumerate(table.get(key)):
                owner = rte.source.owner
                assert self.router.protocols.get(owner.protocol.name) is owner.protocol
                routes, best = counts.get(rte.source, (0, 0))
                counts[rte.source] = routes + 1, best + (at == 0)
        for instance in self.router.protocols.values():
            for source in instance.channel.sources:
                assert (source.routes, source.best) == counts.get(source, (0, 0))
            if instance.state is ProtocolState.UP:
                self.check_receiver(instance, table)

    def check_receiver(self, instance, table):
        policy = instance.channel.export_policy()
        wanted = [
            key
            for key in table.keys()  # noqa: SIM118
            if table.best(key).source.owner is not instance.channel
            and policy.judge(table.best(key), key) is not None
        ]
        assert sorted(instance.got) == sorted(wanted), instance.name
        assert (instance.spurious, instance.channel.exported) == (0, len(wanted))


def live(seed):
    with patch.object(scheduler, "SLICE", 2), patch.object(channel, "SLICE", 2):
        life = Life(seed)
        for _ in range(life.rng.randint(10, 60)):
            life.act()
            for _ in range(life.rng.randrange(6)):
                life.world.clock.step()
        life.settle()
        life.check()
        life.check_reloaded()


@pytest.mark.parametrize("first", range(0, SEEDS, 10))
def test_what_runs_in_the_end_is_what_the_config_says(first):
    for seed in range(first, first + 10):
        try:
            live(seed)
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise


@pytest.mark.long
@pytest.mark.parametrize("first", range(1000, 6000, 500))
def test_what_runs_in_the_end_is_what_the_config_says_with_thousands_of_seeds(first):
    for seed in range(first, first + 500):
        try:
            live(seed)
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
