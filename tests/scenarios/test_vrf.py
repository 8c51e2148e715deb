"""Automatic peering inside a VRF and outside of it, with the same address on both sides."""

from tests.interop.configs import IN_AND_OUT
from tests.scenarios.lab import Lab, unnumbered


def between():
    """Router a with b on eth0, inside the VRF, and c on eth1, outside; both are fe80::2."""
    lab = Lab()
    for name, text in (("a", IN_AND_OUT), ("b", None), ("c", None)):
        lab.add(name, text)
    host = lab.nodes["a"].host
    host.add_vrf("red")
    lab.link("a", "eth0", "b", "eth0", (None, "fe80::2"))
    host.set_master("eth0", "red")
    lab.link("a", "eth1", "c", "eth0", (None, "fe80::2"))
    return lab


def nets(lab, table):
    return {net for net in lab.nets("a", table) if not net.startswith("10.1.")}


def test_one_session_inside_and_one_outside():
    lab = between()
    lab.run(6)
    assert sorted(lab.up("a")) == ["in01", "out01"]
    assert nets(lab, "red4") == {"10.2.0.1/32"}
    assert nets(lab, "master4") == {"10.3.0.1/32"}
    assert [len(lab.nets("a", table)) for table in ("redpeers", "barepeers")] == [1, 1]


def test_a_link_that_leaves_the_vrf_has_its_session_outside():
    lab = between()
    lab.run(6)
    lab.nodes["a"].host.set_master("eth0", None)
    lab.run(10)
    assert sorted(lab.up("a")) == ["out01", "out02"]
    assert nets(lab, "red4") == set()
    assert nets(lab, "master4") == {"10.2.0.1/32", "10.3.0.1/32"}
    lab.nodes["a"].host.set_master("eth0", "red")
    lab.run(10)
    assert sorted(lab.up("a")) == ["in01", "out01"]


def test_connections_from_a_link_of_the_vrf_do_not_reach_sessions_outside():
    """The neighbor connects by itself, discovered or not."""
    lab = Lab()
    lab.add(
        "a",
        IN_AND_OUT.replace(
            "peers { table redpeers; }; interface", "peers { table redpeers; import none; }; interface"
        ),
    )
    lab.add("b", unnumbered(2))
    lab.nodes["a"].host.add_vrf("red")
    lab.link("a", "eth0", "b", "eth0")
    lab.nodes["a"].host.set_master("eth0", "red")
    lab.run(10)
    assert lab.up("a") == ["in01"]
