"""Packets as they are on a link: a slow wire, and what was sent in TCP segments.

Runs as a program inside a namespace (`python packets.py relay ...`), because
raw sockets belong to where they were opened. Kernels without netem have no
other way to make a link slow.
"""

from __future__ import annotations

import array
import fcntl
import json
import os
import select
import socket
import struct
import sys
import time
from collections import defaultdict, deque
from collections.abc import Iterable
from pathlib import Path

ETH_P_ALL = 3
ETH_P_IPV6 = 0x86DD
SIOCETHTOOL = 0x8946
# Checksums in hardware and segments larger than the MTU do not pass a raw socket.
OFFLOADS = {"tx": 0x17, "tso": 0x1F, "gso": 0x24}
PACKET_OUTGOING = 4
BGP_HEADER = 19
UPDATE = 2


def without_offloads(interface: str) -> None:
    """Let this machine do itself what veth leaves to the receiver; else a relay would lose packets."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for command in OFFLOADS.values():
            value = array.array("B", struct.pack("II", command, 0))
            address, _ = value.buffer_info()
            fcntl.ioctl(sock, SIOCETHTOOL, struct.pack("16sP16x", interface.encode(), address))


def opened(interface: str) -> socket.socket:
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.bind((interface, ETH_P_ALL))
    return sock


def relay(one: str, other: str, seconds: float) -> None:
    """Carry every frame from one interface to the other, so much later, until killed."""
    socks = [opened(one), opened(other)]
    waiting: deque[tuple[float, socket.socket, bytes]] = deque()
    os.write(1, b"ready\n")
    while True:
        patience = max(waiting[0][0] - time.monotonic(), 0) if waiting else None
        for sock in select.select(socks, [], [], patience)[0]:
            frame, source = sock.recvfrom(65536)
            if source[2] != PACKET_OUTGOING:
                waiting.append((time.monotonic() + seconds, socks[sock is socks[0]], frame))
        while waiting and waiting[0][0] <= time.monotonic():
            _, sock, frame = waiting.popleft()
            sock.send(frame)


def capture(path: str, interfaces: Iterable[str]) -> None:
    """Write a line of JSON for every TCP segment over IPv6 that comes in, until killed."""
    names = dict(zip(map(opened, interfaces), interfaces, strict=True))
    with open(path, "w") as out:
        os.write(1, b"ready\n")
        while True:
            for sock in select.select(list(names), [], [])[0]:
                try:
                    frame, source = sock.recvfrom(65536)
                except OSError:  # told once when the interface goes down; it may come back
                    continue
                found = segment(frame) if source[2] != PACKET_OUTGOING else None
                if found is not None:
                    out.write(json.dumps({"interface": names[sock], **found}) + "\n")
                    out.flush()


def segment(frame: bytes) -> dict[str, str | int] | None:
    """Sender, ports, sequence number and octets of a TCP segment over IPv6."""
    kind, length, following = int.from_bytes(frame[12:14]), int.from_bytes(frame[18:20]), frame[20]
    if kind != ETH_P_IPV6 or following != socket.IPPROTO_TCP:
        return None
    tcp = frame[54 : 54 + length]
    source_port, port, sequence = struct.unpack("!HHI", tcp[:8])
    payload = tcp[(tcp[12] >> 4) * 4 :]
    sender = socket.inet_ntop(socket.AF_INET6, frame[22:38])
    ports = f"{source_port}-{port}"
    return {"sender": sender, "ports": ports, "sequence": sequence, "payload": payload.hex()}


def updates(path: Path) -> dict[tuple[str, str], list[str]]:
    """The octets of each BGP UPDATE that was captured, by interface and sender, in order."""
    streams: dict[tuple[str, str, str], dict[int, bytes]] = defaultdict(dict)
    for row in path.read_text().splitlines():
        found = json.loads(row)
        if found["payload"]:
            key = (found["interface"], found["sender"], found["ports"])
            streams[key].setdefault(found["sequence"], bytes.fromhex(found["payload"]))
    messages: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (interface, sender, _), parts in streams.items():
        octets = b"".join(parts[sequence] for sequence in sorted(parts))
        while len(octets) >= BGP_HEADER:
            size = int.from_bytes(octets[16:18])
            if octets[18] == UPDATE:
                messages[interface, sender].append(octets[:size].hex())
            octets = octets[size:]
    return messages


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    if what == "plain":
        without_offloads(arguments[0])
    elif what == "relay":
        relay(arguments[0], arguments[1], float(arguments[2]))
    else:
        capture(arguments[0], arguments[1:])
