"""BGP automatic peering: a protocol with `neighbor range`, and its children.

The `peers` channel delivers entries of a peer table: routers that were discovered
on our links. Each entry that fits becomes a child, an ordinary peer whose config is
this protocol's with an address and an interface. A child is also made for an incoming
connection from the range; an entry that is added later is matched with it.

There is one session per key (VRF, interface, address, port). The owner of a key is the
protocol in the file with that neighbor, even a disabled one; else the first dynamic
protocol in the file that wants it. The others keep the entry with the reason, and decide
again when entries, interfaces or the configuration change.

A call of the channel only records changes; one timer acts on them, and starts at most
ten new children per second and interface.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from pybird.core.channel import Channel
from pybird.core.export.exporter import Exporter
from pybird.core.forwarding.interfaces import Interface, InterfaceEvent
from pybird.core.life import StopReason
from pybird.core.peering import CableCheck, Discoverer, Orphaned, Spawner
from pybird.core.ports import Stream, Timer
from pybird.core.protocol import Detail, Instance, InstanceOwner
from pybird.core.recovery import DISCOVERY
from pybird.proto.bgp import details
from pybird.proto.bgp.config import BgpConfig
from pybird.proto.bgp.dynamic.admission import (
    PeerChanges,
    PeerEntry,
    PeersExporter,
    accepts_range,
    child_config,
    peers_config,
    unfit,
    unready,
    why_withdrawn,
    wrong_interface,
)
from pybird.proto.bgp.dynamic.cabling import Cabling
from pybird.proto.bgp.dynamic.flaps import Flaps
from pybird.proto.bgp.dynamic.orphan import NO, Orphan, listens_only, persistence, prune_delay
from pybird.proto.bgp.peer import Peer
from pybird.proto.bgp.session.connection import refuse
from pybird.proto.bgp.session.listen_retry import LinkListening
from pybird.proto.bgp.session.listener import Key, Listeners, vrf_of
from pybird.proto.bgp.session.signatures import SignatureWatch
from pybird.proto.bgp.wire import errors
from pybird.proto.bgp.wire.messages import Notification, Open
from pybird.values.address import Address
from pybird.values.net import NetType, PeerNet, net_of
from pybird.values.route import Rte

SPAWN_RATE: Final = 10  # new children per second and interface
MOST_STRANGERS: Final = 256  # children per interface whose neighbors were never discovered

_DISCOVERY = "discovery"  # what a recovery waits for, beside the channels of children


class Dynamic(Spawner[BgpConfig]):
    """A running `protocol bgp` with a range instead of a neighbor."""

    def __init__(self, config: BgpConfig, owner: InstanceOwner) -> None:
        super().__init__(config, owner)
        self.entries: dict[bytes, PeerEntry] = {}
        self.children: dict[Key, Peer] = {}
        self.flaps = Flaps()
        self._refused: dict[Key, float] = {}  # withdrawn keys, and until when they are refused
        self._dirty: dict[bytes, None] = {}  # keys of entries to decide about
        self._spawned: dict[int, deque[float]] = {}  # by interface: when the last children were started
        self._crowded: dict[int, None] = {}  # interfaces that the log says are full of undiscovered neighbors
        self._timer: Timer | None = None
        self._running = False
        self._prepare()

    def _prepare(self) -> None:
        self.listening = LinkListening(self.owner, self.log)
        self.signatures = SignatureWatch(self.services, lambda text: self.log("auth", text))
        self.cabling = Cabling(self.services)

    def renew(self, config: BgpConfig) -> None:
        super().renew(config)
        self._prepare()

    def discard(self) -> None:
        super().discard()
        del self.listening, self.signatures, self.cabling

    # ---------------------------------------------------------- life cycle

    def start(self) -> None:
        self._running = True
        self._listen()
        self.signatures.begin(self.config.password is not None)
        self.services.interfaces.listen(self)
        self.services.cables.listen(self, lambda ifindex: self.guarded(self._cable_changed, ifindex))
        self._check_all_cables()
        channel = self.peers_channel
        if channel is not None:
            channel.open()
            self._hold_recovery()
        self._notify_others()

    def _hold_recovery(self) -> None:
        """Let a recovery of this router wait until neighbors can have been discovered."""
        recovery, clock = self.services.recovery, self.services.clock
        if recovery.active and self.config.graceful_restart != "off":
            recovery.hold(self.name, [_DISCOVERY])
            clock.call_at(clock.now() + DISCOVERY, self._discovered)

    def _discovered(self) -> None:
        self.services.recovery.release(self.name, _DISCOVERY)

    def stop(self, reason: StopReason) -> None:
        self._running = False
        self._discovered()
        self.signatures.end()
        self.services.interfaces.unlisten(self)
        self.services.cables.unlisten(self)
        self.cabling.forget()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.listening.close()
        self.entries.clear()
        self._dirty.clear()
        self._refused.clear()
        self.flaps.clear()
        self._spawned.clear()
        self._crowded.clear()
        for key, child in self.children.items():
            _spare(child)
            if not child.enabled and not child.gave_up and reason is StopReason.RECONFIGURED:
                self._listeners.held[self.name, key] = (child.message, child.last_error)
        self.children.clear()  # the core stops them for the same reason
        self._notify_others()
        self.stopped()

    @property
    def peers_channel(self) -> Channel | None:
        """The channel that delivers entries, if there is one."""
        return next((c for c in self.channels.values() if c.net_type is NetType.PEER), None)

    @property
    def _listeners(self) -> Listeners:
        return Listeners.for_router(self.owner)

    def _listen(self) -> None:
        """Listen everywhere, or where our password is for: on our links that no earlier protocol has."""
        links = [0]
        if self.config.key_on_link:
            links = [index for index in self.services.interfaces.by_index if self._listens_on(index)]
        self.listening.open(self.config, links)

    def _listens_on(self, ifindex: int) -> bool:
        interface = self.services.interfaces.by_index[ifindex]
        if interface.link.loopback or wrong_interface(self.config, self.services.interfaces, interface):
            return False
        return not any(other.hides(self.config, interface) for other in self._before())

    def hides(self, later: BgpConfig, interface: Interface) -> bool:
        """True if we get the neighbors of a later protocol on this interface."""
        ours, theirs = self.config.remote_range, later.remote_range
        if not self._running or ours is None or theirs is None or not ours.covers(theirs):
            return False
        return wrong_interface(self.config, self.services.interfaces, interface) is None

    # ---------------------------------------------------------- the channel

    def exporter(self, channel: Channel) -> Exporter | None:
        return PeersExporter() if channel.net_type is NetType.PEER else None

    def transmit(self, channel: Channel, packed: PeerChanges) -> None:
        if not self._running or self.owner.shutting_down:
            return  # the core stops the children itself
        for key in packed.withdrawn:
            entry = self.entries.pop(key, None)
            if entry is not None:
                self._entry_removed(entry)
        for key, rte in packed.announced:
            self._entry_added(key, rte)
        if packed.announced or packed.withdrawn:
            self._notify_others()

    def _entry_added(self, key: bytes, rte: Rte) -> None:
        entry = self.entries.get(key)
        if entry is not None:
            entry.rte = rte
            return
        net = net_of(NetType.PEER, key)
        assert isinstance(net, PeerNet)
        self.entries[key] = PeerEntry(net, rte)
        self._refused.pop(self.key_of(net), None)
        self._mark(key)

    def entry_alive(self, channel: Channel, key: bytes, returned: bool) -> None:
        """A discovered neighbor advertised itself again: its child may try now instead of waiting."""
        entry = self.entries.get(key)
        child = self.children.get(self.key_of(entry.net)) if entry is not None else None
        if child is not None:
            child.guarded(child.seen, returned)

    def _entry_removed(self, entry: PeerEntry) -> None:
        """An entry was withdrawn, or the export filter does not accept it any more."""
        key = self.key_of(entry.net)
        child = self.children.get(key)
        if child is None or self._has_entry(key):
            return
        channel = self.peers_channel
        refused = channel is not None and bool(channel.table.get(entry.net.key))
        why = "refused by the export filter" if refused else why_withdrawn(entry)
        text = f"peer {self.label(entry.net)} withdrawn{why and f' ({why})'}"
        stays = child.restarting or persistence(self.config) != NO
        if not child.enabled or (stays and not refused):
            self.log("info", f"{text}, {child.name} stays")
            self._orphan(key, child, announced=True)
            return
        if child.active is not None:
            self._lost(key)
        self.log("info", f"{text}, removing {child.name}")
        self._remove(key, child)

    def _lost(self, key: Key) -> None:
        """An Established session ended, and nobody here wanted it to."""
        child, now = self.children.get(key), self.services.clock.now()
        if child is None:
            return
        child.hold_down = self.flaps.lost(key, self.config, now)
        if child.hold_down is not None:
            self.log("info", f"{child.neighbor} {child.hold_down.text(now)}")

    def _remove(self, key: Key, child: Peer) -> None:
        """Remove a child, and refuse connections with its key for the (lower) error wait time."""
        self._forget(key)
        now = self.services.clock.now()
        self._refused = {known: until for known, until in self._refused.items() if until > now}
        self._refused[key] = now + self.config.error_wait_time[0]
        self.owner.remove(child)

    def _forget(self, key: Key) -> Peer | None:
        child = self.children.pop(key, None)
        if child is not None:
            _spare(child)
        return child

    def channel_added(self, channel: Channel) -> None:
        if self._running and channel.net_type is NetType.PEER:
            channel.open()

    def channel_removed(self, channel: Channel) -> None:
        """Remove the entries and their children: without the channel nothing is discovered."""
        if channel.net_type is NetType.PEER:
            entries, self.entries = self.entries, {}
            for entry in entries.values():
                key = self.key_of(entry.net)
                child = self.children.get(key)
                if child is not None:
                    self.log("info", f"peer {self.label(entry.net)}: no peers channel, removing {child.name}")
                    self._remove(key, child)

    # ------------------------------------------------------------ decisions

    def key_of(self, net: PeerNet) -> Key:
        """The session key of an entry; a global address is the same on all interfaces."""
        ifindex = net.ifindex if net.address.is_link_local else 0
        return Key(vrf_of(self.config), ifindex, net.address, self.config.remote_port)

    def label(self, net: PeerNet) -> str:
        """The entry as users see it: address and, if it has one, interface name."""
        if not net.ifindex:
            return str(net.address)
        interface = self.services.interfaces.by_index.get(net.ifindex)
        return f"{net.address}%{interface.name if interface is not None else net.ifindex}"

    def interface_event(self, event: InterfaceEvent) -> None:
        """Decide again: `from` and whether an interface is up depend on its name, state and index."""
        if event.kind == "removed":
            self.guarded(self._interface_gone, event.interface)
        self.guarded(self.recheck_entries)

    def _interface_gone(self, interface: Interface) -> None:
        """Remove all children there, even orphans: the index of the interface will not come back."""
        self._spawned.pop(interface.index, None)
        self._crowded.pop(interface.index, None)
        for key, child in list(self.children.items()):
            if key.ifindex == interface.index:
                self.log("info", f"{interface.name} is gone, removing {child.name}")
                self._drop_unfit(key, child)

    def retry_now(self) -> None:
        self._refused.clear()
        self.flaps.clear()
        for child in self.children.values():
            child.hold_down = None
        self.recheck_entries()

    def recheck_entries(self) -> None:
        """Interfaces, owners or options changed: decide about every entry again."""
        if self._running and self.config.key_on_link:
            self._listen()
        for key in self.entries:
            self._mark(key)

    def _mark(self, key: bytes) -> None:
        self._dirty[key] = None
        if self._timer is None and self._running:
            self._timer = self.services.clock.call_soon(self._work)

    def _work(self) -> None:
        self._timer = None
        if self.owner.reconfiguring:
            return  # `reconfiguration_done` looks at every entry again
        work, self._dirty = self._dirty, {}
        later: float | None = None
        for key in work:
            entry = self.entries.get(key)
            if entry is None:
                continue
            wait = self._decide(entry)
            if wait is not None:
                self._dirty[key] = None
                later = wait if later is None else min(wait, later)
        if later is not None and self._timer is None:
            self._timer = self.services.clock.call_at(later, self._work)

    def _decide(self, entry: PeerEntry) -> float | None:
        """Start, keep or remove the child of an entry; if a start must wait, the time to decide again."""
        key = self.key_of(entry.net)
        child = self.children.get(key)
        unfit = self._why_unfit(entry.net)
        reason = unfit or self._taken_by_other(key)
        if reason is not None:
            self._record_reason(entry, reason)
            if child is not None and not (unfit and self._has_entry(key)):
                self._drop_unfit(key, child)
            return None
        cable = self._cable(key, entry.net)
        if cable is not None and cable.enforce and cable.verdict == "wrong":
            self._record_reason(entry, cable.text)
            if child is not None:
                self._drop_unfit(key, child)
            return None
        if child is not None:
            self._claim(entry, child)
            return None
        reason = self._why_not_now(entry.net)
        if reason is not None:
            self._record_reason(entry, reason)
            return None
        held = self.flaps.held(key, self.services.clock.now())
        if held is not None:
            return held.until
        wait = self._spawn_wait(entry.net.ifindex)
        if wait is None:
            entry.reason, entry.fresh = None, False
            child = self._spawn(entry.net)
            self.log("info", f"peer {self.label(entry.net)} discovered, starting {child.name}")
        return wait

    def _drop_unfit(self, key: Key, child: Peer) -> None:
        """Remove a child that the configuration does not want any more."""
        self._forget(key)
        self.owner.remove(child)
        self._notify_others()

    def _record_reason(self, entry: PeerEntry, reason: str) -> None:
        if entry.reason != reason:
            entry.reason = reason
            self.log("info", f"peer {self.label(entry.net)} not started: {reason}")

    def _claim(self, entry: PeerEntry, child: Peer) -> None:
        """Match an entry with the child that exists already: it keeps its name and session."""
        entry.reason = None
        if not entry.fresh:
            return
        entry.fresh = False
        _spare(child)
        child.orphaned(None)
        self.log("info", f"peer {self.label(entry.net)} discovered, {child.name} exists already")
        child.guarded(child.retry)

    def _why_unfit(self, net: PeerNet) -> str | None:
        """Why the configuration does not want this neighbor; None: it does."""
        return unfit(self.config, self.services.interfaces, net)

    def _why_not_now(self, net: PeerNet) -> str | None:
        """Why a wanted neighbor cannot have a child at this time; None: it can."""
        return unready(self.services.interfaces, net) or self._limit_reached()

    def _limit_reached(self) -> str | None:
        channel = peers_config(self.config)
        limit = channel.export_limit if channel is not None else None
        if limit is None or limit.action == "warn" or len(self.children) < limit.count:
            return None
        return f"export limit {limit.count} reached"

    def _spawn_wait(self, ifindex: int) -> float | None:
        """The time when a child may be started; None: now, and this start is counted."""
        now = self.services.clock.now()
        times = self._spawned.setdefault(ifindex, deque(maxlen=SPAWN_RATE))
        if len(times) == SPAWN_RATE and times[0] + 1.0 > now:
            return times[0] + 1.0
        times.append(now)
        return None

    # ---------------------------------------------------- who owns a neighbor

    def _taken_by_other(self, key: Key) -> str | None:
        owner = self._listeners.explicit(key) or self._earlier(key)
        return None if owner is None else f"taken by {owner.name}"

    def _others(self) -> Iterator[Dynamic]:
        """Every other protocol of this kind, in the order of the file."""
        for instance in list(self.owner.protocols.values()):
            if isinstance(instance, Dynamic) and instance is not self:
                yield instance

    def _before(self) -> Iterator[Dynamic]:
        """The protocols of this kind before us in the file."""
        for instance in list(self.owner.protocols.values()):
            if instance is self:
                return
            if isinstance(instance, Dynamic):
                yield instance

    def _earlier(self, key: Key) -> Dynamic | None:
        """The first protocol before us in the file that wants this neighbor."""
        return next((each for each in self._before() if each.wants(key)), None)

    def wants(self, key: Key) -> bool:
        """True if this protocol has, or would have, a child with that key."""
        if not self._running or key.vrf != vrf_of(self.config):
            return False
        return key in self.children or self._has_entry(key)

    def _has_entry(self, key: Key) -> bool:
        """True if an entry fits the key; a global address may have one on each of several links."""
        if key.ifindex:
            found = self.entries.get(PeerNet(key.address, key.ifindex).key)
            return found is not None and self._is_for(found, key)
        return any(self._is_for(entry, key) for entry in self.entries.values())

    def _is_for(self, entry: PeerEntry, key: Key) -> bool:
        return self.key_of(entry.net) == key and self._why_unfit(entry.net) is None

    def release(self, key: Key) -> None:
        """Remove our child: a protocol that is earlier in the file starts one for this neighbor."""
        child = self._forget(key)
        if child is not None:
            self.owner.remove(child)

    def _notify_others(self) -> None:
        for other in self._others():
            other.guarded(other.recheck_entries)

    # ------------------------------------------------------------- children

    def _spawn(self, net: PeerNet) -> Peer:
        key = self.key_of(net)
        for other in self._others():
            other.release(key)
        name = self.owner.free_name(self.config.dynamic_name, self.config.dynamic_name_digits)
        interface = self.services.interfaces.by_index.get(net.ifindex)
        ifname = interface.name if interface is not None else None
        held = self._listeners.held.pop((self.name, key), None)
        config = replace(child_config(self.config, name, net, ifname), disabled=held is not None)
        child = self.owner.spawn(config, self)
        assert isinstance(child, Peer)
        if held is not None:
            child.message, child.last_error = held
        child.refused_hook = lambda: self._unreachable(net)
        child.lost_hook = lambda: self._lost(key)
        child.session_hook = lambda: self._session_changed(key, net)
        child.cable_hook = lambda said: self._judge(net, said)
        self.children[key] = child
        return child

    def _unreachable(self, net: PeerNet) -> None:
        """Report a neighbor that refuses sessions to the protocol that discovered it."""
        entry = self.entries.get(net.key)
        owner = entry.rte.source.owner if entry is not None else None
        if owner is not None and isinstance(owner.protocol, Discoverer):
            owner.protocol.unreachable(NetType.PEER, net.key)

    # -------------------------------------------------------- cable check

    def _judge(self, net: PeerNet, said: Open | None) -> CableCheck | None:
        """Judge a neighbor by LLDP and, if there is one, by its OPEN."""
        return self.cabling.check(self.config, net, said)

    def _cable(self, key: Key, net: PeerNet) -> CableCheck | None:
        """The verdict about a neighbor, with what its session knows."""
        child = self.children.get(key)
        return self._judge(net, None) if child is None else child.cable()

    def cable(self, net_type: NetType, key: bytes) -> CableCheck | None:
        net = net_of(net_type, key)
        return self._cable(self.key_of(net), net) if isinstance(net, PeerNet) else None

    def _session_changed(self, key: Key, net: PeerNet) -> None:
        """The session of a child came up or went down, or the child started or stopped."""
        self._tend(key)
        child = self.children.get(key)
        if child is not None and child.active is not None:
            self._report_cable(net.ifindex, net.address, child.cable())
        else:
            self._report_cable(net.ifindex, net.address, None)

    def _report_cable(self, ifindex: int, address: Address | None, check: CableCheck | None) -> None:
        news = self.cabling.news(ifindex, address, check)
        if news is not None:
            self.log(*news)

    def _check_all_cables(self) -> None:
        for ifindex in list(self.services.interfaces.by_index):
            self._check_cable(ifindex)

    def _cable_changed(self, ifindex: int) -> None:
        """Others are heard on an interface."""
        self._check_cable(ifindex)
        for name, entry in self.entries.items():
            if entry.net.ifindex == ifindex:
                self._mark(name)

    def _check_cable(self, ifindex: int) -> None:
        """Judge whoever is heard on an interface, and the sessions there, again."""
        interface = self.services.interfaces.by_index.get(ifindex)
        ours = interface and wrong_interface(self.config, self.services.interfaces, interface) is None
        self._report_cable(ifindex, None, self.cabling.check_end(self.config, ifindex) if ours else None)
        for key, child in list(self.children.items()):
            check = child.cable() if child.reach.ifindex == ifindex else None
            if check is not None and check.enforce and check.verdict == "wrong":
                self.log("info", f"{child.neighbor} is {check.text}, removing {child.name}")
                self._drop_unfit(key, child)
            elif child.reach.ifindex == ifindex and child.active is not None:
                self._report_cable(ifindex, key.address, check)

    # ------------------------------------------------------------- orphans

    def _orphan(self, key: Key, child: Peer, *, announced: bool) -> None:
        """A child has no entry (any more)."""
        orphan = Orphan(self.services.clock.now(), announced)
        orphan.listens = listens_only(self.config)
        child.orphaned(orphan)
        self._tend(key)

    def _tend(self, key: Key) -> None:
        """Start, continue or stop the prune timer of an orphan: something about it changed."""
        child = self.children.get(key)
        orphan = child.orphan if child is not None else None
        if child is None or orphan is None:
            return
        if child.active is not None or child.restarting or not child.enabled:
            orphan.revive()
            return
        delay = prune_delay(self.config, orphan)
        if delay is None:
            orphan.spare()
        else:
            orphan.doom(self.services.clock, delay, lambda: self._prune(key, child))

    def _prune(self, key: Key, child: Peer) -> None:
        """Remove an orphan that is down; one that this protocol does not want may not connect again soon."""
        if self.children.get(key) is not child or child.orphan is None:
            return
        self.log("info", f"removing orphan {child.name}")
        if child.orphan.announced and persistence(self.config) == NO:
            self._remove(key, child)
        else:
            self._drop_unfit(key, child)

    def orphaned(self, child: Instance) -> Orphaned | None:
        orphan = child.orphan if isinstance(child, Peer) else None
        return None if orphan is None else Orphaned(orphan.since, orphan.prune_at)

    def prune(self, child: Instance) -> str:
        key = next((key for key, mine in self.children.items() if mine is child), None)
        if key is None or not isinstance(child, Peer) or child.orphan is None:
            return "no orphan"
        if child.active is not None:
            return "established"
        if child.restarting:
            return "its neighbor restarts"
        if not child.enabled:
            return "disabled"
        self._prune(key, child)
        return ""

    # ------------------------------------------------- incoming connections

    def covers(self, key: Key) -> bool:
        """True if a connection with this key would belong to this protocol."""
        wanted = self.config.remote_range
        if not self._running or key.vrf != vrf_of(self.config) or wanted is None:
            return False
        if not wanted.contains(key.address):
            return False
        if not key.ifindex:
            return True
        interface = self.services.interfaces.by_index.get(key.ifindex)
        if interface is None:
            return False
        return wrong_interface(self.config, self.services.interfaces, interface) is None

    def owns(self, key: Key) -> bool:
        """False: only protocols with one neighbor own a key."""
        return False

    def incoming_stream(self, stream: Stream) -> None:
        """Start a child for a neighbor that was not discovered, or not yet; or refuse the connection."""
        net = PeerNet(stream.remote[0], stream.ifindex)
        key = self.key_of(net)
        now = self.services.clock.now()
        if self._refused.get(key, 0.0) > now or self.flaps.held(key, now):
            refuse(stream, Notification.cease(errors.REJECTED))
            return
        cable = self._judge(net, None)
        if cable is not None and cable.enforce and cable.verdict == "wrong":
            self.log("info", f"connection from {self.label(net)} refused, {cable.text}")
            refuse(stream, Notification.cease(errors.REJECTED))
            return
        crowded = self._limit_reached() is not None or key in self.children
        if crowded or self._spawn_wait(net.ifindex) is not None or not self._make_room(net.ifindex):
            stream.abort()
            return
        child = self._spawn(net)
        self.log("info", f"connection from {self.label(net)}, starting {child.name}")
        self._orphan(key, child, announced=False)
        child.guarded(child.incoming_stream, stream)
        self._notify_others()

    def _make_room(self, ifindex: int) -> bool:
        """True if another undiscovered neighbor may have a child; perhaps removes one without a session."""
        known = {self.key_of(entry.net) for entry in self.entries.values()}
        strangers = [
            key for key, child in self.children.items() if key not in known and child.reach.ifindex == ifindex
        ]
        if len(strangers) < MOST_STRANGERS:
            self._crowded.pop(ifindex, None)
            return True
        idle = next((key for key in strangers if self.children[key].active is None), None)
        if idle is None:
            self._log_crowded(ifindex)
            return False
        self.log("info", f"too many unknown neighbors, removing {self.children[idle].name}")
        self.release(idle)
        return True

    def _log_crowded(self, ifindex: int) -> None:
        """Log once, until there is room again, that undiscovered neighbors are refused."""
        if ifindex not in self._crowded:
            self._crowded[ifindex] = None
            interface = self.services.interfaces.by_index.get(ifindex)
            where = f"{interface.name}: " if interface is not None else ""
            text = f"{where}{MOST_STRANGERS} undiscovered neighbors have sessions, refusing others"
            self.log("warning", text)

    # -------------------------------------------------------------- reloads

    def accepts(self, old: BgpConfig, new: BgpConfig) -> bool:
        return accepts_range(old, new)

    def reconfigure(self, new: BgpConfig) -> bool:
        return accepts_range(self.config, new)

    def reconfiguration_done(self) -> None:
        """The configuration is in force: listen, adapt the children, decide again."""
        if not self._running:
            return
        self._listen()
        for key, child in list(self.children.items()):
            if self._unwanted_orphan(child):
                self._prune(key, child)
            elif self._still_fits(key):
                self._adapt(child)
                if child.gave_up:
                    self.owner.enable(child)
                self._adapt_orphan(key, child)
            else:
                self._drop_unfit(key, child)
        self._check_all_cables()
        self.recheck_entries()

    def _adapt_orphan(self, key: Key, child: Peer) -> None:
        """`persist` or the prune time may be another one."""
        orphan, listens = child.orphan, listens_only(self.config)
        if orphan is None:
            return
        if orphan.listens is not listens:
            orphan.listens = listens
            child.guarded(child.orphaned, orphan)
        self._tend(key)

    def _unwanted_orphan(self, child: Peer) -> bool:
        """True if it may only be there with another `persist`."""
        orphan = child.orphan
        if orphan is None or not child.enabled or child.restarting:
            return False
        return orphan.announced and persistence(self.config) == NO

    def _still_fits(self, key: Key) -> bool:
        return self.covers(key) and self._taken_by_other(key) is None

    def _adapt(self, child: Peer) -> None:
        config = child.config
        assert config.remote_address is not None
        net = PeerNet(config.remote_address, child.reach.ifindex)
        wanted = child_config(self.config, config.name, net, child.reach.ifname or config.interface)
        self.owner.adapt(child, wanted)

    # --------------------------------------------------------- what is shown

    def info(self) -> str:
        return details.info("Passive", "")

    def trouble(self) -> str:
        return self.listening.error or self.signatures.suspicion

    def details(self) -> Iterator[Detail]:
        below = (
            Detail("Neighbor range", str(self.config.remote_range)),
            Detail("Neighbor AS", details.neighbor_as(self.config, None)),
            Detail("Local AS", str(self.config.local_as)),
        )
        yield Detail("BGP state", "Passive", (*below, *details.troubles(self.listening, self.signatures)))
        for name, text in self.cabling.troubles():
            yield Detail(f"Cable of {name}", text)

    def child_of(self, net_type: NetType, key: bytes) -> Instance | None:
        entry = self.entries.get(key) if net_type is NetType.PEER else None
        return self.children.get(self.key_of(entry.net)) if entry is not None else None

    def no_child_reason(self, net_type: NetType, key: bytes) -> str | None:
        channel = self.peers_channel
        if net_type is not NetType.PEER or channel is None:
            return None
        entry = self.entries.get(key)
        if entry is None:
            return "refused by the export filter" if channel.table.get(key) else None
        net_key, now = self.key_of(entry.net), self.services.clock.now()
        if net_key in self.children:
            return None
        held = self.flaps.held(net_key, now)
        return held.text(now) if held is not None else entry.reason or "starting"

    def orphans(self, net_type: NetType) -> dict[bytes, Instance]:
        if net_type is not NetType.PEER:
            return {}
        found = self.children.items()
        return {
            PeerNet(key.address, child.reach.ifindex).key: child
            for key, child in found
            if child.orphan is not None
        }


def _spare(child: Peer) -> None:
    """Stop the prune timer of a child."""
    if child.orphan is not None:
        child.orphan.spare()
