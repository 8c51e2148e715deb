"""Neighbours: addresses that are reachable directly, and on which interface.

A neighbour is reachable on an interface that is up and has the address on
link; a link-local address needs the interface's name. Protocols with direct
neighbours watch one and hear when its interface changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pybird.core.interfaces import Interface, InterfaceEvent, Interfaces
from pybird.values.address import Address

Changed = Callable[[Interface | None], None]


class Watch:
    """One watched neighbour; `interface` is where it is reachable, None: nowhere."""

    def __init__(
        self, neighbors: Neighbors, address: Address, ifname: str | None, onlink: bool, changed: Changed
    ) -> None:
        self.address = address
        self.ifname = ifname
        self.onlink = onlink
        self._neighbors = neighbors
        self._changed = changed
        self.interface = neighbors.find(address, ifname, onlink)

    def cancel(self) -> None:
        """Hear no more."""
        self._neighbors.forget(self)

    def refresh(self) -> None:
        """Look again, and tell when it changed."""
        found = self._neighbors.find(self.address, self.ifname, self.onlink)
        if found is not self.interface:
            self.interface = found
            self._changed(found)


class Neighbors:
    """The neighbours of one router."""

    def __init__(self, interfaces: Interfaces) -> None:
        self._interfaces = interfaces
        self._watches: dict[Watch, None] = {}
        interfaces.listen(self)

    def find(
        self, address: Address, ifname: str | None = None, onlink: bool = False, check_link: bool = True
    ) -> Interface | None:
        """The interface on which this address is directly reachable now.

        `onlink`: the named interface reaches it whatever its prefixes say.
        Without `check_link` an interface needs no carrier.
        """
        if ifname is not None:
            interface = self._interfaces.named(ifname)
            if interface is None or not _is_usable(interface, check_link):
                return None
            if onlink or interface.on_link(address):
                return interface
            return None
        if address.is_link_local or self._interfaces.owner_of(address) is not None:
            return None
        best: tuple[int, Interface] | None = None
        for interface in self._interfaces:
            if _is_usable(interface, check_link) and interface.on_link(address):
                length = _match_length(interface, address)
                if best is None or length > best[0]:
                    best = (length, interface)
        return best[1] if best is not None else None

    def watch(self, address: Address, ifname: str | None, changed: Changed, onlink: bool = False) -> Watch:
        """Follow one neighbour; `changed(interface or None)` is called on every change."""
        watch = Watch(self, address, ifname, onlink, changed)
        self._watches[watch] = None
        return watch

    def __iter__(self) -> Iterator[Watch]:
        return iter(list(self._watches))

    def forget(self, watch: Watch) -> None:
        """End of a watch."""
        self._watches.pop(watch, None)

    def interface_event(self, event: InterfaceEvent) -> None:
        """Look at every watched neighbour again."""
        for watch in list(self._watches):
            if watch in self._watches:
                watch.refresh()


def _is_usable(interface: Interface, check_link: bool) -> bool:
    return interface.up if check_link else interface.link.admin_up


def _match_length(interface: Interface, address: Address) -> int:
    """The length of the longest prefix of the interface that has the address."""
    longest = 0
    for own in interface.ready_addresses():
        if own.prefix.contains(address):
            longest = max(longest, own.length)
    return longest
