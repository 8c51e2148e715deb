"""Two routers with a written session between them, and a load of changing routes."""

from __future__ import annotations

from pybird.core.life import ProtocolState
from pybird.core.reload.reconfiguration import ReloadOutcome
from pybird.values.net import Prefix
from tests.scenarios.lab import Lab, read

SPEAKER = """
router id 10.0.0.{number};
protocol device {{ }}
{more}
protocol static own {{ ipv4; {routes} }}
protocol bgp session {{
  local 10.0.0.{number} as {asn};
  neighbor 10.0.0.{other} as {remote};
  {options}
  ipv4 {{ import {imports}; export {exports}; {channel} }};
}}
"""


def speaker(number, routes="", imports="all", exports="all", channel="", options="", more="", internal=False):
    """The text of router 1 or 2 on one network, 10.0.0.0/24."""
    other = 3 - number
    return SPEAKER.format(
        number=number,
        other=other,
        asn=65000 + (0 if internal else number),
        remote=65000 + (0 if internal else other),
        routes=routes,
        imports=imports,
        exports=exports,
        channel=channel,
        options=options,
        more=more,
    )


def blackholes(*nets):
    """Static routes."""
    return " ".join(f"route {net} blackhole;" for net in nets)


def speakers(a, b, seed=1):
    """Two machines with these configurations; the session is up."""
    lab = Lab(seed=seed)
    for name, text in (("a", a), ("b", b)):
        lab.router(name, text)
    lab.link("a", "eth0", "b", "eth0")
    for number, name in enumerate("ab", 1):
        lab.nodes[name].host.add_address("eth0", f"10.0.0.{number}/24")
    lab.expect(lambda: session(lab, "a").state is ProtocolState.UP, 30, "the session is up")
    lab.run(1)
    return lab


def session(lab, name):
    return lab.nodes[name].router.protocols["session"]


def configure(lab, name, text, soft=False):
    """`configure`, and what it starts in the next two seconds."""
    outcome = lab.nodes[name].router.reconfigure(read(text), soft)
    assert outcome in (ReloadOutcome.DONE, ReloadOutcome.IN_PROGRESS)
    lab.run(2)


def best(lab, name, net, table="master4"):
    """The best route of a network."""
    return lab.nodes[name].router.tables[table].best(Prefix.parse(net).key)
