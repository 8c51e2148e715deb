"""Interfaces get other names, other numbers, and come back: sessions follow, nothing stays behind."""

import pytest

from tests.scenarios.lab import pair, read, unnumbered
from tests.scenarios.test_crash import ask


def joined(**options):
    lab = pair(**options)
    lab.expect(lab.meshed, 6, "all routers know each other's routes")
    lab.run(10)
    return lab


def told(lab):
    """All that a client of a can read about interfaces, neighbors and sessions."""
    commands = ("show interfaces", "show protocols all", "show peers", "show route all", "dump sockets")
    return "\n".join(ask(lab, command) for command in commands)


def sockets(lab):
    """The interfaces on which the router of a hears advertisements."""
    return sorted(socket.nic.name for socket in lab.nodes["a"].host.sockets)


def replug(lab, name, index=None):
    """Delete the interface of a and make one of the same name, with another number."""
    host = lab.nodes["a"].host
    cable = next(iter(lab.segments.values()))
    host.detach("eth0")
    lab.run(0.5)
    return host.attach(name, cable, index=index)


def test_a_new_name_that_the_configuration_means_too_changes_nothing_else():
    lab = joined()
    (child,) = lab.children("a")
    since = child.since
    lab.nodes["a"].host.rename("eth0", "eth7")
    lab.run(30)
    assert lab.meshed()
    assert [c.since for c in lab.children("a")] == [since]
    assert sockets(lab) == ["eth7"]
    assert "eth0" not in told(lab)
    lab.expect(lambda: lab.pings("a", "b"), 1, "packets are forwarded")


def test_a_session_after_a_new_name_can_be_restarted():
    lab = joined()
    lab.nodes["a"].host.rename("eth0", "eth7")
    lab.run(1)
    (child,) = lab.children("a")
    lab.nodes["a"].router.restart(child)
    lab.expect(lab.meshed, 70, "it came back under the new name")
    assert "eth0" not in told(lab)


def test_a_name_that_the_configuration_does_not_mean_ends_what_was_there():
    lab = joined()
    host = lab.nodes["a"].host
    host.rename("eth0", "lan0")
    lab.run(5)
    assert lab.entries("a") == lab.entries("b") == []
    assert lab.children("a") == lab.children("b") == []
    assert sockets(lab) == []
    assert "eth0" not in told(lab)
    host.rename("lan0", "eth0")
    lab.expect(lab.meshed, 8, "back under the first name")
    assert sockets(lab) == ["eth0"]
    assert "lan0" not in told(lab)


@pytest.mark.parametrize("dad", [None, (1.4, 1.9)], ids=["at once", "after DAD"])
def test_the_same_name_with_another_number(dad):
    lab = joined(dad=dad)
    replug(lab, "eth0", index=9)
    lab.expect(lab.meshed, 10, "the neighbor is found on the new interface")
    assert lab.entries("a") == ["fe80::2:2%9"]
    assert [child.name for child in lab.children("a")] == ["auto01"]
    assert sockets(lab) == ["eth0"]
    assert lab.nodes["a"].router.interfaces.named("eth0").index == 9
    lab.expect(lambda: lab.pings("a", "b"), 1, "packets are forwarded")
    lab.run(40)
    assert len(lab.children("b")) == 1, "the old address of a has gone there, too"


def test_the_same_name_with_another_number_many_times():
    lab = joined()
    for index in range(20, 30):
        replug(lab, "eth0", index)
        lab.run(7)
    lab.expect(lab.meshed, 10, "the neighbor is found on the last interface")
    assert [child.name for child in lab.children("a")] == ["auto01"]
    assert len(sockets(lab)) == 1
    assert list(lab.nodes["a"].router.protocols["radv1"].ports) == [29]


def test_two_interfaces_swap_their_names():
    lab = pair()
    lab.add("c")
    lab.link("a", "eth1", "c", "eth0")
    lab.expect(lambda: lab.knows("a", "b") and lab.knows("a", "c"), 8, "both have peered")
    lab.run(10)
    before = [child.since for child in lab.children("a")]
    host = lab.nodes["a"].host
    for old, new in (("eth0", "eth9"), ("eth1", "eth0"), ("eth9", "eth1")):
        host.rename(old, new)
    lab.run(5)
    assert [child.since for child in lab.children("a")] == before
    assert "eth9" not in told(lab)
    for child in lab.children("a"):
        assert child.reach.ifname == host.nics[child.reach.ifindex].name
        assert f"%{child.reach.ifname}" in ask(lab, f"show protocols all {child.name}")
    lab.nodes["a"].router.restart(lab.nodes["a"].router.protocols["auto"])
    lab.expect(lambda: lab.knows("a", "b") and lab.knows("a", "c"), 70, "both under their new names")


def test_a_number_that_is_given_to_another_interface():
    """eth0 goes and a new interface, not ours, gets its number."""
    lab = joined()
    nic = replug(lab, "lan0", index=2)
    lab.run(60)
    assert nic.index == 2
    assert lab.entries("a") == []
    assert lab.children("a") == []
    assert sockets(lab) == []


def test_reloading_after_a_new_name():
    lab = joined()
    lab.nodes["a"].host.rename("eth0", "eth7")
    lab.run(1)
    since = lab.children("a")[0].since
    lab.nodes["a"].router.reconfigure(read(unnumbered(1) + "protocol static more { ipv4; }"))
    lab.run(5)
    assert [child.since for child in lab.children("a")] == [since]
    lab.nodes["a"].router.reconfigure(read(unnumbered(1).replace('"eth*"', '"eth7"')))
    lab.run(5)
    assert [child.since for child in lab.children("a")] == [since]
    assert lab.meshed()
