"""Neighbors: on which interface an address is reachable directly.

That is the interface that is up and has the longest on-link prefix containing
the address. Link-local addresses exist on every link, so they are never found
here; our own addresses are no neighbors.
"""

from __future__ import annotations

from pybird.core.forwarding.interfaces import Interface, Interfaces
from pybird.values.address import Address


class Neighbors:
    """The neighbors of one router."""

    def __init__(self, interfaces: Interfaces) -> None:
        self._interfaces = interfaces

    def find(self, address: Address, check_link: bool = True, vrf: str | None = None) -> Interface | None:
        """The interface on which this address is directly reachable now; None: there is none.

        Without `check_link`, an interface without carrier counts, too. With a `vrf`, only the
        interfaces in it count: the same address may be elsewhere outside.
        """
        if address.is_link_local or self._interfaces.owner_of(address, vrf) is not None:
            return None
        best: tuple[int, Interface] | None = None
        for interface in self._interfaces:
            if not self._interfaces.enslaved(interface, vrf):
                continue
            if _is_usable(interface, check_link) and interface.on_link(address):
                length = _match_length(interface, address)
                if best is None or length > best[0]:
                    best = (length, interface)
        return best[1] if best is not None else None


def _is_usable(interface: Interface, check_link: bool) -> bool:
    return interface.up if check_link else interface.link.admin_up


def _match_length(interface: Interface, address: Address) -> int:
    """The length of the interface's longest prefix that contains the address; 0: none does."""
    longest = 0
    for own in interface.ready_addresses():
        if own.prefix.contains(address):
            longest = max(longest, own.length)
    return longest
