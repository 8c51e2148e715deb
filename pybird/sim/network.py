"""The `Network` port of one simulated process: TCP, raw ICMPv6 and packet sockets."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Final

from pybird.core.ports import Frame, Icmp6Packet, SignatureFailures, Stream, StreamHandler, TcpOptions
from pybird.sim.host import Host, PacketSocket
from pybird.sim.link import LinkSegment, Nic
from pybird.sim.process import Process
from pybird.sim.tcp import Endpoint, SimulatedTcpListener, os_error
from pybird.values.address import Address

ALL_NODES: Final = Address.parse("ff02::1")
ALL_ROUTERS: Final = Address.parse("ff02::2")
GROUPS: Final = (ALL_NODES, ALL_ROUTERS)


def _ignore(packet: Icmp6Packet) -> None:
    """The callback of a closed socket: never called."""


class SimulatedIcmp6Socket:
    """A raw ICMPv6 socket on one interface."""

    def __init__(
        self,
        network: SimNetwork,
        nic: Nic[Host],
        types: tuple[int, ...],
        received: Callable[[Icmp6Packet], None],
    ) -> None:
        self.nic = nic
        self._network = network
        self._types = types
        self._received = received
        self._open = True

    def send(self, data: bytes, to: Address) -> None:
        """Send with hop limit 255 from the link-local address; without one, send nothing."""
        source = self.nic.link_local()
        if self._open and source is not None and self.nic.segment is not None and self.nic.up:
            transmit(self.nic.segment, Icmp6Packet(data, source, to, 255), self.nic)

    def close(self) -> None:
        """Receive nothing more."""
        self._open = False
        self._received = _ignore
        self._network.sockets = [s for s in self._network.sockets if s is not self]

    def deliver(self, packet: Icmp6Packet) -> None:
        """Pass a packet of our types to the program."""
        if self._open and packet.data and packet.data[0] in self._types:
            self._network.process.run(lambda: self._receive(packet))

    def _receive(self, packet: Icmp6Packet) -> None:
        if self._open:
            self._received(packet)


class SimulatedFrameSocket:
    """A packet socket on one interface, for one EtherType."""

    def __init__(
        self,
        host: Host,
        process: Process,
        nic: Nic[Host],
        ethertype: int,
        group: bytes,
        received: Callable[[Frame], None],
    ) -> None:
        self.nic = nic
        self._host = host
        self._process = process
        self._ethertype = ethertype
        self._group = group
        self._received = received
        self._open = True

    def send(self, data: bytes, to: bytes) -> None:
        """Send from the interface's address; nothing while it is down."""
        if self._open and self.nic.segment is not None and self.nic.up:
            transmit_frame(self.nic.segment, self._ethertype, Frame(data, self.nic.mac, to), self.nic)

    def close(self) -> None:
        """Receive nothing more."""
        self._open = False
        self._received = _ignore_frame
        self._host.frame_sockets = [s for s in self._host.frame_sockets if s is not self]

    def deliver(self, ethertype: int, frame: Frame) -> None:
        """Pass a frame of our type to the program."""
        if self._open and ethertype == self._ethertype and frame.destination in (self._group, self.nic.mac):
            self._process.run(lambda: self._receive(frame))

    def _receive(self, frame: Frame) -> None:
        if self._open:
            self._received(frame)


def _ignore_frame(frame: Frame) -> None:
    """The callback of a closed socket: never called."""


def transmit_frame(
    segment: LinkSegment[Host], ethertype: int, frame: Frame, source: Nic[Host] | None
) -> None:
    """Put a frame on a segment, as a hub does; `source` None: a forged one, which reaches every interface."""
    for nic in list(segment.nics):
        if nic is source or (source is not None and not segment.passes(source, nic)):
            continue
        host = nic.host
        if segment.loss and host.random.random() < segment.loss:
            continue
        host.clock.call_at(
            host.clock.now() + segment.latency,
            lambda nic=nic: _arrive_frame(nic, ethertype, frame),  # type: ignore[misc]
        )


def _arrive_frame(nic: Nic[Host], ethertype: int, frame: Frame) -> None:
    host = nic.host
    if not nic.up:
        return
    host.trace.record(host.clock.now(), host.name, "frame", nic.name, f"{ethertype:04x}", frame.data.hex())
    for socket in list(host.frame_sockets):
        if socket.nic is nic:
            socket.deliver(ethertype, frame)


def transmit(segment: LinkSegment[Host], packet: Icmp6Packet, source: Nic[Host] | None) -> None:
    """Put a packet on a segment; `source` None: a forged one, which reaches every interface."""
    for nic in list(segment.nics):
        if nic is source or (source is not None and not segment.passes(source, nic)):
            continue
        if packet.destination in GROUPS or nic.answers(packet.destination):
            host = nic.host
            if segment.loss and host.random.random() < segment.loss:
                continue
            host.clock.call_at(
                host.clock.now() + segment.latency,
                lambda nic=nic: _arrive(nic, packet),  # type: ignore[misc]
            )


def _arrive(nic: Nic[Host], packet: Icmp6Packet) -> None:
    host = nic.host
    if not nic.up:
        return
    host.trace.record(
        host.clock.now(), host.name, "icmp6", nic.name, packet.source, packet.destination, packet.data.hex()
    )
    for socket in list(host.sockets):
        if socket.nic is nic:
            socket.deliver(packet)


class SimNetwork:
    """Sockets of one process."""

    def __init__(self, host: Host, process: Process) -> None:
        self._host = host
        self.process = process

    @property
    def sockets(self) -> list[PacketSocket]:
        """The host's open ICMPv6 sockets."""
        return self._host.sockets

    @sockets.setter
    def sockets(self, value: list[PacketSocket]) -> None:
        self._host.sockets = value

    def listen(
        self,
        address: Address | None,
        port: int,
        ifindex: int,
        accepted: Callable[[Stream], None],
        options: TcpOptions,
    ) -> SimulatedTcpListener:
        return self._host.tcp.listen(address, port, ifindex, accepted, options)

    def connect(
        self,
        local: Address | None,
        remote: Address,
        port: int,
        ifindex: int,
        handler: StreamHandler,
        options: TcpOptions,
    ) -> Endpoint:
        return self._host.tcp.connect(local, remote, port, ifindex, handler, options)

    def icmp6(
        self, ifindex: int, types: tuple[int, ...], received: Callable[[Icmp6Packet], None]
    ) -> SimulatedIcmp6Socket:
        nic = self._host.nics.get(ifindex)
        if nic is None:
            raise os_error(errno.ENODEV)
        socket = SimulatedIcmp6Socket(self, nic, types, received)
        self._host.sockets.append(socket)
        return socket

    def frames(
        self, ifindex: int, ethertype: int, group: bytes, received: Callable[[Frame], None]
    ) -> SimulatedFrameSocket:
        nic = self._host.nics.get(ifindex)
        if nic is None:
            raise os_error(errno.ENODEV)
        socket = SimulatedFrameSocket(self._host, self.process, nic, ethertype, group, received)
        self._host.frame_sockets.append(socket)
        return socket

    def signature_failures(self) -> SignatureFailures:
        """The host's counters."""
        return self._host.tcp.signature_failures
