"""Two connections with one neighbor: which stays (RFC 4271, 6.8; RFC 6286, 2.3).

When an OPEN arrives while the other connection is in OpenConfirm, the one that
the higher identifier opened stays. That is decided on both sides, each when it
sees the second OPEN, and one side may be further: where KEEPALIVE makes the
connection Established that the rule would drop, while the other side has seen
our OPEN on its rival only now and drops it. Both would be lost.

So such a connection is in doubt for a moment: it counts as OpenConfirm until
the neighbor shows its choice. It sends routes on the one, or closes the
other, or confirms the rival; if it does nothing, the first one stays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pybird.core.ports import Clock, Timer
from pybird.proto.bgp.session.connection import Connection
from pybird.proto.bgp.session.session import SessionState
from pybird.proto.bgp.wire.messages import Open

DOUBT: Final = 2.0  # seconds in which a living neighbor shows its choice
_UP: Final = (SessionState.OPEN_SENT, SessionState.OPEN_CONFIRM)
_CONFIRMED: Final = (SessionState.OPEN_CONFIRM, SessionState.ESTABLISHED)


def keeps_outgoing(router_id: int, asn: int, remote: Open) -> bool:
    """Our own connection is the one that stays: our identifier is higher, or our AS number decides."""
    return (router_id, asn) > (remote.router_id, remote.asn)


def is_confirmed(connection: Connection | None) -> bool:
    """Both OPENs were exchanged on it."""
    return connection is not None and connection.session.state in _CONFIRMED


def may_lose(connection: Connection, rival: Connection | None, keep_outgoing: bool) -> bool:
    """The neighbor may have preferred the rival, on which it has got our OPEN, or will get it."""
    if rival is None or rival.session.state not in _UP:
        return False
    return rival.outgoing == keep_outgoing and connection.outgoing != keep_outgoing


class Doubt:
    """At most one connection that is Established, but perhaps not for the neighbor."""

    def __init__(self, clock: Clock, decide: Callable[[Connection], None]) -> None:
        """`decide` is called with the connection that stays, unless it is forgotten before."""
        self.connection: Connection | None = None
        self._clock = clock
        self._decide = decide
        self._timer: Timer | None = None

    def begin(self, connection: Connection) -> None:
        """Wait for the neighbor's choice."""
        self.forget()
        self.connection = connection
        self._timer = self._clock.call_at(self._clock.now() + DOUBT, self.end)

    def end(self) -> None:
        """The connection stays."""
        connection = self.connection
        self.forget()
        if connection is not None:
            self._decide(connection)

    def forget(self) -> None:
        """The connection went, or another one stays."""
        self.connection = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
