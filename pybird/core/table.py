"""Routing tables: every route of every network, the best one first, and a change journal.

(Contract; the implementation replaces this text.)
"""

from __future__ import annotations

from collections.abc import Iterator

from pybird.conf.model import TableConfig
from pybird.values.net import Net, NetType
from pybird.values.route import Rte


class Table:
    """One routing table; `config` may be replaced by a reload."""

    def __init__(self, config: TableConfig) -> None:
        self.config = config
        self.name = config.name
        self.net_type: NetType = config.net_type

    def get(self, key: bytes) -> tuple[Rte, ...]:
        """The routes of a network, best first; empty when there is none."""
        raise NotImplementedError

    def keys(self) -> Iterator[bytes]:
        """All networks. For long walks use `walk`."""
        raise NotImplementedError

    def longest_match(self, net: Net) -> tuple[bytes, tuple[Rte, ...]] | None:
        """The most specific network that contains an IPv4 or IPv6 prefix, with its routes."""
        raise NotImplementedError

    def inside(self, net: Net) -> Iterator[tuple[bytes, tuple[Rte, ...]]]:
        """Every network within a prefix, in table order."""
        raise NotImplementedError

    @property
    def route_count(self) -> int:
        """How many routes the table holds."""
        raise NotImplementedError

    @property
    def net_count(self) -> int:
        """How many networks have a route."""
        raise NotImplementedError
