"""CPU time of BGP's codecs: 100 000 networks decoded and encoded, without session and table.

Run: `python benchmarks/bgp_wire.py`. Every UPDATE has its own attribute set and
6.25 networks, as in a full feed; then come the same UPDATEs again (all attributes
known), IPv4 with IPv6 next hops, and all networks with one set.
"""

from __future__ import annotations

import gc
import random
from time import process_time

from pybird.core.selection import Selection
from pybird.proto.bgp.family import IPV4_UNICAST
from pybird.proto.bgp.routes.export import BgpExporter, ExportClass, Wire
from pybird.proto.bgp.wire.attributes import ATTRIBUTES
from pybird.proto.bgp.wire.canonical import encode_attribute
from pybird.proto.bgp.wire.messages import Framer, Update
from pybird.proto.bgp.wire.updates import Announced, ReceiveTerms, UpdateReader
from pybird.values.attributes import AttributePool, AttributeSet
from pybird.values.route import Dest, Hop, RouteSource, Rte

NETWORKS, SETS = 100_000, 16_000
LL = bytes.fromhex("fe80" + "00" * 13 + "0b")


def feed() -> list[tuple[bytes, list[bytes]]]:
    """Attribute sets as in a full feed, each with its networks."""
    rng = random.Random(1)
    out = []
    per_set = NETWORKS / SETS
    for number in range(SETS):
        hops = rng.randint(2, 6)
        path = b"".join(rng.randint(1, 400000).to_bytes(4, "big") for _ in range(hops - 1))
        path = (65002).to_bytes(4, "big") + path
        communities = rng.randbytes(4 * rng.randint(1, 8))
        wire = encode_attribute(0x40, 1, b"\0") + encode_attribute(0x40, 2, bytes((2, hops)) + path)
        wire += encode_attribute(0x40, 3, b"\x0a\0\0\2") + encode_attribute(0xC0, 8, communities)
        first, last = int(number * per_set), int((number + 1) * per_set)
        keys = [bytes((24, 1 + (i >> 16), i >> 8 & 255, i & 255)) for i in range(first, last)]
        out.append((wire, keys))
    return out


def messages(mp: bool) -> bytes:
    out = []
    for wire, keys in feed():
        if not mp:
            out.append(Update(b"", wire, b"".join(keys)).encode())
            continue
        value = b"\0\1\1\x20" + LL + LL + b"\0" + b"".join(keys)
        out.append(Update(b"", encode_attribute(0x80, 14, value) + wire, b"").encode())
    return b"".join(out)


def decode(reader: UpdateReader, stream: bytes) -> list[Announced]:
    framer = Framer()
    out: list[Announced] = []
    for at in range(0, len(stream), 65536):
        framer.receive(stream[at : at + 65536])
        while (message := framer.next()) is not None:
            assert isinstance(message, Update)
            out.extend(reader.read(message).announced)
    return out


def encode(out: BgpExporter, news: list[Announced]) -> bytes:
    source = RouteSource("s", 11, Selection())
    hop = Hop(Dest.UNICAST)
    wires: dict[AttributeSet, Wire] = {}
    announce: dict[Wire, list[bytes]] = {}
    for each in news:
        wire = wires.get(each.attrs)
        if wire is None:
            made = out.wire(Rte(each.attrs, source, hop, 100, 0.0), each.attrs)
            assert made is not None
            wire = wires[each.attrs] = made
        announce.setdefault(wire, []).extend(each.keys)
    return b"".join(out.pack(announce, []))


def row(label: str, seconds: float) -> None:
    print(f"{label:34} {seconds:7.3f} s   {seconds / NETWORKS * 1e6:6.2f} us per network")


def main() -> None:
    gc.disable()
    for mp in (False, True):
        name = "IPv4 over IPv6 (MP_REACH)" if mp else "classic"
        stream = messages(mp)
        terms = ReceiveTerms(65001, 65002, 1, (IPV4_UNICAST,), extended_next_hop=frozenset({IPV4_UNICAST}))
        reader = UpdateReader(AttributePool(ATTRIBUTES), terms)
        own = bytes(16) + LL if mp else b"\x0a\0\0\1"
        out = BgpExporter(ExportClass(IPV4_UNICAST, 65001, False, own, 2, extended_next_hop=mp))
        start = process_time()
        news = decode(reader, stream)
        row(f"{name}: decode, new sets", process_time() - start)
        start = process_time()
        decode(reader, stream)
        row(f"{name}: decode, known sets", process_time() - start)
        start = process_time()
        octets = encode(out, news)
        row(f"{name}: encode", process_time() - start)
        assert len(octets) > NETWORKS * 4
    keys = [key for _, keys in feed() for key in keys]
    stream = b"".join(out.pack({(b"", feed()[0][0], b""): keys}, []))
    start = process_time()
    decode(reader, stream)
    row("one set: decode", process_time() - start)


if __name__ == "__main__":
    main()
