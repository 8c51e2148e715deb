"""Random faults, then peace: the network must always heal, and never log a bug."""

from random import Random

import pytest

from pybird.proto.radv.messages import Advertisement
from pybird.sim.faults import Lags
from tests.scenarios.lab import lan, unnumbered

COUNT = 5
TIMERS = "hold time 30; error wait time 3, 10;"
HEALED = 30.0 + 10.0 + 30.0  # seconds: hold time, error wait, the longest patience of a refused peer


class Chaos:
    """What may happen to a segment of routers."""

    def __init__(self, seed):
        self.random = Random(f"chaos {seed}")
        persist = self.persist = self.random.random() < 0.3
        peers = "peers < persist yes; >;" if persist else "peers { };"
        self.lab = lan(COUNT, lambda number: unnumbered(number, peers, more=TIMERS), seed=seed)
        self.segment = self.lab.segments["lan"]
        for node in self.lab.nodes.values():  # what one side's connection brings may overtake the other's
            node.host.tcp.lags = Lags(self.random.choice([0, 0.003]), self.random.choice([0, 0.003]))

    def act(self):
        name = self.random.choice(list(self.lab.nodes))
        action = self.random.choice(
            [
                self.kill,
                self.power,
                self.stop,
                self.flap,
                self.cut,
                self.block,
                self.freeze,
                self.forge,
                self.reset,
            ]
        )
        action(self.lab.nodes[name])

    def kill(self, node):
        if node.router is not None:
            node.kill()
        else:
            node.start()

    def power(self, node):
        if node.router is not None:
            node.power_off()
        else:
            node.start()

    def stop(self, node):
        if node.router is not None and not node.router.shutting_down:
            node.stop(graceful=self.random.random() < 0.3)

    def flap(self, node):
        node.host.set_link("eth0", not node.host.nic("eth0").admin_up)

    def cut(self, node):
        if self.segment.is_cut:
            self.segment.restore()
        else:
            self.segment.cut()

    def block(self, node):
        other = self.random.choice(list(self.lab.nodes))
        if (node.name, other) in self.segment.blocked:
            self.segment.unblock(node.name, other)
        else:
            self.segment.block(node.name, other)

    def freeze(self, node):
        process = node.host.process
        if process.frozen:
            process.thaw()
        else:
            process.freeze()

    def forge(self, node):
        data = Advertisement(lifetime=self.random.choice([0, 3, 30])).encode()
        nic = node.host.nic("eth0")
        source = self.random.choice([str(nic.link_local() or "fe80::77"), "fe80::66"])
        self.lab.forge(self.segment, data, source)

    def reset(self, node):
        for endpoint in node.host.tcp.endpoints[:3]:
            endpoint.fail("Connection reset by peer")
            if endpoint.peer is not None:
                endpoint.peer.fail("Connection reset by peer")

    def peace(self):
        self.segment.restore()
        self.segment.blocked.clear()
        for node in self.lab.nodes.values():
            node.host.set_link("eth0", True)
            if node.host.process.frozen:
                node.host.process.thaw()
        self.lab.run(1)
        for node in self.lab.nodes.values():
            if node.router is None:
                node.start()

    def run(self, rounds):
        self.lab.run(self.random.uniform(0, 5))
        for _ in range(rounds):
            self.act()
            self.lab.run(self.random.choice([0, 0.01, 0.3, 2, 10, 35]))
        self.peace()
        self.lab.expect(self.lab.meshed, HEALED, "the network has healed")
        self.lab.run(70)  # forged and orphaned ones are gone
        assert self.lab.meshed(), self.lab.where()
        if not self.persist:
            assert [len(self.lab.children(name)) for name in self.lab.nodes] == [COUNT - 1] * COUNT
        bugs = [line for line in self.lab.log if line.level == "bug"]
        assert not bugs, "\n".join(map(str, bugs))


@pytest.mark.parametrize("seed", range(4))
def test_the_network_heals(seed):
    Chaos(seed).run(30)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 200))
def test_the_network_heals_with_many_seeds(seed):
    Chaos(seed).run(40)
