"""Next hops between routers of one link: who gets which, and who must not get a route at all.

A hub and three neighbors (`s1` to `s3`), each with the last octet of its number
and the hub with 100, IPv4 and IPv6.
"""

import pytest

from pybird.core.protocol import State
from pybird.values.net import Prefix
from tests.scenarios.lab import Lab, read

SESSION = """
protocol bgp p%(number)d {
  local %(local)s as 65000; neighbor %(remote)s as %(asn)d; connect delay time 1; %(more)s
  ipv4 { import all; export all; }; ipv6 { import all; export all; };
}
"""
SPOKE = """
router id 10.0.0.%(number)d;
protocol device { }
protocol static own { ipv4; %(routes)s }
protocol static own6 { ipv6; %(routes6)s }
protocol bgp hub {
  local %(local)s as %(asn)d; neighbor %(remote)s as 65000; connect delay time 1;
  ipv4 { import all; export where source = RTS_STATIC; };
  ipv6 { import all; export where source = RTS_STATIC; };
}
"""
KINDS = {  # (AS number of the neighbors, options of their sessions)
    "external": (0, ""),
    "internal": (65000, "rr client; direct;"),
    "route server": (0, "rs client;"),
}
V4, V6, LL = "10.0.0.%d", "2001:db8:ffff::%d", "fe80::%x%%eth0"


class Hub(Lab):
    """The hub, its neighbors, and what they have from it."""

    def __init__(self, kind="external", address=V4, more=""):
        super().__init__(dad=None)
        self.asn, self.options = KINDS[kind]
        self.address = address
        self.router("hub", self.hub_text(more))
        for number in (1, 2, 3):
            self.router(f"s{number}", self.spoke_text(number))
        self.segment("lan", *((name, "eth0") for name in self.nodes))
        for name in self.nodes:
            self.nodes[name].host.add_address("eth0", f"fe80::{self.last(name):x}/64")
            self.nodes[name].host.add_address("eth0", V4 % self.last(name) + "/24")
            self.nodes[name].host.add_address("eth0", V6 % self.last(name) + "/64")
        self.expect(lambda: all(p.state is State.UP for p in self.sessions()), 30, "all are up")
        self.run(1)

    def last(self, name):
        return 100 if name == "hub" else int(name[1:])

    def sessions(self):
        return [self.nodes["hub"].router.protocols[f"p{number}"] for number in (1, 2, 3)]

    def hub_text(self, more=""):
        text = "router id 10.0.0.100; protocol device { }\n"
        for number in (1, 2, 3):
            asn = self.asn or 65000 + number
            local, remote = self.address % 100, self.address % number
            options = f"{self.options} {more}"
            text += SESSION % {
                "number": number,
                "asn": asn,
                "local": local,
                "remote": remote,
                "more": options,
            }
        return text

    def spoke_text(self, number, routes="", routes6=""):
        asn = self.asn or 65000 + number
        local, remote = self.address % number, self.address % 100
        options = {"number": number, "asn": asn, "local": local, "remote": remote}
        text = SPOKE % (options | {"routes": routes, "routes6": routes6})
        return text.replace("connect delay", "direct; connect delay") if self.asn else text

    def tell(self, number, routes="", routes6=""):
        """What a neighbor's static routes are from now on."""
        self.nodes[f"s{number}"].router.reconfigure(read(self.spoke_text(number, routes, routes6)))
        self.run(2)

    def got(self, name, net):
        """The next hop of a network that a neighbor has from the hub; None: it has none."""
        router = self.nodes[name].router
        table = router.tables["master6" if ":" in net else "master4"]
        for rte in table.get(Prefix.parse(net).key):
            if rte.source.name == "hub":
                return str(router.pool.view(rte.attrs)["bgp_next_hop"])
        return None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("net", "hop", "address"),
    [("20.0.0.0/24", V4 % 3, V4), ("2400::/32", V6 % 3, V6), ("2400::/32", "fe80::3%eth0", LL)],
    ids=["v4", "v6", "link-local"],
)
def test_a_route_is_not_sent_to_its_next_hop(kind, net, hop, address):
    """RFC 4271, 5.1.3: SHALL NOT; the others in the group get it, and who had it loses it."""
    lab = Hub(kind, address)
    which = "routes6" if ":" in net else "routes"
    reflected = kind == "internal" and address is LL
    lab.tell(1, **{which: f"route {net} blackhole;"})
    assert lab.got("s2", net) is not None
    assert lab.got("s3", net) is not None

    told = f" {{ bgp_next_hop = {hop[:-5]}; }}" if address is LL else ""
    lab.tell(1, **{which: f"route {net} via {hop}{told};"})
    assert lab.got("s2", net) is not None
    if reflected:
        return  # a link-local next hop is not reflected: the hub's own goes
    assert lab.got("s3", net) is None
    channel = lab.sessions()[2].channels["ipv6" if ":" in net else "ipv4"]
    assert channel.exports(Prefix.parse(net).key) is None
    assert (channel.exported, channel.statistics.export_withdraws.accepted) == (0, 1)
    assert len(channel.table.groups) == 1
    told = [text for text in lab.nodes["hub"].messages() if "Not sent" in text]
    assert told == [f"p3: Not sent: {net}: the neighbor is its next hop"]
    assert list(channel.refusals.exports) == [Prefix.parse(net).key]

    lab.tell(1, **{which: f"route {net} blackhole;"})
    assert lab.got("s3", net) is not None
    assert channel.exported == 1
    assert not channel.refusals.exports


def test_a_neighbor_that_comes_later_does_not_get_what_it_is_the_next_hop_of():
    lab = Hub()
    lab.tell(1, "route 20.0.0.0/24 via 10.0.0.3; route 20.0.1.0/24 blackhole;")
    hub = lab.nodes["hub"].router
    hub.restart(hub.protocols["p3"])
    lab.run(30)
    assert lab.got("s3", "20.0.1.0/24") is not None
    assert lab.got("s3", "20.0.0.0/24") is None
    lab.tell(1, "route 20.0.0.0/24 via 10.0.0.2; route 20.0.1.0/24 blackhole;")
    assert lab.got("s3", "20.0.0.0/24") == "10.0.0.2"
    assert lab.got("s2", "20.0.0.0/24") is None


def test_next_hop_self_is_the_way_out():
    lab = Hub()
    text = lab.hub_text().replace("export all;", "export all; next hop self;")
    lab.nodes["hub"].router.reconfigure(read(text))
    lab.tell(1, "route 20.0.0.0/24 via 10.0.0.3;")
    assert lab.got("s3", "20.0.0.0/24") == "10.0.0.100"
