"""Interfaces, links and addresses change all the time: nothing stays unresolved, nobody else flaps.

A hub has a neighbor whose link is left alone (`steady`) and one that lives through everything
(`moving`): its link goes down and up within milliseconds, addresses are removed and added again, it
comes back with another address. Meanwhile interfaces that matter to nobody come, go and change their
names. FRR's neighbors and next hops stayed unresolved after such things more than once.
"""

from random import Random

import pytest

from pybird.values.net import Prefix
from pybird.values.route import Dest
from tests.scenarios.lab import Lab, unnumbered

MILLISECONDS = (0.0, 0.0005, 0.002, 0.01, 0.05)
RECURSIVE = """
protocol static recursive4 { ipv4; route 10.99.0.0/16 recursive 10.3.0.1; }
protocol static recursive6 { ipv6; route 2001:db8:99::/48 recursive 2001:db8:3::1; }
"""
THROUGH_MOVING = {"master4": Prefix.parse("10.99.0.0/16"), "master6": Prefix.parse("2001:db8:99::/48")}
FORGIVING = "hold down off;"
HEALED = 40.0  # seconds: the longest wait of a neighbor that was refused, and duplicate address detection


class LinkChurn:
    """One story, from one seed."""

    def __init__(self, seed):
        self.random = Random(f"churn {seed}")
        self.lab = lab = Lab(seed=seed, dad=self.random.choice([None, (0.01, 0.05), (1.4, 1.9)]))
        lab.add("hub", unnumbered(1, more=FORGIVING) + RECURSIVE)
        lab.add("steady", unnumbered(2, more=FORGIVING))
        lab.add("moving", unnumbered(3, more=FORGIVING))
        lab.link("hub", "eth0", "steady", "eth0")
        self.cable = lab.link("hub", "eth1", "moving", "eth0")
        self.spare = 0
        lab.expect(self.whole, 12, "everybody knows everybody")
        self.since = {name: self.session(name, "steady").since for name in ("hub",)}
        self.since["steady"] = self.session("steady", "hub").since

    def session(self, name, other):
        """The session between two of the three."""
        wanted = {"hub": {"steady": "eth0", "moving": "eth1"}}.get(name, {}).get(other, "eth0")
        return next(child for child in self.lab.children(name) if child.reach.ifname == wanted)

    def whole(self):
        """Sessions, routes of both families, next hops and packets."""
        lab = self.lab
        if len(lab.up("hub")) != 2 or not (lab.up("steady") and lab.up("moving")):
            return False
        pairs = [("hub", "steady"), ("hub", "moving"), ("steady", "moving"), ("moving", "steady")]
        if not all(lab.knows(*both) and lab.pings(*both) for both in pairs):
            return False
        return all(self.resolved(table, net) for table, net in THROUGH_MOVING.items())

    def resolved(self, table, net):
        (rte,) = self.lab.nodes["hub"].router.tables[table].get(net.key)
        return rte.hop.dest is Dest.UNICAST

    # what happens -------------------------------------------------------

    def act(self):
        action = self.random.choice(
            [
                self.new_interface,
                self.no_interface,
                self.new_name,
                self.other_link,
                self.other_address,
                self.blink,
                self.blink,
                self.blink_there,
                self.pull,
                self.same_address,
                self.same_address_there,
                self.new_address,
            ]
        )
        action()
        self.lab.run(self.random.choice([*MILLISECONDS, 0.5, 3.0]))
        self.check()

    def check(self):
        """Nobody else noticed."""
        assert self.session("hub", "steady").since == self.since["hub"], self.lab.where()
        assert self.session("steady", "hub").since == self.since["steady"], self.lab.where()
        assert self.lab.knows("hub", "steady"), self.lab.where()
        assert self.lab.pings("hub", "steady"), self.lab.where()

    def wait(self):
        self.lab.run(self.random.choice(MILLISECONDS))

    def hosts(self):
        return self.lab.nodes["hub"].host, self.lab.nodes["moving"].host

    def others(self):
        """The hub's interfaces that matter to nobody."""
        return [nic.name for nic in self.hosts()[0].nics.values() if nic.name.startswith(("tap", "wan"))]

    def new_interface(self):
        self.spare += 1
        segment = self.lab.segment(f"spare{self.spare}")
        self.hosts()[0].attach(f"tap{self.spare}", segment)

    def no_interface(self):
        for name in self.others()[:1]:
            self.hosts()[0].detach(name)

    def new_name(self):
        for name in self.others()[:1]:
            self.hosts()[0].rename(name, ("wan" if name.startswith("tap") else "tap") + name[3:])

    def other_link(self):
        for name in self.others():
            self.hosts()[0].set_link(name, False)
            self.wait()
            self.hosts()[0].set_link(name, True)

    def other_address(self):
        for name in ["lo", *self.others()][: self.random.randint(1, 3)]:
            for text in ("192.0.2.77/32", "2001:db8:77::1/128"):
                self.hosts()[0].add_address(name, text)
                self.wait()
                self.hosts()[0].remove_address(name, text)

    def blink(self):
        """Our side of the link goes down and up."""
        self.hosts()[0].set_link("eth1", False)
        self.wait()
        self.hosts()[0].set_link("eth1", True)

    def blink_there(self):
        self.hosts()[1].set_link("eth0", False)
        self.wait()
        self.hosts()[1].set_link("eth0", True)

    def pull(self):
        """The cable is pulled out and put in."""
        for host, name in zip(self.hosts(), ("eth1", "eth0"), strict=True):
            host.set_carrier(host.nic(name), False)
        self.wait()
        for host, name in zip(self.hosts(), ("eth1", "eth0"), strict=True):
            host.set_carrier(host.nic(name), True)

    def same_address(self):
        """Our link-local address is removed and added again."""
        self._again(self.hosts()[0], "eth1")

    def same_address_there(self):
        self._again(self.hosts()[1], "eth0")

    def _again(self, host, name):
        address = host.nic(name).link_local()
        if address is not None:
            host.remove_address(name, str(address))
            self.wait()
            host.add_address(name, f"{address}/64")

    def new_address(self):
        """The neighbor has another link-local address from now on."""
        host = self.hosts()[1]
        before = host.nic("eth0").link_local()
        if before is None:
            return
        first = self.random.random() < 0.5
        if first:
            host.remove_address("eth0", str(before))
            self.wait()
        host.add_address("eth0", f"fe80::{self.random.randrange(0x1000, 0xFFFF):x}/64")
        if not first:
            self.wait()
            host.remove_address("eth0", str(before))


def story(seed, acts):
    churn = LinkChurn(seed)
    for _ in range(acts):
        churn.act()
    churn.lab.expect(churn.whole, HEALED, "everything is resolved again")
    churn.check()
    churn.lab.run(60)
    assert churn.whole(), churn.lab.where()
    assert not [line for line in churn.lab.log if line.level == "bug"]


@pytest.mark.parametrize("seed", range(8))
def test_nothing_stays_unresolved_and_nobody_else_flaps(seed):
    story(seed, acts=12)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 300))
def test_many_stories(seed):
    story(seed, acts=40)


@pytest.mark.parametrize("pause", MILLISECONDS)
@pytest.mark.parametrize(
    "event", ["blink", "blink_there", "pull", "same_address", "same_address_there", "new_address"]
)
def test_each_alone(event, pause):
    churn = LinkChurn(5)
    churn.wait = lambda: churn.lab.run(pause)
    getattr(churn, event)()
    churn.lab.run(1)
    churn.lab.expect(churn.whole, HEALED, "everything is resolved again")
    churn.check()
