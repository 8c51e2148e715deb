"""Two connections with one neighbor: which one stays (RFC 4271, 6.8; RFC 6286, 2.3).

When an OPEN arrives while the other connection is in OpenConfirm, the connection
that the router with the higher identifier opened stays. Each side decides this when
it sees the second OPEN, and one side may be ahead: a KEEPALIVE makes a connection
Established here that the rule would drop, while the neighbor sees our OPEN on the
rival connection only now, and drops this one. Both connections would be lost.

So such a connection is in doubt for at most 2 s: it counts as OpenConfirm until the
neighbor shows its choice. The neighbor sends routes on this connection, closes one of
the two, or confirms the rival; if it does nothing, this connection stays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pybird.core.ports import Clock, Timer
from pybird.proto.bgp.session.connection import Connection
from pybird.proto.bgp.session.session import SessionState
from pybird.proto.bgp.wire.messages import Open

DOUBT: Final = 2.0  # seconds that the neighbor has to show its choice
_UP: Final = (SessionState.OPEN_SENT, SessionState.OPEN_CONFIRM)
_CONFIRMED: Final = (SessionState.OPEN_CONFIRM, SessionState.ESTABLISHED)


def keeps_outgoing(router_id: int, asn: int, remote: Open) -> bool:
    """True if the connection that we opened stays: our identifier, or else our AS number, is higher."""
    return (router_id, asn) > (remote.router_id, remote.asn)


def is_confirmed(connection: Connection | None) -> bool:
    """True if both OPENs were exchanged on the connection."""
    return connection is not None and connection.session.state in _CONFIRMED


def may_lose(connection: Connection, rival: Connection | None, keep_outgoing: bool) -> bool:
    """True if the neighbor may drop this connection for its rival, where it has or will have our OPEN."""
    if rival is None or rival.session.state not in _UP:
        return False
    return rival.outgoing == keep_outgoing and connection.outgoing != keep_outgoing


class Doubt:
    """The connection, if any, that is Established here but that the neighbor may still drop."""

    def __init__(self, clock: Clock, decide: Callable[[Connection], None]) -> None:
        """`decide` is called with the connection when it is to stay, unless `forget` was called before."""
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
        """End the wait: the connection stays."""
        connection = self.connection
        self.forget()
        if connection is not None:
            self._decide(connection)

    def forget(self) -> None:
        """End the wait: the connection was lost, or another one stays."""
        self.connection = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
