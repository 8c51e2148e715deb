"""Segments and the interfaces attached to them.

A segment is a switch. With two interfaces and `carrier` it is a cable: if one
interface goes down the other one loses its carrier, as with veth. A segment that
is cut drops every packet, and the carrier stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from pybird.core.ports import AddressKey, Link, LinkAddress
from pybird.values.address import Address


class LinkMachine(Protocol):
    """What a segment needs of the machine behind an interface."""

    name: str
    powered: bool


M = TypeVar("M", bound=LinkMachine)


class LinkSegment(Generic[M]):
    """A switch or cable between interfaces. `latency` in seconds; `loss` is a probability."""

    def __init__(self, name: str, latency: float = 0.001, carrier: bool = False) -> None:
        self.name = name
        self.latency = latency
        self.loss = 0.0
        self.carrier = carrier
        self.nics: list[Nic[M]] = []
        self.is_cut = False
        self.blocked: dict[tuple[str, str], None] = {}  # one way: (from, to) by host name

    def cut(self) -> None:
        """Drop all packets from now on, without any event: only the silence shows it."""
        self.is_cut = True

    def restore(self) -> None:
        """Undo `cut`."""
        self.is_cut = False

    def block(self, source: str, to: str) -> None:
        """Drop packets from one router to another, in this direction only."""
        self.blocked[source, to] = None

    def unblock(self, source: str, to: str) -> None:
        """Undo `block`."""
        self.blocked.pop((source, to), None)

    def passes(self, source: Nic[M], to: Nic[M]) -> bool:
        """Whether packets get from one interface to the other."""
        return (
            not self.is_cut and source.up and to.up and (source.host.name, to.host.name) not in self.blocked
        )

    def others(self, source: Nic[M]) -> Iterator[Nic[M]]:
        """The interfaces that a multicast reaches."""
        return (nic for nic in self.nics if nic is not source and self.passes(source, nic))

    def find(self, source: Nic[M], address: Address) -> Nic[M] | None:
        """The interface that answers for an address (neighbor discovery or ARP); None if there is none."""
        for nic in self.nics:
            if nic is not source and nic.answers(address) and self.passes(source, nic):
                return nic
        return None


class Nic(Generic[M]):
    """A network interface of a host."""

    def __init__(self, host: M, index: int, name: str, mac: bytes, segment: LinkSegment[M] | None) -> None:
        self.host = host
        self.index = index
        self.name = name
        self.mac = mac
        self.segment = segment
        self.mtu = 1500
        self.admin_up = True
        self.carrier = True
        self.master = 0  # the VRF that it is in
        self.addresses: dict[AddressKey, LinkAddress] = {}
        self.lost: tuple[LinkAddress, ...] = ()  # link-local ones that come back with the link
        if segment is not None:
            segment.nics.append(self)

    @property
    def loopback(self) -> bool:
        return self.segment is None

    @property
    def up(self) -> bool:
        """Whether the interface sends and receives packets."""
        return self.admin_up and self.carrier and self.host.powered

    @property
    def link(self) -> Link:
        """The interface as the kernel reports it."""
        return Link(
            index=self.index,
            name=self.name,
            up=self.admin_up and self.carrier,
            mtu=65536 if self.loopback else self.mtu,
            admin_up=self.admin_up,
            loopback=self.loopback,
            multicast=not self.loopback,
            broadcast=not self.loopback,
            mac=self.mac,
            master=self.master,
        )

    def answers(self, address: Address) -> bool:
        """Whether the interface has this address, past duplicate address detection."""
        return any(item.address == address and not item.tentative for item in self.addresses.values())

    def link_local(self) -> Address | None:
        """The link-local address, once it is not tentative."""
        for item in self.addresses.values():
            if item.address.is_link_local and not item.tentative:
                return item.address
        return None
