"""What an export group needs from a protocol."""

from __future__ import annotations

from collections.abc import Hashable
from enum import Enum
from typing import Any, Protocol

from pybird.values.attributes import AttributeSet
from pybird.values.route import Rte


class ExportMode(Enum):
    """Which routes of a network are exported."""

    OPTIMAL = "optimal"  # the best one
    ACCEPTED = "accepted"  # the best one that the filter accepts
    MERGED = "merged"  # the best one with the next hops of all equal ones
    ALL = "all"  # all, each with a path id before its network (`core/export/paths.py`)


class Exporter(Protocol):
    """How a protocol turns routes into what its channels transmit.

    Channels of one table whose exporters have equal `key` and whose filters
    are equal form one group and share all of this work.
    """

    @property
    def key(self) -> Hashable:
        """Two exporters that do the same have the same key."""

    @property
    def mode(self) -> ExportMode:
        """Which routes of a network to offer."""

    def admit(self, rte: Rte) -> bool:
        """True if this route may go to this kind of member at all; asked before the filter.

        Depends on set and source only (memoised). Split horizon (a route never
        returns to the channel that owns its source) is left to the group.
        """

    def wire(self, rte: Rte, before: AttributeSet, again: tuple[str, ...] = ()) -> Hashable | None:
        """The route as it is sent, after the filter; None: it cannot be sent.

        `before` is the attribute set before the filter. `again` are the
        attributes that the filter set to the value they already had: BGP sends
        some only if the export filter set them. Depends on these, source and hop
        (memoised).
        """

    def leads_to(self, form: Any) -> tuple[Hashable, ...]:
        """The neighbors (`Receiver.neighbor`) that are the next hops of this form: they must not get it.

        Asked once per form and batch, where a member names its neighbor.
        """

    def kept_back(self, rte: Rte) -> str:
        """For people: which part of an accepted route is not sent; "": all of it is sent.

        Asked by commands only.
        """

    def pack(self, announce: dict[Any, list[bytes]], withdraw: list[bytes]) -> Any:
        """Octets (or whatever `transmit` expects) for networks to announce, by form, and to withdraw.

        In mode ALL a path id of 4 octets stands before each network.
        """
