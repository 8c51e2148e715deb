"""Next hops between routers of one link: who gets which, and who must not get a route at all.

A hub and three neighbors (`s1` to `s3`), each with the last octet of its number
and the hub with 100, IPv4 and IPv6.
"""

import pytest

from pybird.core.life import ProtocolState
from pybird.values.net import Prefix
from pybird.values.route import Dest
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
        self.asn, self.options = {**KINDS, "multihop": (65000, "rr client; multihop;")}[kind]
        self.address = address
        self.router("hub", self.hub_text(more))
        for number in (1, 2, 3):
            self.router(f"s{number}", self.spoke_text(number))
        self.segment("lan", *((name, "eth0") for name in self.nodes))
        for name in self.nodes:
            self.nodes[name].host.add_address("eth0", f"fe80::{self.last(name):x}/64")
            self.nodes[name].host.add_address("eth0", V4 % self.last(name) + "/24")
            self.nodes[name].host.add_address("eth0", V6 % self.last(name) + "/64")
        self.expect(lambda: all(p.state is ProtocolState.UP for p in self.sessions()), 30, "all are up")
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
        how = "multihop" if "multihop" in self.options else "direct"
        return text.replace("connect delay", f"{how}; connect delay") if self.asn else text

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


def protocol(lab, number=1):
    return lab.nodes["hub"].router.protocols[f"p{number}"]


def here(lab, net):
    """How the hub has a network: its best route."""
    router = lab.nodes["hub"].router
    found = router.tables["master6" if ":" in net else "master4"].get(Prefix.parse(net).key)
    return found[0].hop if found else None


def is_sent(lab, net):
    """The hub has sent it to the second neighbor."""
    return protocol(lab, 2).channels["ipv4"].exports(Prefix.parse(net).key) is not None


OFF, NEW = "10.7.0.9", "10.7.0.100/24"  # a next hop that is on no link, and the hub's address that changes it


def off_link(net, hop=OFF):
    """A static route whose next hop the spoke sends as it is written."""
    return f"route {net} blackhole {{ bgp_next_hop = {hop}; }};"


def test_a_direct_next_hop_that_is_not_there_keeps_the_route_out_until_it_is():
    """RFC 4271, 6.3: not in the table, not counted, not sent; one line; then it enters by itself."""
    lab = Hub()
    host, channel = lab.nodes["hub"].host, protocol(lab).channels["ipv4"]
    lab.tell(1, off_link("20.0.0.0/24") + "route 20.0.1.0/24 blackhole;")
    assert here(lab, "20.0.0.0/24") is None
    assert here(lab, "20.0.1.0/24") is not None
    assert lab.got("s2", "20.0.0.0/24") is None
    assert (channel.imported, channel.waiting, channel.statistics.import_updates.rejected) == (1, 1, 1)
    told = [text for text in lab.nodes["hub"].messages("remote") if "20.0.0.0" in text]
    assert told == ["p1: Refused 20.0.0.0/24: next hop 10.7.0.9 is not on link"]

    host.add_address("eth0", NEW)
    lab.run(1)
    assert here(lab, "20.0.0.0/24").dest is Dest.UNICAST
    assert is_sent(lab, "20.0.0.0/24")
    assert (channel.imported, channel.waiting) == (2, 0)
    assert not channel.refusals.imports

    host.remove_address("eth0", NEW)
    lab.run(1)
    assert here(lab, "20.0.0.0/24") is None
    assert not is_sent(lab, "20.0.0.0/24")
    assert (channel.imported, channel.waiting) == (1, 1)

    host.add_address("eth0", NEW)
    lab.run(1)
    assert is_sent(lab, "20.0.0.0/24")
    host.remove_address("eth0", NEW)
    lab.run(1)
    lab.tell(1, "route 20.0.1.0/24 blackhole;")
    host.add_address("eth0", NEW)
    lab.run(1)
    assert here(lab, "20.0.0.0/24") is None, "it was withdrawn while it waited"
    assert channel.waiting == 0


def test_a_route_that_waits_goes_through_the_import_filter_of_the_moment_it_enters():
    lab = Hub()
    hub = lab.nodes["hub"].router
    lab.tell(1, off_link("20.0.0.0/24") + off_link("20.0.1.0/24"))
    text = lab.hub_text().replace("import all;", "import where net != 20.0.0.0/24;")
    hub.reconfigure(read(text))
    lab.run(3)
    lab.nodes["hub"].host.add_address("eth0", NEW)
    lab.run(1)
    assert here(lab, "20.0.0.0/24") is None
    assert here(lab, "20.0.1.0/24") is not None


def test_an_earlier_route_of_the_neighbor_goes_when_its_new_next_hop_is_not_there():
    lab = Hub()
    lab.tell(1, "route 20.0.0.0/24 blackhole;")
    lab.tell(2, "route 20.0.0.0/24 blackhole;")
    assert here(lab, "20.0.0.0/24") is not None
    lab.tell(2)
    lab.tell(1, off_link("20.0.0.0/24"))
    assert here(lab, "20.0.0.0/24") is None
    assert lab.got("s2", "20.0.0.0/24") is None


def test_a_gateway_that_the_import_filter_sets_must_be_there():
    lab = Hub()
    hub = lab.nodes["hub"].router
    text = lab.hub_text().replace(
        "import all;", f"import filter {{ if net.type = NET_IP4 then gw = {OFF}; accept; }};"
    )
    hub.reconfigure(read(text))
    lab.tell(1, "route 20.0.0.0/24 blackhole;")
    assert here(lab, "20.0.0.0/24") is None
    assert protocol(lab).channels["ipv4"].waiting == 1
    lab.nodes["hub"].host.add_address("eth0", NEW)
    lab.run(1)
    assert str(here(lab, "20.0.0.0/24").nexthops[0].gateway) == OFF


@pytest.mark.parametrize("hop", ["10.0.0.0", "10.0.0.255", "10.0.0.100"])
def test_network_broadcast_and_own_addresses_are_no_next_hops(hop):
    lab = Hub()
    lab.tell(1, off_link("20.0.0.0/24", hop))
    assert here(lab, "20.0.0.0/24") is None


def test_both_addresses_of_a_31_are_hosts():
    lab = Hub()
    lab.nodes["hub"].host.add_address("eth0", "10.7.0.9/31")
    lab.run(1)
    lab.tell(1, off_link("20.0.0.0/24", "10.7.0.8"))
    assert here(lab, "20.0.0.0/24") is not None


def test_an_own_address_is_an_unresolved_next_hop_of_a_multihop_session():
    """A speaker on the same host: the route stays, one warning, and goes on with `next hop self`."""
    lab = Hub("internal", more="multihop; ")
    text = (
        lab.hub_text("").replace("direct;", "multihop;").replace("export all;", "export all; next hop self;")
    )
    lab.nodes["hub"].router.reconfigure(read(text))
    lab.run(20)
    lab.nodes["hub"].host.add_address("lo", "192.0.2.9/32")
    lab.run(1)
    lab.tell(1, off_link("20.0.0.0/24", "192.0.2.9") + off_link("20.0.1.0/24", "192.0.2.9"))
    assert here(lab, "20.0.0.0/24").dest is Dest.UNREACHABLE
    assert lab.got("s2", "20.0.0.0/24") == "10.0.0.100"
    assert lab.nodes["hub"].messages("warning") == ["p1: Next hop address 192.0.2.9 is one of our own"]


@pytest.mark.parametrize("prefer", ["", "global", "local"])
def test_which_of_two_next_hops_counts_on_a_link_local_session(prefer):
    """The global one, where it is on the link, but with `next hop prefer local`."""
    lab = Hub(address=LL)
    option = f"next hop prefer {prefer};" if prefer else ""
    lab.nodes["hub"].router.reconfigure(read(lab.hub_text().replace("import all;", f"import all; {option}")))
    text = lab.spoke_text(1, routes6="route 2400::/32 blackhole;")
    text = text.replace("ipv6 { import all;", f"ipv6 {{ import all; next hop address {V6 % 1};")
    lab.nodes["s1"].router.reconfigure(read(text))
    lab.run(20)

    def gateway():
        return here(lab, "2400::/32").nexthops[0].gateway

    assert gateway().is_link_local if prefer == "local" else str(gateway()) == V6 % 1
    host = lab.nodes["hub"].host
    host.remove_address("eth0", V6 % 100 + "/64")
    lab.run(1)
    assert gateway().is_link_local, "the neighbor is there, whatever networks we have"
    host.add_address("eth0", V6 % 100 + "/64")
    lab.run(1)
    assert gateway().is_link_local if prefer == "local" else str(gateway()) == V6 % 1


@pytest.mark.parametrize("prefer", ["", "global", "local"])
def test_a_link_local_next_hop_counts_where_the_igp_route_leads_to_a_link(prefer):
    """`gateway recursive`: not with `next hop prefer global`, nor where the address is ours."""
    lab = Hub("internal")
    option = f"next hop prefer {prefer};" if prefer else ""
    text = lab.hub_text().replace("ipv6 { import all;", f"ipv6 {{ import all; gateway recursive; {option}")
    text += 'protocol static igp { ipv6; route 2001:db8:ffff::/48 via "eth0"; }'
    lab.nodes["hub"].router.reconfigure(read(text))
    lab.run(20)
    lab.tell(1, routes6="route 2400::/32 blackhole;")

    def gateway():
        return str(here(lab, "2400::/32").nexthops[0].gateway)

    neighbor = gateway()
    assert neighbor == V6 % 1 if prefer == "global" else neighbor.startswith("fe80::")
    lab.nodes["hub"].host.add_address("eth0", f"{neighbor}/64")
    lab.run(1)
    assert prefer == "global" or gateway() == V6 % 1


@pytest.mark.parametrize("gateway", ["", "gateway recursive;"])
def test_a_next_hop_is_not_looked_up_through_a_route_that_was_looked_up_itself(gateway):
    """`gateway recursive`, the default of multihop sessions: one level (RFC 4271, 9.1.2.1)."""
    lab = Hub("internal" if gateway else "multihop")
    text = lab.hub_text().replace("ipv4 { import all;", f"ipv4 {{ import all; {gateway}")
    text += "protocol direct { ipv4; } protocol static igp { ipv4; %s }"
    hub = lab.nodes["hub"].router
    hub.reconfigure(read(text % ""))
    lab.tell(1, off_link("20.0.0.0/16", "10.0.0.3"))
    lab.tell(2, off_link("30.0.0.0/16", "20.0.0.9"))
    assert [str(way.gateway) for way in here(lab, "20.0.0.0/16").nexthops] == ["10.0.0.3"]
    assert here(lab, "30.0.0.0/16").dest is Dest.UNREACHABLE
    told = "Next hop address 20.0.0.9 resolvable through recursive route for 20.0.0.0/16"
    assert lab.nodes["hub"].messages("warning") == [told]

    hub.reconfigure(read(text % "route 20.0.0.8/29 via 10.0.0.1;"))
    lab.run(2)
    assert [str(way.gateway) for way in here(lab, "30.0.0.0/16").nexthops] == ["10.0.0.1"]
    hub.reconfigure(read(text % ""))
    lab.run(2)
    assert here(lab, "30.0.0.0/16").dest is Dest.UNREACHABLE


def test_a_multihop_session_looks_next_hops_up_and_a_direct_one_does_not():
    """What `gateway` is where it is not written."""
    for kind, expected in (("internal", None), ("multihop", "10.0.0.3")):
        lab = Hub(kind)
        text = (
            lab.hub_text() + "protocol direct { ipv4; } protocol static igp { ipv4; route %s via 10.0.0.3; }"
        )
        lab.nodes["hub"].router.reconfigure(read(text % "20.0.0.0/16"))
        lab.tell(1, off_link("30.0.0.0/16", "20.0.0.9"))
        found = here(lab, "30.0.0.0/16")
        assert (found and str(found.nexthops[0].gateway)) == expected


@pytest.mark.parametrize(
    "tables", ["", "igp table master4; igp table master6;", "igp table master4;", "igp table own6;"]
)
def test_the_igp_table_is_of_the_family_of_the_next_hop(tables):
    """RFC 8950 in recursive mode: IPv6 next hops of IPv4 routes are no IPv4 networks."""
    lab = Hub("multihop", address=V6)
    extended = "ipv4 { extended next hop; import all;"
    text = lab.hub_text().replace("ipv4 { import all;", f"{extended} {tables}")
    text += """protocol direct { ipv4; ipv6; }
        protocol static own { ipv6 { table own6; }; route 2001:db8:ffff::1/128 via 2001:db8:ffff::3; }"""
    lab.nodes["hub"].router.reconfigure(read("ipv6 table own6;" + text))
    told = lab.spoke_text(1, routes="route 20.0.0.0/24 blackhole;")
    lab.nodes["s1"].router.reconfigure(read(told.replace("ipv4 { import all;", extended)))
    lab.run(20)
    sent = [str(way.gateway) for way in here(lab, "20.0.0.0/24").nexthops]
    assert sent == [V6 % (3 if "own6" in tables else 1)]
    channel = lab.sessions()[0].channels["ipv4"]
    six = "own6" if "own6" in tables else "master6"
    shown = [(detail.label, detail.text) for detail in lab.sessions()[0].channel_details(channel)][1:]
    assert shown == [("IGP IPv4 table", "master4"), ("IGP IPv6 table", six)]
