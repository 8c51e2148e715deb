"""A hundred reloads of a real daemon that is at work: a session they do not concern stays as it is."""

import re

import pytest

from tests.interop.lab import until
from tests.interop.test_md5 import numbered

RELOADS = 100
ROUTES = 1000


def speaker(number):
    """BIRD, which announces other routes after each turn."""
    rows = "".join(
        f"  route 10.{number % 2 + 20 * (n % 2)}.{n % 256}.{n // 256 * 64}/26 blackhole;\n"
        for n in range(ROUTES)
    )
    return f"""
router id 192.0.2.2;
log stderr all;
protocol device {{ }}
protocol static many {{ ipv4; {rows} }}
protocol bgp peer {{
  local 10.0.0.2 as 65002;
  neighbor 10.0.0.1 as 65001;
  ipv4 {{ import all; export all; }};
}}
"""


def subject(number):
    """PyBIRD: its session stays as written; other protocols, routes, filters and limits change."""
    more = "protocol static extra { ipv4; route 198.18.0.0/15 blackhole; }" if number % 2 else ""
    return f"""
router id 192.0.2.1;
log stderr all;
ipv4 table side;
protocol device {{ }}
protocol static own {{ ipv4; route 198.51.{number % 256}.0/24 blackhole; }}
{more}
protocol pipe {{ table master4; peer table side; export where net.len > {20 + number % 8}; }}
protocol bgp peer {{
  local 10.0.0.1 as 65001;
  neighbor 10.0.0.2 as 65002;
  connect delay time 1;
  ipv4 {{ import where net !~ [ 10.{number % 3}.0.0/16+ ]; export all; import limit {5000 + number}; }};
}}
"""


def count(daemon):
    """Routes that the session brought."""
    return int(re.search(r"(\d+) of \d+ routes", daemon.routes("protocol peer count"))[1])


@pytest.mark.peer("bird")
def test_an_unchanged_session_survives_a_hundred_reloads_under_load(lab):
    a, b = numbered(lab)
    bird = b.bird(speaker(0))
    pybird = a.pybird(subject(0))
    until(pybird.established, 15)
    until(lambda: count(pybird) == ROUTES // 2, 10, "the filter of round 0 refuses half of them")
    ours, theirs = pybird.protocols()["peer"][4:6], bird.protocols()["peer"][4:6]
    for number in range(1, RELOADS + 1):
        bird.configure(speaker(number))
        pybird.reconfigure(subject(number))
        assert pybird.established()
    assert pybird.protocols()["peer"][4:6] == ours
    assert bird.protocols()["peer"][4:6] == theirs
    until(lambda: count(pybird) == ROUTES, 20, "that of the last round refuses what is not announced")
    until(lambda: f"198.51.{RELOADS}.0/24" in bird.routes("protocol peer"), 10)
    assert "198.18.0.0/15" not in bird.routes("protocol peer")
