"""ROUTE-REFRESH that real neighbors answer: `reload in` and a changed import filter (RFC 2918, RFC 7313)."""

import re

import pytest

from tests.interop.lab import until
from tests.interop.test_md5 import numbered

NETWORK = "10.2.0.0/16"


def subject(imports, options=""):
    """PyBIRD, which keeps nothing of what its import filter refuses."""
    return f"""
router id 192.0.2.1;
log stderr all;
protocol device {{ }}
protocol bgp peer {{
  local 10.0.0.1 as 65001;
  neighbor 10.0.0.2 as 65002;
  connect delay time 1;
  {options}
  ipv4 {{ import {imports}; export none; }};
}}
"""


def received(daemon):
    """Announcements that came on the session."""
    found = re.search(r"Import updates: +(\d+)", daemon.cli("show protocols all peer"))
    return int(found[1]) if found else 0


def frr_config(restart):
    return f"""
router bgp 65002
 bgp router-id 192.0.2.2
 {restart}
 no bgp ebgp-requires-policy
 no bgp network import-check
 neighbor 10.0.0.1 remote-as 65001
 neighbor 10.0.0.1 timers connect 2
 address-family ipv4 unicast
  network {NETWORK}
 exit-address-family
"""


@pytest.mark.peer("zebra", "vtysh")
@pytest.mark.parametrize("restart", ["", "bgp graceful-restart-disable"], ids=["as it comes", "no restart"])
def test_frr_answers_when_the_import_filter_changes_and_at_reload_in(lab, restart):
    a, b = numbered(lab)
    b.frr(frr_config(restart))
    pybird = a.pybird(subject("none"))
    until(lambda: received(pybird) == 1, 40, "its route came, and was refused")
    pybird.reconfigure(subject("all"))
    until(lambda: NETWORK in pybird.routes(), 10, "the neighbor sends its routes again")
    pybird.reconfigure(subject("filter { bgp_med = 7; accept; }"))
    until(lambda: "BGP.med: 7" in pybird.routes("all"), 10, "they went through the new filter")
    count = received(pybird)
    pybird.cli("reload in peer")
    until(lambda: received(pybird) > count, 10, "it is sent again")
    assert "Enhanced refresh" in pybird.cli("show protocols all peer").split("Neighbor capabilities")[0]


@pytest.mark.long
@pytest.mark.peer("zebra", "vtysh")
def test_frr_holds_back_an_answer_that_was_to_have_marks_and_we_say_so(lab):
    a, b = numbered(lab)
    b.frr(frr_config(""))
    options = "enable enhanced route refresh on; graceful restart off;"
    pybird = a.pybird(subject("none", options))
    until(lambda: received(pybird) == 1, 40, "its route came, and was refused")
    pybird.reconfigure(subject("all", options))
    until(lambda: "10.0.0.2 has not answered the ROUTE-REFRESH" in pybird.text(), 40)
    assert NETWORK not in pybird.routes()
