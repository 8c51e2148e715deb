"""A neighbor that always sends new attributes, while filters change: as much in memory after as before."""

import gc
import random
import struct
import tracemalloc

import pytest

from pybird.values.route import BLACKHOLE, Rte
from tests.scenarios.lab import language, pair, unnumbered

NETS = [bytes((24, 20, number >> 8, number & 255)) for number in range(3000)]
BURST = 60  # announcements or withdrawals of six networks each in a second


def text(turn):
    """The router that reloads; each turn has other filters."""
    return unnumbered(2, export=f"filter f{turn % 3}", more="hold down off;").replace(
        "protocol device",
        f"""
function deep(int x) {{ if x > 0 then return deep(x - 1); return {turn}; }}
filter f{turn % 3} {{ if deep(3) = {turn} then bgp_med = {turn % 7}; accept; }}
ipv4 table aux;
protocol static churn {{ ipv4 {{ table aux; import filter f{turn % 3}; }};
  route 198.18.{turn % 256}.0/24 blackhole; }}
protocol pipe copy {{ table master4; peer table aux; export filter f{turn % 3}; import none; }}
protocol device""",
    )


class Churn:
    def __init__(self):
        self.lab = pair(unnumbered(1, more="hold down off;"), text(0), seed=3)
        self.rng = random.Random(5)
        self.turn = 0
        self.lab.expect(self.know, 60, "they know each other")

    def know(self):
        return self.lab.knows("a", "b") and self.lab.knows("b", "a")

    def routers(self):
        return [self.lab.nodes[name].router for name in ("a", "b")]

    def burst(self):
        first = self.routers()[0]
        channel = first.protocols["own4"].channels["ipv4"]
        for _ in range(BURST):
            keys = self.rng.sample(NETS, 6)
            if self.rng.random() < 0.4:
                channel.withdraw(keys)
            else:
                attrs = first.pool.intern(self.attributes())
                channel.announce(keys, Rte(attrs, channel.source, BLACKHOLE, 200, first.clock.now()))

    def attributes(self):
        """ORIGIN, a path of five, and communities: never the same twice."""
        numbers = [struct.pack(">I", self.rng.randrange(1000, 60000)) for _ in range(11)]
        path, communities = b"".join(numbers[:5]), b"".join(numbers[5:])
        return b"\x40\1\1\0" + b"\x40\2\x16\2\5" + path + b"\xc0\x08\x18" + communities

    def reload(self):
        self.turn += 1
        self.routers()[1].reconfigure(language().read(text(self.turn)))

    def run(self, seconds):
        for second in range(seconds):
            self.burst()
            if second % 5 == 0:
                self.reload()
            if second % 20 in (0, 3):
                host = self.lab.nodes["b"].host
                host.set_link("eth0", not host.nic("eth0").admin_up)
            self.lab.run(1)
        self.lab.expect(self.know, 60, "they know each other again")
        self.lab.log.clear()
        self.lab.trace.recent.clear()

    def held(self):
        """Octets without the sets and memos that the next round would drop."""
        for router in self.routers():
            router.forget_memos()
            router.pool.begin_round()
            while router.pool.sweep(10_000):
                pass
        gc.collect()
        return tracemalloc.get_traced_memory()[0]


@pytest.mark.long
def test_ever_new_attributes_and_filters():
    story = Churn()
    tracemalloc.start()
    try:
        story.run(100)
        early = []
        late = []
        for found in (early, late):
            for _ in range(4):
                story.run(40)
                found.append(story.held())
    finally:
        tracemalloc.stop()
    # one measurement differs from the next by what routes there just are, some 100 kB
    assert max(late) < max(early) + 300_000, (early, late)
