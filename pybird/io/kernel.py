"""The kernel port on netlink: links, addresses, the forwarding table, sysctls.

There is one socket for events, read by the loop; one for requests; and one for
each walk through a routing table, which may stay open while changes are made.
A filter in the kernel drops the events that our own changes cause. When events
are lost (ENOBUFS) the watchers' `overflow` is called: they read everything again.
"""

from __future__ import annotations

import errno
import re
import socket
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from pybird.core.ports import KernelEvents, KernelRoute, Link, LinkAddress, Log
from pybird.io import netlink, table_claims
from pybird.io import rtnetlink as rt
from pybird.values.net import Prefix
from pybird.values.route import Dest

Value = TypeVar("Value")

_EVENT_BUFFER = 8 << 20
_EVENTS_PER_TURN = 64
_ATTEMPTS = 5  # at a dump that changes interrupt
_NAMED = re.compile(r"net\.(ipv4|ipv6)\.(conf|neigh)\.(.+)\.([a-z0-9_]+)")


def sysctl_path(name: str) -> Path:
    """The path in /proc/sys of a sysctl, also if an interface's name in it contains dots."""
    named = _NAMED.fullmatch(name)
    parts = ("net", *named.groups()) if named else tuple(name.split("."))
    return Path("/proc/sys", *parts)


class NetlinkKernel:
    """The `Kernel` port on this network namespace's kernel."""

    def __init__(self, loop: AbstractEventLoop, log: Log) -> None:
        self._loop = loop
        self._log = log
        self._watchers: list[KernelEvents] = []
        self._requests = netlink.RequestSocket()
        self._encoder = rt.RouteEncoder()
        self._names: dict[int, str] = {}
        self._claims: dict[str, socket.socket | None] = {}
        self._events: socket.socket | None = None
        self._rx_buffer = _EVENT_BUFFER

    # links and addresses ------------------------------------------------

    def links(self) -> list[Link]:
        """All interfaces of this namespace."""
        found = self._read(rt.RTM_GETLINK, rt.link_request(), rt.decode_link)
        self._names = {link.index: link.name for link in found}
        return found

    def addresses(self) -> list[LinkAddress]:
        """All IPv4 and IPv6 addresses."""
        return self._read(rt.RTM_GETADDR, rt.address_request(), rt.decode_address)

    def _read(self, kind: int, payload: bytes, decode: Callable[[bytes], Value | None]) -> list[Value]:
        """The decoded messages of a dump, which is repeated if a change interrupts it."""
        for _ in range(_ATTEMPTS):
            found: list[Value] = []
            try:
                for _kind, body in self._requests.dump(kind, payload):
                    value = decode(body)
                    if value is not None:
                        found.append(value)
            except InterruptedError:
                continue
            return found
        raise InterruptedError(errno.EINTR, "Changed each time it was read")

    # events -------------------------------------------------------------

    def watch(self, events: KernelEvents) -> None:
        """Report changes from now on to `events`, in addition to other watchers."""
        if self._events is None:
            self._open_events()
        self._watchers.append(events)

    def unwatch(self, events: KernelEvents) -> None:
        """Report no more changes to `events`."""
        if events in self._watchers:
            self._watchers.remove(events)
        if not self._watchers:
            self._close_events()

    def _close_events(self) -> None:
        if self._events is not None:
            self._loop.remove_reader(self._events.fileno())
            self._events.close()
            self._events = None

    def set_event_buffer(self, octets: int) -> None:
        """Make the receive buffer for events at least this large."""
        self._rx_buffer = max(self._rx_buffer, octets)
        if self._events is not None:
            netlink.grow_buffer(self._events, self._rx_buffer)

    def _open_events(self) -> None:
        sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
        sock.setblocking(False)
        sock.bind((0, 0))
        netlink.grow_buffer(sock, self._rx_buffer)
        netlink.ignore_port(sock, self._requests.port)
        for group in (
            rt.GROUP_LINK, rt.GROUP_V4_ADDRESS, rt.GROUP_V6_ADDRESS, rt.GROUP_V4_ROUTE, rt.GROUP_V6_ROUTE,
        ):  # fmt: skip
            sock.setsockopt(netlink.SOL_NETLINK, netlink.NETLINK_ADD_MEMBERSHIP, group)
        self._events = sock
        self._loop.add_reader(sock.fileno(), self._readable)

    def _readable(self) -> None:
        for _ in range(_EVENTS_PER_TURN):
            if self._events is None:
                return
            try:
                data = self._events.recv(netlink.RECEIVE_SIZE)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                self._overflow()
                return
            for kind, _flags, _sequence, _port, body in netlink.messages(data):
                self._event(kind, body)

    def _overflow(self) -> None:
        """Events were dropped: replace the socket, and call the watchers' `overflow`.

        Events that wait in the old socket are older than what a scan will find, and
        would undo it.
        """
        self._log.write("warning", "Kernel dropped some netlink messages, will resync on next scan.")
        self._close_events()
        self._open_events()
        for watcher in tuple(self._watchers):
            watcher.overflow()

    def _event(self, kind: int, body: bytes) -> None:
        watchers = tuple(self._watchers)
        if kind in (rt.RTM_NEWROUTE, rt.RTM_DELROUTE):
            route = rt.decode_route(body, self._name)
            if route is not None:
                for watcher in watchers:
                    watcher.route_changed(route, kind == rt.RTM_DELROUTE)
        elif kind in (rt.RTM_NEWADDR, rt.RTM_DELADDR):
            address = rt.decode_address(body)
            if address is not None:
                for watcher in watchers:
                    if kind == rt.RTM_NEWADDR:
                        watcher.address_changed(address)
                    else:
                        watcher.address_removed(address)
        elif kind in (rt.RTM_NEWLINK, rt.RTM_DELLINK):
            link = rt.decode_link(body)
            if link is None:
                return
            if kind == rt.RTM_NEWLINK:
                self._names[link.index] = link.name
                for watcher in watchers:
                    watcher.link_changed(link)
            else:
                self._names.pop(link.index, None)
                for watcher in watchers:
                    watcher.link_removed(link.index)

    # routes -------------------------------------------------------------

    def routes(self, v4: bool, table: int, protocol: int | None = None) -> Iterator[KernelRoute]:
        """The routes of one table, read from the kernel as the caller iterates."""
        payload = rt.route_request(v4, table, protocol)
        dumps = netlink.RequestSocket()  # a socket of its own: it can do one dump at a time
        decode = rt.RouteDecoder(self._name).decode
        try:
            for kind, body in dumps.dump(rt.RTM_GETROUTE, payload):
                if kind != rt.RTM_NEWROUTE or (protocol is not None and body[5] != protocol):
                    continue
                route = decode(body)
                if route is not None and route.table == table:
                    yield route
        except OSError as error:
            if error.errno != errno.ENOENT:  # a table without routes does not exist
                raise
        finally:
            dumps.close()

    def _name(self, index: int) -> str:
        """The name of an interface; empty when it is gone."""
        name = self._names.get(index)
        if name is None:
            try:
                name = socket.if_indextoname(index) if index else ""
            except OSError:
                return ""
            self._names[index] = name
        return name

    def change_routes(
        self,
        replace: Iterable[KernelRoute],
        delete: Iterable[KernelRoute],
        add: Iterable[KernelRoute] = (),
    ) -> list[tuple[KernelRoute, str]]:
        """Apply deletions, then additions, then replacements; returns the refused routes and why.

        To delete a route that does not exist is not an error.
        """
        encode, erase = self._encoder.encode, self._encoder.encode_delete
        routes: list[KernelRoute] = []
        requests: list[tuple[int, int, bytes]] = []
        create = netlink.NLM_F_CREATE
        for route in delete:
            routes.append(route)
            requests.append((rt.RTM_DELROUTE, 0, erase(route)))
        deletions = len(routes)
        for route in add:
            routes.append(route)
            requests.append((rt.RTM_NEWROUTE, create | netlink.NLM_F_EXCL, encode(route)))
        for route in replace:
            routes.append(route)
            requests.append((rt.RTM_NEWROUTE, create | netlink.NLM_F_REPLACE, encode(route)))
        gone = (errno.ESRCH, errno.ENODEV, errno.ENOENT)
        return [
            (routes[at], reason)
            for at, (number, reason) in sorted(self._requests.change(requests).items())
            if at >= deletions or number not in gone
        ]

    def claim(self, v4: bool, table: int, metric: int) -> str | None:
        """Claim the right to write routes of this metric to a table; returns the obstacle, or None."""
        refused = self.change_routes((), (_no_route(v4, table),))
        if refused:
            return f"{refused[0][1]} (changing routes needs CAP_NET_ADMIN)"
        name = _claim_name(v4, table, metric)
        if name in self._claims:
            return None
        try:
            held, pid = table_claims.claim(name)
        except OSError:
            held, pid = None, None
        if pid is not None:
            return f"another PyBIRD, process {pid}, writes to kernel table {table} with metric {metric}"
        self._claims[name] = held
        if held is not None:
            self._loop.add_reader(held.fileno(), table_claims.answer, held)
        return None

    def release(self, v4: bool, table: int, metric: int) -> None:
        """Give up a claim, so that another daemon can have it."""
        self._close_claim(self._claims.pop(_claim_name(v4, table, metric), None))

    def _close_claim(self, held: socket.socket | None) -> None:
        if held is not None:
            self._loop.remove_reader(held.fileno())
            held.close()

    # settings -----------------------------------------------------------

    def setting(self, name: str) -> str | None:
        """A sysctl value such as `net.ipv6.conf.eth0.forwarding`; None when unknown."""
        try:
            return sysctl_path(name).read_text().strip()
        except (OSError, ValueError):
            return None

    def close(self) -> None:
        """Close all sockets."""
        for watcher in tuple(self._watchers):
            self.unwatch(watcher)
        self._requests.close()
        for held in self._claims.values():
            self._close_claim(held)
        self._claims.clear()


def _claim_name(v4: bool, table: int, metric: int) -> str:
    return f"pybird/kernel/{4 if v4 else 6}/{table}/{metric}"


def _no_route(v4: bool, table: int) -> KernelRoute:
    """A route that does not exist, to try a deletion: reserved space or the discard prefix (RFC 6666)."""
    prefix = Prefix.parse("240.0.0.0/32" if v4 else "100::/128")
    return KernelRoute(prefix, table, Dest.BLACKHOLE, metric=0xFFFFFFFE)
