"""LLDPDUs as honest and other systems send them (IEEE 802.1AB), for tests of every layer.

Each row of `BROKEN` is a name and the octets behind the EtherType: a system drops the
whole LLDPDU. Of those in `ODD` it drops a TLV, or nothing, and knows the sender.
"""

from __future__ import annotations

from pybird.values.address import Address


def tlv(kind, value=b"", length=None):
    """A TLV whose length says what we say."""
    return (kind << 9 | (len(value) if length is None else length)).to_bytes(2, "big") + value


CHASSIS = tlv(1, b"\x04" + bytes.fromhex("020000000bad"))
PORT = tlv(2, b"\x05swp7")
TTL = tlv(3, b"\0\x78")
END = tlv(0)
FIRST = CHASSIS + PORT + TTL
NAME = tlv(5, b"leaf7")


def management(address, length=None, oid=b""):
    octets = Address.parse(address).octets
    family = bytes((1 if len(octets) == 4 else 2,))
    size = bytes((len(octets) + 1 if length is None else length,))
    return tlv(8, size + family + octets + b"\x02\0\0\0\x07" + bytes((len(oid),)) + oid)


def lldpdu(system="leaf7", port="swp7", address="fe80::bad", ttl=120, chassis="bad", more=b""):
    """A well-formed LLDPDU of a system that we make up."""
    out = (
        tlv(1, b"\x07" + chassis.encode()) + tlv(2, b"\x05" + port.encode()) + tlv(3, ttl.to_bytes(2, "big"))
    )
    out += tlv(5, system.encode()) if system else b""
    out += management(address) if address else b""
    return out + more + END


BROKEN = {
    "nothing": b"",
    "one octet": b"\x02",
    "only an end": END,
    "zeros": bytes(46),
    "no port": CHASSIS + END,
    "no time to live": CHASSIS + PORT + END,
    "nothing behind the chassis": CHASSIS,
    "port before chassis": PORT + CHASSIS + TTL + END,
    "time to live before port": CHASSIS + TTL + PORT + END,
    "a name between the first": CHASSIS + NAME + PORT + TTL + END,
    "chassis twice": FIRST + CHASSIS + END,
    "port twice": FIRST + PORT + END,
    "time to live twice": FIRST + TTL + END,
    "chassis without identifier": tlv(1, b"\x04") + PORT + TTL + END,
    "chassis of 257 octets": tlv(1, b"\x07" + bytes(256)) + PORT + TTL + END,
    "port without identifier": CHASSIS + tlv(2, b"\x05") + TTL + END,
    "port of 257 octets": CHASSIS + tlv(2, b"\x05" + bytes(256)) + TTL + END,
    "empty chassis": tlv(1) + PORT + TTL + END,
    "time to live of one octet": CHASSIS + PORT + tlv(3, b"\x78") + END,
    "empty time to live": CHASSIS + PORT + tlv(3) + END,
    "TLV beyond the frame": FIRST + tlv(5, b"leaf7", length=511),
    "chassis beyond the frame": tlv(1, b"\x04\x02", length=7),
    "half a header": FIRST + b"\x0a",
    "end with a value": FIRST + tlv(0, b"x"),
}

ODD = {
    "no end": FIRST + NAME,
    "padding behind the end": FIRST + NAME + END + b"\xff" * 20,
    "time to live of 4 octets": CHASSIS + PORT + tlv(3, b"\0\x78\0\0") + NAME + END,
    "unknown TLVs": FIRST
    + tlv(9, b"x")
    + tlv(126, bytes(511))
    + tlv(127, b"\0\x80\xc2\x01\0\x01")
    + NAME
    + END,
    "empty organisational TLV": FIRST + NAME + tlv(127) + END,
}
# ... and how many TLVs are dropped
DROPPED = {
    "name twice": (FIRST + NAME + tlv(5, b"other") + END, 1),
    "name of 256 octets": (FIRST + tlv(5, bytes(256)) + NAME + END, 1),
    "capabilities of 2 octets": (FIRST + NAME + tlv(7, b"\0\x10") + END, 1),
    "empty management address": (FIRST + NAME + tlv(8) + END, 1),
    "management address of length 0": (FIRST + NAME + tlv(8, bytes(10)) + END, 1),
    "management address longer than its TLV": (FIRST + NAME + management("fe80::1", length=30) + END, 1),
    "management address of length 33": (FIRST + NAME + tlv(8, b"\x21" + bytes(60)) + END, 1),
    "management address without numbering": (FIRST + NAME + tlv(8, b"\x05\x01\x0a\0\0\1") + END, 1),
    "IPv4 address of 3 octets": (FIRST + NAME + tlv(8, b"\x04\x01\x0a\0\0" + b"\x02\0\0\0\x07\0") + END, 1),
    "IPv6 address of 4 octets": (FIRST + NAME + tlv(8, b"\x05\x02\x0a\0\0\1" + b"\x02\0\0\0\x07\0") + END, 1),
    "OID beyond its TLV": (FIRST + NAME + tlv(8, b"\x05\x01\x0a\0\0\1\x02\0\0\0\x07\x09ab") + END, 1),
    "OID of 129 octets": (FIRST + NAME + management("10.0.0.1", oid=bytes(129)) + END, 1),
    "a MAC address": (FIRST + NAME + tlv(8, b"\x07\x06" + bytes(6) + b"\x02\0\0\0\x07\0") + END, 0),
}  # fmt: skip


def lldpdus():
    """All of them, and a well-formed one."""
    yield lldpdu()
    yield from (*BROKEN.values(), *ODD.values(), *[data for data, _ in DROPPED.values()])
