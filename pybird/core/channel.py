"""Channels: between one protocol instance and one table, with a filter each way.

(Contract; the implementation replaces this text.)

Import: protocol -> `announce` -> receive limit -> import filter (memo) ->
import limit -> table. Export: table journal -> group (`core/group.py`) ->
`Exporter.admit` -> export filter (memo) -> export limit -> `Exporter.wire` ->
`Exporter.pack` -> `Instance.transmit`.
"""

from __future__ import annotations

from collections.abc import Hashable
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from pybird.conf.model import ChannelConfig
from pybird.values.net import NetType
from pybird.values.route import Rte, Source

if TYPE_CHECKING:
    from pybird.core.protocol import Instance
    from pybird.core.table import Table
    from pybird.values.attributes import AttributeSet


class ChannelState(Enum):
    """The words of `show protocols all`."""

    DOWN = "DOWN"
    START = "START"
    UP = "UP"
    STOP = "STOP"


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

    key: Hashable
    mode: ExportMode

    def admit(self, rte: Rte) -> bool:
        """Before the filter: may this route go to this kind of member at all?

        Depends on set and source only (memoised). Split horizon (a route never
        returns to the channel that owns its source) is the group's business.
        """

    def wire(self, rte: Rte, before: AttributeSet) -> Hashable | None:
        """After the filter: what the route looks like outside; None: it cannot be sent.

        `before` is the set that the filter got: BGP sends some attributes only
        when the export filter set them. Depends on both sets, source and hop
        (memoised).
        """

    def pack(self, announce: dict[Any, list[bytes]], withdraw: list[bytes]) -> Any:
        """Octets (or whatever `transmit` takes) for wire forms with their keys."""


class Channel:
    """One channel of a running instance."""

    def __init__(self, config: ChannelConfig, protocol: Instance) -> None:
        self.config = config
        self.protocol = protocol
        self.name = config.name
        self.net_type: NetType = config.net_type
        self.state = ChannelState.DOWN
        self.table: Table  # set by the core from config.table
        self.source: Source  # the default source of this channel's own routes

    def open(self) -> None:
        """Enter UP: import works, and the export feed begins."""
        raise NotImplementedError

    def close(self) -> None:
        """Leave UP: exports end, imported routes are withdrawn from the table."""
        raise NotImplementedError

    def announce(self, keys: list[bytes], rte: Rte) -> None:
        """Routes came from the protocol. One call per (UPDATE, attribute set).

        `rte` is the route before the import filter: preference is the
        channel's, source is `self.source` or a source made for a path id.
        """
        raise NotImplementedError

    def withdraw(self, keys: list[bytes], source: Source | None = None) -> None:
        """Networks went away (unknown ones are counted and ignored)."""
        raise NotImplementedError

    def begin_refresh(self, source: Source | None = None) -> None:
        """What is announced from now on is fresh; the rest is stale (RFC 7313, scans)."""
        raise NotImplementedError

    def end_refresh(self, source: Source | None = None) -> None:
        """Withdraw what stayed stale."""
        raise NotImplementedError

    def pause(self) -> None:
        """The member's transport backs up: collect, do not transmit."""
        raise NotImplementedError

    def resume(self) -> None:
        """The transport drained."""
        raise NotImplementedError

    def refeed(self) -> None:
        """Transmit everything again (a ROUTE-REFRESH came), then `feed_done`."""
        raise NotImplementedError
