"""All routes of a network on one session (RFC 7911) with real daemons; each side must have each path."""

import json
import re

import pytest

from tests.interop.lab import Daemon, until

NET = "10.7.0.0/16"


def config(number, other, asn=None, feeds=True, options=""):
    """Two protocols have routes of one network, MED 1 and 2, so that there are two paths to send."""
    own = f"route 10.{number}.0.0/16 unreachable; route {NET} unreachable;"
    static = f"""
protocol static s1 {{ ipv4; {own} }}
protocol static s2 {{ ipv4 {{ preference 150; }}; {own} }}
"""
    return f"""
router id 192.0.2.{number};
log stderr all;
protocol device {{ }}
{static if feeds else ""}
protocol bgp peer {{
  local 10.0.0.{number} as 6500{number};
  neighbor 10.0.0.{other} as {asn or 65000 + other};
  connect delay time 1; connect retry time 2; error wait time 1, 4; strict bind;
  {options}
  ipv4 {{
    import all; add paths on;
    export filter {{
      if source != RTS_STATIC then reject;
      if proto = "s1" then bgp_med = 1; else bgp_med = 2;
      accept;
    }};
  }};
}}
"""


def meds(daemon, net):
    """The MEDs of the routes that a daemon has of a network from its neighbor, sorted."""
    text = daemon.routes(f"{net} protocol peer all")
    return sorted(re.findall(r"(?:BGP\.|bgp_)med: (\d+)", text))


def hosts(lab):
    a, b = lab.pair()
    for number, host in ((1, a), (3, a), (2, b)):
        host.address(f"10.0.0.{number}/24", "eth0")
    return a, b


@pytest.mark.peer("bird")
def test_bird(lab, birds):
    a, b = hosts(lab)
    pybird, bird = a.pybird(config(1, 2)), b.bird(config(2, 1), birds)
    until(pybird.established, 20)
    sides = ((pybird, "10.2.0.0/16", bird), (bird, "10.1.0.0/16", pybird))
    for daemon, net, _ in sides:
        until(lambda daemon=daemon, net=net: meds(daemon, net) == ["1", "2"], 10)
        assert "Routes:         4 imported, 4 exported" in daemon.cli("show protocols all peer")
    for daemon, net, other in sides:
        other.cli("disable s1")
        until(lambda daemon=daemon, net=net: meds(daemon, net) == ["2"], 10)
        other.cli("enable s1")
        until(lambda daemon=daemon, net=net: meds(daemon, net) == ["1", "2"], 10)
    bird.cli("reload out peer")
    pybird.cli("reload in peer")
    until(lambda: meds(pybird, "10.2.0.0/16") == ["1", "2"], 10)
    assert meds(bird, "10.1.0.0/16") == ["1", "2"]


FRR = """
router bgp 65002
 bgp router-id 192.0.2.2
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor 10.0.0.1 remote-as 65001
 neighbor 10.0.0.1 timers connect 2
 neighbor 10.0.0.3 remote-as 65003
 neighbor 10.0.0.3 timers connect 2
 address-family ipv4 unicast
  neighbor 10.0.0.1 addpath-tx-all-paths
  neighbor 10.0.0.3 addpath-tx-all-paths
  neighbor 10.0.0.3 next-hop-self
 exit-address-family
"""


def chain(a, foreign):
    """PyBIRD sends two paths to the foreign daemon, which sends them to another PyBIRD."""
    feeder = a.pybird(config(1, 2))
    taker = a.pybird(config(3, 2, feeds=False), name="taker")
    until(feeder.established, 30)
    until(taker.established, 30)
    return feeder, taker


@pytest.mark.peer("zebra", "vtysh")
def test_frr(lab):
    a, b = hosts(lab)
    frr = b.frr(FRR)
    feeder, taker = chain(a, frr)

    def there():
        return [path["metric"] for path in frr.json(f"show bgp ipv4 unicast {NET}").get("paths", ())]

    until(lambda: sorted(there()) == [1, 2], 20)
    until(lambda: len(routes(taker)) == 2, 20)
    feeder.cli("disable s2")
    until(lambda: there() == [1], 10)
    until(lambda: len(routes(taker)) == 1, 10)
    feeder.cli("enable s2")
    until(lambda: len(routes(taker)) == 2, 20)


def routes(daemon):
    """The rows of the routes that a daemon has of the network from its neighbor."""
    return re.findall(r"unicast \[peer", daemon.routes(f"{NET} protocol peer"))


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
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv4-unicast"
    [neighbors.afi-safis.add-paths.config]
      receive = true
      send-max = 8
"""


@pytest.mark.peer("gobgpd", "gobgp")
def test_gobgp(lab):
    a, b = hosts(lab)
    gobgp = b.gobgp(GOBGP + "".join(GOBGP_NEIGHBOR % (number, number) for number in (1, 3)))
    feeder, taker = chain(a, gobgp)

    def there():
        try:
            found = json.loads(gobgp.cli("global rib -j")).get(NET, ())
        except ValueError:
            return []
        return sorted(
            attribute["metric"] for path in found for attribute in path["attrs"] if attribute["type"] == 4
        )

    until(lambda: there() == [1, 2], 20)
    until(lambda: len(routes(taker)) == 2, 20)
    feeder.cli("disable s2")
    until(lambda: there() == [1], 10)
    until(lambda: len(routes(taker)) == 1, 10)


EXABGP = """
process heard {{
  run {script};
  encoder json;
}}
neighbor 10.0.0.1 {{
  router-id 192.0.2.2;
  local-address 10.0.0.2;
  local-as 65002;
  peer-as 65001;
  family {{ ipv4 unicast; }}
  capability {{ add-path send/receive; }}
  static {{
    route 10.2.0.0/16 next-hop 10.0.0.2 med 1 path-information 0.0.0.1;
    route 10.2.0.0/16 next-hop 10.0.0.2 med 2 path-information 0.0.0.2;
  }}
  api {{ processes [ heard ]; receive {{ parsed; update; }} }}
}}
"""


@pytest.mark.peer("exabgp")
def test_exabgp(lab):
    a, b = hosts(lab)
    heard, script = b.folder / "heard", b.folder / "heard.sh"
    script.write_text(f'#!/bin/sh\nwhile read -r line; do echo "$line" >> {heard}; done\n')
    script.chmod(0o755)
    path = b.folder / "exabgp.conf"
    path.write_text(EXABGP.format(script=script))
    b.folder.parent.chmod(0o755)
    settings = ["exabgp.daemon.user=root", "exabgp.tcp.bind=", "exabgp.api.ack=false", "exabgp.api.cli=false"]
    Daemon(b, "exabgp", ["env", *settings, "exabgp", str(path)])
    pybird = a.pybird(config(1, 2))
    until(pybird.established, 30)
    until(lambda: meds(pybird, "10.2.0.0/16") == ["1", "2"], 10)

    def paths(net, kind):
        """(MED, path id) of what it heard of a network."""
        found = []
        for line in heard.read_text().splitlines() if heard.exists() else ():
            update = json.loads(line).get("neighbor", {}).get("message", {}).get("update", {})
            med = update.get("attribute", {}).get("med")
            for hops in update.get(kind, {}).values():
                rows = hops if isinstance(hops, list) else [row for each in hops.values() for row in each]
                found += [(med, row["path-information"]) for row in rows if row.get("nlri") == net]
        return found

    until(lambda: sorted(med for med, _ in paths("10.1.0.0/16", "announce")) == [1, 2], 10)
    known = dict(paths("10.1.0.0/16", "announce"))
    assert len(set(known.values())) == 2
    pybird.cli("disable s1")
    until(lambda: [each for _, each in paths("10.1.0.0/16", "withdraw")] == [known[1]], 10)
