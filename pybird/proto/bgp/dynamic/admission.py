"""Which neighbors a dynamic protocol wants, and the configuration of their children.

Pure functions of the configuration, an entry of the peer table and interfaces.
A reason is text for users: it follows `not started: ` in the log and is shown by
`show peers`.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

from pybird.core.export.exporter import ExportMode
from pybird.core.forwarding.interfaces import Interface, Interfaces, matches
from pybird.core.peering import Discoverer
from pybird.proto.bgp.config import BgpConfig, PeersChannelConfig
from pybird.values.attributes import AttributeSet
from pybird.values.net import NetType, PeerNet
from pybird.values.route import Rte


class PeersExporter:
    """Passes entries of the peer table to `transmit` unchanged."""

    key = ("bgp", "peers")
    mode = ExportMode.ACCEPTED

    def admit(self, rte: Rte) -> bool:
        return True

    def wire(self, rte: Rte, before: AttributeSet, again: tuple[str, ...] = ()) -> Rte:
        return rte

    def leads_to(self, form: Rte) -> tuple[Hashable, ...]:
        """Nothing: no receiver can be a next hop."""
        return ()

    def kept_back(self, rte: Rte) -> str:
        return ""

    def pack(self, announce: dict[Any, list[bytes]], withdraw: list[bytes]) -> PeerChanges:
        return PeerChanges([(key, rte) for rte, keys in announce.items() for key in keys], withdraw)


class PeerChanges:
    """Changes of the peer table that the channel delivers together."""

    __slots__ = ("announced", "withdrawn")

    def __init__(self, announced: list[tuple[bytes, Rte]], withdrawn: list[bytes]) -> None:
        self.announced = announced
        self.withdrawn = withdrawn


class PeerEntry:
    """One accepted entry of the peer table, and why it has no child."""

    __slots__ = ("fresh", "net", "reason", "rte")

    def __init__(self, net: PeerNet, rte: Rte) -> None:
        self.net = net
        self.rte = rte
        self.fresh = True  # not matched with an existing child yet
        self.reason: str | None = None


def peers_config(config: BgpConfig) -> PeersChannelConfig | None:
    """The config of the peers channel, if there is one."""
    return next((c for c in config.channels if isinstance(c, PeersChannelConfig)), None)


def unfit(config: BgpConfig, interfaces: Interfaces, net: PeerNet) -> str | None:
    """Why the configuration does not want this neighbor; None: it does."""
    interface = interfaces.by_index.get(net.ifindex)
    if interface is None:
        return f"no interface {net.ifindex}"
    wanted = config.remote_range
    if wanted is None or not wanted.contains(net.address):
        return "outside range"
    return wrong_interface(config, interfaces, interface)


def wrong_interface(config: BgpConfig, interfaces: Interfaces, interface: Interface) -> str | None:
    """Why the configuration does not want neighbors on this interface; None: it does."""
    name, channel = interface.name, peers_config(config)
    wanted = channel.from_interfaces if channel is not None else ()
    if wanted and not matches(wanted, interface):
        return f"{name} is not in `from`"
    if config.interface is not None and config.interface != name:
        return f"{name} is not interface {config.interface}"
    if config.interface_range and not matches(config.interface_range, interface):
        return f"{name} is not in the interface range"
    if not interfaces.in_vrf(interface, config.vrf):
        return f"{name} is in another VRF"
    return None


def unready(interfaces: Interfaces, net: PeerNet) -> str | None:
    """Why no session with a wanted neighbor is possible at this time; None: it is."""
    interface = interfaces.by_index.get(net.ifindex)
    if interface is None or not interface.up:
        return f"{interface.name if interface is not None else net.ifindex} is down"
    if not interface.on_link(net.address):
        return f"not on link of {interface.name}"
    return None


def child_config(parent: BgpConfig, name: str, net: PeerNet, ifname: str | None) -> BgpConfig:
    """The config of a child: its parent's, with a neighbor and without the peers channel."""
    link_local = net.address.is_link_local
    return replace(
        parent,
        name=name,
        channels=tuple(c for c in parent.channels if not isinstance(c, PeersChannelConfig)),
        disabled=False,
        remote_address=net.address,
        remote_range=None,
        interface=ifname if ifname is not None else parent.interface,
        interface_range=(),
        direct=True if link_local else parent.direct,
        multihop=None if link_local else parent.multihop,
        parent=parent.name,
    )


def accepts_range(old: BgpConfig, new: BgpConfig) -> bool:
    """True if a running dynamic protocol can adopt the change: all but VRF, router ID and hostname."""
    if new.remote_range is None or old.remote_range is None:
        return False
    return (old.vrf, old.router_id, old.hostname) == (new.vrf, new.router_id, new.hostname)


def why_withdrawn(entry: PeerEntry) -> str:
    """Why an entry was withdrawn, in the words of its source; empty: it gives no reason."""
    owner = entry.rte.source.owner
    if owner is None or not isinstance(owner.protocol, Discoverer):
        return ""
    told = owner.protocol.describe(NetType.PEER, entry.net.key)
    return str(told.get("withdrawn", ""))
