import gc

from pybird.io.clock import AsyncioClock
from pybird.io.loop import new_loop


class Lines:
    def __init__(self):
        self.lines = []

    def write(self, level, text):
        self.lines.append((level, text))


def test_a_timer_that_asyncio_fires_early_is_corrected_once():
    loop = new_loop(Lines())
    clock = AsyncioClock(loop)
    fired = []
    start = loop.time()
    timer = clock.call_at(start + 0.02, lambda: fired.append(loop.time()))
    # asyncio's own resolution decides what is due: make it coarse
    loop._clock_resolution = 0.015
    while not fired:
        loop.call_later(0.001, loop.stop)
        loop.run_forever()
    assert fired[0] >= start + 0.02
    timer.cancel()
    loop.close()


def test_a_cancelled_timer_does_not_fire_and_the_past_is_soon():
    loop = new_loop(Lines())
    clock = AsyncioClock(loop)
    fired = []
    clock.call_at(clock.now() - 1, lambda: fired.append("past"))
    clock.call_at(clock.now(), lambda: fired.append("never")).cancel()
    clock.call_soon(lambda: fired.append("soon"))
    clock.call_soon(lambda: fired.append("never")).cancel()
    loop.call_later(0.01, loop.stop)
    loop.run_forever()
    assert sorted(fired) == ["past", "soon"]
    loop.close()


def test_an_error_in_a_callback_is_logged_as_a_bug_and_the_loop_goes_on():
    log = Lines()
    loop = new_loop(log)
    loop.call_soon(lambda: 1 // 0)
    loop.call_later(0.01, loop.stop)
    loop.run_forever()
    assert {level for level, _text in log.lines} == {"bug"}
    assert any("ZeroDivisionError" in text for _level, text in log.lines)
    loop.close()


def test_timers_leave_no_cycles():
    loop = new_loop(Lines())
    clock = AsyncioClock(loop)

    def rounds():
        for _ in range(10):
            clock.call_at(clock.now(), lambda: None)
            clock.call_at(clock.now() + 60, lambda: None).cancel()
            clock.call_soon(lambda: None)
        loop.call_later(0.01, loop.stop)
        loop.run_forever()

    rounds()
    gc.collect()
    gc.disable()
    try:
        rounds()
        assert gc.collect() == 0
    finally:
        gc.enable()
    loop.close()
