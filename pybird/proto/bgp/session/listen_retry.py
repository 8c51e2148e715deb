"""How one protocol listens, and how it retries when it cannot.

A protocol with one neighbor has one socket; a dynamic one may have one on each of several interfaces.

Another daemon may use port 179, the daemon may lack the permission, the address of
`strict bind` may be added later: the error is logged once, and the protocol tries
again for as long as it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from pybird.core.ports import Listener, Timer
from pybird.proto.bgp.config import BgpConfig
from pybird.proto.bgp.session.listener import Listeners, SocketKey, socket_key
from pybird.values.net import Prefix

if TYPE_CHECKING:
    from pybird.core.protocol import InstanceOwner

AGAIN: Final = 5.0  # seconds until the next try


def _ignore(_: Listener) -> None:
    """A protocol without TCP-AO has nothing to do with its socket."""


def _do_nothing() -> None:
    """Nor when it loses that."""


class Listening:
    """The listening socket of one protocol, or why it has none."""

    def __init__(
        self,
        owner: InstanceOwner,
        log: Callable[[str, str], None],
        opened: Callable[[Listener], None] = _ignore,
        closing: Callable[[], None] = _do_nothing,
    ) -> None:
        """`opened` is called with each socket that the protocol gets, `closing` before it loses that."""
        self.error = ""  # why there is no socket, as users see it
        self._opened = opened
        self._closing = closing
        self._owner = owner
        self._log = log
        self._name = ""
        self._key: SocketKey | None = None
        self._wanted: tuple[object, ...] | None = None
        self._timer: Timer | None = None

    def open(self, config: BgpConfig, ifindex: int, password_for: Prefix | None) -> None:
        """Start to listen now or, if that fails, as soon as possible."""
        wanted = (socket_key(config, ifindex), config.password, password_for)
        if wanted == self._wanted and self._key is not None:
            return  # opening it again would refuse a neighbor that connects meanwhile
        self.close()
        self._name = config.name
        self._wanted = wanted
        self._try(config, ifindex, password_for)

    def _try(self, config: BgpConfig, ifindex: int, password_for: Prefix | None) -> None:
        self._timer = None
        try:
            self._key = Listeners.for_router(self._owner).open(config.name, config, ifindex, password_for)
        except OSError as error:
            self._failed(f"Cannot listen: {error.strerror or error}")
            clock = self._owner.services.clock
            again = clock.now() + AGAIN
            self._timer = clock.call_at(again, lambda: self._try(config, ifindex, password_for))
            return
        if self.error:
            self.error = ""
            self._log("info", "Listening now")
        self._opened(Listeners.for_router(self._owner).listener(self._key))

    def _failed(self, text: str) -> None:
        if text != self.error:
            self.error = text
            self._log("error", text)

    def close(self) -> None:
        """Stop listening, or trying to."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._key is not None:
            self._closing()
            Listeners.for_router(self._owner).close(self._name, self._key)
            self._key = None


class LinkListening:
    """The listening sockets of a dynamic protocol: one everywhere (0), or one on each of some interfaces."""

    def __init__(self, owner: InstanceOwner, log: Callable[[str, str], None]) -> None:
        self._owner = owner
        self._log = log
        self._links: dict[int, Listening] = {}

    @property
    def error(self) -> str:
        """Why a socket is missing, as users see it."""
        return next((each.error for each in self._links.values() if each.error), "")

    def open(self, config: BgpConfig, links: list[int]) -> None:
        """Listen on these interfaces, with the password for the whole range; no longer on others."""
        for index in list(self._links):
            if index not in links:
                self._links.pop(index).close()
        for index in links:
            if index not in self._links:
                self._links[index] = Listening(self._owner, self._log)
            self._links[index].open(config, index, config.remote_range)

    def close(self) -> None:
        """Stop listening, or trying to."""
        for each in self._links.values():
            each.close()
        self._links.clear()
