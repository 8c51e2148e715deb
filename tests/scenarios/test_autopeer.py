"""Routers that find each other, peer, and survive what happens to networks."""

from functools import partial
from pathlib import Path

import pytest

from pybird.proto.radv.messages import Advertisement
from tests.scenarios.lab import Lab, lan, pair, unnumbered

SAMPLES = Path(__file__).parents[2] / "samples"
PERSIST = 'peers < from "eth0"; persist yes; >;'


def meshed(lab, within=6.0):
    return lab.expect(lab.meshed, within, "all routers know each other's routes")


def persistent():
    return pair(unnumbered(1, PERSIST), unnumbered(2, PERSIST))


def test_two_routers_find_each_other_and_exchange_routes():
    lab = pair()
    took = meshed(lab)
    assert took < 1.9 + 1.0  # within a second after both addresses are usable
    assert lab.up("a") == lab.up("b") == ["auto01"]
    assert lab.entries("a") == ["fe80::2:2%2"]
    lab.expect(lambda: lab.pings("a", "b"), 1, "packets are forwarded")


def test_the_channel_as_users_write_it():
    lab = persistent()
    meshed(lab)


def test_three_on_a_segment_make_a_full_mesh():
    lab = lan(3)
    meshed(lab)
    lab.run(120)
    assert [len(lab.children(name)) for name in lab.nodes] == [2, 2, 2]
    assert lab.meshed()


def test_a_chain_forwards_packets_through_the_middle():
    lab = pair()
    lab.add("c")
    lab.link("b", "eth1", "c", "eth0")
    lab.expect(lambda: lab.knows("a", "c") and lab.knows("c", "a"), 6, "routes travel through b")
    lab.expect(lambda: lab.pings("a", "c"), 1, "packets are forwarded")


def test_sessions_stay_up_for_an_hour_of_silence():
    lab = pair()
    meshed(lab)
    since = [lab.children(name)[0].since for name in "ab"]
    lab.run(3600)
    assert [lab.children(name)[0].since for name in "ab"] == since


def test_latecomer_after_a_minute():
    lab = pair()
    lab.add("c", start=60.0)
    lab.link("b", "eth1", "c", "eth0")
    lab.run(60)
    lab.expect(lambda: lab.knows("c", "a"), 3, "the latecomer has peered")


def test_the_same_address_on_two_links_is_two_peers():
    lab = pair(link_local=("fe80::1", "fe80::2"))
    lab.add("c")
    lab.link("a", "eth1", "c", "eth0", ("fe80::1", "fe80::2"))
    lab.expect(lambda: lab.knows("a", "b") and lab.knows("a", "c") and lab.knows("b", "c"), 6, "both peered")
    assert lab.entries("a") == ["fe80::2%2", "fe80::2%3"]
    assert len(lab.up("a")) == 2


@pytest.mark.parametrize("who", ["a", "b"])
def test_restart_of_either_side(who):
    lab = pair()
    meshed(lab)
    lab.run(30)
    lab.nodes[who].kill()
    lab.run(0.5)
    lab.nodes[who].start()
    meshed(lab, 6)
    assert [len(lab.children(name)) for name in "ab"] == [1, 1]


@pytest.mark.parametrize("who", ["a", "b"])
def test_restart_after_loss_of_power(who):
    lab = pair()
    meshed(lab)
    lab.run(30)
    lab.nodes[who].power_off()
    lab.run(1)
    lab.nodes[who].start()
    meshed(lab, 6)


def test_clean_stop_removes_the_session_at_once():
    lab = pair()
    meshed(lab)
    lab.run(5)
    lab.nodes["b"].stop()
    lab.expect(lambda: not lab.children("a") and not lab.knows("a", "b"), 1, "child and routes are gone")
    assert lab.entries("a") == []


def test_killed_neighbor_expires_and_its_child_is_removed():
    lab = pair()
    meshed(lab)
    lab.run(30)
    lab.nodes["b"].kill()
    lab.expect(lambda: not lab.knows("a", "b"), 1, "its routes are gone with the connection")
    assert len(lab.children("a")) == 1  # the entry lives until its lifetime ends
    lab.expect(lambda: not lab.children("a"), 31, "the child is removed")
    assert lab.entries("a") == []


def test_persistent_child_survives_withdrawal_and_is_claimed_again():
    lab = persistent()
    meshed(lab)
    lab.run(30)
    lab.nodes["b"].kill()
    lab.run(60)
    assert lab.entries("a") == []
    assert [child.name for child in lab.children("a")] == ["auto01"]
    lab.nodes["b"].start()
    meshed(lab, 6)
    assert lab.up("a") == ["auto01"]


def test_persistent_session_stays_up_when_advertisements_stop():
    lab = persistent()
    meshed(lab)
    since = lab.children("a")[0].since
    router = lab.nodes["b"].router
    router.disable(router.protocols["radv1"])
    lab.run(60)
    assert lab.entries("a") == []
    assert lab.meshed()
    assert lab.children("a")[0].since == since


def test_session_ends_when_advertisements_end_without_persist():
    lab = pair()
    meshed(lab)
    router = lab.nodes["b"].router
    router.disable(router.protocols["radv1"])
    lab.expect(lambda: not lab.children("a"), 1, "lifetime 0 removes the child")
    lab.run(20)
    assert not lab.up("b")


def test_flapping_link_comes_back_every_time():
    lab = pair()
    meshed(lab)
    for number in range(5):
        who = "ab"[number % 2]
        lab.link_down(who, "eth0")
        lab.expect(lambda: not lab.knows("a", "b") and not lab.knows("b", "a"), 3, f"down {number}")
        lab.run(0.5 * number)
        lab.link_up(who, "eth0")
        meshed(lab, 8)
        assert [len(lab.children(name)) for name in "ab"] == [1, 1]


def test_cut_cable_that_nobody_notices_heals():
    lab = pair()
    meshed(lab)
    cable = next(iter(lab.segments.values()))
    cable.cut()
    lab.expect(lambda: not lab.children("a") and not lab.children("b"), 31, "entries expire")
    cable.restore()
    meshed(lab, 25)


def test_forged_advertisements_cost_nothing_but_entries():
    lab = pair()
    meshed(lab)
    segment = next(iter(lab.segments.values()))
    since = lab.children("a")[0].since
    for number in range(300):
        lab.forge(segment, Advertisement(lifetime=1800).encode(), f"fe80::dead:{number:x}", hop_limit=64)
    lab.run(1)
    assert lab.entries("a") == ["fe80::2:2%2"]
    for number in range(300):
        lab.forge(segment, Advertisement(lifetime=60).encode(), f"fe80::dead:{number:x}")
    lab.run(30)
    assert len(lab.entries("a")) == 256
    assert lab.knows("a", "b")
    assert lab.children("a")[0].since == since
    lab.expect(lambda: len(lab.children("a")) == 1, 120, "the forged ones have expired")
    assert lab.meshed()


def test_slow_and_lossy_lan_still_converges():
    lab = lan(4, seed=3)
    lab.segments["lan"].loss = 0.2
    lab.segments["lan"].latency = 0.05
    meshed(lab, 60)


def test_ten_routers_that_start_at_random_times():
    lab = lan(10, seed=9, dad=(0.1, 10.0))
    meshed(lab, 20)
    assert all(len(lab.children(name)) == 9 for name in lab.nodes)


@pytest.mark.long
def test_fifty_routers_on_one_segment_make_a_full_mesh():
    lab = lan(50, partial(unnumbered, export="where source = RTS_STATIC"))
    took = meshed(lab, 30)
    assert took < 10
    assert all(len(lab.children(name)) == 49 for name in lab.nodes)


def test_the_sample_of_a_leaf_gives_uplinks_and_servers_a_protocol_each():
    lab = Lab()
    lab.add("leaf", (SAMPLES / "autopeer-leaf.conf").read_text())
    for name, port, asn in (
        ("spine", "swp49", 65001),
        ("server", "swp1", 65100),
        ("stranger", "swp2", 65250),
    ):
        number = len(lab.nodes) + 1
        lab.add(name, unnumbered(number).replace(f"local as {65000 + number}", f"local as {asn}"))
        lab.link("leaf", port, name, "eth0")
    lab.expect(lambda: len(lab.up("leaf")) == 2, 8, "those of the right AS peer")
    found = {child.reach.ifname: (child.name, child.trouble()) for child in lab.children("leaf")}
    assert found["swp49"] == ("uplink01", "")
    assert found["swp1"][0].startswith("server")
    assert found["swp2"][1] == "AS 65250 is not in [65100..65199]"
