"""What a reload does to sessions that found themselves, row by row of what is promised."""

from __future__ import annotations

import pytest

from pybird.core.life import ProtocolState
from tests.reload.lab import configure
from tests.scenarios.lab import lan, pair, unnumbered

EXPLICIT = """
protocol bgp mine {
  local as 65001; neighbor fe80::2:2%eth0 external; {options}
  ipv4 { import all; export all; extended next hop; }; ipv6 { import all; export all; };
}
"""
PERSIST = "peers < persist yes; >;"


def joined(*texts):
    """Routers a and b, whose children are up."""
    lab = pair(*texts)
    lab.expect(lab.meshed, 6, "both have a child")
    lab.run(10)
    return lab


def child(lab, name="a"):
    """(name, since) of the one child."""
    (found,) = lab.children(name)
    assert found.state is ProtocolState.UP
    return found.name, found.since


def changed(old, new):
    """The text of router a with a replacement."""
    text = unnumbered(1)
    assert old in text
    return text.replace(old, new)


LIVE = {
    "dynamic name": changed('dynamic name "auto"', 'dynamic name "leaf"'),
    "digits": changed("name digits 2", "name digits 5"),
    "persist": unnumbered(1, PERSIST),
    "from that fits": unnumbered(1, 'peers < from "eth*"; >;'),
    "export filter that fits": unnumbered(1, "peers { export where true; };"),
    "limit with room": unnumbered(1, "peers { export limit 5; };"),
    "limit that blocks": unnumbered(1, "peers { export limit 0 action block; };"),
    "description": unnumbered(1, more='description "fabric";'),
    "error wait": unnumbered(1, more="error wait time 5, 10; connect retry time 20;"),
    "ra interval": changed("router discovery yes", "router discovery yes; max ra interval 20"),
    "ra prefix": changed("router discovery yes", "router discovery yes; prefix 2001:db8::/64"),
    "another protocol": unnumbered(1) + "protocol static more { ipv4; route 10.200.0.0/16 blackhole; }",
    "another filter": changed("ipv6 { import all;", "ipv6 { import where net.len < 100;"),
    "mandatory channel": changed("extended next hop;", "extended next hop; mandatory;"),
    "limits": changed("ipv6 { import all;", "ipv6 { import all; import limit 1000;"),
}


def test_soft_is_soft_for_the_children_too():
    text = changed("export all", "export filter { bgp_med = 1; accept; }")
    lab = joined(text, unnumbered(2))
    configure(lab, "a", text.replace("bgp_med = 1", "bgp_med = 2"), soft=True)
    (there,) = lab.children("a")
    key = next(iter(there.channels["ipv4"].table.keys()))
    assert lab.nodes["a"].router.pool.view(there.channels["ipv4"].exports(key).attrs)["bgp_med"] == 1
    lab.nodes["a"].router.reload(there, imports=False, exports=True)
    lab.run(1)
    assert lab.nodes["a"].router.pool.view(there.channels["ipv4"].exports(key).attrs)["bgp_med"] == 2


@pytest.mark.parametrize("text", LIVE.values(), ids=list(LIVE))
def test_the_session_lives_on(text):
    lab = joined()
    before = child(lab), child(lab, "b")
    configure(lab, "a", text)
    lab.run(40)
    assert (child(lab), child(lab, "b")) == before
    configure(lab, "a", unnumbered(1))
    lab.run(40)
    assert (child(lab), child(lab, "b")) == before


RESTARTS = {
    "AS": changed("local as 65001", "local as 65101"),
    "hold time": unnumbered(1, more="hold time 30;"),
    "local address": unnumbered(1, more="local fe80::1:2;"),
    "add paths of a channel": changed("extended next hop;", "extended next hop; add paths;"),
    "router id": changed("router id 192.0.2.1", "router id 192.0.2.101"),
}


@pytest.mark.parametrize("text", RESTARTS.values(), ids=list(RESTARTS))
def test_the_child_restarts_and_the_parent_does_not(text):
    lab = joined()
    parent = lab.nodes["a"].router.protocols["auto"]
    name, since = child(lab)
    configure(lab, "a", text)
    lab.expect(lab.meshed, 10, "the child is back")
    again, later = child(lab)
    assert again == name
    assert later > since
    if "router id 192.0.2.101" not in text:
        assert lab.nodes["a"].router.protocols["auto"] is parent


ENDS = {
    "range": changed("range fe80::/10", "range fe80::/120"),
    "from": unnumbered(1, 'peers < from "wan*"; >;'),
    "export filter": unnumbered(1, "peers { export none; };"),
    "no peers channel": unnumbered(1, ""),
    "no parent": unnumbered(1).replace("protocol bgp auto {", "protocol bgp auto { disabled;"),
    "no radv interface": changed('interface "eth*"', 'interface "wan*"'),
    "no discovery": changed("router discovery yes", "router discovery no"),
}


@pytest.mark.parametrize("text", ENDS.values(), ids=list(ENDS))
def test_the_child_goes_and_comes_back_with_the_old_text(text):
    lab = joined()
    configure(lab, "a", text)
    assert [c.name for c in lab.children("a") if c.state is ProtocolState.UP] == []
    assert not lab.knows("a", "b")
    configure(lab, "a", unnumbered(1))
    lab.expect(lab.meshed, 40, "it is back")
    assert [c.name for c in lab.children("a")] == ["auto01"]


def test_who_stops_to_listen_still_advertises():
    lab = joined()
    configure(lab, "a", changed("router discovery yes", "router discovery no"))
    assert (lab.entries("a"), lab.entries("b")) == ([], ["fe80::1:2%2"])


@pytest.mark.parametrize("options", ["", "disabled;"])
def test_a_written_protocol_takes_the_key_and_gives_it_back(options):
    lab = joined()
    configure(lab, "a", unnumbered(1) + EXPLICIT.replace("{options}", options))
    assert lab.children("a") == []
    mine = lab.nodes["a"].router.protocols["mine"]
    if options:
        lab.run(20)
        assert mine.state is ProtocolState.DOWN
        assert lab.up("b") == []
    else:
        lab.expect(lambda: mine.state is ProtocolState.UP, 10, "the written session is up")
    configure(lab, "a", unnumbered(1))
    lab.expect(lab.meshed, 40, "the child is back")


def test_the_export_limit_counts_all_children_of_a_parent():
    lab = lan(4)
    lab.expect(lab.meshed, 10, "all peer")
    configure(lab, "r1", unnumbered(1, "peers { export none; };"))
    assert lab.children("r1") == []
    configure(lab, "r1", unnumbered(1, "peers { export limit 2 action block; };"))
    lab.run(5)
    assert len(lab.children("r1")) == 2
    configure(lab, "r1", unnumbered(1))
    lab.expect(lab.meshed, 40, "all peer again")


def test_an_orphan_goes_when_persist_does_and_a_persistent_one_stays():
    lab = joined(unnumbered(1, PERSIST), unnumbered(2, PERSIST))
    lab.nodes["b"].kill()
    lab.run(60)
    configure(lab, "a", unnumbered(1, PERSIST) + "\n")
    assert [c.name for c in lab.children("a")] == ["auto01"]
    configure(lab, "a", unnumbered(1))
    assert lab.children("a") == []


def test_a_child_disabled_by_hand_stays_so_through_reloads_and_flaps():
    lab = joined()
    router = lab.nodes["a"].router
    router.disable(lab.children("a")[0])
    for text in (unnumbered(1, more="hold time 30;"), unnumbered(1)):
        configure(lab, "a", text)
        lab.link_down("a", "eth0")
        lab.run(3)
        lab.link_up("a", "eth0")
        lab.run(20)
        assert lab.up("a") == []
    router.enable(lab.children("a")[0])
    lab.expect(lab.meshed, 70, "enabled by hand, it works")


def test_entries_that_come_while_a_reload_waits_are_not_lost():
    lab = joined()
    router = lab.nodes["a"].router
    configure(lab, "a", unnumbered(1) + "protocol static big { ipv4; route 10.99.0.0/16 blackhole; }")
    lab.link_down("b", "eth0")
    lab.run(3)
    # the entry returns in the moment in which protocols stop
    lab.link_up("b", "eth0")
    lab.until(lambda: bool(lab.entries("a")), 30)
    configure(lab, "a", unnumbered(1, more='description "x";'))
    lab.expect(lab.meshed, 40, "peered after all")
    assert router is lab.nodes["a"].router


def test_a_limit_of_discovered_entries_can_be_raised():
    lab = lan(4)
    lab.expect(lab.meshed, 10, "all peer")
    few = unnumbered(1).replace("peers { };", "peers { import limit 1 action block; };", 1)
    configure(lab, "r1", few)
    lab.run(60)
    assert len(lab.entries("r1")) >= 1
    configure(lab, "r1", unnumbered(1))
    lab.expect(lab.meshed, 60, "all peer again")
