"""What the kernel refuses, or does by itself, on a simulated machine."""

import errno
from unittest.mock import DEFAULT, Mock, patch

import pytest

from pybird.core.ports import KernelRoute, LinkAddress
from pybird.sim.world import World
from pybird.values.address import Address
from pybird.values.net import Prefix
from pybird.values.route import Dest, NextHop
from tests.scenarios.lab import boot, read

NET = Prefix.parse("10.5.0.0/16")
SCAN = 60
SETTLED = 5.0  # seconds until no scan is to come that a change has caused


class Machine(World):
    """One router with a static route of NET, which the kernel protocol exports."""

    def __init__(self, *gateways, more="", prepare=lambda kernel: None):
        super().__init__(boot)
        self.more = more
        self.box = self.router("a", self.text(gateways or ("192.0.2.9",)))
        self.segment("lan", ("a", "eth0"))
        self.host = self.box.host
        self.kernel = self.host.kernel
        self.host.add_address("eth0", "192.0.2.1/24")
        prepare(self.kernel)
        self.run(SETTLED)

    def text(self, gateways):
        ways = " ".join(f"via {gateway}" for gateway in gateways)
        return f"""
          router id 192.0.2.1;
          protocol device {{ }}
          protocol static s {{ ipv4; route {NET} {ways}; }}
          protocol kernel k {{ scan time {SCAN}; {self.more} ipv4 {{ import all; export all; }}; }}
        """

    def reload(self, *gateways):
        self.box.router.reconfigure(read(self.text(gateways)))
        self.run(SETTLED)

    def refuse(self, gateway, reason="Nexthop has invalid gateway"):
        wrong = Address.parse(gateway)
        self.kernel.refuse = lambda route: (
            reason if any(hop.gateway == wrong for hop in route.nexthops) else None
        )

    def ways(self):
        """Gateways of the kernel's routes to NET, by metric."""
        found = [route for route in self.kernel.routes(True, 254) if route.prefix == NET]
        return {route.metric: " ".join(str(hop.gateway) for hop in route.nexthops) for route in found}

    def protocol(self):
        return self.box.router.protocols["k"]


def alien(metric=32, gateway="192.0.2.77"):
    """A route of somebody else to NET."""
    hop = NextHop(Address.parse(gateway), 2, "eth0")
    return KernelRoute(NET, 254, Dest.UNICAST, (hop,), metric, protocol=4)


def test_the_wrong_route_goes_when_the_right_one_is_refused():
    """Better no route than one that leads the wrong way."""
    machine = Machine("192.0.2.9")
    assert machine.ways() == {32: "192.0.2.9"}
    machine.refuse("192.0.2.8")
    machine.reload("192.0.2.8")
    assert machine.ways() == {}
    assert machine.protocol().refusal(NET.key) == "Nexthop has invalid gateway"
    machine.reload("192.0.2.9")
    assert machine.ways() == {32: "192.0.2.9"}


def no_memory(*_arguments):
    raise OSError(errno.ENOBUFS, "No buffer space available")


def test_a_change_that_could_not_be_sent_is_told_and_made_good_and_the_protocol_lives():
    machine = Machine("192.0.2.9")
    with patch.object(machine.kernel, "change_routes", no_memory):
        machine.reload("192.0.2.8")
        assert machine.ways() == {32: "192.0.2.9"}
        assert machine.protocol().refusal(NET.key) == "No buffer space available"
    machine.run(SETTLED)
    assert machine.ways() == {32: "192.0.2.8"}
    assert machine.box.messages("bug") == []


def test_ten_refusals_at_once_are_told_and_the_others_counted():
    machine = Machine("192.0.2.9")
    more = "".join(f" route 10.6.{third}.0/24 via 192.0.2.8;" for third in range(15))
    machine.refuse("192.0.2.8")
    text = machine.text(["192.0.2.9"])
    machine.box.router.reconfigure(
        read(text.replace("protocol static s { ipv4;", f"protocol static s {{ ipv4;{more}"))
    )
    machine.run(SETTLED)
    told = machine.box.messages("error")
    assert len(told) == 11
    assert told[-1] == "k: the kernel refuses 5 more routes"


def leftover(kernel):
    kernel.add_route(KernelRoute(Prefix.parse("10.7.0.0/16"), 254, Dest.BLACKHOLE, metric=32, protocol=12))


def test_what_a_disturbed_walk_at_the_start_missed_is_found_by_a_scan():
    def torn_once(kernel):
        leftover(kernel)
        walk = kernel.routes
        kernel.routes = Mock(side_effect=[InterruptedError(4, "Changed"), *[DEFAULT] * 9], wraps=walk)
        kernel.refuse = lambda route: "Nothing new"  # whose event would cause a scan, too

    machine = Machine("192.0.2.9", prepare=torn_once)
    assert [str(route.prefix) for route in machine.kernel.routes(True, 254, 12)] == []


def test_a_refused_route_is_tried_again_at_the_next_scan_and_told_once():
    machine = Machine("192.0.2.9")
    machine.refuse("192.0.2.8")
    machine.reload("192.0.2.8")
    machine.run(3 * SCAN)
    told = ["k: 10.5.0.0/16: the kernel refuses the route: Nexthop has invalid gateway"]
    assert machine.box.messages("error") == told
    machine.kernel.refuse = lambda route: None
    machine.run(SCAN)
    assert machine.ways() == {32: "192.0.2.8"}
    assert machine.protocol().refusal(NET.key) is None
    machine.refuse("192.0.2.8")
    machine.reload("192.0.2.9")
    machine.reload("192.0.2.8")
    assert machine.box.messages("error") == told * 2, "it was all right in between"


def test_a_new_address_has_refused_routes_tried_again_soon():
    machine = Machine("192.0.2.9")
    machine.refuse("192.0.2.8")
    machine.reload("192.0.2.8")
    machine.kernel.refuse = lambda route: None
    machine.host.add_address("eth0", "198.51.100.1/24")
    machine.run(2)
    assert machine.ways() == {32: "192.0.2.8"}


def test_a_route_of_somebody_else_in_the_way_is_left_and_ours_comes_when_it_goes():
    machine = Machine("192.0.2.9")
    machine.reload("192.0.2.9")
    kernel = machine.kernel
    kernel.change_routes([alien()], [])  # over ours
    machine.run(2)
    assert machine.ways() == {32: "192.0.2.77"}
    assert machine.protocol().refusal(NET.key) == "File exists"
    kernel.change_routes([], [alien()])
    machine.run(2)
    assert machine.ways() == {32: "192.0.2.9"}


def test_a_route_of_ours_that_somebody_removes_comes_back_soon():
    machine = Machine("192.0.2.9")
    (ours,) = [route for route in machine.kernel.routes(True, 254) if route.prefix == NET]
    machine.kernel.change_routes([], [ours])
    machine.run(2)
    assert machine.ways() == {32: "192.0.2.9"}


@pytest.mark.parametrize(
    "event",
    [
        lambda machine: machine.kernel.overflow(),
        lambda machine: machine.kernel.report(lambda w: w.link_removed(9)),
        lambda machine: machine.kernel.report(
            lambda w: w.address_removed(LinkAddress(2, Address.parse("192.0.2.5"), 24))
        ),
    ],
    ids=["lost events", "a link that is gone", "an address that is gone"],
)
def test_what_the_kernel_dropped_without_a_word_comes_back_soon_after(event):
    machine = Machine("192.0.2.9")
    machine.kernel.forget_routes()
    machine.run(2)
    assert machine.ways() == {}
    event(machine)
    machine.run(2)
    assert machine.ways() == {32: "192.0.2.9"}


def test_another_metric_takes_the_old_route_out():
    metric = "export filter {{ krt_metric = {}; accept; }};"
    text = f"""
      router id 192.0.2.1;
      protocol device {{ }}
      protocol static s {{ ipv4; route {NET} via 192.0.2.9; }}
      protocol kernel k {{ metric 0; ipv4 {{ {metric} }}; }}
    """
    machine = Machine("192.0.2.9")
    machine.box.router.reconfigure(read(text.replace("{}", "7")))
    machine.run(1)
    assert machine.ways() == {7: "192.0.2.9"}
    machine.box.router.reconfigure(read(text.replace("{}", "8")))
    machine.run(1)
    assert machine.ways() == {8: "192.0.2.9"}


def test_a_program_that_enters_routes_like_ours_is_told_once_and_its_routes_go():
    machine = Machine("192.0.2.9")
    for third in (1, 2):
        prefix = Prefix.parse(f"10.6.{third}.0/24")
        machine.kernel.add_route(KernelRoute(prefix, 254, Dest.BLACKHOLE, metric=32, protocol=12))
        machine.run(2)
    (line,) = machine.box.messages("warning")
    assert "Another program enters routes of protocol bird into kernel table 254, such as 10.6.1.0/24" in line
    assert [str(route.prefix) for route in machine.kernel.routes(True, 254, 12)] == [str(NET)]
