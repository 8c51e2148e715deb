"""Configured eBGP and iBGP sessions with real daemons, attributes checked on both sides."""

import pytest

from tests.interop.lab import until

FAMILIES = ["4", "6"]
NET = {"4": "10.0.0.", "6": "2001:db8::"}
OWN = {"4": "10.1.0.0/24", "6": "2001:db8:1::/48"}
THEIRS = {"4": "10.2.0.0/24", "6": "2001:db8:2::/48"}


def addresses(a, b):
    for number, host in ((1, a), (2, b)):
        host.address(f"10.0.0.{number}/24", "eth0")
        host.address(f"2001:db8::{number}/64", "eth0")


def bird_like(number, family, asn, other):
    """Announces one route with every attribute that ordinary policy sets."""
    channel = f"ipv{family}"
    net = OWN if number == 1 else THEIRS
    return f"""
router id 192.0.2.{number};
log stderr all;
protocol device {{ }}
protocol static own {{
  {channel};
  route {net[family]} unreachable;
}}
protocol bgp peer {{
  local {NET[family]}{number} as {asn};
  neighbor {NET[family]}{3 - number} as {other};
  connect delay time 1; connect retry time 2; error wait time 1, 4;
  {"direct;" if asn == other else ""}
  {channel} {{
    import all;
    next hop self;
    export filter {{
      if source != RTS_STATIC then reject;
      bgp_community.add(({number}, 100));
      bgp_large_community.add(({number}, 2, 3));
      bgp_ext_community.add((rt, {number}, 4));
      bgp_med = 50;
      bgp_path.prepend(64512);
      accept;
    }};
  }};
}}
"""


def shown(daemon, net):
    """All of a route, with names of attributes as BIRD 2 writes them (BIRD 3: `bgp_med`, `bgp_path`)."""
    text = daemon.routes(f"{net} all")
    return text.replace("\tbgp_path", "\tBGP.as_path").replace("\tbgp_", "\tBGP.")


@pytest.mark.peer("bird")
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("other", [65002, 65001], ids=["ebgp", "ibgp"])
def test_bird(lab, birds, family, other):
    a, b = lab.pair()
    addresses(a, b)
    pybird = a.pybird(bird_like(1, family, 65001, other))
    bird = b.bird(bird_like(2, family, other, 65001), birds)
    until(pybird.established, 20)
    until(lambda: THEIRS[family] in pybird.routes(), 10)
    until(lambda: OWN[family] in bird.routes(), 10)
    path = "64512" if other == 65001 else "{asn} 64512"
    for daemon, net, number, asn in ((pybird, THEIRS, 2, other), (bird, OWN, 1, 65001)):
        text = shown(daemon, net[family])
        assert f"BGP.as_path: {path.format(asn=asn)}" in text
        assert "BGP.origin: IGP" in text
        assert "BGP.med: 50" in text
        assert f"BGP.community: ({number},100)" in text
        assert f"BGP.large_community: ({number}, 2, 3)" in text
        assert f"BGP.ext_community: (rt, {number}, 4)" in text
        assert f"{NET[family].rstrip(':')}" in text
    assert "BGP.local_pref: 100" in shown(bird, OWN[family])


def frr_config(family, asn):
    return f"""
route-map out permit 10
 set community 2:100
 set large-community 2:2:3
 set metric 50
router bgp {asn}
 bgp router-id 192.0.2.2
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
 neighbor {NET[family]}1 remote-as 65001
 neighbor {NET[family]}1 timers connect 2
 address-family ipv{family} unicast
  neighbor {NET[family]}1 activate
  neighbor {NET[family]}1 route-map out out
  network {THEIRS[family]}
 exit-address-family
"""


@pytest.mark.peer("zebra", "vtysh")
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("asn", [65002, 65001], ids=["ebgp", "ibgp"])
def test_frr(lab, family, asn):
    a, b = lab.pair()
    addresses(a, b)
    b.address("10.2.0.1/24" if family == "4" else "2001:db8:2::1/48")
    frr = b.frr(frr_config(family, asn))
    pybird = a.pybird(bird_like(1, family, 65001, asn))
    until(pybird.established, 20)
    until(lambda: THEIRS[family] in pybird.routes(), 20)
    text = shown(pybird, THEIRS[family])
    assert "BGP.community: (2,100)" in text
    assert "BGP.large_community: (2, 2, 3)" in text
    assert "BGP.med: 50" in text
    until(lambda: OWN[family] in frr.routes(f"ipv{family}"), 10)
    path = frr.json(f"show bgp ipv{family} unicast {OWN[family]}")["paths"][0]
    assert path["community"]["string"] == "1:100"
    assert path["largeCommunity"]["string"] == "1:2:3"
    assert path["extendedCommunity"]["string"] == "RT:1:4"
    assert path["metric"] == 50
    assert path["aspath"]["string"] == ("64512" if asn == 65001 else "65001 64512")
    assert path["nexthops"][0]["ip"] == f"{NET[family]}1"


def gobgp_config(family, asn):
    return f"""
[global.config]
  as = {asn}
  router-id = "192.0.2.2"
[[neighbors]]
  [neighbors.config]
    neighbor-address = "{NET[family]}1"
    peer-as = 65001
  [neighbors.timers.config]
    connect-retry = 2
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv{family}-unicast"
"""


@pytest.mark.peer("gobgpd", "gobgp")
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("asn", [65002, 65001], ids=["ebgp", "ibgp"])
def test_gobgp(lab, family, asn):
    a, b = lab.pair()
    addresses(a, b)
    gobgp = b.gobgp(gobgp_config(family, asn))
    pybird = a.pybird(bird_like(1, family, 65001, asn))
    until(pybird.established, 30)
    until(gobgp.established, 10)
    hop = f"{NET[family]}2"
    attributes = f"nexthop {hop} community 2:100 large-community 2:2:3 med 50"
    gobgp.cli(f"global rib add -a ipv{family} {THEIRS[family]} {attributes}")
    until(lambda: THEIRS[family] in pybird.routes(), 10)
    text = shown(pybird, THEIRS[family])
    assert "BGP.community: (2,100)" in text
    assert "BGP.large_community: (2, 2, 3)" in text
    until(lambda: OWN[family] in gobgp.cli(f"global rib -a ipv{family}"), 10)
    row = gobgp.cli(f"global rib -a ipv{family} {OWN[family]}")
    assert "{Communities: 1:100}" in row
    assert "{Med: 50}" in row
    assert ("64512" if asn == 65001 else "65001 64512") in row


EXTENDED = """
router id 192.0.2.1;
log stderr all;
protocol device { }
protocol direct { ipv4; ipv6; }
protocol kernel { ipv4 { export where source = RTS_BGP; }; }
protocol bgp peer {
  local 2001:db8::1 as 65001; neighbor 2001:db8::2 as 65001;
  connect delay time 1; connect retry time 2; error wait time 1, 4;
  ipv4 { extended next hop; import all; export where net = 10.1.0.0/24; };
}
"""
EXTENDED_FRR = """
router bgp 65001
 bgp router-id 192.0.2.2
 no bgp default ipv4-unicast
 neighbor 2001:db8::1 remote-as 65001
 neighbor 2001:db8::1 timers connect 2
 neighbor 2001:db8::1 capability extended-nexthop
 address-family ipv4 unicast
  neighbor 2001:db8::1 activate
  network 10.2.0.0/24
 exit-address-family
"""


@pytest.mark.peer("zebra", "vtysh")
def test_frr_ipv4_over_an_internal_session_of_ipv6(lab):
    """RFC 8950 in recursive mode: the next hop is found in the IPv6 table, and packets go there."""
    a, b = lab.pair()
    for number, host in ((1, a), (2, b)):
        host.address(f"2001:db8::{number}/64", "eth0")
        host.address(f"10.{number}.0.1/24")
    frr = b.frr(EXTENDED_FRR)
    pybird = a.pybird(EXTENDED)
    until(pybird.established, 20)
    until(lambda: "10.2.0.0/24 via inet6" in a.ip("route"), 10)
    assert "unicast" in pybird.routes("10.2.0.0/24")
    until(lambda: "10.1.0.0/24" in frr.json("show bgp ipv4 unicast").get("routes", {}), 10)
    until(lambda: a.ping("10.2.0.1", "10.1.0.1"), 10, "packets go both ways")
