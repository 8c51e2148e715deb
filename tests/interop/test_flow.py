"""Flow specifications between PyBIRD and BIRD, GoBGP and ExaBGP (RFC 8955, RFC 8956)."""

import re

import pytest

from tests.interop.lab import Daemon, until

RATE = "(generic, 0x80060000, 0x47c35000)"


def flows(number):
    """The flows of one router, as both show them."""
    return (
        f"flow4 {{ dst 10.{number}.0.0/16; proto 6; dport 80..90,443; }}",
        f"flow6 {{ dst 2001:db8:{number}::/48; next header 17; }}",
    )


def config(number):
    own4, own6 = flows(number)
    return f"""
router id 192.0.2.{number};
log stderr all;
flow4 table f4;
flow6 table f6;
protocol device {{ }}
protocol static s4 {{ flow4 {{ table f4; }}; route {own4} {{ bgp_ext_community.add({RATE}); }}; }}
protocol static s6 {{ flow6 {{ table f6; }}; route {own6}; }}
protocol bgp peer {{
  local 10.0.0.{number} as 6500{number};
  neighbor 10.0.0.{3 - number} as 6500{3 - number};
  connect delay time 1; connect retry time 2; error wait time 1, 4;
  ipv4 {{ import all; export all; }};
  flow4 {{ table f4; import all; export all; }};
  flow6 {{ table f6; import all; export all; }};
}}
"""


@pytest.mark.peer("bird")
def test_bird(lab, birds):
    a, b = lab.pair()
    for number, host in ((1, a), (2, b)):
        host.address(f"10.0.0.{number}/24", "eth0")
    daemons = {1: a.pybird(config(1)), 2: b.bird(config(2), birds)}
    until(daemons[1].established, 20)
    for number, daemon in daemons.items():
        for table, net in zip(("f4", "f6"), flows(3 - number), strict=True):
            until(lambda daemon=daemon, table=table, net=net: net in daemon.routes(f"table {table}"), 10)
        assert RATE in daemon.routes("table f4 protocol peer all")
        assert daemon.cli("show protocols all peer").count("ipv4 flow4 flow6") == 2
    daemons[2].cli("disable s4")
    until(lambda: flows(2)[0] not in daemons[1].routes("table f4"), 10)
    daemons[1].cli("disable s6")
    until(lambda: flows(1)[1] not in daemons[2].routes("table f6"), 10)
    assert flows(2)[1] in daemons[1].routes("table f6")


RECEIVER = """
router id 192.0.2.1;
log stderr all;
flow4 table f4;
protocol device {{ }}
protocol bgp peer {{
  local 10.0.0.1 as 65001; neighbor 10.0.0.2 as 65002;
  connect delay time 1; connect retry time 2; error wait time 1, 4;
  flow4 {{ table f4; import all; export all; }};
}}
protocol bgp next {{
  local 10.0.0.1 as 65001; neighbor 10.0.0.3 as 65003;
  connect delay time 1; connect retry time 2; error wait time 1, 4;
  flow4 {{ table f4; import all; export all; }};
}}
"""
BIRD = """
router id 192.0.2.3;
log stderr all;
flow4 table f4;
protocol device {{ }}
protocol bgp peer {{
  local 10.0.0.3 as 65003; neighbor 10.0.0.1 as 65001; strict bind;
  connect delay time 1; connect retry time 2; error wait time 1, 4;
  flow4 {{ table f4; import all; export all; }};
}}
"""
GOBGP = """
[global.config]
  as = 65002
  router-id = "192.0.2.2"
  local-address-list = ["10.0.0.2"]
[[neighbors]]
  [neighbors.config]
    neighbor-address = "10.0.0.1"
    peer-as = 65001
  [neighbors.timers.config]
    connect-retry = 2
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "ipv4-flowspec"
"""
EXABGP = """
neighbor 10.0.0.1 {
  router-id 192.0.2.2;
  local-address 10.0.0.2;
  local-as 65002;
  peer-as 65001;
  family { ipv4 flow; }
  flow {
    route web {
      match { destination 10.7.0.0/16; protocol tcp; destination-port =80; }
      then { discard; }
    }
  }
}
"""
WEB = "flow4 { dst 10.7.0.0/16; proto 6; dport 80; }"
DISCARD = re.compile(r"\(generic, 0x8006[\da-f]{4}, 0x0\)")


def between(lab):
    """PyBIRD between a host with two addresses, for the sender, and BIRD, for who gets its flows."""
    a, b = lab.pair()
    a.address("10.0.0.1/24", "eth0")
    b.address("10.0.0.2/24", "eth0")
    b.address("10.0.0.3/24", "eth0")
    return a.pybird(RECEIVER.format()), b


@pytest.mark.peer("gobgpd", "gobgp")
@pytest.mark.peer("bird")
def test_gobgp_sends_a_flow_that_bird_gets_through_us(lab):
    pybird, b = between(lab)
    gobgp = b.gobgp(GOBGP)
    bird = b.bird(BIRD.format())
    flow = "match destination 10.7.0.0/16 protocol tcp destination-port ==80 then discard"
    gobgp.cli(f"global rib add -a ipv4-flowspec {flow}")
    for daemon in (pybird, bird):
        until(lambda daemon=daemon: WEB in daemon.routes("table f4"), 30)
        assert DISCARD.search(daemon.routes("table f4 all"))
    gobgp.cli(f"global rib del -a ipv4-flowspec {flow}")
    until(lambda: WEB not in bird.routes("table f4"), 10)


@pytest.mark.peer("exabgp")
@pytest.mark.peer("bird")
def test_exabgp_sends_a_flow_that_bird_gets_through_us(lab):
    pybird, b = between(lab)
    bird = b.bird(BIRD.format())
    path = b.folder / "exabgp.conf"
    path.write_text(EXABGP)
    b.folder.parent.chmod(0o755)
    settings = ["exabgp.daemon.user=root", "exabgp.tcp.bind=", "exabgp.api.ack=false", "exabgp.api.cli=false"]
    Daemon(b, "exabgp", ["env", *settings, "exabgp", str(path)])
    for daemon in (pybird, bird):
        until(lambda daemon=daemon: WEB in daemon.routes("table f4"), 30)
        assert DISCARD.search(daemon.routes("table f4 all"))


SENDER6 = RECEIVER.replace("flow4", "flow6").replace("f4", "f6")
GOBGP6 = GOBGP.replace("ipv4-flowspec", "ipv6-flowspec")
EXABGP6 = EXABGP.replace("ipv4 flow", "ipv6 flow").replace(
    "destination 10.7.0.0/16; protocol tcp;", "destination 2001:db8:7::/48; next-header tcp;"
)
WEB6 = re.compile(r"flow6 \{ dst 2001:db8:7::/48; next header 6; dport 80; \}")


def between6(lab):
    """As `between`, for IPv6 flows over IPv4 sessions."""
    a, b = lab.pair()
    a.address("10.0.0.1/24", "eth0")
    b.address("10.0.0.2/24", "eth0")
    b.address("10.0.0.3/24", "eth0")
    bird = b.bird(BIRD.format().replace("flow4", "flow6").replace("f4", "f6"))
    return a.pybird(SENDER6.format()), bird, b


@pytest.mark.peer("gobgpd", "gobgp")
@pytest.mark.peer("bird")
def test_gobgp_sends_an_ipv6_flow_that_bird_gets_through_us(lab):
    pybird, bird, b = between6(lab)
    gobgp = b.gobgp(GOBGP6)
    flow = "match destination 2001:db8:7::/48 protocol tcp destination-port ==80 then discard"
    gobgp.cli(f"global rib add -a ipv6-flowspec {flow}")
    for daemon in (pybird, bird):
        until(lambda daemon=daemon: WEB6.search(daemon.routes("table f6")), 30)
        assert DISCARD.search(daemon.routes("table f6 all"))
    gobgp.cli(f"global rib del -a ipv6-flowspec {flow}")
    until(lambda: not WEB6.search(bird.routes("table f6")), 10)


@pytest.mark.peer("exabgp")
@pytest.mark.peer("bird")
def test_exabgp_sends_an_ipv6_flow_that_bird_gets_through_us(lab):
    pybird, bird, b = between6(lab)
    path = b.folder / "exabgp.conf"
    path.write_text(EXABGP6)
    b.folder.parent.chmod(0o755)
    settings = ["exabgp.daemon.user=root", "exabgp.tcp.bind=", "exabgp.api.ack=false", "exabgp.api.cli=false"]
    Daemon(b, "exabgp", ["env", *settings, "exabgp", str(path)])
    for daemon in (pybird, bird):
        until(lambda daemon=daemon: WEB6.search(daemon.routes("table f6")), 30)
        assert DISCARD.search(daemon.routes("table f6 all"))


FRR = """
router bgp 65003
 bgp router-id 192.0.2.3
 no bgp ebgp-requires-policy
 neighbor 10.0.0.1 remote-as 65001
 neighbor 10.0.0.1 timers connect 2
 address-family ipv4 unicast
  no neighbor 10.0.0.1 activate
 exit-address-family
 address-family ipv4 flowspec
  neighbor 10.0.0.1 activate
 exit-address-family
"""


@pytest.mark.peer("zebra", "vtysh")
def test_frr_gets_a_flow_and_its_withdrawal(lab):
    a, b = lab.pair()
    a.address("10.0.0.1/24", "eth0")
    b.address("10.0.0.3/24", "eth0")
    static = (
        f"protocol static s {{ flow4 {{ table f4; }}; route {WEB} {{ bgp_ext_community.add({RATE}); }}; }}\n"
    )
    pybird = a.pybird(RECEIVER.format() + static)
    frr = b.frr(FRR)

    def told():
        return frr.cli("show bgp ipv4 flowspec detail")

    until(lambda: "10.7.0.0/16" in told(), 30)
    assert "Destination Port = 80" in told()
    pybird.cli("disable s")
    until(lambda: "10.7.0.0/16" not in told(), 10)
