"""Neighbors that connect without having been discovered: as many as fit, and no more."""

from pybird.proto.bgp.dynamic.dynamic import MOST_STRANGERS
from pybird.proto.bgp.wire.capabilities import Capabilities
from pybird.proto.bgp.wire.messages import Keepalive, Open
from pybird.values.address import Address
from tests.scenarios.lab import Lab, boot, unnumbered
from tests.sim.peers import Program

RANGE = unnumbered(1)
COUNT = MOST_STRANGERS + 40


def crowd():
    """Router a with one discovered neighbor b, and a machine that has very many addresses."""
    lab = Lab(dad=None)
    lab.boot = lambda ports, text: Program(ports, text) if text == "mute" else boot(ports, text)
    lab.add("a", RANGE)
    lab.add("b", unnumbered(2))
    lab.router("x", "mute")
    lab.segment("lan", ("a", "eth0"), ("b", "eth0"), ("x", "eth0"))
    for number in range(COUNT):
        lab.nodes["x"].host.add_address("eth0", f"fe80::bad:{number:x}/64")
    lab.expect(lambda: lab.knows("a", "b"), 10, "the real neighbor is there")
    return lab


UP = (
    Open(65077, 240, 77, Capabilities(multiprotocol=((1, 1), (2, 1)), as4=65077)).encode()
    + Keepalive().encode()
)


def call(lab, number, words=UP):
    """Connect from another address, and say this."""
    talker = lab.nodes["x"].router.call(
        lab.nodes["a"].host.nic("eth0").link_local(), 2, Address.parse(f"fe80::bad:{number:x}")
    )
    lab.run(0.01)
    talker.stream.write(words)
    lab.run(0.1)  # a little more than the pace of new sessions asks for
    return talker


def test_256_are_taken_the_others_refused_with_one_line_until_there_is_room():
    lab = crowd()
    (known,) = lab.children("a")
    since = known.since
    callers = [call(lab, number) for number in range(COUNT)]
    taken = [talker for talker in callers if talker.events == ["connected"]]
    assert taken == callers[:MOST_STRANGERS]
    assert all(talker.events[-1][0] == "closed" for talker in callers[MOST_STRANGERS:])
    assert len(lab.children("a")) == MOST_STRANGERS + 1
    assert lab.nodes["a"].messages("warning") == [
        f"auto: eth0: {MOST_STRANGERS} undiscovered neighbors have sessions, refusing others"
    ]
    taken[7].stream.abort()  # one has gone: its place is free
    lab.run(1)
    assert call(lab, COUNT - 1).events == ["connected"]
    assert len(lab.children("a")) == MOST_STRANGERS + 1
    assert call(lab, COUNT - 2).events[-1][0] == "closed"
    assert known.since == since
    assert known.name in lab.up("a")


def test_those_that_only_connect_give_their_place_to_others():
    lab = crowd()
    (known,) = lab.children("a")
    since = known.since
    callers = [call(lab, number, b"") for number in range(COUNT)]
    assert [talker.events for talker in callers[-MOST_STRANGERS:]] == [["connected"]] * MOST_STRANGERS
    assert len(lab.children("a")) == MOST_STRANGERS + 1
    assert call(lab, 3).events == ["connected"], "one that talks"
    assert len(lab.up("a")) == 2
    assert known.since == since
    assert lab.nodes["a"].messages("warning") == []


def held(lab):
    """Connections that router a keeps open."""
    return len([end for end in lab.nodes["a"].host.tcp._open() if end.handler is not None])


def test_one_stranger_that_connects_again_and_again_has_one_connection():
    lab = crowd()
    before = held(lab)
    for _ in range(50):
        call(lab, 1, b"")
    assert held(lab) <= before + 2
    for _ in range(50):
        call(lab, 1)
    assert held(lab) <= before + 2
    assert len(lab.children("a")) == 2
    assert not [line for line in lab.log if line.level == "bug"]
