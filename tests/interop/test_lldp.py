"""LLDP on real links: between two PyBIRDs, with lldpd in both directions, and with hostile frames."""

import json
import sys
from pathlib import Path

import pytest

from tests.interop.configs import autopeer
from tests.interop.lab import Daemon, until

SENDER = str(Path(__file__).with_name("raw.py"))


def speaker(number, transmit="transmit;", **options):
    """A router that finds its neighbors by LLDP alone."""
    text = autopeer(number, kernel=False, **options)
    lldp = f'protocol lldp {{ peers {{ }}; interface "eth0" {{ {transmit} }}; }}'
    return f'hostname "r{number}";\n{lldp}\n' + text.replace("protocol radv {", "protocol radv { disabled;")


class Lldpd(Daemon):
    """lldpd with a socket of its own."""

    def __init__(self, host):
        self.socket = host.folder / "lldpd.socket"
        super().__init__(host, "lldpd", ["lldpd", "-d", "-u", str(self.socket), "-I", "eth0", "-S", "lldpd"])
        until(self.socket.exists, 10)
        until(lambda: "eth0" in self.ask("show", "interfaces"), 10)

    def ask(self, *command):
        return self.host.run("lldpcli", "-u", str(self.socket), *command, check=False)

    def neighbor(self):
        """The one neighbor, by what lldpd read of it."""
        found = json.loads(self.ask("-f", "json0", "show", "neighbors") or "{}")
        rows = found.get("lldp", [{}])[0].get("interface", [])
        return rows[0] if rows else None


def peers(daemon):
    return [line for line in daemon.cli("show peers").splitlines() if line.startswith("fe80:")]


def test_two_routers_find_each_other_by_lldp_alone(lab):
    a, b = lab.pair()
    first, second = a.pybird(speaker(1)), b.pybird(speaker(2))
    until(lambda: first.established() == ["auto01"] and second.established() == ["auto01"])
    until(lambda: "10.2.0.1/32" in first.routes("table master4"))
    until(lambda: "orphan" not in peers(first)[0])  # b may have heard of a first, and connected
    (row,) = peers(first)
    assert row.startswith(b.link_local())
    assert row.endswith("up Established [r2 eth0]")
    second.stop()  # says goodbye
    until(lambda: not peers(first), 2)
    assert "withdrawn (time to live 0)" in first.text()


@pytest.mark.peer("lldpd")
def test_lldpd_knows_us_and_we_know_its_name(lab):
    a, b = lab.pair()
    other = Lldpd(b)
    ours = a.pybird(speaker(1))
    neighbor = until(other.neighbor, 10)
    assert neighbor["chassis"][0]["name"][0]["value"] == "r1"
    assert neighbor["chassis"][0]["id"][0] == {"type": "local", "value": "192.0.2.1"}
    assert neighbor["chassis"][0]["capability"][0] == {"type": "Router", "enabled": True}
    assert neighbor["port"][0]["id"][0] == {"type": "ifname", "value": "eth0"}
    assert neighbor["port"][0]["ttl"][0]["value"] == "121"
    until(
        lambda: (
            [each["value"] for each in other.neighbor()["chassis"][0].get("mgmt-ip", ())] == [a.link_local()]
        )
    )
    other.ask("configure", "system", "hostname", "spine7")
    shown = until(lambda: _of(ours, "spine7"), 10)
    assert "port" in shown
    ours.stop()
    until(lambda: other.neighbor() is None, 5)


def _of(daemon, name):
    found = [line for line in daemon.cli("show protocols all lldp1").splitlines() if name in line]
    return found[0] if found else ""


@pytest.mark.peer("lldpd")
def test_what_lldpd_says_names_a_neighbor_that_advertised_itself(lab):
    """lldpd says no link-local address; that of the neighbor is made of the MAC that its frames come from."""
    a, b = lab.pair()
    listens = 'protocol lldp { interface "eth0"; }'
    first, second = a.pybird(autopeer(1, kernel=False) + listens), b.pybird(autopeer(2, kernel=False))
    other = Lldpd(b)
    other.ask("configure", "system", "hostname", "spine7")
    until(lambda: first.established() and second.established())
    until(lambda: "[spine7 " in peers(first)[0], 10)


def test_hostile_frames_are_counted_and_nobody_else_notices(lab):
    a, b, x = lab.segment("a", "b", "x")
    switch = lab.hosts["switch"]
    for port in ("p0", "p1", "p2"):  # a bridge keeps LLDP to itself, unless it is told otherwise
        switch.run("sh", "-c", f"echo 16384 > /sys/class/net/{port}/brport/group_fwd_mask")
    first, second = a.pybird(speaker(1)), b.pybird(speaker(2))
    until(lambda: first.established() and second.established())
    since = [daemon.protocols()["auto01"][4] for daemon in (first, second)]
    x.run(sys.executable, SENDER, "eth0", "lldp", "1000")
    until(lambda: len(peers(first)) == 63, 5)  # of 64 neighbors, one says no address
    assert [daemon.protocols()["auto01"][4] for daemon in (first, second)] == since
    assert first.text().count("64 neighbors known, ignoring others") == 1
    assert "24 discarded, 12 TLVs dropped" in first.cli("show protocols all lldp1")
