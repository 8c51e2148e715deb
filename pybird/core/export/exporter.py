"""What an export group needs to know of a protocol."""

from __future__ import annotations

from collections.abc import Hashable
from enum import Enum
from typing import Any, Protocol

from pybird.values.attributes import AttributeSet
from pybird.values.route import Rte


class ExportMode(Enum):
    """Which routes of a network a reader gets."""

    OPTIMAL = "optimal"  # the best one
    ACCEPTED = "accepted"  # the best one that the filter accepts
    MERGED = "merged"  # the best one with the next hops of all equal ones


class Exporter(Protocol):
    """How a group of channels turns routes into what it transmits.

    Channels of one table whose exporters have equal `key` and whose filters
    are equal form one group and share all of this work.
    """

    @property
    def key(self) -> Hashable:
        """Equal for exporters that do the same."""

    @property
    def mode(self) -> ExportMode:
        """Which routes of a network to offer."""

    def admit(self, rte: Rte) -> bool:
        """Before the filter: may this route go to this kind of member at all?

        Depends on set and source only (memoised). Split horizon (a route never
        returns to the channel that owns its source) is the group's business.
        """

    def wire(self, rte: Rte, before: AttributeSet, again: tuple[str, ...] = ()) -> Hashable | None:
        """After the filter: what the route looks like outside; None: it cannot be sent.

        `before` is the set that the filter got, `again` are the attributes that
        it set to the value that was there: BGP sends some only when the export
        filter set them. Depends on these, source and hop (memoised).
        """

    def leads_to(self, form: Any) -> tuple[Hashable, ...]:
        """The neighbors (`Receiver.neighbor`) that this form sends packets to: they must not get it.

        Asked once per form and batch, where a member names its neighbor.
        """

    def kept_back(self, rte: Rte) -> str:
        """What of an accepted route does not go to these members, for people; "": it goes whole.

        Asked by commands only.
        """

    def pack(self, announce: dict[Any, list[bytes]], withdraw: list[bytes]) -> Any:
        """Octets (or whatever `transmit` takes) for wire forms with their keys."""
