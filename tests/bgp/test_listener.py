"""Listening sockets that protocols share, and whose a connection is."""

from pybird.conf.model import InterfacePattern
from pybird.core.ports import TcpOptions
from pybird.values.address import Address

from .test_peer import _Talker
from .world import auto, bgp_to, config, pair

A, A2, B = (Address.parse(f"10.0.0.{last}") for last in (1, 11, 2))
FAR = "10.0.0.3"


def machines(*protocols):
    """Router a has these protocols and a second address, b is only there to connect from."""
    lab = pair(config(1, *protocols), config(2))
    lab.nodes["a"].host.add_address("eth0", "10.0.0.11/24")
    lab.run(1)
    return lab


def caller(lab, port, to=A):
    """Who connects from b, after a second."""
    talker = _Talker()
    lab.nodes["b"].router.services.network.connect(B, to, port, 0, talker, TcpOptions())
    lab.run(1)
    return talker


def served(talker):
    """It was greeted with an OPEN, whose type is 1."""
    return (talker.events, talker.data[18:19]) == (["connected"], b"\x01")


def refused(talker):
    return (talker.events, talker.data) == (["connected", "closed"], b"")


def test_a_connection_to_another_protocols_local_port_is_not_taken():
    ours = bgp_to(str(B), 65001, 65002, "ours", passive=True)
    theirs = bgp_to(FAR, 65001, 65003, "theirs", passive=True, local_port=1179)
    lab = machines(ours, theirs)
    assert refused(caller(lab, 1179))
    assert served(caller(lab, 179))


def test_a_connection_to_another_address_than_the_strictly_bound_one_is_not_taken():
    ours = bgp_to(str(B), 65001, 65002, "ours", passive=True, strict_bind=True, local_address=A)
    theirs = bgp_to(FAR, 65001, 65003, "theirs", passive=True)
    lab = machines(ours, theirs)
    assert refused(caller(lab, 179, A2))
    assert served(caller(lab, 179, A))


def test_without_strict_bind_the_address_does_not_matter():
    lab = machines(bgp_to(str(B), 65001, 65002, "ours", passive=True, local_address=A))
    assert served(caller(lab, 179, A2))


def test_a_socket_stays_while_another_protocol_uses_it():
    lab = machines(
        bgp_to(str(B), 65001, 65002, "ours", passive=True),
        bgp_to(FAR, 65001, 65003, "theirs", passive=True),
    )
    router, tcp = lab.nodes["a"].router, lab.nodes["a"].host.tcp
    router.disable(lab.proto("a", "theirs"))
    assert served(caller(lab, 179))
    router.disable(lab.proto("a", "ours"))
    lab.run(1)
    assert tcp.listeners == []


def test_a_md5_key_stays_while_another_protocol_uses_it():
    """Two parents with one range and password, on interfaces of their own; a third keeps the socket open."""
    secret = {"password": "secret"}
    one = auto(65001, "one", **secret, interface_range=(InterfacePattern("eth0"),))
    two = auto(65001, "two", **secret, interface_range=(InterfacePattern("eth1"),), dynamic_name="more")
    lab = machines(one, two, bgp_to(FAR, 65001, 65003, "theirs", passive=True))
    router = lab.nodes["a"].router
    (listener,) = lab.nodes["a"].host.tcp.listeners
    neighbor = Address.parse("fe80::b")
    keys = [listener.password(neighbor, 2)]
    for name in ("one", "two"):
        router.disable(lab.proto("a", name))
        lab.run(1)
        keys.append(listener.password(neighbor, 2))
    assert keys == ["secret", "secret", None]
