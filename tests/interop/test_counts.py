"""The numbers of `show protocols all` are BIRD's: the same happens to both, both count the same.

Two neighbors (Debian's bird2 both times) send routes that are accepted,
refused, changed, refused later, withdrawn and too many; the third only
listens to its own. How limits go on once they were hit differs on purpose
(docs/differences.md), so that they come last.
"""

import re
import time

import pytest

from tests.interop.lab import until

DUT = """
log "%s" all;
router id 10.0.0.1;
protocol device {}
protocol static own { ipv4; route 10.9.0.0/24 blackhole; route 10.9.1.0/25 blackhole; }
function fit() { return net.len != 25 && !((1,3) ~ bgp_community); }
protocol bgp keeps { local 10.0.0.1 as 65000; neighbor 10.0.0.2 as 65001; passive;
  ipv4 { import keep filtered; import where fit(); import limit 7 action block; receive limit 10 action block;
    export where net.len != 25; export limit 10 action block; }; }
protocol bgp plain { local 10.0.1.1 as 65000; neighbor 10.0.1.2 as 65002; passive;
  ipv4 { import where fit(); export where net.len != 26; }; }
protocol bgp quiet { local 10.0.2.1 as 65000; neighbor 10.0.2.2 as 65003; passive;
  ipv4 { import where fit(); export none; }; }
"""
PEER = """
log "%s" all;
router id 10.0.0.2;
protocol device {}
protocol static own { ipv4; %s }
protocol bgp dut { local %s as %d; neighbor %s as 65000;
  ipv4 { import all; export filter { if source != RTS_STATIC then reject; %s accept; }; }; }
"""
PEERS = ("keeps", "plain", "quiet")
N24 = [f"10.1.{number}.0/24" for number in range(4)]
N25 = [f"10.2.{number}.0/25" for number in range(2)]
N26 = [f"10.3.{number}.0/26" for number in range(2)]
MORE = [f"10.4.{number}.0/24" for number in range(6)]
# what the first neighbor sends and with which communities, what the second sends
STEPS = {
    "first": (N24 + N25 + N26, "", ["10.5.0.0/24"]),
    "changed": (N24 + N25 + N26, "bgp_community.add((1,1));", ["10.5.0.0/24", "10.5.1.0/25"]),
    "some go": (N24[1:] + N25[1:] + N26[1:], "bgp_community.add((1,1));", ["10.5.1.0/25", "10.6.1.0/24"]),
    "refused now": (N24[1:] + N25[1:], "bgp_community.add((1,3));", ["10.6.1.0/24"]),
    "good again": (N24[2:] + N25[1:], "bgp_community.add((1,5));", ["10.6.1.0/24"]),
    "too many": (N24 + N25 + N26 + MORE, "bgp_community.add((1,5));", ["10.6.1.0/24"]),
}
WANTED = re.compile(r"Routes:|updates:|withdraws:|limit:")


def counts(daemon):
    """The lines of interest of every session."""
    found = {}
    for name in PEERS:
        lines = daemon.cli(f"show protocols all {name}").splitlines()
        found[name] = [" ".join(line.split()) for line in lines if WANTED.search(line)]
    return found


def steady(daemon):
    """The counts, once they have not changed for a second."""
    last = counts(daemon)
    end = time.monotonic() + 30
    while time.monotonic() < end:
        time.sleep(1)
        now = counts(daemon)
        if now == last:
            return now
        last = now
    raise AssertionError(f"the counts do not come to rest: {last}")


def story(lab, kind):
    """Everything that happens; the counts after each step."""
    dut = lab.host(f"dut-{kind}")
    hosts = []
    for number in range(3):
        host = lab.host(f"{kind}{number}")
        lab.wire(dut, host, f"eth{number}", "eth0")
        dut.address(f"10.0.{number}.1/24", f"eth{number}")
        host.address(f"10.0.{number}.2/24", "eth0")
        hosts.append(host)
    text = DUT % (dut.folder / "log")
    daemon = dut.bird(text) if kind == "bird" else dut.pybird(text)
    peers = [None, None, None]
    found = {}
    for step, (first, change, second) in STEPS.items():
        third = [net.replace("10.", "20.", 1) for net in first]
        for number, (nets, code) in enumerate(((first, change), (second, ""), (third, change))):
            routes = " ".join(f"route {net} blackhole;" for net in nets)
            log, own, far = hosts[number].folder / "log", f"10.0.{number}.2", f"10.0.{number}.1"
            config = PEER % (log, routes, own, 65001 + number, far, code)
            if peers[number] is None:
                peers[number] = hosts[number].bird(config)
                until(lambda wanted=number + 1: len(daemon.established()) == wanted, 30)
            else:
                peers[number].configure(config)
            found[f"{step}, {PEERS[number]}"] = steady(daemon)
    return found


@pytest.mark.long
def test_the_counts_of_show_protocols_all_are_those_of_bird(lab):
    bird, pybird = story(lab, "bird"), story(lab, "pybird")
    for step, expected in bird.items():
        assert pybird[step] == expected, step
