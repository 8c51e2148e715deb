"""Members of export groups: how a channel falls behind and catches up.

A member knows its group, and the groups it comes from, as `FormerGroup`s.
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
    """A group, as its members and those on their way out of it see it."""

    key: Any
    table: Table
    exporter: Exporter
    policy: Policy
    members: dict[Receiver, Member]

    def sort(self) -> None:
        """Divide the members by whether they are in step."""
        raise NotImplementedError

    def enter(self, member: Member) -> None:
        """A member joins; it is fed first."""
        raise NotImplementedError

    def drop(self, member: Member) -> None:
        """A member leaves for good."""
        raise NotImplementedError

    def add_leaver(self, member: Member) -> None:
        """A member is on its way to another group; note for it what it had."""
        raise NotImplementedError

    def drop_leaver(self, member: Member) -> None:
        """The way is over."""
        raise NotImplementedError

    def divide(self, exporter: Exporter, policy: Policy, channels: list[Receiver]) -> FormerGroup:
        """Give these members another filter without sending anything: they get a group of their own."""
        raise NotImplementedError

    def collect(self, member: Member) -> None:
        """A member does not pause any more: what changed is its own to catch up with."""
        raise NotImplementedError

    def catch_up(self) -> bool:
        """Process a slice of what is pending; True when nothing is left."""
        raise NotImplementedError

    def revalidate(self, keys: list[bytes]) -> None:
        """Judge these networks, a slice, again: what the filter asks besides the route has changed."""
        raise NotImplementedError

    def unread(self) -> dict[bytes, None]:
        """The buckets with changes to come, and those that nobody was fed: they may be gone meanwhile."""
        raise NotImplementedError

    def current(self, key: bytes) -> tuple[Rte, Any] | None:
        """What the group announced of this network: the route and its form."""
        raise NotImplementedError

    def exported(self, rte: Rte, key: bytes) -> Rte | None:
        """What the filter that judged this network last made of its route."""
        raise NotImplementedError

    def had(self, bid: bytes, key: bytes, best: Rte, channel: Receiver) -> Rte | None:
        """The route that the group announced to this channel, when nothing is pending."""
        raise NotImplementedError

    def sent_as(self, rte: Rte, key: bytes, form: Any) -> bool:
        """Did a member that has this route get it in this form?"""
        raise NotImplementedError

    def kept_from(self, channel: Receiver, rte: Rte, key: bytes) -> bool:
        """Did this announced route not go to the channel, its owner or its next hop?"""
        raise NotImplementedError


class Member:
    """One channel in a group.

    `todo`: the buckets that its walk has not reached, each with the group whose
    record tells what the receiver has of it (None: nothing). `left`: what it
    had of networks that changed in such a group since. `dirty`: the same for
    networks of buckets that were reached; while it is paused they are in the
    group's backlog, from the stretch `behind` on. `urgent`: the buckets of `todo` where
    something changed that other groups announced or did not. `owes`: a whole feed was promised, so
    that everything is sent and `Receiver.fed` called at the end.
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
        """True when it gets what the group sends, as it is sent."""
        return self.fed and not self.paused and not self.todo and not self.dirty

    @property
    def waiting(self) -> bool:
        """True while there is something to send to this member alone."""
        return not self.paused and (not self.in_step or self.again is not None)

    def pause(self) -> None:
        """Collect instead of sending."""
        if not self.paused:
            self.paused = True
            self.group.sort()

    def resume(self) -> None:
        """Send what was collected, then go in step."""
        if self.paused:
            self.paused = False
            self.group.collect(self)
            self.group.sort()

    def refeed(self) -> None:
        """Send everything again; what a walk on its way has sent already counts for nothing."""
        self.again = dict.fromkeys(self.group.table.buckets)
        self.group.sort()

    def leave(self) -> None:
        """Stop at once; the receiver forgets by itself."""
        self.forget_origins()
        self.group.drop(self)

    def forget_origins(self) -> None:
        """Nothing is left to compare with what other groups announced."""
        origins, self.origins = self.origins, {}
        for origin in origins:
            origin.drop_leaver(self)

    def exports(self, key: bytes) -> Rte | None:
        """The route that this member's receiver has, as the filter left it."""
        if self.todo and self.group.table.bucket_of(key) in self.todo:
            return None
        found = self.group.current(key)
        if found is None or self.group.kept_from(self.channel, found[0], key):
            return None
        return self.group.exported(found[0], key)
