"""What export needs to know of a channel: where routes go, and who counts and tells it.

A base class and no `typing.Protocol`: groups are compiled, and call these often.
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

SENT: Final = 0  # verdicts on a route
REJECTED: Final = 1  # the protocol does not send it, or it is the receiver's own
FILTERED: Final = 2
LIMITED: Final = 3  # the export limit keeps it out


@mypyc_attr(allow_interpreted_subclasses=True)  # channels of protocols
class Receiver:
    """One end of an export.

    `neighbor` is what forms call the router behind it, None: nothing; it stays while
    it is a member of a group. `exported` is how many networks it has.
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

    def export_policy(self) -> Policy:
        """The export filter as the config has it."""
        raise NotImplementedError

    def export_key(self) -> Hashable:
        """Equal for those whose export filters do the same."""
        raise NotImplementedError

    def transmit(self, packed: Any) -> None:
        """Hand what the group packed to the protocol."""
        raise NotImplementedError

    def fed(self) -> None:
        """A whole feed was transmitted."""
        raise NotImplementedError

    def withheld(self, keys: list[bytes], reason: str) -> None:
        """Routes are not sent, for a reason that is neither policy nor split horizon."""
        raise NotImplementedError

    def released(self, key: bytes) -> None:
        """The reason why a route was withheld is gone, or the route is."""
        raise NotImplementedError

    def export_limit_exceeded(self, limit: RouteLimit) -> bool:
        """The export limit was exceeded; True when the routes above it must be dropped."""
        raise NotImplementedError

    def trace_export(self, key: bytes, kind: int, rte: Rte | None, had: Rte | None) -> None:
        """What became of a network's route, and of the one before it; `kind` is the verdict."""
        raise NotImplementedError

    def crashed(self, error: Exception) -> None:
        """The work for this receiver raised: who owns it stops."""
        raise NotImplementedError
