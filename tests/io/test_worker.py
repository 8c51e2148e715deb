"""Slow work runs beside the loop, in order, and what came of it is told on the loop."""

import asyncio
import gc
import threading
import time

import pytest

from pybird.io.worker import Worker


def test_calls_run_in_order_beside_the_loop_which_goes_on():
    loop = asyncio.new_event_loop()
    work = Worker(loop)
    told = []
    ticks = []

    def slow():
        end = time.thread_time() + 0.05
        while time.thread_time() < end:
            pass
        return threading.current_thread() is threading.main_thread()

    def tick():
        ticks.append(len(told))
        if len(told) < 3:
            loop.call_later(0.001, tick)
        else:
            loop.stop()

    def then(value, error):
        told.append((value, error, threading.current_thread() is threading.main_thread()))

    for _ in range(3):
        work(slow, then)
    loop.call_soon(tick)
    loop.run_forever()
    loop.close()
    assert told == [(False, None, True)] * 3
    assert ticks.count(0) > 1  # the loop did not wait


def test_an_error_is_told_and_the_next_call_runs():
    loop = asyncio.new_event_loop()
    work = Worker(loop)
    told = []

    def fail():
        raise ValueError("no")

    def then(value, error):
        told.append((value, str(error)))
        if len(told) == 2:
            loop.stop()

    work(fail, then)
    work(lambda: 5, then)
    loop.run_forever()
    loop.close()
    assert told == [(None, "no"), (5, "None")]


@pytest.mark.parametrize("refusal", [RuntimeError("can't start new thread"), MemoryError()])
def test_a_thread_that_cannot_start_is_told_and_the_next_call_runs(monkeypatch, refusal):
    loop = asyncio.new_event_loop()
    work = Worker(loop)
    told = []
    refusals = [refusal]
    start = threading.Thread.start

    def start_or_refuse(thread):
        if refusals:
            raise refusals.pop()
        start(thread)

    def then(value, error):
        told.append((value, str(error)))
        if len(told) % 2 == 0:
            loop.stop()

    monkeypatch.setattr(threading.Thread, "start", start_or_refuse)
    loop.call_later(10, loop.stop)
    work(lambda: 4, then)
    work(lambda: 5, then)
    assert told == [], "not from within the call"
    loop.run_forever()
    assert told == [(None, "[Errno 11] No thread can be started"), (5, "None")]
    work(lambda: 6, then)
    work(lambda: 7, then)
    loop.run_forever()
    loop.close()
    assert told[2:] == [(6, "None"), (7, "None")]


def test_an_error_leaves_no_circle():
    loop = asyncio.new_event_loop()
    work = Worker(loop)

    def fail():
        raise ValueError("no")

    def run():
        work(fail, lambda value, error: loop.stop())
        loop.run_forever()

    run()
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            run()
        for thread in threading.enumerate():
            if thread.name == "worker":
                thread.join()
        assert not [found for found in gc.get_objects() if isinstance(found, ValueError)]
    finally:
        gc.enable()
        loop.close()
