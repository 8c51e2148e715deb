"""The kernel protocol in a whole router, on the kernel of a namespace of its own."""

import os
import random
from dataclasses import replace
from unittest.mock import patch

from pybird.conf.language import Language
from pybird.conf.model import ACCEPT, REJECT, ChannelConfig, Config, TableConfig
from pybird.core.ports import Ports
from pybird.core.router import Router
from pybird.io.clock import AsyncioClock
from pybird.io.disk import ThreadFiles
from pybird.io.kernel import NetlinkKernel
from pybird.io.loop import new_loop
from pybird.io.network import AsyncioNetwork
from pybird.proto import PROTOCOLS
from pybird.proto.device.config import DeviceConfig
from pybird.proto.kernel.config import KernelConfig
from pybird.proto.static.config import StaticConfig, StaticRoute, StaticVia
from pybird.values.address import Address
from pybird.values.net import NetType, Prefix
from pybird.values.route import Dest
from tests.io.isolation import ip, isolated, pair

FAMILIES = {"ipv4": (NetType.IP4, "master4"), "ipv6": (NetType.IP6, "master6")}


class Lines:
    def __init__(self):
        self.lines = []

    def write(self, level, text):
        self.lines.append(f"<{level}> {text}")

    def of(self, level):
        return [line for line in self.lines if line.startswith(f"<{level}>")]


class Machine:
    """A router on the kernel, sockets and time of this namespace."""

    def __init__(self, *protocols):
        self.log = Lines()
        self.loop = new_loop(self.log)
        self.kernel = NetlinkKernel(self.loop, self.log)
        ports = Ports(
            AsyncioClock(self.loop),
            AsyncioNetwork(self.loop, self.log),
            self.kernel,
            self.log,
            random.Random(1),
            ThreadFiles(self.loop),
        )
        self.router = Router(ports, PROTOCOLS)
        tables = tuple(TableConfig(name, net_type) for net_type, name in FAMILIES.values())
        device_config = DeviceConfig(type_name="device", name="device1")
        config = Config(router_id=1, tables=tables, protocols=(device_config, *protocols))
        self.router.configure(config)

    def turn(self, seconds=0.05):
        self.loop.call_later(seconds, self.loop.stop)
        self.loop.run_forever()

    def until(self, condition, seconds=4.0):
        end = self.loop.time() + seconds
        while not condition() and self.loop.time() < end:
            self.turn(0.01)
        assert condition(), (self.log.lines, ip("route"), ip("-6 route"))

    def stop(self, graceful=False):
        done = []
        self.router.shutdown(lambda: done.append(True), graceful)
        self.until(lambda: done)
        self.kernel.close()
        self.loop.close()
        assert not self.log.of("bug")


def channel(family, imports=ACCEPT, exports=REJECT, preference=0):
    net_type, table = FAMILIES[family]
    return ChannelConfig(
        name=family, net_type=net_type, table=table, import_filter=imports, export_filter=exports,
        preference=preference,
    )  # fmt: skip


def kernel_config(family="ipv4", **options):
    name = f"kernel{family[-1]}"
    exports = channel(family, exports=ACCEPT, preference=10)
    return KernelConfig(type_name="kernel", name=name, channels=(exports,), **options)


def via(text):
    gateway, _, interface = text.partition("%")
    return StaticVia(gateway=Address.parse(gateway) if gateway else None, interface=interface or None)


def static_config(family, routes):
    """Routes as a dictionary: prefix to a destination, or to a list of `gateway%interface`."""
    made = []
    for prefix, where in routes.items():
        net = Prefix.parse(prefix)
        if isinstance(where, Dest):
            made.append(StaticRoute(net=net, dest=where))
        else:
            made.append(StaticRoute(net=net, via=tuple(via(text) for text in where)))
    return StaticConfig(
        type_name="static", name=f"static{family[-1]}", routes=tuple(made),
        channels=(channel(family, preference=200),),
    )  # fmt: skip


def installed(family="ipv4"):
    """What the kernel has of ours: prefix and the rest of the line."""
    option = "-6 " if family == "ipv6" else ""
    lines = ip(f"{option}route show proto bird").replace("\n\t", " ").splitlines()
    words = [line.split() for line in lines]
    skip = ("blackhole", "unreachable", "prohibit")
    return {(w[1] if w[0] in skip else w[0]): " ".join(w) for w in words}


@isolated
def test_routes_of_both_families_are_installed_and_removed_at_the_end():
    pair("d0", "d1")
    ip("addr add 10.0.0.1/24 dev d0")
    machine = Machine(
        kernel_config("ipv4"),
        kernel_config("ipv6"),
        static_config("ipv4", {"10.5.0.0/16": ["10.0.0.2"], "10.6.0.0/16": Dest.UNREACHABLE,
                               "10.7.0.0/16": ["fe80::1%d0"], "10.8.0.0/16": ["fe80::1%d0", "fe80::2%d1"]}),
        static_config("ipv6", {"2001:db8:5::/48": ["fe80::1%d0"], "2001:db8:6::/48": Dest.BLACKHOLE}),
    )  # fmt: skip
    machine.until(lambda: len(installed()) == 4 and len(installed("ipv6")) == 2)
    assert "via 10.0.0.2 dev d0 metric 32" in installed()["10.5.0.0/16"]
    assert installed()["10.6.0.0/16"].startswith("unreachable")
    assert "via inet6 fe80::1 dev d0" in installed()["10.7.0.0/16"]
    assert installed()["10.8.0.0/16"].count("nexthop via inet6 fe80::") == 2
    assert "via fe80::1 dev d0 metric 32" in installed("ipv6")["2001:db8:5::/48"]
    instance = machine.router.protocols["kernel4"]
    assert instance.state.value == "up"
    assert [(d.label, d.text) for d in instance.details()] == [
        ("Kernel table", "254"),
        ("Installed routes", "4"),
    ]
    machine.stop()
    assert installed() == installed("ipv6") == {}


@isolated
def test_what_an_earlier_run_left_is_adopted_or_removed_and_aliens_stay():
    pair("d0", "d1")
    ip("addr add 10.0.0.1/24 dev d0")
    ip("route add blackhole 10.5.0.0/16 metric 32 proto bird")
    ip("route add 10.6.0.0/16 dev d0 metric 32 proto bird")
    ip("route add 10.7.0.0/16 dev d0 metric 32 proto bird")
    ip("route add 10.8.0.0/16 dev d0 metric 32 proto static")
    ip("route add 10.9.0.0/16 dev d0 metric 33 proto bird")
    machine = Machine(
        kernel_config(), static_config("ipv4", {"10.5.0.0/16": Dest.BLACKHOLE, "10.6.0.0/16": ["10.0.0.2"]})
    )
    machine.until(lambda: "10.7.0.0/16" not in installed())
    assert list(installed()) == ["10.5.0.0/16", "10.6.0.0/16", "10.9.0.0/16"]
    assert "via 10.0.0.2" in installed()["10.6.0.0/16"]
    assert "10.8.0.0/16 dev d0 proto static" in ip("route")
    machine.stop()
    assert list(installed()) == ["10.9.0.0/16"]
    assert "10.8.0.0/16 dev d0 proto static" in ip("route")


@isolated
def test_persist_leaves_routes_for_the_next_run():
    machine = Machine(kernel_config(persist=True), static_config("ipv4", {"10.5.0.0/16": Dest.BLACKHOLE}))
    machine.until(lambda: "10.5.0.0/16" in installed())
    machine.stop()
    assert "10.5.0.0/16" in installed()


@isolated
def test_the_command_graceful_restart_leaves_routes_for_the_next_run():
    """BIRD's manual: routes are kept in kernel table after shutdown."""
    protocols = kernel_config(), static_config("ipv4", {"10.5.0.0/16": Dest.BLACKHOLE})
    machine = Machine(*protocols)
    machine.until(lambda: "10.5.0.0/16" in installed())
    machine.stop(graceful=True)
    assert "10.5.0.0/16" in installed()
    machine = Machine(*protocols)
    machine.until(lambda: machine.router.protocols["kernel4"].channels["ipv4"].member is not None)
    machine.stop()
    assert installed() == {}


@isolated
def test_routes_that_somebody_removes_or_changes_are_repaired():
    pair("d0", "d1")
    machine = Machine(
        kernel_config(scan_time=1),
        static_config("ipv4", {"10.5.0.0/16": Dest.BLACKHOLE, "10.6.0.0/16": ["%d0"]}),
    )
    machine.until(lambda: len(installed()) == 2)
    ip("route del blackhole 10.5.0.0/16 proto bird metric 32")
    ip("route replace 10.6.0.0/16 dev d1 proto bird metric 32")
    machine.until(lambda: len(installed()) == 2 and "dev d0" in installed()["10.6.0.0/16"])
    ip("route add 10.7.0.0/16 dev d1 proto bird metric 32")
    machine.until(lambda: "10.7.0.0/16" not in installed())
    machine.stop()


@isolated
def test_ipv4_routes_come_back_when_a_link_does():
    pair("d0", "d1")
    ip("addr add 10.0.0.1/24 dev d0")
    machine = Machine(kernel_config(), static_config("ipv4", {"10.5.0.0/16": ["10.0.0.2"]}))
    machine.until(lambda: "10.5.0.0/16" in installed())
    ip("link set d0 down")
    machine.until(lambda: "10.5.0.0/16" not in installed())
    machine.turn(0.1)
    ip("link set d0 up")
    machine.until(lambda: "10.5.0.0/16" in installed())
    machine.stop()


@isolated
def test_an_alien_route_in_the_way_is_told_once_and_shown_and_replaced_when_it_goes():
    pair("d0", "d1")
    ip("route add 10.5.0.0/16 dev d0 metric 32 proto static")
    machine = Machine(kernel_config(scan_time=1), static_config("ipv4", {"10.5.0.0/16": Dest.BLACKHOLE}))
    told = "<error> kernel4: 10.5.0.0/16: the kernel refuses the route: File exists"
    machine.until(lambda: told in machine.log.lines)
    machine.turn(1.5)
    assert machine.log.lines.count(told) == 1
    instance = machine.router.protocols["kernel4"]
    assert instance.refusal(Prefix.parse("10.5.0.0/16").key) == "File exists"
    assert [d.text for d in instance.details()] == ["254", "0", "1"]
    ip("route del 10.5.0.0/16 proto static")
    machine.until(lambda: "10.5.0.0/16" in installed())
    assert instance.refusal(Prefix.parse("10.5.0.0/16").key) is None
    machine.stop()


@isolated
def test_learn_announces_alien_routes_and_follows_them():
    pair("d0", "d1")
    ip("addr add 10.0.0.1/24 dev d0")
    ip("addr add 2001:db8:7::1/64 dev d0 nodad")
    ip("route add 10.5.0.0/16 dev d0 metric 20 proto static")
    ip("route add 10.5.0.0/16 via 10.0.0.2 metric 10 proto static")
    machine = Machine(kernel_config(learn="yes"), kernel_config("ipv6", learn="all"))
    table = machine.router.tables["master4"]
    key = Prefix.parse("10.5.0.0/16").key
    machine.until(lambda: table.get(key))
    view = machine.router.pool.view(table.get(key)[0].attrs)
    assert (view["krt_source"], view["krt_metric"]) == (4, 10)
    assert [str(hop.gateway) for hop in table.get(key)[0].hop.nexthops] == ["10.0.0.2"]
    assert table.get(Prefix.parse("10.0.0.0/24").key) == ()  # the kernel's own, without `all`
    own = machine.router.tables["master6"]
    machine.until(lambda: own.get(Prefix.parse("2001:db8:7::/64").key))
    assert own.get(Prefix.parse("fe80::/64").key) == ()  # no router forwards to that
    ip("route del 10.5.0.0/16 metric 10")
    machine.until(lambda: table.get(key)[0].hop.nexthops[0].gateway is None)
    ip("route del 10.5.0.0/16 metric 20")
    machine.until(lambda: table.get(key) == ())
    assert installed() == {}  # never returned to the kernel
    machine.stop()


@isolated
def test_another_import_filter_judges_learned_routes_again():
    pair("d0", "d1")
    ip("addr add 10.0.0.1/24 dev d0")
    ip("route add 10.5.0.0/16 via 10.0.0.2 proto static")
    learner = replace(kernel_config(learn="yes"), channels=(channel("ipv4", preference=10),))
    machine = Machine(learner)
    key = Prefix.parse("10.5.0.0/16").key
    table = machine.router.tables["master4"]
    machine.until(lambda: table.get(key))
    running = machine.router.config
    for imports, there in ((REJECT, False), (ACCEPT, True)):
        other = replace(learner, channels=(channel("ipv4", imports=imports, preference=10),))
        machine.router.reconfigure(replace(running, protocols=(running.protocols[0], other)))
        machine.until(lambda there=there: bool(table.get(key)) is there)
    machine.router.reload(machine.router.protocols["kernel4"], imports=True, exports=False)
    machine.turn(0.1)
    assert machine.router.protocols["kernel4"].channels["ipv4"].statistics.import_updates.received == 4
    machine.stop()


@isolated
@patch("pybird.proto.kernel.kernel.MOST_HOPS", 4)
def test_next_hops_of_learned_routes_are_not_kept_for_ever():
    pair("d0", "d1")
    ip("addr add 10.0.0.1/24 dev d0")
    machine = Machine(kernel_config(learn="yes"))
    for last in range(2, 12):
        ip(f"route replace 10.5.0.0/16 via 10.0.0.{last} proto static")
    ip("route add 10.6.0.0/16 via 10.0.0.11 proto static")
    table = machine.router.tables["master4"]
    machine.until(lambda: table.get(Prefix.parse("10.6.0.0/16").key))
    assert str(table.best(Prefix.parse("10.5.0.0/16").key).hop.nexthops[0].gateway) == "10.0.0.11"
    assert len(machine.router.protocols["kernel4"]._hops) <= 4
    machine.stop()


@isolated
def test_another_table_and_metric():
    machine = Machine(
        kernel_config(kernel_table=1000, metric=7), static_config("ipv4", {"10.5.0.0/16": Dest.BLACKHOLE})
    )
    machine.until(lambda: "10.5.0.0/16" in ip("route show table all proto bird"))
    assert "table 1000 metric 7" in ip("route show table all proto bird")
    assert installed() == {}
    machine.stop()


@isolated
def test_many_routes_go_in_and_out_in_slices():
    routes = {f"10.{n >> 8}.{n & 255}.0/24": Dest.BLACKHOLE for n in range(5000)}
    machine = Machine(kernel_config(), static_config("ipv4", routes))
    machine.until(lambda: len(installed()) == 5000)
    machine.stop()
    assert installed() == {}


def second_way(name, prefix, where):
    made = static_config("ipv4", {prefix: where})
    return replace(made, name=name)


@isolated
def test_merge_paths_makes_one_route_of_equal_ones_up_to_its_limit():
    pair("d0", "d1")
    machine = Machine(
        kernel_config(merge_paths=2),
        second_way("one", "10.5.0.0/16", ["fe80::1%d0"]),
        second_way("two", "10.5.0.0/16", ["fe80::2%d1"]),
        second_way("three", "10.5.0.0/16", ["fe80::3%d1"]),
    )
    machine.until(lambda: installed().get("10.5.0.0/16", "").count("nexthop via inet6 fe80::") == 2)
    machine.router.disable(machine.router.protocols["one"])
    machine.router.disable(machine.router.protocols["three"])
    machine.until(lambda: "nexthop" not in installed()["10.5.0.0/16"])
    assert "via inet6 fe80::2 dev d1" in installed()["10.5.0.0/16"]
    machine.stop()


@isolated
def test_persist_changes_live_and_another_metric_restarts():
    routes = static_config("ipv4", {"10.5.0.0/16": Dest.BLACKHOLE})
    machine = Machine(kernel_config(), routes)
    machine.until(lambda: "10.5.0.0/16" in installed())
    router = machine.router
    instance = router.protocols["kernel4"]
    before = instance.since

    def reconfigure(new):
        old = router.config
        protocols = tuple(new if p.name == "kernel4" else p for p in old.protocols)
        router.reconfigure(replace(old, protocols=protocols))

    reconfigure(kernel_config(persist=True))
    machine.turn()
    assert (instance.since, instance.config.persist) == (before, True)
    reconfigure(kernel_config())
    machine.turn()
    reconfigure(kernel_config(metric=77))
    machine.until(lambda: "metric 77" in installed().get("10.5.0.0/16", ""))
    assert "metric 32" not in ip("route")
    machine.stop()
    assert installed() == {}


@isolated
def test_a_filter_sets_source_address_and_metrics():
    pair("d0", "d1")
    ip("addr add 192.0.2.1/32 dev lo")
    language = Language(PROTOCOLS)
    config = language.read("""
        router id 1.1.1.1;
        protocol device { }
        protocol static s { ipv4; route 10.5.0.0/16 via fe80::1%d0; route 10.6.0.0/16 via "d0"; }
        protocol kernel k { metric 0; ipv4 { export filter {
          if net = 10.5.0.0/16 then { krt_prefsrc = 192.0.2.1; krt_mtu = 1300; krt_lock_mtu = true; }
          krt_metric = 50; accept; }; }; }
    """)
    machine = Machine()
    machine.router.reconfigure(config)
    machine.until(lambda: len(installed()) == 2)
    assert "src 192.0.2.1 metric 50 mtu lock 1300" in installed()["10.5.0.0/16"]
    assert installed()["10.6.0.0/16"] == "10.6.0.0/16 dev d0 scope link metric 50"
    machine.turn(0.2)
    machine.router.protocols["k"].request_refresh(None)
    machine.turn(0.2)
    assert not machine.log.of("error")
    assert not machine.router.protocols["k"].fib.queue  # a scan finds nothing to repair
    machine.stop()


@isolated
def test_the_claim_of_a_table_goes_with_the_protocol():
    machine = Machine(kernel_config("ipv4"))
    other = NetlinkKernel(new_loop(Lines()), Lines())
    for _ in range(5):  # as often as it asks
        assert "another PyBIRD" in other.claim(True, 254, 32)
        machine.turn(0.01)
    assert other.claim(True, 254, 33) is None
    assert other.claim(True, 100, 32) is None
    machine.stop()
    assert other.claim(True, 254, 32) is None
    assert other.claim(True, 254, 32) is None, "ours already"
    other.close()


@isolated
@patch("pybird.proto.kernel.kernel.AGAIN", 0.2)
def test_who_only_learned_and_gets_something_to_export_needs_the_table_then():
    loop = new_loop(Lines())
    other = NetlinkKernel(loop, Lines())
    assert other.claim(True, 254, 32) is None
    ip("route add blackhole 10.9.0.0/16 proto bird metric 32")
    learner = replace(kernel_config("ipv4"), channels=(channel("ipv4", preference=10),), learn="all")
    static = static_config("ipv4", {"10.1.0.0/16": Dest.BLACKHOLE})
    machine = Machine(learner, static)
    running = machine.router.config
    device = running.protocols[0]
    exports = replace(learner, channels=(channel("ipv4", exports=ACCEPT, preference=10),))
    machine.router.reconfigure(replace(running, protocols=(device, exports, static)))
    for _ in range(3):
        machine.turn(0.25)
        loop.call_soon(loop.stop)
        loop.run_forever()
    assert set(installed()) == {"10.9.0.0/16"}
    (problem,) = machine.log.of("error")
    assert f"process {os.getpid()}, writes to kernel table 254" in problem
    assert machine.router.protocols["kernel4"].info() in problem
    other.close()
    machine.until(lambda: set(installed()) == {"10.1.0.0/16"})
    assert machine.router.protocols["kernel4"].info() == ""
    machine.stop()
    assert not installed()


@isolated
@patch("pybird.proto.kernel.kernel.AGAIN", 0.2)
def test_it_begins_when_the_table_is_free_and_who_only_learns_does_not_wait():
    other = NetlinkKernel(new_loop(Lines()), Lines())
    assert other.claim(True, 254, 32) is None
    learner = KernelConfig(
        type_name="kernel", name="learner", channels=(channel("ipv4"),), learn="all", kernel_table=254
    )
    ip("route add blackhole 10.9.0.0/16 proto bird metric 32")
    machine = Machine(learner)
    machine.until(lambda: machine.router.protocols["learner"].state.value == "up")
    ip("route add blackhole 10.8.0.0/16 proto bird metric 32")
    machine.router.reload(machine.router.protocols["learner"], imports=True, exports=False)
    machine.turn(0.2)
    theirs = {"10.8.0.0/16", "10.9.0.0/16"}
    assert set(installed()) == theirs, "they may be the other one's"
    machine.stop()
    assert set(installed()) == theirs
    machine = Machine(kernel_config("ipv4"))
    assert machine.router.protocols["kernel4"].state.value == "start"
    (problem,) = machine.log.of("error")
    assert f"process {os.getpid()}, writes to kernel table 254" in problem
    assert machine.router.protocols["kernel4"].info() in problem
    other.close()
    machine.until(lambda: machine.router.protocols["kernel4"].state.value == "up")
    machine.until(lambda: not installed())
    machine.stop()
