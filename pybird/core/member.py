"""Members of export groups: how a channel gets in, falls behind, catches up and moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pybird.core.exporter import Exporter, ExportMode
from pybird.core.group import Group
from pybird.core.lone import LoneGroup
from pybird.values.route import Rte

if TYPE_CHECKING:
    from pybird.core.channel import Channel


class Member:
    """One channel in a group."""

    __slots__ = (
        "again",
        "channel",
        "dirty",
        "fed",
        "group",
        "left",
        "origin",
        "paused",
        "todo",
    )

    def __init__(self, channel: Channel, group: Group) -> None:
        self.channel = channel
        self.group = group
        self.todo: dict[bytes, None] = {}  # buckets that the feed has not reached
        self.dirty: dict[bytes, Rte | None] = {}
        self.again: dict[bytes, None] | None = None  # buckets of a refeed
        self.fed = False
        self.paused = False
        self.origin: Group | None = None
        self.left: dict[bytes, dict[bytes, Rte | None]] = {}  # what it had of the origin's changes

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
            self.group.sort()

    def refeed(self) -> None:
        """Send everything again."""
        if self.fed:
            self.again = dict.fromkeys(self.group.table.buckets)
            self.group.sort()

    def leave(self) -> None:
        """Stop at once; the receiver forgets by itself."""
        if self.origin is not None:
            self.origin.drop_leaver(self)
        self.group.drop(self)

    def moved(self, exporter: Exporter) -> Member:
        """The member in the group that the channel's config asks for now."""
        old = self.group
        if self.origin is not None or not self.fed:
            old.finish(self)  # a second change within one walk: end the first
        group = find(self.channel, exporter)
        if group is old:
            self.refeed()
            return self
        old.flush_all()
        group.flush_all()
        member = Member(self.channel, group)
        member.paused = self.paused
        member.origin = old
        member.todo = dict.fromkeys(old.table.buckets)
        for key, had in self.dirty.items():
            bid = old.table.bucket_of(key)
            member.todo[bid] = None
            member.left.setdefault(bid, {})[key] = had
        old.turn_leaver(self.channel, member)
        group.enter(member)
        return member

    def exports(self, key: bytes) -> Rte | None:
        """The route that this member's receiver has, as the filter left it."""
        if self.todo and self.group.table.bucket_of(key) in self.todo:
            return None
        found = self.group.current(key)
        if found is None or self.group.owned(found[0], self):
            return None
        return self.group.policy.judge(found[0], key)


def join(channel: Channel, exporter: Exporter) -> Member:
    """Put a channel into its group; the feed begins with the next turn."""
    group = find(channel, exporter)
    group.flush_all()
    member = Member(channel, group)
    member.todo = dict.fromkeys(group.table.buckets)
    group.enter(member)
    return member


def find(channel: Channel, exporter: Exporter) -> Group:
    """The group of this channel, made if there is none."""
    config = channel.config
    alone = exporter.mode is not ExportMode.OPTIMAL or channel.export_limit is not None
    means = channel.router.meaning(config.export_filter)
    key: Any = (exporter.key, exporter.mode, means, config.export_in)
    if alone:
        key = (channel, channel.export_limit, *key)
    table = channel.table
    group: Group | None = table.groups.get(key)
    if group is None:
        policy = channel.router.policy(config.export_filter, channel.net_type, config.export_in)
        scheduler = channel.router.scheduler
        if alone:
            group = LoneGroup(key, channel, exporter, policy, scheduler)
        else:
            group = Group(key, table, exporter, policy, scheduler)
        table.groups[key] = group
    return group
