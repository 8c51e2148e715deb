"""Route limits, with BIRD sending more than we take: each action of the import limit."""

import pytest

from tests.interop.lab import until
from tests.interop.test_md5 import numbered


def sender(count):
    routes = "".join(f"route 10.{100 + n}.0.0/16 blackhole; " for n in range(count))
    return f"""
router id 192.0.2.2;
log stderr all;
protocol device {{ }}
protocol static many {{ ipv4; {routes} }}
protocol bgp peer {{
  local 10.0.0.2 as 65002;
  neighbor 10.0.0.1 as 65001;
  connect delay time 1; connect retry time 2; error wait time 1, 2;
  ipv4 {{ import all; export all; }};
}}
"""


def receiver(limit):
    return f"""
router id 192.0.2.1;
log stderr all;
protocol device {{ }}
protocol bgp peer {{
  local 10.0.0.1 as 65001;
  neighbor 10.0.0.2 as 65002;
  connect delay time 1; connect retry time 2; error wait time 1, 2;
  ipv4 {{ {limit} import all; export all; }};
}}
"""


def over_the_limit(lab, birds, action, kind="import"):
    a, b = numbered(lab)
    pybird = a.pybird(receiver(f"{kind} limit 3 action {action};"))
    bird = b.bird(sender(2), birds)
    until(lambda: "2 of 2 routes" in pybird.routes("count"), 15, "below the limit all is well")
    bird.configure(sender(6))
    text = f"Protocol peer hits route {kind} limit (3), action: {action}"
    until(lambda: text in pybird.text(), 10)
    return pybird, bird


@pytest.mark.peer("bird")
def test_warn_takes_all(lab, birds):
    pybird, _bird = over_the_limit(lab, birds, "warn")
    until(lambda: "6 of 6 routes" in pybird.routes("count"), 5)
    assert pybird.established()


@pytest.mark.peer("bird")
@pytest.mark.parametrize("kind", ["import", "receive"])
def test_block_keeps_as_many_as_fit(lab, birds, kind):
    pybird, _bird = over_the_limit(lab, birds, "block", kind)
    until(lambda: "3 of 3 routes" in pybird.routes("count"), 5)
    assert pybird.established()
    assert "[HIT]" in pybird.cli("show protocols all peer")


@pytest.mark.peer("bird")
def test_restart_tells_bird_why_and_comes_back(lab, birds):
    pybird, bird = over_the_limit(lab, birds, "restart")
    until(lambda: "Maximum number of prefixes reached" in bird.text(), 10)
    bird.configure(sender(2))
    until(lambda: "2 of 2 routes" in pybird.routes("count"), 20)
    assert pybird.established()


@pytest.mark.peer("bird")
def test_disable_ends_it_until_somebody_enables_it(lab, birds):
    pybird, bird = over_the_limit(lab, birds, "disable")
    until(lambda: pybird.protocols()["peer"][3] == "down", 5)
    until(lambda: "Maximum number of prefixes reached" in bird.text(), 10)
    bird.configure(sender(2))
    assert "0 of 0 routes" in pybird.routes("count")
    pybird.cli("enable peer")
    until(lambda: "2 of 2 routes" in pybird.routes("count"), 20)
