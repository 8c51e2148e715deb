"""Netlink messages and dumps, from octets and from the kernel of a namespace of its own."""

import errno
import struct
import subprocess

import pytest

from pybird.io import netlink
from pybird.io import rtnetlink as rt
from pybird.io.kernel import NetlinkKernel
from pybird.io.loop import new_loop
from tests.io.isolation import isolated, pair
from tests.io.test_tcp import Lines

TORN = netlink.NLM_F_DUMP_INTR


def message(kind, body=b"", sequence=1, flags=0):
    return netlink.HEADER.pack(16 + len(body), kind, flags, sequence, 0) + body + bytes(-len(body) & 3)


DONE = message(netlink.NLMSG_DONE, bytes(4))


class Answers:
    """A socket that answers these datagrams, whatever it is asked."""

    def __init__(self, *datagrams):
        self.datagrams = list(datagrams)
        self.sent = []

    def send(self, data):
        self.sent.append(data)

    def recv(self, _size):
        return self.datagrams.pop(0)


def asked(*datagrams):
    requests = netlink.RequestSocket()
    requests.close()
    requests._sock = Answers(*datagrams)
    return requests


def test_a_dump_is_whole_when_it_is_done():
    requests = asked(message(16, b"one.") + message(16, b"two."), message(17, b"3") + DONE)
    assert list(requests.dump(18, b"")) == [(16, b"one."), (16, b"two."), (17, b"3")]


@pytest.mark.parametrize(
    "datagrams",
    [
        (message(16, b"one.", flags=TORN) + message(16, b"two."), DONE),
        (message(16, b"one."), message(netlink.NLMSG_DONE, bytes(4), flags=TORN)),
    ],
    ids=["the first message says it", "the last one says it"],
)
def test_a_torn_dump_is_not_taken_as_whole(datagrams):
    with pytest.raises(InterruptedError):
        list(asked(*datagrams).dump(18, b""))


def test_answers_to_a_dump_that_was_given_up_are_none_of_the_next_ones():
    requests = asked(
        message(16, b"old.") + message(16, b"old2"),
        message(16, b"old3") + DONE,
        message(16, b"new.", 2) + message(netlink.NLMSG_DONE, bytes(4), 2),
    )
    dump = requests.dump(18, b"")
    assert next(dump) == (16, b"old.")
    dump.close()
    assert list(requests.dump(18, b"")) == [(16, b"new.")]


@pytest.mark.parametrize(
    "answer",
    [
        message(netlink.NLMSG_ERROR, struct.pack("=i", -errno.EPERM) + bytes(16)),
        message(netlink.NLMSG_DONE, struct.pack("=i", -errno.EPERM)),
    ],
    ids=["by an error", "at its end"],
)
def test_a_dump_that_the_kernel_refuses_raises(answer):
    with pytest.raises(PermissionError):
        list(asked(answer).dump(18, b""))


def test_what_is_refused_of_many_changes_is_told_by_its_place():
    """Only the last one of a batch asks for an answer; the others report themselves."""
    requests = netlink.RequestSocket()
    requests.close()
    count = netlink.BATCH + 2
    refused = struct.pack("=i", -errno.EEXIST)
    requests._sock = Answers(
        message(netlink.NLMSG_ERROR, refused + bytes(16), 4),
        message(netlink.NLMSG_ERROR, bytes(20), netlink.BATCH),
        message(netlink.NLMSG_ERROR, refused + bytes(16), count),
    )
    assert list(requests.change([(24, 0, b"abc")] * count)) == [3, count - 1]
    flags = [
        [flags for _kind, flags, *_rest in netlink.messages(datagram)] for datagram in requests._sock.sent
    ]
    assert [sum(bool(one & netlink.NLM_F_ACK) for one in batch) for batch in flags] == [1, 1]
    assert all(batch[-1] & netlink.NLM_F_ACK for batch in flags)


def test_attributes_stop_at_one_that_does_not_fit():
    good = netlink.attribute(1, b"abc") + netlink.attribute(0x8000 | 2, b"x")
    assert netlink.attributes(good, 0) == {1: b"abc", 2: b"x"}
    assert netlink.attributes(good + struct.pack("=HH", 9, 3) + b"abcd", 0) == {1: b"abc", 2: b"x"}
    assert netlink.attributes(good + struct.pack("=HH", 3, 3), 0) == {1: b"abc", 2: b"x"}


@isolated
def test_addresses_that_change_while_they_are_read_tear_the_dump():
    """As Linux does it: RFC 3549 knows no such flag."""
    pair("d0", "d1")
    add = "".join(f"address add 10.{n >> 8}.{n & 255}.1/32 dev d0\n" for n in range(2000))
    subprocess.run(["ip", "-batch", "-"], input=add, text=True, check=True)
    requests = netlink.RequestSocket()
    whole = len(list(requests.dump(rt.RTM_GETADDR, rt.address_request())))
    assert whole > 2000
    dump = requests.dump(rt.RTM_GETADDR, rt.address_request())
    next(dump)
    subprocess.run(["ip", "address", "del", "10.7.200.1/32", "dev", "d0"], check=True)
    with pytest.raises(InterruptedError):
        list(dump)


class Torn:
    """Requests whose first answers were torn."""

    def __init__(self, requests, times):
        self.requests = requests
        self.times = times

    def dump(self, kind, payload):
        answers = list(self.requests.dump(kind, payload))
        if not self.times:
            yield from answers
            return
        self.times -= 1
        yield from answers[1:]
        raise InterruptedError(errno.EINTR, "Changed while it was read")

    def close(self):
        self.requests.close()


@isolated
def test_a_torn_dump_of_interfaces_is_read_again_and_never_used():
    pair("d0", "d1")
    loop = new_loop(Lines())
    kernel = NetlinkKernel(loop, Lines())
    whole = kernel.links(), kernel.addresses()
    kernel._requests = Torn(kernel._requests, 2)
    assert kernel.links() == whole[0]
    kernel._requests.times = 4
    assert kernel.addresses() == whole[1]
    kernel._requests.times = 1000
    with pytest.raises(InterruptedError):
        kernel.links()
    kernel.close()
    loop.close()
