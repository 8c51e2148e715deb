"""A line of four: outside, a member, a member, outside; every second one is ours (RFC 5065).

Of the two members one is foreign and one ours; the foreign neighbor outside hears of the far end from
our member, ours from the foreign one.
"""

from itertools import pairwise

import pytest

from tests.interop.lab import until

NETS = {"x1": "10.1.0.0/16", "x2": "10.4.0.0/16"}
MEMBER = "confederation 100; confederation member;"


def session(name: str, link: int, own: int, asn: int, remote: int, remote_as: int, options: str = "") -> str:
    preference = f"import filter {{ bgp_local_pref = {100 + own}; accept; }};"
    imports = "import all;" if "member" in options or "confederation" not in options else preference
    return f"""
protocol bgp {name} {{
  local 10.0.{link}.{own} as {asn}; neighbor 10.0.{link}.{remote} as {remote_as}; direct;
  connect delay time 1; connect retry time 2; error wait time 1, 4; {options}
  ipv4 {{ {imports} export filter {{ if source = RTS_STATIC then bgp_med = 7; accept; }}; next hop self; }};
}}
"""


def bird(own: int, *sessions: str, net: str = "") -> str:
    static = f"protocol static own {{ ipv4; route {net} blackhole; }}" if net else ""
    return f"router id 192.0.2.{own}; log stderr all; protocol device {{ }}\n{static}{''.join(sessions)}"


OUTSIDE_1 = bird(1, session("m", 1, 1, 65010, 2, 100), net=NETS["x1"])
MEMBER_2 = bird(
    2,
    session("x", 1, 2, 65001, 1, 65010, "confederation 100;"),
    session("m", 2, 2, 65001, 3, 65002, MEMBER),
)
MEMBER_3 = bird(
    3,
    session("m", 2, 3, 65002, 2, 65001, MEMBER),
    session("x", 3, 3, 65002, 4, 65020, "confederation 100;"),
)
OUTSIDE_4 = bird(4, session("m", 3, 4, 65020, 3, 100), net=NETS["x2"])

FRR_MEMBER_2 = """
route-map prefer permit 10
 set local-preference 102
router bgp 65001
 bgp router-id 192.0.2.2
 bgp confederation identifier 100
 bgp confederation peers 65002
 no bgp ebgp-requires-policy
 neighbor 10.0.1.1 remote-as 65010
 neighbor 10.0.1.1 timers connect 2
 neighbor 10.0.2.3 remote-as 65002
 neighbor 10.0.2.3 timers connect 2
 address-family ipv4 unicast
  neighbor 10.0.1.1 route-map prefer in
  neighbor 10.0.2.3 next-hop-self
 exit-address-family
"""
FRR_OUTSIDE_4 = """
router bgp 65020
 bgp router-id 192.0.2.4
 no bgp ebgp-requires-policy
 neighbor 10.0.3.3 remote-as 100
 neighbor 10.0.3.3 timers connect 2
 address-family ipv4 unicast
  network 10.4.0.0/16
 exit-address-family
"""


def line(lab):
    hosts = [lab.host(name) for name in ("x1", "m2", "m3", "x4")]
    for number, (left, right) in enumerate(pairwise(hosts), 1):
        lab.wire(left, right, "eth1", "eth0")
        left.address(f"10.0.{number}.{number}/24", "eth1")
        right.address(f"10.0.{number}.{number + 1}/24", "eth0")
    return hosts


def shown(daemon, net: str) -> str:
    """A route, with BIRD 2's names of the attributes."""
    text = daemon.cli(f"show route {net} all")
    return text.replace("bgp_path:", "BGP.as_path:").replace("bgp_", "BGP.")


@pytest.mark.peer("bird")
def test_bird(lab, birds):
    x1, m2, m3, x4 = line(lab)
    ours = [x1.pybird(OUTSIDE_1), m3.pybird(MEMBER_3)]
    theirs = [m2.bird(MEMBER_2, birds), x4.bird(OUTSIDE_4, birds)]
    for daemon, net in ((theirs[1], NETS["x1"]), (ours[0], NETS["x2"])):
        until(lambda daemon=daemon, net=net: net in daemon.routes(), 40)
    for daemon, net, path, preference, med in (
        (theirs[0], NETS["x1"], "65010", 102, True),
        (ours[1], NETS["x1"], "(65001) 65010", 102, True),
        (theirs[1], NETS["x1"], "100 65010", None, False),
        (ours[1], NETS["x2"], "65020", 103, True),
        (theirs[0], NETS["x2"], "(65002) 65020", 103, True),
        (ours[0], NETS["x2"], "100 65020", None, False),
    ):
        text = shown(daemon, net)
        assert f"BGP.as_path: {path}\n" in text
        assert preference is None or f"BGP.local_pref: {preference}\n" in text
        assert ("BGP.med: 7" in text) == med
    ours[0].cli("disable own")
    until(lambda: NETS["x1"] not in theirs[1].routes(), 10)
    theirs[1].cli("disable own")
    until(lambda: NETS["x2"] not in ours[0].routes(), 10)


@pytest.mark.peer("zebra", "vtysh")
def test_frr(lab):
    x1, m2, m3, x4 = line(lab)
    x4.address("10.4.0.1/16")
    ours = [x1.pybird(OUTSIDE_1), m3.pybird(MEMBER_3)]
    member, outside = m2.frr(FRR_MEMBER_2), x4.frr(FRR_OUTSIDE_4)
    until(lambda: NETS["x1"] in outside.routes("ipv4"), 60)
    until(lambda: NETS["x2"] in ours[0].routes(), 60)
    assert "BGP.as_path: (65001) 65010\n" in shown(ours[1], NETS["x1"])
    assert "BGP.local_pref: 102\n" in shown(ours[1], NETS["x1"])
    assert "BGP.med: 7" in shown(ours[1], NETS["x1"])
    assert "BGP.as_path: 100 65020\n" in shown(ours[0], NETS["x2"])
    told = member.json(f"show bgp ipv4 unicast {NETS['x2']}")["paths"][0]
    assert (told["aspath"]["string"], told["locPrf"]) == ("(65002) 65020", 103)
    far = outside.json(f"show bgp ipv4 unicast {NETS['x1']}")["paths"][0]
    assert far["aspath"]["string"] == "100 65010"
    ours[0].cli("disable own")
    until(lambda: NETS["x1"] not in outside.routes("ipv4"), 10)
