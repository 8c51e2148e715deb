"""Routes of EVPN (RFC 7432, RFC 9136) from GoBGP and BIRD, through PyBIRD to BIRD, FRR and ExaBGP."""

import json

import pytest

from tests.interop.lab import Daemon, until

RD = "65002:7"
SEGMENT = "01:aa:bb:cc:dd:ee:ff:00:64:00"
MAC1, MAC2 = "02:00:5e:00:53:01", "02:00:5e:00:53:02"
LACP = "esi LACP aa:bb:cc:dd:ee:ff 100"
TARGET = "rt 65002:9"
# What GoBGP is told, and how PyBIRD shows it.
INJECTED = {
    f"a-d {LACP} etag 7 label 100 rd {RD} {TARGET}": f"evpn ead {RD} 7 {SEGMENT}",
    f"macadv {MAC1} 10.1.1.1 {LACP} etag 7 label 100 rd {RD} {TARGET} encap vxlan": (
        f"evpn mac {RD} 7 {MAC1} 10.1.1.1"
    ),
    f"macadv {MAC2} 0.0.0.0 etag 7 label 100 rd {RD} {TARGET} router-mac 02:00:5e:00:53:ff": (
        f"evpn mac {RD} 7 {MAC2} *"
    ),
    f"multicast 10.0.0.2 etag 7 rd {RD} {TARGET} pmsi ingress-repl 100 10.0.0.2": (
        f"evpn imet {RD} 7 10.0.0.2"
    ),
    f"esi 10.0.0.2 {LACP} rd {RD} {TARGET}": f"evpn es {RD} {SEGMENT} 10.0.0.2",
    f"prefix 10.3.3.0/24 gw 10.0.0.9 etag 7 label 100 rd {RD} {TARGET}": f"evpn prefix {RD} 7 10.3.3.0/24",
}
NETS = list(INJECTED.values())


def config(number, others, more=""):
    """A router with an EVPN session to each of these."""
    sessions = "".join(
        f"""
protocol bgp p{other} {{
  local 10.0.0.{number} as 6500{number};
  neighbor 10.0.0.{other} as 6500{other};
  connect delay time 1; connect retry time 2; error wait time 1, 4; strict bind;
  evpn {{ table et; import all; export all; }};
}}
"""
        for other in others
    )
    return f"""
router id 192.0.2.{number};
log stderr all;
evpn table et;
protocol device {{ }}
{more}
{sessions}"""


def hosts(lab):
    """PyBIRD's host, GoBGP's, and that of whoever gets its routes, on one segment."""
    found = lab.segment("a", "b", "c")
    for number, host in enumerate(found, 1):
        host.address(f"10.0.0.{number}/24", "eth0")
    return found


GOBGP = """
[global.config]
  as = 65002
  router-id = "192.0.2.2"
[[neighbors]]
  [neighbors.config]
    neighbor-address = "10.0.0.1"
    peer-as = 65001
  [neighbors.timers.config]
    connect-retry = 2
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "l2vpn-evpn"
"""


def injected(lab):
    """PyBIRD with all that GoBGP was told, and the host of its other neighbor."""
    a, b, c = hosts(lab)
    pybird = a.pybird(config(1, (2, 3)))
    gobgp = b.gobgp(GOBGP)
    for route in INJECTED:
        until(lambda route=route: gobgp.cli(f"global rib add -a evpn {route}") == "", 10)
    for net in NETS:
        until(lambda net=net: net in pybird.routes("table et protocol p2"), 30)
    return pybird, gobgp, c


def withdraw(pybird, gobgp):
    for route in INJECTED:
        gobgp.cli(f"global rib del -a evpn {route}")
    until(lambda: "evpn" not in pybird.routes("table et protocol p2"), 10)


@pytest.mark.peer("gobgpd", "gobgp", "zebra", "vtysh")
def test_gobgp_sends_routes_that_frr_gets_through_us(lab):
    pybird, gobgp, c = injected(lab)
    shown = pybird.routes("table et protocol p2 all")
    assert f"BGP.evpn_esi: {SEGMENT}" in shown
    assert "BGP.evpn_gateway: 10.0.0.9" in shown
    assert "BGP.pmsi_tunnel: ingress-replication 10.0.0.2 mpls" in shown
    assert "(generic, 0x6030200, 0x5e0053ff)" in shown
    frr = c.frr(FRR)

    def told():
        return frr.cli("show bgp l2vpn evpn")

    for route in (
        f"[1]:[7]:[{SEGMENT}]:[32]:[0.0.0.0]",
        f"[2]:[7]:[48]:[{MAC1}]:[32]:[10.1.1.1]",
        f"[2]:[7]:[48]:[{MAC2}]",
        "[3]:[7]:[32]:[10.0.0.2]",
        f"[4]:[{SEGMENT}]:[32]:[10.0.0.2]",
        "[5]:[7]:[24]:[10.3.3.0]",
    ):
        until(lambda route=route: route in told(), 30)
    assert f"ESI:{SEGMENT}" in told()
    withdraw(pybird, gobgp)
    until(lambda: "[7]" not in told(), 10)


FRR = """
router bgp 65003
 bgp router-id 192.0.2.3
 no bgp ebgp-requires-policy
 neighbor 10.0.0.1 remote-as 65001
 neighbor 10.0.0.1 update-source 10.0.0.3
 neighbor 10.0.0.1 timers connect 2
 address-family ipv4 unicast
  no neighbor 10.0.0.1 activate
 exit-address-family
 address-family l2vpn evpn
  neighbor 10.0.0.1 activate
 exit-address-family
"""
OWN = f"""
protocol static st {{ evpn {{ table et; }};
  route evpn mac 65003:1 0 {MAC1} 2001:db8::1 unreachable {{ bgp_ext_community.add((rt, 65003, 1)); }};
  route evpn imet 65003:1 0 10.0.0.3 unreachable;
}}"""


@pytest.mark.peer("gobgpd", "gobgp", "bird")
def test_gobgp_and_bird_exchange_routes_through_us(lab, birds):
    if birds == "/usr/sbin":
        return  # BIRD 2.0 has no EVPN
    pybird, gobgp, c = injected(lab)
    bird = c.bird(config(3, (1,), OWN), birds)
    for net in NETS[:-1]:
        until(lambda net=net: net in bird.routes("table et protocol p1"), 30)
    until(lambda: f"evpn type 5 {RD}" in bird.routes("table et protocol p1"), 30)
    until(lambda: f"evpn mac 65003:1 0 {MAC1} 2001:db8::1" in pybird.routes("table et"), 30)
    until(lambda: "65003:1" in gobgp.cli("global rib -a evpn"), 10)
    bird.cli("disable st")
    until(lambda: "65003:1" not in gobgp.cli("global rib -a evpn"), 10)
    withdraw(pybird, gobgp)
    # the withdrawal of an IP prefix tells no label (RFC 9136, 3.1), and BIRD knows no type 5: it finds none
    until(lambda: bird.routes("table et").count(RD) == bird.routes("table et").count(f"type 5 {RD}"), 10)


EXABGP = """
process heard {
  run /bin/sh -c "cat > FILE";
  encoder json;
}
neighbor 10.0.0.1 {
  router-id 192.0.2.3;
  local-address 10.0.0.3;
  local-as 65003;
  peer-as 65001;
  family { l2vpn evpn; }
  api { processes [ heard ]; receive { parsed; update; } }
}
"""


@pytest.mark.peer("gobgpd", "gobgp", "exabgp")
def test_exabgp_reads_what_gobgp_sends_through_us(lab):
    """Its configuration has no routes of EVPN to send."""
    _, _, c = injected(lab)
    heard = c.folder / "heard.json"
    path = c.folder / "exabgp.conf"
    path.write_text(EXABGP.replace("FILE", str(heard)))
    c.folder.parent.chmod(0o755)
    settings = ["exabgp.daemon.user=root", "exabgp.tcp.bind=", "exabgp.api.ack=false", "exabgp.api.cli=false"]
    Daemon(c, "exabgp", ["env", *settings, "exabgp", str(path)])
    found = {}

    def all_heard():
        for line in heard.read_text().splitlines() if heard.exists() else ():
            update = json.loads(line)["neighbor"]["message"].get("update", {})
            for routes in update.get("announce", {}).get("l2vpn evpn", {}).values():
                found.update({route["code"]: route for route in routes})
        return found.keys() >= {1, 2, 3, 4, 5}

    until(all_heard, 30)
    assert found[5]["gateway"] == "10.0.0.9"
