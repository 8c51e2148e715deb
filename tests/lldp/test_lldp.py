"""Whole routers that hear LLDP, on the simulated network."""

import json

import pytest

from pybird.cli.control import Console
from pybird.cli.registry import commands
from pybird.core.life import ProtocolState
from pybird.proto import PROTOCOLS
from pybird.proto.lldp.messages import ETHERTYPE, NEAREST_BRIDGE
from pybird.sim.network import SimNetwork
from tests.cli.fakes import FakeStream
from tests.lldp.frames import BROKEN, lldpdu
from tests.scenarios.lab import Lab, language

MAC = bytes.fromhex("020000000bad")


def router(number, block="transmit;", protocol="", peers="peers { };", bgp="peers { };"):
    return f"""
router id 192.0.2.{number};
hostname "r{number}";
protocol device {{ }}
protocol static own4 {{ ipv4; route 10.{number}.0.1/32 via "lo"; }}
protocol static own6 {{ ipv6; route 2001:db8:{number:x}::1/128 via "lo"; }}
protocol lldp {{ {peers} interface "eth*" {{ {block} }}; {protocol} }}
protocol bgp auto {{
  local as {65000 + number};
  neighbor range fe80::/10 external;
  dynamic name "auto"; dynamic name digits 2;
  {bgp}
  ipv4 {{ import all; export all; extended next hop; }};
  ipv6 {{ import all; export all; }};
}}
"""


def both(one=None, two=None, **options):
    lab = Lab(**options)
    lab.add("a", one or router(1))
    lab.add("b", two or router(2))
    lab.link("a", "eth0", "b", "eth7")
    return lab


def alone(text=None):
    """A router that hears what we forge; the one at the other end is silent."""
    lab = both(text or router(1, ""), "protocol device { }")
    lab.run(3)
    return lab


def say(lab, data, mac=MAC, to=NEAREST_BRIDGE):
    (segment,) = lab.segments.values()
    lab.forge_frame(segment, ETHERTYPE, data, mac, to)
    lab.run(0.01)


def ask(lab, name, *lines):
    """The answer to the last of these commands."""
    instance = lab.nodes[name].router
    console = Console(instance, commands(PROTOCOLS), language(), language().load, lambda graceful: None)
    stream = FakeStream()
    session = console.open(stream)
    for line in lines:
        stream.taken()
        session.received(f"{line}\n".encode())
        lab.run(0.01)
    return stream.taken()


def configure(lab, name, text):
    lab.nodes[name].router.reconfigure(language().read(text))
    lab.run(0.01)


def running(lab, name):
    return lab.nodes[name].router.protocols["lldp1"]


def test_two_routers_that_send_find_each_other_and_peer():
    lab = both()
    took = lab.expect(lab.meshed, 6, "they peer")
    assert took < 4.5  # the addresses are tentative for two seconds of it
    assert lab.entries("a") == ["fe80::2:2%2"]


def test_show_peers_names_system_and_port():
    lab = both()
    lab.expect(lab.meshed, 6, "they peer")
    row = ask(lab, "a", "show peers").splitlines()[1]
    assert row.endswith("auto01       up Established [r2 eth7]")


def test_show_peers_as_json_says_who_found_it():
    lab = both()
    lab.expect(lab.meshed, 6, "they peer")
    row = json.loads(ask(lab, "a", "output json", "show peers").splitlines()[0][5:])
    assert (row["source"], row["sources"], row["system"], row["port"]) == ("lldp1", ["lldp1"], "r2", "eth7")
    assert 100 < row["expires"] <= 121


def test_it_sends_only_where_it_is_told_to():
    lab = both(router(1, ""), router(2))
    lab.run(20)
    assert lab.entries("a") == ["fe80::2:2%2"]
    assert lab.entries("b") == []


def test_an_entry_lives_as_long_as_its_time_to_live():
    lab = alone()
    say(lab, lldpdu(ttl=20))
    assert lab.entries("a") == ["fe80::bad%2"]
    lab.run(19.9)
    assert lab.entries("a") == ["fe80::bad%2"]
    lab.run(0.2)
    assert lab.entries("a") == []


def test_hearing_it_again_does_not_touch_the_table():
    lab = both()
    lab.run(20)
    generation = lab.nodes["a"].router.tables["peers"].generation
    lab.run(300)
    assert lab.nodes["a"].router.tables["peers"].generation == generation
    assert lab.meshed()


def test_time_to_live_0_withdraws_at_once():
    lab = both()
    lab.expect(lab.meshed, 6, "they peer")
    lab.nodes["b"].router.disable(running(lab, "b"))
    lab.run(0.1)
    assert lab.entries("a") == []
    assert not lab.children("a")
    assert any("withdrawn (time to live 0)" in text for text in lab.nodes["a"].messages("info"))


def test_link_down_withdraws_at_once_and_up_brings_back():
    lab = both()
    lab.expect(lab.meshed, 6, "they peer")
    lab.link_down("b", "eth7")
    lab.run(0)
    assert lab.entries("a") == []
    lab.run(5)
    lab.link_up("b", "eth7")
    lab.expect(lab.meshed, 6, "they peer again")


def test_a_neighbor_without_a_link_local_address_has_no_entry_and_is_shown():
    lab = alone()
    say(lab, lldpdu(address="192.0.2.7"))
    say(lab, lldpdu(address="", port="swp8"))
    assert lab.entries("a") == []
    shown = ask(lab, "a", "show protocols all lldp1")
    assert "leaf7" in shown
    assert "port swp7, 192.0.2.7, expires in 120 s" in shown


def test_its_name_enriches_what_somebody_else_found():
    """A router advertises itself by RAs, and says its name by LLDP: no address is in both."""
    radv = 'protocol radv { peers { }; interface "eth*" { router discovery yes; }; }'
    lab = both(router(1, "") + radv, router(2, "") + radv)
    lab.expect(lab.meshed, 6, "they peer")
    say(lab, lldpdu(address="192.0.2.7", ttl=30))
    assert ask(lab, "a", "show peers").splitlines()[1].endswith("up Established [leaf7 swp7]")
    say(lab, lldpdu(address="192.0.2.8", system="leaf8", chassis="other"))
    row = ask(lab, "a", "show peers").splitlines()[1]
    assert row.endswith("up Established")  # two on this link: nobody knows which of them it is
    lab.run(30)
    assert ask(lab, "a", "show peers").splitlines()[1].endswith("up Established [leaf8 swp7]")
    lab.run(120)
    assert ask(lab, "a", "show peers").splitlines()[1].endswith("up Established")  # and now nobody is heard


def test_two_sources_of_one_entry_are_both_named_and_one_is_enough():
    radv = 'protocol radv { peers { }; interface "eth*" { router discovery yes; }; }'
    lab = both(router(1) + radv, router(2) + radv)
    lab.expect(lab.meshed, 6, "they peer")
    since = lab.children("a")[0].since
    lab.nodes["b"].router.disable(running(lab, "b"))
    lab.run(1)
    assert lab.entries("a") == ["fe80::2:2%2"]
    lab.nodes["b"].router.enable(running(lab, "b"))
    lab.run(1)
    lab.nodes["b"].router.disable(lab.nodes["b"].router.protocols["radv1"])
    lab.run(1)
    assert lab.entries("a") == ["fe80::2:2%2"]
    assert lab.children("a")[0].since == since


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_a_broken_lldpdu_is_dropped_counted_and_nobody_else_notices(data):
    lab = alone()
    say(lab, lldpdu())
    say(lab, data)
    assert lab.entries("a") == ["fe80::bad%2"]
    assert "2 received, 1 discarded, 0 TLVs dropped" in ask(lab, "a", "show protocols all lldp1")
    assert not [line for line in lab.log if line.level == "bug"]


def test_frames_for_others_are_not_heard():
    lab = alone()
    say(lab, lldpdu(), to=bytes.fromhex("0180c2000000"))
    say(lab, lldpdu(), to=MAC)
    assert lab.entries("a") == []


def test_our_own_frames_are_not_a_neighbor():
    lab = alone()
    say(lab, lldpdu(), mac=lab.nodes["a"].host.nic("eth0").mac)
    assert lab.entries("a") == []


def test_somebody_who_says_our_address_is_no_neighbor_with_it():
    lab = alone()
    say(lab, lldpdu(address="fe80::1:2"))
    assert lab.entries("a") == []


def test_a_flood_stops_at_the_limit_and_is_told_once():
    lab = alone()
    for number in range(1000):
        say(lab, lldpdu(chassis=f"c{number}", address=f"fe80::dead:{number:x}"))
    assert len(lab.entries("a")) == 64
    assert lab.nodes["a"].messages("warning") == ["lldp1: eth0: 64 neighbors known, ignoring others"]


def test_that_it_is_full_is_told_again_once_there_was_room():
    lab = alone(router(1, "", peers="peers { import limit 1 action block; };"))
    full = "lldp1: eth0: 2 neighbors known, ignoring others"

    def told():
        return lab.nodes["a"].messages("warning").count(full)

    for number in range(3):
        say(lab, lldpdu(chassis=f"c{number}", address="", ttl=20))
    assert told() == 1
    say(lab, lldpdu(chassis="c0", address="", ttl=0))
    say(lab, lldpdu(chassis="c3", address="", ttl=20))
    say(lab, lldpdu(chassis="c4", address="", ttl=20))
    assert told() == 2
    lab.run(21)
    for number in range(3):
        say(lab, lldpdu(chassis=f"c{number}", address=""))
    assert told() == 3


def test_import_limit_replaces_the_limit():
    lab = alone(router(1, "", peers="peers { import limit 3 action block; };"))
    for number in range(10):
        say(lab, lldpdu(chassis=f"c{number}", address=f"fe80::dead:{number:x}"))
    assert len(lab.entries("a")) == 3


def test_the_name_is_an_attribute_for_filters():
    lab = alone(router(1, "", bgp='peers { export where lldp_system ~ "spine*"; };'))
    say(lab, lldpdu())
    say(lab, lldpdu(system="spine1", port="swp1", address="fe80::51", chassis="s"))
    lab.run(1)
    assert [str(child.config.remote_address) for child in lab.children("a")] == ["fe80::51"]
    assert "LLDP.system: spine1" in ask(lab, "a", "show route table peers all")


def test_an_address_that_moves_to_another_name_keeps_its_session():
    lab = both()
    lab.expect(lab.meshed, 6, "they peer")
    since = lab.children("a")[0].since
    configure(lab, "b", router(2, protocol='system name "renamed";'))
    lab.run(2)
    row = ask(lab, "a", "show peers").splitlines()[1]
    assert row.endswith("up Established [renamed eth7]")
    assert lab.children("a")[0].since == since


def test_another_link_local_address_is_another_entry():
    lab = both()
    lab.expect(lab.meshed, 6, "they peer")
    host = lab.nodes["b"].host
    host.add_address("eth7", "fe80::99/64")
    host.remove_address("eth7", "fe80::2:2/64")
    lab.expect(lambda: lab.entries("a") == ["fe80::99%2"], 4, "the new address is known")
    lab.expect(lab.meshed, 6, "they peer again")


def test_a_reload_adds_and_removes_the_entries():
    lab = both(router(1, peers=""))
    lab.run(5)
    assert lab.entries("a") == []
    assert "leaf7" not in ask(lab, "a", "show peers")
    configure(lab, "a", router(1))
    lab.expect(lab.meshed, 6, "they peer")
    configure(lab, "a", router(1, peers=""))
    lab.run(1)
    assert lab.entries("a") == []
    configure(lab, "a", router(1))
    lab.expect(lab.meshed, 61, "they peer again")


def test_an_interface_with_another_name_is_no_second_neighbor():
    lab = both()
    lab.expect(lab.meshed, 6, "they peer")
    since = lab.children("a")[0].since
    lab.nodes["b"].host.rename("eth7", "eth8")
    lab.run(1)
    shown = ask(lab, "a", "show protocols all lldp1")
    assert "port eth8" in shown
    assert "eth7" not in shown
    assert ask(lab, "a", "show peers").splitlines()[1].endswith("up Established [r2 eth8]")
    assert lab.children("a")[0].since == since


def test_a_reload_begins_and_ends_sending_and_keeps_who_is_known():
    lab = both()
    lab.expect(lab.meshed, 6, "they peer")
    configure(lab, "b", router(2, ""))
    lab.run(0.1)
    assert lab.entries("a") == []
    assert lab.entries("b") == ["fe80::1:2%2"]
    configure(lab, "b", router(2, "transmit; tx interval 5; tx hold 2;"))
    lab.expect(lab.meshed, 6, "they peer again")
    assert running(lab, "a").describe(lab.nodes["a"].router.tables["peers"].net_type, b"\0" * 20) == {}


def test_a_killed_router_is_forgotten_after_its_time_to_live():
    lab = both(None, router(2, "transmit; tx interval 5; tx hold 2;"))
    lab.expect(lab.meshed, 6, "they peer")
    lab.run(20)
    lab.nodes["b"].kill()
    lab.run(5)
    assert lab.entries("a") == ["fe80::2:2%2"]
    lab.run(7)
    assert lab.entries("a") == []


def test_a_socket_that_cannot_be_opened_is_told_once_and_tried_again(monkeypatch):
    def refuse(*arguments):
        raise OSError(1, "Operation not permitted (packet sockets need CAP_NET_RAW)")

    with monkeypatch.context() as patch:
        patch.setattr(SimNetwork, "frames", refuse)
        lab = both()
        lab.run(20)
        assert running(lab, "a").state is ProtocolState.START
        why = "Operation not permitted (packet sockets need CAP_NET_RAW)"
        assert lab.nodes["a"].messages("error") == [f"lldp1: eth0: Cannot open a packet socket: {why}"]
    lab.expect(lab.meshed, 12, "they peer once it works")


def test_a_loose_cable_of_one_interface_does_not_touch_another():
    lab = Lab()
    lab.add("a", router(1))
    lab.add("b", router(2))
    lab.add("c", router(3))
    lab.link("a", "eth0", "b", "eth0")
    lab.link("a", "eth1", "c", "eth0")
    lab.expect(lambda: len(lab.up("a")) == 2, 8, "both sessions")
    before = {child.name: child.since for child in lab.children("a")}
    lab.link_down("c", "eth0")
    lab.run(1)
    left = {child.name: child.since for child in lab.children("a")}
    assert len(left) == 1
    assert left.items() <= before.items()
