"""Put packets on a link as no honest program would: `python raw.py INTERFACE broken|flood|lldp COUNT`.

It runs inside a namespace of the laboratory. The frames are made here, down to
the Ethernet header, so that source, hop limit and checksum are what we like.
"""

import socket
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from pybird.proto.radv.messages import Advertisement
from tests.lldp.frames import lldpdu, lldpdus
from tests.radv.broken import rows

ETHERNET = bytes.fromhex("333300000001020000000bad86dd")  # to all nodes, from us, IPv6
NEXT_ICMPV6 = 58


def checksum(data):
    """RFC 1071."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data[: len(data) & ~1]))
    if len(data) & 1:
        total += data[-1] << 8
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def frame(data, source, destination="ff02::1", hop_limit=255, wrong=0):
    """One frame; `wrong` is added to the checksum."""
    addresses = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, destination)
    if len(data) >= 4:
        pseudo = addresses + struct.pack("!II", len(data), NEXT_ICMPV6)
        found = (checksum(pseudo + data[:2] + b"\0\0" + data[4:]) + wrong) & 0xFFFF
        data = data[:2] + found.to_bytes(2, "big") + data[4:]
    header = struct.pack("!IHBB", 6 << 28, len(data), NEXT_ICMPV6, hop_limit)
    return ETHERNET + header + addresses + data


def broken(send):
    """Every row whose outcome is `dropped`, and good ones with a wrong checksum."""
    for row in rows():
        if row.outcome == "dropped":
            for _ in range(20):
                send(frame(row.data, row.source, row.destination, row.hop_limit))
    send(frame(Advertisement(lifetime=1800).encode(), "fe80::bad", wrong=1))


def flood(send, count):
    """One advertisement from each of so many sources."""
    data = Advertisement(lifetime=1800).encode()
    for number in range(count):
        send(frame(data, f"fe80:0:0:1::{number:x}"))
        if number % 100 == 0:
            time.sleep(0.01)  # what overflows a socket's buffer tests nothing


LLDP = bytes.fromhex("0180c200000e 020000000bad 88cc")  # to the nearest bridge, from us


def lldp(send, count):
    """Every malformed LLDPDU, every odd one, and one from each of so many systems."""
    for data in lldpdus():
        send(LLDP + data)
    for number in range(count):
        send(LLDP + lldpdu(chassis=f"c{number}", address=f"fe80:0:0:1::{number:x}"))
        time.sleep(0.001)


def main(interface, what, count="0"):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind((interface, 0))
        if what == "broken":
            broken(sock.send)
        elif what == "lldp":
            lldp(sock.send, int(count))
        else:
            flood(sock.send, int(count))


if __name__ == "__main__":
    main(*sys.argv[1:])
