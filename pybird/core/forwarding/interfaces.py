"""The router's interfaces, and the listeners to their changes.

The device protocol feeds this from the kernel; no other code asks the kernel. A
listener gets an `InterfaceEvent` after the change was applied. An address
counts once duplicate address detection is complete: while it is tentative it is
stored, but neither announced to listeners nor used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, Protocol, TypeAlias

from pybird.conf.model import InterfacePattern
from pybird.core.ports import AddressKey, Link, LinkAddress
from pybird.values.address import Address
from pybird.values.net import Prefix


def _has_host(net: Prefix, address: Address) -> bool:
    """True if the network contains the address; in IPv4 networks up to /30 not its first or last one."""
    if not net.contains(address):
        return False
    if not address.is_v4 or net.length >= 31:
        return True
    host = int.from_bytes(address.octets, "big") & ((1 << (32 - net.length)) - 1)
    return 0 < host < (1 << (32 - net.length)) - 1


class Interface:
    """One interface: its link and its addresses."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.addresses: dict[AddressKey, LinkAddress] = {}
        self.preferred_first: tuple[Address | Prefix, ...] = ()  # from the device protocol's config

    @property
    def index(self) -> int:
        """The kernel's interface index."""
        return self.link.index

    @property
    def name(self) -> str:
        """The current name; an interface may be renamed."""
        return self.link.name

    @property
    def up(self) -> bool:
        """Administratively up and with carrier."""
        return self.link.up

    def ready_addresses(self) -> list[LinkAddress]:
        """The addresses that may be used, which are not tentative."""
        return [address for address in self.addresses.values() if not address.tentative]

    def link_local(self) -> Address | None:
        """The link-local address to use; None while there is none that is not tentative."""
        return self._pick([a.address for a in self.ready_addresses() if a.address.is_link_local])

    def preferred(self, v4: bool) -> LinkAddress | None:
        """The address to use as source: the configured one, else the first of global scope."""
        found = [
            a
            for a in self.ready_addresses()
            if a.address.is_v4 == v4 and not a.address.is_link_local and not a.secondary
        ]
        best = self._pick([a.address for a in found])
        return next((a for a in found if a.address == best), None)

    def has(self, address: Address) -> bool:
        """True if this is one of the interface's own usable addresses."""
        return any(own.address == address and not own.tentative for own in self.addresses.values())

    def on_link(self, address: Address) -> bool:
        """True if this address is directly reachable here and not our own."""
        if self.has(address):
            return False
        if address.is_link_local:
            return True
        return any(_has_host(own.prefix, address) for own in self.ready_addresses())

    def _pick(self, addresses: list[Address]) -> Address | None:
        for wish in self.preferred_first:
            for address in addresses:
                if wish == address or (isinstance(wish, Prefix) and wish.contains(address)):
                    return address
        return addresses[0] if addresses else None

    def __repr__(self) -> str:
        return f"Interface({self.index}, {self.name})"


InterfaceChange: TypeAlias = Literal[
    "added", "removed", "up", "down", "renamed", "changed", "address", "address-removed"
]


@dataclass(frozen=True, slots=True)
class InterfaceEvent:
    """A change of an interface.

    "changed" is its MTU, its flags or its master; with "address" one was added. Only the two
    kinds of addresses have `address`.
    """

    kind: InterfaceChange
    interface: Interface
    address: LinkAddress | None = None
    what: str = ""  # for kind "changed", in BIRD's words: MTU, link


class InterfaceListener(Protocol):
    """An object that gets interface changes."""

    def interface_event(self, event: InterfaceEvent) -> None:
        """Called for each change, after it was applied."""


class Interfaces:
    """All interfaces of one router."""

    def __init__(self) -> None:
        self.by_index: dict[int, Interface] = {}
        self._listeners: dict[InterfaceListener, None] = {}

    @property
    def by_name(self) -> dict[str, Interface]:
        """Interfaces by their current names."""
        return {interface.name: interface for interface in self.by_index.values()}

    def named(self, name: str) -> Interface | None:
        """The interface with this name; None: there is none."""
        for interface in self.by_index.values():
            if interface.name == name:
                return interface
        return None

    def __iter__(self) -> Iterator[Interface]:
        return iter(list(self.by_index.values()))

    def listen(self, listener: InterfaceListener) -> None:
        """Call this listener for every change from now on."""
        self._listeners[listener] = None

    def unlisten(self, listener: InterfaceListener) -> None:
        """Stop calling this listener."""
        self._listeners.pop(listener, None)

    def _notify(
        self, kind: InterfaceChange, interface: Interface, address: LinkAddress | None = None, what: str = ""
    ) -> None:
        event = InterfaceEvent(kind, interface, address, what)
        for listener in list(self._listeners):
            if listener not in self._listeners:
                continue
            guarded = getattr(listener, "guarded", None)  # of a protocol instance: an exception stops it
            if guarded is not None:
                guarded(listener.interface_event, event)
            else:
                listener.interface_event(event)

    # changes, from the device protocol ------------------------------------

    def link_changed(self, link: Link) -> None:
        """A link appeared or changed."""
        known = self.by_index.get(link.index)
        if known is None:
            interface = self.by_index[link.index] = Interface(link)
            self._notify("added", interface)
            if link.up:
                self._notify("up", interface)
            return
        old, known.link = known.link, link
        if old == link:
            return
        if old.name != link.name:
            self._notify("renamed", known)
        if old.up != link.up:
            self._notify("up" if link.up else "down", known)
        elif old.name == link.name:
            self._notify("changed", known, what="MTU" if old.mtu != link.mtu else "link")

    def link_removed(self, index: int) -> None:
        """A link vanished, with all its addresses."""
        interface = self.by_index.get(index)
        if interface is None:
            return
        if interface.up:
            interface.link = _downed(interface.link)
            self._notify("down", interface)
        for address in list(interface.addresses.values()):
            self.address_removed(address)
        self.by_index.pop(index, None)
        self._notify("removed", interface)

    def address_changed(self, address: LinkAddress) -> None:
        """An address appeared, changed, or is no longer tentative."""
        interface = self.by_index.get(address.ifindex)
        if interface is None:
            return
        old = interface.addresses.get(address.key)
        if old == address:
            return
        if old is not None and not old.tentative and address.tentative:
            self.address_removed(old)
        interface.addresses[address.key] = address
        if not address.tentative:
            self._notify("address", interface, address)

    def address_removed(self, address: LinkAddress) -> None:
        """An address was removed."""
        interface = self.by_index.get(address.ifindex)
        old = interface.addresses.pop(address.key, None) if interface is not None else None
        if interface is not None and old is not None and not old.tentative:
            self._notify("address-removed", interface, old)

    # questions ------------------------------------------------------------

    def in_vrf(self, interface: Interface, vrf: str | None) -> bool:
        """True if the interface belongs to this VRF; always for None."""
        if vrf is None:
            return True
        master = self.by_index.get(interface.link.master) if interface.link.master else None
        if vrf == "default":
            return master is None
        return interface.name == vrf or (master is not None and master.name == vrf)

    def enslaved(self, interface: Interface, vrf: str | None) -> bool:
        """True if the interface is a link of this VRF, which its own device is not; always for None."""
        return self.in_vrf(interface, vrf) and interface.name != vrf

    def owner_of(self, address: Address, vrf: str | None = None) -> Interface | None:
        """The interface (in this VRF) that has this usable address; None: it is not ours."""
        for interface in self.by_index.values():
            if interface.has(address) and self.in_vrf(interface, vrf):
                return interface
        return None

    def lowest_v4(self, patterns: tuple[InterfacePattern, ...] = ()) -> Address | None:
        """The address that BIRD would take as router id: the lowest IPv4 address of an interface that is up.

        Loopback interfaces count only when patterns name them.
        """
        found: list[Address] = []
        for interface in self.by_index.values():
            if not interface.link.admin_up or (not patterns and interface.link.loopback):
                continue
            for own in interface.ready_addresses():
                address = own.address
                if not address.is_v4 or address.is_loopback:
                    continue
                if patterns and not matches_address(patterns, interface, address):
                    continue
                found.append(address)
        return min(found) if found else None


def _downed(link: Link) -> Link:
    return replace(link, up=False)


def name_matches(mask: str, name: str) -> bool:
    """True if the name matches a pattern with `*` and `?`."""
    if not mask:
        return not name
    if mask[0] == "*":
        rest = mask.lstrip("*")
        return not rest or any(name_matches(rest, name[at:]) for at in range(len(name) + 1))
    return bool(name) and mask[0] in ("?", name[0]) and name_matches(mask[1:], name[1:])


def matches(patterns: tuple[InterfacePattern, ...], interface: Interface) -> bool:
    """True if a list of interface patterns includes this interface; the first match decides."""
    for pattern in patterns:
        if pattern.mask is not None and not name_matches(pattern.mask, interface.name):
            continue
        if pattern.prefix is not None:
            inside = [pattern.prefix.contains(own.address) for own in interface.ready_addresses()]
            if not any(inside):
                continue
        return not pattern.negative
    return False


def matches_address(patterns: tuple[InterfacePattern, ...], interface: Interface, address: Address) -> bool:
    """As `matches`, for one address of the interface (`router id from`)."""
    for pattern in patterns:
        if pattern.mask is not None and not name_matches(pattern.mask, interface.name):
            continue
        if pattern.prefix is not None and not pattern.prefix.contains(address):
            continue
        return not pattern.negative
    return False
