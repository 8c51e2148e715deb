"""Counters of a channel: the four lines of `Route change stats`."""

from __future__ import annotations


class RouteCounters:
    """One line of `Route change stats`; counters that do not apply stay 0."""

    __slots__ = ("accepted", "filtered", "ignored", "limit", "received", "rejected", "rx_limit")

    def __init__(self) -> None:
        self.received = 0
        self.rejected = 0
        self.filtered = 0
        self.ignored = 0
        self.rx_limit = 0
        self.limit = 0
        self.accepted = 0


class Statistics:
    """The four lines of `Route change stats`."""

    __slots__ = ("export_updates", "export_withdraws", "import_updates", "import_withdraws")

    def __init__(self) -> None:
        self.import_updates = RouteCounters()
        self.import_withdraws = RouteCounters()
        self.export_updates = RouteCounters()
        self.export_withdraws = RouteCounters()
