import pytest

from pybird.core import scheduler
from pybird.core.export.exporter import ExportMode
from pybird.filter import nodes as n
from pybird.filter.nodes import ACCEPT, REJECT, Filter
from tests.core.world import World, config, ipv4, key, peer

HAS_MED = n.Binary("=", n.Attribute("med"), n.Literal("int", 1))
FEW = Filter(None, n.Block((n.If(HAS_MED, n.Decide("accept")), n.Decide("reject"))))


def med_is_not(number):
    refused = n.Binary("=", n.Attribute("med"), n.Literal("int", number))
    return Filter(None, n.Block((n.If(refused, n.Decide("reject")), n.Decide("accept"))))


def test_a_route_reaches_the_others_and_not_its_owner():
    world = World().load(peer("a"), peer("b"), peer("c"))
    world["a"].announce("10.0.0.0/8", "10.1.0.0/16")
    world.clock.run()
    assert list(world["b"].got) == list(world["c"].got) == [key("10.0.0.0/8"), key("10.1.0.0/16")]
    assert world["a"].got == {}
    world["a"].withdraw("10.0.0.0/8")
    world.clock.run()
    assert list(world["b"].got) == [key("10.1.0.0/16")]


def test_the_new_owner_of_the_best_route_gets_a_withdrawal():
    world = World().load(peer("a"), peer("b"), peer("c"))
    world["a"].announce("10.0.0.0/8")
    world.clock.run()
    world["b"].announce("10.0.0.0/8", preference=200)
    world.clock.run()
    assert world["a"].got[key("10.0.0.0/8")][1] == "b"
    assert world["b"].got == {}
    assert world["c"].got[key("10.0.0.0/8")][1] == "b"
    world["b"].withdraw("10.0.0.0/8")
    world.clock.run()
    assert world["a"].got == {}
    assert world["b"].got[key("10.0.0.0/8")][1] == "a"
    assert [world[n].channel.exported for n in "abc"] == [0, 1, 1]
    assert sum(world[n].spurious for n in "abc") == 0


def test_a_latecomer_is_fed_and_told_so():
    world = World().load(peer("a"), peer("b"))
    world["a"].announce("10.0.0.0/8", "192.168.0.0/16")
    world.clock.run()
    world.router.spawn(peer("late"), world["b"])
    world.clock.run()
    assert len(world["late"].got) == 2
    assert world["late"].feeds == 1
    assert world["late"].channel.exported == 2


def test_closing_a_channel_withdraws_its_routes():
    world = World().load(peer("a"), peer("b"))
    world["a"].announce("10.0.0.0/8")
    world.clock.run()
    world.router.disable(world["a"])
    world.clock.run()
    assert world["b"].got == {}
    assert world["a"].state.value == "down"
    assert world.router.tables["master4"].net_count == 0


def test_a_filter_that_sets_what_is_there_already_has_set_it():
    """BGP sends a MED only when the export filter set it, be it to the value that the route has."""
    body = n.Block((n.Assign(n.Attribute("med"), n.Literal("int", 7)), n.Decide("accept")))
    world = World().load(peer("a"), peer("b", ipv4(export_filter=Filter(None, body))))
    policy = world["b"].channel.member.group.policy
    for med in (7, 8):
        rte = world["a"].announce("10.0.0.0/8", med=med)
        out, again = policy.export(rte, key("10.0.0.0/8"), 0)
        assert dict(out.attrs.other) == {"med": 7}
        assert again == (("med",) if med == 7 else ())


def test_a_second_filter_within_a_walk_does_not_end_the_first_one_at_once(monkeypatch):
    monkeypatch.setattr(scheduler, "SLICE", 4)
    nets = [f"10.{number}.0.0/16" for number in range(100)]
    world = World().load(peer("a"), peer("b"))
    world["a"].announce(*nets)
    world["a"].announce("10.0.0.0/16", med=1)
    world.clock.run()
    b = world["b"]
    b.messages.clear()
    for export_filter in (REJECT, ACCEPT, REJECT, FEW):
        b.channel.reconfigure(ipv4(export_filter=export_filter))
        b.channel.reload_exports()
        assert not b.messages  # nothing is walked within the call
        for _ in range(3):  # other jobs have their turns, too
            world.clock.step()
        assert all(len(withdrawn) <= 4 for _, withdrawn in b.messages)
        assert len(b.got) > 80
        b.messages.clear()
    world.clock.run()
    assert list(b.got) == [key("10.0.0.0/16")]
    assert b.channel.exported == 1
    assert b.spurious == 0
    assert len(world.router.tables["master4"].readers) == 2  # the groups of a and b: no others are left


def test_a_bucket_that_goes_before_anybody_was_fed_and_comes_back_reaches_all():
    world = World().load(peer("a"), peer("b"), peer("c"))
    world["a"].announce("10.1.0.0/16", med=1)
    world.clock.run()
    for name in "bc":
        world[name].channel.reconfigure(ipv4(export_filter=FEW))
    world["b"].channel.pause()
    world["b"].channel.reload_exports()
    world["a"].withdraw("10.1.0.0/16")
    world.clock.run()
    world["c"].channel.reload_exports()
    world.clock.run()
    world["a"].announce("10.1.0.0/16", med=1)
    world.clock.run()
    assert list(world["c"].got) == [key("10.1.0.0/16")]
    world["b"].channel.resume()
    world.clock.run()
    assert list(world["b"].got) == [key("10.1.0.0/16")]


def test_a_refresh_within_a_walk_is_answered_in_full(monkeypatch):
    """What was sent before the request is not part of the answer."""
    monkeypatch.setattr(scheduler, "SLICE", 4)
    world = World().load(peer("a"), peer("b"))
    world["a"].announce(*[f"10.{number}.0.0/16" for number in range(40)], med=1)
    world.clock.run()
    b = world["b"]
    b.channel.reconfigure(ipv4(export_filter=FEW))
    b.channel.reload_exports()
    for _ in range(5):
        world.clock.step()
    b.got, b.feeds = {}, 0
    b.channel.refeed()
    world.clock.run()
    assert len(b.got) == 40
    assert b.feeds == 1


@pytest.mark.parametrize("mode", [ExportMode.OPTIMAL, ExportMode.ACCEPTED])
@pytest.mark.parametrize("turns", range(1, 5))
def test_a_member_that_returns_to_a_group_which_only_waits_for_it_still_hears_of_changes(
    monkeypatch, turns, mode
):
    """The filter goes to and fro before the walks are over: a group was kept for the record alone."""
    monkeypatch.setattr(scheduler, "SLICE", 2)
    filters = [med_is_not(number) for number in (1, 2)]
    for more in range(1, 8):
        world = World().load(peer("a"), peer("b", ipv4(export_filter=filters[0]), mode=mode))
        a, b = world["a"], world["b"]
        for number in range(8):
            a.announce(f"10.{number}.0.0/16", med=number % 4)
        world.clock.run()
        for number, steps in ((1, turns), (0, more), (1, 0)):
            changed = peer("b", ipv4(export_filter=filters[number]), mode=mode)
            world.router.reconfigure(config(peer("a"), changed))
            for _ in range(steps):
                world.clock.step()
        world.clock.run()
        a.announce("10.98.0.0/16", med=2)
        a.announce("10.99.0.0/16", med=1)
        world.clock.run()
        expected = [f"10.{number}.0.0/16" for number in (0, 1, 3, 4, 5, 7, 99)]
        assert sorted(b.got) == sorted([key(net) for net in expected]), (turns, more)
        assert b.spurious == 0


def test_a_withdrawal_reaches_members_whose_filter_changed_before_their_walks_are_over(monkeypatch):
    names = [f"m{number}" for number in range(8)]
    nets = [f"10.{number}.0.0/16" for number in range(60)]
    monkeypatch.setattr(scheduler, "SLICE", 4)
    world = World().load(peer("a"), *[peer(name) for name in names])
    world["a"].announce(*nets)
    world.clock.run()
    refusing = ipv4(export_filter=med_is_not(1))
    world.router.reconfigure(config(peer("a"), *[peer(name, refusing) for name in names]))
    world["a"].withdraw(nets[-1], nets[30])
    world["a"].announce(nets[40], med=2)
    members = [world[name].channel.member for name in names]
    while not all(member.todo == {} for member in members):
        world.clock.step()
        if all(key(nets[-1]) not in world[name].got for name in names):
            break
    assert all(len(member.todo) > 20 for member in members)
    world.clock.run()
    for name in names:
        assert (len(world[name].got), world[name].spurious, world[name].channel.exported) == (58, 0, 58)


def test_a_walk_goes_on_while_routes_change_all_the_time(monkeypatch):
    nets = [f"10.{number}.0.0/16" for number in range(60)]
    monkeypatch.setattr(scheduler, "SLICE", 4)
    world = World().load(peer("a"), peer("b"))
    world["a"].announce(*nets)
    world.clock.run()
    world.router.reconfigure(config(peer("a"), peer("b", ipv4(export_filter=med_is_not(1)))))
    member = world["b"].channel.member
    for turn in range(400):
        world["a"].announce(*nets[: 1 + turn % 8], med=2 + turn % 2)
        world.clock.step()
    assert member.todo == {}


def test_verdicts_of_attributes_that_nobody_has_any_more_are_forgotten():
    """The pool's next round tells (its `epoch`): else memos would keep every set that there ever was."""
    judged = ipv4(import_filter=med_is_not(0), export_filter=med_is_not(0))
    world = World().load(peer("a", judged), peer("b", judged))
    pool = world.router.pool
    for med in range(1, 101):
        world["a"].announce("10.0.0.0/8", med=med)
        world.clock.run()
    assert len(pool) > 100
    pool.sweep(1000)
    world["a"].announce("10.0.0.0/8", med=101)
    world.clock.run()
    world["b"].messages.clear()
    pool.sweep(1000)
    assert len(pool) < 10
    assert world["b"].got


def test_who_is_paused_stays_paused_in_its_new_group():
    """A neighbor that reads slowly is not sent to without a brake because a reload changed its filter."""
    world = World().load(peer("a"), peer("b"))
    a, b = world["a"], world["b"]
    a.announce("10.1.0.0/16", "10.2.0.0/16", med=1)
    world.clock.run()
    b.channel.pause()
    b.messages.clear()
    world.router.reconfigure(config(peer("a"), peer("b", ipv4(export_filter=med_is_not(1)))))
    a.announce("10.3.0.0/16", med=2)
    world.clock.run()
    assert b.messages == []
    b.channel.resume()
    world.clock.run()
    assert list(b.got) == [key("10.3.0.0/16")]
    assert b.spurious == 0


@pytest.mark.parametrize("turns", [0, 3])
def test_a_refresh_under_way_when_a_reload_changes_the_filter_is_answered_in_full(monkeypatch, turns):
    """The neighbor may drop at the end mark what it was not sent again."""
    monkeypatch.setattr(scheduler, "SLICE", 4)
    world = World().load(peer("a"), peer("b"))
    world["a"].announce(*[f"10.{number}.0.0/16" for number in range(40)], med=1)
    world.clock.run()
    b = world["b"]
    b.got, b.feeds = {}, 0
    b.channel.refeed()
    for _ in range(turns):
        world.clock.step()
    assert len(b.got) < 40
    world.router.reconfigure(config(peer("a"), peer("b", ipv4(export_filter=med_is_not(2)))))
    world.clock.run()
    assert (len(b.got), b.feeds) == (40, 1)


def test_a_group_of_one_channel_that_was_left_is_not_entered_again(monkeypatch):
    """Its record stood still for the channel that left: routes that changed since are not in it."""
    monkeypatch.setattr(scheduler, "SLICE", 2)
    filters = [med_is_not(number) for number in (1, 2)]
    nets = [f"10.{number}.0.0/16" for number in range(8)]
    for turns in range(1, 8):
        world = World().load(peer("a"), peer("b", ipv4(export_filter=filters[0]), mode=ExportMode.ACCEPTED))
        a, b = world["a"], world["b"]
        a.announce(*nets, med=3)
        world.clock.run()
        for number, steps in ((1, turns), (0, 0)):
            changed = peer("b", ipv4(export_filter=filters[number]), mode=ExportMode.ACCEPTED)
            world.router.reconfigure(config(peer("a"), changed))
            if number:
                a.announce(*nets[:4], med=4)
                a.withdraw(nets[7])
            for _ in range(steps):
                world.clock.step()
        world.clock.run()
        assert sorted(b.got) == sorted([key(net) for net in nets[:7]]), turns
        assert [dict(b.got[key(net)][0].other)["med"] for net in nets[:7]] == [4] * 4 + [3] * 3, turns
