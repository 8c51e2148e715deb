"""What one slice of changes sends to the members of an export group.

Segments are keyed by the members that must not get them: None (all get it), the
member that owns the routes, or a tuple of members if some are the next hop.
"""

from __future__ import annotations

from typing import Any

from pybird.core.export.receiver import Receiver


class BatchSegment:
    """What one batch sends to all members except those in its key."""

    __slots__ = ("announce", "withdraw")

    def __init__(self) -> None:
        self.announce: dict[Any, list[bytes]] = {}
        self.withdraw: list[bytes] = []

    def add(self, form: Any, key: bytes) -> None:
        """Announce one network."""
        keys = self.announce.get(form)
        if keys is None:
            self.announce[form] = [key]
        else:
            keys.append(key)


class Batch:
    """The outcome of one slice of changes."""

    __slots__ = (
        "corrections",
        "filtered",
        "gained",
        "gone",
        "lost",
        "own",
        "owned",
        "rejected",
        "returned",
        "segments",
        "sent",
        "spared",
        "updates",
    )

    def __init__(self) -> None:
        self.segments: dict[Any, BatchSegment] = {}
        self.own: dict[Any, list[bytes]] = {}  # withdrawals for the new route's owner or next hop
        self.returned: dict[Any, int] = {}  # filtered, but their owner would not have got them anyway
        self.owned: dict[Any, int] = {}  # updates that do not go to this member
        self.spared: dict[Any, int] = {}  # withdrawals that do not go to this member, which had no route
        self.corrections: dict[Any, int] = {}  # of the number of exported routes
        self.gained = 0
        self.gone = 0  # networks without any route now
        self.lost = 0
        self.updates = 0
        self.sent = 0
        self.rejected = 0
        self.filtered = 0

    def withdraw(self, key: bytes, owner: Any) -> None:
        """Withdraw an announced network; `owner`, if it is a member, did not have it."""
        if owner is not None:
            self.corrections[owner] = self.corrections.get(owner, 0) + 1
            self.spared[owner] = self.spared.get(owner, 0) + 1
        self._lose(key, owner)

    def withdraw_without(self, key: bytes, members: tuple[Receiver, ...]) -> None:
        """Withdraw an announced network that these members did not have."""
        for channel in members:
            self.corrections[channel] = self.corrections.get(channel, 0) + 1
            self.spared[channel] = self.spared.get(channel, 0) + 1
        self._lose(key, members)

    def _lose(self, key: bytes, but: Any) -> None:
        segment = self.segments.get(but)
        if segment is None:
            segment = self.segments[but] = BatchSegment()
        segment.withdraw.append(key)
        self.lost += 1

    def moved(self, key: bytes, was: bool, before: Any, owner: Any) -> None:
        """Count an announcement whose new or former route a member owns: its own counts differ.

        `was`: the network was announced before, with a route that the member
        `before` owns (None: no member).
        """
        if owner is not None:
            self.corrections[owner] = self.corrections.get(owner, 0) - 1
            self.owned[owner] = self.owned.get(owner, 0) + 1
            if was and before is not owner:
                self.own.setdefault(owner, []).append(key)
        if before is not None:
            self.corrections[before] = self.corrections.get(before, 0) + 1

    def shifted(self, key: bytes, before: tuple[Receiver, ...] | None, after: tuple[Receiver, ...]) -> None:
        """Count an announcement that does not go to the members `after`.

        `before`: the members that did not have the network; None: no member had it.
        """
        for channel in after:
            self.corrections[channel] = self.corrections.get(channel, 0) - 1
            self.owned[channel] = self.owned.get(channel, 0) + 1
            if before is not None and channel not in before:
                self.own.setdefault(channel, []).append(key)
        for channel in before or ():
            self.corrections[channel] = self.corrections.get(channel, 0) + 1

    def count(self, channel: Receiver) -> None:
        """Add the batch to a member's counters."""
        own = self.owned.get(channel, 0)
        withdrawn = len(self.own.get(channel, ()))
        updates = channel.statistics.export_updates
        updates.received += self.updates
        returned = self.returned.get(channel, 0)
        updates.rejected += self.rejected + own + returned
        updates.filtered += self.filtered - returned
        updates.accepted += self.sent - own
        withdraws = channel.statistics.export_withdraws
        withdraws.received += self.gone
        withdraws.accepted += self.lost - self.spared.get(channel, 0) + withdrawn
        channel.exported += self.gained - self.lost + self.corrections.get(channel, 0)
