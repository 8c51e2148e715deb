from tests.core.world import World, key, peer


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
