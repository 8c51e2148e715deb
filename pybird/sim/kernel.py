"""The kernel of a simulated host: links, addresses, forwarding table, settings.

It is the router's `Kernel` port and outlives the router's process, as Linux
does: routes of a killed router stay. Watchers are called later, never from within
the call that caused the event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol

from pybird.core.ports import KernelEvents, KernelRoute, Link, LinkAddress
from pybird.sim.clock import SimClock
from pybird.sim.link import Nic
from pybird.sim.process import Process
from pybird.sim.trace import EventHash
from pybird.values.address import Address
from pybird.values.net import Prefix
from pybird.values.route import Dest, NextHop

MAIN: Final = 254

DEFAULTS: Final = {
    "net.ipv4.ip_forward": "1",
    "net.ipv6.conf.all.forwarding": "1",
    "net.ipv6.conf.all.accept_ra": "1",
    "net.ipv6.conf.default.forwarding": "1",
}


class KernelOwner(Protocol):
    """The host of a kernel."""

    name: str
    clock: SimClock
    trace: EventHash
    process: Process

    @property
    def nics(self) -> Mapping[int, Nic[Any]]:
        """Its interfaces by index."""


class SimKernel:
    """Links, addresses and the forwarding table of one host."""

    def __init__(self, host: KernelOwner) -> None:
        self._host = host
        self._watchers: list[KernelEvents] = []
        self._tables: dict[int, dict[tuple[Prefix, int], KernelRoute]] = {}
        self.settings: dict[str, str] = dict(DEFAULTS)
        self.refuse: Callable[[KernelRoute], str | None] = lambda route: None  # a fault to inject
        self.unclaimable: str | None = None  # a fault to inject

    # the port -----------------------------------------------------------

    def links(self) -> list[Link]:
        return [nic.link for nic in self._host.nics.values()]

    def addresses(self) -> list[LinkAddress]:
        return [item for nic in self._host.nics.values() for item in nic.addresses.values()]

    def watch(self, events: KernelEvents) -> None:
        self._watchers.append(events)

    def unwatch(self, events: KernelEvents) -> None:
        self._watchers = [w for w in self._watchers if w is not events]

    def claim(self, v4: bool, table: int, metric: int) -> str | None:
        return self.unclaimable

    def release(self, v4: bool, table: int, metric: int) -> None:
        """Nothing to do: no other daemon runs on a simulated host."""

    def set_event_buffer(self, octets: int) -> None:
        """Nothing to do: no event is lost unless a test asks for it."""

    def setting(self, name: str) -> str | None:
        found = self.settings.get(name)
        if found is None and name.startswith("net.ipv6.conf."):
            interface, _, option = name.removeprefix("net.ipv6.conf.").rpartition(".")
            if any(nic.name == interface for nic in self._host.nics.values()):
                found = self.settings.get(f"net.ipv6.conf.all.{option}")
        return found

    def routes(self, v4: bool, table: int, protocol: int | None = None) -> list[KernelRoute]:
        own = [r for r in self._tables.get(table, {}).values() if r.prefix.address.is_v4 is v4]
        found = self._connected(v4) + own if table == MAIN else own
        return found if protocol is None else [r for r in found if r.protocol == protocol]

    def change_routes(
        self,
        replace: Iterable[KernelRoute],
        delete: Iterable[KernelRoute],
        add: Iterable[KernelRoute] = (),
    ) -> list[tuple[KernelRoute, str]]:
        for route in delete:
            self._delete(route)
        refused: list[tuple[KernelRoute, str]] = []
        for routes, exclusive in ((add, True), (replace, False)):
            for route in routes:
                reason = self._put(route, exclusive)
                if reason is not None:
                    refused.append((route, reason))
        return refused

    def _delete(self, route: KernelRoute) -> None:
        routes = self._tables.get(route.table, {})
        found = routes.get((route.prefix, route.metric))
        if found is not None and found.protocol == route.protocol:
            del routes[route.prefix, route.metric]
            self._route_event(route, True)

    def _put(self, route: KernelRoute, exclusive: bool) -> str | None:
        """Add one route; returns why it was refused, or None."""
        routes = self._tables.setdefault(route.table, {})
        key = route.prefix, route.metric
        if exclusive and key in routes:
            return "File exists"
        reason = self.refuse(route) or self._invalid(route)
        if reason is None:
            routes[key] = route
            self._route_event(route, False)
        return reason

    # what the host does to it -------------------------------------------

    def add_route(self, route: KernelRoute) -> None:
        """Add a route as an operator or another daemon would."""
        assert not self.change_routes([route], [])

    def forget_watchers(self) -> None:
        """The process ended: call its watchers no more."""
        self._watchers.clear()

    def forget_routes(self) -> None:
        """The host lost power: all routes are gone."""
        self._tables.clear()

    def report(self, event: Callable[[KernelEvents], None]) -> None:
        """Report an event to every watcher, later."""
        process = self._host.process
        for watcher in self._watchers:
            process.call_soon(lambda w=watcher: event(w) if w in self._watchers else None)  # type: ignore[misc]

    def overflow(self) -> None:
        """Report to every watcher that events were lost (a fault to inject)."""
        self.report(lambda w: w.overflow())

    def drop_routes_over(self, index: int) -> None:
        """An interface went down: remove the routes that lead only over it, as Linux does."""
        for routes in self._tables.values():
            for key, route in list(routes.items()):
                if route.nexthops and all(hop.ifindex == index for hop in route.nexthops):
                    del routes[key]
                    self._route_event(route, True)

    def lookup(self, address: Address) -> KernelRoute | None:
        """The route that packets to this address take: longest match, then lowest metric."""
        best: KernelRoute | None = None
        for route in self.routes(address.is_v4, MAIN):
            if not route.prefix.contains(address):
                continue
            if best is None or (-route.prefix.length, route.metric) < (-best.prefix.length, best.metric):
                best = route
        return best

    def _connected(self, v4: bool) -> list[KernelRoute]:
        out: list[KernelRoute] = []
        for nic in self._host.nics.values():
            if not nic.link.up:
                continue
            for item in nic.addresses.values():
                if (
                    item.address.is_v4 is not v4
                    or item.address.is_link_local
                    or item.length == item.address.bits
                ):
                    continue
                hop = NextHop(None, nic.index, nic.name)
                metric = 0 if v4 else 256
                out.append(KernelRoute(item.prefix, MAIN, Dest.UNICAST, (hop,), metric, protocol=2))
        return out

    def _invalid(self, route: KernelRoute) -> str | None:
        for hop in route.nexthops:
            nic = self._host.nics.get(hop.ifindex)
            if nic is None:
                return "No such device"
            if not nic.link.up:
                return "Network is down"
            gateway = hop.gateway
            if gateway is None or gateway.is_link_local or hop.onlink:
                continue
            if not any(item.prefix.contains(gateway) for item in nic.addresses.values()):
                return "Nexthop has invalid gateway"
        return None

    def _route_event(self, route: KernelRoute, removed: bool) -> None:
        host = self._host
        ways = ",".join(f"{hop.gateway}%{hop.ifindex}" for hop in route.nexthops)
        word = "del" if removed else "set"
        host.trace.record(host.clock.now(), host.name, "fib", word, route.prefix, route.dest.name, ways)
        self.report(lambda w: w.route_changed(route, removed))
