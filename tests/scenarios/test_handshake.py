"""A connection breaks after any octet of its handshake, or brings it in any portions: the next one works.

Three routers: `a` connects to `b`, which is passive, and has a session with `c`
that must not notice. The stream that `a` or `b` receives is reset, closed or
goes dead after the nth octet, for every n from the OPEN to the first routes.
"""

import gc
from collections import Counter
from random import Random

import pytest

from pybird.core.life import ProtocolState
from pybird.proto.bgp.wire.messages import Keepalive
from pybird.sim.faults import Fault, FaultKind
from tests.scenarios.lab import Lab
from tests.scenarios.line import UP, Line, update

TIMERS = """
  hold time 9; startup hold time 12; connect delay time 1; connect retry time 3; error wait time 1, 2;
"""
TEXT = """
router id 10.0.0.{number};
protocol device {{ }}
protocol static own {{ ipv4; route 10.{number}.0.0/16 blackhole; }}
"""
SESSION = """
protocol bgp {name} {{
  local 10.0.0.{number} as {asn}; neighbor 10.0.0.{other} as {remote}; {timers} {more}
  ipv4 {{ import all; export all; }};
}}
"""
# Seconds after which the session must be up again: a stall is noticed by the startup hold time or the
# hold time, then both wait after the error, then comes the connect delay; a third try is never needed.
LIMIT = {FaultKind.RESET: 2.5, FaultKind.CLOSE: 2.5, FaultKind.STALL: 12 + 9 + 2 + 1.5}


def session(name, number, other, more=""):
    numbers = {"number": number, "other": other, "asn": 65000 + number, "remote": 65000 + other}
    return SESSION.format(name=name, timers=TIMERS, more=more, **numbers)


class Handshakes:
    """The three routers, and what is counted of them."""

    def __init__(self, b_options="passive;", seed=1):
        lab = self.lab = Lab(seed, dad=None)
        lab.router("a", TEXT.format(number=1) + session("b", 1, 2) + session("c", 1, 3))
        lab.router("b", TEXT.format(number=2) + session("a", 2, 1, b_options))
        lab.router("c", TEXT.format(number=3) + session("a", 3, 1))
        lab.segment("lan", *((name, "eth0") for name in "abc"))
        for last, name in enumerate("abc", 1):
            lab.nodes[name].host.add_address("eth0", f"10.0.0.{last}/24")
        lab.expect(lambda: self.whole() and self.peer("a", "c").state is ProtocolState.UP, 10, "all is up")
        lab.run(0.5)
        self.since = self.peer("a", "c").since

    def peer(self, router, name):
        return self.lab.nodes[router].router.protocols[name]

    def whole(self):
        """The session is up on both sides and brought its route."""
        return (
            self.peer("a", "b").state is ProtocolState.UP
            and self.peer("b", "a").state is ProtocolState.UP
            and "10.2.0.0/16" in self.lab.nets("a", "master4")
            and "10.1.0.0/16" in self.lab.nets("b", "master4")
        )

    def lengths(self):
        """Octets that each side has received of the session."""
        return {
            "a": self.peer("a", "b").active.stream.received_total,
            "b": self.peer("b", "a").active.stream.received_total,
        }

    def end(self):
        """The session is lost, and both know."""
        for router, name in (("a", "b"), ("b", "a")):
            self.peer(router, name).active.stream.fail("Connection reset by peer")
        self.lab.run(0.01)
        assert not self.whole()

    def try_fault(self, at, kind, octets):
        self.end()
        faults = self.lab.nodes[at].host.tcp.faults
        faults.append(Fault(octets, kind))
        self.lab.run(LIMIT[kind])
        where = f"{kind.value} after octet {octets} to {at}, {self.lab.where()}"
        assert not faults, where
        assert self.whole(), where
        self.check(where)

    def check(self, where):
        other = self.peer("a", "c")
        assert (other.state, other.since) == (ProtocolState.UP, self.since), where
        assert not [line for line in self.lab.log if line.level == "bug"], where

    def census(self):
        """What there is of sockets, timers and objects; nothing is in flight any more."""
        self.lab.run(40)
        assert self.whole()
        gc.collect()
        ours = [o for o in gc.get_objects() if type(o).__module__.startswith("pybird.")]
        mine = Counter(type(o).__qualname__ for o in ours)
        sockets = Counter()
        for node in self.lab.nodes.values():
            sockets[node.name] = len([e for e in node.host.tcp.endpoints if e.state != "closed"])
            sockets[f"{node.name} listens"] = len(node.host.tcp.listeners)
        kinds = ("Peer", "Connection", "Session", "Channel", "Member", "Group", "ProcessTimer", "Framer")
        return sockets, {name: mine[name] for name in kinds}


def points(length, step):
    """Every so many octets, and those around the ends of messages (OPEN, KEEPALIVE)."""
    return sorted({*range(0, length + 1, step), *(length - back for back in (0, 1, 19, 20))} - {-1})


def sweep(step, kinds=tuple(FaultKind), b_options="passive;", seed=1):
    world = Handshakes(b_options, seed)
    cases = [
        (router, kind, octets)
        for router, length in world.lengths().items()
        for kind in kinds
        for octets in points(length, step)
    ]
    Random(seed).shuffle(cases)
    for case in cases[:4]:
        world.try_fault(*case)  # whatever is made once is there
    before = world.census()
    for case in cases:
        world.try_fault(*case)
    assert world.census() == before


def test_the_session_comes_up_after_a_fault_at_some_octets_of_the_handshake():
    sweep(step=17)


@pytest.mark.long
def test_the_session_comes_up_after_a_fault_at_any_octet_of_the_handshake():
    sweep(step=1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_the_session_comes_up_after_a_fault_at_any_octet_when_both_connect(seed):
    sweep(step=2, b_options="", seed=seed)


# ------------------------------------------------------------------- portions


ROUTE = update(bytes.fromhex("4001010040020602010000fdea4003040a000002"))
STREAM = UP + ROUTE + Keepalive().encode()


def test_messages_may_be_cut_at_any_octet():
    line = Line()
    for cut in range(len(STREAM)):
        line.dial()
        line.say(STREAM[:cut], 0.01)
        line.say(STREAM[cut:], 0.01)
        arrived(line)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 18, 20])
def test_messages_may_come_in_portions(size):
    line = Line()
    line.dial()
    for at in range(0, len(STREAM), size):
        line.say(STREAM[at : at + size], 0.01)
    arrived(line)


def arrived(line):
    assert line.state() == "Established"
    assert "20.0.1.0/24" in line.lab.nets("a", "master4")
    line.check_others()
    line.talker.stream.close()
    line.lab.run(0.01)
    assert "20.0.1.0/24" not in line.lab.nets("a", "master4")
