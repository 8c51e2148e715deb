"""Real interfaces change all the time: nothing stays unresolved, and nobody else flaps.

The simulated form, with many stories, is tests/scenarios/test_link_churn.py.
"""

import subprocess

import pytest

from tests.interop.configs import autopeer, frr_unnumbered
from tests.interop.lab import until
from tests.interop.test_autopeer import give_addresses

RECURSIVE = "protocol static through { ipv4; route 10.99.0.0/16 recursive 10.3.0.1; }"


def router(number, more=""):
    text = autopeer(number, bgp="hold down off;").replace('"eth0"', '"eth*"')
    return text + more


@pytest.fixture(params=["pybird", pytest.param("frr", marks=pytest.mark.peer("bgpd"))])
def three(request, lab):
    """A hub, a neighbor whose link is left alone, and one that lives through everything."""
    hub, steady, moving = (lab.host(name) for name in ("hub", "steady", "moving"))
    give_addresses(hub, steady, moving)
    lab.wire(hub, steady, "eth0", "eth0")
    lab.wire(hub, moving, "eth1", "eth0")
    daemon, other = hub.pybird(router(1, RECURSIVE)), steady.pybird(router(2))
    if request.param == "frr":
        moving.frr(frr_unnumbered(3))
    else:
        moving.pybird(router(3))
    until(lambda: whole(hub, daemon), 40)
    return hub, moving, daemon, other


def whole(hub, daemon):
    """Sessions, packets, and a route that is resolved through what the moving neighbor announces."""
    if len(daemon.established("auto")) != 2:
        return False
    pings = all(hub.ping(f"10.{number}.0.1", "10.1.0.1") for number in (2, 3))
    return pings and "via fe80::" in daemon.routes("10.99.0.0/16")


def at_once(host, *lines):
    """Several `ip` commands without a pause: within milliseconds."""
    command = host.inside(["ip", "-force", "-batch", "-"])
    done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr


def unrelated(hub, number):
    """An interface that matters to nobody comes, changes and goes."""
    at_once(
        hub,
        f"link add tap{number} type dummy",
        f"link set tap{number} up",
        f"address add 192.0.2.{number}/24 dev tap{number}",
        f"address add 2001:db8:77::{number}/64 dev tap{number} nodad",
        f"link set tap{number} down",
        f"link set tap{number} name wan{number}",
        f"link set wan{number} up",
        "address add 192.0.2.200/32 dev lo",
        "address del 192.0.2.200/32 dev lo",
        f"link del wan{number}" if number % 2 else f"link set wan{number} mtu 1400",
    )


def same_address(host, interface):
    address = host.link_local(interface)
    if address:
        at_once(
            host,
            f"address del {address}/64 dev {interface}",
            f"address add {address}/64 dev {interface} nodad",
        )


def new_address(host, number):
    before = host.link_local()
    at_once(host, f"address add fe80::3:{number:x}/64 dev eth0 nodad", f"address del {before}/64 dev eth0")


def since(daemon, neighbor):
    """When the session with the steady link began: its child is the one with this address."""
    rows = [line.split() for line in daemon.cli("show peers").splitlines() if line.startswith(neighbor)]
    return daemon.protocols()[rows[0][4]][4]


def test_nothing_stays_unresolved_and_nobody_else_flaps(three):
    hub, moving, daemon, other = three
    steady = daemon.host.lab.hosts["steady"]
    until(lambda: f"{steady.link_local()} " in daemon.cli("show peers"))
    before = since(daemon, steady.link_local()), since(other, hub.link_local())
    for number in range(1, 7):
        unrelated(hub, number)
        at_once(hub, "link set eth1 down", "link set eth1 up")
        at_once(moving, "link set eth0 down", "link set eth0 up")
        unrelated(hub, number + 20)
        same_address(hub, "eth1")
        same_address(moving, "eth0")
        if number % 2:
            until(lambda: moving.link_local())
            new_address(moving, number)
        if number % 3 == 0:
            until(lambda: whole(hub, daemon), 60)
        assert (since(daemon, steady.link_local()), since(other, hub.link_local())) == before
    until(lambda: whole(hub, daemon), 60)
    assert (since(daemon, steady.link_local()), since(other, hub.link_local())) == before
    assert daemon.routes("10.3.0.1/32").count("unicast") == 1
