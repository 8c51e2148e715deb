from dataclasses import replace
from itertools import pairwise
from types import MethodType
from unittest.mock import patch

import pytest

from pybird.conf.model import Limit, Symbol
from pybird.core.channel import Channel
from pybird.core.export.exporter import ExportMode
from pybird.core.life import ProtocolState, StopReason
from pybird.core.router import Answer
from pybird.core.selection import Selection
from pybird.core.services import RESERVE
from pybird.filter import nodes as n
from pybird.filter.nodes import Filter
from pybird.proto import PROTOCOLS
from pybird.values.address import Address
from pybird.values.net import Prefix
from pybird.values.route import Dest, Hop, NextHop
from tests.conf.loading import load
from tests.core.world import PEER, PeerExporter, World, config, ipv4, key, peer


def test_enable_disable_restart_say_what_they_did():
    world = World().load(peer("a"))
    a, router = world["a"], world.router
    assert router.enable(a) is Answer.ALREADY_ENABLED
    assert router.disable(a, "for lunch") is Answer.DISABLED
    assert (a.message, a.state, a.stops) == ("for lunch", ProtocolState.DOWN, [StopReason.DISABLED])
    assert router.disable(a) is Answer.ALREADY_DISABLED
    assert router.restart(a) is Answer.ALREADY_DISABLED
    assert router.reload(a, True, True) is Answer.NOT_UP
    assert router.enable(a) is Answer.ENABLED
    assert router.restart(a) is Answer.RESTARTED
    assert a.state is ProtocolState.UP
    assert router.reload(a, True, True) is Answer.RELOADING
    a.refreshable = False
    assert router.reload(a, True, False) is Answer.CANNOT_RELOAD


def test_the_log_names_what_an_operator_does():
    """The words are BIRD's; what was so already is not told."""
    world = World().load(peer("a"))
    router, a = world.router, world["a"]
    del world.log.lines[:]
    for act in (router.restart, router.disable, router.disable, router.restart, router.enable, router.enable):
        act(a)
        world.clock.run()
    router.reload(a, True, False)
    words = ("Restarting", "Disabling", "Enabling", "Reloading")
    assert world.log.lines == [f"<info> {word} protocol a" for word in words]


def test_reload_out_feeds_everything_again():
    world = World().load(peer("a"), peer("b"))
    world["a"].announce("10.0.0.0/8")
    world.clock.run()
    world["b"].messages.clear()
    world.router.reload(world["b"], False, True)
    world.clock.run()
    assert len(world["b"].messages) == 1
    assert world["b"].feeds == 2


def test_a_limit_restarts_at_once_and_disables_when_it_is_hit_again_within_the_restart_time():
    """BIRD 3; before it, whoever does not wait of its own accord restarts for ever."""
    world = World().load(peer("a", restart_time=7.0))
    a = world["a"]
    for _ in range(2):
        a.restart_limited(StopReason.LIMIT)
        world.clock.run(7)
        assert (a.state, a.enabled) == (ProtocolState.UP, True)
    a.restart_limited(StopReason.LIMIT)
    world.clock.run(6.9)
    assert a.state is ProtocolState.UP
    a.restart_limited(StopReason.LIMIT)
    world.clock.run(60)
    assert (a.state, a.enabled) == (ProtocolState.DOWN, False)
    assert "<error> a: too frequent restarts, disabling" in world.log.lines


def test_shutdown_ends_when_all_are_down():
    world = World().load(peer("a"), peer("b"))
    world["a"].announce("10.0.0.0/8")
    world.clock.run()
    ended: list[bool] = []
    world.router.shutdown(lambda: ended.append(True), graceful=True)
    assert ended == []
    world.clock.run()
    assert ended == [True]
    assert world["a"].stops == [StopReason.GRACEFUL]


def test_free_names():
    world = World().load(peer("dyn1"), peer("x"))
    assert world.router.free_name("dyn", 0) == "dyn2"
    assert world.router.free_name("dyn", 2) == "dyn01"


def test_a_free_name_is_none_that_the_config_uses_for_something_else():
    """Commands that name the child would mean the filter."""
    world = World()
    used = Symbol("dyn1", "filter")
    world.router.configure(replace(config(peer("a")), symbols={used.name: used}))
    assert world.router.free_name("dyn", 0) == "dyn2"


def test_a_child_that_is_removed_twice_does_not_take_its_successor_along():
    world = World().load(peer("a"), peer("b"))
    router = world.router
    child = router.spawn(peer("child"), world["b"])
    world.clock.run()
    child.announce("10.9.0.0/16")
    router.remove(child, lambda: router.spawn(peer("child"), world["b"]))
    router.remove(child)
    world.clock.run()
    assert world["child"] is not child
    assert world["child"].state is ProtocolState.UP


def test_a_fault_in_a_timer_stops_its_owner():
    world = World().load(peer("a"), peer("b"))
    a = world["a"]
    a.guarded(lambda: world.router.clock.call_at(world.clock.now() + 1, lambda: 1 // 0))
    world.clock.run(2)
    assert a.state is ProtocolState.DOWN
    assert world["b"].state is ProtocolState.UP
    assert world.router.enable(a) is Answer.ENABLED
    assert (a.state, a.failure) == (ProtocolState.UP, "")


def test_a_fault_in_long_work_stops_whose_it_is_and_nobody_else():
    def explode(owner):
        raise IndexError(owner.name)

    world = World().load(peer("a"), peer("b"))
    a, b = world["a"], world["b"]
    b.guarded(world.router.scheduler.add, MethodType(explode, a))  # b has only set it off
    world.clock.run()
    assert (a.state, b.state) == (ProtocolState.DOWN, ProtocolState.UP)
    assert a.stops == [StopReason.FAILED]
    world.router.scheduler.add(lambda: explode(b))  # nobody's
    world.log.lines.clear()
    world.clock.run()
    assert b.state is ProtocolState.UP
    assert any("raise IndexError(owner.name)" in line for line in world.log.lines), "the trace is there"


def test_who_runs_out_of_memory_comes_back_by_itself_later_and_later():
    """Whoever asked for the last of it need not be who took it; a fault of its code stays."""
    world = World().load(peer("a"), peer("b"))
    a, start = world["a"], world["a"].start

    def greedy():
        raise MemoryError

    a.guarded(greedy)
    a.start = greedy
    downs = []
    for _ in range(700):
        world.clock.run(1)
        downs.append(a.since)
        assert a.state is ProtocolState.DOWN
    since = list(dict.fromkeys(downs))
    assert [after - before for before, after in pairwise(since)] == [5, 10, 20, 40, 80, 160, 300]
    assert (a.failure, world["b"].state) == ("out of memory", ProtocolState.UP)
    a.start = start
    world.clock.run(300)
    assert (a.state, a.failure) == (ProtocolState.UP, "")
    assert not [line for line in world.log.lines if "Traceback" in line]


def test_memory_put_aside_lets_who_ran_out_of_it_stop_in_order():
    world = World().load(peer("a"))
    a, router = world["a"], world.router
    seen = []

    def stop(reason):
        seen.append(router.services._reserve)
        a.stopped()

    a.stop = stop
    assert len(router.services._reserve) == RESERVE
    a.guarded(lambda: bytes(1 << 62))
    assert (seen, a.state) == ([None], ProtocolState.DOWN)
    world.clock.run(6)
    assert (a.state, len(router.services._reserve)) == (ProtocolState.UP, RESERVE)
    assert world.log.lines[-2:] == ["<error> a: out of memory", "<info> a: starts again in 5 s"]


@pytest.mark.parametrize("act", ["enable", "restart", "disable"])
def test_operators_need_not_wait_for_who_ran_out_of_memory(act):
    world = World().load(peer("a"))
    a = world["a"]
    a.guarded(lambda: bytes(1 << 62))
    world.clock.run()
    getattr(world.router, act)(a)
    assert a.state is (ProtocolState.DOWN if act == "disable" else ProtocolState.UP)
    world.clock.run(1000)
    assert a.state is (ProtocolState.DOWN if act == "disable" else ProtocolState.UP)
    assert len(a.stops) == 1


def test_long_work_that_is_nobodys_is_tried_again_when_memory_was_short():
    world = World().load(peer("a"))
    tries = []

    def work():
        tries.append(world.clock.now())
        if len(tries) < 3:
            raise MemoryError
        return False

    world.router.scheduler.add(work)
    world.clock.run(60)
    assert [after - before for before, after in pairwise(tries)] == [5, 5]


def test_routes_of_who_is_gone_leave_although_memory_was_short():
    world = World().load(peer("a"), peer("b"))
    world["a"].announce("10.0.0.0/8")
    world.clock.run()
    channel, sweep = world["a"].channel, Channel._sweep_slice
    tries = []

    def short(self):
        tries.append(self)
        if len(tries) == 1:
            raise MemoryError
        return sweep(self)

    with patch.object(Channel, "_sweep_slice", short):
        world.router.disable(world["a"])
        world.clock.run(60)
    assert (world["a"].state, tries, world["b"].got) == (ProtocolState.DOWN, [channel, channel], {})


def test_merged_routes_have_all_next_hops():
    ways = [NextHop(Address.parse(f"192.0.2.{at}"), 2, "eth0") for at in (1, 2, 3)]
    world = World().load(peer("a"), peer("b"), peer("c"), peer("m", mode=ExportMode.MERGED))
    for at, name in enumerate("abc"):
        source = world[name].channel.source
        source.type = EQUAL
        world[name].announce("10.0.0.0/8", hop=Hop(Dest.UNICAST, (ways[at],)))
    world.clock.run()
    m = world["m"]
    assert m.got[key("10.0.0.0/8")][2] == tuple(ways)
    messages = len(m.messages)
    world["b"].withdraw("10.0.0.0/8")
    world.clock.run()
    assert m.got[key("10.0.0.0/8")][2] == (ways[0], ways[2])
    assert len(m.messages) == messages + 1


EQUAL = Selection()


@pytest.mark.parametrize("other", [0, 1], ids=["the best", "another"])
@pytest.mark.parametrize("differs", ["no unicast", "of another kind"])
def test_only_unicast_routes_of_one_kind_are_merged(differs, other):
    world = World().load(peer("a"), peer("b"), peer("m", mode=ExportMode.MERGED))
    ways = [NextHop(Address.parse(f"192.0.2.{at}"), 2, "eth0") for at in (1, 2)]
    hops = [Hop(Dest.UNICAST, (way,)) for way in ways]
    types = [EQUAL, EQUAL]
    if differs == "no unicast":
        hops[other] = Hop(Dest.BLACKHOLE)
    else:
        types[other] = Selection()
    for name, hop, kind in zip("ab", hops, types, strict=True):
        world[name].channel.source.type = kind
        world[name].announce("10.0.0.0/8", hop=hop)
    world.clock.run()
    assert world["m"].got[key("10.0.0.0/8")][2] == hops[0].nexthops


def test_accepted_mode_takes_the_best_that_the_filter_accepts():
    refuse = Filter(
        None,
        n.Block(
            (
                n.If(n.Binary("=", n.Attribute("med"), n.Literal("int", 1)), n.Decide("reject")),
                n.Decide("accept"),
            )
        ),
    )
    world = World().load(
        peer("a"), peer("b"), peer("p", ipv4(export_filter=refuse), mode=ExportMode.ACCEPTED)
    )
    world["a"].announce("10.0.0.0/8", med=1, preference=200)
    world["b"].announce("10.0.0.0/8", med=2)
    world.clock.run()
    p = world["p"]
    assert p.got[key("10.0.0.0/8")][1] == "b"
    world["a"].announce("10.0.0.0/8", med=3, preference=200)
    world.clock.run()
    assert p.got[key("10.0.0.0/8")][1] == "a"
    world["a"].withdraw("10.0.0.0/8")
    world["b"].withdraw("10.0.0.0/8")
    world.clock.run()
    assert (p.got, p.spurious) == ({}, 0)


def test_debug_flags_come_from_the_protocol_or_from_the_global_default():
    world = World()
    own = peer("a", debug=frozenset({"states"}))
    routes = frozenset({"routes"})
    whole = replace(config(own, peer("b")), debug_protocols=frozenset({"events"}), debug_channels=routes)
    world.router.configure(whole)
    assert (world["a"].debug, world["b"].debug) == ({"states"}, {"events"})
    world["a"].announce("10.0.0.0/8")
    world.clock.run()
    assert "<trace> a.ipv4 > added [best] 10.0.0.0/8 0L 1G none" in world.log.lines
    assert "<trace> b.ipv4 < added 10.0.0.0/8 0L 1G none" in world.log.lines
    world.router.reconfigure(config(own, peer("b")))
    assert world["b"].debug == frozenset()


def test_a_written_router_id_holds_where_no_protocol_runs():
    world = World().load()
    assert world.router.router_id == 1
    assert world.log.lines == []


def test_a_changed_roa_table_judges_routes_again():
    text = """
      router id 1.1.1.1;
      protocol device { scan time 0; }
      roa4 table r4;
      protocol static roas { roa4; %s }
      protocol static s { ipv4 {
          import where roa_check(r4, net, 65001) != ROA_INVALID; };
        route 10.0.0.0/16 blackhole; route 11.0.0.0/8 blackhole; }
    """
    world = World(*PROTOCOLS)
    world.router.configure(load(text % ""))
    table = world.router.tables["master4"]
    assert table.net_count == 2
    world.router.reconfigure(load(text % "route 10.0.0.0/8 max 8 as 65001;"))
    world.clock.run(0.5)
    assert table.net_count == 2
    world.clock.run(3)
    assert list(table.keys()) == [Prefix.parse("11.0.0.0/8").key]
    world.router.reconfigure(load(text % "route 10.0.0.0/8 max 16 as 65001;"))
    world.clock.run(3)
    assert table.net_count == 2


def test_exports_judged_again_may_crash_and_stop_only_who_gets_them():
    text = """
      router id 1.1.1.1;
      roa4 table r4;
      filter valid { if roa_check(r4, net, 65001) = ROA_INVALID then reject; accept; }
      protocol static roas { roa4; %s }
      protocol static s { ipv4; route 10.0.0.0/16 blackhole; }
    """

    class Broken(PeerExporter):
        broken = False

        def wire(self, *parts):
            return 1 / 0 if self.broken else super().wire(*parts)

    def read(records):
        read = load(text % records)
        x = peer("x", ipv4(export_filter=read.filters["valid"]))
        return replace(read, protocols=(*read.protocols, x))

    world = World(*PROTOCOLS, PEER)
    world.router.configure(read("route 10.0.0.0/8 max 8 as 65001;"))
    world.clock.run(3)
    assert (world["x"].got, world["x"].state) == ({}, ProtocolState.UP)
    world["x"].channel.member.group.exporter = Broken("g", ExportMode.OPTIMAL)
    Broken.broken = True
    world.router.reconfigure(read("route 10.0.0.0/8 max 16 as 65001;"))
    world.clock.run(3)
    assert [world[name].state for name in ("x", "s", "roas")] == [
        ProtocolState.DOWN,
        ProtocolState.UP,
        ProtocolState.UP,
    ]
    assert world["x"].failure == "ZeroDivisionError: division by zero"
    assert not world.router.scheduler.busy


def test_exports_judged_again_make_room_for_what_the_limit_kept_out():
    text = """
      router id 1.1.1.1;
      roa4 table r4;
      filter valid { if roa_check(r4, net, 65001) = ROA_INVALID then reject; accept; }
      protocol static roas { roa4; %s }
      protocol static s { ipv4; route 10.1.0.0/16 blackhole; route 10.2.0.0/16 blackhole; }
    """

    def read(records):
        read = load(text % records)
        x = peer("x", ipv4(export_filter=read.filters["valid"], export_limit=Limit(1, "block")))
        return replace(read, protocols=(*read.protocols, x))

    world = World(*PROTOCOLS, PEER)
    world.router.configure(read(""))
    world.clock.run(3)
    assert list(world["x"].got) == [key("10.1.0.0/16")]
    world.router.reconfigure(read("route 10.1.0.0/16 max 16 as 65002;"))
    world.clock.run(3)
    assert list(world["x"].got) == [key("10.2.0.0/16")]


def test_enabled_again_before_it_is_down_it_starts_again():
    world = World().load(peer("a"), peer("b"))
    world["a"].announce(*[f"10.{number}.0.0/16" for number in range(50)])
    world.clock.run()
    a = world["a"]
    world.router.disable(a)
    assert a.state is ProtocolState.FLUSH
    world.router.enable(a)
    world.clock.run()
    assert a.state is ProtocolState.UP
    world.router.disable(a)
    world.router.enable(a)
    world.router.disable(a)
    world.clock.run()
    assert a.state is ProtocolState.DOWN
