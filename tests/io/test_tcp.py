import errno
import os
import resource
import socket
import struct
import subprocess
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import pytest

from pybird.core.ports import SignatureFailures, TcpOptions
from pybird.io.loop import new_loop
from pybird.io.network import FRESH, AsyncioNetwork
from pybird.io.stream import CHUNK, LOW_MARK
from pybird.io.tcp import TCP_RTO_MAX_MS, signature_failures
from pybird.values.address import Address
from pybird.values.net import Prefix
from tests.io.isolation import ip, isolated, pair

V4 = Address.parse("127.0.0.1")
V6 = Address.parse("::1")


class Lines:
    def __init__(self):
        self.lines = []

    def write(self, level, text):
        self.lines.append((level, text))


class Record:
    """A stream handler that records."""

    def __init__(self):
        self.events = []
        self.data = b""
        self.chunks = []

    def connected(self, stream):
        self.events.append("connected")

    def received(self, data):
        self.chunks.append(len(data))
        self.data += data

    def closed(self, error):
        self.events.append(("closed", error))

    def writable(self):
        self.events.append("writable")


class World:
    def __init__(self):
        self.log = Lines()
        self.loop = new_loop(self.log)
        self.network = AsyncioNetwork(self.loop, self.log)
        self.accepted = []
        self.streams = []

    def listen(self, address=V4, ifindex=0, **options):
        port = free_port(address)
        listener = self.network.listen(address, port, ifindex, self.take, TcpOptions(**options))
        return listener, port

    def connect(self, remote, port, handler, local=None, ifindex=0, **options):
        stream = self.network.connect(local, remote, port, ifindex, handler, TcpOptions(**options))
        self.streams.append(stream)
        return stream

    def take(self, stream):
        self.accepted.append(stream)
        self.streams.append(stream)

    def close(self):
        for stream in self.streams:
            stream.abort()
        self.loop.close()

    def until(self, condition, seconds=30.0):
        end = self.loop.time() + seconds
        while not condition() and self.loop.time() < end:
            self.turn(0.005)
        assert condition()

    def turn(self, seconds=0.02):
        self.loop.call_later(seconds, self.loop.stop)
        self.loop.run_forever()


def free_port(address):
    family = socket.AF_INET6 if address is None or not address.is_v4 else socket.AF_INET
    with socket.socket(family) as sock:
        sock.bind(("", 0))
        return sock.getsockname()[1]


@pytest.fixture
def world():
    made = World()
    yield made
    made.close()
    assert made.log.lines == []


def joined(world, address=V4, **options):
    listener, port = world.listen(address)
    here, there = Record(), Record()
    one = world.connect(address, port, here, **options)
    assert here.events == []
    world.until(lambda: world.accepted and here.events)
    two = world.accepted.pop()
    two.set_handler(there)
    listener.close()
    return one, here, two, there


@pytest.mark.parametrize("address", [V4, V6])
def test_a_connection_knows_both_ends(world, address):
    one, here, two, there = joined(world, address)
    assert here.events == ["connected"]
    assert one.local[0] == one.remote[0] == address
    assert (one.local, one.remote) == (two.remote, two.local)
    one.write(b"hello")
    two.write(b"there")
    world.until(lambda: here.data == b"there" and there.data == b"hello")
    one.close()
    world.until(lambda: there.events == [("closed", None)])
    two.abort()


def test_a_refused_connection_is_told_in_words(world):
    handler = Record()
    world.connect(V4, free_port(V4), handler)
    assert handler.events == []  # never from within the call
    world.until(lambda: handler.events)
    assert handler.events == [("closed", "Connection refused")]


def test_an_address_that_is_not_ours_is_told_and_not_raised(world):
    handler = Record()
    world.connect(V4, 179, handler, local=Address.parse("192.0.2.77"))
    world.until(lambda: handler.events)
    assert handler.events == [("closed", "Cannot assign requested address")]


def test_a_dual_listener_sees_ipv4_peers_as_ipv4(world):
    listener, port = world.listen(None)
    for address in (V4, V6):
        handler = Record()
        stream = world.connect(address, port, handler)
        world.until(lambda: world.accepted)
        got = world.accepted.pop()
        assert got.remote == stream.local
        assert got.remote[0] == address
        stream.abort()
        got.abort()
    listener.close()


@pytest.mark.parametrize("address", [V4, V6])
def test_a_connection_that_was_reset_before_accept_is_nobodys(world, address):
    listener, port = world.listen(address)
    family = socket.AF_INET if address.is_v4 else socket.AF_INET6
    with socket.socket(family) as gone, socket.socket(family) as alive:
        gone.connect((str(address), port))
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        gone.close()
        alive.connect((str(address), port))
        world.until(lambda: world.accepted)
        assert [stream.remote for stream in world.accepted] == [(address, alive.getsockname()[1])]
    listener.close()


def test_an_error_of_one_connection_does_not_hold_up_the_next(world):
    listener, _port = world.listen()
    for error in (errno.ECONNABORTED, errno.EPROTO, errno.EHOSTUNREACH, errno.EPERM):
        listener._accept(Failing(error))
    listener.close()


@isolated
@patch("pybird.io.tcp.ACCEPT_AGAIN", 0.01)
def test_the_listener_comes_back_when_there_are_descriptors_again():
    world = World()
    listener, port = world.listen()
    client = socket.create_connection((str(V4), port))
    few, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (client.fileno() + 1, most))
    world.until(lambda: world.log.lines)
    assert world.log.lines[0] == ("error", "Cannot accept a connection: Too many open files")
    assert world.accepted == []
    resource.setrlimit(resource.RLIMIT_NOFILE, (few, most))
    world.until(lambda: world.accepted)
    assert world.accepted[0].remote == (V4, client.getsockname()[1])
    listener.close()
    world.close()


@patch("pybird.io.tcp.ACCEPT_AGAIN", 60.0)
def test_a_listener_without_descriptors_waits_and_complains_once():
    world = World()
    listener, port = world.listen()
    client = socket.create_connection((str(V4), port))
    with patch.object(socket.socket, "accept", side_effect=OSError(errno.EMFILE, "")):
        world.until(lambda: world.log.lines)
        world.turn()
    assert len(world.log.lines) == 1
    client.close()
    listener.close()
    world.close()


@patch("pybird.io.tcp.ACCEPT_AGAIN", 0.0)
def test_a_listener_that_was_closed_does_not_come_back():
    world = World()
    listener, _port = world.listen()
    (listening,) = listener._sockets
    with patch.object(socket.socket, "accept", side_effect=OSError(errno.EMFILE, "")):
        listener._accept(listening)
    listener.close()
    world.turn()
    assert [text for _level, text in world.log.lines] == ["Cannot accept a connection: Too many open files"]
    world.close()


class Failing:
    """A listening socket whose `accept` fails."""

    def __init__(self, number):
        self.number = number

    def accept(self):
        raise OSError(self.number, os.strerror(self.number))

    def fileno(self):
        return -1


def test_data_waits_for_a_handler_and_what_was_written_before_is_sent(world):
    listener, port = world.listen()
    here, there = Record(), Record()
    one = world.connect(V4, port, here)
    one.write(b"early")
    assert one.buffered == 5
    world.until(lambda: world.accepted)
    world.turn()
    assert one.buffered == 0
    two = world.accepted[0]
    two.set_handler(there)
    world.until(lambda: there.data == b"early")
    one.abort()
    world.until(lambda: there.events)
    assert there.events == [("closed", "Connection reset by peer")]
    listener.close()


def test_what_the_system_holds_for_us_is_counted(world):
    one, _here, two, there = joined(world)
    one.write(b"hello")
    assert two.unread == 5
    world.until(lambda: there.data == b"hello")
    assert (one.unread, two.unread) == (0, 0)
    one.close()
    assert one.unread == 0
    world.until(lambda: there.events)
    assert two.unread == 0


def test_a_full_socket_buffers_and_says_when_it_has_drained(world):
    one, here, two, there = joined(world)
    loop = world.loop
    loop.remove_reader(two._fd)  # the peer does not read
    total = 0
    while one.buffered < 1_000_000:
        one.write(bytes(100_000))
        total += 100_000
        world.turn(0.001)
    assert "writable" not in here.events
    loop.add_reader(two._fd, two._readable)
    world.until(lambda: len(there.data) == total)
    assert here.events.count("writable") == 1
    assert one.buffered == 0
    assert max(there.chunks) <= CHUNK <= LOW_MARK
    one.abort()
    two.abort()


@patch("pybird.io.stream.LINGER", 20.0)
def test_close_sends_what_is_buffered_even_with_unread_input(world):
    one, here, two, there = joined(world)
    one._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32768)
    two.write(b"unread" * 100)
    loop = world.loop
    loop.remove_reader(two._fd)
    message = bytes(1_000_000)
    one.write(message)
    one.close()
    assert one.buffered > 500_000
    one.write(b"ignored")
    loop.add_reader(two._fd, two._readable)
    world.until(lambda: there.events)
    assert there.events == [("closed", None)]
    assert len(there.data) == len(message)
    assert here.events == ["connected"]  # nothing after close


def test_no_callback_after_abort(world):
    one, here, two, there = joined(world)
    two.write(b"x")
    one.abort()
    one.abort()
    one.write(b"y")
    two.write(b"z")
    world.until(lambda: there.events)
    assert here.data == b""
    assert here.events == ["connected"]


def test_a_failing_write_is_told_on_the_next_turn(world):
    one, here, two, _there = joined(world)
    two.abort()
    world.loop.remove_reader(one._fd)
    one.write(b"a")
    one.write(b"b")
    assert here.events == ["connected"]
    world.until(lambda: len(here.events) > 1)
    assert here.events[1][0] == "closed"
    assert len(here.events) == 2


def test_a_port_in_use_is_named(world):
    listener, port = world.listen()
    with pytest.raises(OSError, match=rf"Address already in use \(127.0.0.1:{port}\)") as caught:
        world.network.listen(V4, port, 0, world.accepted.append, TcpOptions())
    assert caught.value.errno == errno.EADDRINUSE
    listener.close()


def test_hop_limits_dscp_and_nodelay(world):
    for address, level, ttl, traffic in [
        (V4, socket.IPPROTO_IP, socket.IP_TTL, socket.IP_TOS),
        (V6, socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, socket.IPV6_TCLASS),
    ]:
        one, _here, two, _there = joined(world, address, ttl=255, min_ttl=64)
        assert one._sock.getsockopt(level, ttl) == 255
        assert one._sock.getsockopt(level, traffic) == 0xC0
        assert one._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        two.set_hop_limits(1, 100)
        assert two._sock.getsockopt(level, ttl) == 1
        two.set_hop_limits(None, None)
        assert two._sock.getsockopt(level, ttl) == 64
        one.abort()
        two.abort()


def test_patience_is_the_user_timeout_and_bounds_the_retransmission_timeout(world):
    one, _here, two, _there = joined(world)
    one.set_patience(240)
    assert one._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 240_000
    with suppress(OSError):  # older than Linux 6.15
        assert one._sock.getsockopt(socket.IPPROTO_TCP, TCP_RTO_MAX_MS) == 5000
    one.abort()
    two.abort()
    two.set_patience(240)  # gone: nothing happens
    two.probe()


def counter(name):
    """One of the kernel's TCP counters, of this network namespace."""
    lines = Path("/proc/net/netstat").read_text().splitlines()
    names, values = [line.split() for line in lines if line.startswith("TcpExt:")]
    return int(values[names.index(name)])


@isolated
def test_a_probe_is_a_packet_at_once_and_the_connection_lives():
    world = World()
    one, here, two, there = joined(world)
    assert counter("TCPWinProbe") == 0
    one.probe()
    assert counter("TCPWinProbe") == 1
    two.write(b"answer")
    one.write(b"question")
    world.until(lambda: here.data == b"answer" and there.data == b"question")
    assert here.events == ["connected"]


def test_a_packet_with_too_low_a_hop_limit_is_dropped(world):
    listener, port = world.listen(V4, min_ttl=255)
    handler = Record()
    world.connect(V4, port, handler, ttl=1)
    world.turn(0.1)
    assert world.accepted == []
    assert handler.events == []
    good = Record()
    world.connect(V4, port, good, ttl=255)
    world.until(lambda: good.events)
    listener.close()


@pytest.mark.parametrize("address", [V4, V6])
def test_md5_password_of_one_peer_and_of_a_range(world, address):
    listener, port = world.listen(address)
    for peer in (Prefix(address, address.bits), Prefix(address.masked(8), 8)):
        listener.set_md5(peer, "secret")
        handler = Record()
        wrong = world.connect(address, port, handler, password="other")
        world.turn(0.05)
        assert handler.events == []
        wrong.abort()
        right = world.connect(address, port, handler, password="secret")
        world.until(lambda h=handler: h.events == ["connected"])
        right.abort()
        listener.set_md5(peer, None)
        listener.set_md5(peer, None)  # twice is no error
        plain = Record()
        stream = world.connect(address, port, plain)
        world.until(lambda p=plain: p.events == ["connected"])
        stream.abort()
    with pytest.raises(OSError, match="longer than 80"):
        listener.set_md5(Prefix(address, address.bits), "x" * 81)
    listener.close()


def test_free_bind(world):
    listener, _port = world.listen(Address.parse("192.0.2.99"), free_bind=True)
    listener.close()
    listener, _port = world.listen(Address.parse("2001:db8::99"), free_bind=True)
    listener.close()


@isolated
def test_link_local_connections_know_their_interface():
    pair("v0", "v1")
    world = World()
    address = link_local("v0")
    index = socket.if_nametoindex("v0")
    world.turn(0.1)
    listener, port = world.listen(None)
    handler = Record()
    stream = world.connect(address, port, handler, local=address, ifindex=index)
    world.until(lambda: world.accepted)
    assert world.accepted[0].ifindex == stream.ifindex == index
    assert world.accepted[0].remote[0] == address
    listener.close()
    bound, port = world.listen(address, ifindex=index)
    again = Record()
    world.connect(address, port, again, ifindex=index)
    world.until(lambda: again.events == ["connected"])
    bound.close()


def link_local(name):
    text = subprocess.run(["ip", "-6", "addr", "show", name], capture_output=True, text=True).stdout
    return next(Address.parse(w.split("/")[0]) for w in text.split() if w.startswith("fe80"))


def can_send(name):
    """Has the kernel made the interface ready? It does so in its own time after carrier came."""
    address = ip(f"-6 address show dev {name} scope link -tentative")
    return address and ip(f"-6 route show table local ff00::/8 dev {name}")


@isolated
def test_router_advertisements_between_two_interfaces():
    Path("/proc/sys/net/ipv6/conf/default/router_solicitations").write_text("0")  # the kernel's own
    pair("v0", "v1")
    world = World()
    heard = {"v0": [], "v1": []}
    index = {name: socket.if_nametoindex(name) for name in heard}
    sockets = {name: world.network.icmp6(index[name], (133, 134), heard[name].append) for name in heard}
    world.until(lambda: all(can_send(name) for name in heard))
    advertisement = bytes((134, 0, 0, 0, 64, 0, 0, 30)) + bytes(8)
    sockets["v0"].send(bytes((135, 0, 0, 0)) + bytes(20), Address.parse("ff02::1"))  # filtered
    sockets["v0"].send(advertisement, Address.parse("ff02::1"))
    sockets["v0"].send(advertisement, link_local("v1"))
    world.until(lambda: len(heard["v1"]) >= 2)
    assert heard["v0"] == []
    assert [p.source for p in heard["v1"]] == [link_local("v0")] * 2
    assert [p.hop_limit for p in heard["v1"]] == [255, 255]
    assert {str(p.destination) for p in heard["v1"]} == {"ff02::1", str(link_local("v1"))}
    assert {p.data[4:] for p in heard["v1"]} == {advertisement[4:]}
    ip("link set v0 down")
    sockets["v0"].send(advertisement, Address.parse("ff02::1"))
    sockets["v0"].send(advertisement, Address.parse("ff02::1"))
    assert len([line for line in world.log.lines if "v0" in line[1]]) == 1
    for sock in sockets.values():
        sock.close()


@isolated
def test_without_a_link_local_address_nothing_is_sent():
    """RFC 4861, 6.1.2: receivers would have to discard it."""
    pair("v0", "v1")
    world = World()
    heard = []
    near, far = (socket.if_nametoindex(name) for name in ("v0", "v1"))
    sock = world.network.icmp6(near, (134,), lambda packet: None)
    ear = world.network.icmp6(far, (134,), heard.append)
    world.until(lambda: can_send("v0"))
    ip("-6 address add 2001:db8::1/64 dev v0 nodad")
    own = link_local("v0")
    ip(f"-6 address del {own}/64 dev v0")
    everybody = Address.parse("ff02::1")
    for _ in range(2):
        sock.send(bytes((134,)) + bytes(15), everybody)
    text = "ICMPv6 on v0: no link-local address to send to ff02::1 from"
    assert world.log.lines == [("warning", text)]
    ip(f"-6 address add {own}/64 dev v0 nodad")
    sock.send(bytes((134,)) + bytes(15), everybody)
    world.until(lambda: heard)
    assert [packet.source for packet in heard] == [own]
    sock.close()
    ear.close()


def test_the_operating_system_gives_the_words():
    assert os.strerror(errno.EHOSTUNREACH) == "No route to host"


def test_the_counters_of_md5_signatures():
    text = (
        "TcpExt: SyncookiesSent TCPMD5NotFound TCPMD5Unexpected TCPMD5Failure\nTcpExt: 9 2 3 1\nIpExt: InX\n"
    )
    assert signature_failures(text) == SignatureFailures(wrong=1, missing=2, unexpected=3)
    assert signature_failures("TcpExt: A\nTcpExt: 1\n") is None
    assert signature_failures("") is None


@isolated
def test_a_segment_with_another_password_is_counted():
    world = World()
    listener, port = world.listen(V4)
    assert world.network.signature_failures() == SignatureFailures()
    listener.set_md5(Prefix.parse("127.0.0.0/8"), "one")
    stream = world.connect(V4, port, Record(), password="other")
    world.turn(0.1)
    assert world.network.signature_failures() == SignatureFailures(wrong=1)
    stream.abort()
    listener.close()


def test_the_counters_of_signatures_are_read_once_for_many_who_ask_at_once(world, monkeypatch):
    reads = []
    monkeypatch.setattr("pybird.io.network._read_signature_failures", lambda: reads.append(1))
    for _ in range(3):
        world.network.signature_failures()
    assert len(reads) == 1
    world.turn(2 * FRESH)
    world.network.signature_failures()
    assert len(reads) == 2
