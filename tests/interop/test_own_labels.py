"""Labels of our own with real daemons on both sides: each hears the other's routes with PyBIRD's labels."""

import json
import re

import pytest

from tests.interop.lab import until

FAMILIES = """
  ipv4 mpls { table l4; import all; export all; };
  vpn4 mpls { table v4; import all; export all; };
"""
TIMES = "connect delay time 1; connect retry time 2; error wait time 1, 4; strict bind;"
LABELS = "mpls domain d;\nmpls table labels;\n"


def session(name, local, own, neighbor, asn, more=""):
    ends = f"local {local} as {own}; neighbor {neighbor} as {asn};"
    return f"protocol bgp {name} {{ {ends} {TIMES} {FAMILIES} {more} }}\n"


def router(number, sessions, labels=LABELS, static=""):
    return f"""
router id 192.0.2.{number};
log stderr all;
{labels}
ipv4 table l4;
vpn4 table v4;
protocol device {{ }}
{static}
{sessions}"""


MIDDLE = router(
    1,
    session("b", "10.0.0.1", 65001, "10.0.0.2", 65002, "mpls;")
    + session("c", "10.1.0.1", 65001, "10.1.0.3", 65003, "mpls;"),
)


def hosts(lab):
    """a between b and c, each on a link of its own."""
    a, b, c = lab.host("a"), lab.host("b"), lab.host("c")
    lab.wire(a, b, "eth0", "eth0")
    lab.wire(a, c, "eth1", "eth0")
    a.address("10.0.0.1/24", "eth0")
    b.address("10.0.0.2/24", "eth0")
    a.address("10.1.0.1/24", "eth1")
    c.address("10.1.0.3/24", "eth0")
    return a, b, c


def label_at(daemon, table, net):
    """The label that a router gave this network; None while it has none."""
    found = re.search(rf"^\S*\s*{re.escape(net)} mpls (\d+) ", daemon.routes(f"table {table}"), re.MULTILINE)
    return int(found[1]) if found else None


def given(daemon, table, net):
    return until(lambda: label_at(daemon, table, net), 20, f"{net} has a label")


def bird_config(number, own, local, neighbor, labels):
    static = f"""
protocol static s4 {{ ipv4 {{ table l4; }}; route 10.{number}0.0.0/16 unreachable; }}
protocol static t4 {{ vpn4 {{ table v4; }}; route 65000:{number} 10.7.0.0/16 unreachable; }}
"""
    more = "mpls;" if labels else ""
    return router(number, session("a", local, own, neighbor, 65001, more), labels, static)


@pytest.mark.peer("bird")
def test_bird(lab, birds):
    """Newer ones give labels, too; Debian's has none of its own."""
    a, b, c = hosts(lab)
    labels = "" if birds == "/usr/sbin" else LABELS
    ends = {
        2: b.bird(bird_config(2, 65002, "10.0.0.2", "10.0.0.1", labels), birds),
        3: c.bird(bird_config(3, 65003, "10.1.0.3", "10.1.0.1", labels), birds),
    }
    pybird = a.pybird(MIDDLE)
    for number, other in ((2, 3), (3, 2)):
        heard = {"l4": f"10.{other}0.0.0/16", "v4": f"65000:{other} 10.7.0.0/16"}
        for table, net in heard.items():
            label = given(pybird, table, net)
            gateway = {2: "10.0.0.1", 3: "10.1.0.1"}[number]
            rows = f"table {table} protocol a all"
            until(
                lambda rows=rows, end=ends[number], label=label: (
                    f"mpls_label_stack: {label}" in end.routes(rows)
                ),
                10,
            )
            assert f"via {gateway} on eth0 mpls {label}" in ends[number].routes(rows)
            if labels:
                assert label_at(ends[number], table, net)
    there = pybird.routes("table labels")
    assert "via 10.0.0.2 on eth0" in there
    assert "via 10.1.0.3 on eth1" in there
    assert len(re.findall(r"unicast \[", there)) == 4
    ends[2].cli("disable s4")
    until(lambda: "10.20.0.0/16" not in ends[3].routes("table l4"), 10)
    until(lambda: len(re.findall(r"unicast \[", pybird.routes("table labels"))) == 3, 10)
    assert re.search(r"dynamic +1000 +9000 +10000 +3 ", pybird.cli("show mpls ranges"))


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
GOBGP = """
[global.config]
  as = 65003
  router-id = "192.0.2.3"
[[neighbors]]
  [neighbors.config]
    neighbor-address = "10.1.0.1"
    peer-as = 65001
  [neighbors.timers.config]
    connect-retry = 2
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv4-labelled-unicast"
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "l3vpn-ipv4-unicast"
"""


@pytest.mark.peer("zebra", "vtysh", "gobgpd", "gobgp")
def test_frr_and_gobgp(lab):
    a, b, c = hosts(lab)
    frr, gobgp = b.frr(FRR), c.gobgp(GOBGP)
    pybird = a.pybird(MIDDLE)
    until(pybird.established, 30)
    gobgp.cli("global rib add -a ipv4-mpls 10.8.0.0/16 205 nexthop 10.1.0.3")
    gobgp.cli("global rib add -a vpnv4 10.9.0.0/16 label 209 rd 65003:7 rt 65003:9 nexthop 10.1.0.3")
    assert given(pybird, "l4", "10.5.0.0/16")
    assert given(pybird, "v4", "65002:7 10.6.0.0/16")
    there = pybird.routes("table labels")
    assert "via 10.0.0.2 on eth0 mpls 206" in there
    until(lambda: "via 10.1.0.3 on eth1 mpls 205" in pybird.routes("table labels"), 10)
    until(lambda: "via 10.1.0.3 on eth1 mpls 209" in pybird.routes("table labels"), 10)

    def at_gobgp(family, net):
        found = json.loads(gobgp.cli(f"global rib -a {family} -j")).get(net)
        return found[0]["nlri"]["labels"] if found else None

    def at_frr(family, net):
        return frr.cli(f"show bgp ipv4 {family} {net}")

    labels = [
        given(pybird, table, net) for table, net in (("l4", "10.5.0.0/16"), ("v4", "65002:7 10.6.0.0/16"))
    ]
    until(lambda: at_gobgp("ipv4-mpls", "10.5.0.0/16") == [labels[0]], 20)
    until(lambda: at_gobgp("vpnv4", "65002:7:10.6.0.0/16") == [labels[1]], 20)
    label = given(pybird, "l4", "10.8.0.0/16")
    until(lambda: f"Remote label: {label}" in at_frr("labeled-unicast", "10.8.0.0/16"), 20)
    label = given(pybird, "v4", "65003:7 10.9.0.0/16")
    until(lambda: f"Remote label: {label}" in at_frr("vpn", "10.9.0.0/16"), 20)
    gobgp.cli("global rib del -a ipv4-mpls 10.8.0.0/16 205")
    until(lambda: "Remote label" not in at_frr("labeled-unicast", "10.8.0.0/16"), 10)
    until(lambda: "mpls 205" not in pybird.routes("table labels"), 10)
