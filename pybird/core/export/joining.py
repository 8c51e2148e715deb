"""Which export group a channel belongs to, and how it moves to another one."""

from __future__ import annotations

from typing import Any

from pybird.core.export.exporter import Exporter, ExportMode
from pybird.core.export.group import Group
from pybird.core.export.member import FormerGroup, Member
from pybird.core.export.paths import paths_of
from pybird.core.export.receiver import Receiver
from pybird.core.export.single_group import SingleGroup


def join(channel: Receiver, exporter: Exporter) -> Member:
    """Put a channel into its group; the feed begins in the next turn of the scheduler."""
    group = find(channel, exporter)
    member = Member(channel, group)
    member.todo = dict.fromkeys(group.table.buckets)
    member.todo.update(group.unread())
    group.enter(member)
    return member


def move(former: Member, exporter: Exporter, whole: bool = False) -> Member:
    """Move a channel to the group that its config asks for now; returns its member there.

    `whole`: everything is sent again, not only the differences. Nothing is
    walked here: for each bucket the new member stores which group has the
    record of what the receiver has, even if the former member's own walk was not
    complete.
    """
    channel, old = former.channel, former.group
    group = find(channel, exporter)
    if group is old:
        former.refeed()
        return former
    old.collect(former)
    member = Member(channel, group)
    member.paused = former.paused
    member.owes = whole or former.owes or former.again is not None
    member.todo = dict.fromkeys(old.table.buckets, old)
    for bid in old.unread():
        member.todo[bid] = old
    member.todo.update(former.todo)
    for bid in group.unread():
        member.todo.setdefault(bid, None)
    member.left = former.left
    for key, had in former.dirty.items():
        bid = old.table.bucket_of(key)
        member.todo[bid] = old
        own = had is not None and had.source.owner is channel  # never sent to its owner
        member.left.setdefault(bid, {})[key] = None if own else had
    member.urgent = dict.fromkeys(member.left)
    member.origins = dict.fromkeys([origin for origin in member.todo.values() if origin is not None])
    for origin in member.origins:
        origin.add_leaver(member)
    group.enter(member)  # first: the group may exist only as the record of this member
    former.forget_origins()
    old.drop(former)
    return member


def divide(wanted: dict[Member, Exporter]) -> list[Member]:
    """Process further changes by these members' new configs, without sending anything (`configure soft`).

    Members of one group whose new configs are equal stay together. Returns the
    members for which this is impossible: another mode or export limit needs
    another kind of record of what was sent.
    """
    parts: dict[Any, list[Receiver]] = {}
    exporters: dict[Any, Exporter] = {}
    strangers: list[Member] = []
    for member, exporter in wanted.items():
        group, key = member.group, key_of(member.channel, exporter)
        if not records(group, member.channel, exporter):
            strangers.append(member)
        elif key != group.key:
            parts.setdefault((group, key), []).append(member.channel)
            exporters[key] = exporter
    for (group, key), alike in parts.items():
        paths = exporters[key].mode is ExportMode.ALL
        group.divide(exporters[key], alike[0].export_policy(paths), alike)
    return strangers


def records(group: FormerGroup, channel: Receiver, exporter: Exporter) -> bool:
    """True if the group's record of what was sent has the form that this channel's config needs now."""
    if not isinstance(group, SingleGroup):
        return not is_alone(channel, exporter)
    return group.exporter.mode is exporter.mode and group.limit is channel.export_limit


def key_of(channel: Receiver, exporter: Exporter) -> Any:
    """The key of the channel's group: channels with equal keys share one."""
    key: Any = (exporter.key, exporter.mode, channel.export_key())
    return (channel, channel.export_limit, *key) if is_alone(channel, exporter) else key


def is_alone(channel: Receiver, exporter: Exporter) -> bool:
    """True if the channel needs a group of its own."""
    return exporter.mode not in (ExportMode.OPTIMAL, ExportMode.ALL) or channel.export_limit is not None


def find(channel: Receiver, exporter: Exporter) -> Group:
    """The group of this channel; created if it does not exist."""
    alone = is_alone(channel, exporter)
    key = key_of(channel, exporter)
    paths = exporter.mode is ExportMode.ALL
    table = paths_of(channel.table, channel.scheduler) if paths else channel.table
    group: Group | None = table.groups.get(key)
    if group is None or (alone and not group.members):  # without members its record is outdated
        policy = channel.export_policy(paths)
        if alone:
            group = SingleGroup(key, channel, table, exporter, policy)
        else:
            group = Group(key, table, exporter, policy, channel.scheduler)
        table.groups[key] = group
    return group
