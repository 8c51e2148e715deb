"""What an export group needs from a channel: where routes are sent, counted and traced.

A base class, not a `typing.Protocol`: groups are compiled and call these methods often.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final

from mypy_extensions import mypyc_attr

from pybird.core.limits import RouteLimit
from pybird.core.policy import Policy
from pybird.core.scheduler import Scheduler
from pybird.core.statistics import Statistics
from pybird.core.table import Table
from pybird.values.route import Rte

SENT: Final = 0  # this and the next three: verdicts on a route
REJECTED: Final = 1  # the protocol does not send it, or it is the receiver's own
FILTERED: Final = 2
LIMITED: Final = 3  # dropped by the export limit


@mypyc_attr(allow_interpreted_subclasses=True)  # channels of protocols
class Receiver:
    """A destination of exported routes.

    `neighbor` is the name that forms use for the router behind it (None: none);
    it does not change while the receiver is a member of a group. `exported` is
    how many networks were sent to it and not withdrawn.
    """

    __slots__ = (
        "export_limit",
        "exported",
        "neighbor",
        "scheduler",
        "statistics",
        "table",
        "traced",
    )

    table: Table
    scheduler: Scheduler
    statistics: Statistics
    export_limit: RouteLimit | None
    exported: int
    neighbor: Hashable
    traced: bool  # `trace_export` writes something

    def export_policy(self, paths: bool = False) -> Policy:
        """The policy for the configured export filter; `paths`: it is asked about paths, not networks."""
        raise NotImplementedError

    def export_key(self) -> Hashable:
        """Receivers whose export filters do the same have equal keys."""
        raise NotImplementedError

    def transmit(self, packed: Any) -> None:
        """Pass what the group packed to the protocol."""
        raise NotImplementedError

    def fed(self) -> None:
        """A full feed was transmitted."""
        raise NotImplementedError

    def withheld(self, keys: list[bytes], reason: str) -> None:
        """Routes are not sent, for a reason that is neither policy nor split horizon."""
        raise NotImplementedError

    def released(self, key: bytes) -> None:
        """A route is no longer withheld, or no longer exists."""
        raise NotImplementedError

    def export_limit_exceeded(self, limit: RouteLimit) -> bool:
        """The export limit was exceeded: act; True if the routes above it must be dropped."""
        raise NotImplementedError

    def trace_export(self, key: bytes, kind: int, rte: Rte | None, had: Rte | None) -> None:
        """Trace the verdict (`kind`) on a network's route; `had` is the route sent before."""
        raise NotImplementedError

    def crashed(self, error: Exception) -> None:
        """The group's work for this receiver raised: stop the receiver's protocol."""
        raise NotImplementedError
