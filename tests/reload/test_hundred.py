"""A hundred reloads while routes come and go: sessions, routes and memory do not notice."""

from __future__ import annotations

import gc
from random import Random

import pytest

from pybird.core.life import ProtocolState
from pybird.core.reload.reconfiguration import ReloadOutcome
from pybird.values.net import Prefix
from pybird.values.route import BLACKHOLE, Rte
from tests.scenarios.lab import Lab, language

RELOADS = 100
NETS = [Prefix.parse(f"10.{high}.{low}.0/24").key for high in range(1, 5) for low in range(100)]

SOURCE = """
router id 10.0.0.1;
protocol device { }
protocol static load { ipv4; }
protocol bgp out { local 10.0.0.1 as 65001; neighbor 10.0.0.2 as 65002; ipv4 { import all; export all; }; }
"""

SINK = """
router id 10.0.1.3;
protocol device { }
protocol bgp sink { local 10.0.1.3 as 65003; neighbor 10.0.1.2 as 65002; ipv4 { import all; export none; }; }
"""


def middle(number: int) -> str:
    """The router that is reloaded: everything around its two sessions changes with the number."""
    extra = number % 2 and "protocol static more { ipv4; route 198.18.0.0/15 blackhole; }"
    other = number % 3 and "ipv4 table side; protocol pipe copy { table side; peer table master4; }"
    refuse = f"if net ~ [10.{number % 4 + 1}.0.0/16+] then reject;" if number % 5 == 0 else ""
    return f"""
    router id 10.0.0.2;
    debug protocols {{ states }};
    protocol device {{ scan time {20 + number}; }}
    {extra or ""}
    {other or ""}
    function level(int x) -> int {{ if x > {number} then return 1; return level(x + 1); }}
    filter policy {{ {refuse} bgp_med = level(0) + {number % 4}; accept; }}
    protocol static s {{ ipv4 {{ import filter {{ preference = {100 + number}; accept; }}; }};
      route 198.51.{number}.0/24 blackhole {{ bgp_local_pref = {number}; }}; }}
    protocol bgp a {{ local 10.0.0.2 as 65002; neighbor 10.0.0.1 as 65001;
      ipv4 {{ import where net.len < {26 + number % 2}; export none; import limit {1000 + number}; }}; }}
    protocol bgp c {{ local 10.0.1.2 as 65002; neighbor 10.0.1.3 as 65003;
      description "round {number}"; ipv4 {{ import none; export filter policy; }}; }}
    """


class Story:
    """Three routers in a row; the first churns, the second is reloaded, the third is the receiver."""

    def __init__(self) -> None:
        self.lab = Lab(seed=5)
        self.random = Random(5)
        for name, text in (("a", SOURCE), ("b", middle(0)), ("c", SINK)):
            self.lab.router(name, text)
        for left, right in (("a", "b"), ("b", "c")):
            self.lab.link(left, f"to{right}", right, f"to{left}")
        for name, interface, address in (
            ("a", "tob", "10.0.0.1/24"), ("b", "toa", "10.0.0.2/24"),
            ("b", "toc", "10.0.1.2/24"), ("c", "tob", "10.0.1.3/24"),
        ):  # fmt: skip
            self.lab.nodes[name].host.add_address(interface, address)
        self.lab.expect(lambda: self.states() == [ProtocolState.UP] * 4, 30, "all sessions are up")
        self.since = [session.since for session in self.sessions()]
        self.churning = True
        self.changes = 0
        self.churn()

    def sessions(self):
        at = (("a", "out"), ("b", "a"), ("b", "c"), ("c", "sink"))
        return [self.lab.nodes[router].router.protocols[name] for router, name in at]

    def states(self):
        return [session.state for session in self.sessions()]

    def churn(self) -> None:
        """Some networks come, some go, 50 times a second."""
        router = self.lab.nodes["a"].router
        channel = router.protocols["load"].channels["ipv4"]
        keys = self.random.sample(NETS, 12)
        rte = Rte(router.pool.empty, channel.source, BLACKHOLE, 200, router.clock.now())
        channel.announce(keys[:8], rte)
        channel.withdraw(keys[8:])
        self.changes += 1
        if self.churning:
            self.lab.clock.call_at(self.lab.clock.now() + 0.02, self.churn)

    def reload(self, number: int) -> None:
        config = language().read(middle(number))
        outcome = self.lab.nodes["b"].router.reconfigure(config)
        assert outcome in (ReloadOutcome.DONE, ReloadOutcome.IN_PROGRESS, ReloadOutcome.QUEUED)

    def table(self, name):
        table = self.lab.nodes[name].router.tables["master4"]
        return {bytes(key) for key in table.keys()}  # noqa: SIM118

    def expected(self, number: int):
        """What the receiver must have: the load that the filter of this round lets pass, and its own."""
        load = self.table("a")
        if number % 5 == 0:
            refused = number % 4 + 1
            load = {key for key in load if key[2] != refused}
        own = {Prefix.parse(f"198.51.{number}.0/24").key}
        if number % 2:
            own.add(Prefix.parse("198.18.0.0/15").key)
        return load | own

    def calm(self, number: int) -> None:
        """Stop the churn for a moment: the receiver has exactly what it should."""
        self.churning = False
        self.lab.run(1)
        assert self.table("c") == self.expected(number), number
        assert [session.since for session in self.sessions()] == self.since
        self.churning = True
        self.churn()


def test_a_hundred_reloads_under_load():
    gc.collect()
    gc.freeze()  # what earlier tests left in this process is not looked at
    story = Story()
    story.lab.run(2)
    for number in range(1, 9):  # everything that is made once, is made
        story.reload(number)
        story.lab.run(1)
    gc.collect()
    gc.disable()
    try:
        for number in range(1, RELOADS + 1):
            story.reload(number)
            story.lab.run(0.12)
            if number % 10 == 0:
                story.calm(number)
        gc.set_debug(gc.DEBUG_SAVEALL)
        found = gc.collect()
        kinds = {type(item).__name__ for item in gc.garbage}
    finally:
        gc.set_debug(0)
        gc.unfreeze()
        gc.garbage.clear()
        gc.enable()
    assert not kinds, kinds
    assert found == 0
    assert story.changes > 500
    assert story.states() == [ProtocolState.UP] * 4
    assert not [line for line in story.lab.log if line.level == "bug"]


def test_reloads_that_overtake_each_other_end_with_the_last():
    story = Story()
    for number in range(1, 40):
        story.reload(number)
        story.lab.run(0.001)
    story.lab.run(1)
    story.calm(39)


@pytest.mark.long
def test_what_is_kept_of_configurations_does_not_grow():
    story = Story()

    def kept() -> int:
        gc.collect()
        story.lab.log.clear()
        return sum(type(item).__module__.startswith("pybird.") for item in gc.get_objects())

    def rounds(numbers) -> int:
        for number in numbers:
            story.reload(number)
            story.lab.run(0.3)
        story.churning = False
        story.lab.run(200)
        story.churning = True
        story.churn()
        return kept()

    rounds(range(1, 12))
    before = rounds([*range(1, 12), 11])
    after = rounds([*range(12, 30), *range(1, 12), 11])
    assert after <= before
