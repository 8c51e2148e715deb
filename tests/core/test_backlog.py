"""Members that are paused share what changed meanwhile."""

from random import Random

import pytest

from tests.core.world import World, key, peer

NETS = [f"10.{number}.0.0/16" for number in range(40)]


def paused(*names, apart=False):
    """A world where these have paused, and all routes changed after that."""
    world = World().load(peer("a"), *[peer(name) for name in names])
    world["a"].announce(*NETS)
    world.clock.run()
    for number, name in enumerate(names):
        world[name].channel.pause()
        if apart:
            world["a"].announce(NETS[number], med=7)
            world.clock.run()
    for med in (1, 2):
        world["a"].announce(*NETS, med=med)
        world.clock.run()
    return world


def notes(world):
    """How many records of changes the one group and its members keep."""
    (group,) = world.router.tables["master4"].groups.values()
    shared = group._backlog.stretches
    own = [len(member.dirty) for member in group.members.values()]
    return sum(len(stretch.changes) for stretch in shared) + sum(own)


def test_many_that_paused_at_once_cost_one_record():
    assert notes(paused(*"bcdefghij")) == len(NETS)


def test_many_that_paused_one_after_the_other_cost_one_record_and_what_changed_between():
    assert notes(paused(*"bcdefghij", apart=True)) <= len(NETS) + 9


@pytest.mark.parametrize("act", ["resume", "leave", "move"])
@pytest.mark.parametrize("seed", range(5))
def test_nothing_of_it_is_left_when_they_read_on_or_go(act, seed):
    names = "bcdefghij"
    world = paused(*names, apart=True)
    for name in Random(seed).sample(names, len(names)):
        if act == "resume":
            world[name].channel.resume()
        elif act == "leave":
            world.router.disable(world[name])
        else:
            world[name].config = peer(name, group="other")
            world[name].channel.reload_exports()
        world["a"].announce(NETS[seed], med=9)
        world.clock.run()
    table = world.router.tables["master4"]
    assert not any(group._backlog.stretches for group in table.groups.values()) or act == "move"
    for name in names:
        world[name].channel.resume()
    world.clock.run()
    assert not any(group._backlog.stretches for group in table.groups.values())
    for name in () if act == "leave" else names:
        assert sorted(world[name].got) == sorted(map(key, NETS))
        assert world[name].channel.exported == len(NETS)
        meds = {net: dict(form[0].other)["med"] for net, form in world[name].got.items()}
        assert meds == {key(net): 9 if net == NETS[seed] else 2 for net in NETS}


def test_who_pauses_later_has_what_was_sent_before():
    world = World().load(peer("a"), peer("b"), peer("c"), peer("d"))
    b, c, d = (world[name] for name in "bcd")
    b.channel.pause()
    world["a"].announce(NETS[0], med=1)
    world.clock.run()
    c.channel.pause()
    world["a"].withdraw(NETS[0])
    world.clock.run()
    d.channel.pause()
    b.channel.resume()
    d.channel.resume()
    world.clock.run()
    assert (b.messages, len(d.messages), d.got) == ([], 2, {})
    c.channel.resume()
    world.clock.run()
    assert c.messages[-1] == ([], [key(NETS[0])])
    assert [each.spurious for each in (b, c, d)] == [0, 0, 0]
    assert [each.channel.exported for each in (b, c, d)] == [0, 0, 0]
