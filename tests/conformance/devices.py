"""The daemons under test, each configured for automatic peering on eth0 and eth1."""

from __future__ import annotations

import os
from typing import Any

from tests.conformance.bench import Device
from tests.interop.lab import Host, missing

ROUTES = """
protocol device { }
protocol static own4 { ipv4; route 10.1.0.1/32 via "lo"; }
protocol static own6 { ipv6; route 2001:db8:1::1/128 via "lo"; }
protocol kernel kernel4 { ipv4 { export where source = RTS_BGP; }; }
protocol kernel kernel6 { ipv6 { export where source = RTS_BGP; }; }
"""
CHANNELS = """
  ipv4 { import all; export all; extended next hop; };
  ipv6 { import all; export all; };
"""


class Pybird(Device):
    name = "pybird"
    title = "PyBIRD"

    def start(self, host: Host) -> Any:
        return host.pybird(f"""
router id 192.0.2.1;
log stderr all;
{ROUTES}
protocol radv {{ peers {{ }}; interface "eth*" {{ router discovery yes; }}; }}
protocol bgp auto {{
  local as 65001;
  neighbor range fe80::/10 external;
  dynamic name "auto"; dynamic name digits 2;
  peers {{ }};
  {CHANNELS}
}}
""")


class Bird(Device):
    """BIRD 2.19 or 3.3, with short timers."""

    def __init__(self, name: str, title: str, variable: str) -> None:
        self.name = name
        self.title = title
        self.variable = variable

    def start(self, host: Host) -> Any:
        config = f"""
router id 192.0.2.1;
log stderr all;
neighbor table peers;
{ROUTES}
protocol radv {{
  neighbors {{ table peers; }};
  interface "eth*" {{ router discovery yes; max ra interval 10; }};
}}
protocol bgp auto {{
  local as 65001;
  neighbor range fe80::/10 external;
  dynamic name "auto"; dynamic name digits 2;
  connect delay time 1; connect retry time 3; error wait time 1, 4;
  neighbors {{ table peers; export all; }};
  {CHANNELS}
}}
"""
        return host.bird(config, os.environ[self.variable])


class Frr(Device):
    name = "frr"
    title = "FRR 8.4.4"

    def start(self, host: Host) -> Any:
        links = ("eth0", "eth1")
        neighbors = "\n".join(
            f" neighbor {link} interface remote-as external\n neighbor {link} timers connect 3"
            for link in links
        )
        active = "\n".join(f"  neighbor {link} activate" for link in links)
        return host.frr(f"""
router bgp 65001
 bgp router-id 192.0.2.1
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
{neighbors}
 address-family ipv4 unicast
  network 10.1.0.1/32
{active}
 exit-address-family
 address-family ipv6 unicast
  network 2001:db8:1::1/128
{active}
 exit-address-family
""")


DEVICES: dict[str, Device] = {
    device.name: device
    for device in (
        Pybird(),
        Bird("bird2.19", "BIRD 2.19.2", "BIRD219_DIR"),
        Bird("bird3.3", "BIRD 3.3.2", "BIRD3_DIR"),
        Frr(),
    )
}


def why_not(device: Device) -> str | None:
    """Why a device cannot be tested here; None: it can."""
    if isinstance(device, Bird):
        return None if os.environ.get(device.variable) else f"{device.variable} is not set"
    return missing("bgpd", "zebra", "vtysh") if isinstance(device, Frr) else None
