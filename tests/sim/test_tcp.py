import pytest

from pybird.core.ports import TcpOptions
from pybird.sim.faults import Fault, FaultKind, Lags
from pybird.sim.world import WorldError
from pybird.values.address import Address
from pybird.values.net import Prefix
from tests.sim.peers import PORT, Talker, pair

A, B = Address.parse("fe80::a"), Address.parse("fe80::b")


def joined(**options):
    world, link, a, b = pair(**options)
    talker = a.call(B, 2)
    world.run(0.1)
    return world, link, talker, b.accepted[0]


def test_connect_takes_a_round_trip_and_knows_its_ends():
    world, _, a, b = pair()
    talker = a.call(B, 2)
    assert talker.events == []  # never from within connect
    world.run(0.0019)
    assert talker.events == []
    world.run(0.0002)
    assert talker.events == ["connected"]
    world.run(0.001)
    stream = b.accepted[0].stream
    assert stream.local == (B, PORT)
    assert stream.remote == talker.stream.local
    assert (stream.ifindex, talker.stream.ifindex) == (2, 2)


def test_octets_arrive_in_order_both_ways():
    world, _, one, two = joined()
    one.stream.write(b"hello ")
    one.stream.write(b"world")
    two.stream.write(b"hi")
    assert two.data == b""
    world.run(0.01)
    assert two.data == b"hello world"
    assert one.data == b"hi"


def test_random_portions_keep_the_order():
    world, _, one, two = joined()
    world.nodes["b"].host.fragment = True
    sent = bytes(range(256)) * 100
    one.stream.write(sent)
    world.run(1)
    assert two.data == sent


def test_close_delivers_everything_then_fin():
    world, _, one, two = joined()
    one.stream.write(b"x" * 1_000_000)
    one.stream.close()
    world.run(1)
    assert len(two.data) == 1_000_000
    assert two.events == [("closed", None)]
    assert one.events == ["connected"]  # no callback after our own close


def test_abort_resets():
    world, _, one, two = joined()
    two.stream.abort()
    world.run(0.1)
    assert one.events[-1] == ("closed", "Connection reset by peer")
    assert two.events == []


def test_refused_when_nobody_listens():
    world, _, a, b = pair()
    b.listener.close()
    talker = a.call(B, 2)
    world.run(0.1)
    assert talker.events == [("closed", "Connection refused")]


def test_refused_by_abort_on_accept():
    world, _, a, b = pair()
    b.accept = lambda stream: stream.abort()
    b.listener.close()
    b.listen()
    talker = a.call(B, 2)
    world.run(0.1)
    assert talker.events == ["connected", ("closed", "Connection reset by peer")]


def test_accepted_stream_waits_for_its_handler():
    world, _, a, b = pair()
    held = []
    b.listener.close()
    b.accept = held.append
    b.listen()
    a.call(B, 2).stream.write(b"early")
    world.run(1)
    talker = Talker()
    held[0].set_handler(talker)
    assert talker.data == b""
    world.run(0.1)
    assert talker.data == b"early"


def test_a_connection_that_was_reset_before_accept_is_nobodys():
    world, _, a, b = pair()
    world.nodes["b"].host.process.freeze()
    gone, closed = a.call(B, 2), a.call(B, 2)
    world.run(0.1)
    gone.stream.abort()
    closed.stream.close()
    world.run(0.1)
    world.nodes["b"].host.process.thaw()
    world.run(0.1)
    assert [talker.events for talker in b.accepted] == [[("closed", None)]]


def test_no_answer_times_out():
    world, link, a, _ = pair()
    link.cut()
    talker = a.call(B, 2)
    world.run(2)
    assert talker.events == []
    world.run(130)
    assert talker.events == [("closed", "No route to host")]


def test_bad_ends_raise_at_once():
    _, _, a, _ = pair()
    for error, remote, ifindex, local in (
        ("No such device", B, 9, None),
        ("Cannot assign requested address", B, 2, Address.parse("fe80::77")),
        ("Network is unreachable", Address.parse("192.0.2.1"), 0, None),
    ):
        with pytest.raises(OSError, match=error):
            a.call(remote, ifindex, local)
    with pytest.raises(OSError, match="Address already in use"):
        a.listen()


def test_cut_is_silent_and_restored_data_arrives():
    world, link, one, two = joined()
    link.cut()
    one.stream.write(b"late")
    world.run(20)
    assert two.data == b""
    assert one.events == ["connected"]
    link.restore()
    world.run(30)
    assert two.data == b"late"


def test_cut_for_long_times_out_the_writer_only():
    world, link, one, two = joined()
    link.cut()
    one.stream.write(b"lost")
    world.run(1500)
    assert one.events[-1] == ("closed", "Connection timed out")
    assert two.events == []


def test_killed_process_closes_its_connections():
    world, _, one, _ = joined()
    world.nodes["b"].kill()
    world.run(0.1)
    assert one.events[-1] == ("closed", None)


def test_machine_that_lost_power_answers_reset_later():
    world, _, one, _ = joined()
    world.nodes["b"].power_off()
    world.run(60)
    assert one.events == ["connected"]
    world.nodes["b"].start()
    one.stream.write(b"are you there")
    world.run(1)
    assert one.events[-1] == ("closed", "Connection reset by peer")


def test_frozen_reader_backs_up_the_writer():
    world, _, one, two = joined()
    world.nodes["b"].host.process.freeze()
    one.stream.write(b"x" * 1_000_000)
    world.run(1)
    assert one.stream.buffered > 500_000
    assert two.data == b""
    world.nodes["b"].host.process.thaw()
    world.run(5)
    assert one.stream.buffered == 0
    assert len(two.data) == 1_000_000
    assert one.events == ["connected", "writable"]


def test_slow_reader_takes_its_time():
    world, _, one, two = joined()
    world.nodes["b"].host.read_rate = 100_000
    one.stream.write(b"x" * 1_000_000)
    world.run(5)
    assert 300_000 < len(two.data) < 600_000
    world.run(7)
    assert len(two.data) == 1_000_000


@pytest.mark.parametrize(
    ("kind", "there", "here"),
    [
        (FaultKind.RESET, [("closed", "Connection reset by peer")], [("closed", "Connection reset by peer")]),
        (FaultKind.CLOSE, [("closed", None)], [("closed", None)]),
        (FaultKind.STALL, [], []),
    ],
)
def test_a_fault_at_the_nth_octet_of_one_connection(kind, there, here):
    world, _, a, b = pair()
    world.nodes["b"].host.tcp.faults.append(Fault(5, kind))
    broken, whole = a.call(B, 2), a.call(B, 2)
    world.run(0.1)
    for talker in (broken, whole):
        talker.stream.write(b"1234")
        talker.stream.write(b"56789")
    world.run(0.1)
    assert [accepted.data for accepted in b.accepted] == [b"12345", b"123456789"]
    assert b.accepted[0].events == there
    assert broken.events[1:] == here
    assert whole.events == ["connected"]


def test_after_a_stall_not_even_the_end_arrives():
    world, _, a, b = pair()
    world.nodes["b"].host.tcp.faults.append(Fault(1, FaultKind.STALL))
    talker = a.call(B, 2)
    world.run(0.1)
    talker.stream.write(b"12")
    b.accepted[0].stream.write(b"back")
    world.run(0.1)
    talker.stream.close()
    world.run(1)
    assert (b.accepted[0].data, b.accepted[0].events, talker.data) == (b"1", [], b"back")


def test_connections_of_one_path_may_be_slower_than_others():
    world, _, a, b = pair()
    world.nodes["a"].host.tcp.lags = Lags(connected=0.5)
    talker = a.call(B, 2)
    world.run(0.1)
    talker.stream.write(b"there")
    b.accepted[0].stream.write(b"back")
    world.run(0.1)
    assert (talker.data, b.accepted[0].data) == (b"back", b"")
    world.run(0.5)
    assert b.accepted[0].data == b"there"


def test_md5_mismatch_is_silence():
    world, _, a, b = pair()
    b.listener.set_md5(Prefix.parse("fe80::/10"), "secret")
    none, wrong = a.call(B, 2), a.call(B, 2, options=TcpOptions(password="guess"))
    right = a.call(B, 2, options=TcpOptions(password="secret"))
    world.run(10)
    assert right.events == ["connected"]
    assert none.events == wrong.events == []
    world.run(200)
    assert none.events == wrong.events == [("closed", "Connection timed out")]


def test_ttl_security_drops_what_came_too_far():
    world, _, a, b = pair()
    b.listener.close()
    b.listen(TcpOptions(min_ttl=255))
    near, far = a.call(B, 2, options=TcpOptions(ttl=255)), a.call(B, 2, options=TcpOptions(ttl=1))
    world.run(10)
    assert (near.events, far.events) == (["connected"], [])


def test_two_links_with_the_same_address_are_two_peers():
    world, _, a, _ = pair()
    world.router("c")
    world.link("a", "eth1", "c", "eth0", (None, "fe80::b"))
    world.run(0)
    left, right = a.call(B, 2), a.call(B, 3)
    world.run(0.1)
    assert left.events == right.events == ["connected"]
    assert len(world.nodes["c"].router.accepted) == 1
    assert world.nodes["c"].router.accepted[0].stream.remote[0] == Address.parse("fe80::1:3")


def test_routed_connection_needs_hop_limit_and_routes():
    from tests.sim.test_kernel import line

    world = line()
    a, c = world.nodes["a"].router, world.nodes["c"].router
    one, two = Address.parse("10.0.0.1"), Address.parse("10.0.0.3")
    far, near = a.call(two, local=one), a.call(two, local=one, options=TcpOptions(ttl=1))
    world.run(1)
    assert far.events == ["connected"]
    assert near.events == []
    assert c.accepted[0].stream.remote[0] == one


def test_failed_expectation_names_the_seed():
    world, *_ = pair(seed=77)
    with pytest.raises(WorldError, match="a miracle \\(seed 77, at 3"):
        world.expect(lambda: False, 3, "a miracle")
