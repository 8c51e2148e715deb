"""The kernel protocol: installs a table's routes in the kernel's forwarding table.

Exported routes are queued per network and sent in slices, so that a flood of
changes sends only the last state of each network and delays no keepalive. A
scan reads the kernel's table and repairs what is missing or differs. A route
is ours if its protocol is 12 (RTPROT_BIRD) and it has the configured metric
(with `metric 0`: any); we never overwrite or remove others. Routes that an
earlier run left are adopted if they are wanted; the rest are removed when the
first feed is done.

The kernel sends no event when it drops IPv4 routes because an interface went
down or lost its address, so such changes trigger a scan.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from pybird.core.channel import Channel
from pybird.core.guard import GuardedEvents
from pybird.core.life import StopReason
from pybird.core.ports import KernelRoute, Link, LinkAddress, Timer
from pybird.core.protocol import Detail, Instance, InstanceOwner
from pybird.filter.nodes import REJECT
from pybird.proto.kernel.attributes import METRIC, PREFSRC, SOURCE
from pybird.proto.kernel.config import KernelConfig
from pybird.proto.kernel.exporter import KernelExporter
from pybird.proto.kernel.fib import Change, Fib, KernelPath, path_of
from pybird.proto.kernel.learn import Alien, Aliens
from pybird.values.address import Address
from pybird.values.net import NetType, Prefix, net_of
from pybird.values.route import Hop, Rte

RTPROT_BIRD = 12
SLICE = 300  # routes per turn, about 5 ms
AGAIN = 5.0  # seconds until we try again to claim the table
SOON = 1.0  # seconds from an event to the scan or repair that it triggers: next hops settle first
MOST_HOPS = 10_000  # entries of the cache of learned routes' next hops
MOST_COMPLAINTS = 10  # refused routes logged per turn


class KernelInstance(Instance[KernelConfig]):
    """One `protocol kernel`."""

    def __init__(self, config: KernelConfig, owner: InstanceOwner) -> None:
        super().__init__(config, owner)
        self.fib = Fib()
        self._channel: Channel | None = None
        self._v4 = True
        self._aliens: Aliens | None = None
        self._stopping = False
        self._hops: dict[Any, Hop] = {}  # of learned routes, shared
        self._complained: dict[bytes, str] = {}
        self._flush_timer: Timer | None = None
        self._flush_when = 0.0
        self._scan_timer: Timer | None = None
        self._scan_when = 0.0
        self._scan: Iterator[KernelRoute] | None = None
        self._scan_step: Timer | None = None
        self._news: Iterator[bytes] = iter(())  # networks that the last scan found changed
        self._news_step: Timer | None = None
        self._up: dict[int, bool] = {}
        self._events = GuardedEvents(self)
        self._watching = False
        self._claimed = False  # whether we may change the table
        self._claim_timer: Timer | None = None
        self._obstacle = ""  # why we cannot start, for the Info column
        self._rival = False  # whether another program adds routes that look like ours

    # life ---------------------------------------------------------------

    def start(self) -> None:
        """Adopt what an earlier run left, then go up."""
        self._channel = next(iter(self.channels.values()), None)
        if self._channel is None or self._channel.net_type not in (NetType.IP4, NetType.IP6):
            self.log("error", "only ipv4 and ipv6 channels can be synchronised with the kernel")
            return
        self._v4 = self._channel.net_type is NetType.IP4
        self._stopping = False
        self._obstacle = ""
        self._rival = False
        self._claim_table()

    def _claim_table(self) -> None:
        """Claim the kernel's table and start; retry later if we must export and cannot claim it.

        A protocol that exports nothing starts without a claim. It is called again
        when such a protocol gets its first route to export.
        """
        self._claim_timer = None
        assert self._channel is not None
        obstacle = self.services.kernel.claim(self._v4, self.config.kernel_table, self.config.metric)
        self._claimed = obstacle is None
        if obstacle is not None and self._channel.config.export_filter != REJECT:
            self._schedule_claim(obstacle)
            return
        if self._obstacle:
            self._obstacle = ""
            if self._claimed:
                self.log("info", "Can change the kernel's routes now")
        if not self._watching:
            self._begin()
        elif self._claimed:
            self._scan_in(0.0)  # to find what the previous owner left

    def _schedule_claim(self, obstacle: str) -> None:
        text = f"Cannot change the kernel's routes: {obstacle}"
        if text != self._obstacle:
            self._obstacle = text
            self.log("error", text)
        clock = self.services.clock
        self._claim_timer = clock.call_at(clock.now() + AGAIN, self._claim_table)

    def _begin(self) -> None:
        self.fib = Fib()
        self._complained.clear()
        self._hops.clear()
        self._aliens = None if self.config.learn == "no" else Aliens(self.config.learn == "all")
        kernel = self.services.kernel
        if self.config.netlink_rx_buffer is not None:
            kernel.set_event_buffer(self.config.netlink_rx_buffer)
        self._up = self._links_now()
        kernel.watch(self._events)
        self._watching = True
        self._adopt_leftovers()
        self.went_up()
        assert self._channel is not None
        self._channel.open()
        if self._aliens is not None:
            self._scan_in(0.0)
        elif self._interval():
            self._scan_in(self._interval())

    def _links_now(self) -> dict[int, bool]:
        """Whether each link is up, by index; empty if the kernel's answer was interrupted.

        A link that is missing costs one unneeded scan at its next event.
        """
        try:
            return {link.index: link.up for link in self.services.kernel.links()}
        except InterruptedError:
            return {}

    def _adopt_leftovers(self) -> None:
        """Adopt the routes that an earlier run left; if reading is interrupted, scan soon."""
        try:
            for route in self.services.kernel.routes(self._v4, self.config.kernel_table, RTPROT_BIRD):
                if self._is_ours(route):
                    self.fib.adopt(route.prefix.key, path_of(route))
        except InterruptedError:
            self._scan_in(SOON)

    def stop(self, reason: StopReason) -> None:
        """Remove our routes, unless `persist` or a graceful restart keeps them."""
        if self._watching:
            self.services.kernel.unwatch(self._events)
            self._watching = False
        self._end_scan()
        for timer in (self._scan_timer, self._flush_timer, self._claim_timer, self._news_step):
            if timer is not None:
                timer.cancel()
        self._scan_timer = self._flush_timer = self._claim_timer = self._news_step = None
        self._news = iter(())
        self._stopping = True
        if self.config.persist or reason is StopReason.GRACEFUL:
            self._end()
            return
        self.services.recovery.skip(self.name)
        self.trace("events", "Flushing kernel routes")
        self.fib.clear()
        self._flush()

    def _end(self) -> None:
        if self._claimed:
            self._claimed = False
            self.services.kernel.release(self._v4, self.config.kernel_table, self.config.metric)
        self.stopped()

    def accepts(self, old: KernelConfig, new: KernelConfig) -> bool:
        """True if no option changes that needs a restart; `persist` and `merge paths` need none."""
        return _fixed(old) == _fixed(new)

    def refeeds(self, old: KernelConfig, new: KernelConfig) -> bool:
        """True if `merge paths` changes: routes may get other next hops."""
        return old.merge_paths != new.merge_paths

    def reconfigure(self, new: KernelConfig) -> bool:
        """True if it needs no restart; options that can change are read when they are used."""
        return self.accepts(self.config, new)

    # export -------------------------------------------------------------

    def exporter(self, channel: Channel) -> KernelExporter | None:
        """The converter to the kernel's form; None for a channel that is not ipv4 or ipv6."""
        if channel.net_type not in (NetType.IP4, NetType.IP6):
            return None
        return KernelExporter(self.config, channel.net_type is NetType.IP4, self.services.pool)

    def follows_interfaces(self, address: bool) -> bool:
        return not address

    def recovers(self, channel: Channel) -> bool:
        """True with `graceful restart`: the routes of the last run stay until ours are known again."""
        return self.config.graceful_restart and not self.services.recovery.skips(self.name)

    def transmit(self, channel: Channel, packed: Any) -> None:
        """Queue what changed; it is sent to the kernel on the loop's next turn."""
        if self._stopping:
            return
        announce, withdraw = packed
        want = self.fib.want
        for key in withdraw:
            want(key, None)
        for path, keys in announce.items():
            for key in keys:
                want(key, path)
        if self._claimed:
            self._flush_in(0.0)
        elif self._claim_timer is None:
            self._claim_table()

    def feed_done(self, channel: Channel) -> None:
        """All wanted routes are known: remove the other leftovers of an earlier run."""
        if self._claimed and not self._stopping:
            self.fib.queue_leftovers()
            self._flush_in(0.0)

    def _flush_in(self, delay: float) -> None:
        """Flush the queue in `delay` seconds, or earlier if that is already scheduled."""
        if not self.fib.queue:
            return
        clock = self.services.clock
        when = clock.now() + delay
        if self._flush_timer is not None:
            if self._flush_when <= when:
                return
            self._flush_timer.cancel()
        self._flush_when = when
        self._flush_timer = clock.call_at(when, self._flush) if delay else clock.call_soon(self._flush)

    def _flush(self) -> None:
        """Send a slice of the queued changes to the kernel."""
        self._flush_timer = None
        changes = self.fib.next_changes(SLICE)
        if changes:
            self._apply(changes)
        if self.fib.queue:
            self._flush_in(0.0)
        elif self._stopping:
            self.fib = Fib()
            self._end()

    def _apply(self, changes: list[Change]) -> None:
        replace: list[KernelRoute] = []
        delete: list[KernelRoute] = []
        add: list[KernelRoute] = []
        by_key: dict[bytes, Change] = {}
        for change in changes:
            key, have, want = change
            by_key[key] = change
            if want is None:
                assert have is not None
                delete.append(self._route(key, have))
            elif have is not None and have.metric == want.metric:
                replace.append(self._route(key, want))
            else:
                add.append(self._route(key, want))
                if have is not None:
                    delete.append(self._route(key, have))
        try:
            refused = self.services.kernel.change_routes(replace, delete, add)
        except OSError as error:
            reason = error.strerror or str(error)
            refused = [(self._route(c.key, c.want or c.have), reason) for c in changes]  # type: ignore[arg-type]
        self._record_refusals(refused, by_key)

    def _record_refusals(self, refused: list[tuple[KernelRoute, str]], changes: dict[bytes, Change]) -> None:
        stale: list[KernelRoute] = []
        problems: list[tuple[bytes, str]] = []
        failed: dict[bytes, str] = {}
        for route, reason in refused:
            key = route.prefix.key
            failed[key] = reason
            change = changes[key]
            if (
                change.have is not None
                and change.want is not None
                and change.have.metric == change.want.metric
            ):
                # no route is better than one that leads the wrong way
                stale.append(self._route(key, change.have))
            self.fib.refuse(key, reason, change.have if change.want is None else None)
            if self._complained.get(key) != reason:
                self._complained[key] = reason
                problems.append((key, reason))
        if stale:
            self._remove(stale)
        if self._complained:
            for key in changes:
                if key not in failed:
                    self._complained.pop(key, None)
        for key, reason in problems[:MOST_COMPLAINTS]:
            self.log("error", f"{net_of(self._net_type(), key)}: the kernel refuses the route: {reason}")
        if len(problems) > MOST_COMPLAINTS:
            self.log("error", f"the kernel refuses {len(problems) - MOST_COMPLAINTS} more routes")

    def _remove(self, routes: list[KernelRoute]) -> None:
        """Remove these routes now; if that fails, a scan will find them."""
        try:
            self.services.kernel.change_routes((), routes)
        except OSError:
            self._scan_in(SOON)

    def _net_type(self) -> NetType:
        return NetType.IP4 if self._v4 else NetType.IP6

    def _route(self, key: bytes, path: KernelPath) -> KernelRoute:
        octets = key[1:].ljust(4 if self._v4 else 16, b"\0")
        return KernelRoute(
            prefix=Prefix(Address(octets), key[0]),
            table=self.config.kernel_table,
            dest=path.dest,
            nexthops=path.nexthops,
            metric=path.metric,
            protocol=RTPROT_BIRD,
            prefsrc=path.prefsrc,
            attributes=path.attributes,
        )

    # scan ---------------------------------------------------------------

    def request_refresh(self, channel: Channel) -> bool:
        """Scan the kernel's table, and announce learned routes to the channel again."""
        if self._aliens is not None:
            self._aliens.announce_again()
        self._scan_in(0.0)
        return True

    def _interval(self) -> float:
        """Seconds between scans; 0: only events trigger scans."""
        return float(self.config.scan_time)

    def _scan_in(self, delay: float) -> None:
        """Scan in `delay` seconds, or earlier if that is already scheduled."""
        clock = self.services.clock
        when = clock.now() + delay
        if self._scan_timer is not None:
            if self._scan_when <= when:
                return
            self._scan_timer.cancel()
        self._scan_when = when
        self._scan_timer = clock.call_at(when, self._begin_scan)

    def _begin_scan(self) -> None:
        self._scan_timer = None
        if self._interval():
            self._scan_in(self._interval())
        if self._scan is not None or self._stopping:
            return
        self.trace("events", "Scanning routing table")
        self.fib.begin_scan()
        protocol = RTPROT_BIRD
        if self._aliens is not None:
            self._aliens.begin_scan()
            protocol = 0
        self._scan = iter(self.services.kernel.routes(self._v4, self.config.kernel_table, protocol or None))
        self._continue_scan()

    def _continue_scan(self) -> None:
        """Read a slice of the kernel's table."""
        self._scan_step = None
        scan = self._scan
        if scan is None:
            return
        try:
            for _ in range(SLICE):
                route = next(scan, None)
                if route is None:
                    self._finish_scan()
                    return
                self._scanned(route)
        except InterruptedError:  # the table changed while it was read: routes may be missing
            self._end_scan()
            self._scan_in(SOON)
            return
        except OSError as error:
            self.log("error", f"cannot read the kernel's table: {error.strerror or error}")
            self._end_scan()
            return
        self._scan_step = self.services.clock.call_soon(self._continue_scan)

    def _scanned(self, route: KernelRoute) -> None:
        key = route.prefix.key
        if self._is_ours(route):
            if not self.fib.scanned(key, path_of(route)):
                self._remove([route])
        elif self._aliens is not None and self._aliens.wants(route):
            self._aliens.scanned(key, route)

    def _finish_scan(self) -> None:
        self._scan = None
        for channel in self.channels.values():
            self.trace("events", "Pruning table {}", channel.table.name)
        repairs = self.fib.end_scan(steady=self._v4)
        if repairs:
            self.trace("packets", "Repairing {} routes", repairs)
            self._flush_in(0.0)
        if self._aliens is not None:
            self._news = chain(self._news, self._aliens.end_scan())
            if self._news_step is None:
                self._learn_slice()

    def _learn_slice(self) -> None:
        """Announce a slice of the learned routes that the scan found changed."""
        self._news_step = None
        news = list(islice(self._news, SLICE))
        if news and not self._stopping:
            self._learn(news)
            self._news_step = self.services.clock.call_soon(self._learn_slice)

    def _end_scan(self) -> None:
        """Abandon the running scan, if any."""
        scan, self._scan = self._scan, None
        close = getattr(scan, "close", None)
        if close is not None:
            close()
        if self._scan_step is not None:
            self._scan_step.cancel()
            self._scan_step = None
        self.fib.abandon_scan()

    def _is_ours(self, route: KernelRoute) -> bool:
        """Whether we or an earlier run added this route; without a claim, another daemon did."""
        metric = self.config.metric
        alike = route.protocol == RTPROT_BIRD and (not metric or route.metric == metric)
        return alike and self._claimed

    # events -------------------------------------------------------------

    def link_changed(self, link: Link) -> None:
        """Scan if the link went up or down: the kernel drops its IPv4 routes without an event."""
        if self._up.get(link.index) != link.up:
            self._up[link.index] = link.up
            self._scan_in(SOON)

    def link_removed(self, index: int) -> None:
        """Scan: the kernel drops the link's IPv4 routes without an event."""
        self._up.pop(index, None)
        self._scan_in(SOON)

    def address_changed(self, address: LinkAddress) -> None:
        """Scan if routes were refused: the address may make their gateways reachable."""
        if self.fib.refused:
            self._scan_in(SOON)

    def address_removed(self, address: LinkAddress) -> None:
        """Scan: routes with a gateway in its network or with it as source are gone."""
        self._scan_in(SOON)

    def overflow(self) -> None:
        """Events were lost: scan."""
        self._scan_in(SOON)

    def route_changed(self, route: KernelRoute, removed: bool) -> None:
        """Another program, or the kernel itself, changed a route."""
        if route.table != self.config.kernel_table or route.prefix.address.is_v4 != self._v4:
            return
        key = route.prefix.key
        if self._is_ours(route):
            if not removed:
                self._warn_of_rival(key)
                self._scan_in(SOON)
            elif self.fib.lost(key):
                self._flush_in(SOON)
            return
        if removed:
            if self.fib.retry(key):
                self._flush_in(SOON)
        elif key in self.fib.wanted and route.metric == self.fib.wanted[key].metric:
            self._scan_in(SOON)  # it may have replaced ours
        if self._aliens is not None and self._aliens.wants(route):
            if removed:
                self._aliens.drop(key, route)
            else:
                self._aliens.put(key, route)
            self._learn([key])

    def _warn_of_rival(self, key: bytes) -> None:
        """Warn once that another program adds routes that look like ours."""
        if self._rival or key in self.fib.wanted:
            return
        self._rival = True
        table, net = self.config.kernel_table, net_of(self._net_type(), key)
        self.log(
            "warning",
            f"Another program enters routes of protocol bird into kernel table {table}, such as {net}: "
            "if that is another BIRD, they will remove each other's routes",
        )

    def _learn(self, keys: list[bytes]) -> None:
        """Announce or withdraw the alien routes of these networks, where they changed."""
        assert self._aliens is not None
        assert self._channel is not None
        gone: list[bytes] = []
        found: dict[Alien, list[bytes]] = {}
        for key in keys:
            changed, alien = self._aliens.changed(key)
            if not changed:
                continue
            if alien is None:
                gone.append(key)
            else:
                found.setdefault(alien, []).append(key)
        if gone:
            self._channel.withdraw(gone)
        for alien, theirs in found.items():
            self._channel.announce(theirs, self._learned_route(alien, self._channel))

    def _learned_route(self, alien: Alien, channel: Channel) -> Rte:
        other: dict[str, Any] = dict(alien.attributes)
        other[SOURCE] = alien.protocol
        other[METRIC] = alien.metric
        if alien.prefsrc is not None:
            other[PREFSRC] = alien.prefsrc
        attrs = self.services.pool.intern(b"", tuple(sorted(other.items())))
        preference = channel.config.preference
        return Rte(attrs, channel.source, self._shared_hop(alien), preference, self.services.clock.now())

    def _shared_hop(self, alien: Alien) -> Hop:
        """The hop that all learned routes with these next hops share."""
        way = (alien.dest, alien.nexthops)
        hop = self._hops.get(way)
        if hop is None:
            if len(self._hops) >= MOST_HOPS:
                self._hops.clear()  # routes keep the hops that they use
            hop = self._hops[way] = Hop(alien.dest, alien.nexthops)
        return hop

    # what `show protocols` shows ----------------------------------------

    def refusal(self, key: bytes) -> str | None:
        """Why the kernel refused this exported route; None if it did not."""
        refused = self.fib.refused.get(key)
        return refused.reason if refused is not None else None

    def info(self) -> str:
        return self._obstacle

    def details(self) -> Iterator[Detail]:
        """The kernel table, the number of installed routes, and the refused routes."""
        yield Detail("Kernel table", str(self.config.kernel_table))
        yield Detail("Installed routes", str(self.fib.installed))
        if self.fib.refused:
            shown = list(self.fib.refused.items())[:MOST_COMPLAINTS]
            below = tuple(Detail(str(net_of(self._net_type(), key)), r.reason) for key, r in shown)
            yield Detail("Refused routes", str(len(self.fib.refused)), below)


def _fixed(config: KernelConfig) -> tuple[object, ...]:
    """The options that cannot change while the protocol runs."""
    return (
        tuple([channel.name for channel in config.channels]),
        config.scan_time,
        config.learn,
        config.kernel_table,
        config.metric,
        config.netlink_rx_buffer,
    )
