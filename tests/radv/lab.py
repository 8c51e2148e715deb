"""Routers that run only device and radv on a simulated network, configured by values."""

from pybird.conf.model import ChannelConfig, Config, InterfacePattern, TableConfig
from pybird.core.router import Router
from pybird.filter.nodes import ACCEPT
from pybird.proto.device import TYPE as DEVICE
from pybird.proto.device.config import DeviceConfig
from pybird.proto.radv import TYPE as RADV
from pybird.proto.radv.config import RadvConfig, RaInterface
from pybird.sim.world import World
from pybird.values.address import Address
from pybird.values.net import NetType, PeerNet, net_of

PEERS = ChannelConfig(name="peers", net_type=NetType.PEER, table="peers")
IPV6 = ChannelConfig(name="ipv6", net_type=NetType.IP6, table="master6", export_filter=ACCEPT)
ETH = (InterfacePattern("eth*"),)


def radv(interface=None, channels=(PEERS,), **protocol):
    block = RaInterface(patterns=ETH, **({"discovery": True} if interface is None else interface))
    return RadvConfig(type_name="radv", name="radv1", interfaces=(block,), channels=channels, **protocol)


def config(radv_config):
    tables = (TableConfig("peers", NetType.PEER), TableConfig("master6", NetType.IP6))
    protocols = (DeviceConfig(type_name="device", name="device1"), radv_config)
    return Config(router_id=1, tables=tables, protocols=protocols)


def boot(ports, wanted):
    router = Router(ports, (DEVICE, RADV))
    router.configure(config(wanted or radv()))
    return router


def lan(*configs, **options):
    """Routers r1, r2, … on one segment."""
    world = World(boot, **options)
    for number, wanted in enumerate(configs, 1):
        world.router(f"r{number}", wanted)
    world.segment("lan", *((name, "eth0") for name in world.nodes))
    return world


def peers(world, name):
    """The discovered routers, as text."""
    router = world.nodes[name].router
    if router is None:
        return []
    table = router.tables["peers"]
    return sorted(str(net_of(NetType.PEER, key)) for key in table.keys())  # noqa: SIM118


def instance(world, name):
    return world.nodes[name].router.protocols["radv1"]


def peer_key(text):
    address, _, index = text.partition("%")
    return PeerNet(Address.parse(address), int(index)).key
