"""The tester: link-local addresses, raw Router Advertisements, and scripted BGP neighbors."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from pybird.proto.radv.messages import Advertisement
from tests.interop.lab import Host, Lab
from tests.interop.raw import frame
from tests.side_by_side import wire
from tests.side_by_side.speaker import Session, in_namespace

DEVICE = "fe80::d"  # its address on every link
TESTER = "fe80::1"
SECOND = "fe80::2"  # another router on the first link
ALL_NODES = "ff02::1"
ALL_ROUTERS = "ff02::2"
ETH_P_IPV6 = 0x86DD
OURS = "10.2.0.0/24"
OURS6 = "2001:db8:2::/48"
USUAL = wire.multiprotocol(wire.IPV4) + wire.multiprotocol(wire.IPV6) + wire.capability(2)


class Heard(NamedTuple):
    """An RA or RS of the device."""

    time: float
    kind: int  # 133: RS, 134: RA
    code: int
    hop_limit: int
    source: str
    destination: str
    lifetime: int


class Device:
    """A daemon under test; `start` runs it on a host whose links are eth0 and eth1."""

    name = ""
    title = ""

    def start(self, host: Host) -> Any:
        """Run it; what is returned has `stop`."""
        raise NotImplementedError


def wait(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Wait so long for a true value and return it.

    Raises:
        AssertionError: it did not come.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds:g} s: {what}")


class Bench:
    """A device and the tester, on two links."""

    def __init__(self, lab: Lab, device: Device) -> None:
        self.heard: list[Heard] = []
        self._sessions: list[Session] = []
        self._stop = threading.Event()
        self.host, self.tester = lab.host("a"), lab.host("t")
        for link in ("eth0", "eth1"):
            lab.wire(self.host, self.tester, link, link)
            for host, addresses in ((self.host, [DEVICE]), (self.tester, [TESTER, SECOND])):
                host.ip("link", "set", link, "addrgenmode", "none")
                host.ip("-6", "addr", "flush", "dev", link)
                for address in addresses:
                    host.address(f"{address}/64", link)
        self.host.address("10.1.0.1/32")
        self.host.address("2001:db8:1::1/128")
        self._socks = {link: self._packet_socket(link) for link in ("eth0", "eth1")}
        self._sniffer = threading.Thread(target=self._sniff, daemon=True)
        self._sniffer.start()
        self.started = time.monotonic()
        self.daemon = device.start(self.host)

    def _packet_socket(self, link: str) -> socket.socket:
        def made() -> socket.socket:
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IPV6))
            sock.bind((link, ETH_P_IPV6))
            return sock

        return in_namespace(self.tester.namespace, made)

    def _sniff(self) -> None:
        sock = self._socks["eth0"]
        sock.settimeout(0.2)
        while not self._stop.is_set():
            with contextlib.suppress(OSError):  # a timeout, or a link that is down for a while
                data, source = sock.recvfrom(65536)
                if source[2] == 4 or len(data) < 62 or data[20] != 58 or data[54] not in (133, 134):
                    continue
                ends = [socket.inet_ntop(socket.AF_INET6, data[at : at + 16]) for at in (22, 38)]
                lifetime = int.from_bytes(data[60:62]) if data[54] == 134 else 0
                self.heard.append(Heard(time.monotonic(), data[54], data[55], data[21], *ends, lifetime))

    def close(self) -> None:
        """End the tester's part; the laboratory ends the device."""
        for session in self._sessions:
            session.close()
        self._stop.set()
        self._sniffer.join()
        for sock in self._socks.values():
            sock.close()

    # ------------------------------------------------------------- neighbors

    def advertise(
        self, lifetime: int = 1800, source: str = TESTER, link: str = "eth0", data: bytes = b"", **wrong: Any
    ) -> None:
        """Send an RA; `data` replaces its octets, `wrong` is for the frame."""
        octets = data or Advertisement(lifetime=lifetime).encode()
        self._socks[link].send(frame(octets, source, **wrong))

    def solicit(self) -> None:
        """Send a Router Solicitation."""
        self._socks["eth0"].send(frame(bytes((133, 0, 0, 0, 0, 0, 0, 0)), TESTER, ALL_ROUTERS))

    def ras(self, since: float = 0.0) -> list[Heard]:
        """The RAs that the device sent on the first link, from this moment on."""
        return [each for each in list(self.heard) if each.kind == 134 and each.time >= since]

    def neighbor(
        self,
        source: str = TESTER,
        link: str = "eth0",
        asn: int = 65002,
        extended: bool = True,
        **options: Any,
    ) -> Session:
        """A scripted BGP neighbor, not connected yet."""
        offers = USUAL + (wire.extended_next_hop() if extended else b"") + wire.four_octets(asn)
        number = {TESTER: 2, SECOND: 3}[source] + (10 if link == "eth1" else 0)
        session = Session(
            self.tester.namespace,
            number,
            source=source,
            destination=DEVICE,
            asn=asn,
            link=link,
            capabilities=offers,
            **options,
        )
        self._sessions.append(session)
        return session

    def session(self, seconds: float = 20, **options: Any) -> Session:
        """A neighbor that is Established: it advertises itself every second and waits to be called."""
        one = self.neighbor(**options)
        assert self.comes_up(one, seconds), f"not Established within {seconds:g} s"
        return one

    def comes_up(self, one: Session, seconds: float = 20, lifetime: int = 1800) -> bool:
        """Whether the device, told by RAs, has a session with this neighbor within so many seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.advertise(lifetime, one.source, one.link)
            if called(one, min(1.5, seconds)):
                return True
        return False

    def calls(self, one: Session, seconds: float) -> bool:
        """Whether the device connects to this neighbor within so many seconds."""
        found = called(one, seconds, up=False)
        one.close()
        return found

    def routes(self, prefix: str) -> str:
        """The device's kernel routes to a network."""
        return self.host.ip("-6" if ":" in prefix else "-4", "route", "show", prefix)


def called(one: Session, seconds: float, up: bool = True) -> bool:
    """`Session.called`, where a session that does not come up is none."""
    try:
        return one.called(seconds, up)
    except (AssertionError, OSError):
        return False
