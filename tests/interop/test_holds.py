"""What sessions must bear: neighbors without goodbye, twins, operators, rivals for a key."""

import json
import signal
import sys
import time
from datetime import datetime

import pytest

from tests.interop.configs import autopeer, frr_unnumbered
from tests.interop.lab import PACKETS, Daemon, until
from tests.interop.packets import updates
from tests.interop.test_autopeer import give_addresses, up


def test_a_neighbor_that_vanishes_with_its_machine_and_returns(lab):
    """No FIN, no loss of carrier, and the new machine has the old address: the second connection tells."""
    a, b = lab.segment("a", "b")
    switch = lab.hosts["switch"]
    a.ip("link", "set", "eth0", "addrgenmode", "none")
    first = a.pybird(autopeer(1, radv="default lifetime 600;", kernel=False))
    b.address("fe80::b/64", "eth0")
    a.address("fe80::a/64", "eth0")
    second = b.pybird(autopeer(2, radv="default lifetime 600;", kernel=False))
    up(first)
    switch.ip("link", "set", "p1", "nomaster")
    second.kill()
    b.ip("link", "del", "eth0")
    lab.wire(b, switch, "eth0", "p2")
    b.address("fe80::b/64", "eth0")
    switch.ip("link", "set", "p2", "master", "br0")
    assert first.established(), "nobody has told"
    second = b.pybird(autopeer(2, radv="default lifetime 600;", kernel=False), name="again")
    up(second, seconds=20)
    up(first)
    assert [name for name in first.protocols() if name.startswith("auto0")] == ["auto01"], "one neighbor"


def leaf():
    """Peers on eth0 and eth1, writes to the kernel."""
    return (
        autopeer(1)
        .replace('interface "eth0"', 'interface "eth*"')
        .replace("protocol kernel kernel4 {", "protocol kernel kernel4 { merge paths on;")
        .replace("protocol kernel kernel6 {", "protocol kernel kernel6 { merge paths on;")
    )


def test_the_same_address_on_two_links_is_two_neighbors_and_two_ways(lab):
    """Both neighbors have one AS, identifier, address and route: only the link differs."""
    a, b, c = lab.host("a"), lab.host("b"), lab.host("c")
    lab.wire(a, b, "eth0", "eth0")
    lab.wire(a, c, "eth1", "eth0")
    a.address("10.1.0.1/32")
    a.address("2001:db8:1::1/128")
    for twin in (b, c):
        twin.address("10.2.0.1/32")
        twin.address("fe80::2/64", "eth0")
        twin.pybird(
            autopeer(2, kernel=False).replace(
                "protocol device { }", 'protocol device { interface "eth0" { preferred fe80::2; }; }'
            )
        )
    heard = a.folder / "heard"
    sniffer = Daemon(a, "sniffer", [sys.executable, PACKETS, "capture", str(heard), "eth0", "eth1"])
    until(lambda: "ready" in sniffer.text(), 10)
    daemon = a.pybird(leaf())
    until(lambda: len(daemon.established()) == 2, 15)
    peers = daemon.cli("show peers")
    assert peers.count("fe80::2 ") == 2, peers

    def ways():
        found = json.loads(a.ip("-j", "route", "show", "10.2.0.1") or "[]")
        hops = found[0].get("nexthops", found) if found else []
        return sorted((hop["dev"], hop["via"]["host"]) for hop in hops)

    until(lambda: ways() == [("eth0", "fe80::2"), ("eth1", "fe80::2")], 10, "one way over each link")
    until(lambda: len(a.ip("-6", "route", "show", "2001:db8:2::1").split("nexthop")) == 3, 10)

    def octets(link):
        """What the neighbor on this link announced; a session that began twice said it twice."""
        return set(updates(heard).get((link, "fe80::2"), []))

    until(lambda: len(octets("eth0")) >= 4 and octets("eth0") == octets("eth1"), 10, "the same octets")
    told = "".join(octets("eth0"))
    assert "200a020001" in told
    assert "8020010db8000200000000000000000001" in told
    a.link("eth0", False)
    until(lambda: ways() == [("eth1", "fe80::2")], 10, "the other stays")
    a.link("eth0", True)
    until(lambda: len(ways()) == 2, 15)


def test_a_child_disabled_by_hand_stays_so_over_configure_and_flaps(lab):
    a, b = lab.pair()
    config = autopeer(1, kernel=False)
    first, second = a.pybird(config), b.pybird(autopeer(2, kernel=False))
    up(first)
    first.cli("disable auto01")
    until(lambda: first.protocols()["auto01"][3] == "down", 5)
    first.configure(config + "\nprotocol static more { ipv4; }\n")
    assert first.protocols()["auto01"][3] == "down"
    second.stop()
    second = b.pybird(autopeer(2, kernel=False), name="again")
    until(lambda: b.link_local() in first.cli("show peers"), 8)
    first.configure(config.replace("65001", "65009"))  # restarts the parent
    until(lambda: "auto01" in first.protocols(), 5)
    assert first.protocols()["auto01"][3] == "down"
    assert not second.established()
    first.cli("enable auto01")
    up(first)


def test_an_explicit_protocol_and_two_parents_want_one_neighbor(lab):
    """The written one has it, even disabled; then the first parent; the others say who."""
    a, b = lab.pair()
    second = b.pybird(autopeer(2, kernel=False))
    address = until(b.link_local, 5)
    other = """
protocol bgp other { local as 65001; neighbor range fe80::/10 external; dynamic name "other";
  peers { }; ipv6 { import all; export all; }; }
"""
    written = f"""
protocol bgp written {{ local as 65001; neighbor {address}%eth0 as 65002; connect delay time 1;
  ipv6 {{ import all; export all; }}; }}
"""
    base = autopeer(1, kernel=False) + other
    daemon = a.pybird(base + written)
    until(lambda: daemon.established() == ["written"], 15)
    until(lambda: "taken by written" in daemon.cli("show peers"), 5)
    daemon.cli("disable written")
    until(lambda: not second.established(), 5)
    assert "taken by written" in daemon.cli("show peers")
    assert not daemon.established()
    daemon.configure(base)
    until(lambda: daemon.established() == ["auto01"], 15, "the first parent takes over")
    daemon.configure(
        autopeer(1, kernel=False).replace("protocol bgp auto {", "protocol bgp auto { disabled;") + other
    )
    until(lambda: daemon.established() == ["other1"], 15, "then the second")


def test_both_sides_connect_at_once_and_one_session_stays(lab):
    """Five rounds in which both daemons are told to begin in the same moment."""
    a, b = lab.pair()
    first, second = a.pybird(autopeer(1, kernel=False)), b.pybird(autopeer(2, kernel=False))
    up(first)
    for _ in range(5):
        first.cli("restart auto")
        second.cli("restart auto")
        up(first)
        up(second)
    assert [name for name in first.protocols() if name.startswith("auto0")] == ["auto01"]
    assert "<BUG>" not in first.text() + second.text()
    until(lambda: len(a.run("ss", "-Htn", "state", "established").splitlines()) == 1, 5)


@pytest.mark.peer("zebra", "vtysh")
@pytest.mark.parametrize("late", [60, pytest.param(300, marks=pytest.mark.long)])
def test_frr_starts_minutes_after_us_and_we_advertise_rarely(lab, late):
    """FRR refuses everybody whose advertisement it has not heard, and never asks for one."""
    a, b = lab.pair()
    give_addresses(a, b)
    daemon = a.pybird(autopeer(1, radv="max ra interval 600;"))
    time.sleep(late)
    assert not daemon.established()
    frr = b.frr(frr_unnumbered(2))
    began = time.monotonic()
    up(daemon, seconds=15)
    until(frr.established, 5)
    print(f"FRR {late} s late: both Established {time.monotonic() - began:.1f} s after it ran")  # noqa: T201


def test_a_daemon_that_slept_longer_than_its_hold_time_comes_back(lab):
    """As after a suspended machine: the clock has jumped, the neighbors have given up."""
    a, b = lab.pair()
    terms = "hold time 6; keepalive time 2;"
    config = autopeer(1, kernel=False, bgp=terms, debug="debug protocols { events };")
    first = a.pybird(config.replace("protocol device { }", "protocol device { scan time 1; }"))
    second = b.pybird(autopeer(2, kernel=False, bgp=terms, radv="default lifetime 10;"))
    up(first)
    up(second)
    first.process.send_signal(signal.SIGSTOP)
    until(lambda: not second.established(), 20)
    time.sleep(5)
    said = len(first.text())
    first.process.send_signal(signal.SIGCONT)
    until(lambda: "Scanning interfaces" in first.text()[said:], 5)
    up(first, seconds=20)
    up(second)
    assert "<BUG>" not in first.text() + second.text()
    scans = [line.split()[1] for line in first.text()[said:].splitlines() if "Scanning interfaces" in line]
    times = [datetime.strptime(text, "%H:%M:%S.%f") for text in scans]
    passed = (times[-1] - times[0]).total_seconds()
    assert len(times) <= passed + 2, "missed scans are not made up for"
