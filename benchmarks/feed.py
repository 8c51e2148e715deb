"""A BGP sender and a receiver in one process: measures the time until the last route has arrived.

Runs inside a namespace next to the daemon under test. The table is shaped like
the Internet's: mostly /24, one attribute set for about six prefixes, AS paths
of two to six hops, some communities; it is determined by the seed. The
messages are made before the clock starts. Prints one JSON object per line:
`ready`; then, after a line "go" on standard input, `converged`; then, after a line
"withdraw", `withdrawn`.
"""

from __future__ import annotations

import json
import random
import selectors
import socket
import struct
import sys
import time

MARKER = b"\xff" * 16
LENGTHS = [24] * 63 + [23] * 10 + [22] * 11 + [21] * 5 + [20] * 4 + [19] * 3 + [16] * 4
FORMS = ("ipv4", "ipv4-mp", "ipv6")


def message(kind: int, body: bytes) -> bytes:
    return MARKER + struct.pack(">HB", 19 + len(body), kind) + body


def attribute(flags: int, code: int, value: bytes) -> bytes:
    if len(value) > 255:
        return struct.pack(">BBH", flags | 0x10, code, len(value)) + value
    return bytes((flags, code, len(value))) + value


def open_message(asn: int, router_id: str, hold: int = 240) -> bytes:
    """An OPEN with multiprotocol for both families, IPv4 with IPv6 next hops, 4-octet AS numbers."""
    capabilities = (
        b"\x01\x04\x00\x01\x00\x01"
        b"\x01\x04\x00\x02\x00\x01"
        b"\x05\x06\x00\x01\x00\x01\x00\x02"
        b"\x41\x04" + struct.pack(">I", asn)
    )
    parameter = bytes((2, len(capabilities))) + capabilities
    return message(
        1,
        struct.pack(">BHH", 4, asn, hold)
        + socket.inet_aton(router_id)
        + bytes((len(parameter),))
        + parameter,
    )


def prefixes(count: int, form: str, rng: random.Random) -> list[bytes]:
    """`count` different networks in wire form."""
    found: dict[bytes, None] = {}
    while len(found) < count:
        if form == "ipv6":
            length = rng.choice((48, 48, 48, 44, 40, 36, 32))
            value = 0x2000 << 112 | rng.getrandbits(125)
            octets = (value >> (128 - length) << (128 - length)).to_bytes(16, "big")
        else:
            length = rng.choice(LENGTHS)
            value = rng.randrange(1 << 24, 0xE0 << 24)
            if value >> 24 == 127:  # routers do not take loopback networks
                continue
            octets = (value >> (32 - length) << (32 - length)).to_bytes(4, "big")
        found[bytes((length,)) + octets[: (length + 7) // 8]] = None
    return list(found)


def attributes(asn: int, rng: random.Random, next_hop: bytes | None) -> bytes:
    path = [
        asn,
        *(
            rng.randrange(1000, 60000) if rng.random() < 0.75 else rng.randrange(200000, 400000)
            for _ in range(rng.randrange(1, 6))
        ),
    ]
    out = attribute(0x40, 1, bytes((rng.choice((0, 0, 0, 2)),)))
    out += attribute(0x40, 2, bytes((2, len(path))) + struct.pack(f">{len(path)}I", *path))
    if next_hop is not None:
        out += attribute(0x40, 3, next_hop)
    if rng.random() < 0.33:
        out += attribute(0x80, 4, struct.pack(">I", rng.randrange(1000)))
    communities = sorted(rng.randrange(1 << 16, 1 << 32) for _ in range(rng.randrange(9)))
    if communities:
        out += attribute(0xC0, 8, struct.pack(f">{len(communities)}I", *communities))
    return out


def updates(count: int, form: str, asn: int, next_hop: str, seed: int) -> tuple[list[bytes], list[bytes]]:
    """The UPDATEs that announce the table and those that withdraw it."""
    rng = random.Random(seed)
    nets = prefixes(count, form, rng)
    hop4 = socket.inet_aton(next_hop) if form == "ipv4" else None
    hop6 = b"" if hop4 else socket.inet_pton(socket.AF_INET6, next_hop)
    family = b"\x00\x02\x01" if form == "ipv6" else b"\x00\x01\x01"
    announce: list[bytes] = []
    withdraw: list[bytes] = []
    at = 0
    while at < count:
        size = (
            1
            if rng.random() < 0.3
            else min(rng.randrange(2, 14) if rng.random() < 0.95 else rng.randrange(20, 41), count - at)
        )
        nlri = b"".join(nets[at : at + size])
        at += size
        common = attributes(asn, rng, hop4)
        if hop4 is not None:
            announce.append(message(2, b"\0\0" + struct.pack(">H", len(common)) + common + nlri))
            withdraw.append(message(2, struct.pack(">H", len(nlri)) + nlri + b"\0\0"))
        else:
            reach = attribute(0x80, 14, family + bytes((len(hop6),)) + hop6 + b"\0" + nlri)
            whole = reach + common
            announce.append(message(2, b"\0\0" + struct.pack(">H", len(whole)) + whole))
            unreach = attribute(0x80, 15, family + nlri)
            withdraw.append(message(2, b"\0\0" + struct.pack(">H", len(unreach)) + unreach))
    return announce, withdraw


def split_nlri(data: bytes) -> list[bytes]:
    out, at = [], 0
    while at < len(data):
        end = at + 1 + (data[at] + 7 >> 3)
        out.append(data[at:end])
        at = end
    return out


class Receiver:
    """Keeps the networks that a session has announced and not withdrawn."""

    def __init__(self) -> None:
        self.buffer = b""
        self.nets: set[bytes] = set()
        self.updates = 0

    def feed(self, data: bytes) -> None:
        buffer = self.buffer + data if self.buffer else data
        at, end = 0, len(buffer)
        while end - at >= 19:
            length = buffer[at + 16] << 8 | buffer[at + 17]
            if end - at < length:
                break
            if buffer[at + 18] == 2:
                self._update(buffer[at + 19 : at + length])
            elif buffer[at + 18] == 3:
                raise SystemExit(f"NOTIFICATION {buffer[at + 19 : at + length].hex()}")
            at += length
        self.buffer = buffer[at:]

    def _update(self, body: bytes) -> None:
        self.updates += 1
        gone = body[0] << 8 | body[1]
        if gone:
            self.nets.difference_update(split_nlri(body[2 : 2 + gone]))
        at = 2 + gone
        end = at + 2 + (body[at] << 8 | body[at + 1])
        at += 2
        while at < end:
            code = body[at + 1]
            if body[at] & 0x10:
                length, at = body[at + 2] << 8 | body[at + 3], at + 4
            else:
                length, at = body[at + 2], at + 3
            if code == 14:
                value = body[at : at + length]
                self.nets.update(split_nlri(value[5 + value[3] :]))
            elif code == 15:
                self.nets.difference_update(split_nlri(body[at + 3 : at + length]))
            at += length
        if end < len(body):
            self.nets.update(split_nlri(body[end:]))


def session(dut: str, own: str, asn: int, router_id: str) -> socket.socket:
    """Connect and bring a session up; retries, as the daemon may have just started."""
    family = socket.AF_INET6 if ":" in dut else socket.AF_INET
    deadline = time.monotonic() + 60
    while True:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.settimeout(10)
        try:
            sock.bind((own, 0))
            sock.connect((dut, 179))
            sock.sendall(open_message(asn, router_id))
            head = b""
            while len(head) < 19:
                data = sock.recv(19 - len(head))
                if not data:
                    raise ConnectionResetError
                head += data
            if head[18] != 1:
                raise ConnectionResetError
            rest = struct.unpack(">H", head[16:18])[0] - 19
            while rest:
                rest -= len(sock.recv(rest))
            sock.sendall(message(4, b""))
            return sock
        except OSError:
            sock.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)


def say(event: str, **values: object) -> None:
    print(json.dumps({"event": event, **values}), flush=True)


def pump(
    sender: socket.socket, receiver: socket.socket, blob: bytes, state: Receiver, done: int
) -> tuple[float, float]:
    """Send `blob`, read until `done` networks remain; (seconds, seconds until everything was sent)."""
    chooser = selectors.DefaultSelector()
    chooser.register(receiver, selectors.EVENT_READ)
    chooser.register(sender, selectors.EVENT_READ | selectors.EVENT_WRITE)
    view, at, sent = memoryview(blob), 0, 0.0
    start = last = time.monotonic()
    while True:
        for key, events in chooser.select(1):
            if key.fileobj is sender:
                if events & selectors.EVENT_WRITE and at < len(blob):
                    at += sender.send(view[at : at + 262144])
                    if at >= len(blob):
                        sent = time.monotonic() - start
                        chooser.modify(sender, selectors.EVENT_READ)
                if events & selectors.EVENT_READ and not sender.recv(65536):
                    raise SystemExit("the daemon closed the sender's session")
            else:
                data = receiver.recv(262144)
                if not data:
                    raise SystemExit("the daemon closed the receiver's session")
                state.feed(data)
                last = time.monotonic()
        if len(state.nets) == done and at >= len(blob):
            return last - start, sent
        if time.monotonic() - start > 120:
            raise SystemExit(f"{len(state.nets)} networks after 120 s, {done} expected")


def main() -> None:
    count, form, seed = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    v6 = form != "ipv4"
    dut = "2001:db8:99::1" if v6 else "10.99.0.1"
    own = ["2001:db8:99::2", "2001:db8:99::3"] if v6 else ["10.99.0.2", "10.99.0.3"]
    announce, withdraw = updates(count, form, 65001, own[0], seed)
    sender = session(dut, own[0], 65001, "10.99.0.2")
    receiver = session(dut, own[1], 65002, "10.99.0.3")
    for sock in (sender, receiver):
        sock.setblocking(False)
    time.sleep(1.0)
    state = Receiver()
    say("ready", updates=len(announce))
    sys.stdin.readline()
    took, sent = pump(sender, receiver, b"".join(announce), state, count)
    say("converged", seconds=took, sent=sent, updates=state.updates)
    sys.stdin.readline()
    took, sent = pump(sender, receiver, b"".join(withdraw), state, 0)
    say("withdrawn", seconds=took, sent=sent)


if __name__ == "__main__":
    main()
