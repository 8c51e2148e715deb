"""Real routers with BGP on simulated machines, configured by values."""

from pybird.conf.model import ChannelConfig, Config, TableConfig
from pybird.core.router import Router
from pybird.filter.nodes import ACCEPT
from pybird.proto import bgp, device, static
from pybird.proto.bgp.config import BgpChannelConfig, BgpConfig, PeersChannelConfig
from pybird.proto.device.config import DeviceConfig
from pybird.proto.static.config import StaticConfig, StaticRoute
from pybird.sim.world import World
from pybird.values.address import Address
from pybird.values.net import NetType, PeerNet, Prefix, net_of
from pybird.values.route import Dest

TYPES = (device.TYPE, static.TYPE, bgp.TYPE)
TABLES = (
    TableConfig("master4", NetType.IP4),
    TableConfig("master6", NetType.IP6),
    TableConfig("peers", NetType.PEER),
)
DEVICE = DeviceConfig(type_name="device", name="device1")


def ipv4(**options):
    values = {"export_filter": ACCEPT, "preference": 100} | options
    return BgpChannelConfig(name="ipv4", net_type=NetType.IP4, table="master4", **values)


def ipv6(**options):
    values = {"export_filter": ACCEPT, "preference": 100} | options
    return BgpChannelConfig(name="ipv6", net_type=NetType.IP6, table="master6", **values)


def peers(**options):
    values = {"export_filter": ACCEPT} | options
    return PeersChannelConfig(name="peers", net_type=NetType.PEER, table="peers", **values)


def bgp_to(address, asn, remote, name="b", **options):
    values = {"channels": (ipv4(), ipv6()), "local_as": asn, "remote_as": remote} | options
    return BgpConfig(type_name="bgp", name=name, remote_address=Address.parse(address), **values)


def auto(asn, name="auto", **options):
    values = {
        "channels": (ipv4(extended_next_hop=True), ipv6(), peers()),
        "remote_kind": "external",
        "remote_range": Prefix.parse("fe80::/10"),
        "dynamic_name": "auto",
        "dynamic_name_digits": 2,
    } | options
    return BgpConfig(type_name="bgp", name=name, local_as=asn, **values)


def routes(*nets, name="routes"):
    channel = {"export_filter": ACCEPT, "preference": 200}
    v4 = all("." in net for net in nets)
    net_type, table = (NetType.IP4, "master4") if v4 else (NetType.IP6, "master6")
    return StaticConfig(
        type_name="static",
        name=name,
        channels=(ChannelConfig(name="ipv4" if v4 else "ipv6", net_type=net_type, table=table, **channel),),
        routes=tuple(StaticRoute(net=Prefix.parse(net), dest=Dest.BLACKHOLE) for net in nets),
    )


def entries(*found, name="found"):
    """A static protocol that says which neighbors were discovered: (address, ifindex)."""
    channel = ChannelConfig(name="peers", net_type=NetType.PEER, table="peers")
    nets = [PeerNet(Address.parse(address), ifindex) for address, ifindex in found]
    return StaticConfig(
        type_name="static",
        name=name,
        channels=(channel,),
        routes=tuple(StaticRoute(net=net, dest=Dest.NONE) for net in nets),
    )


def config(router_id, *protocols):
    return Config(router_id=router_id, tables=TABLES, protocols=(DEVICE, *protocols))


def boot(ports, wanted):
    router = Router(ports, TYPES)
    router.configure(wanted)
    return router


class Lab(World):
    """A world whose routers are asked by name."""

    def __init__(self, seed=1, **options):
        super().__init__(boot, seed, **options)

    def proto(self, router, name="b"):
        running = self.nodes[router].router
        return running.protocols.get(name) if running is not None else None

    def state(self, router, name="b"):
        found = self.proto(router, name)
        return found.info().strip() if found is not None else None

    def up(self, router, name="b"):
        return self.state(router, name) == "Established"

    def nets(self, router, table="master4", proto=None):
        found = self.nodes[router].router.tables[table]
        return sorted(
            str(net_of(found.net_type, key))
            for key in list(found.keys())
            for rte in found.get(key)
            if proto is None or rte.source.name == proto
        )

    def session(self, router, name="b"):
        return self.proto(router, name).active


def pair(a_config, b_config, switch=False, **options):
    """Routers a and b on one cable, or at one switch, with addresses of every kind."""
    lab = Lab(**options)
    lab.router("a", a_config)
    lab.router("b", b_config)
    if switch:
        lab.segment("lan", ("a", "eth0"), ("b", "eth0"))
    else:
        lab.link("a", "eth0", "b", "eth0", ("fe80::a", "fe80::b"))
    for name, last in (("a", 1), ("b", 2)):
        lab.nodes[name].host.add_address("eth0", f"10.0.0.{last}/24")
        lab.nodes[name].host.add_address("eth0", f"2001:db8::{last}/64")
    return lab


def both(a_options=None, b_options=None, nets_a=("198.51.100.0/24",), nets_b=("203.0.113.0/24",), **options):
    """Two external peers over IPv4, each with routes to tell."""
    a = config(1, routes(*nets_a), bgp_to("10.0.0.2", 65001, 65002, "b", **(a_options or {})))
    b = config(2, routes(*nets_b), bgp_to("10.0.0.1", 65002, 65001, "a", **(b_options or {})))
    return pair(a, b, **options)
