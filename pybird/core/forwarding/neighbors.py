"""Neighbors: on which interface an address is reachable directly.

That is an interface that is up and has the address on link: the one with the
longest prefix. A link-local address is on every link, so it is not looked for
here, and our own addresses are no neighbors.
"""

from __future__ import annotations

from pybird.core.forwarding.interfaces import Interface, Interfaces
from pybird.values.address import Address


class Neighbors:
    """The neighbors of one router."""

    def __init__(self, interfaces: Interfaces) -> None:
        self._interfaces = interfaces

    def find(self, address: Address, check_link: bool = True) -> Interface | None:
        """The interface on which this address is directly reachable now.

        Without `check_link` an interface needs no carrier.
        """
        if address.is_link_local or self._interfaces.owner_of(address) is not None:
            return None
        best: tuple[int, Interface] | None = None
        for interface in self._interfaces:
            if _is_usable(interface, check_link) and interface.on_link(address):
                length = _match_length(interface, address)
                if best is None or length > best[0]:
                    best = (length, interface)
        return best[1] if best is not None else None


def _is_usable(interface: Interface, check_link: bool) -> bool:
    return interface.up if check_link else interface.link.admin_up


def _match_length(interface: Interface, address: Address) -> int:
    """The length of the longest prefix of the interface that has the address."""
    longest = 0
    for own in interface.ready_addresses():
        if own.prefix.contains(address):
            longest = max(longest, own.length)
    return longest
