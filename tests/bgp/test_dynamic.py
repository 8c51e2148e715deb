"""Automatic peering: entries of the peer table, children, and who owns whom.

The entries come from static protocols here, so that every case is one step;
the scenarios have real Router Advertisements.
"""

from dataclasses import replace
from itertools import pairwise

import pytest

from pybird.conf.model import InterfacePattern, Limit
from pybird.core.life import ProtocolState
from pybird.core.peering import Discoverer, report_alive
from pybird.core.ports import TcpOptions
from pybird.filter.nodes import REJECT
from pybird.proto.bgp.session import parameters
from pybird.proto.bgp.session.countdown import WaitKind
from pybird.proto.bgp.wire.capabilities import GracefulRestart, local_capabilities
from pybird.proto.bgp.wire.messages import Framer, Open
from pybird.values.address import Address
from pybird.values.net import NetType, PeerNet, Prefix
from pybird.values.sets import ValueSet

from .world import Lab, auto, bgp_to, config, entries, ipv4, ipv6, pair, peers, routes

FOUND_B = entries(("fe80::b", 2))
FOUND_A = entries(("fe80::a", 2))
LOCAL = Address.parse("fe80::a")
KEY_B = PeerNet(Address.parse("fe80::b"), 2).key
ETH0 = InterfacePattern("eth0")
ETH1 = InterfacePattern("eth1")


def channels(**options):
    return (ipv4(extended_next_hop=True), ipv6(), peers(**options))


def lab_with(a, b=None, **options):
    """Routers a and b, each a list of protocols; b finds and is found by default."""
    b = [routes("203.0.113.0/24"), FOUND_A, auto(65002)] if b is None else b
    return pair(config(1, *a), config(2, *b), **options)


def infos(lab, router="a"):
    return [line.text for line in lab.log if line.router == router and line.level == "info"]


def children(lab, router="a"):
    return [n for n, p in lab.nodes[router].router.protocols.items() if p.parent is not None]


def why(lab, name="auto", key=KEY_B):
    return lab.proto("a", name).no_child_reason(NetType.PEER, key)


def reload(lab, router, *protocols, without=()):
    """`configure` with these protocols changed or added, and some gone."""
    running = lab.nodes[router].router
    wanted = {p.name: p for p in running.config.protocols} | {p.name: p for p in protocols}
    kept = tuple(p for name, p in wanted.items() if name not in without)
    running.reconfigure(replace(running.config, protocols=kept))


# --------------------------------------------------------------- discovery


def test_two_routers_that_find_each_other_are_established_within_a_second():
    lab = lab_with([routes("198.51.100.0/24"), FOUND_B, auto(65001)])
    lab.expect(lambda: lab.up("a", "auto01") and lab.up("b", "auto01"), 1, "the children are up")
    lab.run(0.1)
    assert lab.nets("a", proto="auto01") == ["203.0.113.0/24"]
    rte = lab.nodes["a"].router.tables["master4"].get(Prefix.parse("203.0.113.0/24").key)[0]
    assert [(str(h.gateway), h.ifname) for h in rte.hop.nexthops] == [("fe80::b", "eth0")]
    assert infos(lab) == ["auto: peer fe80::b%eth0 discovered, starting auto01"]


def test_a_child_has_its_parents_config_and_no_peers_channel():
    lab = lab_with([FOUND_B, auto(65001, hold_time=30, description="unnumbered")])
    lab.run(1)
    child = lab.proto("a", "auto01")
    assert child.parent is lab.proto("a", "auto")
    assert list(child.channels) == ["ipv4", "ipv6"]
    assert child.config.hold_time == 30
    assert child.config.interface == "eth0"
    assert child.neighbor == "fe80::b%eth0"
    assert str(child.active.stream.local[0]) == "fe80::a"


def test_the_parent_is_passive_and_only_its_peers_channel_is_up():
    lab = lab_with([FOUND_B, auto(65001)])
    lab.run(1)
    parent = lab.proto("a", "auto")
    assert (parent.state, parent.info()) == (ProtocolState.START, "Passive       ")
    assert {n: c.state.value for n, c in parent.channels.items()} == {
        "ipv4": "DOWN",
        "ipv6": "DOWN",
        "peers": "UP",
    }
    (detail,) = parent.details()
    assert [(d.label, d.text) for d in (detail, *detail.below)] == [
        ("BGP state", "Passive"),
        ("Neighbor range", "fe80::/10"),
        ("Neighbor AS", "0"),
        ("Local AS", "65001"),
    ]


def test_internal_link_local_peers_are_direct():
    internal = {"remote_kind": "internal"}
    lab = lab_with([FOUND_B, auto(65001, **internal)], [FOUND_A, auto(65001, **internal)])
    lab.expect(lambda: lab.up("a", "auto01"), 1, "an internal child")
    session = {d.label: d.text for d in next(lab.proto("a", "auto01").details()).below}["Session"]
    assert session == "internal AS4"
    assert lab.session("a", "auto01").stream.options.ttl == 1


def test_the_pseudo_family_is_not_announced():
    lab = lab_with([FOUND_B, auto(65001)])
    lab.run(1)
    remote = lab.session("b", "auto01").session.remote
    assert remote.capabilities.multiprotocol == ((1, 1), (2, 1))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"remote_range": Prefix.parse("fe80::100/120")}, "outside range"),
        ({"channels": channels(from_interfaces=(ETH1,))}, "eth0 is not in `from`"),
        ({"interface": "eth1"}, "eth0 is not interface eth1"),
        ({"interface_range": (ETH1,)}, "eth0 is not in the interface range"),
        ({"vrf": "red"}, "eth0 is in another VRF"),
    ],
)
def test_an_entry_that_does_not_fit_says_why(options, reason):
    lab = lab_with([FOUND_B, auto(65001, **options)], [])
    lab.run(1)
    assert children(lab) == []
    assert infos(lab) == [f"auto: peer fe80::b%eth0 not started: {reason}"]
    assert why(lab) == reason


@pytest.mark.parametrize(
    "options",
    [{"channels": channels(from_interfaces=(ETH0,))}, {"interface": "eth0"}, {"interface_range": (ETH0,)}],
)
def test_an_entry_on_the_right_interface_fits(options):
    lab = lab_with([FOUND_B, auto(65001, **options)])
    lab.expect(lambda: lab.up("a", "auto01"), 1, "the child")
    assert why(lab) is None
    assert lab.proto("a", "auto").child_of(NetType.PEER, KEY_B).name == "auto01"


def test_an_entry_on_an_unknown_interface_waits_for_it():
    lab = lab_with([entries(("fe80::c", 9)), auto(65001)], [])
    lab.run(1)
    assert why(lab, key=PeerNet(Address.parse("fe80::c"), 9).key) == "no interface 9"


def test_an_entry_refused_by_the_export_filter_says_so():
    lab = lab_with([FOUND_B, auto(65001, channels=channels(export_filter=REJECT))], [])
    lab.run(1)
    assert children(lab) == []
    assert why(lab) == "refused by the export filter"


def test_a_global_range_needs_a_neighbor_on_link():
    ranged = {"remote_range": Prefix.parse("2001:db8::/32")}
    found = entries(("2001:db8::2", 2), ("2001:db8:9::1", 2))
    b = [entries(("2001:db8::1", 2)), auto(65002, **ranged)]
    lab = lab_with([found, auto(65001, **ranged)], b)
    lab.expect(lambda: lab.up("a", "auto01"), 1, "the child")
    assert children(lab) == ["auto01"]
    assert why(lab, key=PeerNet(Address.parse("2001:db8:9::1"), 2).key) == "not on link of eth0"


def test_a_global_neighbor_that_one_of_two_links_loses_keeps_its_child():
    ranged = {"remote_range": Prefix.parse("2001:db8::/32")}
    one, other = entries(("2001:db8::2", 2), name="one"), entries(("2001:db8::2", 3), name="other")
    lab = lab_with([one, other, auto(65001, **ranged)], [])
    lab.link("a", "eth1", "b", "eth1")
    lab.nodes["a"].host.add_address("eth1", "2001:db8::9/64")
    lab.run(3)
    assert children(lab) == ["auto01"]
    child = lab.proto("a", "auto01")
    lab.nodes["a"].router.disable(lab.proto("a", "one"))
    lab.run(3)
    assert lab.proto("a", "auto01") is child
    lab.nodes["a"].router.disable(lab.proto("a", "other"))
    lab.run(3)
    assert children(lab) == []


def test_children_wait_for_an_interface_that_is_down():
    lab = lab_with([FOUND_B, auto(65001)])
    lab.link_down("a", "eth0")
    lab.run(1)
    assert children(lab) == []
    assert why(lab) == "eth0 is down"
    lab.link_up("a", "eth0")
    lab.expect(lambda: lab.up("a", "auto01"), 2, "the child")


def test_the_same_address_on_two_links_is_two_peers():
    lab = Lab()
    lab.router("a", config(1, entries(("fe80::1", 2), ("fe80::1", 3)), auto(65001)))
    lab.router("b", config(2, entries(("fe80::a", 2)), auto(65002)))
    lab.router("c", config(3, entries(("fe80::a", 2)), auto(65003)))
    lab.link("a", "eth0", "b", "eth0", ("fe80::a", "fe80::1"))
    lab.link("a", "eth1", "c", "eth0", ("fe80::a", "fe80::1"))
    lab.expect(lambda: lab.up("a", "auto01") and lab.up("a", "auto02"), 2, "both children")
    ids = {lab.session("a", name).session.remote.router_id for name in ("auto01", "auto02")}
    assert ids == {2, 3}


def test_names_take_the_lowest_free_number():
    first, second = entries(("fe80::b1", 2), name="f1"), entries(("fe80::b2", 2), name="f2")
    lab = lab_with([first, second, auto(65001)], [])
    lab.run(1)
    assert children(lab) == ["auto01", "auto02"]
    router = lab.nodes["a"].router
    router.disable(lab.proto("a", "f1"))
    lab.run(1)
    assert children(lab) == ["auto02"]
    router.enable(lab.proto("a", "f1"))
    lab.run(1)
    assert children(lab) == ["auto02", "auto01"]


def test_at_most_ten_children_a_second_start_on_an_interface():
    found = entries(*((f"fe80::b{n:02x}", 2) for n in range(25)))
    lab = lab_with([found, auto(65001)], [])
    lab.run(0.5)
    assert len(children(lab)) == 10
    lab.run(1)
    assert len(children(lab)) == 20
    lab.run(1)
    assert len(children(lab)) == 25


def test_the_export_limit_counts_all_children():
    found = entries(*((f"fe80::b{n:02x}", 2) for n in range(5)))
    lab = lab_with([found, auto(65001, channels=channels(export_limit=Limit(3, "block")))], [])
    lab.run(3)
    assert len(children(lab)) == 3


def test_an_export_limit_that_only_warns_blocks_no_child():
    found = entries(*((f"fe80::b{n:02x}", 2) for n in range(5)))
    lab = lab_with([found, auto(65001, channels=channels(export_limit=Limit(3, "warn")))], [])
    lab.run(3)
    assert len(children(lab)) == 5
    warnings = [text for text in log_of(lab, "warning") if "limit" in text]
    assert warnings == ["Protocol auto hits route export limit (3), action: warn"]


def test_an_export_limit_that_only_warns_refuses_no_stranger():
    channel = channels(export_limit=Limit(0, "warn"))
    lab = lab_with([auto(65001, channels=channel)])
    lab.expect(lambda: lab.up("a", "auto01"), 1, "a child of the connection")


# ------------------------------------------------------------------- owners


def explicit(**options):
    return bgp_to("fe80::b", 65001, 65002, "mine", interface="eth0", **options)


def test_a_written_protocol_owns_its_neighbor():
    lab = lab_with([FOUND_B, auto(65001), explicit(channels=(ipv6(),))])
    lab.run(1)
    assert children(lab) == []
    assert why(lab) == "taken by mine"
    assert infos(lab) == ["auto: peer fe80::b%eth0 not started: taken by mine"]
    lab.expect(lambda: lab.up("a", "mine"), 6, "the written protocol")


def test_even_a_disabled_one_does_and_refuses():
    lab = lab_with([FOUND_B, auto(65001), explicit(disabled=True)])
    lab.run(3)
    assert why(lab) == "taken by mine"
    assert children(lab) == []
    assert lab.proto("b", "auto01").last_error == "Socket: Connection reset by peer"


def test_a_written_protocol_on_another_interface_does_not_matter():
    lab = lab_with([FOUND_B, auto(65001), bgp_to("fe80::b", 65001, 65002, "mine", interface="eth7")])
    lab.expect(lambda: lab.up("a", "auto01"), 1, "the child")


def test_among_parents_the_first_in_the_file_owns():
    lab = lab_with([FOUND_B, auto(65001, "one"), auto(65001, "two")])
    lab.expect(lambda: lab.up("a", "auto01"), 1, "the child")
    assert lab.proto("a", "auto01").parent.name == "one"
    assert why(lab, "two") == "taken by one"
    lab.nodes["a"].router.disable(lab.proto("a", "one"))
    lab.expect(lambda: lab.up("a", "auto01") or lab.up("a", "auto02"), 8, "the other's child")
    (child,) = children(lab)
    assert lab.proto("a", child).parent.name == "two"
    lab.nodes["a"].router.enable(lab.proto("a", "one"))
    lab.run(1)
    assert [lab.proto("a", c).parent.name for c in children(lab)] == ["one"]


def test_the_first_parent_owns_a_neighbor_before_it_has_a_child_for_it():
    """At most ten children start in a second."""
    found = entries(*[(f"fe80::{number:x}", 2) for number in range(0x10, 0x1B)])
    lab = lab_with([found, auto(65001, "one"), auto(65001, "two")])
    lab.run(0.5)
    assert [lab.proto("a", child).parent.name for child in children(lab)] == ["one"] * 10
    assert why(lab, "two", PeerNet(Address.parse("fe80::1a"), 2).key) == "taken by one"


@pytest.mark.parametrize("disabled", [True, False])
def test_a_new_owner_in_the_file_takes_over_and_gives_back(disabled):
    lab = lab_with([FOUND_B, auto(65001)])
    lab.run(1)
    reload(lab, "a", explicit(disabled=disabled))
    lab.run(0.1)
    assert children(lab) == []
    assert why(lab) == "taken by mine"
    reload(lab, "a", without=["mine"])
    lab.expect(lambda: lab.up("a", "auto01"), 8, "a child again")


# --------------------------------------------------------------------- pace


def test_the_first_connection_comes_within_a_quarter_of_a_second():
    starts = []
    for seed in range(8):
        lab = lab_with([FOUND_B, auto(65001)], [auto(65002)], seed=seed)
        lab.run(0)
        starts.append(lab.expect(lambda: lab.proto("a", "auto01").outgoing is not None, 0.25, "connecting"))  # noqa: B023
    assert len(set(starts)) > 4


def test_a_written_connect_delay_is_obeyed():
    lab = lab_with([FOUND_B, auto(65001, connect_delay_time=4)], [auto(65002)])
    lab.run(2.9)
    assert lab.state("a", "auto01") == "Active"
    lab.expect(lambda: lab.up("a", "auto01"), 1.2, "the child")


def finder(static):
    """The protocol that stands for one that discovers."""
    static.__class__ = type("Finder", (type(static), Discoverer), {})
    return static


def test_refusals_are_no_errors_and_retried_after_2_seconds_doubling_to_30():
    lab = lab_with([FOUND_B, auto(65001)], [])
    asked = []
    lab.run(0)
    source = finder(lab.proto("a", "found"))
    source.unreachable = lambda net_type, key: asked.append((lab.clock.now(), key))
    lab.run(120)
    times = [time for time, _ in asked]
    gaps = [round(later - earlier) for earlier, later in pairwise(times)]
    assert gaps[:6] == [2, 4, 8, 16, 30, 30]
    assert {key for _, key in asked} == {KEY_B}
    assert infos(lab)[1:] == ["auto01: fe80::b%eth0 does not talk to us yet: Socket: Connection refused"]
    assert lab.proto("a", "auto01").error_wait.seconds == 0


def test_a_neighbor_that_closes_before_its_open_is_retried_too():
    lab = lab_with([FOUND_B, auto(65001)], [])
    lab.run(0)

    def accept(stream):
        stream.set_handler(_Mute())
        stream.close()

    lab.nodes["b"].router.services.network.listen(None, 179, 0, accept, TcpOptions())
    lab.run(9)
    child = lab.proto("a", "auto01")
    assert child.pace.refusals == 3
    assert child.error_wait.seconds == 0


def test_a_neighbor_that_closes_after_its_open_is_no_reason_to_hurry():
    """It may be a daemon that ends with every session: the connect delay applies, as after any failure."""
    lab = lab_with([FOUND_B, auto(65001)], [])
    lab.run(0)
    opens = []

    def accept(stream):
        stream.set_handler(_Mute())
        opens.append(lab.clock.now())
        stream.write(Open(65002, 240, 2).encode())
        lab.clock.call_at(lab.clock.now() + 0.1, stream.close)

    lab.nodes["b"].router.services.network.listen(None, 179, 0, accept, TcpOptions())
    lab.run(30)
    assert 5 <= len(opens) <= 9
    assert all(later - earlier > 3.5 for earlier, later in pairwise(opens))


def test_a_returning_entry_resets_the_patience():
    lab = lab_with([FOUND_B, auto(65001, channels=channels(persist="yes"))], [])
    lab.run(40)
    assert lab.proto("a", "auto01").pace.refusals >= 4
    flap(lab)
    lab.run(0)
    assert lab.proto("a", "auto01").pace.refusals == 0
    assert lab.proto("a", "auto01").countdown.left <= 0.25


def test_a_returning_entry_clears_the_error_wait():
    options = {"channels": channels(persist="yes")}
    lab = lab_with([FOUND_B, auto(65001, remote_as=65009, remote_kind=None, **options)])
    lab.run(1)
    assert lab.state("a", "auto01").startswith("Idle")
    flap(lab)
    lab.run(0)
    assert lab.state("a", "auto01").startswith("Active")


def test_an_advertisement_clears_the_error_wait_only_after_a_silence():
    lab = lab_with([FOUND_B, auto(65001, remote_as=65009, remote_kind=None)])
    lab.run(1)
    channel = lab.proto("a", "found").channels["peers"]
    report_alive(channel, KEY_B, False)
    assert lab.state("a", "auto01").startswith("Idle"), "it was heard all the time: nothing is new"
    report_alive(channel, KEY_B, True)
    assert lab.state("a", "auto01").startswith("Active")


def test_a_fault_in_what_is_heard_of_a_neighbor_stops_who_hears_it_and_not_who_tells(monkeypatch):
    lab = lab_with([FOUND_B, auto(65001)])
    lab.run(1)
    found, parent = lab.proto("a", "found"), lab.proto("a", "auto")

    def fault(*_):
        raise ValueError("broken")

    monkeypatch.setattr(type(parent), "entry_alive", fault)
    report_alive(found.channels["peers"], KEY_B, True)
    assert parent.failure == "ValueError: broken"
    lab.run(1)
    assert (parent.state, found.state) == (ProtocolState.DOWN, ProtocolState.UP)


def test_any_advertisement_ends_the_wait_after_a_session_died_of_silence():
    lab = lab_with([FOUND_B, auto(65001, hold_time=9)])
    lab.run(2)
    lab.nodes["b"].host.process.freeze()
    lab.run(20)
    assert lab.proto("a", "auto01").countdown.wait is WaitKind.ERROR
    report_alive(lab.proto("a", "found").channels["peers"], KEY_B, False)
    assert lab.proto("a", "auto01").countdown.left <= 5


def test_a_returned_neighbor_is_asked_on_the_session_at_once():
    lab = lab_with([FOUND_B, auto(65001)])
    lab.run(2)
    session = lab.session("a", "auto01").session
    before = session.counters.sent
    report_alive(lab.proto("a", "found").channels["peers"], KEY_B, True)
    assert session.counters.sent == before + 1
    lab.run(1)
    assert lab.up("a", "auto01")


def test_a_returned_neighbor_gets_a_new_connection_attempt():
    """TCP doubles the time between its attempts: after a long silence the next is far away."""
    lab = lab_with([FOUND_B, auto(65001)], [])
    next(iter(lab.segments.values())).cut()
    lab.run(2)
    first = lab.proto("a", "auto01").outgoing
    report_alive(lab.proto("a", "found").channels["peers"], KEY_B, True)
    assert lab.proto("a", "auto01").outgoing is not first


def test_after_a_lost_session_the_connect_delay_applies():
    lab = lab_with([FOUND_B, auto(65001)])
    lab.run(1)
    lab.nodes["b"].kill()
    lab.run(0.1)
    child = lab.proto("a", "auto01")
    assert child.countdown.wait is WaitKind.CONNECT_DELAY
    assert child.countdown.length == 5


# --------------------------------------------------------------- withdrawal


def flap(lab, name="found", pause=0.1):
    router = lab.nodes["a"].router
    router.disable(lab.proto("a", name))
    lab.run(pause)
    router.enable(lab.proto("a", name))


def withdraw(lab, name="found"):
    lab.nodes["a"].router.disable(lab.proto("a", name))
    lab.run(0.1)


def test_a_withdrawn_neighbor_is_removed_with_peer_deconfigured():
    lab = lab_with([FOUND_B, auto(65001)])
    lab.run(1)
    finder(lab.proto("a", "found")).describe = lambda net_type, key: {"withdrawn": "lifetime 0"}
    withdraw(lab)
    assert children(lab) == []
    assert lab.nets("a", proto="auto01") == []
    assert lab.proto("b", "auto01").last_error == "Received: Peer de-configured"
    assert infos(lab)[-1] == "auto: peer fe80::b%eth0 withdrawn (lifetime 0), removing auto01"


@pytest.fixture
def restarts(monkeypatch):
    """Both sides announce that their restarts are graceful, within 30 s."""

    def announced(*arguments):
        families = ((1, 1, 0x80), (2, 1, 0x80))
        return replace(local_capabilities(*arguments), graceful_restart=GracefulRestart(0, 30, families))

    monkeypatch.setattr(parameters, "local_capabilities", announced)


@pytest.mark.usefixtures("restarts")
def test_a_neighbor_that_restarts_is_not_removed_before_its_restart_time():
    lab = lab_with([FOUND_B, auto(65001)])
    lab.run(1)
    lab.nodes["b"].kill()
    lab.run(1)
    had = lab.nets("a", proto="auto01")
    assert had, "they stay"
    withdraw(lab)
    lab.run(25)
    assert children(lab) == ["auto01"]
    assert lab.nets("a", proto="auto01") == had
    assert infos(lab)[-1].endswith("auto01 stays")
    lab.run(5)
    assert children(lab) == []
    assert lab.nets("a", proto="auto01") == []


@pytest.mark.usefixtures("restarts")
def test_a_neighbor_that_restarts_and_is_advertised_again_stays():
    lab = lab_with([FOUND_B, auto(65001)])
    lab.run(1)
    lab.nodes["b"].kill()
    lab.run(1)
    flap(lab)
    lab.nodes["b"].start()
    lab.run(60)
    assert lab.up("a", "auto01")
    assert children(lab) == ["auto01"]
    assert not lab.proto("a", "auto01").orphan


@pytest.mark.usefixtures("restarts")
def test_an_orphan_that_restarts_again_stays_for_the_whole_restart_time():
    lab = lab_with([FOUND_B, auto(65001)])
    lab.run(1)
    lab.nodes["b"].kill()
    lab.run(1)
    withdraw(lab)
    lab.nodes["b"].start()
    lab.run(60)
    assert lab.up("a", "auto01")
    lab.nodes["b"].kill()
    lab.run(28)
    assert children(lab) == ["auto01"]
    lab.run(4)
    assert children(lab) == []


def test_its_connections_are_refused_until_the_error_wait_has_passed():
    lab = lab_with([FOUND_B, auto(65001, error_wait_time=(20, 20))])
    lab.run(1)
    withdraw(lab)
    lab.run(10)
    assert lab.proto("b", "auto01").last_error == "Received: Connection rejected"
    assert children(lab) == []
    lab.expect(lambda: lab.up("b", "auto01"), 60, "a child of the incoming connection")
    assert lab.clock.now() > 21


def test_or_until_the_parent_is_enabled_again():
    lab = lab_with([FOUND_B, auto(65001, error_wait_time=(200, 200))])
    lab.run(1)
    withdraw(lab)
    lab.run(10)
    lab.nodes["a"].router.enable(lab.proto("a", "auto"))
    lab.expect(lambda: lab.up("b", "auto01"), 60, "a child of the incoming connection")


def test_or_until_the_entry_returns():
    lab = lab_with([FOUND_B, auto(65001)])
    lab.run(1)
    flap(lab)
    lab.expect(lambda: lab.up("a", "auto01"), 1, "the child is back")


def test_with_persist_the_child_stays_as_orphan_and_is_claimed_without_reset():
    lab = lab_with([FOUND_B, auto(65001, channels=channels(persist="yes"))])
    lab.run(1)
    since = lab.proto("a", "auto01").since
    withdraw(lab)
    child = lab.proto("a", "auto01")
    assert lab.up("a", "auto01")
    assert child.orphan
    assert next(child.details()).label == "Orphan"
    lab.nodes["a"].router.enable(lab.proto("a", "found"))
    lab.run(1)
    assert not child.orphan
    assert lab.proto("a", "auto01") is child
    assert child.since == since


def test_the_channels_persist_wins_over_the_protocols():
    lab = lab_with([FOUND_B, auto(65001, persist="yes", channels=channels(persist="no"))])
    lab.run(1)
    withdraw(lab)
    assert children(lab) == []


def test_an_orphan_keeps_retrying():
    lab = lab_with([FOUND_B, auto(65001, persist="yes")])
    lab.run(1)
    withdraw(lab)
    lab.nodes["b"].kill()
    lab.run(20)
    lab.nodes["b"].start()
    lab.expect(lambda: lab.up("a", "auto01"), 35, "the orphan is up again")


def test_a_child_disabled_by_hand_stays_so_when_the_entry_flaps():
    lab = lab_with([FOUND_B, auto(65001)])
    lab.run(1)
    router = lab.nodes["a"].router
    router.disable(lab.proto("a", "auto01"))
    lab.run(1)
    flap(lab)
    lab.run(5)
    assert children(lab) == ["auto01"]
    assert lab.proto("a", "auto01").state is ProtocolState.DOWN
    router.enable(lab.proto("a", "auto01"))
    lab.expect(lambda: lab.up("a", "auto01"), 8, "enabled again")


def test_a_disabled_child_whose_neighbor_went_is_removed_when_enabled():
    lab = lab_with([FOUND_B, auto(65001)], [])
    lab.run(1)
    router = lab.nodes["a"].router
    router.disable(lab.proto("a", "auto01"))
    withdraw(lab)
    assert children(lab) == ["auto01"]
    router.enable(lab.proto("a", "auto01"))
    lab.run(1)
    assert children(lab) == []


# --------------------------------------------------- incoming connections


def test_a_neighbor_that_was_not_discovered_may_connect():
    lab = lab_with([auto(65001)])
    lab.expect(lambda: lab.up("a", "auto01"), 1, "a child of the connection")
    assert infos(lab) == ["auto: connection from fe80::b%eth0, starting auto01"]


def test_a_neighbor_is_named_with_its_interface_if_it_has_one():
    lab = lab_with([auto(65001)])
    lab.run(1)
    named = lab.proto("a", "auto").label
    assert named(PeerNet(Address.parse("10.0.0.101"), 0)) == "10.0.0.101"
    assert named(PeerNet(Address.parse("fe80::b"), 7)) == "fe80::b%7"


def test_a_later_entry_claims_the_child_without_reset():
    lab = lab_with([auto(65001), replace(FOUND_B, disabled=True)])
    lab.run(1)
    since = lab.proto("a", "auto01").since
    lab.nodes["a"].router.enable(lab.proto("a", "found"))
    lab.run(1)
    assert children(lab) == ["auto01"]
    assert lab.proto("a", "auto01").since == since


def test_a_child_of_a_connection_stays_when_the_neighbor_goes():
    lab = lab_with([auto(65001)])
    lab.run(1)
    lab.nodes["b"].kill()
    lab.run(10)
    assert children(lab) == ["auto01"]


def test_a_connection_from_outside_the_range_is_refused():
    lab = lab_with([auto(65001, remote_range=Prefix.parse("fe80::100/120"))])
    lab.run(3)
    assert children(lab) == []
    assert lab.proto("b", "auto01").last_error == "Socket: Connection reset by peer"


def test_a_passive_parent_has_passive_children():
    lab = lab_with([FOUND_B, auto(65001, passive=True)], [FOUND_A, auto(65002, passive=True)])
    lab.run(20)
    assert lab.state("a", "auto01") == "Passive"


def test_both_sides_connecting_at_once_leaves_one_session():
    for seed in range(10):
        lab = lab_with([FOUND_B, auto(65001)], seed=seed)
        lab.run(0)
        for router in "ab":
            lab.proto(router, "auto01").countdown.stop()
            lab.proto(router, "auto01")._connect()
        lab.expect(lambda: lab.up("a", "auto01") and lab.up("b", "auto01"), 1, "both")  # noqa: B023
        lab.run(2)
        assert children(lab) == ["auto01"] == children(lab, "b")
        assert lab.up("a", "auto01")
        assert lab.up("b", "auto01")


def test_a_password_covers_the_whole_range():
    secret = {"password": "secret"}
    lab = lab_with([FOUND_B, auto(65001, **secret)], [auto(65002, **secret)])
    lab.expect(lambda: lab.up("a", "auto01"), 1, "a session with MD5")
    lab = lab_with([FOUND_B, auto(65001, **secret)], [auto(65002)])
    lab.run(5)
    assert not lab.up("a", "auto01")


# --------------------------------------------------------- parents, reloads


def test_disabling_the_parent_stops_its_children_with_a_shutdown():
    lab = lab_with([FOUND_B, auto(65001)])
    lab.run(1)
    router = lab.nodes["a"].router
    router.disable(lab.proto("a", "auto"))
    lab.run(0.5)
    assert children(lab) == []
    assert lab.proto("b", "auto01").last_error.startswith("Received: Administrative shutdown")
    assert lab.proto("a", "auto").state is ProtocolState.DOWN
    router.enable(lab.proto("a", "auto"))
    lab.expect(lambda: lab.up("a", "auto01"), 8, "children again")


def test_restarting_the_parent_tells_a_reset():
    lab = lab_with([FOUND_B, auto(65001)])
    lab.run(1)
    lab.nodes["a"].router.restart(lab.proto("a", "auto"))
    lab.run(0.02)
    assert lab.proto("b", "auto01").last_error == "Received: Administrative reset"
    lab.expect(lambda: lab.up("a", "auto01"), 8, "children again")


def test_a_shutdown_of_the_daemon_closes_children_with_a_shutdown():
    lab = lab_with([FOUND_B, auto(65001)])
    lab.run(1)
    done = []
    lab.nodes["a"].router.shutdown(lambda: done.append(True))
    lab.run(0.5)
    assert done == [True]
    assert lab.proto("b", "auto01").last_error == "Received: Administrative shutdown"


def test_a_graceful_stop_of_the_daemon_is_told_as_nobody_keeps_its_routes():
    lab = lab_with([FOUND_B, auto(65001)])
    lab.run(1)
    lab.nodes["a"].router.shutdown(lambda: None, graceful=True)
    lab.run(0.5)
    assert lab.proto("b", "auto01").last_error == "Received: Administrative shutdown"


@pytest.mark.parametrize(
    "options",
    [
        {"remote_range": Prefix.parse("fe80::100/120")},
        {"channels": channels(from_interfaces=(ETH1,))},
        {"channels": channels(export_filter=REJECT)},
    ],
)
def test_a_reload_evaluates_all_entries_again(options):
    lab = lab_with([FOUND_B, auto(65001)])
    lab.run(1)
    reload(lab, "a", auto(65001, **options))
    lab.run(0.5)
    assert children(lab) == []
    reload(lab, "a", auto(65001))
    lab.expect(lambda: lab.up("a", "auto01"), 8, "the child is back")


def test_persist_switched_off_removes_orphans():
    lab = lab_with([FOUND_B, auto(65001, channels=channels(persist="yes"))])
    lab.run(1)
    withdraw(lab)
    reload(lab, "a", replace(FOUND_B, disabled=True), auto(65001, channels=channels(persist="no")))
    lab.run(0.5)
    assert children(lab) == []


def test_another_dynamic_name_is_for_new_children():
    lab = lab_with([FOUND_B, auto(65001)])
    lab.run(1)
    since = lab.proto("a", "auto01").since
    reload(lab, "a", auto(65001, dynamic_name="fabric"))
    lab.run(1)
    assert children(lab) == ["auto01"]
    assert lab.proto("a", "auto01").since == since


def test_a_reload_without_change_changes_nothing():
    lab = lab_with([FOUND_B, auto(65001)])
    lab.run(1)
    child, since = lab.proto("a", "auto01"), lab.proto("a", "auto01").since
    reload(lab, "a", auto(65001))
    lab.run(1)
    assert lab.proto("a", "auto01") is child
    assert child.since == since
    assert lab.up("a", "auto01")


@pytest.mark.parametrize("options", [{"local_as": 65007}, {"hold_time": 30}, {"local_address": LOCAL}])
def test_what_the_neighbor_was_told_restarts_the_children(options):
    b = [FOUND_A, auto(65002)]
    lab = lab_with([FOUND_B, auto(65001)], b)
    lab.run(1)
    since = lab.proto("a", "auto01").since
    parent = lab.proto("a", "auto")
    asn = options.pop("local_as", 65001)
    reload(lab, "a", auto(asn, **options))
    lab.run(0.01)
    assert lab.proto("b", "auto01").last_error == "Received: Other configuration change"
    lab.expect(lambda: lab.up("a", "auto01"), 8, "the child with its new config")
    lab.run(0.1)
    assert lab.proto("a", "auto01").since > since
    assert lab.proto("a", "auto") is parent
    assert lab.session("b", "auto01").session.remote.asn == asn


def test_another_channel_filter_resets_nothing():
    lab = lab_with([routes("198.51.100.0/24"), FOUND_B, auto(65001)])
    lab.run(1)
    since = lab.proto("a", "auto01").since
    closed = (ipv4(extended_next_hop=True, export_filter=REJECT), ipv6(), peers())
    reload(lab, "a", auto(65001, channels=closed))
    lab.run(1)
    assert lab.proto("a", "auto01").since == since
    assert lab.nets("b", proto="auto01") == []
    reload(lab, "a", auto(65001))
    lab.run(1)
    assert lab.nets("b", proto="auto01") == ["198.51.100.0/24"]


def test_the_peers_channel_may_come_and_go():
    without = (ipv4(extended_next_hop=True), ipv6())
    lab = lab_with([FOUND_B, auto(65001, channels=without)], [])
    lab.run(1)
    parent, since = lab.proto("a", "auto"), lab.proto("a", "auto").since
    assert children(lab) == []
    reload(lab, "a", auto(65001))
    lab.run(1)
    assert children(lab) == ["auto01"]
    reload(lab, "a", auto(65001, channels=without))
    lab.run(1)
    assert children(lab) == []
    assert (lab.proto("a", "auto"), lab.proto("a", "auto").since) == (parent, since)


@pytest.mark.parametrize("change", [{}, {"hold_time": 30}, {"router_id": 77}])
def test_a_child_disabled_by_hand_stays_so_through_a_reload(change):
    lab = lab_with([FOUND_B, auto(65001)], [])
    lab.run(1)
    lab.nodes["a"].router.disable(lab.proto("a", "auto01"), "noisy")
    lab.run(0.1)
    reload(lab, "a", auto(65001, **change))
    lab.run(5)
    (name,) = children(lab)
    assert lab.proto("a", name).state is ProtocolState.DOWN
    assert lab.proto("a", name).message == "noisy"


@pytest.mark.parametrize("stop", ["restart", "disable", "remove"])
def test_a_child_disabled_by_hand_is_forgotten_when_its_parent_stops_for_anything_but_a_reload(stop):
    """Who stops the parent by hand, or takes it out of the file, begins anew."""
    lab = lab_with([FOUND_B, auto(65001)], [])
    lab.run(1)
    router, parent = lab.nodes["a"].router, lab.proto("a", "auto")
    router.disable(lab.proto("a", "auto01"), "noisy")
    lab.run(0.1)
    if stop == "remove":
        reload(lab, "a", without=["auto"])
        lab.run(1)
        reload(lab, "a", auto(65001))
    elif stop == "disable":
        router.disable(parent)
        lab.run(1)
        router.enable(parent)
    else:
        router.restart(parent)
    lab.run(5)
    (name,) = children(lab)
    child = lab.proto("a", name)
    assert (child.state, child.enabled, child.message) == (ProtocolState.START, True, "")


@pytest.mark.parametrize("change", [{}, {"router_id": 77}])
def test_a_child_that_gave_up_tries_again_after_a_reload(change):
    cease = {"disable_after_cease": frozenset((2,))}
    lab = lab_with([FOUND_B, auto(65001, **cease)])
    lab.run(2)
    (there,) = children(lab, "b")
    lab.nodes["b"].router.disable(lab.proto("b", there))
    lab.run(1)
    (name,) = children(lab)
    child = lab.proto("a", name)
    assert (child.state, child.last_error) == (ProtocolState.DOWN, "Received: Administrative shutdown")
    reload(lab, "a", auto(65001, **cease, **change))
    lab.run(5)
    assert children(lab) == [name]
    assert lab.proto("a", name).state is ProtocolState.START


def test_a_child_that_was_enabled_by_hand_after_a_reload_stays_so_through_the_next_one():
    lab = lab_with([FOUND_B, auto(65001)], [])
    lab.run(1)
    lab.nodes["a"].router.disable(lab.proto("a", "auto01"))
    reload(lab, "a", auto(65001, router_id=77))
    lab.run(5)
    lab.nodes["a"].router.enable(lab.proto("a", "auto01"))
    for hold_time in (30, 60):
        reload(lab, "a", auto(65001, router_id=77, hold_time=hold_time))
        lab.run(5)
        assert lab.proto("a", "auto01").state is ProtocolState.START


def lab_in_a_reload(*protocols):
    """An entry comes while a reload waits for a protocol that is slow to stop, which is returned too."""
    lab = lab_with([replace(FOUND_B, disabled=True), auto(65001), routes("198.51.100.0/24", name="slow")], [])
    lab.run(1)
    router, slow = lab.nodes["a"].router, lab.proto("a", "slow")
    slow.stop = lambda reason: None
    reload(lab, "a", *protocols, without=["slow"])
    router.enable(lab.proto("a", "found"))
    lab.run(1)
    assert router.reconfiguration.busy
    assert children(lab) == []
    return lab, slow


def test_an_entry_that_comes_during_a_reload_is_not_lost():
    lab, slow = lab_in_a_reload()
    slow.stopped()
    lab.run(1)
    assert children(lab) == ["auto01"]


def test_no_child_is_started_while_a_reload_stops_protocols():
    """The neighbor may be that of a protocol which begins when they are down."""
    lab, slow = lab_in_a_reload(explicit())
    slow.stopped()
    lab.run(1)
    assert why(lab) == "taken by mine"
    assert children(lab) == []
    assert not [text for text in infos(lab) if "starting" in text]


def test_a_parent_that_is_removed_takes_its_children_along():
    lab = lab_with([FOUND_B, auto(65001)])
    lab.run(1)
    reload(lab, "a", without=["auto"])
    lab.run(0.5)
    assert children(lab) == []
    assert lab.proto("b", "auto01").last_error.startswith("Received: Peer de-configured")


def test_a_link_that_goes_down_and_comes_back():
    lab = lab_with([FOUND_B, auto(65001)])
    lab.run(1)
    lab.link_down("a", "eth0")
    lab.run(1)
    assert lab.state("a", "auto01").startswith("Idle")
    lab.link_up("a", "eth0")
    lab.expect(lambda: lab.up("a", "auto01"), 8, "up again")


def test_an_interface_that_gets_another_name_keeps_its_session():
    lab = lab_with([FOUND_B, auto(65001)])
    lab.run(1)
    since = lab.proto("a", "auto01").since
    lab.nodes["a"].host.rename("eth0", "uplink")
    lab.run(1)
    assert lab.proto("a", "auto01").since == since
    assert lab.proto("a", "auto01").neighbor == "fe80::b%uplink"


@pytest.mark.parametrize("persist", ["no", "established", "yes"])
def test_an_interface_that_is_removed_takes_its_children_along(persist):
    lab = lab_with([FOUND_B, auto(65001, persist=persist)])
    lab.run(1)
    withdraw(lab)
    lab.nodes["a"].host.detach("eth0")
    lab.run(1)
    assert children(lab) == []
    assert not log_of(lab, "bug")


def log_of(lab, level, router="a"):
    return [line.text for line in lab.log if line.router == router and line.level == level]


def test_a_rename_evaluates_from_again():
    lab = lab_with([FOUND_B, auto(65001, channels=channels(from_interfaces=(ETH0,)))])
    lab.run(1)
    lab.nodes["a"].host.rename("eth0", "uplink")
    lab.run(1)
    assert children(lab) == []
    assert why(lab) == "uplink is not in `from`"


def test_many_routers_on_one_segment_make_a_full_mesh():
    lab = Lab(seed=5)
    names = [f"r{n}" for n in range(1, 9)]
    for number, name in enumerate(names, 1):
        found = entries(*((f"fe80::{n:x}:2", 2) for n in range(1, 9) if n != number))
        lab.router(name, config(number, routes(f"10.{number}.0.0/16"), found, auto(65000 + number)))
    lab.segment("lan", *((name, "eth0") for name in names))
    lab.expect(
        lambda: all(
            len(children(lab, n)) == 7 and all(lab.up(n, c) for c in children(lab, n)) for n in names
        ),
        5,
        "the full mesh",
    )
    lab.run(1)
    assert all(set(lab.nets(n)) == {f"10.{i}.0.0/16" for i in range(1, 9)} for n in names)


class _Mute:
    def connected(self, stream): ...
    def received(self, data): ...
    def closed(self, error): ...
    def writable(self): ...


def test_refusal_of_a_withdrawn_key_is_told_before_any_open():
    lab = lab_with([FOUND_B, auto(65001)], [])
    lab.run(1)
    withdraw(lab)
    got = []

    class Caller(_Mute):
        def received(self, data):
            got.append(data)

    network = lab.nodes["b"].router.services.network
    network.connect(Address.parse("fe80::b"), Address.parse("fe80::a"), 179, 2, Caller(), TcpOptions())
    lab.run(1)
    framer = Framer()
    framer.receive(b"".join(got))
    message = framer.next()
    assert not isinstance(message, Open)
    assert (message.code, message.subcode) == (6, 5)


def test_two_parents_with_ports_of_their_own_have_a_session_each():
    second = {"local_port": 1179, "remote_port": 1179, "dynamic_name": "more", "channels": (ipv4(), peers())}
    a = [FOUND_B, auto(65001), auto(65001, name="two", **second)]
    b = [FOUND_A, auto(65002), auto(65002, name="two", **second)]
    lab = lab_with(a, b)
    lab.run(10)
    assert lab.up("a", "auto01")
    assert lab.up("a", "more01")


# ------------------------------------------------------------- who may peer


LEAVES = ValueSet("int", [(65002, 65010), (65100, 65100)])
SPINES = ValueSet("int", [(65200, 65299)])


def test_a_neighbor_whose_as_is_in_the_set_may_peer():
    lab = lab_with([FOUND_B, auto(65001, remote_as_set=LEAVES)])
    lab.expect(lambda: lab.up("a", "auto01"), 1, "65002 is in it")
    assert "Neighbor AS: 65002" in texts(lab.proto("a", "auto01"))


def test_another_is_refused_and_both_sides_say_why():
    lab = lab_with([FOUND_B, auto(65001, remote_as_set=SPINES)])
    lab.run(2)
    child = lab.proto("a", "auto01")
    assert child.trouble() == "AS 65002 is not in [65200..65299]"
    assert child.last_error == "BGP Error: Bad peer AS"
    assert "auto01: Error: AS 65002 is not in [65200..65299]" in [line.text for line in lab.log]
    assert lab.proto("b", "auto01").last_error == "Received: Bad peer AS"
    assert "Neighbor AS: [65200..65299]" in texts(child)
    assert "Neighbor AS: [65200..65299]" in texts(lab.proto("a", "auto"))


def texts(instance):
    (state,) = [detail for detail in instance.details() if detail.label == "BGP state"]
    return [f"{detail.label}: {detail.text}" for detail in state.below]


def test_another_set_keeps_sessions_that_are_in_it_and_ends_others():
    eager = [routes("203.0.113.0/24"), FOUND_A, auto(65002, error_wait_time=(1, 1))]
    lab = lab_with([FOUND_B, auto(65001, remote_as_set=LEAVES)], eager)
    lab.run(2)
    since = lab.proto("a", "auto01").since
    reload(lab, "a", auto(65001, remote_as_set=ValueSet.of("int", 65002)))
    lab.run(2)
    assert lab.up("a", "auto01")
    assert lab.proto("a", "auto01").since == since
    reload(lab, "a", auto(65001, remote_as_set=SPINES))
    lab.run(6)
    assert not lab.up("a", "auto01")
    assert lab.proto("a", "auto01").trouble() == "AS 65002 is not in [65200..65299]"
    reload(lab, "a", auto(65001, remote_as_set=LEAVES))
    lab.expect(lambda: lab.up("a", "auto01"), 3, "now it may, without waiting for the error to be forgotten")


# ------------------------------------------------ parents of groups of interfaces


def group(name, *interfaces, **options):
    found = tuple(InterfacePattern(each) for each in interfaces)
    values = {"dynamic_name": name, "channels": channels(from_interfaces=found)} | options
    return auto(65001, name, **values)


def two_links(*protocols):
    """a has neighbor b on eth0 and neighbor c on eth1, both with the same address."""
    lab = pair(config(1, *protocols), config(2, FOUND_A, auto(65002)))
    lab.router("c", config(3, FOUND_A, auto(65003)))
    lab.link("a", "eth1", "c", "eth0", ("fe80::a", "fe80::b"))
    return lab


@pytest.mark.parametrize("announced", [True, False])
def test_of_several_parents_the_first_that_matches_the_interface_has_the_neighbor(announced):
    """Also that of a neighbor that connects before it is announced."""
    found = [entries(("fe80::b", 2), ("fe80::b", 3))] if announced else []
    lab = two_links(*found, group("uplink", "eth0"), group("server", "eth*"))
    lab.expect(lambda: children(lab) and lab.up("b", "auto01") and lab.up("c", "auto01"), 3, "both")
    seen = {name.rstrip("0123456789"): lab.proto("a", name).reach.ifname for name in children(lab)}
    assert seen == {"uplink": "eth0", "server": "eth1"}
    if announced:
        assert why(lab, "server") == "taken by uplink"


def test_a_group_that_is_earlier_in_a_new_file_takes_its_neighbors_over():
    lab = two_links(entries(("fe80::b", 2), ("fe80::b", 3)), group("server", "eth*"))
    lab.expect(lambda: lab.up("b", "auto01") and lab.up("c", "auto01"), 3, "both")
    assert sorted(children(lab)) == ["server01", "server02"]
    running = lab.nodes["a"].router
    found = [p for p in running.config.protocols if p.name != "server"]
    running.reconfigure(
        replace(running.config, protocols=(*found, group("uplink", "eth1"), group("server", "eth*")))
    )
    lab.expect(lambda: "uplink01" in children(lab), 2, "eth1 has another parent")
    assert len(children(lab)) == 2
