"""Labeled unicast and VPN routes (RFC 8277, RFC 4364) with real daemons; both sides are looked at."""

import json

import pytest

from tests.interop.lab import Daemon, until

LABELED, VPN = "10.5.0.0/16", "10.6.0.0/16"
RD = "65002:7"


def config(number, neighbors, options=""):
    """A router with a route in each of two tables, for routes with labels and those of VPNs."""
    sessions = "".join(
        f"""
protocol bgp p{other} {{
  local 10.0.0.{number} as 6500{number};
  neighbor 10.0.0.{other} as 6500{other};
  connect delay time 1; connect retry time 2; error wait time 1, 4; strict bind;
  ipv4 mpls {{ table l4; import all; export all; {options} }};
  ipv6 mpls {{ table l6; import all; export all; {options} }};
  vpn4 mpls {{ table v4; import all; export all; {options} }};
}}
"""
        for other in neighbors
    )
    return f"""
router id 192.0.2.{number};
log stderr all;
ipv4 table l4;
ipv6 table l6;
vpn4 table v4;
protocol device {{ }}
protocol static s4 {{ ipv4 {{ table l4; }}; route 10.{number}.0.0/16 unreachable; }}
protocol static s6 {{ ipv6 {{ table l6; }}; route 2001:db8:{number}::/48 unreachable; }}
protocol static t4 {{ vpn4 {{ table v4; }}; route 65001:{number} 10.7.0.0/16 unreachable; }}
{sessions}"""


def hosts(lab):
    a, b = lab.pair()
    for number, host in ((1, a), (3, a), (2, b)):
        host.address(f"10.0.0.{number}/24", "eth0")
        host.address(f"2001:db8:ffff::{number}/64", "eth0")
    return a, b


@pytest.mark.peer("bird")
def test_bird(lab, birds):
    a, b = hosts(lab)
    daemons = {1: a.pybird(config(1, (2,))), 2: b.bird(config(2, (1,)), birds)}
    until(daemons[1].established, 20)
    for number, daemon in daemons.items():
        other = 3 - number
        nets = {
            "l4": f"10.{other}.0.0/16",
            "l6": f"2001:db8:{other}::/48",
            "v4": f"65001:{other} 10.7.0.0/16",
        }
        for table, net in nets.items():
            rows = f"table {table} protocol p{other} all"
            until(lambda daemon=daemon, rows=rows, net=net: net in daemon.routes(rows), 10)
            assert "mpls_label_stack: 3" in daemon.routes(rows)
    daemons[2].cli("disable s4")
    until(lambda: "10.2.0.0/16" not in daemons[1].routes("table l4"), 10)
    for protocol in ("t4", "s6"):
        daemons[1].cli(f"disable {protocol}")
    until(lambda: "65001:1" not in daemons[2].routes("table v4"), 10)
    until(lambda: "2001:db8:1::/48" not in daemons[2].routes("table l6"), 10)
    assert "10.1.0.0/16" in daemons[2].routes("table l4")


FRR = """
router bgp 65002
 bgp router-id 192.0.2.2
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor 10.0.0.1 remote-as 65001
 neighbor 10.0.0.1 timers connect 2
 address-family ipv4 unicast
  no neighbor 10.0.0.1 activate
  network 10.5.0.0/16
 exit-address-family
 address-family ipv4 labeled-unicast
  neighbor 10.0.0.1 activate
 exit-address-family
 address-family ipv4 vpn
  neighbor 10.0.0.1 activate
  network 10.6.0.0/16 rd 65002:7 label 206
 exit-address-family
"""


@pytest.mark.peer("zebra", "vtysh")
def test_frr(lab):
    a, b = hosts(lab)
    frr = b.frr(FRR)
    pybird = a.pybird(config(1, (2,)))
    until(pybird.established, 30)
    until(lambda: LABELED in pybird.routes("table l4"), 20)
    until(lambda: f"{RD} {VPN}" in pybird.routes("table v4"), 20)
    assert "via 10.0.0.2 on eth0" in pybird.routes(f"table l4 {LABELED}")
    assert "BGP.mpls_label_stack: 206" in pybird.routes("table v4 protocol p2 all")
    assert "via 10.0.0.2 on eth0 mpls 206" in pybird.routes("table v4 protocol p2 all")

    def labeled():
        return frr.cli("show bgp ipv4 labeled-unicast 10.1.0.0/16")

    def vpn():
        return frr.cli("show bgp ipv4 vpn")

    until(lambda: "Remote label: 3" in labeled(), 20)
    until(lambda: "10.7.0.0/16" in vpn() and "65001:1" in vpn(), 20)
    pybird.cli("disable s4")
    pybird.cli("disable t4")
    until(lambda: "Remote label" not in labeled(), 10)
    until(lambda: "10.7.0.0/16" not in vpn(), 10)


GOBGP = """
[global.config]
  as = 65002
  router-id = "192.0.2.2"
"""
GOBGP_NEIGHBOR = """
[[neighbors]]
  [neighbors.config]
    neighbor-address = "10.0.0.%d"
    peer-as = 6500%d
  [neighbors.timers.config]
    connect-retry = 2
"""
GOBGP_FAMILY = """
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "%s"
"""


@pytest.mark.peer("gobgpd", "gobgp", "bird")
def test_gobgp(lab, birds):
    """What it injects is the same in PyBIRD and in BIRD."""
    a, b = hosts(lab)
    families = [GOBGP_FAMILY % each for each in ("ipv4-labelled-unicast", "l3vpn-ipv4-unicast")]
    sessions = [GOBGP_NEIGHBOR % (number, number) + "".join(families) for number in (1, 3)]
    gobgp = b.gobgp(GOBGP + "".join(sessions))
    daemons = (a.pybird(config(1, (2,))), a.bird(config(3, (2,)), birds))
    for daemon in daemons:
        until(daemon.established, 30)
    gobgp.cli(f"global rib add -a ipv4-mpls {LABELED} 205 nexthop 10.0.0.2")
    gobgp.cli(f"global rib add -a vpnv4 {VPN} label 206 rd {RD} rt 65002:9 nexthop 10.0.0.2")
    for daemon in daemons:
        until(lambda daemon=daemon: LABELED in daemon.routes("table l4"), 10)
        until(lambda daemon=daemon: f"{RD} {VPN}" in daemon.routes("table v4"), 10)
        labeled, vpn = (daemon.routes(f"table {table} protocol p2 all") for table in ("l4", "v4"))
        assert "via 10.0.0.2 on eth0 mpls 205" in labeled
        assert "via 10.0.0.2 on eth0 mpls 206" in vpn
        assert "(rt, 65002, 9)" in vpn

    def there(family):
        return gobgp.cli(f"global rib -a {family} -j")

    until(lambda: "10.1.0.0/16" in there("ipv4-mpls"), 10)
    until(lambda: "65001:1" in there("vpnv4"), 10)
    assert labels_of(json.loads(there("vpnv4"))["65001:1:10.7.0.0/16"]) == [3]
    gobgp.cli(f"global rib del -a ipv4-mpls {LABELED} 205")
    gobgp.cli(f"global rib del -a vpnv4 {VPN} label 206 rd {RD}")
    until(lambda: LABELED not in daemons[0].routes("table l4"), 10)
    until(lambda: VPN not in daemons[0].routes("table v4"), 10)
    daemons[0].cli("disable t4")
    until(lambda: "65001:1" not in there("vpnv4"), 10)


def labels_of(paths):
    return paths[0]["nlri"]["labels"]


EXABGP = """
neighbor 10.0.0.1 {
  router-id 192.0.2.2;
  local-address 10.0.0.2;
  local-as 65002;
  peer-as 65001;
  family { ipv4 nlri-mpls; ipv4 mpls-vpn; }
  static {
    route 10.5.0.0/16 next-hop 10.0.0.2 label [ 205 305 ];
    route 10.6.0.0/16 next-hop 10.0.0.2 rd 65002:7 label 206 extended-community [ target:65002:9 ];
  }
}
"""


@pytest.mark.peer("exabgp")
def test_exabgp(lab):
    a, b = hosts(lab)
    path = b.folder / "exabgp.conf"
    path.write_text(EXABGP)
    b.folder.parent.chmod(0o755)
    settings = ["exabgp.daemon.user=root", "exabgp.tcp.bind=", "exabgp.api.ack=false", "exabgp.api.cli=false"]
    Daemon(b, "exabgp", ["env", *settings, "exabgp", str(path)])
    pybird = a.pybird(config(1, (2,)))
    until(pybird.established, 30)
    until(lambda: "via 10.0.0.2 on eth0 mpls 205/305" in pybird.routes("table l4 protocol p2"), 10)
    until(lambda: f"{RD} {VPN}" in pybird.routes("table v4"), 10)
    vpn = pybird.routes("table v4 protocol p2 all")
    assert "via 10.0.0.2 on eth0 mpls 206" in vpn
    assert "(rt, 65002, 9)" in vpn
