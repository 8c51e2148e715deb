"""The protocols: one folder each. `PROTOCOLS` is the registry."""

from __future__ import annotations

from typing import Final

from pybird.core.protocol import ProtocolType
from pybird.proto import (
    aggregator,
    babel,
    bfd,
    bgp,
    bmp,
    bridge,
    device,
    direct,
    evpn,
    kernel,
    l3vpn,
    lldp,
    mrt,
    ospf,
    peerfile,
    perf,
    pipe,
    radv,
    rip,
    rpki,
    static,
)

PROTOCOLS: Final[tuple[ProtocolType, ...]] = (
    device.TYPE,
    direct.TYPE,
    static.TYPE,
    kernel.TYPE,
    pipe.TYPE,
    radv.TYPE,
    lldp.TYPE,
    peerfile.TYPE,
    bgp.TYPE,
    # their configuration is understood, but they are not run
    ospf.TYPE,
    rip.TYPE,
    babel.TYPE,
    bfd.TYPE,
    rpki.TYPE,
    mrt.TYPE,
    bmp.TYPE,
    aggregator.TYPE,
    l3vpn.TYPE,
    evpn.TYPE,
    bridge.TYPE,
    perf.TYPE,
)
