"""CPU time of import filters, PyBIRD compared with Debian's bird2.

A BGP neighbor sends the table of `feed.py`: 100 000 IPv4 prefixes, mostly /24,
an attribute set for about six of them, paths of two to six hops, up to eight
communities. Three filters work on it: `plain` is nearly none and serves as the
base; `policy` is what a transit session has (bogon prefixes, lengths, bogon AS
numbers, path masks, path length, communities tested, added and deleted, large
communities, local preference, MED); `roa` is the policy with `roa_check`
against a static table: one origin in five
has signed what it announces (20 000 records, configured in every run).

Two forms, both in CPU seconds of the daemon. `reload` is dominated by the
filter: the channel has an import table, and `configure` with a filter that
differs in a constant and decides as before brings every route through it
again, without messages, and the table does not change. `feed` is the first
import, from the octets to the table. The filter's own time is that of a run
with it less that of the same run with `plain`; both are given.

Every round runs each daemon once, one after the other; reported are medians
with spread, and ratios of medians. All daemons must accept the same number of
routes, and leave the same marks on them.

    python benchmarks/filters.py [--rounds N] [--compiled FOLDER]

`--compiled`: also run the package in this folder, where a wheel was unpacked
or installed (`build/compiled/venv/lib/python3.11/site-packages`).
"""

from __future__ import annotations

import argparse
import random
import selectors
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks.convergence import cpu_seconds, settle  # noqa: E402
from benchmarks.feed import session, updates  # noqa: E402
from tests.interop.lab import BirdLike, Host, Lab, until  # noqa: E402

SENDER = 3320
FILTERS = ("plain", "policy", "roa")

LISTS = """
define BOGONS = [
    0.0.0.0/8+, 10.0.0.0/8+, 100.64.0.0/10+, 127.0.0.0/8+, 169.254.0.0/16+, 172.16.0.0/12+,
    192.0.0.0/24+, 192.0.2.0/24+, 192.88.99.0/24+, 192.168.0.0/16+, 198.18.0.0/15+,
    198.51.100.0/24+, 203.0.113.0/24+, 224.0.0.0/4+, 240.0.0.0/4+
];
define OURS = [ 81.0.0.0/16+, 81.1.0.0/17{17,24}, 93.184.216.0/22+, 185.1.0.0/16{22,24} ];
define BOGON_ASNS = [
    0, 23456, 64496..64511, 64512..65534, 65535, 65536..65551, 65552..131071,
    4200000000..4294967294, 4294967295
];
define TIER1 = [ 174, 701, 1239, 1299, 2914, 3257, 3356, 3491, 5511, 6453, 6461, 6762, 6830, 7018, 12956 ];
"""

PLAIN = """
filter incoming { if bgp_local_pref = CONSTANT then reject; accept; }
"""

POLICY = """
function bogon() {
    if net.len > 24 || net.len < 8 then return true;
    if net ~ BOGONS || net ~ OURS then return true;
    if bgp_path ~ BOGON_ASNS then return true;
    return false;
}

function mark() {
    bgp_community.delete([(65000, *)]);
    bgp_large_community.delete([(65000, *, *)]);
    if (3356, 70) ~ bgp_community || bgp_community ~ [(1299, 50..99)] then {
        bgp_local_pref = 70;
    } else if bgp_path.len > 4 then {
        bgp_local_pref = 90;
        bgp_community.add((65000, 120));
    } else {
        bgp_local_pref = 110;
    }
    if bgp_path ~ [= * [1000..9999] * =] then bgp_community.add((65000, 101));
    if bgp_path.last > 65535 then bgp_community.add((65000, 132));
    bgp_community.add((65000, 3320));
    bgp_large_community.add((65000, 1, 3320));
    bgp_large_community.add((65000, 2, 1));
}

filter incoming {
    if bogon() then reject;
    if bgp_path.len > 64 then reject;
    if bgp_path.first != 3320 then reject;
    if bgp_path ~ [= * TIER1 * =] then reject;
    if bgp_path ~ [= * 666 666 * =] || bgp_path ~ [= 3320 ? 4200..4299 * =] then reject;
    ROA
    mark();
    if bgp_med > 500 then bgp_med = 500;
    if bgp_local_pref = CONSTANT then reject;
    accept;
}
"""

ROA = """
    case roa_check(r4, net, bgp_path.last) {
        ROA_INVALID: reject;
        ROA_VALID: bgp_community.add((65000, 1));
        else: bgp_community.add((65000, 2));
    }
"""

# Marks that all daemons must leave on equally many routes.
CHECKS = (
    "",
    "where bgp_local_pref = 110",
    "where (65000, 101) ~ bgp_community",
    "where (65000, 132) ~ bgp_community",
    "where (65000, 1) ~ bgp_community",
    "where bgp_large_community ~ [(65000, *, *)]",
    "where bgp_med = 500",
)


def filter_text(name: str, records: list[str], constant: int) -> str:
    """One of the filters, and the ROA table; another constant changes the text, not the verdicts."""
    body = PLAIN if name == "plain" else LISTS + POLICY
    body = body.replace("ROA\n", ROA if name == "roa" else "\n").replace("CONSTANT", str(constant))
    lines = "\n".join(records)
    return f"roa4 table r4;\nprotocol static roas {{ roa4 {{ table r4; }};\n{lines}\n}}\n{body}"


def config(text: str, log: Path) -> str:
    """A router with this filter."""
    return f"""log "{log}" all;
router id 10.99.0.1;
{text}
protocol device {{}}
protocol bgp sender {{
    local 10.99.0.1 as 65000;
    neighbor 10.99.0.2 as {SENDER};
    passive;
    ipv4 {{ import table; import filter incoming; export none; }};
}}
"""


def roa_records(count: int, seed: int) -> list[str]:
    """One origin in five signs all that it announces, up to /24 or only as announced; some do it wrong."""
    rng = random.Random(seed)
    signs: dict[int, float] = {}
    lines = []
    for key, origin in announced(count, seed).items():
        if signs.setdefault(origin, rng.random()) < 0.2:
            octets = (key[1:] + bytes(4))[:4]
            asn = origin if rng.random() < 0.97 else rng.randrange(1000, 60000)
            net = f"{octets[0]}.{octets[1]}.{octets[2]}.{octets[3]}/{key[0]}"
            lines.append(f"route {net} max {max(key[0], rng.choice((key[0], 24)))} as {asn};")
    return lines


def announced(count: int, seed: int) -> dict[bytes, int]:
    """Every prefix of the table with its origin AS."""
    origins: dict[bytes, int] = {}
    for update in table(count, seed):
        size = int.from_bytes(update[21:23], "big")
        at = update.index(b"\x40\x02", 23) + 3
        path = update[at : at + update[at - 1]]
        nlri = update[23 + size :]
        while nlri:
            end = 1 + (nlri[0] + 7 >> 3)
            origins[nlri[:end]] = int.from_bytes(path[-4:], "big")
            nlri = nlri[end:]
    return origins


def table(count: int, seed: int) -> list[bytes]:
    """The UPDATEs."""
    return updates(count, "ipv4", SENDER, "10.99.0.2", seed)[0]


def send(count: int, seed: int) -> None:
    """The neighbor: send the table after a line on standard input, then keep the session."""
    octets = b"".join(table(count, seed))
    sock = session("10.99.0.1", "10.99.0.2", SENDER, "10.99.0.2")
    print("ready", flush=True)
    sys.stdin.readline()
    sock.sendall(octets)
    print("sent", flush=True)
    chooser = selectors.DefaultSelector()
    chooser.register(sock, selectors.EVENT_READ)
    while sock.recv(65536):
        chooser.select()


def start(daemon: str, dut: Host, text: str, compiled: str) -> BirdLike:
    if daemon == "bird2":
        return dut.bird(text)
    under = ("env", f"PYTHONPATH={compiled}") if daemon == "compiled" else ()
    return dut.pybird(text, under=under)


def neighbor(load: Host, script: str, *arguments: str) -> tuple[subprocess.Popen[str], IO[str], IO[str]]:
    """Start a benchmark's other side on this host: the process, its input and its output."""
    feed = subprocess.Popen(
        load.inside([sys.executable, str(HERE / script), *arguments]),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert feed.stdin is not None
    assert feed.stdout is not None
    return feed, feed.stdin, feed.stdout


def one(
    daemon: str, name: str, records: list[str], count: int, seed: int, compiled: str
) -> tuple[dict[str, float], list[str]]:
    """CPU seconds of both forms, and what came out."""
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as lab:
        dut, load = lab.pair()
        dut.address("10.99.0.1/24", "eth0")
        load.address("10.99.0.2/24", "eth0")
        log = dut.folder / "log"
        texts = [config(filter_text(name, records, constant), log) for constant in (4711, 4713, 4715)]
        process = start(daemon, dut, texts[0], compiled)
        pid = process.process.pid
        feed, commands, said = neighbor(load, "filters.py", "--send", str(count), str(seed))
        try:
            assert said.readline() == "ready\n"
            until(lambda: "Established" in process.cli("show protocols"), 20, "the session")
            before = settle(pid)
            commands.write("go\n")
            commands.flush()
            assert said.readline() == "sent\n"
            fed = settle(pid)
            seen = marks(process)
            reloads = [reload(process, text) for text in texts[1:]]
            assert marks(process) == seen
        finally:
            feed.kill()
            feed.wait()
        return {"feed": fed - before, "reload": min(reloads)}, seen


def reload(process: BirdLike, text: str) -> float:
    """CPU seconds of `configure` with this text."""
    pid = process.process.pid
    before = cpu_seconds(pid)
    process.config.write_text(text)
    said = process.cli("configure")
    assert "Reconfigur" in said, said
    return settle(pid) - before


def marks(process: BirdLike) -> list[str]:
    """The number of routes, and of routes with each mark."""
    said = [process.cli(f"show route table master4 {check} count") for check in CHECKS]
    return [line.split()[0] for text in said for line in text.splitlines() if " of " in line]


def report(metric: str, rows: dict[str, list[float]], count: int) -> None:
    base = statistics.median(rows["bird2"])
    for name, values in rows.items():
        median = statistics.median(values)
        rate = f"{count / median / 1000:.0f}" if median > 0 else "-"
        ratio = f"{median / base:.1f}x" if base > 0 else "-"
        spread = f"{min(values):.3f}-{max(values):.3f}"
        print(f"| {metric} | {name} | {median:.3f} ({spread}) | {rate} | {ratio} |", flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--routes", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--compiled", default="")
    options.add_argument("--filters", default=",".join(FILTERS))
    options.add_argument("--send", nargs=2, type=int, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.send:
        send(*chosen.send)
        return
    names = list(dict.fromkeys(["plain", *chosen.filters.split(",")]))
    daemons = ["bird2", "pybird", *(["compiled"] if chosen.compiled else [])]
    found: dict[Any, list[float]] = {}
    for number in range(chosen.rounds):
        records = roa_records(chosen.routes, 42 + number)
        for name in names:
            seen: dict[str, list[str]] = {}
            for daemon in daemons:
                times, seen[daemon] = one(daemon, name, records, chosen.routes, 42 + number, chosen.compiled)
                for form, seconds in times.items():
                    found.setdefault((form, name, daemon), []).append(seconds)
            assert all(what == seen["bird2"] for what in seen.values()), seen
    print(f"{chosen.routes} routes, {chosen.rounds} rounds, median CPU seconds (min-max)\n")
    print("| run | daemon | CPU s | 1000 routes/s | ratio |\n|---|---|---|---|---|")
    for form in ("reload", "feed"):
        for name in names:
            whole = {daemon: found[form, name, daemon] for daemon in daemons}
            report(f"{form}, {name}", whole, chosen.routes)
            if name != "plain":
                alone = {d: _less(found[form, name, d], found[form, "plain", d]) for d in daemons}
                report(f"{form}, {name}, filter alone", alone, chosen.routes)


def _less(runs: list[float], base: list[float]) -> list[float]:
    """Each run less the base of its round."""
    return [run - plain for run, plain in zip(runs, base, strict=True)]


if __name__ == "__main__":
    main()
