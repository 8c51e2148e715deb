"""Automatic peering inside a VRF and outside of it, with one address on both sides.

The only test that may skip in CI: some kernels have no VRF devices.
"""

import pytest

from tests.interop.configs import IN_AND_OUT, autopeer
from tests.interop.lab import until


def need_vrf(host):
    """Make the VRF `red`, or skip with what the kernel says."""
    try:
        host.ip("link", "add", "red", "type", "vrf", "table", "100")
    except AssertionError as error:
        if "Unknown device type" in str(error) or "not supported" in str(error):
            pytest.skip(f"this kernel has no VRF: {error}")
        raise
    host.link("red", True)


def test_the_same_address_inside_and_outside_of_a_vrf(lab):
    a, b, c = lab.host("a"), lab.host("b"), lab.host("c")
    need_vrf(a)
    lab.wire(a, b, "eth0", "eth0")
    lab.wire(a, c, "eth1", "eth0")
    a.ip("link", "set", "eth0", "master", "red")
    for number, twin in ((2, b), (3, c)):
        twin.address("fe80::2/64", "eth0")
        text = autopeer(number, kernel=False).replace(
            "protocol device { }", 'protocol device { interface "eth0" { preferred fe80::2; }; }'
        )
        twin.pybird(text)
    daemon = a.pybird(IN_AND_OUT)
    until(lambda: sorted(daemon.established()) == ["in01", "out01"], 20, "one session inside, one outside")
    until(lambda: "10.2.0.1/32" in daemon.routes("table red4"), 10)
    until(lambda: "10.3.0.1/32" in daemon.routes("table master4"), 10)
    assert "10.3.0.1/32" not in daemon.routes("table red4")
    assert "10.2.0.1/32" not in daemon.routes("table master4")
    until(lambda: "dev eth0" in a.ip("route", "show", "10.2.0.1", "table", "100"), 10)
    until(lambda: "dev eth1" in a.ip("route", "show", "10.3.0.1"), 10)
    a.ip("link", "set", "eth0", "nomaster")
    until(lambda: sorted(daemon.established()) == ["out01", "out02"], 20, "the link has left the VRF")
    until(lambda: "10.2.0.1/32" not in daemon.routes("table red4"), 10)
    until(lambda: "10.2.0.1/32" in daemon.routes("table master4"), 10)
