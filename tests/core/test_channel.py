import pytest

from pybird.conf.model import Limit
from pybird.core import channel
from pybird.core.channel import ChannelState, batches_of
from pybird.core.export.exporter import ExportMode
from pybird.core.life import ProtocolState, StopReason
from pybird.core.ports import Link, LinkAddress
from pybird.filter import nodes as n
from pybird.filter.nodes import ACCEPT, REJECT, Filter
from pybird.values.address import Address
from pybird.values.attributes import AttributePool
from pybird.values.route import NO_HOP, Hop, RouteSource, Rte
from tests.core.world import World, config, ipv4, key, peer

REFUSE_1 = Filter(
    "refuse",
    n.Block(
        (
            n.If(n.Binary("=", n.Attribute("med"), n.Literal("int", 1)), n.Decide("reject")),
            n.Decide("accept"),
        )
    ),
)
SET_MED = Filter("set", n.Block((n.Assign(n.Attribute("med"), n.Literal("int", 7)), n.Decide("accept"))))
NETS = ["10.0.0.0/8", "10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16", "10.4.0.0/16"]


def limited(**options) -> World:
    return World().load(peer("a", ipv4(**options)), peer("b"))


def test_networks_that_no_table_takes_are_refused_alone_whoever_announces_them():
    world = limited()
    a = world["a"]
    a.announce("10.0.0.0/8", "127.0.0.0/8", "255.255.255.255/32")
    world.clock.run()
    assert list(world["b"].got) == [key("10.0.0.0/8")]
    count = a.channel.statistics.import_updates
    assert (count.received, count.rejected, count.accepted) == (3, 2, 1)
    assert [line for line in world.log.lines if "bogus network" in line] == [
        "<remote> a: Refused 127.0.0.0/8: bogus network",
        "<remote> a: Refused 255.255.255.255/32: bogus network",
    ]


def test_an_import_limit_splits_the_batch_exactly():
    world = limited(import_limit=Limit(3, "block"))
    a = world["a"]
    a.announce(*NETS)
    a.announce(*NETS[:3], med=5)  # replacements pass
    world.clock.run()
    assert list(world["b"].got) == [key(net) for net in NETS[:3]]
    count = a.channel.statistics.import_updates
    assert (count.received, count.accepted, count.limit) == (8, 6, 2)
    assert a.channel.import_limit.hit
    assert world.log.lines.count("<warning> Protocol a hits route import limit (3), action: block") == 1
    a.withdraw(NETS[0])
    a.announce(NETS[4])
    assert a.channel.imported == 3


@pytest.mark.parametrize("kind", ["import", "receive"])
@pytest.mark.parametrize("before", [None, Limit(4, "disable"), Limit(2, "warn")], ids=str)
@pytest.mark.parametrize(
    ("action", "state", "left"),
    [
        ("warn", ProtocolState.UP, 3),
        ("block", ProtocolState.UP, 3),
        ("restart", ProtocolState.UP, 0),
        ("disable", ProtocolState.DOWN, 0),
    ],
)
def test_a_limit_of_a_new_config_acts_at_once_on_the_routes_that_are_there(kind, before, action, state, left):
    option = f"{kind}_limit"
    world = limited(**{option: before})
    a = world["a"]
    a.announce(*NETS[:3])
    a.channel.reconfigure(ipv4(**{option: Limit(2, action)}))
    assert getattr(a.channel, option).hit
    text = f"<warning> Protocol a hits route {kind} limit (2), action: {action}"
    assert world.log.lines.count(text) == 1
    assert a.channel.imported == 3
    world.clock.run()
    assert (a.state, a.channel.imported) == (state, left)


@pytest.mark.parametrize("kind", ["import", "receive"])
def test_as_many_routes_as_a_new_limit_allows_do_not_hit_it(kind):
    world = limited()
    a = world["a"]
    a.announce(*NETS[:3])
    a.channel.reconfigure(ipv4(**{f"{kind}_limit": Limit(3)}))
    world.clock.run()
    assert (a.state, a.channel.imported) == (ProtocolState.UP, 3)
    assert not getattr(a.channel, f"{kind}_limit").hit


def test_a_new_receive_limit_counts_what_is_kept_besides_the_table():
    world = limited(keep_filtered=True, import_filter=REFUSE_1)
    a = world["a"]
    a.announce(*NETS[:2], med=1)
    a.announce(NETS[2], med=2)
    a.channel.reconfigure(ipv4(keep_filtered=True, import_filter=REFUSE_1, receive_limit=Limit(2, "block")))
    assert a.channel.receive_limit.hit
    assert (a.channel.filtered, a.channel.imported) == (2, 1)


def test_an_update_of_a_route_in_the_import_table_passes_the_receive_limit():
    """Kept out by the import limit, it is known all the same: its last form is what comes in later."""
    world = limited(receive_limit=Limit(3, "block"), import_limit=Limit(1, "block"))
    a = world["a"]
    a.channel.keep_received = True
    a.announce(*NETS[:3])
    a.announce(NETS[2], med=5)
    a.announce(NETS[3], med=5)  # a fourth one does not
    a.withdraw(NETS[0], NETS[1])
    assert a.channel.reload_imports()
    world.clock.run()
    assert {net: dict(found[0].other)["med"] for net, found in world["b"].got.items()} == {key(NETS[2]): 5}
    assert a.channel.statistics.import_updates.rx_limit == 1


def test_a_limit_with_warn_only_warns():
    world = limited(import_limit=Limit(3, "warn"))
    world["a"].announce(*NETS)
    world.clock.run()
    assert len(world["b"].got) == 5
    assert len([line for line in world.log.lines if "import limit" in line]) == 1


def test_a_limit_with_disable_stops_the_protocol():
    world = limited(receive_limit=Limit(3, "disable"))
    a = world["a"]
    a.announce(*NETS)
    assert a.channel.statistics.import_updates.rx_limit == 2
    world.clock.run()
    assert a.stops == [StopReason.LIMIT]
    assert (a.state, a.enabled) == (ProtocolState.DOWN, False)
    assert world["b"].got == {}


def test_a_limit_with_restart_starts_again():
    world = limited(import_limit=Limit(3, "restart"))
    a = world["a"]
    a.announce(*NETS)
    world.clock.run()
    assert a.stops == [StopReason.LIMIT]
    assert a.state is ProtocolState.UP
    assert a.channel.imported == 0


def test_filtered_routes_count_towards_the_receive_limit_when_kept():
    options = {"import_filter": REFUSE_1, "receive_limit": Limit(3, "block")}
    world = limited(keep_filtered=True, **options)
    a = world["a"]
    a.announce(*NETS[:2], med=1)
    a.announce(*NETS[2:], med=2)
    assert (a.channel.filtered, a.channel.imported) == (2, 1)
    assert list(a.channel.filtered_routes()) == [key(net) for net in NETS[:2]]
    world = limited(**options)
    world["a"].announce(*NETS[:2], med=1)
    world["a"].announce(*NETS[2:], med=2)
    assert (world["a"].channel.filtered, world["a"].channel.imported) == (0, 3)


def test_what_was_kept_besides_the_table_is_gone_when_the_channel_closes():
    world = limited(keep_filtered=True, import_filter=REFUSE_1)
    a = world["a"]
    a.channel.keep_received = True
    a.announce(*NETS[:2], med=1)  # the filter refuses it
    a.announce("127.0.0.0/8")  # and the channel this
    assert (a.channel.filtered, len(a.channel.received_routes())) == (3, 2)
    a.channel.close()
    assert (a.channel.filtered, a.channel.filtered_routes(), a.channel.received_routes()) == (0, {}, {})


def test_a_kept_route_is_as_the_filter_left_it_and_gone_when_it_is_accepted():
    body = (n.Assign(n.Attribute("med"), n.Literal("int", 7)), n.Decide("reject"))
    options = {"import_filter": Filter("tell", n.Block(body)), "keep_filtered": True}
    world = limited(**options)
    a = world["a"]
    a.announce(*NETS[:2], med=2)
    kept = a.channel.filtered_routes()
    assert list(kept) == [key(net) for net in NETS[:2]]
    assert {world.router.pool.view(rte.attrs)["med"] for routes in kept.values() for rte in routes} == {7}
    a.channel.reconfigure(ipv4(keep_filtered=True))
    a.announce(NETS[0], med=2)
    assert list(a.channel.filtered_routes()) == [key(NETS[1])]


def test_a_route_that_is_refused_now_withdraws_what_was_accepted():
    world = limited(import_filter=REFUSE_1)
    a = world["a"]
    a.announce(NETS[0], med=2)
    a.announce(NETS[0], med=1)
    world.clock.run()
    assert world["b"].got == {}
    assert a.channel.statistics.import_updates.filtered == 1


def test_an_echo_is_told_only_where_no_other_route_leads():
    world = limited()
    world["b"].announce(NETS[0])
    world["a"].channel.refused([key(net) for net in NETS[:2]], None, "own AS in the path", echo=True)
    assert [line for line in world.log.lines if "Refused" in line] == [
        f"<remote> a: Refused {NETS[1]}: own AS in the path"
    ]
    assert list(world["a"].channel.refusals.imports) == [key(net) for net in NETS[:2]]


@pytest.mark.parametrize("gone", [False, True], ids=["another route", "no route"])
def test_the_reason_why_a_route_was_not_sent_goes_with_it(gone):
    world = World().load(peer("a"), peer("b", receiver=5))
    a, b = world["a"], world["b"]
    a.announce(NETS[0], toward=5)
    world.clock.run()
    assert (list(b.got), list(b.channel.refusals.exports)) == ([], [key(NETS[0])])
    if gone:
        a.withdraw(NETS[0])
    else:
        a.announce(NETS[0])
    world.clock.run()
    assert (list(b.got), list(b.channel.refusals.exports)) == ([] if gone else [key(NETS[0])], [])


@pytest.mark.parametrize("mode", [ExportMode.OPTIMAL, ExportMode.ACCEPTED])
def test_a_channel_is_not_asked_about_its_own_routes(mode):
    """They are not in `show route preexport`: nobody is told what he said himself."""
    world = World().load(peer("a", mode=mode), peer("b", mode=mode))
    world["a"].announce(NETS[0])
    assert [len(world[name].channel.candidates(key(NETS[0]))) for name in "ab"] == [0, 1]


def test_withdrawals_of_unknown_networks_are_ignored():
    world = limited()
    a = world["a"]
    a.announce(NETS[0])
    a.withdraw(*NETS)
    count = a.channel.statistics.import_withdraws
    assert (count.received, count.accepted, count.ignored) == (5, 1, 4)


def test_an_export_limit_blocks_and_lets_go():
    world = World().load(peer("a"), peer("b", ipv4(export_limit=Limit(2, "block"))))
    world["a"].announce(*NETS[:3])
    world.clock.run()
    b = world["b"]
    assert list(b.got) == [key(net) for net in NETS[:2]]
    assert b.channel.statistics.export_updates.limit == 1
    world["a"].announce(NETS[0], med=5)
    world["a"].withdraw(NETS[1])
    world.clock.run()
    assert list(b.got) == [key(NETS[0]), key(NETS[2])]
    assert b.channel.exported == 2


@pytest.mark.parametrize("before", [None, Limit(9, "block"), Limit(1, "warn")], ids=str)
@pytest.mark.parametrize(
    ("action", "stops"),
    [
        ("warn", []),
        ("block", []),
        *((action, [StopReason.EXPORT_LIMIT]) for action in ("restart", "disable")),
    ],
)
def test_a_new_export_limit_takes_nothing_back_and_acts_at_once(before, action, stops):
    world = World().load(peer("a"), peer("b", ipv4(export_limit=before)))
    world["a"].announce(*NETS[:3])
    world.clock.run()
    b = world["b"]
    sent = list(b.messages)
    b.channel.reconfigure(ipv4(export_limit=Limit(2, action)))
    text = f"<warning> Protocol b hits route export limit (2), action: {action}"
    assert (b.channel.export_limit.hit, world.log.lines.count(text)) == (True, 1)
    b.channel.reload_exports()
    world.clock.run()
    assert b.stops[:1] == stops
    if not stops:
        assert b.messages == sent
        assert (len(b.got), b.channel.exported) == (3, 3)


def test_above_a_lowered_export_limit_new_routes_are_blocked_until_there_is_room():
    world = World().load(peer("a"), peer("b"))
    a, b = world["a"], world["b"]
    a.announce(*NETS[:3])
    world.clock.run()
    b.channel.reconfigure(ipv4(export_limit=Limit(2, "block")))
    b.channel.reload_exports()
    world.clock.run()
    a.announce(NETS[0], med=5)  # a replacement passes
    a.announce(NETS[3])
    a.withdraw(NETS[1])
    world.clock.run()
    assert list(b.got) == [key(NETS[0]), key(NETS[2])]
    a.withdraw(NETS[2])
    world.clock.run()
    assert list(b.got) == [key(NETS[0]), key(NETS[3])]


@pytest.mark.parametrize("after", [None, Limit(9, "block")], ids=str)
def test_a_raised_export_limit_sends_what_was_kept_out_and_nothing_else(after):
    world = World().load(peer("a"), peer("b", ipv4(export_limit=Limit(2, "block"))))
    world["a"].announce(*NETS)
    world.clock.run()
    b = world["b"]
    b.messages.clear()
    b.channel.reconfigure(ipv4(export_limit=after))
    b.channel.reload_exports()
    world.clock.run()
    assert len(b.got) == len(NETS)
    assert sum(len(keys) for announced, _ in b.messages for _, keys in announced) == len(NETS) - 2


def test_a_limit_that_a_soft_reload_raises_sends_what_was_kept_out():
    world = World().load(peer("a"), peer("b", ipv4(export_limit=Limit(2, "block"))))
    world["a"].announce(*NETS)
    world.clock.run()
    assert len(world["b"].got) == 2
    changed = ipv4(export_limit=Limit(9, "block"), export_filter=REFUSE_1)
    world.router.reconfigure(config(peer("a"), peer("b", changed)), soft=True)
    world.clock.run()
    assert (len(world["b"].got), world["b"].channel.exported) == (len(NETS), len(NETS))


def test_with_a_filter_and_a_limit_at_once_what_was_sent_counts_before_what_is_new():
    world = World().load(peer("a"), peer("b", ipv4(export_filter=REFUSE_1)))
    a, b = world["a"], world["b"]
    a.announce(*NETS[:3], med=1)
    a.announce(*NETS[3:], med=2)
    world.clock.run()
    b.channel.reconfigure(ipv4(export_limit=Limit(2, "block")))
    b.channel.reload_exports()
    world.clock.run()
    assert list(b.got) == [key(net) for net in NETS[3:]]


def test_with_a_filter_and_a_limit_at_once_no_route_counts_twice():
    world = World().load(peer("a"), peer("b", ipv4(export_filter=REFUSE_1)))
    a, b = world["a"], world["b"]
    a.announce(*NETS[:2], med=2)
    a.announce(NETS[2], med=1)
    world.clock.run()
    b.channel.reconfigure(ipv4(export_limit=Limit(3, "block")))
    b.channel.reload_exports()
    world.clock.run()
    assert list(b.got) == [key(net) for net in NETS[:3]]
    assert not [line for line in world.log.lines if "hits route" in line]


def test_with_a_filter_and_a_limit_at_once_what_goes_makes_room():
    only_1 = n.If(n.Binary("=", n.Attribute("med"), n.Literal("int", 1)), n.Decide("accept"))
    before = Filter("only", n.Block((only_1, n.Decide("reject"))))
    world = World().load(peer("a"), peer("b", ipv4(export_filter=before)))
    a, b = world["a"], world["b"]
    a.announce(*NETS[:2], med=2)
    a.announce(*NETS[2:], med=1)
    world.clock.run()
    assert list(b.got) == [key(net) for net in NETS[2:]]
    b.channel.reconfigure(ipv4(export_filter=REFUSE_1, export_limit=Limit(2, "block")))
    b.channel.reload_exports()
    world.clock.run()
    assert list(b.got) == [key(net) for net in NETS[:2]]


def test_an_export_limit_with_disable():
    world = World().load(peer("a"), peer("b", ipv4(export_limit=Limit(2))))
    world["a"].announce(*NETS)
    world.clock.run()
    assert world["b"].stops == [StopReason.EXPORT_LIMIT]
    assert world["b"].state is ProtocolState.DOWN


@pytest.mark.parametrize("act", ["enable", "reconfigure"])
def test_why_a_limit_disabled_a_protocol_is_known_until_it_is_up_again_or_an_operator_acts(act):
    world = limited(receive_limit=Limit(3, "disable"))
    a = world["a"]
    a.announce(*NETS)
    world.clock.run()
    assert (a.state, a.last_error) == (ProtocolState.DOWN, "Automatic shutdown: Route limit exceeded")
    if act == "enable":
        world.router.enable(a)
    else:
        world.router.reconfigure(config(peer("a", restarts_on="x"), peer("b")))
    world.clock.run()
    a = world["a"]
    assert (a.state, a.last_error) == (ProtocolState.UP, "")


def test_what_stays_stale_is_withdrawn_at_the_end_of_a_refresh():
    world = limited()
    a = world["a"]
    a.announce(*NETS)
    world.clock.run(10)
    since = world.router.tables["master4"].best(key(NETS[0])).time
    a.channel.begin_refresh()
    a.announce(*NETS[:2])
    a.channel.end_refresh()
    world.clock.run()
    assert list(world["b"].got) == [key(net) for net in NETS[:2]]
    assert world.router.tables["master4"].best(key(NETS[0])).time == since


def test_a_refresh_that_begins_while_the_last_one_is_swept_withdraws_nothing_fresh(monkeypatch):
    monkeypatch.setattr(channel, "SLICE", 1)
    world = limited()
    a = world["a"]
    a.announce("9.0.0.0/8", *NETS)
    a.channel.begin_refresh()
    a.announce(*NETS)
    a.channel.end_refresh()
    a.channel.begin_refresh()  # the routes of before are all that there is until they come again
    world.clock.run()
    assert list(world["b"].got) == [key(net) for net in NETS]
    a.channel.end_refresh()
    world.clock.run()
    assert world["b"].got == {}


def waiting(**options) -> tuple[World, Hop]:
    """A channel `a` whose routes enter with their next hop only, and a next hop that is not there."""
    world = limited(**options)
    world["a"].channel.needs_hops = True
    hop = world.router.hops.gateway(Address.parse("10.0.0.2"))
    assert hop.lost
    return world, hop


def test_a_route_that_waits_and_stayed_stale_in_a_refresh_does_not_enter():
    world, hop = waiting(keep_filtered=True)
    a = world["a"]
    a.announce(*NETS[:3], hop=hop)
    assert (a.channel.waiting, a.channel.filtered) == (3, 3)
    a.channel.begin_refresh()
    a.announce(NETS[1], hop=hop)
    a.channel.end_refresh()
    assert (a.channel.waiting, a.channel.filtered) == (1, 1)
    world.router.interfaces.link_changed(Link(2, "eth0", True))
    world.router.interfaces.address_changed(LinkAddress(2, Address.parse("10.0.0.1"), 24))
    world.clock.run()
    assert list(world["b"].got) == [key(NETS[1])]
    assert (a.channel.waiting, a.channel.filtered) == (0, 0)


def test_routes_that_wait_count_towards_the_receive_limit_and_are_no_new_ones_again():
    world, hop = waiting(receive_limit=Limit(3, "block"))
    channel = world["a"].channel
    world["a"].announce(*NETS[:2], hop=hop)
    world["a"].announce(*NETS[2:4], hop=NO_HOP)
    assert (channel.waiting, channel.imported) == (2, 1)
    world["a"].announce(*NETS[:2], hop=hop, med=3)
    assert channel.statistics.import_updates.rx_limit == 1


def test_a_route_is_kept_beside_the_table_in_one_place():
    """One that the filter refused waits for its next hop now: `show route filtered` has it once."""
    world, hop = waiting(keep_filtered=True, import_filter=REFUSE_1)
    channel = world["a"].channel
    world["a"].announce(NETS[0], med=1)
    world["a"].announce(NETS[0], hop=hop)
    assert [len(routes) for routes in channel.filtered_routes().values()] == [1]
    world["a"].withdraw(NETS[0])
    assert (channel.waiting, channel.filtered) == (0, 0)


def test_refused_routes_that_are_kept_are_no_more_than_the_receive_limit():
    world = limited(keep_filtered=True, receive_limit=Limit(2, "block"))
    channel = world["a"].channel
    rte = Rte(world.router.pool.empty, channel.source, NO_HOP, 100, 0.0)
    channel.refused([key(net) for net in NETS], rte, "first reason")
    assert channel.filtered == 2
    (kept,) = channel.filtered_routes()[key(NETS[0])]
    assert channel.refusal(key(NETS[0]), kept) == "first reason"
    assert channel.refusal(key(NETS[0]), rte) == ""


def test_routes_of_several_sources_of_one_channel_live_side_by_side():
    world = limited()
    a = world["a"]
    second = RouteSource("a", 11, a.type.selection, a.channel, path_id=2)
    rte = a.announce(NETS[0])
    other = type(rte)(rte.attrs, second, rte.hop, 90, 0.0)
    a.channel.announce([key(NETS[0])], other)
    assert a.channel.imported == 2
    world.router.disable(a)
    world.clock.run()
    assert world.router.tables["master4"].route_count == 0


def test_a_channel_may_open_again_while_its_old_routes_still_leave():
    world = limited()
    a = world["a"]
    a.announce(*NETS)
    a.channel.close()
    assert a.channel.state is ChannelState.STOP
    a.channel.open()
    a.announce(NETS[1])
    world.clock.run()
    assert a.channel.state is ChannelState.UP
    assert list(world["b"].got) == [key(NETS[1])]


def test_a_kept_import_table_is_filtered_again_without_asking():
    world = limited()
    a = world["a"]
    a.channel.keep_received = True
    a.announce(NETS[0], med=1)
    a.announce(NETS[1], med=2)
    a.channel.reconfigure(ipv4(import_filter=REFUSE_1))
    assert a.channel.reload_imports()
    world.clock.run()
    assert a.refreshes == 0
    assert list(world["b"].got) == [key(NETS[1])]


def test_routes_of_a_session_that_ended_are_not_judged_again():
    """What waited for the filter in its import table: the next session has its own."""
    world = limited()
    a = world["a"]
    a.channel.keep_received = True
    a.announce(NETS[0])
    assert a.channel.reload_imports()
    a.channel.close()
    a.channel.open()
    a.announce(NETS[0], med=1)
    world.clock.run()
    count = a.channel.statistics.import_updates
    assert (count.received, count.accepted, count.ignored) == (2, 2, 0)


def test_networks_are_judged_again_in_batches_of_one_route():
    attrs = AttributePool([]).empty
    one, two = (Rte(attrs, RouteSource("s", 1, None), NO_HOP, 100, 0.0) for _ in range(2))
    routes = {b"a": one, b"b": two, b"c": one, b"d": two, b"e": two}
    assert batches_of(routes, [b"x", b"a", b"b", b"y", b"c", b"d", b"z", b"e", b"x"]) == {
        one: [b"a", b"c"],
        two: [b"b", b"d", b"e"],
    }
    assert batches_of(routes, [b"x"]) == batches_of({}, [b"a"]) == {}


@pytest.mark.parametrize("filter_", [ACCEPT, SET_MED])
def test_an_import_table_that_is_filtered_again_in_a_refresh_leaves_stale_what_is(filter_):
    world = limited()
    a = world["a"]
    a.channel.keep_received = True
    a.announce(*NETS[:2])
    a.channel.begin_refresh()
    a.announce(NETS[0])
    a.channel.reconfigure(ipv4(import_filter=filter_))
    assert a.channel.reload_imports()
    world.clock.run()
    a.channel.end_refresh()
    world.clock.run()
    assert list(world["b"].got) == [key(NETS[0])]


def test_an_export_filter_that_rejects_all_only_counts():
    world = World().load(peer("a"), peer("b", ipv4(export_filter=REJECT)))
    world["a"].announce(*NETS)
    world.clock.run()
    world["a"].withdraw(*NETS[:2])
    world.clock.run()
    count = world["b"].channel.statistics.export_updates
    assert (count.received, count.filtered, count.accepted) == (5, 5, 0)
    assert world["b"].channel.statistics.export_withdraws.received == 2
    assert world["b"].channel.export_state.value == "READY"


def test_a_paused_member_gets_only_the_last_state():
    world = World().load(peer("a"), peer("b"), peer("c"))
    b = world["b"]
    world["a"].announce(NETS[0], NETS[1])
    world.clock.run()
    b.channel.pause()
    b.messages.clear()
    for med in (1, 2, 3):
        world["a"].announce(NETS[0], med=med)
        world.clock.run()
    world["a"].withdraw(NETS[1])
    world["a"].announce(NETS[2])
    world["a"].withdraw(NETS[2])
    world.clock.run()
    assert b.messages == []
    b.channel.resume()
    world.clock.run()
    assert len(b.messages) == 1
    assert b.got == world["c"].got


def test_the_default_route_of_a_group_is_packed_once_for_all_members():
    world = World().load(*[peer(f"p{at}") for at in range(9)])
    world["p0"].announce(*NETS)
    world.clock.run()
    (group,) = world.router.tables["master4"].groups.values()
    assert group.exporter.packs == 1
    assert sum(len(world[f"p{at}"].got) for at in range(9)) == 40


def test_a_route_that_would_go_back_is_rejected_whatever_the_filter_says():
    """As BIRD counts: what its owner is not offered anyway never meets the filter."""
    world = World().load(peer("a", ipv4(export_filter=REFUSE_1)), peer("b", ipv4(export_filter=REFUSE_1)))
    world["a"].announce("10.0.0.0/8", "11.0.0.0/8", med=1)
    world.clock.run()
    mine, theirs = (world[name].channel.statistics.export_updates for name in "ab")
    assert (mine.received, mine.rejected, mine.filtered) == (2, 2, 0)
    assert (theirs.received, theirs.rejected, theirs.filtered) == (2, 0, 2)
