"""What was sent equals what a replay of table and filter would send, whatever happened on the way.

A hub has BGP sessions with four neighbours on one switch. Seeds choose what
happens: routes change, export filters change by reload, neighbours join and
leave, read slowly or not at all for a while, connections are reset. At every
quiet moment what each neighbour has from the hub is compared with a model of
the hub's filters over the hub's table.
"""

from dataclasses import replace
from functools import cache
from random import Random

import pytest

from pybird.core.reconfigure import Outcome
from pybird.proto.bgp import families
from pybird.sim import tcp
from pybird.values.net import Prefix
from pybird.values.route import Rte
from tests.scenarios.lab import Lab, read

COUNT = 4
SORTED = COUNT  # this neighbour gets the best accepted route (`secondary`)
NETS = [Prefix.parse(f"20.{a}.{b}.0/24").key for a in range(4) for b in range(30)]
NETS += [Prefix.parse(f"20.{a}.0.0/16").key for a in range(10, 20)]

HUB = """
router id 10.0.0.100;
protocol device { }
ipv4 table master4 { sorted; };
"""
PEER = """
protocol bgp p%(number)d {
  local 10.0.0.100 as 65000;
  neighbor 10.0.0.%(number)d as %(asn)d;
  error wait time 1, 2; connect retry time 5; connect delay time 1; hold time 30;
  ipv4 { import all; export filter { %(filter)s }; %(more)s };
}
"""
SPOKE = """
router id 10.0.0.%(number)d;
protocol device { }
protocol static own { ipv4; }
protocol bgp hub {
  local 10.0.0.%(number)d as %(asn)d;
  neighbor 10.0.0.100 as 65000;
  error wait time 1, 2; connect retry time 5; connect delay time 1; hold time 30;
  ipv4 { import all; export where source = RTS_STATIC; };
}
"""
ODD = (1, 1)
# each filter in the language, and as a model: (length, community) -> None or (MED, communities)
FILTERS = [
    ("accept;", lambda n, c: (None, {c})),
    ("reject;", lambda n, c: None),
    ("if (1, 1) ~ bgp_community then reject; accept;", lambda n, c: None if c == ODD else (None, {c})),
    ("if (1, 1) ~ bgp_community then accept; reject;", lambda n, c: (None, {c}) if c == ODD else None),
    ("if net.len < 20 then reject; bgp_med = 7; accept;", lambda n, c: (7, {c}) if n >= 20 else None),
    ("bgp_community.add((9, 9)); accept;", lambda n, c: (None, {c, (9, 9)})),
]


@cache
def with_filter(which):
    """The hub with one filter for everybody."""
    peers = [
        PEER
        % {
            "number": number,
            "asn": 65000 + number,
            "filter": FILTERS[which][0],
            "more": "secondary;" if number == SORTED else "",
        }
        for number in range(1, COUNT + 1)
    ]
    return read(HUB + "".join(peers))


def hub_config(choice):
    """The hub with these filters, by neighbour."""
    base = with_filter(0)
    own = base.protocols[:-COUNT]
    peers = [with_filter(which).protocols[at - COUNT] for at, which in enumerate(choice)]
    return replace(base, protocols=(*own, *peers))


class Story:
    """One generated history."""

    def __init__(self, seed):
        self.random = Random(f"sent {seed}")
        self.lab = Lab(seed=seed, dad=None)
        self.choice = [0] * COUNT
        hub = self.lab.router("hub", HUB)
        self.spokes = []
        for number in range(1, COUNT + 1):
            text = SPOKE % {"number": number, "asn": 65000 + number}
            self.spokes.append(self.lab.router(f"s{number}", text))
        self.lab.segment("lan", ("hub", "eth0"), *((spoke.name, "eth0") for spoke in self.spokes))
        hub.host.add_address("eth0", "10.0.0.100/24")
        for number, spoke in enumerate(self.spokes, 1):
            spoke.host.add_address("eth0", f"10.0.0.{number}/24")
        self.lab.run(0)
        self.hub = hub.router
        self.configure()

    def configure(self):
        assert self.hub.reconfigure(hub_config(self.choice)) in Outcome

    # what may happen ------------------------------------------------------

    def act(self):
        action = self.random.choice(
            [self.announce] * 6
            + [self.withdraw] * 3
            + [self.refilter] * 2
            + [self.toggle, self.reset, self.slow, self.slow, self.freeze, self.refresh]
        )
        action(self.random.choice(self.spokes))

    def channel(self, spoke):
        return spoke.router.protocols["own"].channels["ipv4"]

    def announce(self, spoke):
        keys = self.random.sample(NETS, self.random.choice([1, 3, 20, 80]))
        community = bytes((0, 1, 0, self.random.randint(1, 4)))
        attrs = spoke.router.pool.intern(b"\xc0\x08\x04" + community)
        channel = self.channel(spoke)
        rte = Rte(attrs, channel.source, spoke.router.hops.device(1), 200, spoke.router.clock.now())
        channel.announce(keys, rte)

    def withdraw(self, spoke):
        self.channel(spoke).withdraw(self.random.sample(NETS, self.random.choice([1, 10, 100])))

    def refilter(self, spoke):
        for _ in range(self.random.choice([1, 1, 4])):
            self.choice[self.random.randrange(COUNT)] = self.random.randrange(len(FILTERS))
        self.configure()

    def session(self, spoke):
        """The hub's protocol for this neighbour."""
        return self.hub.protocols[f"p{spoke.host.number - 1}"]

    def toggle(self, spoke):
        session = self.session(spoke)
        if session.enabled:
            self.hub.disable(session)
        else:
            self.hub.enable(session)

    def reset(self, spoke):
        for endpoint in spoke.host.tcp.endpoints:
            endpoint.fail("Connection reset by peer")
            if endpoint.peer is not None:
                endpoint.peer.fail("Connection reset by peer")

    def slow(self, spoke):
        spoke.host.read_rate = self.random.choice([None, 30, 300])

    def freeze(self, spoke):
        process = spoke.host.process
        if process.frozen:
            process.thaw()
        else:
            process.freeze()

    def refresh(self, spoke):
        if not spoke.host.process.frozen:
            self.hub.reload(self.session(spoke), imports=self.random.random() < 0.5, exports=True)

    # what must hold -------------------------------------------------------

    def quiet(self):
        """No more faults, and time until everything has settled."""
        for spoke in self.spokes:
            spoke.host.read_rate = None
            if spoke.host.process.frozen:
                spoke.host.process.thaw()
            if not self.session(spoke).enabled:
                self.hub.enable(self.session(spoke))
        self.lab.run(2)
        self.lab.expect(lambda: all(map(self.is_up, self.spokes)), 60, "all are up")
        self.lab.run(12)

    def is_up(self, spoke):
        return self.session(spoke).info().strip() == "Established"

    def expected(self, number):
        """The model: table x filter."""
        found = {}
        model = FILTERS[self.choice[number - 1]][1]
        table = self.hub.tables["master4"]
        for key in list(table.keys()):
            for rte in table.get(key)[: None if number == SORTED else 1]:
                view = self.hub.pool.view(rte.attrs)
                (community,) = view["bgp_community"].items
                out = model(key[0], (community >> 16, community & 0xFFFF))
                if rte.source.name != f"p{number}" and out is not None:
                    found[key] = (f"65000 {view['bgp_path']}", *out)
                    break
        return found

    def received(self, spoke):
        """What the neighbour has from the hub."""
        found = {}
        table = spoke.router.tables["master4"]
        for key in list(table.keys()):
            for rte in table.get(key):
                if rte.source.name == "hub":
                    view = spoke.router.pool.view(rte.attrs)
                    communities = {(c >> 16, c & 0xFFFF) for c in view["bgp_community"].items}
                    found[key] = (str(view["bgp_path"]), view.get("bgp_med"), communities)
        return found

    def check(self):
        for number, spoke in enumerate(self.spokes, 1):
            expected = self.expected(number)
            where = f"{spoke.name}, {self.lab.where()}"
            assert self.received(spoke) == expected, where
            assert self.session(spoke).channels["ipv4"].exported == len(expected), where
        bugs = [str(line) for line in self.lab.log if line.level == "bug"]
        assert not bugs, "\n".join(bugs)

    def run(self, moments, steps):
        self.quiet()
        for _ in range(moments):
            for _ in range(steps):
                self.act()
                self.lab.run(self.random.choice([0, 0, 0.0005, 0.002, 0.1, 1]))
            self.quiet()
            self.check()


@pytest.fixture(autouse=True)
def small_buffers(monkeypatch):
    """A slow neighbour is one that leaves some UPDATEs unread, not megabytes."""
    monkeypatch.setattr(tcp, "WINDOW", 256)
    monkeypatch.setattr(tcp, "LOW_MARK", 64)
    monkeypatch.setattr(families, "HIGH_MARK", 128)


@pytest.mark.parametrize("seed", range(30))
def test_what_was_sent_is_table_times_filter(seed):
    Story(seed).run(3, 12)


@pytest.mark.long
@pytest.mark.parametrize("first", range(1000, 2000, 50))
def test_what_was_sent_is_table_times_filter_with_many_seeds(first):
    for seed in range(first, first + 50):
        try:
            Story(seed).run(4, 25)
        except Exception as error:
            error.add_note(f"seed {seed}")
            raise
