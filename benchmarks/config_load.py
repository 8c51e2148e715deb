"""How long a large configuration takes to read, compared with `bird -p` (Debian's bird2).

Run: `python benchmarks/config_load.py [--bird PATH] [--rounds N]`. Two configurations, made here:
one prefix set of 500 000 entries, and a route server of 200 peers, each with its own filters,
functions and sets of 500 prefixes (109 000 lines). Both programs run as users start them, start-up
included; the best of the rounds counts. The aim is 5 times BIRD's time for the set and 20 times for
the route server. Then the route server is read again as at `configure`, unchanged and with one
peer changed.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from time import process_time

from pybird.conf.rereading import ReadUnits
from pybird.tools.language import make_language

ROOT = Path(__file__).resolve().parents[1]
LENGTHS = [24] * 60 + [23] * 10 + [22] * 12 + [21] * 5 + [20] * 5 + [19] * 3 + [18] * 2 + [17] + [16] * 2

HEAD = """router id 10.99.0.1;
protocol device {}
"""
COMMON = """define OWN = 65000;
define BOGONS = [ 0.0.0.0/8+, 10.0.0.0/8+, 100.64.0.0/10+, 127.0.0.0/8+, 169.254.0.0/16+,
  172.16.0.0/12+, 192.0.2.0/24+, 192.168.0.0/16+, 198.18.0.0/15+, 224.0.0.0/3+ ];
define BOGON_AS = [ 0, 23456, 64496..64511, 65535..131071, 4200000000..4294967295 ];
define TRANSIT = [ 174, 701, 1299, 2914, 3257, 3320, 3356, 5511, 6453, 6461, 6762, 6830, 7018 ];
function bogon_path() { return bgp_path ~ BOGON_AS; }
function transit_path() { if bgp_path.first ~ TRANSIT then return false; return bgp_path ~ TRANSIT; }
function is_bogon() { return net ~ BOGONS; }
function bad_length() { return net.len < 8 || net.len > 24; }
function is_blackhole() { return (65535, 666) ~ bgp_community || (OWN, 666) ~ bgp_community; }
function scrub() { bgp_community.delete([(OWN, *)]); bgp_large_community.delete([(OWN, *, *)]); }
function tag_reject(int why) { bgp_large_community.add((OWN, 65520, why)); }
function wanted(int peer_as) {
  if (0, peer_as) ~ bgp_community then return false;
  if (OWN, 1, peer_as) ~ bgp_large_community then return true;
  return (OWN, 0, 0) !~ bgp_large_community;
}
template bgp CLIENT { local 10.99.0.1 as OWN; rs client; passive; enforce first as yes; }
"""
PEER = """function p{n}_origin() {{ return bgp_path.last_nonaggregated ~ P{n}_ORIGINS; }}
function p{n}_prefix() {{ return net ~ P{n}_PREFIXES; }}
filter from_p{n} {{
  if (OWN, 65520) ~ bgp_community then reject;
  scrub();
  if bgp_path.len > 32 then {{ tag_reject(1); reject "AS path too long: ", net; }}
  if bgp_path.first != {asn} then {{ tag_reject(6); reject; }}
  if bogon_path() then {{ tag_reject(7); reject; }}
  if transit_path() then {{ tag_reject(8); reject; }}
  if from != {address} then {{ tag_reject(5); reject; }}
  if is_bogon() then {{ tag_reject(2); reject; }}
  if bad_length() && ! is_blackhole() then {{ tag_reject(13); reject; }}
  if ! p{n}_origin() then {{ tag_reject(9); reject; }}
  if ! p{n}_prefix() then {{ tag_reject(12); reject; }}
  if is_blackhole() then {{ bgp_community.add((65535, 65281)); bgp_next_hop = 192.0.2.66; }}
  bgp_local_pref = 100;
  bgp_large_community.add((OWN, 1000, {n}));
  accept;
}}
filter to_p{n} {{
  if ! wanted({asn}) then reject;
  if (65535, 65281) ~ bgp_community then reject;
  scrub();
  accept;
}}
protocol bgp P{n} from CLIENT {{
  description "member {n}";
  neighbor {address} as {asn};
  ipv4 {{
    import filter from_p{n};
    export filter to_p{n};
    import limit 1000 action block;
    import keep filtered;
  }};
}}
"""


def prefixes(rng: random.Random, count: int) -> list[str]:
    """Distinct entries, some with a range of lengths."""
    found: dict[str, str] = {}
    while len(found) < count:
        length = rng.choice(LENGTHS)
        value = rng.randrange(11 << 24, 223 << 24) >> (32 - length) << (32 - length)
        prefix = ".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0)) + f"/{length}"
        chance = rng.random()
        more = f"{{{length},24}}" if length < 24 and chance < 0.5 else "+" if chance > 0.99 else ""
        found.setdefault(prefix, prefix + more)
    return list(found.values())


def set_of(name: str, items: list[str], per_line: int = 1) -> str:
    """`define NAME = [ ... ];`."""
    lines = [", ".join(items[at : at + per_line]) for at in range(0, len(items), per_line)]
    return f"define {name} = [\n  " + ",\n  ".join(lines) + "\n];\n"


def one_set(count: int = 500_000) -> str:
    """One set and a filter that uses it."""
    text = set_of("PREFIXES", prefixes(random.Random(1), count))
    text += "filter f { if net ~ PREFIXES then accept; reject; }\n"
    return HEAD + text + "protocol static { ipv4 { import filter f; }; }\n"


def route_server(peers: int = 200, entries: int = 500) -> str:
    """A route server whose peers have their own sets and filters."""
    parts = [HEAD, COMMON]
    for number in range(peers):
        rng = random.Random(number)
        origins = sorted({rng.randrange(1, 64000) for _ in range(entries // 8)})
        address = f"10.99.{1 + number // 250}.{1 + number % 250}"
        parts.append(set_of(f"P{number}_ORIGINS", [str(origin) for origin in origins], 12))
        parts.append(set_of(f"P{number}_PREFIXES", prefixes(rng, entries)))
        parts.append(PEER.format(n=number, asn=20000 + number, address=address))
    return "".join(parts)


def best(command: list[str], rounds: int) -> float:
    """The shortest of several runs, in seconds of CPU: other work on the machine does not count."""
    times = []
    for _ in range(rounds):
        before = getrusage(RUSAGE_CHILDREN)
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        after = getrusage(RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        if done.returncode:
            sys.exit(f"{' '.join(command)}:\n{done.stderr[:2000]}")
    return min(times)


def again(path: Path, text: str) -> str:
    """CPU seconds of one process that reads a file several times: first, unchanged, with changes."""
    path.write_text(text)
    language, memory = make_language(), ReadUnits()
    gc.disable()  # as in the daemon
    line = []
    more = "P100_PREFIXES = [\n"
    changes = (
        ("first", text),
        ("nothing changed", text),
        ("one peer changed", text.replace("import limit 1000 ", "import limit 1001 ", 1)),
        ("a set one line longer", text.replace(more, f"{more}  192.0.2.0/24,\n")),
    )
    for name, changed in changes:
        path.write_text(changed)
        before = process_time()
        language.load(str(path), memory=memory)
        line.append(f"{name} {process_time() - before:.3f} s ({memory.read} units read)")
    return ", ".join(line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--bird", default="/usr/sbin/bird")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, text, aim in (("500 000 prefixes", one_set(), 5), ("200 peers", route_server(), 20)):
            path = Path(folder) / "bird.conf"
            path.write_text(text)
            ours = best([sys.executable, "-m", "pybird", "-p", "-c", str(path)], options.rounds)
            line = f"{name} ({text.count(chr(10))} lines): PyBIRD {ours:.2f} s"
            if os.access(options.bird, os.X_OK):
                theirs = best([options.bird, "-p", "-c", str(path)], options.rounds)
                line += f", BIRD {theirs:.2f} s: {ours / theirs:.1f} times (aim {aim})"
            print(line, flush=True)
        print(f"200 peers, read again: {again(path, route_server())}")


if __name__ == "__main__":
    main()
