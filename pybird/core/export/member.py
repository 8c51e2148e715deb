"""Members of export groups: how a channel gets in, falls behind, catches up and moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pybird.core.export.backlog import Stretch
from pybird.core.export.exporter import Exporter, ExportMode
from pybird.core.export.group import Group
from pybird.core.export.single_group import SingleGroup
from pybird.values.route import Rte

if TYPE_CHECKING:
    from pybird.core.channel import Channel


class Member:
    """One channel in a group.

    `todo`: the buckets that its walk has not reached, each with the group whose
    record tells what the receiver has of it (None: nothing). `left`: what it
    had of networks that changed in such a group since. `dirty`: the same for
    networks of buckets that were reached; while it is paused they are in the
    group's backlog, from the stretch `behind` on. `urgent`: the buckets of `todo` where
    something changed that other groups announced or did not. `owes`: a whole feed was promised, so
    that everything is sent and `Channel.fed` called at the end.
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

    def __init__(self, channel: Channel, group: Group) -> None:
        self.channel = channel
        self.group = group
        self.todo: dict[bytes, Group | None] = {}
        self.urgent: dict[bytes, None] = {}
        self.dirty: dict[bytes, Rte | None] = {}
        self.again: dict[bytes, None] | None = None  # buckets of a refeed
        self.behind: Stretch | None = None
        self.fed = False
        self.owes = True
        self.paused = False
        self.origins: dict[Group, None] = {}  # the groups in `todo`
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

    def moved(self, exporter: Exporter, whole: bool = False) -> Member:
        """The member in the group that the channel's config asks for now.

        `whole`: everything is sent again, not only what differs. Nothing is
        walked here: for each bucket the new member remembers which group knows
        what the receiver has, also if this walk was not over.
        """
        old = self.group
        group = find(self.channel, exporter)
        if group is old:
            self.refeed()
            return self
        old.collect(self)
        member = Member(self.channel, group)
        member.paused = self.paused
        member.owes = whole or self.owes or self.again is not None
        member.todo = dict.fromkeys(old.table.buckets, old)
        for bid in old.unread():
            member.todo[bid] = old
        member.todo.update(self.todo)
        for bid in group.unread():
            member.todo.setdefault(bid, None)
        member.left = self.left
        for key, had in self.dirty.items():
            bid = old.table.bucket_of(key)
            member.todo[bid] = old
            own = had is not None and had.source.owner is self.channel  # never sent to its owner
            member.left.setdefault(bid, {})[key] = None if own else had
        member.urgent = dict.fromkeys(member.left)
        member.origins = dict.fromkeys([origin for origin in member.todo.values() if origin is not None])
        for origin in member.origins:
            origin.add_leaver(member)
        group.enter(member)  # first: it may have been kept for this member's record alone
        self.forget_origins()
        old.drop(self)
        return member

    def exports(self, key: bytes) -> Rte | None:
        """The route that this member's receiver has, as the filter left it."""
        if self.todo and self.group.table.bucket_of(key) in self.todo:
            return None
        found = self.group.current(key)
        if found is None or self.group.spares(self.channel, found[0], key):
            return None
        return self.group.exported(found[0], key)


def join(channel: Channel, exporter: Exporter) -> Member:
    """Put a channel into its group; the feed begins with the next turn."""
    group = find(channel, exporter)
    member = Member(channel, group)
    member.todo = dict.fromkeys(group.table.buckets)
    member.todo.update(group.unread())
    group.enter(member)
    return member


def soften(channels: list[Channel]) -> None:
    """New changes go by the new config of these channels, what was sent stays (`configure soft`).

    Members of one group that want the same stay together. Another mode or
    export limit needs another record of what was sent: there everything is
    compared at once.
    """
    parts: dict[Any, list[Channel]] = {}
    exporters: dict[Any, Exporter] = {}
    for channel in channels:
        exporter = channel.protocol.guarded(channel.protocol.exporter, channel)
        if exporter is None or channel.member is None:
            continue
        group, key = channel.member.group, key_of(channel, exporter)
        if not records(group, channel, exporter):
            channel.reload_exports()
        elif key != group.key:
            parts.setdefault((group, key), []).append(channel)
            exporters[key] = exporter
    for (group, key), alike in parts.items():
        group.divide(exporters[key], alike[0].export_policy(), alike)


def records(group: Group, channel: Channel, exporter: Exporter) -> bool:
    """Does the group record what was sent in the way that this channel's config needs now?"""
    if not isinstance(group, SingleGroup):
        return not is_alone(channel, exporter)
    return group.exporter.mode is exporter.mode and group.limit is channel.export_limit


def key_of(channel: Channel, exporter: Exporter) -> Any:
    """Equal for channels that share a group."""
    config = channel.config
    means = channel.router.meaning(config.export_filter)
    key: Any = (exporter.key, exporter.mode, means, config.export_in)
    return (channel, channel.export_limit, *key) if is_alone(channel, exporter) else key


def is_alone(channel: Channel, exporter: Exporter) -> bool:
    """Does it need a group for itself?"""
    return exporter.mode is not ExportMode.OPTIMAL or channel.export_limit is not None


def find(channel: Channel, exporter: Exporter) -> Group:
    """The group of this channel, made if there is none."""
    alone = is_alone(channel, exporter)
    key = key_of(channel, exporter)
    table = channel.table
    group: Group | None = table.groups.get(key)
    if group is None or (alone and not group.members):  # one that is left no longer keeps its record
        policy = channel.export_policy()
        scheduler = channel.router.scheduler
        if alone:
            group = SingleGroup(key, channel, exporter, policy, scheduler)
        else:
            group = Group(key, table, exporter, policy, scheduler)
        table.groups[key] = group
    return group
