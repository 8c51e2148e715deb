"""Kernel events are lost: afterwards routers know of links, addresses and routes what is so."""

from pybird.core.ports import KernelRoute
from pybird.values.net import Prefix
from pybird.values.route import Dest
from tests.scenarios.lab import own4, pair, unnumbered

LEARN = unnumbered(1).replace(
    "protocol kernel kernel4 {\n  ipv4 {",
    "protocol kernel kernel4 {\n  learn; scan time 3600; ipv4 { import all;",
)


def alien(number):
    return KernelRoute(Prefix.parse(f"100.64.{number}.0/24"), 254, Dest.BLACKHOLE, protocol=4)


def learned(lab):
    return [net for net in lab.nets("a", "master4") if net.startswith("100.64.")]


def test_everything_is_read_again():
    text = LEARN.replace("protocol device { }", "protocol device { scan time 3600; }")
    assert "learn" in text
    lab = pair(text)
    lab.expect(lab.meshed, 6, "all routers know each other's routes")
    host = lab.nodes["a"].host
    kernel = host.kernel
    for number in range(5):
        kernel.add_route(alien(number))
    lab.run(30)
    assert len(learned(lab)) == 5

    report, kernel.report = kernel.report, lambda event: None
    for number in range(5, 50):
        kernel.add_route(alien(number))
    kernel.change_routes((), [alien(number) for number in range(2, 40)])
    (ours,) = [route for route in kernel.routes(True, 254, 12) if route.prefix.key == own4(2)]
    kernel.change_routes((), [ours])
    cable = next(iter(lab.segments.values()))
    host.detach("eth0")
    host.attach("eth0", cable, index=7)
    host.attach("eth1", lab.segment("elsewhere"))
    host.add_address("lo", "10.99.0.1/32")
    kernel.report = report
    lab.run(0.5)
    kernel.overflow()

    lab.expect(lambda: len(learned(lab)) == 2 + 10, 3, "alien routes are those that are there")
    lab.expect(lambda: lab.knows("a", "b") and lab.knows("b", "a"), 10, "the neighbor is found again")
    lab.expect(lambda: lab.pings("a", "b"), 3, "our routes are in the kernel again")
    interfaces = lab.nodes["a"].router.interfaces
    assert {interface.name: interface.index for interface in interfaces} == {"lo": 1, "eth0": 7, "eth1": 8}
    assert any(str(own.address) == "10.99.0.1" for own in interfaces.named("lo").ready_addresses())
    assert "fe80::2:2%7" in lab.entries("a")
    assert "fe80::2:2%2" not in lab.entries("a")
