"""A reload that does not change a session never touches it, at whatever moment it comes.

Two routers find each other while one of them, or both, get a further discovered
link with a session of its own. The reload is tried before every single event of
the start: addresses, advertisements, connections, each message. So are a reload
of what a session adapts to, and another link that goes and comes.
"""

from functools import cache, partial
from itertools import pairwise

import pytest

from pybird.core.life import ProtocolState
from pybird.core.reload.reconfiguration import ReloadOutcome
from tests.scenarios.lab import Lab, read, unnumbered

MORE = """
peer table others;
protocol radv more {{ interface "eth1" {{ router discovery yes; }}; peers {{ table others; }}; }}
protocol bgp late {{ local as {asn}; neighbor range fe80::/10 external; interface "eth1"; local port 1179;
  neighbor port 1179; dynamic name "late"; peers {{ table others; }}; ipv6 {{ import all; export all; }}; }}
"""
START = 6.0  # seconds within which both links are used, whenever the reload came


@cache
def text(number):
    """With a table that is declared: it stays the table of `peers { }` when there is another one."""
    return "peer table found;" + unnumbered(number).replace('"eth*"', '"eth0"')


@cache
def wanted(number):
    return read(text(number) + MORE.format(asn=65000 + number))


class Start:
    """Two routers with two links, event by event."""

    def __init__(self, seed=1):
        lab = self.lab = Lab(seed)
        lab.add("a", text(1))
        lab.add("b", text(2))
        lab.link("a", "eth0", "b", "eth0")
        lab.link("a", "eth1", "b", "eth1")
        self.history = []

    def step(self):
        self.lab.clock.step()
        self.look()

    def look(self):
        now = [
            (name, c.name, c.since)
            for name in "ab"
            for c in self.lab.children(name)
            if c.state is ProtocolState.UP
        ]
        if not self.history or now != self.history[-1]:
            self.history.append(now)

    def reload(self, names):
        for name in names:
            router = self.lab.nodes[name].router
            assert router.reconfigure(wanted(self.lab.number(name))) is ReloadOutcome.DONE

    def finish(self):
        end = self.lab.clock.now() + START
        while self.lab.clock.next_time() < end:
            self.step()

    def up(self):
        return [(name, child) for name, child, _ in self.history[-1]]


@cache
def events(seed):
    """The numbers of the first event after the routers run, and of the last before all is quiet."""
    start = Start(seed)
    start.lab.run(0)
    first = last = 0
    while not start.lab.meshed():
        start.step()
        last += 1
        if not start.lab.children("a") and not start.lab.children("b"):
            first = last
    return first, last + 12


def start_until(seed, event):
    start = Start(seed)
    start.lab.run(0)
    for _ in range(event):
        start.step()
    return start


def check(seed, event, names):
    start = start_until(seed, event)
    start.reload(names)
    late = [("a", "late1"), ("b", "late1")] if names == "ab" else []
    finish(start, late, f"reload of {names} before event {event}, {start.lab.where()}")


def finish(start, late, where):
    """All sessions come up, and none that was up goes."""
    start.look()
    start.finish()
    assert set(start.up()) == {("a", "auto01"), ("b", "auto01"), *late}, where
    for before, after in pairwise(start.history):
        assert set(before) <= set(after), f"{where}: {before} became {after}"
    assert start.lab.knows("a", "b"), where
    assert start.lab.knows("b", "a"), where
    texts = [line.text for line in start.lab.log if line.level in ("bug", "error", "remote", "warning")]
    assert not texts, where


def moments(step):
    first, last = events(1)
    return range(first - 1, last, step)


@pytest.mark.parametrize("names", ["a", "b", "ab"])
def test_a_reload_that_does_not_change_a_session_leaves_it_alone(names):
    for event in moments(6):
        check(1, event, names)


ADAPTED = 'description "x"; connect retry time 77; error wait time 5, 9; check link no;'


def test_a_reload_that_sessions_adapt_to_leaves_them_alone():
    for event in moments(8):
        start = start_until(1, event)
        router = start.lab.nodes["a"].router
        changed = text(1).replace("dynamic name digits 2;", "dynamic name digits 2; " + ADAPTED)
        assert (
            router.reconfigure(read(changed.replace("import all", "import filter { accept; }")))
            is ReloadOutcome.DONE
        )
        finish(start, [], f"reload before event {event}")
        assert start.lab.children("a")[0].config.connect_retry_time == 77


@pytest.mark.parametrize("change", ["down", "address", "renamed"])
def test_what_happens_to_another_link_leaves_sessions_alone(change):
    for event in moments(12):
        start = start_until(1, event)
        host = start.lab.nodes["a"].host
        if change == "down":
            start.lab.link_down("a", "eth1")
            start.lab.clock.call_at(start.lab.clock.now() + 0.5, partial(start.lab.link_up, "a", "eth1"))
        elif change == "address":
            host.add_address("eth1", "10.9.9.1/24")
            host.remove_address("eth1", "fe80::1:3")
        else:
            host.rename("eth1", "wan0")
        finish(start, [], f"eth1 {change} before event {event}")


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 6))
@pytest.mark.parametrize("names", ["a", "b", "ab"])
def test_a_reload_at_any_moment_of_the_start_leaves_sessions_alone(seed, names):
    for event in range(events(seed)[1]):
        check(seed, event, names)
