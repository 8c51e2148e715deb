import pytest

from pybird.sim.clock import SimClock
from pybird.sim.pace import Pacer


def test_calls_run_in_order_of_time_then_of_asking():
    clock, heard = SimClock(), []
    clock.call_at(2, lambda: heard.append("late"))
    clock.call_at(1, lambda: heard.append("first"))
    clock.call_at(1, lambda: heard.append("second"))
    clock.run_until(1)
    assert heard == ["first", "second"]
    assert clock.now() == 1
    clock.run_for(5)
    assert heard[-1] == "late"
    assert clock.now() == 6


def test_call_soon_runs_after_what_waits_already():
    clock, heard = SimClock(), []
    clock.call_at(1, lambda: clock.call_soon(lambda: heard.append("soon")))
    clock.call_at(1, lambda: heard.append("waiting"))
    clock.run_until(1)
    assert heard == ["waiting", "soon"]


def test_cancelled_timer_does_not_run():
    clock, heard = SimClock(), []
    timer = clock.call_at(1, lambda: heard.append(1))
    timer.cancel()
    timer.cancel()
    clock.run_for(2)
    assert heard == []
    assert clock.next_time() is None


def test_run_until_true_stops_at_the_moment_it_holds():
    clock, heard = SimClock(), []
    for when in (1, 2, 3):
        clock.call_at(when, lambda when=when: heard.append(when))
    assert clock.run_until_true(lambda: 2 in heard, 10)
    assert clock.now() == 2
    assert not clock.run_until_true(lambda: False, 10)
    assert clock.now() == 12


def test_a_loop_without_time_is_found():
    clock = SimClock()

    def again():
        clock.call_soon(again)

    again()
    with pytest.raises(RuntimeError, match="stands still"):
        clock.run_for(1)


def test_pacer_follows_a_real_clock():
    world, real, heard = SimClock(), SimClock(), []
    real.run_for(100)
    world.call_at(1, lambda: heard.append(real.now()))
    pacer = Pacer(world, real)
    world.call_at(0.5, lambda: heard.append(real.now()))  # earlier than what the pacer waits for
    real.run_for(0.75)
    assert heard == [100.5]
    pacer.catch_up()
    assert world.now() == 0.75
    real.run_for(1)
    assert heard == [100.5, 101]
    pacer.stop()
    world.call_at(1.5, lambda: heard.append("never"))
    real.run_for(5)
    assert len(heard) == 2
