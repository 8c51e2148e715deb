"""Texts to begin with: samples, the configurations of other tests, and real ones where they are."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import NamedTuple

from pybird.proto.bgp.family import named
from pybird.proto.bgp.wire.canonical import encode_attribute
from pybird.proto.bgp.wire.messages import Update, frame
from pybird.values.text import to_text
from tests.conf.test_broken import BROKEN
from tests.fuzz.targets import BESIDE, MAIN
from tests.fuzz.wire import NEIGHBORS
from tests.lldp.frames import lldpdus
from tests.radv.broken import rows
from tests.scenarios.line import KEEPALIVE, capabilities, hello, update
from tests.scenarios.test_rfc7606 import RESETS, ROWS, attributes, usual

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("PYBIRD_CORPUS") or ROOT.parent / "shared" / "corpus")
LARGEST = 200_000  # characters; more is more of the same

COMMANDS = (
    "show status",
    "show protocols all e*",
    'show protocols "b?"',
    "show route",
    "show route for 10.0.0.1 all",
    "show route 10.0.0.0/8 in 10.0.0.0/8 table master4 filtered primary count stats",
    "show route where bgp_path.len > 3 && net ~ [10.0.0.0/8+] protocol b1",
    "show route filter { if net.len > 8 then accept; reject; } import table b1.ipv4 noexport p2",
    "show interfaces summary",
    'show neighbors "eth*"',
    "show static s4",
    "show mpls ranges d static",
    "show symbols table",
    "configure check",
    'configure soft "/etc/bird.conf" timeout 30',
    "configure undo",
    "disable all",
    'restart "b*"',
    "reload in all",
    "reload filters b1",
    "eval (1 + 2) * [1..5] ~ 3",
    "debug b1 { states, routes }",
    'echo "x" all',
    "mrtdump b1 all",
    'prune "auto*"',
    "graceful restart",
    "down",
    "show route 10.0.0.0/8 all",
    "show route in 10.0.0.0/8 table all primary",
    "show route for 10.1.2.3 table master4 all",
    "show route where bgp_med = 5 || mine = 2",
    "show route filter { if net.len > 8 then accept; reject; } count",
    "show route filter in_a stats",
    "show route export b1 all",
    "show route preexport auto01",
    "show route noexport auto01",
    "show route exported auto01 all",
    "show route import table b1.ipv4",
    "show route protocol s4 filtered",
    "show route table v4 all",
    "show route table f4 all",
    "show route table e evpn imet 1:1 1 192.0.2.1",
    "show route table peers all",
    'show route table "*" interface "eth*"',
    'show peers "eth*"',
    "show protocols all auto01",
    'configure "other"',
    'configure "other" timeout 1',
    "configure soft undo",
    'dump routes "file"',
    'dump tables "file"',
    "eval f(2) && LOCAL = 65000",
    "eval roa_check(r4, 10.0.0.0/8, 65001)",
    "eval [(65000, 1..5), (1, *)]",
    "debug all { states, routes, filters, events, packets }",
    "debug channels all",
    "echo { info, remote }",
    "timeformat protocol iso short ms",
    'timeformat route "%F %T"',
    "restrict",
    "output json",
    "reload bgp in",
    "restart auto",
)
EXPRESSIONS = (
    "1 + 2 * 3 - 4 / 5",
    "[1, 2..5, 10] ~ 3 || ! (true && false)",
    "10.0.0.0/8 ~ [10.0.0.0/8{16,24}, 192.0.2.0/24+]",
    "bgp_path ~ [= * 65001..65005 ? =]",
    "(65000, 1) ~ -empty-",
    "prepend(+empty+, 5).len",
    "add(--empty--, (rt, 1, 2)).filter([(rt, *, *)])",
    'format(1.2.3.4.mask(8)) = "1.0.0.0"',
    "from_hex(\"0a0b\") = hex:0a:0b",
    "2001:db8::/32.len + 10.0.0.1/24.len",
    "f(LOCAL) && defined(bgp_med)",
    "vpn4 1:2 10.0.0.0/8",
    "flow4 { dst 10.0.0.0/8; proto = 6; }",
)  # fmt: skip
BIRDTEST = """config "bird.conf"
# a comment
test "a customer's prefix"
filter in_a
route 203.0.113.0/24
    bgp_path = 65001 65001
    bgp_community = (1,2) (3,4)
    gw = 192.0.2.1
    proto = "upstream"
    source = RTS_STATIC
accept
    bgp_local_pref = 200
    (LOCAL, 1) ~ bgp_community && bgp_community.len = 3

test "bogons"
import s4
route 10.1.0.0/16
reject
"""


# Every attribute that is passed on, and one that nobody knows (RFC 4271, 5).
EVERY_ATTRIBUTE = (
    "400101 01 400206 0201 0000fdea 400304 0a000002 800404 00000005 400600 c00708 0000fdea 0a000002"
    "c00808 fdea0001 fdea0002 800904 0a000009 800a08 0a000009 0a00000a"
    "c01010 0002fdea00000001 4006000000000001"
    "801a0b 01000b0000000000000005 c0200c 0000fdea 00000001 00000002 c02304 0000fdea c06302 abcd"
    "900e002a 000201 20 20010db8000000000000000000000002 fe800000000000000000000000000002 00 2020010db9"
)


class Seed(NamedTuple):
    """A text and the files that it includes."""

    text: str
    files: dict[str, str]


def configs() -> list[Seed]:
    """Whole configurations."""
    folder = ROOT / "tests"
    found = [Seed(each.read_text(), {}) for each in sorted((ROOT / "samples").glob("*.conf"))]
    found += [Seed(each.read_text(), {}) for each in sorted((folder / "bt").glob("*.conf"))]
    for snippet in json.loads((folder / "conf" / "snippets.json").read_text())["snippets"]:
        found.append(Seed(snippet["text"], dict(snippet.get("files", {}))))
    for group in json.loads((folder / "conf" / "judged.json").read_text()):
        found += [Seed(group["frame"].replace("@", item[0]), {}) for item in group["items"]]
    found += [Seed(text.replace("«", "").replace("»", ""), {}) for text, _ in BROKEN]
    return [*found, Seed(BESIDE, {})]


def real() -> list[Seed]:
    """Real configurations with their includes; none where the corpus is not."""
    path = CORPUS / "manifest.json"
    found = []
    for entry in json.loads(path.read_text())["positive"] if path.is_file() else ():
        folder = CORPUS / entry["id"]
        main = folder / entry["main"]
        files = {
            os.path.relpath(each, main.parent): _read(each)
            for each in sorted(folder.rglob("*"))
            if each.is_file() and each.stat().st_size < LARGEST
        }
        text = _read(main)
        if len(text) < LARGEST:
            found.append(Seed(text, files))
    return found


def wire() -> dict[str, list[Seed]]:
    """What neighbors send: right and wrong UPDATEs by each kind of neighbor, handshakes, advertisements."""
    bodies = [update(attributes(text, usual(kind))) for _, kinds, text, *_ in ROWS for kind in kinds]
    bodies += [message for _, message, _ in RESETS]
    bodies += [update(bytes.fromhex(EVERY_ATTRIBUTE)), update(b"", b"", bytes.fromhex("18140001"))]
    bodies += [update(bytes.fromhex(EVERY_ATTRIBUTE), b"\0")]  # the default route
    updates = [bytes((number % len(NEIGHBORS),)) + message[19:] for number, message in enumerate(bodies)]
    updates += networks()
    offers = capabilities(enhanced_refresh=True, hostname="x")
    opened = hello() + KEEPALIVE
    streams = [hello(), opened, opened + bodies[0], opened + bodies[-2], hello(offers=offers) + KEEPALIVE]
    streams += [opened + frame(5, bytes.fromhex("00010001")), opened + frame(3, b"\x06\x02\x03bye")]
    return {
        "update": [Seed(to_text(each), {}) for each in updates],
        "stream": [Seed(to_text(b"\0" + each), {}) for each in streams],
        "advertisement": [Seed(to_text(row.data), {}) for row in rows()],
        "lldpdu": [Seed(to_text(data), {}) for data in lldpdus()],
    }


def networks() -> list[bytes]:
    """UPDATEs with the vectors of every family, announced and withdrawn, right and wrong."""
    plain, paths = (number for number, kind in enumerate(NEIGHBORS) if "multiprotocol" in kind[-1])
    attributes = bytes.fromhex("400101 00 400206 0201 0000fdea".replace(" ", ""))
    found = []
    for vector in tomllib.loads((ROOT / "tests/vectors/bgp/nlri.toml").read_text())["nlri"]:
        row, data = named(vector["family"]), bytes.fromhex(vector["octets"])
        hop = row.hop_field(
            bytes.fromhex("0a000002" if row.hop_version != 6 else "20010db8" + "00" * 11 + "02")
        )
        hop = hop if row.has_hops else b""
        reach = encode_attribute(0x80, 14, row.head + bytes((len(hop),)) + hop + b"\0" + data)
        kind = bytes((paths if vector.get("paths") else plain,))
        found.append(kind + Update(b"", reach + attributes, b"").encode()[19:])
        found.append(kind + Update(b"", encode_attribute(0x80, 15, row.head + data), b"").encode()[19:])
    return found


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="surrogateescape")


def all_seeds(*, corpus: bool = True) -> dict[str, list[Seed]]:
    """The seeds of every target."""
    whole = [*configs(), *(real() if corpus else ())]
    return {
        "config": whole,
        "layout": whole,
        "command": [Seed(text, {}) for text in COMMANDS],
        "expression": [Seed(text, {}) for text in EXPRESSIONS],
        "birdtest": [Seed(BIRDTEST, {})],
        **wire(),
    }


__all__ = ["MAIN", "Seed", "all_seeds", "configs", "real"]
