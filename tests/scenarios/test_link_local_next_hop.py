"""The link-local capability (draft-ietf-idr-linklocal-capability-05): a link-local next hop goes alone."""

import pytest

from pybird.core.life import ProtocolState
from pybird.proto.bgp.session.connection import Connection
from pybird.proto.bgp.wire.messages import Framer, Update
from pybird.values.address import Address
from tests.scenarios.lab import pair, read, unnumbered

ON = "enable link local next hop;"
LL = Address.parse("fe80::1:2").octets  # of a on eth0


class Tap:
    """The next hops of what each router sends, by family."""

    def __init__(self, monkeypatch):
        self.hops = {}
        write = Connection._write

        def tapped(connection, data):
            framer = Framer()
            framer.receive(data)
            framer.max_length = 65535
            while (message := framer.next()) is not None:
                if isinstance(message, Update):
                    self._note(connection._owner, message)
            write(connection, data)

        monkeypatch.setattr(Connection, "_write", tapped)

    def _note(self, peer, message):
        data = message.attributes
        while data:
            size, head = (int.from_bytes(data[2:4], "big"), 4) if data[0] & 0x10 else (data[2], 3)
            value, kind, data = data[head : head + size], data[1], data[head + size :]
            if kind == 14:
                family = {1: "ipv4", 2: "ipv6"}[value[1]]
                self.hops.setdefault((peer.config.local_as, family), set()).add(value[4 : 4 + value[3]])


@pytest.fixture
def tap(monkeypatch):
    return Tap(monkeypatch)


def joined(a="", b="", **options):
    lab = pair(unnumbered(1, more=a), unnumbered(2, more=b), **options)
    lab.expect(lab.meshed, 6, "both know each other's routes")
    return lab


def the_session(lab, name="a"):
    (child,) = lab.children(name)
    return child


def test_announced_by_both_a_link_local_next_hop_has_16_octets(tap):
    """Draft, 3 and 5: of IPv6 routes, and of IPv4 routes with extended next hop."""
    lab = joined(ON, ON)
    assert tap.hops[65001, "ipv6"] == tap.hops[65001, "ipv4"] == {LL}
    assert the_session(lab).trouble() == ""
    lab.expect(lambda: lab.pings("a", "b"), 1, "packets get there and back")


@pytest.mark.parametrize("one", ["a", "b"])
def test_announced_by_one_it_has_32_octets_and_the_other_is_named(tap, one):
    lab = joined(**{one: ON})
    assert tap.hops[65001, "ipv6"] == tap.hops[65001, "ipv4"] == {LL + LL}
    troubles = {name: the_session(lab, name).trouble() for name in "ab"}
    assert troubles == {name: "they lack link-local next hop" if name == one else "" for name in "ab"}


def test_it_is_off_by_default(tap):
    lab = joined()
    assert tap.hops[65001, "ipv6"] == {LL + LL}
    assert not the_session(lab).active.session.terms.capabilities.link_local_next_hop


def test_once_negotiated_it_counts_more_than_the_configured_format(tap):
    form = "link local next hop format native;"
    text = unnumbered(1, more=ON).replace("extended next hop;", f"extended next hop; {form}")
    lab = pair(text, unnumbered(2, more=ON))
    lab.expect(lab.meshed, 6, "both know each other's routes")
    assert tap.hops[65001, "ipv4"] == {LL}


def test_a_global_next_hop_has_its_link_local_one_behind_it(tap):
    """Draft, 3: both are 32 octets."""
    text = """
router id 192.0.2.%(n)d;
protocol device { }
protocol static own6 { ipv6; route 2001:db8:%(n)d::/48 blackhole; }
protocol bgp x {
  local 2001:db8:ffff::%(n)d as 6500%(n)d; neighbor 2001:db8:ffff::%(o)d as 6500%(o)d;
  enable link local next hop;
  ipv6 { import all; export all; };
}
"""
    lab = pair(text % {"n": 1, "o": 2}, text % {"n": 2, "o": 1}, dad=None)
    for number, name in enumerate("ab", 1):
        lab.nodes[name].host.add_address("eth0", f"2001:db8:ffff::{number}/64")
    lab.run(0)
    sessions = [lab.nodes[name].router.protocols["x"] for name in "ab"]
    lab.expect(lambda: all(x.state is ProtocolState.UP for x in sessions), 20, "it is up")
    lab.run(1)
    (hop,) = tap.hops[65001, "ipv6"]
    assert hop == bytes.fromhex("20010db8ffff00000000000000000001") + LL


def test_16_octets_are_understood_without_the_capability_too(tap):
    form = "link local next hop format single;"
    text = unnumbered(1).replace("extended next hop;", f"extended next hop; {form}")
    lab = pair(text, unnumbered(2))
    lab.expect(lab.meshed, 6, "both know each other's routes")
    assert tap.hops[65001, "ipv4"] == {LL}
    lab.expect(lambda: lab.pings("b", "a"), 1, "packets get there and back")


def test_a_session_over_several_hops_cannot_have_it():
    with pytest.raises(Exception, match="Multihop BGP cannot have link-local next hops"):
        read(
            "router id 1.2.3.4; protocol bgp { local as 1; neighbor 10.0.0.1 as 2; multihop;"
            " enable link local next hop; ipv4 { import all; export all; }; }"
        )
