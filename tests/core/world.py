"""A small world for tests of the core: a clock to turn by hand, a kernel, a sink protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random
from typing import Any

from pybird.conf.model import ChannelConfig, Config, ProtocolConfig, TableConfig
from pybird.core.channel import Channel
from pybird.core.export.exporter import ExportMode
from pybird.core.life import StopReason
from pybird.core.ports import Link, LinkAddress, Ports
from pybird.core.protocol import Instance, InstanceOwner, ProtocolType
from pybird.core.router import Router
from pybird.values.attributes import AttributeDecl
from pybird.values.net import NetType, Prefix
from pybird.values.route import NO_HOP, Hop, Rte


class FakeTimer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class FakeClock:
    def __init__(self) -> None:
        self.time = 1000.0
        self.queue: list[tuple[float, int, FakeTimer]] = []
        self.sequence = 0

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return 1_800_000_000 + self.time

    def call_at(self, when: float, callback: Callable[[], None]) -> FakeTimer:
        self.sequence += 1
        timer = FakeTimer(callback)
        heappush(self.queue, (max(when, self.time), self.sequence, timer))
        return timer

    def call_soon(self, callback: Callable[[], None]) -> FakeTimer:
        return self.call_at(self.time, callback)

    def run(self, seconds: float = 0.0) -> None:
        """Run what is due within this time."""
        end = self.time + seconds
        while self.queue and self.queue[0][0] <= end:
            when, _, timer = heappop(self.queue)
            self.time = when
            if timer.callback is not None:
                timer.callback()
        self.time = end

    def step(self) -> None:
        """Run one call that is due now."""
        if self.queue and self.queue[0][0] <= self.time:
            timer = heappop(self.queue)[2]
            if timer.callback is not None:
                timer.callback()


class FakeKernel:
    def __init__(self) -> None:
        self.link_list: dict[int, Link] = {}
        self.address_list: dict[Any, LinkAddress] = {}
        self.watchers: list[Any] = []

    def links(self) -> list[Link]:
        return list(self.link_list.values())

    def addresses(self) -> list[LinkAddress]:
        return list(self.address_list.values())

    def watch(self, events: Any) -> None:
        self.watchers.append(events)

    def unwatch(self, events: Any) -> None:
        self.watchers.remove(events)

    def setting(self, name: str) -> str | None:
        return "testhost" if name == "kernel.hostname" else None

    # what tests do

    def link(self, link: Link) -> None:
        self.link_list[link.index] = link
        for watcher in self.watchers:
            watcher.link_changed(link)

    def address(self, address: LinkAddress) -> None:
        self.address_list[address.ifindex, address.key] = address
        for watcher in self.watchers:
            watcher.address_changed(address)

    def no_address(self, address: LinkAddress) -> None:
        del self.address_list[address.ifindex, address.key]
        for watcher in self.watchers:
            watcher.address_removed(address)


class FakeLog:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, level: str, text: str) -> None:
        self.lines.append(f"<{level}> {text}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerConfig(ProtocolConfig):
    """A protocol that announces what the test says and remembers what it gets."""

    restarts_on: str = ""
    group: str = "g"
    mode: ExportMode = ExportMode.OPTIMAL
    exports: bool = True
    receiver: int | None = None  # what the attribute `toward` calls it


class PeerExporter:
    def __init__(self, key: str, mode: ExportMode) -> None:
        self.key = key
        self.mode = mode
        self.packs = 0

    def admit(self, rte: Rte) -> bool:
        return True

    def wire(self, rte: Rte, before: Any, again: Any = ()) -> Any:
        return (rte.attrs, rte.source.name, rte.hop.nexthops)

    def leads_to(self, form: Any) -> tuple[Any, ...]:
        return (dict(form[0].other).get("toward"),)

    def kept_back(self, rte: Rte) -> str:
        return ""

    def pack(self, announce: dict[Any, list[bytes]], withdraw: list[bytes]) -> Any:
        self.packs += 1
        return [(form, list(keys)) for form, keys in announce.items()], list(withdraw)


class Peer(Instance):
    """The receiver's table is `got`; a withdrawal of what it does not have is an error."""

    type: ProtocolType

    def __init__(self, config: ProtocolConfig, owner: InstanceOwner) -> None:
        super().__init__(config, owner)
        self.got: dict[bytes, Any] = {}
        self.messages: list[Any] = []
        self.feeds = 0
        self.spurious = 0
        self.stops: list[StopReason] = []
        self.refreshable = True
        self.refreshes = 0

    def start(self) -> None:
        self.got = {}
        assert isinstance(self.config, PeerConfig)
        for channel in self.channels.values():
            channel.neighbor = self.config.receiver
            channel.open()
        self.went_up()

    def stop(self, reason: StopReason) -> None:
        self.stops.append(reason)
        self.stopped()

    def accepts(self, old: ProtocolConfig, new: ProtocolConfig) -> bool:
        assert isinstance(old, PeerConfig)
        assert isinstance(new, PeerConfig)
        return old.restarts_on == new.restarts_on

    def reconfigure(self, new: ProtocolConfig) -> bool:
        return self.accepts(self.config, new)

    def exporter(self, channel: Channel) -> Any:
        assert isinstance(self.config, PeerConfig)
        return PeerExporter(self.config.group, self.config.mode) if self.config.exports else None

    def transmit(self, channel: Channel, packed: Any) -> None:
        announced, withdrawn = packed
        self.messages.append(packed)
        for form, keys in announced:
            for key in keys:
                self.got[key] = form
        for key in withdrawn:
            if self.got.pop(key, None) is None:
                self.spurious += 1

    def feed_done(self, channel: Channel) -> None:
        self.feeds += 1

    def request_refresh(self, channel: Channel) -> bool:
        self.refreshes += 1
        return self.refreshable

    # what tests do

    @property
    def channel(self) -> Channel:
        return next(iter(self.channels.values()))

    def announce(
        self,
        *nets: str,
        med: int = 0,
        preference: int = 100,
        hop: Hop = NO_HOP,
        toward: int = 0,
        path: int = 0,
    ) -> Rte:
        pool = self.services.pool
        others = (("med", med), ("toward", toward))
        attrs = pool.intern(b"", tuple([other for other in others if other[1]]))
        rte = Rte(attrs, self.channel.path(path), hop, preference, self.services.clock.now())
        self.channel.announce([key(net) for net in nets], rte)
        return rte

    def withdraw(self, *nets: str, path: int = 0) -> None:
        source = self.channel.path(path)
        self.channel.withdraw([key(net) for net in nets], source)
        self.channel.release(source)


PEER = ProtocolType(
    name="peer",
    title="Peer",
    kind=11,
    preference=100,
    config=PeerConfig,
    build=lambda *_: PeerConfig(type_name="peer", name="x"),
    instance=Peer,
    attributes=(AttributeDecl("med", "int"), AttributeDecl("toward", "int")),
)
Peer.type = PEER


def key(net: str) -> bytes:
    return Prefix.parse(net).key


def ipv4(**options: Any) -> ChannelConfig:
    from pybird.filter.nodes import ACCEPT

    options.setdefault("export_filter", ACCEPT)
    return ChannelConfig(name="ipv4", net_type=NetType.IP4, table="master4", preference=100, **options)


def peer(name: str, *channels: ChannelConfig, **options: Any) -> PeerConfig:
    return PeerConfig(type_name="peer", name=name, channels=channels or (ipv4(),), **options)


MASTER4 = TableConfig("master4", NetType.IP4)
MASTER6 = TableConfig("master6", NetType.IP6)


def config(*protocols: ProtocolConfig, tables: tuple[TableConfig, ...] = (MASTER4, MASTER6)) -> Config:
    return Config(router_id=1, tables=tables, protocols=protocols)


class World:
    """One router with its ports."""

    def __init__(self, *types: ProtocolType) -> None:
        self.clock = FakeClock()
        self.kernel = FakeKernel()
        self.log = FakeLog()
        ports = Ports(self.clock, None, self.kernel, self.log, Random(1), None)  # type: ignore[arg-type]
        self.router = Router(ports, types or (PEER,))

    def load(self, *protocols: ProtocolConfig) -> World:
        self.router.configure(config(*protocols))
        self.clock.run()
        return self

    def __getitem__(self, name: str) -> Any:
        return self.router.protocols[name]
