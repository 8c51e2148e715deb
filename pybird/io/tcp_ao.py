"""The socket calls of TCP-AO (RFC 5925), as Linux has them since 6.7: structures as octets.

A key belongs to the address of the neighbor, with the whole address as prefix. The kernel
derives the traffic keys (RFC 5926); the length of the code in segments is its default, 12 octets.
"""

from __future__ import annotations

import errno
import socket
import struct
from typing import Final, final

from pybird.core.ports import AoKey, AoState
from pybird.values.address import Address

# linux/tcp.h
TCP_AO_ADD_KEY: Final = 38
TCP_AO_DEL_KEY: Final = 39
TCP_AO_INFO: Final = 40
MAX_KEY: Final = 80  # octets of a secret

_CURRENT: Final = 1  # set_current of the flags
_NEXT: Final = 2  # set_rnext
_ADD: Final = struct.Struct("=128s64siIHBBBBBB80s")
_DELETE: Final = struct.Struct("=128siIHBBBBBB")
_INFO: Final = struct.Struct("=IHBBQQQQQ")
# The kernel's names; `cmac(aes128)` is not that of a cipher, but of the algorithm of RFC 5926.
ALGORITHMS: Final = {
    "hmac md5": "hmac(md5)",
    "hmac sha1": "hmac(sha1)",
    "hmac sha224": "hmac(sha224)",
    "hmac sha256": "hmac(sha256)",
    "hmac sha384": "hmac(sha384)",
    "hmac sha512": "hmac(sha512)",
    "cmac aes128": "cmac(aes128)",
}
_MISSING: Final = (errno.ENOPROTOOPT, errno.EOPNOTSUPP)
UNSUPPORTED: Final = "Kernel does not support TCP-AO signatures"


def _place(address: Address) -> bytes:
    """A `struct sockaddr_storage` without a port."""
    if address.is_v4:
        return struct.pack("=HH4s", socket.AF_INET, 0, address.octets)
    return struct.pack("=HHI16sI", socket.AF_INET6, 0, 0, address.octets, 0)


def add_option(peer: Address, key: AoKey, selected: bool) -> bytes:
    """The `struct tcp_ao_add` of a key; a `selected` one signs at once, and is what we ask for."""
    flags = _CURRENT | _NEXT if selected else 0
    name = ALGORITHMS[key.algorithm].encode()
    numbers = (peer.bits, key.send_id, key.recv_id, 0, 0, len(key.secret))
    return _ADD.pack(_place(peer), name, 0, flags, 0, *numbers, key.secret)


def delete_option(peer: Address, key: AoKey, current: AoKey | None, following: AoKey | None) -> bytes:
    """The `struct tcp_ao_del` of a key; the others take its place in both directions (None: it has none)."""
    flags = (_CURRENT if current is not None else 0) | (_NEXT if following is not None else 0)
    places = (
        0 if current is None else current.send_id,
        0 if following is None else following.recv_id,
    )
    return _DELETE.pack(_place(peer), 0, flags, 0, peer.bits, key.send_id, key.recv_id, *places, 0)


def request_option(key: AoKey) -> bytes:
    """The `struct tcp_ao_info_opt` that asks the neighbor to sign with this key."""
    return _INFO.pack(_NEXT, 0, 0, key.recv_id, 0, 0, 0, 0, 0)


def read_info(octets: bytes) -> AoState:
    """What a `struct tcp_ao_info_opt` from the kernel says."""
    _, _, current, following, good, bad, *_ = _INFO.unpack(octets)
    return AoState(current, following, good, bad)


def _set(sock: socket.socket, option: int, value: bytes) -> None:
    """Raises OSError: the kernel has no TCP-AO, or refuses."""
    try:
        sock.setsockopt(socket.IPPROTO_TCP, option, value)
    except OSError as error:
        if error.errno in _MISSING:
            raise OSError(error.errno, UNSUPPORTED) from None
        raise


def add_key(sock: socket.socket, peer: Address, key: AoKey, selected: bool = False) -> None:
    """Add a key. Raises OSError: the kernel has no TCP-AO, or refuses."""
    _set(sock, TCP_AO_ADD_KEY, add_option(peer, key, selected))


def delete_key(
    sock: socket.socket,
    peer: Address,
    key: AoKey,
    current: AoKey | None = None,
    following: AoKey | None = None,
) -> None:
    """Remove a key. Raises OSError: the kernel refuses, as for a key in use without another in its place."""
    _set(sock, TCP_AO_DEL_KEY, delete_option(peer, key, current, following))


@final
class ConnectionKeys:
    """The keys of one connection (`core.ports.AoConnection`)."""

    def __init__(self, sock: socket.socket, peer: Address) -> None:
        self._sock = sock
        self._peer = peer

    @property
    def found(self) -> bool:
        """True if the connection is authenticated with TCP-AO."""
        try:
            self._read()
        except OSError:
            return False
        return True

    @property
    def state(self) -> AoState:
        """The keys in use, and counts. Raises OSError: the connection is gone."""
        return read_info(self._read())

    def _read(self) -> bytes:
        return self._sock.getsockopt(socket.IPPROTO_TCP, TCP_AO_INFO, _INFO.size)

    def add(self, key: AoKey) -> None:
        """Add a key. Raises OSError: the kernel refuses."""
        add_key(self._sock, self._peer, key)

    def remove(self, key: AoKey, current: AoKey | None, following: AoKey | None) -> None:
        """Remove a key, in whose place others come. Raises OSError: the kernel refuses."""
        delete_key(self._sock, self._peer, key, current, following)

    def request(self, key: AoKey) -> None:
        """Ask the neighbor to sign with this key (RFC 5925, 2.2: RNextKeyID). Raises OSError."""
        _set(self._sock, TCP_AO_INFO, request_option(key))
