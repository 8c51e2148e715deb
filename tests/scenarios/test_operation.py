"""Operators change things while automatic sessions run."""

from pathlib import Path

import pytest

from pybird.core.reload.reconfiguration import ReloadOutcome
from tests.scenarios.lab import Lab, lan, pair, read, unnumbered

SAMPLES = Path(__file__).parents[2] / "samples"
PERSIST = "peers < persist yes; >;"


def meshed(lab, within=6.0):
    return lab.expect(lab.meshed, within, "all routers know each other's routes")


def joined(*texts):
    lab = pair(*texts)
    meshed(lab)
    lab.run(10)
    return lab


def configure(lab, name, text):
    """`configure`, and whatever it starts in the next two seconds."""
    outcome = lab.nodes[name].router.reconfigure(read(text))
    assert outcome in (ReloadOutcome.DONE, ReloadOutcome.IN_PROGRESS)
    lab.run(2)


def since(lab, name):
    return [child.since for child in lab.children(name)]


def test_messages_tell_the_story_in_one_line_each():
    lab = joined()
    lab.nodes["b"].stop()
    lab.run(1)
    told = [text for text in lab.nodes["a"].messages("info") if text.startswith("auto: ")]
    assert told == [
        "auto: peer fe80::2:2%eth0 discovered, starting auto01",
        "auto: peer fe80::2:2%eth0 withdrawn (lifetime 0), removing auto01",
    ]


def test_samples_work_as_they_are():
    lab = Lab()
    for name in "ab":
        lab.add(name, (SAMPLES / f"autopeer-{name}.conf").read_text())
    lab.link("a", "eth0", "b", "eth0")
    meshed(lab)
    lab.expect(lambda: lab.pings("a", "b"), 1, "packets are forwarded")


def test_the_words_of_bird_3_do_the_same():
    text = (
        unnumbered(1)
        .replace("peers {", "neighbors {")
        .replace("protocol radv", "neighbor table found;\nprotocol radv")
    )
    meshed(pair(text.replace("neighbors { }", "neighbors { table found; }")))


def test_a_reload_without_changes_touches_nothing():
    lab = joined()
    before = since(lab, "a")
    configure(lab, "a", unnumbered(1))
    assert since(lab, "a") == before
    assert lab.meshed()


def test_an_added_route_is_announced_without_a_reset():
    lab = joined()
    before = since(lab, "a")
    configure(lab, "a", unnumbered(1).replace("own4 { ipv4;", 'own4 { ipv4; route 10.77.0.0/16 via "lo";'))
    assert "10.77.0.0/16" in lab.nets("b", "master4")
    assert since(lab, "a") == before


def test_a_changed_export_filter_withdraws_without_a_reset():
    lab = joined()
    before = since(lab, "a")
    configure(lab, "a", unnumbered(1, export="none"))
    assert not lab.knows("b", "a")
    assert lab.knows("a", "b")
    assert since(lab, "a") == before


def test_an_attribute_of_the_users_reaches_the_neighbor():
    mine = "attribute bgp 200 bytestring mine; define SEEN = hex:01:02;"
    sends = unnumbered(1, export="filter { mine = hex:01:02; accept; }")
    takes = unnumbered(2).replace("import all", "import where mine = SEEN")
    lab = pair(mine + sends, mine + takes)
    lab.run(10)
    assert lab.knows("b", "a")


def test_another_as_restarts_the_children():
    lab = joined()
    configure(lab, "a", unnumbered(1).replace("local as 65001", "local as 65101"))
    meshed(lab)
    assert lab.children("b")[0].state.value == "up"


def test_radv_interface_removed_from_the_config_ends_its_sessions():
    lab = joined()
    configure(lab, "a", unnumbered(1).replace('interface "eth*"', 'interface "wan*"'))
    assert lab.entries("a") == lab.entries("b") == []
    assert lab.children("a") == lab.children("b") == []
    configure(lab, "a", unnumbered(1))
    meshed(lab)


def test_from_leaves_other_interfaces_alone():
    lab = joined()
    configure(lab, "a", unnumbered(1, 'peers < from "wan*"; >;'))
    assert lab.children("a") == []
    assert lab.entries("a") == ["fe80::2:2%2"]


def test_persist_switched_off_removes_the_orphan():
    lab = joined(unnumbered(1, PERSIST), unnumbered(2, PERSIST))
    lab.nodes["b"].kill()
    lab.run(60)
    assert len(lab.children("a")) == 1
    configure(lab, "a", unnumbered(1))
    assert lab.children("a") == []


def test_disabled_child_stays_disabled_until_it_is_enabled():
    lab = joined()
    router = lab.nodes["a"].router
    (child,) = lab.children("a")
    router.disable(child)
    lab.run(60)
    assert lab.up("a") == lab.up("b") == []
    configure(lab, "a", unnumbered(1))
    lab.run(60)
    assert lab.up("a") == []
    router.enable(lab.children("a")[0])
    lab.expect(lambda: bool(lab.up("a")), 61, "it is up again")


def test_disabled_radv_ends_everything_and_enabled_brings_it_back():
    lab = joined()
    router = lab.nodes["a"].router
    router.disable(router.protocols["radv1"])
    lab.run(2)
    assert lab.children("a") == lab.children("b") == []
    router.enable(router.protocols["radv1"])
    meshed(lab)


def test_internal_peers():
    def internal(number):
        return (
            unnumbered(number)
            .replace(f"local as {65000 + number}", "local as 65000")
            .replace("fe80::/10 external", "fe80::/10 internal")
        )

    lab = lan(3, internal)
    meshed(lab)


def test_md5_on_a_range():
    password = 'password "secret";'
    lab = pair(unnumbered(1, more=password), unnumbered(2, more=password))
    meshed(lab)
    lab = pair(unnumbered(1, more=password), unnumbered(2))
    lab.run(120)
    assert lab.up("a") == lab.up("b") == []


def test_one_passive_side_is_enough():
    meshed(pair(unnumbered(1, more="passive yes;"), unnumbered(2)))


def test_graceful_end_of_the_daemon_keeps_the_neighbors_entry():
    lab = joined()
    lab.nodes["b"].stop(graceful=True)
    lab.run(5)
    assert lab.entries("a") == ["fe80::2:2%2"]
    lab.nodes["b"].start()
    meshed(lab)


@pytest.mark.parametrize("graceful", [True, False])
def test_the_kernel_keeps_forwarding_only_through_a_graceful_restart(graceful):
    lab = joined()
    assert ways(lab, "b", "10.1.0.1/32") == ["eth0"]
    lab.nodes["b"].stop(graceful=graceful)
    lab.run(5)
    assert ways(lab, "b", "10.1.0.1/32") == (["eth0"] if graceful else [])
    lab.nodes["b"].start()
    meshed(lab)


def fabric():
    """Two leaves, two spines."""
    lab = Lab()
    for name in ("leaf1", "leaf2", "spine1", "spine2"):
        number = len(lab.nodes) + 1
        lab.add(
            name,
            unnumbered(number).replace(
                "protocol kernel kernel4 {", "protocol kernel kernel4 { merge paths yes;"
            ),
        )
    for spine in ("spine1", "spine2"):
        for leaf in ("leaf1", "leaf2"):
            lab.link(leaf, f"eth{spine[-1]}", spine, f"eth{leaf[-1]}")
    return lab


def ways(lab, name, prefix):
    """Interfaces over which a kernel forwards to a prefix."""
    host = lab.nodes[name].host
    routes = [r for r in host.kernel.routes(True, 254) if str(r.prefix) == prefix]
    return sorted(host.nics[hop.ifindex].name for route in routes for hop in route.nexthops)


def test_a_fabric_uses_both_spines_and_survives_the_loss_of_one():
    lab = fabric()
    lab.expect(lambda: ways(lab, "leaf1", "10.2.0.1/32") == ["eth1", "eth2"], 8, "two ways")
    lab.expect(lambda: lab.pings("leaf1", "leaf2"), 1, "packets are forwarded")
    lab.nodes["spine1"].power_off()
    lab.expect(lambda: ways(lab, "leaf1", "10.2.0.1/32") == ["eth2"], 2, "one way is left")
    lab.expect(lambda: lab.pings("leaf1", "leaf2"), 1, "packets are forwarded")
    lab.nodes["spine1"].start()
    lab.expect(lambda: ways(lab, "leaf1", "10.2.0.1/32") == ["eth1", "eth2"], 8, "two ways again")


def test_sessions_wait_for_a_router_id_and_the_neighbor_hears_no_error():
    lab = pair(unnumbered(1).replace("router id 192.0.2.1;", ""))
    lab.run(20)
    (ours,), (theirs,) = lab.children("a"), lab.children("b")
    assert ours.info().split() == ["Idle"]
    assert ours.trouble() == "no router ID; write `router id`, or give an interface an IPv4 address"
    assert "Error" not in theirs.info()
    assert lab.nodes["a"].messages("remote") == lab.nodes["b"].messages("remote") == []
    lab.nodes["a"].host.add_address("eth0", "192.0.2.1/24")
    lab.expect(lab.meshed, 31, "both know each other's routes")
