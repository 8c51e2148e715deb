"""A simulated machine: its interfaces, addresses, kernel, sockets and running process.

The host lives as long as the world; the process is the router's program on it.
`kill` ends the process as SIGKILL does (the kernel closes its connections);
`power_off` stops the machine without sending anything.
"""

from __future__ import annotations

from random import Random
from typing import Final, Protocol
from zlib import crc32

from pybird.core.ports import Frame, Icmp6Packet, LinkAddress
from pybird.sim.clock import SimClock
from pybird.sim.disk import Disk
from pybird.sim.kernel import SimKernel
from pybird.sim.link import LinkSegment, Nic
from pybird.sim.process import Process
from pybird.sim.tcp import Path, Tcp
from pybird.sim.trace import EventHash
from pybird.values.address import Address

LOCAL_HOST = (LinkAddress(1, Address.parse("127.0.0.1"), 8), LinkAddress(1, Address.parse("::1"), 128))
MOST_HOPS: Final = 64


class PacketSocket(Protocol):
    """A raw ICMPv6 socket of the program."""

    nic: Nic[Host]

    def deliver(self, packet: Icmp6Packet) -> None:
        """A packet came in on its interface."""


class FrameReceiver(Protocol):
    """A packet socket of the program."""

    nic: Nic[Host]

    def deliver(self, ethertype: int, frame: Frame) -> None:
        """A frame came in on its interface."""


class Host:
    """One machine."""

    def __init__(self, name: str, number: int, clock: SimClock, trace: EventHash, random: Random) -> None:
        self.name = name
        self.number = number
        self.clock = clock
        self.trace = trace
        self.random = random
        self.dad: tuple[float, float] | None = None  # seconds, at least and at most
        self.powered = True
        self.process = Process(name, clock, trace)
        self.disk = Disk(name, clock, trace)
        self.kernel = SimKernel(self)
        self.tcp = Tcp(self)
        self.sockets: list[PacketSocket] = []
        self.frame_sockets: list[FrameReceiver] = []
        self.nics: dict[int, Nic[Host]] = {}
        self.fragment = False  # deliver TCP octets in random portions
        self.read_rate: float | None = None  # octets per second that the program reads from TCP
        lo = self.nics[1] = Nic(self, 1, "lo", b"", None)
        lo.addresses = {item.key: item for item in LOCAL_HOST}

    # interfaces ---------------------------------------------------------

    def nic(self, name: str) -> Nic[Host]:
        """The interface of this name."""
        return next(nic for nic in self.nics.values() if nic.name == name)

    def attach(
        self, name: str, segment: LinkSegment[Host], link_local: str | None = None, index: int | None = None
    ) -> Nic[Host]:
        """Attach a new interface to a segment; it gets a link-local address."""
        index = index or max(self.nics) + 1
        mac = bytes((2, 0, 0, self.number >> 8, self.number & 255, index & 255))
        nic = self.nics[index] = Nic(self, index, name, mac, segment)
        self.set_defaults(nic)
        self.kernel.report(lambda w: w.link_changed(nic.link))
        self._pull_carrier(nic)
        text = link_local or f"fe80::{self.number:x}:{index:x}"
        self.add_address(name, f"{text}/64")
        return nic

    def set_defaults(self, nic: Nic[Host]) -> None:
        """Set the sysctls of a new or renamed interface: a router does not accept RAs."""
        self.kernel.settings.setdefault(f"net.ipv6.conf.{nic.name}.accept_ra", "0")

    def detach(self, name: str) -> None:
        """Remove an interface."""
        nic = self.nic(name)
        self.set_link(name, False)
        del self.nics[nic.index]
        if nic.segment is not None:
            nic.segment.nics.remove(nic)
        self.kernel.report(lambda w: w.link_removed(nic.index))

    def rename(self, name: str, new: str) -> None:
        """Give an interface another name; its index stays."""
        nic = self.nic(name)
        nic.name = new
        self.set_defaults(nic)
        self.kernel.report(lambda w: w.link_changed(nic.link))

    def add_vrf(self, name: str) -> Nic[Host]:
        """`ip link add NAME type vrf`. A VRF affects only sockets, not the forwarding of packets."""
        index = max(self.nics) + 1
        nic = self.nics[index] = Nic(self, index, name, b"", None)
        self.kernel.report(lambda w: w.link_changed(nic.link))
        return nic

    def set_master(self, name: str, vrf: str | None) -> None:
        """`ip link set NAME master VRF`, or `nomaster`: only sockets of that VRF get its packets."""
        nic = self.nic(name)
        nic.master = 0 if vrf is None else self.nic(vrf).index
        self.trace.record(self.clock.now(), self.name, "master", name, vrf or "none")
        self._link_event(nic)

    def vrf_of(self, index: int) -> str | None:
        """The VRF that an interface is in; None if it is in none."""
        nic = self.nics.get(index)
        return self.nics[nic.master].name if nic is not None and nic.master else None

    def set_link(self, name: str, up: bool) -> None:
        """`ip link set up|down`. Down removes IPv6 addresses; only link-local ones return with up."""
        nic = self.nic(name)
        if nic.admin_up == up:
            return
        nic.admin_up = up
        self.trace.record(self.clock.now(), self.name, "link", name, "up" if up else "down")
        if not up:
            self.kernel.drop_routes_over(nic.index)
        self._link_event(nic)
        self._pull_carrier(nic)
        if up:
            self._return_addresses(nic)
        else:
            self._lose_addresses(nic)

    def set_carrier(self, nic: Nic[Host], carrier: bool) -> None:
        """Plug the cable in or out; addresses and routes stay."""
        if nic.carrier != carrier:
            nic.carrier = carrier
            self.trace.record(self.clock.now(), self.name, "carrier", nic.name, carrier)
            self._link_event(nic)

    def _pull_carrier(self, nic: Nic[Host]) -> None:
        segment = nic.segment
        if segment is None or not segment.carrier:
            return
        for other in segment.nics:
            if other is not nic:
                other.host.set_carrier(other, nic.admin_up and self.powered)

    def _link_event(self, nic: Nic[Host]) -> None:
        link = nic.link
        self.kernel.report(lambda w: w.link_changed(link))

    # addresses ----------------------------------------------------------

    def add_address(self, name: str, text: str) -> LinkAddress:
        """`ip address add ADDRESS/LENGTH dev NAME`; IPv6 ones are tentative while `dad` is set."""
        nic = self.nic(name)
        head, _, length = text.partition("/")
        address = Address.parse(head)
        bits = int(length) if length else address.bits
        tentative = self.dad is not None and not address.is_v4 and not nic.loopback
        item = LinkAddress(nic.index, address, bits, tentative)
        self._set_address(nic, item)
        if tentative:
            self._begin_dad(nic, item)
        return item

    def remove_address(self, name: str, text: str) -> None:
        """`ip address del ADDRESS[/LENGTH] dev NAME`."""
        nic = self.nic(name)
        head, _, length = text.partition("/")
        address = Address.parse(head)
        for item in list(nic.addresses.values()):
            if item.address == address and (not length or item.length == int(length)):
                del nic.addresses[item.key]
                self.trace.record(self.clock.now(), self.name, "address", nic.name, "del", address)
                self._tell_removed(item)

    def _set_address(self, nic: Nic[Host], item: LinkAddress) -> None:
        nic.addresses[item.key] = item
        self.trace.record(self.clock.now(), self.name, "address", nic.name, item.address, item.tentative)
        self.kernel.report(lambda w: w.address_changed(item))

    def _begin_dad(self, nic: Nic[Host], item: LinkAddress) -> None:
        assert self.dad is not None
        self.clock.call_at(
            self.clock.now() + self.random.uniform(*self.dad), lambda: self._end_dad(nic, item)
        )

    def _end_dad(self, nic: Nic[Host], item: LinkAddress) -> None:
        if nic.addresses.get(item.key) is not item or not nic.admin_up:
            return
        if nic.segment is not None and nic.segment.find(nic, item.address) is not None:
            return  # a duplicate: it stays tentative for ever
        self._set_address(nic, LinkAddress(nic.index, item.address, item.length))

    def _lose_addresses(self, nic: Nic[Host]) -> None:
        lost = [item for item in nic.addresses.values() if not item.address.is_v4]
        for item in lost:
            del nic.addresses[item.key]
        for item in lost:
            self._tell_removed(item)
        nic.lost = tuple(item for item in lost if item.address.is_link_local)

    def _tell_removed(self, item: LinkAddress) -> None:
        self.kernel.report(lambda w: w.address_removed(item))

    def _return_addresses(self, nic: Nic[Host]) -> None:
        for item in nic.lost:
            self.add_address(nic.name, f"{item.address}/{item.length}")
        nic.lost = ()

    # packets ------------------------------------------------------------

    def owns(self, address: Address) -> bool:
        """Whether this is an address of one of our interfaces, and the host is on."""
        return self.powered and any(nic.answers(address) for nic in self.nics.values())

    def forwards(self, v4: bool) -> bool:
        """Whether this kernel forwards packets of the family."""
        name = "net.ipv4.ip_forward" if v4 else "net.ipv6.conf.all.forwarding"
        return self.kernel.settings.get(name) == "1"

    def path(self, remote: Address, ifindex: int = 0) -> Path | None:
        """The path to an address, found hop by hop in the kernels' tables; None if packets do not arrive."""
        if remote.is_link_local:
            found = self._across(ifindex, remote)
            return None if found is None else Path(found[0].host, found[0], 1, found[1])
        if self.owns(remote):
            return Path(self, self.nics[1], 0, 0.0)
        host, latency = self, 0.0
        for hops in range(1, MOST_HOPS + 1):
            step = host.forward(remote)
            found = None if step is None else host._across(step[0].index, step[1])
            if found is None:
                return None
            host, latency = found[0].host, latency + found[1]
            if host.owns(remote):
                return Path(host, found[0], hops, latency)
            if not host.forwards(remote.is_v4):
                return None
        return None

    def forward(self, remote: Address) -> tuple[Nic[Host], Address] | None:
        """(interface, next hop) towards a global address; None if there is no route."""
        route = self.kernel.lookup(remote)
        if route is None or not route.nexthops:
            return None
        alive = [hop for hop in route.nexthops if hop.ifindex in self.nics and self.nics[hop.ifindex].up]
        if not alive:
            return None
        hop = alive[crc32(remote.octets) % len(alive)]
        return self.nics[hop.ifindex], hop.gateway or remote

    def _across(self, ifindex: int, gateway: Address) -> tuple[Nic[Host], float] | None:
        """(interface that has this address on the segment, latency to it); None if there is none."""
        nic = self.nics.get(ifindex)
        if nic is None or nic.segment is None or not nic.up:
            return None
        to = nic.segment.find(nic, gateway)
        return None if to is None else (to, nic.segment.latency)

    def loses(self, path: Path) -> bool:
        """Whether one packet is lost, at random by the last link's loss."""
        segment = path.nic.segment
        return segment is not None and segment.loss > 0 and self.random.random() < segment.loss

    def ping(self, remote: str, source: str) -> bool:
        """Whether packets get to `remote` and from there back to our address `source`."""
        back = Address.parse(source)
        there = self.path(Address.parse(remote))
        if there is None or not self.owns(back):
            return False
        answer = there.host.path(back)
        return answer is not None and answer.host is self

    # life ---------------------------------------------------------------

    def kill(self) -> None:
        """SIGKILL: the process ends without sending anything; the kernel closes its sockets."""
        self.trace.record(self.clock.now(), self.name, "killed")
        self.process.kill()
        self.disk.process_gone(self.random)
        self.kernel.forget_watchers()
        self.sockets.clear()
        self.frame_sockets.clear()
        self.tcp.process_gone()

    def power_off(self) -> None:
        """Switch the machine off: it sends nothing more."""
        self.trace.record(self.clock.now(), self.name, "power off")
        self.process.kill()
        self.disk.process_gone(self.random)
        self.disk.power_gone(self.random)
        self.kernel.forget_watchers()
        self.sockets.clear()
        self.frame_sockets.clear()
        self.kernel.forget_routes()
        self.tcp.power_off()
        self.powered = False
        for nic in self.nics.values():
            self._pull_carrier(nic)

    def new_process(self) -> Process:
        """Power on if need be, and return the process of a new run of the program."""
        if not self.powered:
            self.powered = True
            for nic in self.nics.values():
                self._pull_carrier(nic)
        self.process = Process(self.name, self.clock, self.trace)
        return self.process
