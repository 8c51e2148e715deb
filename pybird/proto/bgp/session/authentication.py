"""TCP-AO of one protocol (RFC 5925): which keys its sockets have, and which one is asked for.

Of the keys one is selected: the first that is preferred, else the first that is not deprecated. It
signs what we send first, and the neighbor is asked to sign with it (RNextKeyID). What the neighbor
asks for, the system does by itself.

The listening socket gets the keys when it opens, a connection of ours before it begins; one
that was accepted has those of the listening socket. A key that the system refuses is not used;
without a usable key the protocol fails. It never has a session that is not authenticated.

A reload changes the keys of a running session in place: the selected key that stays replaces one
that goes and is in use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, Protocol

from pybird.core.ports import AoConnection, AoKey, Listener, Stream
from pybird.proto.bgp.config import SessionKey
from pybird.values.address import Address

FAILED: Final = "Error: Authentication failed"


class KeysOwner(Protocol):
    """The protocol that the keys are of."""

    def log(self, level: str, text: str) -> None: ...

    def trace(self, flag: str, text: str, *arguments: object) -> None: ...

    def not_authenticated(self) -> None:
        """No key can be used: there must be no session."""


class Authentication:
    """The keys of one protocol; without TCP-AO it has none, and does nothing."""

    def __init__(self, owner: KeysOwner, peer: Address | None, keys: tuple[SessionKey, ...]) -> None:
        self._owner: Final = owner
        self._peer: Final = peer
        self._keys = keys
        self._refused: dict[AoKey, str] = {}  # by the system
        self._listener: Listener | None = None
        self.required: Final = len(keys) > 0

    @property
    def selected(self) -> AoKey | None:
        """The key to begin with, and to ask for; None: none can be used."""
        return _best([key for key in self._keys if key.ao not in self._refused])

    def for_connection(self) -> tuple[AoKey, ...]:
        """The keys of a new connection of ours, the selected one first."""
        selected = self.selected
        if selected is None:
            return ()
        usable = [key.ao for key in self._keys if key.ao not in self._refused]
        return (selected, *[key for key in usable if key != selected])

    def listens(self, listener: Listener) -> None:
        """The protocol has this listening socket now: it gets the keys."""
        self._listener = listener
        self._refused.clear()
        for key in self._keys:
            self._add(key.ao)
        self._check()

    def listens_no_longer(self) -> None:
        """The protocol is about to lose its listening socket, which others may use: the keys go."""
        listener, self._listener = self._listener, None
        if listener is None or self._peer is None:
            return
        for key in self._keys:
            if key.ao not in self._refused:
                self._delete(listener, key.ao)

    def accepts(self, stream: Stream) -> bool:
        """True if a connection of the neighbor is authenticated, or need not be."""
        if not self.required:
            return True
        connection, selected = stream.ao, self.selected
        if connection is None or selected is None:
            self._owner.log("error", "Incoming connection aborted: it is not authenticated with TCP-AO")
            return False
        if connection.state.following != selected.recv_id:
            self._request(connection, selected)
        return True

    def adapt(self, keys: tuple[SessionKey, ...], streams: Iterable[Stream]) -> None:
        """Use other keys from now on, also in running connections; the old ones go first."""
        running = [connection for stream in streams if (connection := stream.ao) is not None]
        before, old, new = self.selected, [key.ao for key in self._keys], [key.ao for key in keys]
        successor = _best([key for key in keys if key.ao in old and key.ao not in self._refused])
        self._keys = keys
        gone = [key for key in old if key not in new]
        if gone and successor is None:
            self._owner.log("warning", "No usable backup key")
        for key in gone:
            self._remove(key, running, successor)
        for key in new:
            if key not in old:
                self._add(key)
                for connection in running:
                    self._try(f"Cannot add TCP-AO key {key} to the connection", partial(connection.add, key))
        selected = self.selected
        if selected is not None and (selected != before or before in gone):
            self._owner.trace("events", "Setting TCP-AO key {} as RNext key", selected)
            for connection in running:
                self._request(connection, selected)
        self._check()

    def _add(self, key: AoKey) -> None:
        """Give a key to the listening socket; one that the system refuses is not used."""
        listener, peer = self._listener, self._peer
        if listener is None or peer is None:
            return
        self._owner.trace("events", "Adding TCP-AO key {}", key)
        try:
            listener.add_ao(peer, key)
        except OSError as error:
            self._refused[key] = error.strerror or str(error)
            self._owner.log("error", f"Socket error: {self._refused[key]}")
            self._owner.log("error", f"Cannot add TCP-AO key {key} to BGP listening socket")

    def _remove(self, key: AoKey, running: list[AoConnection], successor: AoKey | None) -> None:
        if self._refused.pop(key, None) is not None:
            return  # no socket has it
        if self._listener is not None:
            self._delete(self._listener, key)
        for connection in running:
            self._replace(connection, key, successor)

    def _delete(self, listener: Listener, key: AoKey) -> None:
        assert self._peer is not None
        self._owner.trace("events", "Deleting TCP-AO key {}", key)
        what = f"Cannot delete TCP-AO key {key} from BGP listening socket"
        self._try(what, partial(listener.remove_ao, self._peer, key))

    def _replace(self, connection: AoConnection, key: AoKey, successor: AoKey | None) -> None:
        """Remove a key from a connection; where it is in use, its successor takes its place."""
        state = connection.state
        current = following = None
        if successor is not None and state.current == key.send_id:
            current = successor
            text = f"Deleting TCP-AO Current key {key}, setting Current key to {successor}"
            self._owner.log("warning", text)
        if successor is not None and state.following == key.recv_id:
            following = successor
            self._owner.log("warning", f"Deleting TCP-AO RNext key {key}, setting RNext key to {successor}")
        what = f"Cannot delete TCP-AO key {key} from the connection"
        self._try(what, partial(connection.remove, key, current, following))

    def _request(self, connection: AoConnection, key: AoKey) -> None:
        self._try(f"Cannot set TCP-AO key {key} as RNext key", partial(connection.request, key))

    def _try(self, what: str, call: Callable[[], None]) -> None:
        try:
            call()
        except OSError as error:
            self._owner.log("error", f"{what}: {error.strerror or error}")

    def _check(self) -> None:
        if self.required and self.selected is None:
            self._owner.log("error", "No usable TCP-AO key")
            self._owner.not_authenticated()


def _best(keys: Iterable[SessionKey]) -> AoKey | None:
    """The key to select: a preferred one, else one that is not deprecated; the first in the file."""
    found = [key for key in keys if not key.deprecated]
    preferred = [key for key in found if key.preferred]
    return (preferred or found)[0].ao if found else None
