"""Members of export groups: how a channel falls behind and catches up.

A member sees its group, and the groups it comes from, as `FormerGroup`s.
"""

from __future__ import annotations

from typing import Any

from pybird.core.export.backlog import Stretch
from pybird.core.export.exporter import Exporter
from pybird.core.export.receiver import Receiver
from pybird.core.policy import Policy
from pybird.core.table import Table
from pybird.values.route import Rte


class FormerGroup:
    """A group, as its members and its leavers see it."""

    key: Any
    table: Table
    exporter: Exporter
    policy: Policy
    members: dict[Receiver, Member]

    def sort(self) -> None:
        """Sort the members into those in step, those behind and those paused."""
        raise NotImplementedError

    def enter(self, member: Member) -> None:
        """Add a member; it gets a full feed first."""
        raise NotImplementedError

    def drop(self, member: Member) -> None:
        """Remove a member for good."""
        raise NotImplementedError

    def add_leaver(self, member: Member) -> None:
        """A member moves to another group: from now on record for it what it had."""
        raise NotImplementedError

    def drop_leaver(self, member: Member) -> None:
        """The move is complete."""
        raise NotImplementedError

    def divide(self, exporter: Exporter, policy: Policy, channels: list[Receiver]) -> FormerGroup:
        """Give these members another filter without sending anything: they move to a group of their own."""
        raise NotImplementedError

    def collect(self, member: Member) -> None:
        """A member is no longer paused: move what it missed from the backlog to its `dirty`."""
        raise NotImplementedError

    def catch_up(self) -> bool:
        """Process a slice of the pending changes; True if none is left."""
        raise NotImplementedError

    def revalidate(self, keys: list[bytes]) -> None:
        """Filter these networks (one slice) again: data that the filter looks up has changed."""
        raise NotImplementedError

    def unread(self) -> dict[bytes, None]:
        """The buckets with pending changes, and those not fed to any member yet; some may no longer exist."""
        raise NotImplementedError

    def current(self, key: bytes) -> tuple[Rte, Any] | None:
        """The route that the group announced for this network, and its form; None: nothing."""
        raise NotImplementedError

    def exported(self, rte: Rte, key: bytes) -> Rte | None:
        """The route as the filter left it that last processed this network; None: rejected."""
        raise NotImplementedError

    def had(self, bid: bytes, key: bytes, best: Rte, channel: Receiver) -> Rte | None:
        """The route that the group announced to this channel, provided that nothing is pending."""
        raise NotImplementedError

    def sent_as(self, rte: Rte, key: bytes, form: Any) -> bool:
        """True if a member that has this route got it in this form."""
        raise NotImplementedError

    def kept_from(self, channel: Receiver, rte: Rte, key: bytes) -> bool:
        """True if this announced route was not sent to the channel, because it is its owner or next hop."""
        raise NotImplementedError


class Member:
    """One channel in a group.

    `todo`: the buckets that its walk has not reached, each with the group whose
    record says what the receiver has of it (None: nothing). `left`: for networks
    that have changed in such a group since, the route that it had. `dirty`: the
    same for networks in buckets that the walk has passed; while the member is
    paused they are in the group's backlog, from the stretch `behind` on.
    `urgent`: the buckets of `todo` in which a network changed in a former group.
    `owes`: a full feed was promised, so everything is sent and `Receiver.fed` is
    called at the end.
    """

    __slots__ = (
        "again",
        "behind",
        "channel",
        "dirty",
        "fed",
        "group",
        "left",
        "origins",
        "owes",
        "paused",
        "todo",
        "urgent",
    )

    def __init__(self, channel: Receiver, group: FormerGroup) -> None:
        self.channel = channel
        self.group = group
        self.todo: dict[bytes, FormerGroup | None] = {}
        self.urgent: dict[bytes, None] = {}
        self.dirty: dict[bytes, Rte | None] = {}
        self.again: dict[bytes, None] | None = None  # buckets of a refeed
        self.behind: Stretch | None = None
        self.fed = False
        self.owes = True
        self.paused = False
        self.origins: dict[FormerGroup, None] = {}  # the groups in `todo`
        self.left: dict[bytes, dict[bytes, Rte | None]] = {}

    @property
    def in_step(self) -> bool:
        """True if it gets what the group sends, when the group sends it."""
        return self.fed and not self.paused and not self.todo and not self.dirty

    @property
    def waiting(self) -> bool:
        """True while something must be sent to this member alone."""
        return not self.paused and (not self.in_step or self.again is not None)

    def pause(self) -> None:
        """Record changes instead of sending them."""
        if not self.paused:
            self.paused = True
            self.group.sort()

    def resume(self) -> None:
        """Send the recorded changes, then be in step again."""
        if self.paused:
            self.paused = False
            self.group.collect(self)
            self.group.sort()

    def refeed(self) -> None:
        """Send everything again, also what an unfinished walk has already sent."""
        self.again = dict.fromkeys(self.group.table.buckets)
        self.group.sort()

    def leave(self) -> None:
        """Leave the group without withdrawals: the receiver drops its routes by itself."""
        self.forget_origins()
        self.group.drop(self)

    def forget_origins(self) -> None:
        """The records of former groups are no longer needed: leave these groups."""
        origins, self.origins = self.origins, {}
        for origin in origins:
            origin.drop_leaver(self)

    def exports(self, key: bytes) -> Rte | None:
        """The route of this network that the member's receiver has, as the filter left it."""
        if self.todo and self.group.table.bucket_of(key) in self.todo:
            return None
        found = self.group.current(key)
        if found is None or self.group.kept_from(self.channel, found[0], key):
            return None
        return self.group.exported(found[0], key)
