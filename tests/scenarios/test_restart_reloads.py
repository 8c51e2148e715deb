"""Reloads while a neighbor restarts gracefully: in the end the tables have what the last configuration says.

One scripted neighbor crashes, comes back, announces and withdraws, while options of its
channels change (filters, limits, tables, preference, kept routes, add-path, families, graceful
restart, also long-lived). Whatever the order: what it has announced in its last session is in
the right table, as the last filter wants it, nothing else is, and the healthy session has
noticed nothing.
"""

import random

import pytest

from pybird.proto.bgp.wire.capabilities import Capabilities, GracefulRestart
from pybird.proto.bgp.wire.messages import Open, Update
from tests.scenarios.lab import read
from tests.scenarios.line import KEEPALIVE, Line, hello, messages, update

TEXT = """
router id 10.0.0.1;
ipv4 table other4;
protocol device { }
protocol bgp x { local 10.0.0.1 as 65001; neighbor 10.0.0.2 as 65002; hold time 180; direct; passive;
  error wait time 1, 2; graceful restart %(graceful)s; %(long)s
  %(channel)s
}
protocol bgp good { local 10.0.0.1 as 65001; neighbor 10.0.0.3 as 65003; ipv4 { import all; export all; }; }
"""
CHANNEL = """ipv4 { table %(table)s; import %(filter)s; export none; preference %(preference)s; %(limit)s
    import table %(kept)s; import keep filtered %(filtered)s; add paths %(paths)s; };"""
FILTERS = {
    "all": lambda number: (number, 100),
    "none": lambda number: None,
    "where net ~ [ 20.0.1.0/24, 20.0.3.0/24 ]": lambda number: (number, 100) if number in (1, 3) else None,
    "filter { bgp_local_pref = 200; if net = 20.0.2.0/24 then reject; accept; }": lambda number: (
        (number, 200) if number != 2 else None
    ),
}
CHOICES = {
    "graceful": ("on", "on", "aware", "off"),
    "long": ("", "", "max long lived stale time 3;", "min long lived stale time 50;"),
    "table": ("master4", "master4", "other4"),
    "filter": tuple(FILTERS),
    "preference": ("100", "100", "150"),
    "limit": ("", "", "import limit 2 action block;", "receive limit 9 action disable;"),
    "kept": ("off", "on", "on"),
    "filtered": ("off", "on"),
    "paths": ("off", "off", "rx"),
    "families": ("ipv4", "ipv4", "ipv4", "ipv4 ipv6", "ipv6"),
}
NUMBERS = range(1, 5)
PATH = bytes.fromhex("4001010040020602010000fdea4003040a000002")
END_OF_RIB = Update(b"", b"", b"").encode()
STALE = bytes.fromhex("ffff0006")  # the community of routes that are kept for long


def text(options):
    channels = {"ipv4": CHANNEL % options, "ipv6": "ipv6 { import all; export none; };"}
    found = "\n".join(channels[name] for name in options["families"].split())
    return TEXT % {**options, "channel": found}


def is_closed(talker):
    return any(event[0] == "closed" for event in talker.events)


class History:
    """What happens to the router, and what its neighbor has said in this session."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.options = {name: self.random.choice(choices) for name, choices in CHOICES.items()}
        self.line = Line(text=text(self.options).replace("%", "%%"), dials=False)
        self.said = set()
        self.paths = False
        self.back()

    def alive(self):
        talker = self.line.talker
        return talker is not None and not is_closed(talker) and self.line.state() == "Established"

    def opening(self):
        """Connect and say OPEN; True if that is a session now."""
        self.line.dial()
        self.line.say(hello(hold=0, offers=self.offers()) + KEEPALIVE)
        answers = [each for each in messages(self.line.talker.data) if isinstance(each, Open)]
        if not answers or not self.alive():
            return False
        self.paths = bool(answers[0].capabilities.add_path)
        self.said = set()
        return True

    def back(self):
        """Connect until there is a session."""
        if self.alive():
            return
        for _ in range(20):
            if self.opening():
                return
            self.line.lab.run(5)
        raise AssertionError(self.options)

    def offers(self):
        restart = GracefulRestart(
            self.random.choice((0, 8)),
            self.random.choice((30, 30, 2, 0)),
            (((1, 1, self.random.choice((0x80, 0x80, 0)))), (2, 1, 0x80)),
        )
        long_lived = ((1, 1, self.random.choice((0x80, 0x80, 0)), self.random.choice((5, 60))),)
        return Capabilities(
            long_lived=self.random.choice((None, long_lived, long_lived)),
            multiprotocol=((1, 1), (2, 1)),
            as4=65002,
            route_refresh=self.random.random() < 0.5,
            graceful_restart=restart if self.random.random() < 0.9 else None,
            add_path=((1, 1, 3),),
        )

    def crash(self):
        if self.alive():
            self.line.talker.stream.abort()
            self.line.lab.run(self.random.choice((0.1, 2)))

    def takeover(self):
        """A new connection while the old one still stands."""
        if not self.alive():
            return
        before = self.line.talker
        if not self.opening():
            self.line.talker.stream.abort()
            self.line.talker = before

    def net(self, number):
        net = bytes((24, 20, 0, number))
        return (7).to_bytes(4, "big") + net if self.paths else net

    def announce(self):
        if self.alive():
            number = self.random.choice(NUMBERS)
            self.said.add(number)
            self.line.say(update(PATH, self.net(number)))

    def withdraw(self):
        if self.alive() and self.said:
            number = self.random.choice(sorted(self.said))
            self.said.discard(number)
            self.line.say(update(b"", b"", self.net(number)))

    def end_of_rib(self):
        if self.alive():
            self.line.say(END_OF_RIB)

    def configure(self):
        name = self.random.choice(sorted(CHOICES))
        self.options[name] = self.random.choice(CHOICES[name])
        self.line.router.reconfigure(read(text(self.options)), soft=self.random.random() < 0.2)
        self.line.lab.run(self.random.choice((0, 0.1, 3)))

    def wait(self):
        self.line.lab.run(self.random.choice((1, 12, 40)))

    def restart(self):
        """What the neighbor had before is stale while the configuration changes."""
        self.announce()
        self.announce()
        self.crash()
        if self.random.random() < 0.3:
            self.configure()
        self.back()
        for _ in range(self.random.choice((0, 1, 3))):
            self.configure()

    def play(self, steps):
        acts = (
            self.crash, self.back, self.announce, self.announce, self.withdraw, self.end_of_rib,
            self.configure, self.configure, self.wait, self.takeover, self.restart, self.restart,
        )  # fmt: skip
        for _ in range(steps):
            self.random.choice(acts)()

    def end(self):
        """The neighbor withdraws what it said and says all that it has: what is left is stale."""
        self.line.router.reconfigure(read(text(self.options)))
        self.line.lab.run(10)
        self.back()
        for number in sorted(self.said):
            self.line.say(update(b"", b"", self.net(number)))
        self.said = {1, 2, 3}
        for number in sorted(self.said):
            self.line.say(update(PATH, self.net(number)))
        self.line.say(END_OF_RIB, 60)
        assert self.alive()

    def check(self):
        tables = self.line.router.tables
        found = {"master4": [], "other4": []}
        for name in found:
            for number in NUMBERS:
                key = bytes((24, 20, 0, number))
                for rte in tables[name].get(key) if name in tables else ():
                    assert STALE not in rte.attrs.wire
                    local = rte.attrs.wire.find(bytes.fromhex("400504000000c8")) >= 0
                    found[name].append((number, 200 if local else 100, rte.preference))
        names = sorted(self.said) if "ipv4" in self.options["families"] else []
        wanted = [FILTERS[self.options["filter"]](number) for number in names]
        wanted = [(*each, int(self.options["preference"])) for each in wanted if each is not None]
        if "import limit 2" in self.options["limit"]:
            # what was there before it stays, and 20.0.4.0/24 had a place while it was stale
            here = found[self.options["table"]]
            assert len(here) >= min(1, len(wanted))
            wanted = [each for each in wanted if each in here]
        other = "master4" if self.options["table"] == "other4" else "other4"
        assert found == {self.options["table"]: wanted, other: []}, self.options
        assert (1, 1) not in self.line.peer.restart.families
        if wanted:
            assert self.line.peer.channels["ipv4"].imported == len(wanted)
        self.line.check_others()


def play(seed):
    history = History(seed)
    history.play(20)
    history.end()
    history.check()


@pytest.mark.parametrize("seed", range(20))
def test_the_last_configuration_decides(seed):
    play(seed)


@pytest.mark.long
@pytest.mark.parametrize("part", range(20))
def test_the_last_configuration_decides_in_a_thousand_histories(part):
    for seed in range(50 * part + 20, 50 * part + 70):
        play(seed)
