"""A member of an export group that reads slowly, or not at all, costs the others nothing.

A hub sends the same routes to three neighbors, which are one export group.
One of them, x1, stops reading while it still says KEEPALIVE. What the others
get, octet by octet and moment by moment, is what they get when all three read.
"""

import re
from random import Random

import pytest

from pybird.proto.bgp.routes import session_channels
from pybird.proto.bgp.wire.messages import Notification, RouteRefresh, Update
from pybird.proto.bgp.wire.nlri import IPV4_PREFIXES
from pybird.sim import tcp
from pybird.values.address import Address
from pybird.values.net import Prefix
from pybird.values.route import Rte
from tests.scenarios.lab import Lab, boot
from tests.scenarios.line import KEEPALIVE, capabilities, hello, messages
from tests.sim.peers import Program

NETS = [Prefix.parse(f"20.{a}.{b}.0/24").key for a in range(4) for b in range(30)]
HUB = """
router id 10.0.0.100;
protocol device { }
protocol static own { ipv4; }
"""
PEER = """
protocol bgp p%(number)d {
  local 10.0.0.100 as 65000; neighbor 10.0.0.%(number)d as %(asn)d; passive; hold time 30; %(options)s
  error wait time 1, 2; ipv4 { import all; export all; };
}
"""
WINDOW, HIGH_MARK = 2048, 1024  # octets that the kernel, and the session, hold for who does not read
STUCK = 0.0  # octets a second: the program is stopped, but for its KEEPALIVEs


@pytest.fixture(autouse=True)
def small_buffers(monkeypatch):
    """A neighbor is stuck after some UPDATEs, not after megabytes."""
    monkeypatch.setattr(tcp, "WINDOW", WINDOW)
    monkeypatch.setattr(tcp, "LOW_MARK", 64)
    monkeypatch.setattr(session_channels, "HIGH_MARK", HIGH_MARK)


class Group:
    """The hub and its three neighbors."""

    def __init__(self, options="", seed=1):
        lab = self.lab = Lab(seed, dad=None)
        lab.boot = lambda ports, text: Program(ports, "mute") if text == "mute" else boot(ports, text)
        text = HUB + "".join(PEER % {"number": n, "asn": 65000 + n, "options": options} for n in (1, 2, 3))
        self.hub = lab.router("hub", text)
        hosts = [lab.router(f"x{n}", "mute") for n in (1, 2, 3)]
        lab.segment("lan", ("hub", "eth0"), *((host.name, "eth0") for host in hosts))
        self.hub.host.add_address("eth0", "10.0.0.100/24")
        for number, host in enumerate(hosts, 1):
            host.host.add_address("eth0", f"10.0.0.{number}/24")
        lab.run(1)
        self.random = Random(f"slow {seed}")
        self.heard = {}  # neighbor: when which octets came
        self.most_unsent = 0
        self.talkers = {number: self.dial(number) for number in (1, 2, 3)}
        lab.run(1)
        assert [self.info(number) for number in (1, 2, 3)] == ["Established"] * 3

    def dial(self, number):
        """A session of a neighbor that says KEEPALIVE every 9 s whatever it reads."""
        lab, asn = self.lab, 65000 + number
        talker = lab.nodes[f"x{number}"].router.call(Address.parse("10.0.0.100"))
        heard = self.heard[number] = []
        talker.received = lambda data: heard.append((lab.clock.now(), data))
        lab.run(0.1)
        talker.stream.write(hello(asn, 30, number, capabilities(asn)))

        def live():
            talker.stream.write(KEEPALIVE)
            lab.clock.call_at(lab.clock.now() + 9, live)

        live()
        return talker

    def peer(self, number):
        return self.hub.router.protocols[f"p{number}"]

    def info(self, number):
        return self.peer(number).info().strip()

    def change(self):
        """Some routes come, change and go."""
        router = self.hub.router
        channel = router.protocols["own"].channels["ipv4"]
        community = bytes((0, 1, self.random.randrange(256), self.random.randrange(256)))
        attrs = router.pool.intern(b"\xc0\x08\x04" + community)
        rte = Rte(attrs, channel.source, router.hops.device(1), 200, router.clock.now())
        channel.announce(self.random.sample(NETS, 40), rte)
        channel.withdraw(self.random.sample(NETS, 20))

    def work(self, seconds):
        """Changes twice a second."""
        for _ in range(2 * seconds):
            self.change()
            self.lab.run(0.5)
            if self.peer(1).active is not None:
                self.most_unsent = max(self.most_unsent, self.peer(1).active.unsent)

    def read(self, number, octets_per_second):
        host = self.lab.nodes[f"x{number}"].host
        host.read_rate = octets_per_second or None
        if octets_per_second == STUCK:
            host.process.freeze()
        elif host.process.frozen:
            host.process.thaw()

    def has(self, number):
        """What a neighbor holds after all that it heard: network and community."""
        table = {}
        for message in messages(b"".join(data for _, data in self.heard[number])):
            if isinstance(message, Update):
                for key in IPV4_PREFIXES.read(message.withdrawn):
                    table.pop(key, None)
                for key in IPV4_PREFIXES.read(message.nlri):
                    table[key] = message.attributes[-4:]
        return table

    def should_have(self):
        table = self.hub.router.tables["master4"]
        return {key: table.best(key).attrs.wire[-4:] for key in list(table.keys())}


def run_with(slow_rate, seconds=120):
    group = Group("send hold time 0;")
    group.work(5)
    group.read(1, slow_rate)
    group.work(seconds)
    return group


@pytest.mark.parametrize("rate", [STUCK, 4.0], ids=["not at all", "4 octets a second"])
def test_the_others_get_the_same_at_the_same_moments(rate):
    slow, fast = run_with(rate), run_with(None)
    for number in (2, 3):
        assert slow.heard[number] == fast.heard[number]
        assert slow.has(number) == slow.should_have()
    assert slow.peer(1).since == fast.peer(1).since, "it is up all the time"


@pytest.mark.parametrize("rate", [STUCK, 4.0], ids=["not at all", "4 octets a second"])
def test_what_waits_for_a_slow_one_is_bounded_and_it_gets_the_current_table_in_the_end(rate):
    group = Group(options="send hold time 0;")
    group.work(5)
    group.read(1, rate)
    began = group.lab.clock.now()
    group.work(300)
    assert group.most_unsent <= HIGH_MARK + 2 * 4096, "the session pauses above its mark"
    assert group.most_unsent >= HIGH_MARK, "it was paused"
    member = group.peer(1).channels["ipv4"].member
    assert len(member.dirty) <= len(NETS)
    group.read(1, None)
    back = group.lab.clock.now()
    group.lab.run(WINDOW / rate if rate else 5)  # the portion that is under way comes as slowly
    assert group.info(1) == "Established"
    assert group.has(1) == group.should_have()
    assert member.in_step
    late = sum(len(data) for at, data in group.heard[1] if at > back)
    whole = sum(len(data) for at, data in group.heard[2] if at > began)
    assert late < WINDOW + group.most_unsent + 6000 < whole / 10, "what it missed was skipped, not saved"
    group.work(5)
    assert group.has(1) == group.has(2) == group.should_have()


def test_what_waits_is_warned_about_once_until_it_has_been_less():
    """`tx size warning`, in BIRD's words."""
    group = Group(options="send hold time 0; tx size warning 600;")

    def warned():
        lines = [line.text for line in group.lab.log if line.level == "warning" and "memory" in line.text]
        assert all(re.fullmatch(r"p1: Used \d+ memory", line) for line in lines), lines
        assert all(int(line.split()[2]) >= 600 for line in lines)
        return len(lines)

    group.work(10)
    assert warned() == 0
    for times in (1, 2):
        group.read(1, STUCK)
        group.work(60)
        assert warned() == times
        group.read(1, None)
        group.work(10)
        assert warned() == times


def ended(group):
    """When and how the slow neighbor's session ended."""
    lines = [line for line in group.lab.log if line.text.startswith("p1: Error")]
    return [(line.time, line.text) for line in lines]


@pytest.mark.parametrize(("options", "after"), [("", 60), ("hold time 30; send hold time 30;", 30)])
def test_who_takes_nothing_at_all_is_reset_after_the_send_hold_time(options, after):
    """RFC 9687: by default twice the hold time. There is no NOTIFICATION: it would not be read."""
    group = Group(options)
    group.work(5)
    group.read(1, STUCK)
    group.lab.run(30)
    assert ended(group) == [], "KEEPALIVEs alone fit into the window"
    stuck = group.lab.clock.now()
    group.work(90)
    ((time, text),) = ended(group)
    assert text == "p1: Error: Send hold timer expired"
    assert after - 1 <= time - stuck <= after + 15  # the window fills first; progress is seen with KEEPALIVEs
    assert [group.info(number) for number in (2, 3)] == ["Established"] * 2
    assert group.has(2) == group.has(3) == group.should_have()
    group.read(1, None)
    group.lab.run(1)
    assert group.talkers[1].events[-1] == ("closed", "Connection reset by peer")
    heard = messages(b"".join(data for _, data in group.heard[1]))
    assert not [message for message in heard if isinstance(message, Notification)]
    group.dial(1)
    group.lab.run(5)
    assert group.has(1) == group.should_have(), "it may come again"


def test_tcp_gives_up_later_than_the_send_hold_timer():
    """Linux counts TCP_USER_TIMEOUT from a closed window, too, and would not say what was wrong."""
    group = Group("hold time 30; send hold time 90;")
    stream = group.peer(1).active.stream
    assert stream._patience >= 90 + 30


def test_who_takes_a_little_now_and_then_is_not_reset():
    group = Group("hold time 30; send hold time 30;")
    group.work(5)
    group.read(1, 60.0)  # less than what there is to say
    group.work(120)
    assert ended(group) == []
    assert not group.peer(1).channels["ipv4"].member.in_step


def test_second_connections_and_refreshes_of_a_slow_one_do_not_pile_up():
    """Each would be answered by a KEEPALIVE, or the whole table, if it were read."""
    group = Group("send hold time 0;")
    group.work(5)
    group.read(1, STUCK)
    group.work(20)
    began, waits = len(group.heard[2]), group.peer(1).active.unsent
    assert waits > 0
    for _ in range(300):
        group.talkers[1].stream.write(RouteRefresh(1, 1).encode())
        group.lab.nodes["x1"].router.call(Address.parse("10.0.0.100"))
        group.lab.run(0.01)
    assert group.peer(1).active.unsent <= waits + len(KEEPALIVE), "the one of the keepalive timer"
    group.work(20)
    assert len(group.heard[2]) > began
    assert group.has(2) == group.has(3) == group.should_have()
    group.read(1, None)
    group.lab.run(5)
    assert group.has(1) == group.should_have()
    assert group.info(1) == "Established"


def test_the_hold_timer_goes_on_for_who_reads_nothing_and_says_nothing():
    group = Group()
    group.work(5)
    group.read(1, STUCK)
    group.talkers[1].stream.write = lambda data: None
    group.work(40)
    ((_, text),) = ended(group)
    assert text == "p1: Error: Hold timer expired"
    assert group.has(2) == group.has(3) == group.should_have()
