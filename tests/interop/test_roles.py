"""Roles and Only to Customer between ours and BIRD, and ours and FRR (RFC 9234)."""

import pytest

from tests.interop.lab import until

FITTING = {"provider": "customer", "peer": "peer", "rs_server": "rs_client"}
OWN, THEIRS = "10.1.0.0/16", "10.2.0.0/16"


def bird_like(number: int, role: str, more: str = "") -> str:
    return f"""
router id 192.0.2.{number};
log stderr all;
protocol device {{ }}
protocol static own {{ ipv4; route {OWN if number == 1 else THEIRS} blackhole; }}
protocol bgp one {{
  local 10.0.0.{number} as 6500{number}; neighbor 10.0.0.{3 - number} as 6500{3 - number};
  connect delay time 1; connect retry time 2; error wait time 1, 2; {f"local role {role};" if role else ""}
  {more} ipv4 {{ import all; export all; }};
}}
"""


def frr_config(role: str) -> str:
    local = f" neighbor 10.0.0.1 local-role {role.replace('_', '-')}" if role else ""
    return f"""
router bgp 65002
 bgp router-id 192.0.2.2
 no bgp ebgp-requires-policy
 neighbor 10.0.0.1 remote-as 65001
 neighbor 10.0.0.1 timers connect 2
{local}
 address-family ipv4 unicast
  network {THEIRS}
 exit-address-family
"""


def pair(lab):
    a, b = lab.pair()
    a.address("10.0.0.1/24", "eth0")
    b.address("10.0.0.2/24", "eth0")
    b.address("10.2.0.1/16")
    return a, b


def otc(pybird) -> str:
    text = pybird.cli(f"show route {THEIRS} all")
    return text.partition("BGP.otc: ")[2].partition("\n")[0]


THEIR_ROLE = FITTING | {theirs: ours for ours, theirs in FITTING.items()}


@pytest.mark.peer("zebra", "vtysh")
@pytest.mark.parametrize("role", THEIR_ROLE)
def test_frr_with_a_role_that_fits(lab, role):
    """What comes from a provider, peer or server is marked with its AS; so is ours over there."""
    a, b = pair(lab)
    frr = b.frr(frr_config(THEIR_ROLE[role]))
    pybird = a.pybird(bird_like(1, role))
    until(pybird.established, 30)
    until(lambda: THEIRS in pybird.routes(), 20)
    until(lambda: OWN in frr.routes("ipv4"), 20)
    from_above = role in ("customer", "peer", "rs_client")
    assert otc(pybird) == ("65002" if from_above else "")
    path = frr.json(f"show bgp ipv4 unicast {OWN}")["paths"][0]
    to_below = role in ("provider", "peer", "rs_server")
    assert path.get("otc") == (65001 if to_below else None)


@pytest.mark.peer("zebra", "vtysh")
def test_frr_with_a_role_that_does_not_fit(lab):
    """Section 4.2: no session, and both say why; with a role that fits, or none, there is one."""
    a, b = pair(lab)
    frr = b.frr(frr_config("customer"))
    pybird = a.pybird(bird_like(1, "customer"))
    until(lambda: "Role mismatch" in pybird.cli("show protocols one"), 30)
    assert not pybird.established()
    frr.cli("configure terminal\nrouter bgp 65002\nno neighbor 10.0.0.1 local-role customer")
    until(pybird.established, 30)
    pybird.configure(bird_like(1, "customer", "require roles;"))
    until(lambda: "Role mismatch" in pybird.cli("show protocols one"), 30)
    assert not pybird.established()


@pytest.mark.peer("bird")
@pytest.mark.parametrize("role", ["customer", "provider", "peer"])
def test_bird_with_a_role_that_fits(lab, birds, role):
    a, b = pair(lab)
    bird = b.bird(bird_like(2, THEIR_ROLE[role], "require roles;"), birds)
    pybird = a.pybird(bird_like(1, role, "require roles;"))
    until(pybird.established, 30)
    until(lambda: THEIRS in pybird.routes(), 20)
    until(lambda: OWN in bird.routes(), 20)
    assert otc(pybird) == ("65002" if role in ("customer", "peer") else "")
    told = bird.cli(f"show route {OWN} all").replace("bgp_otc", "BGP.otc")
    assert ("BGP.otc: 65001" in told) == (role in ("provider", "peer"))
