"""Two real routers back to back in virtual time: connections, errors, restarts."""

from dataclasses import replace
from unittest.mock import patch

import pytest

from pybird.conf.model import Limit
from pybird.core.life import ProtocolState, StopReason
from pybird.core.ports import SignatureFailures, TcpOptions
from pybird.filter.nodes import REJECT
from pybird.proto.bgp.session.countdown import WaitKind
from pybird.proto.bgp.wire.messages import Notification
from pybird.sim.tcp import SimulatedTcpListener
from pybird.values.address import Address

from .world import Lab, bgp_to, both, config, ipv4, ipv6, pair, routes

UP = 10  # seconds within which a session with the default connect delay is up


def established(lab, within=UP):
    lab.expect(lambda: lab.up("a") and lab.up("b", "a"), within, "both sessions are up")


def log_of(lab, router, *levels):
    return [line.text for line in lab.log if line.router == router and line.level in levels]


def test_two_routers_exchange_routes_of_both_families():
    a = config(
        1, routes("198.51.100.0/24"), routes("2001:db8:a::/48", name="r6"), bgp_to("10.0.0.2", 65001, 65002)
    )
    b = config(2, routes("203.0.113.0/24"), bgp_to("10.0.0.1", 65002, 65001, "a"))
    lab = pair(a, b)
    established(lab)
    lab.run(0.1)
    assert lab.nets("a", proto="b") == ["203.0.113.0/24"]
    assert lab.nets("b", proto="a") == ["198.51.100.0/24"]
    assert lab.nets("b", "master6", "a") == ["2001:db8:a::/48"]
    assert lab.proto("a").state is ProtocolState.UP


def test_the_connect_delay_is_five_seconds_shortened_by_up_to_a_quarter():
    lab = both(b_options={"passive": True})
    lab.run(3.7)
    assert lab.state("a") == "Active"
    assert lab.state("b", "a") == "Passive"
    lab.run(1.4)
    established(lab, 0.1)


def test_a_local_session_withdraws_what_it_got_when_the_other_side_stops():
    lab = both()
    established(lab)
    router = lab.nodes["b"].router
    router.disable(lab.proto("b", "a"), "maintenance")
    lab.run(0.1)
    assert lab.state("a").split("  ")[0] == "Active"
    assert lab.proto("a").last_error == "Received: Administrative shutdown"
    assert lab.proto("a").remote_reason == "maintenance"
    assert lab.nets("a", proto="b") == []
    router.enable(lab.proto("b", "a"))
    established(lab)


@pytest.mark.parametrize(("low", "high"), [("a", "b"), ("b", "a")])
def test_of_two_connections_that_of_the_higher_identifier_stays(low, high):
    """RFC 4271, 6.8."""
    ids = {low: 1, high: 2}
    a = config(ids["a"], bgp_to("10.0.0.2", 65001, 65002, connect_delay_time=0))
    b = config(ids["b"], bgp_to("10.0.0.1", 65002, 65001, "a", connect_delay_time=0))
    lab = pair(a, b)
    established(lab, 1)
    lab.run(1)
    assert lab.session("a").outgoing == (high == "a")
    assert lab.session("b", "a").outgoing == (high == "b")
    for router, name in (("a", "b"), ("b", "a")):
        peer = lab.proto(router, name)
        assert [peer.outgoing, peer.incoming].count(None) == 1
        assert not log_of(lab, router, "error", "remote")


def test_with_equal_identifiers_the_higher_as_decides():
    """RFC 6286, 2.3."""
    a = config(7, bgp_to("10.0.0.2", 65001, 65002, connect_delay_time=0))
    b = config(7, bgp_to("10.0.0.1", 65002, 65001, "a", connect_delay_time=0))
    lab = pair(a, b)
    established(lab, 1)
    assert not lab.session("a").outgoing
    assert lab.session("b", "a").outgoing


def test_a_neighbor_that_is_killed_and_comes_back_is_met_again():
    lab = both()
    established(lab)
    lab.nodes["b"].kill()
    lab.run(0.5)
    assert lab.state("a").startswith("Active")
    assert lab.proto("a").last_error == "Socket: Connection closed"
    assert lab.nets("a", proto="b") == []
    lab.run(20)
    assert lab.proto("a").last_error == "Socket: Connection refused"
    lab.nodes["b"].start()
    established(lab)


def test_after_power_loss_the_old_session_is_found_dead_and_the_next_try_gets_in():
    lab = both(a_options={"passive": True}, switch=True)
    established(lab)
    since = lab.proto("a").since
    lab.nodes["b"].power_off()
    lab.run(5)
    assert lab.up("a")  # nobody told it
    lab.nodes["b"].start()
    lab.expect(lambda: lab.up("b", "a") and lab.up("a") and lab.proto("a").since > since, 20, "a new session")


def test_a_second_connection_does_not_hurt_a_healthy_session():
    lab = both()
    established(lab)
    since = lab.proto("a").since
    stranger = _Talker()
    network = lab.nodes["b"].router.services.network
    network.connect(None, Address.parse("10.0.0.1"), 179, 0, stranger, _options())
    lab.run(1)
    assert stranger.events == ["connected", "closed"]
    assert stranger.data == b""
    assert lab.up("a")
    assert lab.proto("a").since == since


def test_a_connect_delay_of_0_does_not_try_a_neighbor_that_refuses_without_a_pause():
    lab = both(a_options={"connect_delay_time": 0}, b_options={"disabled": True})
    lab.run(10)
    assert 10 <= lab.proto("a").pace.refusals <= 21
    router = lab.nodes["b"].router
    router.enable(lab.proto("b", "a"))
    established(lab, 0.6)


def test_strangers_are_refused_and_complained_about_once():
    lab = both()
    lab.nodes["b"].host.add_address("eth0", "10.0.0.9/24")
    lab.run(1)
    network = lab.nodes["b"].router.services.network
    for _ in range(3):
        stranger = _Talker()
        network.connect(Address.parse("10.0.0.9"), Address.parse("10.0.0.1"), 179, 0, stranger, _options())
        lab.run(0.5)
        assert stranger.events[-1] == "closed"
    complaints = [t for t in log_of(lab, "a", "warning") if "unknown address 10.0.0.9" in t]
    assert len(complaints) == 1


def test_a_disabled_neighbor_is_refused():
    lab = both(a_options={"disabled": True})
    lab.run(10)
    assert lab.state("b", "a").startswith("Active")
    assert lab.proto("b", "a").last_error == "Socket: Connection refused"
    assert lab.proto("a").info() == ""


def test_silence_ends_the_session_after_the_hold_time():
    lab = both(a_options={"hold_time": 9})
    established(lab)
    segment = next(iter(lab.segments.values()))
    segment.cut()
    lab.run(5.9)
    assert lab.up("a")
    lab.run(3.2)
    assert lab.proto("a").last_error == "BGP Error: Hold timer expired"
    assert lab.state("a").startswith("Idle")


def test_keepalives_keep_an_idle_session_up():
    lab = both(a_options={"hold_time": 3})
    established(lab)
    since = lab.proto("a").since
    lab.run(100)
    assert lab.up("a")
    assert lab.proto("a").since == since


def test_a_wrong_as_number_makes_both_wait():
    lab = both(a_options={"remote_as": 65009})
    lab.run(6)
    assert lab.proto("a").last_error == "BGP Error: Bad peer AS"
    assert lab.proto("a").trouble() == "Bad peer AS: 65002"
    assert lab.proto("b", "a").last_error == "Received: Bad peer AS"
    assert lab.state("a") == "Idle          BGP Error: Bad peer AS"
    labels = {d.label: d.text for d in next(lab.proto("a").details()).below}
    assert labels["Error wait"].endswith("/60")
    assert (labels["Last error"], labels["Cause"]) == ("BGP Error: Bad peer AS", "Bad peer AS: 65002")


def test_the_error_wait_doubles_up_to_its_maximum_and_connections_are_refused_meanwhile():
    lab = both(
        a_options={"remote_as": 65009, "error_wait_time": (10, 30)}, b_options={"error_wait_time": (1, 1)}
    )
    waits = []
    lab.run(6)
    for _ in range(60):
        wait = lab.proto("a").error_wait.seconds
        if wait and wait not in waits:
            waits.append(wait)
        lab.run(2)
    assert waits == [10, 20, 30]


def in_error_wait(**options):
    """A session that ended in an error of the neighbor: a waits for a minute, b hardly."""
    lab = both(a_options=options, b_options={"error_wait_time": (1, 1), "connect_delay_time": 1})
    established(lab)
    lab.session("b", "a").write(bytes(19))
    lab.run(1)
    assert lab.state("a") == "Idle          BGP Error: Connection not synchronized"
    lab.run(3)
    assert lab.proto("a").countdown.wait is WaitKind.ERROR
    return lab


@pytest.mark.parametrize(("forget", "second"), [(60, 10), (30, 5)])
def test_the_error_wait_doubles_only_within_the_error_forget_time(forget, second):
    """The time from one error to the next; a session that was up in between changes nothing."""
    times = {"error_wait_time": (5, 40), "error_forget_time": forget}
    lab = in_error_wait(**times, connect_delay_time=1)
    peer = lab.proto("a")
    first = lab.clock.now() - 4
    assert peer.error_wait.seconds == 5
    lab.run(first + 45 - lab.clock.now())
    assert lab.up("a")
    lab.session("b", "a").write(bytes(19))
    lab.run(0.1)
    assert peer.error_wait.seconds == second


@pytest.mark.parametrize("commands", [("restart",), ("disable", "enable"), ("enable",)])
def test_restart_disable_and_enable_end_the_error_wait(commands):
    lab = in_error_wait()
    peer = lab.proto("a")
    for command in commands:
        getattr(lab.nodes["a"].router, command)(peer)
    assert peer.countdown.wait is WaitKind.CONNECT_DELAY
    lab.run(6)
    assert lab.up("a")
    lab.session("b", "a").write(bytes(19))
    lab.run(0.1)
    assert peer.error_wait.seconds == 60  # the doubling is forgotten, too


def test_enable_ends_the_wait_for_an_answer_of_tcp():
    lab = pair(config(1, bgp_to("10.0.0.9", 65001, 65002)), config(2))
    lab.run(6.5)
    peer = lab.proto("a")
    first = peer.outgoing
    assert peer.countdown.wait is WaitKind.CONNECT_RETRY
    assert peer.countdown.elapsed > 1
    lab.nodes["a"].router.enable(peer)
    assert (peer.countdown.wait, peer.outgoing is first) == (WaitKind.CONNECT_RETRY, False)


def test_disable_after_error():
    lab = both(a_options={"remote_as": 65009, "disable_after_error": True})
    lab.run(7)
    assert lab.proto("a").state is ProtocolState.DOWN
    assert not lab.proto("a").enabled
    assert lab.proto("a").last_error == "BGP Error: Bad peer AS"
    assert "b: Disabled after error" in lab.nodes["a"].messages("info")


def test_disable_after_cease():
    lab = both(a_options={"disable_after_cease": frozenset((2,))})
    established(lab)
    lab.nodes["b"].router.disable(lab.proto("b", "a"), "for a day")
    lab.run(1)
    peer = lab.proto("a")
    assert (peer.state, peer.last_error) == (ProtocolState.DOWN, "Received: Administrative shutdown")
    assert (peer.remote_reason, peer.message) == ("for a day", "")
    assert "b: Disabled after Cease notification" in lab.nodes["a"].messages("info")


def missing(count):
    """A router with neighbors that are not there: the first half refuses, the others have no host."""
    half = count // 2
    peers = [
        bgp_to(f"10.0.0.{2 if at < half else 9}", 65001, 65002, f"p{at:03}", remote_port=2000 + at)
        for at in range(count)
    ]
    lab = pair(config(1, *peers), config(2))
    lab.run(30)
    return lab, [line for line in lab.nodes["a"].messages("info") if "talk to us yet" in line]


def test_many_neighbors_that_are_not_there_are_told_together():
    lab, lines = missing(40)
    text = "neighbors do not talk to us yet, such as"
    assert len(lines) == 2, "those that refuse are known before those that have no host"
    assert all(line.startswith(f"20 {text} p0") for line in lines)
    assert lines[0].endswith(": Socket: Connection refused (20)")
    assert lines[1].endswith(": Socket: No route to host (20)")
    lab.run(300)
    assert len([t for t in lab.nodes["a"].messages("info") if "talk to us yet" in t]) == 2


def test_a_few_neighbors_that_are_not_there_are_told_one_by_one():
    _, lines = missing(4)
    assert sorted(lines) == [
        "p000: 10.0.0.2 does not talk to us yet: Socket: Connection refused",
        "p001: 10.0.0.2 does not talk to us yet: Socket: Connection refused",
        "p002: 10.0.0.9 does not talk to us yet: Socket: No route to host",
        "p003: 10.0.0.9 does not talk to us yet: Socket: No route to host",
    ]


def test_who_is_reached_meanwhile_is_not_told():
    lab = both(a_options={"connect_delay_time": 1})
    lab.nodes["b"].kill()
    lab.run(1.1)
    lab.nodes["b"].start()
    lab.run(10)
    assert lab.up("a")
    assert not [t for t in lab.nodes["a"].messages("info") if "talk to us yet" in t]


def test_what_the_neighbor_said_in_its_cease_outlives_tries_that_it_refuses():
    lab = both(a_options={"connect_delay_time": 1})
    established(lab)
    lab.nodes["b"].router.disable(lab.proto("b", "a"))
    lab.run(5)
    assert lab.state("a") == "Active        Received: Administrative shutdown"
    refused = "b: 10.0.0.2 does not talk to us yet: Socket: Connection refused"
    assert lab.nodes["a"].messages("info").count(refused) == 1
    next(iter(lab.segments.values())).cut()
    lab.run(20)
    assert lab.state("a").endswith("  Socket: No route to host")


def test_an_error_of_ours_does_not_hide_that_tcp_is_refused_now():
    lab = in_error_wait(error_wait_time=(5, 5), connect_delay_time=1)
    lab.nodes["b"].router.disable(lab.proto("b", "a"))
    lab.run(10)
    assert lab.state("a") == "Active        Socket: Connection refused"


def test_an_operators_act_clears_the_last_error():
    lab = in_error_wait()
    lab.nodes["a"].router.restart(lab.proto("a"))
    assert lab.state("a") == "Active"


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (StopReason.SHUTDOWN, "Administrative shutdown"),
        (StopReason.GRACEFUL, "Administrative shutdown"),
        (StopReason.DISABLED, "Administrative shutdown"),
        (StopReason.RESTARTED, "Administrative reset"),
        (StopReason.REMOVED, "Peer de-configured"),
        (StopReason.RECONFIGURED, "Other configuration change"),
        (StopReason.LIMIT, "Maximum number of prefixes reached"),
    ],
)
def test_the_reason_of_a_stop_is_told_to_the_neighbor(reason, text):
    """RFC 4486."""
    lab = both()
    established(lab)
    lab.proto("b", "a").halt(reason)
    lab.run(0.1)
    assert lab.proto("a").last_error == f"Received: {text}"


def test_link_down_ends_the_session_and_link_up_brings_it_back():
    lab = both()
    established(lab)
    lab.link_down("b", "eth0")
    lab.run(0.1)
    assert lab.state("a") == "Idle          Error: Link down"
    assert lab.nets("a", proto="b") == []
    lab.link_up("b", "eth0")
    established(lab)


def test_without_check_link_a_lost_carrier_does_not_matter():
    lab = both(a_options={"check_link": False}, b_options={"check_link": False})
    established(lab)
    since = lab.proto("a").since
    lab.nodes["a"].host.set_carrier(lab.nodes["a"].host.nic("eth0"), False)
    lab.run(1)
    assert lab.up("a")
    lab.nodes["a"].host.set_carrier(lab.nodes["a"].host.nic("eth0"), True)
    lab.run(1)
    assert lab.proto("a").since == since


def test_a_password_must_be_the_same_on_both_sides():
    lab = both(a_options={"password": "secret"}, b_options={"password": "secret"})
    established(lab)
    lab = both(a_options={"password": "secret"}, b_options={"password": "other"})
    lab.run(9)
    assert lab.nodes["a"].messages("auth") == []
    lab.run(30)
    assert not lab.up("a")
    text = "MD5: segments with a wrong signature arrive, is the password the same on both sides?"
    assert (lab.state("a"), lab.proto("a").trouble()) == ("Connect", text)
    assert lab.nodes["a"].messages("auth") == [f"b: {text}"], "told once"


def test_a_password_on_one_side_only_is_a_suspicion_on_both():
    lab = both(a_options={"password": "secret"}, b_options={"passive": True})
    lab.run(30)
    assert "MD5: segments with a signature arrive" in lab.proto("b", "a").trouble()
    lab = both(a_options={"password": "secret", "passive": True})
    lab.run(30)
    assert "MD5: segments without a signature arrive" in lab.proto("a").trouble()


def test_the_counters_of_the_kernel_count_from_the_loss_of_the_session():
    secret = {"password": "secret"}
    lab = both(a_options=secret, b_options=secret)
    lab.nodes["a"].host.tcp.signature_failures = SignatureFailures(7, 7, 7)
    established(lab)
    lab.nodes["a"].host.tcp.signature_failures = SignatureFailures(8, 8, 8)
    lab.nodes["b"].kill()
    lab.run(30)
    assert "MD5" not in lab.state("a")


def test_ttl_security_works_between_neighbors():
    lab = both(a_options={"ttl_security": True}, b_options={"ttl_security": True})
    established(lab)


def test_an_internal_session_is_multihop_unless_direct():
    lab = both(a_options={"local_as": 65002})
    lab2 = both(a_options={"local_as": 65002}, b_options={"remote_as": 65002})
    lab.run(6)
    established(lab2)
    words = {d.label: d.text for d in next(lab2.proto("a").details()).below}["Session"]
    assert words == "internal multihop AS4"


def test_a_session_between_link_local_addresses():
    a = config(
        1,
        routes("198.51.100.0/24"),
        bgp_to("fe80::b", 65001, 65002, interface="eth0", channels=(ipv4(extended_next_hop=True), ipv6())),
    )
    b = config(
        2,
        routes("203.0.113.0/24"),
        bgp_to(
            "fe80::a", 65002, 65001, "a", interface="eth0", channels=(ipv4(extended_next_hop=True), ipv6())
        ),
    )
    lab = pair(a, b)
    established(lab)
    lab.run(0.1)
    assert lab.nets("a", proto="b") == ["203.0.113.0/24"]
    rte = lab.nodes["a"].router.tables["master4"].get(bytes.fromhex("18cb0071"))[0]
    assert [(str(h.gateway), h.ifname) for h in rte.hop.nexthops] == [("fe80::b", "eth0")]
    assert next(lab.proto("a").details()).below[0].text == "fe80::b%eth0"


def test_an_address_that_comes_later_becomes_the_next_hop():
    six = routes("2001:db8:a::/48", name="six")
    a = config(1, six, bgp_to("10.0.0.2", 65001, 65002))
    b = config(2, bgp_to("10.0.0.1", 65002, 65001, "a"))
    lab = Lab()
    lab.router("a", a)
    lab.router("b", b)
    lab.link("a", "eth0", "b", "eth0", ("fe80::a", "fe80::b"))
    lab.nodes["a"].host.add_address("eth0", "10.0.0.1/24")
    lab.nodes["b"].host.add_address("eth0", "10.0.0.2/24")
    lab.nodes["b"].host.add_address("eth0", "2001:db8::2/64")
    established(lab)
    lab.nodes["a"].host.add_address("eth0", "2001:db8::1/64")
    lab.run(1)
    rte = lab.nodes["b"].router.tables["master6"].get(bytes.fromhex("3020010db8000a"))[0]
    assert [str(h.gateway) for h in rte.hop.nexthops] == ["2001:db8::1"]


def test_no_common_family_is_an_error():
    lab = both(a_options={"channels": (ipv4(),)}, b_options={"channels": (ipv6(),)})
    lab.run(6)
    assert lab.proto("a").last_error in (
        "BGP Error: Required capability missing",
        "Received: Required capability missing",
    )


def test_a_family_only_one_side_has_stays_down():
    lab = both(a_options={"channels": (ipv4(), ipv6())}, b_options={"channels": (ipv4(),)})
    established(lab)
    states = {name: c.state.value for name, c in lab.proto("a").channels.items()}
    assert states == {"ipv4": "UP", "ipv6": "DOWN"}


@pytest.mark.parametrize(
    ("options", "messages"),
    # BoRR, the route, EoRR of one family, BoRR and EoRR of the other
    [({"enable_enhanced_route_refresh": False}, 1), ({}, 5)],
)
def test_reload_of_exports_and_imports_by_route_refresh(options, messages):
    lab = both(a_options=options, b_options=options)
    established(lab)
    lab.run(0.1)
    router = lab.nodes["a"].router
    seen = lab.session("a").session.counters.received
    router.reload(lab.proto("a"), imports=True, exports=False)
    lab.run(0.1)
    assert lab.session("a").session.counters.received == seen + messages
    assert lab.nets("a", proto="b") == ["203.0.113.0/24"]


def test_end_of_rib_is_sent_for_every_family():
    lab = both()
    seen = []
    lab.run(0)
    channels = lab.proto("a").session_channels
    receive = channels.receive
    channels.receive = lambda updates: (seen.extend(updates), receive(updates))
    established(lab)
    lab.run(0.1)
    assert [u for u in seen if not (u.withdrawn or u.attributes or u.nlri)]
    assert any(u.attributes == bytes.fromhex("800f03000201") for u in seen)


def test_a_crash_in_one_session_stops_only_that_protocol():
    lab = both()
    lab.run(0)

    def broken(_):
        raise ZeroDivisionError("boom")

    lab.proto("a").session_channels.receive = broken
    lab.run(6)
    assert lab.proto("a").state is ProtocolState.DOWN
    assert "ZeroDivisionError" in lab.proto("a").failure
    assert lab.proto("b", "a").last_error.startswith("Received: ")
    assert lab.proto("a", "routes").state is ProtocolState.UP


def test_a_session_that_ran_out_of_memory_comes_back():
    lab = both()
    established(lab)
    peer = lab.proto("a")
    receive, calls = peer.session_channels.receive, []

    def short(updates):
        calls.append(updates)
        if len(calls) == 1:
            raise MemoryError
        receive(updates)

    peer.session_channels.receive = short
    lab.nodes["b"].router.reload(lab.proto("b", "a"), imports=False, exports=True)
    lab.run(1)
    assert (peer.state, peer.failure) == (ProtocolState.DOWN, "out of memory")
    assert lab.proto("b", "a").last_error == "Received: Out of Resources"
    established(lab)
    lab.run(0.5)
    assert lab.nets("a", proto="b") == ["203.0.113.0/24"]


def test_the_session_crosses_any_fragmentation():
    lab = both(nets_b=tuple(f"10.{n // 256}.{n % 256}.0/24" for n in range(500)))
    lab.nodes["a"].host.fragment = True
    established(lab)
    lab.run(5)
    assert len(lab.nets("a", proto="b")) == 500


def test_a_slow_reader_pauses_the_channel_and_gets_everything_in_the_end():
    nets = tuple(f"10.{n // 256}.{n % 256}.0/24" for n in range(3000))
    lab = both(nets_b=nets)
    lab.nodes["a"].host.read_rate = 2000.0
    established(lab, 20)
    lab.run(60)
    assert lab.nets("a", proto="b") == sorted(nets)


def test_the_same_seed_gives_the_same_history():
    def history(seed):
        lab = both(seed=seed)
        lab.run(30)
        return lab.digest()

    assert history(3) == history(3)


def over_the_limit(kind, action, **options):
    """A session where three routes meet a limit of two, of either direction."""
    nets = ("10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16")
    limited = (ipv4(**{f"{kind}_limit": Limit(2, action)}), ipv6())
    sides = {"nets_a": nets} if kind == "export" else {"nets_b": nets}
    return both(a_options={"channels": limited, **options}, **sides)


@pytest.mark.parametrize(
    ("kind", "action", "told"),
    [
        ("import", "disable", "Maximum number of prefixes reached"),
        ("import", "restart", "Maximum number of prefixes reached"),
        ("receive", "disable", "Maximum number of prefixes reached"),
        ("receive", "restart", "Maximum number of prefixes reached"),
        ("export", "disable", "Administrative shutdown"),
        ("export", "restart", "Administrative reset"),
    ],
)
def test_a_route_limit_ends_the_session_with_its_own_cease(kind, action, told):
    """RFC 4486: 6/1 for what comes; for what goes as BIRD, 6/2 and 6/4."""
    lab = over_the_limit(kind, action)
    lab.run(7)
    why = "Automatic shutdown: Route limit exceeded"
    peer = lab.proto("a")
    assert lab.proto("b", "a").last_error == f"Received: {told}"
    assert (peer.state is ProtocolState.DOWN) == (action == "disable")
    assert peer.last_error == why
    assert action == "disable" or lab.state("a") == f"Idle          {why}"
    hit = f"Protocol b hits route {kind} limit"
    lines = [line.startswith(hit) for line in lab.nodes["a"].messages("warning")]
    assert lines[:1] == [True]
    says_more = "b: Route limit exceeded, shutting down" in lab.nodes["a"].messages("warning")
    assert says_more == (kind != "export"), "of export limits BIRD says no more"


def test_a_route_limit_with_restart_waits_as_after_an_error():
    """It was a new session every five seconds."""
    lab = over_the_limit("import", "restart", error_wait_time=(10, 30))
    waits = []
    for _ in range(120):
        lab.run(1)
        wait = lab.proto("a").error_wait.seconds
        if wait and wait not in waits:
            waits.append(wait)
    assert waits == [10, 20, 30]
    hits = [line for line in lab.nodes["a"].messages("warning") if "hits route import limit" in line]
    assert 4 <= len(hits) <= 6


def test_restart_and_enable_end_the_wait_for_a_route_limit():
    lab = over_the_limit("import", "restart")
    lab.run(7)
    peer = lab.proto("a")
    assert peer.countdown.wait is WaitKind.ERROR
    lab.nodes["a"].router.enable(peer)
    assert peer.countdown.wait is WaitKind.CONNECT_DELAY


def test_an_import_table_reloads_without_asking_the_neighbor():
    lab = both(a_options={"channels": (ipv4(import_table=True), ipv6(import_table=True))})
    established(lab)
    lab.run(0.1)
    sent = lab.session("a").session.counters.sent
    lab.nodes["a"].router.reload(lab.proto("a"), imports=True, exports=False)
    lab.run(0.1)
    assert lab.session("a").session.counters.sent == sent
    assert lab.nets("a", proto="b") == ["203.0.113.0/24"]


def test_without_capabilities_there_is_ipv4_only():
    lab = both(a_options={"capabilities": False})
    established(lab)
    lab.run(0.1)
    assert lab.nets("a", proto="b") == ["203.0.113.0/24"]
    assert {n: c.state.value for n, c in lab.proto("a").channels.items()} == {"ipv4": "UP", "ipv6": "DOWN"}


def test_a_refused_refresh_restarts_the_session_of_a_reload():
    """A neighbor without route refresh: a changed import filter needs a new session."""
    lab = both(b_options={"enable_route_refresh": False})
    established(lab)
    since = lab.proto("a").since
    running = lab.nodes["a"].router
    closed = (ipv4(import_filter=REJECT), ipv6())
    changed = tuple(replace(p, channels=closed) if p.name == "b" else p for p in running.config.protocols)
    running.reconfigure(replace(running.config, protocols=changed))
    established(lab, 20)
    assert lab.proto("a").since > since
    assert lab.nets("a", proto="b") == []


def test_a_notification_is_logged_with_its_text():
    lab = both()
    established(lab)
    lab.session("b", "a").perform(lab.session("b", "a").session.close(Notification(3, 1)))
    lab.run(0.1)
    assert "b: Received: Malformed attribute list" in log_of(lab, "a", "remote")


def test_listening_fails_softly():
    lab = Lab()
    lab.router("a", config(1, bgp_to("10.0.0.2", 65001, 65002)))
    lab.run(0)
    assert lab.state("a").startswith("Idle")  # no interface yet


class _Talker:
    def __init__(self):
        self.events = []
        self.data = b""

    def connected(self, stream):
        self.events.append("connected")

    def received(self, data):
        self.data += data

    def closed(self, error):
        self.events.append("closed")

    def writable(self):
        pass


def _options():
    from pybird.core.ports import TcpOptions

    return TcpOptions()


def test_who_cannot_listen_says_so_once_connects_and_tries_again():
    lab = both()
    host = lab.nodes["a"].host
    squatter = host.tcp.listen(None, 179, 0, lambda stream: stream.abort(), TcpOptions())
    established(lab)
    lab.run(20)
    assert lab.nodes["a"].messages("error") == ["b: Cannot listen: Address already in use"]
    squatter.close()
    lab.run(5)
    assert lab.nodes["a"].messages("info")[-1] == "b: Listening now"
    assert lab.proto("a").listening.error == ""


def test_a_socket_whose_password_is_refused_does_not_stay_open_when_the_protocol_goes():
    lab = both(a_options={"password": "secret"})
    host = lab.nodes["a"].host
    with patch.object(SimulatedTcpListener, "set_md5", side_effect=OSError("no MD5 here")):
        lab.run(7)
        assert lab.nodes["a"].messages("error") == ["b: Cannot listen: no MD5 here"]
        lab.nodes["a"].router.disable(lab.proto("a"))
        lab.run(1)
    assert host.tcp.listeners == []


def test_a_missing_local_address_is_named():
    lab = both(a_options={"local_address": Address.parse("10.0.0.9")}, b_options={"passive": True})
    lab.run(30)
    text = "Socket: Cannot assign requested address (no interface has 10.0.0.9)"
    assert lab.state("a") == "Active        Socket: Cannot assign requested address"
    assert lab.proto("a").trouble() == "no interface has 10.0.0.9"
    assert [t for t in lab.nodes["a"].messages("info") if text in t] == [
        f"b: 10.0.0.2 does not talk to us yet: {text}"
    ]


def told(lab):
    """What is known of neighbor b beyond the Info column: in the row, and by lines of `all`."""
    below = {d.label: d.text for d in next(lab.proto("a").details()).below}
    return lab.proto("a").trouble(), below.get("Obstacle")


def test_the_info_column_has_birds_words_only_and_what_keeps_a_neighbor_out_of_reach_stands_elsewhere():
    lab = Lab()
    lab.router("a", config(1, bgp_to("10.9.0.2", 65001, 65002)))
    lab.run(1)
    text = "10.9.0.2 is not in the network of any interface"
    assert (lab.proto("a").info().strip(), told(lab)) == ("Idle", (text, text))


def test_a_local_address_of_the_other_family_keeps_the_session_down_and_says_so():
    lab = both(a_options={"local_address": Address.parse("2001:db8::1")}, b_options={"passive": True})
    lab.run(30)
    text = "local address 2001:db8::1 cannot reach 10.0.0.2"
    assert (lab.state("a"), told(lab)) == ("Idle", (text, text))
    assert lab.nodes["a"].messages("bug") == []
    assert lab.nodes["a"].host.tcp.listeners == []
