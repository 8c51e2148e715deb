"""A neighbor is away for longer than its restart time: what stays, as the last choice (RFC 9494)."""

import pytest

from pybird.core.channel import ChannelState
from pybird.proto.bgp.wire.capabilities import GracefulRestart
from pybird.proto.bgp.wire.messages import Notification, Update
from pybird.values.net import net_of
from tests.scenarios.lab import read
from tests.scenarios.line import GOOD, KEEPALIVE, TEXT, Line, capabilities, hello, update

V4, V6 = (1, 1), (2, 1)
KEPT, LOST = 0x80, 0
RESTARTED = 8
PATH = bytes.fromhex("4001010040020602010000fdea4003040a000002")
ONE, TWO, THREE = b"\x18\x14\x00\x01", b"\x18\x14\x00\x02", b"\x18\x14\x00\x03"
END_OF_RIB = Update(b"", b"", b"").encode()
NO_LLGR = bytes.fromhex("c00804ffff0007")
STALE = bytes.fromhex("ffff0006")
TWO_WORDS = bytes.fromhex("c0080400010002")


def configure(line, options):
    line.router.reconfigure(read(TEXT % {"options": options, "asn": 65002, "id": 1}))


def configure_good(line, text):
    line.lab.nodes["c"].router.reconfigure(read(text))


def offers(seconds=30, stale=600, flag=KEPT, long_flag=KEPT, flags=0, families=(V4,), long=(V4,)):
    return capabilities(
        graceful_restart=GracefulRestart(flags, seconds, tuple((*family, flag) for family in families)),
        long_lived=tuple((*family, long_flag, stale) for family in long),
    )


def opening(found, hold=0):
    return hello(hold=hold, offers=found) + KEEPALIVE


def line_with(found=None, nets=ONE + TWO, options="passive;", hold=0):
    line = Line(options)
    line.say(opening(offers() if found is None else found, hold))
    line.say(update(PATH, nets) + END_OF_RIB)
    assert len(routes(line)) == len(nets) // 4
    return line


def routes(line):
    """The networks of the neighbor; those that are long-lived stale with a star."""
    pool = line.router.services.pool
    found = []
    for net, candidates in table(line).items():
        for rte in candidates:
            if net.startswith("20.0.") and rte.source.name == "x":
                communities = pool.value(rte.attrs, "bgp_community")
                stale = communities is not None and STALE in communities.octets
                found.append(net[5:].removesuffix(".0/24") + ("*" if stale else ""))
    return sorted(found)


def table(line):
    found = line.router.tables["master4"]
    return {str(net_of(found.net_type, key)): found.get(key) for key in found.keys()}  # noqa: SIM118


def crash(line, seconds=1.0):
    line.talker.stream.abort()
    line.lab.run(seconds)


def back(line, found=None):
    line.dial()
    line.say(opening(offers(flags=RESTARTED) if found is None else found))
    assert line.state() == "Established"


def at_good(line):
    """What the healthy neighbor, which does not announce the capability or does, has of these routes."""
    return sorted(net[5:].removesuffix(".0/24") for net in line.lab.nets("c", "master4") if net[:3] == "20.")


def test_after_the_restart_time_routes_stay_as_the_last_choice():
    line = line_with(nets=ONE)
    line.say(update(PATH + NO_LLGR, TWO) + update(PATH + TWO_WORDS, THREE))
    crash(line, 29)
    assert routes(line) == ["1", "2", "3"]
    line.lab.run(2)
    assert routes(line) == ["1*", "3*"], "a route with NO_LLGR is removed"
    line.lab.run(590)
    assert routes(line) == ["1*", "3*"]
    line.lab.run(10)
    assert routes(line) == []
    assert not line.peer.restarting
    line.check_others()


def test_end_of_rib_of_the_next_session_ends_it():
    line = line_with()
    crash(line, 40)
    assert routes(line) == ["1*", "2*"]
    back(line)
    line.say(update(PATH, TWO + THREE))
    assert routes(line) == ["1*", "2", "3"]
    line.say(END_OF_RIB)
    assert routes(line) == ["2", "3"]
    line.lab.run(700)
    assert routes(line) == ["2", "3"]
    line.check_others()


def test_the_stale_time_runs_on_while_the_session_is_back():
    """RFC 9494, 4.2: what was not refreshed by then goes."""
    line = line_with()
    crash(line, 40)
    back(line)
    line.say(update(PATH, TWO))
    line.lab.run(580)
    assert routes(line) == ["1*", "2"]
    line.lab.run(20)
    assert routes(line) == ["2"]
    crash(line)
    assert routes(line) == [], "the last session did not send all its routes before the stale time was over"
    line.check_others()


def test_after_end_of_rib_another_restart_begins_anew():
    line = line_with()
    crash(line, 40)
    back(line)
    line.lab.run(600)
    line.say(update(PATH, TWO) + END_OF_RIB)
    crash(line)
    assert routes(line) == ["2"]


def test_a_second_crash_before_end_of_rib_does_not_extend_the_stale_time():
    """RFC 9494, 4.2: it must not be updated; what the lost session announced is stale as well."""
    line = line_with()
    crash(line, 40)
    back(line)
    line.say(update(PATH, TWO + THREE))
    crash(line)
    assert routes(line) == ["1*", "2*", "3*"]
    line.lab.run(580)
    assert routes(line) == ["1*", "2*", "3*"]
    line.lab.run(20)
    assert routes(line) == []


def test_without_restart_time_they_are_stale_at_once():
    line = line_with(offers(seconds=0))
    crash(line)
    assert routes(line) == ["1*", "2*"]


def test_families_of_the_long_lived_capability_alone_stay_for_both_times():
    line = line_with(offers(families=()))
    crash(line, 29)
    assert routes(line) == ["1", "2"]
    line.lab.run(2)
    assert routes(line) == ["1*", "2*"]


@pytest.mark.parametrize(
    ("options", "found", "until"),
    [
        ("max long lived stale time 50;", offers(), 80),
        ("min long lived stale time 900;", offers(), 930),
        ("long lived graceful restart off;", offers(), 30),
        ("max long lived stale time 0;", offers(), 30),
        ("max graceful restart time 0;", offers(), 600),
        ("", offers(stale=0), 30),
        ("", offers(long=(V6,)), 30),
        ("", offers(long=()), 30),
        ("graceful restart off;", offers(), 0),
    ],
)
def test_times_are_the_neighbors_within_our_bounds(options, found, until):
    line = line_with(found, options=f"passive; {options}")
    crash(line, max(until - 2, 0.5))
    assert bool(routes(line)) is bool(until)
    line.lab.run(3)
    assert routes(line) == []
    assert not line.peer.keeps_routes(line.peer.channels["ipv4"])


@pytest.mark.parametrize(
    ("found", "stays"),
    [
        pytest.param(offers(flags=RESTARTED), True, id="preserved"),
        pytest.param(offers(long_flag=LOST), False, id="F of 71 is not set"),
        pytest.param(offers(flag=LOST), False, id="F of 64 is not set"),
        pytest.param(offers(families=()), True, id="not in 64"),
        pytest.param(offers(long=()), False, id="not in 71"),
        pytest.param(capabilities(), False, id="neither capability"),
    ],
)
def test_a_new_session_must_have_preserved_the_forwarding_state(found, stays):
    """RFC 9494, 4.2: the F bit of its own capability, and RFC 4724, 4.2, where 64 lists the family."""
    line = line_with()
    crash(line, 40)
    back(line, found)
    assert routes(line) == (["1*", "2*"] if stays else [])
    line.say(update(PATH, TWO) + END_OF_RIB)
    assert routes(line) == ["2"]
    line.check_others()


def test_each_family_has_its_own_time():
    found = capabilities(
        graceful_restart=GracefulRestart(0, 10, ((*V4, KEPT),)),
        long_lived=((*V4, KEPT, 20), (*V6, KEPT, 60)),
    )
    line = line_with(found)
    crash(line, 20)
    four, six = (line.peer.channels[name] for name in ("ipv4", "ipv6"))
    assert [line.peer.restart.phase(each) for each in (four, six)] == ["Long-lived", "Long-lived"]
    line.lab.run(15)
    assert [line.peer.restart.phase(each) for each in (four, six)] == ["None", "Long-lived"]
    assert routes(line) == []
    line.lab.run(40)
    assert not line.peer.restarting


def test_a_stale_route_loses_against_any_other():
    """RFC 9494, 4.3: even against a longer path."""
    line = line_with(nets=ONE)
    longer = "ipv4 { import all; export filter { bgp_path.prepend(65003); accept; }; };"
    text = GOOD.replace("ipv4 { import all; export all; };", longer)
    configure_good(line, text + "protocol static s2 { ipv4; route 20.0.1.0/24 blackhole; }")
    line.lab.run(5)
    best = lambda: table(line)["20.0.1.0/24"][0].source.name  # noqa: E731
    assert best() == "x"
    crash(line, 40)
    assert routes(line) == ["1*"]
    assert best() == "good"


def test_neighbors_without_the_capability_lose_them():
    """RFC 9494, 4.3: routes that are stale for long are not sent to them."""
    line = line_with()
    assert at_good(line) == ["1", "2"]
    crash(line, 40)
    assert at_good(line) == ["1", "2"], "the healthy neighbor announces the capability"
    configure_good(
        line, GOOD.replace("protocol bgp a {", "protocol bgp a { long lived graceful restart off;")
    )
    line.lab.run(30)
    assert line.state("good") == "Established"
    assert at_good(line) == []
    assert routes(line) == ["1*", "2*"]


def test_the_import_filter_does_not_judge_them_again():
    """As in BIRD: the community is added behind it, and NO_LLGR that it added counts."""
    reject = "import filter { if (65535, 6) ~ bgp_community then reject; accept; };"
    add = "import filter { if net = 20.0.2.0/24 then bgp_community.add((65535, 7)); accept; };"
    for filters, wanted in ((reject, ["1*", "2*"]), (add, ["1*"])):
        line = Line(text=TEXT.replace("ipv4 { import all;", f"ipv4 {{ {filters}".replace("%", "%%"), 1))
        line.say(opening(offers(seconds=0)))
        line.say(update(PATH, ONE + TWO) + END_OF_RIB)
        crash(line)
        assert routes(line) == wanted


def test_routes_of_an_import_table_stay_marked_when_they_are_filtered_again():
    line = Line(text=TEXT.replace("ipv4 {", "ipv4 { import table;", 1))
    line.say(opening(offers(seconds=0)))
    line.say(update(PATH, ONE + TWO) + END_OF_RIB)
    crash(line)
    back(line)
    line.router.reload(line.peer, True, False)
    line.lab.run(1)
    assert routes(line) == ["1*", "2*"]
    line.say(END_OF_RIB)
    assert routes(line) == []


def test_the_hold_timer_is_no_error_if_routes_stay_for_long():
    """As in BIRD: no NOTIFICATION is sent, so that the neighbor keeps our routes, too."""
    line = line_with(hold=6)
    line.lab.run(7)
    assert line.notification() is None
    assert routes(line) == ["1", "2"]
    assert line.peer.restarting
    line.lab.run(31)
    assert routes(line) == ["1*", "2*"]
    line.check_others()


@pytest.mark.parametrize("when", ["in the session", "after it came back"])
def test_nothing_stays_after_a_notification(when):
    line = line_with()
    if when == "after it came back":
        crash(line, 40)
        back(line)
    line.say(Notification.cease(4).encode())
    assert routes(line) == []
    assert not line.peer.restarting


@pytest.mark.parametrize("act", ["disable", "restart", "link down", "configure"])
def test_operators_and_a_lost_link_end_it(act):
    line = line_with()
    crash(line, 40)
    assert routes(line) == ["1*", "2*"]
    if act == "link down":
        line.lab.link_down("a", "eth0")
    elif act == "disable":
        line.router.disable(line.peer)
    elif act == "restart":
        line.router.restart(line.peer)
    else:
        configure(line, "passive; hold time 9;")
    line.lab.run(1)
    assert routes(line) == []
    assert not line.peer.restarting


def test_a_channel_whose_stale_time_is_over_can_be_disabled():
    line = line_with(offers(stale=5))
    crash(line, 40)
    channel = line.peer.channels["ipv4"]
    assert channel.state is ChannelState.START, "as in BIRD"
    line.router.disable(line.peer)
    line.lab.run(1)
    assert channel.state is ChannelState.DOWN
    line.check_others()


def test_new_bounds_count_for_what_is_kept_already():
    line = line_with()
    crash(line, 40)
    configure(line, "passive; max long lived stale time 50;")
    line.lab.run(30)
    assert routes(line) == ["1*", "2*"]
    line.lab.run(15)
    assert routes(line) == []


def test_what_is_shown_meanwhile():
    line = line_with()
    crash(line, 40)
    shown = [(each.label, each.text) for each in line.peer.channel_details(line.peer.channels["ipv4"])]
    assert shown == [("Neighbor GR", "Long-lived"), ("LL stale timer", "590.001/-")]
    shown = [(each.label, each.text) for each in line.peer.channel_details(line.peer.channels["ipv6"])]
    assert shown == [("Neighbor GR", "None")]
    (state,) = [each for each in line.peer.details() if each.label == "BGP state"]
    labels = [each.label for each in state.below]
    assert "Neighbor graceful restart active" in labels
    assert "Restart timer" not in labels
