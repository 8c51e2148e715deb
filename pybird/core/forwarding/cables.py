"""What is known of the other ends of our cables: the names of systems and ports.

Protocols that hear such names (LLDP) put them here by interface, and who wants to know
asks or listens. Nobody else is told who put them there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pybird.values.address import Address


@dataclass(frozen=True, slots=True)
class CableEnd:
    """A system that is heard on one of our interfaces, and its port. `mac` is where frames come from."""

    source: str  # the protocol that heard it
    system: str
    port: str
    addresses: tuple[Address, ...] = ()
    mac: bytes = b""

    def has(self, address: Address) -> bool:
        """True if the address is surely its own: it says so, or the address is made of its MAC."""
        return address in self.addresses or address == link_local_of(self.mac)


class Cables:
    """The ends of all cables of one router."""

    def __init__(self) -> None:
        self._ends: dict[int, dict[str, tuple[CableEnd, ...]]] = {}
        self._listeners: dict[object, Callable[[int], None]] = {}

    def put(self, source: str, ifindex: int, ends: tuple[CableEnd, ...]) -> None:
        """Replace what one protocol hears on one interface; empty: nobody."""
        known = self._ends.setdefault(ifindex, {})
        if known.get(source, ()) == ends:
            return
        if ends:
            known[source] = ends
        else:
            del known[source]
        if not known:
            del self._ends[ifindex]
        for call in list(self._listeners.values()):
            call(ifindex)

    def ends(self, ifindex: int) -> list[CableEnd]:
        """Everybody who is heard on an interface."""
        return [end for ends in self._ends.get(ifindex, {}).values() for end in ends]

    def end_of(self, ifindex: int, address: Address) -> CableEnd | None:
        """The end that has an address; else the only one there, unless it says other link-local addresses."""
        ends = self.ends(ifindex)
        for end in ends:
            if end.has(address):
                return end
        if len({(end.system, end.port) for end in ends}) != 1:
            return None
        return None if any(other.is_link_local for other in ends[0].addresses) else ends[0]

    def listen(self, listener: object, changed: Callable[[int], None]) -> None:
        """Call `changed` with the index of an interface whose ends are others now, until `unlisten`."""
        self._listeners[listener] = changed

    def unlisten(self, listener: object) -> None:
        """Stop calling for this listener."""
        self._listeners.pop(listener, None)


def link_local_of(mac: bytes) -> Address | None:
    """The link-local address that a system makes of a MAC address (RFC 4291, appendix A)."""
    if len(mac) != 6:
        return None
    host = bytes((mac[0] ^ 2,)) + mac[1:3] + b"\xff\xfe" + mac[3:]
    return Address(b"\xfe\x80" + bytes(6) + host)
