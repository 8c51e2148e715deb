"""The accumulated metric on its way through three ASes (RFC 7311): ours, BIRD and GoBGP."""

import pytest

from tests.interop.lab import until

NET = "10.7.0.0/16"
THEIRS = "10.8.0.0/16"


def session(name: str, own: int, remote: int, channel: str) -> str:
    return f"""
protocol bgp {name} {{
  local 10.0.{min(own, remote)}.{own} as 6500{own}; neighbor 10.0.{min(own, remote)}.{remote} as 6500{remote};
  connect delay time 1; connect retry time 2; error wait time 1, 4;
  ipv4 {{ import all; export all; {channel} }};
}}
"""


def config(number: int, *sessions: str, metric: int = 0) -> str:
    """A router; with a metric it has a route of its own."""
    static = ""
    if metric:
        static = f"protocol static own {{ ipv4; route {NET} blackhole {{ igp_metric = {metric}; }}; }}"
    return f"router id 192.0.2.{number}; log stderr all; protocol device {{ }}\n{static}{''.join(sessions)}"


def line(lab):
    hosts = [lab.host(name) for name in ("a", "b", "c")]
    for number in (1, 2):
        left, right = hosts[number - 1 : number + 1]
        lab.wire(left, right, "eth1", "eth0")
        left.address(f"10.0.{number}.{number}/24", "eth1")
        right.address(f"10.0.{number}.{number + 1}/24", "eth0")
    return hosts


def shown(daemon, net: str) -> str:
    return daemon.cli(f"show route {net} all").replace("bgp_aigp", "BGP.aigp")


MIDDLE = session("a", 2, 1, "aigp on; cost 5; next hop self;") + session("c", 2, 3, "aigp on; next hop self;")


@pytest.mark.peer("bird")
def test_bird_before_and_behind(lab, birds):
    a, b, c = line(lab)
    first = a.bird(config(1, session("b", 1, 2, "aigp originate;"), metric=50), birds)
    middle = b.pybird(config(2, MIDDLE))
    last = c.bird(config(3, session("b", 3, 2, "aigp on;")), birds)
    until(lambda: NET in last.routes(), 30)
    assert "BGP.aigp: 50" in shown(middle, NET)
    assert "BGP.aigp: 55" in shown(last, NET)
    first.cli("disable own")
    until(lambda: NET not in last.routes(), 10)


@pytest.mark.peer("bird")
def test_bird_between(lab, birds):
    a, b, c = line(lab)
    a.pybird(config(1, session("b", 1, 2, "aigp originate;"), metric=50))
    middle = b.bird(config(2, MIDDLE), birds)
    last = c.pybird(config(3, session("b", 3, 2, "aigp on;")))
    until(lambda: NET in last.routes(), 30)
    assert "BGP.aigp: 50" in shown(middle, NET)
    assert "BGP.aigp: 55" in shown(last, NET)


GOBGP = """
[global.config]
  as = 65001
  router-id = "192.0.2.1"
[[neighbors]]
  [neighbors.config]
    neighbor-address = "10.0.1.2"
    peer-as = 65002
  [neighbors.timers.config]
    connect-retry = 2
"""


@pytest.mark.peer("gobgpd", "gobgp", "bird")
def test_gobgp(lab, birds):
    """What it injects reaches BIRD with our distance added, and it gets ours."""
    a, b, c = line(lab)
    gobgp = a.gobgp(GOBGP)
    middle = b.pybird(config(2, MIDDLE.replace("aigp on; cost 5;", "aigp originate; cost 5;"), metric=60))
    last = c.bird(config(3, session("b", 3, 2, "aigp on;")), birds)
    until(gobgp.established, 30)
    gobgp.cli(f"global rib add {THEIRS} nexthop 10.0.1.1 aigp metric 100")
    until(lambda: THEIRS in last.routes(), 20)
    assert "BGP.aigp: 100" in shown(middle, THEIRS)
    assert "BGP.aigp: 105" in shown(last, THEIRS)
    until(lambda: NET in gobgp.cli("global rib"), 10)
    assert "{Aigp: [{Metric: 60}]}" in gobgp.cli(f"global rib {NET}")
    gobgp.cli(f"global rib del {THEIRS}")
    until(lambda: THEIRS not in last.routes(), 10)
