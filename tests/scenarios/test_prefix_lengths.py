"""One address with another prefix length: the network on the link changes, the session stays."""

from pybird.core.life import ProtocolState
from tests.scenarios.lab import Lab

TEXT = """
router id 10.0.0.%(own)d;
protocol device { scan time 3600; }
protocol direct { ipv4; }
protocol bgp peer { local 10.0.0.%(own)d as 65001; neighbor 10.0.0.%(other)d as 65001;
  direct; ipv4 { import none; export none; }; }
"""


def test_a_new_prefix_length_does_not_touch_the_session():
    lab = Lab(dad=None)
    lab.router("a", TEXT % {"own": 1, "other": 2})
    lab.router("b", TEXT % {"own": 2, "other": 1})
    lab.link("a", "eth0", "b", "eth0")
    for number, name in ((1, "a"), (2, "b")):
        lab.nodes[name].host.add_address("eth0", f"10.0.0.{number}/24")
    lab.run(0)
    session = lab.nodes["a"].router.protocols["peer"]
    lab.expect(lambda: session.state is ProtocolState.UP, 30, "the session is up")
    since = session.since
    assert lab.nets("a", "master4") == ["10.0.0.0/24"]

    host = lab.nodes["a"].host
    host.add_address("eth0", "10.0.0.1/16")
    lab.run(1)
    assert lab.nets("a", "master4") == ["10.0.0.0/16", "10.0.0.0/24"]
    host.remove_address("eth0", "10.0.0.1/24")
    lab.run(1)
    assert lab.nets("a", "master4") == ["10.0.0.0/16"]
    assert (session.state, session.since) == (ProtocolState.UP, since)
    host.remove_address("eth0", "10.0.0.1/16")
    lab.run(1)
    assert session.state is not ProtocolState.UP
