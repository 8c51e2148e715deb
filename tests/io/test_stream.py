"""Streams over a pair of Unix sockets, whose buffers are as small as a test wants them."""

import socket
from random import Random
from unittest.mock import patch

import pytest

from pybird.io.loop import new_loop
from pybird.io.stream import LEAST, LOW_MARK, SocketStream
from tests.io.test_tcp import Lines, Record


class Fed(Record):
    """Notes how much is buffered when it hears `writable`."""

    def writable(self):
        self.events.append(self.stream.buffered)


class Pair:
    """Two streams, each the other's peer."""

    def __init__(self):
        self.log = Lines()
        self.loop = new_loop(self.log)
        self.one, self.two = Fed(), Fed()
        for record, sock in zip((self.one, self.two), socket.socketpair(), strict=True):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
            record.stream = SocketStream(self.loop, sock)
            record.stream.set_handler(record)

    def until(self, condition, turns=100_000):
        for _ in range(turns):
            if condition():
                return
            self.turn()
        raise AssertionError(condition)

    def turn(self):
        self.loop.call_soon(self.loop.stop)
        self.loop.run_forever()


@pytest.fixture
def pair():
    made = Pair()
    yield made
    made.one.stream.abort()
    made.two.stream.abort()
    made.loop.close()
    assert made.log.lines == []


def test_close_sends_what_is_buffered(pair):
    one, two = pair.one, pair.two
    one.stream.write(bytes(300_000))
    one.stream.close()
    assert one.stream.buffered > 200_000
    one.stream.write(b"ignored")
    pair.until(lambda: two.events)
    assert (two.events, len(two.data)) == ([("closed", None)], 300_000)
    assert one.events == []


def test_what_the_socket_takes_at_once_asks_for_no_turn_to_write(pair):
    with patch.object(pair.loop, "add_writer") as asked:
        pair.one.stream.write(b"x")
    asked.assert_not_called()
    pair.until(lambda: pair.two.data == b"x")


def test_what_was_sent_leaves_no_empty_piece_to_be_written_again(pair):
    """With one, the loop would call the writer without end."""
    one, two = pair.one, pair.two
    data = Random(1).randbytes(600_000)
    for at in range(0, len(data), 3000):
        one.stream.write(data[at : at + 3000])
    assert one.stream.buffered > LOW_MARK
    pair.until(lambda: len(two.data) == len(data))
    assert two.data == data
    assert one.stream.buffered == 0
    assert not pair.loop.remove_writer(one.stream._fd)


def test_writable_comes_once_below_the_mark_and_before_all_is_gone(pair):
    one, two = pair.one, pair.two
    for size, times in ((LOW_MARK // 2, 0), (300_000, 1), (LOW_MARK // 2, 0), (300_000, 1)):
        one.events.clear()
        two.data = b""
        one.stream.write(bytes(size))
        assert one.stream.buffered > 0
        pair.until(lambda size=size: len(two.data) == size)
        assert [0 < left <= LOW_MARK for left in one.events] == [True] * times


def lingering(loop):
    """A stream that was closed, who waits for its end, and the peer's socket."""
    near, far = socket.socketpair()
    far.setblocking(False)
    closing = {}
    stream = SocketStream(loop, near, closing)
    stream.set_handler(Record())
    stream.close()
    assert list(closing) == [stream]
    return closing, far


def test_after_its_end_a_stream_reads_on_until_the_peers(pair):
    """Closing with unread input would reset the connection."""
    closing, far = lingering(pair.loop)
    for _ in range(100):
        far.send(bytes(10_000))
        pair.turn()
    assert far.recv(1) == b""
    assert closing
    far.close()
    pair.until(lambda: not closing)


@patch("pybird.io.stream.LINGER", 0.01)
def test_a_peer_that_does_not_end_holds_nobody_up(pair):
    closing, far = lingering(pair.loop)
    pair.until(lambda: not closing)
    far.close()


class Slow(Record):
    """Takes its time, on a clock that the test has, for each octet."""

    def __init__(self, pair, seconds):
        super().__init__()
        self.pair, self.seconds, self.sizes = pair, seconds, []

    def received(self, data):
        self.sizes.append(len(data))
        self.pair.now += self.seconds * len(data)


def test_who_is_slow_to_handle_is_read_in_small_parts_and_who_is_quick_in_large_ones(pair, monkeypatch):
    pair.now = 0.0
    monkeypatch.setattr("time.thread_time", lambda: pair.now)
    slow = Slow(pair, 0.001)  # a second for 1000 octets
    pair.two.stream.set_handler(slow)
    pair.one.stream.write(bytes(100_000))
    pair.until(lambda: len(slow.sizes) > 5)
    assert slow.sizes[0] > LEAST
    assert set(slow.sizes[1:]) == {LEAST}
    slow.seconds, slow.sizes = 1e-9, []
    pair.until(lambda: sum(slow.sizes) + 6 * LEAST > 80_000)
    assert slow.sizes[:4] == [LEAST, 2 * LEAST, 4 * LEAST, 8 * LEAST]
