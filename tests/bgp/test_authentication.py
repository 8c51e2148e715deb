"""The TCP-AO keys of one protocol, beside its sockets (RFC 5925)."""

import errno

from pybird.core.ports import AoKey, AoState
from pybird.proto.bgp.config import SessionKey
from pybird.proto.bgp.session.authentication import Authentication
from pybird.values.address import Address

PEER = Address.parse("10.0.0.2")


class Owner:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.failed = False

    def log(self, level: str, text: str) -> None:
        self.lines.append(f"{level} {text}")

    def trace(self, flag: str, text: str, *arguments: object) -> None:
        pass

    def not_authenticated(self) -> None:
        self.failed = True


class Socket:
    """A listening socket that refuses some keys."""

    def __init__(self, *refuses: int) -> None:
        self.refuses = refuses
        self.keys: list[AoKey] = []

    def add_ao(self, peer: Address, key: AoKey) -> None:
        if key.send_id in self.refuses:
            raise OSError(errno.EINVAL, "Invalid argument")
        self.keys.append(key)

    def remove_ao(self, peer: Address, key: AoKey) -> None:
        self.keys.remove(key)


class Connection:
    """A connection with keys, of which the first is in use."""

    def __init__(self, *keys: AoKey) -> None:
        self.keys = list(keys)

    @property
    def state(self) -> AoState:
        return AoState(self.keys[0].send_id, self.keys[0].recv_id, 0, 0)

    def request(self, key: AoKey) -> None:
        self.keys.remove(key)
        self.keys.insert(0, key)


class Stream:
    def __init__(self, ao: Connection | None) -> None:
        self.ao = ao


def key(number: int, **options: bool) -> SessionKey:
    return SessionKey(send_id=number, recv_id=number + 100, secret=b"x", **options)


def made(*keys: SessionKey, refuses: tuple[int, ...] = ()) -> tuple[Authentication, Owner, Socket]:
    owner, socket = Owner(), Socket(*refuses)
    found = Authentication(owner, PEER, keys)
    found.listens(socket)
    return found, owner, socket


def test_a_preferred_key_is_selected_and_a_deprecated_one_never():
    assert made(key(1), key(2))[0].selected == key(1).ao
    assert made(key(1), key(2, preferred=True))[0].selected == key(2).ao
    assert made(key(1, deprecated=True), key(2))[0].selected == key(2).ao
    found, owner, _ = made(key(1, deprecated=True))
    assert (found.selected, owner.failed) == (None, True)


def test_connections_begin_with_the_selected_key_and_have_the_others():
    found, _, _ = made(key(1), key(2, preferred=True), key(3, deprecated=True))
    assert [each.send_id for each in found.for_connection()] == [2, 1, 3]


def test_a_key_that_the_system_refuses_is_not_used():
    found, owner, socket = made(key(1), key(2), refuses=(1,))
    assert found.for_connection() == (key(2).ao,)
    assert (socket.keys, owner.failed) == ([key(2).ao], False)
    assert owner.lines == [
        "error Socket error: Invalid argument",
        "error Cannot add TCP-AO key 1/101 to BGP listening socket",
    ]
    found.listens_no_longer()
    assert socket.keys == []


def test_a_connection_without_tcp_ao_is_not_taken():
    found, owner, _ = made(key(1))
    assert not found.accepts(Stream(None))
    assert owner.lines == ["error Incoming connection aborted: it is not authenticated with TCP-AO"]
    assert Authentication(owner, PEER, ()).accepts(Stream(None))


def test_the_selected_key_is_asked_for_on_a_connection_of_the_neighbor():
    """It began with the key that the neighbor selected."""
    found, _, _ = made(key(1), key(2, preferred=True))
    connection = Connection(key(1).ao, key(2).ao)
    assert found.accepts(Stream(connection))
    assert connection.state.following == 102
