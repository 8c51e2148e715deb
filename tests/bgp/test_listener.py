"""Listening sockets that protocols share, and whose a connection is."""

from dataclasses import replace
from unittest.mock import patch

import pytest

from pybird.conf.model import InterfacePattern
from pybird.core.ports import TcpOptions
from pybird.proto.bgp.session.listener import Listeners, SocketKey
from pybird.sim.tcp import SimulatedTcpListener
from pybird.values.address import Address
from pybird.values.net import Prefix

from .test_peer import _Talker
from .world import auto, bgp_to, config, entries, ipv6, pair, peers

A, A2, B = (Address.parse(f"10.0.0.{last}") for last in (1, 11, 2))
FAR = "10.0.0.3"


def machines(*protocols):
    """Router a has these protocols and a second address, b is only there to connect from."""
    lab = pair(config(1, *protocols), config(2))
    lab.nodes["a"].host.add_address("eth0", "10.0.0.11/24")
    lab.run(1)
    return lab


def caller(lab, port, to=A, me=B, ifindex=0, **options):
    """Who connects from b, after a second."""
    talker = _Talker()
    lab.nodes["b"].router.services.network.connect(me, to, port, ifindex, talker, TcpOptions(**options))
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


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"local_port": 1179}, {}),
        ({"strict_bind": True, "local_address": A2}, {"strict_bind": True, "local_address": A}),
    ],
)
def test_of_two_protocols_with_one_neighbor_that_of_the_socket_has_the_connection(first, second):
    lab = machines(
        bgp_to(str(B), 65001, 65002, "first", passive=True, **first),
        bgp_to(str(B), 65001, 65002, "second", passive=True, **second),
    )
    assert served(caller(lab, 179, A))
    assert lab.proto("a", "second").incoming is not None


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
    keys = [listener.password(neighbor)]
    for name in ("one", "two"):
        router.disable(lab.proto("a", name))
        lab.run(1)
        keys.append(listener.password(neighbor))
    assert keys == ["secret", "secret", None]


def two_passwords():
    """Two ranges that are one, with passwords of their own; a third protocol keeps the socket open."""
    lab = machines(
        auto(65001, "one", password="first"),
        auto(65001, "two", password="second", dynamic_name="more"),
        bgp_to(FAR, 65001, 65003, "theirs", passive=True),
    )
    (listener,) = lab.nodes["a"].host.tcp.listeners
    return lab, lambda: listener.password(Address.parse("fe80::b"))


def test_a_password_stays_when_another_protocol_wants_its_own_for_the_same_prefix():
    """The kernel has one key for each prefix; as in BIRD the first stays."""
    lab, key = two_passwords()
    assert key() == "first"
    assert lab.nodes["a"].messages("error") == ["two: Cannot listen: fe80::/10 has the password of one"]
    lab.nodes["a"].router.disable(lab.proto("a", "two"))
    lab.run(10)
    assert key() == "first"


def test_when_a_password_goes_the_other_protocol_has_its_own():
    lab, key = two_passwords()
    lab.nodes["a"].router.disable(lab.proto("a", "one"))
    lab.run(6)
    assert key() == "second"
    lab.nodes["a"].router.enable(lab.proto("a", "one"))
    lab.run(6)
    assert key() == "second"
    assert lab.proto("a", "two").listening.error == ""
    assert lab.proto("a", "one").listening.error == "Cannot listen: fe80::/10 has the password of two"


def test_a_key_stays_while_a_neighbor_with_that_address_on_another_interface_needs_it():
    secret = {"passive": True, "password": "secret"}
    one = bgp_to("fe80::b", 65001, 65002, "one", interface="eth0", **secret)
    two = bgp_to("fe80::b", 65001, 65002, "two", interface="eth1", **secret)
    lab = pair(config(1, one, two), config(2))
    lab.link("a", "eth1", "b", "eth1", ("fe80::a", "fe80::b"))
    lab.run(1)
    (listener,) = lab.nodes["a"].host.tcp.listeners
    lab.nodes["a"].router.disable(lab.proto("a", "one"))
    assert listener.password(Address.parse("fe80::b")) == "secret"


def test_who_has_no_key_at_the_socket_takes_no_connection():
    """Else whoever has the address of a neighbor with a password would need none."""
    ours = bgp_to(str(B), 65001, 65002, "ours", passive=True, password="secret")
    with patch.object(SimulatedTcpListener, "set_md5", side_effect=OSError("no MD5 here")):
        lab = machines(ours, bgp_to(FAR, 65001, 65003, "theirs", passive=True))
        assert refused(caller(lab, 179))


def test_a_child_of_a_range_without_its_key_takes_no_connection():
    """The key that let it in is that of another range, on another interface."""
    lab = machines(
        entries(("fe80::b", 2)),
        auto(65001, "one", password="first", interface_range=(InterfacePattern("eth1"),)),
        auto(65001, "two", password="second", dynamic_name="more"),
    )
    assert lab.proto("a", "more01") is not None
    here, there = Address.parse("fe80::b"), Address.parse("fe80::a")
    assert refused(caller(lab, 179, there, here, 2, password="first"))


def test_a_range_without_its_key_leaves_connections_to_the_next():
    ranges = {"remote_range": Prefix.parse("10.0.0.0/24"), "password": "first"}
    lab = machines(
        auto(65001, "one", **ranges, disabled=True),
        auto(65001, "two", **ranges | {"password": "second"}, dynamic_name="more"),
    )
    lab.nodes["a"].router.enable(lab.proto("a", "one"))
    assert served(caller(lab, 179, password="second"))
    assert lab.proto("a", "more01") is not None


def test_who_listens_already_keeps_the_socket_when_the_neighbor_is_found_elsewhere():
    """Nobody who connects in this moment is turned away."""
    lab = machines(bgp_to(str(B), 65001, 65002, "ours", passive=True))
    tcp, ours = lab.nodes["a"].host.tcp, lab.proto("a", "ours")
    (before,) = tcp.listeners
    ours.listening.open(ours.config, 7, Prefix(B, 32))
    assert tcp.listeners == [before]
    ours.listening.open(replace(ours.config, local_port=1179), 7, Prefix(B, 32))
    assert [listener.port for listener in tcp.listeners] == [1179]


def test_who_is_stopped_does_not_try_to_listen_again():
    lab = machines(bgp_to(str(B), 65001, 65002, "ours", passive=True, disabled=True))
    tcp, router = lab.nodes["a"].host.tcp, lab.nodes["a"].router
    squatter = tcp.listen(None, 179, 0, lambda stream: stream.abort(), TcpOptions())
    router.enable(lab.proto("a", "ours"))
    lab.run(1)
    assert lab.proto("a", "ours").listening.error == "Cannot listen: Address already in use"
    router.disable(lab.proto("a", "ours"))
    squatter.close()
    lab.run(30)
    assert tcp.listeners == []


def on_eth0(password="link", **options):
    """A dynamic protocol whose password is for eth0."""
    channels = (ipv6(), peers(from_interfaces=(InterfacePattern("eth0"),)))
    return auto(65001, "links", password=password, key_on_link=True, channels=channels, **options)


LL_A, LL_B = Address.parse("fe80::a"), Address.parse("fe80::b")
GLOBAL_A, GLOBAL_B = Address.parse("2001:db8::1"), Address.parse("2001:db8::2")


def test_a_socket_on_one_interface_also_has_the_keys_and_protocols_of_the_one_that_it_hides():
    keyed = bgp_to(str(B), 65001, 65002, "keyed", passive=True, password="plain")
    plain = bgp_to(str(GLOBAL_B), 65001, 65002, "plain", passive=True)
    lab = machines(on_eth0(), keyed, plain)
    assert served(caller(lab, 179, A, password="plain"))
    assert served(caller(lab, 179, GLOBAL_A, GLOBAL_B))
    assert served(caller(lab, 179, LL_A, LL_B, 2, password="link"))
    for secret in ("plain", None):
        assert caller(lab, 179, LL_A, LL_B, 2, password=secret).events == []
    assert caller(lab, 179, A, password="link").events == []
    router = lab.nodes["a"].router
    router.disable(lab.proto("a", "keyed"))
    lab.run(1)
    assert refused(caller(lab, 179, A))  # its key is gone from both sockets


def test_a_key_of_one_interface_lets_nobody_in_to_the_protocol_that_it_hides():
    other = auto(65001, "others", password="any", local_port=179)
    far = auto(65001, "far", password="far", remote_range=Prefix.parse("2001:db8::/32"))
    lab = machines(on_eth0(), other, far)
    listeners = Listeners.for_router(lab.proto("a", "links").owner)
    socket = SocketKey(None, None, 179, 2)
    answers = [listeners._serves(socket, lab.proto("a", name)) for name in ("links", "others", "far")]
    assert answers == [True, False, True]


def test_two_passwords_on_two_interfaces():
    on_eth1 = (ipv6(), peers(from_interfaces=(InterfacePattern("eth1"),)))
    first, second = on_eth0("here"), replace(on_eth0("there"), name="second", channels=on_eth1)
    lab = pair(config(1, first, second, entries(("fe80::b", 2))), config(2, auto(65002, password="here")))
    lab.expect(lambda: lab.up("a", "auto01"), 8, "the key of eth0")
    assert [lab.proto("a", name).listening.error for name in ("links", "second")] == ["", ""]


def test_where_an_earlier_protocol_gets_the_neighbors_a_later_one_has_no_socket():
    first = auto(65001, "first", password="first")
    lab = machines(first, on_eth0())
    assert served(caller(lab, 179, LL_A, LL_B, 2, password="first"))
    assert lab.proto("a", "links").listening.error == ""
    router = lab.nodes["a"].router
    router.disable(lab.proto("a", "first"))
    lab.run(1)
    assert served(caller(lab, 179, LL_A, LL_B, 2, password="link"))
