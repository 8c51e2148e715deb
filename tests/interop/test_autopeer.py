"""BGP automatic peering against real daemons, in namespaces, packets forwarded."""

import os
from pathlib import Path

import pytest

from tests.interop.configs import autopeer, bird_autopeer, bird_listener, frr_unnumbered
from tests.interop.lab import until


def give_addresses(*hosts):
    """Host number n gets 10.n.0.1 and 2001:db8:n::1 on lo."""
    for number, host in enumerate(hosts, 1):
        host.address(f"10.{number}.0.1/32")
        host.address(f"2001:db8:{number}::1/128")


def up(daemon, count=1, seconds=15):
    until(lambda: len(daemon.established()) == count, seconds, f"{count} sessions of {daemon.host.name}")


def reaches(host, number, own):
    """Both families, from one lo address to the other, through kernel routes."""
    for target, source in (
        (f"10.{number}.0.1", f"10.{own}.0.1"),
        (f"2001:db8:{number}::1", f"2001:db8:{own}::1"),
    ):
        until(lambda t=target, s=source: host.ping(t, s), 10, f"{host.name} pings {target}")


def test_two_pybirds_find_each_other_and_forward(lab):
    a, b = lab.pair()
    give_addresses(a, b)
    first = a.pybird(autopeer(1))
    second = b.pybird(autopeer(2))
    up(first)
    up(second)
    reaches(a, 2, 1)
    reaches(b, 1, 2)
    # IPv4 goes to an IPv6 next hop, in the kernel too
    until(lambda: "via inet6 fe80::" in a.ip("route", "show", "10.2.0.1"), 5)
    assert first.established() == ["auto01"]
    # the session may be older than the entry: b connects when it has heard a
    until(lambda: f"{b.link_local()} " in first.cli("show peers"), 5)
    assert "auto01" in first.cli("show peers")


def test_samples_work_as_they_are(lab):
    a, b = lab.pair()
    give_addresses(a, b)
    samples = Path(__file__).parents[2] / "samples"
    first = a.pybird((samples / "autopeer-a.conf").read_text())
    second = b.pybird((samples / "autopeer-b.conf").read_text())
    up(first)
    up(second)
    reaches(a, 2, 1)


@pytest.mark.peer("zebra", "vtysh")
@pytest.mark.parametrize("first", ["pybird", "frr"])
def test_pybird_and_frr_whoever_starts_first(lab, first):
    a, b = lab.pair()
    give_addresses(a, b)
    if first == "frr":
        frr = b.frr(frr_unnumbered(2))
    pybird = a.pybird(autopeer(1))
    if first == "pybird":
        until(lambda: "radv1" in pybird.cli("show protocols"), 5)
        frr = b.frr(frr_unnumbered(2))
    up(pybird)
    until(frr.established, 10, "FRR's session")
    reaches(a, 2, 1)
    reaches(b, 1, 2)
    until(lambda: "10.1.0.1/32" in frr.routes("ipv4"), 10)
    until(lambda: "2001:db8:1::1/128" in frr.routes("ipv6"), 10)


@pytest.mark.peer("zebra", "vtysh")
def test_frr_comes_back_after_either_restart(lab):
    a, b = lab.pair()
    give_addresses(a, b)
    pybird = a.pybird(autopeer(1))
    frr = b.frr(frr_unnumbered(2))
    up(pybird)
    frr.stop()
    until(lambda: not pybird.established(), 15, "the session ends")
    frr = b.frr(frr_unnumbered(2))
    up(pybird)
    pybird.stop()
    again = a.pybird(autopeer(1), name="again")
    up(again)
    reaches(a, 2, 1)


@pytest.mark.peer("bird")
def test_bird_listens_and_we_connect(lab, birds):
    a, b = lab.pair()
    give_addresses(a, b)
    bird = b.bird(bird_listener(2), birds)
    pybird = a.pybird(autopeer(1))

    def both_peer():
        up(pybird)
        until(lambda: any(name != "auto" for name in bird.established()), 10)
        until(lambda: "10.2.0.1/32" in pybird.routes(), 10)
        until(lambda: "2001:db8:2::1/128" in pybird.routes(), 10)
        until(lambda: "10.1.0.1/32" in bird.routes(), 10)
        until(lambda: "2001:db8:1::1/128" in bird.routes(), 10)

    both_peer()
    bird.stop()
    until(lambda: not pybird.established(), 15, "the session ends")
    bird = b.bird(bird_listener(2), birds, name="bird-again")
    both_peer()
    pybird.stop()
    until(lambda: not bird.established("auto"), 15, "the session ends")
    pybird = a.pybird(autopeer(1), name="pybird-again")
    both_peer()


@pytest.mark.parametrize("variable", ["BIRD219_DIR", "BIRD3_DIR"])
@pytest.mark.parametrize("first", ["pybird", "bird"])
def test_newer_bird_with_its_own_automatic_peering(lab, variable, first):
    folder = os.environ[variable]  # without it the test is deselected
    a, b = lab.pair()
    give_addresses(a, b)
    if first == "bird":
        bird = b.bird(bird_autopeer(2), folder)
    pybird = a.pybird(autopeer(1))
    if first == "pybird":
        bird = b.bird(bird_autopeer(2), folder)
    up(pybird)
    until(bird.established, 15)
    for daemon, number in ((pybird, 2), (bird, 1)):
        until(lambda d=daemon, n=number: f"10.{n}.0.1/32" in d.routes(), 10)
        until(lambda d=daemon, n=number: f"2001:db8:{n}::1/128" in d.routes(), 10)


@pytest.mark.peer("zebra", "vtysh")
def test_three_pybirds_and_frr_on_one_bridge(lab):
    """FRR takes one neighbor of an interface; the others mesh without it."""
    hosts = lab.segment("a", "b", "c", "d")
    give_addresses(*hosts)
    pybirds = [host.pybird(autopeer(number)) for number, host in enumerate(hosts[:3], 1)]
    frr = hosts[3].frr(frr_unnumbered(4))
    until(frr.established, 20, "FRR's one session")
    until(
        lambda: sorted(len(p.established()) for p in pybirds) == [2, 2, 3], 20, "full mesh, and one with FRR"
    )

    def children(pybird):
        return [name for name in pybird.protocols() if name.startswith("auto0")]

    for pybird in pybirds:
        until(lambda p=pybird: len(children(p)) == 3, 15, "a child for each of the three")
    assert [len(children(pybird)) for pybird in pybirds] == [3, 3, 3], "none twice"


def test_clean_stop_withdraws_at_once(lab):
    a, b = lab.pair()
    first, second = a.pybird(autopeer(1)), b.pybird(autopeer(2))
    up(first)
    second.stop()
    until(lambda: "auto01" not in first.protocols(), 5, "lifetime 0 removes the child")
    until(lambda: "10.2.0.1/32" not in first.routes(), 5)
    assert "withdrawn (lifetime 0)" in first.text()


def test_killed_neighbor_expires(lab):
    a, b = lab.pair()
    first = a.pybird(autopeer(1))
    second = b.pybird(autopeer(2, radv="max ra interval 4; default lifetime 4;"))
    up(first)
    second.kill()
    until(lambda: "auto01" not in first.protocols(), 10, "the entry expires and its child goes")


def test_persistent_child_stays_an_orphan_and_is_claimed_again(lab):
    a, b = lab.pair()
    first = a.pybird(autopeer(1, peers='peers < from "eth0"; persist yes; >;'))
    second = b.pybird(autopeer(2))
    up(first)
    second.stop()
    until(lambda: "orphan" in first.cli("show peers"), 5, "the child is an orphan")
    assert "auto01" in first.protocols()
    second = b.pybird(autopeer(2), name="again")
    up(first)
    up(second)
    assert first.established() == ["auto01"]


@pytest.mark.peer("bird")
def test_an_orphan_of_a_bird_stays_while_established_then_listens_and_is_pruned(lab, birds):
    a, b = lab.pair()
    first = a.pybird(autopeer(1, bgp="persist established; child prune time 6;"))
    second = b.bird(bird_listener(2), birds)
    up(first)
    second.cli("disable radv1")
    until(lambda: "orphan, Established" in first.cli("show peers"), 5, "lifetime 0 ends nothing")
    assert first.cli("prune all").strip().endswith("auto01: not pruned, established")
    second.cli('disable "auto*"')
    until(lambda: "orphan, Passive" in first.cli("show peers"), 5, "it listens")
    assert "Autoprune at:" in first.cli("show protocols all auto01")
    until(lambda: "auto01" not in first.protocols(), 10, "it is pruned")


def test_link_down_and_up(lab):
    a, b = lab.pair()
    first, second = a.pybird(autopeer(1)), b.pybird(autopeer(2))
    up(first)
    a.link("eth0", False)
    until(lambda: not first.established(), 10, "the session ends with the link")
    until(lambda: not second.established(), 10)
    a.link("eth0", True)
    up(first)
    up(second)


def test_restart_keeps_the_name(lab):
    a, b = lab.pair()
    first, second = a.pybird(autopeer(1)), b.pybird(autopeer(2))
    up(first)
    second.kill()
    second = b.pybird(autopeer(2), name="again")
    up(second)
    up(first)
    assert first.established() == ["auto01"]
