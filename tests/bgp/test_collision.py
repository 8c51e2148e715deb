"""Both sides connect at once: one session in the end, and none is lost that was up (RFC 4271, 6.8)."""

from itertools import pairwise, product

import pytest

from pybird.core.life import ProtocolState
from pybird.proto.bgp.session.collision import DOUBT, Doubt, may_lose
from pybird.proto.bgp.session.session import SessionState
from pybird.proto.bgp.wire.capabilities import Capabilities
from pybird.proto.bgp.wire.messages import Framer, Keepalive, Notification, Open, Update
from pybird.sim.faults import Lags
from pybird.values.address import Address
from tests.sim.peers import Program

from .world import Lab, bgp_to, boot, config, routes

STARTS = (0, 0.003)  # seconds by which the second router is later
LATENCIES = (0, 0.004)
MANY_STARTS = (0, 0.0005, 0.003, 0.01)
MANY_LATENCIES = (0, 0.0015, 0.004, 0.02)


def speakers(ids, lags=(0, 0, 0, 0), start=0.0, b_text=None):
    """Two routers that connect as soon as they start."""
    a = config(ids[0], routes("198.51.100.0/24"), bgp_to("10.0.0.2", 65001, 65002, connect_delay_time=0))
    b = config(ids[1], routes("203.0.113.0/24"), bgp_to("10.0.0.1", 65002, 65001, "a", connect_delay_time=0))
    lab = Lab()
    lab.boot = lambda ports, wanted: Program(ports, wanted) if wanted == "listen" else boot(ports, wanted)
    lab.router("a", a)
    lab.router("b", b if b_text is None else b_text, start)
    lab.link("a", "eth0", "b", "eth0", ("fe80::a", "fe80::b"))
    for last, name in enumerate("ab", 1):
        lab.nodes[name].host.add_address("eth0", f"10.0.0.{last}/24")
    lab.nodes["a"].host.tcp.lags = Lags(*lags[:2])
    lab.nodes["b"].host.tcp.lags = Lags(*lags[2:])
    return lab


def history(lab, seconds):
    """Which of the two sessions are up, each time that changes."""
    found = []
    end = lab.clock.now() + seconds
    sessions = lab.proto("a"), lab.proto("b", "a")
    while lab.clock.next_time() <= end:
        lab.clock.step()
        now = tuple(session.state is ProtocolState.UP for session in sessions)
        if not found or found[-1] != now:
            found.append(now)
    return found


def check_one(ids, lags, start):
    lab = speakers(ids, lags, start)
    lab.run(start)
    seen = history(lab, 1)
    case = f"identifiers {ids}, latencies {lags}, started {start} s later"
    assert seen[-1] == (True, True), f"{case}: {seen}"
    for before, after in pairwise(seen):
        assert not any(b and not a for b, a in zip(before, after, strict=True)), f"{case}: {seen}"
    for name, other in (("a", "b"), ("b", "a")):
        peer = lab.proto(name, other)
        assert [peer.outgoing, peer.incoming].count(None) == 1, case
        assert peer.doubt.connection is None, case
        assert not [line for line in lab.log if line.level in ("error", "remote", "bug")], case


@pytest.mark.parametrize("ids", [(1, 2), (2, 1), (7, 7)])
def test_no_order_of_what_arrives_costs_a_session(ids):
    for lags, start in product(product(LATENCIES, repeat=4), STARTS):
        check_one(ids, lags, start)


@pytest.mark.long
@pytest.mark.parametrize("ids", [(1, 2), (2, 1), (7, 7)])
def test_no_order_of_what_arrives_costs_a_session_with_many_latencies(ids):
    for lags, start in product(product(MANY_LATENCIES, repeat=4), MANY_STARTS):
        check_one(ids, lags, start)


# ------------------------------------- a neighbor that does what it is told


IPV4 = Capabilities(multiprotocol=((1, 1),), as4=65002)
KEEPALIVE = Keepalive().encode()
ROUTE = Update(b"", bytes.fromhex("4001010040020602010000fdea4003040a000002"), b"\x08\x14").encode()


class Neighbor:
    """A router and a neighbor with a connection in each direction.

    The neighbor has confirmed the one that the rule would drop, `first`, and
    said nothing yet on the other, `rival`.
    """

    def __init__(self, own_id):
        lab = self.lab = speakers((own_id, 0), b_text="listen")
        lab.run(0.01)
        program = lab.nodes["b"].router
        (outgoing,) = program.accepted
        incoming = program.call(Address.parse("10.0.0.1"))
        lab.run(0.01)
        self.first, self.rival = (outgoing, incoming) if own_id == 1 else (incoming, outgoing)
        self.hello = Open(65002, 90, 2, IPV4).encode()
        self.say(self.first, self.hello + KEEPALIVE)
        assert self.peer.bgp_state == "OpenConfirm"

    @property
    def peer(self):
        return self.lab.proto("a")

    def say(self, talker, octets, seconds=0.01):
        talker.stream.write(octets)
        self.lab.run(seconds)

    def stays(self, talker):
        """The session is on this connection alone; the other one was told so, or ended itself."""
        other = self.rival if talker is self.first else self.first
        assert self.lab.up("a")
        assert self.peer.active.stream.remote == talker.stream.local
        assert self.peer.doubt.connection is None
        assert ("closed", None) in other.events or other.stream.state == "closed"
        assert not ends(talker)
        self.lab.run(60)
        assert [self.peer.outgoing, self.peer.incoming].count(None) == 1
        assert not [line for line in self.lab.log if line.level in ("error", "remote", "bug")]
        return other


def ends(talker):
    """The NOTIFICATIONs that came."""
    framer = Framer()
    framer.receive(talker.data)
    found = []
    while (message := framer.next()) is not None:
        if isinstance(message, Notification):
            found.append((message.code, message.subcode))
    return found


@pytest.fixture(params=[1, 9], ids=["lower identifier", "higher identifier"])
def neighbor(request):
    return Neighbor(request.param)


def test_a_neighbor_that_sends_routes_has_chosen(neighbor):
    neighbor.say(neighbor.first, ROUTE)
    assert neighbor.lab.nets("a", proto="b") == ["20.0.0.0/8"]
    assert ends(neighbor.stays(neighbor.first)) == [(6, 7)]


@pytest.mark.parametrize("last", [Notification.cease(7).encode(), b""], ids=["6/7", "closed"])
def test_a_neighbor_that_closes_the_rival_has_chosen(neighbor, last):
    neighbor.say(neighbor.rival, last, 0)
    neighbor.rival.stream.close()
    neighbor.lab.run(0.01)
    neighbor.stays(neighbor.first)


def test_a_neighbor_that_closes_the_first_goes_on_with_the_rival(neighbor):
    neighbor.say(neighbor.first, Notification.cease(7).encode(), 0)
    neighbor.first.stream.close()
    neighbor.say(neighbor.rival, neighbor.hello)
    assert neighbor.peer.bgp_state == "OpenConfirm"
    neighbor.say(neighbor.rival, KEEPALIVE)
    neighbor.stays(neighbor.rival)


def test_a_neighbor_that_confirms_the_rival_has_chosen_by_the_rule(neighbor):
    neighbor.say(neighbor.rival, neighbor.hello)
    assert neighbor.peer.bgp_state == "OpenConfirm"
    neighbor.say(neighbor.rival, KEEPALIVE)
    assert ends(neighbor.stays(neighbor.rival)) == [(6, 7)]


def test_a_neighbor_that_shows_no_choice_keeps_the_first(neighbor):
    neighbor.lab.run(DOUBT - 0.1)
    assert neighbor.peer.bgp_state == "OpenConfirm"
    neighbor.say(neighbor.first, KEEPALIVE)
    neighbor.lab.run(0.1)
    assert ends(neighbor.stays(neighbor.first)) == [(6, 7)]


def test_a_stop_while_in_doubt_ends_both(neighbor):
    neighbor.lab.nodes["a"].router.disable(neighbor.peer)
    neighbor.lab.run(5)
    assert (ends(neighbor.first), ends(neighbor.rival)) == ([(6, 2)], [(6, 2)])
    assert neighbor.peer.bgp_state == "Down"
    assert neighbor.peer.doubt.connection is None


class Side:
    """One of two connections, for what decides between them."""

    def __init__(self, outgoing, state):
        self.outgoing = outgoing
        self.session = self
        self.state = state


@pytest.mark.parametrize("state", SessionState)
def test_a_connection_is_in_doubt_only_while_the_rival_may_get_or_has_our_open(state):
    """A rival that is not there yet, or ends, is nothing that the neighbor could have preferred."""
    doubtful = may_lose(Side(True, SessionState.ESTABLISHED), Side(False, state), keep_outgoing=False)
    assert doubtful == (state in (SessionState.OPEN_SENT, SessionState.OPEN_CONFIRM))


def test_a_second_doubt_has_its_own_two_seconds():
    lab, decided = Lab(), []
    doubt = Doubt(lab.clock, decided.append)
    doubt.begin("first")
    lab.run(DOUBT - 1)
    doubt.forget()
    doubt.begin("second")
    lab.run(DOUBT - 0.5)
    assert decided == []
    lab.run(0.5)
    assert decided == ["second"]
