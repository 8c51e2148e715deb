"""`rpki reload`: routes are filtered again when a ROA or ASPA table changes.

Every table that some filter looks into is followed. When these tables have not
changed for `SETTLE` seconds, or after `SETTLE_MOST` at the latest, the routes
that may be affected are filtered again: exports, in slices, of the networks
under the changed records; imports by one refresh of the channel (or from its
import table). A channel that cannot refresh keeps its routes; it is never
restarted for this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pybird.core.channel import Channel, ChannelState
from pybird.core.export.member import FormerGroup
from pybird.core.ports import Timer
from pybird.core.protocol import Instance
from pybird.core.services import Services
from pybird.core.table import Table, TableReader
from pybird.values.net import NetType, Prefix, net_of

SETTLE: Final = 1.0  # seconds
SETTLE_MOST: Final = 20.0  # seconds


def stop_members(group: FormerGroup, error: Exception) -> None:
    """Work for a group raised: stop the protocols of its members, and no others."""
    for channel in list(group.members):
        channel.crashed(error)


class Revalidation:
    """Follows the tables that the filters of one router look into."""

    def __init__(self, services: Services, instances: dict[str, Instance]) -> None:
        self._services = services
        self._instances = instances
        services.policies.follow = self.follow
        self._readers: dict[str, TableReader] = {}
        self._timer: Timer | None = None
        self._since = 0.0  # when the first change of this round happened
        self._work: list[tuple[FormerGroup, Iterator[bytes | None]]] = []

    def follow(self, names: tuple[str, ...]) -> None:
        """Follow these tables from now on."""
        for name in names:
            table = self._services.tables.get(name)
            known = self._readers.get(name)
            if table is not None and (known is None or known not in table.readers):
                reader = self._readers[name] = TableReader(self._changed)
                table.readers.append(reader)

    def _changed(self) -> None:
        """The first change since the last round: wait until there are no more."""
        self._since = self._services.clock.now()
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        sizes = self._sizes()
        clock = self._services.clock
        self._timer = clock.call_at(clock.now() + SETTLE, lambda: self._reload_if_quiet(sizes))

    def _sizes(self) -> int:
        """A sum that differs after every change of a followed table."""
        total = 0
        for name in self._readers:
            table = self._services.tables.get(name)
            total += table.generation if table is not None else 0
        return total

    def _reload_if_quiet(self, sizes: int) -> None:
        self._timer = None
        if self._sizes() != sizes and self._services.clock.now() - self._since < SETTLE_MOST:
            self._arm()
            return
        changed: dict[str, list[bytes]] = {}
        for name, reader in self._readers.items():
            if reader.pending:
                changed[name] = list(reader.pending)
                reader.pending = {}
        groups: dict[FormerGroup, None] = {}
        for instance in list(self._instances.values()):
            for channel in list(instance.channels.values()):
                if channel.config.rpki_reload and channel.state is ChannelState.UP:
                    self._reload(channel, changed)
                    if channel.member is not None:
                        groups[channel.member.group] = None
        for group in groups:
            for name in group.policy.tables:
                if name in changed:
                    self._work.append((group, self._affected(group.table, name, changed[name])))
        if self._work:
            self._services.scheduler.add(self._step)

    def _reload(self, channel: Channel, changed: dict[str, list[bytes]]) -> None:
        policy = channel.policy
        asks = policy is not None and not changed.keys().isdisjoint(policy.tables)
        if asks and not channel.reload_imports():
            channel.protocol.log("info", f"Channel {channel.name} cannot refresh its imports")

    def _step(self) -> bool:
        """Filter the exports of one slice of networks again; an exception stops the receivers' protocols."""
        group, affected = self._work[0]
        over = True
        try:
            over = self._judge(group, affected)
        except Exception as error:
            stop_members(group, error)
        if over:
            self._work.pop(0)
        return bool(self._work)

    def _judge(self, group: FormerGroup, affected: Iterator[bytes | None]) -> bool:
        """Filter one slice of a group's affected networks again; True if none is left."""
        if not group.catch_up():
            return False
        part: dict[bytes, None] = {}
        left = group.policy.slice
        over = True
        for key in affected:
            if key is not None:
                part[key] = None
            left -= 1
            if left <= 0:
                over = False
                break
        group.revalidate(list(part))
        return over

    def _affected(self, table: Table, name: str, records: list[bytes]) -> Iterator[bytes | None]:
        """The networks whose validity these records may change; None after each record."""
        source = self._services.tables.get(name)
        if source is None or source.net_type not in (NetType.ROA4, NetType.ROA6):
            yield from table.keys()
            return
        wanted = NetType.IP4 if source.net_type is NetType.ROA4 else NetType.IP6
        if table.net_type is not wanted:
            return
        for prefix in dict.fromkeys([key[:-5] for key in records]):
            net = net_of(wanted, prefix)
            assert isinstance(net, Prefix)
            for key, _ in table.inside(net):
                yield key
            yield None
