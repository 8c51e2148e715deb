"""The socket calls of TCP-AO, octet by octet. BIRD 2.19.2 and 3.3.2 make the same ones."""

import errno
import socket
import struct

import pytest

from pybird.core.ports import AoKey
from pybird.io import tcp_ao
from pybird.values.address import Address

PEER = Address.parse("127.0.0.2")
SHA256 = AoKey(1, 1, "hmac sha256", b"very secret")
SHA1 = AoKey(2, 3, "hmac sha1", bytes((1, 2, 3, 4)))
# What BIRD gives the kernel for these: an IPv4 address, the kernel's name of the algorithm, ids, secret.
ADDED = (
    "020000007f000002" + "00" * 120 + "686d6163287368613129" + "00" * 54
    + "00000000" "00000000" "0000" "20" "02" "03" "00" "00" "04" "01020304" + "00" * 76
)  # fmt: skip
DELETED = "020000007f000002" + "00" * 120 + "00000000000000000000200203000000"
REPLACED = "020000007f000002" + "00" * 120 + "00000000030000000000200101020300"
REQUESTED = "0200000000000003" + "00" * 40


@pytest.mark.skipif(struct.pack("=I", 1) != struct.pack("<I", 1), reason="octets of a little-endian machine")
def test_structures_are_as_the_kernel_has_them():
    assert tcp_ao.add_option(PEER, SHA1, selected=False).hex() == ADDED
    assert tcp_ao.delete_option(PEER, SHA1, None, None).hex() == DELETED
    assert tcp_ao.delete_option(PEER, SHA256, SHA1, SHA1).hex() == REPLACED
    assert tcp_ao.request_option(SHA1).hex() == REQUESTED


def test_a_selected_key_is_set_in_both_directions():
    plain, selected = (tcp_ao.add_option(PEER, SHA1, selected=each) for each in (False, True))
    assert (len(plain), selected[196:200]) == (288, struct.pack("=I", 3))
    assert plain[:196] + plain[200:] == selected[:196] + selected[200:]


def test_an_ipv6_neighbor_stands_in_a_sockaddr_in6():
    option = tcp_ao.add_option(Address.parse("2001:db8::2"), SHA1, selected=False)
    assert option[:24] == struct.pack(
        "=HHI16s", socket.AF_INET6, 0, 0, bytes.fromhex("20010db8" + "00" * 11 + "02")
    )
    assert option[202] == 128


@pytest.mark.parametrize("algorithm", tcp_ao.ALGORITHMS)
def test_every_algorithm_of_the_manual_has_a_name(algorithm):
    option = tcp_ao.add_option(PEER, AoKey(0, 255, algorithm, b"x"), selected=False)
    name = option[128:192].rstrip(b"\0").decode()
    assert name == algorithm.replace(" ", "(") + ")"


def test_a_secret_of_80_octets_fits():
    option = tcp_ao.add_option(PEER, AoKey(0, 0, "hmac md5", bytes(range(80))), selected=False)
    assert (option[207], option[208:]) == (80, bytes(range(80)))


def test_the_kernel_tells_keys_and_counts():
    octets = struct.pack("=IHBB5Q", 3, 0, 7, 9, 17, 2, 3, 4, 5)
    assert tcp_ao.read_info(octets) == (7, 9, 17, 2)


class Kernel:
    """A socket that keeps what is set, or refuses it."""

    def __init__(self, refuses: int = 0) -> None:
        self.calls: list[tuple[int, int, bytes]] = []
        self.refuses = refuses

    def setsockopt(self, level: int, option: int, value: bytes) -> None:
        if self.refuses:
            raise OSError(self.refuses, "no")
        self.calls.append((level, option, value))

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        if self.refuses:
            raise OSError(self.refuses, "no")
        return struct.pack("=IHBB5Q", 3, 0, 1, 1, 0, 0, 0, 0, 0)


def test_the_keys_of_a_connection_are_changed_by_these_options():
    kernel = Kernel()
    keys = tcp_ao.ConnectionKeys(kernel, PEER)
    keys.add(SHA1)
    keys.remove(SHA256, SHA1, SHA1)
    keys.request(SHA1)
    assert [call[:2] for call in kernel.calls] == [(socket.IPPROTO_TCP, option) for option in (38, 39, 40)]
    assert keys.found


@pytest.mark.parametrize("error", [errno.ENOPROTOOPT, errno.EOPNOTSUPP])
def test_a_kernel_without_tcp_ao_says_so(error):
    with pytest.raises(OSError, match="Kernel does not support TCP-AO signatures"):
        tcp_ao.add_key(Kernel(error), PEER, SHA1)
    assert not tcp_ao.ConnectionKeys(Kernel(error), PEER).found


def test_this_kernel_takes_a_key_or_says_that_it_has_no_tcp_ao():
    refused = ""
    with socket.socket(socket.AF_INET) as sock:
        try:
            tcp_ao.add_key(sock, PEER, SHA1)
        except OSError as error:
            refused = error.strerror or "unnamed"
    assert refused in ("", tcp_ao.UNSUPPORTED)
