"""What was sent equals what a replay of table and filter would send, whatever happened on the way.

A hub (tests/scenarios/hub.py) has BGP sessions with five neighbors, a pipe
between two tables and a kernel. Seeds choose what happens: routes change,
reloads change filters, limits, export modes, channels and the set of
protocols, neighbors read slowly or not at all for a while, connections are
reset, links go down, routes are asked for again. At every quiet moment what
each receiver has from the hub is compared with a model of the hub's filters
over the hub's tables, and the hub's tables with a model of its import filters
over what the neighbors have.
"""

from random import Random

import pytest

from pybird.core.reload.reconfiguration import ReloadOutcome
from pybird.proto.bgp.routes import session_channels
from pybird.sim import tcp
from pybird.values.net import Prefix
from pybird.values.route import Rte
from tests.scenarios.hub import COUNT, EXPORTS, IMPORTS, LIMITS, Model, Shape, communities_of, spoke_text
from tests.scenarios.lab import Lab

NETS = {
    4: [
        *[Prefix.parse(f"20.{a}.{b}.0/24").key for a in range(4) for b in range(30)],
        *[Prefix.parse(f"20.{a}.0.0/16").key for a in range(10, 20)],
    ],
    6: [
        *[Prefix.parse(f"2001:db8:{a}:{b}::/64").key for a in range(2) for b in range(10)],
        *[Prefix.parse(f"24{a}::/16").key for a in range(10, 15)],
    ],
}
OWN_ROUTES = 12  # RTPROT_BIRD


class Story:
    """One generated history."""

    def __init__(self, seed):
        self.random = Random(f"sent {seed}")
        self.lab = Lab(seed=seed, dad=None)
        self.shape = Shape()
        self.ceiling = {}  # of neighbors whose routes a limit may have dropped: the most that may be there
        self.keeping = {}  # neighbors of whom what was refused was not kept before
        self.held = {}  # what a neighbor had when its export limit came: a limit takes nothing back
        self.down = {}  # whose link is down
        hub = self.hub_node = self.lab.router("hub", "protocol device { }")
        self.spokes = [self.lab.router(f"s{number}", spoke_text(number)) for number in range(1, COUNT + 1)]
        self.lab.segment("lan", ("hub", "eth0"), *((spoke.name, "eth0") for spoke in self.spokes))
        for number, node in enumerate([*self.spokes, hub], 1):
            last = 100 if node is hub else number
            node.host.add_address("eth0", f"10.0.0.{last}/24")
            node.host.add_address("eth0", f"2001:db8:ffff::{last}/64")
        self.lab.run(0)
        self.hub = hub.router
        self.configure(self.shape)

    def configure(self, shape):
        for number, (old, new) in enumerate(zip(self.shape.peers, shape.peers, strict=True), 1):
            if new.keep and not old.keep:
                self.keeping[number] = None
            session = self.hub.protocols.get(f"p{number}")
            if new.export_limit != old.export_limit:
                self.held[number] = session.channels["ipv4"].exported if session is not None else 0
        self.shape = shape
        for number, peer in enumerate(shape.peers, 1):
            if peer.lossy:  # a new limit does not drop what is there
                session = self.hub.protocols.get(f"p{number}")
                there = session.channels["ipv4"].imported if session is not None else 0
                limit = min(x for x in (peer.import_limit, peer.receive_limit) if x is not None)
                self.ceiling[number] = max(limit, there)
        assert self.hub.reconfigure(shape.config()) in ReloadOutcome

    # what may happen ------------------------------------------------------

    def act(self):
        action = self.random.choice(
            [self.announce] * 6
            + [self.withdraw] * 3
            + [self.change_peer] * 4
            + [self.change_core, self.toggle, self.reset, self.slow, self.slow, self.freeze]
            + [self.reload, self.refresh, self.toggle_link, self.undo]
        )
        action(self.random.choice(self.spokes))

    def announce(self, spoke):
        family = self.random.choice([4, 4, 4, 6])
        keys = self.random.sample(NETS[family], self.random.choice([1, 3, 20]))
        if family == 4:
            keys += self.random.sample(NETS[4], self.random.choice([0, 0, 80]))
        community = bytes((0, 1, 0, self.random.randint(1, 4)))
        attrs = spoke.router.pool.intern(b"\xc0\x08\x04" + community)
        channel = own(spoke, family)
        rte = Rte(attrs, channel.source, spoke.router.hops.device(1), 200, spoke.router.clock.now())
        channel.announce(keys, rte)

    def withdraw(self, spoke):
        family = self.random.choice([4, 4, 4, 6])
        own(spoke, family).withdraw(self.random.sample(NETS[family], self.random.choice([1, 10, 25])))

    def change_peer(self, spoke):
        """A reload changes one option, or several, of some neighbors."""
        peers = list(self.shape.peers)
        for _ in range(self.random.choice([1, 1, 4])):
            at = self.random.randrange(COUNT)
            change = self.random.choice(
                [
                    {"exports": self.random.randrange(len(EXPORTS))},
                    {"exports": self.random.randrange(len(EXPORTS))},
                    {"imports": self.random.randrange(len(IMPORTS))},
                    {"present": self.random.random() < 0.7},
                    {"secondary": self.random.random() < 0.5},
                    {"paths": self.random.random() < 0.5},
                    {"keep": self.random.random() < 0.5},
                    {"import_table": self.random.random() < 0.5},
                    {"v6": self.random.random() < 0.7},
                    {"import_limit": self.random.choice(LIMITS)},
                    {"receive_limit": self.random.choice(LIMITS)},
                    {"export_limit": self.random.choice(LIMITS)},
                ]
            )
            peers[at] = peers[at]._replace(**change)
        self.configure(self.shape._replace(peers=tuple(peers)))

    def change_core(self, spoke):
        """A reload changes the filter of the pipe or of the kernel."""
        word = self.random.choice(["pipe_out", "pipe_in", "fib"])
        self.configure(self.shape._replace(**{word: self.random.randrange(len(EXPORTS))}))

    def undo(self, spoke):
        """Two reloads at once, the second takes the first one back."""
        before = self.shape
        self.change_peer(spoke)
        self.configure(before)

    def session(self, spoke):
        """The hub's protocol for this neighbor; None when it is not configured."""
        return self.hub.protocols.get(f"p{number_of(spoke)}")

    def toggle(self, spoke):
        session = self.session(spoke)
        if session is None:
            return
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

    def toggle_link(self, spoke):
        """A flap of the neighbor's own link."""
        if self.down.pop(spoke.name, None) is None:
            self.down[spoke.name] = spoke
            self.lab.link_down(spoke, "eth0")
        else:
            self.raise_link(spoke)

    def raise_link(self, spoke):
        """The kernel forgets an interface's IPv6 addresses with its link."""
        self.lab.link_up(spoke, "eth0")
        spoke.host.add_address("eth0", f"2001:db8:ffff::{number_of(spoke)}/64")

    def reload(self, spoke):
        """The hub's operator: `reload`, `reload in`, `reload out`."""
        session = self.session(spoke)
        if session is not None and not spoke.host.process.frozen:
            imports, exports = self.random.choice([(True, True), (True, False), (False, True)])
            self.hub.reload(session, imports=imports, exports=exports)

    def refresh(self, spoke):
        """The neighbor's operator: the hub gets a ROUTE-REFRESH."""
        if not spoke.host.process.frozen:
            spoke.router.reload(spoke.router.protocols["hub"], imports=True, exports=False)

    # what must hold -------------------------------------------------------

    def quiet(self):
        """No more faults, and time until everything has settled."""
        for spoke in self.spokes:
            spoke.host.read_rate = None
            if spoke.host.process.frozen:
                spoke.host.process.thaw()
            if self.down.pop(spoke.name, None) is not None:
                self.raise_link(spoke)
            session = self.session(spoke)
            if session is not None and not session.enabled:
                self.hub.enable(session)
        self.lab.run(2)
        self.lab.expect(lambda: all(map(self.is_settled, self.spokes)), 60, "all are up")
        self.lab.run(12)
        self.recover()

    def is_settled(self, spoke):
        session = self.session(spoke)
        wanted = self.shape.peers[number_of(spoke) - 1].present
        if session is None or not wanted:
            return session is None and not wanted
        return session.info().strip() == "Established"

    def recover(self):
        """What a limit has dropped, or what was not kept, comes back when the neighbor sends it again."""
        for number in self.keeping:
            router = self.spokes[number - 1].router
            router.reload(router.protocols["hub"], imports=False, exports=True)
        self.keeping.clear()
        for number in list(self.ceiling):
            if not self.shape.peers[number - 1].lossy:
                del self.ceiling[number]
                router = self.spokes[number - 1].router
                router.reload(router.protocols["hub"], imports=False, exports=True)
        self.lab.run(3)

    def check(self):
        model = Model(self.hub, self.shape)
        where = self.lab.where()
        for number, spoke in enumerate(self.spokes, 1):
            for family in (4, 6):
                self.check_sent(model, number, spoke, family)
                self.check_imported(model, number, spoke, family)
        assert model.copies("aside") == model.piped("master4", self.shape.pipe_out), where
        assert model.copies("master4") == model.piped("aside", self.shape.pipe_in), where
        assert self.forwarding() == model.forwarded(), where
        bugs = [str(line) for line in self.lab.log if line.level == "bug"]
        assert not bugs, "\n".join(bugs)

    def check_sent(self, model, number, spoke, family):
        peer = self.shape.peers[number - 1]
        there = peer.present and (family == 4 or peer.v6)
        expected = model.sent(number, family) if there else {}
        got = received(spoke, family, peer.paths and family == 4)
        where = f"{spoke.name}, IPv{family}, {self.lab.where()}"
        limit = peer.export_limit if family == 4 else None
        if limit is not None and len(expected) > limit:
            assert limit <= len(got) <= max(limit, self.held.get(number, 0)), where
            expected = {key: expected[key] for key in got}
        assert got == expected, where
        if there:
            channel = self.session(spoke).channels[f"ipv{family}"]
            assert channel.exported == len(got), where

    def check_imported(self, model, number, spoke, family):
        peer = self.shape.peers[number - 1]
        there = peer.present and (family == 4 or peer.v6)
        announced = held(spoke, f"own{'6' if family == 6 else ''}", f"master{family}") if there else {}
        passed, refused = model.imported(number, announced, family)
        got = held(self.hub_node, f"p{number}", model.table(number, family), copies=False)
        where = f"from {spoke.name}, IPv{family}, {self.lab.where()}"
        if not there:
            assert not got, where
            return
        channel = self.session(spoke).channels[f"ipv{family}"]
        assert channel.imported == len(got), where
        kept = {
            key: communities_of(self.hub.pool.view(rte.attrs))
            for key, (rte,) in channel.filtered_routes().items()
        }
        if peer.lossy and family == 4:
            assert len(got) <= self.ceiling[number], where
            assert got.items() <= passed.items(), where
            return
        assert got == passed, where
        assert kept == (refused if peer.keep and family == 4 else {}), where

    def forwarding(self):
        """The kernel's routes from the hub: network -> gateways."""
        routes = self.hub_node.host.kernel.routes(True, 254, OWN_ROUTES)
        return {route.prefix.key: {way.gateway for way in route.nexthops} for route in routes}

    def run(self, moments, steps):
        self.quiet()
        for _ in range(moments):
            for _ in range(steps):
                self.act()
                self.lab.run(self.random.choice([0, 0, 0.0005, 0.002, 0.1, 1]))
            self.quiet()
            self.check()


def number_of(spoke):
    return int(spoke.name[1:])


def own(spoke, family):
    """The static channel of a neighbor."""
    name = "own" if family == 4 else "own6"
    return spoke.router.protocols[name].channels[f"ipv{family}"]


def held(node, protocol, table, copies=True):
    """The routes of one protocol in a table: network -> communities."""
    found = {}
    routes = node.router.tables[table]
    for key in list(routes.keys()):
        for rte in routes.get(key):
            if rte.source.name == protocol and (copies or rte.source.origin is None):
                found[key] = communities_of(node.router.pool.view(rte.attrs))
    return found


def received(spoke, family, paths):
    """What a neighbor has from the hub; with `paths` several routes of a network, one for each AS path."""
    found = {}
    table = spoke.router.tables[f"master{family}"]
    for key in list(table.keys()):
        for rte in table.get(key):
            if rte.source.name == "hub":
                view = spoke.router.pool.view(rte.attrs)
                path = str(view["bgp_path"])
                name = key, path if paths else ""
                assert name not in found
                found[name] = (path, view.get("bgp_med"), communities_of(view))
    return found


@pytest.fixture(autouse=True)
def small_buffers(monkeypatch):
    """A slow neighbor is one that leaves some UPDATEs unread, not megabytes."""
    monkeypatch.setattr(tcp, "WINDOW", 256)
    monkeypatch.setattr(tcp, "LOW_MARK", 64)
    monkeypatch.setattr(session_channels, "HIGH_MARK", 128)


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
