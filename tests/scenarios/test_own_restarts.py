"""This router restarts gracefully: neighbors and the kernel keep its routes (RFC 4724, 4.1)."""

import pytest

from pybird.cli.overview import show_status
from pybird.core.router import Router
from pybird.proto import PROTOCOLS
from pybird.proto.bgp.wire.capabilities import GracefulRestart
from pybird.proto.bgp.wire.messages import Update
from tests.scenarios.lab import Lab, read
from tests.scenarios.line import KEEPALIVE, Line, capabilities, hello

TEXT = """
router id 10.0.0.%(id)d;
graceful restart wait 60;
protocol device { }
protocol kernel { %(kernel)s ipv4 { export where net ~ [ 10.0.0.0/8{16,16} ]; }; }
protocol static { ipv4; route 10.%(id)d.0.0/16 blackhole; }
%(sessions)s
"""
SESSION = """protocol bgp to_%(to)s { local 10.0.0.%(id)d as %(asn)d; neighbor 10.0.0.%(to)d as %(to_asn)d;
  connect delay time 1; %(options)s ipv4 { import all; export all; }; }
"""
ON = "graceful restart on;"


def text(own, to, options="", kernel="graceful restart;"):
    sessions = "".join(
        SESSION % {"id": own, "asn": 65000 + own, "to": other, "to_asn": 65000 + other, "options": options}
        for other in to
    )
    return TEXT % {"id": own, "sessions": sessions, "kernel": kernel}


def lab_of(a=ON, kernel="graceful restart;", others=""):
    """Router 1 between 2 and 3, which do not know each other."""
    lab = Lab(dad=None)
    lab.recovers = False

    def boot(ports, config):
        router = Router(ports, PROTOCOLS)
        router.configure(read(config), lab.recovers)
        return router

    lab.boot = boot
    for number, config in (
        (1, text(1, (2, 3), a, kernel)),
        (2, text(2, (1,), others)),
        (3, text(3, (1,), others)),
    ):
        lab.router(f"r{number}", config)
    lab.segment("lan", *((f"r{number}", "eth0") for number in (1, 2, 3)))
    for number in (1, 2, 3):
        lab.nodes[f"r{number}"].host.add_address("eth0", f"10.0.0.{number}/24")
    lab.expect(lambda: whole(lab), 30, "all routes are everywhere")
    return lab


def nets(lab, name):
    return sorted(net for net in lab.nets(name, "master4") if net.endswith("/16"))


def installed(lab, name="r1"):
    """The networks in a router's kernel table that the router has put there."""
    return sorted(str(route.prefix) for route in lab.nodes[name].host.kernel.routes(True, 254, 12))


ALL = ["10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"]


def whole(lab):
    return all(nets(lab, f"r{number}") == ALL and installed(lab, f"r{number}") == ALL for number in (1, 2, 3))


def watch(lab, seconds):
    """Whether neighbors and the kernel of r1 have all routes all the time."""
    for _ in range(int(seconds * 10)):
        lab.run(0.1)
        for number in (2, 3):
            assert nets(lab, f"r{number}") == ALL, (lab.clock.now(), number)
        assert installed(lab) == ALL, lab.clock.now()


def status(lab):
    return next(iter(show_status(lab.nodes["r1"].router, None, type("S", (), {"dialect": 2})))).recovery


def again(lab, recovers=True):
    lab.recovers = recovers
    lab.nodes["r1"].start()


@pytest.mark.parametrize("way", ["kill -9", "graceful restart"])
def test_nobody_loses_a_route_while_the_router_is_replaced(way):
    lab = lab_of()
    if way == "kill -9":
        lab.nodes["r1"].kill()
    else:
        lab.nodes["r1"].stop(graceful=True)
    watch(lab, 5)
    again(lab)
    watch(lab, 60)
    assert status(lab) == ()
    assert whole(lab)


def test_a_route_that_went_meanwhile_goes_when_the_recovery_is_over():
    lab = lab_of()
    lab.nodes["r1"].kill()
    lab.run(1)
    lab.nodes["r2"].router.disable(lab.nodes["r2"].router.protocols["static1"])
    lab.run(1)
    again(lab)
    lab.run(0.5)
    assert installed(lab) == ALL
    lab.expect(lambda: status(lab) == (), 30, "the recovery is over")
    lab.run(1)
    assert installed(lab) == ["10.1.0.0/16", "10.3.0.0/16"]
    assert nets(lab, "r3") == ["10.1.0.0/16", "10.3.0.0/16"]


def test_what_is_shown_meanwhile_and_that_the_wait_ends():
    """r3 does not come back: it is waited for until `graceful restart wait` is over."""
    lab = lab_of()
    lab.nodes["r1"].kill()
    lab.nodes["r3"].kill()
    again(lab)
    lab.run(10)
    first, second, third = status(lab)
    assert first == "Graceful restart recovery in progress"
    assert second == "  Waiting for 1 channels to recover"
    assert third == "  Wait timer is 50.000/60"
    router = lab.nodes["r1"].router
    states = {name: router.services.recovery.state_of(name, "ipv4") for name in ("to_2", "to_3", "kernel1")}
    assert states == {"to_2": "waiting", "to_3": "pending", "kernel1": "waiting"}
    assert installed(lab) == ALL
    assert nets(lab, "r2") == ["10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"], "stale, but there"
    lab.run(55)
    assert status(lab) == ()
    assert installed(lab) == ["10.1.0.0/16", "10.2.0.0/16"]


def test_two_routers_that_restart_do_not_wait_for_each_other():
    lab = lab_of(others=ON)
    lab.nodes["r1"].kill()
    lab.nodes["r2"].kill()
    lab.recovers = True
    lab.nodes["r1"].start()
    lab.nodes["r2"].start()
    lab.run(20)
    assert status(lab) == ()
    assert lab.nodes["r2"].router.services.recovery.lines() == ()
    lab.run(5)
    assert whole(lab)


def test_a_neighbor_without_graceful_restart_is_not_waited_for():
    lab = lab_of(others="graceful restart off;")
    lab.nodes["r1"].kill()
    lab.run(2)
    again(lab)
    lab.run(10)
    assert status(lab) == ()
    assert whole(lab)


def test_a_family_that_the_neighbor_does_not_offer_is_not_waited_for():
    lab = lab_of()
    lab.nodes["r1"].kill()
    lab.run(2)
    both = text(1, (2, 3), ON).replace("export all; };", "export all; }; ipv6 { import all; export all; };")
    lab.nodes["r1"].config = both
    again(lab)
    lab.run(10)
    assert status(lab) == ()
    assert whole(lab)


def without_3():
    """r1 has restarted and waits for r3 only."""
    lab = lab_of()
    lab.nodes["r1"].kill()
    lab.nodes["r3"].kill()
    again(lab)
    lab.run(10)
    assert status(lab)[1] == "  Waiting for 1 channels to recover"
    return lab


def configure(lab, config):
    lab.nodes["r1"].router.reconfigure(read(config))


def removed(lab):
    configure(lab, text(1, (2,), ON))


def without_channel(lab):
    config = text(1, (2, 3), ON)
    at = config.index("protocol bgp to_3")
    configure(lab, config[:at] + config[at:].replace("ipv4 {", "ipv6 {"))


def turned_off(lab):
    config = text(1, (2, 3), ON)
    at = config.index("protocol bgp to_3")
    configure(lab, config[:at] + config[at:].replace(ON, "graceful restart off;"))


def disabled(lab):
    router = lab.nodes["r1"].router
    router.disable(router.protocols["to_3"])


@pytest.mark.parametrize("act", [disabled, removed, turned_off])
def test_who_is_stopped_or_does_not_restart_gracefully_is_not_waited_for(act):
    lab = without_3()
    act(lab)
    lab.run(1)
    assert status(lab) == ()
    assert installed(lab) == ["10.1.0.0/16", "10.2.0.0/16"]


def restarted(lab):
    router = lab.nodes["r1"].router
    router.restart(router.protocols["to_3"])


def reconfigured(lab):
    configure(lab, text(1, (2, 3), ON + " hold time 77;"))


def renamed(lab):
    configure(lab, text(1, (2, 3), ON).replace("protocol bgp to_3", "protocol bgp towards_3"))


@pytest.mark.parametrize("act", [restarted, reconfigured, renamed])
def test_who_starts_again_during_a_recovery_is_waited_for_all_the_same(act):
    lab = without_3()
    act(lab)
    lab.run(10)
    assert status(lab)[1].startswith("  Waiting for ")
    assert installed(lab) == ALL
    lab.nodes["r3"].start()
    lab.expect(lambda: status(lab) == (), 30, "the recovery is over")
    lab.run(1)
    assert whole(lab)


def test_a_channel_that_is_gone_is_not_waited_for():
    """In its place is one of another family, which r3 does not have: it is waited for until the end."""
    lab = without_3()
    without_channel(lab)
    lab.run(1)
    assert status(lab)[1] == "  Waiting for 1 channels to recover"
    assert lab.nodes["r1"].router.services.recovery.state_of("to_3", "ipv6") == "pending"


@pytest.mark.parametrize("act", ["restart", "configure"])
def test_a_kernel_protocol_that_starts_again_installs_what_is_known(act):
    """It has removed what the last run left, so there is nothing to wait for."""
    lab = without_3()
    router = lab.nodes["r1"].router
    if act == "restart":
        router.restart(router.protocols["kernel1"])
    else:
        configure(lab, text(1, (2, 3), ON, "metric 99; graceful restart;"))
    lab.run(1)
    assert len(status(lab)) == 3
    kernel = lab.nodes["r1"].host.kernel
    metric = 32 if act == "restart" else 99
    found = {str(route.prefix) for route in kernel.routes(True, 254, 12)}
    assert found == {"10.1.0.0/16", "10.2.0.0/16"}, metric


@pytest.mark.parametrize(
    ("own", "channel", "others"),
    [
        ("graceful restart aware;", "", ""),
        (ON, "graceful restart off;", ""),
        (ON, "", "graceful restart off;"),
    ],
)
def test_a_neighbor_that_kept_nothing_gets_routes_at_once(own, channel, others):
    """It would be without them until all have recovered."""
    lab = lab_of(others=others)
    lab.nodes["r1"].kill()
    lab.nodes["r3"].kill()
    lab.run(1)
    lab.nodes["r1"].config = text(1, (2, 3), own).replace("export all; };", f"export all; {channel} }};")
    again(lab)
    lab.run(8)  # what r2 kept is gone
    assert "10.1.0.0/16" in nets(lab, "r2")
    assert len(status(lab)) == 3, "while r3 is waited for"


def test_a_neighbor_that_ends_its_session_with_a_notification_is_not_waited_for():
    lab = lab_of()
    for number in (1, 2, 3):
        lab.nodes[f"r{number}"].kill()
    again(lab)
    lab.run(1)
    lab.nodes["r2"].start()
    router = lab.nodes["r1"].router
    recovery = router.services.recovery
    lab.expect(lambda: router.protocols["to_2"].info().strip() == "Established", 20, "r2 is back")
    lab.nodes["r2"].router.disable(lab.nodes["r2"].router.protocols["to_1"])
    lab.run(0.5)
    assert recovery.lines()[1] == "  Waiting for 1 channels to recover"


def test_without_the_flag_it_starts_afresh():
    lab = lab_of()
    lab.nodes["r1"].kill()
    lab.run(1)
    again(lab, recovers=False)
    lab.run(0.3)
    assert status(lab) == ()
    assert installed(lab) == ["10.1.0.0/16"]


def test_without_its_option_the_kernel_protocol_does_not_wait():
    lab = lab_of(kernel="")
    lab.nodes["r1"].kill()
    lab.run(1)
    again(lab)
    lab.run(0.5)
    assert installed(lab) == ["10.1.0.0/16"]


def test_a_recovery_without_anyone_to_wait_for_is_over_at_once():
    lab = lab_of(a="graceful restart off;")
    lab.nodes["r1"].kill()
    lab.run(1)
    again(lab)
    lab.run(0.1)
    assert status(lab) == ()
    assert "Graceful restart done" in lab.nodes["r1"].messages("info")


R_BIT = 8


def recovering_line():
    """A router that recovers, and waits for the talkative neighbor alone."""
    line = Line("passive;", dials=False)
    recovery = line.router.services.recovery
    recovery.begin(60)
    recovery.hold("x", ["ipv4"])
    return line, recovery


def recovering_neighbor(line):
    """The neighbor connects, and says that it recovers itself, as FRR does for minutes after any start."""
    line.dial()
    found = capabilities(graceful_restart=GracefulRestart(R_BIT, 60, ((1, 1, 0x80),)))
    line.say(hello(hold=0, offers=found) + KEEPALIVE)


def test_a_neighbor_that_recovers_itself_gets_five_seconds():
    """RFC 4724, 4.1 waits for no such neighbor at all: it may wait for us."""
    line, recovery = recovering_line()
    recovering_neighbor(line)
    line.lab.run(3)
    assert recovery.active
    line.lab.run(3)
    assert not recovery.active


def test_its_end_of_rib_ends_the_wait_at_once():
    line, recovery = recovering_line()
    recovering_neighbor(line)
    line.say(Update(b"", b"", b"").encode())
    assert not recovery.active


@pytest.mark.parametrize("act", ["restart", "lost"])
def test_each_session_has_its_own_five_seconds(act):
    line, recovery = recovering_line()
    recovering_neighbor(line)
    line.lab.run(3)
    if act == "restart":
        line.router.restart(line.peer)
    else:
        line.talker.stream.abort()
    line.lab.run(4)
    assert recovery.active, "the wait of the first session says nothing about the second"
    recovering_neighbor(line)
    line.lab.run(5)
    assert not recovery.active
