"""The route that a compiled filter works on, and what it may ask of the router.

A `Subject` is made once per channel and loaded per run. Reading takes the
route's values, writing collects changes; nothing is written to the `Rte`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pybird.values.attributes import AttributePool
from pybird.values.net import Net, NetType, net_of
from pybird.values.route import Hop, Rte


class Lookup(Protocol):
    """Tables as filters see them; implemented by the core."""

    def roa_check(self, table: str, net: Net, asn: int) -> int:
        """ROA_UNKNOWN 0, ROA_VALID 1, ROA_INVALID 2 (RFC 6811)."""

    def aspa_check(self, table: str, path: Any, upstream: bool) -> int:
        """ASPA_UNKNOWN 0, ASPA_VALID 1, ASPA_INVALID 2."""


class Subject:
    """One route under a filter."""

    __slots__ = (
        "_net",
        "changes",
        "hop",
        "key",
        "log",
        "lookup",
        "net_type",
        "pool",
        "preference",
        "rte",
        "view",
    )

    def __init__(
        self,
        pool: AttributePool,
        net_type: NetType,
        log: Callable[[str], None],
        lookup: Lookup | None = None,
    ) -> None:
        self.pool = pool
        self.net_type = net_type
        self.log = log
        self.lookup = lookup
        self.rte: Rte
        self.key = b""
        self.view: Mapping[str, Any] = {}
        self.changes: dict[str, Any] = {}
        self.preference = 0
        self.hop: Hop | None = None  # a next hop that the filter set
        self._net: Net | None = None

    def load(self, rte: Rte, key: bytes) -> None:
        """Begin with this route of the network `key`."""
        self.rte = rte
        self.key = key
        self.view = self.pool.view(rte.attrs)
        self.changes = {}
        self.preference = rte.preference
        self.hop = None
        self._net = None

    @property
    def net(self) -> Net:
        """The network as a rich value."""
        if self._net is None:
            self._net = net_of(self.net_type, self.key)
        return self._net
