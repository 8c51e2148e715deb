"""`expect` on real links: two swapped cables are both named within a second, or refused."""

import pytest

from tests.interop.configs import autopeer
from tests.interop.lab import until

EXPECT = 'peers { expect "spine1" interface "eth1"; expect "spine2" interface "eth2"; };'


def router(number, name, *, lldp, peers="peers { };"):
    text = autopeer(number, kernel=False, peers=peers, bgp="advertise hostname;").replace('"eth0"', '"eth*"')
    by_lldp = 'protocol lldp { interface "eth*" { transmit; }; }\n' if lldp else ""
    return f'hostname "{name}";\n{by_lldp}{text}'


@pytest.fixture(params=[False, True], ids=["by hostname", "by LLDP"])
def fabric(request, lab):
    """A leaf with two uplinks; what they are plugged into can be exchanged."""
    hosts = leaf, *spines = [lab.host(name) for name in ("leaf", "spine1", "spine2")]
    for number, spine in enumerate(spines, 1):
        lab.wire(leaf, spine, f"eth{number}", "eth9")
        spine.run("sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0")
    for host in hosts:  # a link-local address is usable at once
        host.run("sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.all.accept_dad=0")
    daemons = [leaf.pybird(router(1, "leaf", lldp=request.param, peers=EXPECT))]
    for number, spine in enumerate(spines, 2):
        daemons.append(spine.pybird(router(number, spine.name, lldp=request.param)))
    return lab, leaf, spines, daemons


def replug(lab, leaf, one, two):
    """eth1 of the leaf to the first, eth2 to the second."""
    for number in (1, 2):
        leaf.ip("link", "del", f"eth{number}")
    for number, spine in enumerate((one, two), 1):
        leaf.ip(
            "link", "add", f"eth{number}", "type", "veth", "peer", "name", "eth9", "netns", spine.namespace
        )
    for host, name in ((leaf, "eth1"), (leaf, "eth2"), (one, "eth9"), (two, "eth9")):
        host.run("sysctl", "-qw", f"net.ipv6.conf.{name}.accept_dad=0")
        host.link(name, True)


def warnings(daemon):
    return [line.partition("auto: ")[2] for line in daemon.text().splitlines() if "miscabled" in line]


def rows(daemon):
    return [line for line in daemon.cli("show peers").splitlines() if line.startswith("fe80:")]


def test_two_swapped_cables_are_both_named(fabric):
    lab, leaf, spines, (daemon, *_) = fabric
    until(lambda: len(daemon.established()) == 2)
    assert not warnings(daemon)
    assert not [row for row in rows(daemon) if "miscabled" in row]
    replug(lab, leaf, *reversed(spines))
    until(lambda: len(warnings(daemon)) == 2, 1)
    until(lambda: len(daemon.established()) == 2)
    shown = sorted(rows(daemon), key=lambda row: row.split()[1])
    assert "Established, miscabled: leads to spine2" in shown[0]
    assert "Established, miscabled: leads to spine1" in shown[1]
    replug(lab, leaf, *spines)
    until(lambda: len(daemon.established()) == 2 and not [row for row in rows(daemon) if "miscabled" in row])
    assert len(warnings(daemon)) == 2


def test_enforced_the_wrong_neighbor_gets_no_session(fabric):
    lab, leaf, spines, (daemon, *others) = fabric
    daemon.reconfigure(
        daemon.config.read_text().replace('"eth1"', '"eth1" enforce').replace('"eth2"', '"eth2" enforce')
    )
    until(lambda: len(daemon.established()) == 2)
    replug(lab, leaf, *reversed(spines))
    until(lambda: len([row for row in rows(daemon) if "miscabled: leads to spine" in row]) == 2)
    assert daemon.established() == []
    assert all(other.established() == [] for other in others)
    replug(lab, leaf, *spines)
    until(lambda: len(daemon.established()) == 2)


@pytest.mark.peer("bgpd")
def test_frr_says_its_hostname_without_being_asked(lab):
    a, b = lab.pair()
    ours = a.pybird(autopeer(1, kernel=False, peers='peers { expect "spine*"; };'))
    b.frr(
        """
router bgp 65002
 bgp router-id 192.0.2.2
 no bgp ebgp-requires-policy
 neighbor eth0 interface remote-as external
"""
    )
    until(ours.established, 30)
    (row,) = rows(ours)
    assert "Established, miscabled: leads to b, expected spine*" in row
    ours.reconfigure(autopeer(1, kernel=False, peers='peers { expect "b"; };'))
    assert "miscabled" not in rows(ours)[0]
