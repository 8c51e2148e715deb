"""Everything flaps for an hour: afterwards there is as much in memory as after the first minutes."""

import gc
import tracemalloc

import pytest

from pybird.values.net import Prefix
from pybird.values.route import BLACKHOLE, Rte
from tests.scenarios.lab import lan, language, unnumbered

COUNT = 3
PAUSE = 5.0  # seconds between two faults
CALM = 300.0  # seconds after which no cancelled timer is in the queue any more
NETS = [Prefix.parse(f"10.200.{low}.0/24").key for low in range(50)]


def text(number, turn=0):
    """The configuration of a router; the turn changes options, filters, routes and protocols."""
    more = f"protocol static more {{ ipv4; route 10.77.{turn % 3}.0/24 blackhole; }}" if turn % 2 else ""
    export = ("all", "where net.len > 16", "filter { bgp_med = 7; accept; }")[turn % 3]
    return unnumbered(number, export=export, more="hold down off;") + more


class Flapping:
    """Routers on a switch, and one of them more on a cable; each fault is undone by the next of its kind."""

    def __init__(self):
        self.lab = lan(COUNT, text, seed=8)
        self.lab.add("far", text(COUNT + 1))
        self.lab.link("r1", "eth1", "far", "eth0")
        self.names = list(self.lab.nodes)
        self.bugs = []
        self.calm()

    def calm(self):
        """Wait until all is well; what the simulator remembers of the past is forgotten."""
        self.lab.segments["lan"].restore()
        self.lab.expect(self.whole, 60, "everybody knows everybody")
        self.lab.run(CALM)
        assert self.whole()
        self.bugs += [line for line in self.lab.log if line.level == "bug"]
        self.lab.log.clear()
        self.lab.trace.recent.clear()
        for node in self.lab.nodes.values():
            node.host.tcp._open()  # which sweeps out the closed ones

    def whole(self):
        return all(self.lab.knows(a, b) for a in self.names for b in self.names if a != b)

    # faults ---------------------------------------------------------------

    def reload(self, name, turn):
        config = language().read(text(self.lab.number(name), turn))
        self.lab.nodes[name].router.reconfigure(config)

    def flap_link(self, name, turn):
        host = self.lab.nodes[name].host
        host.set_link("eth0", not host.nic("eth0").admin_up)

    def flap_cable(self, name, turn):
        switch = self.lab.segments["lan"]
        (switch.restore if switch.is_cut else switch.cut)()

    def flap_advertisements(self, name, turn):
        router = self.lab.nodes[name].router
        radv = router.protocols["radv1"]
        (router.disable if radv.enabled else router.enable)(radv)

    def flap_routes(self, name, turn):
        router = self.lab.nodes[name].router
        channel = router.protocols["own4"].channels["ipv4"]
        attrs = router.pool.intern(b"", (("bgp_med", turn),))
        if turn % 2:
            channel.announce(NETS, Rte(attrs, channel.source, BLACKHOLE, 200, router.clock.now()))
        else:
            channel.withdraw(NETS)

    def restart_session(self, name, turn):
        for child in self.lab.children(name):
            self.lab.nodes[name].router.restart(child)

    def restart_parent(self, name, turn):
        router = self.lab.nodes[name].router
        router.restart(router.protocols["auto"])

    def round(self, routers):
        """Each kind of fault on so many routers, and once more to undo it; then peace."""
        kinds = (
            *(self.flap_link, self.reload, self.flap_advertisements, self.flap_routes),
            *(self.restart_session, self.flap_cable, self.restart_parent),
        )
        for at, name in enumerate(self.names[:routers]):
            for turn in (at + 1, at + 2):
                for kind in kinds:
                    kind(name, turn)
                    self.lab.run(PAUSE)
        for name in self.names:
            self.reload(name, 0)
        self.calm()


def flap(rounds, settled, routers):
    """Objects and octets that came after the first rounds; kinds of garbage; virtual seconds."""
    gc.collect()
    gc.freeze()  # what earlier tests left in this process is not looked at
    story = Flapping()
    start = story.lab.clock.now()
    held = []
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    tracemalloc.start()
    try:
        for _ in range(rounds):
            story.round(routers)
            gc.collect()  # finds nothing, and empties Python's own stock of small objects
            held.append((len(gc.get_objects()), tracemalloc.get_traced_memory()[0]))
        kinds = {type(item).__name__ for item in gc.garbage}
    finally:
        tracemalloc.stop()
        gc.set_debug(0)
        gc.unfreeze()
        gc.garbage.clear()
        gc.enable()
    assert not story.bugs
    objects, octets = (now - then for now, then in zip(held[-1], held[settled - 1], strict=True))
    return objects, octets, kinds, story.lab.clock.now() - start


# What differs is what a moment leaves, as a timer more or less. One session that stayed would be
# some hundred objects. Octets are counted from the first round on: what replaces older things
# counts as more.
OBJECTS = 60
OCTETS = 100_000


def test_a_few_minutes():
    objects, octets, kinds, seconds = flap(3, 2, 1)
    assert seconds > 600
    assert not kinds, kinds
    assert abs(objects) < OBJECTS
    assert octets < OCTETS


@pytest.mark.long
def test_an_hour():
    objects, octets, kinds, seconds = flap(7, 2, COUNT + 1)
    assert seconds > 3600
    assert not kinds, kinds
    assert abs(objects) < OBJECTS
    assert octets < OCTETS
